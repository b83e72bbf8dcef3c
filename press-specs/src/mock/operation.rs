//! The two operations, and how the mock answers them when nothing is scripted.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::catalogue::Catalogue;
use super::query;
use super::received::ReceivedRequest;

/// Names an operation of the Press API, to script a fault for one and not the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Lists specs: `GET /v1/specs/`.
    ListSpecs,
    /// Lists the deployments of a spec's releases: `GET /v1/specs/{specId}/releases/deployments`.
    ListSpecReleaseDeployments,
}

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route<'a> {
    Specs,
    Deployments { spec_id: Cow<'a, str> },
}

impl Route<'_> {
    /// Finds the operation of a path as it was received, still percent-encoded.
    pub(super) fn of(path: &str) -> Option<Route<'_>> {
        if path == "/v1/specs/" {
            return Some(Route::Specs);
        }
        let spec_id = path.strip_prefix("/v1/specs/")?.strip_suffix("/releases/deployments")?;
        if spec_id.is_empty() || spec_id.contains('/') {
            return None;
        }
        let spec_id = percent_decode_str(spec_id).decode_utf8().ok()?;
        Some(Route::Deployments { spec_id })
    }

    pub(super) fn operation(&self) -> Operation {
        match self {
            Route::Specs => Operation::ListSpecs,
            Route::Deployments { .. } => Operation::ListSpecReleaseDeployments,
        }
    }
}

/// A whole response, before anything is done to it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) fn new(status: StatusCode, media_type: &'static str, body: Bytes) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        Answer { status, headers, body }
    }

    pub(super) fn json(status: StatusCode, value: &Value) -> Answer {
        Answer::new(status, "application/json", value.to_string().into())
    }

    /// An error with the body that the service gives its errors.
    pub(super) fn problem(status: StatusCode, detail: &str) -> Answer {
        let title = status.canonical_reason().unwrap_or("Error");
        Answer::json(status, &json!({ "title": title, "detail": detail }))
    }
}

/// Answers a request from the catalogue, as the contract says.
pub(super) fn answer(request: &ReceivedRequest, token: &str, catalogue: &mut Catalogue) -> Answer {
    let Some(route) = Route::of(request.path()) else {
        return Answer::problem(StatusCode::NOT_FOUND, "There is nothing at this path");
    };
    if request.method() != Method::GET.as_str() {
        let detail = "Only GET is allowed here";
        let mut answer = Answer::problem(StatusCode::METHOD_NOT_ALLOWED, detail);
        let allowed = HeaderValue::from_static("GET");
        answer.headers.insert(ALLOW, allowed);
        return answer;
    }
    let mut tokens = request.header_map().get_all(AUTHORIZATION).into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(given), None) if given.as_bytes() == token.as_bytes() => {}
        (None, _) => return Answer::problem(StatusCode::UNAUTHORIZED, "The token is missing"),
        _ => return Answer::problem(StatusCode::UNAUTHORIZED, "The token is not valid"),
    }
    let operation = route.operation();
    let (selection, paging) = match query::parse(operation, request.raw_query()) {
        Ok(parsed) => parsed,
        Err(detail) => return Answer::problem(StatusCode::BAD_REQUEST, &detail),
    };
    let page = match route {
        Route::Specs => Some(catalogue.specs_page(selection, paging)),
        Route::Deployments { spec_id } => catalogue.deployments_page(&spec_id, selection, paging),
    };
    match page {
        Some(page) => Answer::new(StatusCode::OK, "application/json", page.into()),
        None => Answer::problem(StatusCode::NOT_FOUND, "There is no spec with this id"),
    }
}
