//! The requests: what can be asked for, and how the answer comes.

use std::{fmt, marker::PhantomData};

use press_api_gen::{ListOperation, Page, operations};

use crate::{
    call::{self, Context},
    client::Async,
    error::Error,
    pagination::{ItemStream, PageStream},
    response::Response,
    session::Session,
    trace::RequestSpan,
    types::{DeploymentSort, DeploymentStatus, SpecKind, SpecScope, SpecSort, SpecStatus},
};

/// A request for specs, made by [`Spec::list_specs`](crate::Spec::list_specs).
pub type ListSpecs<M = Async> = ListRequest<operations::ListSpecs, M>;

/// A request for the deployments of a spec, made by
/// [`Spec::list_spec_release_deployments`](crate::Spec::list_spec_release_deployments).
pub type ListSpecReleaseDeployments<M = Async> = ListRequest<operations::ListSpecReleaseDeployments, M>;

/// A request for a list, to be refined by its setters and ended by how its answer shall come.
///
/// `O` is the operation, as in [`ListSpecs`] and [`ListSpecReleaseDeployments`]; `M` is [`Async`], or `Blocking` in the
/// module `blocking`.
///
/// It owns what it needs, can be cloned and kept, and sends nothing before its answer is awaited or polled. A setter
/// that is called again replaces what it set before.
#[must_use = "a request does nothing until its answer is asked for"]
pub struct ListRequest<O, M = Async> {
    context: Context,
    operation: O,
    start_page: u32,
    concurrency: usize,
    mode: PhantomData<fn() -> M>,
}

impl<M> ListSpecs<M> {
    /// Asks only for specs with one of these statuses. None given: with any.
    pub fn status(mut self, status: impl IntoIterator<Item = impl Into<SpecStatus>>) -> Self {
        self.operation.status = list(status);
        self
    }

    /// Asks only for featured specs, or with `false` only for others.
    pub fn featured(mut self, featured: impl Into<bool>) -> Self {
        self.operation.featured = Some(featured.into());
        self
    }

    /// Asks only for specs of this kind.
    pub fn kind(mut self, kind: impl Into<SpecKind>) -> Self {
        self.operation.kind = Some(kind.into());
        self
    }

    /// Asks only for specs that contain the term in their name, title, description or summary.
    pub fn term(mut self, term: impl Into<String>) -> Self {
        self.operation.term = Some(term.into());
        self
    }

    /// Orders the specs, by the first key first: `"createdAt:desc"`, [`SpecSort::NameAsc`]. Default: by creation date.
    pub fn sort(mut self, sort: impl IntoIterator<Item = impl Into<SpecSort>>) -> Self {
        self.operation.sort = list(sort);
        self
    }

    /// Asks only for specs of these scopes. None given: of any.
    pub fn scope(mut self, scope: impl IntoIterator<Item = impl Into<SpecScope>>) -> Self {
        self.operation.scope = list(scope);
        self
    }
}

impl<M> ListSpecReleaseDeployments<M> {
    /// Asks only for deployments of the release with this semantic version. Default: of all releases.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.operation.version = Some(version.into());
        self
    }

    /// Asks only for deployments with one of these statuses. None given: with any.
    pub fn status(mut self, status: impl IntoIterator<Item = impl Into<DeploymentStatus>>) -> Self {
        self.operation.status = list(status);
        self
    }

    /// Asks only for deployments whose name begins with this.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.operation.name = Some(name.into());
        self
    }

    /// Asks only for deployments whose title begins with this.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.operation.title = Some(title.into());
        self
    }

    /// Orders the deployments, by the first key first: `"name:asc"`, [`DeploymentSort::CreatedAtAsc`]. Default: the
    /// newest first.
    pub fn sort(mut self, sort: impl IntoIterator<Item = impl Into<DeploymentSort>>) -> Self {
        self.operation.sort = list(sort);
        self
    }
}

impl<O: ListOperation, M> ListRequest<O, M> {
    pub(crate) fn new(session: &Session, operation: O) -> Self {
        Self {
            context: Context::new(session),
            operation,
            start_page: 1,
            concurrency: 1,
            mode: PhantomData,
        }
    }

    /// Sets how many items a page holds, 1 or more. Default: what the service sets, 25.
    pub fn page_size(mut self, page_size: u32) -> Self {
        self.operation.set_page_size(Some(page_size));
        self
    }

    /// Starts the walk of all pages at this one, for example at the
    /// [page that failed](crate::Error::page_number). Default: 1. A single page ignores it.
    pub fn start_page(mut self, number: u32) -> Self {
        self.start_page = number;
        self
    }

    /// Lets up to `requests` requests be in flight at once in the walk of all pages, as soon as the first page has told
    /// how many there are. Default: 1. A single page ignores it.
    ///
    /// The answer is that of a walk one by one: pages and items come in order, and an error comes after all that stands
    /// before it. Up to as many pages wait in memory; no task is spawned. More than 128 count as 128, since a server can
    /// claim any number of pages.
    pub fn concurrency(mut self, requests: usize) -> Self {
        const MAX: usize = 128;
        self.concurrency = requests.min(MAX);
        self
    }

    /// Fetches one page.
    pub(crate) fn fetch_page(
        self,
        number: Option<u32>,
    ) -> impl Future<Output = Result<Response<O::Page>, Error>> + Send + 'static {
        let Self { context, operation, .. } = self;
        // Made here, so that it belongs to whatever span the caller is in.
        let span = RequestSpan::new(&operation);
        async move { call::page(&context, &operation, number, None, &span).await }
    }

    /// Walks all pages.
    pub(crate) fn walk(self) -> PageStream<O::Page> {
        let Self {
            context,
            operation,
            start_page,
            concurrency,
            ..
        } = self;
        let invalid = match (start_page, concurrency) {
            (0, _) => Some(("start_page", "is 0; pages are numbered from 1")),
            (_, 0) => Some(("concurrency", "is 0; a walk needs 1 request or more")),
            _ => None,
        };
        let span = RequestSpan::new(&operation);
        let fetch = move |number| {
            let (context, operation, span) = (context.clone(), operation.clone(), span.clone());
            Box::pin(async move {
                let page = match invalid {
                    Some((name, reason)) => Err(Error::parameter(name, reason).at(&operation, None, 0)),
                    None => call::page(&context, &operation, Some(number), None, &span)
                        .await
                        .map(Response::into_inner),
                };
                (number, page)
            }) as _
        };
        PageStream::new(start_page, concurrency, Box::new(fetch))
    }
}

/// How the answer comes.
impl<O: ListOperation> ListRequest<O> {
    /// Fetches one page with its pagination details; `None` asks for the first without naming a number.
    ///
    /// ```
    /// # use press_specs::mock::MockPress;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mock = MockPress::builder().generated_specs(30).start()?;
    /// # let client = press_specs::get_client(mock.session()?)?;
    /// let page = client.list_specs().page_size(20).page(2).await?;
    /// assert_eq!((page.page_count, page.specs.len()), (2, 10));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the operation; [`InvalidParameter`](crate::ErrorKind::InvalidParameter) for page 0 or page size 0.
    pub fn page(self, number: impl Into<Option<u32>>) -> impl Future<Output = Result<O::Page, Error>> + Send + 'static {
        let page = self.fetch_page(number.into());
        async move { page.await.map(Response::into_inner) }
    }

    /// Streams whole pages, from the first (or [`start_page`](Self::start_page)) to the last.
    ///
    /// The number of pages is read afresh from each page, and an empty page in the middle is not the end.
    ///
    /// ```
    /// # use press_specs::mock::MockPress;
    /// use futures::TryStreamExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mock = MockPress::builder().generated_specs(30).start()?;
    /// # let client = press_specs::get_client(mock.session()?)?;
    /// let mut pages = client.list_specs().page_size(20).pages();
    /// while let Some(page) = pages.try_next().await? {
    ///     println!("page {:?} of {}: {} specs", page.page_number, page.page_count, page.specs.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The stream yields the operation's errors and ends after one;
    /// [`InvalidParameter`](crate::ErrorKind::InvalidParameter) for start page, page size or concurrency 0.
    pub fn pages(self) -> PageStream<O::Page> {
        self.walk()
    }

    /// Streams the items of all pages; each page is requested when its first item is asked for.
    ///
    /// ```
    /// # use press_specs::mock::MockPress;
    /// use futures::TryStreamExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mock = MockPress::builder().generated_specs(30).start()?;
    /// # let client = press_specs::get_client(mock.session()?)?;
    /// let specs: Vec<_> = client.list_specs().sort(["name:asc"]).stream().try_collect().await?;
    /// assert_eq!(specs.len(), 30);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`pages`](Self::pages), after the items of the pages before.
    pub fn stream(self) -> ItemStream<<O::Page as Page>::Item> {
        ItemStream::new(self.walk())
    }
}

impl<O: Clone, M> Clone for ListRequest<O, M> {
    fn clone(&self) -> Self {
        Self {
            context: self.context.clone(),
            operation: self.operation.clone(),
            start_page: self.start_page,
            concurrency: self.concurrency,
            mode: PhantomData,
        }
    }
}

impl<O: fmt::Debug, M> fmt::Debug for ListRequest<O, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListRequest")
            .field("operation", &self.operation)
            .field("start_page", &self.start_page)
            .field("concurrency", &self.concurrency)
            .field("session", &self.context.session)
            .finish()
    }
}

fn list<T>(values: impl IntoIterator<Item = impl Into<T>>) -> Vec<T> {
    values.into_iter().map(Into::into).collect()
}
