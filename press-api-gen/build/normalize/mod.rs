//! Says what the document says in the few shapes that the generator takes.
//!
//! Everything starts from the operations: only what they reach is read, made simple and named, and
//! only that can be a mistake. Losses become notes.

mod bodies;
mod flat;
mod lists;
mod mapped;
mod names;
mod operations;
mod page_names;
mod pages;
mod parameters;
mod paths;
mod problems;
mod references;
mod schemas;

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::{
    api::{Api, Schema},
    diagnostics::{Diagnostics, Notes},
    document::{Document, FILE as DOCUMENT, plain},
    mapping::{FILE, Mapping},
};
use problems::{Problem, Problems};

pub(crate) use names::{argument, field, legal, numbered, operation_name};

/// Reads `document` as `mapping` has it. Returns the notes, too.
pub(crate) fn normalize(document: &Document, mapping: &Mapping) -> Result<(Api, Notes), String> {
    let mut diagnostics = Diagnostics::new(document);
    document.check_version(&mut diagnostics);
    diagnostics.check()?;
    let mut left_out = Problems::new();
    // Neither types nor names of a bad operation may stay, so everything is read again without it.
    let mut normalizer = loop {
        let mut normalizer = Normalizer::new(document, mapping, left_out);
        normalizer.operations();
        if normalizer.bad.is_empty() {
            break normalizer;
        }
        normalizer.diagnostics.check()?;
        left_out = normalizer.left_out;
        left_out.append(&mut normalizer.bad);
    };
    normalizer.check_any_is_good();
    normalizer.pages();
    normalizer.check_types();
    normalizer.check_required();
    normalizer.diagnostics.check()?;
    Ok((normalizer.api, normalizer.diagnostics.notes()))
}

/// A node of the document and where it stands. What is not there is null.
#[derive(Clone)]
struct Place<'a> {
    /// The JSON pointer, as messages have it.
    at: String,
    node: &'a Value,
}

impl<'a> Place<'a> {
    fn get(&self, key: &str) -> Self {
        Self {
            at: format!("{}/{}", self.at, key.replace('~', "~0").replace('/', "~1")),
            node: &self.node[key],
        }
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        self.node[key].as_str()
    }

    /// The entries of a mapping with their keys, or of a list.
    fn children(&self) -> Vec<(&'a str, Self)> {
        match self.node {
            Value::Object(entries) => {
                entries.keys().map(|key| (key.as_str(), self.get(key))).collect()
            }
            Value::Array(entries) => {
                let place = |(index, node)| ("", Self { at: format!("{}/{index}", self.at), node });
                entries.iter().enumerate().map(place).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The key of a schema among the components.
    fn component(&self) -> Option<&str> {
        self.at.strip_prefix("#/components/schemas/").filter(|key| !key.contains('/'))
    }
}

/// The state of the way through a document.
struct Normalizer<'a> {
    document: Place<'a>,
    mapping: &'a Mapping,
    diagnostics: Diagnostics<'a>,
    names: names::Names,
    /// What each place has become; nothing yet on the way to it, to notice one that holds nothing
    /// but itself.
    done: HashMap<String, Option<Schema>>,
    /// What each schema says together with its `allOf`; nothing yet while it is read.
    flats: HashMap<String, Option<flat::Flat<'a>>>,
    /// The operation that bears each name.
    operations: BTreeMap<String, Place<'a>>,
    /// The operation that the mapping gives each name.
    mapped_names: BTreeMap<String, String>,
    /// The operations and paths that have proved bad.
    left_out: Problems,
    /// Those that prove bad this time.
    bad: Problems,
    /// The problems of the operation that is read.
    problems: Vec<Problem>,
    /// The problems of each schema that has some.
    broken: HashMap<String, Vec<Problem>>,
    api: Api,
}

impl<'a> Normalizer<'a> {
    fn new(document: &'a Document, mapping: &'a Mapping, left_out: Problems) -> Self {
        let mut diagnostics = Diagnostics::new(document);
        document.check_version(&mut diagnostics);
        let document = Place { at: "#".to_owned(), node: document.root() };
        Self {
            mapping,
            diagnostics,
            names: names::Names::new(&document),
            done: HashMap::new(),
            flats: HashMap::new(),
            operations: BTreeMap::new(),
            mapped_names: BTreeMap::new(),
            left_out,
            bad: Problems::new(),
            problems: Vec::new(),
            broken: HashMap::new(),
            api: Api { info: info(&document.get("info")), ..Api::default() },
            document,
        }
    }

    /// Notes the keys of `place`, which is `what`, that OpenAPI does not know.
    fn note_unknown_keys(&mut self, place: &Place<'a>, known: &[&str], what: &str) {
        for (key, entry) in place.children() {
            if !known.contains(&key) && !key.starts_with("x-") {
                let what = format!("`{key}` is ignored: {what} has no such key");
                self.diagnostics.note(&entry.at, what);
            }
        }
    }

    /// The entries of `place`, which must be a mapping if it is there.
    fn entries(&mut self, place: &Place<'a>) -> Vec<(&'a str, Place<'a>)> {
        if !place.node.is_object() && !place.node.is_null() {
            self.problem(&place.at, "not a mapping; write `key: value` entries here");
            return Vec::new();
        }
        place.children()
    }

    /// The entries of `place`, which must be a list if it is there.
    fn list(&mut self, place: &Place<'a>) -> Vec<Place<'a>> {
        if !place.node.is_array() && !place.node.is_null() {
            self.problem(&place.at, "not a list; begin each entry with `- `");
            return Vec::new();
        }
        place.children().into_iter().map(|(_, entry)| entry).collect()
    }
}

/// The only item, if there is one and no other.
fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    items.next().is_none().then_some(first)
}

/// The title, the version and the description of the API.
fn info(info: &Place<'_>) -> Value {
    let text = |key| info.text(key).map(documentation);
    let (title, version) = (
        text("title").unwrap_or("API".to_owned()),
        text("version").unwrap_or("unknown".to_owned()),
    );
    json!({ "title": title, "version": version, "description": text("description") })
}

/// `text` as documentation: code in it is none that rustdoc would compile and run.
fn documentation(text: &str) -> String {
    let (mut fenced, mut lines) = (false, Vec::new());
    for line in text.trim().lines() {
        let (indent, rest) = line.split_at(line.len() - line.trim_start().len());
        let fence = rest.starts_with("```");
        lines.push(match (fence, fenced) {
            (true, false) => format!("{indent}```text"),
            (false, false) if indent.len() > 3 || indent.contains('\t') => format!("   {rest}"),
            _ => line.to_owned(),
        });
        fenced ^= fence;
    }
    if fenced {
        lines.push("```".to_owned());
    }
    lines.join("\n")
}
