//! Retry policy, backoff, retry budget and rate limit. Does no I/O and doesn't sleep.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use crate::error::{Error, ErrorKind};

/// Retry policy for requests.
///
/// Requests are retried after a response with status 408, 425, 429, 500, 502, 503, 504, 520 to 524
/// or 529, after a failed or broken connection, and after an attempt that timed out. All operations
/// of this crate only read, so a retry changes nothing on the server.
///
/// The delay before a retry is random, between zero and a bound that starts at
/// [`initial_delay`](Self::initial_delay) and doubles up to [`max_delay`](Self::max_delay). If the
/// response has a `Retry-After` header, the delay is at least that long; `Retry-After: 0` counts as
/// no header. If the delay exceeds the remaining total timeout, the call fails at once.
///
/// A response with status 429 and `Retry-After` is a rate limit. It delays all requests of the
/// session, even of calls that don't retry, and doesn't count toward
/// [`max_attempts`](Self::max_attempts): only the total timeout limits how often the request is
/// sent again.
///
/// ```
/// use std::time::Duration;
///
/// use press_specs::{RetryPolicy, Session};
///
/// let policy = RetryPolicy::default().max_attempts(6).max_delay(Duration::from_secs(5));
/// let session = Session::builder().auth_token("my-token").retry(policy).build()?;
/// # let _ = session;
/// # Ok::<(), press_specs::Error>(())
/// ```
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
    ///
    /// A request still waits for a rate limit that another response of the session reported.
    pub fn none() -> Self {
        Self::default().max_attempts(1)
    }

    /// Sets the maximum number of requests per call, including the first. 0 is treated as 1.
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

    /// Sets the upper bound of every delay. Defaults to 20 s. A longer `Retry-After` takes
    /// precedence.
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// Returns `true` if the policy never retries.
    pub(crate) fn is_none(&self) -> bool {
        self.max_attempts <= 1
    }

    /// Returns the upper bound of the delay before the given retry, counted from 0.
    fn bound(&self, retry: u32) -> Duration {
        let factor = 1_u32.checked_shl(retry).unwrap_or(u32::MAX);
        self.initial_delay.saturating_mul(factor).min(self.max_delay)
    }
}

/// The retry state that the calls of a session share.
#[derive(Debug, Default)]
pub(crate) struct RetryState {
    budget: Budget,
    /// The end of the current rate limit.
    rate_limit: Mutex<Option<Instant>>,
}

impl RetryState {
    /// Starts the retries of one call with this total timeout.
    pub(crate) fn call<'a>(&'a self, policy: &'a RetryPolicy, total: Duration) -> CallRetries<'a> {
        let jitter = fastrand::f64();
        CallRetries { state: self, policy, total, counted: 0, price: 0, paid: 0, jitter }
    }

    fn limit_rate(&self, end: Instant) {
        let mut current = self.rate_limit();
        *current = (*current).max(Some(end));
    }

    /// Returns the time until the current rate limit ends.
    fn remaining(&self) -> Option<Duration> {
        let end = (*self.rate_limit())?;
        Some(end.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero())
    }

    fn rate_limit(&self) -> MutexGuard<'_, Option<Instant>> {
        self.rate_limit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The retries of one call.
#[derive(Debug)]
pub(crate) struct CallRetries<'a> {
    state: &'a RetryState,
    policy: &'a RetryPolicy,
    /// The total timeout of the call.
    total: Duration,
    /// The number of retries that count toward the maximum.
    counted: u32,
    /// The price of the next attempt.
    price: u32,
    /// The price paid for the latest attempt.
    paid: u32,
    /// A random factor that spreads calls that wait for the same rate limit; 0 after its first use.
    jitter: f64,
}

impl CallRetries<'_> {
    /// Returns the delay before the next attempt because of a rate limit.
    ///
    /// Returns `None` without a rate limit, or if it outlasts the remaining time. The request is
    /// then sent at once, so that the service's own error is returned.
    pub(crate) fn rate_limit_delay(&mut self, left: Duration) -> Option<Duration> {
        let remaining = self.state.remaining().filter(|remaining| *remaining < left)?;
        // Adds jitter, so that requests rejected together don't retry together. A call is spread
        // only once, so that it doesn't fall behind at each new rate limit.
        let spread = (remaining / 2).min(MAX_SPREAD).min((left - remaining) / 2);
        let spread = spread.mul_f64(self.jitter);
        self.jitter = 0.0;
        Some(remaining + spread)
    }

    /// Returns the delay before the request is sent again after `error`, or `None` if it isn't
    /// retried.
    ///
    /// `left` is the remaining total timeout. A request that is not `safe` may have changed
    /// something on the server, unless it was rejected by a rate limit.
    pub(crate) fn after(&mut self, error: &Error, safe: bool, left: Duration) -> Option<Duration> {
        let retry_after = error.response().and_then(|response| response.retry_after());
        let retry_after = retry_after.filter(|delay| !delay.is_zero());
        let is_rate_limit = error.kind() == ErrorKind::TooManyRequests;
        let rate_limit = retry_after.filter(|_| is_rate_limit);
        if let Some(delay) = rate_limit.filter(|delay| *delay < self.total) {
            self.state.limit_rate(Instant::now() + delay);
        }
        if self.policy.is_none() || !error.is_retryable() || !(safe || is_rate_limit) {
            return None;
        }
        if let Some(delay) = rate_limit {
            // The next attempt waits for the rate limit.
            return (delay < left).then_some(Duration::ZERO);
        }
        if self.counted >= self.policy.max_attempts - 1 {
            return None;
        }
        let backoff = random(self.policy.bound(self.counted));
        let delay = backoff.max(retry_after.unwrap_or_default());
        self.counted += 1;
        self.price = if retry_after.is_some() { 0 } else { Budget::RETRY };
        let is_affordable = self.state.budget.can_pay(self.price);
        (delay < left && is_affordable).then_some(delay)
    }

    /// Pays for the attempt that is about to be sent. Returns `false` if the budget is used up.
    pub(crate) fn pay(&mut self) -> bool {
        self.paid = std::mem::take(&mut self.price);
        self.state.budget.withdraw(self.paid)
    }

    /// Records a success, and refunds the price of the latest attempt.
    pub(crate) fn succeeded(&self) {
        self.state.budget.deposit(self.paid.max(Budget::SUCCESS));
    }
}

/// The maximum jitter after a rate limit.
const MAX_SPREAD: Duration = Duration::from_secs(5);

fn random(bound: Duration) -> Duration {
    Duration::try_from_secs_f64(bound.as_secs_f64() * fastrand::f64()).unwrap_or(bound).min(bound)
}

/// The retry budget of a session, as the number of tokens that were spent.
///
/// When the service is down, it soon gets one request per call.
#[derive(Debug, Default)]
struct Budget(AtomicU32);

impl Budget {
    const FULL: u32 = 500;
    const RETRY: u32 = 5;
    const SUCCESS: u32 = 1;

    fn can_pay(&self, price: u32) -> bool {
        self.0.load(Ordering::Relaxed) + price <= Self::FULL
    }

    fn withdraw(&self, price: u32) -> bool {
        let pay = |spent: u32| Some(spent + price).filter(|spent| *spent <= Self::FULL);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, pay).is_ok()
    }

    fn deposit(&self, amount: u32) {
        let put = |spent: u32| Some(spent.saturating_sub(amount));
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, put);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_the_maximum_and_are_random() {
        let policy = RetryPolicy::default()
            .max_attempts(40)
            .initial_delay(Duration::from_millis(100))
            .max_delay(Duration::from_secs(1));
        let bounds: Vec<_> = (0..6).map(|retry| policy.bound(retry).as_millis()).collect();
        assert_eq!(bounds, [100, 200, 400, 800, 1000, 1000]);
        let second = Duration::from_secs(1);
        let delays: Vec<_> = (0..20).map(|_| random(second)).collect();
        assert!(delays.iter().all(|delay| *delay <= second), "{delays:?}");
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
    }

    #[tokio::test(start_paused = true)]
    async fn rate_limit_jitter_is_at_most_half_the_delay() {
        let state = RetryState::default();
        let policy = RetryPolicy::default();
        let delay = || state.call(&policy, Duration::MAX).rate_limit_delay(Duration::MAX);
        assert_eq!(delay(), None);
        let limit = Duration::from_secs(4);
        state.limit_rate(Instant::now() + limit);
        state.limit_rate(Instant::now() + limit / 2);
        let delays: Vec<_> = (0..20).filter_map(|_| delay()).collect();
        assert_eq!(delays.len(), 20);
        assert!(delays.iter().all(|delay| (limit..=limit * 3 / 2).contains(delay)), "{delays:?}");
        assert!(delays.iter().any(|delay| *delay != delays[0]), "no jitter in {delays:?}");
        tokio::time::advance(limit).await;
        assert_eq!(delay(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_spread_fits_into_the_time_left_and_is_used_once() {
        let state = RetryState::default();
        let policy = RetryPolicy::default();
        let limit = Duration::from_secs(4);
        state.limit_rate(Instant::now() + limit);
        let left = limit + Duration::from_millis(10);
        for _ in 0..100 {
            let mut call = state.call(&policy, Duration::MAX);
            let first = call.rate_limit_delay(left).expect("a delay");
            assert!(first < left, "{first:?}");
            assert_eq!(call.rate_limit_delay(left), Some(limit));
        }
        assert_eq!(state.call(&policy, Duration::MAX).rate_limit_delay(limit), None);
    }
}
