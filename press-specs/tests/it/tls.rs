//! TLS: certificates, proxies, and redirects from HTTPS to HTTP.
//!
//! The tests run in child processes that use the test root as the system's root certificate.
#![cfg(all(target_os = "linux", feature = "rustls"))]

#[path = "../fixtures/tls.rs"]
pub(crate) mod fixtures;

use std::{env, fs, io, process, sync::Arc};

use press_specs::{
    ErrorKind, RetryPolicy, Session, SessionBuilder, get_client,
    mock::{Fault, MockPress},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::spawn_blocking,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        server::WebPkiClientVerifier,
    },
};

use self::fixtures::{ROOT, SERVER, secured, secured_by};
use crate::{
    Outcome, ids,
    support::{in_child, runtime},
};

const EXPIRED: &[u8] = include_bytes!("../fixtures/expired.pem");
const SELF_SIGNED: &[u8] = include_bytes!("../fixtures/self_signed.pem");

/// Runs `body` in a child process that trusts this root certificate. Its proxy doesn't exist;
/// loopback addresses must bypass it.
fn trusting<F: Future<Output = Outcome>>(root: &str, test: &str, body: F) -> Outcome {
    let variables = [("SSL_CERT_FILE", root), ("ALL_PROXY", "http://127.0.0.1:1")];
    in_child(&format!("tls::{test}"), &variables, || runtime()?.block_on(body))
}

/// Returns an acceptor that requires a client certificate.
fn requiring_client_certificates() -> Outcome<TlsAcceptor> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ROOT)?)?;
    let certificates = CertificateDer::pem_slice_iter(SERVER).collect::<Result<_, _>>()?;
    let config = ServerConfig::builder()
        .with_client_cert_verifier(WebPkiClientVerifier::builder(Arc::new(roots)).build()?)
        .with_single_cert(certificates, PrivateKeyDer::from_pem_slice(SERVER)?)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Asserts that a call fails with this message, without a retry.
async fn assert_not_retried(session: SessionBuilder, message: &str) -> Outcome {
    let result = get_client(session.build()?)?.list_specs().page(1).await;
    let error = result.expect_err("no connection");
    assert_eq!(error.kind(), ErrorKind::Connection, "{error:?}");
    assert_eq!(error.attempts(), 1, "{error:?}");
    assert!(!error.is_retryable(), "{error:?}");
    assert!(error.to_string().contains(message), "{error:?}");
    Ok(())
}

#[test]
fn redirects_never_leave_https() -> Outcome {
    trusting(ROOT, "redirects_never_leave_https", async {
        let mock = MockPress::builder().generated_specs(60).start()?;
        let url = secured(&mock, SERVER, "127.0.0.1").await?;
        let specs = get_client(mock.session_builder().base_url(&url).build()?)?.list_specs();
        mock.fault(Fault::redirect(format!("{url}/v1/specs/?pageNumber=1"), 307));
        assert_eq!(ids(specs.clone().stream()).await?, mock.spec_ids());
        assert_eq!(mock.connections(), 1);
        mock.clear_requests();
        for location in [format!("{}/v1/specs/", mock.url()), url.replace("https", "http")] {
            mock.fault(Fault::redirect(location, 307));
            let error = specs.clone().page(1).await.expect_err("a redirect to HTTP");
            assert_eq!(error.kind(), ErrorKind::UnexpectedStatus);
            assert_eq!(error.status(), Some(307));
        }
        assert_eq!(mock.request_count(), 2);
        Ok(())
    })
}

struct InvalidCertificate {
    identity: &'static [u8],
    host: &'static str,
    message: &'static str,
}

#[test]
fn certificate_errors_are_not_retried() -> Outcome {
    trusting(ROOT, "certificate_errors_are_not_retried", async {
        let mock = MockPress::start()?;
        let rows = [
            InvalidCertificate {
                identity: EXPIRED,
                host: "127.0.0.1",
                message: "service's certificate has expired",
            },
            InvalidCertificate {
                identity: SELF_SIGNED,
                host: "127.0.0.1",
                message: "service's certificate is not trusted",
            },
            InvalidCertificate {
                identity: SERVER,
                host: "127.0.0.2",
                message: "service's certificate is for a different host",
            },
        ];
        for InvalidCertificate { identity, host, message } in rows {
            let session = mock.session_builder().base_url(secured(&mock, identity, host).await?);
            assert_not_retried(session, message).await?;
        }
        Ok(())
    })
}

#[test]
fn missing_client_certificates_are_not_retried() -> Outcome {
    trusting(ROOT, "missing_client_certificates_are_not_retried", async {
        let mock = MockPress::start()?;
        let acceptor = requiring_client_certificates()?;
        let url = secured_by(&mock, acceptor, "127.0.0.1").await?;
        let session = mock.session_builder().base_url(url);
        assert_not_retried(session, "requires a client certificate").await
    })
}

#[test]
fn http_to_a_tls_port_is_not_retried() -> Outcome {
    trusting(ROOT, "http_to_a_tls_port_is_not_retried", async {
        let mock = MockPress::start()?;
        let url = secured(&mock, SERVER, "127.0.0.1").await?.replace("https:", "http:");
        let session = mock.session_builder().base_url(url).build()?;
        let error = get_client(session)?.list_specs().page(1).await.expect_err("no HTTP");
        assert_eq!(error.kind(), ErrorKind::InvalidResponse);
        assert_eq!(error.attempts(), 1);
        assert!(error.to_string().contains("use https://"), "{error:?}");
        Ok(())
    })
}

#[test]
fn https_to_a_plain_port_is_not_retried() -> Outcome {
    trusting(ROOT, "https_to_a_plain_port_is_not_retried", async {
        let mock = MockPress::start()?;
        let url = mock.url().replace("http:", "https:");
        assert_not_retried(mock.session_builder().base_url(url), "does not speak TLS").await?;
        assert_eq!(mock.connections(), 1);
        Ok(())
    })
}

// The system's TLS library doesn't report this.
#[cfg(not(feature = "native-tls"))]
#[test]
fn missing_root_certificates_are_reported() -> Outcome {
    let variables = [("SSL_CERT_FILE", "/dev/null"), ("SSL_CERT_DIR", "/dev/null")];
    in_child("tls::missing_root_certificates_are_reported", &variables, || {
        let session = Session::builder().auth_token("token").base_url("https://press.invalid");
        let error = session.build().and_then(get_client).expect_err("no root certificates");
        assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
        assert!(error.to_string().contains("`ca-certificates`"), "{error:?}");
        assert!(error.to_string().contains("`SSL_CERT_FILE`"), "{error:?}");
        Ok(())
    })
}

// The system's TLS library doesn't report this.
#[cfg(not(feature = "native-tls"))]
#[test]
fn unsupported_proxy_schemes_are_not_retried() -> Outcome {
    let proxy = MockPress::start()?;
    let url = proxy.url().replace("http:", "socks5:");
    let variables = [("SSL_CERT_FILE", ROOT), ("HTTPS_PROXY", &*url)];
    in_child("tls::unsupported_proxy_schemes_are_not_retried", &variables, || {
        let session = Session::builder().auth_token("token").base_url("https://press.invalid");
        runtime()?.block_on(assert_not_retried(session, "proxy scheme is not supported"))
    })
}

#[test]
fn missing_proxy_credentials_are_not_retried() -> Outcome {
    let proxy = MockPress::builder().fault(Fault::status(407).empty().always()).start()?;
    let variables = [("SSL_CERT_FILE", ROOT), ("HTTPS_PROXY", proxy.url())];
    in_child("tls::missing_proxy_credentials_are_not_retried", &variables, || {
        let session = Session::builder().auth_token("token").base_url("https://press.invalid");
        runtime()?.block_on(assert_not_retried(session, "proxy requires credentials"))
    })?;
    assert_eq!(proxy.request_count(), 1);
    assert_eq!(proxy.requests()[0].method(), "CONNECT");
    Ok(())
}

/// Asserts the message of a temporary connection problem, in a child process with a proxy.
fn assert_unreachable_through(proxy: &str, test: &str, expected: &str) -> Outcome {
    let variables = [("SSL_CERT_FILE", ROOT), ("HTTPS_PROXY", proxy)];
    in_child(&format!("tls::{test}"), &variables, || {
        let session = Session::builder().auth_token("token").base_url("https://press.invalid");
        let session = session.retry(RetryPolicy::none()).build()?;
        let page = get_client(session)?.list_specs().page(1);
        let error = runtime()?.block_on(page).expect_err("an unusable proxy");
        assert_eq!(error.kind(), ErrorKind::Connection);
        assert!(error.is_retryable());
        let expected = format!(
            "list_specs, page 1, at https://press.invalid: {expected}; check the proxy settings, \
             and try again"
        );
        assert_eq!(error.to_string(), expected);
        Ok(())
    })
}

#[test]
fn an_unreachable_proxy_is_reported() -> Outcome {
    let test = "an_unreachable_proxy_is_reported";
    assert_unreachable_through("http://127.0.0.1:1", test, "the proxy could not be reached")
}

#[test]
fn a_proxy_that_cannot_connect_is_reported() -> Outcome {
    let proxy = MockPress::builder().fault(Fault::status(502).always()).start()?;
    let test = "a_proxy_that_cannot_connect_is_reported";
    assert_unreachable_through(proxy.url(), test, "the proxy could not connect to the service")
}

#[test]
fn a_proxy_that_closes_the_connection_is_reported() -> Outcome {
    let proxy = MockPress::builder().fault(Fault::drop_connection().always()).start()?;
    let test = "a_proxy_that_closes_the_connection_is_reported";
    assert_unreachable_through(proxy.url(), test, "the connection to the proxy failed")
}

/// Sends these bytes on each connection instead of a TLS handshake. Returns the URL.
async fn answering(bytes: &'static [u8]) -> Outcome<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("https://{}", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // Reads the client's first message, so that closing doesn't reset the connection.
            let mut hello = Vec::with_capacity(4096);
            stream.read_buf(&mut hello).await?;
            stream.write_all(bytes).await?;
        }
        io::Result::Ok(())
    });
    Ok(url)
}

#[test]
fn a_failed_tls_handshake_is_a_permanent_connection_error() -> Outcome {
    trusting(ROOT, "a_failed_tls_handshake_is_a_permanent_connection_error", async {
        // A fatal alert: `handshake_failure`.
        let url = answering(&[21, 3, 3, 0, 2, 2, 40]).await?;
        let session = Session::builder().auth_token("token").base_url(url);
        assert_not_retried(session, "the TLS handshake failed").await
    })
}

#[test]
fn a_connection_that_closes_during_the_handshake_is_retryable() -> Outcome {
    trusting(ROOT, "a_connection_that_closes_during_the_handshake_is_retryable", async {
        let session = Session::builder().auth_token("token").base_url(answering(&[]).await?);
        let session = session.retry(RetryPolicy::none()).build()?;
        let error = get_client(session)?.list_specs().page(1).await.expect_err("no handshake");
        assert_eq!(error.kind(), ErrorKind::Connection);
        assert!(error.is_retryable());
        let expected = "the TLS handshake failed; check the network, the stage or base URL, and \
                        try again";
        assert!(error.to_string().ends_with(expected), "{error:?}");
        Ok(())
    })
}

#[test]
fn root_certificates_are_read_once() -> Outcome {
    const RUNTIMES: usize = 40;
    let root = env::temp_dir().join(format!("press-specs-root-{}.pem", process::id()));
    fs::copy(ROOT, &root)?;
    let path = root.to_str().ok_or("a path in Unicode")?;
    trusting(path, "root_certificates_are_read_once", async {
        let mock = MockPress::builder().generated_specs(60).start()?;
        let url = secured(&mock, SERVER, "127.0.0.1").await?;
        let specs = get_client(mock.session_builder().base_url(url).build()?)?.list_specs();
        // The session has read the file.
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
        assert_eq!(mock.connections(), RUNTIMES);
        Ok(())
    })
}
