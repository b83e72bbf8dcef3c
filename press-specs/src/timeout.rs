//! Time limits of attempts and calls.

use std::{pin::pin, time::Duration};

use tokio::time::{self, Instant};

use crate::error::{Error, ErrorKind};

/// The time at which a limit expires.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    limit: Limit,
    duration: Duration,
    /// `None` is later than any clock can tell.
    at: Option<Instant>,
}

/// A limit of the session or of the request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    /// One request with its response.
    Attempt,
    /// A whole call.
    Total,
}

impl Deadline {
    pub(crate) fn after(limit: Limit, duration: Duration) -> Self {
        Self { limit, duration, at: Instant::now().checked_add(duration) }
    }

    /// Returns the deadline that expires first.
    pub(crate) fn first(self, other: Self) -> Self {
        match (self.at, other.at) {
            (Some(at), Some(other_at)) if at > other_at => other,
            (None, _) => other,
            _ => self,
        }
    }

    pub(crate) fn at(self) -> Option<Instant> {
        self.at
    }

    /// Returns the time that is left; `None` without an end.
    pub(crate) fn left(self) -> Option<Duration> {
        self.at.map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// Waits for `future` until the deadline.
    pub(crate) async fn limit<F: Future>(self, future: F) -> Result<F::Output, Error> {
        let future = pin!(future);
        match self.at {
            Some(at) => time::timeout_at(at, future).await.map_err(|_| self.error()),
            None => Ok(future.await),
        }
    }

    /// Returns the error for a limit that expired.
    pub(crate) fn error(self) -> Error {
        let (what, setting) = match self.limit {
            Limit::Attempt => ("request", "timeout"),
            Limit::Total => ("call", "total timeout"),
        };
        Error::new(ErrorKind::Timeout, format!("the {what} took longer than the {setting} of {:?}", self.duration))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn the_first_limit_wins() {
        let short = Deadline::after(Limit::Attempt, SECOND);
        let long = Deadline::after(Limit::Total, 2 * SECOND);
        let never = Deadline::after(Limit::Total, Duration::MAX);
        for (a, b) in [(short, long), (long, short), (short, never), (never, short)] {
            assert_eq!(a.first(b).duration, SECOND);
        }
        assert_eq!(short.left(), Some(SECOND));
        assert!(short.limit(time::sleep(2 * SECOND)).await.is_err());
        assert!(long.limit(time::sleep(SECOND / 2)).await.is_ok());
        assert_eq!(short.left(), Some(Duration::ZERO));
        assert_eq!((never.left(), never.limit(async { 1 }).await.ok()), (None, Some(1)));
    }
}
