//! The promises of `src/reliability.rs` and their tests.

use std::{fs, path::Path};

use crate::Outcome;

struct Promise {
    /// The first words of the list item or table row.
    begins: &'static str,
    tests: &'static [&'static str],
}

const PROMISES: &[Promise] = &[
    Promise {
        begins: "A request is retried after status",
        tests: &[
            "retries::statuses_are_retried_or_returned",
            "retries::broken_connections_are_retried",
            "retries::unreachable_hosts_are_connection_errors",
            "timeouts::the_first_timeout_to_expire_ends_the_call",
        ],
    },
    Promise {
        begins: "Each page has up to 3 retries",
        tests: &[
            "retries::statuses_are_retried_or_returned",
            "errors::default_limits_match_the_docs",
        ],
    },
    Promise {
        begins: "Failures that a retry would only repeat",
        tests: &[
            "tls::certificate_errors_are_not_retried",
            "tls::missing_proxy_credentials_are_not_retried",
            "tls::https_to_a_plain_port_is_not_retried",
        ],
    },
    Promise {
        begins: "The calls of a session share a retry budget.",
        tests: &[
            "retries::clients_of_a_session_share_a_retry_budget",
            "retries::rate_limit_retries_return_no_budget",
        ],
    },
    Promise {
        begins: "A retry in a stream neither repeats nor skips",
        tests: &["properties::transient_faults_lose_no_items"],
    },
    Promise {
        begins: "`Retry-After` is honored",
        tests: &[
            "rate_limits::retry_after_is_honored_within_the_total_timeout",
            "rate_limits::retry_after_beyond_the_total_timeout_is_an_error",
        ],
    },
    Promise {
        begins: "`Retry-After: 0` counts as no header",
        tests: &["rate_limits::retry_after_zero_is_ignored"],
    },
    Promise {
        begins: "A response with status 429 and `Retry-After` delays all requests",
        tests: &[
            "rate_limits::rate_limits_delay_and_spread_other_calls",
            "rate_limits::rate_limited_calls_are_retried_at_different_times",
            "rate_limits::rate_limited_bursts_cost_no_budget",
        ],
    },
    Promise {
        begins: "connecting | 10 s",
        tests: &[
            "errors::default_limits_match_the_docs",
            "timeouts::connecting_has_its_own_timeout",
        ],
    },
    Promise {
        begins: "one attempt with its body | 30 s",
        tests: &[
            "errors::default_limits_match_the_docs",
            "timeouts::the_first_timeout_to_expire_ends_the_call",
        ],
    },
    Promise {
        begins: "a call: one page with its retries | 120 s",
        tests: &[
            "errors::default_limits_match_the_docs",
            "timeouts::the_first_timeout_to_expire_ends_the_call",
        ],
    },
    Promise {
        begins: "The first timeout to expire",
        tests: &[
            "timeouts::the_first_timeout_to_expire_ends_the_call",
            "timeouts::connecting_has_its_own_timeout",
        ],
    },
    Promise {
        begins: "A page that was requested arrives",
        tests: &["concurrency::requested_pages_arrive_without_polling"],
    },
    Promise {
        begins: "Dropping a future or a stream",
        tests: &["timeouts::dropping_a_call_or_stream_cancels_its_requests"],
    },
    Promise {
        begins: "An error status keeps its",
        tests: &["errors::each_status_has_a_kind", "bodies::error_bodies_never_change_the_kind"],
    },
    Promise {
        begins: "A successful response that isn't the requested page",
        tests: &[
            "bodies::non_page_success_is_invalid_response",
            "properties::any_response_is_a_page_or_an_error",
        ],
    },
    Promise {
        begins: "Unknown fields, unknown enumeration values",
        tests: &[
            "types::optional_fields_may_be_missing_or_null",
            "types::unexpected_types_never_fail_a_page",
            "types::unknown_enumeration_values_are_kept",
            "properties::pages_round_trip",
        ],
    },
    Promise {
        begins: "The page count is read from every page.",
        tests: &[
            "pagination::page_count_is_read_from_every_page",
            "pagination::consecutive_empty_pages_are_limited",
        ],
    },
    Promise {
        begins: "A body is read up to",
        tests: &[
            "bodies::bodies_are_read_up_to_the_limit",
            "bodies::worst_case_page_memory_is_bounded",
            "concurrency::concurrency_limits_prefetched_pages",
        ],
    },
    Promise {
        begins: "The token is only sent to the origin of the session.",
        tests: &["redirects::redirects_to_another_origin_are_not_followed"],
    },
    Promise {
        begins: "No error, `Debug` text, span or event shows the token",
        tests: &[
            "secrets::debug_output_hides_the_token",
            "secrets::errors_hide_a_token_that_the_server_repeats",
        ],
    },
    Promise { begins: "No telemetry is sent.", tests: &["wire::only_documented_headers_are_sent"] },
    Promise {
        begins: "One client serves any number of tasks, threads and Tokio runtimes.",
        tests: &[
            "concurrency::one_client_serves_hundreds_of_tasks",
            "runtimes::idle_runtimes_keep_their_connections",
            "runtimes::idle_runtimes_do_not_delay_others",
            "runtimes::runtimes_beyond_the_limit_still_work",
        ],
    },
    Promise {
        begins: "The blocking client works inside async runtimes too.",
        tests: &["blocking::works_inside_async_runtimes", "blocking::works_in_a_forked_child"],
    },
    Promise {
        begins: "A stream isn't a snapshot.",
        tests: &["pagination::detect_changes_reports_changed_lists"],
    },
];

fn read(path: &str) -> Outcome<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// Returns the list items and the table rows of the module's documentation, each on one line.
fn promises(source: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    let mut in_item = false;
    for line in source.lines() {
        let text = line.trim_start_matches("//!").trim_start();
        if line.starts_with("//! - ") {
            items.push(text.trim_start_matches("- ").to_owned());
            in_item = true;
        } else if let Some(row) = line.strip_prefix("//! | ")
            && row.contains("[`")
        {
            items.push(row.to_owned());
            in_item = false;
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

/// Returns `true` if a source file has a test function with this name.
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
    let items = promises(&read("src/reliability.rs")?);
    for item in &items {
        let count = PROMISES.iter().filter(|promise| item.starts_with(promise.begins)).count();
        assert_eq!(count, 1, "the entries for: {item}");
    }
    for promise in PROMISES {
        let begins = promise.begins;
        let count = items.iter().filter(|item| item.starts_with(begins)).count();
        assert_eq!(count, 1, "the promises that begin with: {begins}");
        assert!(!promise.tests.is_empty(), "no test for: {begins}");
    }
    Ok(())
}

#[test]
fn promised_tests_exist() -> Outcome {
    for promise in PROMISES {
        for test in promise.tests {
            let (module, name) = test.split_once("::").ok_or("a module")?;
            let source = read(&format!("tests/it/{module}.rs"))?;
            assert!(has_test(&source, name), "there is no test {test}");
        }
    }
    Ok(())
}
