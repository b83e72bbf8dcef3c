//! Lists the failed deployments of all specs, with requests for eight specs at a time.
//!
//! ```sh
//! cargo run -p press-specs --example failed_deployments
//! ```

mod support;

use std::error::Error;

use futures::{StreamExt, TryStreamExt};
use press_specs::{mock::MockPress, types::DeploymentStatus};

/// Number of specs whose deployments are fetched concurrently.
const CONCURRENCY: usize = 8;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let catalogue = MockPress::builder().generated_specs(100).generated_deployments(6);
    let (session, mock) = support::session_or_mock(catalogue)?;
    let client = press_specs::get_client(session)?;

    // `map` makes a stream of futures, one per spec. `buffer_unordered` runs several of them, yields each result as soon as
    // it is ready, and fetches further specs only when it has room for them.
    let mut results = client
        .list_specs()
        .stream()
        .map(|spec| async {
            let spec = spec?;
            let failed: Vec<_> = client
                .list_spec_release_deployments(&spec.id)
                .status([DeploymentStatus::Failed])
                .stream()
                .try_collect()
                .await?;
            Ok::<_, press_specs::Error>((spec, failed))
        })
        .buffer_unordered(CONCURRENCY);

    let (mut specs, mut deployments) = (0, 0);
    while let Some((spec, failed)) = results.try_next().await? {
        specs += 1;
        deployments += failed.len();
        for deployment in failed {
            let name = deployment.metadata.and_then(|metadata| metadata.name);
            println!("{}  {}", spec.id, name.as_deref().unwrap_or(&deployment.id));
        }
    }
    println!("{deployments} failed deployments of {specs} specs");

    if let Some(mock) = mock {
        // One request per spec and per page of specs, the latter beside the concurrent ones.
        assert_eq!((specs, mock.requests().len()), (100, 104));
        assert!(mock.in_flight_max() <= CONCURRENCY + 1);
    }
    Ok(())
}
