//! The walks that are compared: all specs, one after the other, in a process of their own.

use std::{
    env, fs,
    hint::black_box,
    process::{Command, Output},
    time::Instant,
};

use cpu_time::ProcessTime;
use press_specs::{Session, Spec};
use serde::{Deserialize, Serialize};
use tokio::runtime;

use crate::{
    Outcome, Role,
    by_hand::{self, from_slice, from_str, lossless, lossy},
    server::Catalogue,
    tls,
};

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Walker {
    /// This crate.
    Ours,
    /// A loop by hand that decodes with `serde_json::from_slice`.
    FromSlice,
    /// A loop by hand that decodes with `serde_json::from_str`.
    FromStr,
}

/// One walk.
#[derive(Clone, Serialize, Deserialize)]
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
#[derive(Serialize, Deserialize)]
pub(crate) struct Cost {
    /// The CPU time in seconds.
    pub(crate) cpu: f64,
    /// The time in seconds.
    pub(crate) wall: f64,
    /// The peak of the resident memory in KiB; `None` where the system doesn't tell.
    pub(crate) peak: Option<f64>,
}

impl Walk {
    /// Walks in a new process, so that no walk finds memory and caches as another one left them.
    pub(crate) fn run(&self) -> Outcome<Cost> {
        Ok(serde_json::from_slice(&self.output(Command::new(env::current_exe()?))?.stdout)?)
    }

    /// Counts the instructions of a walk in a new process.
    pub(crate) fn instructions(&self) -> Outcome<f64> {
        let mut valgrind = Command::new("valgrind");
        valgrind
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(env::current_exe()?);
        let report = String::from_utf8(self.output(valgrind)?.stderr)?;
        let collected =
            report.lines().find_map(|line| line.split_once("Collected : ")?.1.parse().ok());
        collected.ok_or_else(|| format!("valgrind failed:\n{report}").into())
    }

    /// Runs a command that starts this program.
    fn output(&self, mut command: Command) -> Outcome<Output> {
        let role = serde_json::to_string(&Role::Walker(self.clone()))?;
        let output = command.arg(role).env("SSL_CERT_FILE", tls::ROOT).output()?;
        if output.status.success() {
            Ok(output)
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into())
        }
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
            Outcome::Ok(Cost {
                cpu: cpu.elapsed().as_secs_f64(),
                wall: wall.elapsed().as_secs_f64(),
                peak: peak(),
            })
        })?;
        println!("{}", serde_json::to_string(&cost)?);
        Ok(())
    }

    async fn walk(&self, http: &reqwest::Client, client: &Spec) -> Outcome<()> {
        let count = match (self.walker, self.catalogue.unknown) {
            (Walker::Ours, _) => self.stream(client).await?,
            (Walker::FromSlice, false) => {
                by_hand::walk(http, self, from_slice::<lossy::Page>).await?
            }
            (Walker::FromSlice, true) => {
                by_hand::walk(http, self, from_slice::<lossless::Page>).await?
            }
            (Walker::FromStr, false) => by_hand::walk(http, self, from_str::<lossy::Page>).await?,
            (Walker::FromStr, true) => {
                by_hand::walk(http, self, from_str::<lossless::Page>).await?
            }
        };
        if count == self.items {
            Ok(())
        } else {
            Err(format!("{count} items came instead of {}", self.items).into())
        }
    }

    async fn stream(&self, client: &Spec) -> Outcome<u64> {
        let request = client.list_specs().page_size(u64::try_from(self.catalogue.page_size)?);
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
