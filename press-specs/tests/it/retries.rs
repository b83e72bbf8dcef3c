//! Retries: which failures are retried, and the retry budget.

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
        LONG_LIMIT, NEVER, breaks_connection, encoded, gzip, long_delays, no_retries, padded_page,
        page_body, read_request, requests_per_call, returns_error, returns_page, run_scenarios,
        serve, session_without_delays,
    },
    until,
};

const RETRIED: [u16; 13] = [408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529];
const NOT_RETRIED: [u16; 15] =
    [300, 304, 400, 401, 402, 403, 404, 405, 409, 410, 413, 422, 501, 505, 525];

#[tokio::test]
async fn statuses_are_retried_or_returned() -> Outcome {
    let mut scenarios = Vec::new();
    for status in NOT_RETRIED {
        scenarios.push(returns_error(status.to_string(), None, status, Fault::status(status)));
    }
    for status in RETRIED {
        let fault = || Fault::status(status);
        let problem = fault().json(json!({ "title": "Down", "detail": "for repair" }));
        let endless = fault().html("x".repeat(100)).trickle(1, NEVER);
        scenarios.extend([
            returns_page(format!("{status} three times"), 4, fault().times(3)),
            returns_page(format!("{status} with an endless body"), 2, endless)
                .session(|session| session.timeout(LONG_LIMIT)),
            returns_error(format!("{status} always"), None, status, problem)
                .requests(4)
                .body(r#"{"detail":"for repair","title":"Down"}"#)
                .message("Down: for repair")
                .check_error(Error::is_retryable),
            returns_error(format!("{status} without retries"), None, status, fault())
                .session(no_retries),
            returns_error(format!("{status}, six attempts"), None, status, fault())
                .requests(6)
                .session(|session| {
                    let retry = RetryPolicy::default().max_attempts(6).max_delay(Duration::ZERO);
                    session.retry(retry)
                }),
        ]);
    }
    run_scenarios(scenarios).await
}

#[tokio::test]
async fn the_error_is_about_the_last_response() -> Outcome {
    let faults = [
        Fault::status(503),
        Fault::drop_connection(),
        Fault::status(502),
        Fault::status(403).html("the last one"),
    ];
    let scenario = returns_error("503, dropped, 502, 403", Forbidden, 403, Fault::pass())
        .faults(faults)
        .requests(4)
        .body("the last one");
    run_scenarios([scenario]).await
}

#[tokio::test]
async fn broken_connections_are_retried() -> Outcome {
    let page = page_body();
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let long = format!("HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n{page}");
    let compressed = encoded("gzip", gzip(&padded_page(5000)));
    let scenarios = [
        breaks_connection("before the head", None, Fault::drop_connection()),
        breaks_connection("before the body", 200, Fault::pass().cut_after(0)),
        breaks_connection("in the body", 200, Fault::pass().cut_after(500)),
        breaks_connection("in a compressed body", 200, compressed.cut_after(30)),
        breaks_connection("in the head", None, {
            Fault::raw_connection("HTTP/1.1 200 OK\r\ncontent-")
        }),
        breaks_connection("before the declared length", 200, Fault::raw_connection(long)),
        breaks_connection("invalid chunks", 200, {
            Fault::raw_connection(format!("{chunked}{page}"))
        }),
        breaks_connection("in a chunk", 200, {
            Fault::raw_connection(format!("{chunked}ff\r\n{{\"pageCount\""))
        }),
        // Without a length, the JSON shows that the body isn't complete.
        breaks_connection("in a body without a length", 200, {
            Fault::raw_connection("HTTP/1.1 200 OK\r\n\r\n{\"pageCount\":1,\"specs\":[{\"id\"")
        }),
    ];
    run_scenarios(scenarios.into_iter().flatten()).await
}

#[tokio::test]
async fn complete_responses_are_not_retried() -> Outcome {
    let page = page_body();
    let length = page.len();
    let ok = "HTTP/1.1 200 OK";
    let raw = |head: &str| Fault::raw_connection(format!("{head}\r\n\r\n{page}"));
    let chunks = format!(
        "{ok}\r\ntransfer-encoding: chunked\r\n\r\n{length:x};x=y\r\n{page}\r\n0\r\nt: 1\r\n\r\n"
    );
    let hints = "HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n";
    let hints = format!("{hints}{ok}\r\ncontent-length: {length}");
    let upgrade = "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n";
    let small_pieces = Fault::raw_body(page.clone()).trickle(1, Duration::from_micros(10));
    run_scenarios([
        returns_page("small pieces", 1, small_pieces),
        returns_page("a body that ends with the connection", 1, raw(ok)),
        returns_page("HTTP/1.0", 1, raw("HTTP/1.0 200 OK")),
        returns_page("early hints first", 1, raw(&hints)),
        returns_page("chunks", 1, Fault::raw_connection(chunks)),
        returns_error("another protocol", UnexpectedStatus, 101, Fault::raw_connection(upgrade)),
    ])
    .await
}

struct Unreachable {
    url: String,
    attempts: u32,
    message: &'static str,
}

#[tokio::test]
async fn unreachable_hosts_are_connection_errors() -> Outcome {
    // A port that is taken but has no listener.
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    let hosts = [
        Unreachable {
            url: format!("http://{}", socket.local_addr()?),
            attempts: 4,
            message: "the connection was refused",
        },
        Unreachable {
            url: "https://press.invalid".to_owned(),
            attempts: 1,
            message: "the host name could not be resolved",
        },
    ];
    for Unreachable { url, attempts, message } in hosts {
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

/// The behavior of an old connection after its second request.
#[derive(Clone, Copy)]
enum Failure {
    Hangs,
    Closes,
    /// Closes in the body of the response.
    CutOff,
}

/// Responds to every request of a new connection, and to the first one of an old connection. The
/// old connections wait for each other, so that all are open at the same time.
async fn fail_if_old(
    failure: Failure,
    old: Option<Arc<Barrier>>,
    mut stream: TcpStream,
) -> io::Result<()> {
    let body = r#"{"pageCount":1,"specs":[]}"#;
    let response = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    read_request(&mut stream).await?;
    if let Some(barrier) = &old {
        barrier.wait().await;
    }
    loop {
        stream.write_all(response.as_bytes()).await?;
        read_request(&mut stream).await?;
        if old.is_some() {
            break;
        }
    }
    match failure {
        Failure::Hangs => pending().await,
        Failure::Closes => Ok(()),
        Failure::CutOff => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{").await
        }
    }
}

#[tokio::test]
async fn retries_use_a_new_connection() -> Outcome {
    const OLD: usize = 8;
    for failure in [Failure::Hangs, Failure::Closes, Failure::CutOff] {
        let barrier = Arc::new(Barrier::new(OLD));
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let session = serve(move |index, stream| {
            count.fetch_add(1, Relaxed);
            let old = (index < OLD).then(|| Arc::clone(&barrier));
            fail_if_old(failure, old, stream)
        });
        let retry = RetryPolicy::default().max_attempts(2).max_delay(Duration::ZERO);
        let session = session.await?.timeout(2 * LIMIT).retry(retry).build()?;
        let specs = get_client(session)?.list_specs();
        try_join_all((0..OLD).map(|_| specs.clone().page(1))).await?;
        assert_eq!(connections.load(Relaxed), OLD);
        specs.clone().page(1).await?;
        assert_eq!(connections.load(Relaxed), OLD + 1);
    }
    Ok(())
}

#[tokio::test]
async fn clients_of_a_session_share_a_retry_budget() -> Outcome {
    let mock = MockPress::builder().fault(Fault::status(404).times(200)).start()?;
    let session = session_without_delays(&mock)?;
    // Failures without a retry cost nothing.
    assert_eq!(requests_per_call(&mock, &session, 200).await?, [1; 200]);
    // 500 tokens pay for 100 retries: 33 calls with three each, and one more.
    let down = Fault::status(503).always();
    mock.fault(down.clone());
    let expected = [vec![4; 33], vec![2], vec![1; 26]].concat();
    assert_eq!(requests_per_call(&mock, &session, 60).await?, expected);
    // Another session has its own budget.
    let other = session_without_delays(&mock)?;
    assert_eq!(requests_per_call(&mock, &other, 1).await?, [4]);
    // Nine successes pay for one retry, whose success pays for the next one.
    mock.clear_faults();
    requests_per_call(&mock, &session, 9).await?;
    for _ in 0..2 {
        mock.fault(Fault::status(503));
        assert_eq!(requests_per_call(&mock, &session, 1).await?, [2]);
    }
    mock.fault(down.clone());
    assert_eq!(requests_per_call(&mock, &session, 3).await?, [2, 1, 1]);
    // Without a budget, the error still describes the response.
    let error = get_client(session)?.list_specs().page(1).await.expect_err("an error status");
    assert_eq!(error.kind(), ServiceUnavailable);
    assert_eq!(error.attempts(), 1);

    // Successes don't add to a full budget.
    mock.clear_faults();
    let session = session_without_delays(&mock)?;
    requests_per_call(&mock, &session, 10).await?;
    mock.fault(down);
    assert_eq!(requests_per_call(&mock, &session, 60).await?, expected);
    Ok(())
}

#[tokio::test]
async fn calls_dropped_before_a_retry_cost_no_budget() -> Outcome {
    // The budget pays for 100 retries.
    const CALLS: usize = 110;
    let mock = MockPress::builder().fault(Fault::status(503).always()).start()?;
    let session = session_without_delays(&mock)?;
    let specs = get_client(session.clone())?.list_specs();
    let specs = specs.retry(long_delays()).total_timeout(Duration::MAX);
    let calls: Vec<_> = (0..CALLS).map(|_| tokio::spawn(specs.clone().page(1))).collect();
    mock.wait_for_requests(CALLS, PATIENCE).await?;
    until(|| mock.in_flight() == 0).await?;
    for call in &calls {
        call.abort();
    }
    for result in join_all(calls).await {
        assert!(result.is_err_and(|error| error.is_cancelled()));
    }
    assert_eq!(requests_per_call(&mock, &session, 33).await?, [4; 33]);
    Ok(())
}

/// Uses up the budget of a session whose retries have no delay.
async fn exhaust_budget(mock: &MockPress, session: &Session) -> Outcome {
    mock.fault(Fault::status(503).always());
    requests_per_call(mock, session, 34).await?;
    assert_eq!(requests_per_call(mock, session, 1).await?, [1]);
    mock.clear_faults();
    Ok(())
}

#[tokio::test]
async fn rate_limit_retries_return_no_budget() -> Outcome {
    let mock = MockPress::builder().generated_specs(1).start()?;
    let session = session_without_delays(&mock)?;
    exhaust_budget(&mock, &session).await?;
    mock.fault(Fault::status(503).header("retry-after", "1"));
    assert_eq!(requests_per_call(&mock, &session, 1).await?, [2]);
    // That success alone doesn't pay for a retry.
    mock.fault(Fault::status(503));
    assert_eq!(requests_per_call(&mock, &session, 1).await?, [1]);
    Ok(())
}
