//! Uses a custom `reqwest::Client`: with a proxy, additional root certificates and a client certificate.
//!
//! The mock server plays the proxy. It responds for any host, so that the example needs neither TLS nor DNS.
//!
//! ```sh
//! cargo run -p press-specs --example http_client
//! cargo run -p press-specs --example http_client -- --ca ca.pem --identity certificate-and-key.pem
//! ```

use std::{error::Error, fs, path::PathBuf};

use clap::Parser;
use press_specs::{Session, mock::MockPress};

/// List specs with a custom HTTP client.
#[derive(Parser)]
struct Arguments {
    /// PEM file of root certificates to trust in addition to those of the system.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// PEM file with the client certificate and its private key.
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
}

fn http_client(proxy: &str, arguments: &Arguments) -> Result<reqwest::Client, Box<dyn Error>> {
    let mut builder = reqwest::Client::builder()
        .proxy(reqwest::Proxy::all(proxy)?)
        // The session retries by itself, and counts its attempts.
        .retry(reqwest::retry::never())
        // A redirect would take the token to another host.
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

    // Token, timeouts, response size limit and retries remain those of the session.
    let session = Session::builder()
        .auth_token(proxy.token())
        .http_client(http_client(proxy.url(), &arguments)?)
        // Plain HTTP to another machine is refused by default. Here, the proxy is on this machine.
        .base_url("http://press.example.com")
        .allow_insecure_http(true)
        .build()?;
    let client = press_specs::get_client(session)?;
    let page = client.list_specs().page(1).await?;
    println!("{} specs from {} through {}", page.specs.len(), client.session().base_url(), proxy.url());

    // The proxy received the request for the other host.
    assert_eq!(proxy.requests()[0].header("host"), Some("press.example.com"));
    Ok(())
}
