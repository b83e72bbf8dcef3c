//! Schemas, each of which becomes one of a few shapes: a scalar, a list, a map, any value, or a named object or enumeration.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    Normalizer, below, documentation,
    flat::{Flat, Placed, is_null},
    names::{camel, field, type_name},
};

/// The words that may stand beside a reference without changing what it refers to.
const BESIDE: [&str; 15] = [
    "default",
    "deprecated",
    "description",
    "discriminator",
    "example",
    "examples",
    "externalDocs",
    "nullable",
    "readOnly",
    "summary",
    "title",
    "type",
    "writeOnly",
    "xml",
    "format",
];

impl<'a> Normalizer<'a> {
    /// The schema at `at` as it stands where it is used; `name` is for the type that it may become.
    pub(super) fn schema(&mut self, at: &str, node: &'a Value, name: &str) -> Value {
        let alone = |word: &str| {
            node.as_object().is_some_and(|schema| {
                let other = |key: &&String| *key != word && !BESIDE.contains(&key.as_str()) && !key.starts_with("x-");
                schema.contains_key(word) && !schema.keys().any(|key| other(&key))
            })
        };
        let nullable =
            node["nullable"] == true || node["type"].as_array().is_some_and(|of| of.contains(&"null".into()));
        if alone("$ref") {
            let value = self.reference(at, &node["$ref"], name);
            return annotate(value, node["description"].as_str(), nullable);
        }
        for word in ["allOf", "oneOf", "anyOf"] {
            let members = node[word].as_array().map(Vec::as_slice).unwrap_or_default();
            let others = || members.iter().enumerate().filter(|(_, member)| word == "allOf" || !is_null(member));
            if let (Some((index, member)), 1, true) = (others().next(), others().count(), alone(word)) {
                let value = self.schema(&format!("{}/{index}", below(at, word)), member, name);
                return annotate(value, node["description"].as_str(), nullable || members.len() > 1);
            }
        }
        let flat = self.flat(at, node);
        let value = self.shape(at, &flat, name);
        annotate(value, flat.description, flat.nullable)
    }

    fn shape(&mut self, at: &str, flat: &Flat<'a>, name: &str) -> Value {
        if !flat.properties.is_empty() {
            return self.object(at, flat, name);
        }
        if !flat.choices.is_empty() {
            return self.choice(at, flat, name);
        }
        if !flat.values.is_empty() {
            return self.enumeration(at, flat, name);
        }
        let types: Vec<_> = flat.types.iter().copied().collect();
        match (types.as_slice(), &flat.items, &flat.additional) {
            (["array"], None, _) => json!({ "type": "array", "items": {} }),
            (["array"] | [], Some((at, items)), _) => {
                json!({ "type": "array", "items": self.schema(at, items, &format!("{name}Item")) })
            }
            (["object"] | [], _, Some((at, values))) => match self.schema(at, values, &format!("{name}Value")) {
                Value::Object(any) if any.is_empty() => json!({ "type": "object" }),
                values => json!({ "type": "object", "additionalProperties": values }),
            },
            (["object"], ..) => json!({ "type": "object" }),
            (["string"], ..) if flat.timestamp => json!({ "type": "string", "format": "date-time" }),
            (["integer"], ..) if flat.unsigned => json!({ "type": "integer", "minimum": 0 }),
            (["integer", "number"], ..) => json!({ "type": "number" }),
            ([one], ..) => json!({ "type": one }),
            ([], ..) => json!({}),
            (several, ..) => {
                self.findings.note(at, format!("one of the types {} is kept as any value", several.join(", ")));
                json!({})
            }
        }
    }

    /// Resolves `target`. Objects and enumerations stay references, the rest goes into its uses.
    fn reference(&mut self, at: &str, target: &Value, name: &str) -> Value {
        let Some((at, node)) = self.resolve(at, target) else {
            return json!({});
        };
        if let Some(done) = self.done.get(&at) {
            return done.clone();
        }
        if self.open.contains(&at) {
            self.findings.note(&at, "holds itself, and is kept as any value");
            return json!({});
        }
        let component = at.strip_prefix("#/components/schemas/").filter(|key| !key.contains('/'));
        let name = component.map_or_else(|| name.to_owned(), type_name);
        self.open.push(at.clone());
        let mut value = self.schema(&at, node, &name);
        self.open.pop();
        if let Some(value) = value.as_object_mut() {
            value.remove("description");
        }
        if value.as_object().is_some_and(|value| value.len() == 1)
            && let Some(reference) = value.pointer("/allOf/0").cloned()
        {
            value = reference;
        }
        self.done.insert(at, value.clone());
        value
    }

    fn object(&mut self, at: &str, flat: &Flat<'a>, name: &str) -> Value {
        let name = self.type_name(at, name, flat.title);
        let reference = json!({ "$ref": format!("#/components/schemas/{name}") });
        // Before its properties, which may hold it again.
        self.done.insert(at.to_owned(), reference.clone());
        let (mut properties, mut fields) = (Map::new(), BTreeMap::from([("extra".to_owned(), "the unknown fields")]));
        let mut all: Vec<_> = flat.properties.iter().collect();
        // Of `Name` and `name`, the one that is called like its field keeps it.
        all.sort_by_key(|(key, _)| field(key) != **key);
        for (key, (at, property)) in all {
            if let Some(other) = fields.insert(field(key), key) {
                self.findings.note(at, format!("the name is taken by {other}; the value is found in `extra`"));
                fields.insert(field(key), other);
                continue;
            }
            let value = self.schema(at, property, &format!("{name}{}", camel(key)));
            properties.insert((*key).to_owned(), value);
        }
        for key in flat.required.iter().filter(|key| !flat.properties.contains_key(**key)) {
            self.findings.note(at, format!("`{key}` is required, and there is no such property"));
        }
        let required: Vec<_> = flat.required.iter().filter(|key| properties.contains_key(**key)).collect();
        let schema = json!({
            "type": "object",
            "description": flat.description.map(documentation),
            "required": required,
            "properties": properties,
        });
        self.define(at, &name, schema);
        reference
    }

    pub(super) fn enumeration(&mut self, at: &str, flat: &Flat<'a>, name: &str) -> Value {
        let are = |test: fn(&Value) -> bool| flat.values.iter().all(|value| test(value));
        if !flat.types.contains("string") && !are(Value::is_string) {
            return match () {
                () if are(|value| value.is_i64() || value.is_u64())
                    && flat.values.iter().all(|value| value.is_u64()) =>
                {
                    json!({ "type": "integer", "minimum": 0 })
                }
                () if are(|value| value.is_i64() || value.is_u64()) => json!({ "type": "integer" }),
                () if are(Value::is_number) => json!({ "type": "number" }),
                () if are(Value::is_boolean) => json!({ "type": "boolean" }),
                () => json!({}),
            };
        }
        let mut values: Vec<String> = Vec::new();
        for value in flat.values.iter().map(|value| super::plain(value)) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        let name = self.type_name(at, name, flat.title);
        let schema = json!({
            "type": "string",
            "description": flat.description.map(documentation),
            "enum": values,
            "x-enumDescriptions": flat.value_docs,
        });
        self.define(at, &name, schema);
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    /// Adds the component `name`, or to it, when several places share it.
    fn define(&mut self, at: &str, name: &str, schema: Value) {
        if self.receiving {
            self.api.received.insert(name.to_owned());
        }
        let Some(there) = self.api.schemas.get_mut(name) else {
            self.api.schemas.insert(name.to_owned(), schema);
            return;
        };
        let mut same = there["type"] == schema["type"];
        if let (Some(there), Some(values)) = (there["enum"].as_array_mut(), schema["enum"].as_array()) {
            let new: Vec<_> = values.iter().filter(|value| !there.contains(value)).cloned().collect();
            there.extend(new);
        }
        if let (Some(there), Some(properties)) = (there["properties"].as_object_mut(), schema["properties"].as_object())
        {
            for (key, property) in properties {
                let other = there.entry(key).or_insert_with(|| property.clone());
                same &= undescribed(other) == undescribed(property);
            }
        }
        if let (Some(there), Some(required)) = (there["required"].as_array_mut(), schema["required"].as_array()) {
            there.retain(|name| required.contains(name));
        }
        if !same {
            let what = format!("the type `{name}` is here another one than where it was met before");
            self.findings.refuse(at, what, format!("give one of them another name in {}", super::FILE));
        }
    }

    /// The members of a choice with what they refer to.
    pub(super) fn flats(&mut self, members: &[Placed<'a>]) -> Vec<Flat<'a>> {
        members.iter().map(|(at, member)| self.flat(at, member)).collect()
    }
}

/// `value` with a description, and nullable if it is.
fn annotate(mut value: Value, description: Option<&str>, nullable: bool) -> Value {
    if value.get("$ref").is_some() && (nullable || description.is_some()) {
        value = json!({ "allOf": [value] });
    }
    // Any value can be null already.
    let any = ["type", "allOf", "$ref"].iter().all(|word| value.get(*word).is_none());
    if let Some(value) = value.as_object_mut() {
        if let Some(description) = description {
            value.insert("description".to_owned(), documentation(description).into());
        }
        if nullable && !any {
            value.insert("nullable".to_owned(), true.into());
        }
    }
    value
}

/// `schema` without its description and whether it can be null, which need not be the same for one type.
fn undescribed(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("description");
        schema.remove("nullable");
    }
    match schema.pointer("/allOf/0") {
        Some(reference) => reference.clone(),
        None => schema,
    }
}
