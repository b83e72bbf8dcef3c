//! From pages to an ordered stream of pages to a stream of items. Knows no HTTP.

use std::{
    collections::BTreeMap,
    fmt,
    pin::Pin,
    task::{Context, Poll},
    vec,
};

use futures_core::Stream;
use futures_util::{StreamExt, stream::FuturesUnordered};
use press_api_gen::Page;

use crate::error::Error;

/// A page on its way, with its number.
pub(crate) type Fetched<P> = Pin<Box<dyn Future<Output = (u32, Result<P, Error>)> + Send>>;
type Fetch<P> = Box<dyn Fn(u32) -> Fetched<P> + Send>;

/// A stream of whole pages, in order.
///
/// Made by [`pages`](crate::ListRequest::pages). Asks for nothing before it is polled, and ends after the last page or
/// after an error.
#[must_use = "a stream does nothing unless it is polled"]
pub struct PageStream<P> {
    fetch: Fetch<P>,
    concurrency: usize,
    /// The page to give next; `None` at the end.
    next: Option<u32>,
    /// The page to request next; `None` when there is no further number.
    request: Option<u32>,
    /// The last page, as the page that was given last says; none is known at first.
    last: Option<u64>,
    in_flight: FuturesUnordered<Fetched<P>>,
    arrived: BTreeMap<u32, Result<P, Error>>,
}

impl<P: Page> PageStream<P> {
    /// Walks from page `start` on, with up to `concurrency` requests in flight.
    pub(crate) fn new(start: u32, concurrency: usize, fetch: Fetch<P>) -> Self {
        Self {
            fetch,
            concurrency,
            next: Some(start),
            request: Some(start),
            last: None,
            in_flight: FuturesUnordered::new(),
            arrived: BTreeMap::new(),
        }
    }

    /// Requests pages as long as there are some and room for them.
    fn fill(&mut self) {
        // Nothing but the first page is known to exist before that one tells.
        let (last, room) = match self.last {
            None => (self.next.map_or(0, u64::from), 1),
            Some(last) => (last, self.concurrency),
        };
        while let Some(number) = self.request
            && u64::from(number) <= last
            && self.in_flight.len() + self.arrived.len() < room
        {
            self.in_flight.push((self.fetch)(number));
            self.request = number.checked_add(1);
        }
    }

    /// Drives the requests, and takes in what has arrived.
    fn drive(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(Some((number, page))) = self.in_flight.poll_next_unpin(cx) {
            self.arrived.insert(number, page);
        }
    }

    /// Ends the walk, and with it what is in flight.
    fn end(&mut self) {
        self.next = None;
        self.request = None;
        self.in_flight.clear();
        self.arrived.clear();
    }
}

impl<P: Page> Stream for PageStream<P> {
    type Item = Result<P, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Some(next) = this.next else {
            return Poll::Ready(None);
        };
        this.fill();
        this.drive(cx);
        let Some(page) = this.arrived.remove(&next) else {
            return Poll::Pending;
        };
        match &page {
            Ok(page) => {
                let last = page.page_count();
                this.last = Some(last);
                this.next = next.checked_add(1).filter(|next| u64::from(*next) <= last);
                if this.next.is_none() {
                    this.end();
                } else if this.concurrency > 1 {
                    // The next pages are on their way while this one is read.
                    this.fill();
                    this.drive(cx);
                }
            }
            Err(_) => this.end(),
        }
        Poll::Ready(Some(page))
    }
}

// Nothing in it is pinned in place: what is, is boxed.
impl<P> Unpin for PageStream<P> {}

impl<P> fmt::Debug for PageStream<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageStream")
            .field("next", &self.next)
            .field("last", &self.last)
            .field("in_flight", &self.in_flight.len())
            .finish_non_exhaustive()
    }
}

/// A stream of items, in order.
///
/// Made by [`stream`](crate::ListRequest::stream). Holds one page at a time, asks for the next when its first item is
/// asked for, and ends after the last item or after an error.
#[must_use = "a stream does nothing unless it is polled"]
pub struct ItemStream<T> {
    pages: Pin<Box<dyn Stream<Item = Result<vec::IntoIter<T>, Error>> + Send>>,
    items: vec::IntoIter<T>,
}

impl<T: Send + 'static> ItemStream<T> {
    pub(crate) fn new<P: Page<Item = T>>(pages: PageStream<P>) -> Self {
        Self {
            pages: Box::pin(pages.map(|page| page.map(|page| page.into_items().into_iter()))),
            items: Vec::new().into_iter(),
        }
    }
}

impl<T> Stream for ItemStream<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(item) = self.items.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            match self.pages.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(items))) => self.items = items,
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<T> Unpin for ItemStream<T> {}

impl<T> fmt::Debug for ItemStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemStream")
            .field("buffered", &self.items.len())
            .finish_non_exhaustive()
    }
}
