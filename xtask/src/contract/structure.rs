//! Whether the document is OpenAPI at all, as the types of the generator's OpenAPI library have it.

use openapiv3::{OpenAPI, Operation, Parameter, RequestBody, Response, Schema};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use super::{
    checker::{Checker, entries, list},
    operations::METHODS,
};
use crate::pointer::{Pointer, reference};

impl<'a> Checker<'a> {
    /// Refuses what has the wrong structure, from the innermost parts outwards, so that each is blamed for itself only.
    pub(super) fn structure(&mut self) {
        let root = Pointer::root();
        let components = root.at("components");
        for (name, schema) in entries(&self.document["components"]["schemas"]) {
            self.schema_structure(&components.at("schemas").at(name), schema);
        }
        for (name, node) in entries(&self.document["components"]["parameters"]) {
            self.parameter_structure(&components.at("parameters").at(name), node);
        }
        for (name, node) in entries(&self.document["components"]["responses"]) {
            self.response_structure(&components.at("responses").at(name), node);
        }
        for (path, item) in entries(&self.document["paths"]) {
            let at = root.at("paths").at(path);
            for (index, node) in list(&item["parameters"]).iter().enumerate() {
                self.parameter_structure(&at.at("parameters").at(index), node);
            }
            for (method, operation) in entries(item).filter(|(method, _)| METHODS.contains(&method.as_str())) {
                let at = at.at(method);
                for (index, node) in list(&operation["parameters"]).iter().enumerate() {
                    self.parameter_structure(&at.at("parameters").at(index), node);
                }
                for (status, node) in entries(&operation["responses"]) {
                    self.response_structure(&at.at("responses").at(status), node);
                }
                let body_at = at.at("requestBody");
                for (media, node) in entries(&operation["requestBody"]["content"]) {
                    self.schema_structure(&body_at.at("content").at(media).at("schema"), &node["schema"]);
                }
                self.typed::<RequestBody>(&body_at, &operation["requestBody"]);
                self.typed::<Operation>(&at, operation);
            }
        }
        self.typed::<OpenAPI>(&root, self.document);
    }

    fn parameter_structure(&mut self, at: &Pointer, node: &'a Value) {
        self.schema_structure(&at.at("schema"), &node["schema"]);
        self.typed::<Parameter>(at, node);
    }

    fn response_structure(&mut self, at: &Pointer, node: &'a Value) {
        for (media, node) in entries(&node["content"]) {
            self.schema_structure(&at.at("content").at(media).at("schema"), &node["schema"]);
        }
        if node.is_object() && node["description"].is_null() && reference(node).is_none() {
            self.refuse(
                at,
                "a response without a description",
                "add `description`, which OpenAPI demands",
            );
        }
        self.typed::<Response>(at, node);
    }

    fn schema_structure(&mut self, at: &Pointer, schema: &'a Value) {
        for (name, property) in entries(&schema["properties"]) {
            self.schema_structure(&at.at("properties").at(name), property);
        }
        for word in ["items", "additionalProperties", "not"] {
            if schema[word].is_object() {
                self.schema_structure(&at.at(word), &schema[word]);
            }
        }
        for word in ["allOf", "oneOf", "anyOf"] {
            for (index, member) in list(&schema[word]).iter().enumerate() {
                self.schema_structure(&at.at(word).at(index), member);
            }
        }
        if schema["required"].is_boolean() {
            self.refuse(
                &at.at("required"),
                "`required` of a schema is a list of property names",
                "list this property in the `required` of the object that it belongs to",
            );
        }
        self.typed::<Schema>(at, schema);
    }

    /// Reads `node` as a `T`, unless it is absent, a reference, or refused already.
    fn typed<T: DeserializeOwned>(&mut self, at: &Pointer, node: &Value) {
        if node.is_null() || reference(node).is_some() || self.refused_below(at) {
            return;
        }
        let Err(error) = serde_path_to_error::deserialize::<_, T>(node) else {
            return;
        };
        let mut place = at.clone();
        for segment in error.path() {
            match segment {
                Segment::Seq { index } => place = place.at(index),
                Segment::Map { key } => place = place.at(key),
                Segment::Enum { .. } => {}
                Segment::Unknown => break,
            }
        }
        self.refuse(
            &place,
            format!("not as OpenAPI 3.0 has it: {}", error.inner()),
            "compare with the entries beside it, and with https://spec.openapis.org/oas/v3.0.3",
        );
    }
}
