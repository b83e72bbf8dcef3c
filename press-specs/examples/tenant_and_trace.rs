//! Sends a tenant header with every request, and propagates the trace context of OpenTelemetry to the service.
//!
//! ```sh
//! cargo run -p press-specs --features mock,tracing --example tenant_and_trace
//! ```

use std::error::Error;

use opentelemetry::{global, propagation::Injector, trace::TracerProvider as _};
use opentelemetry_sdk::{propagation::TraceContextPropagator, trace::SdkTracerProvider};
use press_specs::mock::{Fault, MockPress};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tracing::{Instrument, Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::layer::SubscriberExt;

/// Writes the fields of a trace context to headers.
struct HeaderInjector<'a>(&'a mut HeaderMap);

impl Injector for HeaderInjector<'_> {
    fn set(&mut self, name: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}

fn inject_trace_context(headers: &mut HeaderMap) {
    // The current span is that of the attempt, so that each retry gets a parent of its own.
    let context = Span::current().context();
    global::get_text_map_propagator(|propagator| propagator.inject_context(&context, &mut HeaderInjector(headers)));
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // A real program adds the exporter of its tracing backend to the provider.
    let provider = SdkTracerProvider::builder().build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("example"));
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))?;
    global::set_text_map_propagator(TraceContextPropagator::new());

    let mock = MockPress::builder()
        .generated_specs(3)
        .fault(Fault::status(503))
        .start()?;
    let session = mock
        .session_builder()
        .header("x-tenant", "acme")
        .on_request(inject_trace_context)
        .build()?;
    let client = press_specs::get_client(session)?;

    // For one request, `ListRequest::header` does the same as `SessionBuilder::header` for all.
    let page = client.list_specs().header("x-purpose", "nightly report").page(1);
    let page = page.instrument(info_span!("nightly_report")).await?;
    println!("{} specs", page.specs.len());

    let requests = mock.requests();
    for request in &requests {
        for name in ["x-tenant", "x-purpose", "traceparent"] {
            println!("{name}: {}", request.header(name).unwrap_or("(none)"));
        }
    }

    // Two attempts of one trace, each with its own span.
    let traces: Vec<_> = requests
        .iter()
        .filter_map(|request| request.header("traceparent"))
        .collect();
    assert_eq!(traces.len(), 2);
    assert_eq!(traces[0][..36], traces[1][..36]);
    assert_ne!(traces[0], traces[1]);
    Ok(())
}
