//! State per Tokio runtime: an HTTP client and the lock for renewing the token.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::runtime::{Handle, Id};

use crate::{
    error::Error,
    session::{
        credentials::Renewal,
        tls::{self, Tls},
    },
};

/// The number of runtimes whose connections are kept. A process rarely has more than one.
const MAX_RUNTIMES: usize = 64;

/// The parts of a session that belong to one runtime.
///
/// A pooled connection is driven by the runtime that opened it, so a request on another runtime
/// would wait while the first one is idle.
pub(crate) struct PerRuntime {
    pub(crate) http: reqwest::Client,
    pub(crate) renewal: Renewal,
}

/// The runtimes that use a session.
pub(crate) struct Runtimes {
    source: ClientSource,
    entries: Mutex<VecDeque<(Id, Arc<PerRuntime>)>>,
}

/// The HTTP clients of a session.
#[allow(clippy::large_enum_variant, reason = "large with rustls only, and one per session")]
pub(crate) enum ClientSource {
    /// A client that the user configured.
    Custom(reqwest::Client),
    BuiltIn {
        settings: ClientSettings,
        /// Keeps no connections, for retries after a broken connection or a timeout. Other pooled
        /// connections may be broken in the same way.
        unpooled: reqwest::Client,
    },
}

/// The settings of built-in clients.
pub(crate) struct ClientSettings {
    pub(crate) connect_timeout: Duration,
    /// `None` for plain HTTP.
    pub(crate) tls: Option<Tls>,
    /// `true` if the proxies of the environment apply.
    pub(crate) proxy: bool,
}

impl Runtimes {
    pub(crate) fn new(source: ClientSource) -> Self {
        Self { source, entries: Mutex::default() }
    }

    /// Returns the entry of the current runtime, and creates it if needed. Must be called inside a
    /// runtime.
    pub(crate) fn current(&self) -> Result<Arc<PerRuntime>, Error> {
        let id = Handle::current().id();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, entry)) = entries.iter().find(|(known, _)| *known == id) {
            return Ok(Arc::clone(entry));
        }
        let http = match &self.source {
            ClientSource::Custom(client) => client.clone(),
            ClientSource::BuiltIn { settings, .. } => settings.build(Pooling::On)?,
        };
        let entry = Arc::new(PerRuntime { http, renewal: Renewal::default() });
        entries.push_back((id, Arc::clone(&entry)));
        if entries.len() > MAX_RUNTIMES {
            entries.pop_front();
        }
        Ok(entry)
    }

    /// Returns a client that opens a new connection for each request, if the session has one.
    pub(crate) fn unpooled(&self) -> Option<&reqwest::Client> {
        match &self.source {
            ClientSource::Custom(_) => None,
            ClientSource::BuiltIn { unpooled, .. } => Some(unpooled),
        }
    }
}

impl ClientSource {
    /// Returns a source of built-in clients.
    pub(crate) fn built_in(settings: ClientSettings) -> Result<Self, Error> {
        let unpooled = settings.build(Pooling::Off)?;
        Ok(Self::BuiltIn { settings, unpooled })
    }
}

/// Connection pooling of a client.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pooling {
    On,
    Off,
}

impl ClientSettings {
    fn build(&self, pooling: Pooling) -> Result<reqwest::Client, Error> {
        let mut builder = reqwest::Client::builder()
            .connect_timeout(self.connect_timeout)
            .redirect(reqwest::redirect::Policy::custom(same_origin))
            .retry(reqwest::retry::never())
            .referer(false)
            // Bodies are decompressed after reading, even if other crates enable reqwest's
            // decompression.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd();
        if pooling == Pooling::Off {
            builder = builder.pool_max_idle_per_host(0);
        }
        if !self.proxy {
            builder = builder.no_proxy();
        }
        builder = detect_dead_connections(builder);
        tls::apply(self.tls.as_ref(), builder).build().map_err(|error| {
            Error::configuration("the HTTP client", "cannot be built").with_source(error)
        })
    }
}

/// Pings HTTP/2 connections that are in use. Otherwise, a dead connection would be reused by all
/// further requests.
#[cfg(feature = "http2")]
fn detect_dead_connections(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    let interval = Duration::from_secs(10);
    builder.http2_keep_alive_interval(interval).http2_keep_alive_timeout(interval)
}

#[cfg(not(feature = "http2"))]
fn detect_dead_connections(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder
}

/// Follows redirects within the origin. Other redirects are returned as responses.
fn same_origin(attempt: reqwest::redirect::Attempt<'_>) -> reqwest::redirect::Action {
    const MAX_REDIRECTS: usize = 5;
    let first = attempt.previous().first();
    let same = first.is_some_and(|first| first.origin() == attempt.url().origin());
    if same && attempt.previous().len() <= MAX_REDIRECTS {
        attempt.follow()
    } else {
        attempt.stop()
    }
}
