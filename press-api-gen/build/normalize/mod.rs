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
mod pages;
mod parameters;
mod paths;
mod schemas;

use std::collections::{BTreeMap, HashMap};

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::{
    api::{Api, Schema},
    diagnostics::Diagnostics,
    document::{Document, FILE as DOCUMENT, plain},
    mapping::{FILE, Mapping},
};
pub(crate) use names::{argument, field, legal, numbered, operation_name};

/// Reads `document` as `mapping` has it. Returns the notes, too.
pub(crate) fn normalize(document: &Document, mapping: &Mapping) -> Result<(Api, String), String> {
    let mut diagnostics = Diagnostics::new(document);
    document.check_version(&mut diagnostics);
    diagnostics.check()?;
    let document = Place { at: "#".to_owned(), node: document.root() };
    let mut normalizer = Normalizer {
        mapping,
        findings: diagnostics,
        names: names::Names::new(&document),
        done: HashMap::new(),
        flats: HashMap::new(),
        operations: BTreeMap::new(),
        api: Api { info: info(&document.get("info")), ..Api::default() },
        document,
    };
    normalizer.operations();
    normalizer.pages();
    normalizer.check_types();
    normalizer.check_required();
    normalizer.findings.check()?;
    Ok((normalizer.api, normalizer.findings.notes()))
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
    findings: Diagnostics<'a>,
    names: names::Names,
    /// What each place has become; nothing yet on the way to it, to notice one that holds nothing
    /// but itself.
    done: HashMap<String, Option<Schema>>,
    /// What each schema says together with its `allOf`; nothing yet while it is read.
    flats: HashMap<String, Option<flat::Flat<'a>>>,
    /// The operation that bears each name.
    operations: BTreeMap<String, Place<'a>>,
    api: Api,
}

impl<'a> Normalizer<'a> {
    /// What the reference at `place` refers to.
    fn resolve(&mut self, place: &Place<'a>) -> Option<Place<'a>> {
        let target = &place.node["$ref"];
        let text = plain(target);
        let Some(pointer) = text.strip_prefix('#').filter(|_| target.is_string()) else {
            let why = self.outside(place, &text);
            self.findings.reject(&place.get("$ref").at, why);
            return None;
        };
        let pointer = percent_decode_str(pointer).decode_utf8_lossy();
        let found = self.document.node.pointer(&pointer);
        if found.is_none() {
            let why = format!(
                "`{text}` refers to nothing; add it there, or refer to something that exists"
            );
            self.findings.reject(&place.at, why);
        }
        found.map(|node| Place { at: format!("#{pointer}"), node })
    }

    /// Why the reference `text` at `place` does not refer to this document, and the remedy.
    fn outside(&self, place: &Place<'a>, text: &str) -> String {
        if place.node["$ref"].is_null() {
            let at = place.get("$ref").at;
            let comment = self.findings.comment_at(&at).unwrap_or("#/components/…");
            return format!(
                "`$ref` is empty: `#` begins a comment in YAML; write `$ref: '{comment}'`"
            );
        }
        let schemas = self.document.get("components").get("schemas");
        if schemas.node.get(text).is_some() {
            return format!("`{text}` is not a reference; write `#/components/schemas/{text}`");
        }
        format!(
            "`{text}` refers to another file; bundle the files first, for example with \
             `npx @redocly/cli bundle openapi.yaml -o {DOCUMENT}`"
        )
    }

    /// Follows the references of `place`, which is no schema.
    fn follow(&mut self, mut place: Place<'a>) -> Option<Place<'a>> {
        for _ in 0..16 {
            if place.node.get("$ref").is_none() {
                return Some(place);
            }
            place = self.resolve(&place)?;
        }
        self.findings.reject(
            &place.at,
            "a reference that leads back to itself; let one of the entries be what it is",
        );
        None
    }

    /// Notes the keys of `place`, which is `what`, that OpenAPI does not know.
    fn note_unknown_keys(&mut self, place: &Place<'a>, known: &[&str], what: &str) {
        for (key, entry) in place.children() {
            if !known.contains(&key) && !key.starts_with("x-") {
                let what = format!("`{key}` is ignored: {what} has no such key");
                self.findings.note(&entry.at, what);
            }
        }
    }

    /// The entries of `place`, which must be a mapping if it is there.
    fn entries(&mut self, place: &Place<'a>) -> Vec<(&'a str, Place<'a>)> {
        if !place.node.is_object() && !place.node.is_null() {
            self.findings.reject(&place.at, "not a mapping; write `key: value` entries here");
            return Vec::new();
        }
        place.children()
    }

    /// The entries of `place`, which must be a list if it is there.
    fn list(&mut self, place: &Place<'a>) -> Vec<Place<'a>> {
        if !place.node.is_array() && !place.node.is_null() {
            self.findings.reject(&place.at, "not a list; begin each entry with `- `");
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
