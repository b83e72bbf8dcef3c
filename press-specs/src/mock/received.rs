//! What the mock remembers of each request.

use std::fmt;
use std::time::Instant;

use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};

use super::operation::{Operation, Route};
use super::query;

/// Describes a request that the mock received, to assert on.
///
/// Made by [`MockPress::requests`](super::MockPress::requests), and given to the closures of
/// [`Fault::when`](super::Fault::when) and [`MockPress::on_page`](super::MockPress::on_page). Its
/// `Debug` form leaves out the value of the `Authorization` header.
#[derive(Clone)]
#[non_exhaustive]
pub struct ReceivedRequest {
    method: String,
    path: String,
    query: Option<String>,
    headers: HeaderMap,
    received_at: Instant,
}

impl ReceivedRequest {
    pub(super) fn new(head: http::request::Parts) -> ReceivedRequest {
        ReceivedRequest {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().map(str::to_owned),
            headers: head.headers,
            received_at: Instant::now(),
        }
    }

    /// Gives the method, for example `GET`.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Gives the path as it was received, still percent-encoded and without the query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Gives the query as it was received, still encoded and without the `?`.
    pub fn raw_query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// Decodes the query into its pairs, in the order received and with duplicates.
    pub fn query_pairs(&self) -> Vec<(String, String)> {
        query::pairs(self.raw_query().unwrap_or_default())
    }

    /// Gives the decoded value of a query parameter, the first one if it came several times.
    pub fn query(&self, name: &str) -> Option<String> {
        self.query_all(name).into_iter().next()
    }

    /// Gives all decoded values of a query parameter, in the order received.
    pub fn query_all(&self, name: &str) -> Vec<String> {
        self.query_pairs()
            .into_iter()
            .filter_map(|(key, value)| (key == name).then_some(value))
            .collect()
    }

    /// Gives the `pageNumber` that was asked for; nothing when none was, or no number.
    pub fn page_number(&self) -> Option<u64> {
        self.query("pageNumber")?.parse().ok()
    }

    /// Gives the value of a header, the first one if it came several times.
    ///
    /// Nothing is also the answer for a value that is not visible ASCII text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Gives all headers, in no particular order; a value that is no UTF-8 text comes lossily.
    pub fn headers(&self) -> Vec<(String, String)> {
        self.headers
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                (name.to_string(), value.into_owned())
            })
            .collect()
    }

    /// Tells which operation the path belongs to, if any.
    pub fn operation(&self) -> Option<Operation> {
        Route::of(&self.path).map(|route| route.operation())
    }

    /// Gives the time at which the head of the request was there, to measure pauses between them.
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
            .field("path", &self.path)
            .field("query", &self.query)
            .field("headers", &headers)
            .finish_non_exhaustive()
    }
}
