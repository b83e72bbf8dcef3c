//! Timeouts of connections, attempts and calls, and calls that are dropped.

use std::{
    io,
    time::{Duration, Instant},
};

use press_specs::{
    Error,
    ErrorKind::{self, ServiceUnavailable, Timeout},
    RetryPolicy, Session, SessionBuilder, get_client,
    mock::{Fault, MockPress},
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
    task,
    time::{self, timeout},
};

use crate::{
    LIMIT, Outcome, PATIENCE, client,
    support::{LONG_LIMIT, NEVER, fails, gives_page, none, patient, request, run, serve},
};

#[tokio::test]
async fn the_first_timeout_to_expire_ends_the_call() -> Outcome {
    let stops = || Fault::pass().trickle(1, NEVER);
    let attempt: fn(SessionBuilder) -> SessionBuilder = |session| session.timeout(LONG_LIMIT);
    let total: fn(SessionBuilder) -> SessionBuilder = |session| session.total_timeout(LONG_LIMIT);
    run([
        gives_page("no answer, once", 2, Fault::hang()).with(attempt),
        gives_page("a body that stops, once", 2, stops()).with(attempt),
        fails("no answer", Timeout, None, Fault::hang())
            .after(2)
            .with(|session| {
                session.timeout(LONG_LIMIT).retry(RetryPolicy::default().max_attempts(2))
            })
            .saying("longer than the timeout of 6s")
            .checking(Error::is_retryable),
        fails("a body that stops", Timeout, 200, stops())
            .with(|session| none(session).timeout(LONG_LIMIT))
            .saying("longer than the timeout of 6s"),
        fails("no answer within the total timeout", Timeout, None, Fault::hang())
            .with(total)
            .saying("longer than the total timeout of 6s")
            .checking(Error::is_retryable),
        fails("a body that stops within the total timeout", Timeout, 200, stops())
            .with(total)
            .saying("longer than the total timeout of 6s"),
        // The limits need not be ordered: the first to expire wins.
        fails("the shorter total timeout", Timeout, None, Fault::hang())
            .with(|session| session.timeout(NEVER).total_timeout(LONG_LIMIT))
            .saying("longer than the total timeout of 6s"),
        gives_page("the largest limits there are", 2, Fault::status(503)).with(|session| {
            session
                .timeout(Duration::MAX)
                .total_timeout(Duration::MAX)
                .connect_timeout(Duration::MAX)
        }),
        fails("a wait beyond the total timeout", ServiceUnavailable, 503, Fault::status(503)).with(
            |session| {
                session.retry(
                    RetryPolicy::default().initial_delay(Duration::MAX).max_delay(Duration::MAX),
                )
            },
        ),
    ])
    .await
}

/// A listener whose queue is full lets nobody in and turns nobody away.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn connecting_has_its_own_timeout() -> Outcome {
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    let listener = socket.listen(1)?;
    let address = listener.local_addr()?;
    let mut queue = Vec::new();
    while let Ok(stream) = timeout(LONG_LIMIT / 2, TcpStream::connect(address)).await {
        queue.push(stream?);
        assert!(queue.len() < 1000, "the queue has no end");
    }
    let session = Session::builder()
        .auth_token("token")
        .base_url(format!("http://{address}"))
        .connect_timeout(Duration::from_millis(50))
        .retry(RetryPolicy::default().max_attempts(2).max_delay(Duration::ZERO))
        .build()?;
    let call = get_client(session)?.list_specs().page(1);
    let error = timeout(PATIENCE, call).await?.expect_err("a full queue");
    assert_eq!((error.kind(), error.status(), error.attempts()), (Timeout, None, 2), "{error:?}");
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
        // The first page of a stream, and those that are in flight together after it.
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
        assert_eq!((mock.aborted(), mock.in_flight()), (aborted, 0));
        // The client is none the worse for it.
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

/// Sends a body without an end: a byte each millisecond, or as many chunks of one byte as the
/// client reads.
async fn endless(status: u16, flood: bool, mut stream: TcpStream) -> io::Result<()> {
    request(&mut stream).await?;
    let head = format!("HTTP/1.1 {status} X\r\ntransfer-encoding: chunked\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    let chunks = "1\r\n \r\n".repeat(if flood { 1000 } else { 1 });
    loop {
        stream.write_all(chunks.as_bytes()).await?;
        if !flood {
            time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Takes the runtime for ten milliseconds at a time.
async fn busy() {
    loop {
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(10) {
            std::hint::spin_loop();
        }
        task::yield_now().await;
    }
}

#[tokio::test]
async fn endless_bodies_time_out() -> Outcome {
    for (flood, is_busy) in [(false, true), (true, false), (true, true)] {
        let session = serve(move |_, stream| endless(200, flood, stream)).await?;
        let session =
            session.timeout(LIMIT).max_response_bytes(u64::MAX).retry(RetryPolicy::none());
        let specs = get_client(session.build()?)?.list_specs();
        let other = is_busy.then(|| tokio::spawn(busy()));
        let result = time::timeout(PATIENCE, specs.page(1)).await?;
        let error = result.expect_err("a body without an end");
        assert_eq!(error.kind(), ErrorKind::Timeout, "flood {flood}, busy {is_busy}");
        other.inspect(|other| other.abort());
    }
    Ok(())
}

#[tokio::test]
async fn endless_error_bodies_do_not_block_the_error() -> Outcome {
    for flood in [false, true] {
        let session = serve(move |_, stream| endless(503, flood, stream)).await?;
        let session = session.timeout(2 * PATIENCE).total_timeout(2 * PATIENCE);
        let specs = get_client(session.retry(RetryPolicy::none()).build()?)?.list_specs();
        let other = tokio::spawn(busy());
        let result = time::timeout(PATIENCE, specs.page(1)).await?;
        let error = result.expect_err("an error status");
        assert_eq!(error.status(), Some(503), "flood {flood}");
        other.abort();
    }
    Ok(())
}

#[tokio::test]
async fn a_delay_beyond_the_total_timeout_fails_at_once() -> Outcome {
    let fault = Fault::status(503).header("retry-after", "1").always();
    let mock = MockPress::builder().fault(fault).start()?;
    let specs = client(&mock)?.list_specs().retry(patient());
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
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.attempts(), 0);
    assert_eq!(mock.request_count(), 0);
    Ok(())
}
