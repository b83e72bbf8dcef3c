//! Several requests in flight: of one stream, and of many tasks. What a stream then gives is in
//! `properties`.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use futures::{
    StreamExt, TryStreamExt,
    future::{join_all, try_join},
    poll, stream,
};
use press_specs::{
    ErrorKind, ListSpecs, get_client,
    mock::{Fault, Gate, MockPress},
};
use tokio::time::sleep;

use crate::{
    LIMIT, Outcome, PATIENCE, client, faults::gzip, ids, page, requested, support::runtime, until,
};

/// Lets all other tasks and the connections have so many turns.
async fn turns(count: usize) {
    for _ in 0..count {
        sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn so_many_requests_are_in_flight_and_no_more() -> Outcome {
    for (concurrency, expected) in [(None, 1), (Some(2), 2), (Some(8), 8), (Some(usize::MAX), 128)]
    {
        let gates = [Gate::new(), Gate::new()];
        let first = Fault::pass().held_by(&gates[0]).on_page(1);
        let others = Fault::pass().held_by(&gates[1]).always();
        let mock = MockPress::builder().generated_specs(150).faults([first, others]).start()?;
        let stream = client(&mock)?
            .list_specs()
            .page_size(1)
            .maybe(concurrency, ListSpecs::concurrency)
            .stream();
        assert_eq!(mock.connections(), 0);
        let stream = tokio::spawn(ids(stream));
        // The first page comes alone: nothing but it is known to exist.
        mock.wait_for_requests(1, PATIENCE).await?;
        turns(20).await;
        assert_eq!(requested(&mock), [Some(1)]);
        gates[0].open();
        mock.wait_for_requests(1 + expected, PATIENCE).await?;
        assert_eq!(mock.in_flight(), expected);
        gates[1].open();
        assert_eq!(stream.await??, mock.spec_ids());
        assert_eq!(
            (mock.in_flight_max(), mock.request_count()),
            (expected, 150),
            "{concurrency:?} at once"
        );
    }
    Ok(())
}

#[tokio::test]
async fn no_more_pages_wait_than_requests_may_be_in_flight() -> Outcome {
    // Page 2 is held back; 3 and 4 come and wait. Page 5 may be requested only when page 2 has been
    // given.
    let gates = [Gate::new(), Gate::new(), Gate::new()];
    let faults =
        gates.iter().zip(2..).map(|(gate, number)| Fault::pass().held_by(gate).on_page(number));
    let mock = MockPress::builder().generated_specs(9).faults(faults).start()?;
    let stream =
        tokio::spawn(ids(client(&mock)?.list_specs().page_size(1).concurrency(3).stream()));
    mock.wait_for_requests(4, PATIENCE).await?;
    for left in [2, 1] {
        gates[left].open();
        until(|| mock.in_flight() <= left).await?;
        // The page is on its way: time enough to take it in, and to request more where that is
        // wrong.
        turns(20).await;
    }
    assert_eq!(mock.request_count(), 4, "page 5 was requested while 2, 3 and 4 were not given");
    gates[0].open();
    assert_eq!(stream.await??, mock.spec_ids());
    Ok(())
}

#[tokio::test]
async fn an_error_comes_after_all_items_before_it_and_ends_the_walk() -> Outcome {
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
    assert_eq!((error.kind(), error.page_number()), (ErrorKind::Forbidden, Some(3)));
    assert_eq!(items.into_iter().collect::<Result<Vec<_>, _>>()?, mock.spec_ids()[..4]);
    // What was in flight is cancelled, though the stream is still there.
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
        assert_eq!((&specs, page.deployments.len()), (&expected, 2));
    }
    assert_eq!(mock.request_count(), TASKS * 4);
    Ok(())
}

#[tokio::test]
async fn connections_are_used_again() -> Outcome {
    const CALLS: usize = 300;
    let mock = MockPress::builder().generated_specs(3).start()?;
    let specs = client(&mock)?.list_specs();
    let calls = stream::iter(0..CALLS).map(|_| specs.clone().page(1));
    calls.buffer_unordered(8).try_collect::<Vec<_>>().await?;
    // A new connection may lose against one that becomes free meanwhile, and is kept for later.
    let connections = mock.connections();
    assert!(connections <= CALLS / 5, "{connections} connections");
    // Refusals and bodies that cannot be used do not cost the connection either.
    for fault in
        [Fault::status(404), Fault::raw_body("nonsense"), Fault::status(503).html("<html>")]
    {
        mock.fault(fault.times(10));
        while mock.unused_faults() > 0 {
            let _ = specs.clone().page(1).await;
        }
    }
    assert_eq!(mock.connections(), connections);
    Ok(())
}

#[tokio::test]
async fn the_time_that_a_consumer_takes_is_not_that_of_the_service() -> Outcome {
    let limit = 2 * LIMIT;
    let consume = async |concurrency, ahead: usize| {
        let mock = MockPress::builder().generated_specs(12).start()?;
        let session = mock.session_builder().timeout(limit).total_timeout(limit).build()?;
        let mut stream =
            get_client(session)?.list_specs().page_size(2).concurrency(concurrency).stream();
        stream.try_next().await?;
        sleep(limit + LIMIT / 4).await;
        // Pages are fetched ahead while nobody polls.
        assert_eq!((mock.request_count(), mock.in_flight()), (1 + ahead, 0));
        assert_eq!(
            (ids(stream).await?.len(), mock.request_count()),
            (11, 6),
            "{concurrency} at once"
        );
        Outcome::Ok(())
    };
    try_join(consume(1, 0), consume(3, 3)).await?;
    Ok(())
}

#[tokio::test]
async fn pages_that_memory_has_no_room_for_are_fetched_in_their_turn() -> Outcome {
    const LENGTH: usize = 20_000;
    // At each of these pages the walk stands still until all that is fetched ahead has arrived.
    const HELD: [u64; 4] = [2, 12, 22, 32];
    for compressed in [false, true] {
        let gates = HELD.map(|_| Gate::new());
        let faults = (1..=40).map(|number| {
            let mut body = page(40, number, [&number.to_string()]).to_string().into_bytes();
            body.resize(LENGTH, b' ');
            let fault = if compressed {
                Fault::raw_body(gzip(&body)).header("content-encoding", "gzip")
            } else {
                Fault::raw_body(body)
            };
            let fault = fault.on_page(number).always();
            let gate = gates.iter().zip(HELD).find(|(_, held)| *held == number);
            gate.map_or(fault.clone(), |(gate, _)| fault.held_by(gate))
        });
        let mock = MockPress::builder().faults(faults).start()?;
        // Two pages fit, and three do not.
        let session = mock.session_builder().max_response_bytes(LENGTH as u64 * 5 / 2).build()?;
        let walk = tokio::spawn(ids(get_client(session)?.list_specs().concurrency(8).stream()));
        for (gate, number) in gates.iter().zip(HELD) {
            until(|| requested(&mock).contains(&Some(number)) && mock.in_flight() == 1).await?;
            turns(20).await;
            gate.open();
        }
        assert_eq!(walk.await??, (1..=40).map(|number| number.to_string()).collect::<Vec<_>>());
        // Of eight pages ahead, and then of four, most find no room; from then on two are fetched
        // ahead.
        let refused = mock.request_count() - 40;
        assert!((1..=12).contains(&refused), "{refused} pages were fetched twice");
    }
    Ok(())
}

/// The bytes of an attempt that failed are given back before the next one.
#[tokio::test]
async fn a_retry_needs_memory_only_once() -> Outcome {
    const LENGTH: usize = 20_000;
    let gate = Gate::new();
    let body = |number: u64| {
        let mut body = page(3, number, ["a"]).to_string().into_bytes();
        body.resize(LENGTH, b' ');
        Fault::raw_body(body).on_page(number).always()
    };
    let mock = MockPress::builder()
        .faults([body(1), body(2).held_by(&gate), body(3).cut_after(LENGTH - 1)])
        .start()?;
    let session = mock.session_builder().max_response_bytes(LENGTH as u64 * 3 / 2).build()?;
    let walk =
        tokio::spawn(get_client(session)?.list_specs().concurrency(3).pages().collect::<Vec<_>>());
    mock.wait_for_requests(2 + 4, PATIENCE).await?;
    gate.open();
    let error = walk.await?.remove(2).expect_err("page 3 breaks off");
    assert_eq!(
        (error.kind(), error.attempts(), mock.request_count()),
        (ErrorKind::Connection, 4, 6)
    );
    Ok(())
}

#[test]
fn a_stream_belongs_to_the_runtime_that_polled_it_first() -> Outcome {
    for concurrency in [1, 3] {
        // Between two pages, and with a page in flight.
        for (in_flight, first_is_gone) in
            [(false, false), (false, true), (true, false), (true, true)]
        {
            let mock = MockPress::builder().generated_specs(6).start()?;
            let (first, second) = (runtime()?, runtime()?);
            let mut stream =
                client(&mock)?.list_specs().page_size(2).concurrency(concurrency).stream();
            first.block_on(stream.by_ref().take(2).try_collect::<Vec<_>>())?;
            if in_flight {
                mock.fault(Fault::hang().always());
                first.block_on(async {
                    assert!(poll!(stream.next()).is_pending());
                    mock.wait_for_requests(2, PATIENCE).await
                })?;
            }
            if first_is_gone {
                drop(first);
            }
            let error = second.block_on(stream.try_next()).expect_err("another runtime");
            let found = (error.kind(), error.page_number());
            assert_eq!(
                found,
                (ErrorKind::InvalidConfiguration, Some(2)),
                "{concurrency} {in_flight} {first_is_gone}"
            );
            assert!(error.to_string().contains("runtime"), "{error}");
            assert!(second.block_on(stream.next()).is_none());
            // The position still leads on.
            mock.clear_faults();
            let rest = client(&mock)?.list_specs().resume(stream.position()).stream();
            assert_eq!(second.block_on(ids(rest))?, mock.spec_ids()[2..]);
        }
    }
    Ok(())
}

#[test]
fn what_panics_in_a_task_panics_in_the_caller() -> Outcome {
    let mock = MockPress::builder().generated_specs(9).start()?;
    for (concurrency, page) in [(1, 1), (1, 2), (3, 1), (3, 3)] {
        let requests = AtomicUsize::new(0);
        let session = mock.session_builder().on_request(move |_| {
            if requests.fetch_add(1, Ordering::SeqCst) + 1 == page {
                panic!("the hook has enough");
            }
        });
        let specs =
            get_client(session.build()?)?.list_specs().page_size(1).concurrency(concurrency);
        let runtime = runtime()?;
        let mut stream = specs.stream();
        let collected =
            catch_unwind(AssertUnwindSafe(|| runtime.block_on(stream.by_ref().count())));
        let panic = collected.expect_err("a panic");
        assert_eq!(panic.downcast_ref(), Some(&"the hook has enough"), "{concurrency}, {page}");
        assert!(runtime.block_on(stream.next()).is_none());
    }
    Ok(())
}
