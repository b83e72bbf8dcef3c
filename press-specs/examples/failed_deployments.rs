//! Lists the failed deployments of all specs, with requests for eight specs at a time.
//!
//! ```sh
//! cargo run -p press-specs --example failed_deployments
//! ```

mod support;

use std::error::Error;

use futures::TryStreamExt;
use press_specs::{mock::MockPress, types::DeploymentStatus};

/// Number of specs whose deployments are fetched concurrently.
const CONCURRENCY: usize = 8;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let catalogue = MockPress::builder().generated_specs(100).generated_deployments(6);
    let (session, mock) = support::session_or_mock(catalogue)?;
    let client = press_specs::get_client(session)?;

    // `map_ok` makes a stream of streams, one per spec. `try_flatten_unordered` polls several of
    // them, yields each deployment as soon as it arrives, and fetches further specs only when it
    // has capacity for them.
    let mut failed = client
        .list_specs()
        .stream()
        .map_ok(|spec| {
            client
                .list_spec_release_deployments(spec.id)
                .status([DeploymentStatus::Failed])
                .stream()
        })
        .try_flatten_unordered(CONCURRENCY);
    let mut count = 0;
    while let Some(deployment) = failed.try_next().await? {
        let name = deployment.metadata.and_then(|metadata| metadata.name);
        println!("{}  {}", deployment.id, name.as_deref().unwrap_or("(no name)"));
        count += 1;
    }
    println!("{count} failed deployments");

    if let Some(mock) = mock {
        // One request per spec and per page of specs. `CONCURRENCY` doesn't limit the latter.
        assert_eq!(mock.request_count(), 104);
        assert!(mock.in_flight_max() <= CONCURRENCY + 1);
    }
    Ok(())
}
