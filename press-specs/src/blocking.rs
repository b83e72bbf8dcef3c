//! The client for synchronous code: the same names, setters and errors, with iterators in place of streams.
//!
//! ```
//! # use press_specs::mock::MockPress;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mock = MockPress::builder().generated_specs(30).start()?;
//! # let session = mock.session()?;
//! let client = press_specs::blocking::get_client(session)?;
//! for spec in client.list_specs().sort(["name:asc"]).iter() {
//!     println!("{}", spec?.id);
//! }
//! let page = client.list_specs().page_size(20).page(2)?;
//! assert_eq!(page.specs.len(), 10);
//! # Ok(())
//! # }
//! ```
//!
//! Requests run on one background thread that all clients of the process share; the calling thread waits. It works
//! everywhere, inside of an async runtime too, where it blocks the thread it is called on like any synchronous I/O:
//! use the async client there.

use std::{
    fmt,
    iter::FusedIterator,
    sync::{Mutex, PoisonError, mpsc},
    vec,
};

use futures_util::StreamExt;
use press_api_gen::{ListOperation, Page};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::{
    client::SpecClient,
    error::{Error, ErrorKind},
    pagination::PageStream,
    response::Response,
    session::Session,
    specs::ListRequest,
    trace,
};

/// Marks what blocks the calling thread.
#[derive(Clone, Copy, Debug)]
pub enum Blocking {}

/// The client for specs and their deployments; [`get_client`] makes it.
pub type Spec = SpecClient<Blocking>;

/// A request for specs, made by [`Spec::list_specs`].
pub type ListSpecs = crate::ListSpecs<Blocking>;

/// A request for the deployments of a spec, made by [`Spec::list_spec_release_deployments`].
pub type ListSpecReleaseDeployments = crate::ListSpecReleaseDeployments<Blocking>;

/// Makes a client with the given session, or with [the default one](Session::default_session) for `None`.
///
/// # Errors
///
/// Those of [`Session::default_session`], for `None` only.
pub fn get_client(session: impl Into<Option<Session>>) -> Result<Spec, Error> {
    SpecClient::with(session.into())
}

/// How the answer comes, in synchronous code.
impl<O: ListOperation> ListRequest<O, Blocking> {
    /// Fetches one page with its pagination details; `None` asks for the first without naming a number.
    ///
    /// # Errors
    ///
    /// Those of the operation; [`InvalidParameter`](ErrorKind::InvalidParameter) for page 0 or page size 0.
    pub fn page(self, number: impl Into<Option<u32>>) -> Result<O::Page, Error> {
        wait(self.fetch_page(number.into()))?.map(Response::into_inner)
    }

    /// Iterates over whole pages, from the first (or [`start_page`](Self::start_page)) to the last.
    ///
    /// # Errors
    ///
    /// The iterator yields the operation's errors and ends after one;
    /// [`InvalidParameter`](ErrorKind::InvalidParameter) for start page, page size or concurrency 0.
    pub fn pages(self) -> PageIter<O::Page> {
        PageIter {
            pages: Some(self.walk()),
        }
    }

    /// Iterates over the items of all pages; each page is requested when its first item is asked for.
    ///
    /// # Errors
    ///
    /// Those of [`pages`](Self::pages), after the items of the pages before.
    pub fn iter(self) -> ItemIter<<O::Page as Page>::Item> {
        let pages = self.pages().map(|page| page.map(|page| page.into_items().into_iter()));
        ItemIter {
            pages: Box::new(pages),
            items: Vec::new().into_iter(),
        }
    }
}

/// An iterator over whole pages, in order, made by [`pages`](ListRequest::pages).
#[derive(Debug)]
#[must_use = "an iterator does nothing unless it is asked"]
pub struct PageIter<P> {
    /// `None` at the end.
    pages: Option<PageStream<P>>,
}

impl<P: Page> Iterator for PageIter<P> {
    type Item = Result<P, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut pages = self.pages.take()?;
        let next = wait(async move {
            let page = pages.next().await;
            (page, pages)
        });
        match next {
            Ok((page, pages)) => {
                self.pages = page.is_some().then_some(pages);
                page
            }
            Err(error) => Some(Err(error)),
        }
    }
}

impl<P: Page> FusedIterator for PageIter<P> {}

/// An iterator over items, in order, made by [`iter`](ListRequest::iter).
#[must_use = "an iterator does nothing unless it is asked"]
pub struct ItemIter<T> {
    pages: Box<dyn Iterator<Item = Result<vec::IntoIter<T>, Error>> + Send>,
    items: vec::IntoIter<T>,
}

impl<T> Iterator for ItemIter<T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.items.next() {
                return Some(Ok(item));
            }
            match self.pages.next()? {
                Ok(items) => self.items = items,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl<T> FusedIterator for ItemIter<T> {}

impl<T> fmt::Debug for ItemIter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemIter")
            .field("buffered", &self.items.len())
            .finish_non_exhaustive()
    }
}

/// Runs `future` on the background thread and waits for what it returns.
fn wait<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> Result<T, Error> {
    let (sender, receiver) = mpsc::sync_channel(1);
    background()?.spawn(trace::with_subscriber(async move {
        // The receiver is there: it waits below.
        let _ = sender.send(future.await);
    }));
    receiver
        .recv()
        .map_err(|_| Error::new(ErrorKind::Connection, "the background runtime of press-specs ended"))
}

/// The runtime that all blocking clients share, made when it is first needed; a failure is not remembered.
fn background() -> Result<Handle, Error> {
    static RUNTIME: Mutex<Option<Runtime>> = Mutex::new(None);
    let mut runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = &*runtime {
        return Ok(runtime.handle().clone());
    }
    let made = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("press-specs")
        .enable_all()
        .build()
        .map_err(|error| Error::configuration("the background thread", "cannot be started").with_source(error))?;
    Ok(runtime.insert(made).handle().clone())
}
