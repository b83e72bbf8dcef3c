//! Headers that the user adds to requests.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::response::shorten;

/// The reason why a header cannot be added.
#[derive(Clone, Debug)]
pub(crate) enum BadHeader {
    Name(String),
    Value(String),
    Authorization,
}

impl fmt::Display for BadHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "{name:?} is not the name of a header"),
            Self::Value(name) => {
                write!(f, "`{name}` has a value with characters that a header cannot have, such as a line break")
            }
            Self::Authorization => f.write_str("`authorization` is set by the session: use `auth_token`"),
        }
    }
}

/// Sets a header whose value is never shown.
pub(crate) fn insert(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), BadHeader> {
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| BadHeader::Name(shorten(name, 100)))?;
    if name == header::AUTHORIZATION {
        return Err(BadHeader::Authorization);
    }
    let mut value = HeaderValue::from_str(value).map_err(|_| BadHeader::Value(shorten(name.as_str(), 100)))?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}
