//! Concurrent requests of streams and tasks.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use futures::{
    StreamExt, TryStreamExt,
    executor::block_on,
    future::{join_all, try_join},
    poll, stream,
};
use press_specs::{
    ErrorKind, ListSpecs, get_client,
    mock::{Fault, Gate, MockPress},
};
use tokio::time::sleep;

use crate::{LIMIT, Outcome, PATIENCE, client, ids, requested, support::runtime, until};

/// Gives other tasks and connections time to make progress.
async fn turns(count: usize) {
    for _ in 0..count {
        sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn concurrency_limits_requests_in_flight() -> Outcome {
    let rows = [(None, 1), (Some(2), 2), (Some(8), 8), (Some(usize::MAX), 128)];
    for (concurrency, expected) in rows {
        let first_gate = Gate::new();
        let gate = Gate::new();
        let first = Fault::pass().held_by(&first_gate).on_page(1);
        let others = Fault::pass().held_by(&gate).always();
        let mock = MockPress::builder().generated_specs(150).faults([first, others]).start()?;
        let specs = client(&mock)?.list_specs().page_size(1);
        let stream = specs.maybe(concurrency, ListSpecs::concurrency).stream();
        assert_eq!(mock.connections(), 0);
        let stream = tokio::spawn(ids(stream));
        // Until page 1 arrives, no other page is known to exist.
        mock.wait_for_requests(1, PATIENCE).await?;
        turns(20).await;
        assert_eq!(requested(&mock), [Some(1)]);
        first_gate.open();
        mock.wait_for_requests(1 + expected, PATIENCE).await?;
        assert_eq!(mock.in_flight(), expected);
        gate.open();
        assert_eq!(stream.await??, mock.spec_ids());
        assert_eq!(mock.in_flight_max(), expected, "concurrency {concurrency:?}");
        assert_eq!(mock.request_count(), 150, "concurrency {concurrency:?}");
    }
    Ok(())
}

#[tokio::test]
async fn concurrency_limits_prefetched_pages() -> Outcome {
    // Pages 3 and 4 arrive before page 2. Page 5 must not be requested until page 2 is yielded.
    let gates = [Gate::new(), Gate::new(), Gate::new()];
    let [page_2, page_3, page_4] = &gates;
    let mock = MockPress::builder()
        .generated_specs(9)
        .fault(Fault::pass().held_by(page_2).on_page(2))
        .fault(Fault::pass().held_by(page_3).on_page(3))
        .fault(Fault::pass().held_by(page_4).on_page(4))
        .start()?;
    let specs = client(&mock)?.list_specs().page_size(1).concurrency(3);
    let stream = tokio::spawn(ids(specs.stream()));
    mock.wait_for_requests(4, PATIENCE).await?;
    page_4.open();
    until(|| mock.in_flight() <= 2).await?;
    page_3.open();
    until(|| mock.in_flight() <= 1).await?;
    turns(20).await;
    assert_eq!(mock.request_count(), 4);
    page_2.open();
    assert_eq!(stream.await??, mock.spec_ids());
    Ok(())
}

#[tokio::test]
async fn errors_come_after_earlier_items_and_end_the_stream() -> Outcome {
    let gate = Gate::new();
    let mock = MockPress::builder()
        .generated_specs(10)
        .fault(Fault::pass().held_by(&gate).on_page(2))
        .fault(Fault::status(403).on_page(3))
        .fault(Fault::status(401).on_page(4))
        .fault(Fault::hang().on_page(5))
        .start()?;
    let mut stream = client(&mock)?.list_specs().page_size(2).concurrency(4).stream();
    let stream = tokio::spawn(async move {
        let items: Vec<_> = stream.by_ref().map_ok(|spec| spec.id).collect().await;
        (items, stream)
    });
    mock.wait_for_requests(5, PATIENCE).await?;
    until(|| mock.in_flight() <= 2).await?;
    gate.open();
    let (mut items, mut stream) = stream.await?;
    let error = items.pop().ok_or("an error")?.expect_err("page 3 is forbidden");
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert_eq!(error.page_number(), Some(3));
    let items = items.into_iter().collect::<Result<Vec<_>, _>>()?;
    assert_eq!(items, mock.spec_ids()[..4]);
    // The request in flight is canceled although the stream still exists.
    mock.wait_for_aborted(1, PATIENCE).await?;
    assert!(stream.next().await.is_none());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_client_serves_hundreds_of_tasks() -> Outcome {
    const TASKS: usize = 300;
    let mock = MockPress::builder().generated_specs(30).generated_deployments(2).start()?;
    let client = client(&mock)?;
    let expected = mock.spec_ids();
    let task = |number: usize| {
        let specs = client.list_specs().page_size(10).concurrency(1 + number % 3).stream();
        let deployments = client.list_spec_release_deployments(&expected[number % 30]).page(1);
        tokio::spawn(async { try_join(ids(specs), deployments).await })
    };
    for result in join_all((0..TASKS).map(task)).await {
        let (specs, page) = result??;
        assert_eq!(specs, expected);
        assert_eq!(page.deployments.len(), 2);
    }
    assert_eq!(mock.request_count(), TASKS * 4);
    Ok(())
}

#[tokio::test]
async fn connections_are_reused() -> Outcome {
    const CALLS: usize = 300;
    let mock = MockPress::builder().generated_specs(3).start()?;
    let specs = client(&mock)?.list_specs();
    let calls = stream::iter(0..CALLS).map(|_| specs.clone().page(1));
    calls.buffer_unordered(8).try_collect::<Vec<_>>().await?;
    // A call that finds no free connection opens one, even if another becomes free first.
    let connections = mock.connections();
    assert!(connections <= CALLS / 5, "{connections} connections");
    // Error statuses and invalid bodies keep the connection open.
    let invalid = Fault::raw_body("nonsense");
    for fault in [Fault::status(404), invalid, Fault::status(503).html("<html>")] {
        mock.fault(fault.times(10));
        while mock.unused_faults() > 0 {
            let _ = specs.clone().page(1).await;
        }
    }
    assert_eq!(mock.connections(), connections);
    Ok(())
}

#[tokio::test]
async fn slow_consumers_do_not_time_out() -> Outcome {
    let limit = 2 * LIMIT;
    let consume = async |concurrency, prefetched: usize| {
        let mock = MockPress::builder().generated_specs(12).start()?;
        let session = mock.session_builder().timeout(limit).total_timeout(limit).build()?;
        let specs = get_client(session)?.list_specs().page_size(2).concurrency(concurrency);
        let mut stream = specs.stream();
        stream.try_next().await?;
        sleep(limit + LIMIT / 4).await;
        assert_eq!(mock.request_count(), 1 + prefetched);
        assert_eq!(mock.in_flight(), 0);
        assert_eq!(ids(stream).await?.len(), 11, "concurrency {concurrency}");
        assert_eq!(mock.request_count(), 6, "concurrency {concurrency}");
        Outcome::Ok(())
    };
    try_join(consume(1, 0), consume(3, 3)).await?;
    Ok(())
}

#[tokio::test]
async fn requested_pages_arrive_without_polling() -> Outcome {
    for concurrency in [1, 3] {
        let gate = Gate::new();
        let held = Fault::pass().held_by(&gate).on_page(2);
        let mock = MockPress::builder().generated_specs(4).fault(held).start()?;
        let session = mock.session_builder().timeout(LIMIT).total_timeout(LIMIT).build()?;
        let specs = get_client(session)?.list_specs().page_size(2).concurrency(concurrency);
        let mut stream = specs.stream();
        stream.try_next().await?;
        stream.try_next().await?;
        assert!(poll!(stream.next()).is_pending());
        mock.wait_for_requests(2, PATIENCE).await?;
        gate.open();
        until(|| mock.in_flight() == 0).await?;
        // The consumer is busy for longer than the timeout.
        sleep(2 * LIMIT).await;
        assert_eq!(ids(stream).await?, mock.spec_ids()[2..]);
        assert_eq!(mock.request_count(), 2);
    }
    Ok(())
}

#[test]
fn streams_move_between_runtimes() -> Outcome {
    for concurrency in [1, 3] {
        for in_flight in [false, true] {
            for first_has_ended in [false, true] {
                let mock = MockPress::builder().generated_specs(6).start()?;
                let first = runtime()?;
                let second = runtime()?;
                let specs = client(&mock)?.list_specs().page_size(2).concurrency(concurrency);
                let mut stream = specs.stream();
                let two = stream.by_ref().take(2).try_collect::<Vec<_>>();
                first.block_on(two)?;
                if in_flight {
                    mock.fault(Fault::hang());
                    first.block_on(async {
                        assert!(poll!(stream.next()).is_pending());
                        mock.wait_for_requests(2, PATIENCE).await
                    })?;
                }
                if first_has_ended {
                    drop(first);
                }
                mock.clear_faults();
                let rest = second.block_on(ids(stream))?;
                let case = format!("{concurrency} {in_flight} {first_has_ended}");
                assert_eq!(rest, mock.spec_ids()[2..], "{case}");
            }
        }
    }
    Ok(())
}

#[test]
fn a_stream_outside_a_runtime_is_an_error() -> Outcome {
    let mock = MockPress::builder().generated_specs(6).start()?;
    let mut stream = client(&mock)?.list_specs().stream();
    let error = block_on(stream.try_next()).expect_err("no runtime");
    assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
    assert!(error.to_string().contains("outside a running Tokio runtime"), "{error}");
    Ok(())
}

#[test]
fn task_panics_propagate() -> Outcome {
    let mock = MockPress::builder().generated_specs(9).start()?;
    for (concurrency, page) in [(1, 1), (1, 2), (3, 1), (3, 3)] {
        let requests = AtomicUsize::new(0);
        let session = mock.session_builder().on_request(move |_| {
            if requests.fetch_add(1, Ordering::SeqCst) + 1 == page {
                panic!("a panic in the hook");
            }
        });
        let specs =
            get_client(session.build()?)?.list_specs().page_size(1).concurrency(concurrency);
        let runtime = runtime()?;
        let mut stream = specs.stream();
        let collected =
            catch_unwind(AssertUnwindSafe(|| runtime.block_on(stream.by_ref().count())));
        let panic = collected.expect_err("a panic");
        assert_eq!(panic.downcast_ref(), Some(&"a panic in the hook"), "{concurrency}, {page}");
        assert!(runtime.block_on(stream.next()).is_none());
    }
    Ok(())
}
