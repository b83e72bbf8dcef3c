//! Schemas: types, their fields and their values.

use serde_json::Value;

use super::{
    Change, Class, Diff,
    documents::{entries, is_documentation, type_names},
    types::{is_nullable, type_text},
};
use crate::pointer::Pointer;

/// What a schema is for.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    /// A type of the crate.
    Type,
    /// What a setter takes.
    Parameter { name: &'a str, method: &'a str },
}

/// The words that bound values; the types do not hold them, whether a number can be negative apart.
const BOUNDS: [&str; 13] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
];

impl Diff<'_> {
    /// Compares the component schemas by name.
    pub(super) fn component_schemas(&mut self) {
        let (old, new) = (&self.old["components"]["schemas"], &self.new["components"]["schemas"]);
        let (old_types, new_types) = (type_names(self.old), type_names(self.new));
        let at = Pointer::root().below(&["components", "schemas"]);
        for name in old_types.difference(&new_types) {
            let message = format!("the type `{name}` is gone");
            self.add(Class::Breaking, "schema-removed", &at.at(name), message, None);
        }
        for name in new_types.difference(&old_types) {
            self.add(
                Class::Compatible,
                "schema-added",
                &at.at(name),
                format!("the new type `{name}`"),
                None,
            );
        }
        for (name, after) in entries(new) {
            let at = at.at(name);
            let Some(before) = old.get(name) else { continue };
            let first = self.changes.len();
            let (old_text, new_text) = (type_text(before), type_text(after));
            if old_text == new_text {
                if (before["nullable"] == true) != (after["nullable"] == true) {
                    let message = format!("whether `{name}` can be null has changed");
                    self.add(Class::Breaking, "type-changed", &at.at("nullable"), message, None);
                }
                self.schema(&at, before, after, Place::Type);
            } else {
                let message = format!("`{name}` is `{new_text}` instead of `{old_text}`");
                self.add(Class::Breaking, "type-changed", &at, message, None);
            }
            if !(old_types.contains(name) && new_types.contains(name)) {
                self.changes[first..].iter_mut().for_each(outside);
            }
        }
    }

    /// Compares two schemas that make the same Rust type, but for its fields and values.
    pub(super) fn schema(&mut self, at: &Pointer, old: &Value, new: &Value, place: Place<'_>) {
        self.values(at, old, new);
        self.fields(at, old, new);
        for word in ["items", "additionalProperties"] {
            if old[word].is_object() && new[word].is_object() {
                self.schema(&at.at(word), &old[word], &new[word], place);
            }
        }
        self.bounds(at, old, new, place);
        let mut keys: Vec<_> = entries(old).chain(entries(new)).map(|(key, _)| key).collect();
        keys.sort_unstable();
        keys.dedup();
        let compared = [
            "type",
            "format",
            "items",
            "properties",
            "required",
            "enum",
            "$ref",
            "allOf",
            "nullable",
        ];
        for key in keys
            .into_iter()
            .filter(|key| !compared.contains(key) && !BOUNDS.contains(key))
        {
            let (before, after) = (&old[key], &new[key]);
            let of = subject(at);
            let a_default = key == "default" && matches!(place, Place::Parameter { .. });
            if before == after || (key == "additionalProperties" && before.is_object() && after.is_object()) {
            } else if is_documentation(key) || a_default {
                self.add(
                    Class::Documentation,
                    "documentation",
                    &at.at(key),
                    format!("{of}: `{key}` has changed"),
                    None,
                );
            } else if key == "additionalProperties" && !old["properties"].is_null() {
                let message =
                    format!("{of}: `{key}` has changed; the crate keeps unknown fields in `extra` in any case");
                self.add(Class::Documentation, "documentation", &at.at(key), message, None);
            } else {
                let message = format!("{of}: `{key}` has changed, and what that means is not known");
                self.add(Class::Breaking, "not-compared", &at.at(key), message, None);
            }
        }
    }

    fn values(&mut self, at: &Pointer, old: &Value, new: &Value) {
        let (before, after) = (list(&old["enum"]), list(&new["enum"]));
        let (of, at) = (subject(at), at.at("enum"));
        for (index, value) in before.iter().enumerate().filter(|(_, value)| !after.contains(value)) {
            let message = format!("{of}: the value `{}` is gone, and its variant with it", plain(value));
            self.add(Class::Breaking, "enum-value-removed", &at.at(index), message, None);
        }
        for (index, value) in after.iter().enumerate().filter(|(_, value)| !before.contains(value)) {
            let message = format!("{of}: the new value `{}`", plain(value));
            self.add(Class::Compatible, "enum-value-added", &at.at(index), message, None);
        }
    }

    fn fields(&mut self, at: &Pointer, old: &Value, new: &Value) {
        let of = subject(at);
        let fields_at = at.at("properties");
        let (before, after) = (&old["properties"], &new["properties"]);
        for (name, field) in entries(before).filter(|(name, _)| after.get(name).is_none()) {
            let successor = entries(after)
                .find(|(other, schema)| before.get(other).is_none() && type_text(schema) == type_text(field))
                .map(|(other, _)| format!("; perhaps `{other}` is its new name"));
            let message = format!("{of}: the field `{name}` is gone{}", successor.unwrap_or_default());
            self.add(Class::Breaking, "field-removed", &fields_at.at(name), message, None);
        }
        for (name, field) in entries(after) {
            let at = fields_at.at(name);
            let text = type_text(field);
            let optional = is_optional(new, name);
            let Some(other) = before.get(name) else {
                let (class, what) = if is_required(new, name) {
                    (Class::Breaking, "required field")
                } else {
                    (Class::Compatible, "optional field")
                };
                let note = if class == Class::Breaking {
                    "; what was stored without it can no longer be read"
                } else {
                    ""
                };
                self.add(
                    class,
                    "field-added",
                    &at,
                    format!("{of}: the new {what} `{name}`, `{text}`{note}"),
                    None,
                );
                continue;
            };
            let message = |what: String| format!("{of}: the field `{name}` {what}");
            match (is_optional(old, name), optional) {
                (false, true) => {
                    let text = message(format!("is `Option<{text}>` instead of `{text}`"));
                    self.add(Class::Breaking, "field-optional", &at, text, None);
                }
                (true, false) => {
                    let text = message(format!("is `{text}` instead of `Option<{text}>`"));
                    self.add(Class::Breaking, "field-required", &at, text, None);
                }
                _ if is_nullable(field) != is_nullable(other) => {
                    let what = if is_nullable(field) {
                        "can be null"
                    } else {
                        "is never null"
                    };
                    let text = message(format!("{what}; it is an `Option` before and after"));
                    self.add(Class::Compatible, "field-nullable", &at, text, None);
                }
                _ if is_required(old, name) != is_required(new, name) => {
                    let what = if is_required(new, name) {
                        "is always there"
                    } else {
                        "can be absent"
                    };
                    let text = message(format!("{what}; it is an `Option` before and after"));
                    self.add(Class::Compatible, "field-presence", &at, text, None);
                }
                _ => {}
            }
            let before = type_text(other);
            if before == text {
                self.schema(&at, other, field, Place::Type);
            } else {
                self.add(
                    Class::Breaking,
                    "type-changed",
                    &at,
                    message(format!("is `{text}` instead of `{before}`")),
                    None,
                );
            }
        }
    }

    fn bounds(&mut self, at: &Pointer, old: &Value, new: &Value, place: Place<'_>) {
        for word in BOUNDS.into_iter().filter(|word| old[*word] != new[*word]) {
            let show = |value: &Value| {
                if value.is_null() {
                    "none".to_owned()
                } else {
                    plain(value)
                }
            };
            let change = format!("`{word}` is {} instead of {}", show(&new[word]), show(&old[word]));
            match place {
                Place::Type => {
                    let message = format!("{}: {change}; the types hold no bounds", subject(at));
                    self.add(Class::Compatible, "bounds-changed", &at.at(word), message, None);
                }
                Place::Parameter { name, method } => {
                    let (class, kind) = if is_looser(word, &old[word], &new[word]) {
                        (Class::Compatible, "bounds-loosened")
                    } else {
                        (Class::Breaking, "bounds-tightened")
                    };
                    let surface = format!("compare the bounds that `{name}` of `{method}` checks");
                    self.add(
                        class,
                        kind,
                        &at.at(word),
                        format!("the parameter `{name}`: {change}"),
                        Some(surface),
                    );
                }
            }
        }
    }
}

/// A change of what the crate has no type for.
fn outside(change: &mut Change) {
    if change.class == Class::Breaking {
        change.class = Class::Compatible;
        change.message.push_str("; the crate has no type for it");
    }
}

/// What is at `at`, in words.
fn subject(at: &Pointer) -> String {
    let keys: Vec<_> = at.as_str().split('/').skip(1).collect();
    match keys.as_slice() {
        ["components", "schemas", name] => format!("`{name}`"),
        ["components", "schemas", name, "properties", field, ..] => format!("`{name}.{field}`"),
        _ => format!("`{}`", at.key()),
    }
}

fn is_required(object: &Value, name: &str) -> bool {
    list(&object["required"]).iter().any(|required| *required == name)
}

fn is_optional(object: &Value, name: &str) -> bool {
    !is_required(object, name) || is_nullable(&object["properties"][name])
}

fn is_looser(word: &str, old: &Value, new: &Value) -> bool {
    if new.is_null() || (word.starts_with("exclusive") && *new == false) {
        return true;
    }
    match (old.as_f64(), new.as_f64()) {
        (Some(old), Some(new)) if word.starts_with("min") => new <= old,
        (Some(old), Some(new)) if word.starts_with("max") => new >= old,
        _ => false,
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
