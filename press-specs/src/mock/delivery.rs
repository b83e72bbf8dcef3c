//! Delivery of responses: as an HTTP body, or over the bare connection.

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Sleep, sleep, timeout},
};

use super::{answer::Answer, counts::Flight, fault::Pace};

/// A body that hyper sends, at once or at a pace.
pub(super) struct Delivery {
    rest: Bytes,
    pace: Option<Pace>,
    pause: Option<Pin<Box<Sleep>>>,
    flight: Flight,
}

impl Delivery {
    pub(super) fn new(body: Bytes, pace: Option<Pace>, mut flight: Flight) -> Self {
        if body.is_empty() {
            flight.finish();
        }
        Self {
            rest: body,
            pace,
            pause: None,
            flight,
        }
    }
}

/// Takes the bytes that are sent at once.
fn next_piece(rest: &mut Bytes, pace: Option<Pace>) -> Bytes {
    let length = pace.map_or(rest.len(), |pace| pace.bytes.min(rest.len()));
    rest.split_to(length)
}

impl Body for Delivery {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let pace = self.pace;
        let piece = next_piece(&mut self.rest, pace);
        if self.rest.is_empty() {
            self.flight.finish();
        } else {
            self.pause = pace.map(|pace| Box::pin(sleep(pace.every)));
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

/// Bytes that are sent past HTTP, after which the connection is closed.
pub(super) struct Takeover {
    head: Bytes,
    body: Bytes,
    pace: Option<Pace>,
    flight: Flight,
}

/// The place where a request leaves its takeover for its connection.
pub(super) type Handover = Arc<Mutex<Option<Takeover>>>;

impl Takeover {
    /// Sends bytes that need not be HTTP; no bytes at all just close the connection.
    pub(super) fn bytes(bytes: Bytes, flight: Flight) -> Self {
        Self {
            head: bytes,
            body: Bytes::new(),
            pace: None,
            flight,
        }
    }

    /// Sends a response that is cut off, or whose head lies about the body.
    pub(super) fn answer(answer: Answer, cut: Option<usize>, pace: Option<Pace>, flight: Flight) -> Self {
        let reason = answer.status.canonical_reason().unwrap_or("Scripted");
        let mut head = format!("HTTP/1.1 {} {reason}\r\n", answer.status.as_u16()).into_bytes();
        for (name, value) in &answer.headers {
            head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        if !answer.declares_length() {
            head.extend(format!("content-length: {}\r\n", answer.body.len()).into_bytes());
        }
        head.extend(b"\r\n");
        let mut body = answer.body;
        body.truncate(cut.unwrap_or(body.len()));
        Self {
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
            let piece = next_piece(&mut self.body, self.pace);
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

/// Pauses, and tells whether the client went away meanwhile.
async fn gone_within(pace: Pace, stream: &mut TcpStream) -> bool {
    let closed = async {
        let mut ignored = [0; 64];
        while !matches!(stream.read(&mut ignored).await, Ok(0) | Err(_)) {}
    };
    timeout(pace.every, closed).await.is_ok()
}
