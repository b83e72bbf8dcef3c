//! Retries: what is retried, and the retry budget.

use std::{
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
    Error,
    ErrorKind::{Connection, Forbidden, ServiceUnavailable, UnexpectedStatus},
    RetryPolicy, Session, get_client,
    mock::{Fault, MockPress},
};
use serde_json::json;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
    sync::Barrier,
};

use crate::{
    LIMIT, Outcome, PATIENCE,
    support::{
        LONG_LIMIT, NEVER, breaks, encoded, fails, gives_page, gzip, impatient, none, page_of,
        patient, request, requests_per_call, run, serve, whole,
    },
    until,
};

const RETRIED: [u16; 13] = [408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529];
const NOT_RETRIED: [u16; 15] =
    [300, 304, 400, 401, 402, 403, 404, 405, 409, 410, 413, 422, 501, 505, 525];

/// Uses up the budget of a session whose retries have no delay.
async fn exhaust_budget(mock: &MockPress, session: &Session) -> Outcome {
    mock.fault(Fault::status(503).always());
    requests_per_call(mock, session, 34).await?;
    assert_eq!(requests_per_call(mock, session, 1).await?, [1]);
    mock.clear_faults();
    Ok(())
}

#[tokio::test]
async fn calls_dropped_before_a_retry_cost_no_budget() -> Outcome {
    // The budget pays for 100 retries.
    const CALLS: usize = 110;
    let mock = MockPress::builder().fault(Fault::status(503).always()).start()?;
    let session = impatient(&mock)?;
    let specs = get_client(session.clone())?.list_specs();
    let specs = specs.retry(patient()).total_timeout(Duration::MAX);
    let calls: Vec<_> = (0..CALLS).map(|_| tokio::spawn(specs.clone().page(1))).collect();
    mock.wait_for_requests(CALLS, PATIENCE).await?;
    until(|| mock.in_flight() == 0).await?;
    calls.iter().for_each(|call| call.abort());
    for result in join_all(calls).await {
        assert!(result.is_err_and(|error| error.is_cancelled()));
    }
    assert_eq!(requests_per_call(&mock, &session, 33).await?, [4; 33]);
    Ok(())
}

#[tokio::test]
async fn rate_limit_retries_return_no_budget() -> Outcome {
    let mock = MockPress::builder().generated_specs(1).start()?;
    let session = impatient(&mock)?;
    exhaust_budget(&mock, &session).await?;
    mock.fault(Fault::status(503).header("retry-after", "1"));
    assert_eq!(requests_per_call(&mock, &session, 1).await?, [2]);
    // That success alone pays for no retry.
    mock.fault(Fault::status(503));
    assert_eq!(requests_per_call(&mock, &session, 1).await?, [1]);
    Ok(())
}

#[tokio::test]
async fn statuses_are_retried_or_returned() -> Outcome {
    let mut rows: Vec<_> = NOT_RETRIED
        .map(|status| fails(status.to_string(), None, status, Fault::status(status)))
        .into();
    for status in RETRIED {
        let fault = || Fault::status(status);
        let problem = fault().json(json!({ "title": "Down", "detail": "for repair" }));
        let endless = fault().html("x".repeat(100)).trickle(1, NEVER);
        rows.extend([
            gives_page(format!("{status} three times"), 4, fault().times(3)),
            gives_page(format!("{status} with an endless body"), 2, endless)
                .with(|session| session.timeout(LONG_LIMIT)),
            fails(format!("{status} for ever"), None, status, problem)
                .after(4)
                .keeping(r#"{"detail":"for repair","title":"Down"}"#)
                .saying("Down: for repair")
                .checking(Error::is_retryable),
            fails(format!("{status} without retries"), None, status, fault()).with(none),
            fails(format!("{status}, six attempts"), None, status, fault()).after(6).with(
                |session| {
                    session.retry(RetryPolicy::default().max_attempts(6).max_delay(Duration::ZERO))
                },
            ),
        ]);
    }
    // The error is that of the last response.
    let last = fails("503, dropped, 502, 403", Forbidden, 403, Fault::pass())
        .after(4)
        .keeping("the last one");
    let faults = [
        Fault::status(503),
        Fault::drop_connection(),
        Fault::status(502),
        Fault::status(403).html("the last one"),
    ];
    rows.push(last.meeting(faults));
    run(rows).await
}

#[tokio::test]
async fn broken_connections_are_retried() -> Outcome {
    let whole = whole();
    let (raw, length) =
        (|head: &str| Fault::raw_connection(format!("{head}\r\n\r\n{whole}")), whole.len());
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked";
    let chunks = format!("{chunked}\r\n\r\n{length:x};x=y\r\n{whole}\r\n0\r\nt: 1\r\n\r\n");
    let upgrade = "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n";
    let hints = "HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length:";
    let broken = [
        breaks("dropped before the head", None, Fault::drop_connection()),
        breaks("dropped before the body", 200, Fault::pass().cut_after(0)),
        breaks("dropped in the middle of the body", 200, Fault::pass().cut_after(500)),
        breaks(
            "a compressed body cut off",
            200,
            encoded("gzip", gzip(&page_of(5000))).cut_after(30),
        ),
        breaks("half a head", None, Fault::raw_connection("HTTP/1.1 200 OK\r\ncontent-")),
        breaks("a length too long", 200, raw("HTTP/1.1 200 OK\r\ncontent-length: 999999999999")),
        breaks("chunks that are none", 200, raw(chunked)),
        breaks(
            "a cut off chunk",
            200,
            Fault::raw_connection(format!("{chunked}\r\n\r\nff\r\n{{\"pageCount\"")),
        ),
        // Without a length, the end of the JSON shows where the connection broke.
        breaks("cut off without a length", 200, {
            Fault::raw_connection("HTTP/1.1 200 OK\r\n\r\n{\"pageCount\":1,\"specs\":[{\"id\"")
        }),
    ];
    let sound = [
        gives_page(
            "small pieces",
            1,
            Fault::raw_body(whole.clone()).trickle(1, Duration::from_micros(10)),
        ),
        gives_page("a body that ends with the connection", 1, raw("HTTP/1.1 200 OK")),
        gives_page("HTTP/1.0", 1, raw("HTTP/1.0 200 OK")),
        gives_page("early hints first", 1, raw(&format!("{hints} {length}"))),
        gives_page("chunks", 1, Fault::raw_connection(chunks)),
        fails("another protocol", UnexpectedStatus, 101, Fault::raw_connection(upgrade)),
    ];
    run(broken.into_iter().flatten().chain(sound)).await
}

#[tokio::test]
async fn unreachable_hosts_are_connection_errors() -> Outcome {
    // A port that is taken and where nobody listens.
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    let refused = format!("http://{}", socket.local_addr()?);
    for (url, attempts, message) in [
        (&*refused, 4, "the connection was refused"),
        ("https://press.invalid", 1, "the host name could not be resolved"),
    ] {
        let retry = RetryPolicy::default().max_attempts(attempts).max_delay(Duration::ZERO);
        let session = Session::builder().auth_token("token").base_url(url).retry(retry).build()?;
        let error = get_client(session)?.list_specs().page(1).await.expect_err("no service");
        assert_eq!(error.kind(), Connection, "{error:?}");
        assert_eq!(error.status(), None);
        assert_eq!(error.attempts(), attempts);
        assert!(error.is_retryable());
        assert!(error.to_string().contains(message), "{error:?}");
    }
    Ok(())
}

#[tokio::test]
async fn clients_of_a_session_share_a_retry_budget() -> Outcome {
    let mock = MockPress::builder().fault(Fault::status(404).times(200)).start()?;
    let session = impatient(&mock)?;
    // What is not retried costs nothing.
    assert_eq!(requests_per_call(&mock, &session, 200).await?, [1; 200]);
    // 500 tokens pay for 100 retries: 33 calls with three each, and one more.
    let down = Fault::status(503).always();
    mock.fault(down.clone());
    let expected = [vec![4; 33], vec![2], vec![1; 26]].concat();
    assert_eq!(requests_per_call(&mock, &session, 60).await?, expected);
    // Another session has its own.
    assert_eq!(requests_per_call(&mock, &impatient(&mock)?, 1).await?, [4]);
    // Nine successes pay for one more, and only its success pays for another.
    mock.clear_faults();
    requests_per_call(&mock, &session, 9).await?;
    for _ in 0..2 {
        mock.fault(Fault::status(503));
        assert_eq!(requests_per_call(&mock, &session, 1).await?, [2]);
    }
    mock.fault(down.clone());
    assert_eq!(requests_per_call(&mock, &session, 3).await?, [2, 1, 1]);
    // The error is that of the response all the same.
    let error = get_client(session)?.list_specs().page(1).await.expect_err("a dead service");
    assert_eq!((error.kind(), error.attempts()), (ServiceUnavailable, 1));

    // A full budget grows no further.
    mock.clear_faults();
    let session = impatient(&mock)?;
    requests_per_call(&mock, &session, 10).await?;
    mock.fault(down);
    assert_eq!(requests_per_call(&mock, &session, 60).await?, expected);
    Ok(())
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
