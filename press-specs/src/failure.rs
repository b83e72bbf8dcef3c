//! Conversion of failed requests into errors.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use press_api_gen::response::{Cause, Failure, Head};
use reqwest::Url;

use crate::{
    error::{Error, ErrorKind},
    options::RequestOptions,
    response::{ErrorResponse, shorten},
    session::{Session, Token},
    timeout::Deadline,
    transport,
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
        Cause::Send(error) => transport::error(options, error),
        Cause::ErrorStatus(body) => error_status(options, response(&body), redact),
        Cause::Incomplete(error) => {
            transport::incomplete().with_shared_source(error.into()).with_status(status)
        }
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

/// Returns `true` if the connection may be at fault, so a retry needs a new one.
pub(crate) fn broke_connection(cause: &Cause) -> bool {
    match cause {
        Cause::Send(error) => !error.is_connect() && !error.is_builder(),
        Cause::Incomplete(_) | Cause::Timeout => true,
        _ => false,
    }
}

fn not_built() -> Error {
    let message = "the request URL could not be built; the parameters may be too long";
    Error::new(ErrorKind::InvalidParameter, message)
}

fn error_status(
    options: &RequestOptions,
    response: ErrorResponse,
    redact: impl Fn(&str) -> String,
) -> Error {
    let retry_after = response.retry_after();
    let redirect = match response.status.as_u16() {
        301 | 302 | 303 | 307 | 308 => redirect(&options.session, &response, redact),
        _ => String::new(),
    };
    let error = Error::error_status(response, &redirect);
    match retry_after {
        Some(delay) if error.is_retryable() => with_retry_after(error, delay, options),
        _ => error,
    }
}

/// Describes a redirect by the origin of its target. The rest of a URL may be private.
fn redirect(
    session: &Session,
    response: &ErrorResponse,
    redact: impl Fn(&str) -> String,
) -> String {
    let location = response.headers().get("location").unwrap_or_default();
    let base = Url::parse(session.base_url());
    match base.and_then(|base| base.join(&redact(location))) {
        Ok(target) if matches!(target.scheme(), "http" | "https") && !location.is_empty() => {
            let origin = shorten(&target.origin().ascii_serialization(), 100);
            format!(", a redirect to {origin} that was not followed")
        }
        _ => ", a redirect that was not followed".to_owned(),
    }
}

/// Appends the delay that the service requested, and why the client didn't wait.
fn with_retry_after(error: Error, delay: Duration, options: &RequestOptions) -> Error {
    let delay_seconds = delay.as_secs();
    let total = options.settings.limits.total;
    if delay < total || options.settings.policy.is_none() {
        return error.with_note(&format!(" (retry after {delay_seconds} s)"));
    }
    let total_seconds = total.as_secs_f64();
    let note = format!(
        " (retry after {delay_seconds} s, longer than the total timeout of {total_seconds} s)"
    );
    error.with_note(&note).with_advice("try again later, or raise the total timeout")
}

fn too_large(limit: usize, response: ErrorResponse) -> Error {
    let reason = format!(
        "the body is longer than `max_response_bytes` ({limit}); use a smaller page size or a \
         higher limit"
    );
    Error::invalid_response(reason, response).with_advice_in_message()
}

fn invalid_body(body: &[u8], problem: &str, response: ErrorResponse) -> Error {
    let start = body.trim_ascii_start();
    if start.is_empty() {
        let error = Error::invalid_response("the body is empty", response);
        return error.with_advice("check the base URL and any gateway in between");
    }
    if !looks_like_json(start) {
        let error = Error::invalid_response("the body is not JSON", response);
        return error.with_advice(
            "check the base URL; a login page or a gateway may have responded instead",
        );
    }
    let reason = format!("the body does not match the API's schema{problem}");
    Error::invalid_response(reason, response)
}

/// Returns `true` if a body looks like JSON, so that the decoder's error is worth showing.
fn looks_like_json(start: &[u8]) -> bool {
    const BOM: &[u8] = b"\xef\xbb\xbf";
    let start = start.strip_prefix(BOM).unwrap_or(start);
    start.first().is_none_or(|byte| b"{[\"-0123456789tfn".contains(byte))
}
