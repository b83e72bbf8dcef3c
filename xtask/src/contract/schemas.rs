//! The schemas that generated types are made from.

use heck::ToUpperCamelCase as _;
use serde_json::{Map, Value};

use super::checker::{Checker, Kind, list, plain};
use crate::pointer::{Pointer, reference};

/// The words that describe a schema without changing what is generated from it.
const WORDS_BESIDE: [&str; 9] = [
    "description",
    "title",
    "nullable",
    "deprecated",
    "example",
    "externalDocs",
    "readOnly",
    "writeOnly",
    "default",
];

/// The words that mean something for one type only, and which type that is.
const WORDS_OF_A_TYPE: [(&str, &str); 16] = [
    ("properties", "object"),
    ("required", "object"),
    ("additionalProperties", "object"),
    ("minProperties", "object"),
    ("maxProperties", "object"),
    ("items", "array"),
    ("minItems", "array"),
    ("maxItems", "array"),
    ("enum", "string"),
    ("pattern", "string"),
    ("minLength", "string"),
    ("maxLength", "string"),
    ("minimum", "integer"),
    ("maximum", "integer"),
    ("multipleOf", "integer"),
    ("format", "string"),
];

impl<'a> Checker<'a> {
    /// Checks a schema that is written where it is used.
    pub(super) fn schema(&mut self, at: &Pointer, schema: &'a Value) {
        self.any_schema(at, schema, None);
    }

    /// Checks a schema; `name` is that of the component, if it is one.
    fn any_schema(&mut self, at: &Pointer, schema: &'a Value, name: Option<&str>) {
        let Some(object) = schema.as_object() else {
            self.refuse(
                at,
                "a schema is a mapping",
                "write for example `type: string` or `$ref: '#/components/schemas/…'`",
            );
            return;
        };
        if reference(schema).is_some() {
            self.schema_reference(at, object, schema);
            return;
        }
        for word in ["oneOf", "anyOf", "not"] {
            if object.contains_key(word) {
                let instead = if word == "not" {
                    "say what the value is, in place of what it is not"
                } else {
                    "write one object schema that has the fields of all of them, none of them required; the crate keeps \
                     unknown fields and values, and a choice between schemas would fail a whole page on a new one"
                };
                self.refuse(
                    &at.at(word),
                    format!("`{word}`: no open type can be made from it"),
                    instead,
                );
                return;
            }
        }
        if object.contains_key("allOf") {
            self.all_of(at, object);
        } else {
            self.plain_schema(at, object, schema, name);
        }
    }

    fn schema_reference(&mut self, at: &Pointer, object: &Map<String, Value>, schema: &'a Value) {
        let ignored: Vec<_> = object
            .keys()
            .filter(|key| !["$ref", "description", "summary"].contains(&key.as_str()) && !key.starts_with("x-"))
            .map(|key| format!("`{key}`"))
            .collect();
        if !ignored.is_empty() {
            self.refuse(
                at,
                format!("what stands beside a `$ref` is ignored: {}", ignored.join(", ")),
                "write the reference as `allOf: [$ref: …]`, and these beside the `allOf`",
            );
        }
        self.referred_schema(at, schema);
    }

    /// Checks the component that `schema` refers to, once.
    fn referred_schema(&mut self, at: &Pointer, schema: &'a Value) -> Option<&'a Value> {
        let (target, component) = self.follow(at, schema, Kind::Schema)?;
        if self.generated.insert(target.clone()) {
            let name = target.key();
            let type_name = name.to_upper_camel_case();
            if name != type_name {
                self.refuse(
                    &target,
                    format!(
                        "the schema `{name}` becomes the type `{type_name}`, and the generator needs one name for both"
                    ),
                    format!("call the schema `{type_name}`, here and in each `$ref`"),
                );
            }
            self.any_schema(&target, component, Some(&name));
        }
        Some(component)
    }

    /// `allOf` with one reference, the way to say something beside a `$ref`.
    fn all_of(&mut self, at: &Pointer, object: &'a Map<String, Value>) {
        let members = list(&object["allOf"]);
        let all_of = at.at("allOf");
        let [member] = members else {
            self.refuse(
                &all_of,
                format!(
                    "`allOf` with {} schemas: the generator takes one, which is a `$ref`",
                    members.len()
                ),
                "write one schema with all the fields",
            );
            return;
        };
        if reference(member).is_none() {
            self.refuse(
                &all_of.at(0),
                "`allOf` with a schema that is not a `$ref`",
                "write the schema itself in place of the `allOf`, or move it to `components/schemas` and refer to it",
            );
            return;
        }
        let others: Vec<_> = object
            .keys()
            .filter(|key| !["allOf", "type"].contains(&key.as_str()))
            .filter(|key| !WORDS_BESIDE.contains(&key.as_str()) && !key.starts_with("x-"))
            .map(|key| format!("`{key}`"))
            .collect();
        if !others.is_empty() {
            self.refuse(
                at,
                format!("beside `allOf`: {}", others.join(", ")),
                "move these to the schema that the `$ref` names",
            );
        }
        let Some(component) = self.referred_schema(&all_of.at(0), member) else {
            return;
        };
        if let (Some(here), Some(there)) = (object.get("type"), component.get("type"))
            && here != there
        {
            let what = format!(
                "the type is {} here and {} in `{}`",
                plain(here),
                plain(there),
                reference(member).unwrap_or_default()
            );
            self.refuse(&at.at("type"), what, format!("write `type: {}`", plain(there)));
        }
    }

    fn plain_schema(&mut self, at: &Pointer, object: &'a Map<String, Value>, schema: &'a Value, name: Option<&str>) {
        let type_at = at.at("type");
        match object.get("type") {
            None => {
                let typed = WORDS_OF_A_TYPE.iter().find(|(word, _)| object.contains_key(*word));
                if let Some((word, of)) = typed {
                    self.refuse(
                        at,
                        format!("`{word}` without a `type`"),
                        format!("add `type: {of}`, if that is what is meant"),
                    );
                }
            }
            Some(Value::String(of)) => match of.as_str() {
                "object" => self.object(at, object, name),
                "array" => self.array(at, schema),
                "string" | "integer" | "number" | "boolean" => {}
                "null" => self.refuse(
                    &type_at,
                    "the type `null` is not OpenAPI 3.0",
                    "write the type of the value, and `nullable: true`",
                ),
                other => self.refuse(
                    &type_at,
                    format!("there is no type `{other}`"),
                    "write `string`, `integer`, `number`, `boolean`, `array` or `object`",
                ),
            },
            Some(Value::Array(_)) => self.refuse(
                &type_at,
                "a list of types is not OpenAPI 3.0",
                "write one type, and `nullable: true` if the value can be null",
            ),
            Some(_) => self.refuse(&type_at, "the type is not a text", "write for example `type: string`"),
        }
        self.words_of_other_types(at, object);
        let other = object.get("type").is_some_and(|of| of != "object") && !object.contains_key("enum");
        if let Some(name) = name.filter(|name| other && *name != "Timestamp") {
            self.refuse(
                at,
                format!("the schema `{name}` is neither an object nor an enumeration, and would become a type around a value"),
                "write it where it is used, in place of the `$ref`",
            );
        }
        if let Some(values) = object.get("enum") {
            self.enumeration(at, object, values, name);
        }
        for (exclusive, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
            match object.get(exclusive) {
                Some(Value::Number(value)) => self.refuse(
                    &at.at(exclusive),
                    format!("`{exclusive}` with a number is not OpenAPI 3.0"),
                    format!("write `{bound}: {value}` and `{exclusive}: true`"),
                ),
                Some(Value::Bool(true)) if !object.contains_key(bound) => self.refuse(
                    &at.at(exclusive),
                    format!("`{exclusive}` without `{bound}`"),
                    format!("add `{bound}`, or leave out `{exclusive}`"),
                ),
                _ => {}
            }
        }
    }

    /// The generator has no case for, say, a format of an object.
    fn words_of_other_types(&mut self, at: &Pointer, object: &Map<String, Value>) {
        let Some(of) = object.get("type").and_then(Value::as_str) else {
            return;
        };
        if object.contains_key("format") && ["object", "array", "boolean"].contains(&of) {
            self.refuse(&at.at("format"), format!("a format of type {of}"), "leave out `format`");
        }
        for (word, type_name) in [("properties", "object"), ("items", "array")] {
            if object.contains_key(word) && of != type_name {
                self.refuse(
                    &at.at(word),
                    format!("`{word}` in a schema of type {of}"),
                    format!("write `type: {type_name}`, or leave out `{word}`"),
                );
            }
        }
    }
}
