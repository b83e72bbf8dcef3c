//! Timeouts of attempts and calls.

use std::time::Duration;

use tokio::time::{self, Instant, Timeout};

use crate::error::{Error, ErrorKind};

/// The time at which a timeout expires.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    limit: Limit,
    duration: Duration,
    pub(crate) at: Instant,
}

/// A timeout of the session or of the request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    /// One request with its response.
    Attempt,
    /// A whole call.
    Total,
}

impl Deadline {
    pub(crate) fn after(limit: Limit, duration: Duration) -> Self {
        // `Instant` can overflow; 30 years is enough.
        const NEVER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
        Self { limit, duration, at: Instant::now() + duration.min(NEVER) }
    }

    /// Returns the deadline that expires first.
    pub(crate) fn first(self, other: Self) -> Self {
        if self.at > other.at { other } else { self }
    }

    /// Returns the remaining time.
    pub(crate) fn left(self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// Waits for `future` until the deadline.
    pub(crate) fn limit<F: Future>(self, future: F) -> Timeout<F> {
        time::timeout_at(self.at, future)
    }

    /// Returns the error for an expired timeout.
    pub(crate) fn error(self) -> Error {
        let (what, setting) = match self.limit {
            Limit::Attempt => ("request", "timeout"),
            Limit::Total => ("call", "total timeout"),
        };
        let message = format!("the {what} took longer than the {setting} of {:?}", self.duration);
        Error::new(ErrorKind::Timeout, message)
    }

    /// Returns the error for a timeout that expired while waiting for a token.
    pub(crate) fn credentials_error(self) -> Error {
        let message = format!(
            "`auth_token_fn` did not return within the total timeout of {:?}; check the function, \
             or raise the timeout",
            self.duration
        );
        Error::new(ErrorKind::Timeout, message).with_advice_in_message()
    }
}
