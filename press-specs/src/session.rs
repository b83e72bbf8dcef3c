//! Who calls, where, and with which limits.

use std::{
    env::{self, VarError},
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::HeaderValue;

use crate::{
    address,
    error::{Error, ErrorKind},
    http_client::{HttpClient, OwnClient},
    retry::{RetryBudget, RetryPolicy},
    stage::{Stage, unknown_stage},
    token::{BadToken, Token},
};

const TOKEN_VARIABLES: [&str; 2] = ["PEAK_AUTH_TOKEN", "API_KEY"];
const STAGE_VARIABLES: [&str; 2] = ["PEAK__STAGE", "STAGE"];

/// The credentials, the address and the limits of calls.
///
/// Cheap to clone; clones share the connections and the retry budget. Without further ado it comes from the
/// environment:
///
/// | | variables | else |
/// |---|---|---|
/// | token | `PEAK_AUTH_TOKEN`, `API_KEY` | an error |
/// | stage | `PEAK__STAGE`, `STAGE` | [`Stage::Prod`] |
///
/// The first variable that is set and not empty counts. Everything can be set with [`Session::builder`]:
///
/// ```
/// use std::time::Duration;
/// use press_specs::{Session, Stage};
///
/// let session = Session::builder()
///     .auth_token("my-token")
///     .stage(Stage::Beta)
///     .total_timeout(Duration::from_secs(20))
///     .build()?;
/// assert_eq!(session.base_url(), "https://press.beta.peak.ai");
/// # Ok::<(), press_specs::Error>(())
/// ```
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    base_url: String,
    #[cfg(feature = "tracing")]
    url: reqwest::Url,
    token: Token,
    user_agent: Option<HeaderValue>,
    http: HttpClient,
    max_response_bytes: usize,
    limits: Limits,
    retry: RetryPolicy,
    budget: RetryBudget,
}

/// The time limits of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) connect: Duration,
    pub(crate) attempt: Duration,
    pub(crate) total: Duration,
}

impl Session {
    /// Starts to build a session.
    pub fn builder() -> SessionBuilder {
        SessionBuilder::default()
    }

    /// Makes a session from the environment.
    ///
    /// ```no_run
    /// let session = press_specs::Session::from_env()?;
    /// println!("talking to {}", session.base_url());
    /// # Ok::<(), press_specs::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingEnvironmentVariable`] without a token, [`ErrorKind::InvalidConfiguration`] when the stage is
    /// unknown or the token cannot be sent.
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// Returns the session from the environment that the whole process shares, made when it is first asked for.
    ///
    /// # Errors
    ///
    /// As [`from_env`](Self::from_env). A failure is not remembered: the next call tries again.
    pub fn default_session() -> Result<Self, Error> {
        static DEFAULT: Mutex<Option<Session>> = Mutex::new(None);
        let mut default = DEFAULT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = &*default {
            return Ok(session.clone());
        }
        Ok(default.insert(Self::from_env()?).clone())
    }

    /// Returns the base URL, without a slash at its end.
    pub fn base_url(&self) -> &str {
        &self.0.base_url
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn host(&self) -> Option<&str> {
        self.0.url.host_str()
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn port(&self) -> Option<u16> {
        self.0.url.port_or_known_default()
    }

    pub(crate) fn limits(&self) -> Limits {
        self.0.limits
    }

    pub(crate) fn retry(&self) -> &RetryPolicy {
        &self.0.retry
    }

    pub(crate) fn budget(&self) -> &RetryBudget {
        &self.0.budget
    }

    pub(crate) fn token(&self) -> &Token {
        &self.0.token
    }

    pub(crate) fn user_agent(&self) -> Option<HeaderValue> {
        self.0.user_agent.clone()
    }

    pub(crate) fn max_response_bytes(&self) -> usize {
        self.0.max_response_bytes
    }

    /// The HTTP client for the current runtime.
    pub(crate) fn http_client(&self) -> Result<reqwest::Client, Error> {
        self.0.http.get()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("base_url", &self.0.base_url)
            .field("max_response_bytes", &self.0.max_response_bytes)
            .field("limits", &self.0.limits)
            .field("retry", &self.0.retry)
            .finish_non_exhaustive()
    }
}

/// Builds a [`Session`]; see [`Session::builder`].
///
/// The time limits need not be ordered: the first to expire wins.
#[derive(Clone)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct SessionBuilder {
    auth_token: Option<Result<Token, BadToken>>,
    stage: Option<Stage>,
    base_url: Option<String>,
    allow_insecure_http: bool,
    user_agent: Option<String>,
    http_client: Option<reqwest::Client>,
    max_response_bytes: u64,
    limits: Limits,
    retry: RetryPolicy,
}

impl Default for SessionBuilder {
    fn default() -> Self {
        Self {
            auth_token: None,
            stage: None,
            base_url: None,
            allow_insecure_http: false,
            user_agent: None,
            http_client: None,
            max_response_bytes: 64 * 1024 * 1024,
            limits: Limits {
                connect: Duration::from_secs(10),
                attempt: Duration::from_secs(30),
                total: Duration::from_secs(120),
            },
            retry: RetryPolicy::default(),
        }
    }
}

impl SessionBuilder {
    /// Sets the token: an API key, or `Bearer …`. It is sent exactly as given. Default: from the environment.
    pub fn auth_token(mut self, token: impl Into<String>) -> Self {
        self.auth_token = Some(Token::new(&token.into()));
        self
    }

    /// Sets the stage of the platform. Default: from the environment.
    pub fn stage(mut self, stage: Stage) -> Self {
        self.stage = Some(stage);
        self
    }

    /// Sets the address of the API instead of the stage's, for example that of a gateway. It may have a path.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Sets whether the token may be sent unencrypted over `http://` to other machines. Default: `false`, and only
    /// loopback addresses are reached by `http://`.
    pub fn allow_insecure_http(mut self, allow: bool) -> Self {
        self.allow_insecure_http = allow;
        self
    }

    /// Sets how long one attempt may take, its body included. Default: 30 s. Time in which nobody polls the call does
    /// not count.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limits.attempt = limit;
        self
    }

    /// Sets how long connecting may take. Default: 10 s. A client of one's own has a limit of its own.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.limits.connect = limit;
        self
    }

    /// Sets how long a whole call may take, its retries and the delays between them included. In a stream each page is
    /// a call of its own. Default: 120 s. Time in which nobody polls the call does not count.
    pub fn total_timeout(mut self, limit: Duration) -> Self {
        self.limits.total = limit;
        self
    }

    /// Sets what is tried again. Default: [`RetryPolicy::default`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets how many bytes of a body are read, after decompression; more is [`ErrorKind::InvalidResponse`].
    /// Default: 64 MiB.
    pub fn max_response_bytes(mut self, bytes: u64) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Sets the header `User-Agent`. Default: `press-specs/` and the version.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// Sets an HTTP client of one's own, for proxies, client certificates or further roots of trust.
    ///
    /// The session still sends the token, limits attempts, calls and bodies, and tries again. The rest is the client's:
    /// its connect and read limits, its redirects (and what they carry), cookies, proxies, compression, and its
    /// `User-Agent` unless [`user_agent`](Self::user_agent) is set. Turn its own retries off
    /// (`reqwest::retry::never()`), so that each request is counted. Its connections belong to the runtime that uses
    /// it: use one client per runtime.
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.http_client = Some(client);
        self
    }

    /// Makes the session; what was not set comes from the environment, then from the defaults.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::MissingEnvironmentVariable`]: there is no token.
    /// - [`ErrorKind::InvalidConfiguration`]: the token is empty or has characters that a header cannot have, the stage
    ///   in the environment is unknown, the base URL is no `http` or `https` URL, or plain `http` to another machine,
    ///   the user agent cannot be a header, or TLS cannot be set up.
    pub fn build(self) -> Result<Session, Error> {
        self.build_with(variable)
    }

    /// [`build`](Self::build) with the environment as an argument.
    fn build_with(self, variable: impl Fn(&str) -> Result<Option<String>, Error>) -> Result<Session, Error> {
        let token = match self.auth_token {
            Some(token) => token.map_err(|bad| bad.named("auth_token"))?,
            None => {
                let (name, token) = first(&TOKEN_VARIABLES, &variable)?.ok_or_else(|| {
                    let [name, other] = TOKEN_VARIABLES;
                    Error::new(
                        ErrorKind::MissingEnvironmentVariable,
                        format!("the environment variable {name} (or {other}) is not set"),
                    )
                })?;
                Token::new(&token).map_err(|bad| bad.named(&format!("the token in {name}")))?
            }
        };
        let base_url = match (self.base_url, self.stage) {
            (Some(url), _) => url,
            (None, Some(stage)) => stage.base_url(),
            (None, None) => match first(&STAGE_VARIABLES, &variable)? {
                None => Stage::Prod.base_url(),
                Some((name, stage)) => match stage.parse::<Stage>() {
                    Ok(stage) => stage.base_url(),
                    Err(_) => return Err(unknown_stage(&stage, &format!("the environment variable {name}"))),
                },
            },
        };
        let url = address::parse(&base_url, self.allow_insecure_http)?;
        let user_agent = match (self.user_agent, &self.http_client) {
            (Some(user_agent), _) => Some(
                HeaderValue::try_from(user_agent)
                    .map_err(|error| Error::configuration("user_agent", "cannot be a header").with_source(error))?,
            ),
            (None, Some(_)) => None,
            (None, None) => Some(HeaderValue::from_static(concat!(
                env!("CARGO_PKG_NAME"),
                "/",
                env!("CARGO_PKG_VERSION")
            ))),
        };
        let http = match self.http_client {
            Some(client) => HttpClient::Given(client),
            None => HttpClient::own(OwnClient {
                connect: self.limits.connect,
                tls: url.scheme() == "https",
                proxy: !address::is_loopback(&url),
            })?,
        };
        Ok(Session(Arc::new(Inner {
            base_url: url.as_str().trim_end_matches('/').to_owned(),
            #[cfg(feature = "tracing")]
            url,
            token,
            user_agent,
            http,
            max_response_bytes: usize::try_from(self.max_response_bytes).unwrap_or(usize::MAX),
            limits: self.limits,
            retry: self.retry,
            budget: RetryBudget::full(),
        })))
    }
}

impl fmt::Debug for SessionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionBuilder")
            .field("auth_token", &self.auth_token.as_ref().map(|_| "[token]"))
            .field("stage", &self.stage)
            .field("limits", &self.limits)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

/// The first of `names` that is set and not empty, with its value.
fn first<'a>(
    names: &[&'a str],
    variable: impl Fn(&str) -> Result<Option<String>, Error>,
) -> Result<Option<(&'a str, String)>, Error> {
    for &name in names {
        if let Some(value) = variable(name)?.filter(|value| !value.is_empty()) {
            return Ok(Some((name, value)));
        }
    }
    Ok(None)
}

/// An environment variable.
fn variable(name: &str) -> Result<Option<String>, Error> {
    match env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(Error::configuration(
            &format!("the environment variable {name}"),
            "is not Unicode text",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(variables: &[(&str, &str)]) -> Result<Session, Error> {
        Session::builder().build_with(|name| {
            Ok(variables
                .iter()
                .find(|(variable, _)| *variable == name)
                .map(|(_, value)| (*value).to_owned()))
        })
    }

    #[test]
    fn the_environment_gives_token_and_stage() {
        for (variables, token, base_url) in [
            (&[("PEAK_AUTH_TOKEN", "a")][..], "a", "https://press.peak.ai"),
            (&[("API_KEY", "b")], "b", "https://press.peak.ai"),
            (
                &[("PEAK_AUTH_TOKEN", "a"), ("API_KEY", "b")],
                "a",
                "https://press.peak.ai",
            ),
            (
                &[("PEAK_AUTH_TOKEN", ""), ("API_KEY", "Bearer b")],
                "Bearer b",
                "https://press.peak.ai",
            ),
            (
                &[("API_KEY", "b"), ("PEAK__STAGE", "beta"), ("STAGE", "test")],
                "b",
                "https://press.beta.peak.ai",
            ),
            (
                &[("API_KEY", "b"), ("PEAK__STAGE", ""), ("STAGE", "latest")],
                "b",
                "https://press.dev.peak.ai",
            ),
            (&[("API_KEY", "b"), ("STAGE", "prod")], "b", "https://press.peak.ai"),
            (
                &[("API_KEY", "b"), ("STAGE", "parvati")],
                "b",
                "https://press.parvati.peak.ai",
            ),
        ] {
            let session = build(variables).expect("a session");
            assert_eq!(session.base_url(), base_url, "{variables:?}");
            assert_eq!(session.token().header(), token, "{variables:?}");
            assert!(session.token().header().is_sensitive());
        }
    }

    #[test]
    fn a_bad_environment_names_the_variable() {
        for (variables, kind, name) in [
            (&[][..], ErrorKind::MissingEnvironmentVariable, "PEAK_AUTH_TOKEN"),
            (
                &[("PEAK_AUTH_TOKEN", ""), ("API_KEY", "")],
                ErrorKind::MissingEnvironmentVariable,
                "PEAK_AUTH_TOKEN",
            ),
            (
                &[("PEAK_AUTH_TOKEN", "line\nbreak")],
                ErrorKind::InvalidConfiguration,
                "PEAK_AUTH_TOKEN",
            ),
            (
                &[("API_KEY", "line\nbreak")],
                ErrorKind::InvalidConfiguration,
                "API_KEY",
            ),
            (
                &[("API_KEY", "b"), ("PEAK__STAGE", "mars")],
                ErrorKind::InvalidConfiguration,
                "PEAK__STAGE",
            ),
            (
                &[("API_KEY", "b"), ("STAGE", "PROD")],
                ErrorKind::InvalidConfiguration,
                "STAGE",
            ),
        ] {
            let error = build(variables).expect_err("no session");
            assert_eq!((error.kind(), error.attempts()), (kind, 0), "{variables:?}");
            assert!(error.to_string().contains(name), "{error}");
            assert!(!format!("{error} {error:?}").contains("break\n"), "{error}");
        }
    }
}
