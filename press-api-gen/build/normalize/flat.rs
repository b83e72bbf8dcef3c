//! One schema with everything that its `allOf` brings, whichever dialect it is written in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Normalizer, below};
use crate::codegen::mistakes::plain;

/// A schema and where it stands.
pub(super) type Placed<'a> = (String, &'a Value);

/// The words of a schema, gathered.
#[derive(Default)]
pub(super) struct Flat<'a> {
    pub(super) description: Option<&'a str>,
    pub(super) title: Option<&'a str>,
    pub(super) types: BTreeSet<&'a str>,
    pub(super) nullable: bool,
    pub(super) timestamp: bool,
    pub(super) unsigned: bool,
    /// The values of an enumeration, null left out.
    pub(super) values: Vec<&'a Value>,
    pub(super) value_docs: Option<&'a Value>,
    pub(super) properties: BTreeMap<&'a str, Placed<'a>>,
    pub(super) required: BTreeSet<&'a str>,
    pub(super) additional: Option<Placed<'a>>,
    pub(super) items: Option<Placed<'a>>,
    /// The members of `oneOf` and `anyOf`, null left out.
    pub(super) choices: Vec<Placed<'a>>,
}

impl Flat<'_> {
    pub(super) fn is_object(&self) -> bool {
        !self.properties.is_empty() || self.additional.is_some() || self.types.contains("object")
    }
}

impl<'a> Normalizer<'a> {
    pub(super) fn flat(&mut self, at: &str, node: &'a Value) -> Flat<'a> {
        let mut flat = Flat::default();
        self.flatten(at, node, &mut flat, &mut Vec::new());
        flat
    }

    fn flatten(&mut self, at: &str, node: &'a Value, flat: &mut Flat<'a>, open: &mut Vec<String>) {
        let Some(schema) = node.as_object() else {
            if !node.is_boolean() {
                let what = format!("a schema is a mapping, not `{}`", plain(node));
                self.findings.refuse(at, what, "write for example `type: string` or `$ref: '#/components/schemas/…'`");
            }
            return;
        };
        if open.iter().any(|other| other == at) {
            self.findings.refuse(at, "a schema that is part of itself", "break the circle of `allOf` and `$ref`");
            return;
        }
        open.push(at.to_owned());
        let (outermost, text) = (open.len() == 1, |key: &str| schema.get(key).and_then(Value::as_str));
        flat.description = flat.description.or(text("description"));
        flat.title = flat.title.or(text("title"));
        self.types(at, schema.get("type"), flat);
        flat.nullable |= outermost && schema.get("nullable") == Some(&Value::Bool(true));
        flat.timestamp |= text("format") == Some("date-time");
        for bound in ["minimum", "exclusiveMinimum"] {
            flat.unsigned |= schema.get(bound).and_then(Value::as_f64).is_some_and(|bound| bound >= 0.0);
        }
        let values = self.list(&below(at, "enum"), schema.get("enum").unwrap_or(&Value::Null));
        for value in values.into_iter().map(|(_, value)| value).chain(schema.get("const")) {
            match value {
                Value::Null => flat.nullable |= outermost,
                value if flat.values.contains(&value) => {}
                value => flat.values.push(value),
            }
        }
        flat.value_docs = flat.value_docs.or(schema.get("x-enumDescriptions"));
        for (name, at, property) in
            self.entries(&below(at, "properties"), schema.get("properties").unwrap_or(&Value::Null))
        {
            flat.properties.entry(name).or_insert((at, property));
        }
        match schema.get("required") {
            Some(Value::Array(names)) => flat.required.extend(names.iter().filter_map(Value::as_str)),
            None | Some(Value::Bool(false) | Value::Null) => {}
            Some(Value::Bool(true)) => {
                let what = "`required: true` says nothing here: the object lists the names of its required properties";
                self.findings.note(at, what);
            }
            Some(_) => {
                let what = "`required` of a schema is a list of the names of its properties";
                self.findings.refuse(&below(at, "required"), what, "write `required: [name]`");
            }
        }
        let placed = |word: &str| schema.get(word).map(|node| (below(at, word), node));
        flat.additional =
            flat.additional.take().or_else(|| placed("additionalProperties").filter(|(_, node)| node.is_object()));
        flat.items = flat.items.take().or_else(|| placed("items").filter(|(_, node)| node.is_object()));
        for word in ["oneOf", "anyOf"] {
            for (at, member) in self.list(&below(at, word), schema.get(word).unwrap_or(&Value::Null)) {
                if is_null(member) {
                    flat.nullable |= outermost;
                } else if !only_requires(member) {
                    flat.choices.push((at, member));
                }
            }
        }
        for (at, member) in self.list(&below(at, "allOf"), schema.get("allOf").unwrap_or(&Value::Null)) {
            self.flatten(&at, member, flat, open);
        }
        if let Some(target) = schema.get("$ref")
            && let Some((at, target)) = self.resolve(at, target)
        {
            self.flatten(&at, target, flat, open);
        }
        open.pop();
    }

    /// The type of OpenAPI 3.0, or the list of types of 3.1.
    fn types(&mut self, at: &str, node: Option<&'a Value>, flat: &mut Flat<'a>) {
        let (one, many) = match node {
            None => return,
            Some(Value::Array(many)) => (None, many.as_slice()),
            Some(one) => (Some(one), [].as_slice()),
        };
        for of in one.into_iter().chain(many) {
            match of.as_str() {
                Some("null") => flat.nullable = true,
                Some(of @ ("string" | "integer" | "number" | "boolean" | "array" | "object")) => {
                    flat.types.insert(of);
                }
                _ => {
                    let what = format!("there is no type `{}`", plain(of));
                    let instead = "write `string`, `integer`, `number`, `boolean`, `array` or `object`";
                    self.findings.refuse(&below(at, "type"), what, instead);
                }
            }
        }
    }
}

/// Returns `true` if `schema` allows null and nothing else.
pub(super) fn is_null(schema: &Value) -> bool {
    let null = |word: &str| schema.get(word).is_some_and(Value::is_null);
    schema["type"] == "null"
        || null("const")
        || schema["enum"].as_array().is_some_and(|values| *values == [Value::Null])
}

/// Returns `true` if `schema` only says which of the fields beside it are required.
fn only_requires(schema: &Value) -> bool {
    schema
        .as_object()
        .is_some_and(|schema| schema.keys().all(|key| ["required", "not", "title"].contains(&key.as_str())))
}
