//! One schema with everything that its `allOf` brings, whichever dialect it is written in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Normalizer, Place};
use crate::codegen::mistakes::plain;

const TYPES: [&str; 6] = ["string", "integer", "number", "boolean", "array", "object"];

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
    pub(super) properties: BTreeMap<&'a str, Place<'a>>,
    pub(super) required: BTreeSet<&'a str>,
    pub(super) additional: Option<Place<'a>>,
    pub(super) items: Option<Place<'a>>,
    /// The members of `oneOf` and `anyOf`, null left out.
    pub(super) choices: Vec<Place<'a>>,
}

impl Flat<'_> {
    pub(super) fn is_object(&self) -> bool {
        !self.properties.is_empty() || self.additional.is_some() || self.types.contains("object")
    }
}

impl<'a> Normalizer<'a> {
    pub(super) fn flat(&mut self, place: &Place<'a>) -> Flat<'a> {
        let mut flat = Flat::default();
        self.flatten(place, &mut flat, &mut Vec::new());
        flat
    }

    fn flatten(&mut self, place: &Place<'a>, flat: &mut Flat<'a>, open: &mut Vec<String>) {
        let node = place.node;
        if !node.is_object() {
            // Null stands for a schema that is not there, and a boolean for any value.
            if !node.is_boolean() && !node.is_null() {
                let why = format!(
                    "a schema is a mapping, not `{}`; write for example `type: string`",
                    plain(node)
                );
                self.findings.refuse(&place.at, why);
            }
            return;
        }
        if open.contains(&place.at) {
            self.findings.refuse(
                &place.at,
                "a schema that is part of itself; break the circle of `allOf` and `$ref`",
            );
            return;
        }
        open.push(place.at.clone());
        let outermost = open.len() == 1;
        flat.description = flat.description.or(place.text("description"));
        flat.title = flat.title.or(place.text("title"));
        flat.value_docs = flat.value_docs.or(node.get("x-enumDescriptions"));
        flat.nullable |= outermost && node["nullable"] == true;
        flat.timestamp |= node["format"] == "date-time";
        let bounds =
            ["minimum", "exclusiveMinimum"].iter().filter_map(|bound| node[*bound].as_f64());
        flat.unsigned |= bounds.into_iter().any(|bound| bound >= 0.0);
        // The type of OpenAPI 3.0, or the list of types of 3.1.
        let types = place.get("type");
        for of in types.node.as_array().map_or(std::slice::from_ref(types.node), Vec::as_slice) {
            match of.as_str() {
                Some("null") => flat.nullable = true,
                Some(of) if TYPES.contains(&of) => _ = flat.types.insert(of),
                None if types.node.is_null() => {}
                _ => {
                    let why = format!(
                        "there is no type `{}`; write one of `{}`",
                        plain(of),
                        TYPES.join("`, `")
                    );
                    self.findings.refuse(&types.at, why);
                }
            }
        }
        let values = self
            .list(&place.get("enum"))
            .into_iter()
            .map(|value| value.node)
            .chain(node.get("const"));
        for value in values {
            if value.is_null() {
                flat.nullable |= outermost;
            } else if !flat.values.contains(&value) {
                flat.values.push(value);
            }
        }
        for (name, property) in self.entries(&place.get("properties")) {
            flat.properties.entry(name).or_insert(property);
        }
        match &node["required"] {
            Value::Array(names) => flat.required.extend(names.iter().filter_map(Value::as_str)),
            Value::Bool(false) | Value::Null => {}
            Value::Bool(true) => {
                let what = "`required: true` says nothing here: the object lists the names of its required properties";
                self.findings.note(&place.at, what);
            }
            _ => {
                self.findings.refuse(
                    &place.get("required").at,
                    "not a list of properties; write `required: [name]`",
                );
            }
        }
        let inner = |word: &str| Some(place.get(word)).filter(|inner| inner.node.is_object());
        flat.additional = flat.additional.take().or_else(|| inner("additionalProperties"));
        flat.items = flat.items.take().or_else(|| inner("items"));
        for member in ["oneOf", "anyOf"].iter().flat_map(|word| self.list(&place.get(word))) {
            if is_null(member.node) {
                flat.nullable |= outermost;
            } else if !only_requires(member.node) {
                flat.choices.push(member);
            }
        }
        for member in self.list(&place.get("allOf")) {
            self.flatten(&member, flat, open);
        }
        if node.get("$ref").is_some()
            && let Some(target) = self.resolve(place)
        {
            self.flatten(&target, flat, open);
        }
        open.pop();
    }
}

/// Returns `true` if `schema` allows null and nothing else.
pub(super) fn is_null(schema: &Value) -> bool {
    let null = |word: &str| schema.get(word).is_some_and(Value::is_null);
    schema["type"] == "null"
        || null("const")
        || schema["enum"].as_array().is_some_and(|of| *of == [Value::Null])
}

/// Returns `true` if `schema` only says which of the fields beside it are required.
fn only_requires(schema: &Value) -> bool {
    schema.as_object().is_some_and(|schema| {
        schema.keys().all(|word| ["required", "not", "title"].contains(&&**word))
    })
}
