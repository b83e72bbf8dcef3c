//! What all paginated operations have in common, implemented by the generated code.

use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};

use crate::{Client, Error};

/// A paginated operation with its parameters.
///
/// Implemented by the types of [`operations`](crate::operations), which are generated from the contract.
pub trait ListOperation: sealed::Sealed + Clone + Debug + Default + Send + Sync + 'static {
    /// What one request returns.
    type Page: Page;

    /// The name of the operation, for example `list_specs`.
    const NAME: &'static str;

    /// The path of the operation with its parameters in braces.
    const PATH: &'static str;

    /// Returns the name and the value of each path parameter.
    fn path_parameters(&self) -> impl Iterator<Item = (&'static str, &str)>;

    /// Returns how many items a page shall hold; `None` leaves it to the service.
    fn page_size(&self) -> Option<u64>;

    /// Sets how many items a page shall hold.
    fn set_page_size(&mut self, page_size: u32);

    /// Sends the request for one page.
    fn send(
        &self,
        client: &Client,
        page_number: Option<u32>,
    ) -> impl Future<Output = Result<Self::Page, Error<()>>> + Send;
}

/// One page of a paginated operation.
pub trait Page: sealed::Sealed + DeserializeOwned + Serialize + Send + 'static {
    /// What the page lists.
    type Item: Send + 'static;

    /// Returns how many pages there are, as this page says.
    fn page_count(&self) -> u64;

    /// Returns the number of this page, as it says itself.
    fn page_number(&self) -> Option<u64>;

    /// Returns the items of this page.
    fn into_items(self) -> Vec<Self::Item>;
}

/// Leaves the traits to the generated code, so that they can grow.
pub(crate) mod sealed {
    pub trait Sealed {}
}
