//! Exports all specs, and continues where it stopped when it is run again.
//!
//! A checkpoint beside the output holds the position of the stream. Stop the program with Ctrl-C,
//! or after a number of specs, and run it again:
//!
//! ```sh
//! cargo run -p press-specs --example checkpoint -- --stop-after 70
//! cargo run -p press-specs --example checkpoint
//! ```

mod support;

use std::{
    error::Error,
    fs::{self, File},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use clap::Parser;
use futures::{StreamExt, TryStreamExt};
use press_specs::{ErrorKind, ListSpecs, Position, Spec, mock::MockPress};

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

/// Writes the specs, starting at the checkpoint, if any. Returns `true` at the end of the list.
async fn export(client: &Spec, output: &Path, stop_after: usize) -> Result<bool, Box<dyn Error>> {
    let checkpoint = output.with_extension("checkpoint");
    let (bytes, position): (u64, Option<Position>) = match fs::read(&checkpoint) {
        Ok(json) => serde_json::from_slice(&json)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => (0, None),
        Err(error) => return Err(error.into()),
    };
    let mut file = File::options().write(true).create(true).truncate(false).open(output)?;
    // Whatever was written after the checkpoint is fetched again.
    file.set_len(bytes)?;
    file.seek(SeekFrom::End(0))?;

    // A spec that is added or removed during the export could move others to pages that have
    // already been read.
    let request = client.list_specs().sort(["createdAt:asc"]).detect_changes(true);
    let mut specs = request.maybe(position, ListSpecs::resume).stream();
    let mut left = stop_after;
    while left > 0 {
        let batch = specs.by_ref().take(left.min(25)).try_collect::<Vec<_>>().await;
        let starts_over = batch
            .as_ref()
            .map_or_else(|error| error.kind() == ErrorKind::ListChanged, Vec::is_empty);
        if starts_over && checkpoint.exists() {
            fs::remove_file(&checkpoint)?;
        }
        let batch = batch?;
        if batch.is_empty() {
            return Ok(true);
        }
        left -= batch.len();
        // `extra` and `Unknown` keep the fields and values that this version of the crate doesn't
        // know.
        let lines: Vec<_> = batch.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
        writeln!(file, "{}", lines.join("\n"))?;
        fs::write(&checkpoint, serde_json::to_vec(&(file.stream_position()?, specs.position()))?)?;
    }
    Ok(false)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let (session, _mock) = support::session_or_mock(MockPress::builder().generated_specs(200))?;
    let client = press_specs::get_client(session)?;

    export(&client, &arguments.output, arguments.stop_after).await?;
    let lines = fs::read_to_string(&arguments.output)?.lines().count();
    println!("{lines} specs in {}", arguments.output.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use press_specs::{mock::Fault, types::SpecSummary};

    use super::*;

    fn ids(output: &Path) -> Result<Vec<String>, Box<dyn Error>> {
        let specs =
            serde_json::Deserializer::from_reader(File::open(output)?).into_iter::<SpecSummary>();
        specs.map(|spec| Ok(spec?.id)).collect()
    }

    #[tokio::test]
    async fn several_runs_export_each_spec_once() -> Result<(), Box<dyn Error>> {
        let mock = MockPress::builder().generated_specs(90).start()?;
        let client = press_specs::get_client(mock.session()?)?;
        let output = std::env::temp_dir().join(format!("press-specs-{}.jsonl", std::process::id()));

        assert!(!export(&client, &output, 35).await?);
        // An outage that outlasts the retries.
        mock.fault(Fault::status(503).on_page(4).times(4));
        assert!(export(&client, &output, usize::MAX).await.is_err());
        // A crash in the middle of a line.
        File::options().append(true).open(&output)?.write_all(b"{\"id\":")?;
        assert!(export(&client, &output, usize::MAX).await?);
        assert_eq!(ids(&output)?, mock.spec_ids());

        assert!(!export(&client, &output, 35).await?);
        mock.remove_spec(&mock.spec_ids()[0]);
        assert!(export(&client, &output, usize::MAX).await.is_err());
        assert!(export(&client, &output, usize::MAX).await?);
        assert_eq!(ids(&output)?, mock.spec_ids());
        Ok(fs::remove_file(output)?)
    }
}
