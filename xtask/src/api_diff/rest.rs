//! What is neither an operation nor a schema.

use serde_json::Value;

use super::{
    Class, Diff,
    documents::{entries, is_documentation, undocumented},
};
use crate::pointer::Pointer;

impl Diff<'_> {
    /// What the document holds beside operations and components.
    pub(super) fn rest(&mut self) {
        let root = Pointer::root();
        self.root_entry(
            "servers",
            "the stages and base URLs of `Session` are written by hand: compare them",
        );
        self.root_entry(
            "security",
            "how `Session` sends the token is written by hand: compare it",
        );
        let at = root.below(&["components", "securitySchemes"]);
        let (old, new) = (
            &self.old["components"]["securitySchemes"],
            &self.new["components"]["securitySchemes"],
        );
        if undocumented(old) != undocumented(new) {
            let surface = "how `Session` sends the token is written by hand: compare it".to_owned();
            self.add(
                Class::Breaking,
                "not-compared",
                &at,
                "how to authenticate has changed",
                Some(surface),
            );
        } else if old != new {
            self.add(
                Class::Documentation,
                "documentation",
                &at,
                "what is said about authentication has changed",
                None,
            );
        }
        if undocumented(&self.old["info"]) != undocumented(&self.new["info"]) || self.old["info"] != self.new["info"] {
            self.add(
                Class::Documentation,
                "documentation",
                &root.at("info"),
                "what is said about the API has changed",
                None,
            );
        }
        let known = ["openapi", "info", "servers", "security", "paths", "components", "tags"];
        self.other_entries(&root, self.old, self.new, &known, "the document");
    }

    fn root_entry(&mut self, key: &str, surface: &str) {
        let at = Pointer::root().at(key);
        let (old, new) = (&self.old[key], &self.new[key]);
        if undocumented(old) != undocumented(new) {
            self.add(
                Class::Breaking,
                "not-compared",
                &at,
                format!("`{key}` has changed"),
                Some(surface.to_owned()),
            );
        } else if old != new {
            self.add(
                Class::Documentation,
                "documentation",
                &at,
                format!("what is said about `{key}` has changed"),
                None,
            );
        }
    }

    /// The entries of two mappings that are compared nowhere else: descriptions, and what counts as breaking because
    /// nobody knows what it means.
    pub(super) fn other_entries(&mut self, at: &Pointer, old: &Value, new: &Value, known: &[&str], of: &str) {
        let mut keys: Vec<_> = entries(old).chain(entries(new)).map(|(key, _)| key).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys
            .into_iter()
            .filter(|key| !known.contains(key) && old.get(key) != new.get(key))
        {
            if is_documentation(key) {
                self.add(
                    Class::Documentation,
                    "documentation",
                    &at.at(key),
                    format!("{of}: `{key}` has changed"),
                    None,
                );
            } else {
                let message = format!("{of}: `{key}` has changed, and what that means is not known");
                self.add(Class::Breaking, "not-compared", &at.at(key), message, None);
            }
        }
    }
}
