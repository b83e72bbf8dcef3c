//! What a subscriber sees of a call: spans and fields, an event for each retry, and no secret.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Arc, Mutex},
};

use ::tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::{DefaultGuard, set_default},
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
        let parent = context
            .span(id)
            .and_then(|span| span.parent())
            .map(|parent| parent.name());
        let (name, level, target) = (metadata.name(), *metadata.level(), metadata.target().to_owned());
        let seen = Seen {
            name,
            level,
            target,
            parent,
            fields,
        };
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
        let seen = Seen {
            name,
            level,
            target,
            parent,
            fields,
        };
        self.0.lock().expect("nobody panicked").events.push(seen);
    }
}

impl Recorder {
    /// Records all that this thread does from now on.
    async fn start() -> Outcome<(Self, DefaultGuard)> {
        let recorder = Self::default();
        let guard = set_default(tracing_subscriber::registry().with(recorder.clone()));
        // Whether anybody listens to a span is remembered when it is first met, which other tests may do right now in
        // threads where nobody does. So meet all of them, then have it found out again.
        let mock = MockPress::builder().fault(Fault::status(503)).start()?;
        client(&mock)?.list_specs().page(1).await?;
        ::tracing::callsite::rebuild_interest_cache();
        *recorder.0.lock().expect("nobody panicked") = Log::default();
        Ok((recorder, guard))
    }

    fn spans(&self, name: &str) -> Vec<Seen> {
        let log = self.0.lock().expect("nobody panicked");
        log.spans
            .iter()
            .map(|(_, seen)| seen)
            .filter(|seen| seen.name == name)
            .cloned()
            .collect()
    }

    fn events(&self) -> Vec<Seen> {
        let log = self.0.lock().expect("nobody panicked");
        log.events
            .iter()
            .filter(|event| event.target.starts_with("press_specs"))
            .cloned()
            .collect()
    }

    /// All that was recorded, of the crates below too.
    fn all(&self) -> String {
        let log = self.0.lock().expect("nobody panicked");
        format!("{:?} {:?}", log.spans, log.events)
    }
}

#[tokio::test]
async fn a_call_has_a_span_with_the_usual_fields() -> Outcome {
    let (recorder, _guard) = Recorder::start().await?;
    let mock = MockPress::builder().generated_specs(3).start()?;
    client(&mock)?.list_specs().page(1).await?;

    let requests = recorder.spans("press_specs.request");
    assert_eq!(requests.len(), 1);
    assert_eq!(
        (requests[0].get("press.operation"), requests[0].parent),
        (Some("list_specs"), None)
    );

    let pages = recorder.spans("press_specs.page");
    let [page] = pages.as_slice() else {
        return Err("one page".into());
    };
    let port = mock.url().rsplit(':').next();
    for (field, value) in [
        ("http.request.method", Some("GET")),
        ("url.template", Some("/v1/specs/")),
        ("server.address", Some("127.0.0.1")),
        ("server.port", port),
        ("http.response.status_code", Some("200")),
        ("http.request.resend_count", Some("0")),
        ("press.operation", Some("list_specs")),
        ("press.page_number", Some("1")),
        ("otel.kind", Some("client")),
        ("otel.name", Some("GET /v1/specs/")),
        ("error.type", None),
        ("otel.status_code", None),
    ] {
        assert_eq!(page.get(field), value, "{field}");
    }
    assert_eq!(
        (page.parent, page.level, page.target.as_str()),
        (Some("press_specs.request"), Level::INFO, "press_specs::trace")
    );
    assert!(recorder.events().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_walk_has_a_span_with_one_for_each_page() -> Outcome {
    for concurrency in [1, 3] {
        let (recorder, _guard) = Recorder::start().await?;
        let mock = MockPress::builder()
            .generated_specs(1)
            .generated_deployments(9)
            .start()?;
        let id = mock.spec_ids().remove(0);
        let deployments = client(&mock)?
            .list_spec_release_deployments(&id)
            .page_size(3)
            .concurrency(concurrency);
        ids(deployments.stream()).await?;
        assert_eq!(recorder.spans("press_specs.request").len(), 1);
        let pages = recorder.spans("press_specs.page");
        let numbers: Vec<_> = pages.iter().map(|page| page.get("press.page_number")).collect();
        assert_eq!(numbers, [Some("1"), Some("2"), Some("3")]);
        for page in &pages {
            assert_eq!(page.parent, Some("press_specs.request"));
            assert_eq!(
                page.get("url.template"),
                Some("/v1/specs/{specId}/releases/deployments")
            );
            assert_eq!(page.get("press.operation"), Some("list_spec_release_deployments"));
        }
        assert!(!recorder.all().contains(&id), "the spec is not for everyone to see");
    }
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
async fn each_retry_is_an_event_with_reason_and_delay() -> Outcome {
    let (recorder, _guard) = Recorder::start().await?;
    let mock = MockPress::builder()
        .generated_specs(3)
        .faults([Fault::status(503), Fault::drop_connection()])
        .start()?;
    client(&mock)?.list_specs().page(None).await?;
    let events = recorder.events();
    let [first, second] = events.as_slice() else {
        return Err(format!("two events: {events:?}").into());
    };
    for event in [first, second] {
        assert_eq!((event.level, event.parent), (Level::WARN, Some("press_specs.page")));
        let delay: u64 = event.get("press.retry_delay_ms").ok_or("a delay")?.parse()?;
        assert!(delay <= 5, "{delay}");
    }
    assert_eq!(
        (first.get("error.type"), first.get("http.response.status_code")),
        (Some("ServiceUnavailable"), Some("503"))
    );
    assert_eq!(
        (second.get("error.type"), second.get("http.response.status_code")),
        (Some("Connection"), None)
    );
    let page = recorder.spans("press_specs.page").remove(0);
    assert_eq!(page.get("http.request.resend_count"), Some("2"));
    assert_eq!((page.get("press.page_number"), page.get("error.type")), (None, None));
    Ok(())
}

#[tokio::test]
async fn a_failed_call_is_marked_with_its_error() -> Outcome {
    let (recorder, _guard) = Recorder::start().await?;
    let mock = MockPress::builder()
        .generated_specs(3)
        .fault(Fault::status(500).always())
        .start()?;
    let client = client(&mock)?;
    assert!(client.list_specs().page(1).await.is_err());
    mock.clear_faults();
    mock.fault(Fault::raw_body("nonsense"));
    assert!(client.list_specs().page(1).await.is_err());
    assert!(client.list_specs().term("x".repeat(70_000)).page(1).await.is_err());
    let expected = [
        ("InternalServerError", Some("500"), "3"),
        ("InvalidResponse", Some("200"), "0"),
        ("InvalidParameter", None, "0"),
    ];
    let pages = recorder.spans("press_specs.page");
    assert_eq!(pages.len(), expected.len());
    for (page, (kind, status, resends)) in pages.iter().zip(expected) {
        assert_eq!(
            (page.get("error.type"), page.get("http.response.status_code")),
            (Some(kind), status)
        );
        assert_eq!(page.get("http.request.resend_count"), Some(resends));
        assert_eq!(page.get("otel.status_code"), Some("ERROR"));
    }
    assert_eq!(recorder.events().len(), 3);
    Ok(())
}

#[tokio::test]
async fn neither_the_token_nor_a_filter_is_recorded() -> Outcome {
    let (recorder, _guard) = Recorder::start().await?;
    let mock = MockPress::builder().token("Bearer s3cr3t").generated_specs(3).start()?;
    let client = client(&mock)?;
    client.list_specs().term("pr1vate").page(1).await?;
    client
        .list_spec_release_deployments("pr1vate-id")
        .name("pr1vate")
        .title("pr1vate")
        .page(1)
        .await
        .map(drop)
        .ok();
    for fault in [
        Fault::status(503).json(json!({ "title": "s3cr3t" })).times(4),
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
