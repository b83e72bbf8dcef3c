//! HTTP client of a session: a custom one, or our own for each runtime.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    runtime::{Handle, Id},
    sync::oneshot,
};

use crate::{
    error::Error,
    session::tls::{self, Tls},
};

/// The HTTP client of a session.
pub(crate) enum HttpClients {
    /// The custom client of the user.
    Custom(reqwest::Client),
    /// Our own, one for each runtime: a pooled connection is driven by the runtime that opened it,
    /// and a request from another runtime would wait forever while that one is not running.
    Own(Arc<OwnClients>),
}

/// Our own clients, which share their settings.
pub(crate) struct OwnClients {
    connect_timeout: Duration,
    /// `None` for plain http.
    tls: Option<Tls>,
    /// `true` if the proxies of the environment apply.
    proxy: bool,
    made: AtomicU64,
    clients: Mutex<HashMap<Id, RuntimeClient>>,
}

struct RuntimeClient {
    client: Numbered,
    /// Ends the task that notices the end of the runtime.
    _watched: oneshot::Sender<()>,
}

/// A client and the number that tells it from those made before and after.
#[derive(Clone)]
pub(crate) struct Numbered {
    pub(crate) client: reqwest::Client,
    number: u64,
}

impl HttpClients {
    /// Builds a first client, to see that it can be built.
    pub(crate) fn own(
        connect_timeout: Duration,
        tls: Option<Tls>,
        proxy: bool,
    ) -> Result<Self, Error> {
        let own = OwnClients {
            connect_timeout,
            tls,
            proxy,
            made: AtomicU64::new(1),
            clients: Mutex::default(),
        };
        own.build()?;
        Ok(Self::Own(Arc::new(own)))
    }

    /// Returns the client for the current runtime.
    pub(crate) fn get(&self) -> Result<Numbered, Error> {
        match self {
            Self::Custom(client) => Ok(Numbered { client: client.clone(), number: 0 }),
            Self::Own(own) => own.get(),
        }
    }

    /// Returns a client without old connections after an attempt that broke. If it was `silent`,
    /// all other connections of its client are given up, since they may have gone silent with
    /// it; those that are closed tell it at once.
    pub(crate) fn after(&self, failed: &Numbered, silent: bool) -> Option<Numbered> {
        let Self::Own(own) = self else { return None };
        let client = own.build().ok()?;
        if silent {
            // Built outside of the lock. Others that failed with the same client build one in vain
            // at the most.
            let mut clients = own.lock();
            let current = clients.values_mut().find(|it| it.client.number == failed.number);
            current?.client = client.clone();
        }
        Some(client)
    }
}

impl OwnClients {
    fn get(self: &Arc<Self>) -> Result<Numbered, Error> {
        let runtime = Handle::current();
        if let Some(known) = self.lock().get(&runtime.id()) {
            return Ok(known.client.clone());
        }
        let client = self.build()?;
        let (watched, session_ended) = oneshot::channel();
        self.lock().entry(runtime.id()).or_insert(RuntimeClient { client, _watched: watched });
        let entry = EntryOfRuntime(Arc::downgrade(self), runtime.id());
        // Dropped with the runtime, or when the session ends; at once if the runtime has ended. The
        // lock is free then.
        runtime.spawn(async move {
            let _entry = entry;
            let _ = session_ended.await;
        });
        let known = self.lock().get(&runtime.id()).map(|known| known.client.clone());
        known.ok_or_else(|| {
            Error::configuration(
                "the async client",
                "was called in a Tokio runtime that has ended: call it in one that runs",
            )
        })
    }

    fn build(&self) -> Result<Numbered, Error> {
        let builder = reqwest::Client::builder()
            .connect_timeout(self.connect_timeout)
            .redirect(reqwest::redirect::Policy::custom(same_origin))
            .retry(reqwest::retry::never())
            .referer(false)
            // Bodies are decompressed after they were read, whatever other crates turn on in
            // reqwest.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd();
        let builder = if self.proxy { builder } else { builder.no_proxy() };
        let client = tls::apply(self.tls.as_ref(), builder).build().map_err(|error| {
            Error::configuration("the HTTP client", "cannot be built").with_source(error)
        })?;
        Ok(Numbered { client, number: self.made.fetch_add(1, Ordering::Relaxed) })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Id, RuntimeClient>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes the client of a runtime when it is dropped.
struct EntryOfRuntime(std::sync::Weak<OwnClients>, Id);

impl Drop for EntryOfRuntime {
    fn drop(&mut self) {
        if let Some(clients) = self.0.upgrade() {
            let gone = clients.lock().remove(&self.1);
            drop(gone);
        }
    }
}

/// Follows redirects within the origin; the response of any other is returned.
fn same_origin(attempt: reqwest::redirect::Attempt<'_>) -> reqwest::redirect::Action {
    const MAX_REDIRECTS: usize = 5;
    let same =
        attempt.previous().first().is_some_and(|first| first.origin() == attempt.url().origin());
    if same && attempt.previous().len() <= MAX_REDIRECTS {
        attempt.follow()
    } else {
        attempt.stop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_ends_with_its_runtime() {
        let Ok(HttpClients::Own(own)) = HttpClients::own(Duration::from_secs(1), None, false)
        else {
            panic!("a client cannot be built");
        };
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let handle = runtime.handle().clone();
        let _guard = handle.enter();
        own.get().expect("a client");
        assert_eq!(own.lock().len(), 1);
        drop(runtime);
        assert_eq!(own.lock().len(), 0);
        assert!(own.get().is_err());
        assert_eq!(own.lock().len(), 0);
    }
}
