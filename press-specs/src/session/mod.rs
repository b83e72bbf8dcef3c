//! Credentials, base URL, timeouts and HTTP client of a session.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::HeaderMap;
use press_api_gen::attempt::OnRequest;

use crate::{
    error::Error,
    retry::{RetryPolicy, RetryState},
};

mod base_url;
mod builder;
mod credentials;
mod runtimes;
mod stage;
mod tls;
mod token;

pub use builder::SessionBuilder;
pub use stage::Stage;

pub(crate) use runtimes::PerRuntime;
pub(crate) use token::Token;

use credentials::Credentials;
use runtimes::Runtimes;

/// Credentials, base URL, timeouts and HTTP client, shared by any number of clients.
///
/// It is cheap to clone, and clones share the token, the connections and the retry budget. Values
/// that aren't set in code come from the environment:
///
/// | | variables, in order of precedence | default |
/// |---|---|---|
/// | token | `PEAK_AUTH_TOKEN`, `API_KEY` | none; an error |
/// | stage | `PEAK__STAGE`, `STAGE` | [`Stage::Prod`] |
///
/// Empty variables are ignored. [`Session::builder`] sets values in code, as in these
/// [examples](crate#sessions).
///
/// ```no_run
/// use press_specs::{Session, get_client};
///
/// let session = Session::from_env()?;
/// println!("{}", session.base_url());
/// let client = get_client(session)?;
/// # Ok::<(), press_specs::Error>(())
/// ```
#[derive(Clone)]
pub struct Session {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    base_url: String,
    #[cfg(feature = "tracing")]
    pub(crate) url: reqwest::Url,
    /// The origin for messages, such as `https://press.peak.ai`.
    pub(crate) origin: String,
    pub(crate) credentials: Arc<Credentials>,
    pub(crate) runtimes: Runtimes,
    pub(crate) settings: Settings,
    pub(crate) retries: RetryState,
}

/// The settings of a session. A request may override some of them.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) headers: Arc<HeaderMap>,
    pub(crate) on_request: Option<OnRequest>,
    pub(crate) max_response_bytes: usize,
    pub(crate) limits: Limits,
    pub(crate) policy: RetryPolicy,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            headers: Arc::default(),
            on_request: None,
            max_response_bytes: 8 * 1024 * 1024,
            limits: Limits {
                connect: Duration::from_secs(10),
                attempt: Duration::from_secs(30),
                total: Duration::from_secs(120),
            },
            policy: RetryPolicy::default(),
        }
    }
}

/// The time limits of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) connect: Duration,
    pub(crate) attempt: Duration,
    pub(crate) total: Duration,
}

impl Session {
    /// Returns a builder for a session.
    pub fn builder() -> SessionBuilder {
        SessionBuilder::default()
    }

    /// Creates a session from the environment.
    ///
    /// # Errors
    ///
    /// Returns
    /// [`MissingEnvironmentVariable`](crate::ErrorKind::MissingEnvironmentVariable) if there is no
    /// token, and [`ErrorKind::InvalidConfiguration`](crate::ErrorKind::InvalidConfiguration) if
    /// the stage is unknown or the token cannot be sent.
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// Returns the default session, shared by the whole process. The first call creates it from the
    /// environment.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`from_env`](Self::from_env). The next call tries again.
    pub fn default_session() -> Result<Self, Error> {
        static DEFAULT: Mutex<Option<Session>> = Mutex::new(None);
        let mut default = DEFAULT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = &*default {
            return Ok(session.clone());
        }
        Ok(default.insert(Self::from_env()?).clone())
    }

    /// Returns the base URL, without a trailing slash.
    pub fn base_url(&self) -> &str {
        &self.inner.base_url
    }

    /// Replaces the token for all clients of the session. Running streams use it from their next
    /// request on.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::InvalidConfiguration`](crate::ErrorKind::InvalidConfiguration) if the
    /// token is empty or contains characters that are not allowed in a header. The session then
    /// keeps its current token.
    pub fn set_auth_token(&self, token: impl Into<String>) -> Result<(), Error> {
        let token =
            Token::new(&token.into()).map_err(|bad| Error::configuration("`auth_token`", bad))?;
        self.inner.credentials.set(token);
        Ok(())
    }

    /// Returns `text` without the tokens, which a server may have echoed.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.inner.credentials.redact(text)
    }
}

impl fmt::Debug for Session {
    /// Shows neither the token nor header values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { base_url, settings, .. } = &*self.inner;
        f.debug_struct("Session")
            .field("base_url", base_url)
            .field("max_response_bytes", &settings.max_response_bytes)
            .field("limits", &settings.limits)
            .field("retry", &settings.policy)
            .finish_non_exhaustive()
    }
}
