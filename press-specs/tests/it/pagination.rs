//! Streams of pages and items: requests, progress, positions, changes and ends.

use std::future::ready;

use futures::{StreamExt, TryStreamExt, stream::FusedStream};
use press_specs::{
    ErrorKind, ItemStream, PageStream, Position,
    mock::{Fault, MockPress, Operation},
    types::{SpecPage, SpecSummary},
};
use serde_json::Value;

use crate::{Outcome, client, ids, page, pages, requested};

/// Sets a field of a page.
fn with(mut page: Value, field: &str, value: impl Into<Value>) -> Value {
    page[field] = value.into();
    page
}

/// The body of a page without a page number.
fn unnumbered<const N: usize>(page_count: u64, ids: [&str; N]) -> Value {
    with(page(page_count, 0, ids), "pageNumber", Value::Null)
}

struct PageCounts {
    name: &'static str,
    pages: Vec<Value>,
    expected: &'static [&'static str],
}

fn page_counts() -> Vec<PageCounts> {
    let row = |name, pages: &[Value], expected| PageCounts { name, pages: pages.into(), expected };
    vec![
        row("0, but items", &[page(0, 1, ["a"]), page(0, 2, ["b"])], &["a"]),
        row(
            "an empty page in the middle",
            &[page(3, 1, ["a"]), page(3, 2, []), page(3, 3, ["c"])],
            &["a", "c"],
        ),
        row("empty pages only", &[page(2, 1, []), page(2, 2, [])], &[]),
        row(
            "growing",
            &[page(2, 1, ["a"]), page(3, 2, ["b"]), page(3, 3, ["c"])],
            &["a", "b", "c"],
        ),
        row("shrinking", &[page(9, 1, ["a"]), page(2, 2, ["b"]), page(9, 3, ["c"])], &["a", "b"]),
        row(
            "shrinking to 0",
            &[page(9, 1, ["a"]), page(0, 2, ["b"]), page(9, 3, ["c"])],
            &["a", "b"],
        ),
        row("huge at first", &[page(u64::MAX, 1, ["a"]), page(2, 2, ["b"])], &["a", "b"]),
        row("repeated items", &[page(2, 1, ["a", "a"]), page(2, 2, ["a"])], &["a", "a", "a"]),
        row("no page numbers", &[unnumbered(2, ["a"]), unnumbered(2, ["b"])], &["a", "b"]),
    ]
}

#[tokio::test]
async fn page_count_is_read_from_every_page() -> Outcome {
    for concurrency in [1, 3] {
        for PageCounts { name, pages, expected } in page_counts() {
            let mock = crate::pages(&pages)?;
            let specs = client(&mock)?.list_specs().concurrency(concurrency);
            assert_eq!(ids(specs.stream()).await?, expected, "{name}, concurrency {concurrency}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn streams_end_at_the_largest_page_number() -> Outcome {
    let last = Fault::raw_body(unnumbered(u64::MAX, ["z"]).to_string()).always();
    let mock = MockPress::builder().fault(last).start()?;
    for concurrency in [1, 3] {
        let specs = client(&mock)?.list_specs().concurrency(concurrency);
        assert_eq!(ids(specs.start_page(i64::MAX as u64).stream()).await?, ["z"]);
    }
    assert_eq!(mock.request_count(), 2);
    Ok(())
}

#[tokio::test]
async fn pages_are_requested_when_polled() -> Outcome {
    let mock = MockPress::builder().generated_specs(6).start()?;
    let client = client(&mock)?;
    let specs = client.list_specs().page_size(2);
    drop(specs.clone().page(1));
    drop(specs.clone().stream());
    drop(specs.clone().pages());
    assert_eq!(mock.connections(), 0);

    // Counts the requests for specs. Two other requests give those in transit time to arrive.
    let spec_requests = async || {
        for _ in 0..2 {
            let _ = client.list_spec_release_deployments("other").page(1).await;
        }
        let requests = mock.requests();
        requests.iter().filter(|request| request.operation() == Some(Operation::ListSpecs)).count()
    };
    // A page is requested when its first item is polled, not with the last item before it.
    let mut stream = specs.stream();
    for requests in [1, 1, 2, 2, 3, 3] {
        stream.try_next().await?.ok_or("an item")?;
        assert_eq!(spec_requests().await, requests);
    }
    assert!(stream.next().await.is_none());
    assert_eq!(spec_requests().await, 3);
    Ok(())
}

#[tokio::test]
async fn streams_end_after_an_error_and_restart_at_its_page() -> Outcome {
    for concurrency in [1, 3] {
        let fault = Fault::status(403).on_page(2).times(2);
        let mock = MockPress::builder().generated_specs(6).fault(fault).start()?;
        let specs = client(&mock)?.list_specs().page_size(2).concurrency(concurrency);
        let mut stream = specs.clone().stream();
        let mut pages = specs.clone().pages();
        let mut received: Vec<_> =
            stream.by_ref().take(2).map_ok(|spec| spec.id).try_collect().await?;
        let error = stream.try_next().await.expect_err("page 2 is forbidden");
        assert_eq!(error.kind(), ErrorKind::Forbidden);
        assert_eq!(error.page_number(), Some(2));
        assert!(pages.next().await.is_some_and(|page| page.is_ok()));
        assert!(pages.next().await.is_some_and(|page| page.is_err()));
        assert!(stream.is_terminated());
        assert!(pages.is_terminated());
        assert!(stream.next().await.is_none());
        assert!(pages.next().await.is_none());
        received.extend(ids(specs.start_page(2).stream()).await?);
        assert_eq!(received, mock.spec_ids());
    }
    Ok(())
}

#[tokio::test]
async fn starting_beyond_the_end_is_list_changed() -> Outcome {
    let mock = MockPress::builder().generated_specs(3).start()?;
    let specs = client(&mock)?.list_specs().page_size(2);
    for beyond in [specs.clone().start_page(3), specs.clone().resume("v1.p3.i0.s2".parse()?)] {
        for concurrency in [1, 3] {
            let stream = beyond.clone().concurrency(concurrency).stream();
            let error = ids(stream).await.expect_err("a page beyond the end");
            assert_eq!(error.kind(), ErrorKind::ListChanged);
            assert_eq!(error.page_number(), Some(3));
            assert_eq!(error.attempts(), 1);
            assert!(!error.is_retryable());
        }
    }
    assert_eq!(requested(&mock), [Some(3); 4]);
    assert_eq!(ids(specs.clone().start_page(2).stream()).await?.len(), 1);
    // A single page beyond the end is empty.
    assert_eq!(specs.clone().page(3).await?.specs.len(), 0);
    // An empty list has a first page.
    mock.clear_catalogue();
    assert_eq!(ids(specs.stream()).await?, [""; 0]);
    Ok(())
}

#[tokio::test]
async fn counts_come_from_the_last_page() -> Outcome {
    let counted = |count, number, items: Option<u64>| {
        with(page(count, number, ["a", "b"]), "specCount", items)
    };
    let mock = pages(&[counted(2, 1, Some(4)), counted(3, 2, Some(5)), counted(3, 3, None)])?;
    let specs = client(&mock)?.list_specs();
    let mut stream = specs.clone().stream();
    let mut pages = specs.pages();
    assert_eq!(stream.page_count(), None);
    assert_eq!(stream.item_count(), None);
    assert_eq!(pages.page_count(), None);
    assert_eq!(pages.item_count(), None);
    for (page_count, item_count) in [(2, Some(4)), (3, Some(5)), (3, None)] {
        pages.try_next().await?;
        assert_eq!(pages.page_count(), Some(page_count));
        assert_eq!(pages.item_count(), item_count);
        for _ in 0..2 {
            stream.try_next().await?;
            assert_eq!(stream.page_count(), Some(page_count));
            assert_eq!(stream.item_count(), item_count);
        }
    }
    assert!(stream.next().await.is_none());
    assert_eq!(stream.page_count(), Some(3));
    assert_eq!(stream.item_count(), None);
    Ok(())
}

#[tokio::test]
async fn consecutive_empty_pages_are_limited() -> Outcome {
    let endless = Fault::raw_body(unnumbered(1_000_000, []).to_string()).always();
    let endless = MockPress::builder().fault(endless).start()?;
    for concurrency in [1, 5] {
        let specs = client(&endless)?.list_specs().concurrency(concurrency);
        let error = specs.clone().stream().try_next().await.expect_err("empty pages");
        assert_eq!(error.kind(), ErrorKind::InvalidResponse);
        assert_eq!(error.page_number(), Some(101));
        assert!(error.to_string().contains("100 pages in a row"), "{error}");
        assert_eq!(specs.pages().filter(|page| ready(page.is_ok())).count().await, 100);
    }
    Ok(())
}

#[tokio::test]
async fn an_item_between_empty_pages_resets_the_limit() -> Outcome {
    let mut bodies = Vec::new();
    for number in 1..=202 {
        bodies.push(page(202, number, []));
    }
    bodies[100] = page(202, 101, ["a"]);
    let mock = pages(&bodies)?;
    for concurrency in [1, 5] {
        let specs = client(&mock)?.list_specs().concurrency(concurrency);
        assert_eq!(ids(specs.stream()).await?, ["a"]);
    }
    Ok(())
}

/// The pages of a list that may have changed.
struct Change {
    pages: Vec<Value>,
    /// The page that shows the change, and a part of the error's text.
    expected: Option<Expected>,
}

struct Expected {
    page: u64,
    message: &'static str,
}

fn unchanged(pages: &[Value]) -> Change {
    Change { pages: pages.into(), expected: None }
}

fn changed(pages: &[Value], page: u64, message: &'static str) -> Change {
    Change { pages: pages.into(), expected: Some(Expected { page, message }) }
}

fn changes() -> Vec<Change> {
    let counted = |page, count: u64| with(page, "specCount", count);
    let first = page(3, 1, ["a", "b"]);
    let last = page(3, 3, ["e", "f"]);
    vec![
        unchanged(&[counted(page(2, 1, ["a"]), 2), counted(page(2, 2, ["b"]), 2)]),
        unchanged(&[counted(page(2, 1, ["a"]), 2), page(2, 2, ["b"])]),
        unchanged(&[page(2, 1, ["a", "b"]), page(2, 2, ["c"])]),
        changed(
            &[counted(page(2, 1, ["a"]), 2), counted(page(2, 2, ["b"]), 3)],
            2,
            "had 2 items and now has 3",
        ),
        changed(
            &[page(3, 1, ["a"]), counted(page(3, 2, ["b"]), 3), counted(page(3, 3, ["c"]), 2)],
            3,
            "had 3 items and now has 2",
        ),
        changed(
            &[counted(page(3, 1, ["a"]), 3), page(3, 2, ["b"]), counted(page(3, 3, ["c"]), 2)],
            3,
            "had 3 items and now has 2",
        ),
        changed(&[page(2, 1, ["a"]), page(2, 2, ["b", "a"])], 2, "appears twice"),
        changed(&[page(1, 1, ["a", "a"])], 1, "appears twice"),
        changed(&[unnumbered(2, ["a"]), unnumbered(2, ["a"])], 2, "appears twice"),
        changed(
            &[counted(first.clone(), 6), counted(page(3, 2, []), 6), counted(last.clone(), 6)],
            3,
            "reports 6 items but has 4",
        ),
        changed(
            &[counted(first.clone(), 6), counted(page(2, 2, ["c", "d"]), 6)],
            2,
            "reports 6 items but has 4",
        ),
        changed(&[first.clone(), page(3, 2, []), last.clone()], 2, "page 2 has 0 of 2 items"),
        changed(&[first, page(3, 2, ["c"]), last], 2, "page 2 has 1 of 2 items"),
        changed(&[page(3, 1, ["a"]), page(2, 2, ["b"])], 2, "had 3 pages and now has 2"),
        changed(
            &[page(2, 1, ["a"]), page(3, 2, ["b"]), page(3, 3, ["c"])],
            2,
            "had 2 pages and now has 3",
        ),
    ]
}

#[tokio::test]
async fn detect_changes_reports_changed_lists() -> Outcome {
    for Change { pages, expected } in changes() {
        for concurrency in [1, 3] {
            let mock = crate::pages(&pages)?;
            let specs = client(&mock)?.list_specs().concurrency(concurrency).detect_changes(true);
            let result = ids(specs.stream()).await;
            let Some(Expected { page, message }) = &expected else {
                result?;
                continue;
            };
            let error = result.err().ok_or(*message)?;
            assert_eq!(error.kind(), ErrorKind::ListChanged);
            assert_eq!(error.page_number(), Some(*page), "{message}");
            assert!(!error.is_retryable());
            assert!(error.to_string().contains(message), "{error}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn changes_are_ignored_by_default() -> Outcome {
    for Change { pages, .. } in changes() {
        let items = pages.iter().flat_map(|page| page["specs"].as_array()).flatten().count();
        for concurrency in [1, 3] {
            let mock = crate::pages(&pages)?;
            let specs = client(&mock)?.list_specs().concurrency(concurrency);
            assert_eq!(ids(specs.stream()).await?.len(), items);
        }
    }
    Ok(())
}

struct MissingPage {
    fault: Fault,
    /// Without `detect_changes`.
    kind: ErrorKind,
    /// With `detect_changes`.
    message: &'static str,
}

#[tokio::test]
async fn missing_pages_are_list_changed() -> Outcome {
    let gone = Fault::status(404).on_page(2).always();
    let clamped = Fault::raw_body(page(3, 1, ["a"]).to_string()).on_page(2).always();
    let first = Fault::raw_body(page(3, 1, ["a"]).to_string()).on_page(1).always();
    let rows = [
        MissingPage { fault: gone, kind: ErrorKind::NotFound, message: "page 2 is gone" },
        MissingPage {
            fault: clamped,
            kind: ErrorKind::InvalidResponse,
            message: "page 1 was returned instead of page 2",
        },
    ];
    for MissingPage { fault, kind, message } in rows {
        let mock = MockPress::builder().faults([first.clone(), fault]).start()?;
        let specs = client(&mock)?.list_specs();
        let error = ids(specs.clone().stream()).await.expect_err("no page 2");
        assert_eq!(error.kind(), kind);
        let error = ids(specs.detect_changes(true).stream()).await.expect_err("no page 2");
        assert_eq!(error.kind(), ErrorKind::ListChanged);
        assert_eq!(error.page_number(), Some(2));
        assert_eq!(error.attempts(), 1);
        assert!(error.to_string().contains(message), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn wrong_page_errors_have_no_body() -> Outcome {
    let mock = pages(&[page(3, 2, ["a"])])?;
    let error = client(&mock)?.list_specs().page(1).await.expect_err("page 2");
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
    assert_eq!(error.status(), Some(200));
    assert!(error.response().is_none());
    assert!(error.to_string().contains("its `pageNumber` is 2 instead of 1"), "{error}");
    Ok(())
}

#[tokio::test]
async fn streams_work_without_combinators() -> Outcome {
    let mock = MockPress::builder().generated_specs(5).start()?;
    let specs = client(&mock)?.list_specs().page_size(2);
    let mut stream = specs.clone().stream();
    let first = ItemStream::next(&mut stream).await.ok_or("an item")??;
    assert_eq!(first.id, mock.spec_ids()[0]);
    let second = ItemStream::try_next(&mut stream).await?.ok_or("an item")?;
    assert_eq!(second.id, mock.spec_ids()[1]);
    let rest: Vec<SpecSummary> = ItemStream::try_collect(stream).await?;
    assert_eq!(rest.len(), 3);

    let mut pages = specs.clone().pages();
    assert_eq!(pages.position().to_string(), "v1.p1.i0.s2");
    PageStream::next(&mut pages).await.ok_or("a page")??;
    assert_eq!(pages.position().to_string(), "v1.p2.i0.s2.n5");
    PageStream::try_next(&mut pages).await?.ok_or("a page")?;
    let rest = specs.resume(pages.position()).pages();
    let rest: Vec<SpecPage> = PageStream::try_collect(rest).await?;
    assert_eq!(rest.len(), 1);
    Ok(())
}

#[tokio::test]
async fn out_of_range_numbers_are_invalid_parameters() -> Outcome {
    let mock = MockPress::start()?;
    let specs = client(&mock)?.list_specs();
    for number in [0, u64::MAX] {
        let results = [
            ("`page_size`", specs.clone().page_size(number).page(1).await.map(drop)),
            ("`page`", specs.clone().page(number).await.map(drop)),
            ("`start_page`", specs.clone().start_page(number).stream().try_next().await.map(drop)),
        ];
        for (argument, result) in results {
            let error = result.expect_err("an invalid number");
            assert_eq!(error.kind(), ErrorKind::InvalidParameter);
            assert!(error.to_string().contains(argument), "{error}");
        }
    }
    assert_eq!(mock.request_count(), 0);
    Ok(())
}

#[tokio::test]
async fn changes_before_a_resume_are_detected() -> Outcome {
    let mock = MockPress::builder().generated_specs(10).start()?;
    let specs = client(&mock)?.list_specs().page_size(4).detect_changes(true);
    let mut stream = specs.clone().stream();
    assert_eq!(stream.by_ref().take(6).filter(|spec| ready(spec.is_ok())).count().await, 6);
    let position = stream.position();
    assert_eq!(ids(specs.clone().resume(position.clone()).stream()).await?, mock.spec_ids()[6..]);
    mock.add_generated_specs(1);
    let error = ids(specs.clone().resume(position).stream()).await.expect_err("one more");
    assert_eq!(error.kind(), ErrorKind::ListChanged);
    assert_eq!(error.page_number(), Some(2));

    // The page is too short for the position.
    let position: Position = "v1.p3.i4.s4".parse()?;
    let error =
        ids(specs.clone().resume(position.clone()).stream()).await.expect_err("a short page");
    assert_eq!(error.kind(), ErrorKind::ListChanged);
    assert_eq!(ids(specs.detect_changes(false).resume(position).stream()).await?, [""; 0]);
    Ok(())
}

#[tokio::test]
async fn positions_point_to_the_next_item() -> Outcome {
    let mock = MockPress::builder().generated_specs(5).start()?;
    let any = client(&mock)?.list_specs();
    for concurrency in [1, 4] {
        let specs = any.clone().page_size(2).concurrency(concurrency);
        let mut stream = specs.clone().stream();
        for expected in
            ["p1.i0.s2", "p1.i1.s2.n5", "p2.i0.s2.n5", "p2.i1.s2.n5", "p3.i0.s2.n5", "end.s2.n5"]
        {
            let position = stream.position();
            assert_eq!(position.to_string(), format!("v1.{expected}"));
            assert_eq!(specs.clone().resume(position.clone()).stream().position(), position);
            stream.try_next().await?;
        }
        mock.clear_requests();
        assert_eq!(ids(any.clone().resume(stream.position()).stream()).await?, [""; 0]);
        assert_eq!(mock.request_count(), 0);
    }
    Ok(())
}

#[tokio::test]
async fn resume_applies_to_streams_only() -> Outcome {
    let mock = MockPress::builder().generated_specs(5).start()?;
    let specs = client(&mock)?.list_specs().resume("v1.p2.i1.s2".parse()?);
    // A stream of pages starts with the whole page of the position.
    let pages: Vec<_> = specs.clone().pages().try_collect().await?;
    let lengths: Vec<_> = pages.iter().map(|page| page.specs.len()).collect();
    assert_eq!(lengths, [2, 1]);
    // A later start replaces the position.
    assert_eq!(ids(specs.clone().start_page(1).stream()).await?, mock.spec_ids());
    assert_eq!(specs.page(1).await?.specs.len(), 5);
    Ok(())
}

struct ReportedSize {
    pages: Vec<Value>,
    start_page: u64,
    /// After the first item.
    position: &'static str,
}

#[tokio::test]
async fn positions_keep_the_reported_page_size() -> Outcome {
    let sized = |page, size: u64| with(page, "pageSize", size);
    let row = |pages: &[Value], start_page, position| ReportedSize {
        pages: pages.into(),
        start_page,
        position,
    };
    let rows = [
        row(&[sized(page(2, 1, ["a", "b"]), 2), sized(page(2, 2, ["c"]), 2)], 1, "v1.p1.i1.s2"),
        row(&[sized(page(1, 1, ["a", "b"]), 25)], 1, "v1.p1.i1.s25"),
        // The page contradicts the size, or cannot confirm it.
        row(&[sized(page(2, 1, ["a", "b"]), 25)], 1, "v1.p1.i1"),
        row(&[sized(page(2, 1, ["a", "b"]), u64::MAX)], 1, "v1.p1.i1"),
        row(&[sized(page(1, 1, ["a", "b"]), 0)], 1, "v1.p1.i1"),
        row(&[page(2, 1, ["a", "b"])], 1, "v1.p1.i1"),
        row(&[page(2, 1, ["a", "b"]), sized(page(2, 2, ["c", "d"]), 2)], 2, "v1.p2.i1"),
    ];
    for ReportedSize { pages, start_page, position } in rows {
        let mock = crate::pages(&pages)?;
        let specs = client(&mock)?.list_specs();
        let mut stream = specs.clone().start_page(start_page).stream();
        stream.try_next().await?;
        assert_eq!(stream.position().to_string(), position);
        specs.resume(stream.position()).stream().try_next().await?;
        let size = position.split_once(".s").map(|(_, size)| size.to_owned());
        assert_eq!(mock.requests().last().ok_or("a request")?.query("pageSize"), size);
    }
    Ok(())
}
