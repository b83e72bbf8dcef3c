//! The position in a list at which a stream continues.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::error::Error;

/// The largest page number, since the API's numbers are signed.
pub(crate) const MAX_PAGE: u64 = i64::MAX as u64;

/// The position of the next item in a list.
///
/// [`ItemStream::position`](crate::ItemStream::position) returns it, and
/// [`ListRequest::resume`](crate::ListRequest::resume) continues there, even in another process;
/// see the [example](crate#progress-and-resuming). It displays, parses and serializes as a short
/// string such as `v1.p3.i7.s25`, which never contains items, filters or credentials.
///
/// ```
/// use press_specs::Position;
///
/// let position: Position = "v1.p3.i7.s25".parse()?;
/// assert_eq!(position.to_string(), "v1.p3.i7.s25");
/// # Ok::<(), press_specs::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// `None` at the end of the list.
    pub(crate) page: Option<u64>,
    /// The number of items of that page that were already returned.
    pub(crate) item: usize,
    /// `None` if neither the request nor the service specified one.
    pub(crate) page_size: Option<u64>,
    /// The number of items in the list, to detect a change across a resumption.
    pub(crate) item_count: Option<u64>,
}

impl Position {
    pub(crate) fn page(page: u64) -> Self {
        Self { page: Some(page), item: 0, page_size: None, item_count: None }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.page {
            Some(page) => write!(f, "v1.p{page}.i{}", self.item)?,
            None => f.write_str("v1.end")?,
        }
        if let Some(size) = self.page_size {
            write!(f, ".s{size}")?;
        }
        if let Some(count) = self.item_count {
            write!(f, ".n{count}")?;
        }
        Ok(())
    }
}

impl FromStr for Position {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match parse(text) {
            // Only what `Display` writes: no signs, zeros or fields in another order.
            Some(position) if position.to_string() == text => Ok(position),
            _ => Err(Error::parameter(
                "position",
                "is invalid; a position looks like `v1.p3.i7.s25`",
            )),
        }
    }
}

fn parse(text: &str) -> Option<Position> {
    let mut position = Position { page: None, ..Position::page(1) };
    for field in text.strip_prefix("v1.")?.split('.') {
        match field.split_at_checked(1)? {
            _ if field == "end" => {}
            ("p", page) => {
                position.page =
                    Some(page.parse().ok().filter(|page| (1..=MAX_PAGE).contains(page))?)
            }
            ("i", item) => position.item = item.parse().ok()?,
            ("s", size) => {
                position.page_size =
                    Some(size.parse().ok().filter(|size| (1..=MAX_PAGE).contains(size))?)
            }
            ("n", count) => position.item_count = Some(count.parse().ok()?),
            _ => return None,
        }
    }
    Some(position)
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn position_parsing_is_strict() {
        for text in ["v1.p1.i0", "v1.p3.i7.s25", "v1.p4294967295.i1.n0", "v1.end", "v1.end.s5.n60"]
        {
            let position: Position = text.parse().expect(text);
            assert_eq!(position.to_string(), text);
            let json = serde_json::to_string(&position).expect("text");
            assert_eq!(json, format!("{text:?}"));
            assert_eq!(serde_json::from_str::<Position>(&json).expect(text), position);
        }
        // `properties::any_text_is_a_position_or_an_error` tries others.
        for text in [
            "",
            "p1.i0",
            "v2.p1.i0",
            "v1.p1.i-1",
            "v1.p1.i0 ",
            "v1.i0.p1",
            "v1.end.i1",
            "v1.p1.end",
            "v1.p0.i0",
        ] {
            let error = text.parse::<Position>().expect_err(text);
            assert_eq!(error.kind(), crate::ErrorKind::InvalidParameter, "{text}");
            assert!(error.to_string().contains("`position`"), "{error}");
        }
    }
}
