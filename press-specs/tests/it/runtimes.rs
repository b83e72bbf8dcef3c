//! One session on many Tokio runtimes: one after another, idle, ended. Many at once are in
//! `credentials`.

use std::fs;

use futures::executor::block_on;
use press_specs::{
    ErrorKind, Spec,
    mock::{Fault, MockPress},
};
use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};

use crate::{
    Outcome, PATIENCE, client,
    support::{in_child, runtime},
};

fn call(runtime: &Runtime, client: &Spec) -> Outcome {
    let page =
        runtime.block_on(async { timeout(PATIENCE, client.list_specs().page(1)).await })??;
    assert_eq!(page.specs.len(), 3);
    Ok(())
}

#[test]
fn any_number_of_idle_runtimes_keep_their_connections() -> Outcome {
    // Few enough to be through with all of them before the first connection is idle for too long.
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
fn runtimes_that_come_and_go_leave_nothing_behind() -> Outcome {
    const RUNTIMES: usize = 100;
    // Files are counted where no other test opens some.
    in_child("runtimes::runtimes_that_come_and_go_leave_nothing_behind", "", &[("", ""); 0], || {
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
fn a_runtime_that_has_ended_is_an_error_and_hangs_nobody() -> Outcome {
    let mock = MockPress::builder().generated_specs(3).start()?;
    let client = client(&mock)?;
    let refused = |says: &str| -> Outcome {
        let specs = client.list_specs();
        let item = block_on(specs.clone().stream().next()).ok_or("an item")?;
        for result in [block_on(specs.page(1)).map(drop), item.map(drop)] {
            let error = result.expect_err("no runtime");
            assert_eq!((error.kind(), error.attempts()), (ErrorKind::InvalidConfiguration, 0));
            assert!(error.to_string().contains(says), "{error}");
        }
        Ok(())
    };
    refused("outside a Tokio runtime")?;
    let handle = runtime()?.handle().clone();
    let guard = handle.enter();
    refused("runtime that has ended")?;
    drop(guard);
    call(&runtime()?, &client)
}

#[test]
fn a_session_works_while_another_runtime_waits_in_the_middle_of_a_request() -> Outcome {
    let mock = MockPress::builder().generated_specs(3).fault(Fault::hang().on_page(2)).start()?;
    let client = client(&mock)?;
    let first = runtime()?;
    let stuck = first.spawn(client.list_specs().page(2));
    first.block_on(mock.wait_for_requests(1, PATIENCE))?;
    call(&Builder::new_multi_thread().worker_threads(1).enable_all().build()?, &client)?;
    drop((stuck, first));
    mock.wait_for_aborted_blocking(1, PATIENCE)?;
    Ok(())
}
