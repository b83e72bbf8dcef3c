//! Measures the client against loops that are written by hand, with the server in another process.
//!
//! `cargo bench -p press-specs` measures everything, `-- cpu`, `-- instructions`, `-- memory`, `-- latency` and
//! `-- concurrent` a part, `-- --quick` less of it. Without `--bench`, as `cargo test` runs it, it tries each part out.

mod by_hand;
mod measure;
mod server;
mod table;
mod walk;

use std::env;

use clap::{Parser, ValueEnum};

/// The result of anything here.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[derive(Debug, Parser)]
struct Arguments {
    /// Parts to measure; all by default.
    parts: Vec<Part>,
    /// Makes fewer and shorter measurements.
    #[arg(long)]
    quick: bool,
    /// Measures in earnest, as `cargo bench` does.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// CPU time per item, pairwise.
    Cpu,
    /// Instructions per item, under Valgrind.
    Instructions,
    /// Peak memory by page size, concurrency and number of items.
    Memory,
    /// Time with a service that takes its time.
    Latency,
    /// Items per second on all cores.
    Concurrent,
}

/// The amount of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effort {
    /// Shows that it runs.
    Trial,
    Quick,
    Full,
}

impl Effort {
    fn choose<T>(self, trial: T, quick: T, full: T) -> T {
        match self {
            Self::Trial => trial,
            Self::Quick => quick,
            Self::Full => full,
        }
    }
}

fn main() -> Outcome<()> {
    // This program in the role that the measuring one gives it.
    match env::args().collect::<Vec<_>>().as_slice() {
        [_, role, catalogue] if role == server::ROLE => return server::serve(serde_json::from_str(catalogue)?),
        [_, role, walk] if role == walk::ROLE => return serde_json::from_str::<walk::Walk>(walk)?.report(),
        _ => {}
    }
    let arguments = Arguments::parse();
    let effort = match (arguments.bench, arguments.quick) {
        (false, _) => Effort::Trial,
        (true, true) => Effort::Quick,
        (true, false) => Effort::Full,
    };
    if effort == Effort::Trial {
        println!("A trial of each part: its figures say nothing.");
    }
    for part in Part::value_variants() {
        if !arguments.parts.is_empty() && !arguments.parts.contains(part) {
            continue;
        }
        match part {
            Part::Cpu => measure::cpu(effort)?,
            Part::Instructions => measure::instructions(effort)?,
            Part::Memory => measure::memory(effort)?,
            Part::Latency => measure::latency(effort)?,
            Part::Concurrent => measure::concurrent(effort)?,
        }
    }
    Ok(())
}
