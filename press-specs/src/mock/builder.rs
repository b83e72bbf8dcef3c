//! How a mock is set up.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Serialize;

use super::catalogue::Catalogue;
use super::fault::Fault;
use super::press::MockPress;
use super::script::Script;
use super::server::{Server, Shared};

const DEFAULT_TOKEN: &str = "mock-token";

/// Sets up a [`MockPress`]: its catalogue, its token, its faults.
///
/// Made by [`MockPress::builder`].
#[must_use = "a mock does nothing until it is started"]
#[non_exhaustive]
pub struct MockPressBuilder {
    token: String,
    port: u16,
    latency: Duration,
    kept_requests: usize,
    catalogue: Catalogue,
    script: Script,
    /// The first item that could not be seeded.
    refused: Option<io::Error>,
}

impl MockPressBuilder {
    pub(super) fn new() -> MockPressBuilder {
        MockPressBuilder {
            token: DEFAULT_TOKEN.to_owned(),
            port: 0,
            latency: Duration::ZERO,
            kept_requests: usize::MAX,
            catalogue: Catalogue::default(),
            script: Script::default(),
            refused: None,
        }
    }

    /// Adds a spec to the catalogue: anything that serializes to JSON.
    ///
    /// Nothing is checked or filled in, so that specs can be as incomplete or as odd as a test
    /// needs them. A spec without an `id` is listed, but has no deployments.
    ///
    /// # Examples
    ///
    /// ```
    /// use press_specs::mock::MockPress;
    /// use serde_json::json;
    ///
    /// let mock = MockPress::builder()
    ///     .spec(json!({ "id": "spec-1", "kind": "app", "metadata": { "name": "prices" } }))
    ///     .start()?;
    /// assert_eq!(mock.spec_ids(), ["spec-1"]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn spec(mut self, spec: impl Serialize) -> MockPressBuilder {
        let added = self.catalogue.add_spec(spec);
        self.note(added)
    }

    /// Adds several specs to the catalogue, each as [`spec`](Self::spec) does.
    pub fn specs<I>(self, specs: I) -> MockPressBuilder
    where
        I: IntoIterator<Item: Serialize>,
    {
        specs.into_iter().fold(self, MockPressBuilder::spec)
    }

    /// Adds deployments of a spec: anything that serializes to JSON.
    ///
    /// The spec is known from now on, without any deployments too, and need not be listed itself.
    pub fn deployments<I>(mut self, spec_id: impl AsRef<str>, deployments: I) -> MockPressBuilder
    where
        I: IntoIterator<Item: Serialize>,
    {
        let added = self.catalogue.add_deployments(spec_id.as_ref(), deployments);
        self.note(added)
    }

    /// Adds this many generated specs, the same ones every time.
    ///
    /// They are complete, about 900 bytes each, and vary in every field. Each is created some
    /// minutes after the one before it, from 2020 on.
    pub fn generated_specs(mut self, count: u64) -> MockPressBuilder {
        self.catalogue.generate_specs(count);
        self
    }

    /// Gives each generated spec this many generated deployments, the same ones every time.
    ///
    /// Without it they have none. Deployments that are added to a generated spec take their place.
    pub fn generated_deployments(mut self, per_spec: u64) -> MockPressBuilder {
        self.catalogue.deployments_per_generated_spec = per_spec;
        self
    }

    /// Accepts this token in the `Authorization` header, and no other; `mock-token` by default.
    pub fn token(mut self, token: impl Into<String>) -> MockPressBuilder {
        self.token = token.into();
        self
    }

    /// Lets every answer wait this long, those to other requests at the same time.
    pub fn latency(mut self, latency: Duration) -> MockPressBuilder {
        self.latency = latency;
        self
    }

    /// Listens on this port of the loopback address; by default on any that is free.
    pub fn port(mut self, port: u16) -> MockPressBuilder {
        self.port = port;
        self
    }

    /// Keeps only this many of the latest requests for [`MockPress::requests`]; all by default.
    pub fn keep_requests(mut self, count: usize) -> MockPressBuilder {
        self.kept_requests = count;
        self
    }

    /// Scripts a fault, after those that are scripted already.
    pub fn fault(mut self, fault: Fault) -> MockPressBuilder {
        self.script.push(fault);
        self
    }

    /// Scripts several faults in their order.
    pub fn faults(self, faults: impl IntoIterator<Item = Fault>) -> MockPressBuilder {
        faults.into_iter().fold(self, MockPressBuilder::fault)
    }

    /// Starts the mock; from here on it answers.
    ///
    /// # Errors
    ///
    /// When an item could not be serialized, the port is taken, or the system refuses a thread or
    /// a socket.
    pub fn start(self) -> io::Result<MockPress> {
        if let Some(error) = self.refused {
            return Err(error);
        }
        let shared = Arc::new(Shared {
            token: self.token,
            latency: self.latency,
            kept_requests: self.kept_requests,
            counter: Arc::default(),
            catalogue: Mutex::new(self.catalogue),
            script: Mutex::new(self.script),
            requests: Mutex::new(VecDeque::new()),
            page_hook: Mutex::new(None),
        });
        let server = Server::start(Arc::clone(&shared), self.port)?;
        Ok(MockPress::new(shared, server))
    }

    fn note(mut self, added: io::Result<()>) -> MockPressBuilder {
        if let (None, Err(error)) = (&self.refused, added) {
            self.refused = Some(error);
        }
        self
    }
}

impl fmt::Debug for MockPressBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockPressBuilder")
            .field("port", &self.port)
            .field("latency", &self.latency)
            .field("specs", &self.catalogue.spec_count())
            .field("script", &self.script)
            .finish_non_exhaustive()
    }
}
