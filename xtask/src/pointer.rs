//! JSON pointers into the contract, written as in `$ref`: `#/components/schemas/Tag`.

use std::fmt;

use serde_json::Value;

/// A place in the contract.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Pointer(String);

impl Pointer {
    /// The whole document.
    pub(crate) fn root() -> Self {
        Self("#".to_owned())
    }

    /// The place that `text` names, when it is one in this document.
    pub(crate) fn local(text: &str) -> Option<Self> {
        (text == "#" || text.starts_with("#/")).then(|| Self(text.to_owned()))
    }

    /// The entry `key` below this place.
    pub(crate) fn at(&self, key: impl fmt::Display) -> Self {
        Self(format!("{}/{}", self.0, escape(&key.to_string())))
    }

    /// The place below this one at `path`, for example `schema/items`.
    pub(crate) fn below(&self, path: &[&str]) -> Self {
        path.iter().fold(self.clone(), |pointer, key| pointer.at(key))
    }

    /// What is at this place in `document`.
    pub(crate) fn get<'a>(&self, document: &'a Value) -> Option<&'a Value> {
        document.pointer(&self.0[1..])
    }

    /// The place that this one is an entry of.
    pub(crate) fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent.to_owned()))
    }

    /// The last key.
    pub(crate) fn key(&self) -> String {
        let key = self.0.rsplit_once('/').map_or("", |(_, key)| key);
        key.replace("~1", "/").replace("~0", "~")
    }

    /// Whether `other` is this place or one below it.
    pub(crate) fn covers(&self, other: &str) -> bool {
        other
            .strip_prefix(&self.0)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// This place as text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// The `$ref` of `node`.
pub(crate) fn reference(node: &Value) -> Option<&str> {
    node.get("$ref")?.as_str()
}

/// What `node`, which is at `at`, refers to, through any number of references, or itself; and where that is.
///
/// `None` when a reference leads nowhere or round in a circle.
pub(crate) fn resolve<'a>(document: &'a Value, at: &Pointer, node: &'a Value) -> Option<(Pointer, &'a Value)> {
    let (mut at, mut node) = (at.clone(), node);
    for _ in 0..32 {
        let Some(target) = reference(node) else {
            return Some((at, node));
        };
        at = Pointer::local(target)?;
        node = at.get(document)?;
    }
    None
}
