//! What to change in press.yaml, so that it says what was seen: a JSON merge patch (RFC 7396).

use heck::ToUpperCamelCase as _;
use reqwest::StatusCode;
use serde_json::{Map, Value, json};

use crate::{
    contract::{Contract, Schema, below},
    report::showable,
    shape::{Shape, Type},
};

const DESCRIPTION: &str = "Seen in answers of the service; to be described.";

/// The words that belong to a type, and go with it.
const WORDS_OF_A_TYPE: [&str; 10] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "enum",
    "format",
    "items",
    "minimum",
    "properties",
    "required",
    "x-enumDescriptions",
];

/// A merge patch for press.yaml.
#[derive(Default)]
pub(crate) struct Patch(Map<String, Value>);

impl Patch {
    pub(crate) fn into_value(self) -> Value {
        Value::Object(self.0)
    }

    /// Names a field.
    pub(crate) fn name_field(&mut self, contract: &Contract, object: &Schema, name: &str, shape: &Shape) {
        let mut field = self.infer(contract, &object.definition, name, shape);
        field.insert("description".to_owned(), DESCRIPTION.into());
        // By default every field of an answer may be null.
        if field.contains_key("type") {
            field.insert("nullable".to_owned(), true.into());
        }
        let properties = format!("{}/properties", object.definition);
        self.put(&below(&properties, name), field.into());
    }

    /// Adds values to an enumeration.
    pub(crate) fn add_values(&mut self, contract: &Contract, schema: &Schema, values: &[&str]) {
        if values.is_empty() {
            return;
        }
        let at = below(&schema.definition, "enum");
        let mut all = self.list(contract, &at);
        for value in values {
            if !all.iter().any(|known| known == value) {
                all.push((*value).into());
            }
            let descriptions = below(&schema.definition, "x-enumDescriptions");
            self.put(&below(&descriptions, value), DESCRIPTION.into());
        }
        self.put(&at, all.into());
    }

    /// Lets a value be null.
    pub(crate) fn make_nullable(&mut self, contract: &Contract, schema: &Schema) {
        let written = contract.get(&schema.at);
        if let Some(reference) = written.and_then(|node| node.get("$ref")) {
            // Nothing may stand beside a `$ref`.
            let node = json!({ "$ref": null, "allOf": [{ "$ref": reference }], "type": schema.of() });
            self.put(&schema.at, node);
        }
        self.put(&below(&schema.at, "nullable"), true.into());
    }

    /// Lets a field be absent.
    pub(crate) fn make_optional(&mut self, contract: &Contract, object: &Schema, name: &str) {
        let at = below(&object.definition, "required");
        let mut required = self.list(contract, &at);
        required.retain(|required| required != name);
        // An empty list is not allowed.
        let required = if required.is_empty() {
            Value::Null
        } else {
            required.into()
        };
        self.put(&at, required);
    }

    /// Makes the type of a value what was seen, when that was one type.
    pub(crate) fn change_type(&mut self, contract: &Contract, schema: &Schema, shape: &Shape) {
        let name = schema.at.rsplit('/').next().unwrap_or_default();
        let parent = schema.at.rsplit("/properties/").nth(1).unwrap_or_default();
        let inferred = self.infer(contract, parent, name, shape);
        if !inferred.contains_key("type") {
            return;
        }
        let written = contract.get(&schema.at).and_then(Value::as_object);
        let mut node: Map<_, _> = WORDS_OF_A_TYPE
            .into_iter()
            .filter(|word| written.is_some_and(|written| written.contains_key(*word)))
            .map(|word| (word.to_owned(), Value::Null))
            .collect();
        node.extend(inferred);
        self.put(&schema.at, node.into());
    }

    /// Documents a status, whose body is JSON or anything.
    pub(crate) fn add_response(&mut self, contract: &Contract, operation: &str, status: u16, is_json: bool) {
        let reason = StatusCode::from_u16(status)
            .ok()
            .and_then(|status| status.canonical_reason());
        let mut response = json!({ "description": reason.unwrap_or(DESCRIPTION) });
        let problem = "#/components/schemas/Problem";
        if is_json && contract.has(problem) {
            response["content"] = json!({ "application/json": { "schema": { "$ref": problem } } });
        }
        self.put(&format!("{operation}/responses/{status}"), response);
    }

    /// The schema of values; without a type when there is no single one.
    fn infer(&mut self, contract: &Contract, parent: &str, name: &str, shape: &Shape) -> Map<String, Value> {
        let schema = match shape.types_but_null()[..] {
            [Type::Integer] => json!({ "type": "integer", "format": "int64" }),
            [Type::Number] | [Type::Integer, Type::Number] => json!({ "type": "number" }),
            [Type::Array] => {
                let nothing = Shape::default();
                let entries = shape.entries.as_deref().unwrap_or(&nothing);
                json!({ "type": "array", "items": self.infer(contract, parent, name, entries) })
            }
            [Type::Object] if shape.fields.keys().any(|name| showable(name)) => {
                let component = new_component(contract, parent, name);
                let definition = format!("#/components/schemas/{component}");
                let object = json!({ "description": DESCRIPTION, "type": "object", "additionalProperties": true });
                self.put(&definition, object);
                let object = Schema::empty(&definition);
                for (name, field) in shape.fields.iter().filter(|(name, _)| showable(name)) {
                    self.name_field(contract, &object, name, field);
                }
                json!({ "type": "object", "allOf": [{ "$ref": definition }] })
            }
            [Type::Object] => json!({ "type": "object", "additionalProperties": true }),
            [of] => json!({ "type": of.name() }),
            _ => json!({}),
        };
        match schema {
            Value::Object(schema) => schema,
            _ => Map::new(),
        }
    }

    /// The list at a place as it is so far.
    fn list(&self, contract: &Contract, at: &str) -> Vec<Value> {
        let patched = keys(at).try_fold(None, |node: Option<&Value>, key| {
            match node {
                None => self.0.get(&key),
                Some(node) => node.get(&key),
            }
            .map(Some)
        });
        let list = patched.flatten().or_else(|| contract.get(at));
        list.and_then(Value::as_array).cloned().unwrap_or_default()
    }

    /// Puts a value to a place; the fields of an object beside those that are there.
    fn put(&mut self, at: &str, value: Value) {
        let value = keys(at).rev().fold(value, |value, key| json!({ key: value }));
        if let Value::Object(value) = value {
            merge(&mut self.0, value);
        }
    }
}

fn merge(into: &mut Map<String, Value>, from: Map<String, Value>) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(into)), Value::Object(from)) => merge(into, from),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

fn keys(at: &str) -> impl DoubleEndedIterator<Item = String> {
    let keys = at.trim_start_matches('#').split('/').skip(1);
    keys.map(|key| key.replace("~1", "/").replace("~0", "~"))
        .collect::<Vec<_>>()
        .into_iter()
}

/// A name for the type of a field that the contract has not taken.
fn new_component(contract: &Contract, parent: &str, field: &str) -> String {
    let parent = parent.rsplit('/').next().unwrap_or_default();
    let mut name = format!("{parent}_{field}").to_upper_camel_case();
    while contract.has(&format!("#/components/schemas/{name}")) {
        name.push_str("Value");
    }
    name
}
