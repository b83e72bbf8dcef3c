//! Traits of the operations, implemented by the generated code.

use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Client,
    response::{Failure, Response},
};

/// An operation of the API with its parameters.
///
/// Implemented by the types of [`operations`](crate::operations), which are generated from the
/// API's document.
pub trait Operation: sealed::Sealed + Clone + Debug + Default + Send + Sync + 'static {
    /// The decoded body of a successful response.
    type Response: Send + 'static;

    /// The name of the operation, for example `list_specs`.
    const NAME: &'static str;

    /// The HTTP method, in upper case.
    const METHOD: &'static str;

    /// The path of the operation with its parameters in braces.
    const PATH: &'static str;

    /// Returns the name and the value of each path parameter.
    fn path_parameters(&self) -> impl Iterator<Item = (&'static str, &str)>;

    /// Sends one request.
    fn send(
        &self,
        client: &Client,
    ) -> impl Future<Output = Result<Response<Self::Response>, Failure>> + Send;
}

/// A paginated operation.
pub trait ListOperation: Operation<Response = <Self as ListOperation>::Page> {
    /// One page of the list.
    type Page: Page;

    /// Returns the number of items per page; `None` uses the service's default.
    fn page_size(&self) -> Option<u64>;

    /// Sets the number of items per page; `None` uses the service's default.
    fn set_page_size(&mut self, page_size: Option<u64>);

    /// Sets the page to return; `None` sends no page number.
    fn set_page_number(&mut self, page_number: Option<u64>);
}

/// One page of a paginated operation.
pub trait Page: sealed::Sealed + DeserializeOwned + Serialize + Send + 'static {
    /// An item of the list.
    type Item: Send + 'static;

    /// Returns the number of pages, as this page reports it.
    fn page_count(&self) -> u64;

    /// Returns the number of this page, counted from 1, if the page reports it.
    fn page_number(&self) -> Option<u64>;

    /// Returns the number of items per page, if the page reports it.
    fn page_size(&self) -> Option<u64>;

    /// Returns the number of items on all pages, if the page reports it.
    fn item_count(&self) -> Option<u64>;

    /// Returns the items of this page.
    fn items(&self) -> &[Self::Item];

    /// Returns the items of this page by value.
    fn into_items(self) -> Vec<Self::Item>;

    /// Returns the id of an item, if items have one.
    fn item_id(item: &Self::Item) -> Option<&str>;
}

/// Seals the traits, so that adding a method isn't a breaking change.
pub(crate) mod sealed {
    pub trait Sealed {}
}
