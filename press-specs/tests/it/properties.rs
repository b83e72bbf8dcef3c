//! Properties of response types and pagination, checked with generated cases.
//!
//! `PROPTEST_CASES` sets the number of cases:
//! `PROPTEST_CASES=100000 cargo test --release --all-features --test it properties::`

use std::{collections::BTreeMap, time::Duration};

use futures::{StreamExt, TryStreamExt};
use press_specs::{
    ErrorKind, ListSpecs, Position, RetryPolicy, Spec,
    mock::{Fault, MockPress, MockPressBuilder},
    types::{DeploymentPage, SpecPage},
};
use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::{BoxedStrategy, Just, Strategy, any, prop_assert, prop_assert_eq},
    prop_oneof, sample,
    test_runner::{TestCaseError, TestCaseResult},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Number, Value, json};

use crate::{Outcome, cases, client, ids, support::runtime, until};

const MAX_SPECS: usize = 40;

fn failed(error: impl std::fmt::Display) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}

/// Checks a property of a client. All cases use one mock.
fn check<S: Strategy>(
    count: u32,
    mock: MockPressBuilder,
    strategy: S,
    test: impl AsyncFn(&MockPress, &Spec, S::Value) -> TestCaseResult,
) -> Outcome {
    let runtime = runtime()?;
    let mock = mock.keep_requests(0).start()?;
    let client = client(&mock)?;
    let result = cases(count).run(&strategy, |case| {
        mock.clear_faults();
        runtime.block_on(test(&mock, &client, case))
    });
    result.map_err(|error| error.to_string().into())
}

/// A small JSON value.
fn json() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        any::<u64>().prop_map(Number::from),
        any::<i64>().prop_map(Number::from),
        any::<f64>().prop_filter_map("JSON has no such number", Number::from_f64),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number.prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(".{0,4}", inner, 0..4).prop_map(|fields| Value::from(Map::from_iter(fields))),
        ]
    })
}

/// Varies a value: different strings and numbers, more or fewer items, unknown fields, and missing
/// or null optional fields.
fn like(value: &Value) -> BoxedStrategy<Value> {
    match value {
        Value::Object(fields) => object(fields),
        Value::Array(items) => vec(like(&items[0]), 0..4).prop_map(Value::from).boxed(),
        Value::String(_) => {
            prop_oneof![Just(value.clone()), ".{0,12}".prop_map(Value::from)].boxed()
        }
        Value::Number(_) => prop_oneof![0..100_u64, any::<u64>()].prop_map(Value::from).boxed(),
        _ => any::<bool>().prop_map(Value::from).boxed(),
    }
}

fn object(fields: &Map<String, Value>) -> BoxedStrategy<Value> {
    const REQUIRED: [&str; 4] = ["id", "pageCount", "specs", "deployments"];
    let names: Vec<_> = fields.keys().cloned().collect();
    let mut known = Vec::new();
    for (name, value) in fields {
        let value = like(value).prop_map(Some);
        if REQUIRED.contains(&name.as_str()) {
            known.push(value.boxed());
        } else {
            let optional = prop_oneof![
                1 => Just(None),
                1 => Just(Some(Value::Null)),
                4 => value,
            ];
            known.push(optional.boxed());
        }
    }
    let unknown_names = prop_oneof!["[a-z]{1,6}", ".{0,6}", Just("extra".to_owned())];
    let unknown = btree_map(unknown_names, json(), 0..3);
    let object = (known, unknown).prop_map(move |(known, unknown)| {
        let mut object = Map::new();
        for (name, value) in names.iter().zip(known) {
            if let Some(value) = value {
                object.insert(name.clone(), value);
            }
        }
        for (name, value) in unknown {
            if !names.contains(&name) {
                object.insert(name, value);
            }
        }
        Value::from(object)
    });
    object.boxed()
}

fn metadata(status: &str) -> Value {
    json!({
        "name": "",
        "title": "",
        "summary": "",
        "description": "",
        "descriptionContentType": "",
        "imageUrl": "",
        "status": status,
        "tags": [{ "name": "" }],
        "createdAt": "2020-01-01T18:00:00.000Z",
        "createdBy": "",
    })
}

fn spec_page() -> BoxedStrategy<Value> {
    let release = json!({
        "id": "",
        "version": "",
        "notes": "",
        "createdAt": "2020-01-01",
        "createdBy": "",
    });
    let spec = json!({
        "id": "",
        "kind": "app",
        "featured": true,
        "scope": "shared",
        "latestRelease": release,
        "metadata": metadata("available"),
    });
    like(&json!({
        "pageCount": 1,
        "pageNumber": 1,
        "pageSize": 1,
        "specCount": 1,
        "specs": [spec],
    }))
}

fn deployment_page() -> BoxedStrategy<Value> {
    let revision = json!({
        "id": "",
        "revision": 1,
        "notes": "",
        "status": "deployed",
        "createdAt": "yesterday",
        "createdBy": "",
    });
    let deployment = json!({
        "id": "",
        "kind": "workflow",
        "latestRevision": revision,
        "metadata": metadata("delete_failed"),
        "spec": { "id": "", "release": { "version": "" } },
    });
    like(&json!({
        "pageCount": 1,
        "pageNumber": 1,
        "pageSize": 1,
        "deploymentCount": 1,
        "deployments": [deployment],
    }))
}

/// Removes null fields, which serializing may omit.
fn without_nulls(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(|field| *field = without_nulls(field.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = without_nulls(item.take())),
        _ => {}
    }
    value
}

/// Checks that decoding and encoding a page neither loses nor adds anything.
fn round_trip<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
    sent: &Value,
) -> TestCaseResult {
    let text = sent.to_string();
    // Numbers as serde_json reads them.
    let sent: Value = serde_json::from_str(&text).map_err(failed)?;
    let page: T = serde_json::from_str(&text).map_err(failed)?;
    let back = serde_json::to_value(&page).map_err(failed)?;
    prop_assert_eq!(&serde_json::from_value::<T>(back.clone()).map_err(failed)?, &page);
    prop_assert_eq!(without_nulls(back), without_nulls(sent));
    Ok(())
}

#[test]
fn pages_round_trip() -> Outcome {
    cases(100).run(&spec_page(), |page| round_trip::<SpecPage>(&page))?;
    cases(100).run(&deployment_page(), |page| round_trip::<DeploymentPage>(&page))?;
    Ok(())
}

/// Parts of pages, valid and invalid.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    r"\u",
    r"\ud83e",
    "null",
    "true",
    "-",
    "0",
    "1e999",
    "1.5",
    "-1",
    "\"id\"",
    "\"specs\"",
    "\"pageCount\"",
    "\"pageNumber\"",
    "\"metadata\"",
    "\"tags\"",
    "18446744073709551616",
    "é",
    " ",
    "\u{feff}",
    "\u{0}",
];

/// A change to a body at some position.
#[derive(Clone, Debug)]
struct Damage {
    position: sample::Index,
    /// Replaces one byte.
    byte: Option<u8>,
    /// Without a byte, the number of bytes to remove. 0 cuts off the rest.
    length: usize,
}

impl Damage {
    fn apply(&self, body: &mut Vec<u8>) {
        let position = self.position.index(body.len() + 1);
        match self.byte {
            Some(byte) if position < body.len() => body[position] = byte,
            _ if self.length == 0 => body.truncate(position),
            _ => {
                let end = (position + self.length).min(body.len());
                body.drain(position..end);
            }
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    (any::<sample::Index>(), option::of(any::<u8>()), 0..20_usize)
        .prop_map(|(position, byte, length)| Damage { position, byte, length })
}

/// A body that may be a page, a damaged page or anything else.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let pages = prop_oneof![spec_page(), deployment_page(), json()];
    let pieces = vec(sample::select(PIECES), 0..60);
    prop_oneof![
        2 => vec(any::<u8>(), 0..200),
        3 => pieces.prop_map(|pieces| pieces.concat().into_bytes()),
        5 => (pages, vec(damage(), 0..3)).prop_map(|(page, damages)| {
            let mut body = page.to_string().into_bytes();
            for damage in damages {
                damage.apply(&mut body);
            }
            body
        }),
    ]
}

/// Any response, with its status if the head is valid.
fn response() -> impl Strategy<Value = (Option<u16>, Fault)> {
    let statuses = prop_oneof![
        16 => Just(200_u16),
        2 => 200..300_u16,
        1 => 300..408_u16,
        1 => 409..429_u16,
    ];
    let heads = sample::select(vec![
        "",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 40\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n",
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n\u{1f}",
        "HTTP/1.1 404 Not Found\r\n\r\n",
        "HTTP/1.1 302 Found\r\nlocation: ",
        "HTTP/1.1 ",
        "HTTP/1.1 200 OK\r\nretry-after: ",
    ]);
    let http = |(status, body): (u16, Vec<u8>)| {
        (Some(status), Fault::status(status).body("application/json", body))
    };
    let bytes = |(head, body): (&str, Vec<u8>)| {
        (None, Fault::raw_connection([head.as_bytes(), &body].concat()))
    };
    prop_oneof![3 => (statuses, body()).prop_map(http), 1 => (heads, body()).prop_map(bytes)]
}

#[test]
fn any_response_is_a_page_or_an_error() -> Outcome {
    let strategy = (response(), any::<bool>());
    check(
        400,
        MockPress::builder(),
        strategy,
        async |mock, client, ((status, fault), deployments)| {
            mock.fault(fault);
            let error = if deployments {
                let request = client.list_spec_release_deployments("s").retry(RetryPolicy::none());
                request.page(1).await.err()
            } else {
                client.list_specs().retry(RetryPolicy::none()).page(1).await.err()
            };
            let Some(error) = error else {
                prop_assert!(
                    status.is_none_or(|status| (200..300).contains(&status)),
                    "{:?} gives a page",
                    status
                );
                return Ok(());
            };
            let shown = format!("{error} {error:?} {error:#?}");
            prop_assert!(shown.len() < 20_000, "{}", shown);
            prop_assert_eq!(error.attempts(), 1);
            prop_assert_eq!(error.page_number(), Some(1));
            if let Some(response) = error.response() {
                // No accessor panics.
                let _ = response.text();
                let _ = response.title();
                let _ = response.detail();
                let _ = response.json();
                let _ = response.request_id();
                let _ = response.retry_after();
            }
            if let Some(status) = status {
                prop_assert_eq!(error.status(), Some(status), "{}", shown);
                // The body of a wrong page has been decoded and is no longer available.
                let has_body = error.response().is_some() || shown.contains("another page");
                prop_assert!(has_body, "{}", shown);
            }
            Ok(())
        },
    )
}

/// Transient faults of successive requests for a page.
fn transient_faults() -> impl Strategy<Value = Vec<Fault>> {
    let fault = prop_oneof![
        4 => sample::select(vec![408_u16, 425, 429, 500, 502, 503, 504, 520, 529])
            .prop_map(Fault::status),
        1 => Just(Fault::status(429).header("retry-after", "0")),
        1 => Just(Fault::status(503).html("<html>").cut_after(3)),
        2 => Just(Fault::drop_connection()),
        // Cuts inside the body. After a complete body, the next request would fail instead.
        2 => (0..60_usize).prop_map(|bytes| Fault::pass().cut_after(bytes)),
    ];
    vec(fault, 0..4)
}

/// Replaces the specs of the mock, and returns the ids.
fn generate_specs(mock: &MockPress, count: usize) -> Vec<String> {
    mock.clear_catalogue();
    mock.add_generated_specs(count as u64);
    mock.spec_ids()
}

#[test]
fn transient_faults_lose_no_items() -> Outcome {
    let strategy =
        (0..=MAX_SPECS, 1..12_u64, btree_map(1..12_u64, transient_faults(), 0..4), 1..4_usize);
    check(
        50,
        MockPress::builder(),
        strategy,
        async |mock, client, (count, size, faults, concurrency)| {
            let expected = generate_specs(mock, count);
            for (number, faults) in faults {
                mock.faults(faults.into_iter().map(|fault| fault.on_page(number)));
            }
            let specs = client.list_specs().page_size(size).concurrency(concurrency);
            prop_assert_eq!(ids(specs.stream()).await.map_err(failed)?, expected);
            Ok(())
        },
    )
}

#[test]
fn resumed_streams_yield_every_item() -> Outcome {
    // The number of items and the concurrency of each stream.
    let pieces = vec((0..15_usize, 1..6_usize), 0..12);
    let strategy =
        (0..=MAX_SPECS, option::of(1..12_u64), pieces, vec(1..12_u64, 0..3), any::<bool>());
    check(
        80,
        MockPress::builder(),
        strategy,
        async |mock, client, (count, size, pieces, failures, detect)| {
            let expected = generate_specs(mock, count);
            mock.faults(failures.into_iter().map(|page| Fault::status(403).on_page(page)));
            let specs = client.list_specs().detect_changes(detect);
            let mut position = specs.clone().maybe(size, ListSpecs::page_size).stream().position();
            let mut received = Vec::new();
            // Up to two streams end with a failure, so the last ones read the rest.
            for (length, concurrency) in pieces.into_iter().chain([(usize::MAX, 2); 4]) {
                let stored = serde_json::to_string(&position).map_err(failed)?;
                prop_assert!(stored.len() < 40, "{}", stored);
                let restored: Position = serde_json::from_str(&stored).map_err(failed)?;
                let specs = specs.clone().concurrency(concurrency).resume(restored);
                let mut stream = specs.maybe(size, ListSpecs::page_size).stream();
                let items: Vec<_> = stream.by_ref().take(length).collect().await;
                for item in items {
                    match item {
                        Ok(item) => received.push(item.id),
                        Err(error) => prop_assert_eq!(error.kind(), ErrorKind::Forbidden),
                    }
                }
                position = stream.position();
            }
            prop_assert_eq!(received, expected);
            Ok(())
        },
    )
}

#[derive(Clone, Debug, Default)]
struct ScriptedPage {
    items: usize,
    /// `None` for the number of scripted pages.
    page_count: Option<u64>,
    delay: Duration,
}

fn scripted_page() -> impl Strategy<Value = ScriptedPage> {
    let page_count = prop_oneof![4 => 0..16_u64, 1 => Just(u64::MAX)];
    (0..4_usize, option::weighted(0.2, page_count), 0..4_u64).prop_map(
        |(items, page_count, milliseconds)| {
            let delay = Duration::from_millis(milliseconds);
            ScriptedPage { items, page_count, delay }
        },
    )
}

fn script(mock: &MockPress, pages: &[ScriptedPage], faults: &BTreeMap<u64, Fault>) {
    // Ends lists whose page count is too large.
    const LAST: u64 = 20;
    mock.clear_faults();
    mock.faults(faults.iter().map(|(&number, fault)| fault.clone().on_page(number)));
    for number in 1..=LAST {
        let page = pages.get(number as usize - 1).cloned().unwrap_or_default();
        let mut page_count = page.page_count.unwrap_or(pages.len() as u64);
        if number == LAST {
            page_count = 0;
        }
        let mut specs = Vec::new();
        for item in 0..page.items {
            specs.push(json!({ "id": format!("{number}.{item}") }));
        }
        let body = json!({ "pageCount": page_count, "pageNumber": number, "specs": specs });
        let fault = Fault::raw_body(body.to_string()).delay(page.delay);
        mock.fault(fault.on_page(number).always());
    }
}

#[test]
fn concurrent_streams_equal_sequential_ones() -> Outcome {
    let fault = prop_oneof![
        3 => sample::select(vec![408_u16, 429, 500, 503]).prop_map(Fault::status),
        1 => sample::select(vec![400_u16, 403, 503])
            .prop_map(|status| Fault::status(status).always()),
        1 => Just(Fault::raw_body("<html>").always()),
    ];
    let pages = vec(scripted_page(), 0..14);
    let strategy = (pages, btree_map(1..16_u64, fault, 0..3), 1..9_usize, 1..4_u64);
    check(
        60,
        MockPress::builder(),
        strategy,
        async |mock, client, (pages, faults, concurrency, start)| {
            // Collects the ids of the items, and the error at the end.
            let collect = async |concurrency| {
                script(mock, &pages, &faults);
                let specs = client.list_specs().start_page(start).concurrency(concurrency);
                let ids = specs.stream().map_ok(|item| item.id);
                let results =
                    ids.map_err(|error| (error.kind(), error.page_number(), error.status()));
                results.collect::<Vec<_>>().await
            };
            let sequential = collect(1).await;
            until(|| mock.in_flight() == 0).await.map_err(failed)?;
            mock.clear_requests();
            prop_assert_eq!(collect(concurrency).await, sequential);
            prop_assert!(mock.in_flight_max() <= concurrency);
            Ok(())
        },
    )
}

#[test]
fn any_text_is_a_position_or_an_error() -> Outcome {
    let text = prop_oneof![
        "v1[.pisned0-9+é ]{0,12}",
        r"v1(\.p[0-4]\.i[0-4]|\.end)(\.s[0-4])?(\.n[0-9])?",
        r"v1\.p[0-9]{1,20}\.i[0-9]{1,20}(\.s[0-9]{1,20})?(\.n[0-9]{1,20})?",
    ];
    check(200, MockPress::builder().generated_specs(9), text, async |_, client, text: String| {
        match text.parse::<Position>() {
            Ok(position) => {
                prop_assert_eq!(position.to_string(), text);
                let items: Vec<_> = client.list_specs().resume(position).stream().collect().await;
                prop_assert!(items.len() <= 9);
                for error in items.iter().filter_map(|item| item.as_ref().err()) {
                    prop_assert_eq!(error.kind(), ErrorKind::ListChanged);
                }
            }
            Err(error) => prop_assert_eq!(error.kind(), ErrorKind::InvalidParameter),
        }
        Ok(())
    })
}
