//! The two return modes: single pages, and walks of all pages as pages or items.

use std::future::ready;

use futures::{StreamExt, TryStreamExt, poll, stream::FusedStream};
use press_specs::{
    Error, ErrorKind, ListOperation, ListRequest, Page, PageStream, Position,
    mock::{Fault, MockPress, Operation},
    types::{SpecKind, SpecStatus},
};
use serde_json::json;

use crate::{Outcome, client, ids, page, pages, requested};

/// The example of the surface, word for word but for where the client comes from.
#[tokio::test]
async fn the_documented_example_works() -> Outcome {
    let id = "0bddb4c6-40c5-45c3-b477-fceb2c051609";
    let deployment = |n| json!({ "id": format!("d{n}"), "spec": { "release": { "version": "1.0.0" } } });
    let mock = MockPress::builder().generated_specs(60).deployments(id, (0..70).map(deployment)).start()?;
    let client = press_specs::get_client(mock.session()?)?;

    let mut count = 0;
    let mut specs = client.list_specs().status([SpecStatus::Available]).sort(["createdAt:desc"]).stream();
    while let Some(spec) = specs.try_next().await? {
        let line = format!("{} {}", spec.id, spec.kind.unwrap_or(SpecKind::App));
        assert!(line.len() > 36, "{line}");
        count += 1;
    }
    assert!((1..60).contains(&count), "{count}");

    let page = client.list_spec_release_deployments(id).version("1.0.0").page_size(50).page(2).await?;
    assert_eq!((page.deployments.len(), page.page_count), (20, 2));
    Ok(())
}

#[tokio::test]
async fn a_page_is_the_whole_body() -> Outcome {
    let body = json!({
        "pageCount": 9, "pageNumber": 2, "pageSize": 3, "specCount": 26, "links": { "next": "…" },
        "specs": [{ "id": "a" }, { "id": "b", "price": 1.5 }],
    });
    let mock = MockPress::builder().fault(Fault::raw_body(body.to_string()).times(2)).start()?;
    let client = client(&mock)?;
    for number in [Some(2), None] {
        let page = client.list_specs().page(number).await?;
        assert_eq!((page.page_count, page.page_number), (9, Some(2)));
        assert_eq!((page.page_size, page.spec_count), (Some(3), Some(26)));
        assert_eq!(page.extra["links"]["next"], "…");
        assert_eq!(page.specs[1].extra["price"], 1.5);
        assert_eq!(serde_json::to_value(&page)?, body);
    }
    assert_eq!(requested(&mock), [Some(2), None]);
    Ok(())
}

#[tokio::test]
async fn a_page_after_the_last_one_is_empty() -> Outcome {
    let mock = MockPress::builder().generated_specs(10).start()?;
    let page = client(&mock)?.list_specs().page(7).await?;
    assert_eq!((page.specs.len(), page.page_count), (0, 1));
    Ok(())
}

#[tokio::test]
async fn walks_give_every_item_once_and_in_order() -> Outcome {
    // (items, page size, requests)
    for (items, size, requests) in [(0, 25, 1), (1, 25, 1), (25, 25, 1), (26, 25, 2), (50, 25, 2), (7, 1, 7), (9, 4, 3)]
    {
        let mock = MockPress::builder().generated_specs(items).start()?;
        let specs = client(&mock)?.list_specs().page_size(size);
        assert_eq!(ids(specs.clone().stream()).await?, mock.spec_ids(), "{items} by {size}");
        let expected: Vec<_> = (1..=requests).map(Some).collect();
        assert_eq!(requested(&mock), expected, "{items} by {size}");

        let pages: Vec<_> = specs.pages().try_collect().await?;
        let numbers: Vec<_> = pages.iter().map(|page| page.page_number).collect();
        assert_eq!(numbers, expected, "{items} by {size}");
        let items: Vec<_> = pages.into_iter().flat_map(|page| page.specs).map(|spec| spec.id).collect();
        assert_eq!(items, mock.spec_ids());
    }
    Ok(())
}

#[tokio::test]
async fn deployments_are_walked_like_specs() -> Outcome {
    let mock = MockPress::builder().generated_specs(1).generated_deployments(30).start()?;
    let id = mock.spec_ids().remove(0);
    let deployments = client(&mock)?.list_spec_release_deployments(&id).page_size(8);
    let items = ids(deployments.clone().stream()).await?;
    assert_eq!((items.len(), mock.request_count()), (30, 4));
    let pages: Vec<_> = deployments.start_page(3).pages().try_collect().await?;
    let rest: Vec<_> = pages.into_iter().flat_map(|page| page.deployments).map(|item| item.id).collect();
    assert_eq!(rest, items[16..]);
    Ok(())
}

#[tokio::test]
async fn page_counts_are_read_afresh_from_every_page() -> Outcome {
    // What each page says, and the items that come of it.
    let table: &[(&str, &[serde_json::Value], &[&str])] = &[
        ("none", &[page(0, 1, [])], &[]),
        ("none, but items", &[page(0, 1, ["a"]), page(0, 2, ["b"])], &["a"]),
        ("an empty page in the middle", &[page(3, 1, ["a"]), page(3, 2, []), page(3, 3, ["c"])], &["a", "c"]),
        ("an empty first page", &[page(2, 1, []), page(2, 2, ["b"])], &["b"]),
        ("empty pages only", &[page(2, 1, []), page(2, 2, [])], &[]),
        ("growing", &[page(1, 1, ["a"])], &["a"]),
        ("growing", &[page(2, 1, ["a"]), page(3, 2, ["b"]), page(3, 3, ["c"])], &["a", "b", "c"]),
        ("shrinking", &[page(9, 1, ["a"]), page(2, 2, ["b"]), page(9, 3, ["c"])], &["a", "b"]),
        ("shrinking below itself", &[page(9, 1, ["a"]), page(0, 2, ["b"]), page(9, 3, ["c"])], &["a", "b"]),
        ("huge, then not", &[page(u64::MAX, 1, ["a"]), page(2, 2, ["b"])], &["a", "b"]),
        ("repeated items", &[page(2, 1, ["a", "a"]), page(2, 2, ["a"])], &["a", "a", "a"]),
    ];
    for (told, bodies, expected) in table {
        for concurrency in [1, 3] {
            let mock = pages(bodies)?;
            let specs = client(&mock)?.list_specs().concurrency(concurrency);
            assert_eq!(ids(specs.stream()).await?, *expected, "{told}, {concurrency} at once");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_walk_ends_at_the_last_page_number_there_is() -> Outcome {
    let last = page(u64::MAX, u32::MAX.into(), ["a"]);
    for concurrency in [1, 4] {
        let mock = MockPress::builder().fault(Fault::raw_body(last.to_string())).start()?;
        let specs = client(&mock)?.list_specs().start_page(u32::MAX).concurrency(concurrency);
        assert_eq!(ids(specs.stream()).await?, ["a"]);
        assert_eq!(mock.request_count(), 1);
    }
    Ok(())
}

#[tokio::test]
async fn pages_without_a_number_of_their_own_are_taken_as_asked_for() -> Outcome {
    let body = |ids: &[&str]| {
        let specs: Vec<_> = ids.iter().map(|id| json!({ "id": id })).collect();
        json!({ "pageCount": 2, "pageNumber": null, "specs": specs })
    };
    let mock = pages(&[body(&["a"]), body(&["b"])])?;
    assert_eq!(ids(client(&mock)?.list_specs().stream()).await?, ["a", "b"]);
    Ok(())
}

/// Returns the number of requests for an operation that the mock received.
fn requested_of(mock: &MockPress, operation: Operation) -> usize {
    let requests = mock.requests();
    requests.iter().filter(|request| request.operation() == Some(operation)).count()
}

#[tokio::test]
async fn nothing_is_requested_before_it_is_asked_for() -> Outcome {
    let mock = MockPress::builder().generated_specs(6).start()?;
    let client = client(&mock)?;
    let specs = client.list_specs().page_size(2);
    drop(specs.clone().page(1));
    drop(specs.clone().stream());
    drop(specs.clone().pages());
    let unpolled = specs.clone().page(1);
    assert_eq!((mock.request_count(), mock.connections()), (0, 0));
    unpolled.await?;
    mock.clear_requests();

    // What has been requested of the walk, once all that is on its way has arrived: another request overtakes nothing.
    let walked = async || {
        let other = || client.list_spec_release_deployments("other").page(1);
        let _ = (other().await, other().await);
        requested_of(&mock, Operation::ListSpecs)
    };
    // The second page is requested when its first item is asked for, and not with the last item of the first page.
    let mut stream = specs.clone().stream();
    for (item, requests) in [(0, 1), (1, 1), (2, 2), (3, 2), (4, 3), (5, 3)] {
        let spec = stream.try_next().await?.ok_or("an item")?;
        assert_eq!(spec.id, mock.spec_ids()[item]);
        assert_eq!(walked().await, requests, "item {item}");
    }
    assert!(stream.next().await.is_none());
    assert_eq!(walked().await, 3);
    mock.clear_requests();

    let mut pages = specs.clone().pages();
    for number in 1..=3 {
        pages.try_next().await?.ok_or("a page")?;
        assert_eq!(walked().await, number);
    }
    assert!(pages.next().await.is_none());
    assert!(pages.next().await.is_none());
    assert_eq!(walked().await, 3);
    mock.clear_requests();

    // Dropped after the first item: the rest is never requested.
    let mut stream = specs.stream();
    stream.try_next().await?;
    drop(stream);
    client.list_specs().page(1).await?;
    assert_eq!(mock.request_count(), 2);
    Ok(())
}

#[tokio::test]
async fn a_walk_ends_after_an_error() -> Outcome {
    for concurrency in [1, 3] {
        let mock = MockPress::builder().generated_specs(6).fault(Fault::status(403).on_page(2)).start()?;
        let specs = client(&mock)?.list_specs().page_size(2).concurrency(concurrency);
        let mut stream = specs.clone().stream();
        for id in &mock.spec_ids()[..2] {
            assert_eq!(stream.try_next().await?.ok_or("an item")?.id, *id);
        }
        let error = stream.try_next().await.expect_err("page 2 is forbidden");
        assert_eq!((error.kind(), error.page_number()), (ErrorKind::Forbidden, Some(2)));
        for _ in 0..3 {
            assert!(stream.next().await.is_none());
        }

        mock.fault(Fault::status(403).on_page(2));
        let mut pages = specs.pages();
        assert!(pages.next().await.is_some_and(|page| page.is_ok()));
        assert!(pages.next().await.is_some_and(|page| page.is_err()));
        assert!(pages.next().await.is_none());
    }
    Ok(())
}

#[tokio::test]
async fn a_walk_is_resumed_at_the_page_that_failed() -> Outcome {
    let mock = MockPress::builder().generated_specs(10).fault(Fault::status(400).on_page(3)).start()?;
    let specs = client(&mock)?.list_specs().page_size(3);
    let mut got = Vec::new();
    let mut stream = specs.clone().stream();
    let error = loop {
        match stream.try_next().await {
            Ok(item) => got.push(item.ok_or("an item")?.id),
            Err(error) => break error,
        }
    };
    let next = error.page_number().ok_or("a page number")?;
    assert_eq!((next, got.len()), (3, 6));
    got.extend(ids(specs.start_page(next).stream()).await?);
    assert_eq!(got, mock.spec_ids());
    Ok(())
}

#[tokio::test]
async fn a_start_beyond_the_end_is_a_changed_list() -> Outcome {
    let mock = MockPress::builder().generated_specs(3).start()?;
    let specs = client(&mock)?.list_specs().page_size(2);
    for beyond in [specs.clone().start_page(3), specs.clone().resume("v1.p3.i0.s2".parse()?)] {
        for concurrency in [1, 3] {
            let beyond = beyond.clone().concurrency(concurrency);
            let error = ids(beyond.clone().stream()).await.expect_err("no such page");
            assert_eq!((error.kind(), error.page_number()), (ErrorKind::ListChanged, Some(3)));
            assert!(!error.is_retryable() && error.attempts() == 1);
            let error = beyond.pages().try_next().await.expect_err("no such page");
            assert_eq!(error.kind(), ErrorKind::ListChanged);
        }
    }
    assert!(requested(&mock).iter().all(|&number| number == Some(3)));
    assert_eq!(ids(specs.start_page(2).stream()).await?.len(), 1);

    mock.clear_catalogue();
    assert_eq!(ids(client(&mock)?.list_specs().stream()).await?, [""; 0]);
    Ok(())
}

#[tokio::test]
async fn progress_is_what_the_last_page_says() -> Outcome {
    let body = |page_count: u64, number: u64, count: Option<u64>| {
        let specs = [json!({ "id": number.to_string() }), json!({ "id": format!("{number}b") })];
        json!({ "pageCount": page_count, "pageNumber": number, "specCount": count, "specs": specs })
    };
    let mock = pages(&[body(2, 1, Some(4)), body(3, 2, Some(5)), body(3, 3, None)])?;
    let specs = client(&mock)?.list_specs();
    let (mut stream, mut pages) = (specs.clone().stream(), specs.pages());
    assert_eq!((stream.page_count(), stream.item_count()), (None, None));
    assert_eq!((pages.page_count(), pages.item_count()), (None, None));
    for expected in [(2, Some(4)), (3, Some(5)), (3, None)] {
        let expected = (Some(expected.0), expected.1);
        pages.try_next().await?;
        assert_eq!((pages.page_count(), pages.item_count()), expected);
        for _ in 0..2 {
            stream.try_next().await?;
            assert_eq!((stream.page_count(), stream.item_count()), expected);
        }
    }
    for _ in 0..2 {
        assert!(stream.next().await.is_none() && pages.next().await.is_none());
    }
    assert_eq!((stream.page_count(), pages.item_count()), (Some(3), None));
    Ok(())
}

#[tokio::test]
async fn streams_are_terminated_once_they_have_said_so() -> Outcome {
    for fault in [Fault::pass(), Fault::status(403)] {
        let mock = MockPress::builder().generated_specs(1).fault(fault.always()).start()?;
        let specs = client(&mock)?.list_specs();
        let (mut stream, mut pages) = (specs.clone().stream(), specs.pages());
        for over in [false, true] {
            assert_eq!((stream.next().await.is_none(), pages.next().await.is_none()), (over, over));
            assert_eq!((stream.is_terminated(), pages.is_terminated()), (over, over));
        }
    }
    Ok(())
}

/// A page without a number of its own.
fn unnumbered<const N: usize>(page_count: u64, ids: [&str; N]) -> serde_json::Value {
    let specs = Vec::from(ids.map(|id| json!({ "id": id })));
    json!({ "pageCount": page_count, "specs": specs })
}

#[tokio::test]
async fn helpers_can_be_written_for_every_list() -> Outcome {
    async fn count<O: ListOperation>(request: ListRequest<O>) -> Result<usize, Error> {
        request.stream().try_fold(0, |count, _| ready(Ok(count + 1))).await
    }
    async fn first<P: Page>(mut pages: PageStream<P>) -> Result<Option<P::Item>, Error> {
        let page = pages.try_next().await?;
        Ok(page.and_then(|page| page.into_items().into_iter().next()))
    }
    let mock = MockPress::builder().generated_specs(4).generated_deployments(2).start()?;
    let client = client(&mock)?;
    let id = mock.spec_ids().remove(0);
    let (specs, deployments) = (client.list_specs(), client.list_spec_release_deployments(&id));
    assert_eq!((count(specs.clone()).await?, count(deployments).await?), (4, 2));
    assert_eq!(first(specs.pages()).await?.map(|spec| spec.id), Some(id));
    Ok(())
}

#[tokio::test]
async fn empty_pages_in_a_row_are_bounded() -> Outcome {
    for concurrency in [1, 5] {
        let mock =
            MockPress::builder().fault(Fault::raw_body(unnumbered(1_000_000, []).to_string()).always()).start()?;
        let specs = client(&mock)?.list_specs().concurrency(concurrency);
        let error = specs.clone().stream().try_next().await.expect_err("nothing for ever");
        assert_eq!((error.kind(), error.page_number()), (ErrorKind::InvalidResponse, Some(101)));
        assert!(error.to_string().contains("100 pages in a row"), "{error}");
        assert_eq!(specs.pages().filter(|page| ready(page.is_ok())).count().await, 100);

        // With an item in between, or to the end of the list, there may be as many as there are.
        let bodies: Vec<_> =
            (1..=202).map(|number| if number == 101 { page(202, 101, ["a"]) } else { page(202, number, []) }).collect();
        let mock = pages(&bodies)?;
        let specs = client(&mock)?.list_specs().concurrency(concurrency);
        assert_eq!(ids(specs.stream()).await?, ["a"]);
    }
    Ok(())
}

#[tokio::test]
async fn changes_are_detected_on_request() -> Outcome {
    let counted = |mut page: serde_json::Value, count: u64| {
        page["specCount"] = count.into();
        page
    };
    // What the pages say, which page shows the change, and what the error says of it.
    let table: &[(&[serde_json::Value], Option<u32>, &str)] = &[
        (&[counted(page(2, 1, ["a"]), 2), counted(page(2, 2, ["b"]), 2)], None, ""),
        (&[counted(page(2, 1, ["a"]), 2), counted(page(2, 2, ["b"]), 3)], Some(2), "had 2 items and now has 3"),
        (
            &[page(3, 1, ["a"]), counted(page(3, 2, ["b"]), 3), counted(page(3, 3, ["c"]), 2)],
            Some(3),
            "had 3 items and now has 2",
        ),
        (&[counted(page(2, 1, ["a"]), 2), page(2, 2, ["b"])], None, ""),
        (&[page(2, 1, ["a"]), page(2, 2, ["b", "a"])], Some(2), "appears twice"),
        (&[page(1, 1, ["a", "a"])], Some(1), "appears twice"),
        (&[unnumbered(2, ["a"]), unnumbered(2, ["a"])], Some(2), "appears twice"),
    ];
    for (bodies, changed, says) in table {
        for concurrency in [1, 3] {
            let mock = pages(bodies)?;
            let specs = client(&mock)?.list_specs().concurrency(concurrency);
            let before: usize = bodies.iter().map(|page| page["specs"].as_array().map_or(0, Vec::len)).sum();
            assert_eq!(ids(specs.clone().stream()).await?.len(), before);
            let mut items = Vec::new();
            let mut stream = specs.detect_changes(true).stream();
            let error = loop {
                match stream.try_next().await {
                    Ok(Some(item)) => items.push(item.id),
                    Ok(None) => break None,
                    Err(error) => break Some(error),
                }
            };
            assert_eq!(error.as_ref().and_then(|error| error.page_number()), *changed, "{says}");
            if let Some(error) = error {
                assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::ListChanged, false));
                assert!(error.to_string().contains(says), "{error}");
                assert!(stream.next().await.is_none());
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_change_between_stop_and_resume_is_detected() -> Outcome {
    let mock = MockPress::builder().generated_specs(10).start()?;
    let specs = client(&mock)?.list_specs().page_size(4).detect_changes(true);
    let mut stream = specs.clone().stream();
    stream.by_ref().take(6).try_collect::<Vec<_>>().await?;
    let position = stream.position();
    assert_eq!(ids(specs.clone().resume(position.clone()).stream()).await?, mock.spec_ids()[6..]);
    mock.add_generated_specs(1);
    let error = ids(specs.clone().resume(position).stream()).await.expect_err("one more");
    assert_eq!((error.kind(), error.page_number()), (ErrorKind::ListChanged, Some(2)));

    // A page that has become too short for the position.
    let position: Position = "v1.p3.i4.s4".parse()?;
    let error = ids(specs.clone().resume(position.clone()).stream()).await.expect_err("a short page");
    assert_eq!(error.kind(), ErrorKind::ListChanged);
    assert_eq!(ids(specs.detect_changes(false).resume(position).stream()).await?, [""; 0]);
    Ok(())
}

#[tokio::test]
async fn positions_name_the_next_item() -> Outcome {
    let mock = MockPress::builder().generated_specs(5).start()?;
    for concurrency in [1, 4] {
        let specs = client(&mock)?.list_specs().page_size(2).concurrency(concurrency);
        let mut stream = specs.clone().stream();
        for expected in ["p1.i0.s2", "p1.i1.s2.n5", "p2.i0.s2.n5", "p2.i1.s2.n5", "p3.i0.s2.n5", "end.s2.n5"] {
            let position = stream.position();
            assert_eq!(position.to_string(), format!("v1.{expected}"));
            assert_eq!(specs.clone().resume(position.clone()).stream().position(), position);
            stream.try_next().await?;
        }
        assert_eq!(stream.position().to_string(), "v1.end.s2.n5");
        let end = client(&mock)?.list_specs().resume(stream.position());
        mock.clear_requests();
        assert_eq!(ids(end.stream()).await?, [""; 0]);
        assert_eq!(mock.request_count(), 0);
    }
    // Whole pages start with that of the position; a later start replaces it, and one page knows nothing of it.
    let specs = client(&mock)?.list_specs().resume("v1.p2.i1.s2".parse()?);
    let pages: Vec<_> = specs.clone().pages().try_collect().await?;
    assert_eq!(pages.iter().map(|page| page.specs.len()).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(ids(specs.clone().start_page(1).stream()).await?, mock.spec_ids());
    assert_eq!(specs.page(1).await?.specs.len(), 5);
    Ok(())
}

#[tokio::test]
async fn a_position_keeps_the_page_size_that_the_service_reports() -> Outcome {
    let sized = |mut page: serde_json::Value, size: u64| {
        page["pageSize"] = size.into();
        page
    };
    // The pages, where the stream starts, and the position after its first item.
    let table: &[(&[serde_json::Value], u32, &str)] = &[
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

#[tokio::test]
async fn the_page_size_of_a_position_cannot_be_changed() -> Outcome {
    let mock = MockPress::builder().generated_specs(5).start()?;
    let specs = client(&mock)?.list_specs();
    for (position, size) in [("v1.p1.i1.s2", 3), ("v1.p1.i1", 25), ("v1.end.s2", 3)] {
        for specs in [
            specs.clone().page_size(size).resume(position.parse()?),
            specs.clone().resume(position.parse()?).page_size(size),
        ] {
            let error = ids(specs.stream()).await.expect_err("another page size");
            assert_eq!((error.kind(), error.attempts()), (ErrorKind::InvalidParameter, 0));
            assert!(error.to_string().contains("`page_size`"), "{error}");
        }
    }
    assert_eq!(mock.request_count(), 0);
    let same = specs.clone().page_size(2).resume("v1.p2.i1.s2".parse()?);
    assert_eq!(ids(same.stream()).await?, mock.spec_ids()[3..]);
    let default = specs.resume("v1.p1.i3".parse()?);
    assert_eq!(ids(default.stream()).await?, mock.spec_ids()[3..]);
    assert_eq!(mock.requests().last().ok_or("a request")?.query("pageSize"), None);
    Ok(())
}

#[tokio::test]
async fn requests_are_values_to_keep_and_to_repeat() -> Outcome {
    let mock = MockPress::builder().generated_specs(5).start()?;
    let specs = {
        // Neither the session nor the client needs to live on.
        let client = client(&mock)?;
        client.clone().list_specs().page_size(2)
    };
    let task = tokio::spawn(specs.clone().page(1));
    assert_eq!(task.await??.specs.len(), 2);
    assert_eq!(ids(specs.clone().stream()).await?.len(), 5);
    assert_eq!(specs.page_size(3).page(2).await?.specs.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_stream_of_no_use_can_be_polled_and_dropped() -> Outcome {
    let mock = MockPress::builder().fault(Fault::hang()).start()?;
    let mut stream = client(&mock)?.list_specs().stream();
    assert!(poll!(stream.next()).is_pending());
    assert!(format!("{stream:?}").starts_with("ItemStream"));
    drop(stream);
    Ok(())
}
