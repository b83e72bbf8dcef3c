//! Retry policy, delays, and the state that the calls of a session share. Does no I/O and does not
//! sleep.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use crate::error::{Error, ErrorKind};

/// The policy for retrying failed requests.
///
/// Retried are responses with status 408, 429, 500, 502, 503 or 504, failed connections, attempts
/// that time out and bodies that are cut off. All operations of this crate only read, so a retry
/// changes nothing on the server.
///
/// The delay before a retry is random between zero and a bound that starts at
/// [`initial_delay`](Self::initial_delay) and doubles up to [`max_delay`](Self::max_delay). If the
/// response has a `Retry-After` header, the delay is at least that long. If that is longer than
/// what is left of the total timeout, the call fails at once.
///
/// A response with status 429 and `Retry-After` does not count as an attempt: only the total
/// timeout limits how often such a request is sent again. It also delays the other requests of the
/// session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    max_attempts: u32,
    initial_delay: Duration,
    max_delay: Duration,
}

impl Default for RetryPolicy {
    /// Returns a policy with 4 attempts, a first delay of up to 500 ms and a longest delay of 20 s.
    fn default() -> Self {
        Self {
            max_attempts: 4,
            initial_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(20),
        }
    }
}

impl RetryPolicy {
    /// Returns a policy that never retries.
    pub fn none() -> Self {
        Self::default().max_attempts(1)
    }

    /// Sets the number of requests that one call may send, the first included; 0 counts as 1.
    /// Defaults to 4.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// Sets the upper bound of the first delay. Defaults to 500 ms.
    pub fn initial_delay(mut self, delay: Duration) -> Self {
        self.initial_delay = delay;
        self
    }

    /// Sets the upper bound of every delay. Defaults to 20 s. A longer `Retry-After` still applies.
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// Returns the upper bound of the delay before the given retry, counted from 0.
    fn bound(&self, retry: u32) -> Duration {
        let factor = 1_u32.checked_shl(retry).unwrap_or(u32::MAX);
        self.initial_delay.saturating_mul(factor).min(self.max_delay)
    }
}

/// The retry state that all calls of a session share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    budget: Budget,
    pause: Pause,
}

impl Shared {
    /// Starts the retries of one call.
    pub(crate) fn call<'a>(&'a self, policy: &'a RetryPolicy) -> Retries<'a> {
        Retries { shared: self, policy, counted: 0 }
    }

    /// Returns the rest of the pause that the server asked for, if it fits into `left`.
    pub(crate) fn pause(&self, left: Duration) -> Option<Duration> {
        self.pause.rest().filter(|rest| *rest < left)
    }
}

/// The retries of one call.
#[derive(Debug)]
pub(crate) struct Retries<'a> {
    shared: &'a Shared,
    policy: &'a RetryPolicy,
    counted: u32,
}

impl Retries<'_> {
    /// Returns the delay before the request is sent again after `error`; `None` if it is not.
    ///
    /// `left` is what is left of the total timeout. A request that is not `safe` may have changed
    /// something on the server, unless the server refused it.
    pub(crate) fn delay(&mut self, error: &Error, safe: bool, left: Duration) -> Option<Duration> {
        let limited = error.kind() == ErrorKind::TooManyRequests;
        let wish = error
            .response()
            .and_then(|response| response.retry_after())
            .filter(|wish| !wish.is_zero());
        let scheduled = wish.filter(|_| limited);
        if let Some(wish) = scheduled {
            self.shared.pause.until(wish);
        }
        if self.policy.max_attempts <= 1 || !error.is_retryable() || !(safe || limited) {
            return None;
        }
        if let Some(wish) = scheduled {
            return (wish < left).then(|| jittered(wish, left));
        }
        if self.counted >= self.policy.max_attempts - 1 {
            return None;
        }
        let delay = random(self.policy.bound(self.counted));
        self.counted += 1;
        match wish {
            Some(wish) => (wish < left).then(|| jittered(wish.max(delay), left)),
            None => (delay < left && self.shared.budget.withdraw()).then_some(delay),
        }
    }

    /// Notes that the call succeeded.
    pub(crate) fn succeeded(&self) {
        self.shared.budget.deposit(self.counted > 0);
    }
}

/// The time until which the server asked for no requests.
#[derive(Debug, Default)]
struct Pause(Mutex<Option<(Instant, Duration)>>);

impl Pause {
    fn until(&self, wish: Duration) {
        let Some(end) = Instant::now().checked_add(wish) else {
            return;
        };
        let mut pause = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pause.is_none_or(|(former, _)| former < end) {
            *pause = Some((end, wish));
        }
    }

    fn rest(&self) -> Option<Duration> {
        let (end, wish) = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        let rest = end.checked_duration_since(Instant::now()).filter(|rest| !rest.is_zero())?;
        Some(rest.saturating_add(random(spread(wish))))
    }
}

/// `wish` and a random time more, so that requests that were refused together do not return
/// together.
fn jittered(wish: Duration, left: Duration) -> Duration {
    let room = left.saturating_sub(wish) / 2;
    wish.saturating_add(random(spread(wish).min(room)))
}

fn spread(wish: Duration) -> Duration {
    (wish / 2).min(Duration::from_secs(5))
}

fn random(bound: Duration) -> Duration {
    Duration::try_from_secs_f64(bound.as_secs_f64() * fastrand::f64()).unwrap_or(bound).min(bound)
}

/// The tokens that all calls of a session have spent on retries. A service that is down soon gets
/// one request per call.
#[derive(Debug, Default)]
struct Budget(AtomicU32);

impl Budget {
    const FULL: u32 = 500;
    const RETRY: u32 = 5;
    const FIRST_SUCCESS: u32 = 1;

    /// Pays for a retry; `false` when the budget is used up.
    fn withdraw(&self) -> bool {
        let pay = |spent: u32| Some(spent + Self::RETRY).filter(|spent| *spent <= Self::FULL);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, pay).is_ok()
    }

    /// Gives back the price of the retry that led to a success, or a token for a success without
    /// one.
    fn deposit(&self, retried: bool) {
        let earned = if retried { Self::RETRY } else { Self::FIRST_SUCCESS };
        let put = |spent: u32| Some(spent.saturating_sub(earned));
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, put);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_the_longest_and_are_jittered() {
        let policy = RetryPolicy::default()
            .max_attempts(40)
            .initial_delay(Duration::from_millis(100))
            .max_delay(Duration::from_secs(1));
        let bounds: Vec<_> = (0..6).map(|retry| policy.bound(retry).as_millis()).collect();
        assert_eq!(bounds, [100, 200, 400, 800, 1000, 1000]);
        let second = Duration::from_secs(1);
        let delays: Vec<_> = (0..20).map(|_| random(second)).collect();
        assert!(delays.iter().all(|delay| *delay <= second));
        assert!(delays.iter().any(|delay| *delay != delays[0]), "no jitter in {delays:?}");
        // After a wish of the server too, but not beyond half of the time that is left.
        let delays: Vec<_> = (0..20).map(|_| jittered(second, second * 6 / 5)).collect();
        assert!(
            delays.iter().all(|delay| (second..=second * 11 / 10).contains(delay)),
            "{delays:?}"
        );
        assert!(delays.iter().any(|delay| *delay != delays[0]), "no jitter in {delays:?}");
    }

    #[test]
    fn extreme_policies_do_not_panic() {
        for (initial, max) in [
            (Duration::ZERO, Duration::ZERO),
            (Duration::MAX, Duration::MAX),
            (Duration::MAX, Duration::ZERO),
            (Duration::ZERO, Duration::MAX),
        ] {
            let policy =
                RetryPolicy::default().max_attempts(0).initial_delay(initial).max_delay(max);
            for retry in [0, 1, 31, 32, u32::MAX] {
                assert!(random(policy.bound(retry)) <= max);
            }
        }
        assert!(jittered(Duration::MAX, Duration::MAX) == Duration::MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_delays_all_and_their_return_is_spread() {
        let shared = Shared::default();
        assert_eq!(shared.pause(Duration::MAX), None);
        let wish = Duration::from_secs(4);
        shared.pause.until(wish);
        shared.pause.until(wish / 2);
        let rests: Vec<_> = (0..20).filter_map(|_| shared.pause(Duration::MAX)).collect();
        assert!(rests.iter().all(|rest| (wish..=wish * 3 / 2).contains(rest)), "{rests:?}");
        assert!(rests.iter().any(|rest| *rest != rests[0]));
        assert_eq!(shared.pause(wish), None, "no pause that ends after the call");
        tokio::time::advance(wish).await;
        assert_eq!(shared.pause(Duration::MAX), None);
    }
}
