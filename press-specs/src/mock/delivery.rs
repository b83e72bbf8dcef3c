//! How answers leave: as an HTTP body, or past HTTP over the bare connection.

use std::error::Error;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep, timeout};

use super::counts::Flight;
use super::fault::{Pace, frames_body};
use super::operation::Answer;

/// A body that hyper sends, at once or at a pace.
pub(super) struct Delivery {
    rest: Bytes,
    pace: Option<Pace>,
    pause: Option<Pin<Box<Sleep>>>,
    flight: Flight,
}

impl Delivery {
    pub(super) fn new(body: Bytes, pace: Option<Pace>, mut flight: Flight) -> Delivery {
        if body.is_empty() {
            flight.finish();
        }
        Delivery {
            rest: body,
            pace,
            pause: None,
            flight,
        }
    }
}

impl Body for Delivery {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.rest.len();
        let length = self.pace.map_or(length, |pace| pace.bytes.min(length));
        let piece = self.rest.split_to(length);
        if self.rest.is_empty() {
            self.flight.finish();
        } else if let Some(pace) = self.pace {
            self.pause = Some(Box::pin(sleep(pace.every)));
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

/// What is sent past HTTP, after which the connection is closed.
pub(super) struct Takeover {
    head: Bytes,
    body: Bytes,
    pace: Option<Pace>,
    flight: Flight,
}

impl Takeover {
    /// Sends bytes that need not be HTTP; no bytes at all just close the connection.
    pub(super) fn bytes(bytes: Bytes, flight: Flight) -> Takeover {
        Takeover {
            head: bytes,
            body: Bytes::new(),
            pace: None,
            flight,
        }
    }

    /// Sends an answer of which only a part comes, or whose head does not tell the truth.
    pub(super) fn answer(answer: Answer, cut: Option<usize>, pace: Option<Pace>, flight: Flight) -> Takeover {
        let status = answer.status;
        let reason = status.canonical_reason().unwrap_or("Scripted");
        let mut head = format!("HTTP/1.1 {} {reason}\r\n", status.as_u16()).into_bytes();
        for (name, value) in &answer.headers {
            head.extend_from_slice(name.as_str().as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        if !frames_body(&answer.headers) {
            let length = answer.body.len();
            head.extend_from_slice(format!("content-length: {length}\r\n").as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        let mut body = answer.body;
        body.truncate(cut.unwrap_or(body.len()));
        Takeover {
            head: head.into(),
            body,
            pace,
            flight,
        }
    }

    /// Sends everything, unless the client goes away.
    pub(super) async fn send(mut self, mut stream: TcpStream) -> io::Result<()> {
        stream.write_all(&self.head).await?;
        while !self.body.is_empty() {
            let length = self.body.len();
            let length = self.pace.map_or(length, |pace| pace.bytes.min(length));
            let piece = self.body.split_to(length);
            stream.write_all(&piece).await?;
            if let Some(pace) = self.pace.filter(|_| !self.body.is_empty())
                && gone_within(pace, &mut stream).await
            {
                return Ok(());
            }
        }
        self.flight.finish();
        stream.shutdown().await
    }
}

/// Waits for the pause of the pace, and tells whether the client went away meanwhile.
async fn gone_within(pace: Pace, stream: &mut TcpStream) -> bool {
    let closed = async {
        let mut ignored = [0; 64];
        while !matches!(stream.read(&mut ignored).await, Ok(0) | Err(_)) {}
    };
    timeout(pace.every, closed).await.is_ok()
}

/// A takeover that waits for its connection, as the error that makes hyper give the connection up.
#[derive(Debug)]
pub(super) struct TakenOver;

impl fmt::Display for TakenOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is taken over by a scripted fault")
    }
}

impl Error for TakenOver {}

/// Where a request leaves its takeover for its connection.
pub(super) type Handover = Arc<std::sync::Mutex<Option<Takeover>>>;
