//! What many JSON values have in common: which types, which fields, and how often.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;

/// The sum of many values that stood at one place.
///
/// It holds contents, so that they can be compared with the contract, and must not be printed.
#[derive(Default)]
pub(crate) struct Shape {
    /// How many values there were of each type.
    pub(crate) types: BTreeMap<Type, usize>,
    /// The strings, and how often each came.
    pub(crate) strings: BTreeMap<String, usize>,
    /// The numbers.
    pub(crate) numbers: Vec<f64>,
    /// The fields of the objects.
    pub(crate) fields: BTreeMap<String, Shape>,
    /// The entries of the lists.
    pub(crate) entries: Option<Box<Shape>>,
}

/// The types of JSON, with integers as a type of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Type {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

impl Shape {
    /// Adds a value that stood at this place.
    pub(crate) fn add(&mut self, value: Value) {
        *self.types.entry(Type::of(&value)).or_default() += 1;
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => self.numbers.extend(number.as_f64()),
            Value::String(text) => *self.strings.entry(text).or_default() += 1,
            Value::Array(entries) => {
                let shape = self.entries.get_or_insert_default();
                entries.into_iter().for_each(|entry| shape.add(entry));
            }
            Value::Object(fields) => {
                for (name, field) in fields {
                    self.fields.entry(name).or_default().add(field);
                }
            }
        }
    }

    /// How many values stood at this place.
    pub(crate) fn count(&self) -> usize {
        self.types.values().sum()
    }

    /// How many of them were of a type.
    pub(crate) fn count_of(&self, of: Type) -> usize {
        self.types.get(&of).copied().unwrap_or_default()
    }

    /// How many strings are not what they should be.
    pub(crate) fn strings_but(&self, good: impl Fn(&str) -> bool) -> usize {
        let bad = self.strings.iter().filter(|(text, _)| !good(text));
        bad.map(|(_, count)| count).sum()
    }

    /// The types of the values, null left aside.
    pub(crate) fn types_but_null(&self) -> Vec<Type> {
        self.types.keys().copied().filter(|of| *of != Type::Null).collect()
    }
}

impl Type {
    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            // As the client: 1.0 is not an integer for it.
            Value::Number(number) if number.is_f64() => Self::Number,
            Value::Number(_) => Self::Integer,
            Value::String(_) => Self::String,
            Value::Array(_) => Self::Array,
            Value::Object(_) => Self::Object,
        }
    }

    /// Its name in OpenAPI, or in JSON for null.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
