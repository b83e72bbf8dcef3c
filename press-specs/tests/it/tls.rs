//! TLS: the roots of trust of the system, and redirects that would leave it.
//!
//! A child process takes the root of the tests for that of its system.
#![cfg(all(target_os = "linux", feature = "rustls"))]

use std::{
    io::{Read, Write},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use press_specs::{
    Error, ErrorKind, RetryPolicy, get_client,
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
const EXPIRED: &[u8] = include_bytes!("../fixtures/expired.pem");
const SELF_SIGNED: &[u8] = include_bytes!("../fixtures/self_signed.pem");

/// Serves a mock over TLS too, and gives the URL.
async fn secured(mock: &MockPress, identity: &[u8], host: &str) -> Outcome<String> {
    let certificates = CertificateDer::pem_slice_iter(identity).collect::<Result<Vec<_>, _>>()?;
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(certificates, PrivateKeyDer::from_pem_slice(identity)?)?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((host, 0)).await?;
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

/// Runtimes of the child, one after another.
const RUNTIMES: usize = 40;

fn refusal(error: &Error) -> String {
    let told = (error.kind(), error.attempts(), error.is_retryable());
    format!("{told:?} {error}")
}

/// Runs in the child of the tests below; by itself it shows that a server of an unknown root is not trusted.
#[tokio::test]
async fn child() -> Outcome {
    let mock = MockPress::builder().generated_specs(60).start()?;
    let url = secured(&mock, SERVER, "127.0.0.1").await?;
    let session = mock.session_builder().base_url(&url).retry(RetryPolicy::none()).build()?;
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
        Ok("certificates") => {
            for (identity, host) in [(EXPIRED, "127.0.0.1"), (SELF_SIGNED, "127.0.0.1"), (SERVER, "127.0.0.2")] {
                let url = secured(&mock, identity, host).await?;
                let session = mock.session_builder().base_url(url).build()?;
                let error = get_client(session)?.list_specs().page(1).await.expect_err("no trust");
                say(refusal(&error));
            }
        }
        Ok("proxy") => {
            let session = mock.session_builder().base_url("https://press.invalid").build()?;
            let error = get_client(session)?.list_specs().page(1).await.expect_err("a refusal");
            say(refusal(&error));
        }
        Ok("runtimes") => {
            // All that is read of the system is read by now.
            std::fs::remove_file(std::env::var("SSL_CERT_FILE")?)?;
            let work = move || -> Outcome<u128> {
                let mut longest = Duration::ZERO;
                for _ in 0..RUNTIMES {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                    let start = Instant::now();
                    runtime.block_on(specs.clone().page(1))?;
                    longest = longest.max(start.elapsed());
                    runtime.block_on(specs.clone().page(2))?;
                }
                Ok(longest.as_millis())
            };
            let longest = tokio::task::spawn_blocking(work).await??;
            println!("the longest first call took {longest} ms");
            say(format!("{} connections", mock.connections()));
        }
        _ => {
            let error = specs.page(1).await.expect_err("nobody vouches for the server");
            assert_eq!((error.kind(), error.status()), (ErrorKind::Connection, None), "{error:?}");
            assert_eq!(mock.request_count(), 0);
            assert_eq!(client(&mock)?.list_specs().page(1).await?.specs.len(), 25);
        }
    }
    Ok(())
}

#[test]
fn services_of_a_trusted_root_are_reached() -> Outcome {
    assert_eq!(
        ask("tls::child", "walk", &[("SSL_CERT_FILE", ROOT), ("ALL_PROXY", "http://127.0.0.1:1")])?,
        ["60 specs"]
    );
    Ok(())
}

#[test]
fn redirects_from_https_to_http_are_not_followed() -> Outcome {
    assert_eq!(
        ask("tls::child", "redirects", &[("SSL_CERT_FILE", ROOT), ("ALL_PROXY", "http://127.0.0.1:1")])?,
        ["2 requests"]
    );
    Ok(())
}

#[test]
fn certificates_that_are_not_trusted_are_named_at_once() -> Outcome {
    let said = ask("tls::child", "certificates", &[("SSL_CERT_FILE", ROOT), ("ALL_PROXY", "http://127.0.0.1:1")])?;
    assert_eq!(said.len(), 3);
    for refusal in said {
        assert!(refusal.starts_with("(Connection, 1, false)"), "{refusal}");
        assert!(refusal.contains("certificate of the service is not trusted"), "{refusal}");
    }
    Ok(())
}

#[test]
fn a_proxy_that_requires_credentials_is_named_at_once() -> Outcome {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    let proxy = format!("http://{}", listener.local_addr()?);
    let refusing = thread::spawn(move || -> Outcome<String> {
        let (mut stream, _) = listener.accept()?;
        let mut head = [0; 1024];
        let length = stream.read(&mut head)?;
        stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")?;
        // Nobody else is let in.
        Ok(String::from_utf8_lossy(&head[..length]).into_owned())
    });
    let said = ask("tls::child", "proxy", &[("SSL_CERT_FILE", ROOT), ("HTTPS_PROXY", &proxy)])?;
    assert!(said[0].starts_with("(Connection, 1, false)"), "{}", said[0]);
    assert!(said[0].contains("proxy requires credentials"), "{}", said[0]);
    let head = refusing.join().map_err(|_| "the proxy panicked")??;
    assert!(head.starts_with("CONNECT press.invalid:443"), "{head}");
    assert!(!head.to_lowercase().contains("authorization"), "{head}");
    Ok(())
}

#[test]
fn root_certificates_are_read_once_for_all_runtimes() -> Outcome {
    let root = std::env::temp_dir().join(format!("press-specs-root-{}.pem", std::process::id()));
    std::fs::copy(ROOT, &root)?;
    let root = root.to_str().ok_or("a path in Unicode")?;
    let said = ask("tls::child", "runtimes", &[("SSL_CERT_FILE", root), ("ALL_PROXY", "http://127.0.0.1:1")])?;
    assert_eq!(said, [format!("{RUNTIMES} connections")]);
    Ok(())
}
