//! Normalization of the document to the few shapes that the generator supports.
//!
//! Only schemas that an operation uses are read, simplified, named and checked. Omissions become
//! notes.

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
use problems::{OperationProblem, Problems};

pub(crate) use names::{argument, field, legal, numbered, operation_name};

/// Normalizes `document` with the names and selections in `mapping`. Also returns the notes.
pub(crate) fn normalize(document: &Document, mapping: &Mapping) -> Result<(Api, Notes), String> {
    let mut diagnostics = Diagnostics::new(document);
    document.check_version(&mut diagnostics);
    diagnostics.check()?;
    let mut left_out = Problems::new();
    // A bad operation may have added types and names. The next pass starts over without it.
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

/// A node of the document and its place. The node is null if the document has nothing there.
#[derive(Clone)]
struct Place<'a> {
    /// The JSON pointer, which begins with `#`.
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

    /// Returns the entries of a mapping with their keys, or the entries of a list.
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

    /// Returns the key of the component schema, if this is one.
    fn component(&self) -> Option<&str> {
        self.at.strip_prefix("#/components/schemas/").filter(|key| !key.contains('/'))
    }
}

/// The state of one pass over a document.
struct Normalizer<'a> {
    document: Place<'a>,
    mapping: &'a Mapping,
    diagnostics: Diagnostics<'a>,
    names: names::Names,
    /// The normalized schemas by place. `None` marks a schema in progress.
    done: HashMap<String, Option<Schema>>,
    /// The schemas merged with their `allOf`, by place. `None` marks a schema in progress.
    flats: HashMap<String, Option<flat::Flat<'a>>>,
    /// The operations by name.
    operations: BTreeMap<String, Place<'a>>,
    /// The keys of the operations that the mapping renames, by name.
    mapped_names: BTreeMap<String, String>,
    /// The bad operations and paths of earlier passes.
    left_out: Problems,
    /// The bad operations and paths of this pass.
    bad: Problems,
    /// The problems of the current operation.
    problems: Vec<OperationProblem>,
    /// The problems of broken schemas, by place.
    broken: HashMap<String, Vec<OperationProblem>>,
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

    /// Adds a note for each key of `place` that is unknown in OpenAPI.
    fn note_unknown_keys(&mut self, place: &Place<'a>, known: &[&str], what: &str) {
        for (key, entry) in place.children() {
            if !known.contains(&key) && !key.starts_with("x-") {
                let what = format!("`{key}` is ignored: {what} has no such key");
                self.diagnostics.note(&entry.at, what);
            }
        }
    }

    /// Returns the entries of `place`, which must be a mapping if present.
    fn entries(&mut self, place: &Place<'a>) -> Vec<(&'a str, Place<'a>)> {
        if !place.node.is_object() && !place.node.is_null() {
            self.problem(&place.at, "not a mapping; write `key: value` entries here");
            return Vec::new();
        }
        place.children()
    }

    /// Returns the entries of `place`, which must be a list if present.
    fn list(&mut self, place: &Place<'a>) -> Vec<Place<'a>> {
        if !place.node.is_array() && !place.node.is_null() {
            self.problem(&place.at, "not a list; start each entry with `- `");
            return Vec::new();
        }
        place.children().into_iter().map(|(_, entry)| entry).collect()
    }
}

/// Returns the only item, if there is exactly one.
fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    items.next().is_none().then_some(first)
}

/// Returns the title, the version and the description of the API.
fn info(info: &Place<'_>) -> Value {
    let text = |key| info.text(key).map(documentation);
    let title = text("title").unwrap_or("API".to_owned());
    let version = text("version").unwrap_or("unknown".to_owned());
    json!({ "title": title, "version": version, "description": text("description") })
}

/// Converts `text` to a doc comment without code blocks that rustdoc would compile.
fn documentation(text: &str) -> String {
    let mut fenced = false;
    let mut lines = Vec::new();
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
