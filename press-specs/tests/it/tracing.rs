//! Spans and events of a call, as OpenTelemetry receives them.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, Once},
};

use ::tracing::{
    Instrument, info_span,
    subscriber::{DefaultGuard, set_default, set_global_default},
};
use opentelemetry::{
    KeyValue,
    trace::{Event, SpanKind, Status, TracerProvider},
};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{SdkTracerProvider, SpanData, SpanExporter},
};
use press_specs::{
    RetryPolicy, blocking,
    mock::{Fault, Gate, MockPress},
};
use tracing_subscriber::{layer::SubscriberExt, registry};

use crate::{Outcome, PATIENCE, client, ids, page, until};

/// Keeps all spans that have ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Recorder {
    async fn export(&self, spans: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().expect("nobody panicked").extend(spans);
        Ok(())
    }
}

impl Recorder {
    /// Records the spans of this thread until the guard is dropped.
    pub(crate) async fn start() -> Outcome<(Self, DefaultGuard)> {
        // `tracing` disables a span for all threads if the first thread that reaches it has no
        // subscriber. A global subscriber prevents that.
        static LISTENING: Once = Once::new();
        LISTENING.call_once(|| set_global_default(registry()).expect("no other global subscriber"));
        let recorder = Self::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(recorder.clone()).build();
        let layer =
            tracing_opentelemetry::layer().with_level(true).with_tracer(provider.tracer("tests"));
        let guard = set_default(registry().with(layer));
        // Enables the spans that were reached before.
        let mock = MockPress::builder().fault(Fault::status(503)).start()?;
        client(&mock)?.list_specs().page(1).await?;
        ::tracing::callsite::rebuild_interest_cache();
        recorder.0.lock().expect("nobody panicked").clear();
        Ok((recorder, guard))
    }

    /// The spans of this crate with the names of their parents, in the order in which they ended:
    /// attempts, pages, requests.
    fn spans(&self) -> Vec<(SpanData, String)> {
        let spans = self.0.lock().expect("nobody panicked");
        let mut own = Vec::new();
        for span in spans.iter().filter(|span| is_own(&span.attributes)) {
            let parent = spans.iter().find(|it| it.span_context.span_id() == span.parent_span_id);
            let parent = parent.map_or_else(String::new, |parent| parent.name.to_string());
            own.push((span.clone(), parent));
        }
        own
    }

    /// Counts the spans of this name with a parent of that name.
    fn count(&self, name: &str, parent: &str) -> usize {
        let spans = self.spans();
        spans.iter().filter(|(span, of)| span.name == name && of == parent).count()
    }
}

fn field(attributes: &[KeyValue], name: &str) -> Option<String> {
    // Later values replace earlier ones.
    let found = attributes.iter().rev().find(|attribute| attribute.key.as_str() == name);
    found.map(|attribute| attribute.value.to_string())
}

fn is_own(attributes: &[KeyValue]) -> bool {
    field(attributes, "target").is_some_and(|target| target.starts_with("press_specs::trace"))
}

fn is_error(span: &SpanData) -> bool {
    span.status == Status::error("")
}

fn own_events(span: &SpanData) -> Vec<&Event> {
    span.events.iter().filter(|event| is_own(&event.attributes)).collect()
}

struct ExpectedSpan<'a> {
    name: &'a str,
    parent: &'a str,
    kind: SpanKind,
    attributes: &'a [(&'a str, &'a str)],
}

impl ExpectedSpan<'_> {
    /// Asserts that a span of a successful first attempt has these properties.
    fn assert_matches(&self, span: &SpanData, parent: &str) {
        assert_eq!(span.name, self.name);
        assert_eq!(parent, self.parent);
        assert_eq!(span.span_kind, self.kind);
        for (name, value) in self.attributes {
            let found = field(&span.attributes, name);
            assert_eq!(found.as_deref(), Some(*value), "{name} of {}", span.name);
        }
        assert_eq!(field(&span.attributes, "error.type"), None);
        assert_eq!(field(&span.attributes, "http.request.resend_count"), None);
        assert_eq!(span.status, Status::Unset);
        assert_eq!(own_events(span).len(), 0);
    }
}

#[tokio::test]
async fn requests_pages_and_attempts_have_nested_spans() -> Outcome {
    let (recorder, _guard) = Recorder::start().await?;
    let mock = MockPress::builder().generated_specs(1).generated_deployments(1).start()?;
    let id = mock.spec_ids().remove(0);
    mock.fault(Fault::pass().header("x-request-id", "request-7"));
    client(&mock)?.list_spec_release_deployments(&id).page(1).await?;
    let port = mock.url().rsplit(':').next().ok_or("a port")?;
    let path = "/v1/specs/{specId}/releases/deployments";
    let operation = "list_spec_release_deployments";
    let attempt = format!("GET {path}");
    let expected = [
        ExpectedSpan {
            name: &attempt,
            parent: operation,
            kind: SpanKind::Client,
            attributes: &[
                ("http.request.method", "GET"),
                ("url.template", path),
                ("server.address", "127.0.0.1"),
                ("server.port", port),
                ("http.response.status_code", "200"),
                ("http.response.header.x-request-id", "request-7"),
            ],
        },
        ExpectedSpan {
            name: operation,
            parent: operation,
            kind: SpanKind::Internal,
            attributes: &[
                ("press.operation", operation),
                ("press.spec_id", &id),
                ("press.page_number", "1"),
            ],
        },
        ExpectedSpan {
            name: operation,
            parent: "",
            kind: SpanKind::Internal,
            attributes: &[("press.operation", operation), ("press.spec_id", &id)],
        },
    ];
    let spans = recorder.spans();
    assert_eq!(spans.len(), expected.len());
    for ((span, parent), expected) in spans.iter().zip(expected) {
        expected.assert_matches(span, parent);
    }
    Ok(())
}

#[tokio::test]
async fn requests_belong_to_the_current_span() -> Outcome {
    let (recorder, _guard) = Recorder::start().await?;
    let mock = MockPress::builder().generated_specs(3).start()?;
    let specs = client(&mock)?.list_specs().page_size(1);
    let call = info_span!("called").in_scope(|| specs.clone().page(1));
    call.instrument(info_span!("polled")).await?;
    // A stream has one span, the parent of its pages.
    let stream = info_span!("stream").in_scope(|| specs.clone().stream());
    ids(stream).await?;
    let stream = info_span!("stream").in_scope(|| specs.concurrency(3).stream());
    ids(stream).await?;
    // The background thread has the subscriber of the caller.
    let specs = blocking::get_client(mock.session()?)?.list_specs().page_size(1);
    info_span!("blocking").in_scope(|| {
        specs.clone().page(1)?;
        specs.into_iter().try_for_each(|item| item.map(drop))
    })?;
    let requests = ["called", "polled", "stream", "blocking"]
        .map(|parent| recorder.count("list_specs", parent));
    assert_eq!(requests, [1, 0, 2, 2]);
    assert_eq!(recorder.count("list_specs", "list_specs"), 1 + 6 + 4);
    Ok(())
}

#[tokio::test]
async fn attempts_have_spans_and_retries_have_events() -> Outcome {
    const FIELDS: [&str; 4] = [
        "http.request.resend_count",
        "http.response.status_code",
        "error.type",
        "http.response.header.x-request-id",
    ];
    let (recorder, _guard) = Recorder::start().await?;
    let busy = Fault::status(503).header("x-request-id", "busy");
    let mock =
        MockPress::builder().generated_specs(3).faults([busy, Fault::drop_connection()]).start()?;
    client(&mock)?.list_specs().page(None).await?;
    let spans = recorder.spans();
    let expected = [
        [None, Some("503"), Some("service_unavailable"), Some("busy")],
        [Some("1"), None, Some("connection"), None],
        [Some("2"), Some("200"), None, None],
    ];
    for ((span, _), expected) in spans.iter().zip(expected) {
        let [_, status, error, _] = expected;
        for (name, value) in FIELDS.iter().zip(expected) {
            assert_eq!(field(&span.attributes, name).as_deref(), value, "{name}");
        }
        assert_eq!(is_error(span), error.is_some());
        assert_eq!(own_events(span).len(), usize::from(error.is_some()));
        for event in own_events(span) {
            let attributes = &event.attributes;
            assert_eq!(field(attributes, "level").as_deref(), Some("WARN"));
            assert_eq!(field(attributes, FIELDS[1]).as_deref(), status);
            assert_eq!(field(attributes, FIELDS[2]).as_deref(), error);
            let delay = field(attributes, "press.retry_delay_ms").ok_or("a delay")?;
            let delay: u64 = delay.parse()?;
            assert!(delay <= 5, "{delay}");
        }
    }
    for (span, _) in &spans[3..] {
        assert_eq!(field(&span.attributes, "press.page_number"), None);
        assert_eq!(field(&span.attributes, "error.type"), None);
    }
    Ok(())
}

#[tokio::test]
async fn failures_mark_the_attempt_and_its_parents() -> Outcome {
    for (fault, kind, spans) in [
        (Fault::status(500), "internal_server_error", 6),
        (Fault::raw_body("nonsense"), "invalid_response", 3),
    ] {
        let (recorder, _guard) = Recorder::start().await?;
        let mock = MockPress::builder().fault(fault.always()).start()?;
        assert!(client(&mock)?.list_specs().page(1).await.is_err());
        assert_eq!(recorder.spans().len(), spans);
        for (span, _) in recorder.spans() {
            assert_eq!(field(&span.attributes, "error.type").as_deref(), Some(kind));
            assert_eq!(span.status, Status::error(""));
        }
    }
    Ok(())
}

#[tokio::test]
async fn requests_can_move_to_another_subscriber() -> Outcome {
    let mock = MockPress::builder().generated_specs(1).fault(Fault::status(503)).start()?;
    let specs = client(&mock)?.list_specs();
    let (former, guard) = Recorder::start().await?;
    let page = specs.page(1);
    drop(guard);
    let (recorder, _guard) = Recorder::start().await?;
    page.await?;
    // The request belongs to the first subscriber, the page and its attempts to the second one.
    assert_eq!(former.spans().len(), 1);
    assert_eq!(recorder.spans().len(), 3);
    assert_eq!(recorder.count("list_specs", ""), 1);
    Ok(())
}

#[tokio::test]
async fn unneeded_prefetch_errors_do_not_mark_the_request() -> Outcome {
    let (recorder, _guard) = Recorder::start().await?;
    let gate = Gate::new();
    let bodies = [page(3, 1, ["a"]), page(2, 2, ["b"])].map(|body| body.to_string());
    let [first, second] = bodies.map(Fault::raw_body);
    let gone = Fault::status(404).on_page(3);
    let shrunk = second.on_page(2).held_by(&gate);
    let mock = MockPress::builder().faults([first.on_page(1), shrunk, gone]).start()?;
    let mut stream = client(&mock)?.list_specs().concurrency(3).stream();
    assert!(stream.try_next().await?.is_some());
    mock.wait_for_requests(3, PATIENCE).await?;
    // Page 3 fails before page 2 shows that the list has no such page.
    until(|| recorder.spans().iter().any(|(span, _)| is_error(span))).await?;
    gate.open();
    assert_eq!(ids(&mut stream).await?, ["b"]);
    drop(stream);
    until(|| recorder.count("list_specs", "") == 1).await?;
    for (span, parent) in recorder.spans() {
        if parent.is_empty() {
            assert_eq!(span.status, Status::Unset);
        }
    }
    Ok(())
}

#[tokio::test]
async fn auth_token_fn_uses_the_current_subscriber() -> Outcome {
    let (recorder, _guard) = Recorder::start().await?;
    let mock = MockPress::builder().token("a").generated_specs(1).start()?;
    let log_in = || async { Ok::<_, Infallible>("a".to_owned()) }.instrument(info_span!("log_in"));
    let session = mock.session_builder().auth_token_fn(log_in).build()?;
    // The function runs on the background thread, which has no subscriber.
    blocking::get_client(session)?.list_specs().page(1)?;
    let spans = recorder.0.lock().expect("nobody panicked");
    assert_eq!(spans.iter().filter(|span| span.name == "log_in").count(), 1);
    Ok(())
}

#[tokio::test]
async fn rate_limit_delays_are_events_without_retries() -> Outcome {
    let (recorder, _guard) = Recorder::start().await?;
    let limited = Fault::status(429).header("retry-after", "1");
    let mock = MockPress::builder().generated_specs(1).fault(limited).start()?;
    let specs = client(&mock)?.list_specs().retry(RetryPolicy::none());
    assert!(specs.clone().page(1).await.is_err());
    specs.page(1).await?;
    let mut delays = 0;
    for (span, _) in recorder.spans() {
        for event in own_events(&span) {
            if field(&event.attributes, "press.rate_limit_delay_ms").is_some() {
                delays += 1;
            }
        }
    }
    assert_eq!(delays, 1);
    Ok(())
}
