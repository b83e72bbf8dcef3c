//! Client for the Press Specs API of the Peak platform: lists App and Block *specs* and the *deployments* of their
//! releases, as async streams, single pages or plain iterators.
//!
//! # Quick start
//!
//! The token comes from the environment variable `PEAK_AUTH_TOKEN` (or `API_KEY`), the stage from `PEAK__STAGE` (or
//! `STAGE`, else `prod`).
//!
//! ```no_run
//! use futures::TryStreamExt;
//! use press_specs::types::SpecStatus;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), press_specs::Error> {
//! let client = press_specs::get_client(None)?;
//! let mut specs = client.list_specs().status([SpecStatus::Available]).stream();
//! while let Some(spec) = specs.try_next().await? {
//!     println!("{}", spec.id);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Two modes
//!
//! [`Spec::list_specs`] and [`Spec::list_spec_release_deployments`] return a [request](ListRequest). Its setters are the
//! parameters of the operation, and how it ends decides what comes back:
//!
//! | end | gives |
//! |---|---|
//! | [`.stream()`](ListRequest::stream) | the items of all pages, each page requested when its first item is asked for |
//! | [`.pages()`](ListRequest::pages) | all pages, each whole |
//! | [`.page(n).await`](ListRequest::page) | one page with its pagination details |
//!
//! ```
//! # use press_specs::mock::MockPress;
//! use futures::TryStreamExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mock = MockPress::builder().generated_specs(60).generated_deployments(3).start()?;
//! # let client = press_specs::get_client(mock.session()?)?;
//! // All specs, up to four pages on their way at once.
//! let specs: Vec<_> = client.list_specs().sort(["createdAt:desc"]).concurrency(4).stream().try_collect().await?;
//! assert_eq!(specs.len(), 60);
//!
//! // One page of deployments.
//! let page = client.list_spec_release_deployments(&specs[0].id).page_size(2).page(1).await?;
//! assert_eq!((page.deployments.len(), page.deployment_count, page.page_count), (2, Some(3), 2));
//! # Ok(())
//! # }
//! ```
//!
//! Lists of enumerations take the [types] as well as text, `.status(["available"])`, and a value that this version
//! does not know is neither refused nor lost: it is kept as `Unknown`. Fields that it does not know are in `extra`.
//!
//! # Errors
//!
//! Everything fails with one [`Error`]. Its [`kind`](Error::kind) says what happened, its text what to do next; the
//! response, if there was one, is [kept](Error::response) whatever its body is.
//!
//! ```
//! # use press_specs::mock::MockPress;
//! use press_specs::ErrorKind;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mock = MockPress::start()?;
//! # let client = press_specs::get_client(mock.session()?)?;
//! match client.list_spec_release_deployments("no-such-spec").page(None).await {
//!     Ok(page) => println!("{} deployments", page.deployments.len()),
//!     Err(error) => match error.kind() {
//!         ErrorKind::NotFound => println!("there is no such spec"),
//!         ErrorKind::Unauthorized | ErrorKind::Forbidden => println!("get another token"),
//!         _ if error.is_retryable() => println!("gave up after {} attempts: {error}", error.attempts()),
//!         _ => return Err(error.into()),
//!     },
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A stream ends after an error. [`Error::page_number`] names the page to go on with:
//! `.start_page(n)` walks from there.
//!
//! # Sessions
//!
//! A [`Session`] holds the credentials, the address, the limits and the connections. `get_client(None)` uses one that the
//! whole process shares; [`Session::builder`] makes others. It works from any number of Tokio runtimes, which need their
//! I/O and time drivers (`enable_all`).
//!
//! ```
//! use std::time::Duration;
//! use press_specs::{RetryPolicy, Session, Stage, get_client};
//!
//! let session = Session::builder()
//!     .auth_token("my-token")
//!     .stage(Stage::Test)
//!     .timeout(Duration::from_secs(5))
//!     .retry(RetryPolicy::default().max_attempts(2))
//!     .build()?;
//! let client = get_client(session)?;
//! # let _ = client;
//! # Ok::<(), press_specs::Error>(())
//! ```
//!
//! Clients can be cloned and shared between tasks. A proxy, a client certificate or roots of trust of one's own go into
//! a `reqwest::Client`, see [`SessionBuilder::http_client`]. The proxies of the environment (`HTTPS_PROXY`, `NO_PROXY`)
//! count anyway.
//!
//! # Reliability
//!
//! Failures that pass are tried again, every call has a time limit, and a server that answers nonsense gives an error
//! and never an empty result: [`reliability`] states the promises.
//!
//! # Testing
//!
//! The feature `mock` brings [`mock::MockPress`], a server on the loopback address with a catalogue of your own, and with
//! the faults that you script.
//!
//! # Features
//!
//! On by default: `rustls` (TLS; without it bring a `reqwest::Client` of your own) and `gzip` (compressed responses). Off
//! by default: `blocking` (the module [`blocking`]), `mock` (the module [`mock`]), `schemars` (JSON Schemas of the
//! [`types`]) and `tracing` (spans and events for each request, with the field names of OpenTelemetry). HTTP/2 and other
//! abilities of `reqwest` can be turned on by depending on `reqwest` with their features.
//!
//! # Coming from Python
//!
//! ```python
//! from peak.press import specs
//!
//! client = specs.get_client()
//! for spec in client.list_specs(status=["available"], page_size=50):
//!     print(spec["id"], spec["metadata"]["name"])
//! page = client.list_specs(page_size=50, page_number=2, return_iterator=False)
//! print(page["pageCount"])
//! ```
//!
//! The same, with the module [`blocking`]:
//!
//! ```
//! # use press_specs::mock::MockPress;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mock = MockPress::builder().generated_specs(60).start()?;
//! # let session = mock.session()?;
//! let client = press_specs::blocking::get_client(session)?;
//! for spec in client.list_specs().status(["available"]).page_size(50).iter() {
//!     let spec = spec?;
//!     println!("{} {:?}", spec.id, spec.metadata.and_then(|metadata| metadata.name));
//! }
//! let page = client.list_specs().page_size(50).page(2)?;
//! println!("{}", page.page_count);
//! # Ok(())
//! # }
//! ```
//!
//! What is different: an exception is an [`Error`] with a [`kind`](Error::kind), `StopIteration` is the end of the stream,
//! a missing field is `None`, and no request hangs for ever.

#![cfg_attr(docsrs, feature(doc_cfg))]
// Tests, examples and benchmarks may do more.
#![warn(clippy::disallowed_methods, clippy::disallowed_types)]
#![warn(clippy::expect_used, clippy::panic, clippy::unreachable)]
#![warn(clippy::print_stderr, clippy::print_stdout)]

#[expect(clippy::disallowed_methods, reason = "sends requests, and waits between attempts")]
mod call;
mod client;
mod error;
mod header;
#[cfg(feature = "mock")]
#[expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "a server")]
pub mod mock;
mod pagination;
mod position;
pub mod reliability;
mod response;
mod retry;
mod session;
mod specs;
#[expect(clippy::disallowed_methods, reason = "holds the time limits")]
mod timeout;
mod trace;

// Last, so that its methods come after the async ones on the page of `ListRequest`.
#[cfg(feature = "blocking")]
pub mod blocking;

pub use client::{Async, Spec, SpecClient, get_client};
pub use error::{Error, ErrorKind};
pub use pagination::{ItemStream, PageStream};
pub use position::Position;
pub use press_api_gen::{ListOperation, Page, types};
pub use reqwest;
pub use response::{ErrorResponse, Headers, Response};
pub use retry::RetryPolicy;
pub use session::{Session, SessionBuilder, Stage};
pub use specs::{ListRequest, ListSpecReleaseDeployments, ListSpecs};

/// The README, whose code compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
