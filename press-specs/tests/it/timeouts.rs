//! Timeouts of connections, attempts and calls, and calls that are dropped.

use std::{
    io,
    time::{Duration, Instant},
};

use press_specs::{
    Error,
    ErrorKind::{ServiceUnavailable, Timeout},
    RetryPolicy, Session, SessionBuilder, get_client,
    mock::{Fault, MockPress},
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
    task,
    time::{sleep, timeout},
};

use crate::{
    LIMIT, Outcome, PATIENCE, client,
    support::{
        LONG_LIMIT, NEVER, long_delays, no_retries, read_request, returns_error, returns_page,
        run_scenarios, serve,
    },
};

fn attempt_timeout(session: SessionBuilder) -> SessionBuilder {
    session.timeout(LONG_LIMIT)
}

fn total_timeout(session: SessionBuilder) -> SessionBuilder {
    session.total_timeout(LONG_LIMIT)
}

#[tokio::test]
async fn the_first_timeout_to_expire_ends_the_call() -> Outcome {
    let timed_out = |name: &str, status: Option<u16>, fault: Fault| {
        returns_error(name, Timeout, status, fault).check_error(Error::is_retryable)
    };
    let stops = || Fault::pass().trickle(1, NEVER);
    run_scenarios([
        returns_page("no response, once", 2, Fault::hang()).session(attempt_timeout),
        returns_page("a body that stops, once", 2, stops()).session(attempt_timeout),
        timed_out("no response", None, Fault::hang())
            .requests(2)
            .session(|session| {
                attempt_timeout(session).retry(RetryPolicy::default().max_attempts(2))
            })
            .message("longer than the timeout of 6s"),
        timed_out("a body that stops", Some(200), stops())
            .session(|session| attempt_timeout(no_retries(session)))
            .message("longer than the timeout of 6s"),
        timed_out("no response within the total timeout", None, Fault::hang())
            .session(total_timeout)
            .message("longer than the total timeout of 6s"),
        timed_out("a body that stops within the total timeout", Some(200), stops())
            .session(total_timeout)
            .message("longer than the total timeout of 6s"),
        // The timeout of an attempt may be the longer one.
        timed_out("the shorter total timeout", None, Fault::hang())
            .session(|session| total_timeout(session).timeout(NEVER))
            .message("longer than the total timeout of 6s"),
    ])
    .await
}

#[tokio::test]
async fn the_largest_timeouts_and_delays_do_not_overflow() -> Outcome {
    let unavailable = Fault::status(503);
    run_scenarios([
        returns_page("timeouts", 2, unavailable.clone()).session(|session| {
            let session = session.timeout(Duration::MAX).total_timeout(Duration::MAX);
            session.connect_timeout(Duration::MAX)
        }),
        returns_error("delays", ServiceUnavailable, 503, unavailable).session(|session| {
            let retry = RetryPolicy::default().initial_delay(Duration::MAX);
            session.retry(retry.max_delay(Duration::MAX))
        }),
    ])
    .await
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn connecting_has_its_own_timeout() -> Outcome {
    // A listener with a full queue neither accepts nor refuses connections.
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    let listener = socket.listen(1)?;
    let address = listener.local_addr()?;
    let mut queue = Vec::new();
    while let Ok(stream) = timeout(LONG_LIMIT / 2, TcpStream::connect(address)).await {
        queue.push(stream?);
        assert!(queue.len() < 1000, "the queue is never full");
    }
    let session = Session::builder()
        .auth_token("token")
        .base_url(format!("http://{address}"))
        .connect_timeout(Duration::from_millis(50))
        .retry(RetryPolicy::default().max_attempts(2).max_delay(Duration::ZERO))
        .build()?;
    let call = get_client(session)?.list_specs().page(1);
    let error = timeout(PATIENCE, call).await?.expect_err("a full queue");
    assert_eq!(error.kind(), Timeout, "{error:?}");
    assert_eq!(error.status(), None);
    assert_eq!(error.attempts(), 2);
    assert!(error.to_string().contains("connect timeout"), "{error}");
    Ok(())
}

#[tokio::test]
async fn dropping_a_call_or_stream_cancels_its_requests() -> Outcome {
    for fault in [Fault::hang(), Fault::pass().trickle(1, NEVER)] {
        let fault = fault.when(|request| request.page_number() != Some(1)).always();
        let mock = MockPress::builder().generated_specs(30).fault(fault).start()?;
        let specs = client(&mock)?.list_specs().page_size(1);
        let call = tokio::spawn(specs.clone().page(2));
        mock.wait_for_requests(1, PATIENCE).await?;
        call.abort();
        mock.wait_for_aborted(1, PATIENCE).await?;
        // The stream requests its first page, and then as many as its concurrency.
        let mut aborted = 1;
        for concurrency in [1, 5] {
            mock.clear_requests();
            let mut pages = specs.clone().concurrency(concurrency).pages();
            pages.next().await.ok_or("a page")??;
            let stream = tokio::spawn(async move { pages.next().await.map(drop) });
            mock.wait_for_requests(1 + concurrency, PATIENCE).await?;
            stream.abort();
            aborted += concurrency;
            mock.wait_for_aborted(aborted, PATIENCE).await?;
        }
        assert_eq!(mock.aborted(), aborted);
        assert_eq!(mock.in_flight(), 0);
        // The client still works.
        specs.page(1).await?;
    }
    Ok(())
}

#[tokio::test]
async fn dropping_a_waiting_call_sends_no_retry() -> Outcome {
    let mock = MockPress::builder()
        .fault(Fault::status(503).header("retry-after", "60").always())
        .start()?;
    let client = client(&mock)?;
    let call = tokio::spawn(client.list_specs().page(1));
    mock.wait_for_requests(1, PATIENCE).await?;
    call.abort();
    assert!(call.await.is_err_and(|error| error.is_cancelled()));
    mock.clear_faults();
    client.list_specs().page(1).await?;
    assert_eq!(mock.request_count(), 2);
    Ok(())
}

/// The speed at which a server sends an endless body.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Speed {
    /// A byte each millisecond.
    Slow,
    /// As fast as the client reads.
    Fast,
}

/// Sends a body that never ends, in chunks of one byte.
async fn send_endless_body(status: u16, speed: Speed, mut stream: TcpStream) -> io::Result<()> {
    read_request(&mut stream).await?;
    let head = format!("HTTP/1.1 {status} X\r\ntransfer-encoding: chunked\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    let chunk = "1\r\n \r\n";
    let chunks = chunk.repeat(1000);
    loop {
        if speed == Speed::Fast {
            stream.write_all(chunks.as_bytes()).await?;
        } else {
            stream.write_all(chunk.as_bytes()).await?;
            sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Blocks the runtime for ten milliseconds at a time.
async fn keep_runtime_busy() {
    loop {
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(10) {
            std::hint::spin_loop();
        }
        task::yield_now().await;
    }
}

async fn assert_endless_body_times_out(speed: Speed) -> Outcome {
    let session = serve(move |_, stream| send_endless_body(200, speed, stream)).await?;
    let session = session.timeout(LIMIT).max_response_bytes(u64::MAX).retry(RetryPolicy::none());
    let specs = get_client(session.build()?)?.list_specs();
    let error = timeout(PATIENCE, specs.page(1)).await?.expect_err("an endless body");
    assert_eq!(error.kind(), Timeout, "{speed:?}");
    Ok(())
}

#[tokio::test]
async fn endless_bodies_time_out() -> Outcome {
    assert_endless_body_times_out(Speed::Fast).await
}

#[tokio::test]
async fn endless_bodies_time_out_on_a_busy_runtime() -> Outcome {
    for speed in [Speed::Slow, Speed::Fast] {
        let busy = tokio::spawn(keep_runtime_busy());
        assert_endless_body_times_out(speed).await?;
        busy.abort();
    }
    Ok(())
}

#[tokio::test]
async fn endless_error_bodies_do_not_block_the_error() -> Outcome {
    for speed in [Speed::Slow, Speed::Fast] {
        let session = serve(move |_, stream| send_endless_body(503, speed, stream)).await?;
        let session = session.timeout(2 * PATIENCE).total_timeout(2 * PATIENCE);
        let specs = get_client(session.retry(RetryPolicy::none()).build()?)?.list_specs();
        let busy = tokio::spawn(keep_runtime_busy());
        let error = timeout(PATIENCE, specs.page(1)).await?.expect_err("an error status");
        assert_eq!(error.status(), Some(503), "{speed:?}");
        busy.abort();
    }
    Ok(())
}

#[tokio::test]
async fn a_delay_beyond_the_total_timeout_fails_at_once() -> Outcome {
    let fault = Fault::status(503).header("retry-after", "1").always();
    let mock = MockPress::builder().fault(fault).start()?;
    let specs = client(&mock)?.list_specs().retry(long_delays());
    let error = timeout(PATIENCE, specs.page(1)).await?.expect_err("an error status");
    assert_eq!(error.status(), Some(503));
    assert_eq!(error.attempts(), 1);
    Ok(())
}

#[tokio::test]
async fn no_request_is_sent_without_time_left() -> Outcome {
    let mock = MockPress::builder().generated_specs(1).start()?;
    let specs = client(&mock)?.list_specs().total_timeout(Duration::ZERO);
    let error = specs.page(1).await.expect_err("no time");
    assert_eq!(error.kind(), Timeout);
    assert_eq!(error.attempts(), 0);
    assert_eq!(mock.request_count(), 0);
    Ok(())
}
