//! Builder for a session, and the environment variables that it reads.

use std::{
    env::{self, VarError},
    error::Error as StdError,
    fmt,
    sync::Arc,
    time::Duration,
};

use futures_util::{FutureExt as _, TryFutureExt as _};
use http::{HeaderMap, HeaderValue, header};

use crate::{
    error::{Error, ErrorKind},
    header as headers,
    retry::{RetryPolicy, RetryState},
    session::{
        Inner, Session, Settings, Stage, base_url,
        credentials::{Credentials, TokenFn},
        runtimes::{ClientSettings, ClientSource, Runtimes},
        stage, tls,
        token::Token,
    },
};

const TOKEN_VARIABLES: [&str; 2] = ["PEAK_AUTH_TOKEN", "API_KEY"];
const STAGE_VARIABLES: [&str; 2] = ["PEAK__STAGE", "STAGE"];

/// A builder for a [`Session`], returned by [`Session::builder`].
///
/// Timeouts are independent. The first to expire ends the call.
///
/// ```
/// use std::time::Duration;
///
/// use press_specs::{Session, Stage};
///
/// let builder = Session::builder().auth_token("my-token").stage(Stage::Beta);
/// let session = builder.timeout(Duration::from_secs(5)).build()?;
/// assert_eq!(session.base_url(), "https://press.beta.peak.ai");
/// # Ok::<(), press_specs::Error>(())
/// ```
#[derive(Clone, Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct SessionBuilder {
    credentials: Option<Source>,
    stage: Option<Stage>,
    base_url: Option<String>,
    allow_insecure_http: bool,
    user_agent: Option<String>,
    /// The reason the first invalid header cannot be added.
    bad_header: Option<String>,
    http_client: Option<reqwest::Client>,
    settings: Settings,
}

/// The source of the token.
#[derive(Clone)]
enum Source {
    Token(Result<Token, &'static str>),
    Function(TokenFn),
}

impl SessionBuilder {
    /// Sets the token: an API key or a `Bearer …` token, sent as given. Defaults to the token in
    /// the environment.
    pub fn auth_token(mut self, token: impl Into<String>) -> Self {
        self.credentials = Some(Source::Token(Token::new(&token.into())));
        self
    }

    /// Sets a function that returns the token, for tokens that expire. It replaces
    /// [`auth_token`](Self::auth_token).
    ///
    /// The session calls it when it has no token. If the service rejects a token with status 401,
    /// even one from [`Session::set_auth_token`], the session calls it once more and retries the
    /// request. Requests of one Tokio runtime that wait for a token share one call. Waiting counts
    /// toward the total timeout of a request. The call continues even if those requests are
    /// dropped. It is canceled after the session's total timeout or one minute, whichever is
    /// longer.
    ///
    /// If it fails, panics or returns a token that cannot be sent, requests fail with
    /// [`ErrorKind::Credentials`]. Such an error is retryable if the function returned `Err`.
    ///
    /// The function must not block. On the [blocking client](crate::blocking) it runs on the
    /// background thread that all blocking clients share: a function that blocks delays all of
    /// them, and their total timeouts expire late. A blocking call inside it returns
    /// [`ErrorKind::InvalidConfiguration`]; use the async client there.
    ///
    /// The future must own what it uses: clone an `Arc` into it, as in `move ||
    /// Arc::clone(&vault).log_in()` with `async fn log_in(self: Arc<Self>)`; see the
    /// [example](crate#sessions).
    pub fn auth_token_fn<F, Fut, E>(mut self, function: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>> + 'static,
    {
        self.credentials =
            Some(Source::Function(Arc::new(move || function().map_err(Into::into).boxed())));
        self
    }

    /// Sets the stage of the platform. Defaults to the stage in the environment, or else to
    /// [`Stage::Prod`].
    pub fn stage(mut self, stage: Stage) -> Self {
        self.stage = Some(stage);
        self
    }

    /// Sets the base URL of the API, for example a gateway's, instead of a stage. It may have a
    /// path.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Allows plain `http://` to other machines, which sends the token unencrypted.
    ///
    /// Defaults to `false`, which allows `http://` for loopback addresses only.
    pub fn allow_insecure_http(mut self, allow: bool) -> Self {
        self.allow_insecure_http = allow;
        self
    }

    /// Adds a header to every request, for example a tenant ID. It replaces a header of the same
    /// name.
    ///
    /// The value never appears in errors, logs or `Debug` output. [`build`](Self::build) fails if
    /// the name or the value is not a valid header, or if the name is `Authorization`.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        if let Err(bad) = headers::insert(&mut self.settings.headers, name.as_ref(), value.as_ref())
        {
            self.bad_header.get_or_insert(bad);
        }
        self
    }

    /// Sets a function that is called with the headers of each attempt, inside its span, for
    /// example to propagate `traceparent`.
    ///
    /// It runs after all other headers are set, except `Authorization`, which it neither sees nor
    /// changes.
    ///
    /// The function must not block. On the [blocking client](crate::blocking) it runs on the
    /// background thread that all blocking clients share: a function that blocks delays all of
    /// them, and their total timeouts expire late. A blocking call inside it returns
    /// [`ErrorKind::InvalidConfiguration`].
    ///
    /// ```
    /// use press_specs::{Session, reqwest::header::HeaderValue};
    ///
    /// let session = Session::builder()
    ///     .auth_token("my-token")
    ///     .on_request(|headers| {
    ///         headers.insert("x-caller", HeaderValue::from_static("billing"));
    ///     })
    ///     .build()?;
    /// # Ok::<(), press_specs::Error>(())
    /// ```
    pub fn on_request(mut self, function: impl Fn(&mut HeaderMap) + Send + Sync + 'static) -> Self {
        self.settings.on_request = Some(Arc::new(function));
        self
    }

    /// Sets the timeout of one attempt, including its body. Defaults to 30 seconds.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.settings.limits.attempt = limit;
        self
    }

    /// Sets the timeout for connecting. Defaults to 10 seconds. It does not apply to a custom
    /// client.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.settings.limits.connect = limit;
        self
    }

    /// Sets the timeout of a call, including retries, the delays between them, and waiting for
    /// credentials. In a stream, each page is a separate call. Defaults to 120 seconds.
    pub fn total_timeout(mut self, limit: Duration) -> Self {
        self.settings.limits.total = limit;
        self
    }

    /// Sets the retry policy. Defaults to [`RetryPolicy::default`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.settings.policy = policy;
        self
    }

    /// Sets the maximum length of a response body in bytes, before and after decompression. A
    /// longer one is [`ErrorKind::InvalidResponse`]. Defaults to 8 MiB, which fits pages of
    /// 1,000 items.
    ///
    /// A stream holds up to [`concurrency`](crate::ListRequest::concurrency) pages of this length.
    /// See [`reliability`](crate::reliability) for their memory use.
    pub fn max_response_bytes(mut self, bytes: u64) -> Self {
        self.settings.max_response_bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        self
    }

    /// Sets the `User-Agent` header. Defaults to `press-specs/` and the version.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// Uses a custom `reqwest::Client`, for proxies, client certificates or additional root
    /// certificates.
    ///
    /// The crate is re-exported as [`press_specs::reqwest`](https://docs.rs/reqwest). The session
    /// still sends the token, limits attempts, calls and bodies, and retries. Everything else is up
    /// to the client: connect and read timeouts, redirects and their headers, cookies, proxies, and
    /// `User-Agent` unless [`user_agent`](Self::user_agent) is set. Disable its own retries
    /// (`reqwest::retry::never()`), so that each request is counted.
    ///
    /// Its connections belong to the Tokio runtime that uses it: use one client per runtime.
    /// Sessions on the same runtime can [share a client](crate#sessions).
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.http_client = Some(client);
        self
    }

    /// Creates the session. Values that are not set come from the environment, then from the
    /// defaults. Also reads the system's root certificates.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::MissingEnvironmentVariable`] if there is no token, and
    /// [`ErrorKind::InvalidConfiguration`] if
    ///
    /// - the token is empty or contains characters that are not allowed in a header,
    /// - the stage in the environment is unknown,
    /// - the base URL is not an `http` or `https` URL, or is plain `http` to another machine,
    /// - the user agent or a header cannot be sent, or
    /// - TLS cannot be set up.
    pub fn build(self) -> Result<Session, Error> {
        if let Some(reason) = self.bad_header {
            return Err(Error::configuration("`header`", reason));
        }
        let mut settings = self.settings;
        let credentials = credentials(self.credentials, settings.limits.total)?;
        let base_url = match self.base_url {
            Some(url) => url,
            None => stage(self.stage)?.base_url(),
        };
        let url = base_url::parse(&base_url, self.allow_insecure_http)?;
        if let Some(user_agent) = user_agent(self.user_agent, self.http_client.is_none())? {
            let headers = Arc::make_mut(&mut settings.headers);
            headers.entry(header::USER_AGENT).or_insert(user_agent);
        }
        let source = match self.http_client {
            Some(client) => ClientSource::Custom(client),
            None => ClientSource::built_in(ClientSettings {
                connect_timeout: settings.limits.connect,
                tls: tls::configure(url.scheme() == "https")?,
                proxy: !base_url::is_loopback(&url),
            })?,
        };
        let origin = url.origin().ascii_serialization();
        let inner = Inner {
            base_url: url.as_str().trim_end_matches('/').to_owned(),
            #[cfg(feature = "tracing")]
            url,
            origin,
            credentials,
            runtimes: Runtimes::new(source),
            settings,
            retries: RetryState::default(),
        };
        Ok(Session { inner: Arc::new(inner) })
    }
}

/// Returns the credentials that were set, or the token in the environment.
fn credentials(source: Option<Source>, total: Duration) -> Result<Arc<Credentials>, Error> {
    let token = match source {
        Some(Source::Function(function)) => {
            return Ok(Credentials::new(None, Some(function), total));
        }
        Some(Source::Token(token)) => {
            token.map_err(|reason| Error::configuration("`auth_token`", reason))?
        }
        None => token_in_environment()?,
    };
    Ok(Credentials::new(Some(token), None, total))
}

fn token_in_environment() -> Result<Token, Error> {
    let Some((name, token)) = first(&TOKEN_VARIABLES)? else {
        let [name, other] = TOKEN_VARIABLES;
        let message = format!("the environment variable {name} (or {other}) is not set");
        return Err(Error::new(ErrorKind::MissingEnvironmentVariable, message));
    };
    Token::new(&token)
        .map_err(|reason| Error::configuration(&format!("the token in {name}"), reason))
}

/// Returns the stage that was set, the one in the environment, or the default.
fn stage(stage: Option<Stage>) -> Result<Stage, Error> {
    if let Some(stage) = stage {
        return Ok(stage);
    }
    match first(&STAGE_VARIABLES)? {
        Some((variable, name)) => stage::from_variable(&name, variable),
        None => Ok(Stage::default()),
    }
}

/// Returns the `User-Agent` header. Custom clients use their own by default.
fn user_agent(value: Option<String>, is_built_in: bool) -> Result<Option<HeaderValue>, Error> {
    const OWN: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
    let Some(value) = value else {
        return Ok(is_built_in.then(|| HeaderValue::from_static(OWN)));
    };
    match HeaderValue::try_from(&value) {
        Ok(value) => Ok(Some(value)),
        Err(_) => Err(Error::configuration("`user_agent`", headers::invalid_value(&value))),
    }
}

impl fmt::Debug for SessionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionBuilder")
            .field("stage", &self.stage)
            .field("limits", &self.settings.limits)
            .field("retry", &self.settings.policy)
            .finish_non_exhaustive()
    }
}

/// Returns the first variable that is set and not empty, with its value.
fn first<'a>(names: &[&'a str]) -> Result<Option<(&'a str, String)>, Error> {
    for &name in names {
        match env::var(name) {
            Ok(value) if !value.is_empty() => return Ok(Some((name, value))),
            Ok(_) | Err(VarError::NotPresent) => {}
            Err(VarError::NotUnicode(_)) => {
                return Err(Error::configuration(
                    &format!("the environment variable {name}"),
                    "is not valid Unicode",
                ));
            }
        }
    }
    Ok(None)
}
