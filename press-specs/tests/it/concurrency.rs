//! Several requests in flight: the walk is that of one request at a time, only sooner.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{StreamExt, TryStreamExt, future::try_join, poll};
use press_specs::{
    ErrorKind, ListSpecs, Session, get_client,
    mock::{Fault, Gate, MockPress},
};
use proptest::{
    collection::{btree_map, vec},
    prelude::{Strategy, any, prop_assert_eq},
    prop_oneof,
    strategy::Just,
    test_runner::TestCaseError,
};
use serde_json::json;
use tokio::{
    runtime::{Builder, Runtime},
    time::sleep,
};

use crate::{LIMIT, Outcome, PATIENCE, cases, client, ids, page, requested, until};

/// Lets all other tasks and the connections have so many turns.
async fn turns(count: usize) {
    for _ in 0..count {
        sleep(Duration::from_millis(1)).await;
    }
}

/// Waits until the gate holds all requests, which proves that they are in flight together.
fn held(gate: &Gate, first: u64) -> Fault {
    let gate = gate.clone();
    Fault::pass()
        .held_by(&gate)
        .when(move |request| request.page_number().is_some_and(|number| number >= first))
        .always()
}

#[tokio::test]
async fn so_many_requests_are_in_flight_and_no_more() -> Outcome {
    for concurrency in [2, 3, 8, 40] {
        let gate = Gate::new();
        let mock = MockPress::builder().generated_specs(20).fault(held(&gate, 2)).start()?;
        let specs = client(&mock)?.list_specs().page_size(1).concurrency(concurrency);
        let walk = tokio::spawn(ids(specs.stream()));
        // The first page comes alone: nothing but it is known to exist.
        let expected = concurrency.min(19);
        mock.wait_for_requests(1 + expected, PATIENCE).await?;
        assert_eq!(mock.in_flight(), expected);
        gate.open();
        assert_eq!(walk.await??, mock.spec_ids());
        assert_eq!((mock.in_flight_max(), mock.request_count()), (expected, 20), "{concurrency} at once");
    }
    Ok(())
}

#[tokio::test]
async fn one_at_a_time_is_the_default() -> Outcome {
    let mock = MockPress::builder().generated_specs(10).latency(Duration::from_millis(1)).start()?;
    ids(client(&mock)?.list_specs().page_size(1).stream()).await?;
    assert_eq!(mock.in_flight_max(), 1);
    Ok(())
}

#[tokio::test]
async fn nothing_is_requested_before_the_first_poll_nor_beyond_the_first_page_before_it_came() -> Outcome {
    let gate = Gate::new();
    let mock = MockPress::builder().generated_specs(10).fault(held(&gate, 1)).start()?;
    let specs = client(&mock)?.list_specs().page_size(1).concurrency(5);
    let pages = specs.pages();
    assert_eq!(mock.connections(), 0);
    let walk = tokio::spawn(pages.try_collect::<Vec<_>>());
    mock.wait_for_requests(1, PATIENCE).await?;
    assert_eq!(mock.in_flight(), 1);
    gate.open();
    assert_eq!(walk.await??.len(), 10);
    assert_eq!(requested(&mock)[0], Some(1));
    Ok(())
}

#[tokio::test]
async fn no_more_pages_wait_than_requests_may_be_in_flight() -> Outcome {
    // Page 2 is held back; 3 and 4 come and wait. Page 5 may be asked for only when page 2 has been given.
    let gates = [Gate::new(), Gate::new(), Gate::new()];
    let (opened, early) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let beyond = {
        let (opened, early) = (Arc::clone(&opened), Arc::clone(&early));
        Fault::pass().when(move |request| {
            let beyond = request.page_number().is_some_and(|number| number >= 5);
            early.fetch_or(beyond && !opened.load(Ordering::SeqCst), Ordering::SeqCst);
            false
        })
    };
    let mock = MockPress::builder()
        .generated_specs(9)
        .fault(beyond)
        .faults(gates.iter().zip(2..).map(|(gate, number)| Fault::pass().held_by(gate).on_page(number)))
        .start()?;
    let specs = client(&mock)?.list_specs().page_size(1).concurrency(3);
    let walk = tokio::spawn(ids(specs.stream()));
    mock.wait_for_requests(4, PATIENCE).await?;
    for (gate, left) in gates[1..].iter().zip([2, 1]) {
        gate.open();
        until(|| mock.in_flight() <= left).await?;
        // The page is on its way: time enough to take it in, and to ask for more where that is wrong.
        turns(20).await;
    }
    opened.store(true, Ordering::SeqCst);
    gates[0].open();
    assert_eq!(walk.await??, mock.spec_ids());
    assert!(!early.load(Ordering::SeqCst), "page 5 was requested while 2, 3 and 4 were not given");
    Ok(())
}

#[tokio::test]
async fn pages_that_arrive_in_reverse_come_out_in_order() -> Outcome {
    let gates: Vec<_> = (0..6).map(|_| Gate::new()).collect();
    let faults = gates.iter().zip(2..).map(|(gate, number)| Fault::pass().held_by(gate).on_page(number));
    let mock = MockPress::builder().generated_specs(14).faults(faults).start()?;
    let specs = client(&mock)?.list_specs().page_size(2).concurrency(6);
    let walk = tokio::spawn(ids(specs.stream()));
    mock.wait_for_requests(7, PATIENCE).await?;
    for (left, gate) in gates.iter().enumerate().rev() {
        gate.open();
        until(|| mock.in_flight() <= left).await?;
    }
    assert_eq!(walk.await??, mock.spec_ids());
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
    let expected = mock.spec_ids();
    for id in &expected[..2] {
        assert_eq!(stream.try_next().await?.ok_or("an item")?.id, *id);
    }
    let walk = tokio::spawn(async move {
        let items: Vec<_> = stream.by_ref().collect().await;
        (items, stream)
    });
    mock.wait_for_requests(5, PATIENCE).await?;
    until(|| mock.in_flight() <= 2).await?;
    gate.open();
    let (mut items, mut stream) = walk.await?;
    let error = items.pop().ok_or("an error")?.expect_err("page 3 is forbidden");
    assert_eq!((error.kind(), error.page_number()), (ErrorKind::Forbidden, Some(3)));
    let items: Vec<_> = items.into_iter().map(|item| item.map(|item| item.id)).collect::<Result<_, _>>()?;
    assert_eq!(items, expected[2..4]);
    // What was in flight is cancelled, though the stream is still there.
    mock.wait_for_aborted(1, PATIENCE).await?;
    assert!(stream.next().await.is_none());
    Ok(())
}

#[tokio::test]
async fn what_a_walk_one_by_one_would_not_ask_for_is_dropped() -> Outcome {
    // Page 2 says that it is the last; 3 would be forbidden and 4 would never come.
    let mock = MockPress::builder()
        .faults([
            Fault::raw_body(page(5, 1, ["a"]).to_string()).on_page(1),
            Fault::raw_body(page(2, 2, ["b"]).to_string()).on_page(2),
            Fault::status(403).on_page(3),
            Fault::hang().on_page(4),
        ])
        .start()?;
    let specs = client(&mock)?.list_specs().concurrency(3);
    assert_eq!(ids(specs.stream()).await?, ["a", "b"]);
    Ok(())
}

#[tokio::test]
async fn dropping_the_stream_cancels_all_that_is_in_flight() -> Outcome {
    let hang = Fault::hang().when(|request| request.page_number() != Some(1)).always();
    let mock = MockPress::builder().generated_specs(30).fault(hang).start()?;
    let client = client(&mock)?;
    let mut pages = client.list_specs().page_size(1).concurrency(5).pages();
    pages.try_next().await?.ok_or("a page")?;
    let walk = tokio::spawn(async move { pages.try_next().await.map(drop) });
    mock.wait_for_requests(6, PATIENCE).await?;
    walk.abort();
    mock.wait_for_aborted(5, PATIENCE).await?;
    assert_eq!(mock.in_flight(), 0);
    // The client is none the worse for it.
    assert_eq!(client.list_specs().page(1).await?.specs.len(), 25);
    Ok(())
}

#[tokio::test]
async fn each_page_is_retried_by_itself() -> Outcome {
    let mock = MockPress::builder()
        .generated_specs(12)
        .faults((1..=12).map(|number| Fault::status(503).times(number as usize % 4).on_page(number)))
        .start()?;
    let specs = client(&mock)?.list_specs().page_size(1).concurrency(5);
    assert_eq!(ids(specs.stream()).await?, mock.spec_ids());
    assert_eq!((mock.request_count(), mock.unused_faults()), (12 + 18, 0));
    assert!(mock.in_flight_max() <= 5);
    Ok(())
}

#[tokio::test]
async fn the_time_that_a_consumer_takes_is_not_that_of_the_service() -> Outcome {
    let walk = async |concurrency| {
        let mock = MockPress::builder().generated_specs(12).start()?;
        let session = mock.session_builder().timeout(LIMIT).total_timeout(LIMIT).build()?;
        let mut stream = get_client(session)?.list_specs().page_size(2).concurrency(concurrency).stream();
        stream.try_next().await?;
        sleep(LIMIT + LIMIT / 4).await;
        assert_eq!((ids(stream).await?.len(), mock.request_count()), (11, 6), "{concurrency} at once");
        Outcome::Ok(())
    };
    try_join(walk(1), walk(4)).await?;
    Ok(())
}

/// The behavior of a service during a stream.
#[derive(Clone, Debug)]
struct Service {
    /// The number of items on each page.
    pages: Vec<u8>,
    /// The page counts that these pages report; the others report the truth.
    counts: std::collections::BTreeMap<u64, u64>,
    /// The outcome of requests for these pages.
    faults: std::collections::BTreeMap<u64, Trouble>,
    /// The delay of the response for each page, in milliseconds.
    latencies: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Trouble {
    Passing(u16),
    Lasting(u16),
    NoPage,
}

fn services() -> impl Strategy<Value = Service> {
    let trouble = prop_oneof![
        3 => prop_oneof![Just(408), Just(429), Just(500), Just(503)].prop_map(Trouble::Passing),
        1 => prop_oneof![Just(400), Just(403), Just(503)].prop_map(Trouble::Lasting),
        1 => Just(Trouble::NoPage),
    ];
    let pages = vec(0..4_u8, 0..14);
    let counts = btree_map(1..16_u64, prop_oneof![4 => 0..16_u64, 1 => Just(u64::MAX)], 0..3);
    let latencies = vec(0..4_u8, 16);
    (pages, counts, btree_map(1..16_u64, trouble, 0..3), latencies)
        .prop_map(|(pages, counts, faults, latencies)| Service { pages, counts, faults, latencies })
}

impl Service {
    /// The most pages that a walk is followed for: a service may say that there is no end.
    const END: u64 = 20;

    fn body(&self, number: u64) -> String {
        let items = usize::try_from(number - 1).ok().and_then(|index| self.pages.get(index)).copied().unwrap_or(0);
        let items: Vec<_> = (0..items).map(|item| json!({ "id": format!("{number}.{item}") })).collect();
        let count = self.counts.get(&number).copied().unwrap_or(self.pages.len() as u64);
        let count = if number >= Self::END { 0 } else { count };
        json!({ "pageCount": count, "pageNumber": number, "specs": items }).to_string()
    }

    fn script(&self, mock: &MockPress) {
        mock.clear_faults();
        for (&number, trouble) in &self.faults {
            mock.fault(match trouble {
                Trouble::Passing(status) => Fault::status(*status).on_page(number),
                Trouble::Lasting(status) => Fault::status(*status).on_page(number).always(),
                Trouble::NoPage => Fault::raw_body("<html>").on_page(number).always(),
            });
        }
        for number in 1..=Self::END {
            let latency = self.latencies.get(number as usize % 16).copied().unwrap_or(0);
            let fault = Fault::raw_body(self.body(number)).delay(Duration::from_millis(latency.into()));
            mock.fault(fault.on_page(number).always());
        }
    }
}

/// All that a walk gives: the ids of the items, and at last the error if there is one.
async fn walked(specs: ListSpecs) -> Vec<Result<String, (ErrorKind, Option<u32>, Option<u16>)>> {
    let told = specs.stream().map(|item| match item {
        Ok(item) => Ok(item.id),
        Err(error) => Err((error.kind(), error.page_number(), error.status())),
    });
    told.collect().await
}

#[test]
fn concurrent_walks_give_what_sequential_ones_give() -> Outcome {
    let runtime = runtime()?;
    let mock = MockPress::builder().keep_requests(0).start()?;
    let session: Session = mock.session()?;
    let strategy = (services(), 1..9_usize, 1..4_u32, any::<bool>());
    let test = |(service, concurrency, start, whole_pages): (Service, usize, u32, bool)| {
        runtime.block_on(async {
            let client = get_client(session.clone()).map_err(|error| TestCaseError::fail(error.to_string()))?;
            let specs = client.list_specs().start_page(start);
            service.script(&mock);
            let sequential = walked(specs.clone()).await;
            service.script(&mock);
            until(|| mock.in_flight() == 0).await.map_err(|error| TestCaseError::fail(error.to_string()))?;
            mock.clear_requests();
            if whole_pages {
                let pages: Vec<_> = specs.concurrency(concurrency).pages().collect().await;
                let errors = pages.iter().filter(|page| page.is_err()).count();
                let items: Vec<_> = pages.into_iter().flatten().flat_map(|page| page.specs).map(|it| it.id).collect();
                let expected: Vec<_> = sequential.iter().flatten().cloned().collect();
                prop_assert_eq!((items, errors), (expected, sequential.iter().filter(|it| it.is_err()).count()));
            } else {
                prop_assert_eq!(walked(specs.concurrency(concurrency)).await, sequential);
            }
            prop_assert_eq!(mock.in_flight_max().max(concurrency), concurrency);
            Ok(())
        })
    };
    Ok(cases(60).run(&strategy, test)?)
}

#[tokio::test]
async fn a_page_count_that_lies_opens_no_flood_of_requests() -> Outcome {
    let gate = Gate::new();
    let mock = MockPress::builder()
        .fault(Fault::raw_body(page(3_000_000, 1, ["a"]).to_string()))
        .fault(Fault::pass().held_by(&gate).always())
        .start()?;
    let mut stream = client(&mock)?.list_specs().concurrency(usize::MAX).stream();
    assert_eq!(stream.try_next().await?.map(|spec| spec.id), Some("a".to_owned()));
    tokio::select! {
        page = stream.next() => panic!("{page:?} came through a closed gate"),
        received = mock.wait_for_requests(129, PATIENCE) => received?,
    }
    assert_eq!(mock.in_flight_max(), 128);
    drop(stream);
    gate.open();
    Ok(())
}

#[tokio::test]
async fn pages_are_fetched_ahead_while_nobody_polls() -> Outcome {
    let mock = MockPress::builder().generated_specs(9).start()?;
    let mut pages = client(&mock)?.list_specs().page_size(1).concurrency(3).pages();
    pages.try_next().await?;
    mock.wait_for_requests(4, PATIENCE).await?;
    until(|| mock.in_flight() == 0).await?;
    assert_eq!(requested(&mock).len(), 4);
    Ok(())
}

#[tokio::test]
async fn pages_that_memory_has_no_room_for_are_fetched_in_their_turn() -> Outcome {
    // At each of these pages the walk stands still until all that is fetched ahead has arrived.
    const HELD: [u64; 4] = [2, 12, 22, 32];
    let gates = HELD.map(|_| Gate::new());
    let mock = MockPress::builder().generated_specs(160).start()?;
    let length = serde_json::to_vec(&client(&mock)?.list_specs().page_size(4).page(1).await?)?.len() as u64;
    mock.faults(gates.iter().zip(HELD).map(|(gate, number)| Fault::pass().held_by(gate).on_page(number)));
    mock.clear_requests();
    // Two pages fit, and three do not.
    let session = mock.session_builder().max_response_bytes(length * 5 / 2).build()?;
    let walk = tokio::spawn(ids(get_client(session)?.list_specs().page_size(4).concurrency(8).stream()));
    for (gate, number) in gates.iter().zip(HELD) {
        until(|| requested(&mock).contains(&Some(number)) && mock.in_flight() == 1).await?;
        turns(20).await;
        gate.open();
    }
    assert_eq!(walk.await??, mock.spec_ids());
    // Of eight pages ahead, and then of four, most find no room; from then on two are fetched ahead.
    let refused = mock.request_count() - 40;
    assert!((1..=12).contains(&refused), "{refused} pages were fetched twice");
    Ok(())
}

/// A runtime of its own.
fn runtime() -> Outcome<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

#[test]
fn a_stream_belongs_to_the_runtime_that_polled_it_first() -> Outcome {
    let gate = Gate::new();
    for concurrency in [1, 3] {
        // Between two pages, with a page in flight that comes, or that never comes.
        for fault in [None, Some(Fault::pass().held_by(&gate)), Some(Fault::hang())] {
            for first_is_gone in [false, true] {
                let mock = MockPress::builder().generated_specs(6).start()?;
                let (first, second) = (runtime()?, runtime()?);
                let mut stream = client(&mock)?.list_specs().page_size(2).concurrency(concurrency).stream();
                let items = first.block_on(stream.by_ref().take(2).try_collect::<Vec<_>>())?;
                assert_eq!(items.len(), 2);
                let in_flight = fault.is_some();
                if let Some(fault) = &fault {
                    mock.clear_faults();
                    mock.fault(fault.clone().always());
                    let received = mock.request_count();
                    first.block_on(async {
                        assert!(poll!(stream.next()).is_pending());
                        mock.wait_for_requests(received.max(2), PATIENCE).await
                    })?;
                }
                if first_is_gone {
                    drop(first);
                }
                let error = second.block_on(stream.try_next()).expect_err("another runtime");
                assert_eq!(
                    (error.kind(), error.page_number()),
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
        let specs = get_client(session.build()?)?.list_specs().page_size(1).concurrency(concurrency);
        let runtime = runtime()?;
        let mut stream = specs.stream();
        let collected = catch_unwind(AssertUnwindSafe(|| runtime.block_on(stream.by_ref().count())));
        let panic = collected.expect_err("a panic");
        assert_eq!(panic.downcast_ref(), Some(&"the hook has enough"), "{concurrency}, {page}");
        assert!(runtime.block_on(stream.next()).is_none());
    }
    Ok(())
}
