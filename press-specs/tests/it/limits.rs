//! Limits that hold whatever a server does: time, requests and memory.

use std::{
    collections::HashSet,
    future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use futures::future::{join_all, try_join_all};
use press_specs::{
    Error, ErrorKind, RetryPolicy, Session, get_client,
    mock::{Fault, Gate, MockPress},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Builder,
    sync::{Barrier, oneshot},
    task, time,
};

use crate::{
    LIMIT, Outcome, PATIENCE, client,
    faults::{gzip, impatient, requests_per_call},
    ids,
    support::{in_child, runtime},
};

/// A server of bare connections, with a thread and a runtime of its own.
struct Server {
    url: String,
    _stop: oneshot::Sender<()>,
}

/// Gives each connection and its number to `converse`.
fn serve<F, Fut>(converse: F) -> Outcome<Server>
where
    F: Fn(usize, TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    listener.set_nonblocking(true)?;
    let url = format!("http://{}", listener.local_addr()?);
    let (_stop, stopped) = oneshot::channel();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    thread::spawn(move || {
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener)?;
            let accept = async {
                for number in 0.. {
                    let (stream, _) = listener.accept().await?;
                    stream.set_nodelay(true)?;
                    tokio::spawn(converse(number, stream));
                }
                Ok::<_, std::io::Error>(())
            };
            tokio::select! {
                result = accept => result,
                _ = stopped => Ok(()),
            }
        })
    });
    Ok(Server { url, _stop })
}

impl Server {
    fn session(&self) -> press_specs::SessionBuilder {
        Session::builder().auth_token("token").base_url(&self.url)
    }
}

/// Reads the head of the next request; `false` at the end of the connection.
async fn request(stream: &mut TcpStream) -> std::io::Result<bool> {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => read.push(byte),
            Err(_) => return Ok(false),
        }
    }
    Ok(true)
}

/// Sends a body without an end: a byte each millisecond, or as many chunks of one byte as the client reads.
async fn endless(status: u16, flood: bool, mut stream: TcpStream) -> std::io::Result<()> {
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

#[tokio::test]
async fn time_limits_are_wall_clock_time() -> Outcome {
    for (status, flood, busy) in
        [(200, false, false), (200, false, true), (200, true, false), (200, true, true), (503, true, true)]
    {
        let server = serve(move |_, stream| endless(status, flood, stream))?;
        let session = server.session().timeout(LIMIT).max_response_bytes(u64::MAX).retry(RetryPolicy::none());
        let call = get_client(session.build()?)?.list_specs().page(1);
        let other = busy.then(|| {
            tokio::spawn(async {
                loop {
                    let start = Instant::now();
                    while start.elapsed() < Duration::from_millis(10) {
                        std::hint::spin_loop();
                    }
                    task::yield_now().await;
                }
            })
        });
        let start = Instant::now();
        let clock = async {
            let _ = time::timeout(LIMIT, future::pending::<()>()).await;
            start.elapsed()
        };
        let call = async { (call.await, start.elapsed()) };
        let (clock, (result, took)) = tokio::join!(clock, call);
        let error = result.expect_err("a body without an end");
        let expected = if status == 200 { ErrorKind::Timeout } else { ErrorKind::ServiceUnavailable };
        assert_eq!(error.kind(), expected, "{error:?}");
        assert!(LIMIT <= took && took < 2 * clock, "{status}, flood {flood}, busy {busy}: {took:?} beside {clock:?}");
        if let Some(other) = other {
            other.abort();
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bursts_survive_a_rate_limit_and_cost_no_budget() -> Outcome {
    // Each burst is refused as a whole: the refusals are held until all of it has arrived. The budget pays for 100 retries.
    const STREAM: usize = 128;
    const CALLS: usize = 500;
    let refused = |gate: &Gate, times| Fault::status(429).header("retry-after", "1").held_by(gate).times(times);
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
    let refusal = Fault::status(429).header("retry-after", "1");
    let mock = MockPress::builder().generated_specs(3).start()?;
    let client = client(&mock)?;
    for refusals in [CALLS, 1] {
        // A machine that stands still for a moment lets a round return at once, but not round after round.
        let (mut rounds, mut slots) = (0, 0);
        while slots < 5 {
            rounds += 1;
            assert!(rounds < 9, "all return at once");
            mock.clear_requests();
            mock.fault(refusal.clone().times(refusals));
            if refusals == 1 {
                // The refusal of a call that does not wait itself.
                let call = client.list_specs().retry(RetryPolicy::none()).page(1);
                let error = call.await.expect_err("a refusal");
                assert_eq!((error.kind(), error.attempts()), (ErrorKind::TooManyRequests, 1));
            }
            try_join_all((0..CALLS).map(|_| client.list_specs().page(1))).await?;
            let received: Vec<_> = mock.requests().iter().map(|request| request.received_at()).collect();
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

/// A body, plain and compressed; the last one claims to be small.
fn large_bodies(bytes: usize) -> Vec<(&'static str, Fault)> {
    let page = worst_page(bytes);
    let compressed = |body: Vec<u8>| Fault::raw_body(body).header("content-encoding", "gzip").always();
    vec![
        ("plain", Fault::raw_body(page.clone()).always()),
        ("compressed", compressed(gzip(&page))),
        ("compressed twice", compressed([gzip(&page), gzip(b" ")].concat())),
    ]
}

#[test]
fn large_bodies_are_decoded_beside_the_runtime_within_the_time_limits() -> Outcome {
    let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(1).build()?;
    // While the only thread for blocking work is taken, no large body is decoded.
    let (free, taken) = mpsc::channel::<()>();
    runtime.spawn_blocking(move || taken.recv());
    let mocks = large_bodies(1536 * 1024)
        .into_iter()
        .map(|(told, fault)| Ok((told, MockPress::builder().fault(fault).start()?)));
    let mocks = mocks.collect::<Outcome<Vec<_>>>()?;
    runtime.block_on(async {
        let calls = mocks.iter().map(async |(told, mock)| {
            let session = mock.session_builder().total_timeout(LIMIT).build()?;
            let call = get_client(session)?.list_specs().page(1);
            let error = time::timeout(PATIENCE, call).await?.expect_err("nobody decodes it");
            assert_eq!((error.kind(), error.status()), (ErrorKind::Timeout, Some(200)), "{told}: {error:?}");
            Outcome::Ok(())
        });
        try_join_all(calls).await?;
        drop(free);
        for (told, mock) in &mocks {
            let page = client(mock)?.list_specs().page(1).await?;
            assert!(page.extra.contains_key("x"), "{told}");
        }
        Ok(())
    })
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
    in_child("limits::the_worst_page_takes_no_more_memory_than_documented", "", &[("", ""); 0], || {
        let page = worst_page(2 * 1024 * 1024);
        let length = page.len();
        let mock = MockPress::builder().generated_specs(1).fault(Fault::raw_body(page).on_page(2).always()).start()?;
        let (client, runtime) = (client(&mock)?, runtime()?);
        runtime.block_on(client.list_specs().page(1))?;
        let before = resident()?;
        let page = runtime.block_on(client.list_specs().page(2))?;
        let factor = (resident()? - before) / length;
        assert!(page.extra.contains_key("x") && (20..=120).contains(&factor), "{factor} bytes for each byte");
        Ok(())
    })
}

/// Answers each request, but only the first one of an old connection: then that sends `last` and goes silent, or closes.
async fn works_once(last: &str, silent: bool, old: Option<Arc<Barrier>>, mut stream: TcpStream) -> std::io::Result<()> {
    let body = r#"{"pageCount":1,"specs":[]}"#;
    let response = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    if let Some(all) = old {
        request(&mut stream).await?;
        // All of them are open at the same time.
        all.wait().await;
        stream.write_all(response.as_bytes()).await?;
        request(&mut stream).await?;
        stream.write_all(last.as_bytes()).await?;
        if silent {
            future::pending::<()>().await;
        }
        return Ok(());
    }
    while request(&mut stream).await? {
        stream.write_all(response.as_bytes()).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_retry_takes_no_connection_of_before() -> Outcome {
    const OLD: usize = 8;
    const CUT_OFF: &str = "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{";
    for (last, silent) in [("", true), ("", false), (CUT_OFF, false)] {
        let all = Arc::new(Barrier::new(OLD));
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let server = serve(move |number, stream| {
            count.fetch_add(1, Relaxed);
            works_once(last, silent, (number < OLD).then(|| Arc::clone(&all)), stream)
        })?;
        let retry = RetryPolicy::default().max_attempts(2).max_delay(Duration::ZERO);
        let session = server.session().timeout(LIMIT).retry(retry).build()?;
        let client = get_client(session)?;
        let calls = join_all((0..OLD).map(|_| client.list_specs().page(1))).await;
        calls.into_iter().collect::<Result<Vec<_>, Error>>()?;
        assert_eq!(connections.load(Relaxed), OLD);
        client.list_specs().page(1).await?;
        assert_eq!(connections.load(Relaxed), OLD + 1);
        // Silence takes long to notice: no later call takes an old connection either.
        for _ in 1..OLD {
            client.list_specs().page(1).await?;
        }
        let expected = if silent { OLD + 1 } else { 2 * OLD };
        assert_eq!(connections.load(Relaxed), expected);
    }
    Ok(())
}

#[test]
fn each_promise_names_tests_that_exist() -> Outcome {
    let promises = include_str!("../../src/reliability.rs").lines();
    let held: Vec<_> = promises.filter_map(|line| line.strip_prefix("// Held by ")).collect();
    assert!(held.len() > 40, "{held:?}");
    for test in held {
        let (module, name) = test.split_once("::").ok_or(test)?;
        let file = format!("{}/tests/it/{module}.rs", env!("CARGO_MANIFEST_DIR"));
        let source = std::fs::read_to_string(file)?;
        assert!(source.contains(&format!("fn {name}()")), "{test} is gone");
    }
    Ok(())
}
