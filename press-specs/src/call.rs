//! One call: attempts within their time limits, retries, and the errors of what failed.

use std::{error::Error as StdError, sync::Arc};

use http::{HeaderMap, StatusCode};
use press_api_gen::{
    Client, ListOperation, Operation, Page,
    decode::{Cause, Failure},
    hooks::{Attempt, Head},
    memory::Reservation,
};
use tokio::{runtime::Handle, time};

use crate::{
    error::{Error, ErrorKind},
    header,
    response::{ErrorResponse, Response},
    session::{Inner, Session, Settings},
    timeout::{Deadline, Limit},
    trace::{RequestSpan, Span},
};

/// A session, and what one request sets for itself.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) session: Session,
    pub(crate) settings: Settings,
    query: Arc<[(String, String)]>,
    /// The first invalid argument and the reason.
    invalid: Option<(&'static str, String)>,
}

impl Context {
    pub(crate) fn new(session: &Session) -> Self {
        Self {
            session: session.clone(),
            settings: session.inner.settings.clone(),
            query: Arc::default(),
            invalid: None,
        }
    }

    pub(crate) fn set_header(&mut self, name: &str, value: &str) {
        if let Err(reason) = header::insert(&mut self.settings.headers, name, value) {
            self.invalid("header", reason);
        }
    }

    pub(crate) fn add_query(&mut self, name: String, value: String) {
        if matches!(&*name, "pageNumber" | "pageSize") {
            return self
                .invalid("query", format!("`{name}` is set by the request: use its methods"));
        }
        self.query = self.query.iter().cloned().chain([(name, value)]).collect();
    }

    /// Notes an invalid argument, which fails the call before any request.
    fn invalid(&mut self, name: &'static str, reason: String) {
        self.invalid.get_or_insert((name, reason));
    }

    /// Refuses what must not be sent.
    fn check<O: Operation>(&self, operation: &O) -> Result<(), Error> {
        if let Some((name, reason)) = &self.invalid {
            return Err(Error::parameter(name, reason));
        }
        for (name, value) in operation.path_parameters() {
            if value.is_empty() {
                return Err(Error::parameter(name, "is empty"));
            }
            // URLs resolve dot segments, and read a backslash as a slash, whatever the encoding
            // says; control characters are dropped from them. Everything else is
            // encoded.
            if matches!(value, "." | "..")
                || value.contains(|c: char| matches!(c, '/' | '\\') || c.is_control())
            {
                return Err(Error::parameter(name, "would change the path of the request"));
            }
        }
        if Handle::try_current().is_err() {
            return Err(Error::configuration(
                "the async client",
                "was called outside a Tokio runtime: call it inside one, or use `press_specs::blocking`",
            ));
        }
        Ok(())
    }
}

/// Sends the request of an operation until it succeeds or must not be retried.
#[allow(dead_code, reason = "for operations that are not lists")]
pub(crate) async fn call<O: Operation>(
    context: &Context,
    operation: &O,
) -> Result<Response<O::Response>, Error> {
    let call = Call {
        context,
        operation,
        page_number: None,
        ahead: None,
        check: |_: &O::Response| Ok(()),
    };
    call.send(&RequestSpan::new()).await
}

/// Fetches one page of a list; `ahead` is its share of the bytes that a stream may fetch ahead.
pub(crate) async fn page<O: ListOperation>(
    context: &Context,
    mut operation: O,
    number: Option<u32>,
    ahead: Option<Arc<Reservation>>,
    span: &RequestSpan,
) -> Result<Response<O::Page>, Error> {
    let invalid = |name, reason| Err(Error::parameter(name, reason).at(&operation, None, 0));
    if number == Some(0) {
        return invalid("page", "is 0; pages are numbered from 1");
    }
    if operation.page_size() == Some(0) {
        return invalid("page_size", "is 0; a page holds 1 item or more");
    }
    operation.set_page_number(number);
    let check = |page: &O::Page| match (number.map(u64::from), page.page_number()) {
        // The bytes are gone, and the page loses nothing.
        (Some(requested), Some(came)) if requested != came => Err((
            format!("its `pageNumber` is {came} instead of {requested}"),
            serde_json::to_vec(page).unwrap_or_default(),
        )),
        _ => Ok(()),
    };
    let call = Call { context, operation: &operation, page_number: number, ahead, check };
    call.send(span).await
}

/// A call of one operation.
struct Call<'a, O, F> {
    context: &'a Context,
    operation: &'a O,
    /// The page of a list, for messages.
    page_number: Option<u32>,
    ahead: Option<Arc<Reservation>>,
    /// Refuses a decoded response, with the reason and its body.
    check: F,
}

impl<O, F> Call<'_, O, F>
where
    O: Operation,
    F: Fn(&O::Response) -> Result<(), (String, Vec<u8>)>,
{
    async fn send(&self, span: &RequestSpan) -> Result<Response<O::Response>, Error> {
        let checked = self.context.check(self.operation);
        checked.map_err(|error| self.at(error, 0))?;
        let page_span = span.page(self.operation, self.page_number);
        let result = page_span.enter(self.attempts()).await;
        if let Err(error) = &result {
            page_span.failed(error);
            span.failed(error);
        }
        result
    }

    fn at(&self, error: Error, attempts: u32) -> Error {
        error.at(self.operation, self.page_number, attempts)
    }

    async fn attempts(&self) -> Result<Response<O::Response>, Error> {
        let Context { session, settings, query, .. } = self.context;
        let Inner { credentials, http: clients, .. } = &*session.inner;
        let total = Deadline::after(Limit::Total, settings.limits.total);
        let mut retries = session.inner.retries.call(&settings.policy);
        let (mut attempts, mut renewed, mut fresh) = (0, false, None);
        loop {
            while let Some(pause) = session.inner.retries.pause(total.left()) {
                time::sleep(pause).await;
            }
            let at = |error: Error| self.at(error, attempts);
            let token = total.limit(credentials.token()).await;
            let token = token.unwrap_or_else(|_| Err(total.error())).map_err(at)?;
            let deadline = Deadline::after(Limit::Attempt, settings.limits.attempt).first(total);
            let http = fresh.take().map_or_else(|| clients.get(), Ok).map_err(at)?;
            attempts += 1;
            let attempt = Attempt {
                authorization: token.header(),
                headers: Arc::clone(&settings.headers),
                query: Arc::clone(query),
                on_request: settings.on_request.clone(),
                max_response_bytes: settings.max_response_bytes,
                reservation: self.ahead.clone(),
                deadline: deadline.at,
            };
            let client = Client::new_with_client(session.base_url(), http.client.clone(), attempt);
            let attempt_span = Span::attempt::<O>(session, attempts - 1);
            let error = match attempt_span.enter(self.operation.send(&client)).await {
                Ok(response) => match (self.check)(&response.body) {
                    Ok(()) => {
                        retries.succeeded();
                        attempt_span.succeeded(&response.head, session);
                        return Ok(Response::new(response.body, response.head, attempts));
                    }
                    Err((reason, body)) => Error::invalid_response(
                        reason,
                        error_response(session, Some(response.head), &body),
                    ),
                },
                Err(failure) => {
                    fresh = broken(&failure.cause).and_then(|silent| clients.after(&http, silent));
                    error(session, failure, deadline)
                }
            };
            let sent = attempts - u32::from(error.kind() == ErrorKind::InvalidParameter);
            let error = self.at(error, sent);
            attempt_span.failed(&error);
            if error.kind() == ErrorKind::Unauthorized && !renewed && credentials.renew(&token) {
                renewed = true;
                continue;
            }
            match retries.delay(&error, is_safe::<O>(), total.left()) {
                Some(delay) => {
                    attempt_span.retry(&error, delay);
                    time::sleep(delay).await;
                }
                None => return Err(error),
            }
        }
    }
}

/// Returns `true` if the request changes nothing on the server.
fn is_safe<O: Operation>() -> bool {
    matches!(O::METHOD, "GET" | "HEAD" | "OPTIONS")
}

/// Returns whether the connection went silent; `None` if it is none of the reasons.
fn broken(cause: &Cause) -> Option<bool> {
    match cause {
        Cause::Send(error) => (!error.is_connect() && !error.is_builder()).then_some(false),
        Cause::Broken(_) => Some(false),
        Cause::Timeout => Some(true),
        _ => None,
    }
}

fn error(session: &Session, failure: Failure, deadline: Deadline) -> Error {
    let Failure { head, cause } = failure;
    let status = head.as_ref().map(|head| head.status);
    let response = |body: &[u8]| error_response(session, head.clone(), body);
    match cause {
        Cause::NotBuilt => Error::new(
            ErrorKind::InvalidParameter,
            "the request could not be built; perhaps the parameters together are too long for a URL",
        ),
        Cause::Send(error) => transport(error),
        Cause::Refused(body) => Error::refused(response(&body)),
        Cause::Broken(error) => Error::new(ErrorKind::Connection, BROKEN)
            .with_shared_source(error.into())
            .with_status(status),
        Cause::Timeout => deadline.error().with_status(status),
        Cause::TooLarge => {
            Error::invalid_response("its body is longer than `max_response_bytes`", response(&[]))
        }
        Cause::NoRoom => Error::no_room().with_status(status),
        Cause::Compression(reason) => {
            Error::invalid_response(session.redact(&reason), response(&[]))
        }
        Cause::Invalid { body, path, error } => {
            let at = if path.is_empty() { String::new() } else { format!(" at `{path}`") };
            let reason = format!("its body does not match the API's schema{at}: {error}");
            Error::invalid_response(session.redact(&reason), response(&body))
        }
    }
}

const BROKEN: &str = "the connection broke before the whole response was there";

/// Returns the error for a request without a response.
fn transport(error: reqwest::Error) -> Error {
    let (kind, message, lasting) = if error.is_builder() {
        (ErrorKind::InvalidParameter, "the request could not be built", true)
    } else if error.is_redirect() {
        (ErrorKind::UnexpectedStatus, "the HTTP client refused a redirect", true)
    } else if error.is_timeout() && error.is_connect() {
        (ErrorKind::Timeout, "connecting took longer than the connect timeout", false)
    } else if error.is_timeout() {
        let message = "the request took longer than the time limit of the HTTP client";
        (ErrorKind::Timeout, message, false)
    } else if says(&error, "message head is too large") {
        let message = "the response has more headers than a client accepts, or longer ones";
        (ErrorKind::InvalidResponse, message, true)
    } else if error.is_connect() && says(&error, "certificate") {
        let message = "the certificate of the service is not trusted; check the base URL, the clock and the root \
                       certificates of the system, or use a custom client with further ones";
        (ErrorKind::Connection, message, true)
    } else if error.is_connect() && says(&error, "proxy authorization required") {
        let message = "the proxy requires credentials; check the proxy in the environment (407)";
        (ErrorKind::Connection, message, true)
    } else if error.is_connect() {
        (ErrorKind::Connection, "the service could not be reached", false)
    } else {
        (ErrorKind::Connection, BROKEN, false)
    };
    let error = Error::new(kind, message).with_source(error);
    if lasting { error.lasting() } else { error }
}

/// Returns `true` if a source of `error` has `words` in its text; there is no public type for
/// these.
fn says(error: &reqwest::Error, words: &str) -> bool {
    std::iter::successors(error.source(), |&error| error.source())
        .any(|source| source.to_string().contains(words))
}

fn error_response(session: &Session, head: Option<Head>, body: &[u8]) -> ErrorResponse {
    let (status, headers) =
        head.map_or((StatusCode::OK, HeaderMap::new()), |head| (head.status, head.headers));
    ErrorResponse::new(status, headers, body, |text| session.redact(text))
}
