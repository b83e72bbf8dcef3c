//! Counters of a running mock, and waiting for them.

use std::{io, sync::Arc, time::Duration};

use tokio::{sync::watch, time::timeout};

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) requests: usize,
    pub(super) connections: usize,
    pub(super) in_flight: usize,
    pub(super) in_flight_max: usize,
    pub(super) aborted: usize,
}

pub(super) type SharedCounts = Arc<watch::Sender<Counts>>;

/// A request in flight since it was received. Counts as aborted if it is dropped before it is
/// finished.
#[derive(Debug)]
pub(super) struct InFlight {
    shared_counts: SharedCounts,
    aborted: bool,
}

impl InFlight {
    pub(super) fn begin(shared_counts: &SharedCounts) -> Self {
        shared_counts.send_modify(|counts| {
            counts.requests += 1;
            counts.in_flight += 1;
            counts.in_flight_max = counts.in_flight_max.max(counts.in_flight);
        });
        Self { shared_counts: Arc::clone(shared_counts), aborted: true }
    }

    /// Marks the response as completely sent.
    pub(super) fn finish(mut self) {
        self.aborted = false;
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.shared_counts.send_modify(|counts| {
            counts.in_flight -= 1;
            counts.aborted += usize::from(self.aborted);
        });
    }
}

/// A counter to wait for, with its name.
pub(super) type Counter = (&'static str, fn(&Counts) -> usize);

pub(super) const REQUESTS: Counter = ("requests", |counts| counts.requests);
pub(super) const ABORTED: Counter = ("aborted requests", |counts| counts.aborted);

/// Waits until the number is `wanted` or more.
pub(super) async fn reached(
    shared_counts: SharedCounts,
    (what, number): Counter,
    wanted: usize,
    within: Duration,
) -> io::Result<()> {
    let mut counts = shared_counts.subscribe();
    let reached = counts.wait_for(|counts| number(counts) >= wanted);
    if timeout(within, reached).await.is_ok() {
        return Ok(());
    }
    let seen = number(&shared_counts.borrow());
    let message = format!("only {seen} of {wanted} {what} within {within:?}");
    Err(io::Error::new(io::ErrorKind::TimedOut, message))
}
