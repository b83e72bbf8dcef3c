//! The mock itself: what its owner can do with it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::{Error, RetryPolicy, Session, SessionBuilder};

use super::builder::MockPressBuilder;
use super::counts::{Counts, reach};
use super::fault::Fault;
use super::received::ReceivedRequest;
use super::server::{Server, Shared, lock};

/// Serves the Press API from memory, on a loopback address, until it is dropped.
///
/// The [module page](crate::mock) shows how to test with it.
///
/// # Examples
///
/// ```
/// use press_specs::mock::MockPress;
///
/// let mock = MockPress::builder().generated_specs(100).start()?;
/// assert!(mock.url().starts_with("http://127.0.0.1:"));
/// assert_eq!(mock.request_count(), 0);
/// # Ok::<(), std::io::Error>(())
/// ```
#[non_exhaustive]
pub struct MockPress {
    shared: Arc<Shared>,
    server: Server,
    url: String,
}

/// # Start and reach
impl MockPress {
    pub(super) fn new(shared: Arc<Shared>, server: Server) -> MockPress {
        let url = format!("http://{}", server.address);
        MockPress { shared, server, url }
    }

    /// Starts a mock with an empty catalogue.
    ///
    /// # Errors
    ///
    /// When the system refuses a thread or a socket.
    pub fn start() -> io::Result<MockPress> {
        MockPress::builder().start()
    }

    /// Begins a mock that has something in it.
    pub fn builder() -> MockPressBuilder {
        MockPressBuilder::new()
    }

    /// Gives the base URL of the mock, without a slash at its end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Gives the token that the mock accepts.
    pub fn token(&self) -> &str {
        &self.shared.token
    }

    /// Makes a session for the mock, whose retries hardly wait.
    ///
    /// # Errors
    ///
    /// When the HTTP client cannot be made.
    pub fn session(&self) -> Result<Session, Error> {
        self.session_builder().build()
    }

    /// Begins a session for the mock, to set limits or a retry policy of one's own.
    pub fn session_builder(&self) -> SessionBuilder {
        let quick = RetryPolicy::default()
            .initial_delay(Duration::from_millis(1))
            .max_delay(Duration::from_millis(5));
        Session::builder()
            .auth_token(self.token())
            .base_url(self.url())
            .retry(quick)
    }
}

/// # Seed
impl MockPress {
    /// Adds a spec to the catalogue: anything that serializes to JSON.
    ///
    /// # Errors
    ///
    /// When the spec cannot be serialized.
    pub fn add_spec(&self, spec: impl Serialize) -> io::Result<()> {
        lock(&self.shared.catalogue).add_spec(spec)
    }

    /// Adds several specs to the catalogue.
    ///
    /// # Errors
    ///
    /// When a spec cannot be serialized; those before it are added.
    pub fn add_specs<I>(&self, specs: I) -> io::Result<()>
    where
        I: IntoIterator<Item: Serialize>,
    {
        specs.into_iter().try_for_each(|spec| self.add_spec(spec))
    }

    /// Adds deployments of a spec, which is known from now on.
    ///
    /// # Errors
    ///
    /// When a deployment cannot be serialized; those before it are added.
    pub fn add_deployments<I>(&self, spec_id: impl AsRef<str>, deployments: I) -> io::Result<()>
    where
        I: IntoIterator<Item: Serialize>,
    {
        lock(&self.shared.catalogue).add_deployments(spec_id.as_ref(), deployments)
    }

    /// Adds this many generated specs, which go on after those generated before.
    pub fn add_generated_specs(&self, count: u64) {
        lock(&self.shared.catalogue).generate_specs(count);
    }

    /// Takes all specs and deployments out of the catalogue.
    pub fn clear_catalogue(&self) {
        lock(&self.shared.catalogue).clear();
    }

    /// Gives the ids of all specs in the order in which they are listed by default.
    pub fn spec_ids(&self) -> Vec<String> {
        lock(&self.shared.catalogue).spec_ids()
    }
}

/// # Script
impl MockPress {
    /// Scripts a fault, after those that are scripted already.
    pub fn fault(&self, fault: Fault) {
        lock(&self.shared.script).push(fault);
    }

    /// Scripts several faults in their order.
    pub fn faults(&self, faults: impl IntoIterator<Item = Fault>) {
        faults.into_iter().for_each(|fault| self.fault(fault));
    }

    /// Tells how many requests the scripted faults still wait for; [`Fault::always`] counts nothing.
    pub fn unused_faults(&self) -> usize {
        lock(&self.shared.script).unused()
    }

    /// Takes back all scripted faults.
    pub fn clear_faults(&self) {
        lock(&self.shared.script).clear();
    }

    /// Changes every page of the catalogue before it is sent, in place of any closure before.
    ///
    /// The closure runs on the mock's thread, which answers nothing else meanwhile.
    ///
    /// # Examples
    ///
    /// ```
    /// use press_specs::mock::MockPress;
    /// use serde_json::json;
    ///
    /// let mock = MockPress::builder().generated_specs(100).start()?;
    /// mock.on_page(|request, page| {
    ///     if request.page_number() == Some(2) {
    ///         page["specs"] = json!([]);
    ///     }
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_page<F>(&self, change: F)
    where
        F: FnMut(&ReceivedRequest, &mut Value) + Send + 'static,
    {
        *lock(&self.shared.page_hook) = Some(Box::new(change));
    }
}

/// # Observe
impl MockPress {
    /// Gives the requests received so far, in the order in which they came.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        lock(&self.shared.requests).iter().cloned().collect()
    }

    /// Counts the requests received so far.
    pub fn request_count(&self) -> usize {
        self.counts().requests
    }

    /// Forgets the requests received so far, and counts them and [`in_flight_max`](Self::in_flight_max)
    /// from now on.
    pub fn clear_requests(&self) {
        let mut requests = lock(&self.shared.requests);
        requests.clear();
        self.shared.counter.send_modify(|counts| {
            counts.requests = 0;
            counts.in_flight_max = counts.in_flight;
        });
    }

    /// Counts the TCP connections accepted so far.
    pub fn connections(&self) -> usize {
        self.counts().connections
    }

    /// Counts the requests that are being answered right now.
    pub fn in_flight(&self) -> usize {
        self.counts().in_flight
    }

    /// Gives the highest number of requests that were being answered at the same time.
    pub fn in_flight_max(&self) -> usize {
        self.counts().in_flight_max
    }

    /// Counts the requests whose client went away before all of the answer was on its way.
    pub fn aborted(&self) -> usize {
        self.counts().aborted
    }

    /// Waits until this many requests were received; from any async runtime.
    ///
    /// The time limit runs in real time, also in a test whose time is paused.
    ///
    /// # Errors
    ///
    /// [`TimedOut`](io::ErrorKind::TimedOut) when there are fewer after the time.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use press_specs::mock::{Fault, MockPress};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = MockPress::builder().fault(Fault::hang()).start()?;
    /// let client = press_specs::get_client(mock.session()?)?;
    /// let call = tokio::spawn(async move { client.list_specs().page(1).await });
    ///
    /// let patience = Duration::from_secs(10);
    /// mock.wait_for_requests(1, patience).await?;
    /// call.abort();
    /// mock.wait_for_aborted(1, patience).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn wait_for_requests(&self, count: usize, within: Duration) -> io::Result<()> {
        self.reach("requests", |counts| counts.requests, count, within).await
    }

    /// Waits until this many clients went away before their answer was complete.
    ///
    /// # Errors
    ///
    /// [`TimedOut`](io::ErrorKind::TimedOut) when there are fewer after the time.
    pub async fn wait_for_aborted(&self, count: usize, within: Duration) -> io::Result<()> {
        self.reach("aborted requests", |counts| counts.aborted, count, within)
            .await
    }

    /// Blocks the thread until this many requests were received.
    ///
    /// # Errors
    ///
    /// [`TimedOut`](io::ErrorKind::TimedOut) when there are fewer after the time.
    pub fn wait_for_requests_blocking(&self, count: usize, within: Duration) -> io::Result<()> {
        self.reach_blocking("requests", |counts| counts.requests, count, within)
    }

    /// Blocks the thread until this many clients went away before their answer was complete.
    ///
    /// # Errors
    ///
    /// [`TimedOut`](io::ErrorKind::TimedOut) when there are fewer after the time.
    pub fn wait_for_aborted_blocking(&self, count: usize, within: Duration) -> io::Result<()> {
        self.reach_blocking("aborted requests", |counts| counts.aborted, count, within)
    }

    fn counts(&self) -> Counts {
        *self.shared.counter.borrow()
    }

    async fn reach(
        &self,
        what: &'static str,
        number: fn(&Counts) -> usize,
        wanted: usize,
        within: Duration,
    ) -> io::Result<()> {
        let counts = self.shared.counter.subscribe();
        let reached = reach(counts, what, number, wanted, within);
        // On the mock's runtime, whose clock is never paused.
        let reached = self.server.handle.spawn(reached);
        reached.await.map_err(io::Error::other)?
    }

    fn reach_blocking(
        &self,
        what: &'static str,
        number: fn(&Counts) -> usize,
        wanted: usize,
        within: Duration,
    ) -> io::Result<()> {
        let (report, reported) = std::sync::mpsc::channel();
        let counts = self.shared.counter.subscribe();
        let reached = reach(counts, what, number, wanted, within);
        self.server.handle.spawn(async move { report.send(reached.await) });
        reported.recv().map_err(io::Error::other)?
    }
}

impl fmt::Debug for MockPress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockPress")
            .field("url", &self.url)
            .field("specs", &lock(&self.shared.catalogue).spec_count())
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}
