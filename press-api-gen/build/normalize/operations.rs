//! Conversion of operations: the selected ones, or all that can be generated.

use std::collections::BTreeSet;

use heck::ToUpperCamelCase;

use super::{FILE, Normalizer, Place, documentation, names::operation_name};
use crate::codegen::{
    api::{Operation, Parameter, Shape},
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

/// The keys of a path item besides its methods.
const PATH_KEYS: [&str; 5] = ["$ref", "description", "parameters", "servers", "summary"];

const METHODS: [&str; 6] = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"];

const NOT_SENT: [&str; 3] = ["OPTIONS", "QUERY", "TRACE"];

/// An operation of the document.
struct FoundOperation<'a> {
    /// The method and the path, such as `GET /v1/specs`.
    key: String,
    path: Place<'a>,
    place: Place<'a>,
}

impl<'a> Normalizer<'a> {
    pub(super) fn operations(&mut self) {
        let paths = self.document.get("paths");
        if !paths.node.is_object() && !paths.node.is_null() {
            self.diagnostics.reject(&paths.at, "not a mapping; write the paths of the API here");
        }
        let mut operations = Vec::new();
        for (path, item) in paths.children() {
            if !path.starts_with("x-") && !self.is_bad(path, &item) {
                self.add_operations(path, item, &mut operations);
                self.take_problems(path);
            }
        }
        self.reserve_names(&operations);
        let mut seen = BTreeSet::new();
        for found in &operations {
            if !self.mapping.leaves_out(&found.key) && !self.is_bad(&found.key, &found.place) {
                self.add_operation(found, &mut seen);
                self.take_problems(&found.key);
            }
        }
        if operations.is_empty() {
            let why = "the document has no operations; add them to `paths`";
            self.diagnostics.reject(&paths.at, why);
        }
        self.check_operations(&operations.into_iter().map(|found| found.key).collect::<Vec<_>>());
    }

    /// Adds the operations of `path` to `operations`.
    fn add_operations(
        &mut self,
        path: &str,
        item: Place<'a>,
        operations: &mut Vec<FoundOperation<'a>>,
    ) {
        let Some(item) = self.follow(item) else { return };
        for (method, place) in self.methods(path, &item) {
            let key = format!("{method} {path}");
            operations.push(FoundOperation { key, path: item.clone(), place });
        }
    }

    /// Reserves the names from the mapping, so that no other operation takes one.
    fn reserve_names(&mut self, operations: &[FoundOperation<'a>]) {
        for FoundOperation { key, .. } in operations {
            let mapped = self.mapping.operation(key).and_then(OperationMapping::name);
            let is_left_out = self.mapping.leaves_out(key) || self.left_out.contains_key(key);
            let Some(name) = mapped.filter(|_| !is_left_out) else { continue };
            let other = self.mapped_names.insert(name.to_upper_camel_case(), key.clone());
            if let Some(other) = other {
                let place = self.mapping.place(&["operations", key]);
                let why =
                    format!("`{name}` is also the name of `{other}`; give each a different name");
                self.diagnostics.reject(&place, why);
            }
        }
    }

    /// Adds the operation `found`, or a note if it cannot be generated.
    fn add_operation(&mut self, found: &FoundOperation<'a>, seen: &mut BTreeSet<String>) {
        let FoundOperation { key, path, place } = found;
        let mut dangling = Vec::new();
        self.check_references(place, seen, &mut dangling);
        let operation = self.operation(key, path, place);
        if !self.problems.is_empty() {
            return;
        }
        match operation {
            Ok(operation) => {
                self.note_dangling(key, dangling);
                self.operations.insert(operation.name.to_upper_camel_case(), place.clone());
                self.api.operations.push(operation);
            }
            Err(why) => self.left_out(key, place, &why),
        }
    }

    /// Adds a note that the operation `key` is left out, or an error if it is selected.
    fn left_out(&mut self, key: &str, place: &Place<'a>, why: &str) {
        if self.mapping.selects(key) {
            let why = format!("{why}; remove `{key}` from `select` in {FILE}");
            self.diagnostics.reject(&place.at, why);
        } else {
            self.diagnostics.note(&place.at, format!("left out: {why}"));
        }
    }

    /// Returns the operations of a path by method, in upper case.
    fn methods(&mut self, path: &str, item: &Place<'a>) -> Vec<(String, Place<'a>)> {
        let mut methods: Vec<(String, Place<'a>)> = Vec::new();
        for (key, place) in self.entries(item) {
            let method = key.to_ascii_uppercase();
            let is_known =
                METHODS.contains(&method.as_str()) || NOT_SENT.contains(&method.as_str());
            let is_twice = methods.iter().any(|(other, _)| *other == method);
            if is_known && !is_twice {
                methods.push((method, place));
                continue;
            }
            if self.mapping.leaves_out(&format!("{method} {path}")) {
                continue;
            }
            if is_twice {
                let what = format!("left out: `{key}` is defined twice, in upper and lower case");
                self.diagnostics.note(&place.at, what);
            } else if !PATH_KEYS.contains(&key) && !key.starts_with("x-") {
                let what = format!("`{key}` is ignored: a path has no such key");
                self.diagnostics.note(&place.at, what);
            }
        }
        methods
    }

    /// Returns the operation at `place`, or why it cannot be generated.
    fn operation(
        &mut self,
        key: &str,
        item: &Place<'a>,
        place: &Place<'a>,
    ) -> Result<Operation, String> {
        let (method, path) = key.split_once(' ').unwrap_or_default();
        if NOT_SENT.contains(&method) {
            return Err(format!("the client doesn't send {method} requests"));
        }
        self.note_unknown_keys(place, &KEYS, "an operation");
        let parameters = self.merge_parameters(item, place, path);
        let body_place =
            self.follow(place.get("requestBody")).unwrap_or_else(|| place.get("requestBody"));
        let body = self.request_body(&body_place)?;
        let response = self.success(place, method)?;
        let name = self.operation_name(key, place)?;
        let prefix = name.to_upper_camel_case();
        let mut parameters = self.parameters(parameters, &prefix)?;
        sort_like_arguments(&mut parameters, path);
        let response =
            response.map(|schema| self.schema(&schema, &format!("{prefix}Response")).shape);
        let body = body.map(|(media_type, schema)| {
            let shape = self.schema(&schema, &format!("{prefix}Body")).shape;
            (media_type, body_parameter(&body_place, shape))
        });
        let text = |key: &str| documentation(place.text(key).unwrap_or_default());
        Ok(Operation {
            name,
            method: method.to_owned(),
            path: path.to_owned(),
            summary: text("summary"),
            description: text("description"),
            is_deprecated: place.node["deprecated"] == true,
            parameters,
            body,
            response,
            page: None,
        })
    }

    /// Returns the name of an operation: from the mapping, from its id, or from its method and
    /// path. Fails if none is free.
    fn operation_name(&mut self, key: &str, place: &Place<'a>) -> Result<String, String> {
        if let Some(name) = self.mapping.operation(key).and_then(OperationMapping::name) {
            return Ok(name.to_owned());
        }
        let id = place.text("operationId").filter(|id| id.chars().any(char::is_alphanumeric));
        let wanted = operation_name(id.unwrap_or(key));
        let Some(other) = self.operation_called(&wanted) else { return Ok(wanted) };
        let why = format!("its name `{wanted}` is also the name of `{other}`");
        if id.is_some() && self.mapping.selects(key) {
            self.problem(
                &place.at,
                format!("{why}; give each a different name, here or in {FILE}"),
            );
        }
        for by_path in [key.to_owned(), key.replace('{', "by {")] {
            let name = operation_name(&by_path);
            if self.operation_called(&name).is_none() {
                self.diagnostics
                    .note(&place.at, format!("{why}; it is named `{name}` after its path"));
                return Ok(name);
            }
        }
        Err(format!("{why}; give it a different name in {FILE}"))
    }

    /// Returns the place or key of the operation with this name.
    fn operation_called(&self, name: &str) -> Option<String> {
        let name = name.to_upper_camel_case();
        let called = self.operations.get(&name).map(|other| other.at.clone());
        called.or_else(|| self.mapped_names.get(&name).cloned())
    }
}

/// Sorts `parameters` in the order that progenitor gives its arguments.
fn sort_like_arguments(parameters: &mut [Parameter], path: &str) {
    parameters.sort_by_cached_key(|parameter| {
        let in_path = path.find(&format!("{{{}}}", parameter.name));
        let in_path = in_path.filter(|_| parameter.location == "path");
        let name = parameter.generator_name().to_owned();
        (parameter.location == "header", in_path.is_none(), in_path, name)
    });
}

/// Returns the argument for the request body.
fn body_parameter(place: &Place<'_>, shape: Shape) -> Parameter {
    let description = place.text("description").filter(|text| !text.is_empty());
    Parameter {
        name: "body".to_owned(),
        argument: "body".to_owned(),
        location: "body",
        required: true,
        is_deprecated: false,
        counts_from_zero: false,
        description: Some(documentation(description.unwrap_or("The body."))),
        shape,
        separator: None,
    }
}
