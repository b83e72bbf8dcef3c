//! A call: attempts and retries until a response or an error.

use std::sync::Arc;

use press_api_gen::{Client, ListOperation, Operation, attempt::Attempt, response::Failure};
use tokio::time;

use crate::{
    error::{Error, ErrorKind, Target},
    failure,
    options::RequestOptions,
    response::Response,
    session::{PerRuntime, Token},
    timeout::{Deadline, Limit},
    trace::{self, RequestSpan, Span},
};

/// Sends the request of an operation that isn't a list.
#[allow(dead_code, reason = "for operations that are not lists")]
pub(crate) async fn call<O: Operation>(
    options: &RequestOptions,
    operation: &O,
) -> Result<Response<O::Response>, Error> {
    let span = RequestSpan::new(operation);
    let checked = options.check(operation);
    checked.map_err(|error| error.at(&Target::new(&options.session, operation), None, 0))?;
    let result = Call { options, operation, page_number: None }.send(&span).await;
    if let Err(error) = &result {
        span.failed(error);
    }
    result
}

/// Fetches one page of a list. The arguments must be valid.
pub(crate) async fn page<O: ListOperation>(
    options: &RequestOptions,
    mut operation: O,
    number: Option<u64>,
    span: &RequestSpan,
) -> Result<Response<O::Page>, Error> {
    operation.set_page_number(number);
    Call { options, operation: &operation, page_number: number }.send(span).await
}

/// A call of one operation.
struct Call<'a, O> {
    options: &'a RequestOptions,
    operation: &'a O,
    /// The page of a list, for messages.
    page_number: Option<u64>,
}

/// The state of a call between attempts.
#[derive(Default)]
struct Progress {
    attempts: u32,
    /// `true` once a rejected token has been discarded. A second rejection is an error.
    renewed: bool,
    /// `true` if the next attempt needs a new connection.
    reconnect: bool,
}

impl<O: Operation> Call<'_, O> {
    async fn send(&self, span: &RequestSpan) -> Result<Response<O::Response>, Error> {
        let page_span = span.page(self.operation, self.page_number);
        let result = page_span.enter(self.attempts()).await;
        if let Err(error) = &result {
            page_span.failed(error);
        }
        result
    }

    async fn attempts(&self) -> Result<Response<O::Response>, Error> {
        let RequestOptions { session, settings, .. } = self.options;
        let total = Deadline::after(Limit::Total, settings.limits.total);
        let mut retries = session.inner.retries.call(&settings.policy, settings.limits.total);
        let mut progress = Progress::default();
        let mut last_error = None;
        loop {
            while let Some(delay) = retries.rate_limit_delay(total.left()) {
                trace::rate_limited(delay);
                time::sleep(delay).await;
            }
            let runtime = session.inner.runtimes.current();
            let runtime = runtime.map_err(|error| self.at(error, progress.attempts))?;
            let token = self.token(&runtime, total).await;
            let token = token.map_err(|error| self.at(error, progress.attempts))?;
            if total.left().is_zero() || !retries.pay() {
                let out_of_time = || self.at(total.error(), progress.attempts);
                return Err(last_error.unwrap_or_else(out_of_time));
            }
            let deadline = Deadline::after(Limit::Attempt, settings.limits.attempt).first(total);
            let client = self.client(&runtime, &token, deadline, progress.reconnect);
            let span = Span::attempt::<O>(session, progress.attempts);
            progress.attempts += 1;
            let failure = match span.enter(self.operation.send(&client)).await {
                Ok(response) => {
                    retries.succeeded();
                    span.succeeded(&response.head, session);
                    return Ok(Response::new(response.body, response.head, progress.attempts));
                }
                Err(failure) => failure,
            };
            progress.reconnect = failure::broke_connection(&failure.cause);
            let error = self.error(failure, &token, deadline, progress.attempts);
            span.failed(&error);
            let is_rejected = error.kind() == ErrorKind::Unauthorized;
            if is_rejected && !progress.renewed && session.inner.credentials.discard(&token) {
                progress.renewed = true;
            } else if let Some(delay) = retries.after(&error, is_safe::<O>(), total.left()) {
                span.retry(&error, delay);
                time::sleep(delay).await;
            } else {
                return Err(error);
            }
            last_error = Some(error);
        }
    }

    /// Returns the token, calling `auth_token_fn` if necessary.
    async fn token(&self, runtime: &PerRuntime, total: Deadline) -> Result<Token, Error> {
        let token = self.options.session.inner.credentials.token(&runtime.renewal);
        match total.limit(token).await {
            Ok(token) => token,
            Err(_) => Err(total.credentials_error()),
        }
    }

    /// Returns the generated client for one attempt.
    fn client(
        &self,
        runtime: &PerRuntime,
        token: &Token,
        deadline: Deadline,
        reconnect: bool,
    ) -> Client {
        let RequestOptions { session, settings, query, .. } = self.options;
        let http = match session.inner.runtimes.unpooled() {
            Some(unpooled) if reconnect => unpooled,
            _ => &runtime.http,
        };
        let attempt = Attempt {
            authorization: token.header(),
            headers: Arc::clone(&settings.headers),
            query: Arc::clone(query),
            on_request: settings.on_request.clone(),
            max_response_bytes: settings.max_response_bytes,
            deadline: deadline.at,
        };
        Client::new_with_client(session.base_url(), http.clone(), attempt)
    }

    fn error(&self, failure: Failure, token: &Token, deadline: Deadline, attempts: u32) -> Error {
        let mut error = failure::error(self.options, failure, token, deadline);
        let has_function = self.options.session.inner.credentials.has_function();
        if error.kind() == ErrorKind::Unauthorized && has_function {
            error = error.with_advice("check the token that `auth_token_fn` returns");
        }
        // A request that could not be built was not sent.
        let is_built = error.kind() != ErrorKind::InvalidParameter;
        let sent = if is_built { attempts } else { attempts - 1 };
        self.at(error, sent)
    }

    fn at(&self, error: Error, attempts: u32) -> Error {
        let target = Target::new(&self.options.session, self.operation);
        error.at(&target, self.page_number, attempts)
    }
}

/// Returns `true` if the request changes nothing on the server.
fn is_safe<O: Operation>() -> bool {
    matches!(O::METHOD, "GET" | "HEAD" | "OPTIONS")
}
