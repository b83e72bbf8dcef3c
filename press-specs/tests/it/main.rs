//! Tests of press-specs over HTTP on loopback, one module per topic.

use std::{error::Error as StdError, time::Duration};

use futures::{Stream, TryStreamExt};
use press_specs::{
    Error, Spec, get_client,
    mock::{Fault, MockPress},
    types::{DeploymentSummary, SpecSummary},
};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

mod blocking;
mod bodies;
mod concurrency;
mod credentials;
mod environment;
mod errors;
mod headers;
mod http2;
mod messages;
mod mock;
mod pagination;
mod promises;
mod properties;
mod rate_limits;
mod redirects;
mod retries;
mod runtimes;
#[cfg(feature = "schemars")]
mod schemars;
mod secrets;
mod support;
mod timeouts;
mod tls;
#[cfg(feature = "tracing")]
mod tracing;
mod types;
mod wire;

type Outcome<T = ()> = Result<T, Box<dyn StdError + Send + Sync>>;

/// The time limit for an immediate effect. Only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A timeout that expires. Everything else in the test finishes earlier, even on a busy machine.
const LIMIT: Duration = Duration::from_secs(3);

/// Returns a client of the mock with short retry delays. Its timeout is longer than [`PATIENCE`],
/// so that it cancels nothing before a test fails.
fn client(mock: &MockPress) -> Outcome<Spec> {
    Ok(get_client(mock.session_builder().timeout(2 * PATIENCE).build()?)?)
}

/// Starts a mock with these bodies as pages 1, 2 and so on.
fn pages(bodies: &[Value]) -> Outcome<MockPress> {
    let mut builder = MockPress::builder();
    for (body, number) in bodies.iter().zip(1..) {
        builder = builder.fault(Fault::raw_body(body.to_string()).on_page(number).always());
    }
    Ok(builder.start()?)
}

/// The body of a page of specs.
fn page<const N: usize>(page_count: u64, page_number: u64, ids: [&str; N]) -> Value {
    let specs = Vec::from(ids.map(|id| json!({ "id": id })));
    json!({ "pageCount": page_count, "pageNumber": page_number, "specs": specs })
}

trait Id {
    fn id(&self) -> &str;
}

impl Id for SpecSummary {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Id for DeploymentSummary {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Collects the ids of the items of a stream.
async fn ids<T: Id>(stream: impl Stream<Item = Result<T, Error>>) -> Result<Vec<String>, Error> {
    stream.map_ok(|item| item.id().to_owned()).try_collect().await
}

/// Returns the page numbers of the received requests in order.
fn requested(mock: &MockPress) -> Vec<Option<u64>> {
    mock.requests().iter().map(|request| request.page_number()).collect()
}

/// Waits until a condition holds.
async fn until(condition: impl Fn() -> bool) -> Outcome {
    let reached = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    Ok(tokio::time::timeout(PATIENCE, reached).await?)
}

/// Returns a runner for this many cases, or for `PROPTEST_CASES` if it is set.
fn cases(count: u32) -> TestRunner {
    let mut config = Config::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = count;
    }
    config.failure_persistence = None;
    TestRunner::new(config)
}
