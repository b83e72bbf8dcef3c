//! Reading YAML and JSON, with the line of each entry.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};
use serde_saphyr::Spanned;

/// A file in memory.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(crate) root: Value,
    lines: Lines,
}

/// The lines of an entry and of the entries inside.
#[derive(Debug, Default)]
struct Lines {
    line: u64,
    entries: BTreeMap<String, Lines>,
}

impl Document {
    /// The line of the entry at `path`, or of the innermost known entry around it.
    pub(crate) fn line<'a>(&self, path: impl IntoIterator<Item = &'a str>) -> Option<u64> {
        let mut lines = &self.lines;
        for key in path {
            match lines.entries.get(key) {
                Some(inner) => lines = inner,
                None => break,
            }
        }
        Some(lines.line).filter(|line| *line > 0)
    }
}

/// Parses `text`, which is YAML or JSON. An error has its place, such as `:3:15`, and a remedy.
pub(crate) fn parse(text: &str) -> Result<Document, (String, String)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let options =
        serde_saphyr::options! { budget: None, strict_booleans: true, with_snippet: false };
    let error = match serde_saphyr::from_str_with_options::<Node>(text, options) {
        Ok(node) => return Ok(Document { root: node.value, lines: node.lines }),
        Err(error) => error,
    };
    let what = error.without_snippet().to_string();
    let what = what.split(" at line ").next().unwrap_or_default();
    let what = what.split(", set DuplicateKeyPolicy").next().unwrap_or_default();
    let instead = if what.contains("duplicate") {
        "keep one of the two entries, or give one of them another name"
    } else if let Ok(root @ Value::Object(_)) = serde_json::from_str(text) {
        // JSON escapes characters in ways that YAML does not know, but allows two equal keys, which
        // are a mistake here.
        return Ok(Document { root, lines: Lines::default() });
    } else {
        "look at the indentation, the quotes and the brackets of this line and of the one before"
    };
    let place =
        error.location().map(|location| format!(":{}:{}", location.line(), location.column()));
    Err((place.unwrap_or_default(), format!("not YAML: {what}; {instead}")))
}

/// An entry as it is read.
struct Node {
    value: Value,
    lines: Lines,
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        Self { value, lines: Lines::default() }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Value::Null.into())
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Value::from(value).into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Value::from(value).into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Value::from(value).into())
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Node, E> {
        self.visit_f64(value as f64)
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Node, E> {
        self.visit_f64(value as f64)
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number).into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Value::from(value).into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut values = Vec::new();
        let mut lines = Lines::default();
        while let Some(Spanned { value: node, referenced, .. }) =
            list.next_element::<Spanned<Node>>()?
        {
            let inner = Lines { line: referenced.line(), ..node.lines };
            lines.entries.insert(values.len().to_string(), inner);
            values.push(node.value);
        }
        Ok(Node { value: values.into(), lines })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut mapping: A) -> Result<Node, A::Error> {
        let mut values = Map::new();
        let mut lines = Lines::default();
        while let Some(key) = mapping.next_key::<Spanned<String>>()? {
            let node: Node = mapping.next_value()?;
            let inner = Lines { line: key.referenced.line(), ..node.lines };
            lines.entries.insert(key.value.clone(), inner);
            values.insert(key.value, node.value);
        }
        Ok(Node { value: values.into(), lines })
    }
}
