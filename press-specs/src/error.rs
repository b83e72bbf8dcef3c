//! Error type of the crate.

use std::{error::Error as StdError, fmt, sync::Arc};

use http::StatusCode;
use press_api_gen::Operation;

use crate::{
    response::{ErrorResponse, shorten},
    session::Session,
};

/// An error from a request or a session.
///
/// The type is opaque, so that later versions can add details without a breaking change. Match on
/// [`kind`](Self::kind), and read the details through methods, as in the [example](crate#errors).
/// The message says what failed, where, and what to do next. It never contains the token.
///
/// `{:?}` prints the message with its sources, so that `fn main() -> Result<(),
/// press_specs::Error>` ends in a readable message. `{:#?}` prints the structure.
///
/// ```
/// # use press_specs::mock::MockPress;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mock = MockPress::builder().generated_specs(60).start()?;
/// # let client = press_specs::get_client(mock.session()?)?;
/// use press_specs::ErrorKind;
///
/// let request = client.list_spec_release_deployments("no-such-spec");
/// let error = request.page(1).await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// assert_eq!(error.status(), Some(404));
/// println!("{error}");
/// # Ok(())
/// # }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    status: Option<StatusCode>,
    response: Option<ErrorResponse>,
    operation: Option<&'static str>,
    spec_id: Option<String>,
    origin: Option<String>,
    page_number: Option<u64>,
    attempts: u32,
    /// `true` if a retry would fail too, unlike other errors of this kind.
    permanent: bool,
    advice: Advice,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// The advice at the end of an error's text.
enum Advice {
    /// The advice for the kind of the error.
    ByKind,
    Custom(&'static str),
    /// The message already contains it.
    InMessage,
}

/// The kind of an [`Error`].
///
/// It displays in snake case, for example `not_found`, which suits metric labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// 400: a parameter is invalid.
    BadRequest,
    /// 401: the token is missing or invalid.
    Unauthorized,
    /// 403: the token lacks a permission.
    Forbidden,
    /// 404: the spec does not exist, or the base URL is wrong.
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
    /// 502, 503 or 504: the service is unavailable, or its gateway cannot reach it.
    ServiceUnavailable,
    /// Any other status that is not a success, including a redirect that was not followed.
    UnexpectedStatus,
    /// A timeout expired. The message names it.
    Timeout,
    /// The connection failed, was dropped, or ended in the middle of the body.
    Connection,
    /// A successful response whose body does not match the API's schema, or is too large.
    InvalidResponse,
    /// The list changed while it was read, or has no such page; start again.
    ListChanged,
    /// An argument is invalid; no request was sent.
    InvalidParameter,
    /// The function given to [`auth_token_fn`](crate::SessionBuilder::auth_token_fn) failed, or its
    /// token cannot be sent.
    Credentials,
    /// An environment variable is missing; no request was sent.
    MissingEnvironmentVariable,
    /// The session cannot be created as configured, or a Tokio runtime is missing.
    InvalidConfiguration,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}

impl ErrorKind {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::PayloadTooLarge => "payload_too_large",
            Self::UnprocessableEntity => "unprocessable_entity",
            Self::TooManyRequests => "too_many_requests",
            Self::InternalServerError => "internal_server_error",
            Self::ServiceUnavailable => "service_unavailable",
            Self::UnexpectedStatus => "unexpected_status",
            Self::Timeout => "timeout",
            Self::Connection => "connection",
            Self::InvalidResponse => "invalid_response",
            Self::ListChanged => "list_changed",
            Self::InvalidParameter => "invalid_parameter",
            Self::Credentials => "credentials",
            Self::MissingEnvironmentVariable => "missing_environment_variable",
            Self::InvalidConfiguration => "invalid_configuration",
        }
    }

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
            spec_id: None,
            origin: None,
            page_number: None,
            attempts: 0,
            permanent: false,
            advice: Advice::ByKind,
            source: None,
        }))
    }

    /// Returns the error for an invalid argument.
    pub(crate) fn parameter(name: &str, reason: impl fmt::Display) -> Self {
        Self::new(ErrorKind::InvalidParameter, format!("`{name}` {reason}"))
    }

    /// Returns the error for an invalid setting.
    pub(crate) fn configuration(name: &str, reason: impl fmt::Display) -> Self {
        Self::new(ErrorKind::InvalidConfiguration, format!("{name} {reason}"))
    }

    /// Returns the error for an error status or a redirect. `note` follows the status.
    pub(crate) fn error_status(response: ErrorResponse, note: &str) -> Self {
        let status = response.status;
        let mut message = format!("the service responded with {status}{note}");
        if !response.explanation.is_empty() {
            message.push_str(": ");
            message.push_str(&response.explanation);
        }
        Self::new(ErrorKind::of_status(status), message).with_response(response)
    }

    /// Returns the error for a successful response that does not match the schema.
    pub(crate) fn invalid_response(reason: impl fmt::Display, response: ErrorResponse) -> Self {
        // A reason may quote the body.
        let reason = shorten(&reason.to_string(), 500);
        let status = response.status;
        let mut message = format!("the service responded with {status}, but {reason}");
        if !response.excerpt.is_empty() {
            message.push_str(&format!("; the body begins with `{}`", response.excerpt));
        }
        Self::new(ErrorKind::InvalidResponse, message).with_response(response)
    }

    fn with_response(mut self, response: ErrorResponse) -> Self {
        self.0.status = Some(response.status);
        self.0.response = Some(response);
        self
    }

    pub(crate) fn with_status(mut self, status: Option<StatusCode>) -> Self {
        self.0.status = status;
        self
    }

    pub(crate) fn with_source(self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.with_shared_source(Arc::new(source))
    }

    pub(crate) fn with_shared_source(mut self, source: Arc<dyn StdError + Send + Sync>) -> Self {
        self.0.source = Some(source);
        self
    }

    /// Marks a failure that a retry would repeat.
    pub(crate) fn permanent(mut self) -> Self {
        self.0.permanent = true;
        self
    }

    /// Marks a message that already contains advice.
    pub(crate) fn with_advice_in_message(mut self) -> Self {
        self.0.advice = Advice::InMessage;
        self
    }

    /// Appends to the message.
    pub(crate) fn with_note(mut self, note: &str) -> Self {
        self.0.message.push_str(note);
        self
    }

    /// Sets what to do next.
    pub(crate) fn with_advice(mut self, advice: &'static str) -> Self {
        self.0.advice = Advice::Custom(advice);
        self
    }

    /// Returns the error for a call outside a running Tokio runtime.
    pub(crate) fn no_runtime() -> Self {
        Self::configuration(
            "the async client",
            "was called outside a running Tokio runtime: call it inside one, or use \
             `press_specs::blocking`",
        )
    }

    /// Returns the error for a page beyond the end of the list.
    pub(crate) fn no_such_page(number: u64, last: u64) -> Self {
        let pages = if last == 1 { "page" } else { "pages" };
        let message = format!("page {number} does not exist: the list has {last} {pages}");
        Self::new(ErrorKind::ListChanged, message)
    }

    /// Returns the error for a page other than the requested one.
    pub(crate) fn other_page(requested: u64, reported: u64) -> Self {
        let message = format!(
            "the service returned another page: its `pageNumber` is {reported} instead of \
             {requested}"
        );
        Self::new(ErrorKind::InvalidResponse, message)
    }

    pub(crate) fn at(mut self, target: &Target, page_number: Option<u64>, attempts: u32) -> Self {
        self.0.operation = Some(target.operation);
        self.0.spec_id = target.spec_id.clone();
        self.0.origin = Some(target.origin.clone());
        self.0.page_number = page_number;
        self.0.attempts = attempts;
        self
    }

    /// Returns the kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the HTTP status of the response, if there was one, even if it could not be decoded.
    pub fn status(&self) -> Option<u16> {
        self.0.status.map(|status| status.as_u16())
    }

    /// Returns the response, if it has an error status or cannot be decoded.
    pub fn response(&self) -> Option<&ErrorResponse> {
        self.0.response.as_ref()
    }

    /// Returns the origin that was called, for example `https://press.peak.ai`.
    pub fn origin(&self) -> Option<&str> {
        self.0.origin.as_deref()
    }

    /// Returns the name of the operation that failed, for example `list_specs`.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// Returns the spec ID of the request, if it has one. Long IDs are shortened.
    pub fn spec_id(&self) -> Option<&str> {
        self.0.spec_id.as_deref()
    }

    /// Returns the number of the page that failed, if the request had one.
    ///
    /// Pass it to [`start_page`](crate::ListRequest::start_page) to continue there.
    pub fn page_number(&self) -> Option<u64> {
        self.0.page_number
    }

    /// Returns the number of requests sent for the page, which may be 0.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns `true` if the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self.0.kind {
            _ if self.0.permanent => false,
            ErrorKind::TooManyRequests
            | ErrorKind::InternalServerError
            | ErrorKind::ServiceUnavailable
            | ErrorKind::Timeout
            | ErrorKind::Connection
            | ErrorKind::Credentials => true,
            ErrorKind::UnexpectedStatus => {
                matches!(self.status(), Some(408 | 425 | 520..=524 | 529))
            }
            _ => false,
        }
    }
}

impl Error {
    /// Returns the advice, unless the message already contains it.
    fn advice(&self) -> Option<&'static str> {
        match self.0.advice {
            Advice::InMessage => return None,
            Advice::Custom(advice) => return Some(advice),
            Advice::ByKind => {}
        }
        let advice = match self.0.kind {
            ErrorKind::Credentials => "check the function given to `SessionBuilder::auth_token_fn`",
            ErrorKind::BadRequest | ErrorKind::UnprocessableEntity => "check the parameters",
            ErrorKind::Unauthorized => {
                "check the token: PEAK_AUTH_TOKEN, API_KEY or `Session::builder().auth_token(…)`"
            }
            ErrorKind::Forbidden => {
                "use a token with the required permission, or request that permission"
            }
            ErrorKind::NotFound if self.0.operation.is_some() && self.0.spec_id.is_none() => {
                "check the stage, or the base URL and its path"
            }
            ErrorKind::NotFound => "check the spec id and the stage",
            ErrorKind::PayloadTooLarge => "use fewer or shorter parameters",
            ErrorKind::Connection | ErrorKind::InvalidResponse if self.0.permanent => return None,
            ErrorKind::Timeout => "try again later, or raise the timeout",
            ErrorKind::Connection => "check the network, the stage or base URL, and try again",
            _ if self.is_retryable() => "try again later",
            ErrorKind::Conflict => "try again later",
            ErrorKind::UnexpectedStatus => {
                "check the stage or base URL, and any gateway in between"
            }
            ErrorKind::InvalidResponse => {
                "check the base URL and any gateway in between; a newer press-specs may help"
            }
            ErrorKind::ListChanged => "start again from the first page",
            ErrorKind::MissingEnvironmentVariable => {
                "set it, or use `Session::builder().auth_token(…)`"
            }
            _ => return None,
        };
        Some(advice)
    }
}

/// The target of a request, for messages.
#[derive(Clone)]
pub(crate) struct Target {
    operation: &'static str,
    spec_id: Option<String>,
    origin: String,
}

impl Target {
    pub(crate) fn new<O: Operation>(session: &Session, operation: &O) -> Self {
        let origin = session.inner.origin.clone();
        Self { operation: O::NAME, spec_id: spec_id(operation), origin }
    }
}

impl From<ErrorKind> for Error {
    /// Returns an error of this kind without details, for use in tests.
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind, kind.label().replace('_', " "))
    }
}

/// Returns the spec id among the path parameters, for messages.
pub(crate) fn spec_id<O: Operation>(operation: &O) -> Option<String> {
    const MAX: usize = 100;
    let (_, id) = operation.path_parameters().find(|(name, _)| *name == "spec_id")?;
    Some(shorten(id, MAX))
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { message, operation, spec_id, page_number, attempts, response, .. } = &*self.0;
        if let Some(operation) = operation {
            f.write_str(operation)?;
            if let Some(spec_id) = spec_id {
                write!(f, " of spec `{spec_id}`")?;
            }
            if let Some(number) = page_number {
                write!(f, ", page {number}")?;
            }
            if let Some(origin) = self.origin().filter(|_| *attempts > 0) {
                write!(f, ", at {origin}")?;
            }
            if *attempts > 1 {
                write!(f, ", after {attempts} attempts")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(message)?;
        if let Some(id) = response.as_ref().and_then(|response| response.shown_request_id.as_ref())
        {
            write!(f, " (request id {id})")?;
        }
        match self.advice() {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            write!(f, "{self}")?;
            let mut source = self.source();
            while let Some(error) = source {
                write!(f, "\n  caused by: {}", shorten(&error.to_string(), 500))?;
                source = error.source();
            }
            return Ok(());
        }
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("origin", &self.0.origin)
            .field("operation", &self.0.operation)
            .field("spec_id", &self.0.spec_id)
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
