//! Client: `get_client`, `Spec` and its operations.

use std::{fmt, marker::PhantomData};

use press_api_gen::operations;

use crate::{
    error::Error,
    request::{ListRequest, ListSpecReleaseDeployments, ListSpecs},
    session::Session,
};

/// Returns a client with the given session, or with the [default session](Session::default_session)
/// for `None`.
///
/// ```
/// use press_specs::{Session, get_client};
///
/// let session = Session::builder().auth_token("my-token").build()?;
/// let client = get_client(session)?;
/// # let _ = client;
/// # Ok::<(), press_specs::Error>(())
/// ```
///
/// # Errors
///
/// For `None`, returns the errors of [`Session::default_session`].
pub fn get_client(session: impl Into<Option<Session>>) -> Result<Spec, Error> {
    SpecClient::with(session.into())
}

/// The async client for specs and their deployments, returned by [`get_client`].
///
/// It needs a Tokio runtime with its I/O and time drivers enabled, as in `#[tokio::main]` and
/// `enable_all`.
pub type Spec = SpecClient<Async>;

/// Marker type for the async client.
#[derive(Clone, Copy, Debug)]
pub enum Async {}

/// The client for specs and their deployments, async or blocking.
///
/// Cheap to clone and share; clones use the same [`Session`]. `M` is [`Async`], as in [`Spec`], or
/// `Blocking`, as in `blocking::Spec`.
#[derive(Clone)]
pub struct SpecClient<M> {
    session: Session,
    mode: PhantomData<fn() -> M>,
}

impl<M> SpecClient<M> {
    /// Returns a client with the given session.
    pub fn new(session: Session) -> Self {
        Self { session, mode: PhantomData }
    }

    /// Returns a client with the given session, or with the default session.
    pub(crate) fn with(session: Option<Session>) -> Result<Self, Error> {
        session.map_or_else(Session::default_session, Ok).map(Self::new)
    }

    /// Returns the session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Lists the published App and Block specs, each with its latest release, ordered by creation
    /// date.
    ///
    /// Returns a request. The setters of [`ListSpecs`] refine it, and its
    /// [`stream`](ListRequest::stream), [`pages`](ListRequest::pages) or
    /// [`page`](ListRequest::page) sends it. A page is a [`SpecPage`](crate::types::SpecPage),
    /// an item a [`SpecSummary`](crate::types::SpecSummary).
    ///
    /// Sends `GET /v1/specs/`
    /// ([API documentation](https://press.peak.ai/api-docs/index.htm#/Specs/get_v1_specs)).
    ///
    /// ```no_run
    /// #[tokio::main]
    /// async fn main() -> Result<(), press_specs::Error> {
    ///     let client = press_specs::get_client(None)?;
    ///     let mut specs =
    ///         client.list_specs().kind("workflow").sort(["name:asc"]).stream();
    ///     while let Some(spec) = specs.try_next().await? {
    ///         println!("{}", spec.id);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The API documents `BadRequest`, `Unauthorized`, `Forbidden` and `InternalServerError`.
    /// Gateways and the network can cause any other [`ErrorKind`](crate::ErrorKind).
    pub fn list_specs(&self) -> ListSpecs<M> {
        ListRequest::new(&self.session, operations::ListSpecs::default())
    }

    /// Lists the deployments of the releases of the App or Block spec `spec_id`, newest first.
    ///
    /// Returns a request. The setters of [`ListSpecReleaseDeployments`] refine it, and its
    /// [`stream`](ListRequest::stream), [`pages`](ListRequest::pages) or
    /// [`page`](ListRequest::page) sends it. A page is a
    /// [`DeploymentPage`](crate::types::DeploymentPage), an item a
    /// [`DeploymentSummary`](crate::types::DeploymentSummary).
    ///
    /// Sends `GET /v1/specs/{specId}/releases/deployments`
    /// ([API documentation](https://press.peak.ai/api-docs/index.htm#/Specs)).
    ///
    /// ```
    /// # use press_specs::mock::MockPress;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let item = serde_json::json!({ "id": "a" });
    /// # let mock = MockPress::builder().deployments("my-spec", [item]).start()?;
    /// # let client = press_specs::get_client(mock.session()?)?;
    /// let page = client.list_spec_release_deployments("my-spec").page(1).await?;
    /// assert_eq!(page.deployments[0].id, "a");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The request fails with `InvalidParameter` if `spec_id` is empty, `.` or `..`, or contains
    /// `/`, `\`, `;` or control characters. The API documents `BadRequest`, `Unauthorized`,
    /// `Forbidden`, `NotFound` and `InternalServerError`. Gateways and the network can cause any
    /// other [`ErrorKind`](crate::ErrorKind).
    pub fn list_spec_release_deployments(
        &self,
        spec_id: impl Into<String>,
    ) -> ListSpecReleaseDeployments<M> {
        let mut operation = operations::ListSpecReleaseDeployments::default();
        operation.spec_id = spec_id.into();
        ListRequest::new(&self.session, operation)
    }
}

impl<M> From<Session> for SpecClient<M> {
    fn from(session: Session) -> Self {
        Self::new(session)
    }
}

impl<M> fmt::Debug for SpecClient<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spec").field("session", &self.session).finish()
    }
}
