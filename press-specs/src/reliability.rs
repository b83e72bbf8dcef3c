//! Promises for when the service, the network or a gateway misbehaves.
//!
//! # Retries
//!
//! All operations only read, so a request can be sent again without harm.
//!
//! - Retried are responses with status 408, 429, 500, 502, 503 or 504, failed and broken
//!   connections, bodies that are cut off, and attempts that time out. Not retried are all other
//!   statuses, bodies that cannot be decoded or are too large, redirects that are not followed, and
//!   requests that cannot be built.
// Held by faults::each_status_is_retried_or_reported
// Held by faults::broken_connections_are_retried
//! - Failures that would only repeat themselves are not retried and not
//!   [retryable](crate::Error::is_retryable): a certificate that is self-signed, expired or for
//!   another host, a proxy that requires credentials, and a response with more than 100 headers or
//!   longer ones than the client accepts. The text of the error names the cause.
// Held by tls::certificates_that_are_not_trusted_are_named_at_once
// Held by tls::a_proxy_that_requires_credentials_is_named_at_once
// Held by faults::heads_above_the_limit_are_named_at_once
//! - Each page has up to 3 retries. The delays before them are random, up to 0.5 s, 1 s and 2 s.
//!   See [`RetryPolicy`](crate::RetryPolicy).
// Held by properties::walks_give_the_catalogue_whatever_faults_pass
//! - A retry after a timeout or a broken connection uses a new connection. After a timeout, other
//!   calls do not use the older connections either, since these may have gone silent too.
// Held by limits::a_retry_takes_no_connection_of_before
//! - All clients of a session share a retry budget. A retry costs 5 of 500 tokens, and its success
//!   gives them back. A success without a retry gives 1. A service that is down soon receives one
//!   request per call.
// Held by faults::the_clients_of_a_session_share_a_retry_budget
//! - After the last attempt, the error is that of the last response, with its body.
// Held by faults::error_bodies_never_change_the_kind
//! - A retry in the middle of a stream neither repeats nor skips an item.
// Held by properties::walks_give_the_catalogue_whatever_faults_pass
//!
//! # Rate limits
//!
//! - `Retry-After` is honored, as seconds or as a date. A date is measured against the `Date` of
//!   the same response, so the local clock does not matter. If the wait does not fit into the total
//!   timeout, the error comes at once and [`retry_after`](crate::ErrorResponse::retry_after)
//!   returns the wait.
// Held by faults::retry_after_is_honoured_within_the_total_timeout
// Held by faults::a_retry_waits_as_long_as_the_service_asks
//! - Retries that the service schedules with `Retry-After` cost no budget. With status 429 they do
//!   not count as attempts either: only the total timeout limits them. Any number of concurrent
//!   calls survives a rate limit whose wait fits into it.
// Held by limits::bursts_survive_a_rate_limit_and_cost_no_budget
//! - A 429 with `Retry-After` delays all requests of the session. They return spread over half of
//!   the wait, 5 seconds at most, and not all at once.
// Held by limits::a_rate_limit_pauses_the_session_and_its_requests_return_one_by_one
//!
//! # Time limits
//!
//! | limit | default | set by |
//! |---|---|---|
//! | connecting | 10 s | [`connect_timeout`](crate::SessionBuilder::connect_timeout) |
//! | one attempt, its body included | 30 s | [`timeout`](crate::SessionBuilder::timeout) |
//! | a whole call: one page with its retries | 120 s | [`total_timeout`](crate::SessionBuilder::total_timeout) |
//!
//! - The first limit to expire wins. The error is [`Timeout`](crate::ErrorKind::Timeout) and names
//!   the limit.
// Held by faults::time_limits_end_what_takes_too_long
// Held by faults::connecting_has_a_limit_of_its_own
//! - Limits are wall-clock time, however the body arrives and whatever else the runtime does. They
//!   are as accurate as `tokio::time::timeout` in the same runtime. They include decompression and
//!   decoding.
// Held by limits::time_limits_are_wall_clock_time
// Held by limits::large_bodies_are_decoded_beside_the_runtime_within_the_time_limits
//! - In a stream, each page is a call of its own. Time that the consumer spends between two pages
//!   does not count.
// Held by concurrency::the_time_that_a_consumer_takes_is_not_that_of_the_service
//! - Dropping a future or a stream cancels its requests at once.
// Held by faults::dropping_a_call_or_a_stream_cancels_its_requests_at_once
// Held by faults::dropping_a_call_while_it_waits_to_try_again_sends_nothing_more
//!
//! # Responses that are not pages
//!
//! - A status that is not a success is an error of its [kind](crate::ErrorKind), whatever its body
//!   is. The error keeps up to 64 KiB of the body.
// Held by errors::every_status_keeps_its_kind_and_its_body_whatever_that_is
//! - A success that is not the requested page is
//!   [`InvalidResponse`](crate::ErrorKind::InvalidResponse) and never an empty result. The text
//!   names the field and shows the start of the body.
// Held by faults::successes_that_are_no_page_are_invalid_responses
//! - The same bytes give the same result, however they are split on the way. Several gzip members
//!   are one body, and bytes after the last member are ignored. A compression other than gzip is
//!   [`InvalidResponse`](crate::ErrorKind::InvalidResponse).
// Held by faults::compressed_bodies_give_the_same_however_they_arrive
//! - Fields and enumeration values that this version does not know are kept. Missing and null
//!   fields are `None`.
// Held by types::all_but_the_required_fields_may_be_missing_or_null
// Held by types::unknown_enumeration_values_are_kept
//! - No response makes the client panic.
// Held by properties::any_response_is_a_page_or_an_error
//! - The number of pages is read afresh from each page. It may grow or shrink. More than 100 empty
//!   pages in a row are [`InvalidResponse`](crate::ErrorKind::InvalidResponse).
// Held by modes::page_counts_are_read_afresh_from_every_page
// Held by modes::empty_pages_in_a_row_are_bounded
//!
//! # Memory
//!
//! - A body longer than [`max_response_bytes`](crate::SessionBuilder::max_response_bytes) is not
//!   read further. The limit applies before and after decompression. It defaults to 8 MiB.
// Held by faults::bodies_above_the_limit_stop_being_read
//! - The pages that a stream fetches ahead are together limited to the same length. A page that
//!   finds no room is fetched when it is needed.
// Held by concurrency::pages_that_memory_has_no_room_for_are_fetched_in_their_turn
//! - A page takes up to 120 times the length of its body in memory, in the worst case: unknown
//!   fields that hold a list of tiny objects such as `{"":0}`. Lower the limit if that is too much
//!   for you.
// Held by limits::the_worst_page_takes_no_more_memory_than_documented
//! - Bodies above 1 MiB, compressed or not, are decoded on a thread for blocking work, so that
//!   other tasks of the runtime go on. A body is decoded once, even if it turns out to be invalid
//!   at its end.
// Held by limits::large_bodies_are_decoded_beside_the_runtime_within_the_time_limits
//!
//! # The token
//!
//! - The token goes into the header `Authorization` of requests to the address of the session. A
//!   redirect to another origin is not followed and gives
//!   [`UnexpectedStatus`](crate::ErrorKind::UnexpectedStatus). No request carries a `Referer` or
//!   cookies.
// Held by faults::redirects_to_another_origin_are_not_followed
// Held by faults::redirects_within_the_origin_are_followed
//! - No `Debug` or `Display` text, span or event of this crate shows the token, even if the service
//!   repeats it in a body or a request id. Removed are the token in use and the one before it, as a
//!   whole and without a scheme such as `Bearer`, as plain text and with the escapes of JSON of up
//!   to 64 KiB.
// Held by secrets::the_token_is_in_nothing_that_is_shown
// Held by secrets::the_token_is_in_no_error_even_when_the_server_repeats_it
//! - Not removed are tokens of fewer than 4 characters, parts of a token, and other encodings of
//!   it, such as Base64, percent encoding, HTML entities, hexadecimal digits or another case.
//!   Neither are other values that the service repeats, such as those of filters and further
//!   headers.
//! - [`ErrorResponse`](crate::ErrorResponse) and [`Response`](crate::Response) return bodies and
//!   headers as the service sent them.
//! - Texts from outside, such as titles, request ids, spec ids and header names, are shortened and
//!   shown on one line without control, separator and bidirectional characters.
// Held by errors::texts_are_bounded_and_show_as_they_read
//! - Plain `http://` is refused for other machines, unless
//!   [`allow_insecure_http`](crate::SessionBuilder::allow_insecure_http) is set.
// Held by errors::plain_http_is_for_loopback_or_on_request
//! - No telemetry is sent. The user agent consists of the name and the version of the crate.
// Held by wire::nothing_but_the_documented_headers_is_sent
//!
//! # Tasks, threads and runtimes
//!
//! - One client serves any number of tasks, threads and Tokio runtimes. No call waits for another,
//!   and connections are reused.
// Held by concurrency::one_client_serves_hundreds_of_tasks
// Held by concurrency::connections_are_used_again
//! - Each runtime has connections of its own, as many runtimes as there are. They are closed when
//!   it ends. An idle runtime or one that has ended delays nobody.
// Held by runtimes::any_number_of_idle_runtimes_keep_their_connections
// Held by runtimes::runtimes_that_come_and_go_leave_nothing_behind
// Held by runtimes::a_session_works_while_another_runtime_waits_in_the_middle_of_a_request
//! - A call in a runtime that has ended is
//!   [`InvalidConfiguration`](crate::ErrorKind::InvalidConfiguration).
// Held by runtimes::a_runtime_that_has_ended_is_an_error_and_hangs_nobody
//! - A stream belongs to the runtime that polls it first. On another one, or after that one has
//!   ended, it yields [`InvalidConfiguration`](crate::ErrorKind::InvalidConfiguration). The text
//!   says how to go on.
// Held by concurrency::a_stream_belongs_to_the_runtime_that_polled_it_first
//! - The blocking client works in a forked child process and inside async runtimes. If its thread
//!   cannot be started, calls fail with
//!   [`InvalidConfiguration`](crate::ErrorKind::InvalidConfiguration). A panic, for example of a
//!   subscriber, continues in the caller.
// Held by blocking::it_works_in_a_forked_child
// Held by blocking::it_works_inside_of_async_runtimes
// Held by blocking::without_a_thread_there_is_an_error
// Held by blocking::a_panic_goes_on_in_the_caller
//! - TLS is set up once, in [`build`](crate::SessionBuilder::build), which reads the root
//!   certificates of the system.
// Held by tls::root_certificates_are_read_once_for_all_runtimes
//! - Streams with concurrent requests give the same items in the same order as those without.
// Held by properties::concurrent_walks_give_what_sequential_ones_give
//!
//! # Limits of these promises
//!
//! - A stream is not a snapshot, since the service pages by number. If items are added or removed
//!   meanwhile, an item can be missing or come twice. A page without `pageNumber` is taken as the
//!   requested one. [`detect_changes`](crate::ListRequest::detect_changes) turns both into
//!   [`ListChanged`](crate::ErrorKind::ListChanged) where the pages show it.
// Held by modes::changes_are_detected_on_request
//! - With a [custom HTTP client](crate::SessionBuilder::http_client), its own policies for
//!   redirects, cookies, proxies, connecting and pooled connections apply.
