//! A gate that holds answers back.

use std::sync::Arc;

use tokio::sync::watch;

/// Holds answers back until it is opened, to try out orders of events without any sleeping.
///
/// # Examples
///
/// ```
/// use press_specs::mock::{Fault, Gate, MockPress};
///
/// let gate = Gate::new();
/// let mock = MockPress::builder()
///     .generated_specs(100)
///     .fault(Fault::pass().held_by(&gate).on_page(1))
///     .start()?;
/// // Page 1 is not answered before this:
/// gate.open();
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Gate {
    /// Makes a closed gate.
    pub fn new() -> Gate {
        Gate(Arc::new(watch::Sender::new(false)))
    }

    /// Opens the gate for good, also for answers that come to it later.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    pub(super) async fn wait(&self) {
        // An error means that the gate is gone, which cannot be while this one is borrowed.
        let _ = self.0.subscribe().wait_for(|open| *open).await;
    }
}

impl Default for Gate {
    fn default() -> Gate {
        Gate::new()
    }
}
