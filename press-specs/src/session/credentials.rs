//! Credentials of a session: a token, and optionally a function that returns a new one.

use std::{
    error::Error as StdError,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures_util::{FutureExt as _, future::BoxFuture};
use tokio::sync::OwnedMutexGuard;

use crate::{
    error::{Error, ErrorKind},
    session::token::Token,
    timeout::{Deadline, Limit},
    trace,
};

type BoxError = Box<dyn StdError + Send + Sync>;

/// A function that returns a token.
pub(crate) type TokenFn =
    Arc<dyn Fn() -> BoxFuture<'static, Result<String, BoxError>> + Send + Sync>;

/// The lock held while the callers of one runtime renew the token. It holds the latest failure.
pub(crate) type Renewal = Arc<tokio::sync::Mutex<Option<TokenFailure>>>;

/// The credentials of a session.
pub(crate) struct Credentials {
    tokens: Mutex<Tokens>,
    function: Option<TokenFn>,
    /// The time after which a call to the function is canceled.
    limit: Duration,
}

#[derive(Default)]
struct Tokens {
    current: Option<Token>,
    /// The previous token, which a server may still echo.
    former: Option<Token>,
}

/// A failed call to the function.
#[derive(Clone)]
pub(crate) struct TokenFailure {
    reason: String,
    source: Option<Arc<dyn StdError + Send + Sync>>,
    /// `true` if another call would fail in the same way.
    permanent: bool,
    ended: Instant,
}

impl Credentials {
    /// `total_timeout` is a setting of the session.
    pub(crate) fn new(
        token: Option<Token>,
        function: Option<TokenFn>,
        total_timeout: Duration,
    ) -> Arc<Self> {
        const SHORTEST_LIMIT: Duration = Duration::from_secs(60);
        let tokens = Mutex::new(Tokens { current: token, former: None });
        Arc::new(Self { tokens, function, limit: total_timeout.max(SHORTEST_LIMIT) })
    }

    /// Replaces the token.
    pub(crate) fn set(&self, token: Token) {
        self.tokens().replace(token);
    }

    /// Returns the token, calling the function if there is none.
    ///
    /// Callers waiting on the same runtime share one call. It runs as a task, so it completes even
    /// if its caller is dropped.
    pub(crate) async fn token(self: &Arc<Self>, renewal: &Renewal) -> Result<Token, Error> {
        if let Some(token) = &self.tokens().current {
            return Ok(token.clone());
        }
        let started = Instant::now();
        let last_failure = Arc::clone(renewal).lock_owned().await;
        if let Some(token) = &self.tokens().current {
            return Ok(token.clone());
        }
        if let Some(failure) = last_failure.as_ref()
            && failure.ended > started
        {
            return Err(failure.to_error());
        }
        let renewing = Arc::clone(self).renew(last_failure);
        match tokio::spawn(trace::with_subscriber(renewing)).await {
            Ok(Ok(token)) => Ok(token),
            Ok(Err(failure)) => Err(failure.to_error()),
            Err(_) => Err(Error::no_runtime()),
        }
    }

    /// Discards a token that the service rejected. Returns `true` if another one can be obtained.
    pub(crate) fn discard(&self, rejected: &Token) -> bool {
        let mut tokens = self.tokens();
        if tokens.current.as_ref() != Some(rejected) {
            return true;
        }
        if self.function.is_none() {
            return false;
        }
        tokens.former = tokens.current.take();
        true
    }

    /// Returns `true` if the session has an `auth_token_fn`.
    pub(crate) fn has_function(&self) -> bool {
        self.function.is_some()
    }

    /// Returns `text` without the tokens, which a server may have echoed.
    pub(crate) fn redact(&self, text: &str) -> String {
        let tokens = self.tokens();
        let mut text = text.to_owned();
        for token in tokens.current.iter().chain(&tokens.former) {
            text = token.redact(&text);
        }
        text
    }

    /// Calls the function and stores its token. Waiting callers continue when the lock is released.
    async fn renew(
        self: Arc<Self>,
        mut last_failure: OwnedMutexGuard<Option<TokenFailure>>,
    ) -> Result<Token, TokenFailure> {
        match self.call_function().await {
            Ok(token) => {
                let mut tokens = self.tokens();
                // A token that was set while the function ran is newer.
                Ok(tokens.current.clone().unwrap_or_else(|| tokens.replace(token)))
            }
            Err(failure) => {
                *last_failure = Some(failure.clone());
                Err(failure)
            }
        }
    }

    async fn call_function(&self) -> Result<Token, TokenFailure> {
        let Some(function) = self.function.clone() else {
            return Err(TokenFailure::permanent("is not set"));
        };
        let call = AssertUnwindSafe(async move { function().await }).catch_unwind();
        let text = match Deadline::after(Limit::Total, self.limit).limit(call).await {
            Ok(Ok(Ok(text))) => text,
            Ok(Ok(Err(error))) => return Err(TokenFailure::temporary("failed", Some(error))),
            Ok(Err(_)) => return Err(TokenFailure::permanent("panicked")),
            Err(_) => {
                let reason = format!("took longer than {:?}", self.limit);
                return Err(TokenFailure::temporary(reason, None));
            }
        };
        Token::new(&text).map_err(|reason| {
            TokenFailure::permanent(format!("returned a token that cannot be sent: it {reason}"))
        })
    }

    fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tokens {
    fn replace(&mut self, token: Token) -> Token {
        if let Some(former) = self.current.replace(token.clone()) {
            self.former = Some(former);
        }
        token
    }
}

impl TokenFailure {
    fn temporary(reason: impl Into<String>, source: Option<BoxError>) -> Self {
        let source = source.map(Arc::from);
        Self { reason: reason.into(), source, permanent: false, ended: Instant::now() }
    }

    fn permanent(reason: impl Into<String>) -> Self {
        Self { permanent: true, ..Self::temporary(reason, None) }
    }

    fn to_error(&self) -> Error {
        let message = format!("`auth_token_fn` {}", self.reason);
        let mut error = Error::new(ErrorKind::Credentials, message);
        if let Some(source) = &self.source {
            error = error.with_shared_source(Arc::clone(source));
        }
        if self.permanent { error.permanent() } else { error }
    }
}
