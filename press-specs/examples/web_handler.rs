//! Serves a filtered list of specs from a web handler whose query parameters are all optional.
//! Sends itself a request with filters, and one with a page number that is refused.
//!
//! ```sh
//! cargo run -p press-specs --example web_handler
//! ```

mod support;

use std::error::Error;

use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    routing::get,
};
use press_specs::{ErrorKind, ListSpecs, Spec, mock::MockPress, types::SpecPage};
use serde::Deserialize;

#[derive(Deserialize)]
struct Filters {
    kind: Option<String>,
    status: Option<String>,
    term: Option<String>,
    page: Option<u64>,
}

async fn specs(
    State(client): State<Spec>,
    Query(filters): Query<Filters>,
) -> Result<Json<SpecPage>, (StatusCode, String)> {
    let request = client
        .list_specs()
        .page_size(10)
        .maybe(filters.kind, ListSpecs::kind)
        .maybe(filters.term, ListSpecs::term)
        .maybe(filters.status.map(|status| [status]), ListSpecs::status);
    match request.page(filters.page).await {
        Ok(page) => Ok(Json(page)),
        // The caller's mistakes are theirs to see.
        Err(error)
            if matches!(error.kind(), ErrorKind::BadRequest | ErrorKind::InvalidParameter) =>
        {
            Err((StatusCode::BAD_REQUEST, error.to_string()))
        }
        // All others are ours, and stay in our log.
        Err(error) => {
            eprintln!("{error}");
            Err((StatusCode::BAD_GATEWAY, "the list of specs is unavailable".to_owned()))
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (session, _mock) = support::session_or_mock(MockPress::builder().generated_specs(100))?;
    let client = press_specs::get_client(session)?;
    let app = Router::new().route("/specs", get(specs)).with_state(client);

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/specs", listener.local_addr()?);
    tokio::spawn(axum::serve(listener, app).into_future());

    let http = reqwest::Client::builder().no_proxy().build()?;
    for (query, status) in
        [("kind=app&status=available", StatusCode::OK), ("page=0", StatusCode::BAD_REQUEST)]
    {
        let response = http.get(format!("{url}?{query}")).send().await?;
        assert_eq!(response.status(), status);
        println!("GET {url}?{query}: {status}\n{:.200}\n", response.text().await?);
    }
    Ok(())
}
