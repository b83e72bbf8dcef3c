//! A YAML parser that records the line and the text range of each entry. JSON is valid YAML.

use std::{collections::BTreeMap, fmt, ops::Range};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};
use serde_saphyr::{Location, Spanned, options::NonFiniteFloatPolicy};

/// Limits the expansion of aliases, with which a small file could exhaust memory.
const MAX_REPEATED: usize = 200_000;

/// A parsed value and its source.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) source: Source,
}

/// The location of an entry and of the entries inside it.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// The line, counted from 1, or 0 if unknown.
    pub(super) line: u64,
    /// The byte range of the value.
    pub(super) range: Range<usize>,
    pub(super) entries: BTreeMap<String, Source>,
}

pub(super) fn parse(text: &str) -> Result<Node, serde_saphyr::Error> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 20_000_000,
            max_nodes: 10_000_000,
            max_depth: 250,
            max_aliases: MAX_REPEATED,
            max_anchors: MAX_REPEATED,
            max_merge_keys: MAX_REPEATED,
            max_recorded_anchor_events: MAX_REPEATED,
            max_buffered_comment_events: 1_000_000,
            enforce_alias_anchor_ratio: false,
            simple_key_max_lookahead: 1_000_000,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_REPEATED },
        strict_booleans: true,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options)
}

impl Source {
    fn of(self, place: Location, value: Location) -> Self {
        let span = value.span();
        let start = span.byte_offset().unwrap_or_default() as usize;
        let length = span.byte_len().unwrap_or_default() as usize;
        Self { line: place.line(), range: start..start + length, ..self }
    }
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        Self { value, source: Source::default() }
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
        let mut source = Source::default();
        while let Some(entry) = list.next_element::<Spanned<Node>>()? {
            let node = entry.value;
            let inner = node.source.of(entry.referenced, entry.defined);
            source.entries.insert(values.len().to_string(), inner);
            values.push(node.value);
        }
        Ok(Node { value: values.into(), source })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut mapping: A) -> Result<Node, A::Error> {
        let mut values = Map::new();
        let mut source = Source::default();
        while let Some(key) = mapping.next_key::<Spanned<String>>()? {
            let entry: Spanned<Node> = mapping.next_value()?;
            let node = entry.value;
            let inner = node.source.of(key.referenced, entry.defined);
            source.entries.insert(key.value.clone(), inner);
            values.insert(key.value, node.value);
        }
        Ok(Node { value: values.into(), source })
    }
}
