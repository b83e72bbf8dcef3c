//! A server for testing programs that use press-specs, without the service or credentials.
//!
//! Requires the `mock` feature:
//!
//! ```sh
//! cargo add --dev press-specs --features mock
//! cargo add --dev tokio --features macros,rt
//! ```
//!
//! ```
//! use press_specs::mock::MockPress;
//!
//! # /*
//! #[tokio::test]
//! # */
//! # #[tokio::main(flavor = "current_thread")]
//! async fn lists_specs() -> Result<(), Box<dyn std::error::Error>> {
//!     let mock = MockPress::builder().generated_specs(3).start()?;
//!     let client = press_specs::get_client(mock.session()?)?;
//!     let page = client.list_specs().page(1).await?;
//!     assert_eq!(page.specs.len(), 3);
//!     Ok(())
//! }
//! # lists_specs().unwrap();
//! ```
//!
//! [`MockPress`] is an HTTP server on the loopback address. It holds a catalogue of specs and
//! deployments in memory and serves both operations of the Press API as documented, with every
//! filter, sort order, page count and error. It has its own thread, so you can use it from async
//! and synchronous code, and from several runtimes. It stops when it is dropped.
//!
//! # Seed, script and assert
//!
//! Give the program under test a [`Session`](crate::Session) for the mock. Specs come from any type
//! that serializes to JSON, complete or not, or from [`generated_specs`]. A [`Fault`] replaces the
//! normal response to a request: with a status, a delay, a dropped connection, or a body that is
//! cut off, slow or not JSON. Each request uses up the first scripted fault that applies to it. A
//! session for the mock retries like any other, but with short delays.
//!
//! This example seeds specs with the `serde_json` crate.
//!
//! ```
//! use press_specs::{
//!     ErrorKind,
//!     mock::{Fault, MockPress},
//! };
//! use serde_json::json;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mock = MockPress::builder()
//!     .spec(json!({ "id": "spec-1", "kind": "app", "metadata": { "name": "prices" } }))
//!     .deployments("spec-1", [json!({ "id": "deployment-1" })])
//!     .generated_specs(60)
//!     .start()?;
//! let client = press_specs::get_client(mock.session()?)?;
//!
//! // The catalogue can change while a client reads it.
//! let mut specs = client.list_specs().page_size(10).stream();
//! assert_eq!(specs.try_next().await?.ok_or("a spec")?.id, "spec-1");
//! mock.add_spec(json!({ "id": "late", "metadata": { "createdAt": "2030-01-01T00:00:00Z" } }))?;
//! let rest: Vec<_> = specs.try_collect().await?;
//! assert_eq!(rest[60].id, "late");
//! let requests = mock.requests();
//! assert_eq!(requests[6].path(), "/v1/specs/");
//! assert_eq!(requests[6].query("pageSize").as_deref(), Some("10"));
//! assert_eq!(requests[6].page_number(), Some(7));
//!
//! // The client retries transient failures and reports a missing permission.
//! mock.faults([Fault::status(503).times(2), Fault::drop_connection()]);
//! mock.fault(Fault::status(403).json(json!({ "title": "Forbidden" })).on_page(1));
//! let error = client.list_specs().page(1).await.unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::Forbidden);
//! assert_eq!(error.attempts(), 4);
//! # Ok(())
//! # }
//! ```
//!
//! Synchronous code does the same with `press_specs::blocking` (feature `blocking`). For pages that
//! contradict each other, use [`Fault::raw_body`], or change the pages of the catalogue with
//! [`MockPress::on_page`].
//!
//! # Wait without sleeping
//!
//! [`wait_for_requests`] and [`wait_for_aborted`] return as soon as the mock has received enough
//! requests, or enough clients have disconnected before their response was complete. A [`Gate`]
//! holds responses back until the test opens it. With these, you can test cancellation and
//! out-of-order responses without guessing delays.
//!
//! # Paused time
//!
//! When a runtime with a paused clock is idle, Tokio advances the clock to the next timer, even
//! while a response is pending. In a test with `start_paused = true`, requests therefore fail after
//! milliseconds, with an error about a timeout of 30 or 120 seconds. The mock's own delays use real
//! time. Pause the clock between requests:
//!
//! ```
//! # use press_specs::mock::MockPress;
//! # use std::time::Duration;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mock = MockPress::builder().generated_specs(3).start()?;
//! # let client = press_specs::get_client(mock.session()?)?;
//! client.list_specs().page(1).await?;
//! tokio::time::pause();
//! // Your code sleeps, and continues at once.
//! tokio::time::sleep(Duration::from_secs(3600)).await;
//! tokio::time::resume();
//! client.list_specs().page(1).await?;
//! # assert_eq!(mock.request_count(), 2);
//! # Ok(())
//! # }
//! ```
//!
//! # Assumptions
//!
//! The API's documentation leaves these cases open. The mock behaves as follows:
//!
//! * `term` ignores case; `name` and `title` are case-sensitive prefixes; `version` is the whole
//!   version of the deployment's `spec.release`. An empty string matches every item.
//! * `featured=false` selects the specs that are not featured.
//! * Strings sort by Unicode code points, times chronologically. An item without the field comes
//!   first in ascending order. Items with equal keys keep the operation's default order, then
//!   the order of seeding.
//! * An empty catalogue has 0 pages; a page after the last one is empty.
//! * A spec is known if it is listed or if deployments were seeded for it, even an empty list.
//! * A parameter that isn't a list is invalid if it appears twice. An undocumented parameter is
//!   ignored.
//! * If several things are wrong, the path is reported first, then the method, the token, the
//!   parameters and the spec.
//!
//! [`generated_specs`]: MockPressBuilder::generated_specs
//! [`wait_for_requests`]: MockPress::wait_for_requests
//! [`wait_for_aborted`]: MockPress::wait_for_aborted

// Nothing here may use the generated client or its models. Otherwise, tests couldn't detect that
// those misread the API.
mod builder;
mod catalogue;
mod counts;
mod fault;
mod generate;
mod operation;
mod press;
mod received;
mod response;
mod server;

pub use self::builder::MockPressBuilder;
pub use self::fault::{Fault, Gate};
pub use self::operation::Operation;
pub use self::press::MockPress;
pub use self::received::ReceivedRequest;
