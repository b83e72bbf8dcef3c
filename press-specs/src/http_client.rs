//! The HTTP client of a session: one of the caller's, or our own for each runtime.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::runtime::{Handle, Id};

use crate::error::Error;

/// The HTTP client of a session.
pub(crate) enum HttpClient {
    /// The caller's.
    Given(reqwest::Client),
    /// Our own, one for each runtime: a pooled connection is driven by the runtime that opened it, and a request of
    /// another runtime would wait for ever when that one is not running.
    Own(OwnClient, Mutex<Vec<Used>>),
}

/// A client and the runtime that uses it; `None` when none does yet.
type Used = (Option<Id>, reqwest::Client);

/// How our own client is made.
pub(crate) struct OwnClient {
    pub(crate) connect: Duration,
    pub(crate) tls: bool,
    /// Whether the proxies of the environment count; none leads back to this machine.
    pub(crate) proxy: bool,
}

impl HttpClient {
    /// How many runtimes keep their connections.
    const MAX_RUNTIMES: usize = 16;

    /// Makes the first client, to see that it can be made; the first runtime takes it.
    pub(crate) fn own(settings: OwnClient) -> Result<Self, Error> {
        let first = settings.build()?;
        Ok(Self::Own(settings, Mutex::new(vec![(None, first)])))
    }

    /// The client for the current runtime.
    pub(crate) fn get(&self) -> Result<reqwest::Client, Error> {
        match self {
            Self::Given(client) => Ok(client.clone()),
            Self::Own(settings, clients) => {
                let current = Handle::try_current().ok().map(|runtime| runtime.id());
                if let Some(client) = take(&mut lock(clients), current) {
                    return Ok(client);
                }
                // Not under the lock: it takes a while, and the tasks of other runtimes need not wait.
                let client = settings.build()?;
                let mut clients = lock(clients);
                if let Some(client) = take(&mut clients, current) {
                    return Ok(client);
                }
                if clients.len() == Self::MAX_RUNTIMES {
                    clients.remove(0);
                }
                clients.push((current, client.clone()));
                Ok(client)
            }
        }
    }
}

fn lock(clients: &Mutex<Vec<Used>>) -> MutexGuard<'_, Vec<Used>> {
    clients.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The client of the runtime, or one that is free; it moves to the end, behind those that were used less lately.
fn take(clients: &mut Vec<Used>, runtime: Option<Id>) -> Option<reqwest::Client> {
    let place = clients
        .iter()
        .rposition(|(user, _)| user.is_none() || *user == runtime)?;
    let (_, client) = clients.remove(place);
    clients.push((runtime, client.clone()));
    Some(client)
}

impl OwnClient {
    fn build(&self) -> Result<reqwest::Client, Error> {
        if self.tls && !cfg!(feature = "rustls") {
            return Err(Error::configuration(
                "http_client",
                "is not set, and press-specs was built without TLS: enable its feature `rustls`, or give it a \
                 `reqwest::Client` that has TLS",
            ));
        }
        let builder = reqwest::Client::builder()
            .connect_timeout(self.connect)
            .redirect(reqwest::redirect::Policy::custom(same_origin))
            .retry(reqwest::retry::never())
            .referer(false);
        let builder = if self.proxy { builder } else { builder.no_proxy() };
        // Without TLS nobody needs the certificates of the system, which take a while to read and may be missing.
        #[cfg(feature = "rustls")]
        let builder = if self.tls { builder } else { builder.tls_certs_only([]) };
        builder
            .build()
            .map_err(|error| Error::configuration("the HTTP client", "cannot be made").with_source(error))
    }
}

/// Follows redirects within the origin; any other one is the answer.
fn same_origin(attempt: reqwest::redirect::Attempt<'_>) -> reqwest::redirect::Action {
    const MAX_REDIRECTS: usize = 5;
    let same = attempt
        .previous()
        .first()
        .is_some_and(|first| first.origin() == attempt.url().origin());
    if same && attempt.previous().len() <= MAX_REDIRECTS {
        attempt.follow()
    } else {
        attempt.stop()
    }
}
