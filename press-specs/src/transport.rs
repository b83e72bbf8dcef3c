//! Connection problems: requests without a response.

use std::{error::Error as StdError, io, iter};

use crate::{
    error::{Error, ErrorKind},
    options::RequestOptions,
    session::Session,
};

/// Returns the error for a request without a response.
pub(crate) fn error(options: &RequestOptions, error: reqwest::Error) -> Error {
    let session = &options.session;
    let result = if error.is_builder() {
        permanent(ErrorKind::InvalidParameter, "the request could not be built")
    } else if error.is_redirect() {
        let message = "the HTTP client's redirect policy rejected a redirect";
        permanent(ErrorKind::UnexpectedStatus, message)
    } else if error.is_timeout() {
        Error::new(ErrorKind::Timeout, expired_timeout(options, &error))
    } else if let Some(message) = permanent_problem(session, &error) {
        permanent(ErrorKind::Connection, message)
    } else if let Some(message) = malformed_response(session, &error) {
        permanent(ErrorKind::InvalidResponse, message)
    } else if error.is_connect() {
        unreachable(&error)
    } else {
        incomplete()
    };
    result.with_source(error)
}

/// Returns the error for a response that ends early.
pub(crate) fn incomplete() -> Error {
    let message = "the connection closed before the response was complete";
    let advice = "check the network and any gateway in between, and try again";
    Error::new(ErrorKind::Connection, message).with_advice(advice)
}

/// Returns an error that a retry would repeat.
fn permanent(kind: ErrorKind, message: &str) -> Error {
    Error::new(kind, message).permanent()
}

fn expired_timeout(options: &RequestOptions, error: &reqwest::Error) -> String {
    if !error.is_connect() {
        return "the request took longer than the HTTP client's timeout".to_owned();
    }
    if options.session.inner.runtimes.unpooled().is_none() {
        return "connecting took longer than the HTTP client's connect timeout".to_owned();
    }
    let limit = options.settings.limits.connect;
    format!("connecting took longer than the connect timeout of {limit:?}")
}

/// Describes a connection problem that a retry would repeat.
fn permanent_problem(session: &Session, error: &reqwest::Error) -> Option<&'static str> {
    // These errors have no public types, so their messages are matched.
    if says(error, "proxy authorization required") {
        return Some("the proxy requires credentials (status 407); add them to the proxy URL");
    }
    if says(error, "unsupported scheme") {
        return Some("the proxy scheme is not supported; check the proxy settings");
    }
    if let Some(message) = certificate_problem(error) {
        return Some(message);
    }
    const NO_TLS: [&str; 3] =
        ["InvalidContentType", "wrong version number", "packet length too long"];
    if session.inner.origin.starts_with("https:") && says_any(error, &NO_TLS) {
        return Some("the server does not speak TLS on this port; check the port, or use http://");
    }
    const NO_COMMON_TLS: [&str; 5] = [
        "HandshakeFailure",
        "ProtocolVersion",
        "peer is incompatible",
        "handshake failure",
        "unsupported protocol",
    ];
    if says_any(error, &NO_COMMON_TLS) {
        return Some(
            "the TLS handshake failed, for example because the service requires another version \
             of TLS; check the base URL, or use a custom client",
        );
    }
    None
}

/// Describes a problem with a certificate.
fn certificate_problem(error: &reqwest::Error) -> Option<&'static str> {
    const REQUIRED: [&str; 2] = ["CertificateRequired", "certificate required"];
    const EXPIRED: [&str; 3] = ["certificate expired", "Expired", "certificate has expired"];
    const OTHER_HOST: [&str; 4] =
        ["not valid for name", "NotValidForName", "ostname mismatch", "address mismatch"];
    let message = if says_any(error, &REQUIRED) {
        "the service requires a client certificate; use a custom client that has one"
    } else if says_any(error, &EXPIRED) {
        "the service's certificate has expired; check the clock on this machine"
    } else if says_any(error, &OTHER_HOST) {
        "the service's certificate is for a different host; check the base URL"
    } else if says(error, "certificate") {
        "the service's certificate is not trusted, for example because it is self-signed; \
         check the root certificates of the system, or use a custom client with additional ones"
    } else {
        return None;
    };
    Some(message)
}

/// Describes a response that the HTTP client cannot parse.
fn malformed_response(session: &Session, error: &reqwest::Error) -> Option<&'static str> {
    if says(error, "message head is too large") {
        return Some("the response headers are too large; check any gateway in between");
    }
    const MALFORMED: [&str; 3] =
        ["invalid HTTP", "invalid content-length", "unexpected transfer-encoding"];
    if !says_any(error, &MALFORMED) {
        return None;
    }
    if session.inner.origin.starts_with("http:") {
        return Some("the server did not respond with HTTP; if it speaks TLS here, use https://");
    }
    Some("the server did not respond with valid HTTP; check the base URL and any proxy")
}

/// Returns the error for a connection that could not be opened.
fn unreachable(error: &reqwest::Error) -> Error {
    let mut advice = "check the network, the stage or base URL, and try again";
    let message = if let Some(message) = proxy_problem(error) {
        advice = "check the proxy settings, and try again";
        message
    } else if says_any(error, &["dns error", "failed to lookup address"]) {
        "the host name could not be resolved"
    } else if is_refused(error) {
        "the connection was refused"
    } else if says_any(error, &["handshake", "fatal alert", "peer misbehaved", "unexpected EOF"]) {
        "the TLS handshake failed"
    } else {
        "the service could not be reached"
    };
    Error::new(ErrorKind::Connection, message).with_advice(advice)
}

/// Describes a problem with a proxy. Checked first, because its sources may match other problems.
fn proxy_problem(error: &reqwest::Error) -> Option<&'static str> {
    if says(error, "tunnel error: unsuccessful") {
        Some("the proxy could not connect to the service")
    } else if says_any(error, &["tunnel error: failed to create", "SOCKS error: failed to create"])
    {
        Some("the proxy could not be reached")
    } else if says_any(error, &["tunnel error", "SOCKS error"]) {
        Some("the connection to the proxy failed")
    } else {
        None
    }
}

fn is_refused(error: &reqwest::Error) -> bool {
    sources(error).any(|source| {
        let error = source.downcast_ref::<io::Error>();
        error.is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    })
}

fn says_any(error: &reqwest::Error, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| says(error, phrase))
}

/// Returns `true` if the text of a source of `error` contains `phrase`.
fn says(error: &reqwest::Error, phrase: &str) -> bool {
    sources(error).any(|source| source.to_string().contains(phrase))
}

fn sources(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    iter::successors(error.source(), |&error| error.source())
}
