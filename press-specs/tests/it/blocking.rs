//! The client for synchronous code: the same names and the same answers, everywhere.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
    time::Duration,
};

use press_specs::{
    ErrorKind, RetryPolicy, Session,
    blocking::{ItemIter, ListSpecReleaseDeployments, ListSpecs, PageIter, Spec, get_client},
    mock::{Fault, Gate, MockPress},
    types::{DeploymentSummary, SpecPage},
};

use crate::{
    Outcome, PATIENCE,
    environment::{MARK, TASK, ask},
    requested,
};

fn client(mock: &MockPress) -> Outcome<Spec> {
    Ok(get_client(mock.session()?)?)
}

fn ids(specs: ListSpecs) -> Result<Vec<String>, press_specs::Error> {
    specs.iter().map(|spec| spec.map(|spec| spec.id)).collect()
}

#[test]
fn both_modes_work_without_async_code() -> Outcome {
    let mock = MockPress::builder().generated_specs(60).generated_deployments(7).start()?;
    let client = client(&mock)?;
    assert_eq!(client.session().base_url(), mock.url());
    let specs: ListSpecs = client.list_specs().page_size(25);
    assert_eq!(ids(specs.clone())?, mock.spec_ids());
    let pages: PageIter<SpecPage> = specs.clone().pages();
    let sizes: Vec<_> = pages.map(|page| page.map(|page| page.specs.len())).collect::<Result<_, _>>()?;
    assert_eq!(sizes, [25, 25, 10]);
    assert_eq!(specs.clone().page(3)?.specs.len(), 10);
    assert_eq!(specs.clone().page(None)?.page_number, Some(1));
    assert_eq!(specs.start_page(3).iter().count(), 10);

    let id = mock.spec_ids().remove(0);
    let deployments: ListSpecReleaseDeployments = client.list_spec_release_deployments(id);
    let mut items: ItemIter<DeploymentSummary> = deployments.clone().page_size(2).iter();
    assert!(items.next().is_some_and(|item| item.is_ok()));
    assert_eq!(items.count(), 6);
    assert_eq!(deployments.page_size(5).page(2)?.deployments.len(), 2);
    Ok(())
}

#[test]
fn a_walk_of_a_hundred_pages_uses_one_connection() -> Outcome {
    let mock = MockPress::builder().generated_specs(100).start()?;
    let specs = ids(client(&mock)?.list_specs().page_size(1))?;
    assert_eq!((specs.len(), mock.request_count(), mock.connections()), (100, 100, 1));
    Ok(())
}

#[test]
fn pages_are_requested_when_their_first_item_is() -> Outcome {
    let mock = MockPress::builder().generated_specs(6).start()?;
    let mut items = client(&mock)?.list_specs().page_size(2).iter();
    assert_eq!(mock.connections(), 0);
    for requests in [1, 1, 2, 2, 3, 3] {
        items.next().ok_or("an item")??;
        assert_eq!(mock.request_count(), requests);
    }
    assert!(items.next().is_none() && items.next().is_none());
    assert_eq!(mock.request_count(), 3);
    Ok(())
}

#[test]
fn an_error_ends_the_iterator() -> Outcome {
    let mock = MockPress::builder().generated_specs(6).fault(Fault::status(403).on_page(2).times(3)).start()?;
    for concurrency in [1, 3] {
        let specs = client(&mock)?.list_specs().page_size(2).concurrency(concurrency);
        let mut items = specs.clone().iter();
        assert!(items.next().is_some_and(|item| item.is_ok()));
        assert!(items.next().is_some_and(|item| item.is_ok()));
        let error = items.next().ok_or("an error")?.expect_err("page 2 is forbidden");
        assert_eq!((error.kind(), error.page_number(), error.attempts()), (ErrorKind::Forbidden, Some(2), 1));
        assert!(items.next().is_none() && items.next().is_none());
        if concurrency == 1 {
            let mut pages = specs.pages();
            assert!(pages.next().is_some_and(|page| page.is_ok()));
            assert!(pages.next().is_some_and(|page| page.is_err()));
            assert!(pages.next().is_none());
        }
    }
    Ok(())
}

#[test]
fn bad_arguments_are_refused_before_any_request() -> Outcome {
    let mock = MockPress::start()?;
    let specs = client(&mock)?.list_specs();
    for (name, error) in [
        ("page", specs.clone().page(0).err()),
        ("start_page", specs.clone().start_page(0).iter().find_map(Result::err)),
        ("concurrency", specs.concurrency(0).pages().find_map(Result::err)),
    ] {
        let error = error.ok_or(name)?;
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::InvalidParameter, 0));
        assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
    }
    assert_eq!(mock.connections(), 0);
    Ok(())
}

#[test]
fn failures_are_retried_and_reported_as_by_the_async_client() -> Outcome {
    let mock = MockPress::builder()
        .generated_specs(3)
        .faults([Fault::status(503), Fault::drop_connection(), Fault::pass().cut_after(100)])
        .start()?;
    let client = client(&mock)?;
    assert_eq!(client.list_specs().page(1)?.specs.len(), 3);
    assert_eq!(mock.request_count(), 4);

    mock.fault(Fault::status(500).always());
    let error = client.list_specs().page(1).expect_err("a failure");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::InternalServerError, 4));
    mock.clear_faults();

    mock.fault(Fault::hang().always());
    let session = mock.session_builder().timeout(Duration::from_millis(50)).retry(RetryPolicy::none());
    let error = get_client(session.build()?)?.list_specs().page(1).expect_err("no answer");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    Ok(())
}

#[test]
fn several_requests_can_be_in_flight() -> Outcome {
    let gate = Gate::new();
    let held = Fault::pass().held_by(&gate).when(|request| request.page_number() != Some(1)).always();
    let mock = MockPress::builder().generated_specs(9).fault(held).start()?;
    let specs = client(&mock)?.list_specs().page_size(1).concurrency(4);
    let walk = thread::spawn(move || ids(specs));
    mock.wait_for_requests_blocking(5, PATIENCE)?;
    assert_eq!(mock.in_flight(), 4);
    gate.open();
    let specs = walk.join().map_err(|_| "a thread panicked")??;
    assert_eq!((specs, mock.in_flight_max()), (mock.spec_ids(), 4));
    Ok(())
}

#[test]
fn dropping_an_iterator_cancels_what_is_in_flight() -> Outcome {
    // Page 3 has come when page 2 is given, and 4 is in flight.
    let gate = Gate::new();
    let mock = MockPress::builder()
        .generated_specs(9)
        .fault(Fault::pass().held_by(&gate).on_page(2))
        .fault(Fault::hang().when(|request| request.page_number().is_some_and(|number| number > 3)).always())
        .start()?;
    let mut pages = client(&mock)?.list_specs().page_size(1).concurrency(3).pages();
    pages.next().ok_or("a page")??;
    let pages = thread::scope(|scope| {
        let next = scope.spawn(move || pages.next().ok_or("a page").map(|page| (page, pages)));
        mock.wait_for_requests_blocking(4, PATIENCE)?;
        gate.open();
        let (page, pages) = next.join().map_err(|_| "a thread panicked")??;
        assert_eq!(page?.page_number, Some(2));
        Outcome::Ok(pages)
    })?;
    drop(pages);
    mock.wait_for_aborted_blocking(1, PATIENCE)?;
    assert_eq!(client(&mock)?.list_specs().page(1)?.specs.len(), 9);
    Ok(())
}

/// All that the client does, called where blocking is not usual.
fn use_all(mock: &MockPress) -> Outcome {
    let client = client(mock)?;
    assert_eq!(client.list_specs().page(1)?.specs.len(), 3);
    assert_eq!(ids(client.list_specs().page_size(1).concurrency(2))?, mock.spec_ids());
    let mut pages = client.list_specs().page_size(1).pages();
    pages.next().ok_or("a page")??;
    Ok(())
}

#[test]
fn it_works_inside_of_async_runtimes() -> Outcome {
    use tokio::runtime::Builder;

    let mock = MockPress::builder().generated_specs(3).start()?;
    let current_thread = Builder::new_current_thread().enable_all().build()?;
    current_thread.block_on(async { use_all(&mock) })?;
    // Without timers and sockets too: it brings its own.
    Builder::new_current_thread().build()?.block_on(async { use_all(&mock) })?;
    let multi_thread = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    multi_thread.block_on(async { use_all(&mock) })?;
    thread::scope(|scope| {
        let mock = &mock;
        let spawned =
            scope.spawn(move || multi_thread.block_on(async { tokio::task::block_in_place(|| use_all(mock)) }));
        spawned.join().map_err(|_| "a thread panicked")?
    })?;
    futures::executor::block_on(async { use_all(&mock) })?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_works_inside_of_tasks() -> Outcome {
    let mock = std::sync::Arc::new(MockPress::builder().generated_specs(3).start()?);
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let mock = std::sync::Arc::clone(&mock);
            if number % 2 == 0 {
                tokio::spawn(async move { use_all(&mock) })
            } else {
                tokio::task::spawn_blocking(move || use_all(&mock))
            }
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}

#[tokio::test]
async fn a_long_walk_inside_of_a_task_comes_to_its_end() -> Outcome {
    // The task's budget for polls ends long before.
    let mock = MockPress::builder().generated_specs(300).start()?;
    let specs = client(&mock)?.list_specs().page_size(1);
    let walk = tokio::spawn(async move { ids(specs) });
    assert_eq!(walk.await??, mock.spec_ids());
    Ok(())
}

#[tokio::test]
async fn async_and_blocking_clients_share_a_session() -> Outcome {
    let mock = MockPress::builder().generated_specs(3).start()?;
    let session = mock.session()?;
    for _ in 0..3 {
        assert_eq!(press_specs::get_client(session.clone())?.list_specs().page(1).await?.specs.len(), 3);
        assert_eq!(get_client(session.clone())?.list_specs().page(1)?.specs.len(), 3);
    }
    assert_eq!((mock.request_count(), mock.connections()), (6, 2));
    Ok(())
}

#[test]
fn it_works_in_several_threads_at_once() -> Outcome {
    let mock = MockPress::builder().generated_specs(20).start()?;
    let client = client(&mock)?;
    let expected = mock.spec_ids();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(|| ids(client.list_specs().page_size(4)))).collect();
        for thread in threads {
            assert_eq!(thread.join().map_err(|_| "a thread panicked")??, expected);
        }
        Outcome::Ok(())
    })
}

#[test]
fn what_one_thread_made_another_can_use() -> Outcome {
    let mock = MockPress::builder().generated_specs(5).start()?;
    let session = mock.session()?;
    let client = thread::spawn(move || get_client(session)).join().map_err(|_| "a thread panicked")??;
    let mut items = client.list_specs().page_size(2).iter();
    let first = items.next().ok_or("an item")??;
    // An iterator can move in the middle of its walk.
    let rest = thread::spawn(move || items.collect::<Result<Vec<_>, _>>());
    let rest = rest.join().map_err(|_| "a thread panicked")??;
    let all: Vec<_> = [first].into_iter().chain(rest).map(|spec| spec.id).collect();
    assert_eq!(all, mock.spec_ids());
    assert_eq!(requested(&mock), [Some(1), Some(2), Some(3)]);
    Ok(())
}

#[test]
fn positions_and_progress_are_those_of_the_async_client() -> Outcome {
    let mock = MockPress::builder().generated_specs(5).start()?;
    let specs = client(&mock)?.list_specs().maybe(Some(2), ListSpecs::page_size);
    let mut items = specs.clone().into_iter();
    assert_eq!((items.page_count(), items.item_count()), (None, None));
    for item in items.by_ref().take(3) {
        item?;
    }
    assert_eq!((items.page_count(), items.item_count()), (Some(3), Some(5)));
    let position = items.position();
    assert_eq!(position.to_string(), "v1.p2.i1.s2.n5");
    assert_eq!(ids(specs.clone().resume(position))?, mock.spec_ids()[3..]);
    for spec in specs.clone().start_page(3) {
        assert_eq!(spec?.id, mock.spec_ids()[4]);
    }

    let mut pages = specs.clone().pages();
    pages.next().ok_or("a page")??;
    assert_eq!((pages.page_count(), pages.item_count()), (Some(3), Some(5)));
    let response = specs.clone().page_with_response(2)?;
    assert_eq!((response.status(), response.specs.len()), (200, 2));

    mock.add_generated_specs(1);
    let error = items.by_ref().find_map(Result::err);
    assert!(error.is_none(), "{error:?}");
    let error = ids(specs.detect_changes(true).resume("v1.p2.i1.s2.n5".parse()?)).expect_err("one more");
    assert_eq!(error.kind(), ErrorKind::ListChanged);
    Ok(())
}

#[test]
fn a_panic_goes_on_in_the_caller() -> Outcome {
    let mock = MockPress::builder().generated_specs(3).start()?;
    let session = mock.session_builder().on_request(|_| panic!("the hook has enough"));
    let specs = get_client(session.build()?)?.list_specs();
    for call in [
        (|specs| drop(specs.page(1))) as fn(ListSpecs),
        |specs| drop(specs.iter().next()),
        |specs| drop(specs.concurrency(3).pages().next()),
    ] {
        let panic = catch_unwind(AssertUnwindSafe(|| call(specs.clone()))).expect_err("a panic");
        assert_eq!(panic.downcast_ref(), Some(&"the hook has enough"));
    }
    // And nobody else is the worse for it.
    assert_eq!(ids(client(&mock)?.list_specs())?, mock.spec_ids());
    Ok(())
}

/// Runs in the children of the tests below.
#[test]
fn child() -> Outcome {
    match std::env::var(TASK).as_deref() {
        #[cfg(unix)]
        Ok("forks") => {
            let mock = MockPress::builder().generated_specs(3).start()?;
            let client = client(&mock)?;
            let mut items = client.list_specs().page_size(1).iter();
            items.next().ok_or("an item")??;
            match fork::fork()? {
                fork::Fork::Child => {
                    let page = client.list_specs().page(1).map(|page| page.specs.len());
                    let walk = ids(client.list_specs().page_size(1).concurrency(2)).map(|ids| ids.len());
                    let stale = items.next().and_then(Result::err).map(|error| error.kind());
                    let worked = matches!((page, walk, stale), (Ok(3), Ok(3), Some(ErrorKind::InvalidConfiguration)));
                    std::process::exit(i32::from(!worked));
                }
                fork::Fork::Parent(child) => assert_eq!(fork::waitpid(child)?, 0),
            }
            assert_eq!(items.count(), 2);
            println!("\n{MARK}both worked");
        }
        Ok("no thread") => {
            let session = Session::builder().auth_token("t").base_url("http://127.0.0.1:9").build()?;
            let specs = get_client(session)?.list_specs();
            let error = specs.clone().page(1).expect_err("no thread");
            let mut items = specs.iter();
            let same = items.next().ok_or("an error")?.expect_err("no thread");
            assert!(items.next().is_none());
            assert_eq!((same.kind(), error.attempts()), (error.kind(), 0));
            println!("\n{MARK}{:?}: {error}", error.kind());
        }
        _ => {}
    }
    Ok(())
}

#[cfg(unix)]
#[test]
fn it_works_in_a_forked_child() -> Outcome {
    assert_eq!(ask("blocking::child", "forks", &[])?, ["both worked"]);
    Ok(())
}

#[cfg(unix)]
#[test]
fn without_a_thread_there_is_an_error() -> Outcome {
    // No machine has room for such a stack.
    let said = ask("blocking::child", "no thread", &[("RUST_MIN_STACK", "100000000000000")])?;
    assert!(said[0].starts_with("InvalidConfiguration: "), "{said:?}");
    assert!(said[0].contains("background thread"), "{said:?}");
    Ok(())
}
