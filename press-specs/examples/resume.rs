//! Continues a list after an outage that outlasts the automatic retries.
//!
//! The error that ends the stream names its page, and a new stream starts there.
//!
//! ```sh
//! cargo run -p press-specs --features mock --example resume
//! ```

use std::{error::Error, time::Duration};

use futures::TryStreamExt;
use press_specs::{
    Spec,
    mock::{Fault, MockPress},
    types::SpecSummary,
};

/// Fetches all specs, and starts again at the page that failed up to `restarts` times.
async fn all_specs(client: &Spec, mut restarts: u32) -> Result<Vec<SpecSummary>, press_specs::Error> {
    let mut specs = Vec::new();
    let mut start_page = 1;
    loop {
        let mut stream = client.list_specs().start_page(start_page).stream();
        // All items before the page that failed have been yielded, so that none is fetched twice.
        let error = loop {
            match stream.try_next().await {
                Ok(Some(spec)) => specs.push(spec),
                Ok(None) => return Ok(specs),
                Err(error) => break error,
            }
        };
        println!("{} specs, then: {error}", specs.len());
        match error.page_number() {
            Some(page) if error.is_retryable() && restarts > 0 => start_page = page,
            _ => return Err(error),
        }
        restarts -= 1;
        // Minutes in a real program.
        tokio::time::sleep(Duration::from_millis(50)).await;
        println!("Continuing with page {start_page}.");
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mock = MockPress::builder()
        .generated_specs(200)
        // A page gets 4 attempts. Six failures outlast those, but not those of a second try.
        .fault(Fault::status(503).on_page(5).times(6))
        .start()?;
    let client = press_specs::get_client(mock.session()?)?;

    let specs = all_specs(&client, 3).await?;
    println!("{} specs in total.", specs.len());

    // Each exactly once, in the order of the catalogue.
    assert!(specs.iter().map(|spec| &spec.id).eq(&mock.spec_ids()));
    Ok(())
}
