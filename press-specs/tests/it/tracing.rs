//! Spans and events of a call, as a subscriber sees them.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Arc, Mutex, Once},
};

use ::tracing::{
    Event, Instrument, Level, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::{DefaultGuard, set_default, set_global_default},
};
use futures::TryStreamExt;
use press_specs::mock::{Fault, MockPress};
use serde_json::json;
use tracing_subscriber::{Layer, layer::Context, layer::SubscriberExt, registry::LookupSpan};

use crate::{Outcome, client, ids};

type Fields = BTreeMap<String, String>;

/// A span or an event, with its fields as text.
#[derive(Clone, Debug)]
struct Seen {
    name: &'static str,
    level: Level,
    target: String,
    parent: Option<&'static str>,
    fields: Fields,
}

impl Seen {
    fn get(&self, field: &str) -> Option<&str> {
        self.fields.get(field).map(String::as_str)
    }
}

#[derive(Default)]
struct Log {
    spans: Vec<(Id, Seen)>,
    events: Vec<Seen>,
}

#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Log>>);

struct Reader<'a>(&'a mut Fields);

impl Visit for Reader<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::new();
        attributes.record(&mut Reader(&mut fields));
        let metadata = attributes.metadata();
        let parent = context.span(id).and_then(|span| span.parent()).map(|parent| parent.name());
        let (name, level, target) = (metadata.name(), *metadata.level(), metadata.target().to_owned());
        let seen = Seen { name, level, target, parent, fields };
        self.0.lock().expect("nobody panicked").spans.push((id.clone(), seen));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut log = self.0.lock().expect("nobody panicked");
        if let Some((_, seen)) = log.spans.iter_mut().rev().find(|(span, _)| span == id) {
            values.record(&mut Reader(&mut seen.fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::new();
        event.record(&mut Reader(&mut fields));
        let metadata = event.metadata();
        let parent = context.event_span(event).map(|span| span.name());
        let (name, level, target) = (metadata.name(), *metadata.level(), metadata.target().to_owned());
        let seen = Seen { name, level, target, parent, fields };
        self.0.lock().expect("nobody panicked").events.push(seen);
    }
}

impl Recorder {
    /// Records all that this thread does from now on.
    async fn start() -> Outcome<(Self, DefaultGuard)> {
        // A thread without a subscriber that is the first to meet a span would switch it off for all, at whatever moment it
        // gets to it. From here on, each has one.
        static LISTENING: Once = Once::new();
        LISTENING.call_once(|| set_global_default(tracing_subscriber::registry()).expect("no other global subscriber"));
        let recorder = Self::default();
        let guard = set_default(tracing_subscriber::registry().with(recorder.clone()));
        // Spans that were met before are switched on again, once all of them have been met.
        let mock = MockPress::builder().fault(Fault::status(503)).start()?;
        client(&mock)?.list_specs().page(1).await?;
        ::tracing::callsite::rebuild_interest_cache();
        *recorder.0.lock().expect("nobody panicked") = Log::default();
        Ok((recorder, guard))
    }

    fn spans(&self, name: &str) -> Vec<Seen> {
        let log = self.0.lock().expect("nobody panicked");
        log.spans.iter().map(|(_, seen)| seen).filter(|seen| seen.name == name).cloned().collect()
    }

    fn events(&self) -> Vec<Seen> {
        let log = self.0.lock().expect("nobody panicked");
        log.events.iter().filter(|event| event.target.starts_with("press_specs")).cloned().collect()
    }

    /// All that was recorded, of the crates below too.
    fn all(&self) -> String {
        let log = self.0.lock().expect("nobody panicked");
        format!("{:?} {:?}", log.spans, log.events)
    }
}

#[tokio::test]
async fn a_request_has_a_span_its_page_below_and_the_attempt_below_that() -> Outcome {
    let (recorder, _guard) = Recorder::start().await?;
    let mock = MockPress::builder().generated_specs(1).generated_deployments(1).start()?;
    let id = mock.spec_ids().remove(0);
    mock.fault(Fault::pass().header("x-request-id", "request-7"));
    client(&mock)?.list_spec_release_deployments(&id).page(1).await?;
    let port = mock.url().rsplit(':').next();
    let path = "/v1/specs/{specId}/releases/deployments";
    let operation = Some("list_spec_release_deployments");
    for (name, parent, fields) in [
        (
            "press_specs.request",
            None,
            &[("press.operation", operation), ("press.spec_id", Some(&*id)), ("otel.kind", None)][..],
        ),
        (
            "press_specs.page",
            Some("press_specs.request"),
            &[
                ("press.operation", operation),
                ("press.spec_id", Some(&*id)),
                ("press.page_number", Some("1")),
                ("otel.kind", None),
            ],
        ),
        (
            "press_specs.attempt",
            Some("press_specs.page"),
            &[
                ("otel.kind", Some("client")),
                ("otel.name", Some(&*format!("GET {path}"))),
                ("http.request.method", Some("GET")),
                ("http.request.resend_count", None),
                ("url.template", Some(path)),
                ("server.address", Some("127.0.0.1")),
                ("server.port", port),
                ("http.response.status_code", Some("200")),
                ("http.response.header.x-request-id", Some("request-7")),
            ],
        ),
    ] {
        let spans = recorder.spans(name);
        let [span] = spans.as_slice() else {
            return Err(format!("one {name}").into());
        };
        assert_eq!((span.parent, span.level, &*span.target), (parent, Level::INFO, "press_specs::trace"));
        let good = [("error.type", None), ("otel.status_code", None)];
        for (field, value) in fields.iter().chain(&good) {
            assert_eq!(span.get(field), *value, "{field} of {name}");
        }
    }
    assert!(recorder.events().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_stream_has_one_span_with_a_page_for_each() -> Outcome {
    for concurrency in [1, 3] {
        let (recorder, _guard) = Recorder::start().await?;
        let mock = MockPress::builder().generated_specs(9).start()?;
        let specs = client(&mock)?.list_specs().page_size(3).concurrency(concurrency);
        ids(specs.stream()).await?;
        assert_eq!(recorder.spans("press_specs.request").len(), 1);
        let pages = recorder.spans("press_specs.page");
        let mut numbers: Vec<_> = pages.iter().filter_map(|page| page.get("press.page_number")).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, ["1", "2", "3"]);
        assert!(pages.iter().all(|page| page.parent == Some("press_specs.request")));
    }
    Ok(())
}

#[tokio::test]
async fn a_request_belongs_to_the_span_in_which_it_is_polled_or_else_called() -> Outcome {
    let (recorder, _guard) = Recorder::start().await?;
    let mock = MockPress::builder().generated_specs(3).start()?;
    let specs = client(&mock)?.list_specs();
    let (outer, caller) = (::tracing::info_span!("outer"), ::tracing::info_span!("caller"));
    specs.clone().page(1).instrument(outer.clone()).await?;
    ids(specs.clone().stream()).instrument(outer).await?;
    caller.in_scope(|| specs.clone().page(1)).await?;
    let parents: Vec<_> = recorder.spans("press_specs.request").iter().map(|span| span.parent).collect();
    assert_eq!(parents, [Some("outer"), Some("outer"), Some("caller")]);
    Ok(())
}

#[tokio::test]
async fn blocking_calls_tell_the_subscriber_of_their_caller() -> Outcome {
    let (recorder, _guard) = Recorder::start().await?;
    let mock = MockPress::builder().generated_specs(3).start()?;
    let client = press_specs::blocking::get_client(mock.session()?)?;
    let outer = ::tracing::info_span!("outer");
    outer.in_scope(|| -> Outcome {
        client.list_specs().page(1)?;
        let items: Vec<_> = client.list_specs().iter().collect::<Result<_, _>>()?;
        assert_eq!(items.len(), 3);
        Ok(())
    })?;
    let parents = |name| recorder.spans(name).iter().map(|span| span.parent).collect::<Vec<_>>();
    assert_eq!(parents("press_specs.request"), [Some("outer"); 2]);
    assert_eq!(parents("press_specs.page"), [Some("press_specs.request"); 2]);
    Ok(())
}

#[tokio::test]
async fn each_attempt_has_a_span_and_each_retry_an_event() -> Outcome {
    let (recorder, _guard) = Recorder::start().await?;
    let mock = MockPress::builder()
        .generated_specs(3)
        .faults([Fault::status(503).header("x-request-id", "busy"), Fault::drop_connection()])
        .start()?;
    client(&mock)?.list_specs().page(None).await?;
    let expected = [
        (None, Some("503"), Some("service_unavailable"), Some("busy")),
        (Some("1"), None, Some("connection"), None),
        (Some("2"), Some("200"), None, None),
    ];
    let attempts = recorder.spans("press_specs.attempt");
    let found: Vec<_> = attempts
        .iter()
        .map(|span| {
            let fields = [
                "http.request.resend_count",
                "http.response.status_code",
                "error.type",
                "http.response.header.x-request-id",
            ];
            let [resends, status, error, id] = fields.map(|field| span.get(field));
            assert_eq!(span.get("otel.status_code"), error.map(|_| "ERROR"));
            (resends, status, error, id)
        })
        .collect();
    assert_eq!(found, expected);
    let events = recorder.events();
    assert_eq!(events.len(), 2);
    for (event, (_, status, error, _)) in events.iter().zip(expected) {
        assert_eq!((event.level, event.parent), (Level::WARN, Some("press_specs.attempt")));
        assert_eq!((event.get("http.response.status_code"), event.get("error.type")), (status, error));
        let delay: u64 = event.get("press.retry_delay_ms").ok_or("a delay")?.parse()?;
        assert!(delay <= 5, "{delay}");
    }
    let page = recorder.spans("press_specs.page").remove(0);
    assert_eq!((page.get("press.page_number"), page.get("error.type")), (None, None));
    Ok(())
}

#[tokio::test]
async fn a_failure_marks_the_attempt_and_the_spans_above() -> Outcome {
    for (fault, kind, attempts) in
        [(Fault::status(500), "internal_server_error", 4), (Fault::raw_body("nonsense"), "invalid_response", 1)]
    {
        let (recorder, _guard) = Recorder::start().await?;
        let mock = MockPress::builder().fault(fault.always()).start()?;
        assert!(client(&mock)?.list_specs().page(1).await.is_err());
        for (name, count) in [("press_specs.request", 1), ("press_specs.page", 1), ("press_specs.attempt", attempts)] {
            let spans = recorder.spans(name);
            assert_eq!(spans.len(), count, "{name}");
            for span in spans {
                assert_eq!((span.get("error.type"), span.get("otel.status_code")), (Some(kind), Some("ERROR")));
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn neither_the_token_nor_a_filter_is_recorded() -> Outcome {
    let (recorder, _guard) = Recorder::start().await?;
    let mock = MockPress::builder().token("Bearer s3cr3t").generated_specs(3).start()?;
    let client = client(&mock)?;
    mock.fault(Fault::pass().header("x-request-id", "s3cr3t"));
    client.list_specs().term("pr1vate").page(1).await?;
    client.list_spec_release_deployments("no-such-spec").name("pr1vate").title("pr1vate").page(1).await.map(drop).ok();
    for fault in [
        Fault::pass().header("x-request-id", "s3cr3t").cut_after(9).times(4),
        Fault::status(503).json(json!({ "title": "s3cr3t" })).header("x-request-id", "s3cr3t").times(4),
        Fault::raw_body("s3cr3t pr1vate"),
        Fault::drop_connection().times(4),
        Fault::redirect("http://127.0.0.1:1/s3cr3t", 302),
        Fault::raw_connection("HTTP/1.1 200 s3cr3t\r\ns3cr3t\r\n\r\n").times(4),
    ] {
        mock.fault(fault);
        let walk = client.list_specs().term("pr1vate").stream();
        assert!(walk.try_collect::<Vec<_>>().await.is_err());
    }
    let all = recorder.all();
    assert!(!all.contains("s3cr3t") && !all.contains("pr1vate"), "{all}");
    Ok(())
}
