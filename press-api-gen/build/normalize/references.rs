//! References inside the document.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;

use serde_json::Value;

use super::{DOCUMENT, Normalizer, OperationProblem, Place, plain};

impl<'a> Normalizer<'a> {
    /// Returns the target of the reference at `place`.
    pub(super) fn resolve(&mut self, place: &Place<'a>) -> Option<Place<'a>> {
        match self.target(place) {
            Ok(target) => Some(target),
            Err(OperationProblem { at, why }) => {
                self.problem(&at, why);
                None
            }
        }
    }

    /// Returns the target of the reference at `place`. A reference to another file also rejects the
    /// document.
    fn target(&mut self, place: &Place<'a>) -> Result<Place<'a>, OperationProblem> {
        let target = &place.node["$ref"];
        let text = plain(target);
        let Some(pointer) = text.strip_prefix('#').filter(|_| target.is_string()) else {
            let at = place.get("$ref").at;
            return Err(OperationProblem { why: self.outside(&at, target, &text), at });
        };
        let pointer = percent_decode_str(pointer).decode_utf8_lossy();
        match self.document.node.pointer(&pointer) {
            Some(node) => Ok(Place { at: format!("#{pointer}"), node }),
            None => {
                let remedy = "add the target, or correct the reference";
                let why = format!("`{text}` cannot be resolved; {remedy}");
                Err(OperationProblem { at: place.at.clone(), why })
            }
        }
    }

    /// Returns the problem with a reference that isn't a `#` pointer, and the remedy.
    fn outside(&mut self, at: &str, target: &Value, text: &str) -> String {
        if target.is_null() {
            let comment = self.diagnostics.comment_at(at).unwrap_or("#/components/…");
            return format!(
                "`$ref` is empty: `#` starts a comment in YAML; write `$ref: '{comment}'`"
            );
        }
        let schemas = self.document.get("components").get("schemas");
        if schemas.node.get(text).is_some() {
            return format!("`{text}` is not a reference; write `#/components/schemas/{text}`");
        }
        let why = format!(
            "`{text}` refers to another file; bundle the files first, for example with \
             `npx @redocly/cli bundle openapi.yaml -o {DOCUMENT}`"
        );
        self.diagnostics.reject(at, why.clone());
        why
    }

    /// Follows references until `place` has none. For entries other than schemas.
    pub(super) fn follow(&mut self, mut place: Place<'a>) -> Option<Place<'a>> {
        for _ in 0..16 {
            if place.node.get("$ref").is_none() {
                return Some(place);
            }
            place = self.resolve(&place)?;
        }
        let why = "circular `$ref`; replace one reference with the entry itself";
        self.problem(&place.at, why);
        None
    }

    /// Adds the unresolved references inside `place` to `dangling`. This includes entries that are
    /// never generated, such as error responses.
    pub(super) fn check_references(
        &mut self,
        place: &Place<'a>,
        seen: &mut BTreeSet<String>,
        dangling: &mut Vec<OperationProblem>,
    ) {
        if place.node["$ref"].is_string() {
            match self.target(place) {
                Ok(target) => {
                    if seen.insert(target.at.clone()) {
                        self.check_references(&target, seen, dangling);
                    }
                }
                Err(problem) => dangling.push(problem),
            }
        }
        let data = |key: &str| {
            ["default", "enum", "example", "examples"].contains(&key) || key.starts_with("x-")
        };
        let named = ["properties", "schemas"].iter().any(|named| place.at.ends_with(named));
        for (_, entry) in place.children().iter().filter(|(key, _)| named || !data(key)) {
            self.check_references(entry, seen, dangling);
        }
    }

    /// Adds notes on the unresolved references of the operation `key`, in entries that are not
    /// generated.
    pub(super) fn note_dangling(&mut self, key: &str, dangling: Vec<OperationProblem>) {
        for OperationProblem { at, why } in dangling {
            if self.mapping.selects(key) {
                self.diagnostics.reject(&at, why);
            } else {
                self.diagnostics.note(&at, format!("ignored: {why}"));
            }
        }
    }
}
