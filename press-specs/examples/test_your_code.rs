//! Tests a function that uses press-specs against `MockPress`: with seeded specs, injected faults,
//! and assertions on the requests that were received.
//!
//! ```sh
//! cargo run -p press-specs --example test_your_code
//! cargo test -p press-specs --example test_your_code
//! ```

mod support;

use std::error::Error;

use futures::TryStreamExt;
use press_specs::{Spec, mock::MockPress, types::SpecStatus};

/// Returns the names of the archived specs that contain `term`, in alphabetical order.
///
/// The client is an argument, so that a test can pass one for the mock server.
async fn archived(client: &Spec, term: &str) -> Result<Vec<String>, press_specs::Error> {
    let specs =
        client.list_specs().status([SpecStatus::Archived]).term(term).sort(["name:asc"]).stream();
    specs
        .try_filter_map(async |spec| Ok(spec.metadata.and_then(|metadata| metadata.name)))
        .try_collect()
        .await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (session, _mock) = support::session_or_mock(MockPress::builder().generated_specs(100))?;
    let client = press_specs::get_client(session)?;
    for name in archived(&client, "prices").await? {
        println!("{name}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use press_specs::{ErrorKind, mock::Fault};
    use serde_json::json;

    use super::*;

    fn mock() -> std::io::Result<MockPress> {
        // Only the fields that the tests need. All others are optional.
        let spec = |id: &str, status: &str| {
            let metadata = json!({ "name": format!("prices-{id}"), "status": status });
            json!({ "id": id, "metadata": metadata })
        };
        let specs = [spec("b", "archived"), spec("a", "archived"), spec("c", "available")];
        MockPress::builder().specs(specs).start()
    }

    #[tokio::test]
    async fn finds_archived_specs_in_alphabetical_order() -> Result<(), Box<dyn Error>> {
        let mock = mock()?;
        let client = press_specs::get_client(mock.session()?)?;
        assert_eq!(archived(&client, "prices").await?, ["prices-a", "prices-b"]);

        // The service filters.
        let requests = mock.requests();
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0].query_all("status"), ["archived"]);
        assert_eq!(requests[0].query("term").as_deref(), Some("prices"));
        Ok(())
    }

    #[tokio::test]
    async fn retries_transient_failures_and_reports_others() -> Result<(), Box<dyn Error>> {
        let mock = mock()?;
        let client = press_specs::get_client(mock.session()?)?;
        mock.faults([Fault::status(503), Fault::drop_connection()]);
        assert_eq!(archived(&client, "prices").await?.len(), 2);
        assert_eq!(mock.request_count(), 3);

        mock.fault(Fault::status(403).json(json!({ "title": "Forbidden" })));
        let error = archived(&client, "prices").await.expect_err("a 403 is an error");
        assert_eq!(error.kind(), ErrorKind::Forbidden);
        Ok(())
    }
}
