//! The deployments that failed across all specs, asking for those of eight specs at a time.
//!
//! ```sh
//! cargo run --features mock --example failed_deployments
//! ```

mod support;

use std::error::Error;

use futures::{StreamExt, TryStreamExt};
use press_specs::{mock::MockPress, types::DeploymentStatus};

/// How many specs are looked at at the same time.
const AT_ONCE: usize = 8;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let catalogue = MockPress::builder().generated_specs(100).generated_deployments(6);
    let (session, mock) = support::session_or_mock(catalogue)?;
    let client = press_specs::get_client(session)?;

    // A stream of futures, one for each spec, of which `buffer_unordered` keeps some running and gives each result as
    // soon as it is there. The next specs are asked for only when there is room for them.
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
        .buffer_unordered(AT_ONCE);

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
        // All of them, and never more at once than was asked for (and one for the next page of specs).
        assert_eq!((specs, mock.requests().len()), (100, 104));
        assert!(mock.in_flight_max() <= AT_ONCE + 1);
    }
    Ok(())
}
