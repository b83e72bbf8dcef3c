//! Exports all specs, and continues where it stopped when it is run again.
//!
//! A checkpoint beside the output holds the position of the stream. Stop the program with Ctrl-C, or after a number of
//! specs, and run it again:
//!
//! ```sh
//! cargo run -p press-specs --features mock --example checkpoint -- --stop-after 70
//! cargo run -p press-specs --features mock --example checkpoint
//! ```

mod support;

use std::{
    error::Error,
    fs::{self, File},
    io::{BufWriter, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use clap::Parser;
use futures::TryStreamExt;
use press_specs::{Position, Spec, mock::MockPress};
use serde::{Deserialize, Serialize};

/// Export all specs as JSON Lines, in several runs if need be.
#[derive(Parser)]
struct Arguments {
    /// File to write the specs to.
    #[arg(long, value_name = "FILE", default_value = "target/specs.jsonl")]
    output: PathBuf,
    /// Stop after this number of specs.
    #[arg(long, value_name = "COUNT", default_value_t = usize::MAX)]
    stop_after: usize,
}

/// The place up to which the output is complete.
#[derive(Serialize, Deserialize)]
struct Checkpoint {
    bytes: u64,
    position: Position,
}

/// Writes the specs from the checkpoint on, if there is one, and returns `true` at the end of the list.
async fn export(client: &Spec, output: &Path, stop_after: usize) -> Result<bool, Box<dyn Error>> {
    let path = output.with_extension("checkpoint");
    let saved: Option<Checkpoint> = match fs::read(&path) {
        Ok(json) => Some(serde_json::from_slice(&json)?),
        Err(_) => None,
    };
    let file = File::options().write(true).create(true).truncate(false).open(output)?;
    // Whatever was written after the checkpoint is fetched again.
    file.set_len(saved.as_ref().map_or(0, |checkpoint| checkpoint.bytes))?;
    let mut out = BufWriter::new(file);
    out.seek(SeekFrom::End(0))?;

    // New specs come last, so that they don't shift the others.
    let request = client.list_specs().sort(["createdAt:asc"]);
    let request = match saved {
        Some(checkpoint) => request.resume(checkpoint.position),
        None => request.page_size(25),
    };
    let mut specs = request.stream();
    for count in 1..=stop_after {
        let Some(spec) = specs.try_next().await? else {
            out.flush()?;
            if path.exists() {
                fs::remove_file(&path)?;
            }
            return Ok(true);
        };
        writeln!(out, "{}", serde_json::to_string(&spec)?)?;
        if count % 25 == 0 || count == stop_after {
            out.flush()?;
            let (bytes, position) = (out.stream_position()?, specs.position());
            fs::write(&path, serde_json::to_vec(&Checkpoint { bytes, position })?)?;
        }
    }
    Ok(false)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let (session, mock) = support::session_or_mock(MockPress::builder().generated_specs(200))?;
    let client = press_specs::get_client(session)?;

    let complete = export(&client, &arguments.output, arguments.stop_after).await?;
    let lines = fs::read_to_string(&arguments.output)?.lines().count();
    println!("{lines} specs in {}", arguments.output.display());
    if complete && mock.is_some() {
        assert_eq!(lines, 200);
    }
    Ok(())
}
