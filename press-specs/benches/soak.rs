//! Puts a mock server with injected faults, rate limits and changing tokens under load, over TLS.
//! Checks that each run yields the exact catalogue or an error, and that nothing is left behind.
//!
//! ```sh
//! cargo bench -p press-specs --bench soak -- --tasks 64 --seconds 600
//! ```

#[path = "../tests/fixtures/tls.rs"]
mod tls;

use std::{
    collections::BTreeMap,
    env, error, fmt, fs,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use clap::Parser;
use press_specs::{
    Error, ListSpecs, RetryPolicy, Session, blocking, get_client,
    mock::{Fault, MockPress},
};
use tokio::{runtime::Handle, task::JoinSet, time};

type Outcome<T = ()> = Result<T, Box<dyn error::Error + Send + Sync>>;

/// Read the catalogue of a faulty mock server in many tasks.
#[derive(Parser)]
struct Arguments {
    /// Number of concurrent tasks.
    #[arg(long, default_value_t = 64)]
    tasks: usize,
    /// Time in seconds after which no new run is started.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Passed by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> Outcome {
    let arguments = Arguments::parse();
    if env::var("SSL_CERT_FILE").as_deref() != Ok(tls::ROOT) {
        // In the child process, the mock server's root is the system's only root certificate.
        let mut again = Command::new(env::current_exe()?);
        let status = again.args(env::args_os().skip(1)).env("SSL_CERT_FILE", tls::ROOT).status()?;
        return if status.success() { Ok(()) } else { Err("the run failed".into()) };
    }
    let mock = Arc::new(MockPress::builder().generated_specs(500).keep_requests(0).start()?);
    let url = tls::secured(&mock, tls::SERVER, "127.0.0.1").await?;
    // Starts the blocking client's thread, which is never stopped.
    let warm_up = blocking::get_client(session(&mock, &url)?)?;
    tokio::task::spawn_blocking(move || warm_up.list_specs().page(1)).await??;
    settle(&Resources::default()).await;
    let before = Resources::now();

    inject_faults(&mock);
    let tokens = tokio::spawn(change_tokens(Arc::clone(&mock)));
    let client = session(&mock, &url)?;
    let end = Instant::now() + Duration::from_secs(arguments.seconds);
    let mut workers = JoinSet::new();
    for worker in 0..arguments.tasks {
        workers.spawn(work(worker, client.clone(), mock.spec_ids(), end));
    }
    drop(client);
    let mut totals = BTreeMap::new();
    while let Some(counts) = workers.join_next().await {
        for (label, count) in counts?? {
            *totals.entry(label).or_insert(0) += count;
        }
    }
    tokens.abort();
    let after = settle(&before).await;

    for (label, count) in totals {
        println!("{count:>9} {label}");
    }
    println!("{:>9} requests on {} connections", mock.request_count(), mock.connections());
    println!("before: {before}");
    println!("after:  {after}");
    if after.tasks > before.tasks || after.files > before.files {
        return Err("tasks or sockets are left".into());
    }
    Ok(())
}

fn session(mock: &Arc<MockPress>, url: &str) -> Outcome<Session> {
    let policy = RetryPolicy::default()
        .max_attempts(10)
        .initial_delay(Duration::from_millis(1))
        .max_delay(Duration::from_millis(20));
    let tokens = Arc::clone(mock);
    let builder = Session::builder().base_url(url).retry(policy).auth_token_fn(move || {
        let token = tokens.token();
        async move { Ok::<_, Error>(token) }
    });
    Ok(builder.build()?)
}

/// About 5% of the requests hit a fault, and a rate limit is active 1% of the time.
fn inject_faults(mock: &MockPress) {
    let start = Instant::now();
    let limited = move |_: &_| start.elapsed().as_millis() % 10_000 >= 9_900;
    mock.fault(Fault::status(429).header("retry-after", "1").when(limited).always());
    for fault in [
        Fault::status(500),
        Fault::status(503),
        Fault::drop_connection(),
        Fault::pass().cut_after(1_000),
        Fault::pass().delay(Duration::from_millis(50)),
    ] {
        // A prime number, so that every page hits every fault.
        let requests = AtomicU64::new(0);
        mock.fault(fault.when(move |_| requests.fetch_add(1, Relaxed).is_multiple_of(97)).always());
    }
}

async fn change_tokens(mock: Arc<MockPress>) {
    for number in 0_u64.. {
        time::sleep(Duration::from_secs(1)).await;
        mock.set_token(format!("token-{number}"));
    }
}

/// Reads the catalogue repeatedly, each time in a different way. Returns the number of runs per
/// outcome.
async fn work(
    worker: usize,
    session: Session,
    expected: Vec<String>,
    end: Instant,
) -> Outcome<BTreeMap<String, u64>> {
    let client = get_client(session.clone())?;
    let mut counts = BTreeMap::new();
    for run in worker.. {
        if Instant::now() >= end {
            break;
        }
        let specs = client.list_specs().page_size(25).concurrency(1 + run % 4);
        let (label, result) = match run % 3 {
            0 => ("streams", stream(specs).await),
            1 => ("streams that were dropped and resumed", interrupted(specs).await),
            _ => ("iterators of the blocking client", iterator(session.clone()).await?),
        };
        let outcome = match result {
            Ok(ids) if ids == expected => format!("{label}, exact"),
            Ok(ids) => return Err(format!("{label}: {} other items", ids.len()).into()),
            Err(error) => format!("{label}, {}", error.kind()),
        };
        *counts.entry(outcome).or_insert(0) += 1;
    }
    Ok(counts)
}

async fn stream(specs: ListSpecs) -> Result<Vec<String>, Error> {
    let mut ids = Vec::new();
    let mut stream = specs.stream();
    while let Some(spec) = stream.try_next().await? {
        ids.push(spec.id);
    }
    Ok(ids)
}

/// Repeatedly drops the stream at a random moment and resumes it at its position.
async fn interrupted(specs: ListSpecs) -> Result<Vec<String>, Error> {
    let mut ids = Vec::new();
    let mut stream = specs.clone().stream();
    loop {
        let patience = Duration::from_micros(fastrand::u64(..100_000));
        let reading = async {
            while let Some(spec) = stream.try_next().await? {
                ids.push(spec.id);
            }
            Ok(())
        };
        match time::timeout(patience, reading).await {
            Ok(Ok(())) => return Ok(ids),
            Ok(Err(error)) => return Err(error),
            Err(_) => stream = specs.clone().resume(stream.position()).stream(),
        }
    }
}

async fn iterator(session: Session) -> Outcome<Result<Vec<String>, Error>> {
    let reading = move || {
        let client = blocking::get_client(session)?;
        client.list_specs().iter().map(|spec| Ok(spec?.id)).collect()
    };
    Ok(tokio::task::spawn_blocking(reading).await?)
}

/// Resources used by the process.
#[derive(Default)]
struct Resources {
    tasks: usize,
    /// Open files, which include sockets.
    files: usize,
    /// Resident memory.
    memory: String,
}

impl fmt::Display for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tasks, files, memory } = self;
        write!(f, "{tasks} tasks, {files} open files, memory {memory}")
    }
}

impl Resources {
    fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        Self {
            tasks: Handle::current().metrics().num_alive_tasks(),
            files: fs::read_dir("/proc/self/fd").map_or(0, Iterator::count),
            memory: memory.unwrap_or("unknown").trim().to_owned(),
        }
    }
}

/// Waits up to 10 seconds until resource use is back to its earlier level.
async fn settle(before: &Resources) -> Resources {
    for _ in 0..100 {
        let now = Resources::now();
        if now.tasks <= before.tasks && now.files <= before.files {
            return now;
        }
        time::sleep(Duration::from_millis(100)).await;
    }
    Resources::now()
}
