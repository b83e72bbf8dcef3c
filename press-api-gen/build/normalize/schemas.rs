//! Schemas, each of which becomes one of a few shapes: a scalar, a list, a map, any value, or a
//! named type.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    FILE, Normalizer, Place, documentation, field,
    flat::{Flat, is_null},
    names::camel,
    only, plain,
};
use crate::codegen::api::{Enumeration, Object, Schema, Shape};

/// The words that may stand beside a reference without changing what it refers to.
#[rustfmt::skip]
const BESIDE: [&str; 15] = [
    "default", "deprecated", "description", "discriminator", "example", "examples", "externalDocs", "format",
    "nullable", "readOnly", "summary", "title", "type", "writeOnly", "xml",
];

impl<'a> Normalizer<'a> {
    /// The schema at `place` as it stands where it is used; `name` is for the type that it may
    /// become.
    pub(super) fn schema(&mut self, place: &Place<'a>, name: &str) -> Schema {
        match self.done.get(&place.at) {
            Some(Some(done)) => return done.clone(),
            Some(None) => return self.any(place, "what holds itself").into(),
            None => self.done.insert(place.at.clone(), None),
        };
        let (mut schema, description, nullable) = match self.wrapped(place, name) {
            Some((schema, nullable)) => (schema, place.text("description"), nullable),
            None => {
                let flat = self.flat(place);
                (self.shape(place, &flat, name).into(), flat.description, flat.nullable)
            }
        };
        schema.nullable |= nullable;
        schema.description = description.map(documentation).or(schema.description);
        self.done.insert(place.at.clone(), Some(schema.clone()));
        schema
    }

    /// The only schema that the one at `place` refers to or consists of, and whether it can be null
    /// beside it.
    fn wrapped(&mut self, place: &Place<'a>, name: &str) -> Option<(Schema, bool)> {
        let schema = place.node.as_object()?;
        let nullable = place.node["nullable"] == true
            || place.node["type"].as_array().is_some_and(|of| of.contains(&"null".into()));
        let word = ["$ref", "allOf", "oneOf", "anyOf"]
            .into_iter()
            .find(|word| schema.contains_key(*word))?;
        if schema
            .keys()
            .any(|key| key != word && !BESIDE.contains(&key.as_str()) && !key.starts_with("x-"))
        {
            return None;
        }
        if word == "$ref" {
            let Some(target) = self.resolve(place) else { return Some((Shape::Any.into(), false)) };
            let schema = self.schema(&target, target.component().unwrap_or(name));
            return Some((Schema { description: None, ..schema }, nullable));
        }
        let members = self.list(&place.get(word));
        let member =
            only(members.iter().filter(|member| word == "allOf" || !is_null(member.node)))?;
        Some((self.schema(member, name), nullable || members.len() > 1))
    }

    fn shape(&mut self, place: &Place<'a>, flat: &Flat<'a>, name: &str) -> Shape {
        if !flat.properties.is_empty() {
            return self.object(place, flat, name);
        }
        if !flat.choices.is_empty() {
            return self.choice(place, flat, name);
        }
        if !flat.values.is_empty() {
            return self.enumeration(place, flat, name);
        }
        let types: Vec<_> = flat.types.iter().copied().collect();
        match (types.as_slice(), &flat.items, &flat.additional) {
            (["array"] | [], Some(items), _) => {
                Shape::List(self.schema(items, &format!("{name}Item")).into())
            }
            (["array"], None, _) => Shape::List(Box::new(Shape::Any.into())),
            (["object"] | [], _, Some(values)) => {
                Shape::Map(self.schema(values, &format!("{name}Value")).into())
            }
            (["object"], ..) => Shape::Map(Box::new(Shape::Any.into())),
            (["string"], ..) if flat.timestamp => Shape::Time,
            (["string"], ..) => Shape::Text,
            (["integer"], ..) => Shape::Integer { unsigned: flat.unsigned },
            (["number"] | ["integer", "number"], ..) => Shape::Number,
            (["boolean"], ..) => Shape::Boolean,
            ([], ..) => Shape::Any,
            (several, ..) => self.any(place, &format!("one of the types {}", several.join(", "))),
        }
    }

    fn any(&mut self, place: &Place<'a>, what: &str) -> Shape {
        self.findings.note(&place.at, format!("{what} is kept as any value"));
        Shape::Any
    }

    fn object(&mut self, place: &Place<'a>, flat: &Flat<'a>, name: &str) -> Shape {
        let name = self.type_name(place, name, flat.title);
        if self.names.titles.contains(&name) && self.api.objects.contains_key(&name) {
            return Shape::Object(name);
        }
        // Before its properties, which may hold it again.
        self.done.insert(place.at.clone(), Some(Shape::Object(name.clone()).into()));
        let (mut properties, mut fields) =
            (BTreeMap::new(), BTreeMap::from([("extra".to_owned(), "the unknown fields")]));
        let mut all: Vec<_> = flat.properties.iter().collect();
        // Of `Name` and `name`, the one that is called like its field keeps it.
        all.sort_by_key(|(key, _)| field(key) != **key);
        for (key, property) in all {
            if let Some(other) = fields.get(&field(key)) {
                let note = format!("the name is taken by {other}; the value is found in `extra`");
                self.findings.note(&property.at, note);
                continue;
            }
            fields.insert(field(key), key);
            let schema = self.schema(property, &format!("{name}{}", camel(key)));
            properties.insert((*key).to_owned(), schema);
        }
        for key in flat.required.iter().filter(|key| !flat.properties.contains_key(**key)) {
            self.findings
                .note(&place.at, format!("`{key}` is required, and there is no such property"));
        }
        let required = flat.required.iter().filter(|key| properties.contains_key(**key));
        let required: BTreeSet<_> = required.map(|key| (*key).to_owned()).collect();
        if let Some(there) = self.api.objects.get_mut(&name) {
            let mut same = true;
            for (key, property) in properties {
                let shape = property.shape.clone();
                same &= there.properties.entry(key).or_insert(property).shape == shape;
            }
            there.required.retain(|key| required.contains(key));
            self.check_shared(place, &name, same);
        } else {
            self.check_shared(place, &name, !self.api.enumerations.contains_key(&name));
            let description = flat.description.map(documentation);
            self.api.objects.insert(name.clone(), Object { description, properties, required });
        }
        Shape::Object(name)
    }

    fn enumeration(&mut self, place: &Place<'a>, flat: &Flat<'a>, name: &str) -> Shape {
        let are = |test: fn(&Value) -> bool| flat.values.iter().all(|value| test(value));
        if !flat.types.contains("string") && !are(Value::is_string) {
            return match () {
                () if are(|value| value.is_i64() || value.is_u64()) => {
                    Shape::Integer { unsigned: are(Value::is_u64) }
                }
                () if are(Value::is_number) => Shape::Number,
                () if are(Value::is_boolean) => Shape::Boolean,
                () => Shape::Any,
            };
        }
        let name = self.type_name(place, name, flat.title);
        self.check_shared(place, &name, !self.api.objects.contains_key(&name));
        let enumeration =
            self.api.enumerations.entry(name.clone()).or_insert_with(|| Enumeration {
                description: flat.description.map(documentation),
                values: Vec::new(),
                docs: flat.value_docs.cloned().unwrap_or_default(),
            });
        for value in flat.values.iter().map(|value| plain(value)) {
            if !enumeration.values.contains(&value) {
                enumeration.values.push(value);
            }
        }
        Shape::Enumeration(name)
    }

    /// Refuses a type that several places share, unless it is the `same` in all.
    fn check_shared(&mut self, place: &Place<'a>, name: &str, same: bool) {
        if !same {
            let why = format!(
                "the type `{name}` is here another one than before; give one another name in {FILE}"
            );
            self.findings.refuse(&place.at, why);
        }
    }

    /// What all members of a choice have in common, or else any value: a closed choice would fail a
    /// whole page on the first new member.
    fn choice(&mut self, place: &Place<'a>, flat: &Flat<'a>, name: &str) -> Shape {
        let (mut open, mut members) = (flat.choices.clone(), Vec::new());
        let mut seen: BTreeSet<_> = open.iter().map(|choice| choice.at.clone()).collect();
        while let Some(choice) = open.pop() {
            let member = self.flat(&choice);
            let texts =
                !member.values.is_empty() && member.values.iter().all(|value| value.is_string());
            let scalar = member.types.len() == 1 || (member.types.is_empty() && texts);
            if !member.choices.is_empty() && member.properties.is_empty() {
                open.extend(
                    member.choices.into_iter().filter(|choice| seen.insert(choice.at.clone())),
                );
            } else if scalar && !member.is_object() && !member.types.contains("array") {
                members.push(member);
            } else {
                return self.any(place, "a choice between several shapes");
            }
        }
        // Members come off the end.
        members.reverse();
        let types: BTreeSet<_> = members
            .iter()
            .map(|member| member.types.first().copied().unwrap_or("string"))
            .collect();
        let mut common =
            Flat { timestamp: members.iter().all(|member| member.timestamp), ..Flat::default() };
        if types.iter().eq(&["string"]) {
            common.values =
                members.iter().flat_map(|member| member.values.iter().copied()).collect();
        }
        (common.types, common.description, common.title, common.value_docs) =
            (types, flat.description, flat.title, flat.value_docs);
        self.shape(place, &common, name)
    }
}
