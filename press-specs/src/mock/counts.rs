//! What the mock counts, and how to wait for it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// The numbers of a running mock.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) requests: usize,
    pub(super) connections: usize,
    pub(super) in_flight: usize,
    pub(super) in_flight_max: usize,
    pub(super) aborted: usize,
}

pub(super) type Counter = Arc<watch::Sender<Counts>>;

/// A request that is being answered; counts as aborted when dropped before it is finished.
#[derive(Debug)]
pub(super) struct Flight {
    counter: Counter,
    finished: bool,
}

impl Flight {
    /// Counts a request that was received and is being answered from now on.
    pub(super) fn begin(counter: &Counter) -> Flight {
        counter.send_modify(|counts| {
            counts.requests += 1;
            counts.in_flight += 1;
            counts.in_flight_max = counts.in_flight_max.max(counts.in_flight);
        });
        Flight {
            counter: Arc::clone(counter),
            finished: false,
        }
    }

    /// Says that all of the answer is on its way.
    pub(super) fn finish(&mut self) {
        self.end(false);
    }

    fn end(&mut self, aborted: bool) {
        if !self.finished {
            self.finished = true;
            self.counter.send_modify(|counts| {
                counts.in_flight -= 1;
                counts.aborted += usize::from(aborted);
            });
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.end(true);
    }
}

/// Waits until the number is reached.
pub(super) async fn reach(
    mut counts: watch::Receiver<Counts>,
    what: &'static str,
    number: fn(&Counts) -> usize,
    wanted: usize,
    within: Duration,
) -> io::Result<()> {
    let reached = counts.wait_for(|counts| number(counts) >= wanted);
    if tokio::time::timeout(within, reached).await.is_ok() {
        return Ok(());
    }
    let seen = number(&counts.borrow());
    let message = format!("only {seen} of {wanted} {what} within {within:?}");
    Err(io::Error::new(io::ErrorKind::TimedOut, message))
}
