//! Looking things up in contracts.

use std::collections::BTreeSet;

use heck::ToSnakeCase as _;
use serde_json::{Map, Value};

use crate::{
    contract::METHODS,
    pointer::{Pointer, reference, resolve},
};

/// An operation with its place.
pub(super) struct Operation<'a> {
    pub(super) at: Pointer,
    pub(super) path: &'a str,
    pub(super) method: &'a str,
    pub(super) node: &'a Value,
    pub(super) item: &'a Value,
}

impl<'a> Operation<'a> {
    /// The name of its method in the crate.
    pub(super) fn name(&self) -> String {
        self.node["operationId"].as_str().unwrap_or(self.path).to_snake_case()
    }

    /// Its parameters, those of its path included.
    pub(super) fn parameters(&self, document: &'a Value) -> Vec<Parameter<'a>> {
        let mut parameters: Vec<Parameter<'a>> = Vec::new();
        let path_at = self.at.parent().unwrap_or_else(Pointer::root);
        for (holder, node) in [(path_at, self.item), (self.at.clone(), self.node)] {
            for (index, node) in node["parameters"].as_array().into_iter().flatten().enumerate() {
                let site = holder.at("parameters").at(index);
                let Some((at, node)) = resolve(document, &site, node) else {
                    continue;
                };
                let parameter = Parameter { site, at, node };
                match parameters.iter_mut().find(|other| other.key() == parameter.key()) {
                    Some(other) => *other = parameter,
                    None => parameters.push(parameter),
                }
            }
        }
        parameters
    }
}

/// A parameter with the place where an operation lists it, and the place that says what it is.
pub(super) struct Parameter<'a> {
    pub(super) site: Pointer,
    pub(super) at: Pointer,
    pub(super) node: &'a Value,
}

impl<'a> Parameter<'a> {
    pub(super) fn key(&self) -> (&'a str, &'a str) {
        (self.location(), self.node["name"].as_str().unwrap_or_default())
    }

    pub(super) fn location(&self) -> &'a str {
        self.node["in"].as_str().unwrap_or_default()
    }

    /// The name of its setter or argument in the crate.
    pub(super) fn name(&self) -> String {
        self.key().1.to_snake_case()
    }

    pub(super) fn required(&self) -> bool {
        self.node["required"] == true
    }
}

/// The operations of `document`.
pub(super) fn operations(document: &Value) -> Vec<Operation<'_>> {
    let mut operations = Vec::new();
    for (path, item) in entries(&document["paths"]) {
        for (method, node) in entries(item).filter(|(method, _)| METHODS.contains(method)) {
            let at = Pointer::root().below(&["paths", path, method]);
            operations.push(Operation {
                at,
                path,
                method,
                node,
                item,
            });
        }
    }
    operations
}

/// The names of the schemas that types of the crate are made from: those that are reached from parameters, request
/// bodies and success responses. Error bodies are read by hand.
pub(super) fn type_names(document: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut open: Vec<&Value> = Vec::new();
    for operation in operations(document) {
        open.extend(operation.parameters(document).iter().map(|parameter| parameter.node));
        open.push(&operation.node["requestBody"]);
        open.extend(
            entries(&operation.node["responses"])
                .filter(|(status, _)| status.starts_with('2'))
                .map(|(_, node)| node),
        );
    }
    while let Some(node) = open.pop() {
        match node {
            Value::Array(nodes) => open.extend(nodes),
            Value::Object(nodes) => {
                if let Some(pointer) = reference(node).and_then(Pointer::local) {
                    let schemas = Pointer::root().below(&["components", "schemas"]);
                    let is_new = pointer.parent() != Some(schemas) || names.insert(pointer.key());
                    open.extend(is_new.then(|| pointer.get(document)).flatten());
                } else {
                    open.extend(nodes.values());
                }
            }
            _ => {}
        }
    }
    names
}

/// Whether `key` is a word of OpenAPI that only describes.
pub(super) fn is_documentation(key: &str) -> bool {
    [
        "description",
        "summary",
        "title",
        "example",
        "examples",
        "externalDocs",
        "deprecated",
        "readOnly",
        "writeOnly",
    ]
    .contains(&key)
        || key.starts_with("x-")
}

/// `value` without what only describes.
pub(super) fn undocumented(value: &Value) -> Value {
    match value {
        Value::Array(values) => values.iter().map(undocumented).collect(),
        Value::Object(entries) => {
            let entries = entries.iter().filter(|(key, _)| !is_documentation(key));
            Value::Object(
                entries
                    .map(|(key, value)| (key.clone(), undocumented(value)))
                    .collect::<Map<_, _>>(),
            )
        }
        other => other.clone(),
    }
}

/// The entries of a mapping, or of what is not one: none.
pub(super) fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value))
}
