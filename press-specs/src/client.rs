//! The client, and the one function through which every call goes.

use std::{
    error::Error as StdError,
    fmt, io,
    marker::PhantomData,
    sync::{Arc, OnceLock},
};

use http::StatusCode;
use press_api_gen::{
    Client, Error as RawError, ListOperation, Page,
    hooks::{Attempt, Head, LengthLimitError},
    operations,
};
use tokio::{runtime::Handle, time};

use crate::{
    deadline::{Clock, Deadline, Limit},
    error::{Error, ErrorKind},
    response::ErrorResponse,
    session::Session,
    specs::{ListRequest, ListSpecReleaseDeployments, ListSpecs},
    trace::{PageSpan, RequestSpan},
};

/// Makes a client with the given session, or with [the default one](Session::default_session) for `None`.
///
/// ```
/// use press_specs::{Session, get_client};
///
/// let session = Session::builder().auth_token("my-token").build()?;
/// let client = get_client(session)?;
/// # let _ = client;
/// # Ok::<(), press_specs::Error>(())
/// ```
///
/// # Errors
///
/// Those of [`Session::default_session`], for `None` only.
pub fn get_client(session: impl Into<Option<Session>>) -> Result<Spec, Error> {
    Spec::new(session.into())
}

/// Marks what is asynchronous.
#[derive(Clone, Copy, Debug)]
pub enum Async {}

/// The client for specs and their deployments.
///
/// Cheap to clone and to share; clones use the same [`Session`]. [`get_client`] makes it. `M` is [`Async`], or
/// `Blocking` in the module `blocking`.
///
/// It needs a Tokio runtime with its I/O and time drivers on, as `#[tokio::main]` and `enable_all` make it.
///
/// ```
/// # use press_specs::mock::MockPress;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mock = MockPress::builder().generated_specs(3).start()?;
/// # let session = mock.session()?;
/// let client = press_specs::get_client(session)?;
/// let page = client.list_specs().page(1).await?;
/// assert_eq!(page.specs.len(), 3);
/// # Ok(())
/// # }
/// ```
pub struct Spec<M = Async> {
    session: Session,
    mode: PhantomData<fn() -> M>,
}

impl<M> Spec<M> {
    pub(crate) fn new(session: Option<Session>) -> Result<Self, Error> {
        let session = session.map_or_else(Session::default_session, Ok)?;
        Ok(Self {
            session,
            mode: PhantomData,
        })
    }

    /// Returns the session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Lists the published App and Block specs, each with its latest release, ordered by creation date.
    ///
    /// Returns a request: add filters and an order, then end it with `.stream()`, `.pages()` or `.page(n)`.
    /// Endpoint: `GET /v1/specs/`
    /// ([documentation](https://press.peak.ai/api-docs/index.htm#/Specs/get_v1_specs)).
    ///
    /// # Errors
    ///
    /// What the request fails with when its answer is asked for: the service documents [`BadRequest`](ErrorKind::BadRequest) (invalid parameters),
    /// [`Unauthorized`](ErrorKind::Unauthorized) (invalid credentials), [`Forbidden`](ErrorKind::Forbidden) (no
    /// permission) and [`InternalServerError`](ErrorKind::InternalServerError); any other [`ErrorKind`] can come from
    /// the way to it.
    pub fn list_specs(&self) -> ListSpecs<M> {
        ListRequest::new(&self.session, operations::ListSpecs::default())
    }

    /// Lists the deployments of the releases of the App or Block spec `spec_id`, newest first.
    ///
    /// Returns a request: add filters and an order, then end it with `.stream()`, `.pages()` or `.page(n)`.
    /// Endpoint: `GET /v1/specs/{specId}/releases/deployments`
    /// ([documentation](https://press.peak.ai/api-docs/index.htm#/Specs/get_v1_specs__specId__releases_deployments)).
    ///
    /// ```
    /// # use press_specs::mock::MockPress;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mock = MockPress::builder().deployments("my-spec", [serde_json::json!({ "id": "a" })]).start()?;
    /// # let client = press_specs::get_client(mock.session()?)?;
    /// let page = client.list_spec_release_deployments("my-spec").page(1).await?;
    /// assert_eq!(page.deployments[0].id, "a");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// What the request fails with when its answer is asked for: [`InvalidParameter`](ErrorKind::InvalidParameter) when `spec_id` is empty, `.` or `..`, or contains `/`, `\` or
    /// control characters. The service documents [`BadRequest`](ErrorKind::BadRequest) (invalid parameters),
    /// [`Unauthorized`](ErrorKind::Unauthorized) (invalid credentials), [`Forbidden`](ErrorKind::Forbidden) (no
    /// permission), [`NotFound`](ErrorKind::NotFound) (no such spec) and
    /// [`InternalServerError`](ErrorKind::InternalServerError); any other [`ErrorKind`] can come from the way to it.
    pub fn list_spec_release_deployments(&self, spec_id: impl Into<String>) -> ListSpecReleaseDeployments<M> {
        let mut operation = operations::ListSpecReleaseDeployments::default();
        operation.spec_id = spec_id.into();
        ListRequest::new(&self.session, operation)
    }
}

impl<M> Clone for Spec<M> {
    fn clone(&self) -> Self {
        Self {
            session: self.session.clone(),
            mode: PhantomData,
        }
    }
}

impl<M> fmt::Debug for Spec<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spec").field("session", &self.session).finish()
    }
}

/// Fetches one page of `operation`, with as many attempts as the session allows.
pub(crate) async fn call<O: ListOperation>(
    session: &Session,
    operation: &O,
    page_number: Option<u32>,
    request: &RequestSpan,
) -> Result<O::Page, Error> {
    check(operation).map_err(|error| error.at(O::NAME, page_number, 0))?;
    let span = request.page(operation, session, page_number);
    let clock = Clock::default();
    span.enter(clock.attend(attempts(session, operation, page_number, &clock, &span)))
        .await
}

async fn attempts<O: ListOperation>(
    session: &Session,
    operation: &O,
    page_number: Option<u32>,
    clock: &Clock,
    span: &PageSpan,
) -> Result<O::Page, Error> {
    let total = Deadline::after(Limit::Total, session.limits().total, clock);
    let mut delays = session.retry().delays();
    let mut attempts = 0;
    loop {
        attempts += 1;
        let deadline = Deadline::after(Limit::Attempt, session.limits().attempt, clock);
        let error = match attempt(session, operation, page_number, deadline.first(&total)).await {
            Ok((page, status)) => {
                session.budget().deposit(attempts > 1);
                span.succeeded(status, attempts);
                return Ok(page);
            }
            Err(error) => {
                let sent = !matches!(
                    error.kind(),
                    ErrorKind::InvalidParameter | ErrorKind::InvalidConfiguration
                );
                error.at(O::NAME, page_number, attempts - u32::from(!sent))
            }
        };
        let delay = delays.next().map(|delay| {
            let wish = error.response().and_then(ErrorResponse::retry_after);
            wish.map_or(delay, |wish| wish.max(delay))
        });
        match delay {
            Some(delay) if error.is_retryable() && total.allows(delay) && session.budget().withdraw() => {
                span.retry(&error, delay);
                time::sleep(delay).await;
            }
            _ => {
                span.failed(&error);
                return Err(error);
            }
        }
    }
}

/// Refuses what must not be sent.
fn check<O: ListOperation>(operation: &O) -> Result<(), Error> {
    for (name, value) in operation.path_parameters() {
        if value.is_empty() {
            return Err(Error::parameter(name, "is empty"));
        }
        // URLs resolve dot segments, and read a backslash as a slash, whatever the encoding says; control characters
        // are dropped from them. Everything else is encoded.
        if matches!(value, "." | "..") || value.contains(|c: char| matches!(c, '/' | '\\') || c.is_control()) {
            return Err(Error::parameter(
                name,
                &format!("is {value:?}, which would change the path of the request"),
            ));
        }
    }
    if operation.page_size() == Some(0) {
        return Err(Error::parameter("page_size", "is 0; pages hold 1 item or more"));
    }
    if Handle::try_current().is_err() {
        return Err(Error::configuration(
            "the async client",
            "was called outside a Tokio runtime: call it inside of one, or use `press_specs::blocking`",
        ));
    }
    Ok(())
}

/// Makes one request.
async fn attempt<O: ListOperation>(
    session: &Session,
    operation: &O,
    page_number: Option<u32>,
    deadline: &Deadline,
) -> Result<(O::Page, u16), Error> {
    let head = Arc::new(OnceLock::new());
    let attempt = Attempt {
        authorization: session.token().header(),
        user_agent: session.user_agent(),
        max_response_bytes: session.max_response_bytes(),
        head: Arc::clone(&head),
    };
    let client = Client::new_with_client(session.base_url(), session.http_client()?, attempt);
    match deadline.limit(operation.send(&client, page_number)).await {
        Some(Ok(page)) => match (page_number.map(u64::from), page.page_number()) {
            (Some(asked), Some(came)) if asked != came => {
                let reason = format_args!("its `pageNumber` is {came} instead of {asked}");
                // The bytes are gone, and the page loses nothing.
                let body = serde_json::to_vec(&page).unwrap_or_default();
                Err(Error::invalid_response(reason, response(session, &head, &body)))
            }
            _ => Ok((page, head.get().map_or(200, |head| head.status.as_u16()))),
        },
        Some(Err(RawError::UnexpectedResponse(response))) => Err(refused(session, response, deadline).await),
        Some(Err(error)) => Err(failure::<O>(session, error, &head)),
        None => Err(deadline.error().with_status(head.get().map(|head| head.status))),
    }
}

/// The error for a status that is not a success. Whatever happens to its body, its kind is that of its status.
async fn refused(session: &Session, mut response: reqwest::Response, deadline: &Deadline) -> Error {
    let mut body = Vec::new();
    let read = async {
        while body.len() < ErrorResponse::MAX_BODY
            && let Ok(Some(chunk)) = response.chunk().await
        {
            body.extend_from_slice(&chunk);
        }
    };
    let _ = deadline.limit(read).await;
    let (status, headers) = (response.status(), response.headers().clone());
    Error::refused(ErrorResponse::new(status, headers, &body, |text| {
        session.token().redact(text)
    }))
}

/// The error for what failed in the generated client.
fn failure<O: ListOperation>(session: &Session, error: RawError<()>, head: &OnceLock<Head>) -> Error {
    match error {
        RawError::InvalidResponsePayload(body, error) => {
            let reason = session.token().redact(&where_invalid::<O::Page>(&body, &error));
            Error::invalid_response(reason, response(session, head, &body))
        }
        RawError::ResponseBodyError(error) if has_source::<LengthLimitError>(&error) => Error::invalid_response(
            "its body is above the limit of the session",
            response(session, head, &[]),
        ),
        RawError::ResponseBodyError(error) if is_corrupt(&error) => {
            Error::invalid_response("its body cannot be decompressed", response(session, head, &[]))
        }
        RawError::CommunicationError(error) | RawError::ResponseBodyError(error) | RawError::InvalidUpgrade(error) => {
            transport(error).with_status(head.get().map(|head| head.status))
        }
        RawError::InvalidRequest(_) | RawError::Custom(_) | RawError::ErrorResponse(_) => {
            Error::new(ErrorKind::InvalidParameter, NOT_BUILT)
        }
        // Answered with its body by `refused`.
        RawError::UnexpectedResponse(response) => Error::refused(ErrorResponse::new(
            response.status(),
            response.headers().clone(),
            &[],
            str::to_owned,
        )),
    }
}

const NOT_BUILT: &str = "the request could not be built; perhaps the parameters together are too long for a URL";

/// The error for what failed on the way.
fn transport(error: reqwest::Error) -> Error {
    // The URL holds the filters, which may be private.
    let error = error.without_url();
    let (kind, message) = if error.is_builder() {
        (ErrorKind::InvalidParameter, NOT_BUILT)
    } else if error.is_redirect() {
        (ErrorKind::UnexpectedStatus, "the HTTP client refused a redirect")
    } else if error.is_timeout() && error.is_connect() {
        (ErrorKind::Timeout, "connecting took longer than the connect timeout")
    } else if error.is_timeout() {
        (
            ErrorKind::Timeout,
            "the request took longer than the time limit of the HTTP client",
        )
    } else if error.is_connect() {
        (ErrorKind::Connection, "the service could not be reached")
    } else {
        (
            ErrorKind::Connection,
            "the connection broke before the whole response was there",
        )
    };
    Error::new(kind, message).with_source(error)
}

/// The response whose head came, with what is known of its body.
fn response(session: &Session, head: &OnceLock<Head>, body: &[u8]) -> ErrorResponse {
    let head = head.get().cloned();
    let (status, headers) = head.map_or((StatusCode::OK, Default::default()), |head| (head.status, head.headers));
    ErrorResponse::new(status, headers, body, |text| session.token().redact(text))
}

/// Where in `body` it is no page, and why.
fn where_invalid<P: Page>(body: &[u8], error: &serde_json::Error) -> String {
    // Decoding that tells the path is slow, so it is done only now.
    let mut decoder = serde_json::Deserializer::from_slice(body);
    match serde_path_to_error::deserialize::<_, P>(&mut decoder) {
        Err(error) if error.path().iter().next().is_some() => {
            format!(
                "its body is not what the contract says at `{}`: {}",
                error.path(),
                error.inner()
            )
        }
        _ => format!("its body is not what the contract says: {error}"),
    }
}

fn has_source<E: StdError + 'static>(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        if error.is::<E>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// Whether decompression failed: on wrong data, not on too few.
fn is_corrupt(error: &reqwest::Error) -> bool {
    let mut error: &dyn StdError = error;
    while let Some(source) = error.source() {
        if let Some(cause) = source.downcast_ref::<io::Error>() {
            // A connection fails in this way too, on chunks that are none; there an error of its own is in between.
            return error.is::<reqwest::Error>()
                && matches!(cause.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput);
        }
        error = source;
    }
    false
}
