//! Responses: the ones that the Press API documents, before a fault changes them.

use std::borrow::Cow;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{ALLOW, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING},
};
use serde_json::json;

use super::{catalogue::Catalogue, operation::Operation, query::Query, received::ReceivedRequest};

/// A whole response.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    fn json(status: StatusCode, body: String) -> Self {
        let json = HeaderValue::from_static("application/json");
        Self {
            status,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, json)]),
            body: body.into(),
        }
    }

    /// An error with the body that the service gives its errors.
    pub(super) fn problem(status: StatusCode, detail: &str) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self::json(status, json!({ "title": title, "detail": detail }).to_string())
    }

    /// Answers a request from the catalogue, as the API documents it.
    pub(super) fn new(request: &ReceivedRequest, token: &str, catalogue: &mut Catalogue) -> Self {
        match page(request, token, catalogue) {
            Ok(page) => Self::json(StatusCode::OK, page),
            Err((status, detail)) => {
                let mut answer = Self::problem(status, &detail);
                if status == StatusCode::METHOD_NOT_ALLOWED {
                    answer.headers.insert(ALLOW, HeaderValue::from_static("GET"));
                }
                answer
            }
        }
    }

    /// Whether the headers already say how long the body is.
    pub(super) fn declares_length(&self) -> bool {
        self.headers.contains_key(CONTENT_LENGTH) || self.headers.contains_key(TRANSFER_ENCODING)
    }
}

fn page(
    request: &ReceivedRequest,
    token: &str,
    catalogue: &mut Catalogue,
) -> Result<String, (StatusCode, Cow<'static, str>)> {
    let Some((operation, spec_id)) = Operation::route(request.path()) else {
        return Err((StatusCode::NOT_FOUND, "There is nothing at this path".into()));
    };
    if request.method() != Method::GET {
        return Err((StatusCode::METHOD_NOT_ALLOWED, "Only GET is allowed here".into()));
    }
    let mut tokens = request.header_map().get_all(AUTHORIZATION).iter();
    match (tokens.next(), tokens.next()) {
        (Some(given), None) if given.as_bytes() == token.as_bytes() => {}
        (None, _) => return Err((StatusCode::UNAUTHORIZED, "The token is missing".into())),
        _ => return Err((StatusCode::UNAUTHORIZED, "The token is not valid".into())),
    }
    let query =
        Query::parse(operation, &request.query_pairs()).map_err(|detail| (StatusCode::BAD_REQUEST, detail.into()))?;
    let page = catalogue.page(operation, &spec_id, &query);
    page.ok_or((StatusCode::NOT_FOUND, "There is no spec with this id".into()))
}
