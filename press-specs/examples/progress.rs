//! Streams specs with a progress bar whose total is known from the first page on.
//!
//! ```sh
//! cargo run -p press-specs --example progress
//! ```

mod support;

use std::{collections::BTreeMap, error::Error, time::Duration};

use indicatif::ProgressBar;
use press_specs::mock::MockPress;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mock = MockPress::builder().generated_specs(500).latency(Duration::from_millis(50));
    let (session, _mock) = support::session_or_mock(mock)?;
    let client = press_specs::get_client(session)?;

    let progress = ProgressBar::no_length();
    let mut specs = client.list_specs().concurrency(4).stream();
    let mut statuses = BTreeMap::new();
    while let Some(spec) = specs.try_next().await? {
        // The stream reports the count from its latest page, so the bar adapts if the list grows.
        if let Some(total) = specs.item_count() {
            progress.set_length(total);
        }
        progress.inc(1);
        *statuses.entry(spec.metadata.and_then(|metadata| metadata.status)).or_insert(0) += 1;
    }
    progress.finish_and_clear();

    for (status, count) in &statuses {
        let status = status.as_ref().map_or("(none)", AsRef::as_ref);
        println!("{status:12} {count:4}");
    }
    assert_eq!(specs.item_count(), Some(statuses.values().sum()));
    Ok(())
}
