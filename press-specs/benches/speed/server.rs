//! The server: `MockPress` in another process.

use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    time::Duration,
};

use clap::Args;
use press_specs::mock::MockPress;

use crate::Outcome;

/// What the server holds.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Catalogue {
    /// How many specs, of about 900 bytes each.
    #[arg(long)]
    pub(crate) specs: u64,
    /// How long every answer waits.
    #[arg(long, default_value_t = 0)]
    pub(crate) latency_ms: u64,
}

/// Serves until standard input is closed.
pub(crate) fn serve(catalogue: &Catalogue) -> Outcome<()> {
    let mock = MockPress::builder()
        .generated_specs(catalogue.specs)
        .latency(Duration::from_millis(catalogue.latency_ms))
        .keep_requests(0)
        .start()?;
    println!("{}", mock.url());
    io::stdout().flush()?;
    io::copy(&mut io::stdin().lock(), &mut io::sink())?;
    Ok(())
}

/// A server that stops when this is dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start(catalogue: Catalogue) -> Outcome<Self> {
        let mut process = Command::new(env::current_exe()?)
            .arg("serve")
            .args(["--specs", &catalogue.specs.to_string()])
            .args(["--latency-ms", &catalogue.latency_ms.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut url = String::new();
        let stdout = process.stdout.take().ok_or("the server has no output")?;
        BufReader::new(stdout).read_line(&mut url)?;
        Ok(Self {
            process,
            url: url.trim_end().to_owned(),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // It ends by itself now; how does not matter.
        let _ = self.process.wait();
    }
}
