//! Client: `get_client` and `Spec`.

use std::{fmt, marker::PhantomData};

use press_api_gen::operations;

use crate::{
    error::Error,
    session::Session,
    specs::{ListRequest, ListSpecReleaseDeployments, ListSpecs},
};

/// Returns a client with the given session, or with the [default session](Session::default_session) for `None`.
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
/// Returns the errors of [`Session::default_session`], for `None` only.
pub fn get_client(session: impl Into<Option<Session>>) -> Result<Spec, Error> {
    SpecClient::with(session.into())
}

/// The async client for specs and their deployments, returned by [`get_client`].
///
/// It needs a Tokio runtime with its I/O and time drivers on, as `#[tokio::main]` and `enable_all` build it.
///
/// ```
/// # use press_specs::mock::MockPress;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mock = MockPress::builder().generated_specs(3).start()?;
/// # let session = mock.session()?;
/// let client = press_specs::get_client(session)?;
/// let page = client.list_specs().page(1).await?;
/// assert_eq!(page.specs.len(), 3);
/// # Ok(())
/// # }
/// ```
pub type Spec = SpecClient<Async>;

/// Marker type for the async client.
#[derive(Clone, Copy, Debug)]
pub enum Async {}

/// The client for specs and their deployments, async or blocking.
///
/// Cheap to clone and to share; clones use the same [`Session`]. `M` is [`Async`], as in [`Spec`], or `Blocking`, as
/// in `blocking::Spec`.
pub struct SpecClient<M> {
    session: Session,
    mode: PhantomData<fn() -> M>,
}

impl<M> SpecClient<M> {
    /// Returns a client with the given session.
    pub fn new(session: Session) -> Self {
        Self {
            session,
            mode: PhantomData,
        }
    }

    /// Returns a client with the given session, or with the default session.
    pub(crate) fn with(session: Option<Session>) -> Result<Self, Error> {
        session.map_or_else(Session::default_session, Ok).map(Self::new)
    }

    /// Returns the session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Lists the published App and Block specs, each with its latest release, ordered by creation date.
    ///
    /// Returns a request: add filters and an order, then end it with `.stream()`, `.pages()` or `.page(n)`.
    /// Endpoint: `GET /v1/specs/`
    /// ([documentation](https://press.peak.ai/api-docs/index.htm#/Specs/get_v1_specs)).
    ///
    /// # Errors
    ///
    /// What the request fails with when its answer is asked for: the service documents [`BadRequest`](ErrorKind::BadRequest) (invalid parameters),
    /// [`Unauthorized`](ErrorKind::Unauthorized) (invalid credentials), [`Forbidden`](ErrorKind::Forbidden) (no
    /// permission) and [`InternalServerError`](ErrorKind::InternalServerError); any other [`ErrorKind`] can come from
    /// the way to it.
    pub fn list_specs(&self) -> ListSpecs<M> {
        ListRequest::new(&self.session, operations::ListSpecs::default())
    }

    /// Lists the deployments of the releases of the App or Block spec `spec_id`, newest first.
    ///
    /// Returns a request: add filters and an order, then end it with `.stream()`, `.pages()` or `.page(n)`.
    /// Endpoint: `GET /v1/specs/{specId}/releases/deployments`
    /// ([documentation](https://press.peak.ai/api-docs/index.htm#/Specs/get_v1_specs__specId__releases_deployments)).
    ///
    /// ```
    /// # use press_specs::mock::MockPress;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mock = MockPress::builder().deployments("my-spec", [serde_json::json!({ "id": "a" })]).start()?;
    /// # let client = press_specs::get_client(mock.session()?)?;
    /// let page = client.list_spec_release_deployments("my-spec").page(1).await?;
    /// assert_eq!(page.deployments[0].id, "a");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// What the request fails with when its answer is asked for: [`InvalidParameter`](ErrorKind::InvalidParameter) when `spec_id` is empty, `.` or `..`, or contains `/`, `\` or
    /// control characters. The service documents [`BadRequest`](ErrorKind::BadRequest) (invalid parameters),
    /// [`Unauthorized`](ErrorKind::Unauthorized) (invalid credentials), [`Forbidden`](ErrorKind::Forbidden) (no
    /// permission), [`NotFound`](ErrorKind::NotFound) (no such spec) and
    /// [`InternalServerError`](ErrorKind::InternalServerError); any other [`ErrorKind`] can come from the way to it.
    pub fn list_spec_release_deployments(&self, spec_id: impl Into<String>) -> ListSpecReleaseDeployments<M> {
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

impl<M> Clone for SpecClient<M> {
    fn clone(&self) -> Self {
        Self {
            session: self.session.clone(),
            mode: PhantomData,
        }
    }
}

impl<M> fmt::Debug for SpecClient<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spec").field("session", &self.session).finish()
    }
}
