//! Sends a request and reads its response.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use tokio::time::timeout_at;

use crate::{
    attempt::Attempt,
    body,
    response::{Cause, Failure, Head, Response},
};

/// Sends `request` and decodes the JSON of a successful response.
pub(crate) async fn json<T: DeserializeOwned>(
    client: &reqwest::Client,
    attempt: &Attempt,
    request: reqwest::Request,
) -> Result<Response<T>, Failure> {
    let (head, body) = exchange(client, attempt, request).await?;
    match body::decode(&head, body, attempt.max_response_bytes) {
        Ok(body) => Ok(Response { head, body }),
        Err(cause) => Err(cause.after(head)),
    }
}

/// Sends `request`, then reads and discards the body of a successful response.
#[allow(dead_code, reason = "for operations that respond without a body")]
pub(crate) async fn empty(
    client: &reqwest::Client,
    attempt: &Attempt,
    request: reqwest::Request,
) -> Result<Response<()>, Failure> {
    let (head, _) = exchange(client, attempt, request).await?;
    Ok(Response { head, body: () })
}

/// Sends `request` and reads the body of a successful response, still compressed.
async fn exchange(
    client: &reqwest::Client,
    attempt: &Attempt,
    mut request: reqwest::Request,
) -> Result<(Head, Bytes), Failure> {
    attempt.apply(&mut request);
    let response = match timeout_at(attempt.deadline, client.execute(request)).await {
        Ok(Ok(response)) => http::Response::from(response),
        Ok(Err(error)) => return Err(Cause::Send(error.without_url()).after(None)),
        Err(_) => return Err(Cause::Timeout.after(None)),
    };
    let (parts, body) = response.into_parts();
    let head = Head { status: parts.status, headers: parts.headers };
    if !head.status.is_success() {
        let excerpt = body::excerpt(&head, body, attempt.deadline).await;
        return Err(Cause::ErrorStatus(excerpt).after(head));
    }
    let limit = attempt.max_response_bytes;
    match timeout_at(attempt.deadline, body::read(&head, body, limit)).await {
        Ok(Ok(body)) => Ok((head, body)),
        Ok(Err(cause)) => Err(cause.after(head)),
        Err(_) => Err(Cause::Timeout.after(head)),
    }
}
