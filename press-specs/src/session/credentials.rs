//! Credentials of a session: a token that can be replaced, or a function that returns one.

use std::{
    error::Error as StdError,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared, WeakShared},
};
use tokio::task::JoinSet;

use crate::{
    error::{Error, ErrorKind},
    session::token::Token,
};

type BoxError = Box<dyn StdError + Send + Sync>;
type Answer = Result<Token, Refusal>;

/// A function that returns a token.
pub(crate) type TokenFn =
    Arc<dyn Fn() -> BoxFuture<'static, Result<String, BoxError>> + Send + Sync>;

/// The credentials of a session.
pub(crate) struct Credentials {
    state: Mutex<State>,
    function: Option<TokenFn>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    /// `true` if the function returned the token.
    returned: bool,
    /// The token before, which a server may still repeat.
    former: Option<Token>,
    /// The call of the function that is under way.
    call: Option<WeakShared<BoxFuture<'static, Answer>>>,
}

impl State {
    fn set(&mut self, token: Token, returned: bool) {
        if let Some(former) = self.token.replace(token) {
            self.former = Some(former);
        }
        self.returned = returned;
    }
}

impl Credentials {
    pub(crate) fn new(token: Option<Token>, function: Option<TokenFn>) -> Arc<Self> {
        Arc::new(Self { state: Mutex::new(State { token, ..State::default() }), function })
    }

    /// Replaces the token.
    pub(crate) fn set(&self, token: Token) {
        self.state().set(token, false);
    }

    /// Returns the token, or the one that the function returns. All that wait share one call of it.
    pub(crate) async fn token(self: &Arc<Self>) -> Result<Token, Error> {
        let call = {
            let mut state = self.state();
            if let Some(token) = &state.token {
                return Ok(token.clone());
            }
            let under_way = state.call.as_ref().and_then(WeakShared::upgrade);
            under_way.unwrap_or_else(|| {
                let call = self.call();
                state.call = call.downgrade();
                call
            })
        };
        call.await.map_err(Refusal::into_error)
    }

    /// Returns `true` if there is another token than `refused`, or a function to get one from,
    /// after a response with status 401.
    pub(crate) fn renew(&self, refused: &Token) -> bool {
        let mut state = self.state();
        match &state.token {
            Some(token) if token != refused => true,
            Some(_) if state.returned => {
                state.former = state.token.take();
                true
            }
            Some(_) => false,
            None => true,
        }
    }

    /// Returns `text` without the tokens, which a server may have repeated.
    pub(crate) fn redact(&self, text: &str) -> String {
        let state = self.state();
        let tokens = state.token.iter().chain(&state.former);
        tokens.fold(text.to_owned(), |text, token| token.redact(&text))
    }

    /// Calls the function in a task of its own, which ends when nobody waits any more.
    fn call(self: &Arc<Self>) -> Shared<BoxFuture<'static, Answer>> {
        let this = Arc::clone(self);
        let mut task = JoinSet::new();
        if let Some(function) = self.function.clone() {
            task.spawn(async move { function().await });
        }
        let answer = async move {
            let text = match task.join_next().await {
                Some(Ok(Ok(text))) => text,
                Some(Ok(Err(error))) => return Err(Refusal::new("failed", Some(error))),
                Some(Err(error)) if error.is_panic() => return Err(Refusal::new("panicked", None)),
                Some(Err(_)) | None => {
                    return Err(Refusal::new("was stopped with its Tokio runtime", None));
                }
            };
            let token = Token::new(&text).map_err(|bad| {
                Refusal::new("returned a token that cannot be sent", Some(bad.to_string().into()))
            })?;
            let mut state = this.state();
            // A token that was set meanwhile is newer.
            if state.token.is_none() {
                state.set(token, true);
            }
            state.token.clone().ok_or_else(|| Refusal::new("returned no token", None))
        };
        answer.boxed().shared()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The failure of the function, told to each that waited.
#[derive(Clone)]
struct Refusal {
    reason: &'static str,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Refusal {
    fn new(reason: &'static str, source: Option<BoxError>) -> Self {
        Self { reason, source: source.map(Arc::from) }
    }

    fn into_error(self) -> Error {
        let error = Error::new(ErrorKind::Credentials, format!("`auth_token_fn` {}", self.reason));
        match self.source {
            Some(source) => error.with_shared_source(source),
            None => error,
        }
    }
}
