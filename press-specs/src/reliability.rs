//! What the client promises when the service, the network or a gateway misbehaves.
//!
//! Each promise names the test that holds it, `module::test` in `tests/it` or `src` of the crate.
//!
//! # What is tried again
//!
//! Both operations only read, so a request can be repeated without harm.
//!
//! - Tried again: answers with the status 408, 429, 500, 502, 503 and 504, connections that fail or drop, bodies that are
//!   cut off, and attempts that take too long. Not tried again: any other status, bodies that do not decode or are too
//!   large, redirects that are not followed, and requests that cannot be built.
//!   Held by `faults::each_status_is_retried_or_reported` and `faults::broken_connections_are_retried`.
//! - Up to 3 retries for each page, after a random delay of at most 0.5 s, 1 s and 2 s ([`RetryPolicy`](crate::RetryPolicy)).
//!   Held by `faults::each_page_of_a_walk_has_its_own_attempts_and_time`.
//! - `Retry-After`, in seconds or as a date, is honoured. When it asks for more than is left of the total time limit, the
//!   error comes at once and [`retry_after`](crate::ErrorResponse::retry_after) says how long.
//!   Held by `faults::retry_after_is_honoured_within_the_total_timeout`.
//! - All clients of a session share a budget: a retry costs 5 of 500 tokens, the success of a retry gives 5 back and that of
//!   a first request 1. A service that is down soon gets one request for each call, and a new session always has its
//!   retries. Held by `faults::a_dead_service_soon_gets_one_request_per_call` and
//!   `faults::the_retry_budget_is_shared_by_all_clients_of_a_session`.
//! - After the last attempt the error is that of the last answer, with its body. Held by `faults::error_bodies_never_change_the_kind`.
//! - A retry in the middle of a walk neither repeats nor skips an item.
//!   Held by `faults::retries_in_a_walk_neither_repeat_nor_skip_an_item` and
//!   `properties::walks_give_the_catalogue_whatever_faults_pass`.
//!
//! # How long things take
//!
//! | limit | default | set by |
//! |---|---|---|
//! | connecting | 10 s | [`connect_timeout`](crate::SessionBuilder::connect_timeout) |
//! | one attempt, its body included | 30 s | [`timeout`](crate::SessionBuilder::timeout) |
//! | a whole call: one page with its retries | 120 s | [`total_timeout`](crate::SessionBuilder::total_timeout) |
//!
//! - The first limit to expire wins, and the error is [`Timeout`](crate::ErrorKind::Timeout) and says which it was. A server
//!   that sends a byte a second is cut off. Held by `faults::time_limits_end_what_takes_too_long` and
//!   `faults::connecting_has_a_limit_of_its_own`.
//! - In a walk each page is a call of its own, and the time that the consumer takes between two pages does not count,
//!   not even for pages that are fetched ahead, unless it blocks the only thread of its runtime.
//!   Held by `deadline::time_without_attention_does_not_count` and
//!   `concurrency::the_time_that_a_consumer_takes_is_not_that_of_the_service`.
//! - Dropping a future or a stream cancels its requests at once. Held by `faults::dropping_a_call_cancels_its_request_at_once`.
//!
//! # What a bad answer gives
//!
//! - A status that is not a success is an error of its [kind](crate::ErrorKind) whatever its body is, with up to 64 KiB of
//!   it. Held by `errors::every_status_keeps_its_kind_and_its_body_whatever_that_is`.
//! - A success that is no page (no JSON, not UTF-8, cut off, without the item list or `pageCount`, of wrong types, or another
//!   page than the one asked for) is [`InvalidResponse`](crate::ErrorKind::InvalidResponse) and never an empty result; the
//!   text says where in the document it went wrong and shows the beginning of the body.
//!   Held by `faults::successes_that_are_no_page_are_invalid_responses`.
//! - A body above [`max_response_bytes`](crate::SessionBuilder::max_response_bytes) (64 MiB), compressed or not, is not read
//!   further. Held by `faults::bodies_above_the_limit_stop_being_read`.
//! - Fields and enumeration values that this version does not know are kept, and missing or null fields are `None`.
//!   Held by `types::all_but_the_required_fields_may_be_missing_or_null` and `types::unknown_enumeration_values_are_kept`.
//! - No answer makes the client panic. Held by `properties::any_body_is_a_page_or_an_error`.
//! - The number of pages is read afresh from each page, and may grow, shrink or lie. Held by
//!   `modes::page_counts_are_read_afresh_from_every_page`.
//!
//! # Where the token goes
//!
//! - It goes into the header `Authorization` of requests to the session's address, and into no `Debug`, no `Display`, no
//!   log and no trace, even when a server repeats it. The bodies and headers of [`ErrorResponse`](crate::ErrorResponse)
//!   are what the server sent, and are shown to whoever asks for them. Held by `secrets::the_token_is_in_nothing_that_is_shown`.
//! - Plain `http://` is for loopback addresses, unless
//!   [`allow_insecure_http`](crate::SessionBuilder::allow_insecure_http) says otherwise.
//!   Held by `errors::plain_http_is_for_loopback_or_on_request`.
//! - A redirect to another origin is not followed: [`UnexpectedStatus`](crate::ErrorKind::UnexpectedStatus). No `Referer`,
//!   no cookies. Held by `faults::redirects_to_another_origin_are_not_followed`.
//! - No telemetry. The user agent says the name and the version of the crate.
//!   Held by `wire::nothing_but_the_documented_headers_is_sent`.
//!
//! # Under load
//!
//! The example `soak`, 200 walkers for 60 s on two cores with a fault in 5 of 100 requests, made 12,978 walks with 270,387
//! requests, and each gave its 500 specs once each, in order. The process, the mock included, stayed at 86 MB from the
//! twentieth second on.
//!
//! - One client serves any number of tasks, threads and Tokio runtimes; none waits for another, and connections are used
//!   again. Held by `load::one_client_serves_hundreds_of_tasks` and
//!   `load::a_session_works_while_an_earlier_runtime_is_not_driven`.
//! - Walks with several requests at once give what a walk one by one gives.
//!   Held by `concurrency::concurrent_walks_give_what_sequential_ones_give`.
//!
//! # What is not promised
//!
//! - A walk is not a snapshot: when items come or go between two pages, an item can be missing or come twice, as the service
//!   pages by number.
//! - With an HTTP client [of your own](crate::SessionBuilder::http_client), its policies for redirects, cookies, proxies and
//!   connecting apply.
