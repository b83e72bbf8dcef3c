//! What is particular to lists, objects and enumerations.

use std::collections::HashMap;

use heck::{ToSnakeCase as _, ToUpperCamelCase as _};
use serde_json::{Map, Value};

use super::checker::{Checker, entries, list};
use crate::pointer::Pointer;

impl<'a> Checker<'a> {
    pub(super) fn array(&mut self, at: &Pointer, schema: &'a Value) {
        match schema.get("items") {
            Some(items) => self.schema(&at.at("items"), items),
            None => self.refuse(
                at,
                "an array without `items`",
                "add `items` with the schema of an entry, `items: {}` for anything",
            ),
        }
    }

    pub(super) fn object(&mut self, at: &Pointer, object: &'a Map<String, Value>, name: Option<&str>) {
        let properties = object.get("properties").unwrap_or(&Value::Null);
        if name.is_none() && entries(properties).next().is_some() {
            self.refuse(
                at,
                "an object with fields that has no name: its type would lack what the named types have",
                "move it to `components/schemas` and refer to it",
            );
        }
        let mut fields: HashMap<String, &str> = HashMap::from([("extra".to_owned(), "the unknown fields")]);
        for (property, schema) in entries(properties) {
            let at = at.at("properties").at(property);
            if let Some(other) = fields.insert(property.to_snake_case(), property) {
                let what = format!(
                    "`{property}` and {other} would both become the field `{}`",
                    property.to_snake_case()
                );
                self.refuse(
                    &at,
                    what,
                    "the generated type can hold only one of the two; leave this one out, it is then found in `extra`",
                );
            }
            if schema.get("default").is_some() {
                self.refuse(
                    &at.at("default"),
                    format!("a default of `{property}`: an absent field would look like one that the service has sent"),
                    "say in the description what an absent field means",
                );
            }
            self.schema(&at, schema);
        }
        for (index, required) in list(object.get("required").unwrap_or(&Value::Null)).iter().enumerate() {
            if let Some(required) = required.as_str()
                && properties.get(required).is_none()
            {
                let what = format!("`{required}` is required, and there is no such property");
                self.refuse(
                    &at.at("required").at(index),
                    what,
                    format!("add `{required}` to `properties`, or leave it out here"),
                );
            }
        }
        if let Some(schema) = object.get("additionalProperties").filter(|schema| schema.is_object()) {
            self.schema(&at.at("additionalProperties"), schema);
        }
    }

    pub(super) fn enumeration(
        &mut self,
        at: &Pointer,
        object: &Map<String, Value>,
        values: &Value,
        name: Option<&str>,
    ) {
        let enum_at = at.at("enum");
        if name.is_none() {
            self.refuse(
                &enum_at,
                "an enumeration that has no name: it could not be open for values that the contract does not name",
                "move it to `components/schemas` and refer to it",
            );
            return;
        }
        if object.get("type").is_some_and(|of| of != "string") {
            self.refuse(
                &enum_at,
                "an enumeration that is not of strings",
                "write `type: string`, or leave out `enum` and describe the values",
            );
            return;
        }
        if list(values).is_empty() {
            self.refuse(
                &enum_at,
                "an enumeration without values",
                "list the values, or leave out `enum`",
            );
        }
        let mut variants: HashMap<String, &str> = HashMap::new();
        for (index, value) in list(values).iter().enumerate() {
            let at = enum_at.at(index);
            let Some(value) = value.as_str() else {
                let instead = if value.is_null() {
                    "leave it out here, and write `nullable: true` where the enumeration is used".to_owned()
                } else {
                    format!("write it as text, in quotes: '{value}'")
                };
                self.refuse(&at, format!("the value {value} is not a string"), instead);
                continue;
            };
            let words: String = value
                .chars()
                .map(|c| if c.is_alphanumeric() { c } else { ' ' })
                .collect();
            let variant = words.to_upper_camel_case();
            match variants.insert(variant.clone(), value) {
                Some(other) if other == value => self.refuse(&at, format!("`{value}` is there twice"), "leave one out"),
                Some(other) => self.refuse(
                    &at,
                    format!("`{other}` and `{value}` would both become the variant `{variant}`"),
                    "leave one out: the enumeration keeps values that it does not name",
                ),
                None => {}
            }
        }
    }
}
