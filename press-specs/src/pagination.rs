//! A stream of pages: ordering, prefetch and change detection.

use std::{
    collections::{HashSet, VecDeque},
    fmt, mem, panic,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::{FusedStream, Stream, future::BoxFuture};
use http::StatusCode;
use tokio::{
    runtime::{Handle, Id},
    task::JoinHandle,
};

use crate::{
    error::{Error, ErrorKind, Target},
    position::{MAX_PAGE, Position},
    trace::{self, RequestSpan},
};

/// A function that fetches the page with this number.
pub(crate) type Fetch<P> = Box<dyn Fn(u64) -> BoxFuture<'static, Result<Fetched<P>, Error>> + Send>;

/// A page and its metadata about the list.
pub(crate) struct Fetched<P> {
    pub(crate) page: P,
    pub(crate) report: Report,
    pub(crate) status: StatusCode,
    /// The number of requests sent for the page.
    pub(crate) attempts: u32,
}

/// The metadata of a page: its own and the list's.
pub(crate) struct Report {
    pub(crate) page_count: u64,
    pub(crate) page_number: Option<u64>,
    pub(crate) page_size: Option<u64>,
    pub(crate) item_count: Option<u64>,
    /// The number of items on the page.
    pub(crate) items: usize,
    /// Hashes of the item ids. Empty unless `detect_changes` is set.
    pub(crate) ids: Vec<u128>,
}

/// A task that is canceled on drop, and whose panic propagates to the caller that awaits it.
pub(crate) struct Task<T>(JoinHandle<T>);

impl<T: Send + 'static> Task<T> {
    pub(crate) fn spawn(
        runtime: &Handle,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Self {
        Self(runtime.spawn(trace::with_subscriber(future)))
    }
}

impl<T> Future for Task<T> {
    /// An error if the runtime has shut down.
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let joined = ready!(Pin::new(&mut self.0).poll(cx));
        Poll::Ready(joined.map_err(|error| match error.try_into_panic() {
            Ok(panic) => panic::resume_unwind(panic),
            Err(_) => Error::no_runtime(),
        }))
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A stream of whole pages, in order.
///
/// [`ListRequest::pages`](crate::ListRequest::pages) returns it. It sends nothing before it is
/// polled, and ends after the last page or after an error. Each page is requested in a task, so a
/// page that was requested arrives even if the stream isn't polled for a while. Dropping the stream
/// cancels its requests.
///
/// A stream can be polled on any Tokio runtime. If it moves to another one, requests in flight are
/// sent again there.
#[must_use = "streams do nothing unless polled"]
pub struct PageStream<P> {
    fetch: Fetch<P>,
    /// The number of pages to prefetch.
    prefetch: usize,
    progress: Progress,
    /// The requests for the next page and those after it.
    tasks: VecDeque<Task<Result<Fetched<P>, Error>>>,
    /// The runtime of the tasks.
    runtime: Option<Id>,
    state: State,
    target: Target,
    span: RequestSpan,
}

enum State {
    /// An argument is invalid.
    Invalid(Error),
    Reading,
    Done,
}

impl<P: Send + 'static> PageStream<P> {
    /// `position` is the first page, or the error for an invalid argument.
    pub(crate) fn new(
        fetch: Fetch<P>,
        position: Result<Position, Error>,
        concurrency: usize,
        detect_changes: bool,
        target: Target,
        span: RequestSpan,
    ) -> Self {
        let (position, state) = match position {
            Ok(position) => (position, State::Reading),
            Err(error) => (Position::page(1), State::Invalid(error.at(&target, None, 0))),
        };
        let prefetch = if concurrency > 1 { concurrency } else { 0 };
        let progress = Progress::new(position, detect_changes);
        let tasks = VecDeque::new();
        Self { fetch, prefetch, progress, tasks, runtime: None, state, target, span }
    }

    fn poll_page(&mut self, number: u64, cx: &mut Context<'_>) -> Poll<Result<P, Error>> {
        let Ok(runtime) = Handle::try_current() else {
            return Poll::Ready(Err(self.at(Error::no_runtime(), number, 0)));
        };
        if self.runtime != Some(runtime.id()) {
            self.tasks.clear();
            self.runtime = Some(runtime.id());
        }
        if self.tasks.is_empty() {
            self.request(&runtime, number);
        }
        let joined = ready!(Pin::new(&mut self.tasks[0]).poll(cx));
        self.tasks.pop_front();
        let fetched = match joined {
            Ok(Ok(fetched)) => fetched,
            Ok(Err(error)) => return Poll::Ready(Err(self.gone(error, number))),
            Err(error) => return Poll::Ready(Err(self.at(error, number, 0))),
        };
        if let Err(error) = self.progress.accept(number, &fetched.report) {
            let error = error.with_status(Some(fetched.status));
            return Poll::Ready(Err(self.at(error, number, fetched.attempts)));
        }
        self.prefetch(&runtime);
        Poll::Ready(Ok(fetched.page))
    }

    /// Prefetches pages that exist according to the latest page.
    fn prefetch(&mut self, runtime: &Handle) {
        let Some(next) = self.progress.position.page else {
            self.tasks.clear();
            return;
        };
        let last = self.progress.page_count.unwrap_or(0);
        for number in (next..=last).take(self.prefetch).skip(self.tasks.len()) {
            self.request(runtime, number);
        }
    }

    fn request(&mut self, runtime: &Handle, number: u64) {
        self.tasks.push_back(Task::spawn(runtime, (self.fetch)(number)));
    }

    /// Returns the error for a page that failed.
    fn gone(&self, error: Error, number: u64) -> Error {
        let is_first = self.progress.page_count.is_none();
        if error.kind() != ErrorKind::NotFound || is_first || self.progress.changes.is_none() {
            return error;
        }
        let attempts = error.attempts();
        self.at(changed(format_args!("page {number} is gone")), number, attempts)
    }

    fn at(&self, error: Error, number: u64, attempts: u32) -> Error {
        error.at(&self.target, Some(number), attempts)
    }
}

impl<P> PageStream<P> {
    /// Returns the number of pages in the list, as reported by the latest page; `None` before the
    /// first page.
    pub fn page_count(&self) -> Option<u64> {
        self.progress.page_count
    }

    /// Returns the number of items in the list, as reported by the latest page; `None` before the
    /// first page.
    pub fn item_count(&self) -> Option<u64> {
        self.progress.item_count
    }

    /// Returns the position of the next page, for
    /// [`ListRequest::resume`](crate::ListRequest::resume).
    ///
    /// After an error, it is the page that failed. After the last page, it is the end of the list.
    pub fn position(&self) -> Position {
        self.progress.position.clone()
    }
}

impl<P: Send + 'static> PageStream<P> {
    /// Returns the next page, or `None` at the end. Cancel-safe.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`ListRequest::pages`](crate::ListRequest::pages).
    #[expect(clippy::should_implement_trait, reason = "the name that `StreamExt` has")]
    pub fn next(&mut self) -> impl Future<Output = Option<Result<P, Error>>> + Send + Unpin {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx))
    }

    /// Returns the next page, or `Ok(None)` at the end. Cancel-safe.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`ListRequest::pages`](crate::ListRequest::pages).
    pub async fn try_next(&mut self) -> Result<Option<P>, Error> {
        self.next().await.transpose()
    }

    /// Collects the remaining pages.
    ///
    /// # Errors
    ///
    /// Returns the first error; the pages before it are dropped.
    pub async fn try_collect<C: Default + Extend<P>>(mut self) -> Result<C, Error> {
        let mut collected = C::default();
        while let Some(page) = self.try_next().await? {
            collected.extend([page]);
        }
        Ok(collected)
    }
}

impl<P: Send + 'static> Stream for PageStream<P> {
    type Item = Result<P, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        // Remains `Done` after an error, the last page or a panic.
        let result = match mem::replace(&mut this.state, State::Done) {
            State::Done => return Poll::Ready(None),
            State::Invalid(error) => Err(error),
            State::Reading => {
                let Some(number) = this.progress.position.page else { return Poll::Ready(None) };
                match this.poll_page(number, cx) {
                    Poll::Ready(result) => result,
                    Poll::Pending => {
                        this.state = State::Reading;
                        return Poll::Pending;
                    }
                }
            }
        };
        match &result {
            Ok(_) => this.state = State::Reading,
            Err(error) => {
                this.tasks.clear();
                this.span.failed(error);
            }
        }
        Poll::Ready(Some(result))
    }
}

// Pages are never pinned.
impl<P> Unpin for PageStream<P> {}

impl<P: Send + 'static> FusedStream for PageStream<P> {
    fn is_terminated(&self) -> bool {
        matches!(self.state, State::Done)
    }
}

impl<P> fmt::Debug for PageStream<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageStream")
            .field("position", &self.progress.position)
            .field("page_count", &self.progress.page_count)
            .field("requests", &self.tasks.len())
            .finish_non_exhaustive()
    }
}

/// The progress of a stream through a list.
struct Progress {
    /// The position of the next page.
    position: Position,
    page_count: Option<u64>,
    item_count: Option<u64>,
    /// The number of empty pages in a row.
    empty_pages: u32,
    /// The pages read so far. `None` unless `detect_changes` is set.
    changes: Option<Changes>,
}

impl Progress {
    fn new(position: Position, detect_changes: bool) -> Self {
        let changes = detect_changes.then(|| Changes::starting_at(&position));
        Self { position, page_count: None, item_count: None, empty_pages: 0, changes }
    }

    /// Checks page `number`, and advances to the next one.
    fn accept(&mut self, number: u64, report: &Report) -> Result<(), Error> {
        let last = report.page_count;
        if self.page_count.is_none() && number > 1 && number > last {
            return Err(Error::no_such_page(number, last));
        }
        if report.page_number.is_some_and(|reported| reported != number) {
            return Err(self.other_page(number, report));
        }
        if let Some(changes) = &mut self.changes {
            changes.check(&self.position, self.page_count, number, report)?;
        }
        self.count_empty_pages(number, report)?;
        self.position = Position {
            page: Some(number + 1).filter(|next| *next <= last.min(MAX_PAGE)),
            item: 0,
            page_size: self.position.page_size.or_else(|| page_size(number, report)),
            item_count: self.position.item_count.or(report.item_count),
        };
        self.page_count = Some(last);
        self.item_count = report.item_count;
        Ok(())
    }

    fn other_page(&self, number: u64, report: &Report) -> Error {
        let reported = report.page_number.unwrap_or_default();
        if self.changes.is_some() && self.page_count.is_some() {
            let reason = format_args!("page {reported} was returned instead of page {number}");
            return changed(reason);
        }
        Error::other_page(number, reported)
    }

    fn count_empty_pages(&mut self, number: u64, report: &Report) -> Result<(), Error> {
        const MAX_EMPTY_PAGES: u32 = 100;

        self.empty_pages = if report.items == 0 { self.empty_pages + 1 } else { 0 };
        if self.empty_pages <= MAX_EMPTY_PAGES || number >= report.page_count {
            return Ok(());
        }
        let message = format!(
            "more than {MAX_EMPTY_PAGES} pages in a row are empty, and the latest one reports {} \
             pages",
            report.page_count
        );
        Err(Error::new(ErrorKind::InvalidResponse, message))
    }
}

/// Returns the service's page size, so that a resumed stream uses the same one.
///
/// The reported size is used only if the number of items confirms it. The first page of a short
/// list is the same for any larger page size.
fn page_size(number: u64, report: &Report) -> Option<u64> {
    let size = report.page_size.filter(|size| *size > 0)?;
    let is_last = number >= report.page_count;
    let is_confirmed = if is_last { number == 1 } else { report.items as u64 == size };
    is_confirmed.then_some(size)
}

/// The pages of a list so far, to detect a change.
struct Changes {
    ids: HashSet<u128>,
    /// The number of items so far, if the stream started with the first one.
    items: Option<u64>,
    /// The number of items on the first page.
    first_page: Option<usize>,
}

impl Changes {
    fn starting_at(position: &Position) -> Self {
        let is_start = position.page == Some(1) && position.item == 0;
        Self { ids: HashSet::new(), items: is_start.then_some(0), first_page: None }
    }

    /// Compares page `number` with the pages before it.
    fn check(
        &mut self,
        position: &Position,
        page_count: Option<u64>,
        number: u64,
        report: &Report,
    ) -> Result<(), Error> {
        match (position.item_count, report.item_count) {
            (Some(before), Some(now)) if before != now => {
                return Err(changed(format_args!("it had {before} items and now has {now}")));
            }
            (_, Some(_)) => {}
            (_, None) => self.check_pages(page_count, number, report)?,
        }
        if report.items < position.item {
            return Err(changed(format_args!("the page to resume at is too short")));
        }
        if !report.ids.iter().all(|id| self.ids.insert(*id)) {
            return Err(changed(format_args!("an item appears twice")));
        }
        self.items = self.items.map(|items| items + report.items as u64);
        match (self.items, report.item_count) {
            (Some(read), Some(count)) if number >= report.page_count && read != count => {
                Err(changed(format_args!("it reports {count} items but has {read}")))
            }
            _ => Ok(()),
        }
    }

    /// Compares pages that don't report the number of items.
    fn check_pages(
        &mut self,
        page_count: Option<u64>,
        number: u64,
        report: &Report,
    ) -> Result<(), Error> {
        let now = report.page_count;
        if let Some(before) = page_count
            && before != now
        {
            return Err(changed(format_args!("it had {before} pages and now has {now}")));
        }
        let expected = *self.first_page.get_or_insert(report.items);
        if number < now && report.items != expected {
            let items = report.items;
            return Err(changed(format_args!("page {number} has {items} of {expected} items")));
        }
        Ok(())
    }
}

fn changed(reason: fmt::Arguments<'_>) -> Error {
    Error::new(ErrorKind::ListChanged, format!("the list changed: {reason}"))
}
