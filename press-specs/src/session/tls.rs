//! TLS configuration of the built-in HTTP clients, created once per session.

use reqwest::ClientBuilder;

/// The TLS configuration of a session.
pub(crate) use backend::Config as Tls;
/// Sets up TLS for a session that needs it.
pub(crate) use backend::configure;

/// The protocols offered to the server, in order of preference. HTTP/1.1 is implied.
#[cfg(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"))]
const ALPN: &[&str] = if cfg!(feature = "http2") { &["h2", "http/1.1"] } else { &[] };

// `rustls` is a default feature, so enabling `native-tls` is an explicit choice.
#[cfg(all(any(feature = "rustls", feature = "rustls-no-provider"), not(feature = "native-tls")))]
mod backend {
    use std::sync::Arc;

    use rustls::{ClientConfig, crypto::CryptoProvider};
    use rustls_platform_verifier::Verifier;

    use crate::error::Error;

    pub(crate) type Config = ClientConfig;

    const NO_ROOTS: &str = "has no root certificates: install the package `ca-certificates`, or \
                            set `SSL_CERT_FILE` to a file that contains them";

    /// Reads the system's root certificates. Even a client without TLS needs a provider.
    pub(crate) fn configure(needed: bool) -> Result<Option<Config>, Error> {
        let failed = |error| Error::configuration("TLS", "cannot be set up").with_source(error);
        let provider = provider()?;
        if !needed {
            return Ok(None);
        }
        let no_roots = |error| Error::configuration("TLS", NO_ROOTS).with_source(error);
        let verifier = Verifier::new(provider.clone()).map_err(no_roots)?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols.extend(super::ALPN.iter().map(|name| name.as_bytes().to_vec()));
        Ok(Some(config))
    }

    fn provider() -> Result<Arc<CryptoProvider>, Error> {
        if let Some(installed) = CryptoProvider::get_default() {
            return Ok(installed.clone());
        }
        #[cfg(feature = "rustls")]
        return Ok(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
        #[cfg(not(feature = "rustls"))]
        Err(Error::configuration(
            "TLS",
            "has no crypto provider: install one with \
             `rustls::crypto::CryptoProvider::install_default`, or enable the feature `rustls`",
        ))
    }
}

#[cfg(feature = "native-tls")]
mod backend {
    use crate::error::Error;

    pub(crate) type Config = native_tls::TlsConnector;

    pub(crate) fn configure(needed: bool) -> Result<Option<Config>, Error> {
        if !needed {
            return Ok(None);
        }
        let failed = |error| Error::configuration("TLS", "cannot be set up").with_source(error);
        let config = Config::builder().request_alpns(super::ALPN).build().map_err(failed)?;
        Ok(Some(config))
    }
}

#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls")))]
mod backend {
    use crate::error::Error;

    pub(crate) type Config = std::convert::Infallible;

    pub(crate) fn configure(needed: bool) -> Result<Option<Config>, Error> {
        if !needed {
            return Ok(None);
        }
        Err(Error::configuration(
            "`http_client`",
            "is not set, and press-specs was built without TLS: enable the feature `rustls`, \
             `rustls-no-provider` or `native-tls`, or set a `reqwest::Client` with TLS",
        ))
    }
}

/// Sets the TLS configuration of a client. Without one, no root certificates are loaded.
#[cfg(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"))]
pub(crate) fn apply(tls: Option<&Tls>, builder: ClientBuilder) -> ClientBuilder {
    match tls {
        Some(config) => builder.tls_backend_preconfigured(config.clone()),
        None => builder.tls_certs_only([]),
    }
}

#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls")))]
pub(crate) fn apply(_: Option<&Tls>, builder: ClientBuilder) -> ClientBuilder {
    builder
}
