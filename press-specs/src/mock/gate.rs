//! Gates that hold responses back.

use std::sync::Arc;

use tokio::sync::watch;

/// A gate that holds responses back until it is opened, to test an order of events without sleeping.
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
/// // The response to a request for page 1 waits for this:
/// gate.open();
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Gate {
    /// Creates a closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens the gate for good, also for responses that reach it later.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    pub(super) async fn wait(&self) {
        // The sender cannot be gone: it is borrowed here.
        let _ = self.0.subscribe().wait_for(|open| *open).await;
    }
}
