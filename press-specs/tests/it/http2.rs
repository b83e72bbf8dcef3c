//! HTTP/2 over TLS.
#![cfg(all(target_os = "linux", feature = "http2"))]

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use futures::future::try_join_all;
use hyper::{Response, Version, body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use press_specs::{ListSpecs, Session, get_client};
use tokio::net::TcpListener;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use crate::{
    Outcome,
    support::{in_child, runtime},
    tls::fixtures::{ROOT, SERVER},
};

const PAGE: &str = include_str!("../fixtures/specs_page.json");

/// A server that speaks only HTTP/2.
struct Server {
    url: String,
    connections: Arc<AtomicUsize>,
    versions: Arc<Mutex<Vec<Version>>>,
}

impl Server {
    async fn start() -> Outcome<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("https://{}", listener.local_addr()?);
        let connections = Arc::new(AtomicUsize::new(0));
        let versions = Arc::new(Mutex::new(Vec::new()));
        let server =
            Self { url, connections: Arc::clone(&connections), versions: Arc::clone(&versions) };
        let acceptor = acceptor()?;
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::Relaxed);
                let Ok(stream) = acceptor.accept(stream).await else { continue };
                let versions = Arc::clone(&versions);
                let service = service_fn(move |request: hyper::Request<Incoming>| {
                    versions.lock().expect("no panic").push(request.version());
                    async { Outcome::Ok(Response::new(PAGE.to_owned())) }
                });
                let connection = http2::Builder::new(TokioExecutor::new());
                tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
            }
        });
        Ok(server)
    }

    fn specs(&self) -> Outcome<ListSpecs> {
        let session = Session::builder().auth_token("token").base_url(&self.url).build()?;
        Ok(get_client(session)?.list_specs())
    }
}

fn acceptor() -> Outcome<TlsAcceptor> {
    let certificates = CertificateDer::pem_slice_iter(SERVER).collect::<Result<_, _>>()?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(certificates, PrivateKeyDer::from_pem_slice(SERVER)?)?;
    config.alpn_protocols.push(b"h2".to_vec());
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[test]
fn requests_share_one_connection() -> Outcome {
    let variables = [("SSL_CERT_FILE", ROOT)];
    in_child("http2::requests_share_one_connection", &variables, || {
        runtime()?.block_on(async {
            let server = Server::start().await?;
            let specs = server.specs()?;
            specs.clone().page(1).await?;
            try_join_all([specs.clone().page(1), specs.clone().page(1)]).await?;
            assert_eq!(*server.versions.lock().unwrap(), [Version::HTTP_2; 3]);
            assert_eq!(server.connections.load(Ordering::Relaxed), 1);
            Ok(())
        })
    })
}
