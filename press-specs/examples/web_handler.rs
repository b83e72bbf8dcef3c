//! Serves a filtered list of specs from a web handler whose query parameters are all optional.
//!
//! ```sh
//! cargo run -p press-specs --features mock --example web_handler
//! cargo run -p press-specs --features mock --example web_handler -- 127.0.0.1:8080
//! ```
//!
//! With an address it serves until Ctrl-C; try `curl 'http://127.0.0.1:8080/specs?kind=app&status=available&page=2'`.
//! Without one it sends itself a request.

mod support;

use std::{env, error::Error};

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
    page: Option<u32>,
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
        // The caller's mistakes are theirs to see. All others are ours, and stay in our log.
        Err(error) => match error.kind() {
            ErrorKind::BadRequest | ErrorKind::InvalidParameter => Err((StatusCode::BAD_REQUEST, error.to_string())),
            _ => {
                eprintln!("{error}");
                Err((StatusCode::BAD_GATEWAY, "the list of specs is unavailable".to_owned()))
            }
        },
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (session, _mock) = support::session_or_mock(MockPress::builder().generated_specs(100))?;
    let client = press_specs::get_client(session)?;
    let app = Router::new().route("/specs", get(specs)).with_state(client);

    if let Some(address) = env::args().nth(1) {
        let listener = tokio::net::TcpListener::bind(address).await?;
        println!("Serving http://{}/specs", listener.local_addr()?);
        return Ok(axum::serve(listener, app).await?);
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/specs?kind=app&status=available", listener.local_addr()?);
    tokio::spawn(async { axum::serve(listener, app).await });
    let page: SpecPage = serde_json::from_str(&reqwest::get(&url).await?.text().await?)?;
    println!(
        "{url}: {} of {} specs",
        page.specs.len(),
        page.spec_count.unwrap_or_default()
    );

    assert!(
        page.specs
            .iter()
            .all(|spec| spec.kind.as_ref().is_some_and(|kind| kind == "app"))
    );
    Ok(())
}
