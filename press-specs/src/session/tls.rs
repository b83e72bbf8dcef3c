//! TLS of our own HTTP clients, set up once for each session.

use reqwest::ClientBuilder;

use crate::error::Error;

#[cfg(any(feature = "rustls", all(feature = "rustls-no-provider", not(feature = "native-tls"))))]
mod backend {
    use std::sync::Arc;

    use rustls::{ClientConfig, crypto::CryptoProvider};
    use rustls_platform_verifier::Verifier;

    use crate::error::Error;

    pub(super) type Config = ClientConfig;

    /// Reads the root certificates of the system.
    pub(super) fn config() -> Result<Config, Error> {
        let failed = |error| Error::configuration("TLS", "cannot be set up").with_source(error);
        let provider = provider()?;
        let verifier = Verifier::new(provider.clone()).map_err(failed)?;
        Ok(ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth())
    }

    /// Returns `true` if a client without TLS can be built.
    pub(super) fn plain() -> Result<(), Error> {
        provider().map(drop)
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
            "has no crypto provider: install one with `rustls::crypto::CryptoProvider::install_default`, or enable the \
             feature `rustls`",
        ))
    }
}

#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
mod backend {
    use crate::error::Error;

    pub(super) type Config = native_tls::TlsConnector;

    pub(super) fn config() -> Result<Config, Error> {
        native_tls::TlsConnector::new()
            .map_err(|error| Error::configuration("TLS", "cannot be set up").with_source(error))
    }

    pub(super) fn plain() -> Result<(), Error> {
        Ok(())
    }
}

#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls")))]
mod backend {
    use crate::error::Error;

    pub(super) type Config = ();

    pub(super) fn config() -> Result<Config, Error> {
        Err(Error::configuration(
            "http_client",
            "is not set, and press-specs was built without TLS: enable one of its features `rustls`, \
             `rustls-no-provider` and `native-tls`, or set a `reqwest::Client` that has TLS",
        ))
    }

    pub(super) fn plain() -> Result<(), Error> {
        Ok(())
    }
}

/// The TLS configuration of a session.
pub(crate) struct Tls(#[allow(dead_code, reason = "unused without TLS")] backend::Config);

impl Tls {
    /// Sets TLS up for a session that needs it.
    pub(crate) fn new(needed: bool) -> Result<Option<Self>, Error> {
        if needed { backend::config().map(Self).map(Some) } else { backend::plain().map(|()| None) }
    }

    /// Sets the TLS configuration of a client; without one it needs no root certificates.
    pub(crate) fn apply(tls: Option<&Self>, builder: ClientBuilder) -> ClientBuilder {
        #[cfg(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"))]
        return match tls {
            Some(Self(config)) => builder.tls_backend_preconfigured(config.clone()),
            None => builder.tls_certs_only([]),
        };
        #[cfg(not(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls")))]
        {
            let _ = tls;
            builder
        }
    }
}
