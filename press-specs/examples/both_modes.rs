//! Fetches the same list in both modes: all items as a stream, and one page with its pagination details.
//!
//! ```sh
//! cargo run -p press-specs --features mock --example both_modes
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

    // A request is a value that you can keep, clone and refine. It is sent when it is awaited or polled.
    let available = client
        .list_specs()
        .status([SpecStatus::Available])
        .sort([SpecSort::CreatedAtDesc])
        .page_size(10);

    println!("\nThe newest five, from a stream that fetches pages as it needs them:");
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
    // All fields but the list and the page count are optional.
    if let (Some(size), Some(count)) = (page.page_size, page.spec_count) {
        println!("  {size} specs per page, {count} specs in total");
    }

    assert!(page.specs.iter().take(5).map(|spec| &spec.id).eq(&seen));
    Ok(())
}
