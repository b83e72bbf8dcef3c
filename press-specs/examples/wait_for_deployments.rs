//! Waits until all deployments of a release are done, up to a time limit or Ctrl-C.
//!
//! ```sh
//! cargo run -p press-specs --example wait_for_deployments
//! ```

use std::{error::Error, sync::Arc, time::Duration};

use press_specs::{Spec, get_client, mock::MockPress};
use serde_json::{Value, json};
use tokio::time::sleep;

const IN_PROGRESS: [&str; 4] = ["deleting", "deploying", "redeploying", "rollback"];
const INTERVAL: Duration = Duration::from_millis(200);
const LIMIT: Duration = Duration::from_secs(10);

/// Polls until no deployment of the release is in progress.
async fn all_done(client: &Spec, spec_id: &str, version: &str) -> Result<(), press_specs::Error> {
    let request =
        client.list_spec_release_deployments(spec_id).version(version).status(IN_PROGRESS);
    loop {
        let count = request.clone().stream().try_collect::<Vec<_>>().await?.len();
        println!("deployments in progress: {count}");
        if count == 0 {
            return Ok(());
        }
        sleep(INTERVAL).await;
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mock = Arc::new(MockPress::start()?);
    mock.add_deployment("spec", deployment("deploying"))?;
    let client = get_client(mock.session()?)?;

    // Simulates the platform: the deployment finishes after three polls.
    let service = Arc::clone(&mock);
    tokio::spawn(async move {
        sleep(3 * INTERVAL).await;
        service.set_deployments("spec", [deployment("deployed")])
    });

    // The first branch to finish cancels the others, including a request in flight.
    tokio::select! {
        result = all_done(&client, "spec", "1.0.0") => Ok(result?),
        () = sleep(LIMIT) => Err(format!("not done after {LIMIT:?}").into()),
        result = tokio::signal::ctrl_c() => Ok(result?),
    }
}

fn deployment(status: &str) -> Value {
    let release = json!({ "version": "1.0.0" });
    json!({ "id": "a", "metadata": { "status": status }, "spec": { "release": release } })
}
