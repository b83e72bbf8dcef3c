//! Responses of pages and of failed requests.

use std::{
    borrow::Cow,
    fmt,
    ops::Deref,
    time::{Duration, SystemTime},
};

use http::{HeaderMap, HeaderValue, StatusCode, header};
use press_api_gen::{body::EXCERPT, response::Head};
use serde_json::Value;

/// A page with the status and headers of its response.
///
/// Returned by [`page_with_response`](crate::ListRequest::page_with_response). Derefs to the page;
/// see the [example](crate#headers-and-parameters).
#[derive(Clone, Debug)]
pub struct Response<P> {
    page: P,
    pub(crate) status: StatusCode,
    headers: Headers,
    attempts: u32,
}

impl<P> Response<P> {
    pub(crate) fn new(page: P, head: Head, attempts: u32) -> Self {
        Self { page, status: head.status, headers: Headers(head.headers), attempts }
    }

    /// Returns the page.
    pub fn into_inner(self) -> P {
        self.page
    }

    /// Returns the HTTP status.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// Returns the headers.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// Returns the request ID that the service or a gateway assigned. Quote it in support requests.
    pub fn request_id(&self) -> Option<&str> {
        request_id(&self.headers.0)
    }

    /// Returns the number of requests sent for the page.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }
}

impl<P> Deref for Response<P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.page
    }
}

/// The response of a failed request.
///
/// Its body is kept in any format. The service usually sends JSON with `title` and `detail`;
/// gateways send HTML, text or nothing.
///
/// ```
/// # use press_specs::mock::MockPress;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mock = MockPress::start()?;
/// # let client = press_specs::get_client(mock.session()?)?;
/// let error = client
///     .list_spec_release_deployments("no-such-spec")
///     .page(1)
///     .await
///     .unwrap_err();
/// let response = error.response().expect("a response");
/// assert_eq!(response.title(), Some("Not Found"));
/// assert_eq!(response.headers().get("content-type"), Some("application/json"));
/// # Ok(())
/// # }
/// ```
pub struct ErrorResponse {
    pub(crate) status: StatusCode,
    headers: Headers,
    body: Vec<u8>,
    title: Option<String>,
    detail: Option<String>,
    /// The explanation in the body, for messages.
    pub(crate) explanation: String,
    /// The start of the body, for messages.
    pub(crate) excerpt: String,
    /// The request id, for messages.
    pub(crate) shown_request_id: Option<String>,
    retry_after: Option<Duration>,
}

impl ErrorResponse {
    /// The number of characters of a body that are shown.
    const MAX_EXCERPT: usize = 200;

    /// Keeps the start of `body`. Excerpts shown in messages go through `redact`.
    pub(crate) fn new(
        status: StatusCode,
        headers: HeaderMap,
        body: &[u8],
        redact: impl Fn(&str) -> String,
    ) -> Self {
        let body = &body[..body.len().min(EXCERPT)];
        let problem: Value = serde_json::from_slice(body).unwrap_or_default();
        let field = |name: &str| problem[name].as_str().map(str::to_owned);
        let title = field("title");
        let detail = field("detail");
        // Redacted before truncation, so that no part of the token is left at the end. JSON can
        // escape any character of the token, so it is re-serialized with minimal escapes.
        let shown = if !problem.is_null() && body.contains(&b'\\') {
            Cow::from(problem.to_string())
        } else {
            String::from_utf8_lossy(body)
        };
        let excerpt = shorten(&redact(&shown), Self::MAX_EXCERPT);
        // Most titles only repeat the status.
        let said: Vec<_> = [&title, &detail]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .filter(|said| Some(*said) != status.canonical_reason())
            .collect();
        let headers = Headers(headers);
        Self {
            status,
            retry_after: retry_after(&headers.0),
            shown_request_id: request_id(&headers.0)
                .map(|id| shorten(&redact(id), Self::MAX_EXCERPT)),
            headers,
            explanation: if said.is_empty() {
                excerpt.clone()
            } else {
                shorten(&redact(&said.join(": ")), Self::MAX_EXCERPT)
            },
            title,
            detail,
            excerpt,
            body: body.to_owned(),
        }
    }

    /// Returns the headers.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// Returns the body, up to its first 64 KiB.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns the body as text; `None` if it is not UTF-8.
    pub fn text(&self) -> Option<&str> {
        match std::str::from_utf8(&self.body) {
            Ok(text) => Some(text),
            // Truncated in the middle of a character.
            Err(error) if error.error_len().is_none() && self.body.len() == EXCERPT => {
                std::str::from_utf8(&self.body[..error.valid_up_to()]).ok()
            }
            Err(_) => None,
        }
    }

    /// Returns the `title` of a JSON body, a short summary of the problem.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// Returns the `detail` of a JSON body, an explanation of the problem.
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// Returns the request ID that the service or a gateway assigned. Quote it in support requests.
    pub fn request_id(&self) -> Option<&str> {
        request_id(&self.headers.0)
    }

    /// Returns the body as JSON; `None` if it isn't JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Returns the delay that the service requests in `Retry-After`.
    ///
    /// A date is relative to the `Date` header of the response, if present, so that the local clock
    /// does not matter.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Debug for ErrorResponse {
    /// Shows no header values and only the start of the body: either may echo the request.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorResponse")
            .field("status", &self.status.as_u16())
            .field("headers", &self.headers)
            .field("body_length", &self.body.len())
            .field("body", &format_args!("{}", self.excerpt))
            .finish()
    }
}

/// The headers of a response.
#[derive(Clone)]
pub struct Headers(HeaderMap);

impl Headers {
    /// Returns the first value of a header, if it is ASCII text. The name is case-insensitive.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str().ok()
    }

    /// Returns an iterator over the headers, with names in lower case.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
    }
}

impl fmt::Debug for Headers {
    /// Shows the names only, since the values may be private.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys().map(|name| shorten(name.as_str(), 50))).finish()
    }
}

/// Returns the request ID that the service or a gateway assigned.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    ["x-request-id", "x-amzn-requestid", "x-amz-request-id", "x-correlation-id", "x-amz-cf-id"]
        .iter()
        .find_map(|name| headers.get(*name)?.to_str().ok())
}

/// Returns `true` for control, separator, bidirectional and invisible characters.
fn is_hidden(c: char) -> bool {
    match c {
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' => true,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => true,
        _ => c.is_control(),
    }
}

/// Returns the first `max` characters of `text` on one line, with control and formatting characters
/// replaced by spaces.
pub(crate) fn shorten(text: &str, max: usize) -> String {
    let mut characters = text.trim().chars().map(|c| if is_hidden(c) { ' ' } else { c });
    let mut short: String = characters.by_ref().take(max).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}

/// Returns the delay in `Retry-After`, given in seconds or as a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?;
    if let Some(seconds) = seconds(value.to_str().ok()?) {
        return Some(seconds);
    }
    let date = |value: &HeaderValue| httpdate::parse_http_date(value.to_str().ok()?.trim()).ok();
    let end = date(value)?;
    let now = headers.get(header::DATE).and_then(date).unwrap_or_else(SystemTime::now);
    Some(end.duration_since(now).unwrap_or_default())
}

/// Parses a number of seconds, rounded up. Proxies join multiple values into a list, of which the
/// longest is used.
fn seconds(text: &str) -> Option<Duration> {
    let mut longest = Duration::ZERO;
    for part in text.split(',').map(str::trim) {
        let is_number = part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let number: f64 = part.parse().ok().filter(|_| is_number)?;
        let seconds = Duration::try_from_secs_f64(number.ceil()).unwrap_or(Duration::MAX);
        longest = longest.max(seconds);
    }
    Some(longest)
}
