//! Spans, events and metrics.
//!
//! With the `tracing` feature, the client emits `tracing` spans and events. Their target begins
//! with `press_specs`. Field names follow the OpenTelemetry semantic conventions. No field holds
//! the token or the value of a filter or header.
//!
//! # Spans
//!
//! | span | level | parent |
//! |---|---|---|
//! | `press_specs.request` | INFO | the span in which [`page`], [`pages`] or [`stream`] is called |
//! | `press_specs.page` | INFO | `press_specs.request` |
//! | `press_specs.attempt` | INFO | `press_specs.page` |
//!
//! | fields | spans |
//! |---|---|
//! | `press.operation`, `press.spec_id` | `press_specs.request`, `press_specs.page` |
//! | `press.page_number` | `press_specs.page` |
//! | `http.request.method`, `http.request.resend_count` | `press_specs.attempt` |
//! | `url.template`, `server.address`, `server.port` | `press_specs.attempt` |
//! | `http.response.status_code` | `press_specs.attempt` |
//! | `http.response.header.x-request-id` | `press_specs.attempt` |
//!
//! Each span also has `otel.name` and, if it failed, `otel.status_code` (`ERROR`) and `error.type`,
//! the [kind](crate::ErrorKind) of the error. An attempt has `otel.kind` (`client`). It ends when
//! its body has been read and decoded. `http.request.resend_count` is absent on the first attempt.
//! A field without a value is absent.
//!
//! # Events
//!
//! | message | level | span |
//! |---|---|---|
//! | `retrying the request` | WARN | `press_specs.attempt` |
//! | `waiting for a rate limit to end` | INFO | `press_specs.page` |
//!
//! A retry has the fields `error.type`, `http.response.status_code` and `press.retry_delay_ms`. A
//! rate limit has the field `press.rate_limit_delay_ms`.
//!
//! # Metrics
//!
//! A `tracing-subscriber` layer can count requests and retries and measure latency:
//!
//! ```sh
//! cargo add press-specs --features tracing
//! cargo add tracing tracing-subscriber
//! ```
//!
//! ```
//! use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
//! use std::time::Instant;
//!
//! use tracing::{Event, Level, Subscriber, span::{Attributes, Id}};
//! use tracing_subscriber::{
//!     Layer, filter::Targets, layer::Context, prelude::*, registry::LookupSpan,
//! };
//!
//! static REQUESTS: AtomicU64 = AtomicU64::new(0);
//! static RETRIES: AtomicU64 = AtomicU64::new(0);
//! static LATENCY_MICROS: AtomicU64 = AtomicU64::new(0);
//!
//! struct Metrics;
//! struct Start(Instant);
//!
//! impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Metrics {
//!     fn on_new_span(&self, _: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
//!         let span = context.span(id).expect("a new span");
//!         span.extensions_mut().insert(Start(Instant::now()));
//!     }
//!
//!     fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
//!         if *event.metadata().level() == Level::WARN {
//!             RETRIES.fetch_add(1, Relaxed);
//!         }
//!     }
//!
//!     fn on_close(&self, id: Id, context: Context<'_, S>) {
//!         let span = context.span(&id).expect("a closing span");
//!         let extensions = span.extensions();
//!         let Some(Start(start)) = extensions.get() else { return };
//!         if span.name() == "press_specs.attempt" {
//!             REQUESTS.fetch_add(1, Relaxed);
//!             LATENCY_MICROS.fetch_add(start.elapsed().as_micros() as u64, Relaxed);
//!         }
//!     }
//! }
//!
//! # use press_specs::mock::{Fault, MockPress};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let own = Targets::new().with_target("press_specs", Level::INFO);
//! tracing_subscriber::registry().with(Metrics.with_filter(own)).init();
//! # let builder = MockPress::builder().generated_specs(60).fault(Fault::status(503));
//! # let mock = builder.start()?;
//! # let client = press_specs::get_client(mock.session()?)?;
//!
//! // Two pages, the first of which is retried after a status of 503.
//! let stream = client.list_specs().page_size(30).stream();
//! let specs: Vec<_> = stream.try_collect().await?;
//! assert_eq!(REQUESTS.load(Relaxed), 3);
//! assert_eq!(RETRIES.load(Relaxed), 1);
//! println!("{} µs on average", LATENCY_MICROS.load(Relaxed) / 3);
//! # assert_eq!(specs.len(), 60);
//! # Ok(())
//! # }
//! ```
//!
//! Without `tracing`, [`Response::attempts`](crate::Response::attempts) and
//! [`Error::attempts`](crate::Error::attempts) return the number of requests of one page.
//!
//! # Trace propagation
//!
//! [`on_request`](crate::SessionBuilder::on_request) is called for each attempt, inside its span.
//! It can propagate the trace context to the service:
//!
//! ```sh
//! cargo add opentelemetry opentelemetry-http opentelemetry_sdk tracing-opentelemetry
//! ```
//!
//! ```
//! use opentelemetry::propagation::TextMapPropagator;
//! use opentelemetry_http::HeaderInjector;
//! use opentelemetry_sdk::propagation::TraceContextPropagator;
//! use press_specs::Session;
//! use tracing::Span;
//! use tracing_opentelemetry::OpenTelemetrySpanExt;
//!
//! let propagator = TraceContextPropagator::new();
//! let session = Session::builder()
//!     .auth_token("my-token")
//!     .on_request(move |headers| {
//!         let context = Span::current().context();
//!         propagator.inject_context(&context, &mut HeaderInjector(headers));
//!     })
//!     .build()?;
//! # Ok::<(), press_specs::Error>(())
//! ```
//!
//! [`page`]: crate::ListRequest::page
//! [`pages`]: crate::ListRequest::pages
//! [`stream`]: crate::ListRequest::stream
