//! List requests: their parameters, and the methods that send them.

use std::{
    convert::Infallible,
    fmt,
    hash::{DefaultHasher, Hasher},
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{FutureExt as _, TryFutureExt as _};
use press_api_gen::{ListOperation, Page, operations};
use tokio::runtime::Handle;

use crate::{
    call,
    client::Async,
    error::{Error, Target},
    items::ItemStream,
    options::RequestOptions,
    pagination::{Fetched, PageStream, Report, Task},
    position::{MAX_PAGE, Position},
    response::Response,
    retry::RetryPolicy,
    session::Session,
    trace::RequestSpan,
    types::{DeploymentSort, DeploymentStatus, SpecKind, SpecScope, SpecSort, SpecStatus},
};

/// A request for specs, returned by [`Spec::list_specs`](crate::Spec::list_specs).
pub type ListSpecs<M = Async> = ListRequest<operations::ListSpecs, M>;

/// A request for the deployments of a spec, returned by
/// [`Spec::list_spec_release_deployments`](crate::Spec::list_spec_release_deployments).
pub type ListSpecReleaseDeployments<M = Async> =
    ListRequest<operations::ListSpecReleaseDeployments, M>;

/// A builder for a list request.
///
/// [`ListSpecs`] and [`ListSpecReleaseDeployments`] are its two forms. `O` is the operation; `M` is
/// [`Async`], or `Blocking` in the `blocking` module.
///
/// A request owns its parameters and can be cloned and stored. It sends nothing before
/// [`page`](Self::page) is awaited or a stream is polled. Calling a setter again replaces the
/// earlier value.
#[derive(Clone)]
#[must_use = "a request sends nothing until you call `.stream()`, `.pages()` or `.page(n)`"]
pub struct ListRequest<O, M = Async> {
    options: RequestOptions,
    operation: O,
    start_page: u64,
    /// Set instead of `start_page`.
    resume: Option<Position>,
    concurrency: usize,
    detect_changes: bool,
    mode: PhantomData<fn() -> M>,
}

impl<M> ListSpecs<M> {
    /// Limits the list to specs with one of these statuses. Takes a list or an `Option`; an empty
    /// one means no filter.
    ///
    /// ```
    /// # use press_specs::mock::MockPress;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mock = MockPress::builder().generated_specs(60).start()?;
    /// # let client = press_specs::get_client(mock.session()?)?;
    /// use press_specs::types::SpecStatus;
    ///
    /// let request = client.list_specs().status([SpecStatus::Available]);
    /// let page = request.page(1).await?;
    /// # assert!(page.spec_count < Some(60));
    /// # Ok(())
    /// # }
    /// ```
    pub fn status(mut self, status: impl IntoIterator<Item = impl Into<SpecStatus>>) -> Self {
        self.operation.status = list(status);
        self
    }

    /// Limits the list to featured specs.
    ///
    /// The API documents only `true`. It is assumed that `false` selects the specs that aren't
    /// featured.
    pub fn featured(mut self, featured: impl Into<bool>) -> Self {
        self.operation.featured = Some(featured.into());
        self
    }

    /// Limits the list to specs of this kind.
    pub fn kind(mut self, kind: impl Into<SpecKind>) -> Self {
        self.operation.kind = Some(kind.into());
        self
    }

    /// Limits the list to specs that contain this term in their name, title, description or
    /// summary.
    pub fn term(mut self, term: impl Into<String>) -> Self {
        self.operation.term = Some(term.into());
        self
    }

    /// Sets the sort keys, the most significant first, for example `"createdAt:desc"` or
    /// [`SpecSort::NameAsc`]. Takes a list or an `Option`. Defaults to the creation date.
    ///
    /// ```
    /// # use press_specs::mock::MockPress;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mock = MockPress::builder().generated_specs(60).start()?;
    /// # let client = press_specs::get_client(mock.session()?)?;
    /// let request = client.list_specs().sort(["title:asc", "createdAt:desc"]);
    /// let page = request.page(1).await?;
    /// # assert_eq!(page.specs.len(), 25);
    /// # Ok(())
    /// # }
    /// ```
    pub fn sort(mut self, sort: impl IntoIterator<Item = impl Into<SpecSort>>) -> Self {
        self.operation.sort = list(sort);
        self
    }

    /// Limits the list to specs with one of these scopes. Takes a list or an `Option`; an empty one
    /// means no filter.
    pub fn scope(mut self, scope: impl IntoIterator<Item = impl Into<SpecScope>>) -> Self {
        self.operation.scope = list(scope);
        self
    }
}

impl<M> ListSpecReleaseDeployments<M> {
    /// Limits the list to deployments of the release with this semantic version. Defaults to all
    /// releases.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.operation.version = Some(version.into());
        self
    }

    /// Limits the list to deployments with one of these statuses. Takes a list or an `Option`; an
    /// empty one means no filter.
    ///
    /// ```
    /// # use press_specs::mock::MockPress;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mock = MockPress::builder().generated_specs(1).generated_deployments(60).start()?;
    /// # let client = press_specs::get_client(mock.session()?)?;
    /// # let spec_id = mock.spec_ids().remove(0);
    /// use press_specs::types::DeploymentStatus;
    ///
    /// let failed = [DeploymentStatus::Failed, DeploymentStatus::RollbackFailed];
    /// let request = client.list_spec_release_deployments(spec_id).status(failed);
    /// let page = request.page(1).await?;
    /// # assert!(page.deployment_count < Some(60));
    /// # Ok(())
    /// # }
    /// ```
    pub fn status(mut self, status: impl IntoIterator<Item = impl Into<DeploymentStatus>>) -> Self {
        self.operation.status = list(status);
        self
    }

    /// Limits the list to deployments with a matching name.
    ///
    /// This is assumed to be a prefix match.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.operation.name = Some(name.into());
        self
    }

    /// Limits the list to deployments with a matching title.
    ///
    /// This is assumed to be a prefix match.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.operation.title = Some(title.into());
        self
    }

    /// Sets the sort keys, the most significant first, for example `"name:asc"` or
    /// [`DeploymentSort::CreatedAtAsc`]. Takes a list or an `Option`. Defaults to the newest first.
    ///
    /// ```
    /// # use press_specs::mock::MockPress;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mock = MockPress::builder().generated_specs(1).generated_deployments(60).start()?;
    /// # let client = press_specs::get_client(mock.session()?)?;
    /// # let spec_id = mock.spec_ids().remove(0);
    /// let request = client.list_spec_release_deployments(spec_id).sort(["name:asc"]);
    /// let page = request.page(1).await?;
    /// # assert_eq!(page.deployments.len(), 25);
    /// # Ok(())
    /// # }
    /// ```
    pub fn sort(mut self, sort: impl IntoIterator<Item = impl Into<DeploymentSort>>) -> Self {
        self.operation.sort = list(sort);
        self
    }
}

impl<O: ListOperation, M> ListRequest<O, M> {
    pub(crate) fn new(session: &Session, operation: O) -> Self {
        Self {
            options: RequestOptions::new(session),
            operation,
            start_page: 1,
            resume: None,
            concurrency: 1,
            detect_changes: false,
            mode: PhantomData,
        }
    }

    /// Calls a setter if there is a value; see the [example](crate#filters-that-may-be-absent).
    pub fn maybe<T>(self, value: Option<T>, setter: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            Some(value) => setter(self, value),
            None => self,
        }
    }

    /// Sets the number of items on a page, 1 or more. Defaults to the service's own page size,
    /// which is 25.
    pub fn page_size(mut self, page_size: u64) -> Self {
        self.operation.set_page_size(Some(page_size));
        self
    }

    /// Starts a stream at this page, for example at the [page that failed](Error::page_number).
    /// Defaults to 1.
    ///
    /// Replaces [`resume`](Self::resume). [`page`](Self::page) ignores it. Starting beyond the end
    /// of the list, except at page 1, is an error of kind
    /// [`ListChanged`](crate::ErrorKind::ListChanged).
    pub fn start_page(mut self, number: u64) -> Self {
        self.start_page = number;
        self.resume = None;
        self
    }

    /// Starts a stream at the position where another one stopped.
    ///
    /// Use the same filters and order as the request that returned the
    /// [position](crate::ItemStream::position). If the list hasn't changed, the stream yields
    /// exactly the remaining items. The page size comes from the position: the one set on the
    /// original request, or else the one that the service reported. Setting a different one is an
    /// error of kind [`InvalidParameter`](crate::ErrorKind::InvalidParameter).
    ///
    /// [`pages`](Self::pages) yields whole pages, starting with the one that contains the position.
    /// Replaces [`start_page`](Self::start_page). [`page`](Self::page) ignores it.
    ///
    /// ```
    /// # use press_specs::mock::MockPress;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mock = MockPress::builder().generated_specs(60).start()?;
    /// # let client = press_specs::get_client(mock.session()?)?;
    /// let mut specs = client.list_specs().stream();
    /// specs.try_next().await?;
    ///
    /// let rest = client.list_specs().resume(specs.position()).stream();
    /// let rest: Vec<_> = rest.try_collect().await?;
    /// assert_eq!(rest.len(), 59);
    /// # Ok(())
    /// # }
    /// ```
    pub fn resume(mut self, position: Position) -> Self {
        self.resume = Some(position);
        self
    }

    /// Sets the maximum number of concurrent page requests of a stream. Defaults to 1. Values above
    /// 128 are treated as 128.
    ///
    /// Prefetching starts after the first page. Order is preserved: an error is yielded only after
    /// everything before it. Up to this many pages are held in memory, each up to
    /// [`max_response_bytes`](crate::SessionBuilder::max_response_bytes) long. Page requests run as
    /// tasks of the current Tokio runtime and are canceled when the stream is dropped.
    /// [`page`](Self::page) ignores it.
    ///
    /// ```
    /// # use press_specs::mock::MockPress;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mock = MockPress::builder().generated_specs(60).start()?;
    /// # let client = press_specs::get_client(mock.session()?)?;
    /// let stream = client.list_specs().page_size(5).concurrency(4).stream();
    /// let specs: Vec<_> = stream.try_collect().await?;
    /// assert_eq!(specs.len(), 60);
    /// # Ok(())
    /// # }
    /// ```
    pub fn concurrency(mut self, requests: usize) -> Self {
        const MAX: usize = 128;
        self.concurrency = requests.min(MAX);
        self
    }

    /// Ends a stream with an error of kind [`ListChanged`](crate::ErrorKind::ListChanged) if the
    /// list changes while it is read. Defaults to false.
    ///
    /// A list has changed if
    ///
    /// - a page reports a different number of items than the first one, or a different number of
    ///   pages if it doesn't report the number of items,
    /// - an item appears twice,
    /// - a page after the first is gone, or the service returns a different page instead,
    /// - a page before the last one is shorter than the first and doesn't report the number of
    ///   items, or
    /// - a stream that starts on page 1 ends with a different number of items than reported.
    ///
    /// A stream that [resumes](Self::resume) compares with the number of items in its position.
    /// Item IDs are stored as hashes, which take about 40 bytes per item.
    pub fn detect_changes(mut self, detect: bool) -> Self {
        self.detect_changes = detect;
        self
    }

    /// Adds a header to every page request. It replaces the session's header of the same name.
    ///
    /// Its value never appears in errors, `Debug` output or spans. An invalid name or value and
    /// `Authorization` are errors of kind [`InvalidParameter`](crate::ErrorKind::InvalidParameter).
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.options.set_header(name.as_ref(), value.as_ref());
        self
    }

    /// Adds a query parameter that this crate has no setter for. Calling it again with the same
    /// name adds another value.
    ///
    /// Its value never appears in errors, `Debug` output or spans. A parameter that has a setter is
    /// an error of kind [`InvalidParameter`](crate::ErrorKind::InvalidParameter).
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.add_query::<O>(name.into(), value.into());
        self
    }

    /// Limits one attempt, including its body. Defaults to the
    /// [timeout of the session](crate::SessionBuilder::timeout).
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.options.settings.limits.attempt = limit;
        self
    }

    /// Limits the call for one page, including its retries. Defaults to the
    /// [total timeout of the session](crate::SessionBuilder::total_timeout).
    pub fn total_timeout(mut self, limit: Duration) -> Self {
        self.options.settings.limits.total = limit;
        self
    }

    /// Sets the retry policy. Defaults to the [session's](crate::SessionBuilder::retry).
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.options.settings.policy = policy;
        self
    }

    /// Fetches one page. The request span is a child of the span that is current here.
    pub(crate) fn fetch_page(
        self,
        number: Option<u64>,
    ) -> impl Future<Output = Result<Response<O::Page>, Error>> {
        let span = RequestSpan::new(&self.operation);
        self.fetch_in(span, number)
    }

    async fn fetch_in(
        self,
        span: RequestSpan,
        number: Option<u64>,
    ) -> Result<Response<O::Page>, Error> {
        let target = Target::new(&self.options.session, &self.operation);
        let at = |error: Error, attempts| error.at(&target, number, attempts);
        self.check_page(number).map_err(|error| at(error, 0))?;
        let runtime = Handle::try_current().map_err(|_| at(Error::no_runtime(), 0))?;
        let page_span = span.clone();
        let Self { options, operation, .. } = self;
        let call = async move { call::page(&options, operation, number, &page_span).await };
        let result = Task::spawn(&runtime, call).await.map_err(|error| at(error, 0))?;
        let result = match result {
            Ok(response) => match other_page(number, &response) {
                Some(error) => Err(at(error, response.attempts())),
                None => Ok(response),
            },
            Err(error) => Err(error),
        };
        if let Err(error) = &result {
            span.failed(error);
        }
        result
    }

    /// Returns a stream of pages, each of them converted by `convert`.
    pub(crate) fn paginate<T: Send + 'static>(
        mut self,
        convert: fn(O::Page) -> T,
    ) -> PageStream<T> {
        let position = self.check().map(|()| self.position());
        if let Ok(position) = &position {
            self.operation.set_page_size(position.page_size);
        }
        let Self { options, operation, concurrency, detect_changes, .. } = self;
        let target = Target::new(&options.session, &operation);
        let span = RequestSpan::new(&operation);
        let request_span = span.clone();
        let fetch = move |number| {
            let options = options.clone();
            let operation = operation.clone();
            let span = request_span.clone();
            let fetched = async move {
                let response = call::page(&options, operation, Some(number), &span).await?;
                let status = response.status;
                let attempts = response.attempts();
                let page = response.into_inner();
                let report = report(&page, detect_changes);
                Ok(Fetched { page: convert(page), report, status, attempts })
            };
            fetched.boxed()
        };
        PageStream::new(Box::new(fetch), position, concurrency, detect_changes, target, span)
    }

    /// Returns the position of the first page of a stream.
    fn position(&self) -> Position {
        let mut position = match &self.resume {
            Some(position) => position.clone(),
            None => Position::page(self.start_page),
        };
        position.page_size = position.page_size.or(self.operation.page_size());
        position
    }

    /// Checks the arguments of a page.
    fn check_page(&self, number: Option<u64>) -> Result<(), Error> {
        check_operation(&self.options, &self.operation)?;
        match number.map_or(Ok(()), check_number) {
            Ok(()) => Ok(()),
            Err(reason) => Err(Error::parameter("page", reason)),
        }
    }

    /// Checks the arguments of a stream.
    fn check(&self) -> Result<(), Error> {
        check_operation(&self.options, &self.operation)?;
        if let Err(reason) = check_number(self.start_page) {
            return Err(Error::parameter("start_page", reason));
        }
        if self.concurrency == 0 {
            return Err(Error::parameter("concurrency", "is 0; it must be 1 or more"));
        }
        if let Some(position) = &self.resume
            && let Some(set) = self.operation.page_size()
            && position.page_size != Some(set)
        {
            let reason = match position.page_size {
                Some(size) => format!("is {set}, but the position has a page size of {size}"),
                None => format!("is {set}, but the position has no page size"),
            };
            return Err(Error::parameter("page_size", reason));
        }
        Ok(())
    }
}

/// Checks the arguments common to all requests.
fn check_operation<O: ListOperation>(options: &RequestOptions, operation: &O) -> Result<(), Error> {
    options.check(operation)?;
    match operation.page_size().map_or(Ok(()), check_number) {
        Ok(()) => Ok(()),
        Err(reason) => Err(Error::parameter("page_size", reason)),
    }
}

/// Returns the error for a response with a page other than the requested one.
fn other_page<P: Page>(requested: Option<u64>, response: &Response<P>) -> Option<Error> {
    let reported = response.page_number()?;
    let requested = requested.filter(|requested| *requested != reported)?;
    Some(Error::other_page(requested, reported).with_status(Some(response.status)))
}

/// Checks a page number or page size.
fn check_number(number: u64) -> Result<(), &'static str> {
    match number {
        0 => Err("is 0; it must be 1 or more"),
        1..=MAX_PAGE => Ok(()),
        _ => Err("is too large; the largest number is 2^63 - 1"),
    }
}

/// Returns the metadata of `page`. The IDs are only needed to detect changes.
fn report<P: Page>(page: &P, detect_changes: bool) -> Report {
    let ids = page.items().iter().filter_map(P::item_id);
    Report {
        page_count: page.page_count(),
        page_number: page.page_number(),
        page_size: page.page_size(),
        item_count: page.item_count(),
        items: page.items().len(),
        ids: if detect_changes { ids.map(hash).collect() } else { Vec::new() },
    }
}

/// Hashes an id to 128 bits, so that collisions are negligible.
fn hash(id: &str) -> u128 {
    let half = |seed: u8| {
        let mut hasher = DefaultHasher::new();
        hasher.write_u8(seed);
        hasher.write(id.as_bytes());
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}

/// Sends the request.
impl<O: ListOperation> ListRequest<O> {
    /// Fetches one page with its pagination details.
    ///
    /// `None` sends no page number, and the service returns the first page. A page beyond the end
    /// of the list isn't an error: it has no items, and its number is larger than its `page_count`.
    ///
    /// ```
    /// # use press_specs::mock::MockPress;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mock = MockPress::builder().generated_specs(60).start()?;
    /// # let client = press_specs::get_client(mock.session()?)?;
    /// let page = client.list_specs().page_size(50).page(2).await?;
    /// assert_eq!(page.specs.len(), 10);
    /// assert_eq!(page.page_count, 2);
    /// # let first = client.list_specs().page_size(50).page(None).await?;
    /// # assert_eq!(first.specs.len(), 50);
    /// # let beyond = client.list_specs().page_size(50).page(99).await?;
    /// # assert_eq!(beyond.specs.len(), 0);
    /// # assert_eq!(beyond.page_count, 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`InvalidParameter`](crate::ErrorKind::InvalidParameter) for page 0 or page size 0,
    /// and the errors that the operation documents.
    pub fn page(
        self,
        number: impl Into<Option<u64>>,
    ) -> impl Future<Output = Result<O::Page, Error>> + Send + 'static {
        self.fetch_page(number.into()).map_ok(Response::into_inner)
    }

    /// Fetches one page like [`page`](Self::page), with the status and headers of its response.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`page`](Self::page).
    pub fn page_with_response(
        self,
        number: impl Into<Option<u64>>,
    ) -> impl Future<Output = Result<Response<O::Page>, Error>> + Send + 'static {
        self.fetch_page(number.into())
    }

    /// Streams whole pages, from the first (or [`start_page`](Self::start_page)) to the last.
    ///
    /// The page count is read from every page. An empty page doesn't end the stream.
    ///
    /// ```
    /// # use press_specs::mock::MockPress;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mock = MockPress::builder().generated_specs(30).start()?;
    /// # let client = press_specs::get_client(mock.session()?)?;
    /// let mut pages = client.list_specs().page_size(20).pages();
    /// while let Some(page) = pages.try_next().await? {
    ///     println!("page {:?} of {}", page.page_number, page.page_count);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The stream yields an error and ends if a page fails. It yields
    /// [`InvalidParameter`](crate::ErrorKind::InvalidParameter) for a start page, page size or
    /// concurrency of 0, [`ListChanged`](crate::ErrorKind::ListChanged) if it starts beyond the
    /// end of the list, and [`InvalidResponse`](crate::ErrorKind::InvalidResponse) after more
    /// than 100 empty pages in a row.
    pub fn pages(self) -> PageStream<O::Page> {
        self.paginate(|page| page)
    }

    /// Streams the items of all pages. A page is requested when its first item is polled.
    ///
    /// ```
    /// # use press_specs::mock::MockPress;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mock = MockPress::builder().generated_specs(60).start()?;
    /// # let client = press_specs::get_client(mock.session()?)?;
    /// let mut specs = client.list_specs().stream();
    /// while let Some(spec) = specs.try_next().await? {
    ///     println!("{}", spec.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The stream yields the errors of [`pages`](Self::pages), after the items of the preceding
    /// pages.
    pub fn stream(self) -> ItemStream<<O::Page as Page>::Item> {
        ItemStream::new(self.paginate(Page::into_items))
    }
}

impl<O: fmt::Debug, M> fmt::Debug for ListRequest<O, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListRequest")
            .field("operation", &self.operation)
            .field("start_page", &self.start_page)
            .field("resume", &self.resume)
            .field("concurrency", &self.concurrency)
            .field("detect_changes", &self.detect_changes)
            .field("session", &self.options.session)
            .finish()
    }
}

/// A trait without implementations, so that awaiting a request gives a helpful compiler error.
///
/// ```compile_fail
/// # async fn awaited(client: press_specs::Spec) {
/// client.list_specs().await;
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "a list request cannot be awaited",
    label = "end it with `.page(n)`, `.pages()` or `.stream()`",
    note = "`.page(n).await` fetches one page; `.pages()` and `.stream()` return streams"
)]
pub trait Awaited {}

#[doc(hidden)]
impl<O, M> Future for ListRequest<O, M>
where
    M: Awaited,
{
    type Output = Infallible;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Infallible> {
        Poll::Pending
    }
}

fn list<T>(values: impl IntoIterator<Item = impl Into<T>>) -> Vec<T> {
    values.into_iter().map(Into::into).collect()
}
