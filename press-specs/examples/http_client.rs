//! An HTTP client of one's own: through a proxy, with further roots of trust and a client certificate.
//!
//! The mock plays the proxy here, since this needs neither TLS nor a name server: it answers for any host.
//!
//! ```sh
//! cargo run --features mock --example http_client
//! cargo run --features mock --example http_client -- --ca ca.pem --identity certificate-and-key.pem
//! ```

use std::{error::Error, fs, path::PathBuf};

use clap::Parser;
use press_specs::{Session, mock::MockPress};

/// Lists specs through a client of one's own.
#[derive(Parser)]
struct Arguments {
    /// Trust the certificates of this PEM file, beside those of the system.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Identify with the certificate and the private key of this PEM file.
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
}

fn http_client(proxy: &str, arguments: &Arguments) -> Result<reqwest::Client, Box<dyn Error>> {
    let mut builder = reqwest::Client::builder()
        .proxy(reqwest::Proxy::all(proxy)?)
        // The session tries again by itself, and counts what it sends.
        .retry(reqwest::retry::never())
        // The token stays with the host that it is for.
        .redirect(reqwest::redirect::Policy::none());
    if let Some(path) = &arguments.ca {
        builder = builder.tls_certs_merge(reqwest::Certificate::from_pem_bundle(&fs::read(path)?)?);
    }
    if let Some(path) = &arguments.identity {
        builder = builder.identity(reqwest::Identity::from_pem(&fs::read(path)?)?);
    }
    Ok(builder.build()?)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let proxy = MockPress::builder().generated_specs(30).start()?;

    // Token, time limits for attempts and calls, the limit for bodies and retries are still the session's.
    let session = Session::builder()
        .auth_token(proxy.token())
        .http_client(http_client(proxy.url(), &arguments)?)
        // Plain http to another machine is refused unless it is asked for; here it never leaves this one.
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

    // The proxy got the request for the other host.
    assert_eq!(proxy.requests()[0].header("host"), Some("press.example.com"));
    Ok(())
}
