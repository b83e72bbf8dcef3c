//! Responses over the bare connection: bytes that are no HTTP, cut or slow bodies, heads that lie about the body.

use std::{
    io,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{
    counts::Flight,
    fault::{Fault, Pace},
    response::{Response, declare_length},
};

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
    pub(super) fn bytes(head: Bytes, flight: Flight) -> Self {
        Self { head, body: Bytes::new(), pace: None, flight }
    }

    /// Sends a response as the fault cuts it off or slows it down.
    pub(super) fn response(response: Response, fault: &Fault, flight: Flight) -> Self {
        let (parts, mut body) = response.into_parts();
        let reason = parts.status.canonical_reason().unwrap_or("Scripted");
        let mut head = format!("HTTP/1.1 {} {reason}\r\nconnection: close\r\n", parts.status.as_u16()).into_bytes();
        for (name, value) in &parts.headers {
            head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        if !declare_length(&parts.headers) {
            head.extend(format!("content-length: {}\r\n", body.len()).into_bytes());
        }
        head.extend(b"\r\n");
        body.truncate(fault.cut.unwrap_or(body.len()));
        Self { head: head.into(), body, pace: fault.pace, flight }
    }

    /// Sends everything, unless the client goes away.
    pub(super) async fn send(mut self, mut stream: TcpStream) -> io::Result<()> {
        stream.write_all(&self.head).await?;
        let at_once = self.pace.map_or(usize::MAX, |pace| pace.bytes);
        while !self.body.is_empty() {
            let piece = self.body.split_to(at_once.min(self.body.len()));
            stream.write_all(&piece).await?;
            if let Some(pace) = self.pace.filter(|_| !self.body.is_empty())
                && timeout(pace.every, closed(&mut stream)).await.is_ok()
            {
                return Ok(());
            }
        }
        self.flight.finish();
        stream.shutdown().await
    }
}

/// Waits until the client goes away.
async fn closed(stream: &mut TcpStream) {
    let mut ignored = [0; 64];
    while !matches!(stream.read(&mut ignored).await, Ok(0) | Err(_)) {}
}
