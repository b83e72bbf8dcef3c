//! Behavior when the service, the network or a gateway misbehaves.
//!
//! # Retries
//!
//! - A request is retried after status 408, 425, 429, 500, 502, 503, 504, 520 to 524 or 529, after
//!   a failed or broken connection, and after an attempt that timed out. All operations only read,
//!   so a retry changes nothing.
//! - Each page has up to 3 retries, with random delays of up to 0.5 s, 1 s and 2 s. See
//!   [`RetryPolicy`](crate::RetryPolicy).
//! - Failures that a retry would only repeat are returned at once: an untrusted certificate, a
//!   proxy that requires credentials, a server that doesn't speak TLS. The text names the cause.
//! - The calls of a session share a retry budget. A retry without `Retry-After` costs 5 of 500
//!   units. Its success refunds them; any other success refunds 1. A service that is down soon gets
//!   one request per call.
//! - A retry in a stream neither repeats nor skips an item.
//!
//! # Rate limits
//!
//! - `Retry-After` is honored, in seconds or as a date. If the delay exceeds the remaining total
//!   timeout, the error is returned at once.
//! - A response with status 429 and `Retry-After` delays all requests of the session. They then
//!   resume, spread over half of the delay or 5 seconds, whichever is shorter. Such retries don't
//!   count toward `max_attempts` and cost no budget.
//! - `Retry-After: 0` counts as no header: the usual random delay applies, the retry counts as an
//!   attempt, and other requests of the session aren't delayed.
//!
//! # Timeouts
//!
//! | timeout | default | set by |
//! |---|---|---|
//! | connecting | 10 s | [`connect_timeout`] |
//! | one attempt with its body | 30 s | [`timeout`] |
//! | a call: one page with its retries | 120 s | [`total_timeout`] |
//!
//! - The first timeout to expire ends the call with [`Timeout`](crate::ErrorKind::Timeout).
//! - A page that was requested arrives even if the stream isn't polled for a while.
//! - Dropping a future or a stream cancels its requests.
//!
//! # Responses
//!
//! - An error status keeps its [kind](crate::ErrorKind) whatever its body is. The error keeps up to
//!   64 KiB of the body.
//! - A successful response that isn't the requested page is
//!   [`InvalidResponse`](crate::ErrorKind::InvalidResponse), never an empty result.
//! - Unknown fields, unknown enumeration values and values of unexpected types are kept. Only the
//!   list, its page count and the `id` of each item are required.
//! - The page count is read from every page. An empty page doesn't end a stream, but more than 100
//!   in a row do.
//! - A body is read up to [`max_response_bytes`](crate::SessionBuilder::max_response_bytes), 8 MiB
//!   by default, before and after decompression. A stream holds up to
//!   [`concurrency`](crate::ListRequest::concurrency) pages of that length. In the worst case, a
//!   page takes 120 times the length of its body in memory.
//!
//! # The token
//!
//! - The token is only sent to the origin of the session. Redirects to other origins aren't
//!   followed.
//! - No error, `Debug` text, span or event shows the token, even if the service repeats it.
//!   [`ErrorResponse`](crate::ErrorResponse) and [`Response`](crate::Response) return bodies and
//!   headers as the service sent them.
//! - No telemetry is sent.
//!
//! # Runtimes
//!
//! - One client serves any number of tasks, threads and Tokio runtimes. A runtime that is idle or
//!   has shut down delays no other. The connections of up to 64 runtimes are kept.
//! - The blocking client works inside async runtimes too. After a fork, create the session in the
//!   child, with no call in flight at the time of the fork.
//!
//! # Limits
//!
//! - A stream isn't a snapshot. If the list changes during iteration, an item can be missing or
//!   appear twice. [`detect_changes`](crate::ListRequest::detect_changes) returns
//!   [`ListChanged`](crate::ErrorKind::ListChanged) if the pages reveal the change.
//!
//! [`connect_timeout`]: crate::SessionBuilder::connect_timeout
//! [`timeout`]: crate::SessionBuilder::timeout
//! [`total_timeout`]: crate::SessionBuilder::total_timeout
