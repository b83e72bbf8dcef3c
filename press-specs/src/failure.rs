//! Conversion of failed requests into errors.

use std::{error::Error as StdError, iter};

use http::{HeaderMap, StatusCode};
use press_api_gen::response::{Cause, Failure, Head};

use crate::{
    error::{Error, ErrorKind},
    options::RequestOptions,
    response::ErrorResponse,
    session::{Session, Token},
    timeout::Deadline,
};

/// Returns the error for a failed attempt, which sent `token` and had this deadline.
pub(crate) fn error(
    options: &RequestOptions,
    failure: Failure,
    token: &Token,
    deadline: Deadline,
) -> Error {
    let Failure { head, cause } = failure;
    let status = head.as_ref().map(|head| head.status);
    let redact = |text: &str| token.redact(&options.session.redact(text));
    let response = |body: &[u8]| {
        let head = head.unwrap_or(Head { status: StatusCode::OK, headers: HeaderMap::new() });
        ErrorResponse::new(head.status, head.headers, body, redact)
    };
    match cause {
        Cause::NotBuilt => not_built(),
        Cause::Send(error) => transport(&options.session, error),
        Cause::ErrorStatus(body) => Error::error_status(response(&body)),
        Cause::Incomplete(error) => Error::new(ErrorKind::Connection, INCOMPLETE)
            .with_shared_source(error.into())
            .with_status(status),
        Cause::Timeout => deadline.error().with_status(status),
        Cause::TooLarge => too_large(options.settings.max_response_bytes, response(&[])),
        Cause::Compression(reason) => Error::invalid_response(redact(&reason), response(&[])),
        Cause::Invalid { body, path, error } => {
            let place = if path.is_empty() { String::new() } else { format!(" at `{path}`") };
            let problem = redact(&format!("{place}: {error}"));
            invalid_body(&body, &problem, response(&body))
        }
    }
}

/// Returns `true` if the connection may be the reason, so that a retry needs a new one.
pub(crate) fn broke_connection(cause: &Cause) -> bool {
    match cause {
        Cause::Send(error) => !error.is_connect() && !error.is_builder(),
        Cause::Incomplete(_) | Cause::Timeout => true,
        _ => false,
    }
}

const INCOMPLETE: &str = "the connection closed before the response was complete";

fn not_built() -> Error {
    let message = "the request URL could not be built; the parameters may be too long";
    Error::new(ErrorKind::InvalidParameter, message)
}

fn too_large(limit: usize, response: ErrorResponse) -> Error {
    let reason = format!(
        "its body is longer than `max_response_bytes` ({limit}); use a smaller page size or a \
         higher limit"
    );
    Error::invalid_response(reason, response).with_advice_in_message()
}

fn invalid_body(body: &[u8], problem: &str, response: ErrorResponse) -> Error {
    let start = body.trim_ascii_start();
    if start.is_empty() {
        let reason = "its body is empty; check any gateway in between";
        return Error::invalid_response(reason, response).with_advice_in_message();
    }
    if !looks_like_json(start) {
        let reason = "its body is not JSON, such as that of a login page or a gateway";
        return Error::invalid_response(reason, response);
    }
    let reason = format!("its body does not match the API's schema{problem}");
    Error::invalid_response(reason, response)
}

/// Returns `true` if a body begins as JSON does, so that an error of the decoder is worth showing.
fn looks_like_json(start: &[u8]) -> bool {
    const BOM: &[u8] = b"\xef\xbb\xbf";
    let start = start.strip_prefix(BOM).unwrap_or(start);
    start.first().is_none_or(|byte| b"{[\"-0123456789tfn".contains(byte))
}

/// Returns the error for a request without a response.
fn transport(session: &Session, error: reqwest::Error) -> Error {
    let problem = if error.is_builder() {
        Problem::permanent(ErrorKind::InvalidParameter, "the request could not be built")
    } else if error.is_redirect() {
        let message = "the HTTP client did not follow a redirect";
        Problem::permanent(ErrorKind::UnexpectedStatus, message)
    } else if error.is_timeout() && error.is_connect() {
        let message = "connecting took longer than the connect timeout";
        Problem::temporary(ErrorKind::Timeout, message)
    } else if error.is_timeout() {
        let message = "the request took longer than the timeout of the HTTP client";
        Problem::temporary(ErrorKind::Timeout, message)
    } else if let Some(message) = permanent_problem(session, &error) {
        Problem::permanent(ErrorKind::Connection, message)
    } else if let Some(message) = malformed_response(session, &error) {
        Problem::permanent(ErrorKind::InvalidResponse, message)
    } else if error.is_connect() {
        Problem::temporary(ErrorKind::Connection, unreachable(&error))
    } else {
        Problem::temporary(ErrorKind::Connection, INCOMPLETE)
    };
    let is_permanent = problem.is_permanent;
    let error = Error::new(problem.kind, problem.message).with_source(error);
    if is_permanent { error.permanent() } else { error }
}

struct Problem {
    kind: ErrorKind,
    message: &'static str,
    is_permanent: bool,
}

impl Problem {
    fn permanent(kind: ErrorKind, message: &'static str) -> Self {
        Self { kind, message, is_permanent: true }
    }

    fn temporary(kind: ErrorKind, message: &'static str) -> Self {
        Self { kind, message, is_permanent: false }
    }
}

/// Names a connection problem that a retry would meet again.
fn permanent_problem(session: &Session, error: &reqwest::Error) -> Option<&'static str> {
    // There are no public types for these, so the texts of the sources decide.
    let is_https = session.inner.origin.starts_with("https:");
    let message = if says(error, "proxy authorization required") {
        "the proxy requires credentials; check the proxy in the environment (407)"
    } else if says(error, "unsupported scheme") {
        "the scheme of the proxy is not supported; check the proxy in the environment"
    } else if says_any(error, &["CertificateRequired", "certificate required"]) {
        "the service requires a client certificate; use a custom client that has one"
    } else if says_any(error, &["certificate expired", "Expired", "certificate has expired"]) {
        "the certificate of the service has expired; check the clock of this machine"
    } else if says_any(
        error,
        &["not valid for name", "NotValidForName", "ostname mismatch", "address mismatch"],
    ) {
        "the certificate of the service is for another host; check the base URL"
    } else if says(error, "certificate") {
        "the certificate of the service is not trusted, for example because it is self-signed; \
         check the root certificates of the system, or use a custom client with additional ones"
    } else if is_https
        && says_any(
            error,
            &["InvalidContentType", "wrong version number", "packet length too long"],
        )
    {
        "the server does not speak TLS on this port; check the port, or use http://"
    } else {
        return None;
    };
    Some(message)
}

/// Names what is wrong with a response that the HTTP client cannot read.
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

fn unreachable(error: &reqwest::Error) -> &'static str {
    if says_any(error, &["dns error", "failed to lookup address"]) {
        "the host name could not be resolved"
    } else if says_any(error, &["refused", "os error 111"]) {
        "the connection was refused"
    } else if says_any(error, &["proxy", "tunnel"]) {
        "the proxy could not be used"
    } else {
        "the service could not be reached"
    }
}

fn says_any(error: &reqwest::Error, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| says(error, phrase))
}

/// Returns `true` if a source of `error` has `phrase` in its text.
fn says(error: &reqwest::Error, phrase: &str) -> bool {
    let mut sources = iter::successors(error.source(), |&error| error.source());
    sources.any(|source| source.to_string().contains(phrase))
}
