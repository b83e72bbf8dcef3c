//! A client for the Press Specs API of the Peak platform.
//!
//! It lists App and Block *specs* and the *deployments* of their releases, as async streams, as
//! single pages, or as iterators in [blocking] code.
//!
//! # Installation
//!
//! ```sh
//! cargo add press-specs
//! cargo add tokio --features macros,rt-multi-thread
//! ```
//!
//! The client needs Rust 1.88 or newer and, unless you use it in [blocking] code, a Tokio runtime.
//! To use a clone of the repository, pass `--path` with the `press-specs` folder. Everything else
//! is behind [features](#features).
//!
//! # Quick start
//!
//! Set the environment variable `PEAK_AUTH_TOKEN` to an API key or a `Bearer …` token. Then list
//! specs:
//!
//! ```no_run
//! use press_specs::types::SpecStatus;
//!
//! #[tokio::main]
//! async fn main() -> Result<(), press_specs::Error> {
//!     let client = press_specs::get_client(None)?;
//!     let mut specs = client.list_specs().status([SpecStatus::Available]).stream();
//!     while let Some(spec) = specs.try_next().await? {
//!         println!("{}", spec.id);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! [`get_client`] returns a [`Spec`], the client. Each of its operations returns a request, which
//! is sent when you await or poll its result.
//!
//! # Operations
//!
//! | | specs | deployments of a spec |
//! |---|---|---|
//! | method | [`list_specs`](Spec::list_specs) | [`list_spec_release_deployments`] |
//! | request | [`ListSpecs`] | [`ListSpecReleaseDeployments`] |
//! | page | [`SpecPage`] | [`DeploymentPage`] |
//! | item | [`SpecSummary`] | [`DeploymentSummary`] |
//!
//! Setters refine a request. All of them are optional, and an empty list means no filter:
//!
//! - Specs: [`status`], [`featured`], [`kind`], [`term`], [`sort`] and [`scope`].
//! - Deployments: [`version`], [`status`][s], [`name`], [`title`] and [`sort`][o].
//! - Both: [`page_size`], [`start_page`], [`resume`], [`concurrency`], [`detect_changes`],
//!   [`header`], [`query`], [`timeout`], [`total_timeout`], [`retry`] and [`maybe`].
//!
//! Enumerations convert from text, so that `.status(["available"])` works as well as
//! `.status([SpecStatus::Available])`.
//!
//! # Streams and pages
//!
//! The last method of a request selects the form of its result:
//!
//! | method | result |
//! |---|---|
//! | [`.stream()`](ListRequest::stream) | a stream of the items of all pages, fetched as needed |
//! | [`.pages()`](ListRequest::pages) | a stream of all pages |
//! | [`.page(n).await`](ListRequest::page) | one page with its pagination details |
//!
//! ```
//! # use press_specs::mock::MockPress;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mock = MockPress::builder().generated_specs(60).generated_deployments(3).start()?;
//! # let client = press_specs::get_client(mock.session()?)?;
//! // All specs, with up to four concurrent page requests.
//! let request = client.list_specs().sort(["createdAt:desc"]).concurrency(4);
//! let specs: Vec<_> = request.stream().try_collect().await?;
//! assert_eq!(specs.len(), 60);
//!
//! // One page of deployments.
//! let request = client.list_spec_release_deployments(&specs[0].id).page_size(2);
//! let page = request.page(1).await?;
//! assert_eq!(page.deployments.len(), 2);
//! assert_eq!(page.deployment_count, Some(3));
//! # Ok(())
//! # }
//! ```
//!
//! Streams have inherent methods for the common cases. They also implement
//! [`futures_core::Stream`](https://docs.rs/futures-core), for the combinators of the `futures`
//! crate.
//!
//! In `tokio::select!`, [`next`](ItemStream::next) and [`try_next`](ItemStream::try_next) are
//! cancel-safe. If another branch finishes first, no item is lost, and a page that was requested
//! still arrives. Dropping the stream itself, or the future of [`page`](ListRequest::page), cancels
//! its requests.
//!
//! ```
//! # use press_specs::mock::MockPress;
//! # use std::time::Duration;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mock = MockPress::builder().generated_specs(60).start()?;
//! # let client = press_specs::get_client(mock.session()?)?;
//! # let mut count = 0;
//! let mut specs = client.list_specs().stream();
//! let mut ticks = tokio::time::interval(Duration::from_millis(1));
//! loop {
//!     tokio::select! {
//!         spec = specs.try_next() => match spec? {
//!             Some(spec) => println!("{}", spec.id),
//!             None => break,
//!         },
//!         _ = ticks.tick() => println!("next: {}", specs.position()),
//!     }
//! #   count += 1;
//! }
//! # assert!(count >= 60);
//! # Ok(())
//! # }
//! ```
//!
//! # Data types
//!
//! The API may omit any field except the `id` of an item and the list and page count of a page, so
//! most fields are `Option`s. `unwrap_or_default` on a parent makes its fields easy to reach:
//!
//! ```
//! use press_specs::types::SpecSummary;
//!
//! fn label(spec: SpecSummary) -> String {
//!     let metadata = spec.metadata.unwrap_or_default();
//!     let release = spec.latest_release.unwrap_or_default();
//!     let title = metadata.title.or(metadata.name).unwrap_or(spec.id);
//!     format!("{title} {}", release.version.unwrap_or_default())
//! }
//! # let mut spec = SpecSummary::default();
//! # spec.id = "a".into();
//! # assert_eq!(label(spec), "a ");
//! ```
//!
//! A value that this version of the crate doesn't know is kept as `Unknown`. A field that it
//! doesn't know, or whose value has an unexpected type, is kept in `extra`.
//!
//! An enumeration's `KNOWN` constant lists the documented values, for example for the help and
//! validation of a command-line tool:
//!
//! ```
//! use press_specs::types::SpecKind;
//!
//! let known: Vec<&str> = SpecKind::KNOWN.iter().map(SpecKind::as_str).collect();
//! assert_eq!(known.join(", "), "app, workflow, service");
//!
//! let kind = SpecKind::from("widget");
//! assert!(!SpecKind::KNOWN.contains(&kind));
//! ```
//!
//! # Filters that may be absent
//!
//! Setters of lists accept an `Option`. For the others, [`maybe`](ListRequest::maybe) applies a
//! setter only if there is a value, for example one from a query string:
//!
//! ```
//! # use press_specs::mock::MockPress;
//! use press_specs::ListSpecs;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mock = MockPress::builder().generated_specs(60).start()?;
//! # let client = press_specs::get_client(mock.session()?)?;
//! let status: Option<String> = None;
//! let kind: Option<String> = None;
//! let request =
//!     client.list_specs().status(status).maybe(kind, ListSpecs::kind);
//! assert_eq!(request.page(1).await?.spec_count, Some(60));
//! # Ok(())
//! # }
//! ```
//!
//! # Progress and resuming
//!
//! A stream reports the size of the list: [`item_count`](ItemStream::item_count) and
//! [`page_count`](ItemStream::page_count). It also reports its own
//! [`position`](ItemStream::position), a short text. Save it, and [`resume`](ListRequest::resume)
//! continues there, even in another process:
//!
//! ```
//! # use press_specs::mock::MockPress;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mock = MockPress::builder().generated_specs(60).start()?;
//! # let client = press_specs::get_client(mock.session()?)?;
//! let mut specs = client.list_specs().page_size(20).stream();
//! for _ in 0..25 {
//!     specs.try_next().await?;
//! }
//! assert_eq!(specs.item_count(), Some(60));
//! let saved = specs.position().to_string();
//!
//! let specs = client.list_specs().resume(saved.parse()?).stream();
//! let rest: Vec<_> = specs.try_collect().await?;
//! assert_eq!(rest.len(), 35);
//! # Ok(())
//! # }
//! ```
//!
//! # Lists that change
//!
//! The API numbers its pages, so an added or removed item shifts all later ones. To read a complete
//! list, sort it by creation time, so that new items come last.
//! [`detect_changes`](ListRequest::detect_changes) ends the stream if the list changes while it is
//! read. Then start again:
//!
//! ```
//! # use press_specs::mock::MockPress;
//! use press_specs::ErrorKind;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mock = MockPress::builder().generated_specs(60).start()?;
//! # let client = press_specs::get_client(mock.session()?)?;
//! let specs: Vec<_> = loop {
//!     let request =
//!         client.list_specs().sort(["createdAt:asc"]).detect_changes(true);
//!     match request.stream().try_collect().await {
//!         Err(error) if error.kind() == ErrorKind::ListChanged => continue,
//!         result => break result?,
//!     }
//! };
//! assert_eq!(specs.len(), 60);
//! # Ok(())
//! # }
//! ```
//!
//! # Headers and parameters
//!
//! [`page_with_response`](ListRequest::page_with_response) returns a [`Response`], which derefs to
//! the page and holds the status and the headers. [`header`](ListRequest::header) and
//! [`query`](ListRequest::query) add to one request, for example a parameter that this version of
//! the crate doesn't know.
//!
//! ```
//! # use press_specs::mock::MockPress;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mock = MockPress::builder().generated_specs(60).start()?;
//! # let client = press_specs::get_client(mock.session()?)?;
//! let request =
//!     client.list_specs().header("x-tenant", "acme").query("owner", "me");
//! let page = request.page_with_response(1).await?;
//! println!("{} specs", page.specs.len());
//! println!("served by {:?}", page.headers().get("server"));
//! # Ok(())
//! # }
//! ```
//!
//! # Generic code
//!
//! [`ListOperation`] and [`Page`] stand for any list request and its page:
//!
//! ```
//! use press_specs::{Error, ListOperation, ListRequest, Page};
//!
//! async fn count<O: ListOperation>(
//!     request: ListRequest<O>,
//! ) -> Result<usize, Error> {
//!     let mut count = 0;
//!     let mut pages = request.pages();
//!     while let Some(page) = pages.try_next().await? {
//!         count += page.items().len();
//!     }
//!     Ok(count)
//! }
//! ```
//!
//! # Errors
//!
//! Every failure is an [`Error`]. Match on its [`kind`](Error::kind); its text says what failed,
//! where, and what to do next. The [response](Error::response) is kept, whatever its body.
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
//!         ErrorKind::NotFound => println!("the spec doesn't exist"),
//!         ErrorKind::Unauthorized | ErrorKind::Forbidden => {
//!             println!("check the token")
//!         }
//!         _ if error.is_retryable() => println!("try again later: {error}"),
//!         _ => return Err(error.into()),
//!     },
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Transient failures are retried automatically, and every call has a timeout. A stream ends after
//! an error, and [`Error::page_number`] is the page to continue with:
//! [`.start_page(n)`](ListRequest::start_page). The [`reliability`] module documents the client's
//! behavior when the service or the network misbehaves.
//!
//! # Sessions
//!
//! A [`Session`] holds credentials, base URL, timeouts and connections. `get_client(None)` uses the
//! default session, which is created from the environment once per process. [`Session::builder`]
//! creates others:
//!
//! ```
//! use press_specs::{RetryPolicy, Session, Stage, get_client};
//! use std::time::Duration;
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
//! For tokens that expire, pass a function to [`auth_token_fn`](SessionBuilder::auth_token_fn). It
//! is called when the session has no token and when the service rejects it.
//! [`Session::set_auth_token`] replaces the token of a running session:
//!
//! ```
//! use std::{io, sync::Arc};
//!
//! use press_specs::Session;
//!
//! struct Login {
//!     secret: String,
//! }
//!
//! impl Login {
//!     // The future owns what it uses, through its `Arc`.
//!     async fn token(self: Arc<Self>) -> Result<String, io::Error> {
//!         Ok(format!("token-for-{}", self.secret))
//!     }
//! }
//!
//! let login = Arc::new(Login { secret: "my-secret".to_owned() });
//! let session = Session::builder()
//!     .auth_token_fn(move || Arc::clone(&login).token())
//!     .build()?;
//! session.set_auth_token("another-token")?;
//! # Ok::<(), press_specs::Error>(())
//! ```
//!
//! [`header`](SessionBuilder::header) adds a header to every request, and
//! [`on_request`](SessionBuilder::on_request) is called with the headers of each attempt.
//!
//! Clients are cheap to clone and share between tasks, threads and Tokio runtimes. A runtime needs
//! its I/O and time drivers (`enable_all`).
//!
//! Proxies are read from the environment (`HTTPS_PROXY`, `NO_PROXY`). For other proxies, client
//! certificates or additional root certificates, pass a custom
//! [`reqwest::Client`](https://docs.rs/reqwest) to [`SessionBuilder::http_client`].
//!
//! Each built-in client reads the system's root certificates. If you have many sessions, for
//! example one per tenant, let them share a custom client: 20 sessions then take 0.2 ms to build
//! instead of 400 ms.
//!
//! ```
//! use press_specs::{Session, reqwest};
//!
//! let http_client = reqwest::Client::builder()
//!     // The session retries. A redirect could take the token to another host.
//!     .retry(reqwest::retry::never())
//!     .redirect(reqwest::redirect::Policy::none())
//!     .build()?;
//! for token in ["token-of-tenant-1", "token-of-tenant-2"] {
//!     let builder = Session::builder().auth_token(token);
//!     let session = builder.http_client(http_client.clone()).build()?;
//!     # let _ = session;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Observability
//!
//! The `tracing` feature adds spans and events for requests, pages, attempts and retries. The
//! [`observability`] module lists them, and shows metrics and trace propagation.
//!
//! # Testing
//!
//! With the `mock` feature, [`mock::MockPress`] serves your own catalogue on the loopback address,
//! injects scripted faults, and records the requests that it receives. See also the effect of
//! [paused time](mock#paused-time) on timeouts.
//!
//! ```sh
//! cargo add --dev press-specs --features mock
//! cargo add --dev tokio --features macros,rt
//! ```
//!
//! For code that only handles data, create values [by hand](types#creating-values), and errors from
//! their kind:
//!
//! ```
//! use press_specs::{Error, ErrorKind, types::{SpecKind, SpecSummary}};
//!
//! let mut spec = SpecSummary::default();
//! spec.id = "spec-1".into();
//! spec.kind = Some(SpecKind::App);
//!
//! let error = Error::from(ErrorKind::NotFound);
//! assert_eq!(error.kind(), ErrorKind::NotFound);
//! ```
//!
//! # Features
//!
//! | feature | default | enables |
//! |---|---|---|
//! | `rustls` | yes | TLS with rustls and its default cryptography |
//! | `rustls-no-provider` | | TLS with rustls and a cryptography provider that you install |
//! | `native-tls` | | TLS with the library of the operating system, even if `rustls` is enabled |
//! | `http2` | | HTTP/2 for the built-in client |
//! | `gzip` | yes | compressed responses |
//! | `blocking` | | the module [`blocking`] |
//! | `chrono` | | [`Timestamp::to_utc`](types::Timestamp::to_utc) |
//! | `mock` | | the module [`mock`] |
//! | `schemars` | | JSON Schemas of the [`types`] |
//! | `tracing` | | [spans and events](observability) with OpenTelemetry field names |
//!
//! The default cryptography, aws-lc-rs, takes about 30 ms of CPU for the first TLS request of a
//! process, and a good part of a clean build. A short-lived program may prefer ring, which takes 1
//! to 3 ms: disable the default features, enable `rustls-no-provider`, and install the provider of
//! rustls's feature `ring` at the start of `main` with `CryptoProvider::install_default`.
//!
//! With the `http2` feature, the client and the service negotiate HTTP/2 in the TLS handshake, and
//! concurrent page requests share one connection. Without a TLS feature, pass a custom
//! `reqwest::Client`. For other capabilities of [`reqwest`](https://docs.rs/reqwest), such as SOCKS
//! proxies, depend on it directly and enable its features.
//!
//! # Coming from Python
//!
//! The [blocking] module uses the names of the Python client:
//!
//! | Python | Rust |
//! |---|---|
//! | `specs.get_client()` | `press_specs::blocking::get_client(None)?` |
//! | `client.list_specs(page_size=50)` | `client.list_specs().page_size(50)` |
//! | `for spec in client.list_specs():` | `for spec in client.list_specs() {` |
//! | `client.list_specs(return_iterator=False, page_number=2)` | `client.list_specs().page(2)?` |
//! | `spec["id"]`, `page["pageCount"]` | `spec?.id`, `page.page_count` |
//! | a missing field | `None` |
//! | an exception | an [`Error`] with a [`kind`](Error::kind) |
//! | `StopIteration` | the end of the iterator |
//!
//! [blocking]: mod@blocking
//! [`list_spec_release_deployments`]: Spec::list_spec_release_deployments
//! [`SpecPage`]: types::SpecPage
//! [`SpecSummary`]: types::SpecSummary
//! [`DeploymentPage`]: types::DeploymentPage
//! [`DeploymentSummary`]: types::DeploymentSummary
//! [`page_size`]: ListRequest::page_size
//! [`start_page`]: ListRequest::start_page
//! [`resume`]: ListRequest::resume
//! [`concurrency`]: ListRequest::concurrency
//! [`detect_changes`]: ListRequest::detect_changes
//! [`header`]: ListRequest::header
//! [`query`]: ListRequest::query
//! [`timeout`]: ListRequest::timeout
//! [`total_timeout`]: ListRequest::total_timeout
//! [`retry`]: ListRequest::retry
//! [`maybe`]: ListRequest::maybe
//! [`status`]: type.ListSpecs.html#method.status
//! [`featured`]: type.ListSpecs.html#method.featured
//! [`kind`]: type.ListSpecs.html#method.kind
//! [`term`]: type.ListSpecs.html#method.term
//! [`sort`]: type.ListSpecs.html#method.sort
//! [`scope`]: type.ListSpecs.html#method.scope
//! [`version`]: type.ListSpecReleaseDeployments.html#method.version
//! [s]: type.ListSpecReleaseDeployments.html#method.status
//! [`name`]: type.ListSpecReleaseDeployments.html#method.name
//! [`title`]: type.ListSpecReleaseDeployments.html#method.title
//! [o]: type.ListSpecReleaseDeployments.html#method.sort

#![cfg_attr(docsrs, feature(doc_cfg))]
// These lints apply only to the library.
#![warn(clippy::disallowed_methods, clippy::disallowed_types)]
#![warn(clippy::expect_used, clippy::panic, clippy::unreachable)]
#![warn(clippy::print_stderr, clippy::print_stdout)]

#[expect(clippy::disallowed_methods, reason = "sends requests, and waits between attempts")]
mod call;
mod client;
mod error;
mod failure;
mod header;
mod items;
#[cfg(feature = "mock")]
#[expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "a server")]
pub mod mock;
pub mod observability;
mod options;
mod pagination;
mod position;
pub mod reliability;
mod request;
mod response;
mod retry;
mod session;
#[expect(clippy::disallowed_methods, reason = "holds the time limits")]
mod timeout;
mod trace;
mod transport;

// Last, so that its methods follow the async ones in the docs of `ListRequest`.
#[cfg(feature = "blocking")]
pub mod blocking;

pub use client::{Async, Spec, SpecClient, get_client};
pub use error::{Error, ErrorKind};
pub use items::ItemStream;
pub use pagination::PageStream;
pub use position::Position;
pub use press_api_gen::{ListOperation, Page, operations, types};
pub use request::{ListRequest, ListSpecReleaseDeployments, ListSpecs};
pub use reqwest;
pub use response::{ErrorResponse, Headers, Response};
pub use retry::RetryPolicy;
pub use session::{Session, SessionBuilder, Stage};

/// Compiles the code of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
