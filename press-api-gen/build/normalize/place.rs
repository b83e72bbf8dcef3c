//! Ways through the document that remember where they lead.

use serde_json::Value;

/// A node of the document and where it stands. What is not there is null.
#[derive(Clone)]
pub(super) struct Place<'a> {
    /// The JSON pointer, as messages have it.
    pub(super) at: String,
    pub(super) node: &'a Value,
}

impl<'a> Place<'a> {
    pub(super) fn get(&self, key: &str) -> Self {
        Self { at: format!("{}/{}", self.at, key.replace('~', "~0").replace('/', "~1")), node: &self.node[key] }
    }

    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.node[key].as_str()
    }

    /// The entries of a mapping with their keys, or of a list.
    pub(super) fn children(&self) -> Vec<(&'a str, Self)> {
        match self.node {
            Value::Object(entries) => entries.keys().map(|key| (key.as_str(), self.get(key))).collect(),
            Value::Array(entries) => {
                let place = |(index, node)| ("", Self { at: format!("{}/{index}", self.at), node });
                entries.iter().enumerate().map(place).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The key of a schema among the components.
    pub(super) fn component(&self) -> Option<&str> {
        self.at.strip_prefix("#/components/schemas/").filter(|key| !key.contains('/'))
    }
}
