//! The client for synchronous code.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process,
    sync::mpsc,
    thread,
};

use futures::executor;
use http::HeaderMap;
use press_specs::{
    Error, ErrorKind, Session,
    blocking::{ItemIter, ListSpecReleaseDeployments, ListSpecs, PageIter, Spec, get_client},
    mock::{Fault, Gate, MockPress},
    types::{DeploymentSummary, SpecPage},
};
use tokio::{runtime::Builder, task::block_in_place};

use crate::{
    Outcome, PATIENCE,
    support::{NO_VARIABLES, in_child, runtime},
};

fn client(mock: &MockPress) -> Outcome<Spec> {
    Ok(get_client(mock.session_builder().timeout(2 * PATIENCE).build()?)?)
}

fn ids(specs: ListSpecs) -> Result<Vec<String>, Error> {
    specs.iter().map(|spec| spec.map(|spec| spec.id)).collect()
}

#[test]
fn items_and_pages_can_be_iterated() -> Outcome {
    let mock = MockPress::builder().generated_specs(60).generated_deployments(7).start()?;
    let client = client(&mock)?;
    let specs: ListSpecs = client.list_specs().page_size(25);
    let mut items = specs.clone().iter();
    assert_eq!(mock.connections(), 0);
    // A page is requested when its first item is.
    for (index, id) in mock.spec_ids().iter().enumerate() {
        assert_eq!(items.next().ok_or("an item")??.id, *id);
        assert_eq!(mock.request_count(), index / 25 + 1);
    }
    assert!(items.next().is_none());
    assert!(items.next().is_none());
    assert_eq!(mock.request_count(), 3);
    let pages: PageIter<SpecPage> = specs.pages();
    let pages = pages.collect::<Result<Vec<_>, _>>()?;
    let lengths: Vec<_> = pages.iter().map(|page| page.specs.len()).collect();
    assert_eq!(lengths, [25, 25, 10]);

    let deployments: ListSpecReleaseDeployments =
        client.list_spec_release_deployments(&mock.spec_ids()[0]);
    let items: ItemIter<DeploymentSummary> = deployments.clone().page_size(2).iter();
    assert_eq!(items.filter(Result::is_ok).count(), 7);
    assert_eq!(deployments.page_size(5).page_with_response(2)?.deployments.len(), 2);
    Ok(())
}

#[test]
fn concurrent_requests_are_canceled_on_drop() -> Outcome {
    // Page 2 is held until four requests are in flight. The pages after it never arrive.
    let gate = Gate::new();
    let mock = MockPress::builder()
        .generated_specs(9)
        .fault(Fault::pass().held_by(&gate).on_page(2))
        .fault(Fault::hang().when(|request| request.page_number() > Some(2)).always())
        .start()?;
    let mut pages = client(&mock)?.list_specs().page_size(1).concurrency(4).pages();
    pages.next().ok_or("a page")??;
    let next = thread::spawn(move || (pages.next(), pages));
    mock.wait_for_requests_blocking(5, PATIENCE)?;
    assert_eq!(mock.in_flight(), 4);
    gate.open();
    let (page, pages) = next.join().map_err(|_| "a thread panicked")?;
    assert_eq!(page.ok_or("a page")??.page_number, Some(2));
    drop(pages);
    mock.wait_for_aborted_blocking(3, PATIENCE)?;
    assert_eq!(client(&mock)?.list_specs().page(1)?.specs.len(), 9);
    Ok(())
}

#[test]
fn works_inside_async_runtimes() -> Outcome {
    let mock = MockPress::builder().generated_specs(150).start()?;
    let client = client(&mock)?;
    // More pages than a Tokio task may poll before it has to yield.
    let list = || -> Outcome {
        assert_eq!(ids(client.list_specs().page_size(1))?, mock.spec_ids());
        assert_eq!(ids(client.list_specs().page_size(25).concurrency(2))?, mock.spec_ids());
        Ok(())
    };
    runtime()?.block_on(async { list() })?;
    // Runtimes without timers and sockets.
    Builder::new_current_thread().build()?.block_on(async { list() })?;
    let multi_thread = Builder::new_multi_thread().worker_threads(1).build()?;
    multi_thread.block_on(async { block_in_place(list) })?;
    // A different runtime.
    executor::block_on(async { list() })?;
    let specs = client.list_specs().page_size(1);
    let task = runtime()?.block_on(async { tokio::spawn(async { ids(specs) }).await })?;
    assert_eq!(task?, mock.spec_ids());
    Ok(())
}

#[test]
fn positions_progress_and_errors_match_the_async_client() -> Outcome {
    let forbidden = Fault::status(403).on_page(3);
    let mock = MockPress::builder().generated_specs(5).fault(forbidden).start()?;
    let specs = client(&mock)?.list_specs().maybe(Some(2), ListSpecs::page_size);
    let mut items = specs.clone().into_iter();
    let mut pages = specs.clone().pages();
    assert_eq!(items.page_count(), None);
    assert_eq!(items.item_count(), None);
    assert_eq!(items.by_ref().take(3).filter(Result::is_ok).count(), 3);
    pages.next().ok_or("a page")??;
    assert_eq!(items.page_count(), Some(3));
    assert_eq!(items.item_count(), Some(5));
    assert_eq!(pages.page_count(), Some(3));
    assert_eq!(pages.item_count(), Some(5));
    assert_eq!(items.position().to_string(), "v1.p2.i1.s2.n5");
    let rest: Vec<_> = items.map(|item| item.is_ok()).collect();
    assert_eq!(rest, [true, false]);
    let error = specs.page(0).expect_err("an invalid page number");
    assert_eq!(error.kind(), ErrorKind::InvalidParameter);
    assert_eq!(error.attempts(), 0);
    Ok(())
}

#[test]
fn panics_propagate_to_the_caller() -> Outcome {
    let mock = MockPress::builder().generated_specs(3).start()?;
    let session = mock.session_builder().on_request(|_| panic!("a panic in the hook"));
    let specs = get_client(session.build()?)?.list_specs();
    let calls: [fn(ListSpecs); 3] = [
        |specs| drop(specs.page(1)),
        |specs| drop(specs.iter().next()),
        |specs| drop(specs.concurrency(3).pages().next()),
    ];
    for call in calls {
        let panic = catch_unwind(AssertUnwindSafe(|| call(specs.clone()))).expect_err("a panic");
        assert_eq!(panic.downcast_ref(), Some(&"a panic in the hook"));
    }
    // Other calls still work.
    assert_eq!(ids(client(&mock)?.list_specs())?, mock.spec_ids());
    Ok(())
}

#[cfg(unix)]
#[test]
fn works_in_a_forked_child() -> Outcome {
    in_child("blocking::works_in_a_forked_child", NO_VARIABLES, || {
        let mock = MockPress::builder().generated_specs(3).start()?;
        let mut items = client(&mock)?.list_specs().page_size(1).iter();
        items.next().ok_or("an item")??;
        match fork::fork()? {
            fork::Fork::Child => {
                let list = || -> Outcome<Vec<String>> {
                    Ok(ids(client(&mock)?.list_specs().page_size(1).concurrency(2))?)
                };
                let succeeds = list().is_ok_and(|ids| ids.len() == 3);
                process::exit(if succeeds { 0 } else { 1 });
            }
            fork::Fork::Parent(child) => assert_eq!(fork::waitpid(child)?, 0),
        }
        assert_eq!(items.filter(Result::is_ok).count(), 2);
        Ok(())
    })
}

#[test]
fn blocking_calls_in_callbacks_are_errors() -> Outcome {
    let mock = MockPress::builder().token("a").generated_specs(3).start()?;
    let inner = client(&mock)?.list_specs();
    let (sender, errors) = mpsc::channel();
    let token_fn = {
        let sender = sender.clone();
        let specs = inner.clone();
        move || {
            let sent = sender.send(specs.clone().page(1).map(drop));
            async { sent.map(|()| "a".to_owned()) }
        }
    };
    let hook = move |_: &mut HeaderMap| {
        let item = inner.clone().iter().next();
        let result = item.map_or(Ok(()), |item| item.map(drop));
        sender.send(result).expect("the test receives");
    };
    let session = mock.session_builder().auth_token_fn(token_fn).on_request(hook).build()?;
    get_client(session)?.list_specs().page(1)?;
    for _ in 0..2 {
        let error = errors.recv_timeout(PATIENCE)?.expect_err("a blocking call");
        assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
        assert!(error.to_string().contains("use the async client there"), "{error}");
    }
    Ok(())
}

#[cfg(unix)]
#[test]
fn failure_to_start_the_thread_is_an_error() -> Outcome {
    // No machine has enough memory for this stack.
    let variables = [("RUST_MIN_STACK", "100000000000000")];
    in_child("blocking::failure_to_start_the_thread_is_an_error", &variables, || {
        let session = Session::builder().auth_token("t").base_url("http://127.0.0.1:9").build()?;
        let specs = get_client(session)?.list_specs();
        let mut items = specs.clone().iter();
        for error in [specs.page(1).err(), items.next().and_then(Result::err)] {
            let error = error.ok_or("an error")?;
            assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
            assert_eq!(error.attempts(), 0);
            assert!(error.to_string().contains("background thread"), "{error}");
        }
        assert!(items.next().is_none());
        Ok(())
    })
}
