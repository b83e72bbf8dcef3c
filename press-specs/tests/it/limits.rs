//! Limits that hold whatever a server does: time, requests and memory.

use std::{
    future::pending,
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use futures::future::try_join_all;
use press_specs::{RetryPolicy, get_client};
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::Barrier};

use crate::{
    LIMIT, Outcome,
    support::{request, serve},
};

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
