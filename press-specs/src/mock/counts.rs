//! The numbers of a running mock, and how to wait for them.

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

pub(super) type Counter = Arc<watch::Sender<Counts>>;

/// A request in flight, from when it was received. Counts as aborted if it is dropped before it is
/// finished.
#[derive(Debug)]
pub(super) struct Flight {
    counter: Counter,
    aborted: bool,
}

impl Flight {
    pub(super) fn begin(counter: &Counter) -> Self {
        counter.send_modify(|counts| {
            counts.requests += 1;
            counts.in_flight += 1;
            counts.in_flight_max = counts.in_flight_max.max(counts.in_flight);
        });
        Self { counter: Arc::clone(counter), aborted: true }
    }

    /// Marks the whole response as sent.
    pub(super) fn finish(mut self) {
        self.aborted = false;
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.counter.send_modify(|counts| {
            counts.in_flight -= 1;
            counts.aborted += usize::from(self.aborted);
        });
    }
}

/// A name and a number to wait for.
pub(super) type Goal = (&'static str, fn(&Counts) -> usize);

pub(super) const REQUESTS: Goal = ("requests", |counts| counts.requests);
pub(super) const ABORTED: Goal = ("aborted requests", |counts| counts.aborted);

/// Waits until the number is `wanted` or more.
pub(super) async fn reached(
    counter: Counter,
    (what, number): Goal,
    wanted: usize,
    within: Duration,
) -> io::Result<()> {
    let mut counts = counter.subscribe();
    let reached = counts.wait_for(|counts| number(counts) >= wanted);
    if timeout(within, reached).await.is_ok() {
        return Ok(());
    }
    let seen = number(&counter.borrow());
    let message = format!("only {seen} of {wanted} {what} within {within:?}");
    Err(io::Error::new(io::ErrorKind::TimedOut, message))
}
