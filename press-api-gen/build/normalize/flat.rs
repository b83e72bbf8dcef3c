//! Merging of a schema with its `allOf` members, independent of the OpenAPI version.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem, slice,
};

use serde_json::Value;

use super::{Normalizer, Place};
use crate::codegen::document::plain;

const TYPES: [&str; 6] = ["string", "integer", "number", "boolean", "array", "object"];

/// The keywords of OpenAPI 3.0 and of JSON Schema, which OpenAPI 3.1 uses.
#[rustfmt::skip]
const KEYWORDS: [&str; 68] = [
    "$anchor", "$comment", "$defs", "$dynamicAnchor", "$dynamicRef", "$id", "$recursiveAnchor",
    "$recursiveRef", "$ref", "$schema", "$vocabulary", "additionalItems", "additionalProperties",
    "allOf", "anyOf", "const", "contains", "contentEncoding", "contentMediaType", "contentSchema",
    "default", "definitions", "dependencies", "dependentRequired", "dependentSchemas", "deprecated",
    "description", "discriminator", "else", "enum", "example", "examples", "exclusiveMaximum",
    "exclusiveMinimum", "externalDocs", "format", "if", "items", "maxContains", "maxItems",
    "maxLength", "maxProperties", "maximum", "minContains", "minItems", "minLength",
    "minProperties", "minimum", "multipleOf", "not", "nullable", "oneOf", "pattern",
    "patternProperties", "prefixItems", "properties", "propertyNames", "readOnly", "required",
    "summary", "then", "title", "type", "unevaluatedItems", "unevaluatedProperties", "uniqueItems",
    "writeOnly", "xml",
];

/// Keywords that don't affect validation.
const DOCUMENTATION: [&str; 7] =
    ["default", "description", "example", "examples", "externalDocs", "summary", "title"];

/// A schema merged with its `allOf` members.
#[derive(Clone, Default)]
pub(super) struct Flat<'a> {
    pub(super) description: Option<&'a str>,
    pub(super) title: Option<&'a str>,
    pub(super) types: BTreeSet<&'a str>,
    pub(super) nullable: bool,
    pub(super) deprecated: bool,
    pub(super) timestamp: bool,
    pub(super) unsigned: bool,
    /// The values of an enumeration, without null.
    pub(super) values: Vec<&'a Value>,
    pub(super) value_docs: Option<&'a Value>,
    /// The schemas of each property. Several only if members of `oneOf` or `anyOf` define it
    /// differently.
    pub(super) properties: BTreeMap<&'a str, Vec<Place<'a>>>,
    pub(super) required: BTreeSet<&'a str>,
    pub(super) additional: Option<Place<'a>>,
    pub(super) items: Option<Place<'a>>,
    /// The members of `oneOf` and `anyOf`, without null.
    pub(super) choices: Vec<Place<'a>>,
}

impl Flat<'_> {
    pub(super) fn is_object(&self) -> bool {
        !self.properties.is_empty() || self.additional.is_some() || self.types.contains("object")
    }

    /// Returns `true` for a schema without details, such as `type: object`.
    fn is_vague(&self) -> bool {
        self.properties.is_empty()
            && self.additional.is_none()
            && self.items.is_none()
            && self.choices.is_empty()
            && self.values.is_empty()
            && self.types.iter().all(|of| ["array", "object"].contains(of))
    }

    /// Adds the keywords of an `allOf` member or of the target of a reference. Nullability and
    /// deprecation are not inherited.
    fn add(&mut self, other: Self) {
        self.description = self.description.or(other.description);
        self.title = self.title.or(other.title);
        self.value_docs = self.value_docs.or(other.value_docs);
        self.timestamp |= other.timestamp;
        self.unsigned |= other.unsigned;
        self.types.extend(other.types);
        self.required.extend(other.required);
        self.additional = other.additional.or(self.additional.take());
        for value in other.values {
            if !self.values.contains(&value) {
                self.values.push(value);
            }
        }
        for choice in other.choices {
            if !self.choices.iter().any(|known| known.at == choice.at) {
                self.choices.push(choice);
            }
        }
    }
}

impl<'a> Normalizer<'a> {
    pub(super) fn flat(&mut self, place: &Place<'a>) -> Flat<'a> {
        match self.flats.get(&place.at) {
            Some(Some(flat)) => {
                let flat = flat.clone();
                self.repeat_problems(&place.at);
                return flat;
            }
            Some(None) => {
                let why = "the schema contains itself; break the cycle of `allOf` and `$ref`";
                self.problem(&place.at, why);
                return Flat::default();
            }
            None => self.flats.insert(place.at.clone(), None),
        };
        let before = self.problems.len();
        let flat = self.flatten(place);
        self.remember_problems(&place.at, before);
        self.flats.insert(place.at.clone(), Some(flat.clone()));
        flat
    }

    fn flatten(&mut self, place: &Place<'a>) -> Flat<'a> {
        let node = place.node;
        if !node.is_object() {
            // Null means that there is no schema, and a boolean allows any value.
            if !node.is_boolean() && !node.is_null() {
                let why = format!(
                    "a schema must be a mapping, not `{}`; write, for example, `type: string`",
                    plain(node)
                );
                self.problem(&place.at, why);
            }
            return Flat::default();
        }
        self.note_unknown_keys(place, &KEYWORDS, "a schema");
        let mut flat = Flat {
            description: place.text("description"),
            title: place.text("title"),
            value_docs: node.get("x-enumDescriptions"),
            nullable: node["nullable"] == true,
            deprecated: node["deprecated"] == true,
            timestamp: node["format"] == "date-time",
            unsigned: is_unsigned(node),
            ..Flat::default()
        };
        self.add_types(place, &mut flat);
        self.add_values(place, &mut flat);
        self.add_choices(place, &mut flat);
        // Later definitions of a property take precedence, so the schema's own properties come
        // last.
        if node.get("$ref").is_some()
            && let Some(target) = self.resolve(place)
        {
            self.add_member(&target, &mut flat);
        }
        for member in self.list(&place.get("allOf")) {
            self.add_member(&member, &mut flat);
        }
        for (name, property) in self.entries(&place.get("properties")) {
            self.add_property(name, vec![property], &mut flat);
        }
        self.add_required(place, &mut flat);
        let inner = |word: &str| Some(place.get(word)).filter(|inner| inner.node.is_object());
        flat.additional = inner("additionalProperties").or(flat.additional);
        if let Some(items) = inner("items") {
            self.set_items(items, &mut flat);
        }
        if node["prefixItems"].is_array() {
            let what = "`prefixItems` is ignored: all items have the same type";
            self.diagnostics.note(&place.at, what);
            flat.types.insert("array");
        }
        flat
    }

    /// Adds the type, or the list of types that OpenAPI 3.1 allows.
    fn add_types(&mut self, place: &Place<'a>, flat: &mut Flat<'a>) {
        let types = place.get("type");
        for of in types.node.as_array().map_or(slice::from_ref(types.node), Vec::as_slice) {
            match of.as_str() {
                Some("null") => flat.nullable = true,
                Some(of) if TYPES.contains(&of) => _ = flat.types.insert(of),
                None if of.is_null() => {}
                _ => {
                    let why = format!(
                        "unknown type `{}`; write one of `{}`",
                        plain(of),
                        TYPES.join("`, `")
                    );
                    self.problem(&types.at, why);
                }
            }
        }
    }

    fn add_values(&mut self, place: &Place<'a>, flat: &mut Flat<'a>) {
        let listed = self.list(&place.get("enum"));
        let constant = place.node.get("const");
        for value in listed.into_iter().map(|value| value.node).chain(constant) {
            if value.is_null() {
                flat.nullable = true;
            } else if !flat.values.contains(&value) {
                flat.values.push(value);
            }
        }
    }

    fn add_choices(&mut self, place: &Place<'a>, flat: &mut Flat<'a>) {
        for word in ["oneOf", "anyOf"] {
            for member in self.list(&place.get(word)) {
                if is_null(member.node) {
                    flat.nullable = true;
                } else if !only_requires(member.node) {
                    flat.choices.push(member);
                }
            }
        }
    }

    fn add_member(&mut self, member: &Place<'a>, flat: &mut Flat<'a>) {
        let mut other = self.flat(member);
        for (name, places) in mem::take(&mut other.properties) {
            self.add_property(name, places, flat);
        }
        if let Some(items) = other.items.take() {
            self.set_items(items, flat);
        }
        flat.add(other);
    }

    /// Adds a property. It replaces an earlier definition unless that one is more specific.
    fn add_property(&mut self, name: &'a str, places: Vec<Place<'a>>, flat: &mut Flat<'a>) {
        if let Some(earlier) = flat.properties.get(name)
            && let [before] = earlier.as_slice()
            && let [now] = places.as_slice()
            && before.at != now.at
        {
            let before = before.clone();
            if !self.replaces(now, &before) {
                return;
            }
        }
        flat.properties.insert(name, places);
    }

    fn set_items(&mut self, items: Place<'a>, flat: &mut Flat<'a>) {
        if let Some(before) = flat.items.clone()
            && before.at != items.at
            && !self.replaces(&items, &before)
        {
            return;
        }
        flat.items = Some(items);
    }

    /// Returns `true` if the definition `now` replaces `before`.
    fn replaces(&mut self, now: &Place<'a>, before: &Place<'a>) -> bool {
        if is_same(now.node, before.node) {
            return now.text("description").is_some();
        }
        let is_less_specific = self.is_less_specific(now, before);
        let what = if is_less_specific {
            format!("`{}` is more specific and is used instead", before.at)
        } else {
            format!("replaces the different definition at `{}`", before.at)
        };
        self.diagnostics.note(&now.at, what);
        !is_less_specific
    }

    /// Returns `true` if `place` has no details, and `other` has some.
    fn is_less_specific(&mut self, place: &Place<'a>, other: &Place<'a>) -> bool {
        let mut flat = self.flat(place);
        let mut other = self.flat(other);
        if let (Some(items), Some(others)) = (&flat.items, &other.items) {
            other = self.flat(&others.clone());
            flat = self.flat(&items.clone());
        }
        let fits = flat.types.is_empty() || flat.types == other.types || other.types.is_empty();
        flat.is_vague() && !other.is_vague() && fits
    }

    fn add_required(&mut self, place: &Place<'a>, flat: &mut Flat<'a>) {
        match &place.node["required"] {
            Value::Array(names) => flat.required.extend(names.iter().filter_map(Value::as_str)),
            Value::Bool(false) | Value::Null => {}
            Value::Bool(true) => {
                let what = "`required: true` is ignored: the object lists the names of its \
                            required properties";
                self.diagnostics.note(&place.at, what);
            }
            _ => {
                let why = "not a list of property names; write `required: [name]`";
                self.problem(&place.get("required").at, why);
            }
        }
    }
}

/// Returns `true` if two schemas differ only in documentation.
pub(super) fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let mut keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            keys.retain(|key| !DOCUMENTATION.contains(&key.as_str()) && !key.starts_with("x-"));
            keys.into_iter().all(|key| one.get(key) == other.get(key))
        }
        _ => one == other,
    }
}

/// Returns `true` if a bound or the format excludes negative numbers.
fn is_unsigned(schema: &Value) -> bool {
    let is_bound = |word: &str| schema[word].as_f64().is_some_and(|bound| bound >= 0.0);
    let format = schema["format"].as_str().unwrap_or_default();
    is_bound("minimum") || is_bound("exclusiveMinimum") || format.starts_with("uint")
}

/// Returns `true` if `schema` allows only null.
pub(super) fn is_null(schema: &Value) -> bool {
    let null = |word: &str| schema.get(word).is_some_and(Value::is_null);
    schema["type"] == "null"
        || null("const")
        || schema["enum"].as_array().is_some_and(|of| *of == [Value::Null])
}

/// Returns `true` if `schema` only marks properties as required.
fn only_requires(schema: &Value) -> bool {
    schema.as_object().is_some_and(|schema| {
        schema.keys().all(|word| ["required", "not", "title"].contains(&&**word))
    })
}
