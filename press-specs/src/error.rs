//! What can go wrong, and what an error says.

use std::{error::Error as StdError, fmt};

use http::StatusCode;

use crate::response::{ErrorResponse, shorten};

/// What a call or a session failed with.
///
/// One opaque type, so that more can be told about a failure in later versions without breaking programs: match on
/// [`kind`](Self::kind) and ask the other methods for what there is. Its text tells what failed, where and what to do
/// next, and never contains the token.
///
/// ```
/// use press_specs::{Error, ErrorKind};
///
/// fn explain(error: &Error) -> String {
///     match error.kind() {
///         ErrorKind::Unauthorized => "log in again".to_owned(),
///         ErrorKind::NotFound => "no such spec".to_owned(),
///         _ if error.is_retryable() => format!("later perhaps, after {} attempts", error.attempts()),
///         _ => error.to_string(),
///     }
/// }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    status: Option<StatusCode>,
    response: Option<ErrorResponse>,
    operation: Option<&'static str>,
    page_number: Option<u32>,
    attempts: u32,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What kind of failure an [`Error`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// 400: a parameter is invalid.
    BadRequest,
    /// 401: the token is missing or invalid.
    Unauthorized,
    /// 403: the token gives no permission.
    Forbidden,
    /// 404: there is no such spec.
    NotFound,
    /// 409: the request conflicts with the state of the service.
    Conflict,
    /// 413: the request is too large.
    PayloadTooLarge,
    /// 422: the request cannot be processed.
    UnprocessableEntity,
    /// 429: too many requests; see [`ErrorResponse::retry_after`].
    TooManyRequests,
    /// 500: the service failed.
    InternalServerError,
    /// 502, 503 or 504: the service cannot be reached behind its gateway, or is not available.
    ServiceUnavailable,
    /// Any other status that is not a success, a redirect that was not followed included.
    UnexpectedStatus,
    /// A time limit passed; the text says which.
    Timeout,
    /// The connection failed, was dropped, or ended in the middle of the body.
    Connection,
    /// A success whose body is not what the contract promises, or too large.
    InvalidResponse,
    /// An argument is invalid; no request went out.
    InvalidParameter,
    /// An environment variable is missing; no request went out.
    MissingEnvironmentVariable,
    /// The session cannot be made as configured, or a call was made outside a Tokio runtime; no request went out.
    InvalidConfiguration,
}

impl ErrorKind {
    fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            400 => Self::BadRequest,
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            409 => Self::Conflict,
            413 => Self::PayloadTooLarge,
            422 => Self::UnprocessableEntity,
            429 => Self::TooManyRequests,
            500 => Self::InternalServerError,
            502..=504 => Self::ServiceUnavailable,
            _ => Self::UnexpectedStatus,
        }
    }
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            status: None,
            response: None,
            operation: None,
            page_number: None,
            attempts: 0,
            source: None,
        }))
    }

    /// The argument `name` is invalid.
    pub(crate) fn parameter(name: &str, reason: &str) -> Self {
        Self::new(ErrorKind::InvalidParameter, format!("`{name}` {reason}"))
    }

    /// The setting `name` is invalid.
    pub(crate) fn configuration(name: &str, reason: impl fmt::Display) -> Self {
        Self::new(ErrorKind::InvalidConfiguration, format!("{name} {reason}"))
    }

    /// The service answered with a status that is not a success.
    pub(crate) fn refused(response: ErrorResponse) -> Self {
        let status = response.status();
        let mut message = format!("the service answered {status}");
        if matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            message.push_str(", a redirect that is not followed");
        }
        if !response.explanation().is_empty() {
            message.push_str(": ");
            message.push_str(response.explanation());
        }
        if let Some(delay) = response.retry_after() {
            message.push_str(&format!(" (retry after {} s)", delay.as_secs()));
        }
        Self::new(ErrorKind::of_status(status), message).with_response(response)
    }

    /// The service answered with a success that is not what it should be.
    pub(crate) fn invalid_response(reason: impl fmt::Display, response: ErrorResponse) -> Self {
        // A reason may quote the body.
        let reason = shorten(&reason.to_string(), 500);
        let mut message = format!("the service answered {}, but {reason}", response.status());
        if !response.excerpt().is_empty() {
            message.push_str(&format!("; the body begins with `{}`", response.excerpt()));
        }
        Self::new(ErrorKind::InvalidResponse, message).with_response(response)
    }

    fn with_response(mut self, response: ErrorResponse) -> Self {
        self.0.status = Some(response.status());
        self.0.response = Some(response);
        self
    }

    pub(crate) fn with_status(mut self, status: Option<StatusCode>) -> Self {
        self.0.status = status;
        self
    }

    pub(crate) fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    pub(crate) fn at(mut self, operation: &'static str, page_number: Option<u32>, attempts: u32) -> Self {
        self.0.operation = Some(operation);
        self.0.page_number = page_number;
        self.0.attempts = attempts;
        self
    }

    /// Returns what kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the HTTP status, whenever a response came, even one that could not be used.
    pub fn status(&self) -> Option<u16> {
        self.0.status.map(|status| status.as_u16())
    }

    /// Returns the response, when one came that is not what was asked for.
    pub fn response(&self) -> Option<&ErrorResponse> {
        self.0.response.as_ref()
    }

    /// Returns the number of the page that failed, to go on with `.start_page(n)`; `None` when none was named.
    pub fn page_number(&self) -> Option<u32> {
        self.0.page_number
    }

    /// Returns how many requests were made for the page; 0 when none went out.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns whether trying later can help.
    pub fn is_retryable(&self) -> bool {
        match self.0.kind {
            ErrorKind::TooManyRequests
            | ErrorKind::InternalServerError
            | ErrorKind::ServiceUnavailable
            | ErrorKind::Timeout
            | ErrorKind::Connection => true,
            ErrorKind::UnexpectedStatus => self.0.status == Some(StatusCode::REQUEST_TIMEOUT),
            _ => false,
        }
    }
}

impl Error {
    /// What to do next, where the message does not say it.
    fn advice(&self) -> Option<&'static str> {
        let advice = match self.0.kind {
            ErrorKind::BadRequest | ErrorKind::UnprocessableEntity => "check the parameters",
            ErrorKind::Unauthorized => {
                "check the token: PEAK_AUTH_TOKEN, API_KEY or `Session::builder().auth_token(…)`"
            }
            ErrorKind::Forbidden => "use a token with the permission, or ask for it",
            ErrorKind::NotFound => "check the spec id and the stage",
            ErrorKind::PayloadTooLarge => "use fewer or shorter parameters",
            ErrorKind::Timeout => "try again later, or raise the limit in the session",
            ErrorKind::Connection => "check the network, the stage or base URL, and try again",
            _ if self.is_retryable() => "try again later",
            ErrorKind::Conflict => "try again later",
            ErrorKind::UnexpectedStatus => "check the stage or base URL, and any gateway in between",
            ErrorKind::InvalidResponse => "check the base URL and any gateway in between; a newer press-specs may help",
            ErrorKind::MissingEnvironmentVariable => "set it, or use `Session::builder()`",
            _ => return None,
        };
        Some(advice)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            message,
            operation,
            page_number,
            attempts,
            ..
        } = &*self.0;
        if let Some(operation) = operation {
            f.write_str(operation)?;
            if let Some(number) = page_number {
                write!(f, ", page {number}")?;
            }
            if *attempts > 1 {
                write!(f, ", after {attempts} attempts")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(message)?;
        match self.advice() {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("operation", &self.0.operation)
            .field("page_number", &self.0.page_number)
            .field("attempts", &self.0.attempts)
            .field("status", &self.status())
            .field("response", &self.0.response)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
