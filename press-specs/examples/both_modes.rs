//! The two ways to take an answer: items of all pages as a stream, or one page with its pagination details.
//!
//! ```sh
//! cargo run --features mock --example both_modes
//! ```

mod support;

use std::error::Error;

use futures::TryStreamExt;
use press_specs::{
    mock::MockPress,
    types::{SpecSort, SpecStatus},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (session, _mock) = support::session_or_mock(MockPress::builder().generated_specs(60))?;
    let client = press_specs::get_client(session)?;

    // A request is a value: it can be kept, cloned and refined, and nothing is sent before an answer is asked for.
    let available = client
        .list_specs()
        .status([SpecStatus::Available])
        .sort([SpecSort::CreatedAtDesc])
        .page_size(10);

    println!("\nThe newest five, as a stream that asks for further pages as they are needed:");
    let mut specs = available.clone().stream();
    let mut seen = Vec::new();
    while let Some(spec) = specs.try_next().await? {
        let metadata = spec.metadata.as_ref();
        let title = metadata.and_then(|metadata| metadata.title.as_deref());
        println!("  {}  {}", spec.id, title.unwrap_or("(no title)"));
        seen.push(spec.id);
        if seen.len() == 5 {
            break;
        }
    }

    println!("\nThe same request as one page:");
    let page = available.page(1).await?;
    println!("  {} specs on this page, {} pages", page.specs.len(), page.page_count);
    // Beside what every answer must have, all fields are optional.
    if let (Some(size), Some(count)) = (page.page_size, page.spec_count) {
        println!("  {size} specs to a page, {count} specs in all");
    }

    assert!(page.specs.iter().take(5).map(|spec| &spec.id).eq(&seen));
    Ok(())
}
