//! The two return modes: single pages, and walks of all pages as pages or items.

use futures::{StreamExt, TryStreamExt, poll};
use press_specs::{
    ErrorKind,
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
    let mock = MockPress::builder()
        .generated_specs(60)
        .deployments(id, (0..70).map(deployment))
        .start()?;
    let client = press_specs::get_client(mock.session()?)?;

    let mut count = 0;
    let mut specs = client
        .list_specs()
        .status([SpecStatus::Available])
        .sort(["createdAt:desc"])
        .stream();
    while let Some(spec) = specs.try_next().await? {
        let line = format!("{} {}", spec.id, spec.kind.unwrap_or(SpecKind::App));
        assert!(line.len() > 36, "{line}");
        count += 1;
    }
    assert!((1..60).contains(&count), "{count}");

    let page = client
        .list_spec_release_deployments(id)
        .version("1.0.0")
        .page_size(50)
        .page(2)
        .await?;
    assert_eq!((page.deployments.len(), page.page_count), (20, 2));
    Ok(())
}

#[tokio::test]
async fn a_page_is_the_whole_body() -> Outcome {
    let body = json!({
        "pageCount": 9, "pageNumber": 2, "pageSize": 3, "specCount": 26, "links": { "next": "…" },
        "specs": [{ "id": "a" }, { "id": "b", "price": 1.5 }],
    });
    let mock = MockPress::builder()
        .fault(Fault::raw_body(body.to_string()).times(2))
        .start()?;
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
    for (items, size, requests) in [
        (0, 25, 1),
        (1, 25, 1),
        (25, 25, 1),
        (26, 25, 2),
        (50, 25, 2),
        (7, 1, 7),
        (9, 4, 3),
    ] {
        let mock = MockPress::builder().generated_specs(items).start()?;
        let specs = client(&mock)?.list_specs().page_size(size);
        assert_eq!(ids(specs.clone().stream()).await?, mock.spec_ids(), "{items} by {size}");
        let expected: Vec<_> = (1..=requests).map(Some).collect();
        assert_eq!(requested(&mock), expected, "{items} by {size}");

        let pages: Vec<_> = specs.pages().try_collect().await?;
        let numbers: Vec<_> = pages.iter().map(|page| page.page_number).collect();
        assert_eq!(numbers, expected, "{items} by {size}");
        let items: Vec<_> = pages
            .into_iter()
            .flat_map(|page| page.specs)
            .map(|spec| spec.id)
            .collect();
        assert_eq!(items, mock.spec_ids());
    }
    Ok(())
}

#[tokio::test]
async fn deployments_are_walked_like_specs() -> Outcome {
    let mock = MockPress::builder()
        .generated_specs(1)
        .generated_deployments(30)
        .start()?;
    let id = mock.spec_ids().remove(0);
    let deployments = client(&mock)?.list_spec_release_deployments(&id).page_size(8);
    let items = ids(deployments.clone().stream()).await?;
    assert_eq!((items.len(), mock.request_count()), (30, 4));
    let pages: Vec<_> = deployments.start_page(3).pages().try_collect().await?;
    let rest: Vec<_> = pages
        .into_iter()
        .flat_map(|page| page.deployments)
        .map(|item| item.id)
        .collect();
    assert_eq!(rest, items[16..]);
    Ok(())
}

#[tokio::test]
async fn page_counts_are_read_afresh_from_every_page() -> Outcome {
    // What each page says, and the items that come of it.
    let table: &[(&str, &[serde_json::Value], &[&str])] = &[
        ("none", &[page(0, 1, [])], &[]),
        ("none, but items", &[page(0, 1, ["a"]), page(0, 2, ["b"])], &["a"]),
        (
            "an empty page in the middle",
            &[page(3, 1, ["a"]), page(3, 2, []), page(3, 3, ["c"])],
            &["a", "c"],
        ),
        ("an empty first page", &[page(2, 1, []), page(2, 2, ["b"])], &["b"]),
        ("empty pages only", &[page(2, 1, []), page(2, 2, [])], &[]),
        ("growing", &[page(1, 1, ["a"])], &["a"]),
        (
            "growing",
            &[page(2, 1, ["a"]), page(3, 2, ["b"]), page(3, 3, ["c"])],
            &["a", "b", "c"],
        ),
        (
            "shrinking",
            &[page(9, 1, ["a"]), page(2, 2, ["b"]), page(9, 3, ["c"])],
            &["a", "b"],
        ),
        (
            "shrinking below itself",
            &[page(9, 1, ["a"]), page(0, 2, ["b"]), page(9, 3, ["c"])],
            &["a", "b"],
        ),
        (
            "huge, then not",
            &[page(u64::MAX, 1, ["a"]), page(2, 2, ["b"])],
            &["a", "b"],
        ),
        (
            "repeated items",
            &[page(2, 1, ["a", "a"]), page(2, 2, ["a"])],
            &["a", "a", "a"],
        ),
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
        let specs = client(&mock)?
            .list_specs()
            .start_page(u32::MAX)
            .concurrency(concurrency);
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

/// How many requests for an operation the mock received.
fn requested_of(mock: &MockPress, operation: Operation) -> usize {
    let requests = mock.requests();
    requests
        .iter()
        .filter(|request| request.operation() == Some(operation))
        .count()
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
        let mock = MockPress::builder()
            .generated_specs(6)
            .fault(Fault::status(403).on_page(2))
            .start()?;
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
    let mock = MockPress::builder()
        .generated_specs(10)
        .fault(Fault::status(400).on_page(3))
        .start()?;
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
async fn a_start_page_after_the_end_gives_nothing() -> Outcome {
    let mock = MockPress::builder().generated_specs(3).start()?;
    let specs = client(&mock)?.list_specs().start_page(5);
    assert_eq!(ids(specs.stream()).await?, [""; 0]);
    assert_eq!(requested(&mock), [Some(5)]);
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
