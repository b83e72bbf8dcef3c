//! TLS: the root certificates of the system, and redirects that would leave it.
//!
//! A child process takes the root of the tests for that of its system.
#![cfg(all(target_os = "linux", feature = "rustls"))]

use std::{env, fs, sync::Arc};

use press_specs::{
    Error, ErrorKind, RetryPolicy, get_client,
    mock::{Fault, MockPress},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::spawn_blocking,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use crate::{
    Outcome, ids,
    support::{ask, runtime, say, task},
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/root.pem");
const SERVER: &[u8] = include_bytes!("../fixtures/server.pem");
const EXPIRED: &[u8] = include_bytes!("../fixtures/expired.pem");
const SELF_SIGNED: &[u8] = include_bytes!("../fixtures/self_signed.pem");
/// Runtimes of the child, one after another.
const RUNTIMES: usize = 40;

/// Serves a mock over TLS too, and returns the URL.
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

fn refusal(error: &Error) -> String {
    let told = (error.kind(), error.attempts(), error.is_retryable());
    format!("{told:?} {error}")
}

/// Runs in the children of the tests below.
#[tokio::test]
async fn child() -> Outcome {
    let mock = MockPress::builder().generated_specs(60).start()?;
    let url = secured(&mock, SERVER, "127.0.0.1").await?;
    let session = mock.session_builder().base_url(&url).retry(RetryPolicy::none()).build()?;
    let specs = get_client(session)?.list_specs();
    match &*task() {
        "walk" => {
            mock.fault(Fault::redirect(format!("{url}/v1/specs/?pageNumber=1"), 307));
            assert_eq!(ids(specs.clone().stream()).await?, mock.spec_ids());
            assert_eq!(mock.connections(), 1);
            mock.clear_requests();
            for place in [format!("{}/v1/specs/", mock.url()), url.replace("https", "http")] {
                mock.fault(Fault::redirect(place, 307));
                let error = specs.clone().page(1).await.expect_err("a redirect to plain http");
                assert_eq!((error.kind(), error.status()), (ErrorKind::UnexpectedStatus, Some(307)));
            }
            say(mock.request_count());
        }
        "certificates" => {
            for (identity, host) in [(EXPIRED, "127.0.0.1"), (SELF_SIGNED, "127.0.0.1"), (SERVER, "127.0.0.2")] {
                let session = mock.session_builder().base_url(secured(&mock, identity, host).await?).build()?;
                say(refusal(&get_client(session)?.list_specs().page(1).await.expect_err("no trust")));
            }
        }
        "proxy" => {
            let session = mock.session_builder().base_url("https://press.invalid").build()?;
            say(refusal(&get_client(session)?.list_specs().page(1).await.expect_err("a refusal")));
        }
        "runtimes" => {
            // All that is read of the system is read by now.
            fs::remove_file(env::var("SSL_CERT_FILE")?)?;
            let work = move || -> Outcome {
                for _ in 0..RUNTIMES {
                    let runtime = runtime()?;
                    runtime.block_on(specs.clone().page(1))?;
                    runtime.block_on(specs.clone().page(2))?;
                }
                Ok(())
            };
            spawn_blocking(work).await??;
            say(mock.connections());
        }
        // Within the suite nobody knows the root.
        _ => {
            let error = specs.page(1).await.expect_err("no trust");
            assert_eq!((error.kind(), error.attempts(), mock.request_count()), (ErrorKind::Connection, 1, 0));
        }
    }
    Ok(())
}

/// Asks a child that trusts this root, and that has no proxy for loopback.
fn ask_child(task: &str, root: &str) -> Outcome<Vec<String>> {
    ask("tls::child", task, &[("SSL_CERT_FILE", root), ("ALL_PROXY", "http://127.0.0.1:1")])
}

#[test]
fn services_of_a_trusted_root_are_reached_and_no_redirect_leaves_https() -> Outcome {
    assert_eq!(ask_child("walk", ROOT)?, ["2"]);
    Ok(())
}

#[test]
fn certificates_that_are_not_trusted_are_named_at_once() -> Outcome {
    let said = ask_child("certificates", ROOT)?;
    assert_eq!(said.len(), 3);
    for refusal in said {
        assert!(refusal.starts_with("(Connection, 1, false)"), "{refusal}");
        assert!(refusal.contains("certificate of the service is not trusted"), "{refusal}");
    }
    Ok(())
}

#[test]
fn a_proxy_that_requires_credentials_is_named_at_once() -> Outcome {
    let proxy = MockPress::builder().fault(Fault::status(407).empty().always()).start()?;
    let said = ask("tls::child", "proxy", &[("SSL_CERT_FILE", ROOT), ("HTTPS_PROXY", proxy.url())])?;
    assert!(said[0].starts_with("(Connection, 1, false)"), "{}", said[0]);
    assert!(said[0].contains("proxy requires credentials"), "{}", said[0]);
    assert_eq!((proxy.requests()[0].method(), proxy.request_count()), ("CONNECT", 1));
    Ok(())
}

#[test]
fn root_certificates_are_read_once_for_all_runtimes() -> Outcome {
    let root = env::temp_dir().join(format!("press-specs-root-{}.pem", std::process::id()));
    fs::copy(ROOT, &root)?;
    let said = ask_child("runtimes", root.to_str().ok_or("a path in Unicode")?)?;
    assert_eq!(said, [RUNTIMES.to_string()]);
    Ok(())
}
