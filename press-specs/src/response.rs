//! A response that is not what was asked for, kept whatever it is.

use std::{
    borrow::Cow,
    fmt,
    time::{Duration, SystemTime},
};

use http::{HeaderMap, StatusCode, header};
use serde_json::Value;

/// A response that is not what was asked for.
///
/// Its body may be anything: the service answers JSON with `title` and `detail`, gateways answer HTML, text or nothing.
///
/// ```
/// # use press_specs::mock::MockPress;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mock = MockPress::start()?;
/// # let client = press_specs::get_client(mock.session()?)?;
/// let error = client.list_spec_release_deployments("no-such-spec").page(1).await.unwrap_err();
/// let response = error.response().expect("the service answered");
/// assert_eq!(response.title(), Some("Not Found"));
/// assert_eq!(response.headers().get("content-type"), Some("application/json"));
/// # Ok(())
/// # }
/// ```
pub struct ErrorResponse {
    status: StatusCode,
    headers: Headers,
    body: Vec<u8>,
    title: Option<String>,
    detail: Option<String>,
    /// What the body says, for messages.
    explanation: String,
    /// The beginning of the body, for messages.
    excerpt: String,
    retry_after: Option<Duration>,
}

impl ErrorResponse {
    /// How many bytes of a body are kept.
    pub(crate) const MAX_BODY: usize = 64 * 1024;
    /// How many characters of a body are shown.
    const MAX_EXCERPT: usize = 200;

    /// Keeps the first [`MAX_BODY`](Self::MAX_BODY) bytes of `body`; what messages show of it goes through `redact`.
    pub(crate) fn new(status: StatusCode, headers: HeaderMap, body: &[u8], redact: impl Fn(&str) -> String) -> Self {
        let body = &body[..body.len().min(Self::MAX_BODY)];
        let problem: Value = serde_json::from_slice(body).unwrap_or_default();
        let field = |name: &str| problem[name].as_str().map(str::to_owned);
        let (title, detail) = (field("title"), field("detail"));
        // Redacted before it is cut, so that no part of the token is left at the end.
        // JSON can write it with any escapes, and is written again with as few as possible.
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
        Self {
            status,
            retry_after: retry_after(&headers),
            headers: Headers(headers),
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

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn explanation(&self) -> &str {
        &self.explanation
    }

    pub(crate) fn excerpt(&self) -> &str {
        &self.excerpt
    }

    /// Returns the headers.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// Returns the body, or its first 64 KiB, or what came of it.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns the body as text; `None` when it is not UTF-8.
    pub fn text(&self) -> Option<&str> {
        match std::str::from_utf8(&self.body) {
            Ok(text) => Some(text),
            // Cut in the middle of a character.
            Err(error) if error.error_len().is_none() && self.body.len() == Self::MAX_BODY => {
                std::str::from_utf8(&self.body[..error.valid_up_to()]).ok()
            }
            Err(_) => None,
        }
    }

    /// Returns `title` of a JSON body: what went wrong, in a few words.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// Returns `detail` of a JSON body: what went wrong, in a sentence.
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// Returns the id that the service or a gateway gave the request, to name in a support request.
    pub fn request_id(&self) -> Option<&str> {
        [
            "x-request-id",
            "x-amzn-requestid",
            "x-amz-request-id",
            "x-correlation-id",
            "x-amz-cf-id",
        ]
        .iter()
        .find_map(|name| self.headers.get(name))
    }

    /// Returns the body as JSON; `None` when it is something else.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Returns how long the service asked to wait when it answered.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Debug for ErrorResponse {
    /// Shows no header values and the beginning of the body only, since either may repeat what was sent.
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
    /// Returns the first value of the header `name`, in any case; `None` when there is none or it is not ASCII text.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str().ok()
    }

    /// Returns each header with its value, the name in lower case.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
    }
}

impl fmt::Debug for Headers {
    /// Shows the names only, since the values may be private.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys().map(|name| name.as_str())).finish()
    }
}

/// The first `max` characters of `text`, on one line.
pub(crate) fn shorten(text: &str, max: usize) -> String {
    let mut short: String = text
        .trim()
        .chars()
        .take(max)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.trim().chars().nth(max).is_some() {
        short.push('…');
    }
    short
}

/// How long `Retry-After` asks to wait from now, given in seconds or as a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    match value.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => {
            let date = httpdate::parse_http_date(value).ok()?;
            Some(date.duration_since(SystemTime::now()).unwrap_or_default())
        }
    }
}
