//! The contract as the generator gets it.
//!
//! `press.yaml` says what is true of the service; the document in memory says it in the way that makes the
//! generator write a tolerant client.

use openapiv3::OpenAPI;
use serde_json::{Map, Value, json};

/// The schema of times, whose type keeps them as text.
const TIMESTAMP: &str = "#/components/schemas/Timestamp";

/// The contract, made ready for the generator.
pub(crate) struct Document(Value);

impl Document {
    pub(crate) fn parse(yaml: &str) -> Result<Self, String> {
        let mut document: Value =
            serde_saphyr::from_str(yaml).map_err(|error| format!("openapi/press.yaml: {error}"))?;
        for (_, operation) in operations_mut(&mut document) {
            keep_success(operation);
        }
        document["components"]["schemas"]["Timestamp"] = json!({ "type": "string" });
        loosen(&mut document);
        drop_unused_schemas(&mut document);
        Ok(Self(document))
    }

    pub(crate) fn openapi(&self) -> Result<OpenAPI, String> {
        serde_json::from_value(self.0.clone()).map_err(|error| format!("openapi/press.yaml: {error}"))
    }

    /// The names of the object schemas.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &str> {
        self.schemas()
            .filter(|(_, schema)| schema["type"] == "object")
            .map(|(name, _)| name)
    }

    /// The names of the enumerations.
    pub(crate) fn enumerations(&self) -> impl Iterator<Item = &str> {
        self.schemas()
            .filter(|(_, schema)| schema["enum"].is_array())
            .map(|(name, _)| name)
    }

    /// The schema called `name`.
    pub(crate) fn schema(&self, name: &str) -> &Value {
        &self.0["components"]["schemas"][name]
    }

    /// Each operation with its path.
    pub(crate) fn operations(&self) -> impl Iterator<Item = (&str, &str, &Value)> {
        let paths = self.0["paths"].as_object().into_iter().flatten();
        paths.flat_map(|(path, item)| {
            item.as_object()
                .into_iter()
                .flatten()
                .filter(|(_, operation)| operation["operationId"].is_string())
                .map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
        })
    }

    /// What `value` refers to, or `value` itself.
    pub(crate) fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        reference(value)
            .and_then(|pointer| self.0.pointer(pointer))
            .unwrap_or(value)
    }

    fn schemas(&self) -> impl Iterator<Item = (&str, &Value)> {
        let schemas = self.0["components"]["schemas"].as_object().into_iter().flatten();
        schemas.map(|(name, schema)| (name.as_str(), schema))
    }
}

/// The JSON pointer in `value`'s `$ref`.
pub(crate) fn reference(value: &Value) -> Option<&str> {
    value["$ref"].as_str()?.strip_prefix('#')
}

fn operations_mut(document: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    let items = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    items
        .flat_map(|item| item.as_object_mut().into_iter().flatten())
        .filter(|(_, operation)| operation.get("operationId").is_some())
}

/// Leaves the success response alone, for every 2xx: every other answer then arrives whole, with its body unread,
/// and every success either decodes or is an invalid response.
fn keep_success(operation: &mut Value) {
    if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
        let success = responses
            .iter()
            .find(|(status, _)| status.starts_with('2'))
            .map(|(_, response)| response.clone());
        responses.clear();
        if let Some(success) = success {
            responses.insert("2XX".to_owned(), success);
        }
    }
}

/// Makes the schemas below `value` accept what a newer or careless service may send: no bounds, no signed counts,
/// null wherever a field is not required, texts of any format, and a place for the fields that the contract does not name.
fn loosen(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(loosen),
        Value::Object(object) => {
            match object.get("type").and_then(Value::as_str) {
                Some("integer") => loosen_integer(object),
                Some("string") => ["minLength", "maxLength", "pattern", "format"]
                    .iter()
                    .for_each(|key| drop(object.remove(*key))),
                Some("array") => ["minItems", "maxItems", "uniqueItems"]
                    .iter()
                    .for_each(|key| drop(object.remove(*key))),
                Some("object") => loosen_object(object),
                _ => {}
            }
            object.values_mut().for_each(loosen);
        }
        _ => {}
    }
}

fn loosen_integer(schema: &mut Map<String, Value>) {
    let unsigned = schema
        .get("minimum")
        .and_then(Value::as_i64)
        .is_some_and(|minimum| minimum >= 0);
    for key in [
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
    ] {
        schema.remove(key);
    }
    if unsigned {
        let format = if schema.get("format").is_some_and(|format| format == "int32") {
            "uint32"
        } else {
            "uint64"
        };
        schema.insert("format".to_owned(), json!(format));
    }
}

fn loosen_object(schema: &mut Map<String, Value>) {
    let required = schema.get("required").cloned().unwrap_or_default();
    let required: Vec<&str> = required
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for (name, property) in properties.iter_mut() {
        if property["type"] == "string" && property["format"] == "date-time" {
            *property = json!({ "allOf": [{ "$ref": TIMESTAMP }], "description": property["description"] });
        }
        if required.contains(&name.as_str()) {
            continue;
        }
        if reference(property).is_some() {
            *property = json!({ "allOf": [property] });
        }
        property["nullable"] = json!(true);
    }
    schema.insert("additionalProperties".to_owned(), json!({}));
}

/// Removes the schemas that no operation reaches, such as that of error bodies, which are read by hand.
fn drop_unused_schemas(document: &mut Value) {
    let mut used = Vec::new();
    let mut open = vec![document["paths"].clone()];
    while let Some(value) = open.pop() {
        if let Some(pointer) = reference(&value).map(str::to_owned)
            && !used.contains(&pointer)
        {
            open.extend(document.pointer(&pointer).cloned());
            used.push(pointer);
        }
        match value {
            Value::Array(values) => open.extend(values),
            Value::Object(object) => open.extend(object.into_iter().map(|(_, value)| value)),
            _ => {}
        }
    }
    if let Some(schemas) = document
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
    {
        schemas.retain(|name, _| {
            used.iter()
                .any(|pointer| pointer == &format!("/components/schemas/{name}"))
        });
    }
}
