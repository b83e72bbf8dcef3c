//! Puts a mock server with injected faults and rate limits under load, over TLS, and checks that every stream yields the
//! exact catalogue.
//!
//! ```sh
//! cargo run --release -p press-specs --example soak -- --tasks 200 --seconds 60
//! ```

use std::{
    env,
    error::Error,
    fs, io,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use clap::Parser;
use futures::TryStreamExt;
use press_specs::{
    RetryPolicy, get_client,
    mock::{Fault, MockPress},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/root.pem");
const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/server.pem");

/// Stream the catalogue of a faulty mock server from many tasks.
#[derive(Debug, Parser)]
struct Arguments {
    /// Number of tasks that stream the catalogue repeatedly.
    #[arg(long, default_value_t = 200)]
    tasks: usize,
    /// Time in seconds after which no new stream is started.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Percentage of requests that meet a fault.
    #[arg(long, default_value_t = 5)]
    faults: u64,
    /// Number of specs in the catalogue.
    #[arg(long, default_value_t = 500)]
    specs: u64,
    /// Time in seconds between two rate limits, each of which refuses all requests for 100 milliseconds.
    #[arg(long, default_value_t = 10)]
    rate_limits: u64,
    /// Uses plain HTTP instead of TLS.
    #[arg(long)]
    plain: bool,
}

#[derive(Debug, Default)]
struct Counts {
    streams: AtomicU64,
    items: AtomicU64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    if !arguments.plain && env::var("SSL_CERT_FILE").as_deref() != Ok(ROOT) {
        // The root certificates of the system, as this process sees it, include that of the mock server.
        let mut again = Command::new(env::current_exe()?);
        let status = again.args(env::args_os().skip(1)).env("SSL_CERT_FILE", ROOT).status()?;
        return if status.success() { Ok(()) } else { Err("the run failed".into()) };
    }
    let requests = Arc::new(AtomicU64::new(0));
    let mock = MockPress::builder().generated_specs(arguments.specs).keep_requests(0).start()?;
    let (start, period) = (Instant::now(), u128::from(arguments.rate_limits) * 1000);
    let limited = move |_: &_| period > 0 && start.elapsed().as_millis() % period >= period - 100;
    mock.fault(Fault::status(429).header("retry-after", "1").when(limited).always());
    // Each request meets one of five faults, or none.
    let faults = [
        Fault::status(500),
        Fault::status(503),
        Fault::drop_connection(),
        Fault::pass().cut_after(1_000),
        Fault::pass().delay(Duration::from_millis(50)),
    ];
    let each = 100 * faults.len() as u64;
    for (kind, fault) in faults.into_iter().enumerate() {
        let (seen, share) = (Arc::clone(&requests), arguments.faults);
        // The first condition sees every request, so it does the counting.
        let chosen = move |_: &_| {
            let number = if kind == 0 { seen.fetch_add(1, Relaxed) + 1 } else { seen.load(Relaxed) };
            // A multiplier that spreads the faults evenly over pages and tasks.
            let place = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
            place % each / share.max(1) == kind as u64 && share > 0
        };
        mock.fault(fault.when(chosen).always());
    }
    let expected = Arc::new(mock.spec_ids());
    let policy = RetryPolicy::default()
        .max_attempts(10)
        .initial_delay(Duration::from_millis(1))
        .max_delay(Duration::from_millis(20));
    let mut session = mock.session_builder().retry(policy);
    if !arguments.plain {
        session = session.base_url(secured(&mock).await?);
    }
    let client = get_client(session.build()?)?;
    let counts = Arc::new(Counts::default());
    let end = Instant::now() + Duration::from_secs(arguments.seconds);

    let mut tasks = JoinSet::new();
    for task in 0..arguments.tasks {
        let (client, counts, expected) = (client.clone(), Arc::clone(&counts), Arc::clone(&expected));
        tasks.spawn(async move {
            let concurrency = 1 + task % 4;
            while Instant::now() < end {
                let stream = client.list_specs().page_size(25).concurrency(concurrency).stream();
                let ids: Vec<String> = stream.map_ok(|spec| spec.id).try_collect().await?;
                if ids != *expected {
                    return Err(format!("task {task} got {} items, not the catalogue", ids.len()).into());
                }
                counts.streams.fetch_add(1, Relaxed);
                counts.items.fetch_add(ids.len() as u64, Relaxed);
            }
            Ok::<(), Box<dyn Error + Send + Sync>>(())
        });
    }

    let mut seconds = time::interval(Duration::from_secs(5));
    seconds.tick().await;
    loop {
        tokio::select! {
            _ = seconds.tick() => report(&counts, &requests, &mock),
            task = tasks.join_next() => match task {
                None => break,
                Some(ended) => ended?.map_err(|error| error.to_string())?,
            },
        }
    }
    report(&counts, &requests, &mock);
    println!("every stream yielded the {} specs once each, in order", expected.len());
    Ok(())
}

/// Serves the mock server over TLS too, and returns the URL.
async fn secured(mock: &MockPress) -> Result<String, Box<dyn Error>> {
    let server = fs::read(SERVER)?;
    let certificates = CertificateDer::pem_slice_iter(&server).collect::<Result<Vec<_>, _>>()?;
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(certificates, PrivateKeyDer::from_pem_slice(&server)?)?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("https://{}", listener.local_addr()?);
    let plain = mock.url().trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, plain) = (acceptor.clone(), plain.clone());
            tokio::spawn(async move {
                let (mut secure, mut plain) = (acceptor.accept(stream).await?, TcpStream::connect(plain).await?);
                copy_bidirectional(&mut secure, &mut plain).await?;
                Ok::<_, io::Error>(())
            });
        }
    });
    Ok(url)
}

fn report(counts: &Counts, requests: &AtomicU64, mock: &MockPress) {
    println!(
        "{} streams, {} items, {} requests, {} connections, memory {}",
        counts.streams.load(Relaxed),
        counts.items.load(Relaxed),
        requests.load(Relaxed),
        mock.connections(),
        memory().unwrap_or_else(|| "unknown".to_owned()),
    );
}

/// Returns the resident memory of this process, the mock server included, on Linux.
fn memory() -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:")).map(|rest| rest.trim().to_owned())
}
