//! A stream of the items of all pages.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
    vec,
};

use futures_core::{FusedStream, Stream};

use crate::{error::Error, pagination::PageStream, position::Position};

/// A stream of items, in order.
///
/// [`ListRequest::stream`](crate::ListRequest::stream) returns it. It requests a page when its
/// first item is polled, and ends after the last item or after an error. Dropping the stream
/// cancels its requests. Like [`PageStream`], it can be polled on any Tokio runtime.
///
/// ```
/// # use press_specs::mock::MockPress;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mock = MockPress::builder().generated_specs(30).start()?;
/// # let client = press_specs::get_client(mock.session()?)?;
/// let mut specs = client.list_specs().stream();
/// while let Some(spec) = specs.try_next().await? {
///     println!("{}, then {}", spec.id, specs.position());
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "streams do nothing unless polled"]
pub struct ItemStream<T> {
    pages: PageStream<Vec<T>>,
    items: vec::IntoIter<T>,
    /// The position of the next of `items`.
    position: Position,
}

impl<T: Send + 'static> ItemStream<T> {
    pub(crate) fn new(pages: PageStream<Vec<T>>) -> Self {
        Self { position: pages.position(), pages, items: Vec::new().into_iter() }
    }

    /// Returns the next item, or `None` at the end. Cancel-safe.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`ListRequest::stream`](crate::ListRequest::stream).
    #[expect(clippy::should_implement_trait, reason = "the name that `StreamExt` has")]
    pub fn next(&mut self) -> impl Future<Output = Option<Result<T, Error>>> + Send + Unpin {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx))
    }

    /// Returns the next item, or `Ok(None)` at the end. Cancel-safe.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`ListRequest::stream`](crate::ListRequest::stream).
    pub async fn try_next(&mut self) -> Result<Option<T>, Error> {
        self.next().await.transpose()
    }

    /// Collects the remaining items.
    ///
    /// # Errors
    ///
    /// Returns the first error; the items before it are dropped.
    pub async fn try_collect<C: Default + Extend<T>>(mut self) -> Result<C, Error> {
        let mut collected = C::default();
        while let Some(item) = self.try_next().await? {
            collected.extend([item]);
        }
        Ok(collected)
    }
}

impl<T> ItemStream<T> {
    /// Returns the position of the next item, for
    /// [`ListRequest::resume`](crate::ListRequest::resume).
    ///
    /// After an error, it is the page that failed. After the last item, it is the end of the list.
    pub fn position(&self) -> Position {
        let next_page = self.pages.position();
        if self.items.len() == 0 {
            return next_page;
        }
        let Position { page_size, item_count, .. } = next_page;
        Position { page_size, item_count, ..self.position }
    }

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

    /// Returns the next item of a page that has arrived.
    pub(crate) fn next_buffered(&mut self) -> Option<T> {
        let item = self.items.next()?;
        self.position.item += 1;
        Some(item)
    }
}

// Items are never pinned.
impl<T> Unpin for ItemStream<T> {}

impl<T: Send + 'static> Stream for ItemStream<T> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(item) = this.next_buffered() {
                return Poll::Ready(Some(Ok(item)));
            }
            let position = this.pages.position();
            match ready!(Pin::new(&mut this.pages).poll_next(cx)) {
                Some(Ok(items)) => {
                    this.items = items.into_iter();
                    // A resumed stream skips the items that were already returned.
                    this.items.by_ref().take(position.item).for_each(drop);
                    this.position = position;
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<T: Send + 'static> FusedStream for ItemStream<T> {
    fn is_terminated(&self) -> bool {
        self.items.len() == 0 && self.pages.is_terminated()
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
