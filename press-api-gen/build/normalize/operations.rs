//! The operations that are generated: those that the mapping selects, or else all that can be.

use std::collections::BTreeSet;

use heck::ToUpperCamelCase;

use super::{FILE, Normalizer, Place, documentation, names::operation_name};
use crate::codegen::{
    api::{Operation, Parameter},
    mapping::OperationMapping,
};

/// The keys of an operation.
const KEYS: [&str; 12] = [
    "callbacks",
    "deprecated",
    "description",
    "externalDocs",
    "operationId",
    "parameters",
    "requestBody",
    "responses",
    "security",
    "servers",
    "summary",
    "tags",
];

/// The keys of a path beside its methods.
const PATH_KEYS: [&str; 5] = ["$ref", "description", "parameters", "servers", "summary"];

const METHODS: [&str; 6] = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"];

const NOT_SENT: [&str; 3] = ["OPTIONS", "QUERY", "TRACE"];

impl<'a> Normalizer<'a> {
    pub(super) fn operations(&mut self) {
        let mut there = Vec::new();
        let mut seen = BTreeSet::new();
        let paths = self.document.get("paths");
        for (path, item) in
            self.entries(&paths).into_iter().filter(|(path, _)| !path.starts_with("x-"))
        {
            let Some(item) = self.follow(item) else { continue };
            for (method, place) in self.methods(&item) {
                let key = format!("{method} {path}");
                there.push(key.clone());
                if self.mapping.leaves_out(&key) {
                    continue;
                }
                if NOT_SENT.contains(&method.as_str()) {
                    self.left_out(&key, &place, &format!("the client sends no {method}"));
                    continue;
                }
                self.check_references(&place, &mut seen);
                match self.operation(&key, &item, &place) {
                    Ok(operation) => {
                        let (name, at) = (&operation.name, place.at.clone());
                        if let Some(other) =
                            self.operations.insert(name.to_upper_camel_case(), place)
                        {
                            let why =
                                format!("the operation `{name}` has the name of `{}`", other.at);
                            self.findings.reject(
                                &at,
                                format!("{why}; give each its own, here or in {FILE}"),
                            );
                        }
                        self.api.operations.push(operation);
                    }
                    Err(why) => self.left_out(&key, &place, &why),
                }
            }
        }
        self.check_operations(&there);
        if there.is_empty() {
            self.findings.reject(
                &paths.at,
                "there are no operations; add `paths` with those of the service",
            );
        }
    }

    /// Leaves out the operation `key` at `place`, which must not be selected.
    fn left_out(&mut self, key: &str, place: &Place<'a>, why: &str) {
        if self.mapping.selects(key) {
            let why = format!("{why}; remove `{key}` from `select` in {FILE}");
            self.findings.reject(&place.at, why);
        } else {
            self.findings.note(&place.at, format!("left out: {why}"));
        }
    }

    /// The methods of a path in upper case, whichever case the document has, and their operations.
    fn methods(&mut self, item: &Place<'a>) -> Vec<(String, Place<'a>)> {
        let mut methods: Vec<(String, Place<'a>)> = Vec::new();
        for (key, place) in self.entries(item) {
            let method = key.to_ascii_uppercase();
            if methods.iter().any(|(other, _)| *other == method) {
                let what = format!("left out: `{key}` is there twice, in upper and in lower case");
                self.findings.note(&place.at, what);
            } else if METHODS.contains(&method.as_str()) || NOT_SENT.contains(&method.as_str()) {
                methods.push((method, place));
            } else if !PATH_KEYS.contains(&key) && !key.starts_with("x-") {
                let what = format!("`{key}` is ignored: a path has no such key");
                self.findings.note(&place.at, what);
            }
        }
        methods
    }

    /// The operation at `place`, or why there can be none.
    fn operation(
        &mut self,
        key: &str,
        item: &Place<'a>,
        place: &Place<'a>,
    ) -> Result<Operation, String> {
        let (method, path) = key.split_once(' ').unwrap_or_default();
        let parameters = self.fold(item, place, path);
        let body_place =
            self.follow(place.get("requestBody")).unwrap_or_else(|| place.get("requestBody"));
        self.note_unknown_keys(place, &KEYS, "an operation");
        let body = self.request_body(&body_place)?;
        let response = self.success(place, method)?;
        let name = self.operation_name(key, place);
        let made = name.to_upper_camel_case();
        let mut parameters = self.parameters(parameters, &made)?;
        // The order of the method's arguments.
        parameters.sort_by_cached_key(|parameter| {
            let in_path = path
                .find(&format!("{{{}}}", parameter.name))
                .filter(|_| parameter.location == "path");
            let name = parameter.generator_name().to_owned();
            (parameter.location == "header", in_path.is_none(), in_path, name)
        });
        let response =
            response.map(|schema| self.schema(&schema, &format!("{made}Response")).shape);
        let body = body.map(|(media_type, schema)| {
            let description = body_place.text("description").filter(|text| !text.is_empty());
            let body = Parameter {
                name: "body".to_owned(),
                argument: "body".to_owned(),
                location: "body",
                required: true,
                is_deprecated: false,
                counts_from_zero: false,
                description: Some(documentation(description.unwrap_or("The body."))),
                shape: self.schema(&schema, &format!("{made}Body")).shape,
                separator: None,
            };
            (media_type, body)
        });
        let text = |key: &str| documentation(place.text(key).unwrap_or_default());
        let (summary, description) = (text("summary"), text("description"));
        let (method, path) = (method.to_owned(), path.to_owned());
        Ok(Operation {
            name,
            method,
            path,
            summary,
            description,
            is_deprecated: place.node["deprecated"] == true,
            parameters,
            body,
            response,
            page: None,
        })
    }

    /// Refuses references that lead nowhere, also in what is dropped later, such as error
    /// responses.
    fn check_references(&mut self, place: &Place<'a>, seen: &mut BTreeSet<String>) {
        if place.node["$ref"].is_string()
            && let Some(target) = self.resolve(place)
            && seen.insert(target.at.clone())
        {
            self.check_references(&target, seen);
        }
        let data = |key: &str| {
            ["default", "enum", "example", "examples"].contains(&key) || key.starts_with("x-")
        };
        let named = ["properties", "schemas"].iter().any(|named| place.at.ends_with(named));
        for (_, entry) in place.children().iter().filter(|(key, _)| named || !data(key)) {
            self.check_references(entry, seen);
        }
    }

    /// The name of an operation by the mapping, by its id, or else by its method and path.
    fn operation_name(&mut self, key: &str, place: &Place<'a>) -> String {
        let mapped = self.mapping.operation(key).and_then(OperationMapping::name);
        let id = place.text("operationId").filter(|id| id.chars().any(char::is_alphanumeric));
        let mut name = operation_name(mapped.or(id).unwrap_or(key));
        let other = self.operations.get(&name.to_upper_camel_case());
        if mapped.is_none()
            && let Some(id) = id
            && let Some(other) = other
            && other.text("operationId") != Some(id)
        {
            let what = format!("`{id}` reads as the id of `{}`, so the path names it", other.at);
            self.findings.note(&place.get("operationId").at, what);
            name = operation_name(key);
        }
        name
    }
}
