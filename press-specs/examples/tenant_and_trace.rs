//! Sends a tenant header with every request, and propagates the trace context of OpenTelemetry to
//! the service.
//!
//! ```sh
//! cargo run -p press-specs --example tenant_and_trace
//! ```

use std::{collections::HashSet, error::Error};

use opentelemetry::{global, trace::TracerProvider as _};
use opentelemetry_http::HeaderInjector;
use opentelemetry_sdk::{propagation::TraceContextPropagator, trace::SdkTracerProvider};
use press_specs::mock::{Fault, MockPress};
use reqwest::header::HeaderMap;
use tracing::{Instrument, Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::layer::SubscriberExt;

fn inject_trace_context(headers: &mut HeaderMap) {
    // The current span is the attempt, so each retry gets its own parent.
    let context = Span::current().context();
    global::get_text_map_propagator(|propagator| {
        propagator.inject_context(&context, &mut HeaderInjector(headers))
    });
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // A real program adds the exporter of its tracing backend to the provider.
    let provider = SdkTracerProvider::builder().build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("example"));
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))?;
    global::set_text_map_propagator(TraceContextPropagator::new());

    let mock = MockPress::builder().generated_specs(3).fault(Fault::status(503)).start()?;
    let session = mock
        .session_builder()
        .header("x-tenant", "acme")
        .on_request(inject_trace_context)
        .build()?;
    let client = press_specs::get_client(session)?;

    let report = async {
        client.list_specs().page(1).await?;
        // Adds a header to one request.
        client.list_specs().header("x-purpose", "report").page(1).await
    };
    report.instrument(info_span!("nightly_report")).await?;

    let requests = mock.requests();
    for request in &requests {
        for name in ["x-tenant", "x-purpose", "traceparent"] {
            println!("{name}: {}", request.header(name).unwrap_or("(none)"));
        }
    }

    // Three attempts of one trace, each with its own span.
    let mut traces = HashSet::new();
    let mut spans = HashSet::new();
    for parent in requests.iter().filter_map(|request| request.header("traceparent")) {
        traces.insert(&parent[..36]);
        spans.insert(&parent[36..]);
    }
    assert_eq!(traces.len(), 1);
    assert_eq!(spans.len(), 3);
    Ok(())
}
