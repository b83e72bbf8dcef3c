//! Exports all specs as JSON Lines, to standard output or to a file.
//!
//! ```sh
//! cargo run -p press-specs --features mock --example export_jsonl > specs.jsonl
//! cargo run -p press-specs --features mock --example export_jsonl -- specs.jsonl
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

/// Returns a spec with a kind and a field that this version of the crate doesn't know. It is the newest, so it is listed last.
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

    // Only one page is in memory at a time, however long the list is.
    let mut specs = client.list_specs().page_size(100).stream();
    let (mut count, mut last) = (0, None);
    while let Some(spec) = specs.try_next().await? {
        // A spec serializes to the JSON that it was read from: `extra` keeps unknown fields, and `Unknown` keeps unknown
        // enumeration values.
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
