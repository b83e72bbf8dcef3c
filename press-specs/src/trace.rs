//! What a call tells about itself: spans and events under the feature `tracing`, nothing without it.
//!
//! Field names are those of the OpenTelemetry semantic conventions for HTTP clients. No field holds the token, or the
//! value of a filter.

use std::time::Duration;

use press_api_gen::ListOperation;

use crate::{error::Error, session::Session};

#[cfg(feature = "tracing")]
use tracing::{
    Instrument,
    field::{self, Empty},
};

/// The span of what the caller asked for: one page, or a walk of pages.
#[derive(Clone)]
pub(crate) struct RequestSpan(#[cfg(feature = "tracing")] tracing::Span);

/// The span of one page with its attempts, within that of the request.
pub(crate) struct PageSpan(#[cfg(feature = "tracing")] tracing::Span);

#[cfg(feature = "tracing")]
impl RequestSpan {
    pub(crate) fn new<O: ListOperation>(_: &O) -> Self {
        Self(tracing::info_span!(
            "press_specs.request",
            "otel.name" = O::NAME,
            "press.operation" = O::NAME
        ))
    }

    pub(crate) fn page<O: ListOperation>(&self, _: &O, session: &Session, page_number: Option<u32>) -> PageSpan {
        PageSpan(tracing::info_span!(
            parent: &self.0,
            "press_specs.page",
            "otel.name" = format_args!("GET {}", O::PATH),
            "otel.kind" = "client",
            "otel.status_code" = Empty,
            "press.operation" = O::NAME,
            "press.page_number" = page_number,
            "http.request.method" = "GET",
            "url.template" = O::PATH,
            "server.address" = session.host(),
            "server.port" = session.port(),
            "http.response.status_code" = Empty,
            "http.request.resend_count" = Empty,
            "error.type" = Empty,
        ))
    }
}

#[cfg(feature = "tracing")]
impl PageSpan {
    pub(crate) async fn enter<F: Future>(&self, future: F) -> F::Output {
        future.instrument(self.0.clone()).await
    }

    pub(crate) fn retry(&self, error: &Error, delay: Duration) {
        tracing::warn!(
            parent: &self.0,
            {
                "error.type" = field::debug(error.kind()),
                "http.response.status_code" = error.status(),
                "http.request.resend_count" = error.attempts(),
                "press.retry_delay_ms" = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
            },
            "the request is tried again"
        );
    }

    pub(crate) fn succeeded(&self, status: u16, attempts: u32) {
        self.0.record("http.response.status_code", status);
        self.0.record("http.request.resend_count", attempts - 1);
    }

    pub(crate) fn failed(&self, error: &Error) {
        self.0.record("otel.status_code", "ERROR");
        self.0.record("error.type", field::debug(error.kind()));
        self.0
            .record("http.request.resend_count", error.attempts().saturating_sub(1));
        if let Some(status) = error.status() {
            self.0.record("http.response.status_code", status);
        }
    }
}

#[cfg(not(feature = "tracing"))]
impl RequestSpan {
    pub(crate) fn new(_: &impl ListOperation) -> Self {
        Self()
    }

    pub(crate) fn page(&self, _: &impl ListOperation, _: &Session, _: Option<u32>) -> PageSpan {
        PageSpan()
    }
}

#[cfg(not(feature = "tracing"))]
impl PageSpan {
    pub(crate) async fn enter<F: Future>(&self, future: F) -> F::Output {
        future.await
    }

    pub(crate) fn retry(&self, _: &Error, _: Duration) {}

    pub(crate) fn succeeded(&self, _: u16, _: u32) {}

    pub(crate) fn failed(&self, _: &Error) {}
}

/// Lets the subscriber of this thread see what `future` tells on another one.
#[cfg(all(feature = "blocking", feature = "tracing"))]
pub(crate) fn with_subscriber<F: Future>(future: F) -> impl Future<Output = F::Output> {
    use tracing::instrument::WithSubscriber;
    future.with_current_subscriber()
}

#[cfg(all(feature = "blocking", not(feature = "tracing")))]
pub(crate) fn with_subscriber<F: Future>(future: F) -> F {
    future
}
