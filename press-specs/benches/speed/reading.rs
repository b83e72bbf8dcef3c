//! Reading all specs in a new process.

use std::{
    env, fs,
    hint::black_box,
    process::{Command, Output},
    time::Instant,
};

use press_specs::{Session, Spec};
use serde::{Deserialize, Serialize};
use tokio::runtime;

use crate::{Outcome, by_hand};

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Reader {
    Client,
    ByHand,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Reading {
    pub(crate) reader: Reader,
    pub(crate) url: String,
    pub(crate) page_size: u64,
    /// The number of items to read.
    pub(crate) items: u64,
    pub(crate) concurrency: usize,
    /// The number of worker threads; 0 selects the current-thread runtime.
    pub(crate) threads: usize,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Cost {
    /// The time in seconds.
    pub(crate) wall: f64,
    /// The peak of the resident memory in KiB; 0 on systems other than Linux.
    pub(crate) peak_kib: f64,
}

impl Reading {
    /// Reads in a new process, so that no memory or cache is inherited from an earlier reading.
    pub(crate) fn run(&self) -> Outcome<Cost> {
        let output = self.output(Command::new(env::current_exe()?))?;
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Counts the instructions in a new process.
    pub(crate) fn instructions(&self) -> Outcome<f64> {
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
        valgrind.arg(env::current_exe()?);
        let report = String::from_utf8(self.output(valgrind)?.stderr)?;
        let collected =
            report.lines().find_map(|line| line.split_once("Collected : ")?.1.parse().ok());
        collected.ok_or_else(|| format!("valgrind failed:\n{report}").into())
    }

    fn output(&self, mut command: Command) -> Outcome<Output> {
        let output = command.arg(serde_json::to_string(self)?).output()?;
        if output.status.success() {
            Ok(output)
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into())
        }
    }

    /// Reads in this process and prints the cost.
    pub(crate) fn report(&self) -> Outcome<()> {
        let mut runtime = match self.threads {
            0 => runtime::Builder::new_current_thread(),
            _ => runtime::Builder::new_multi_thread(),
        };
        let runtime = runtime.worker_threads(self.threads.max(1)).enable_all().build()?;
        let http = reqwest::Client::builder().no_proxy().build()?;
        let session = Session::builder().auth_token("mock-token").base_url(&self.url).build()?;
        let client = press_specs::get_client(session)?;
        let wall = runtime.block_on(async {
            // Connects, and initializes once-per-process state.
            let first = self.items.min(self.page_size);
            Self { items: first, ..self.clone() }.read(&http, &client).await?;
            let start = Instant::now();
            self.read(&http, &client).await?;
            Outcome::Ok(start.elapsed().as_secs_f64())
        })?;
        let cost = Cost { wall, peak_kib: peak_kib().unwrap_or_default() };
        println!("{}", serde_json::to_string(&cost)?);
        Ok(())
    }

    async fn read(&self, http: &reqwest::Client, client: &Spec) -> Outcome<()> {
        let count = match self.reader {
            Reader::Client => self.stream(client).await?,
            Reader::ByHand => by_hand::read(http, self).await?,
        };
        if count == self.items {
            Ok(())
        } else {
            Err(format!("read {count} items instead of {}", self.items).into())
        }
    }

    async fn stream(&self, client: &Spec) -> Outcome<u64> {
        let request = client.list_specs().page_size(self.page_size);
        let mut specs = request.concurrency(self.concurrency).stream();
        let mut count = 0;
        while count < self.items
            && let Some(spec) = specs.try_next().await?
        {
            black_box(spec);
            count += 1;
        }
        Ok(count)
    }
}

fn peak_kib() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.strip_suffix("kB")?.trim().parse().ok()
}
