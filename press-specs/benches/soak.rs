//! Puts a mock server with injected faults and rate limits under load, over TLS, and checks that
//! every stream yields the exact catalogue.
//!
//! ```sh
//! cargo bench -p press-specs --bench soak -- --tasks 200 --seconds 60
//! ```

#[path = "../tests/fixtures/tls.rs"]
mod tls;

use std::{
    env,
    error::Error,
    fs, future,
    process::Command,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use clap::Parser;
use futures::{StreamExt, TryStreamExt, stream};
use press_specs::{
    RetryPolicy, get_client,
    mock::{Fault, MockPress},
};

/// Stream the catalogue of a faulty mock server from many tasks.
#[derive(Parser)]
struct Arguments {
    /// Number of concurrent tasks, each of which streams the catalogue once.
    #[arg(long, default_value_t = 200)]
    tasks: usize,
    /// Time in seconds after which no new stream is started.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Passed by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments = Arguments::parse();
    if env::var("SSL_CERT_FILE").as_deref() != Ok(tls::ROOT) {
        // The root certificates of the system, as this process sees it, include that of the mock
        // server.
        let mut again = Command::new(env::current_exe()?);
        let status = again.args(env::args_os().skip(1)).env("SSL_CERT_FILE", tls::ROOT).status()?;
        return if status.success() { Ok(()) } else { Err("the run failed".into()) };
    }

    let mock = MockPress::builder().generated_specs(500).keep_requests(0).start()?;
    let start = Instant::now();
    // A rate limit refuses all requests for 100 milliseconds out of 10 seconds.
    let limited = move |_: &_| start.elapsed().as_millis() % 10_000 >= 9_900;
    mock.fault(Fault::status(429).header("retry-after", "1").when(limited).always());
    // About 5 % of requests meet a fault. A prime number, so that each page meets each fault.
    for fault in [
        Fault::status(500),
        Fault::status(503),
        Fault::drop_connection(),
        Fault::pass().cut_after(1_000),
        Fault::pass().delay(Duration::from_millis(50)),
    ] {
        let requests = AtomicU64::new(0);
        mock.fault(fault.when(move |_| requests.fetch_add(1, Relaxed).is_multiple_of(97)).always());
    }

    let policy = RetryPolicy::default()
        .max_attempts(10)
        .initial_delay(Duration::from_millis(1))
        .max_delay(Duration::from_millis(20));
    let url = tls::secured(&mock, tls::SERVER, "127.0.0.1").await?;
    let client = get_client(mock.session_builder().retry(policy).base_url(url).build()?)?;
    let expected = mock.spec_ids();
    let end = start + Duration::from_secs(arguments.seconds);
    let mut runs = stream::iter(0..usize::MAX)
        .take_while(|_| future::ready(Instant::now() < end))
        .map(|run| {
            let specs = client.list_specs().page_size(25).concurrency(1 + run % 4).stream();
            tokio::spawn(specs.map_ok(|spec| spec.id).try_collect::<Vec<_>>())
        })
        .buffer_unordered(arguments.tasks);
    let (mut streams, mut reported) = (0, start);
    while let Some(ids) = runs.try_next().await? {
        let ids = ids?;
        if ids != expected {
            return Err(format!("a stream yielded {} items, not the catalogue", ids.len()).into());
        }
        streams += 1;
        if reported.elapsed() > Duration::from_secs(5) {
            reported = Instant::now();
            report(streams, &mock);
        }
    }
    report(streams, &mock);
    println!("every stream yielded the {} specs once each, in order", expected.len());
    Ok(())
}

/// Prints what has happened so far, with the resident memory of this process on Linux, the mock
/// server included.
fn report(streams: usize, mock: &MockPress) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let memory =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")).map_or("unknown", str::trim);
    let (requests, connections) = (mock.request_count(), mock.connections());
    println!("{streams} streams, {requests} requests, {connections} connections, memory {memory}");
}
