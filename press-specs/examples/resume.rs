//! Going on with a walk where an error ended it.
//!
//! What passes quickly is tried again by itself. Longer outages end a walk with an error that names its page, and a
//! program that has all the time in the world begins there again.
//!
//! ```sh
//! cargo run --features mock --example resume
//! ```

use std::{error::Error, time::Duration};

use futures::TryStreamExt;
use press_specs::{
    Spec,
    mock::{Fault, MockPress},
    types::SpecSummary,
};

/// Walks all specs, and begins up to `patience` times again at the page that failed.
async fn all_specs(client: &Spec, mut patience: u32) -> Result<Vec<SpecSummary>, press_specs::Error> {
    let mut specs = Vec::new();
    let mut start_page = 1;
    loop {
        let mut walk = client.list_specs().start_page(start_page).stream();
        // The pages before the one that failed have been given in full, so that nothing comes twice.
        let error = loop {
            match walk.try_next().await {
                Ok(Some(spec)) => specs.push(spec),
                Ok(None) => return Ok(specs),
                Err(error) => break error,
            }
        };
        println!("{} specs, then: {error}", specs.len());
        match error.page_number() {
            Some(page) if error.is_retryable() && patience > 0 => start_page = page,
            _ => return Err(error),
        }
        patience -= 1;
        // Minutes in real life.
        tokio::time::sleep(Duration::from_millis(50)).await;
        println!("Going on with page {start_page}.");
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mock = MockPress::builder()
        .generated_specs(200)
        // Longer than a request is tried again: 4 attempts make one call, and 6 of them fail.
        .fault(Fault::status(503).on_page(5).times(6))
        .start()?;
    let client = press_specs::get_client(mock.session()?)?;

    let specs = all_specs(&client, 3).await?;
    println!("{} specs in all.", specs.len());

    // Each exactly once, in the order of the catalogue.
    assert!(specs.iter().map(|spec| &spec.id).eq(&mock.spec_ids()));
    Ok(())
}
