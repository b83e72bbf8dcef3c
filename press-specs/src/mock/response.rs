//! Responses as the Press API documents them, before a fault changes them.

use std::borrow::Cow;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{ALLOW, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING},
};
use serde_json::json;

use super::{catalogue::Catalogue, operation::Operation, query::Query, received::ReceivedRequest};

pub(super) type Response = http::Response<Bytes>;

fn json(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let media_type = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response
}

/// Makes an error with the body that the service gives its errors.
pub(super) fn problem(status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("Error");
    json(status, json!({ "title": title, "detail": detail }).to_string())
}

/// Responds from the catalogue.
pub(super) fn respond(request: &ReceivedRequest, token: &str, catalogue: &mut Catalogue) -> Response {
    let (status, detail) = match page(request, token, catalogue) {
        Ok(page) => return json(StatusCode::OK, page),
        Err(problem) => problem,
    };
    let mut response = problem(status, &detail);
    if status == StatusCode::METHOD_NOT_ALLOWED {
        let allowed = HeaderValue::from_static("GET");
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
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
    let query = Query::parse(operation, &request.query_pairs());
    let query = query.map_err(|detail| (StatusCode::BAD_REQUEST, detail.into()))?;
    let page = catalogue.page(operation, &spec_id, &query);
    page.ok_or((StatusCode::NOT_FOUND, "There is no spec with this id".into()))
}

/// Returns `true` if the headers already say how long the body is.
pub(super) fn declare_length(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING)
}
