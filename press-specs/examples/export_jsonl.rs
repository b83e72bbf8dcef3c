//! All specs as JSON Lines, on standard output or in a file.
//!
//! ```sh
//! cargo run --features mock --example export_jsonl > specs.jsonl
//! cargo run --features mock --example export_jsonl -- specs.jsonl
//! ```

mod support;

use std::{
    env,
    error::Error,
    fs::File,
    io::{self, BufWriter, Write},
};

use futures::TryStreamExt;
use press_specs::mock::MockPress;
use serde_json::json;

/// A spec with a kind and a field that this version of the crate does not know; the newest, and so the last.
fn spec_of_tomorrow() -> serde_json::Value {
    json!({
        "id": "spec-of-tomorrow",
        "kind": "agent",
        "rating": { "stars": 4.5, "votes": 12 },
        "metadata": { "createdAt": "2050-01-01T00:00:00.000Z" },
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let catalogue = MockPress::builder().generated_specs(150).spec(spec_of_tomorrow());
    let (session, mock) = support::session_or_mock(catalogue)?;
    let client = press_specs::get_client(session)?;
    let mut out: Box<dyn Write> = match env::args_os().nth(1) {
        Some(path) => Box::new(BufWriter::new(File::create(path)?)),
        None => Box::new(BufWriter::new(io::stdout())),
    };

    // One page is in memory at a time, however many specs there are.
    let mut specs = client.list_specs().page_size(100).stream();
    let (mut count, mut last) = (0, None);
    while let Some(spec) = specs.try_next().await? {
        // A spec serializes to what it was read from: fields that the crate does not name are in `extra`, values that
        // it does not know are `Unknown`, and both go out again where they stood.
        let line = serde_json::to_string(&spec)?;
        writeln!(out, "{line}")?;
        count += 1;
        last = Some(line);
    }
    out.flush()?;
    eprintln!("{count} specs.");

    if mock.is_some() {
        let last: serde_json::Value = serde_json::from_str(&last.unwrap_or_default())?;
        assert_eq!((count, last), (151, spec_of_tomorrow()));
    }
    Ok(())
}
