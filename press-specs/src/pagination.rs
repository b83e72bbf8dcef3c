//! Pages → ordered page stream → item stream, with position and change detection. Knows no HTTP.

use std::{
    collections::{HashSet, VecDeque},
    fmt,
    hash::{BuildHasher, RandomState},
    panic,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    vec,
};

use futures_core::{FusedStream, Stream};
use press_api_gen::{Page, memory::Reservation};
use tokio::{runtime::Handle, task::JoinHandle};

use crate::{
    error::{Error, ErrorKind},
    position::Position,
    trace,
};

/// The pages of a list, by number.
pub(crate) trait Source<P>: Send {
    /// Fetches a page. Only one fetched `ahead` can find [no room](Error::is_no_room) in memory.
    fn fetch(&self, number: u32, ahead: bool) -> Fetch<P>;

    /// Adds to an error of the pagination where it happened.
    fn locate(&self, error: Error, number: u32, attempts: u32) -> Error;
}

pub(crate) type Fetch<P> = Pin<Box<dyn Future<Output = Result<Fetched<P>, Error>> + Send>>;

/// A page that nobody has received yet.
pub(crate) struct Fetched<P> {
    pub(crate) page: P,
    pub(crate) attempts: u32,
    /// Its share of the memory for pages fetched ahead.
    pub(crate) _share: Option<Arc<Reservation>>,
}

/// A page request that a stream has made.
enum Request<P> {
    /// Runs while the stream is polled.
    Here(Fetch<P>),
    /// Runs as a task of the stream's runtime.
    Task(Task<Result<Fetched<P>, Error>>),
}

/// A task of a runtime. It ends when it is dropped, and its panic continues where it is awaited.
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
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let joined = ready!(Pin::new(&mut self.0).poll(cx));
        Poll::Ready(joined.map_err(|error| match error.try_into_panic() {
            Ok(panic) => panic::resume_unwind(panic),
            Err(_) => other_runtime(),
        }))
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The progress of a stream through a list.
pub(crate) struct Walk {
    /// The place of the next page.
    place: Position,
    /// The number of pages that may be fetched before they are needed.
    ahead: usize,
    /// The last page that was requested when memory last had no room.
    crowded: u32,
    /// `true` if no request runs where the stream is polled.
    only_tasks: bool,
    /// The ids of the items so far, if changes are to be detected.
    seen: Option<Seen>,
    /// The reason to send nothing.
    refused: Option<Error>,
    page_count: Option<u64>,
    item_count: Option<u64>,
    empty_pages: u32,
    runtime: Option<Handle>,
    failed: bool,
    ended: bool,
}

impl Walk {
    pub(crate) fn new(
        place: Position,
        concurrency: usize,
        detect_changes: bool,
        refused: Option<Error>,
    ) -> Self {
        Self {
            place,
            ahead: if concurrency > 1 { concurrency } else { 0 },
            crowded: 0,
            only_tasks: false,
            seen: detect_changes.then(Seen::default),
            refused,
            page_count: None,
            item_count: None,
            empty_pages: 0,
            runtime: None,
            failed: false,
            ended: false,
        }
    }

    /// Ties the stream to the runtime of its first poll, whose timers and connections its requests
    /// use.
    fn enter_runtime(&mut self) -> Result<(), Error> {
        match (&self.runtime, Handle::try_current()) {
            // Outside of any runtime, the first request fails by itself.
            (None, current) => self.runtime = current.ok(),
            (Some(first), Ok(current)) if first.id() == current.id() => {}
            _ => return Err(other_runtime()),
        }
        Ok(())
    }

    /// Takes in page `number`.
    fn accept<P: Page>(&mut self, number: u32, page: &P) -> Result<(), Error> {
        const MAX_EMPTY_PAGES: u32 = 100;

        let (last, items) = (page.page_count(), page.items());
        if self.page_count.is_none() && number > 1 && u64::from(number) > last {
            return Err(changed(format_args!("it ends at page {last}")));
        }
        let item_count = page.item_count();
        let first_count = self.place.item_count.or(item_count);
        if let Some(seen) = &mut self.seen {
            if let (Some(before), Some(now)) = (first_count, item_count)
                && before != now
            {
                return Err(changed(format_args!("it had {before} items and now has {now}")));
            }
            if items.len() < self.place.item {
                return Err(changed(format_args!("the page at which to resume is shorter")));
            }
            if items.iter().filter_map(P::item_id).any(|id| !seen.insert(id)) {
                return Err(changed(format_args!("an item appears twice")));
            }
        }
        let next = number.checked_add(1).filter(|next| u64::from(*next) <= last);
        self.empty_pages = if items.is_empty() { self.empty_pages + 1 } else { 0 };
        if self.empty_pages > MAX_EMPTY_PAGES && next.is_some() {
            return Err(Error::new(
                ErrorKind::InvalidResponse,
                format!(
                    "more than {MAX_EMPTY_PAGES} pages in a row are empty, and the last one reports {last} pages"
                ),
            ));
        }
        // The service's default may be another one by the time the stream resumes. A report counts
        // that the page bears out; the first page begins in the same way whatever its size
        // is.
        let reported = page.page_size().filter(|&size| match next {
            Some(_) => u64::try_from(items.len()) == Ok(size),
            None => number == 1,
        });
        let reported = reported.and_then(|size| u32::try_from(size).ok()).filter(|&size| size > 0);
        self.place = Position {
            page: next,
            item: 0,
            page_size: self.place.page_size.or(reported),
            item_count: first_count,
        };
        (self.page_count, self.item_count) = (Some(last), item_count);
        Ok(())
    }
}

fn changed(reason: fmt::Arguments<'_>) -> Error {
    Error::new(ErrorKind::ListChanged, format!("the list changed: {reason}"))
}

fn other_runtime() -> Error {
    Error::configuration(
        "the stream",
        "belongs to the Tokio runtime that polled it first, and that one is not the current one or has shut down: \
         poll it there, or make another request with `resume` or `start_page`",
    )
}

/// The ids of items, each as 128 bits of hash: less memory than the text, and no two of a list will
/// ever be the same.
#[derive(Default)]
struct Seen {
    hashers: [RandomState; 2],
    hashes: HashSet<[u64; 2]>,
}

impl Seen {
    /// Returns whether the id is new.
    fn insert(&mut self, id: &str) -> bool {
        self.hashes.insert(self.hashers.each_ref().map(|hasher| hasher.hash_one(id)))
    }
}

/// A stream of whole pages, in order.
///
/// [`ListRequest::pages`](crate::ListRequest::pages) returns it. It sends nothing before it is
/// polled, and ends after the last page or after an error. Dropping it cancels its requests.
///
/// A stream belongs to the Tokio runtime that polls it first. On another one it yields an error of
/// kind [`InvalidConfiguration`](crate::ErrorKind::InvalidConfiguration).
#[must_use = "streams do nothing unless polled"]
pub struct PageStream<P> {
    source: Box<dyn Source<P>>,
    walk: Walk,
    /// Requests for the next page and those that follow it, without a gap.
    requests: VecDeque<Request<P>>,
}

impl<P> PageStream<P> {
    pub(crate) fn new(source: impl Source<P> + 'static, walk: Walk) -> Self {
        Self { source: Box::new(source), walk, requests: VecDeque::new() }
    }

    /// Runs each request as a task, so that the thread that polls the stream has no part in the
    /// connections.
    #[cfg(feature = "blocking")]
    pub(crate) fn only_tasks(mut self) -> Self {
        self.walk.only_tasks = true;
        self
    }

    /// Returns the number of pages in the list, as the last page reported it; `None` before the
    /// first page.
    pub fn page_count(&self) -> Option<u64> {
        self.walk.page_count
    }

    /// Returns the number of items in the list, as the last page reported it; `None` before the
    /// first page.
    pub fn item_count(&self) -> Option<u64> {
        self.walk.item_count
    }
}

impl<P: Page> PageStream<P> {
    fn poll_page(&mut self, number: u32, cx: &mut Context<'_>) -> Poll<Result<P, Error>> {
        if let Err(error) = self.walk.enter_runtime() {
            return Poll::Ready(Err(self.source.locate(error, number, 0)));
        }
        loop {
            let next = self.requests.pop_front();
            let mut request = next.unwrap_or_else(|| self.request(number, false));
            let polled = match &mut request {
                Request::Here(fetch) => fetch.as_mut().poll(cx),
                Request::Task(task) => Pin::new(task).poll(cx).map(|joined| {
                    joined.unwrap_or_else(|error| Err(self.source.locate(error, number, 0)))
                }),
            };
            match polled {
                Poll::Pending => {
                    self.requests.push_front(request);
                    return Poll::Pending;
                }
                Poll::Ready(Ok(Fetched { page, attempts, .. })) => {
                    let accepted = self.walk.accept(number, &page);
                    let accepted =
                        accepted.map_err(|error| self.source.locate(error, number, attempts));
                    return Poll::Ready(accepted.map(|()| page));
                }
                Poll::Ready(Err(error)) if error.is_no_room() => {
                    // The pages that were requested together have no room for the same reason.
                    if number > self.walk.crowded {
                        self.walk.ahead /= 2;
                        let together = u32::try_from(self.requests.len()).unwrap_or(u32::MAX);
                        self.walk.crowded = number.saturating_add(together);
                    }
                    self.requests.push_front(self.request(number, false));
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Fetches further pages ahead. None but the first page is known to exist before that one
    /// tells.
    fn prefetch(&mut self) {
        let last = self.walk.page_count.unwrap_or(0);
        while self.requests.len() < self.walk.ahead
            && let Some(number) = u32::try_from(self.requests.len())
                .ok()
                .and_then(|pages| self.walk.place.page?.checked_add(pages))
            && u64::from(number) <= last
        {
            self.requests.push_back(self.request(number, true));
        }
    }

    fn request(&self, number: u32, ahead: bool) -> Request<P> {
        let fetch = self.source.fetch(number, ahead);
        match &self.walk.runtime {
            Some(runtime) if ahead || self.walk.only_tasks => {
                Request::Task(Task::spawn(runtime, fetch))
            }
            _ => Request::Here(fetch),
        }
    }
}

impl<P: Page> Stream for PageStream<P> {
    type Item = Result<P, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(error) = this.walk.refused.take() {
            this.walk.failed = true;
            return Poll::Ready(Some(Err(error)));
        }
        let Some(number) = this.walk.place.page.filter(|_| !this.walk.failed) else {
            this.walk.ended = true;
            return Poll::Ready(None);
        };
        // Stays so if the poll panics.
        this.walk.failed = true;
        let polled = this.poll_page(number, cx);
        this.walk.failed = matches!(polled, Poll::Ready(Err(_)));
        let page = ready!(polled);
        if this.walk.failed || this.walk.place.page.is_none() {
            this.requests.clear();
        } else {
            this.prefetch();
        }
        Poll::Ready(Some(page))
    }
}

impl<P: Page> FusedStream for PageStream<P> {
    fn is_terminated(&self) -> bool {
        self.walk.ended
    }
}

impl<P> fmt::Debug for PageStream<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageStream")
            .field("place", &self.walk.place)
            .field("page_count", &self.walk.page_count)
            .field("requests", &self.requests.len())
            .finish_non_exhaustive()
    }
}

/// A [`PageStream`] whose pages are of no interest but for their items.
trait Pages<T>: Send {
    fn poll_items(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Vec<T>, Error>>>;

    fn walk(&self) -> &Walk;
}

impl<P: Page> Pages<P::Item> for PageStream<P> {
    fn poll_items(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Vec<P::Item>, Error>>> {
        let page = ready!(Pin::new(self).poll_next(cx));
        Poll::Ready(page.map(|page| page.map(Page::into_items)))
    }

    fn walk(&self) -> &Walk {
        &self.walk
    }
}

/// A stream of items, in order.
///
/// [`ListRequest::stream`](crate::ListRequest::stream) returns it. It holds one page at a time and
/// those that it fetches ahead, requests the next page with the first item of that page, and ends
/// after the last item or after an error. Dropping it cancels its requests.
///
/// A stream belongs to the Tokio runtime that polls it first. On another one it yields an error of
/// kind [`InvalidConfiguration`](crate::ErrorKind::InvalidConfiguration).
#[must_use = "streams do nothing unless polled"]
pub struct ItemStream<T> {
    pages: Box<dyn Pages<T>>,
    items: vec::IntoIter<T>,
    /// The place of the next of `items`.
    place: Position,
}

impl<T> ItemStream<T> {
    pub(crate) fn new<P: Page<Item = T>>(pages: PageStream<P>) -> Self {
        Self {
            place: pages.walk.place.clone(),
            pages: Box::new(pages),
            items: Vec::new().into_iter(),
        }
    }

    /// Returns the place of the next item, for [`ListRequest::resume`](crate::ListRequest::resume).
    ///
    /// After an error it is the place of the page that failed, and after the last item the end of
    /// the list.
    pub fn position(&self) -> Position {
        if self.items.len() == 0 {
            return self.pages.walk().place.clone();
        }
        let Position { page_size, item_count, .. } = self.pages.walk().place;
        Position { page_size, item_count, ..self.place }
    }

    /// Returns the number of pages in the list, as the last page reported it; `None` before the
    /// first page.
    pub fn page_count(&self) -> Option<u64> {
        self.pages.walk().page_count
    }

    /// Returns the number of items in the list, as the last page reported it; `None` before the
    /// first page.
    pub fn item_count(&self) -> Option<u64> {
        self.pages.walk().item_count
    }

    /// Returns the next item if its page is already here.
    pub(crate) fn next_here(&mut self) -> Option<T> {
        let item = self.items.next()?;
        self.place.item += 1;
        Some(item)
    }
}

// No item is pinned in place.
impl<T> Unpin for ItemStream<T> {}

impl<T> Stream for ItemStream<T> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(item) = this.next_here() {
                return Poll::Ready(Some(Ok(item)));
            }
            let place = this.pages.walk().place.clone();
            match ready!(this.pages.poll_items(cx)) {
                Some(Ok(items)) => {
                    this.items = items.into_iter();
                    // A stream that resumes has returned these before.
                    this.items.by_ref().take(place.item).for_each(drop);
                    this.place = place;
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<T> FusedStream for ItemStream<T> {
    fn is_terminated(&self) -> bool {
        self.items.len() == 0 && self.pages.walk().ended
    }
}

impl<T> fmt::Debug for ItemStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemStream")
            .field("position", &self.position())
            .field("page_count", &self.page_count())
            .field("item_count", &self.item_count())
            .finish_non_exhaustive()
    }
}
