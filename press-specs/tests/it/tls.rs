//! TLS: the roots of trust of the system, and redirects that would leave it.
//!
//! A child process takes the root of the tests for that of its system.
#![cfg(all(target_os = "linux", feature = "rustls"))]

use std::sync::Arc;

use press_specs::{
    ErrorKind, RetryPolicy, get_client,
    mock::{Fault, MockPress},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use crate::{Outcome, client, environment::ask};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/root.pem");
const SERVER: &[u8] = include_bytes!("../fixtures/server.pem");

/// Serves a mock over TLS too, and gives the URL.
async fn secured(mock: &MockPress) -> Outcome<String> {
    let certificates = CertificateDer::pem_slice_iter(SERVER).collect::<Result<Vec<_>, _>>()?;
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(certificates, PrivateKeyDer::from_pem_slice(SERVER)?)?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("https://{}", listener.local_addr()?);
    let plain = mock.url().trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, plain) = (acceptor.clone(), plain.clone());
            tokio::spawn(async move {
                let (mut secure, mut plain) = (acceptor.accept(stream).await?, TcpStream::connect(plain).await?);
                copy_bidirectional(&mut secure, &mut plain).await
            });
        }
    });
    Ok(url)
}

/// Runs in the child of the tests below; by itself it shows that a server of an unknown root is not trusted.
#[tokio::test]
async fn child() -> Outcome {
    let mock = MockPress::builder().generated_specs(60).start()?;
    let url = secured(&mock).await?;
    let session = mock
        .session_builder()
        .base_url(&url)
        .retry(RetryPolicy::none())
        .build()?;
    let specs = get_client(session)?.list_specs();
    let say = |what: String| println!("\nthe child says: {what}");
    match std::env::var("PRESS_SPECS_TEST_TASK").as_deref() {
        Ok("walk") => {
            let ids = crate::ids(specs.stream()).await?;
            assert_eq!((&ids, mock.connections()), (&mock.spec_ids(), 1));
            say(format!("{} specs", ids.len()));
        }
        Ok("redirects") => {
            let secure = format!("{url}/v1/specs/?pageNumber=1");
            mock.fault(Fault::redirect(secure, 307));
            assert_eq!(specs.clone().page(1).await?.specs.len(), 25);
            mock.clear_requests();
            for place in [format!("{}/v1/specs/", mock.url()), url.replace("https", "http")] {
                mock.fault(Fault::redirect(place, 307));
                let error = specs.clone().page(1).await.expect_err("a redirect to plain http");
                assert_eq!((error.kind(), error.status()), (ErrorKind::UnexpectedStatus, Some(307)));
            }
            say(format!("{} requests", mock.request_count()));
        }
        _ => {
            let error = specs.page(1).await.expect_err("nobody vouches for the server");
            assert_eq!(
                (error.kind(), error.status()),
                (ErrorKind::Connection, None),
                "{error:?}"
            );
            assert_eq!(mock.request_count(), 0);
            assert_eq!(client(&mock)?.list_specs().page(1).await?.specs.len(), 25);
        }
    }
    Ok(())
}

#[test]
fn services_of_a_trusted_root_are_reached() -> Outcome {
    assert_eq!(
        ask(
            "tls::child",
            "walk",
            &[("SSL_CERT_FILE", ROOT), ("ALL_PROXY", "http://127.0.0.1:1")]
        )?,
        ["60 specs"]
    );
    Ok(())
}

#[test]
fn redirects_from_https_to_http_are_not_followed() -> Outcome {
    assert_eq!(
        ask(
            "tls::child",
            "redirects",
            &[("SSL_CERT_FILE", ROOT), ("ALL_PROXY", "http://127.0.0.1:1")]
        )?,
        ["2 requests"]
    );
    Ok(())
}
