//! Scripted answers: what goes wrong, when and how often.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

use super::gate::Gate;
use super::operation::{Answer, Operation};
use super::received::ReceivedRequest;

/// Scripts what the mock does with a request instead of answering it normally.
///
/// A fault begins with what it does ([`status`](Fault::status), [`drop_connection`](Fault::drop_connection),
/// [`pass`](Fault::pass), …), is then refined ([`json`](Fault::json), [`header`](Fault::header),
/// [`delay`](Fault::delay), [`cut_after`](Fault::cut_after), …), and at last limited to the requests
/// that it is for ([`on_page`](Fault::on_page), [`times`](Fault::times), …). Without limits it
/// answers one request, whichever comes next.
///
/// The mock keeps its faults in the order in which they were scripted; each request uses up the
/// first one that is meant for it, and is answered normally when there is none.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use press_specs::mock::{Fault, MockPress};
///
/// let mock = MockPress::builder()
///     .generated_specs(100)
///     // The first two requests are told to come back later,
///     .fault(Fault::status(429).header("retry-after", "1").times(2))
///     // the first one for page 3 gets half a page,
///     .fault(Fault::pass().cut_after(500).on_page(3))
///     // and page 4 always takes its time.
///     .fault(Fault::pass().delay(Duration::from_millis(20)).on_page(4).always())
///     .start()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a fault does nothing until it is given to the mock"]
#[non_exhaustive]
pub struct Fault {
    ending: Ending,
    status: Option<u16>,
    payload: Option<Payload>,
    headers: Vec<(String, String)>,
    delay: Duration,
    gate: Option<Gate>,
    cut: Option<usize>,
    pace: Option<Pace>,
    conditions: Vec<Condition>,
    /// How many requests are still to be answered; without a number it never ends.
    uses: Option<usize>,
}

type Condition = Arc<dyn Fn(&ReceivedRequest) -> bool + Send + Sync>;

/// How a fault ends, after its delay.
#[derive(Clone, Debug)]
pub(super) enum Ending {
    Answer,
    Drop,
    Hang,
    Bytes(Bytes),
}

#[derive(Clone, Debug)]
struct Payload {
    media_type: Option<String>,
    body: Bytes,
}

/// How fast a body is sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) bytes: usize,
    pub(super) every: Duration,
}

/// # What happens
impl Fault {
    fn new(ending: Ending) -> Fault {
        Fault {
            ending,
            status: None,
            payload: None,
            headers: Vec::new(),
            delay: Duration::ZERO,
            gate: None,
            cut: None,
            pace: None,
            conditions: Vec::new(),
            uses: Some(1),
        }
    }

    /// Answers normally; by itself this lets a request through to where the next fault waits.
    pub fn pass() -> Fault {
        Fault::new(Ending::Answer)
    }

    /// Answers with a status from 200 to 999 and, unless another body is given, with the
    /// `{"title", "detail"}` of an error.
    pub fn status(status: u16) -> Fault {
        Fault {
            status: Some(status),
            ..Fault::pass()
        }
    }

    /// Answers 200 with these bytes, declared as JSON whatever they are.
    pub fn raw_body(body: impl Into<Vec<u8>>) -> Fault {
        Fault::status(200).body("application/json", body)
    }

    /// Answers with a redirect to another address and no body.
    pub fn redirect(to: impl Into<String>, status: u16) -> Fault {
        Fault::status(status).empty().header("location", to)
    }

    /// Closes the connection without a byte of a response.
    pub fn drop_connection() -> Fault {
        Fault::new(Ending::Drop)
    }

    /// Sends these bytes over the connection in place of an HTTP response, then closes it.
    pub fn raw_connection(bytes: impl Into<Vec<u8>>) -> Fault {
        Fault::new(Ending::Bytes(Bytes::from(bytes.into())))
    }

    /// Never answers: the request ends when the client goes away or the mock is dropped.
    pub fn hang() -> Fault {
        Fault::new(Ending::Hang)
    }
}

/// # What exactly is sent
impl Fault {
    /// Sends this JSON value as the body.
    pub fn json(self, body: impl Into<Value>) -> Fault {
        let body: Value = body.into();
        self.body("application/json", body.to_string())
    }

    /// Sends this text as the body, declared as HTML as gateways do.
    pub fn html(self, body: impl Into<String>) -> Fault {
        self.body("text/html; charset=utf-8", body.into())
    }

    /// Sends these bytes as the body, declared as this media type.
    pub fn body(mut self, media_type: impl Into<String>, body: impl Into<Vec<u8>>) -> Fault {
        self.payload = Some(Payload {
            media_type: Some(media_type.into()),
            body: Bytes::from(body.into()),
        });
        self
    }

    /// Sends an empty body without a media type.
    pub fn empty(mut self) -> Fault {
        self.payload = Some(Payload {
            media_type: None,
            body: Bytes::new(),
        });
        self
    }

    /// Adds a header, in place of the mock's own of the same name.
    ///
    /// A `Content-Length` or `Transfer-Encoding` is sent as it is given here, right or wrong, and
    /// the connection is closed after the body. A header that cannot be sent is not left out
    /// silently: the answer is then a 500 whose detail names it.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Fault {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Waits this long before the first byte of the answer.
    pub fn delay(mut self, delay: Duration) -> Fault {
        self.delay = delay;
        self
    }

    /// Waits until the gate is opened before the first byte of the answer.
    pub fn held_by(mut self, gate: &Gate) -> Fault {
        self.gate = Some(gate.clone());
        self
    }

    /// Closes the connection after this many bytes of the body, of which the head declares all.
    pub fn cut_after(mut self, bytes: usize) -> Fault {
        self.cut = Some(bytes);
        self
    }

    /// Sends the body in pieces of this many bytes, with a pause after each.
    pub fn trickle(mut self, bytes: usize, every: Duration) -> Fault {
        let bytes = bytes.max(1);
        self.pace = Some(Pace { bytes, every });
        self
    }
}

/// # Which requests it is for
impl Fault {
    /// Answers this many requests instead of one.
    pub fn times(mut self, requests: usize) -> Fault {
        self.uses = Some(requests);
        self
    }

    /// Answers every request that it is for, and is never used up.
    pub fn always(mut self) -> Fault {
        self.uses = None;
        self
    }

    /// Answers only requests for this page; one that names no page is for page 1.
    pub fn on_page(self, number: u64) -> Fault {
        self.when(move |request| {
            let named = request.query("pageNumber").is_some();
            let first = (!named).then_some(1);
            request.page_number().or(first) == Some(number)
        })
    }

    /// Answers only requests of this operation.
    pub fn on_operation(self, operation: Operation) -> Fault {
        self.when(move |request| request.operation() == Some(operation))
    }

    /// Answers only requests with this path, compared as received, still percent-encoded.
    pub fn on_path(self, path: impl Into<String>) -> Fault {
        let path = path.into();
        self.when(move |request| request.path() == path)
    }

    /// Answers only requests for which the closure says so.
    ///
    /// The closure runs on the mock's thread and must not call the mock.
    pub fn when<F>(mut self, condition: F) -> Fault
    where
        F: Fn(&ReceivedRequest) -> bool + Send + Sync + 'static,
    {
        self.conditions.push(Arc::new(condition));
        self
    }
}

impl Fault {
    pub(super) fn is_for(&self, request: &ReceivedRequest) -> bool {
        self.conditions.iter().all(|condition| condition(request))
    }

    /// How many more requests it answers; no number for any.
    pub(super) fn uses(&self) -> Option<usize> {
        self.uses
    }

    /// Uses it up by one request, and tells whether that was the last.
    pub(super) fn use_up(&mut self) -> bool {
        self.uses = self.uses.map(|uses| uses.saturating_sub(1));
        self.uses == Some(0)
    }

    pub(super) fn ending(&self) -> &Ending {
        &self.ending
    }

    pub(super) fn cut(&self) -> Option<usize> {
        self.cut
    }

    pub(super) fn pace(&self) -> Option<Pace> {
        self.pace
    }

    /// Waits as long as the fault wants its answer to wait.
    pub(super) async fn wait(&self) {
        if let Some(gate) = &self.gate {
            gate.wait().await;
        }
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
    }

    /// Makes the answer: the scripted one, or the normal one with what the fault changes in it.
    pub(super) fn answer(&self, normal: impl FnOnce() -> Answer) -> Answer {
        self.scripted(normal)
            .unwrap_or_else(|detail| Answer::problem(StatusCode::INTERNAL_SERVER_ERROR, &detail))
    }

    fn scripted(&self, normal: impl FnOnce() -> Answer) -> Result<Answer, String> {
        let mut answer = match self.status {
            None => normal(),
            Some(number) => {
                let status = StatusCode::from_u16(number)
                    .ok()
                    .filter(|status| !status.is_informational())
                    .ok_or_else(|| format!("The scripted status {number} cannot be sent"))?;
                Answer::problem(status, "This answer is scripted")
            }
        };
        if let Some(payload) = &self.payload {
            answer.body = payload.body.clone();
            answer.headers.remove(CONTENT_TYPE);
            if let Some(media_type) = &payload.media_type {
                let value = header_value(CONTENT_TYPE.as_str(), media_type)?;
                answer.headers.insert(CONTENT_TYPE, value);
            }
        }
        let mut scripted = HeaderMap::new();
        for (name, value) in &self.headers {
            let valid = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| format!("The scripted header {name:?} cannot be sent"))?;
            scripted.append(valid, header_value(name, value)?);
        }
        // Replaces what is there of the same names and keeps several values of one.
        answer.headers.extend(scripted);
        Ok(answer)
    }
}

fn header_value(name: &str, value: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(value).map_err(|_| format!("The scripted value of the header {name:?} cannot be sent"))
}

/// Whether the headers say how long the body is, so that nothing else may say so.
pub(super) fn frames_body(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING)
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault")
            .field("ending", &self.ending)
            .field("status", &self.status)
            .field("payload", &self.payload)
            .field("headers", &self.headers)
            .field("delay", &self.delay)
            .field("cut", &self.cut)
            .field("pace", &self.pace)
            .field("uses", &self.uses)
            .finish_non_exhaustive()
    }
}
