//! Every `$ref` of the document.

use serde_json::Value;

use super::checker::Checker;
use crate::pointer::{Pointer, resolve};

impl Checker<'_> {
    /// Refuses references to nothing, to another file and to themselves.
    pub(super) fn references(&mut self) {
        let document = self.document;
        self.references_below(&Pointer::root(), document, false);
    }

    /// `named`: the keys of `node` are names that the author has chosen, not words of OpenAPI.
    fn references_below(&mut self, at: &Pointer, node: &Value, named: bool) {
        match node {
            Value::Array(entries) => {
                for (index, entry) in entries.iter().enumerate() {
                    self.references_below(&at.at(index), entry, false);
                }
            }
            Value::Object(entries) => {
                for (key, entry) in entries {
                    let at = at.at(key);
                    match key.as_str() {
                        "$ref" if !named => self.reference(&at, node, entry),
                        "example" | "examples" | "default" | "enum" if !named => {}
                        _ if key.starts_with("x-") && !named => {}
                        _ => {
                            let names = [
                                "properties",
                                "schemas",
                                "parameters",
                                "responses",
                                "requestBodies",
                                "paths",
                            ];
                            self.references_below(&at, entry, !named && names.contains(&key.as_str()));
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn reference(&mut self, at: &Pointer, holder: &Value, target: &Value) {
        let Some(target) = target.as_str() else {
            self.refuse(
                at,
                "the `$ref` is not a text",
                "write `$ref: '#/components/schemas/…'`, in quotes",
            );
            return;
        };
        let Some(pointer) = Pointer::local(target) else {
            let what = format!("`{target}` refers to another file, and the generator reads only this one");
            self.refuse(
                at,
                what,
                "copy what is meant to `components` and refer to it as `#/components/…`",
            );
            return;
        };
        if pointer.get(self.document).is_none() {
            let what = format!("`{target}` refers to nothing");
            let instead = match self.similar(&pointer) {
                Some(similar) => format!(
                    "write `{similar}`, if that is what is meant, or add `{}`",
                    pointer.key()
                ),
                None => format!("add `{}` there, or refer to something that exists", pointer.key()),
            };
            self.refuse(at, what, instead);
        } else if resolve(self.document, at, holder).is_none() {
            let what = format!("`{target}` leads to a reference that leads back here, or to nothing");
            self.refuse(at, what, "let one of the entries be what it is, not a reference");
        }
    }

    /// An entry beside `pointer` whose name looks like what was meant.
    fn similar(&self, pointer: &Pointer) -> Option<Pointer> {
        let parent = pointer.parent()?;
        let wanted = pointer.key().to_lowercase();
        let names = parent.get(self.document)?.as_object()?.keys();
        let likeness =
            |name: &str| similar::TextDiff::from_chars(wanted.as_str(), name.to_lowercase().as_str()).ratio();
        names
            .map(|name| (likeness(name), name))
            .filter(|(likeness, _)| *likeness > 0.7)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, name)| parent.at(name))
    }
}
