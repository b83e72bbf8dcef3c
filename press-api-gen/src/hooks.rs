//! One request and its response: what goes along, within which limits.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::time::{Instant, Timeout, timeout_at};

use crate::{
    decode::{self, Cause, Failure, Response},
    generated::Client,
    memory::Reservation,
};

/// A function that sees and changes the headers of each request.
pub type OnRequest = Arc<dyn Fn(&mut HeaderMap) + Send + Sync>;

/// One attempt at a request: what it carries, and its limits.
#[derive(Clone)]
pub struct Attempt {
    /// The value of the header `Authorization`, marked as sensitive; the last word on that header.
    pub authorization: HeaderValue,
    /// Further headers, one value for each; they replace those of the generated client.
    pub headers: Arc<HeaderMap>,
    /// Further query parameters, in their order.
    pub query: Arc<[(String, String)]>,
    /// Called with the headers before `Authorization` is set.
    pub on_request: Option<OnRequest>,
    /// The number of bytes of a response body, as sent and decompressed, that are read.
    pub max_response_bytes: usize,
    /// The share of the response in a bound on several of them.
    pub reservation: Option<Arc<Reservation>>,
    /// The time by which the response has to be decoded.
    pub deadline: Instant,
}

impl fmt::Debug for Attempt {
    /// Shows limits only: the rest may be private.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("max_response_bytes", &self.max_response_bytes)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

/// The head of a response.
#[derive(Clone, Debug)]
pub struct Head {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
}

impl Attempt {
    fn prepare(&self, request: &mut reqwest::Request) {
        if !self.query.is_empty() {
            request.url_mut().query_pairs_mut().extend_pairs(self.query.iter());
        }
        let headers = request.headers_mut();
        for (name, value) in &*self.headers {
            headers.insert(name, value.clone());
        }
        if cfg!(feature = "gzip") {
            let gzip = HeaderValue::from_static("gzip");
            headers.entry(header::ACCEPT_ENCODING).or_insert(gzip);
        }
        if let Some(on_request) = &self.on_request {
            on_request(headers);
        }
        headers.insert(header::AUTHORIZATION, self.authorization.clone());
    }

    /// Waits for `future` until the deadline.
    pub(crate) fn within<F: Future>(&self, future: F) -> Timeout<F> {
        timeout_at(self.deadline, future)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.deadline <= Instant::now()
    }
}

/// Sends `request` and decodes the JSON of a successful response.
pub(crate) async fn json<T>(
    client: &Client,
    request: reqwest::Request,
) -> Result<Response<T>, Failure>
where
    T: serde::de::DeserializeOwned + Send + 'static,
{
    let (head, body) = exchange(client, request).await?;
    match decode::json(&client.inner, &head, body).await {
        Ok(body) => Ok(Response { head, body }),
        Err(cause) => Err(cause.after(head)),
    }
}

/// Sends `request` and ignores the body of a successful response.
#[allow(dead_code, reason = "for operations that respond without a body")]
pub(crate) async fn empty(
    client: &Client,
    request: reqwest::Request,
) -> Result<Response<()>, Failure> {
    exchange(client, request).await.map(|(head, _)| Response { head, body: () })
}

/// Sends `request` and reads the body of a successful response, as it was sent.
async fn exchange(
    client: &Client,
    mut request: reqwest::Request,
) -> Result<(Head, Bytes), Failure> {
    let attempt = &client.inner;
    if let Some(reservation) = &attempt.reservation {
        reservation.clear();
    }
    attempt.prepare(&mut request);
    let response = match attempt.within(client.client.execute(request)).await {
        Ok(Ok(response)) => http::Response::from(response),
        Ok(Err(error)) => return Err(Cause::Send(error.without_url()).after(None)),
        Err(_) => return Err(Cause::Timeout.after(None)),
    };
    let (parts, body) = response.into_parts();
    let head = Head { status: parts.status, headers: parts.headers };
    let read = if head.status.is_success() {
        decode::read(attempt, &head, body).await
    } else {
        Err(Cause::Refused(decode::excerpt(attempt, &head, body).await))
    };
    match read {
        Ok(body) => Ok((head, body)),
        Err(cause) => Err(cause.after(head)),
    }
}
