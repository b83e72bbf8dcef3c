//! Faults: scripted responses, and the requests they apply to.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE};
use serde_json::Value;
use tokio::sync::watch;

use super::{
    received::ReceivedRequest,
    response::{Response, problem},
};

/// A scripted response to a request.
///
/// A fault starts with its effect, for example [`status`](Self::status),
/// [`drop_connection`](Self::drop_connection) or [`pass`](Self::pass). Further methods refine the
/// effect, for example [`header`](Self::header) and [`delay`](Self::delay), and limit the fault to
/// some requests, for example [`on_page`](Self::on_page) and [`times`](Self::times). Without
/// limits, a fault applies to the next request.
///
/// Each request uses up the first scripted fault that applies to it.
///
/// ```
/// # use press_specs::mock::MockPress;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mock = MockPress::builder().generated_specs(60).start()?;
/// # let client = press_specs::get_client(mock.session()?)?;
/// use press_specs::mock::Fault;
///
/// mock.faults([Fault::status(503), Fault::drop_connection()]);
/// client.list_specs().page(1).await?;
/// assert_eq!(mock.request_count(), 3);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a fault does nothing until it is given to the mock"]
pub struct Fault {
    /// Raw bytes instead of a response. The connection is closed afterwards.
    pub(super) raw: Option<Bytes>,
    status: Option<StatusCode>,
    headers: HeaderMap,
    body: Option<Bytes>,
    /// The part that cannot be sent.
    mistake: Option<String>,
    pub(super) delay: Duration,
    pub(super) gate: Option<Gate>,
    pub(super) cut: Option<usize>,
    /// The size of the pieces of a slow body, and the pause after each.
    pub(super) pace: Option<(usize, Duration)>,
    conditions: Vec<Condition>,
    /// The number of requests it still applies to; `None` for all.
    pub(super) uses: Option<usize>,
}

#[derive(Clone)]
struct Condition(Arc<dyn Fn(&ReceivedRequest) -> bool + Send + Sync>);

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Condition")
    }
}

/// # Effect
impl Fault {
    /// Sends the normal response, for example to skip a request before the next fault.
    pub fn pass() -> Self {
        Self {
            raw: None,
            status: None,
            headers: HeaderMap::new(),
            body: None,
            mistake: None,
            delay: Duration::ZERO,
            gate: None,
            cut: None,
            pace: None,
            conditions: Vec::new(),
            uses: Some(1),
        }
    }

    /// Sends a status from 200 to 999, by default with the `{"title", "detail"}` body of an error.
    pub fn status(status: u16) -> Self {
        let status_code =
            StatusCode::from_u16(status).ok().filter(|status| !status.is_informational());
        let mistake = status_code.is_none().then(|| format!("status {status}"));
        Self { status: status_code, mistake, ..Self::pass() }
    }

    /// Sends a 200 with these bytes, always declared as JSON.
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

    /// Sends these bytes over the connection instead of an HTTP response, then closes it.
    pub fn raw_connection(bytes: impl Into<Vec<u8>>) -> Self {
        Self { raw: Some(bytes.into().into()), ..Self::pass() }
    }

    /// Sends nothing until the client disconnects or the mock is dropped.
    pub fn hang() -> Self {
        // No one else holds this gate, so it never opens.
        Self::pass().held_by(&Gate::new())
    }
}

/// # Response
impl Fault {
    /// Sends this JSON value as the body.
    pub fn json(self, body: impl Into<Value>) -> Self {
        self.body("application/json", body.into().to_string())
    }

    /// Sends this HTML as the body, like a gateway.
    pub fn html(self, body: impl Into<String>) -> Self {
        self.body("text/html; charset=utf-8", body.into())
    }

    /// Sends these bytes as the body, declared as this media type.
    pub fn body(self, media_type: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(body.into().into()), ..self.header(CONTENT_TYPE.as_str(), media_type) }
    }

    /// Sends an empty body without a media type.
    pub fn empty(mut self) -> Self {
        self.headers.remove(CONTENT_TYPE);
        Self { body: Some(Bytes::new()), ..self }
    }

    /// Adds a header. It replaces the mock's own header of the same name.
    ///
    /// `Content-Length` and `Transfer-Encoding` are sent as given here, right or wrong, and the
    /// connection is closed after the body. If a header cannot be sent, the response is a 500
    /// whose detail names it.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        match (HeaderName::try_from(&name), HeaderValue::try_from(value.into())) {
            // The body has already set a media type.
            (Ok(CONTENT_TYPE), Ok(value)) => drop(self.headers.insert(CONTENT_TYPE, value)),
            (Ok(name), Ok(value)) => drop(self.headers.append(name, value)),
            _ => self.mistake = Some(format!("header {name:?}")),
        }
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

    /// Closes the connection after this many bytes of the body; the head still declares the full
    /// length.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.cut = Some(bytes);
        self
    }

    /// Sends the body in chunks of this many bytes, with a pause after each.
    pub fn trickle(mut self, bytes: usize, every: Duration) -> Self {
        self.pace = Some((bytes.max(1), every));
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

    /// Applies only to requests for this page; a request without `pageNumber` is for page 1.
    pub fn on_page(self, number: u64) -> Self {
        self.when(move |request| match request.query("pageNumber") {
            Some(text) => text.parse() == Ok(number),
            None => number == 1,
        })
    }

    /// Applies only to requests for which the closure returns `true`.
    ///
    /// The closure runs on the mock's thread and must not script faults.
    pub fn when(
        mut self,
        condition: impl Fn(&ReceivedRequest) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.conditions.push(Condition(Arc::new(condition)));
        self
    }
}

impl Fault {
    /// Removes the first scripted fault that applies to a request.
    pub(super) fn take(script: &mut Vec<Self>, request: &ReceivedRequest) -> Option<Self> {
        script.retain(|fault| fault.uses != Some(0));
        let applies =
            |fault: &&mut Self| fault.conditions.iter().all(|Condition(applies)| applies(request));
        let fault = script.iter_mut().find(applies)?;
        fault.uses = fault.uses.map(|uses| uses - 1);
        Some(fault.clone())
    }

    /// Builds the response: the scripted one, or the normal one as modified by the fault.
    pub(super) fn response(&self, normal: impl FnOnce() -> Response) -> Response {
        if let Some(mistake) = &self.mistake {
            return problem(
                StatusCode::INTERNAL_SERVER_ERROR,
                &format!("The scripted {mistake} cannot be sent"),
            );
        }
        let mut response = match self.status {
            None => normal(),
            Some(status) => problem(status, "This response is scripted"),
        };
        if let Some(body) = &self.body {
            *response.body_mut() = body.clone();
            response.headers_mut().remove(CONTENT_TYPE);
        }
        // Replaces headers of the same name, but keeps multiple values of an added one.
        response.headers_mut().extend(self.headers.clone());
        response
    }
}

/// A gate that holds back responses until it is opened, to test the order of events without
/// sleeping.
///
/// Given to a fault with [`Fault::held_by`].
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Gate {
    /// Creates a closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens the gate permanently, even for responses that reach it later.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    pub(super) async fn wait(&self) {
        // The sender is borrowed here, so it still exists.
        let _ = self.0.subscribe().wait_for(|open| *open).await;
    }
}
