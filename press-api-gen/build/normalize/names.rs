//! The names of types, operations, fields and arguments.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use heck::{ToSnakeCase, ToUpperCamelCase};
use serde_json::Value;

use super::{Normalizer, below};

/// The names that are taken, and by whom.
pub(super) struct Names {
    /// The place that each name belongs to.
    places: HashMap<String, String>,
    /// The name of each place.
    types: HashMap<String, String>,
    /// The titles that only one shape of inline schemas bears.
    titles: BTreeSet<String>,
    /// The entries of the mapping that were of use.
    pub(super) used: BTreeSet<String>,
}

/// Names that the generated code itself uses.
const TAKEN: [&str; 13] =
    ["Box", "Client", "Default", "Err", "None", "Ok", "Option", "Result", "Self", "Some", "String", "Timestamp", "Vec"];

impl Names {
    pub(super) fn new(document: &Value) -> Self {
        let mut names =
            Self { places: HashMap::new(), types: HashMap::new(), titles: BTreeSet::new(), used: BTreeSet::new() };
        // Each component gets its name first, so that nothing else can take it.
        let components = document["components"]["schemas"].as_object();
        for key in components.into_iter().flat_map(|components| components.keys()) {
            let at = below("#/components/schemas", key);
            let name = names.free(&type_name(key), &at);
            names.types.insert(at, name);
        }
        let mut titles: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (section, node) in document.as_object().into_iter().flatten() {
            match (section.as_str(), &node["schemas"]) {
                ("components", Value::Object(schemas)) => {
                    schemas.values().flat_map(children).for_each(|node| collect_titles(node, &mut titles));
                }
                _ => collect_titles(node, &mut titles),
            }
        }
        let alone = titles.into_iter().filter(|(title, shapes)| shapes.len() == 1 && !names.places.contains_key(title));
        names.titles = alone.map(|(title, _)| title).collect();
        names
    }

    /// Takes `name` for `at`, or the first free one after it.
    fn free(&mut self, name: &str, at: &str) -> String {
        let mut free = name.to_owned();
        let mut number = 2;
        while self.places.get(&free).is_some_and(|place| place != at) {
            free = format!("{name}{number}");
            number += 1;
        }
        self.places.insert(free.clone(), at.to_owned());
        free
    }
}

impl Normalizer<'_> {
    /// The name of the type at `at`: as the mapping has it, the component's own, its title, or `made` of where it stands.
    pub(super) fn type_name(&mut self, at: &str, made: &str, title: Option<&str>) -> String {
        let component = at.strip_prefix("#/components/schemas/").is_some_and(|key| !key.contains('/'));
        let title = title.map(type_name).filter(|title| !component && self.names.titles.contains(title));
        let made = match self.names.types.get(at) {
            Some(name) => name.clone(),
            None => title.clone().unwrap_or_else(|| type_name(made)),
        };
        for key in [at, made.as_str()] {
            if let Some(mapped) = self.mapping.types.get(key) {
                self.names.used.insert(key.to_owned());
                self.names.types.insert(at.to_owned(), mapped.clone());
                if type_name(mapped) != *mapped {
                    let what = format!("`{mapped}` is no name of a type");
                    self.findings.refuse_in(super::FILE, "types", what, format!("write `{}`", type_name(mapped)));
                }
                return mapped.clone();
            }
        }
        let name = if title.is_some() { made } else { self.names.free(&made, at) };
        self.names.types.insert(at.to_owned(), name.clone());
        name
    }
}

fn children(node: &Value) -> Vec<&Value> {
    match node {
        Value::Array(nodes) => nodes.iter().collect(),
        Value::Object(nodes) => nodes.values().collect(),
        _ => Vec::new(),
    }
}

fn collect_titles(node: &Value, titles: &mut BTreeMap<String, BTreeSet<String>>) {
    if let Some(title) = node["title"].as_str()
        && (node["properties"].is_object() || node["enum"].is_array())
    {
        titles.entry(type_name(title)).or_default().insert(node.to_string());
    }
    children(node).into_iter().for_each(|node| collect_titles(node, titles));
}

/// `text` as the name of a type.
pub(super) fn type_name(text: &str) -> String {
    let name = camel(text);
    match name.chars().next() {
        None => "Value".to_owned(),
        Some(first) if !first.is_alphabetic() => format!("V{name}"),
        Some(_) if TAKEN.contains(&name.as_str()) => format!("{name}Value"),
        Some(_) => name,
    }
}

/// `text` in the case of a type.
pub(super) fn camel(text: &str) -> String {
    let mut name = words(text).to_upper_camel_case();
    // The generator does it again, and `a1B` needs it twice to rest.
    while name != name.to_upper_camel_case() {
        name = name.to_upper_camel_case();
    }
    name
}

/// `text` as the name of an operation and its method.
pub(super) fn operation_name(text: &str) -> String {
    const METHODS: [&str; 5] = ["api_version", "baseurl", "client", "inner", "new_with_client"];
    let name = words(text).to_snake_case();
    let taken = METHODS.contains(&name.as_str()) || TAKEN.contains(&name.to_upper_camel_case().as_str());
    match name.chars().next() {
        None => "operation".to_owned(),
        Some(first) if !first.is_alphabetic() => format!("operation_{name}"),
        Some(_) if taken || name == "new" || syn::parse_str::<syn::Ident>(&name).is_err() => {
            format!("{name}_operation")
        }
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
        _ => name.replace('\'', "").replace(|c: char| !(c.is_alphanumeric() || c == '_'), "-").to_snake_case(),
    };
    let text = match text.chars().next() {
        None => "x".to_owned(),
        Some(first) if first.is_alphabetic() => text,
        Some(_) => format!("{before_digits}{text}"),
    };
    // `gen` is a word that the generator knows and syn does not.
    if text == "gen" || syn::parse_str::<syn::Ident>(&text).is_err() { format!("{text}_") } else { text }
}

fn words(text: &str) -> String {
    text.replace(|c: char| !c.is_alphanumeric(), " ")
}
