//! Properties of the response types and of paging, on generated cases.
//!
//! `PROPTEST_CASES` sets how many: `PROPTEST_CASES=100000 cargo test --release --all-features --test it properties::`

use std::collections::BTreeMap;

use futures::StreamExt;
use press_specs::{
    Error, ErrorKind, ListSpecs, Position, Session, get_client,
    mock::{Fault, MockPress},
    types::{DeploymentPage, SpecPage},
};
use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::{BoxedStrategy, Just, Strategy, any, prop, prop_assert, prop_assert_eq},
    prop_oneof, sample,
    test_runner::{TestCaseError, TestCaseResult},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Number, Value};
use tokio::runtime::{Builder, Runtime};

use crate::{Outcome, cases, ids};

fn failed(error: impl std::fmt::Display) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}

fn runtime() -> Outcome<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

/// Any JSON value, not too large.
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

fn text() -> BoxedStrategy<Value> {
    ".{0,12}".prop_map(Value::from).boxed()
}

fn word(of: &'static [&'static str]) -> BoxedStrategy<Value> {
    prop_oneof![4 => sample::select(of).prop_map(Value::from), 1 => text()].boxed()
}

fn count() -> BoxedStrategy<Value> {
    prop_oneof![0..100_u64, any::<u64>()].prop_map(Value::from).boxed()
}

fn list(items: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    vec(items, 0..4).prop_map(Value::from).boxed()
}

type Field = (&'static str, BoxedStrategy<Value>);

/// An object with these fields, where the optional ones may be missing or null, and with unknown ones. `texts` names
/// optional fields of text.
fn object<const N: usize>(required: Vec<Field>, texts: &'static str, others: [Field; N]) -> BoxedStrategy<Value> {
    let optional: Vec<_> = texts.split_whitespace().map(|name| (name, text())).chain(others).collect();
    let names: Vec<_> = required.iter().chain(&optional).map(|(name, _)| *name).collect();
    let required = required.into_iter().map(|(name, value)| value.prop_map(move |value| (name, Some(value))).boxed());
    let optional = optional.into_iter().map(|(name, value)| {
        let value = prop_oneof![1 => Just(None), 1 => Just(Some(Value::Null)), 4 => value.prop_map(Some)];
        value.prop_map(move |value| (name, value)).boxed()
    });
    let known: Vec<_> = required.chain(optional).collect();
    let unknown = btree_map(prop_oneof!["[a-z]{1,6}", ".{0,6}", Just("extra".to_owned())], json(), 0..3);
    (known, unknown)
        .prop_map(move |(known, mut unknown)| {
            unknown.retain(|name, _| !names.contains(&name.as_str()));
            let known = known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
            Value::from(Map::from_iter(known.chain(unknown)))
        })
        .boxed()
}

const TIMES: &[&str] = &["2020-01-01T18:00:00.000Z", "2020-01-01", "yesterday", ""];
const KINDS: &[&str] = &["app", "workflow", "service"];
const STATUSES: &[&str] = &["available", "archived", "deployed", "delete_failed"];

fn metadata() -> BoxedStrategy<Value> {
    let texts = "name title summary description descriptionContentType imageUrl createdBy";
    let tags = list(object(vec![], "name", []));
    object(vec![], texts, [("status", word(STATUSES)), ("tags", tags), ("createdAt", word(TIMES))])
}

fn spec() -> BoxedStrategy<Value> {
    let release = object(vec![], "id version notes createdBy", [("createdAt", word(TIMES))]);
    let scope = word(&["private", "public", "shared"]);
    let featured = any::<bool>().prop_map(Value::from).boxed();
    let others = [
        ("kind", word(KINDS)),
        ("featured", featured),
        ("scope", scope),
        ("latestRelease", release),
        ("metadata", metadata()),
    ];
    object(vec![("id", text())], "", others)
}

fn deployment() -> BoxedStrategy<Value> {
    let counted = [("revision", count()), ("status", word(STATUSES)), ("createdAt", word(TIMES))];
    let revision = object(vec![], "id notes createdBy", counted);
    let spec = object(vec![], "id", [("release", object(vec![], "version", []))]);
    let others = [("kind", word(KINDS)), ("latestRevision", revision), ("metadata", metadata()), ("spec", spec)];
    object(vec![("id", text())], "", others)
}

fn page(items: &'static str, item: BoxedStrategy<Value>, total: &'static str) -> BoxedStrategy<Value> {
    let numbers = [("pageNumber", count()), ("pageSize", count()), (total, count())];
    object(vec![("pageCount", count()), (items, list(item))], "", numbers)
}

/// Returns `true` if nothing of `sent` was lost or added, except for null fields.
fn same(sent: &Value, back: &Value) -> bool {
    match (sent, back) {
        (Value::Object(sent), Value::Object(back)) => {
            let kept = sent.iter().all(|(name, value)| match back.get(name) {
                Some(other) => same(value, other),
                None => value.is_null(),
            });
            kept && back.keys().all(|name| sent.contains_key(name))
        }
        (Value::Array(sent), Value::Array(back)) => {
            sent.len() == back.len() && sent.iter().zip(back).all(|(sent, back)| same(sent, back))
        }
        _ => sent == back,
    }
}

fn round_trip<T>(sent: &Value) -> TestCaseResult
where
    T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let text = sent.to_string();
    // Numbers as serde_json reads them.
    let sent: Value = serde_json::from_str(&text).map_err(failed)?;
    let page: T = serde_json::from_str(&text).map_err(failed)?;
    let back = serde_json::to_value(&page).map_err(failed)?;
    prop_assert!(same(&sent, &back), "{} came back as {}", sent, back);
    prop_assert_eq!(serde_json::from_value::<T>(back).map_err(failed)?, page);
    Ok(())
}

#[test]
fn pages_of_specs_lose_nothing() -> Outcome {
    let test = |page| round_trip::<SpecPage>(&page);
    Ok(cases(100).run(&page("specs", spec(), "specCount"), test)?)
}

#[test]
fn pages_of_deployments_lose_nothing() -> Outcome {
    let test = |page| round_trip::<DeploymentPage>(&page);
    Ok(cases(100).run(&page("deployments", deployment(), "deploymentCount"), test)?)
}

/// A body that a lying server may send: no page, nearly a page, or a page.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let pages = prop_oneof![
        page("specs", spec(), "specCount"),
        page("deployments", deployment(), "deploymentCount"),
        json().boxed(),
    ];
    let pieces = r#"{ } [ ] , : " \ \u \ud83e null true - 0 1e999 1.5 -1 "id" "specs" "pageCount" "pageNumber"
        "metadata" "tags" 18446744073709551616 é"#;
    let pieces = pieces.split_whitespace().chain([" ", "\u{feff}", "\u{0}"]).collect::<Vec<_>>();
    let pieces = sample::select(pieces);
    let damage = (any::<prop::sample::Index>(), option::of(any::<u8>()), 0..20_usize);
    prop_oneof![
        // Bytes,
        2 => vec(any::<u8>(), 0..200),
        // pieces of JSON,
        3 => vec(pieces, 0..60).prop_map(|pieces| pieces.concat().into_bytes()),
        // and pages, some of them with a byte replaced, some left out, or the rest cut off.
        5 => (pages, vec(damage, 0..3)).prop_map(|(page, damages)| {
            let mut body = page.to_string().into_bytes();
            for (at, byte, length) in damages {
                let at = at.index(body.len() + 1);
                match byte {
                    Some(byte) if at < body.len() => body[at] = byte,
                    _ if length == 0 => body.truncate(at),
                    _ => drop(body.drain(at..(at + length).min(body.len()))),
                }
            }
            body
        }),
    ]
}

/// Shows an error in every way there is.
fn show(error: &Error) -> TestCaseResult {
    let shown = format!("{error} {error:?} {error:#?}");
    prop_assert!(shown.len() < 20_000, "{} characters", shown.len());
    let response = error.response();
    let told = response.map(|it| (it.text(), it.title(), it.detail(), it.json(), it.request_id(), it.retry_after()));
    prop_assert!(told.is_some() && error.page_number() == Some(1) && error.attempts() >= 1, "{}", shown);
    Ok(())
}

#[test]
fn any_body_is_a_page_or_an_error() -> Outcome {
    let runtime = runtime()?;
    let mock = MockPress::builder().keep_requests(0).start()?;
    let client = get_client(mock.session()?)?;
    let statuses = prop_oneof![8 => Just(200_u16), 1 => 200..300_u16, 1 => prop_oneof![300..408_u16, 409..429_u16]];
    let test = |(body, status, deployments): (Vec<u8>, u16, bool)| {
        runtime.block_on(async {
            mock.fault(Fault::status(status).body("application/json", body));
            let error = if deployments {
                client.list_spec_release_deployments("s").page(1).await.err()
            } else {
                client.list_specs().page(1).await.err()
            };
            match error {
                Some(error) => {
                    prop_assert_eq!(error.status(), Some(status));
                    show(&error)
                }
                None => {
                    prop_assert!((200..300).contains(&status), "{} gives a page", status);
                    Ok(())
                }
            }
        })
    };
    Ok(cases(300).run(&(body(), statuses, any::<bool>()), test)?)
}

#[test]
fn any_bytes_on_the_connection_are_a_page_or_an_error() -> Outcome {
    let runtime = runtime()?;
    let mock = MockPress::builder().keep_requests(0).start()?;
    let session = mock.session_builder().retry(press_specs::RetryPolicy::none());
    let client = get_client(session.max_response_bytes(10_000).build()?)?;
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
    let test = |(head, body): (&str, Vec<u8>)| {
        runtime.block_on(async {
            mock.clear_faults();
            mock.fault(Fault::raw_connection([head.as_bytes(), &body].concat()));
            if let Err(error) = client.list_specs().page(1).await {
                let shown = format!("{error} {error:?}");
                prop_assert!(shown.len() < 20_000 && error.attempts() == 1, "{}", shown);
            }
            Ok(())
        })
    };
    Ok(cases(100).run(&(heads, body()), test)?)
}

/// Transient faults that the requests for one page meet, one after the other.
fn schedule() -> impl Strategy<Value = Vec<Fault>> {
    let fault = prop_oneof![
        4 => sample::select(vec![408_u16, 429, 500, 502, 503, 504]).prop_map(Fault::status),
        1 => Just(Fault::status(429).header("retry-after", "0")),
        1 => Just(Fault::status(503).html("<html>").cut_after(3)),
        2 => Just(Fault::drop_connection()),
        // Always in the middle: a whole body before the connection ends is no fault of this page, but of the next.
        2 => (0..60_usize).prop_map(|bytes| Fault::pass().cut_after(bytes)),
        1 => Just(Fault::raw_connection("nonsense\r\n\r\n")),
    ];
    vec(fault, 0..4)
}

#[test]
fn walks_give_the_catalogue_whatever_faults_pass() -> Outcome {
    const MOST: u64 = 40;
    let runtime = runtime()?;
    let mock = MockPress::builder().generated_specs(MOST).keep_requests(0).start()?;
    let all = mock.spec_ids();
    let session: Session = mock.session()?;
    let strategy = (0..=MOST, 1..12_u32, btree_map(1..12_u64, schedule(), 0..4), 1..4_usize);
    let test = |(count, size, schedules, concurrency): (u64, u32, BTreeMap<u64, Vec<Fault>>, usize)| {
        runtime.block_on(async {
            mock.clear_faults();
            mock.clear_catalogue();
            mock.add_generated_specs(count);
            for (number, faults) in schedules {
                mock.faults(faults.into_iter().map(|fault| fault.on_page(number)));
            }
            let specs = get_client(session.clone()).map_err(failed)?.list_specs();
            let specs = specs.page_size(size).concurrency(concurrency);
            let expected = &all[..usize::try_from(count).map_err(failed)?];
            prop_assert_eq!(ids(specs.stream()).await.map_err(failed)?, expected);
            Ok(())
        })
    };
    Ok(cases(50).run(&strategy, test)?)
}

#[test]
fn pieces_of_a_list_are_the_whole() -> Outcome {
    const MOST: u64 = 40;
    let runtime = runtime()?;
    let mock = MockPress::builder().generated_specs(MOST).keep_requests(0).start()?;
    let all = mock.spec_ids();
    let session: Session = mock.session()?;
    // The length of each piece with its concurrency, and the pages that fail once.
    let pieces = vec((0..15_usize, 1..6_usize), 0..12);
    let strategy = (0..=MOST, option::of(1..12_u32), pieces, vec(1..12_u64, 0..3), any::<bool>());
    let test = |(count, size, pieces, failures, detect): (u64, Option<u32>, Vec<_>, Vec<u64>, bool)| {
        runtime.block_on(async {
            mock.clear_faults();
            mock.clear_catalogue();
            mock.add_generated_specs(count);
            mock.faults(failures.into_iter().map(|page| Fault::status(403).on_page(page)));
            let specs = get_client(session.clone()).map_err(failed)?.list_specs().detect_changes(detect);
            let mut position = specs.clone().maybe(size, ListSpecs::page_size).stream().position();
            let mut got = Vec::new();
            // As many pieces as it takes in the end: each failure stops one.
            for (length, concurrency) in pieces.into_iter().chain([(usize::MAX, 2); 4]) {
                // Across processes, so to speak.
                let stored = serde_json::to_string(&position).map_err(failed)?;
                prop_assert!(stored.len() < 40, "{}", stored);
                let position_before: Position = serde_json::from_str(&stored).map_err(failed)?;
                let specs = specs.clone().concurrency(concurrency).resume(position_before);
                let mut stream = specs.maybe(size, ListSpecs::page_size).stream();
                for _ in 0..length {
                    match stream.next().await {
                        Some(Ok(item)) => got.push(item.id),
                        Some(Err(error)) => {
                            prop_assert_eq!(error.kind(), ErrorKind::Forbidden);
                            break;
                        }
                        None => break,
                    }
                }
                position = stream.position();
            }
            prop_assert_eq!(&got, &all[..usize::try_from(count).map_err(failed)?]);
            Ok(())
        })
    };
    Ok(cases(80).run(&strategy, test)?)
}

#[test]
fn any_text_is_a_position_or_an_error() -> Outcome {
    let runtime = runtime()?;
    let mock = MockPress::builder().generated_specs(9).keep_requests(0).start()?;
    let specs = get_client(mock.session()?)?.list_specs();
    let words = ". p i s n end 0 1 3 4294967295 4294967296 18446744073709551615 + é".split(' ').chain([" "]);
    let words = sample::select(words.collect::<Vec<_>>());
    let number = || prop_oneof![4 => 0..5_u64, 1 => any::<u64>()];
    let fields = (option::weighted(0.9, (number(), number())), option::of(number()), option::of(number()));
    let fields = fields.prop_map(|(place, size, count)| {
        let place = place.map_or(".end".to_owned(), |(page, item)| format!(".p{page}.i{item}"));
        let field = |name, number: Option<u64>| number.map_or_else(String::new, |number| format!(".{name}{number}"));
        place + &field("s", size) + &field("n", count)
    });
    let text = prop_oneof![1 => vec(words, 0..9).prop_map(|words| words.concat()), 3 => fields];
    let test = |rest: String| {
        let text = format!("v1{rest}");
        match text.parse::<Position>() {
            Ok(position) => {
                prop_assert_eq!(position.to_string(), text);
                let items = runtime.block_on(specs.clone().resume(position).stream().collect::<Vec<_>>());
                let mut errors = items.iter().filter_map(|item| item.as_ref().err());
                prop_assert!(items.len() <= 9 && errors.all(|error| error.kind() == ErrorKind::ListChanged));
            }
            Err(error) => prop_assert_eq!(error.kind(), ErrorKind::InvalidParameter),
        }
        Ok(())
    };
    Ok(cases(200).run(&text, test)?)
}
