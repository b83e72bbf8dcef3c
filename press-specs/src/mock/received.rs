//! Requests as the mock received them.

use std::{fmt, time::Instant};

use http::{
    HeaderMap, Method, Uri,
    header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION},
};

use super::operation::Operation;

/// A request that the mock received, to assert on.
///
/// Returned by [`MockPress::requests`](super::MockPress::requests), and given to the closures of
/// [`Fault::when`](super::Fault::when) and [`MockPress::on_page`](super::MockPress::on_page). Its `Debug` form leaves
/// out the values of headers with credentials.
#[derive(Clone)]
#[non_exhaustive]
pub struct ReceivedRequest {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    received_at: Instant,
}

impl ReceivedRequest {
    pub(super) fn new(head: http::request::Parts) -> Self {
        Self { method: head.method, uri: head.uri, headers: head.headers, received_at: Instant::now() }
    }

    /// Returns the method, for example `GET`.
    pub fn method(&self) -> &str {
        self.method.as_str()
    }

    /// Returns the path without the query, still percent-encoded.
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// Returns the query without the `?`, still encoded.
    pub fn raw_query(&self) -> Option<&str> {
        self.uri.query()
    }

    /// Returns the decoded pairs of the query, in the order received and with duplicates.
    pub fn query_pairs(&self) -> Vec<(String, String)> {
        let raw = self.raw_query().unwrap_or_default();
        form_urlencoded::parse(raw.as_bytes()).into_owned().collect()
    }

    /// Returns the decoded value of a query parameter, the first one if the parameter came several times.
    pub fn query(&self, name: &str) -> Option<String> {
        self.query_all(name).into_iter().next()
    }

    /// Returns all decoded values of a query parameter, in the order received.
    pub fn query_all(&self, name: &str) -> Vec<String> {
        let pairs = self.query_pairs().into_iter();
        pairs.filter_map(|(key, value)| (key == name).then_some(value)).collect()
    }

    /// Returns the requested `pageNumber`, or `None` if there is none or it is not a number.
    pub fn page_number(&self) -> Option<u64> {
        self.query("pageNumber")?.parse().ok()
    }

    /// Returns the value of a header, the first one if the header came several times.
    ///
    /// A value that is not visible ASCII text is `None`.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns all headers, in no particular order; a value that is not UTF-8 is converted lossily.
    pub fn headers(&self) -> Vec<(String, String)> {
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = self.headers.iter();
        headers.map(|(name, value)| (name.to_string(), text(value))).collect()
    }

    /// Returns the operation that the path belongs to, if any.
    pub fn operation(&self) -> Option<Operation> {
        Operation::route(self.path()).map(|(operation, _)| operation)
    }

    /// Returns the time at which the head of the request was complete, to measure pauses between requests.
    pub fn received_at(&self) -> Instant {
        self.received_at
    }

    pub(super) fn header_map(&self) -> &HeaderMap {
        &self.headers
    }
}

impl fmt::Debug for ReceivedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut headers = self.headers.clone();
        for (name, value) in headers.iter_mut() {
            value.set_sensitive([AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE].contains(name));
        }
        f.debug_struct("ReceivedRequest")
            .field("method", &self.method)
            .field("uri", &self.uri)
            .field("headers", &headers)
            .finish_non_exhaustive()
    }
}
