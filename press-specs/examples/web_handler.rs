//! Serves a filtered page of specs from a web handler, with errors mapped to statuses.
//!
//! ```sh
//! cargo run -p press-specs --example web_handler
//! ```

use std::error::Error;

use axum::{Json, Router, extract::Query, extract::State, http::StatusCode, routing::get};
use press_specs::{ErrorKind, Spec, mock::MockPress, types::SpecPage};
use serde::Deserialize;

#[derive(Deserialize)]
struct Filters {
    status: Option<String>,
    page: Option<u64>,
}

async fn specs(
    State(client): State<Spec>,
    Query(filters): Query<Filters>,
) -> Result<Json<SpecPage>, (StatusCode, String)> {
    let request = client.list_specs().status(filters.status);
    request.page(filters.page).await.map(Json).map_err(response)
}

fn response(error: press_specs::Error) -> (StatusCode, String) {
    let status = match error.kind() {
        // Errors in the caller's input are shown to the caller.
        ErrorKind::BadRequest | ErrorKind::InvalidParameter => {
            return (StatusCode::BAD_REQUEST, error.to_string());
        }
        ErrorKind::TooManyRequests | ErrorKind::ServiceUnavailable => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::BAD_GATEWAY,
    };
    eprintln!("{error}");
    (status, "the list of specs is unavailable".to_owned())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mock = MockPress::builder().generated_specs(100).start()?;
    let client = press_specs::get_client(mock.session()?)?;
    let app = Router::new().route("/specs", get(specs)).with_state(client);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/specs", listener.local_addr()?);
    tokio::spawn(axum::serve(listener, app).into_future());

    let http = reqwest::Client::builder().no_proxy().build()?;
    for query in ["status=available&page=2", "page=0"] {
        let response = http.get(format!("{url}?{query}")).send().await?;
        println!("GET {url}?{query}: {}\n{:.200}\n", response.status(), response.text().await?);
    }
    Ok(())
}
