//! How to test a program that uses press-specs, without the service and without credentials.
//!
//! [`MockPress`] is a real HTTP server on the loopback address of this machine. It holds a catalogue
//! of specs and deployments and answers both operations of the Press API as its contract says:
//! every filter, orderings by several keys, paging with right counts, and an error for a wrong
//! token, an unknown spec or an invalid parameter. It runs on a thread of its own, so that async
//! and plain code, several runtimes and tests with paused time can use it alike, and it stops when
//! it is dropped.
//!
//! # Seed it and use it
//!
//! A program under test takes a [`Session`](crate::Session); a test gives it the mock's. Whatever
//! serializes to JSON can be seeded, complete or not, and [`generated_specs`] makes as many
//! specs as it takes:
//!
//! ```
//! use futures::TryStreamExt;
//! use press_specs::mock::MockPress;
//! use serde_json::json;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mock = MockPress::builder()
//!     .spec(json!({ "id": "spec-1", "kind": "app", "metadata": { "name": "prices" } }))
//!     .deployments("spec-1", [json!({ "id": "deployment-1" })])
//!     .generated_specs(60)
//!     .start()?;
//!
//! let client = press_specs::get_client(mock.session()?)?;
//! let specs: Vec<_> = client.list_specs().stream().try_collect().await?;
//! assert_eq!(specs.len(), 61);
//! # Ok(())
//! # }
//! ```
//!
//! A test without async code does the same with `press_specs::blocking` (feature `blocking`).
//!
//! # Assert on what it received
//!
//! ```
//! use press_specs::mock::MockPress;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mock = MockPress::builder().generated_specs(60).start()?;
//! let client = press_specs::get_client(mock.session()?)?;
//! client.list_specs().kind("app").page_size(10).page(2).await?;
//!
//! let requests = mock.requests();
//! assert_eq!(requests.len(), 1);
//! assert_eq!(requests[0].path(), "/v1/specs/");
//! assert_eq!(requests[0].query("kind").as_deref(), Some("app"));
//! assert_eq!(requests[0].page_number(), Some(2));
//! # Ok(())
//! # }
//! ```
//!
//! # Let things go wrong
//!
//! A [`Fault`] says what happens to a request in place of a normal answer: a status, a delay, a
//! connection that drops, a body that is cut off, that trickles or that is no JSON. Faults are used
//! up in the order in which they were scripted, each by the requests that it is for. The session of
//! the mock repeats failed requests as any other does, only that it hardly waits in between.
//!
//! ```
//! use press_specs::ErrorKind;
//! use press_specs::mock::{Fault, MockPress};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mock = MockPress::builder().generated_specs(60).start()?;
//! let client = press_specs::get_client(mock.session()?)?;
//!
//! // Two bad moments of the service do not reach the program,
//! mock.faults([Fault::status(503), Fault::drop_connection()]);
//! client.list_specs().page(1).await?;
//! assert_eq!(mock.request_count(), 3);
//!
//! // a missing permission does.
//! mock.fault(Fault::status(403).json(serde_json::json!({ "title": "Forbidden" })));
//! let error = client.list_specs().page(1).await.unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::Forbidden);
//! # Ok(())
//! # }
//! ```
//!
//! Pages that contradict each other come from [`Fault::raw_body`], or from a closure that changes
//! the pages of the catalogue before they are sent: [`MockPress::on_page`].
//!
//! # Wait without sleeping
//!
//! [`wait_for_requests`] and [`wait_for_aborted`] end as soon as the mock has received so many
//! requests, or has seen so many clients go away before their answer was complete. A [`Gate`] holds
//! answers back until the test opens it. With these a test proves that a dropped future cancels its
//! request, or that answers in another order than the requests do no harm, and needs no
//! guessed pauses.
//!
//! # Where the contract leaves it open
//!
//! * `term` is looked for without regard to case; `name` and `title` must begin exactly as given,
//!   and `version` must be equal to that of the deployment's `spec.release`. An empty text is in all.
//! * `featured=false` asks for the specs that are not featured.
//! * Texts are ordered by their Unicode code points, times by the point in time; an item without
//!   the field comes first in ascending order. Items that are equal in all keys of a request come in
//!   the operation's own order, and at last in the order in which they were seeded.
//! * An empty catalogue has 0 pages; a page after the last one is empty.
//! * A spec is known when it is listed or when deployments were seeded for it, even none.
//! * A parameter that is no list is invalid when it comes twice. One that the operation does not
//!   have is ignored.
//! * When several things are wrong, the path comes first, then the method, the token, the
//!   parameters, and the spec.
//!
//! [`generated_specs`]: MockPressBuilder::generated_specs
//! [`wait_for_requests`]: MockPress::wait_for_requests
//! [`wait_for_aborted`]: MockPress::wait_for_aborted

// Nothing here may use the generated client or its types: a contract that was misread in both would
// go unnoticed.
mod builder;
mod catalogue;
mod counts;
mod delivery;
mod fault;
mod gate;
mod generate;
mod operation;
mod press;
mod query;
mod received;
mod script;
mod server;

pub use self::builder::MockPressBuilder;
pub use self::fault::Fault;
pub use self::gate::Gate;
pub use self::operation::Operation;
pub use self::press::MockPress;
pub use self::received::ReceivedRequest;
