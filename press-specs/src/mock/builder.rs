//! The builder of a mock.

use std::{fmt, io, sync::Arc, time::Duration};

use serde::Serialize;

use super::{
    fault::Fault,
    press::MockPress,
    server::{Server, Shared, lock},
};

/// A builder for a [`MockPress`]: catalogue, token and faults.
///
/// Created by [`MockPress::builder`].
#[must_use = "a mock does nothing until it is started"]
pub struct MockPressBuilder {
    port: u16,
    shared: Shared,
    /// An error if an item could not be serialized.
    seeded: io::Result<()>,
}

impl MockPress {
    /// Returns a builder for a mock with a catalogue.
    pub fn builder() -> MockPressBuilder {
        MockPressBuilder { port: 0, shared: Shared::default(), seeded: Ok(()) }.token("mock-token")
    }

    /// Starts a mock with an empty catalogue.
    ///
    /// # Errors
    ///
    /// Returns an error if no thread or socket can be created.
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }
}

impl MockPressBuilder {
    /// Adds a spec to the catalogue, from any type that serializes to JSON.
    ///
    /// Nothing is validated or filled in, so a spec can be as incomplete as a test needs. A spec
    /// without an `id` is listed, but has no deployments.
    pub fn spec(mut self, spec: impl Serialize) -> Self {
        self.seeded = self.seeded.and(lock(&self.shared.catalogue).add_spec(spec));
        self
    }

    /// Adds several specs, like [`spec`](Self::spec).
    pub fn specs(self, specs: impl IntoIterator<Item: Serialize>) -> Self {
        specs.into_iter().fold(self, Self::spec)
    }

    /// Adds deployments of a spec, from any type that serializes to JSON.
    ///
    /// An empty list makes the spec known without deployments. The spec doesn't have to be listed.
    pub fn deployments(
        mut self,
        spec_id: impl AsRef<str>,
        deployments: impl IntoIterator<Item: Serialize>,
    ) -> Self {
        let added = lock(&self.shared.catalogue).add_deployments(spec_id.as_ref(), deployments);
        self.seeded = self.seeded.and(added);
        self
    }

    /// Adds `count` generated specs, always the same ones.
    ///
    /// They are complete, about 900 bytes each, and vary in every field. Each is created 17 minutes
    /// after the previous one, starting in 2020.
    pub fn generated_specs(self, count: u64) -> Self {
        lock(&self.shared.catalogue).generate_specs(count);
        self
    }

    /// Adds `per_spec` generated deployments to each generated spec, always the same ones.
    ///
    /// Defaults to none. Deployments added to a generated spec replace its generated ones.
    pub fn generated_deployments(self, per_spec: u64) -> Self {
        lock(&self.shared.catalogue).deployments_per_generated_spec = per_spec;
        self
    }

    /// Sets the only token that the mock accepts in the `Authorization` header. Defaults to
    /// `mock-token`.
    pub fn token(self, token: impl Into<String>) -> Self {
        *lock(&self.shared.token) = token.into();
        self
    }

    /// Delays every response by this duration. Responses to concurrent requests are delayed
    /// concurrently.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.shared.latency = latency;
        self
    }

    /// Sets the port on the loopback address. Defaults to any free port.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Limits [`MockPress::requests`] to the latest `count` requests. Defaults to all.
    pub fn keep_requests(mut self, count: usize) -> Self {
        self.shared.kept_requests = Some(count);
        self
    }

    /// Appends a fault to the script.
    pub fn fault(self, fault: Fault) -> Self {
        lock(&self.shared.script).push(fault);
        self
    }

    /// Appends several faults to the script, in order.
    pub fn faults(self, faults: impl IntoIterator<Item = Fault>) -> Self {
        lock(&self.shared.script).extend(faults);
        self
    }

    /// Starts the mock.
    ///
    /// # Errors
    ///
    /// Returns an error if an item cannot be serialized, the port is taken, or no thread or socket
    /// can be created.
    pub fn start(self) -> io::Result<MockPress> {
        self.seeded?;
        let shared = Arc::new(self.shared);
        let server = Server::start(Arc::clone(&shared), self.port)?;
        Ok(MockPress { shared, server })
    }
}

impl fmt::Debug for MockPressBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let script = lock(&self.shared.script);
        f.debug_struct("MockPressBuilder")
            .field("port", &self.port)
            .field("script", &script)
            .finish_non_exhaustive()
    }
}
