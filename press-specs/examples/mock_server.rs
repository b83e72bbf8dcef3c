//! Runs `MockPress` as a program, for clients in other languages.
//!
//! Prints the URL as its only line. Stops on Ctrl-C, or when its standard input is closed:
//!
//! ```sh
//! cargo run -p press-specs --example mock_server -- --specs 1000 --deployments 20
//! ```

use std::{error::Error, io, time::Duration};

use clap::Parser;
use press_specs::mock::MockPress;

/// Serve a generated catalogue over HTTP on this machine.
#[derive(Parser)]
struct Arguments {
    /// Number of specs in the catalogue.
    #[arg(long, default_value_t = 100)]
    specs: u64,
    /// Number of deployments per spec.
    #[arg(long, default_value_t = 10)]
    deployments: u64,
    /// Delay of each response in milliseconds.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// Port to listen on; 0 selects a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Token that clients must send.
    #[arg(long, default_value = "mock-token")]
    token: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let mock = MockPress::builder()
        .generated_specs(arguments.specs)
        .generated_deployments(arguments.deployments)
        .latency(Duration::from_millis(arguments.latency_ms))
        .port(arguments.port)
        .token(arguments.token)
        // It may run for a long time, and nothing reads its requests.
        .keep_requests(0)
        .start()?;
    println!("{}", mock.url());
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}
