//! One session on several Tokio runtimes: idle, blocked or ended.

use std::{fs, time::Duration};

use futures::{executor::block_on, future::try_join_all};
use press_specs::{
    ErrorKind, RetryPolicy, Spec, get_client,
    mock::{Fault, Gate, MockPress},
};
use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};

use crate::{
    LIMIT, Outcome, PATIENCE, client,
    support::{NO_VARIABLES, in_child, runtime},
};

fn call(runtime: &Runtime, client: &Spec) -> Outcome {
    let call = async { timeout(PATIENCE, client.list_specs().page(1)).await };
    let page = runtime.block_on(call)??;
    assert_eq!(page.specs.len(), 3);
    Ok(())
}

#[test]
fn idle_runtimes_keep_their_connections() -> Outcome {
    // Few enough that no connection is closed as idle before it is reused.
    const RUNTIMES: usize = 50;
    let mock = MockPress::builder().generated_specs(3).start()?;
    let client = client(&mock)?;
    let runtimes = (0..RUNTIMES).map(|_| runtime()).collect::<Outcome<Vec<_>>>()?;
    for _ in 0..3 {
        for runtime in &runtimes {
            call(runtime, &client)?;
        }
        assert_eq!(mock.connections(), RUNTIMES);
    }
    Ok(())
}

#[test]
fn runtimes_beyond_the_limit_still_work() -> Outcome {
    const KEPT: usize = 64;
    let mock = MockPress::builder().generated_specs(3).start()?;
    let client = client(&mock)?;
    let runtimes = (0..=KEPT).map(|_| runtime()).collect::<Outcome<Vec<_>>>()?;
    for runtime in &runtimes {
        call(runtime, &client)?;
    }
    // The latest runtime is kept. The first one was evicted and opens another connection.
    call(&runtimes[KEPT], &client)?;
    assert_eq!(mock.connections(), KEPT + 1);
    call(&runtimes[0], &client)?;
    assert_eq!(mock.connections(), KEPT + 2);
    Ok(())
}

#[test]
fn ended_runtimes_leave_no_open_files() -> Outcome {
    const RUNTIMES: usize = 100;
    // In a child process, where no other test opens files.
    in_child("runtimes::ended_runtimes_leave_no_open_files", NO_VARIABLES, || {
        let mock = MockPress::builder().generated_specs(3).start()?;
        let client = client(&mock)?;
        for _ in 0..RUNTIMES {
            let runtime = runtime()?;
            call(&runtime, &client)?;
            call(&runtime, &client)?;
        }
        assert_eq!(mock.connections(), RUNTIMES);
        if cfg!(target_os = "linux") {
            assert!(fs::read_dir("/proc/self/fd")?.count() < RUNTIMES);
        }
        Ok(())
    })
}

#[test]
fn calls_outside_a_running_runtime_are_errors() -> Outcome {
    let mock = MockPress::builder().generated_specs(3).start()?;
    let client = client(&mock)?;
    let assert_errors = || -> Outcome {
        let specs = client.list_specs();
        let item = block_on(specs.clone().stream().next()).ok_or("an item")?;
        for result in [block_on(specs.page(1)).map(drop), item.map(drop)] {
            let error = result.expect_err("no runtime");
            assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
            assert_eq!(error.attempts(), 0);
            assert!(error.to_string().contains("outside a running Tokio runtime"), "{error}");
        }
        Ok(())
    };
    assert_errors()?;
    // Inside a runtime that has shut down.
    let handle = runtime()?.handle().clone();
    let guard = handle.enter();
    assert_errors()?;
    drop(guard);
    call(&runtime()?, &client)
}

#[test]
fn idle_runtimes_do_not_delay_others() -> Outcome {
    let mock = MockPress::builder().generated_specs(3).fault(Fault::hang().on_page(2)).start()?;
    let client = client(&mock)?;
    let first = runtime()?;
    let stuck = first.spawn(client.list_specs().page(2));
    first.block_on(mock.wait_for_requests(1, PATIENCE))?;
    call(&Builder::new_multi_thread().worker_threads(1).enable_all().build()?, &client)?;
    drop(stuck);
    drop(first);
    mock.wait_for_aborted_blocking(1, PATIENCE)?;
    Ok(())
}

#[test]
fn concurrent_first_calls_share_a_pool() -> Outcome {
    const SESSIONS: usize = 100;
    const CALLS: usize = 8;
    let mock = MockPress::builder().generated_specs(3).start()?;
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        for _ in 0..SESSIONS {
            let client = client(&mock)?;
            let first = tokio::spawn(client.list_specs().page(1));
            let second = tokio::spawn(client.list_specs().page(1));
            first.await??;
            second.await??;
            for _ in 0..CALLS {
                client.list_specs().page(1).await?;
            }
        }
        Outcome::Ok(())
    })?;
    // A call can start before the previous connection is back in the pool.
    assert!(mock.connections() < SESSIONS * CALLS / 2, "{}", mock.connections());
    Ok(())
}

/// Opens this many connections.
async fn open_connections(mock: &MockPress, client: &Spec, count: usize) -> Outcome {
    let gate = Gate::new();
    mock.fault(Fault::pass().held_by(&gate).times(count));
    let pages = (0..count).map(|_| client.list_specs().page(1));
    let pages = tokio::spawn(try_join_all(pages));
    mock.wait_for_requests(count, PATIENCE).await?;
    gate.open();
    pages.await??;
    assert_eq!(mock.connections(), count);
    Ok(())
}

#[tokio::test]
async fn retries_after_a_reset_and_a_hang_use_new_connections() -> Outcome {
    let mock = MockPress::builder().generated_specs(3).start()?;
    let policy = RetryPolicy::default().max_delay(Duration::ZERO);
    let session = mock.session_builder().timeout(LIMIT).retry(policy).build()?;
    let client = get_client(session)?;
    open_connections(&mock, &client, 5).await?;
    mock.faults([Fault::drop_connection(), Fault::hang()]);
    let page = client.list_specs().page_with_response(1).await?;
    assert_eq!(page.attempts(), 3);
    assert_eq!(mock.connections(), 5 + 2);
    Ok(())
}

#[tokio::test]
async fn timeouts_do_not_close_other_connections() -> Outcome {
    let mock = MockPress::builder().generated_specs(3).start()?;
    let client = client(&mock)?;
    open_connections(&mock, &client, 8).await?;
    mock.fault(Fault::hang().on_page(2).always());
    let specs = client.list_specs().retry(RetryPolicy::none());
    for _ in 0..5 {
        let call = specs.clone().timeout(Duration::from_millis(1)).page(2);
        let error = call.await.expect_err("a timeout");
        assert_eq!(error.kind(), ErrorKind::Timeout);
    }
    client.list_specs().page(1).await?;
    assert_eq!(mock.connections(), 8);
    Ok(())
}
