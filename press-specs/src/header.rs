//! Headers that the user adds to requests.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use press_api_gen::attempt::CONNECTION_HEADERS;

use crate::response::shorten;

/// Sets a header whose value is never shown, or returns the reason it cannot be added.
pub(crate) fn insert(headers: &mut Arc<HeaderMap>, name: &str, value: &str) -> Result<(), String> {
    let bad_name = |_| format!("has an invalid name: {:?}", shorten(name, 100));
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(bad_name)?;
    if name == header::AUTHORIZATION {
        let reason = "cannot set `authorization`: use `Session::builder().auth_token(…)`";
        return Err(reason.to_owned());
    }
    if CONNECTION_HEADERS.contains(&name) {
        return Err(format!("cannot set `{name}`: the HTTP client manages connection headers"));
    }
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        let name = shorten(name.as_str(), 100);
        format!("has an invalid value for `{name}`: it {}", invalid_value(value))
    })?;
    value.set_sensitive(true);
    Arc::make_mut(headers).insert(name, value);
    Ok(())
}

/// Returns the reason `text` isn't a valid header value.
pub(crate) fn invalid_value(text: &str) -> &'static str {
    let is_line_break = |c| matches!(c, '\r' | '\n');
    if text.trim_end_matches(is_line_break).contains(is_line_break) {
        "contains a line break"
    } else if text.ends_with(is_line_break) {
        "ends in a line break"
    } else {
        "contains a control character"
    }
}
