//! Headers that the user adds to requests.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use press_api_gen::attempt::CONNECTION_HEADERS;

use crate::response::shorten;

/// Sets a header whose value is never shown, or returns the reason why it cannot be added.
pub(crate) fn insert(headers: &mut Arc<HeaderMap>, name: &str, value: &str) -> Result<(), String> {
    let bad_name = |_| format!("{:?} is not the name of a header", shorten(name, 100));
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(bad_name)?;
    if name == header::AUTHORIZATION {
        return Err("`authorization` is set by the session: use `auth_token`".to_owned());
    }
    if CONNECTION_HEADERS.contains(&name) {
        return Err(format!("`{name}` belongs to the connection, which the HTTP client manages"));
    }
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        let name = shorten(name.as_str(), 100);
        format!(
            "the value of `{name}` contains characters that aren't allowed in a header, such as a \
             line break"
        )
    })?;
    value.set_sensitive(true);
    Arc::make_mut(headers).insert(name, value);
    Ok(())
}
