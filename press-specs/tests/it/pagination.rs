//! Streams of pages and items: what they request, give, report, and where they end and continue.

use std::future::ready;

use futures::{StreamExt, TryStreamExt, stream::FusedStream};
use press_specs::{
    ErrorKind, ItemStream, PageStream, Position,
    mock::{Fault, MockPress, Operation},
    types::{SpecPage, SpecSummary},
};
use serde_json::Value;

use crate::{Outcome, client, ids, page, pages, requested};

/// The body of a page with one more field, or another value of it.
fn with(mut page: Value, field: &str, value: impl Into<Value>) -> Value {
    page[field] = value.into();
    page
}

/// The body of a page without a number of its own.
fn unnumbered<const N: usize>(page_count: u64, ids: [&str; N]) -> Value {
    with(page(page_count, 0, ids), "pageNumber", Value::Null)
}

#[tokio::test]
async fn page_count_is_read_from_every_page() -> Outcome {
    // What each page says, and the items that come of it.
    let table: &[(&str, &[Value], &[&str])] = &[
        ("none, but items", &[page(0, 1, ["a"]), page(0, 2, ["b"])], &["a"]),
        (
            "an empty page in the middle",
            &[page(3, 1, ["a"]), page(3, 2, []), page(3, 3, ["c"])],
            &["a", "c"],
        ),
        ("empty pages only", &[page(2, 1, []), page(2, 2, [])], &[]),
        ("growing", &[page(2, 1, ["a"]), page(3, 2, ["b"]), page(3, 3, ["c"])], &["a", "b", "c"]),
        ("shrinking", &[page(9, 1, ["a"]), page(2, 2, ["b"]), page(9, 3, ["c"])], &["a", "b"]),
        (
            "shrinking below itself",
            &[page(9, 1, ["a"]), page(0, 2, ["b"]), page(9, 3, ["c"])],
            &["a", "b"],
        ),
        ("huge, then not", &[page(u64::MAX, 1, ["a"]), page(2, 2, ["b"])], &["a", "b"]),
        ("repeated items", &[page(2, 1, ["a", "a"]), page(2, 2, ["a"])], &["a", "a", "a"]),
        ("no numbers", &[unnumbered(2, ["a"]), unnumbered(2, ["b"])], &["a", "b"]),
    ];
    let last = Fault::raw_body(unnumbered(u64::MAX, ["z"]).to_string()).always();
    let last = MockPress::builder().fault(last).start()?;
    for concurrency in [1, 3] {
        for (told, bodies, expected) in table {
            let mock = pages(bodies)?;
            let specs = client(&mock)?.list_specs().concurrency(concurrency);
            assert_eq!(ids(specs.stream()).await?, *expected, "{told}, {concurrency} at once");
        }
        // There is no page number after this one.
        let specs =
            client(&last)?.list_specs().concurrency(concurrency).start_page(i64::MAX as u64);
        assert_eq!(ids(specs.stream()).await?, ["z"]);
    }
    assert_eq!(last.request_count(), 2);
    Ok(())
}

#[tokio::test]
async fn pages_are_requested_when_polled() -> Outcome {
    let mock = MockPress::builder().generated_specs(6).start()?;
    let client = client(&mock)?;
    let specs = client.list_specs().page_size(2);
    drop((specs.clone().page(1), specs.clone().stream(), specs.clone().pages()));
    assert_eq!(mock.connections(), 0);

    // What has been requested, once all that is on its way has arrived: another request overtakes
    // nothing.
    let walked = async || {
        let other = || client.list_spec_release_deployments("other").page(1);
        let _ = (other().await, other().await);
        let requests = mock.requests();
        requests.iter().filter(|request| request.operation() == Some(Operation::ListSpecs)).count()
    };
    // The second page is requested when its first item is asked for, and not with the last item of
    // the first page.
    let mut stream = specs.stream();
    for requests in [1, 1, 2, 2, 3, 3] {
        stream.try_next().await?.ok_or("an item")?;
        assert_eq!(walked().await, requests);
    }
    assert!(stream.next().await.is_none());
    assert_eq!(walked().await, 3);
    Ok(())
}

#[tokio::test]
async fn streams_end_after_an_error_and_restart_at_its_page() -> Outcome {
    for concurrency in [1, 3] {
        let fault = Fault::status(403).on_page(2).times(2);
        let mock = MockPress::builder().generated_specs(6).fault(fault).start()?;
        let specs = client(&mock)?.list_specs().page_size(2).concurrency(concurrency);
        let (mut stream, mut pages) = (specs.clone().stream(), specs.clone().pages());
        let mut got: Vec<_> = stream.by_ref().take(2).map_ok(|spec| spec.id).try_collect().await?;
        let error = stream.try_next().await.expect_err("page 2 is forbidden");
        assert_eq!((error.kind(), error.page_number()), (ErrorKind::Forbidden, Some(2)));
        assert!(pages.next().await.is_some_and(|page| page.is_ok()));
        assert!(pages.next().await.is_some_and(|page| page.is_err()));
        assert!(stream.is_terminated());
        assert!(pages.is_terminated());
        assert!(stream.next().await.is_none());
        assert!(pages.next().await.is_none());
        got.extend(ids(specs.start_page(error.page_number().ok_or("a page")?).stream()).await?);
        assert_eq!(got, mock.spec_ids());
    }
    Ok(())
}

#[tokio::test]
async fn starting_beyond_the_end_is_list_changed() -> Outcome {
    let mock = MockPress::builder().generated_specs(3).start()?;
    let specs = client(&mock)?.list_specs().page_size(2);
    for beyond in [specs.clone().start_page(3), specs.clone().resume("v1.p3.i0.s2".parse()?)] {
        for concurrency in [1, 3] {
            let error = ids(beyond.clone().concurrency(concurrency).stream())
                .await
                .expect_err("no such page");
            assert_eq!((error.kind(), error.page_number()), (ErrorKind::ListChanged, Some(3)));
            assert!(!error.is_retryable() && error.attempts() == 1);
        }
    }
    assert_eq!(requested(&mock), [Some(3); 4]);
    assert_eq!(ids(specs.clone().start_page(2).stream()).await?.len(), 1);
    // One page knows nothing of the list, and an empty list has a first page.
    assert_eq!(specs.clone().page(3).await?.specs.len(), 0);
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
    let (mut stream, mut pages) = (specs.clone().stream(), specs.pages());
    assert_eq!((stream.page_count(), stream.item_count()), (None, None));
    assert_eq!((pages.page_count(), pages.item_count()), (None, None));
    for expected in [(Some(2), Some(4)), (Some(3), Some(5)), (Some(3), None)] {
        pages.try_next().await?;
        assert_eq!((pages.page_count(), pages.item_count()), expected);
        for _ in 0..2 {
            stream.try_next().await?;
            assert_eq!((stream.page_count(), stream.item_count()), expected);
        }
    }
    assert!(stream.next().await.is_none());
    assert_eq!((stream.page_count(), stream.item_count()), (Some(3), None));
    Ok(())
}

#[tokio::test]
async fn consecutive_empty_pages_are_limited() -> Outcome {
    let endless =
        MockPress::builder().fault(Fault::raw_body(unnumbered(1_000_000, []).to_string()).always());
    let endless = endless.start()?;
    // With an item in between, or to the end of the list, there may be as many as there are.
    let item_between =
        |number| if number == 101 { page(202, number, ["a"]) } else { page(202, number, []) };
    let ending = pages(&(1..=202).map(item_between).collect::<Vec<_>>())?;
    for concurrency in [1, 5] {
        let specs = client(&endless)?.list_specs().concurrency(concurrency);
        let error = specs.clone().stream().try_next().await.expect_err("nothing for ever");
        assert_eq!((error.kind(), error.page_number()), (ErrorKind::InvalidResponse, Some(101)));
        assert!(error.to_string().contains("100 pages in a row"), "{error}");
        assert_eq!(specs.pages().filter(|page| ready(page.is_ok())).count().await, 100);
        assert_eq!(
            ids(client(&ending)?.list_specs().concurrency(concurrency).stream()).await?,
            ["a"]
        );
    }
    Ok(())
}

#[tokio::test]
async fn detect_changes_reports_changed_lists() -> Outcome {
    let counted = |page, count: u64| with(page, "specCount", count);
    // What the pages say, which page shows the change, and what the error says of it.
    let table: &[(&[Value], Option<u64>, &str)] = &[
        (&[counted(page(2, 1, ["a"]), 2), counted(page(2, 2, ["b"]), 2)], None, ""),
        (
            &[counted(page(2, 1, ["a"]), 2), counted(page(2, 2, ["b"]), 3)],
            Some(2),
            "had 2 items and now has 3",
        ),
        (
            &[page(3, 1, ["a"]), counted(page(3, 2, ["b"]), 3), counted(page(3, 3, ["c"]), 2)],
            Some(3),
            "had 3 items and now has 2",
        ),
        (
            &[counted(page(3, 1, ["a"]), 3), page(3, 2, ["b"]), counted(page(3, 3, ["c"]), 2)],
            Some(3),
            "had 3 items and now has 2",
        ),
        (&[counted(page(2, 1, ["a"]), 2), page(2, 2, ["b"])], None, ""),
        (&[page(2, 1, ["a"]), page(2, 2, ["b", "a"])], Some(2), "appears twice"),
        (&[page(1, 1, ["a", "a"])], Some(1), "appears twice"),
        (&[unnumbered(2, ["a"]), unnumbered(2, ["a"])], Some(2), "appears twice"),
        (
            &[
                counted(page(3, 1, ["a", "b"]), 6),
                counted(page(3, 2, []), 6),
                counted(page(3, 3, ["e", "f"]), 6),
            ],
            Some(3),
            "reports 6 items and has 4",
        ),
        (
            &[counted(page(3, 1, ["a", "b"]), 6), counted(page(2, 2, ["c", "d"]), 6)],
            Some(2),
            "reports 6 items and has 4",
        ),
        (
            &[page(3, 1, ["a", "b"]), page(3, 2, []), page(3, 3, ["e", "f"])],
            Some(2),
            "page 2 has 0 of 2 items",
        ),
        (
            &[page(3, 1, ["a", "b"]), page(3, 2, ["c"]), page(3, 3, ["e", "f"])],
            Some(2),
            "page 2 has 1 of 2 items",
        ),
        (&[page(3, 1, ["a"]), page(2, 2, ["b"])], Some(2), "had 3 pages and now has 2"),
        (
            &[page(2, 1, ["a"]), page(3, 2, ["b"]), page(3, 3, ["c"])],
            Some(2),
            "had 2 pages and now has 3",
        ),
        (&[page(2, 1, ["a", "b"]), page(2, 2, ["c"])], None, ""),
    ];
    for (bodies, changed, says) in table {
        for concurrency in [1, 3] {
            let mock = pages(bodies)?;
            let specs = client(&mock)?.list_specs().concurrency(concurrency);
            let items = bodies.iter().flat_map(|page| page["specs"].as_array()).flatten().count();
            assert_eq!(ids(specs.clone().stream()).await?.len(), items);
            let error = ids(specs.detect_changes(true).stream()).await.err();
            assert_eq!(error.as_ref().and_then(|error| error.page_number()), *changed, "{says}");
            if let Some(error) = error {
                assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::ListChanged, false));
                assert!(error.to_string().contains(says), "{error}");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn missing_pages_are_list_changed() -> Outcome {
    let gone = Fault::status(404).on_page(2).always();
    let clamped = Fault::raw_body(page(3, 1, ["a"]).to_string()).on_page(2).always();
    let first = Fault::raw_body(page(3, 1, ["a"]).to_string()).on_page(1).always();
    for (fault, otherwise, says) in [
        (gone, ErrorKind::NotFound, "page 2 is gone"),
        (clamped, ErrorKind::InvalidResponse, "page 1 came in place of page 2"),
    ] {
        let mock = MockPress::builder().faults([first.clone(), fault]).start()?;
        let specs = client(&mock)?.list_specs();
        let error = ids(specs.clone().stream()).await.expect_err("no page 2");
        assert_eq!(error.kind(), otherwise);
        let error = ids(specs.detect_changes(true).stream()).await.expect_err("no page 2");
        assert_eq!(error.kind(), ErrorKind::ListChanged);
        assert_eq!(error.page_number(), Some(2));
        assert_eq!(error.attempts(), 1);
        assert!(error.to_string().contains(says), "{error}");
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
        for (request, name) in [
            (specs.clone().page_size(number).page(1).await, "`page_size`"),
            (specs.clone().page(number).await, "`page`"),
        ] {
            let error = request.expect_err("a number that no list has");
            assert_eq!(error.kind(), ErrorKind::InvalidParameter);
            assert!(error.to_string().contains(name), "{error}");
        }
        let error = specs.clone().start_page(number).stream().try_next().await;
        let error = error.expect_err("a number that no list has");
        assert!(error.to_string().contains("`start_page`"), "{error}");
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
    assert_eq!((error.kind(), error.page_number()), (ErrorKind::ListChanged, Some(2)));

    // A page that has become too short for the position.
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
    // Whole pages start with that of the position; a later start replaces it, and one page knows
    // nothing of it.
    let specs = any.resume("v1.p2.i1.s2".parse()?);
    let pages: Vec<_> = specs.clone().pages().try_collect().await?;
    assert_eq!(pages.iter().map(|page| page.specs.len()).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(ids(specs.clone().start_page(1).stream()).await?, mock.spec_ids());
    assert_eq!(specs.page(1).await?.specs.len(), 5);
    Ok(())
}

#[tokio::test]
async fn positions_keep_the_reported_page_size() -> Outcome {
    let sized = |page, size: u64| with(page, "pageSize", size);
    // The pages, where the stream starts, and the position after its first item.
    let table: &[(&[Value], u64, &str)] = &[
        (&[sized(page(2, 1, ["a", "b"]), 2), sized(page(2, 2, ["c"]), 2)], 1, "v1.p1.i1.s2"),
        (&[sized(page(1, 1, ["a", "b"]), 25)], 1, "v1.p1.i1.s25"),
        // Not what the page is like, or not to be told from it.
        (&[sized(page(2, 1, ["a", "b"]), 25)], 1, "v1.p1.i1"),
        (&[sized(page(2, 1, ["a", "b"]), u64::MAX)], 1, "v1.p1.i1"),
        (&[sized(page(1, 1, ["a", "b"]), 0)], 1, "v1.p1.i1"),
        (&[page(2, 1, ["a", "b"])], 1, "v1.p1.i1"),
        (&[page(2, 1, ["a", "b"]), sized(page(2, 2, ["c", "d"]), 2)], 2, "v1.p2.i1"),
    ];
    for (bodies, start, position) in table {
        let mock = pages(bodies)?;
        let specs = client(&mock)?.list_specs();
        let mut stream = specs.clone().start_page(*start).stream();
        stream.try_next().await?;
        assert_eq!(stream.position().to_string(), *position);
        specs.resume(stream.position()).stream().try_next().await?;
        let size = position.split_once(".s").map(|(_, size)| size.to_owned());
        assert_eq!(mock.requests().last().ok_or("a request")?.query("pageSize"), size);
    }
    Ok(())
}
