//! The walks that are compared: all specs, one after the other, in a process of their own.

use std::{
    env, fs,
    hint::black_box,
    process::Command,
    time::{Duration, Instant},
};

use cpu_time::ProcessTime;
use futures::TryStreamExt;
use press_specs::{Session, Spec};
use serde::{Deserialize, Serialize};
use tokio::runtime;

use crate::{
    Outcome,
    by_hand::{self, from_slice, from_str, lossless, lossy},
    server::{Catalogue, Server},
};

pub(crate) const ROLE: &str = "walk";

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/root.pem");

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Walker {
    /// This crate.
    Ours,
    /// A loop by hand that decodes with `serde_json::from_slice`.
    FromSlice,
    /// A loop by hand that decodes with `serde_json::from_str`.
    FromStr,
}

/// One walk.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Walk {
    pub(crate) walker: Walker,
    pub(crate) url: String,
    pub(crate) catalogue: Catalogue,
    /// The number of items to read.
    pub(crate) items: u64,
    pub(crate) concurrency: usize,
    /// The number of threads of the runtime; 0 is the caller's alone.
    pub(crate) threads: usize,
}

/// The cost of a walk.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Cost {
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
    /// The peak of the resident memory in KiB; `None` where the system doesn't tell.
    pub(crate) peak: Option<f64>,
}

impl Walk {
    /// A walk over all items of a server, one page at a time on one thread.
    pub(crate) fn new(walker: Walker, server: &Server) -> Self {
        Self {
            walker,
            url: server.url.clone(),
            catalogue: server.catalogue,
            items: server.catalogue.items,
            concurrency: 1,
            threads: 0,
        }
    }

    /// Walks in a new process, so that no walk finds memory and caches as another one left them.
    pub(crate) fn run(&self) -> Outcome<Cost> {
        let output = self.command(&[])?.output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// The command for that process, as arguments of `tool`.
    pub(crate) fn command(&self, tool: &[&str]) -> Outcome<Command> {
        let program = env::current_exe()?;
        let mut command = Command::new(tool.first().map_or(program.as_os_str(), |tool| tool.as_ref()));
        command.args(tool.get(1..).unwrap_or_default());
        if !tool.is_empty() {
            command.arg(program);
        }
        command.args([ROLE, &serde_json::to_string(self)?]).env("SSL_CERT_FILE", ROOT);
        Ok(command)
    }

    /// Walks in this process and prints the cost.
    pub(crate) fn report(&self) -> Outcome<()> {
        let mut runtime = match self.threads {
            0 => runtime::Builder::new_current_thread(),
            _ => runtime::Builder::new_multi_thread(),
        };
        let runtime = runtime.worker_threads(self.threads.max(1)).enable_all().build()?;
        // Made before the clock starts: reading the roots of trust is no part of the walk.
        let http = reqwest::Client::builder().no_proxy().build()?;
        let session = Session::builder().auth_token("mock-token").base_url(&self.url).build()?;
        let client = press_specs::get_client(session)?;
        let cost = runtime.block_on(async {
            // Connects, and makes what a process makes once.
            let first = self.items.min(self.catalogue.page_size);
            Self { items: first, ..self.clone() }.walk(&http, &client).await?;
            let (cpu, wall) = (ProcessTime::now(), Instant::now());
            self.walk(&http, &client).await?;
            Outcome::Ok(Cost { cpu: cpu.elapsed(), wall: wall.elapsed(), peak: peak() })
        })?;
        println!("{}", serde_json::to_string(&cost)?);
        Ok(())
    }

    async fn walk(&self, http: &reqwest::Client, client: &Spec) -> Outcome<()> {
        let count = match (self.walker, self.catalogue.unknown) {
            (Walker::Ours, _) => self.stream(client).await?,
            (Walker::FromSlice, false) => by_hand::walk(http, self, from_slice::<lossy::Page>).await?,
            (Walker::FromSlice, true) => by_hand::walk(http, self, from_slice::<lossless::Page>).await?,
            (Walker::FromStr, false) => by_hand::walk(http, self, from_str::<lossy::Page>).await?,
            (Walker::FromStr, true) => by_hand::walk(http, self, from_str::<lossless::Page>).await?,
        };
        if count == self.items { Ok(()) } else { Err(format!("{count} items came instead of {}", self.items).into()) }
    }

    async fn stream(&self, client: &Spec) -> Outcome<u64> {
        let request = client.list_specs().page_size(u32::try_from(self.catalogue.page_size)?);
        let mut specs = request.concurrency(self.concurrency).stream();
        let mut count = 0;
        while let Some(spec) = specs.try_next().await? {
            black_box(spec);
            count += 1;
            if count == self.items {
                break;
            }
        }
        Ok(count)
    }
}

/// The peak of this process's resident memory in KiB.
fn peak() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.strip_suffix("kB")?.trim().parse().ok()
}

/// The CPU time of the running threads of a process.
pub(crate) fn process_time(process: &str) -> Option<Duration> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).ok()?;
    let nanoseconds = threads.map(|thread| {
        let times = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        times.split(' ').next()?.parse::<u64>().ok()
    });
    nanoseconds.sum::<Option<u64>>().map(Duration::from_nanos)
}
