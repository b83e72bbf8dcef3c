//! The promises of `src/reliability.rs`, each with the tests that prove it.

use std::{fs, path::Path};

use crate::Outcome;

struct Promise {
    /// The first words of the list item.
    begins: &'static str,
    tests: &'static [&'static str],
}

const PROMISES: &[Promise] = &[
    Promise {
        begins: "A request is retried after status",
        tests: &[
            "retries::each_status_is_retried_or_reported",
            "retries::broken_connections_are_retried",
            "retries::what_cannot_be_reached_is_a_failed_connection",
            "timeouts::time_limits_end_what_takes_too_long",
        ],
    },
    Promise {
        begins: "Each page has up to 3 retries",
        tests: &[
            "retries::each_status_is_retried_or_reported",
            "errors::the_default_limits_are_those_documented",
        ],
    },
    Promise {
        begins: "Failures that a retry would only repeat",
        tests: &[
            "tls::certificate_problems_are_named_at_once",
            "tls::a_proxy_that_requires_credentials_is_named_at_once",
            "tls::https_to_a_plain_port_is_named_at_once",
        ],
    },
    Promise {
        begins: "The calls of a session share a retry budget.",
        tests: &[
            "retries::the_clients_of_a_session_share_a_retry_budget",
            "retries::retries_that_cost_nothing_return_nothing",
        ],
    },
    Promise {
        begins: "A retry in a stream neither repeats nor skips",
        tests: &["properties::walks_give_the_catalogue_whatever_faults_pass"],
    },
    Promise {
        begins: "`Retry-After` is honored",
        tests: &["rate_limits::retry_after_is_honoured_within_the_total_timeout"],
    },
    Promise {
        begins: "A response with status 429 and `Retry-After` delays all requests",
        tests: &[
            "rate_limits::a_rate_limit_pauses_the_session_and_its_requests_return_one_by_one",
            "rate_limits::bursts_survive_a_rate_limit_and_cost_no_budget",
        ],
    },
    Promise {
        begins: "The first timeout to expire",
        tests: &[
            "timeouts::time_limits_end_what_takes_too_long",
            "timeouts::connecting_has_a_limit_of_its_own",
        ],
    },
    Promise {
        begins: "A page that was requested arrives",
        tests: &["concurrency::a_requested_page_arrives_although_the_stream_is_not_polled"],
    },
    Promise {
        begins: "Dropping a future or a stream",
        tests: &["timeouts::dropping_a_call_or_a_stream_cancels_its_requests_at_once"],
    },
    Promise {
        begins: "An error status keeps its",
        tests: &["bodies::error_bodies_never_change_the_kind"],
    },
    Promise {
        begins: "A success that isn't the requested page",
        tests: &[
            "bodies::successes_that_are_no_page_are_invalid_responses",
            "properties::any_response_is_a_page_or_an_error",
        ],
    },
    Promise {
        begins: "Unknown fields, unknown enumeration values",
        tests: &[
            "types::all_but_the_required_fields_may_be_missing_or_null",
            "types::odd_values_never_cost_a_page",
            "types::unknown_enumeration_values_are_kept",
            "properties::pages_lose_nothing",
        ],
    },
    Promise {
        begins: "The page count is read from every page.",
        tests: &[
            "modes::page_counts_are_read_afresh_from_every_page",
            "modes::empty_pages_in_a_row_are_bounded",
        ],
    },
    Promise {
        begins: "A body is read up to",
        tests: &[
            "bodies::bodies_above_the_limit_stop_being_read",
            "bodies::the_worst_page_takes_no_more_memory_than_documented",
            "concurrency::no_more_pages_wait_than_requests_may_be_in_flight",
        ],
    },
    Promise {
        begins: "The token is only sent to the origin of the session.",
        tests: &["redirects::redirects_to_another_origin_are_not_followed"],
    },
    Promise {
        begins: "No error, `Debug` text, span or event shows the token",
        tests: &[
            "secrets::the_token_is_in_nothing_that_is_shown",
            "secrets::the_token_is_in_no_error_even_when_the_server_repeats_it",
        ],
    },
    Promise {
        begins: "No telemetry is sent.",
        tests: &["wire::nothing_but_the_documented_headers_is_sent"],
    },
    Promise {
        begins: "One client serves any number of tasks, threads and Tokio runtimes.",
        tests: &[
            "concurrency::one_client_serves_hundreds_of_tasks",
            "runtimes::any_number_of_idle_runtimes_keep_their_connections",
            "runtimes::a_session_works_while_another_runtime_waits_in_the_middle_of_a_request",
        ],
    },
    Promise {
        begins: "The blocking client works inside async runtimes too.",
        tests: &[
            "blocking::it_works_inside_of_async_runtimes",
            "blocking::it_works_in_a_forked_child",
        ],
    },
    Promise {
        begins: "A stream isn't a snapshot.",
        tests: &["modes::changes_are_detected_on_request"],
    },
];

fn read(path: &str) -> Outcome<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// Returns the list items of the module's documentation, each on one line.
fn list_items(source: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    let mut in_item = false;
    for line in source.lines() {
        let text = line.trim_start_matches("//!").trim_start();
        if line.starts_with("//! - ") {
            items.push(text.trim_start_matches("- ").to_owned());
            in_item = true;
        } else if in_item && line.starts_with("//!   ") {
            if let Some(item) = items.last_mut() {
                item.push(' ');
                item.push_str(text);
            }
        } else {
            in_item = false;
        }
    }
    items
}

/// Whether a source file has a test function of this name.
fn has_test(source: &str, name: &str) -> bool {
    let declaration = format!("fn {name}(");
    let mut is_test = false;
    for line in source.lines() {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if line.contains(&declaration) {
            return is_test;
        } else if !line.starts_with("#[") {
            is_test = false;
        }
    }
    false
}

#[test]
fn every_promise_has_tests() -> Outcome {
    let items = list_items(&read("src/reliability.rs")?);
    for item in &items {
        let count = PROMISES.iter().filter(|promise| item.starts_with(promise.begins)).count();
        assert_eq!(count, 1, "the entries for: {item}");
    }
    for promise in PROMISES {
        let begins = promise.begins;
        let count = items.iter().filter(|item| item.starts_with(begins)).count();
        assert_eq!(count, 1, "the list items that begin with: {begins}");
        assert!(!promise.tests.is_empty(), "no test for: {begins}");
    }
    Ok(())
}

#[test]
fn the_tests_of_promises_exist() -> Outcome {
    for promise in PROMISES {
        for test in promise.tests {
            let (module, name) = test.split_once("::").ok_or("a module")?;
            let source = read(&format!("tests/it/{module}.rs"))?;
            assert!(has_test(&source, name), "there is no test {test}");
        }
    }
    Ok(())
}
