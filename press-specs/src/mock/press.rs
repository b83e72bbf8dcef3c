//! The mock: catalogue, script and recorded requests.

use std::{
    fmt, io,
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use serde::Serialize;
use serde_json::Value;

use crate::{Error, RetryPolicy, Session, SessionBuilder};

use super::{
    counts::{ABORTED, Counter, Counts, REQUESTS, reached},
    fault::Fault,
    received::ReceivedRequest,
    server::{Server, Shared, lock},
};

/// An in-memory Press API server on a loopback address. It stops when dropped.
///
/// The [module page](crate::mock) shows how to test with it.
///
/// ```
/// use press_specs::mock::MockPress;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mock = MockPress::builder().generated_specs(60).start()?;
/// let client = press_specs::get_client(mock.session()?)?;
/// assert_eq!(client.list_specs().page(1).await?.spec_count, Some(60));
/// # Ok(())
/// # }
/// ```
pub struct MockPress {
    pub(super) shared: Arc<Shared>,
    pub(super) server: Server,
}

/// # Sessions and credentials
impl MockPress {
    /// Returns the base URL of the mock, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.server.url
    }

    /// Returns the token that the mock currently accepts.
    pub fn token(&self) -> String {
        lock(&self.shared.token).clone()
    }

    /// Replaces the token that the mock accepts. Running streams are affected too.
    pub fn set_token(&self, token: impl Into<String>) {
        *lock(&self.shared.token) = token.into();
    }

    /// Creates a session for the mock with its current token and short retry delays.
    ///
    /// # Errors
    ///
    /// Returns an error if the HTTP client cannot be built.
    pub fn session(&self) -> Result<Session, Error> {
        self.session_builder().build()
    }

    /// Creates a builder for such a session, to set limits, another token or another retry policy.
    pub fn session_builder(&self) -> SessionBuilder {
        let quick = RetryPolicy::default()
            .initial_delay(Duration::from_millis(1))
            .max_delay(Duration::from_millis(5));
        Session::builder().auth_token(self.token()).base_url(self.url()).retry(quick)
    }
}

/// # Catalogue
///
/// Changes apply from the next page request on, even while a client reads the list.
impl MockPress {
    /// Adds a spec to the catalogue, from any type that serializes to JSON.
    ///
    /// # Errors
    ///
    /// Returns an error if the spec cannot be serialized.
    pub fn add_spec(&self, spec: impl Serialize) -> io::Result<()> {
        lock(&self.shared.catalogue).add_spec(spec)
    }

    /// Removes a spec and its deployments. Returns `false` if there is no such spec.
    pub fn remove_spec(&self, id: impl AsRef<str>) -> bool {
        lock(&self.shared.catalogue).remove_spec(id.as_ref())
    }

    /// Adds a deployment of a spec, from any type that serializes to JSON.
    ///
    /// A spec that isn't in the catalogue becomes known, but isn't listed. Generated deployments of
    /// the spec are replaced.
    ///
    /// # Errors
    ///
    /// Returns an error if the deployment cannot be serialized.
    pub fn add_deployment(
        &self,
        spec_id: impl AsRef<str>,
        deployment: impl Serialize,
    ) -> io::Result<()> {
        self.add_deployments(spec_id, [deployment])
    }

    /// Adds several deployments of a spec, like [`add_deployment`](Self::add_deployment).
    ///
    /// # Errors
    ///
    /// Returns an error if a deployment cannot be serialized; then none is added.
    pub fn add_deployments(
        &self,
        spec_id: impl AsRef<str>,
        deployments: impl IntoIterator<Item: Serialize>,
    ) -> io::Result<()> {
        lock(&self.shared.catalogue).add_deployments(spec_id.as_ref(), deployments)
    }

    /// Replaces all deployments of a spec, for example to change their status.
    ///
    /// An empty list leaves the spec known without deployments.
    ///
    /// # Errors
    ///
    /// Returns an error if a deployment cannot be serialized; then nothing changes.
    pub fn set_deployments(
        &self,
        spec_id: impl AsRef<str>,
        deployments: impl IntoIterator<Item: Serialize>,
    ) -> io::Result<()> {
        lock(&self.shared.catalogue).set_deployments(spec_id.as_ref(), deployments)
    }

    /// Adds `count` more generated specs.
    pub fn add_generated_specs(&self, count: u64) {
        lock(&self.shared.catalogue).generate_specs(count);
    }

    /// Removes all specs and deployments.
    pub fn clear_catalogue(&self) {
        lock(&self.shared.catalogue).clear();
    }

    /// Returns the IDs of all specs in the default order.
    pub fn spec_ids(&self) -> Vec<String> {
        lock(&self.shared.catalogue).spec_ids()
    }
}

/// # Script
impl MockPress {
    /// Appends a fault to the script.
    pub fn fault(&self, fault: Fault) {
        self.faults([fault]);
    }

    /// Appends several faults to the script, in order.
    pub fn faults(&self, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.shared.script).extend(faults);
    }

    /// Returns the number of requests that the scripted faults still apply to, not counting
    /// [`Fault::always`].
    pub fn unused_faults(&self) -> usize {
        let script = lock(&self.shared.script);
        script.iter().filter_map(|fault| fault.uses).fold(0, usize::saturating_add)
    }

    /// Removes all scripted faults.
    pub fn clear_faults(&self) {
        lock(&self.shared.script).clear();
    }

    /// Sets a closure that modifies every page of the catalogue before it is sent. It replaces any
    /// earlier closure.
    ///
    /// The closure runs on the mock's thread and blocks it. It can use the mock, but must not wait
    /// for requests.
    pub fn on_page(&self, change: impl FnMut(&ReceivedRequest, &mut Value) + Send + 'static) {
        *lock(&self.shared.page_hook) = Some(Arc::new(Mutex::new(change)));
    }
}

/// # Observations
impl MockPress {
    /// Returns the requests received so far, in order.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        lock(&self.shared.requests).iter().cloned().collect()
    }

    /// Returns the number of requests received so far.
    pub fn request_count(&self) -> usize {
        self.counts().requests
    }

    /// Clears the requests received so far, and resets their count and
    /// [`in_flight_max`](Self::in_flight_max).
    pub fn clear_requests(&self) {
        lock(&self.shared.requests).clear();
        self.shared.counts.send_modify(|counts| {
            counts.requests = 0;
            counts.in_flight_max = counts.in_flight;
        });
    }

    /// Returns the number of TCP connections accepted so far.
    pub fn connections(&self) -> usize {
        self.counts().connections
    }

    /// Returns the number of requests currently in flight.
    pub fn in_flight(&self) -> usize {
        self.counts().in_flight
    }

    /// Returns the highest number of requests that were in flight at the same time.
    pub fn in_flight_max(&self) -> usize {
        self.counts().in_flight_max
    }

    /// Returns the number of requests whose client disconnected before the response was complete.
    pub fn aborted(&self) -> usize {
        self.counts().aborted
    }

    /// Waits until `count` requests have been received. Works in any async runtime.
    ///
    /// The time limit is real time, even in a test with paused time.
    ///
    /// # Errors
    ///
    /// Returns [`TimedOut`](io::ErrorKind::TimedOut) if the time limit expires first.
    pub async fn wait_for_requests(&self, count: usize, within: Duration) -> io::Result<()> {
        self.reach(REQUESTS, count, within).await
    }

    /// Waits until `count` clients have disconnected before their response was complete.
    ///
    /// # Errors
    ///
    /// Returns [`TimedOut`](io::ErrorKind::TimedOut) if the time limit expires first.
    pub async fn wait_for_aborted(&self, count: usize, within: Duration) -> io::Result<()> {
        self.reach(ABORTED, count, within).await
    }

    /// Like [`wait_for_requests`](Self::wait_for_requests), but blocks the thread.
    ///
    /// # Errors
    ///
    /// Returns the same error.
    pub fn wait_for_requests_blocking(&self, count: usize, within: Duration) -> io::Result<()> {
        self.reach_blocking(REQUESTS, count, within)
    }

    /// Like [`wait_for_aborted`](Self::wait_for_aborted), but blocks the thread.
    ///
    /// # Errors
    ///
    /// Returns the same error.
    pub fn wait_for_aborted_blocking(&self, count: usize, within: Duration) -> io::Result<()> {
        self.reach_blocking(ABORTED, count, within)
    }

    fn counts(&self) -> Counts {
        *self.shared.counts.borrow()
    }

    // On the mock's runtime, whose time is never paused.
    async fn reach(&self, counter: Counter, wanted: usize, within: Duration) -> io::Result<()> {
        let reached = reached(Arc::clone(&self.shared.counts), counter, wanted, within);
        self.server.handle.spawn(reached).await.map_err(io::Error::other)?
    }

    fn reach_blocking(&self, counter: Counter, wanted: usize, within: Duration) -> io::Result<()> {
        let (report, reports) = mpsc::channel();
        let reached = reached(Arc::clone(&self.shared.counts), counter, wanted, within);
        self.server.handle.spawn(async move { report.send(reached.await) });
        reports.recv().map_err(io::Error::other)?
    }
}

impl fmt::Debug for MockPress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.counts();
        f.debug_struct("MockPress")
            .field("url", &self.url())
            .field("counts", &counts)
            .finish_non_exhaustive()
    }
}
