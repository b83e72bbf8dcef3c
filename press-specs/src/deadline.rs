//! When a call has taken too long.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Wake, Waker},
    time::Duration,
};

use tokio::time::{self, Instant};

use crate::error::{Error, ErrorKind};

/// The time that counts for the limits of a call: that in which somebody waits for it.
///
/// The pages that a walk fetches ahead are not driven while its consumer is busy with the page before. What has arrived
/// lies there until then, and a limit that counts that time would fail a page for which the server was quick.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock(Arc<Mutex<Attention>>);

#[derive(Debug, Default)]
struct Attention {
    /// Whom to wake.
    waker: Option<Waker>,
    /// Since when there is something to do.
    woken: Option<Instant>,
    /// For how long there was something to do and nobody did it.
    unattended: Duration,
}

impl Clock {
    /// Drives `future` and notes how long it was left alone.
    pub(crate) async fn attend<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let waker = Waker::from(Arc::new(self.clone()));
        poll_fn(|cx| {
            self.attended(cx);
            future.as_mut().poll(&mut Context::from_waker(&waker))
        })
        .await
    }

    fn attended(&self, cx: &Context<'_>) {
        let mut attention = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut attention.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        if let Some(woken) = attention.woken.take() {
            attention.unattended += woken.elapsed();
        }
    }

    fn unattended(&self) -> Duration {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).unattended
    }
}

impl Wake for Clock {
    fn wake(self: Arc<Self>) {
        let waker = {
            let mut attention = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            attention.woken.get_or_insert_with(Instant::now);
            attention.waker.clone()
        };
        // Outside of the lock: waking may poll at once.
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// When a limit expires.
#[derive(Clone, Debug)]
pub(crate) struct Deadline {
    limit: Limit,
    duration: Duration,
    clock: Clock,
    /// Without the time that does not count; `None`: later than any clock can tell.
    at: Option<Instant>,
}

/// A limit of the session.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    /// One request with its response.
    Attempt,
    /// A whole call.
    Total,
}

impl Deadline {
    pub(crate) fn after(limit: Limit, duration: Duration, clock: &Clock) -> Self {
        // Less what did not count until now, since all of that is added again.
        let at = Instant::now()
            .checked_add(duration)
            .and_then(|at| at.checked_sub(clock.unattended()));
        Self {
            limit,
            duration,
            clock: clock.clone(),
            at,
        }
    }

    /// The one that expires first.
    pub(crate) fn first<'a>(&'a self, other: &'a Self) -> &'a Self {
        match (self.at, other.at) {
            (Some(at), Some(other_at)) if at > other_at => other,
            (None, _) => other,
            _ => self,
        }
    }

    /// Whether there is something left after `delay`.
    pub(crate) fn allows(&self, delay: Duration) -> bool {
        match (self.expiry(), Instant::now().checked_add(delay)) {
            (None, _) => true,
            (Some(expiry), Some(then)) => then < expiry,
            (Some(_), None) => false,
        }
    }

    /// Waits for `future` until the limit expires.
    pub(crate) async fn limit<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        while let Some(expiry) = self.expiry() {
            match time::timeout_at(expiry, future.as_mut()).await {
                Ok(output) => return Some(output),
                // Some of the time did not count.
                Err(_) if self.expiry().is_none_or(|expiry| Instant::now() < expiry) => {}
                Err(_) => return None,
            }
        }
        Some(future.await)
    }

    /// The error for a limit that expired.
    pub(crate) fn error(&self) -> Error {
        let (what, setting) = match self.limit {
            Limit::Attempt => ("request", "timeout"),
            Limit::Total => ("call", "total timeout"),
        };
        Error::new(
            ErrorKind::Timeout,
            format!("the {what} took longer than the {setting} of {:?}", self.duration),
        )
    }

    fn expiry(&self) -> Option<Instant> {
        self.at?.checked_add(self.clock.unattended())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn the_first_limit_wins() {
        let clock = Clock::default();
        let short = Deadline::after(Limit::Attempt, SECOND, &clock);
        let long = Deadline::after(Limit::Total, 2 * SECOND, &clock);
        let never = Deadline::after(Limit::Total, Duration::MAX, &clock);
        for (a, b) in [(&short, &long), (&long, &short), (&short, &never), (&never, &short)] {
            assert_eq!(a.first(b).duration, SECOND);
        }
        assert_eq!(short.limit(time::sleep(2 * SECOND)).await, None);
        assert_eq!(long.limit(time::sleep(SECOND / 2)).await, Some(()));
        assert!(never.allows(Duration::MAX) && !short.allows(Duration::ZERO));
        assert_eq!(never.limit(async { 1 }).await, Some(1));
    }

    #[tokio::test(start_paused = true)]
    async fn time_without_attention_does_not_count() {
        for (rest, in_time) in [(4 * SECOND, true), (6 * SECOND, false)] {
            let clock = Clock::default();
            let deadline = Deadline::after(Limit::Attempt, 15 * SECOND, &clock);
            let mut call = Box::pin(clock.attend(deadline.limit(async {
                time::sleep(10 * SECOND).await;
                time::sleep(rest).await;
            })));
            assert!(futures_util::poll!(&mut call).is_pending());
            time::advance(10 * SECOND).await;
            time::advance(90 * SECOND).await;
            assert_eq!(call.await.is_some(), in_time, "{rest:?}");
        }
    }
}
