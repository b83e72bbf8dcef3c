//! Response bodies: read within the limits, decompressed, decoded.

use std::{io, panic};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;

use crate::{
    hooks::{Attempt, Head},
    memory::Reservation,
};

/// A successful response.
#[derive(Debug)]
pub struct Response<T> {
    /// Its status and headers.
    pub head: Head,
    /// Its decoded body.
    pub body: T,
}

/// A request without a usable response.
#[derive(Debug)]
pub struct Failure {
    /// The head of the response, if one came.
    pub head: Option<Head>,
    /// The reason.
    pub cause: Cause,
}

/// The reason of a [`Failure`].
#[derive(Debug)]
pub enum Cause {
    /// The request could not be built.
    NotBuilt,
    /// No response came.
    Send(reqwest::Error),
    /// The status is no success; with the first bytes of the body.
    Refused(Vec<u8>),
    /// The body ended early.
    Broken(Box<dyn std::error::Error + Send + Sync>),
    /// The deadline passed.
    Timeout,
    /// The body is longer than the limit.
    TooLarge,
    /// The bytes that several responses share are used up.
    NoRoom,
    /// The body cannot be decompressed.
    Compression(String),
    /// The body is not what the schema says.
    Invalid {
        /// The body, as far as it was decompressed.
        body: Vec<u8>,
        /// The field, for example `specs[1].id`; empty for the whole body.
        path: String,
        /// The error of the decoder.
        error: String,
    },
}

impl Cause {
    pub(crate) fn after(self, head: impl Into<Option<Head>>) -> Failure {
        Failure { head: head.into(), cause: self }
    }
}

impl From<reqwest::Error> for Failure {
    fn from(_: reqwest::Error) -> Self {
        Cause::NotBuilt.after(None)
    }
}

impl From<progenitor_client::Error<()>> for Failure {
    fn from(_: progenitor_client::Error<()>) -> Self {
        Cause::NotBuilt.after(None)
    }
}

impl From<http::header::InvalidHeaderValue> for Failure {
    fn from(_: http::header::InvalidHeaderValue) -> Self {
        Cause::NotBuilt.after(None)
    }
}

/// The number of bytes that are decoded on the caller's thread: a page of 1,000 items, which takes
/// about two milliseconds. More would keep its other tasks waiting.
const INLINE: usize = 1024 * 1024;

/// The number of bytes that are kept of the body of a refused request.
pub const EXCERPT: usize = 64 * 1024;

/// The parts of a body. The first one is not copied unless there are more.
#[derive(Default)]
struct Parts {
    first: Bytes,
    all: Vec<u8>,
}

impl Parts {
    fn len(&self) -> usize {
        self.first.len().max(self.all.len())
    }

    fn push(&mut self, part: Bytes, capacity: usize) {
        if self.first.is_empty() {
            self.first = part;
            return;
        }
        if self.all.is_empty() {
            self.all.reserve(capacity);
            self.all.extend_from_slice(&self.first);
        }
        self.all.extend_from_slice(&part);
    }

    fn whole(self) -> Bytes {
        if self.all.is_empty() { self.first } else { self.all.into() }
    }
}

/// Reads the whole body, as it was sent.
pub(crate) async fn read(
    attempt: &Attempt,
    head: &Head,
    body: reqwest::Body,
) -> Result<Bytes, Cause> {
    let declared = head.headers.get(http::header::CONTENT_LENGTH);
    let declared = declared.and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or(0);
    let capacity = attempt.max_response_bytes.min(declared).min(INLINE);
    let mut parts = Parts::default();
    let reading = collect(attempt, body, capacity, attempt.max_response_bytes, &mut parts);
    attempt.within(reading).await.unwrap_or(Err(Cause::Timeout))?;
    Ok(parts.whole())
}

/// Reads the first bytes of a body, [`EXCERPT`] or a few more, whatever happens to the rest.
pub(crate) async fn excerpt(attempt: &Attempt, head: &Head, body: reqwest::Body) -> Vec<u8> {
    let mut parts = Parts::default();
    let _ = attempt.within(collect(attempt, body, 0, EXCERPT, &mut parts)).await;
    let bytes = parts.whole();
    match Encoding::of(head) {
        Ok(Encoding::Gzip) => {
            let mut text = Vec::new();
            let _ = gunzip(&bytes, EXCERPT, &mut text);
            text
        }
        _ => bytes.into(),
    }
}

async fn collect(
    attempt: &Attempt,
    mut body: reqwest::Body,
    capacity: usize,
    limit: usize,
    parts: &mut Parts,
) -> Result<(), Cause> {
    while let Some(frame) = body.frame().await {
        // A body whose next part is always there would never let the deadline be looked at.
        if attempt.is_over() {
            return Err(Cause::Timeout);
        }
        let Ok(data) =
            frame.map_err(|error| Cause::Broken(Box::new(error.without_url())))?.into_data()
        else {
            continue;
        };
        room(attempt.reservation.as_deref(), data.len())?;
        parts.push(data, capacity);
        if parts.len() > limit {
            return Err(Cause::TooLarge);
        }
    }
    Ok(())
}

fn room(reservation: Option<&Reservation>, bytes: usize) -> Result<(), Cause> {
    match reservation {
        Some(reservation) if !reservation.grow(bytes) => Err(Cause::NoRoom),
        _ => Ok(()),
    }
}

/// Decodes the JSON in `body`, a large one on a thread for such work.
pub(crate) async fn json<T: DeserializeOwned + Send + 'static>(
    attempt: &Attempt,
    head: &Head,
    body: Bytes,
) -> Result<T, Cause> {
    let encoding = Encoding::of(head)?;
    let (limit, reservation) = (attempt.max_response_bytes, attempt.reservation.clone());
    if encoding.decoded_len(&body) <= INLINE {
        match encoding.decode(&body, limit.min(INLINE), reservation.as_deref()) {
            // A compressed body is longer than it claims.
            Err(Cause::TooLarge) if limit > INLINE => {}
            decoded => return parse(&decoded?.unwrap_or(body)),
        }
    }
    let work = move || {
        let decoded = encoding.decode(&body, limit, reservation.as_deref())?;
        parse(&decoded.unwrap_or(body))
    };
    match attempt.within(tokio::task::spawn_blocking(work)).await {
        Ok(Ok(decoded)) => decoded,
        Ok(Err(error)) if error.is_panic() => panic::resume_unwind(error.into_panic()),
        Ok(Err(_)) | Err(_) => Err(Cause::Timeout),
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Cause> {
    let invalid = |path, error| Cause::Invalid { body: body.to_vec(), path, error };
    // Checked once for the whole body, and not again for each string.
    let text = str::from_utf8(body).map_err(|error| {
        invalid(String::new(), format!("invalid UTF-8 after byte {}", error.valid_up_to()))
    })?;
    serde_json::from_str(text)
        .map_err(|error| invalid(path_at(text, error.line(), error.column()), error.to_string()))
}

/// A compression of response bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Identity,
    Gzip,
}

impl Encoding {
    fn of(head: &Head) -> Result<Self, Cause> {
        let Some(name) = head.headers.get(http::header::CONTENT_ENCODING) else {
            return Ok(Self::Identity);
        };
        let name = String::from_utf8_lossy(name.as_bytes());
        match name.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Self::Identity),
            "gzip" | "x-gzip" if cfg!(feature = "gzip") => Ok(Self::Gzip),
            _ => Err(Cause::Compression(format!("its content encoding `{name}` is not supported"))),
        }
    }

    /// The number of bytes after decompression, as far as the body tells.
    fn decoded_len(self, body: &[u8]) -> usize {
        match (self, body.last_chunk()) {
            (Self::Gzip, Some(length)) => {
                usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX).max(body.len())
            }
            _ => body.len(),
        }
    }

    /// Decompresses `body`; `None` if it is not compressed.
    fn decode(
        self,
        body: &[u8],
        limit: usize,
        reservation: Option<&Reservation>,
    ) -> Result<Option<Bytes>, Cause> {
        if self == Self::Identity {
            return Ok(None);
        }
        let mut decoded = Vec::with_capacity(self.decoded_len(body).min(limit).min(INLINE));
        let end = gunzip(body, limit, &mut decoded);
        if decoded.len() > limit {
            return Err(Cause::TooLarge);
        }
        match end {
            Ok(()) => room(reservation, decoded.len()).map(|()| Some(decoded.into())),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(Cause::Broken(Box::new(error)))
            }
            Err(_) => Err(Cause::Compression("its body cannot be decompressed".to_owned())),
        }
    }
}

/// Decompresses the gzip members at the start of `body`, up to one byte above `limit`.
#[cfg(feature = "gzip")]
fn gunzip(mut body: &[u8], limit: usize, decoded: &mut Vec<u8>) -> io::Result<()> {
    use std::io::Read as _;

    const MAGIC: &[u8] = &[0x1f, 0x8b];
    loop {
        let left = limit.saturating_add(1) - decoded.len();
        let mut member = flate2::bufread::GzDecoder::new(body);
        member.by_ref().take(u64::try_from(left).unwrap_or(u64::MAX)).read_to_end(decoded)?;
        if decoded.len() > limit {
            return Ok(());
        }
        body = member.into_inner();
        // Bytes behind the last member change nothing in those before, whose checksum is right.
        if !body.starts_with(MAGIC) {
            return Ok(());
        }
    }
}

#[cfg(not(feature = "gzip"))]
fn gunzip(_: &[u8], _: usize, _: &mut Vec<u8>) -> io::Result<()> {
    Ok(())
}

/// The path of the value that ends at `line` and `column` of `json`, which is well-formed until
/// there.
fn path_at(json: &str, line: usize, column: usize) -> String {
    enum Level<'a> {
        Object { key: &'a str, key_next: bool },
        Array(usize),
    }
    let start: usize = json.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let end = start.saturating_add(column).min(json.len());
    let bytes = &json.as_bytes()[..end];
    let mut levels = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match (byte, levels.last_mut()) {
            (b'{', _) => levels.push(Level::Object { key: "", key_next: true }),
            (b'[', _) => levels.push(Level::Array(0)),
            (b'}' | b']', _) => drop(levels.pop()),
            (b',', Some(Level::Array(index))) => *index += 1,
            (b',', Some(Level::Object { key_next, .. })) => *key_next = true,
            (b'"', level) => {
                let from = at;
                while bytes.get(at).is_some_and(|byte| *byte != b'"') {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                if let Some(Level::Object { key, key_next: next @ true }) = level {
                    (*key, *next) = (json.get(from..at).unwrap_or_default(), false);
                }
                at += 1;
            }
            _ => {}
        }
    }
    let mut path = String::new();
    for level in levels {
        match level {
            Level::Array(index) => path.push_str(&format!("[{index}]")),
            Level::Object { key: "", .. } => {}
            Level::Object { key, .. } if path.is_empty() => path.push_str(key),
            Level::Object { key, .. } => {
                path.push('.');
                path.push_str(key);
            }
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_finds_its_field() {
        type Any =
            std::collections::BTreeMap<String, Vec<std::collections::BTreeMap<String, Vec<u8>>>>;
        for (body, path) in [
            (r#"{"a":[{"b":[1]},{"b":[1,"x"]}]}"#, "a[1].b[1]"),
            ("{\n\"a\\\"b\":\n[{\"é,]\":[300]}]}", "a\\\"b[0].é,][0]"),
            (r#"{"a":[{}],"c":7}"#, "c"),
            (r#"{"a":["#, "a[0]"),
            ("[]", ""),
            ("", ""),
        ] {
            match parse::<Any>(body.as_bytes()) {
                Err(Cause::Invalid { path: found, .. }) => assert_eq!(found, path, "{body}"),
                other => panic!("{body}: {other:?}"),
            }
        }
    }
}
