//! Response bodies: reading within limits, decompression and decoding.

use std::{io, time::Duration};

use bytes::Bytes;
use http::header;
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;
use tokio::{
    task::coop::consume_budget,
    time::{Instant, timeout_at},
};

use crate::response::{Cause, Head};

/// The number of bytes kept from the body of an error response.
pub const EXCERPT: usize = 64 * 1024;

/// The time for reading the body of an error response. Its status is already known.
const EXCERPT_TIME: Duration = Duration::from_secs(5);

/// The largest buffer allocated based on the length that a response claims.
const MAX_CAPACITY: usize = 1024 * 1024;

/// Reads the whole body, still compressed. A body that arrives in one frame isn't copied.
pub(crate) async fn read(
    head: &Head,
    mut body: reqwest::Body,
    limit: usize,
) -> Result<Bytes, Cause> {
    let mut first = Bytes::new();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Cause::Incomplete(Box::new(error.without_url())))?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len().max(bytes.len()) + data.len() > limit {
            return Err(Cause::TooLarge);
        }
        if first.is_empty() {
            first = data;
            continue;
        }
        if bytes.is_empty() {
            bytes.reserve(declared_length(head).min(limit).min(MAX_CAPACITY));
            bytes.extend_from_slice(&first);
        }
        bytes.extend_from_slice(&data);
        // Lets the deadline expire even if the next frame is always ready.
        consume_budget().await;
    }
    Ok(if bytes.is_empty() { first } else { bytes.into() })
}

fn declared_length(head: &Head) -> usize {
    let length = head.headers.get(header::CONTENT_LENGTH);
    length.and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or(0)
}

/// Reads the start of the body of an error response, even if the rest fails.
pub(crate) async fn excerpt(head: &Head, mut body: reqwest::Body, deadline: Instant) -> Vec<u8> {
    let deadline = deadline.min(Instant::now() + EXCERPT_TIME);
    let mut bytes = Vec::new();
    let reading = async {
        while bytes.len() < EXCERPT
            && let Some(Ok(frame)) = body.frame().await
        {
            if let Ok(data) = frame.into_data() {
                let wanted = data.len().min(EXCERPT - bytes.len());
                bytes.extend_from_slice(&data[..wanted]);
            }
            consume_budget().await;
        }
    };
    let _ = timeout_at(deadline, reading).await;
    match Encoding::of(head) {
        Ok(Encoding::Gzip) => {
            let mut text = Vec::new();
            let _ = gunzip(&bytes, EXCERPT, &mut text);
            text
        }
        _ => bytes,
    }
}

/// Decompresses `body` and decodes its JSON.
pub(crate) fn decode<T: DeserializeOwned>(
    head: &Head,
    body: Bytes,
    limit: usize,
) -> Result<T, Cause> {
    let body = decompress(Encoding::of(head)?, body, limit)?;
    let (path, error) = match parse(&body) {
        Ok(decoded) => return Ok(decoded),
        Err(failure) => failure,
    };
    // Without a length, a connection that breaks looks like the end of the body.
    if error.is_eof() && !body.is_empty() && !is_framed(head) {
        return Err(Cause::Incomplete(Box::new(io::Error::from(error))));
    }
    Err(Cause::Invalid { path, error: error.to_string(), body: body.into() })
}

/// Returns `true` if the response declares where its body ends.
fn is_framed(head: &Head) -> bool {
    head.headers.contains_key(header::CONTENT_LENGTH)
        || head.headers.contains_key(header::TRANSFER_ENCODING)
}

/// Parses JSON. An error includes the path of its field.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, (String, serde_json::Error)> {
    const BOM: &[u8] = b"\xef\xbb\xbf";
    let body = body.strip_prefix(BOM).unwrap_or(body);
    // Checked once for the whole body instead of once for each string.
    let text = str::from_utf8(body).map_err(|error| (String::new(), invalid_utf8(error)))?;
    match serde_json::from_str(text) {
        Ok(decoded) => Ok(decoded),
        Err(_) => parse_again(text),
    }
}

/// Parses JSON again after a failure: finds the field, and accepts unpaired surrogates.
#[cold]
fn parse_again<T: DeserializeOwned>(text: &str) -> Result<T, (String, serde_json::Error)> {
    let repaired = replace_unpaired_surrogates(text);
    let mut decoder = serde_json::Deserializer::from_str(&repaired);
    let decoded = serde_path_to_error::deserialize(&mut decoder).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { String::new() } else { path };
        (path, error.into_inner())
    })?;
    decoder.end().map_err(|error| (String::new(), error))?;
    Ok(decoded)
}

fn invalid_utf8(error: std::str::Utf8Error) -> serde_json::Error {
    serde::de::Error::custom(format_args!("invalid UTF-8 after byte {}", error.valid_up_to()))
}

/// Replaces each `\u` escape that is an unpaired surrogate with U+FFFD.
///
/// JavaScript writes one for an emoji that was cut in half.
fn replace_unpaired_surrogates(json: &str) -> String {
    let mut repaired = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(backslash) = rest.find('\\') {
        let (before, escape) = rest.split_at(backslash);
        repaired.push_str(before);
        let length = match (surrogate(escape), escape.get(6..).and_then(surrogate)) {
            (Some(Surrogate::High), Some(Surrogate::Low)) => 12,
            (Some(_), _) => {
                repaired.push_str("\\ufffd");
                rest = &escape[6..];
                continue;
            }
            // A backslash and the character that it escapes.
            (None, _) => 1 + escape[1..].chars().next().map_or(0, char::len_utf8),
        };
        repaired.push_str(&escape[..length]);
        rest = &escape[length..];
    }
    repaired.push_str(rest);
    repaired
}

enum Surrogate {
    High,
    Low,
}

/// Returns which half of a surrogate pair the `\u` escape at the start of `json` stands for.
fn surrogate(json: &str) -> Option<Surrogate> {
    let digits = json.strip_prefix("\\u")?.get(..4)?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xd800..=0xdbff => Some(Surrogate::High),
        0xdc00..=0xdfff => Some(Surrogate::Low),
        _ => None,
    }
}

/// The compression of a response body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Identity,
    Gzip,
}

impl Encoding {
    /// Reads `Content-Encoding`. Multiple headers form one list.
    fn of(head: &Head) -> Result<Self, Cause> {
        let mut encoding = Self::Identity;
        for value in head.headers.get_all(header::CONTENT_ENCODING) {
            let value = String::from_utf8_lossy(value.as_bytes());
            for name in value.split(',').map(str::trim) {
                match name.to_ascii_lowercase().as_str() {
                    "" | "identity" => {}
                    "gzip" | "x-gzip" if cfg!(feature = "gzip") && encoding == Self::Identity => {
                        encoding = Self::Gzip;
                    }
                    _ => {
                        let reason = format!("the content encoding `{name}` is not supported");
                        return Err(Cause::Compression(reason));
                    }
                }
            }
        }
        Ok(encoding)
    }
}

fn decompress(encoding: Encoding, body: Bytes, limit: usize) -> Result<Bytes, Cause> {
    if encoding == Encoding::Identity || body.is_empty() {
        return Ok(body);
    }
    let mut decompressed = Vec::with_capacity(decompressed_length(&body).min(limit));
    let end = gunzip(&body, limit, &mut decompressed);
    if decompressed.len() > limit {
        return Err(Cause::TooLarge);
    }
    match end {
        Ok(()) => Ok(decompressed.into()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(Cause::Incomplete(Box::new(error)))
        }
        Err(_) => Err(Cause::Compression("the body cannot be decompressed".to_owned())),
    }
}

/// The length that a gzip body claims in its last four bytes, if plausible.
fn decompressed_length(body: &[u8]) -> usize {
    let claimed = body.last_chunk().map_or(0, |length| u32::from_le_bytes(*length));
    usize::try_from(claimed).unwrap_or(usize::MAX).min(MAX_CAPACITY)
}

/// Decompresses `body`, stopping one byte past `limit`.
#[cfg(feature = "gzip")]
fn gunzip(body: &[u8], limit: usize, decompressed: &mut Vec<u8>) -> io::Result<()> {
    use std::io::Read as _;

    let limit = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    flate2::bufread::MultiGzDecoder::new(body).take(limit).read_to_end(decompressed)?;
    Ok(())
}

#[cfg(not(feature = "gzip"))]
fn gunzip(_: &[u8], _: usize, _: &mut Vec<u8>) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::replace_unpaired_surrogates;

    #[test]
    fn unpaired_surrogates_are_replaced() {
        for (json, repaired) in [
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\uD83D x""#, r#""\ufffd x""#),
            (r#""\ude00\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\n\u00e9é\"""#, r#""\n\u00e9é\"""#),
            (r#""\ud83"#, r#""\ud83"#),
            (r#""\é\"#, r#""\é\"#),
        ] {
            assert_eq!(replace_unpaired_surrogates(json), repaired);
        }
    }
}
