//! Measures what the client costs, each figure beside the one to compare it with.
//!
//! ```sh
//! cargo bench -p press-specs                # everything
//! cargo bench -p press-specs -- cpu memory  # some of it
//! cargo bench -p press-specs -- --quick     # fewer and shorter measurements
//! cargo bench -p press-specs -- --plot      # and writes benches/concurrency.svg
//! ```
//!
//! The server is a process of its own, this program in another role, so that only the client is counted. Started
//! without `--bench`, as `cargo test --benches` does, it tries the parts out in a moment and measures nothing.

mod cpu;
mod instructions;
mod latency;
mod limit;
mod memory;
mod plot;
mod server;
mod table;
mod walk;

use clap::{Parser, Subcommand, ValueEnum};

/// What anything here can fail with.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    /// What to measure; nothing given: everything.
    parts: Vec<Part>,
    /// Makes fewer and shorter measurements.
    #[arg(long)]
    quick: bool,
    /// Writes the plot of the latency-bound walk.
    #[arg(long)]
    plot: bool,
    /// Measures in earnest; `cargo bench` says so.
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Cpu,
    Latency,
    Memory,
    Instructions,
}

/// What this program does for the one that measures.
#[derive(Debug, Subcommand)]
#[command(hide = true)]
enum Role {
    #[command(hide = true)]
    Serve(server::Catalogue),
    #[command(hide = true)]
    Walk(walk::Walk),
}

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Effort {
    /// Whether it runs at all.
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
    let arguments = Arguments::parse();
    match arguments.role {
        Some(Role::Serve(catalogue)) => return server::serve(&catalogue),
        Some(Role::Walk(walk)) => return walk.report(),
        None => {}
    }
    let effort = match (arguments.bench, arguments.quick) {
        (false, _) => Effort::Trial,
        (true, true) => Effort::Quick,
        (true, false) => Effort::Full,
    };
    if effort == Effort::Trial {
        println!("A trial of each part; `cargo bench` measures.");
    }
    let wanted = |part| arguments.parts.is_empty() || arguments.parts.contains(&part);
    if wanted(Part::Cpu) {
        cpu::measure(effort)?;
    }
    if wanted(Part::Latency) {
        let curve = latency::measure(effort)?;
        if arguments.plot {
            plot::write(&curve)?;
        }
    }
    if wanted(Part::Memory) {
        memory::measure(effort)?;
    }
    // Valgrind alone takes longer than a trial may.
    if wanted(Part::Instructions) && effort > Effort::Trial {
        instructions::measure(effort)?;
    }
    Ok(())
}
