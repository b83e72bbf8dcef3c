//! What happens inside each request of the generated client.

use std::sync::{Arc, OnceLock};

use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::Limited;
use progenitor_client::{ClientHooks, OperationInfo};

use crate::generated::{Client, Error};

pub use http_body_util::LengthLimitError;

/// One attempt at a request: what it carries, how much it may bring back, and what came back first.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The value of the header `Authorization`; mark it as sensitive.
    pub authorization: HeaderValue,
    /// The value of the header `User-Agent`; `None` leaves it to the HTTP client.
    pub user_agent: Option<HeaderValue>,
    /// How many bytes of a response body are read, after decompression; the rest is a [`LengthLimitError`].
    pub max_response_bytes: usize,
    /// The head of the response, as soon as it is there.
    pub head: Arc<OnceLock<Head>>,
}

/// The head of a response.
#[derive(Clone, Debug)]
pub struct Head {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
}

impl ClientHooks<Attempt> for Client {
    async fn pre<E>(&self, request: &mut reqwest::Request, _: &OperationInfo) -> Result<(), Error<E>> {
        let headers = request.headers_mut();
        // The generator adds it; the contract knows no such header.
        headers.remove("api-version");
        headers.insert(header::AUTHORIZATION, self.inner.authorization.clone());
        if let Some(user_agent) = &self.inner.user_agent {
            headers.insert(header::USER_AGENT, user_agent.clone());
        }
        Ok(())
    }

    async fn exec(&self, request: reqwest::Request, _: &OperationInfo) -> reqwest::Result<reqwest::Response> {
        let response = http::Response::from(self.client.execute(request).await?);
        let (parts, body) = response.into_parts();
        // A client is made for one attempt, so nothing was there before.
        let _ = self.inner.head.set(Head {
            status: parts.status,
            headers: parts.headers.clone(),
        });
        let body = reqwest::Body::wrap(Limited::new(body, self.inner.max_response_bytes));
        Ok(http::Response::from_parts(parts, body).into())
    }
}
