//! Conversion of schemas to shapes: a scalar, a list, a map, any value, or a named type.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    FILE, Normalizer, Place, documentation, field,
    flat::{Flat, is_null, is_same},
    names::camel,
    only, plain,
};
use crate::codegen::api::{Enumeration, Object, Schema, Shape};

/// Keywords that don't change the meaning of a reference beside them.
const REFERENCE_SIBLINGS: [&str; 15] = [
    "default",
    "deprecated",
    "description",
    "discriminator",
    "example",
    "examples",
    "externalDocs",
    "format",
    "nullable",
    "readOnly",
    "summary",
    "title",
    "type",
    "writeOnly",
    "xml",
];

impl<'a> Normalizer<'a> {
    /// Returns the normalized schema. `name` is the fallback for the type's name.
    pub(super) fn schema(&mut self, place: &Place<'a>, name: &str) -> Schema {
        match self.done.get(&place.at) {
            Some(Some(done)) => {
                let done = done.clone();
                self.repeat_problems(&place.at);
                return done;
            }
            Some(None) => return self.unfinished(place),
            None => self.done.insert(place.at.clone(), None),
        };
        let before = self.problems.len();
        let (mut schema, description, nullable) = match self.wrapped(place, name) {
            Some((schema, nullable)) => (schema, place.text("description"), nullable),
            None => {
                let flat = self.flat(place);
                (self.shape(place, &flat, name).into(), flat.description, flat.nullable)
            }
        };
        schema.nullable |= nullable;
        schema.description = description.map(documentation).or(schema.description);
        self.remember_problems(&place.at, before);
        self.done.insert(place.at.clone(), Some(schema.clone()));
        schema
    }

    /// Returns a schema that contains itself and is still in progress: a list of a named type, or
    /// any value.
    fn unfinished(&mut self, place: &Place<'a>) -> Schema {
        if let Some(items) = self.flat(place).items
            && let Some(Some(items)) = self.done.get(&items.at)
        {
            return Shape::List(items.clone().into()).into();
        }
        self.any(place, "a schema that contains itself").into()
    }

    /// Returns the schema that `place` only wraps, and whether the wrapper adds null.
    fn wrapped(&mut self, place: &Place<'a>, name: &str) -> Option<(Schema, bool)> {
        let schema = place.node.as_object()?;
        let nullable = place.node["nullable"] == true
            || place.node["type"].as_array().is_some_and(|of| of.contains(&"null".into()));
        let word = ["$ref", "allOf", "oneOf", "anyOf"]
            .into_iter()
            .find(|word| schema.contains_key(*word))?;
        if schema.keys().any(|key| {
            key != word && !REFERENCE_SIBLINGS.contains(&key.as_str()) && !key.starts_with("x-")
        }) {
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
        self.names.pass_on(place, member);
        Some((self.schema(member, name), nullable || members.len() > 1))
    }

    fn shape(&mut self, place: &Place<'a>, flat: &Flat<'a>, name: &str) -> Shape {
        if !flat.properties.is_empty() {
            let all = self.with_fields_of_choices(flat);
            return self.object(place, &all, name);
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
            (several, ..) => {
                self.any(place, &format!("a value of the types `{}`", several.join(", ")))
            }
        }
    }

    fn any(&mut self, place: &Place<'a>, what: &str) -> Shape {
        self.diagnostics.note(&place.at, format!("{what} is generated as any JSON value"));
        Shape::Any
    }

    fn object(&mut self, place: &Place<'a>, flat: &Flat<'a>, name: &str) -> Shape {
        let name = self.type_name(place, name, flat.title);
        if self.names.is_title(&name) && self.api.objects.contains_key(&name) {
            return Shape::Object(name);
        }
        // Stored before its properties are read, because they may contain this object.
        self.done.insert(place.at.clone(), Some(Shape::Object(name.clone()).into()));
        let mut object = Object {
            description: flat.description.map(documentation),
            is_deprecated: flat.deprecated,
            ..Object::default()
        };
        self.add_properties(place, flat, &name, &mut object);
        for key in &flat.required {
            if object.properties.contains_key(*key) {
                object.required.insert((*key).to_owned());
            } else if !flat.properties.contains_key(key) {
                let what = format!("`{key}` is required, but not a property");
                self.diagnostics.note(&place.at, what);
            }
        }
        let mut is_same = !self.api.enumerations.contains_key(&name);
        match self.api.objects.get_mut(&name) {
            Some(known) => is_same &= known.join(object),
            None => _ = self.api.objects.insert(name.clone(), object),
        }
        self.check_shared(place, &name, is_same);
        Shape::Object(name)
    }

    fn add_properties(
        &mut self,
        place: &Place<'a>,
        flat: &Flat<'a>,
        name: &str,
        object: &mut Object,
    ) {
        let mut fields = BTreeMap::from([("extra".to_owned(), "the unknown fields".to_owned())]);
        let mut all: Vec<_> = flat.properties.iter().collect();
        // If two properties map to the same field, such as `Name` and `name`, the one spelled like
        // it wins.
        all.sort_by_key(|(key, _)| field(key) != **key);
        for (key, places) in all {
            let Some(first) = places.first() else { continue };
            if let Some(other) = fields.get(&field(key)) {
                let note = format!(
                    "its field name conflicts with {other}, so the value is kept in `extra`"
                );
                self.diagnostics.note(&first.at, note);
                continue;
            }
            fields.insert(field(key), format!("`{key}`"));
            let default_name = format!("{name}{}", camel(key));
            let schema = if places.len() == 1 {
                self.schema(first, &default_name)
            } else {
                self.property_of_choices(&place.get("properties").get(key), places, &default_name)
            };
            if places.iter().any(|place| place.node["deprecated"] == true) {
                object.deprecated.insert((*key).to_owned());
            }
            object.properties.insert((*key).to_owned(), schema);
        }
    }

    fn enumeration(&mut self, place: &Place<'a>, flat: &Flat<'a>, name: &str) -> Shape {
        let are = |test: fn(&Value) -> bool| flat.values.iter().all(|value| test(value));
        if !flat.types.contains("string") && !are(Value::is_string) {
            let values: Vec<_> = flat.values.iter().map(|value| plain(value)).collect();
            let what = format!("the documented values `{}` are not checked", values.join(", "));
            self.diagnostics.note(&place.at, what);
            return if are(|value| value.is_i64() || value.is_u64()) {
                Shape::Integer { unsigned: are(Value::is_u64) }
            } else if are(Value::is_number) {
                Shape::Number
            } else if are(Value::is_boolean) {
                Shape::Boolean
            } else {
                Shape::Any
            };
        }
        let name = self.type_name(place, name, flat.title);
        let known = self.api.enumerations.get(&name);
        let shares_value = |known: &Enumeration| {
            flat.values.iter().any(|value| known.values.contains(&plain(value)))
        };
        let is_same = !self.api.objects.contains_key(&name) && known.is_none_or(shares_value);
        self.check_shared(place, &name, is_same);
        let enumeration =
            self.api.enumerations.entry(name.clone()).or_insert_with(|| Enumeration {
                description: flat.description.map(documentation),
                is_deprecated: flat.deprecated,
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

    /// Rejects types with the same name but different definitions.
    fn check_shared(&mut self, place: &Place<'a>, name: &str, same: bool) {
        if same {
            return;
        }
        let mut places = self.names.places.get(name).into_iter().flatten();
        let other = places.find(|other| **other != place.at).unwrap_or(&place.at);
        let keys = [&place.at, other].map(|at| self.names.mapped.get(at));
        let key = keys.into_iter().flatten().next();
        let at = key.map_or_else(|| place.at.clone(), |key| self.mapping.place(&["types", key]));
        let why = format!(
            "the type `{name}` is defined differently at `{}` and at `{other}`; give one of them \
             another name in {FILE}",
            place.at
        );
        self.diagnostics.reject(&at, why);
    }

    /// Returns a type that accepts all members of a choice, or any value. A closed enum would fail
    /// a whole page on the first new member.
    fn choice(&mut self, place: &Place<'a>, flat: &Flat<'a>, name: &str) -> Shape {
        if let [only] = flat.choices.as_slice() {
            self.names.pass_on(place, only);
            return self.schema(&only.clone(), name).shape;
        }
        let members = self.members(flat, &mut BTreeSet::new());
        if members.iter().all(is_scalar) {
            let common = Flat {
                title: flat.title,
                description: flat.description,
                deprecated: flat.deprecated,
                value_docs: flat.value_docs,
                ..common_scalar(&members)
            };
            return self.shape(place, &common, name);
        }
        if !members.iter().all(Flat::is_object) {
            return self.any(place, "a choice between different shapes");
        }
        let all = self.with_fields_of_choices(flat);
        if all.properties.is_empty() {
            return Shape::Map(Box::new(Shape::Any.into()));
        }
        self.object(place, &all, name)
    }

    /// Returns the members of a choice. Inner choices are replaced by their members.
    pub(super) fn members(
        &mut self,
        flat: &Flat<'a>,
        seen: &mut BTreeSet<String>,
    ) -> Vec<Flat<'a>> {
        let mut members = Vec::new();
        for choice in &flat.choices {
            if !seen.insert(choice.at.clone()) {
                continue;
            }
            let member = self.flat(choice);
            let inner = self.members(&member, seen);
            if inner.is_empty() || !member.properties.is_empty() {
                members.push(member);
            }
            members.extend(inner);
        }
        members
    }

    /// Returns `flat` with the properties of all choices. A property is required if every choice
    /// requires it.
    pub(super) fn with_fields_of_choices(&mut self, flat: &Flat<'a>) -> Flat<'a> {
        let mut all = flat.clone();
        all.choices.clear();
        let members = self.members(flat, &mut BTreeSet::new());
        for member in &members {
            for (key, places) in &member.properties {
                let known = all.properties.entry(key).or_default();
                for place in places {
                    if !known.iter().any(|other| is_same(other.node, place.node)) {
                        known.push(place.clone());
                    }
                }
            }
        }
        if let Some((first, others)) = members.split_first() {
            let mut required = first.required.clone();
            required.retain(|key| others.iter().all(|other| other.required.contains(key)));
            all.required.extend(required);
        }
        all
    }

    /// Returns a property that the choices define differently.
    fn property_of_choices(
        &mut self,
        place: &Place<'a>,
        places: &[Place<'a>],
        name: &str,
    ) -> Schema {
        let flat = Flat { choices: places.to_vec(), ..Flat::default() };
        let shape = self.choice(place, &flat, name);
        let description = places.iter().find_map(|place| place.text("description"));
        let nullable = places.iter().any(|place| self.flat(place).nullable);
        Schema { shape, nullable, description: description.map(documentation) }
    }
}

/// Returns `true` for a string, a number or a boolean.
fn is_scalar(flat: &Flat<'_>) -> bool {
    let are_texts = !flat.values.is_empty() && flat.values.iter().all(|value| value.is_string());
    let has_one_type = flat.types.len() == 1 || (flat.types.is_empty() && are_texts);
    has_one_type && !flat.is_object() && !flat.types.contains("array")
}

/// Combines the types and values of `members`, which are scalars.
fn common_scalar<'a>(members: &[Flat<'a>]) -> Flat<'a> {
    let mut common = Flat {
        timestamp: members.iter().all(|member| member.timestamp),
        unsigned: members.iter().all(|member| member.unsigned),
        ..Flat::default()
    };
    for member in members {
        common.types.insert(member.types.first().copied().unwrap_or("string"));
    }
    if common.types.iter().eq(&["string"]) {
        common.values = members.iter().flat_map(|member| member.values.iter().copied()).collect();
    }
    common
}
