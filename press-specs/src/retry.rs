//! What is tried again, and how long to wait before. Does no I/O and does not sleep.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBuilder};

/// How often a failed request is tried again, and how long to wait before each try.
///
/// Tried again are answers with the status 408, 429, 500, 502, 503 or 504, failed connections, attempts that took too
/// long and bodies that were cut off: both operations only read, so trying again changes nothing on the server. The
/// delay before a retry is random between zero and a bound that starts at [`initial_delay`](Self::initial_delay) and
/// doubles up to [`max_delay`](Self::max_delay); when the server asks for longer with `Retry-After`, its wish holds, as
/// far as the total time limit of the call allows.
///
/// ```
/// use std::time::Duration;
/// use press_specs::RetryPolicy;
///
/// let policy = RetryPolicy::default().max_attempts(6).max_delay(Duration::from_secs(5));
/// # let _ = policy;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    max_attempts: u32,
    initial_delay: Duration,
    max_delay: Duration,
}

impl Default for RetryPolicy {
    /// Returns 4 attempts (one and three retries), a first delay of up to 500 ms and a longest delay of 20 s.
    fn default() -> Self {
        Self {
            max_attempts: 4,
            initial_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(20),
        }
    }
}

impl RetryPolicy {
    /// Never tries again.
    pub fn none() -> Self {
        Self::default().max_attempts(1)
    }

    /// Sets how many requests one call may make, the first included; 0 counts as 1. Default: 4.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// Sets the upper bound of the first delay. Default: 500 ms.
    pub fn initial_delay(mut self, delay: Duration) -> Self {
        self.initial_delay = delay;
        self
    }

    /// Sets the upper bound of every delay. Default: 20 s.
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// Returns the delay before each retry, with full jitter.
    pub(crate) fn delays(&self) -> impl Iterator<Item = Duration> + use<> {
        ExponentialBuilder::new()
            .with_min_delay(self.initial_delay.min(self.max_delay))
            .with_max_delay(self.max_delay)
            .with_factor(2.0)
            .with_max_times(usize::try_from(self.max_attempts - 1).unwrap_or(usize::MAX))
            .build()
            .map(|bound| Duration::try_from_secs_f64(bound.as_secs_f64() * fastrand::f64()).unwrap_or(bound))
    }
}

/// Limits the retries of all calls of a session, so that a service that is down soon gets one request per call.
#[derive(Debug)]
pub(crate) struct RetryBudget(AtomicU32);

impl RetryBudget {
    const FULL: u32 = 500;
    const RETRY: u32 = 5;
    const FIRST_SUCCESS: u32 = 1;

    pub(crate) fn full() -> Self {
        Self(AtomicU32::new(Self::FULL))
    }

    /// Pays for a retry; `false` when the budget is used up.
    pub(crate) fn withdraw(&self) -> bool {
        let pay = |tokens: u32| tokens.checked_sub(Self::RETRY);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, pay).is_ok()
    }

    /// Gives back what a success earns: the price of the retry that led to it, or a token.
    pub(crate) fn deposit(&self, retried: bool) {
        let earned = if retried { Self::RETRY } else { Self::FIRST_SUCCESS };
        let put = |tokens: u32| Some((tokens + earned).min(Self::FULL));
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
        let delays: Vec<_> = policy.delays().collect();
        assert_eq!(delays.len(), 39);
        for (delay, bound) in delays.iter().zip([100, 200, 400, 800, 1000, 1000]) {
            assert!(*delay <= Duration::from_millis(bound), "{delay:?} above {bound} ms");
        }
        assert!(delays.iter().all(|delay| *delay <= Duration::from_secs(1)));
        assert!(
            delays.iter().skip(1).any(|delay| *delay != delays[0]),
            "no jitter in {delays:?}"
        );
    }

    #[test]
    fn extreme_policies_do_not_panic() {
        for (attempts, initial, max) in [
            (0, Duration::ZERO, Duration::ZERO),
            (u32::MAX, Duration::MAX, Duration::MAX),
            (3, Duration::MAX, Duration::ZERO),
            (3, Duration::ZERO, Duration::MAX),
        ] {
            let policy = RetryPolicy::default()
                .max_attempts(attempts)
                .initial_delay(initial)
                .max_delay(max);
            assert!(policy.delays().take(100).all(|delay| delay <= max));
        }
        assert_eq!(RetryPolicy::none().delays().count(), 0);
    }

    #[test]
    fn the_budget_pays_for_a_hundred_retries_and_refills() {
        let budget = RetryBudget::full();
        assert_eq!((0..200).filter(|_| budget.withdraw()).count(), 100);
        budget.deposit(true);
        assert!(budget.withdraw());
        (0..4).for_each(|_| budget.deposit(false));
        assert!(!budget.withdraw());
        budget.deposit(false);
        assert!(budget.withdraw());
        (0..1000).for_each(|_| budget.deposit(true));
        assert_eq!((0..200).filter(|_| budget.withdraw()).count(), 100);
    }
}
