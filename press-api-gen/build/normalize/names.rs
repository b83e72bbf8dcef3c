//! The names of types, operations, fields and arguments.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    iter,
};

use heck::{ToSnakeCase, ToUpperCamelCase};

use super::{Normalizer, Place};

/// The names that are taken, and by whom.
#[derive(Default)]
pub(super) struct Names {
    /// The name of each place.
    types: HashMap<String, String>,
    /// The titles that only one shape of inline schemas bears.
    pub(super) titles: BTreeSet<String>,
    /// The entries of the mapping that were of use.
    pub(super) used: BTreeSet<String>,
}

/// Names that the generated code itself uses.
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
        // Each component gets its name first, so that nothing else can take it.
        for (key, place) in document.get("components").get("schemas").children() {
            let name = names.free(&type_name(key), &place.at);
            names.types.insert(place.at, name);
        }
        let mut titles = BTreeMap::new();
        collect_titles(document, &mut titles);
        titles.retain(|title, shapes| {
            shapes.len() == 1 && !names.types.values().any(|name| name == title)
        });
        names.titles = titles.into_keys().collect();
        names
    }

    /// `name`, or the first one after it that the type at `at` can have.
    fn free(&self, name: &str, at: &str) -> String {
        numbered(name, |name| self.types.iter().any(|(place, taken)| taken == name && place != at))
    }
}

/// `name`, or the first of `name2`, `name3`… that is not taken.
pub(crate) fn numbered(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|number| format!("{name}{number}"));
    iter::once(name.to_owned()).chain(numbered).find(|name| !is_taken(name)).unwrap_or_default()
}

/// The different schemas of objects and enumerations by their title, those of components left out.
fn collect_titles(place: &Place<'_>, titles: &mut BTreeMap<String, BTreeSet<String>>) {
    if let Some(title) = place.text("title").filter(|_| place.component().is_none())
        && (place.node["properties"].is_object() || place.node["enum"].is_array())
    {
        titles.entry(type_name(title)).or_default().insert(place.node.to_string());
    }
    place.children().iter().for_each(|(_, entry)| collect_titles(entry, titles));
}

impl Normalizer<'_> {
    /// The name of the type at `place`: as the mapping has it, the component's own, its title, or
    /// `made`.
    pub(super) fn type_name(
        &mut self,
        place: &Place<'_>,
        made: &str,
        title: Option<&str>,
    ) -> String {
        let title = title.map(type_name).filter(|title| self.names.titles.contains(title));
        let title = title.filter(|_| place.component().is_none());
        let known = self.names.types.get(&place.at).or(title.as_ref());
        let made = known.cloned().unwrap_or_else(|| type_name(made));
        let mapped =
            [&place.at, &made].into_iter().find_map(|key| self.mapping.types.get_key_value(key));
        let name = match mapped {
            Some((key, name)) => {
                self.names.used.insert(key.clone());
                if type_name(name) != *name {
                    let why = format!("`{name}` is no name of a type; write `{}`", type_name(name));
                    self.findings.refuse("types", why);
                }
                name.clone()
            }
            None if title.is_some() => made,
            None => self.names.free(&made, &place.at),
        };
        self.names.types.insert(place.at.clone(), name.clone());
        name
    }
}

/// `text` as the name of a type.
fn type_name(text: &str) -> String {
    legal(camel(text), "Value", &TAKEN)
}

/// `name`, or `empty` for none, as the name of a type or a variant beside those that are `taken`.
pub(crate) fn legal(name: String, empty: &str, taken: &[&str]) -> String {
    match name.chars().next() {
        None => empty.to_owned(),
        Some(first) if !first.is_alphabetic() => format!("V{name}"),
        Some(_) if taken.contains(&name.as_str()) => format!("{name}Value"),
        Some(_) => name,
    }
}

/// `text` in the case of a type.
pub(super) fn camel(text: &str) -> String {
    // The generator does it again, and `a1B` needs it twice to rest.
    text.to_upper_camel_case().to_upper_camel_case()
}

/// `text` as the name of an operation and its method.
pub(super) fn operation_name(text: &str) -> String {
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

/// The argument that the generator makes of the parameter `name`.
pub(crate) fn argument(name: &str) -> String {
    identifier(name, "_")
}

/// The field that the generator makes of the property `name`.
pub(crate) fn field(name: &str) -> String {
    identifier(name, "x")
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
    // `gen` is a word that the generator knows and syn does not.
    text == "gen" || syn::parse_str::<syn::Ident>(text).is_err()
}
