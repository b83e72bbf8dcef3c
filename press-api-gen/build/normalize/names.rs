//! The names of types, operations, fields and arguments.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    iter,
};

use heck::{ToSnakeCase, ToUpperCamelCase};

use super::{Normalizer, Place};

/// The names in use.
#[derive(Default)]
pub(super) struct Names {
    /// The type names by place.
    types: HashMap<String, String>,
    /// The first inline schema with each title, which is named after it.
    titles: BTreeMap<String, String>,
    /// The places of the generated types by name.
    pub(super) places: BTreeMap<String, Vec<String>>,
    /// The keys in the mapping by place of the type.
    pub(super) mapped: HashMap<String, String>,
    /// The keys of the mapping that match a type.
    pub(super) used: BTreeSet<String>,
}

/// Names that generated code uses.
const TAKEN: [&str; 13] = [
    "Box",
    "Client",
    "Default",
    "Err",
    "None",
    "Ok",
    "Option",
    "Result",
    "Self",
    "Some",
    "String",
    "Timestamp",
    "Vec",
];

impl Names {
    pub(super) fn new(document: &Place<'_>) -> Self {
        let mut names = Self::default();
        // Components are named first, so that inline schemas can't take their names.
        for (key, place) in document.get("components").get("schemas").children() {
            let name = names.free(&type_name(key), &place.at);
            names.types.insert(place.at, name);
        }
        names
    }

    /// Returns `true` if `name` is the title of inline schemas.
    pub(super) fn is_title(&self, name: &str) -> bool {
        self.titles.contains_key(name)
    }

    /// Passes the name of the component `wrapper` to `member`, its only schema, which is inline and
    /// unnamed.
    pub(super) fn pass_on(&mut self, wrapper: &Place<'_>, member: &Place<'_>) {
        if member.node.get("$ref").is_none()
            && !self.types.contains_key(&member.at)
            && let Some(name) = self.types.remove(&wrapper.at)
        {
            self.types.insert(member.at.clone(), name);
        }
    }

    /// Returns the type name from the title of the inline schema at `place`, if it is free.
    ///
    /// The first schema with this title keeps the name when others are added.
    fn title(&mut self, place: &Place<'_>, title: Option<&str>) -> Option<String> {
        let title = type_name(title.filter(|_| place.component().is_none())?);
        let schema = place.node.to_string();
        match self.titles.get(&title) {
            Some(first) if *first != schema => return None,
            Some(_) => {}
            None if self.types.values().any(|name| *name == title) => return None,
            None => _ = self.titles.insert(title.clone(), schema),
        }
        Some(title)
    }

    /// Returns `name`, with a number appended if another schema has it.
    fn free(&self, name: &str, at: &str) -> String {
        numbered(name, |name| self.types.iter().any(|(place, taken)| taken == name && place != at))
    }
}

/// Returns the first of `name`, `name2`, `name3`… that isn't taken.
pub(crate) fn numbered(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|number| format!("{name}{number}"));
    iter::once(name.to_owned()).chain(numbered).find(|name| !is_taken(name)).unwrap_or_default()
}

impl Normalizer<'_> {
    /// Returns the name of the type at `place`. It comes from the mapping, the component, the title
    /// or `default_name`, in this order.
    pub(super) fn type_name(
        &mut self,
        place: &Place<'_>,
        default_name: &str,
        title: Option<&str>,
    ) -> String {
        let title = self.names.title(place, title);
        let known = self.names.types.get(&place.at).or(title.as_ref());
        let default_name = known.cloned().unwrap_or_else(|| type_name(default_name));
        let mapped = [&place.at, &default_name]
            .into_iter()
            .find_map(|key| self.mapping.types.get_key_value(key));
        let name = match mapped {
            Some((key, name)) => {
                self.names.used.insert(key.clone());
                self.names.mapped.insert(place.at.clone(), key.clone());
                if type_name(name) != *name {
                    let why =
                        format!("`{name}` is not a valid type name; write `{}`", type_name(name));
                    self.diagnostics.reject(&self.mapping.place(&["types", key]), why);
                }
                name.clone()
            }
            None if title.is_some() => default_name,
            None => self.names.free(&default_name, &place.at),
        };
        self.names.types.insert(place.at.clone(), name.clone());
        self.names.places.entry(name.clone()).or_default().push(place.at.clone());
        name
    }
}

/// Converts `text` to a type name.
fn type_name(text: &str) -> String {
    legal(camel(text), "Value", &TAKEN)
}

/// Makes `name` a valid name of a type or variant. An empty one becomes `empty`.
pub(crate) fn legal(name: String, empty: &str, taken: &[&str]) -> String {
    match name.chars().next() {
        None => empty.to_owned(),
        Some(first) if !first.is_alphabetic() => format!("V{name}"),
        Some(_) if taken.contains(&name.as_str()) => format!("{name}Value"),
        Some(_) => name,
    }
}

/// Converts `text` to upper camel case.
pub(super) fn camel(text: &str) -> String {
    // progenitor converts the name again, so it must be stable. `a1B` takes two conversions.
    text.to_upper_camel_case().to_upper_camel_case()
}

/// Converts `text` to the name of an operation and of its method.
pub(crate) fn operation_name(text: &str) -> String {
    let name = text.to_snake_case();
    let taken = ["new", "new_with_client"].contains(&&*name)
        || TAKEN.contains(&&*name.to_upper_camel_case());
    match name.chars().next() {
        None => "operation".to_owned(),
        Some(first) if !first.is_alphabetic() => format!("operation_{name}"),
        Some(_) if taken || is_keyword(&name) => format!("{name}_operation"),
        Some(_) => name,
    }
}

/// Returns the argument name that progenitor generates for the parameter `name`.
pub(crate) fn argument(name: &str) -> String {
    identifier(name, "_")
}

/// Returns the field name that progenitor generates for the property `name`.
pub(crate) fn field(name: &str) -> String {
    match identifier(name, "x") {
        // `extra` is the field with the unknown fields.
        field if field == "extra" => "extra_value".to_owned(),
        field => field,
    }
}

fn identifier(name: &str, before_digits: &str) -> String {
    let text = match name {
        "+1" => "plus1".to_owned(),
        "-1" => "minus1".to_owned(),
        _ => name.replace('\'', "").to_snake_case(),
    };
    let text = match text.chars().next() {
        None => "x".to_owned(),
        Some(first) if first.is_alphabetic() => text,
        Some(_) => format!("{before_digits}{text}"),
    };
    if is_keyword(&text) { format!("{text}_") } else { text }
}

fn is_keyword(text: &str) -> bool {
    // progenitor escapes `gen`, which isn't a keyword for syn.
    text == "gen" || syn::parse_str::<syn::Ident>(text).is_err()
}
