//! One session on many Tokio runtimes: at once, one after another, idle, ended.

use std::{env, fs, thread};

use futures::{StreamExt, executor::block_on};
use press_specs::{
    ErrorKind, Spec, get_client,
    mock::{Fault, MockPress},
};
use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};

use crate::{
    Outcome, PATIENCE, client,
    environment::{MARK, TASK, ask},
    ids,
};

fn runtime() -> Outcome<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

fn call(runtime: &Runtime, client: &Spec) -> Outcome {
    let page = runtime.block_on(async { timeout(PATIENCE, client.list_specs().page(1)).await })??;
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
    drop(runtimes);
    call(&runtime()?, &client)?;
    assert_eq!(mock.connections(), RUNTIMES + 1);
    Ok(())
}

#[test]
fn runtimes_that_come_and_go_leave_nothing_behind() -> Outcome {
    const RUNTIMES: usize = 100;
    let mock = MockPress::builder().generated_specs(3).start()?;
    let client = client(&mock)?;
    for _ in 0..RUNTIMES {
        let runtime = runtime()?;
        call(&runtime, &client)?;
        call(&runtime, &client)?;
    }
    assert_eq!(mock.connections(), RUNTIMES);
    // Alone in its process, so that no other test opens files.
    if cfg!(target_os = "linux") && env::var_os(TASK).is_some() {
        println!("\n{MARK}{}", fs::read_dir("/proc/self/fd")?.count() < RUNTIMES);
    }
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn runtimes_that_come_and_go_leave_no_files_open() -> Outcome {
    let few = ask("runtimes::runtimes_that_come_and_go_leave_nothing_behind", "count", &[])?;
    assert_eq!(few, ["true"]);
    Ok(())
}

#[test]
fn a_runtime_that_has_ended_is_an_error_and_hangs_nobody() -> Outcome {
    let mock = MockPress::builder().generated_specs(3).start()?;
    let client = client(&mock)?;
    let ended = runtime()?;
    let handle = ended.handle().clone();
    drop(ended);
    let guard = handle.enter();
    for result in [
        block_on(client.list_specs().page(1)).map(drop),
        block_on(client.list_specs().stream().next()).ok_or("an item")?.map(drop),
    ] {
        let error = result.expect_err("no runtime");
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::InvalidConfiguration, 0), "{error:?}");
    }
    drop(guard);
    call(&runtime()?, &client)
}

#[test]
fn a_session_works_while_another_runtime_waits_in_the_middle_of_a_request() -> Outcome {
    let mock = MockPress::builder().generated_specs(3).fault(Fault::hang().on_page(2)).start()?;
    let client = client(&mock)?;
    let first = Builder::new_current_thread().enable_all().build()?;
    let stuck = client.list_specs().page(2);
    let stuck = first.block_on(async {
        let stuck = tokio::spawn(stuck);
        mock.wait_for_requests(1, PATIENCE).await.map(|()| stuck)
    })?;
    let second = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let page = second.block_on(async { timeout(PATIENCE, client.list_specs().page(1)).await })??;
    assert_eq!(page.specs.len(), 3);
    drop((stuck, first));
    mock.wait_for_aborted_blocking(1, PATIENCE)?;
    Ok(())
}

#[test]
fn one_session_serves_many_runtimes_at_once() -> Outcome {
    let mock = MockPress::builder().generated_specs(20).start()?;
    let session = mock.session()?;
    let expected = mock.spec_ids();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..24)
            .map(|_| {
                let session = session.clone();
                scope.spawn(move || -> Outcome<Vec<String>> {
                    let runtime = Builder::new_current_thread().enable_all().build()?;
                    let specs = get_client(session)?.list_specs().page_size(5).concurrency(2);
                    Ok(runtime.block_on(async { timeout(PATIENCE, ids(specs.stream())).await })??)
                })
            })
            .collect();
        for thread in threads {
            let specs = thread.join().map_err(|_| "a thread panicked")??;
            assert_eq!(specs, expected);
        }
        Ok(())
    })
}
