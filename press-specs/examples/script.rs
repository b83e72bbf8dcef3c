//! Counts the specs of each kind and names the creator of the newest one, without async code.
//!
//! ```sh
//! cargo run -p press-specs --example script
//! ```

mod support;

use std::{collections::BTreeMap, error::Error};

use press_specs::{blocking, mock::MockPress};

fn main() -> Result<(), Box<dyn Error>> {
    let (session, _mock) = support::session_or_mock(MockPress::builder().generated_specs(120))?;
    let client = blocking::get_client(session)?;

    // An ordinary iterator of results, with up to four concurrent page requests.
    let mut kinds = BTreeMap::new();
    for spec in client.list_specs().concurrency(4).iter() {
        let kind = spec?.kind.map_or("(none)".to_owned(), |kind| kind.to_string());
        *kinds.entry(kind).or_insert(0) += 1;
    }
    for (kind, count) in &kinds {
        println!("{kind:10} {count:4}");
    }

    let newest = client.list_specs().sort(["createdAt:desc"]).page_size(1).page(None)?;
    if let Some(metadata) = newest.specs.into_iter().next().and_then(|spec| spec.metadata) {
        let name = metadata.name.unwrap_or_default();
        let creator = metadata.created_by.unwrap_or_default();
        println!("The newest is {name} by {creator}.");
    }

    assert_eq!(newest.spec_count, Some(kinds.values().sum()));
    Ok(())
}
