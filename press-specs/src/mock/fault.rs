//! Faults: scripted responses, and the requests that they are for.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE};
use serde_json::Value;

use super::{
    gate::Gate,
    operation::Operation,
    received::ReceivedRequest,
    response::{Response, problem},
};

/// A scripted response to a request.
///
/// A fault starts with its effect, for example [`status`](Self::status), [`drop_connection`](Self::drop_connection) or
/// [`pass`](Self::pass). Further methods refine the effect, for example [`header`](Self::header) and
/// [`delay`](Self::delay), and limit the fault to some requests, for example [`on_page`](Self::on_page) and
/// [`times`](Self::times). Without limits a fault applies to the next request, whichever it is.
///
/// Each request uses up the first scripted fault that applies to it.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use press_specs::mock::{Fault, MockPress};
///
/// let mock = MockPress::builder()
///     .generated_specs(100)
///     // The first two requests are rate limited,
///     .fault(Fault::status(429).header("retry-after", "1").times(2))
///     // the first one for page 3 gets half a page,
///     .fault(Fault::pass().cut_after(500).on_page(3))
///     // and page 4 is always slow.
///     .fault(Fault::pass().delay(Duration::from_millis(20)).on_page(4).always())
///     .start()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a fault does nothing until it is given to the mock"]
#[non_exhaustive]
pub struct Fault {
    pub(super) ending: Ending,
    status: Option<u16>,
    /// The media type and the bytes.
    body: Option<(Option<String>, Bytes)>,
    headers: Vec<(String, String)>,
    delay: Duration,
    gate: Option<Gate>,
    pub(super) cut: Option<usize>,
    pub(super) pace: Option<Pace>,
    conditions: Vec<Condition>,
    /// The number of requests that it is still for; `None` for all.
    pub(super) uses: Option<usize>,
}

#[derive(Clone)]
struct Condition(Arc<dyn Fn(&ReceivedRequest) -> bool + Send + Sync>);

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Condition")
    }
}

#[derive(Clone, Debug)]
pub(super) enum Ending {
    Response,
    Hang,
    /// Bytes in place of a response, then the end of the connection.
    Bytes(Bytes),
}

/// The speed of a body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) bytes: usize,
    pub(super) every: Duration,
}

/// # Effect
impl Fault {
    fn new(ending: Ending) -> Self {
        Self {
            ending,
            status: None,
            body: None,
            headers: Vec::new(),
            delay: Duration::ZERO,
            gate: None,
            cut: None,
            pace: None,
            conditions: Vec::new(),
            uses: Some(1),
        }
    }

    /// Sends the normal response, for example to skip a request before the next fault.
    pub fn pass() -> Self {
        Self::new(Ending::Response)
    }

    /// Sends a status from 200 to 999, by default with the `{"title", "detail"}` body of an error.
    pub fn status(status: u16) -> Self {
        Self { status: Some(status), ..Self::pass() }
    }

    /// Sends a 200 with these bytes, declared as JSON whatever they are.
    pub fn raw_body(body: impl Into<Vec<u8>>) -> Self {
        Self::status(200).body("application/json", body)
    }

    /// Sends a redirect without a body.
    pub fn redirect(to: impl Into<String>, status: u16) -> Self {
        Self::status(status).empty().header("location", to)
    }

    /// Closes the connection without a response.
    pub fn drop_connection() -> Self {
        Self::raw_connection([])
    }

    /// Sends these bytes over the connection in place of an HTTP response, then closes it.
    pub fn raw_connection(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(Ending::Bytes(Bytes::from(bytes.into())))
    }

    /// Sends nothing until the client goes away or the mock is dropped.
    pub fn hang() -> Self {
        Self::new(Ending::Hang)
    }
}

/// # Response
impl Fault {
    /// Sends this JSON value as the body.
    pub fn json(self, body: impl Into<Value>) -> Self {
        let body: Value = body.into();
        self.body("application/json", body.to_string())
    }

    /// Sends this HTML as the body, as gateways do.
    pub fn html(self, body: impl Into<String>) -> Self {
        self.body("text/html; charset=utf-8", body.into())
    }

    /// Sends these bytes as the body, declared as this media type.
    pub fn body(mut self, media_type: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some((Some(media_type.into()), Bytes::from(body.into())));
        self
    }

    /// Sends an empty body without a media type.
    pub fn empty(mut self) -> Self {
        self.body = Some((None, Bytes::new()));
        self
    }

    /// Adds a header, in place of the mock's own header of the same name.
    ///
    /// `Content-Length` and `Transfer-Encoding` are sent as given here, right or wrong, and the connection is closed
    /// after the body. If a header cannot be sent, the response is a 500 whose detail names it.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Delays the response.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Holds the response back until the gate is opened.
    pub fn held_by(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }

    /// Closes the connection after this many bytes of the body; the head still declares the whole length.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.cut = Some(bytes);
        self
    }

    /// Sends the body in pieces of this many bytes, with a pause after each.
    pub fn trickle(mut self, bytes: usize, every: Duration) -> Self {
        let bytes = bytes.max(1);
        self.pace = Some(Pace { bytes, every });
        self
    }
}

/// # Requests
impl Fault {
    /// Applies to this many requests instead of one.
    pub fn times(mut self, requests: usize) -> Self {
        self.uses = Some(requests);
        self
    }

    /// Applies to any number of requests.
    pub fn always(mut self) -> Self {
        self.uses = None;
        self
    }

    /// Applies only to requests for this page; a request without `pageNumber` is one for page 1.
    pub fn on_page(self, number: u64) -> Self {
        self.when(move |request| match request.query("pageNumber") {
            Some(text) => text.parse() == Ok(number),
            None => number == 1,
        })
    }

    /// Applies only to requests of this operation.
    pub fn on_operation(self, operation: Operation) -> Self {
        self.when(move |request| request.operation() == Some(operation))
    }

    /// Applies only to requests for which the closure returns `true`.
    ///
    /// The closure runs on the mock's thread and must not script faults.
    pub fn when<F>(mut self, condition: F) -> Self
    where
        F: Fn(&ReceivedRequest) -> bool + Send + Sync + 'static,
    {
        self.conditions.push(Condition(Arc::new(condition)));
        self
    }
}

impl Fault {
    /// Takes the first fault of the script that applies to a request.
    pub(super) fn take(script: &mut Vec<Self>, request: &ReceivedRequest) -> Option<Self> {
        script.retain(|fault| fault.uses != Some(0));
        let applies = |fault: &&mut Self| fault.conditions.iter().all(|Condition(applies)| applies(request));
        let fault = script.iter_mut().find(applies)?;
        fault.uses = fault.uses.map(|uses| uses - 1);
        Some(fault.clone())
    }

    /// Waits for the gate, then for the delay.
    pub(super) async fn wait(&self) {
        if let Some(gate) = &self.gate {
            gate.wait().await;
        }
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
    }

    /// Makes the response: the scripted one, or the normal one as changed by the fault.
    pub(super) fn response(&self, normal: impl FnOnce() -> Response) -> Response {
        self.scripted(normal).unwrap_or_else(|what| {
            let detail = format!("The scripted {what} cannot be sent");
            problem(StatusCode::INTERNAL_SERVER_ERROR, &detail)
        })
    }

    fn scripted(&self, normal: impl FnOnce() -> Response) -> Result<Response, String> {
        let header_value =
            |name: &str, value: &str| HeaderValue::from_str(value).map_err(|_| format!("value of the header {name:?}"));
        let mut response = match self.status {
            None => normal(),
            Some(number) => match StatusCode::from_u16(number) {
                Ok(status) if !status.is_informational() => problem(status, "This response is scripted"),
                _ => return Err(format!("status {number}")),
            },
        };
        if let Some((media_type, body)) = &self.body {
            *response.body_mut() = body.clone();
            response.headers_mut().remove(CONTENT_TYPE);
            if let Some(media_type) = media_type {
                let value = header_value(CONTENT_TYPE.as_str(), media_type)?;
                response.headers_mut().insert(CONTENT_TYPE, value);
            }
        }
        let mut scripted = HeaderMap::new();
        for (name, value) in &self.headers {
            let value = header_value(name, value)?;
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("header {name:?}"))?;
            scripted.append(name, value);
        }
        // Replaces headers of the same names and keeps several values of one.
        response.headers_mut().extend(scripted);
        Ok(response)
    }
}
