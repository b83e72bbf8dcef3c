//! Limits that hold whatever a server does: time, requests and memory.

use std::{
    collections::HashSet,
    future::pending,
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use futures::future::{join_all, try_join_all};
use press_specs::{
    ErrorKind, RetryPolicy, get_client,
    mock::{Fault, Gate, MockPress},
};
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::Barrier};

use crate::{
    LIMIT, Outcome, PATIENCE, client, ids,
    support::{impatient, in_child, request, requests_per_call, runtime, serve},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bursts_survive_a_rate_limit_and_cost_no_budget() -> Outcome {
    // Each burst is refused as a whole: the refusals are held until all of it has arrived. The
    // budget pays for 100 retries.
    const STREAM: usize = 128;
    const CALLS: usize = 500;
    let refused = |gate: &Gate, times| {
        Fault::status(429).header("retry-after", "1").held_by(gate).times(times)
    };
    let gates = [Gate::new(), Gate::new()];
    let mock = MockPress::builder()
        .generated_specs(600)
        .fault(refused(&gates[0], STREAM).when(|request| request.page_number() > Some(150)))
        .start()?;
    let session = impatient(&mock)?;
    let specs = get_client(session.clone())?.list_specs().page_size(1);
    let stream = tokio::spawn(ids(specs.clone().concurrency(STREAM).stream()));
    mock.wait_for_requests(150 + STREAM, PATIENCE).await?;
    gates[0].open();
    assert_eq!(stream.await??, mock.spec_ids());

    let before = mock.request_count();
    mock.fault(refused(&gates[1], CALLS));
    let calls: Vec<_> = (0..CALLS).map(|_| tokio::spawn(specs.clone().page(1))).collect();
    mock.wait_for_requests(before + CALLS, PATIENCE).await?;
    gates[1].open();
    for call in join_all(calls).await {
        call??;
    }
    assert_eq!((mock.unused_faults(), mock.request_count()), (0, 600 + STREAM + 2 * CALLS));
    mock.fault(Fault::status(503).always());
    assert_eq!(requests_per_call(&mock, &session, 33).await?, [4; 33]);
    Ok(())
}

#[tokio::test]
async fn a_rate_limit_pauses_the_session_and_its_requests_return_one_by_one() -> Outcome {
    const CALLS: usize = 30;
    let mock = MockPress::builder().generated_specs(3).start()?;
    let specs = client(&mock)?.list_specs();
    for refusals in [CALLS, 1] {
        // A machine that stands still for a moment lets a round return at once, but not round after
        // round.
        let (mut rounds, mut slots) = (0, 0);
        while slots < 5 {
            rounds += 1;
            assert!(rounds < 9, "all return at once");
            mock.clear_requests();
            mock.fault(Fault::status(429).header("retry-after", "1").times(refusals));
            if refusals == 1 {
                // The refusal of a call that does not wait itself.
                let error =
                    specs.clone().retry(RetryPolicy::none()).page(1).await.expect_err("a refusal");
                assert_eq!((error.kind(), error.attempts()), (ErrorKind::TooManyRequests, 1));
            }
            try_join_all((0..CALLS).map(|_| specs.clone().page(1))).await?;
            let received: Vec<_> =
                mock.requests().iter().map(|request| request.received_at()).collect();
            let (refused, returned) = received.split_at(refusals);
            assert_eq!(returned.len(), CALLS);
            let times: Vec<_> = returned.iter().map(|at| at.duration_since(refused[0])).collect();
            assert!(times.iter().all(|time| *time >= Duration::from_secs(1)), "{times:?}");
            slots = times.iter().map(|time| time.as_millis() / 50).collect::<HashSet<_>>().len();
        }
    }
    Ok(())
}

/// A page that takes as much memory as possible for its length.
fn worst_page(bytes: usize) -> Vec<u8> {
    let item = r#"{"":0},"#;
    let items = item.repeat(bytes / item.len());
    format!(r#"{{"pageCount":1,"specs":[],"x":[{}]}}"#, items.trim_end_matches(',')).into_bytes()
}

#[cfg(target_os = "linux")]
#[test]
fn the_worst_page_takes_no_more_memory_than_documented() -> Outcome {
    let resident = || -> Outcome<usize> {
        let status = std::fs::read_to_string("/proc/self/status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().split(' ').next()).ok_or("VmHWM")?;
        Ok(kilobytes.parse::<usize>()? * 1024)
    };
    // Alone in its process, so that no other test takes memory.
    in_child(
        "limits::the_worst_page_takes_no_more_memory_than_documented",
        "",
        &[("", ""); 0],
        || {
            let page = worst_page(2 * 1024 * 1024);
            let length = page.len();
            let mock = MockPress::builder()
                .generated_specs(1)
                .fault(Fault::raw_body(page).on_page(2).always())
                .start()?;
            let (client, runtime) = (client(&mock)?, runtime()?);
            runtime.block_on(client.list_specs().page(1))?;
            let before = resident()?;
            let page = runtime.block_on(client.list_specs().page(2))?;
            let factor = (resident()? - before) / length;
            assert!(
                page.extra.contains_key("x") && (20..=120).contains(&factor),
                "{factor} bytes for each byte"
            );
            Ok(())
        },
    )
}

/// Answers each request, but only the first one of an old connection: then that sends `last` and
/// goes silent, or closes.
async fn works_once(
    last: &str,
    silent: bool,
    old: Option<Arc<Barrier>>,
    mut stream: TcpStream,
) -> io::Result<()> {
    let body = r#"{"pageCount":1,"specs":[]}"#;
    let response = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    request(&mut stream).await?;
    if let Some(all) = &old {
        // All of them are open at the same time.
        all.wait().await;
    }
    loop {
        stream.write_all(response.as_bytes()).await?;
        request(&mut stream).await?;
        if old.is_some() {
            stream.write_all(last.as_bytes()).await?;
            return if silent { pending().await } else { Ok(()) };
        }
    }
}

#[tokio::test]
async fn retries_use_a_new_connection() -> Outcome {
    const OLD: usize = 8;
    const CUT_OFF: &str = "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{";
    for (last, silent) in [("", true), ("", false), (CUT_OFF, false)] {
        let all = Arc::new(Barrier::new(OLD));
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let session = serve(move |number, stream| {
            count.fetch_add(1, Relaxed);
            works_once(last, silent, (number < OLD).then(|| Arc::clone(&all)), stream)
        });
        let retry = RetryPolicy::default().max_attempts(2).max_delay(Duration::ZERO);
        let specs =
            get_client(session.await?.timeout(2 * LIMIT).retry(retry).build()?)?.list_specs();
        try_join_all((0..OLD).map(|_| specs.clone().page(1))).await?;
        assert_eq!(connections.load(Relaxed), OLD);
        specs.clone().page(1).await?;
        assert_eq!(connections.load(Relaxed), OLD + 1);
    }
    Ok(())
}
