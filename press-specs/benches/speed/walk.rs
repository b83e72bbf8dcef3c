//! The walks that are compared: all specs, one after the other.

use std::{
    env, fmt, fs,
    hint::black_box,
    process::Command,
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum};
use cpu_time::ProcessTime;
use futures::TryStreamExt;
use press_specs::{Session, Spec};
use serde::{Deserialize, Serialize};

use crate::{Outcome, limit};

/// Who walks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Walker {
    /// A loop written by hand, whose structs hold the fields of the contract.
    Limit,
    /// The same, and unknown fields are kept.
    LimitLossless,
    /// This crate.
    Stream,
}

impl Walker {
    pub(crate) const ALL: [Self; 3] = [Self::Limit, Self::LimitLossless, Self::Stream];
}

impl fmt::Display for Walker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Limit => "reqwest + serde_json by hand (the limit)",
            Self::LimitLossless => "the same, unknown fields kept",
            Self::Stream => "press-specs `.stream()`",
        })
    }
}

/// One walk.
#[derive(Clone, Debug, Args)]
pub(crate) struct Walk {
    #[arg(long)]
    pub(crate) walker: Walker,
    #[arg(long)]
    pub(crate) url: String,
    #[arg(long)]
    pub(crate) page_size: u32,
    /// How many items to walk over.
    #[arg(long)]
    pub(crate) items: u64,
    /// How many requests may be in flight.
    #[arg(long, default_value_t = 1)]
    pub(crate) concurrency: usize,
}

/// What a walk took.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Cost {
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
    /// How much memory its process held at its peak, in KiB; `None` where the system does not tell.
    pub(crate) peak: Option<f64>,
}

impl Walk {
    /// Walks in a process of its own, so that no walk finds the memory and the caches as another one left them.
    pub(crate) fn run(&self) -> Outcome<Cost> {
        let output = self.command(&[])?.output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Walks in this process, and prints what it took.
    pub(crate) fn report(&self) -> Outcome<()> {
        println!("{}", serde_json::to_string(&self.walk()?)?);
        Ok(())
    }

    fn walk(&self) -> Outcome<Cost> {
        // One thread does it all, so that nothing is counted but the work.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let Self {
            url, page_size, items, ..
        } = self;
        // Made before the clock starts: reading the roots of trust is no part of the walk.
        if self.walker == Walker::Stream {
            let session = Session::builder().auth_token("mock-token").base_url(url).build()?;
            let client = press_specs::get_client(session)?;
            return runtime.block_on(self.timed(self.stream(&client)));
        }
        let http = reqwest::Client::builder().no_proxy().build()?;
        runtime.block_on(self.timed(async {
            match self.walker {
                Walker::LimitLossless => limit::walk::<limit::lossless::Page>(&http, url, *page_size, *items).await,
                _ => limit::walk::<limit::lossy::Page>(&http, url, *page_size, *items).await,
            }
        }))
    }

    async fn timed(&self, walk: impl Future<Output = Outcome<u64>>) -> Outcome<Cost> {
        let (cpu, wall) = (ProcessTime::now(), Instant::now());
        let count = walk.await?;
        let cost = Cost {
            cpu: cpu.elapsed(),
            wall: wall.elapsed(),
            peak: peak(),
        };
        if count == self.items {
            Ok(cost)
        } else {
            Err(format!("{count} items came instead of {}", self.items).into())
        }
    }

    async fn stream(&self, client: &Spec) -> Outcome<u64> {
        let request = client.list_specs().page_size(self.page_size);
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

    /// The command that does this walk in a process of its own, behind the words of `tool`.
    pub(crate) fn command(&self, tool: &[&str]) -> Outcome<Command> {
        let program = env::current_exe()?;
        let mut command = match tool {
            [] => Command::new(program),
            [tool, arguments @ ..] => {
                let mut command = Command::new(tool);
                command.args(arguments).arg(program);
                command
            }
        };
        let walker = self.walker.to_possible_value().ok_or("the walker has no name")?;
        command
            .arg("walk")
            .args(["--walker", walker.get_name()])
            .args(["--url", &self.url])
            .args(["--page-size", &self.page_size.to_string()])
            .args(["--items", &self.items.to_string()])
            .args(["--concurrency", &self.concurrency.to_string()]);
        Ok(command)
    }
}

/// The peak of this process's resident memory in KiB.
fn peak() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.strip_suffix("kB")?.trim().parse().ok()
}
