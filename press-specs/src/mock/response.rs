//! Responses as the Press API documents them, before a fault changes them.

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{ALLOW, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING},
};
use serde_json::{Value, json};

use super::{
    catalogue::Catalogue,
    operation::{Operation, Query},
    received::ReceivedRequest,
};

pub(super) type Response = http::Response<Bytes>;

/// Creates a response with a JSON body.
fn json(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(body.to_string().into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Creates an error response with the same body format as the service.
pub(super) fn problem(status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("Error");
    let mut response = json(status, &json!({ "title": title, "detail": detail }));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
    }
    response
}

/// Responds from the catalogue.
pub(super) fn respond(request: &ReceivedRequest, token: &str, catalogue: &Catalogue) -> Response {
    let Some((operation, spec_id)) = Operation::route(request.path()) else {
        return problem(StatusCode::NOT_FOUND, "There is nothing at this path");
    };
    if request.method() != Method::GET {
        return problem(StatusCode::METHOD_NOT_ALLOWED, "Only GET is allowed here");
    }
    let tokens: Vec<_> = request.headers.get_all(AUTHORIZATION).iter().collect();
    match tokens[..] {
        [] => return problem(StatusCode::UNAUTHORIZED, "The token is missing"),
        [given] if given.as_bytes() == token.as_bytes() => {}
        _ => return problem(StatusCode::UNAUTHORIZED, "The token is not valid"),
    }
    let query = match Query::new(operation, &request.query_pairs()) {
        Ok(query) => query,
        Err(detail) => return problem(StatusCode::BAD_REQUEST, &detail),
    };
    match catalogue.page(operation, &spec_id, &query) {
        Some(page) => json(StatusCode::OK, &page),
        None => problem(StatusCode::NOT_FOUND, "There is no spec with this id"),
    }
}

/// Returns `true` if the headers already declare the length of the body.
pub(super) fn declare_length(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING)
}

/// Returns the bytes of the head, even if it misstates the body length.
pub(super) fn head(response: &Response) -> Bytes {
    let status = response.status();
    let headers = response.headers();
    let reason = status.canonical_reason().unwrap_or("Scripted");
    let mut head =
        format!("HTTP/1.1 {} {reason}\r\nconnection: close\r\n", status.as_u16()).into_bytes();
    for (name, value) in headers {
        head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    if !declare_length(headers) {
        head.extend(format!("content-length: {}\r\n", response.body().len()).into_bytes());
    }
    head.extend(b"\r\n");
    head.into()
}
