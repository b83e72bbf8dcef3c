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
use press_specs::{
    RetryPolicy, get_client,
    mock::{Fault, MockPress},
};
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::Barrier};

use crate::{
    LIMIT, Outcome, client,
    support::{in_child, request, runtime, serve},
};

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
