//! Spans and events with the `tracing` feature; no-ops without it.
//!
//! Field names follow the OpenTelemetry semantic conventions for HTTP clients. No field holds the
//! token or the value of a filter or header.

#[cfg(feature = "tracing")]
pub(crate) use enabled::{RequestSpan, Span, rate_limited, with_subscriber};

#[cfg(not(feature = "tracing"))]
pub(crate) use disabled::{RequestSpan, Span, rate_limited, with_subscriber};

#[cfg(feature = "tracing")]
mod enabled {
    use std::time::Duration;

    use press_api_gen::{Operation, response::Head};
    use tracing::{
        field::Empty,
        instrument::{Instrument, WithSubscriber},
    };

    use crate::{
        error::{Error, spec_id},
        response::{request_id, shorten},
        session::Session,
    };

    /// The span of a request: one page, or a stream of pages.
    #[derive(Clone)]
    pub(crate) struct RequestSpan(tracing::Span);

    impl RequestSpan {
        pub(crate) fn new<O: Operation>(operation: &O) -> Self {
            Self(tracing::info_span!(
                "press_specs.request",
                "otel.name" = O::NAME,
                "otel.status_code" = Empty,
                "press.operation" = O::NAME,
                "press.spec_id" = spec_id(operation),
                "error.type" = Empty,
            ))
        }

        pub(crate) fn page<O: Operation>(&self, operation: &O, page_number: Option<u64>) -> Span {
            // Entered instead of `parent: &self.0`: a subscriber panics on an unknown parent, and
            // this one may belong to another subscriber.
            Span(self.0.in_scope(|| {
                tracing::info_span!(
                    "press_specs.page",
                    "otel.name" = O::NAME,
                    "otel.status_code" = Empty,
                    "press.operation" = O::NAME,
                    "press.spec_id" = spec_id(operation),
                    "press.page_number" = page_number,
                    "error.type" = Empty,
                )
            }))
        }

        pub(crate) fn failed(&self, error: &Error) {
            record_error(&self.0, error);
        }
    }

    /// The span of a page or of an attempt.
    pub(crate) struct Span(tracing::Span);

    impl Span {
        /// Returns the span of an attempt, a child of the current span.
        pub(crate) fn attempt<O: Operation>(session: &Session, resend_count: u32) -> Self {
            let url = &session.inner.url;
            Self(tracing::info_span!(
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
            ))
        }

        pub(crate) fn enter<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
            future.instrument(self.0.clone())
        }

        pub(crate) fn retry(&self, error: &Error, delay: Duration) {
            self.0.in_scope(|| {
                tracing::warn!(
                    {
                        "error.type" = error.kind().label(),
                        "http.response.status_code" = error.status(),
                        "press.retry_delay_ms" = milliseconds(delay),
                    },
                    "retrying the request"
                );
            });
        }

        pub(crate) fn succeeded(&self, head: &Head, session: &Session) {
            if self.0.is_disabled() {
                return;
            }
            self.0.record("http.response.status_code", head.status.as_u16());
            if let Some(id) = request_id(&head.headers) {
                let id = shorten(&session.redact(id), 200);
                self.0.record("http.response.header.x-request-id", id);
            }
        }

        /// Records the error. Only the span of an attempt has fields for its response.
        pub(crate) fn failed(&self, error: &Error) {
            record_error(&self.0, error);
            if let Some(status) = error.status() {
                self.0.record("http.response.status_code", status);
            }
            let response = error.response();
            if let Some(id) = response.and_then(|response| response.shown_request_id.as_ref()) {
                self.0.record("http.response.header.x-request-id", id);
            }
        }
    }

    /// Records that a request waits for the end of a rate limit.
    pub(crate) fn rate_limited(delay: Duration) {
        tracing::info!(
            { "press.rate_limit_delay_ms" = milliseconds(delay) },
            "waiting for a rate limit to end"
        );
    }

    /// Runs a task with the subscriber of the current thread.
    pub(crate) fn with_subscriber<F: Future>(future: F) -> impl Future<Output = F::Output> {
        future.with_current_subscriber()
    }

    fn record_error(span: &tracing::Span, error: &Error) {
        span.record("otel.status_code", "ERROR");
        span.record("error.type", error.kind().label());
    }

    fn milliseconds(duration: Duration) -> u64 {
        u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(not(feature = "tracing"))]
mod disabled {
    use std::time::Duration;

    use press_api_gen::{Operation, response::Head};

    use crate::{error::Error, session::Session};

    #[derive(Clone)]
    pub(crate) struct RequestSpan;

    impl RequestSpan {
        pub(crate) fn new<O: Operation>(_: &O) -> Self {
            Self
        }

        pub(crate) fn page<O: Operation>(&self, _: &O, _: Option<u64>) -> Span {
            Span
        }

        pub(crate) fn failed(&self, _: &Error) {}
    }

    pub(crate) struct Span;

    impl Span {
        #[expect(clippy::extra_unused_type_parameters, reason = "as with the feature")]
        pub(crate) fn attempt<O: Operation>(_: &Session, _: u32) -> Self {
            Self
        }

        pub(crate) fn enter<F: Future>(&self, future: F) -> F {
            future
        }

        pub(crate) fn retry(&self, _: &Error, _: Duration) {}

        pub(crate) fn succeeded(&self, _: &Head, _: &Session) {}

        pub(crate) fn failed(&self, _: &Error) {}
    }

    pub(crate) fn rate_limited(_: Duration) {}

    pub(crate) fn with_subscriber<F>(future: F) -> F {
        future
    }
}
