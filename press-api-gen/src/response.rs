//! Responses, and the reasons a request has no usable one.

use http::{HeaderMap, StatusCode};

/// The status and headers of a response.
#[derive(Clone, Debug)]
pub struct Head {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
}

/// A successful response.
#[derive(Debug)]
pub struct Response<T> {
    /// The status and headers.
    pub head: Head,
    /// The decoded body.
    pub body: T,
}

/// A request without a usable response.
#[derive(Debug)]
pub struct Failure {
    /// The status and headers of the response, if one arrived.
    pub head: Option<Head>,
    /// The reason.
    pub cause: Cause,
}

/// The reason for a [`Failure`].
#[derive(Debug)]
pub enum Cause {
    /// The request could not be built.
    NotBuilt,
    /// No response arrived.
    Send(reqwest::Error),
    /// The status is an error or a redirect; holds the start of the body.
    ErrorStatus(Vec<u8>),
    /// The connection closed before the body was complete.
    Incomplete(Box<dyn std::error::Error + Send + Sync>),
    /// The deadline passed.
    Timeout,
    /// The body is longer than the limit.
    TooLarge,
    /// The body cannot be decompressed.
    Compression(String),
    /// The body doesn't match the schema.
    Invalid {
        /// The body, decompressed.
        body: Vec<u8>,
        /// The path of the field, for example `specs[1].id`; empty for the whole body.
        path: String,
        /// The text of the decoder's error.
        error: String,
    },
}

impl Cause {
    pub(crate) fn after(self, head: impl Into<Option<Head>>) -> Failure {
        Failure { head: head.into(), cause: self }
    }
}

// The generated methods convert these with `?` while they build a request.

impl From<reqwest::Error> for Failure {
    fn from(_: reqwest::Error) -> Self {
        Cause::NotBuilt.after(None)
    }
}

impl From<progenitor_client::Error<()>> for Failure {
    fn from(_: progenitor_client::Error<()>) -> Self {
        Cause::NotBuilt.after(None)
    }
}

impl From<http::header::InvalidHeaderValue> for Failure {
    fn from(_: http::header::InvalidHeaderValue) -> Self {
        Cause::NotBuilt.after(None)
    }
}
