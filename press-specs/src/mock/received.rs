//! Requests as the mock received them.

use std::time::Instant;

use http::{
    HeaderMap, Method, Uri,
    header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION},
    request::Parts,
};

use super::operation::Operation;

/// A request that the mock received, to assert on.
///
/// Returned by [`MockPress::requests`](super::MockPress::requests), and given to the closures of
/// [`Fault::when`](super::Fault::when) and [`MockPress::on_page`](super::MockPress::on_page). Its
/// `Debug` output omits the values of headers with credentials.
#[derive(Clone, Debug)]
pub struct ReceivedRequest {
    method: Method,
    uri: Uri,
    pub(super) headers: HeaderMap,
    received_at: Instant,
}

impl ReceivedRequest {
    pub(super) fn new(Parts { method, uri, mut headers, .. }: Parts) -> Self {
        for (name, value) in headers.iter_mut() {
            value.set_sensitive([AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE].contains(name));
        }
        Self { method, uri, headers, received_at: Instant::now() }
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

    /// Returns the decoded value of a query parameter, the first one if the parameter is repeated.
    pub fn query(&self, name: &str) -> Option<String> {
        self.query_all(name).into_iter().next()
    }

    /// Returns all decoded values of a query parameter, in the order received.
    pub fn query_all(&self, name: &str) -> Vec<String> {
        self.query_pairs()
            .into_iter()
            .filter_map(|(key, value)| (key == name).then_some(value))
            .collect()
    }

    /// Returns the requested `pageNumber`, or `None` if there is none or it is not a number.
    pub fn page_number(&self) -> Option<u64> {
        self.query("pageNumber")?.parse().ok()
    }

    /// Returns the value of a header, the first one if the header is repeated.
    ///
    /// Returns `None` if the value isn't visible ASCII text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns all headers, in no particular order; a value that is not UTF-8 is converted lossily.
    pub fn headers(&self) -> Vec<(String, String)> {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        self.headers
            .iter()
            .map(|(name, value)| (name.to_string(), text(value.as_bytes())))
            .collect()
    }

    /// Returns the operation that the path belongs to, if any.
    pub fn operation(&self) -> Option<Operation> {
        Operation::route(self.path()).map(|(operation, _)| operation)
    }

    /// Returns the time at which the request's head was complete, to measure delays between
    /// requests.
    pub fn received_at(&self) -> Instant {
        self.received_at
    }
}
