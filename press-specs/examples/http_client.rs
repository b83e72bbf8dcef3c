//! Uses a custom `reqwest::Client`: with a proxy, additional root certificates and a client
//! certificate.
//!
//! The mock server acts as the proxy. It responds for any host, so that the example needs neither
//! TLS nor DNS.
//!
//! ```sh
//! cargo run -p press-specs --example http_client
//! ```

use std::error::Error;

use press_specs::{Session, mock::MockPress};
use reqwest::{Certificate, Client, Identity, Proxy, redirect, retry};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let proxy = MockPress::builder().generated_specs(30).start()?;
    let http_client = Client::builder()
        .proxy(Proxy::all(proxy.url())?)
        // In addition to the system's root certificates.
        .tls_certs_merge(Certificate::from_pem_bundle(include_bytes!(
            "../tests/fixtures/root.pem"
        ))?)
        .identity(Identity::from_pem(include_bytes!("../tests/fixtures/server.pem"))?)
        // The session does its own retries and counts attempts.
        .retry(retry::never())
        // A redirect would take the token to another host.
        .redirect(redirect::Policy::none())
        .build()?;

    // The session still controls the token, timeouts, response size limit and retries.
    let session = Session::builder()
        .auth_token(proxy.token())
        .http_client(http_client)
        // By default, plain HTTP to another machine is an error. The proxy is on this machine.
        .base_url("http://press.example.com")
        .allow_insecure_http(true)
        .build()?;
    let client = press_specs::get_client(session)?;
    let page = client.list_specs().page(1).await?;
    println!(
        "{} specs from {} through {}",
        page.specs.len(),
        client.session().base_url(),
        proxy.url()
    );

    // The proxy received the request for the other host.
    assert_eq!(proxy.requests()[0].header("host"), Some("press.example.com"));
    Ok(())
}
