//! The contract as YAML: its values, and on which line each of them is.

use std::{collections::HashMap, fmt};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::{Location, Spanned};

use super::Problem;
use crate::pointer::Pointer;

/// Parses `text`.
pub(super) fn parse(text: &str) -> Result<Value, Problem> {
    let problem = |place, what: &str, instead: &str| Problem {
        place,
        pointer: None,
        what: what.to_owned(),
        instead: instead.to_owned(),
    };
    match serde_saphyr::from_str::<Value>(text) {
        Ok(document) if document.is_object() => Ok(document),
        Ok(_) => Err(problem(
            None,
            "the document is not a mapping",
            "begin it with `openapi: 3.0.3`",
        )),
        Err(error) => {
            let place = error.location().map(|location| (location.line(), location.column()));
            let what = error.without_snippet().to_string();
            let what = what.split(" at line ").next().unwrap_or_default();
            let what = what.split(", set DuplicateKeyPolicy").next().unwrap_or_default();
            let instead = if what.contains("duplicate") {
                "keep one of the two entries, or give one of them another name"
            } else {
                "look at the indentation, the quotes and the brackets of this line and of the one before"
            };
            Err(problem(place, &format!("not YAML: {what}"), instead))
        }
    }
}

/// The line and column of each place in a YAML document.
pub(super) struct Lines(HashMap<Pointer, (u64, u64)>);

impl Lines {
    /// The lines of `text`; none, when they cannot be told.
    pub(super) fn of(text: &str) -> Self {
        let mut lines = Self(HashMap::new());
        if let Ok(tree) = serde_saphyr::from_str::<Tree>(text) {
            lines.add(&Pointer::root(), tree);
        }
        lines
    }

    /// Where `pointer` is, or else what it would be an entry of.
    pub(super) fn find(&self, pointer: &Pointer) -> Option<(u64, u64)> {
        let mut pointer = Some(pointer.clone());
        while let Some(at) = pointer {
            if let Some(place) = self.0.get(&at) {
                return Some(*place);
            }
            pointer = at.parent();
        }
        None
    }

    fn add(&mut self, at: &Pointer, tree: Tree) {
        match tree {
            Tree::Mapping(entries) => {
                for (key, value) in entries {
                    self.enter(at.at(&key.value), key.referenced, value);
                }
            }
            Tree::Sequence(entries) => {
                for (index, entry) in entries.into_iter().enumerate() {
                    self.enter(at.at(index), entry.referenced, entry.value);
                }
            }
            Tree::Scalar => {}
        }
    }

    fn enter(&mut self, at: Pointer, location: Location, tree: Tree) {
        self.add(&at, tree);
        self.0.insert(at, (location.line(), location.column()));
    }
}

/// The shape of a YAML document with the places of its entries.
enum Tree {
    Mapping(Vec<(Spanned<String>, Tree)>),
    Sequence(Vec<Spanned<Tree>>),
    Scalar,
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Tree::Mapping(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = sequence.next_element()? {
            entries.push(entry);
        }
        Ok(Tree::Sequence(entries))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Tree, E> {
        Ok(Tree::Scalar)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Tree, E> {
        Ok(Tree::Scalar)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Tree, E> {
        Ok(Tree::Scalar)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Tree, E> {
        Ok(Tree::Scalar)
    }

    fn visit_str<E>(self, _: &str) -> Result<Tree, E> {
        Ok(Tree::Scalar)
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar)
    }
}
