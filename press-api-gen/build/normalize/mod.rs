//! Says what the document says in the few shapes that the generator takes.
//!
//! Everything starts from the operations: only what they reach is read, made simple and named, and only that can be
//! a mistake. Losses become notes.

mod bodies;
mod flat;
mod names;
mod operations;
mod pages;
mod parameters;
mod place;
mod schemas;

use std::collections::{BTreeMap, HashMap};

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::{
    api::{Api, Schema},
    mapping::{FILE, Mapping},
    mistakes::{Findings, plain},
};
pub(crate) use names::{argument, field, numbered};
use place::Place;

/// Reads `document` as `mapping` has it. Returns the notes, too.
pub(crate) fn normalize(document: &Value, mapping: &Mapping) -> Result<(Api, String), String> {
    let document = Place { at: "#".to_owned(), node: document };
    let mut normalizer = Normalizer {
        mapping,
        findings: Findings::default(),
        names: names::Names::new(&document),
        done: HashMap::new(),
        open: Vec::new(),
        operations: BTreeMap::new(),
        api: Api { info: info(&document.get("info")), ..Api::default() },
        document,
    };
    normalizer.operations();
    normalizer.pages();
    normalizer.check_mapping();
    let notes = normalizer.findings.finish()?;
    Ok((normalizer.api, notes))
}

/// The state of the way through a document.
struct Normalizer<'a> {
    document: Place<'a>,
    mapping: &'a Mapping,
    findings: Findings,
    names: names::Names,
    /// The component that each place has become.
    done: HashMap<String, Schema>,
    /// The components on the way here, to notice one that holds nothing but itself.
    open: Vec<String>,
    /// The operation that bears each name.
    operations: BTreeMap<String, Place<'a>>,
    api: Api,
}

impl<'a> Normalizer<'a> {
    /// Refuses a mapping of things that are not in the document.
    fn check_mapping(&mut self) {
        for (key, name) in self.mapping.types.iter().filter(|(key, _)| !self.names.used.contains(*key)) {
            let what = format!("`{key}`, to be called `{name}`, is no type that the selected operations reach");
            self.findings.refuse_in(FILE, "types", what, "leave it out, or correct the pointer or the name");
        }
        for (name, field) in
            self.mapping.required.iter().flat_map(|(name, of)| of.iter().map(move |field| (name, field)))
        {
            if self.api.property(name, std::slice::from_ref(field)).is_none() {
                let what = format!("there is no field `{field}` in a type `{name}`");
                self.findings.refuse_in(FILE, "required", what, "leave it out, or correct the names");
            }
        }
    }

    /// What the reference at `place` refers to.
    fn resolve(&mut self, place: &Place<'a>) -> Option<Place<'a>> {
        let target = &place.node["$ref"];
        let text = plain(target);
        let Some(pointer) = text.strip_prefix('#').filter(|_| target.is_string()) else {
            let what = format!("`{text}` refers to something outside of this document");
            self.findings.refuse(&place.at, what, "copy it to `components` and refer to it as `#/components/…`");
            return None;
        };
        let pointer = percent_decode_str(pointer).decode_utf8_lossy();
        let found = self.document.node.pointer(&pointer);
        if found.is_none() {
            let what = format!("`{text}` refers to nothing");
            self.findings.refuse(&place.at, what, "add it there, or refer to something that exists");
        }
        found.map(|node| Place { at: format!("#{pointer}"), node })
    }

    /// Follows the references of `place`, which is no schema.
    fn follow(&mut self, mut place: Place<'a>) -> Option<Place<'a>> {
        for _ in 0..16 {
            if place.node.get("$ref").is_none() {
                return Some(place);
            }
            place = self.resolve(&place)?;
        }
        self.findings.refuse(
            &place.at,
            "a reference that leads back to itself",
            "let one of the entries be what it is",
        );
        None
    }

    /// The entries of `place`, which must be a mapping if it is there.
    fn entries(&mut self, place: &Place<'a>) -> Vec<(&'a str, Place<'a>)> {
        if !place.node.is_object() && !place.node.is_null() {
            self.findings.refuse(&place.at, "not a mapping", "write `key: value` entries here");
            return Vec::new();
        }
        place.children()
    }

    /// The entries of `place`, which must be a list if it is there.
    fn list(&mut self, place: &Place<'a>) -> Vec<Place<'a>> {
        if !place.node.is_array() && !place.node.is_null() {
            self.findings.refuse(&place.at, "not a list", "begin each entry with `- `");
            return Vec::new();
        }
        place.children().into_iter().map(|(_, entry)| entry).collect()
    }
}

/// The title, the version and the description of the API. The version goes into a header.
fn info(info: &Place<'_>) -> Value {
    let version = info.text("version").filter(|text| text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()));
    json!({
        "title": documentation(info.text("title").unwrap_or("API")),
        "version": documentation(version.unwrap_or("unknown")),
        "description": info.text("description").map(documentation),
    })
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
