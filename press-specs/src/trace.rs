//! Spans and events under the feature `tracing`; nothing without it.
//!
//! Field names are those of the OpenTelemetry semantic conventions for HTTP clients. No field holds
//! the token, the value of a filter or that of a header.

#![cfg_attr(not(feature = "tracing"), allow(unused_variables))]

use std::time::Duration;

use press_api_gen::{Operation, hooks::Head};

use crate::{error::Error, session::Session};

#[cfg(feature = "tracing")]
use std::sync::{Arc, OnceLock};
#[cfg(feature = "tracing")]
use tracing::{
    field::Empty,
    instrument::{Instrument, WithSubscriber},
};

/// The span of a request: one page, or a stream of pages.
///
/// It starts with the first page, below the span in which that is polled, or else below that of the
/// call.
#[derive(Clone)]
pub(crate) struct RequestSpan(#[cfg(feature = "tracing")] Arc<Lazy>);

#[cfg(feature = "tracing")]
struct Lazy {
    caller: tracing::Span,
    span: OnceLock<tracing::Span>,
}

/// The span of one page with its attempts, below that of the request, or of one attempt, below that
/// of the page.
pub(crate) struct Span(#[cfg(feature = "tracing")] tracing::Span);

impl RequestSpan {
    pub(crate) fn new() -> Self {
        Self(
            #[cfg(feature = "tracing")]
            Arc::new(Lazy { caller: tracing::Span::current(), span: OnceLock::new() }),
        )
    }

    #[cfg(feature = "tracing")]
    fn span<O: Operation>(&self, operation: &O) -> &tracing::Span {
        // Scopes in place of `parent`: a subscriber panics at a parent that it does not know, such
        // as a span of another one.
        self.0.span.get_or_init(|| {
            let span = || {
                tracing::info_span!(
                    "press_specs.request",
                    "otel.name" = O::NAME,
                    "otel.status_code" = Empty,
                    "press.operation" = O::NAME,
                    "press.spec_id" = crate::error::spec_id(operation),
                    "error.type" = Empty,
                )
            };
            if tracing::Span::current().is_none() { self.0.caller.in_scope(span) } else { span() }
        })
    }

    pub(crate) fn page<O: Operation>(&self, operation: &O, page_number: Option<u32>) -> Span {
        Span(
            #[cfg(feature = "tracing")]
            self.span(operation).in_scope(|| {
                tracing::info_span!(
                    "press_specs.page",
                    "otel.name" = O::NAME,
                    "otel.status_code" = Empty,
                    "press.operation" = O::NAME,
                    "press.spec_id" = crate::error::spec_id(operation),
                    "press.page_number" = page_number,
                    "error.type" = Empty,
                )
            }),
        )
    }

    pub(crate) fn failed(&self, error: &Error) {
        #[cfg(feature = "tracing")]
        if let Some(span) = self.0.span.get() {
            record_error(span, error);
        }
    }
}

impl Span {
    /// Returns the span of an attempt; belongs within that of the page.
    pub(crate) fn attempt<O: Operation>(session: &Session, resend_count: u32) -> Self {
        #[cfg(feature = "tracing")]
        let url = &session.inner.url;
        Self(
            #[cfg(feature = "tracing")]
            tracing::info_span!(
                "press_specs.attempt",
                "otel.name" = format_args!("{} {}", O::METHOD, O::PATH),
                "otel.kind" = "client",
                "otel.status_code" = Empty,
                "http.request.method" = O::METHOD,
                "http.request.resend_count" = (resend_count > 0).then_some(resend_count),
                "url.template" = O::PATH,
                "server.address" = url.host_str(),
                "server.port" = url.port_or_known_default(),
                "http.response.status_code" = Empty,
                "http.response.header.x-request-id" = Empty,
                "error.type" = Empty,
            ),
        )
    }

    pub(crate) fn enter<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
        #[cfg(feature = "tracing")]
        let future = future.instrument(self.0.clone());
        future
    }

    pub(crate) fn retry(&self, error: &Error, delay: Duration) {
        #[cfg(feature = "tracing")]
        self.0.in_scope(|| {
            tracing::warn!(
                {
                    "error.type" = error.kind().label(),
                    "http.response.status_code" = error.status(),
                    "press.retry_delay_ms" = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
                },
                "the request is retried"
            );
        });
    }

    pub(crate) fn succeeded(&self, head: &Head, session: &Session) {
        #[cfg(feature = "tracing")]
        {
            self.0.record("http.response.status_code", head.status.as_u16());
            if let Some(id) = crate::response::request_id(&head.headers) {
                let id = session.redact(id);
                self.0.record(
                    "http.response.header.x-request-id",
                    crate::response::shorten(&id, 200),
                );
            }
        }
    }

    /// Notes the error; a page has no field for a response.
    pub(crate) fn failed(&self, error: &Error) {
        #[cfg(feature = "tracing")]
        {
            record_error(&self.0, error);
            if let Some(status) = error.status() {
                self.0.record("http.response.status_code", status);
            }
            if let Some(id) =
                error.response().and_then(|response| response.shown_request_id.as_ref())
            {
                self.0.record("http.response.header.x-request-id", id);
            }
        }
    }
}

#[cfg(feature = "tracing")]
fn record_error(span: &tracing::Span, error: &Error) {
    span.record("otel.status_code", "ERROR");
    span.record("error.type", error.kind().label());
}

/// Hands the subscriber of the current thread on to a task.
pub(crate) fn with_subscriber<F: Future>(future: F) -> impl Future<Output = F::Output> {
    #[cfg(feature = "tracing")]
    let future = future.with_current_subscriber();
    future
}
