//! The client for synchronous code: the same names, setters and errors, with iterators instead of
//! streams.
//!
//! Requires the `blocking` feature:
//!
//! ```sh
//! cargo add press-specs --features blocking
//! ```
//!
//! ```
//! # use press_specs::mock::MockPress;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mock = MockPress::builder().generated_specs(30).start()?;
//! # let session = mock.session()?;
//! let client = press_specs::blocking::get_client(session)?;
//! for spec in client.list_specs().sort(["name:asc"]) {
//!     println!("{}", spec?.id);
//! }
//! let page = client.list_specs().page_size(20).page(2)?;
//! assert_eq!(page.specs.len(), 10);
//! # Ok(())
//! # }
//! ```
//!
//! All clients in the process share one background thread, which sends requests and runs the
//! session's callbacks. These must not block; see
//! [`auth_token_fn`](crate::SessionBuilder::auth_token_fn). A forked child starts its own thread:
//! fork while no call is in flight, and create the session in the child.
//!
//! The client also works inside an async runtime, but blocks the current thread like any other
//! synchronous I/O. Prefer the async client there.

use std::{
    cell::Cell,
    iter::FusedIterator,
    pin::pin,
    process,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use futures_core::Stream;
use futures_util::StreamExt;
use press_api_gen::{ListOperation, Page, operations};
use tokio::{
    runtime::{Builder, Handle},
    task,
};

use crate::{
    client::SpecClient, error::Error, items::ItemStream, pagination::PageStream,
    position::Position, request::ListRequest, response::Response, session::Session,
};

/// Marker type for the blocking client.
#[derive(Clone, Copy, Debug)]
pub enum Blocking {}

/// The client for specs and their deployments, returned by [`get_client`].
pub type Spec = SpecClient<Blocking>;

/// A request for specs, returned by [`Spec::list_specs`].
pub type ListSpecs = ListRequest<operations::ListSpecs, Blocking>;

/// A request for the deployments of a spec, returned by [`Spec::list_spec_release_deployments`].
pub type ListSpecReleaseDeployments = ListRequest<operations::ListSpecReleaseDeployments, Blocking>;

/// Creates a client with the given session, or with [the default one](Session::default_session) for
/// `None`.
///
/// # Errors
///
/// For `None`, returns the errors of [`Session::default_session`].
pub fn get_client(session: impl Into<Option<Session>>) -> Result<Spec, Error> {
    SpecClient::with(session.into())
}

/// Sends the request from synchronous code.
impl<O: ListOperation> ListRequest<O, Blocking> {
    /// Fetches one page with its pagination details.
    ///
    /// `None` sends no page number, and the service returns the first page. A page beyond the end
    /// of the list isn't an error: it has no items, and its number is larger than its `page_count`.
    ///
    /// ```
    /// # use press_specs::{blocking::get_client, mock::MockPress};
    /// # let mock = MockPress::builder().generated_specs(60).start()?;
    /// # let client = get_client(mock.session()?)?;
    /// let page = client.list_specs().page_size(50).page(2)?;
    /// assert_eq!(page.specs.len(), 10);
    /// assert_eq!(page.page_count, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`InvalidParameter`](crate::ErrorKind::InvalidParameter) for page 0 or page size 0,
    /// and the errors that the operation documents.
    pub fn page(self, number: impl Into<Option<u64>>) -> Result<O::Page, Error> {
        self.page_with_response(number).map(Response::into_inner)
    }

    /// Fetches one page like [`page`](Self::page), with the status and headers of its response.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`page`](Self::page).
    pub fn page_with_response(
        self,
        number: impl Into<Option<u64>>,
    ) -> Result<Response<O::Page>, Error> {
        wait(self.fetch_page(number.into()))?
    }

    /// Iterates over whole pages, from the first (or [`start_page`](Self::start_page)) to the last.
    ///
    /// # Errors
    ///
    /// The iterator yields the errors of the async [`pages`](crate::PageStream).
    pub fn pages(self) -> PageIter<O::Page> {
        PageIter { pages: self.paginate(|page| page), stopped: false }
    }

    /// Iterates over the items of all pages. A page is requested when its first item is reached.
    ///
    /// # Errors
    ///
    /// The iterator yields the errors of [`pages`](Self::pages), after the items of the preceding
    /// pages.
    pub fn iter(self) -> ItemIter<<O::Page as Page>::Item> {
        ItemIter { items: ItemStream::new(self.paginate(Page::into_items)), stopped: false }
    }
}

impl<O: ListOperation> IntoIterator for ListRequest<O, Blocking> {
    type Item = Result<<O::Page as Page>::Item, Error>;
    type IntoIter = ItemIter<<O::Page as Page>::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// An iterator over whole pages, in order, returned by [`pages`](ListRequest::pages).
#[derive(Debug)]
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct PageIter<P> {
    pages: PageStream<P>,
    stopped: bool,
}

impl<P> PageIter<P> {
    /// Returns the number of pages in the list, as reported by the latest page; `None` before the
    /// first page.
    pub fn page_count(&self) -> Option<u64> {
        self.pages.page_count()
    }

    /// Returns the number of items in the list, as reported by the latest page; `None` before the
    /// first page.
    pub fn item_count(&self) -> Option<u64> {
        self.pages.item_count()
    }

    /// Returns the position of the next page, for [`ListRequest::resume`].
    ///
    /// After an error, it is the page that failed. After the last page, it is the end of the list.
    pub fn position(&self) -> Position {
        self.pages.position()
    }
}

impl<P: Send + 'static> Iterator for PageIter<P> {
    type Item = Result<P, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        next(&mut self.pages, &mut self.stopped)
    }
}

impl<P: Send + 'static> FusedIterator for PageIter<P> {}

/// An iterator over items, in order, returned by [`iter`](ListRequest::iter).
#[derive(Debug)]
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct ItemIter<T> {
    items: ItemStream<T>,
    stopped: bool,
}

impl<T> ItemIter<T> {
    /// Returns the position of the next item, for [`ListRequest::resume`].
    ///
    /// After an error, it is the page that failed. After the last item, it is the end of the list.
    pub fn position(&self) -> Position {
        self.items.position()
    }

    /// Returns the number of pages in the list, as reported by the latest page; `None` before the
    /// first page.
    pub fn page_count(&self) -> Option<u64> {
        self.items.page_count()
    }

    /// Returns the number of items in the list, as reported by the latest page; `None` before the
    /// first page.
    pub fn item_count(&self) -> Option<u64> {
        self.items.item_count()
    }
}

impl<T: Send + 'static> Iterator for ItemIter<T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.items.next_buffered() {
            Some(item) => Some(Ok(item)),
            None => next(&mut self.items, &mut self.stopped),
        }
    }
}

impl<T: Send + 'static> FusedIterator for ItemIter<T> {}

/// Waits for the next item of `stream`. If the background thread cannot be used, returns the error
/// once, then `None`.
fn next<T>(
    stream: &mut (impl Stream<Item = Result<T, Error>> + Unpin),
    stopped: &mut bool,
) -> Option<Result<T, Error>> {
    if *stopped {
        return None;
    }
    wait(stream.next()).unwrap_or_else(|error| {
        *stopped = true;
        Some(Err(error))
    })
}

/// Waits for `future` on the current thread, inside the runtime of the background thread, which
/// runs its tasks.
///
/// Unlike the runtime's own `block_on`, it may be called anywhere, even inside a runtime.
fn wait<T>(future: impl Future<Output = T>) -> Result<T, Error> {
    struct Parked {
        thread: Thread,
        woken: AtomicBool,
    }

    impl Wake for Parked {
        fn wake(self: Arc<Self>) {
            self.woken.store(true, Ordering::Release);
            self.thread.unpark();
        }
    }

    if ON_BACKGROUND_THREAD.get() {
        return Err(Error::configuration(
            "the blocking client",
            "was called in `auth_token_fn` or `on_request` of a blocking client, where it would \
             wait for itself: use the async client there",
        ));
    }
    let background = background()?;
    let _entered = background.enter();
    let parked = Arc::new(Parked { thread: thread::current(), woken: AtomicBool::new(false) });
    let waker = Waker::from(Arc::clone(&parked));
    // The calling task's coop budget can run out here. It is only renewed when the task yields.
    let mut future = pin!(task::unconstrained(future));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Ok(output);
        }
        // The future may have parked this thread itself and consumed the wakeup meant for this
        // loop.
        while !parked.woken.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }
}

thread_local! {
    static ON_BACKGROUND_THREAD: Cell<bool> = const { Cell::new(false) };
}

/// The runtime shared by all blocking clients in the process, started on first use. A failure isn't
/// cached.
fn background() -> Result<Handle, Error> {
    static RUNTIME: Mutex<Option<(u32, Handle)>> = Mutex::new(None);
    let mut runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    // Threads don't survive a fork.
    if let Some((process, handle)) = &*runtime
        && *process == process::id()
    {
        return Ok(handle.clone());
    }
    let failed = |error| {
        Error::configuration("the background thread", "cannot be started").with_source(error)
    };
    let started = Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let handle = started.handle().clone();
    thread::Builder::new()
        .name("press-specs".to_owned())
        .spawn(move || {
            ON_BACKGROUND_THREAD.set(true);
            started.block_on(std::future::pending::<()>())
        })
        .map_err(failed)?;
    *runtime = Some((process::id(), handle.clone()));
    Ok(handle)
}
