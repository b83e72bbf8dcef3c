//! Measures the client against loops that are written by hand, with the server in another process.
//!
//! `cargo bench -p press-specs` measures everything, `-- cpu`, `-- instructions`, `-- memory`, `--
//! latency` and `-- concurrent` a part, `-- --quick` less of it.

mod by_hand;
mod measure;
mod server;
#[expect(dead_code, reason = "this server needs no mock behind it")]
#[path = "../../tests/fixtures/tls.rs"]
mod tls;
mod walk;

use std::{env, error::Error};

use clap::{Parser, builder::PossibleValuesParser};
use serde::{Deserialize, Serialize};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Measures a part, or less of it if it has to be quick.
type Measure = fn(bool) -> Outcome<()>;

const PARTS: [(&str, Measure); 5] = [
    ("cpu", measure::cpu),
    ("instructions", measure::instructions),
    ("memory", measure::memory),
    ("latency", measure::latency),
    ("concurrent", measure::concurrent),
];

#[derive(Parser)]
struct Arguments {
    /// Parts to measure; all by default.
    #[arg(value_parser = PossibleValuesParser::new(PARTS.map(|(name, _)| name)))]
    parts: Vec<String>,
    /// Makes fewer and shorter measurements.
    #[arg(long)]
    quick: bool,
    /// Passed by `cargo bench`, and not by `cargo test`, for which this would take too long.
    #[arg(long, hide = true)]
    bench: bool,
}

/// The part that this program plays in a process that the measuring one starts.
#[derive(Serialize, Deserialize)]
enum Role {
    Server(server::Catalogue),
    Walker(walk::Walk),
}

fn main() -> Outcome<()> {
    match env::args().nth(1).and_then(|role| serde_json::from_str(&role).ok()) {
        Some(Role::Server(catalogue)) => return server::serve(catalogue),
        Some(Role::Walker(walk)) => return walk.report(),
        None => {}
    }
    let arguments = Arguments::parse();
    if !arguments.bench {
        println!("Not measured; use `cargo bench`.");
        return Ok(());
    }
    for (name, measure) in PARTS {
        if arguments.parts.is_empty() || arguments.parts.iter().any(|part| part == name) {
            measure(arguments.quick)?;
        }
    }
    Ok(())
}
