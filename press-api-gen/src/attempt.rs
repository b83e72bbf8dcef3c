//! One attempt at a request: the token, headers, query parameters and limits.

use std::{fmt, sync::Arc};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use tokio::time::Instant;

/// A function that inspects and modifies the headers of each request.
pub type OnRequest = Arc<dyn Fn(&mut HeaderMap) + Send + Sync>;

/// Headers that manage the connection or frame the message. Only the HTTP client sets them: a
/// wrong one makes the server read the next request as the body of this one.
pub const CONNECTION_HEADERS: [HeaderName; 7] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    HeaderName::from_static("keep-alive"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// One attempt at a request.
#[derive(Clone)]
pub struct Attempt {
    /// The value of the `Authorization` header, marked as sensitive. Nothing overrides it.
    pub authorization: HeaderValue,
    /// Additional headers, which override the generated client's.
    pub headers: Arc<HeaderMap>,
    /// Additional query parameters, in order.
    pub query: Arc<[(String, String)]>,
    /// Called with the headers before `Authorization` is set.
    pub on_request: Option<OnRequest>,
    /// The maximum length of a response body in bytes, before and after decompression.
    pub max_response_bytes: usize,
    /// The time by which the body must have been read.
    pub deadline: Instant,
}

impl Attempt {
    /// Adds the query parameters, headers and token to `request`.
    pub(crate) fn apply(&self, request: &mut reqwest::Request) {
        if !self.query.is_empty() {
            request.url_mut().query_pairs_mut().extend_pairs(self.query.iter());
        }
        let headers = request.headers_mut();
        for (name, value) in &*self.headers {
            headers.insert(name, value.clone());
        }
        if cfg!(feature = "gzip") {
            let gzip = HeaderValue::from_static("gzip");
            headers.entry(header::ACCEPT_ENCODING).or_insert(gzip);
        }
        if let Some(on_request) = &self.on_request {
            on_request(headers);
            for name in &CONNECTION_HEADERS {
                headers.remove(name);
            }
        }
        headers.insert(header::AUTHORIZATION, self.authorization.clone());
    }
}

impl fmt::Debug for Attempt {
    /// Shows only the limits; the other fields may be private.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("max_response_bytes", &self.max_response_bytes)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
