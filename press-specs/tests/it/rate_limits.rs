//! Rate limits and the `Retry-After` header.

use std::{
    collections::HashSet,
    time::{Duration, SystemTime},
};

use futures::future::{join_all, try_join_all};
use press_specs::{
    ErrorKind::{NotFound, ServiceUnavailable, TooManyRequests},
    ListSpecs, RetryPolicy, get_client,
    mock::{Fault, Gate, MockPress},
};

use crate::{
    Outcome, PATIENCE, client, ids,
    support::{
        long_delays, no_retries, requests_per_call, returns_error, returns_page, run_scenarios,
        session_without_delays,
    },
};

fn rate_limit(retry_after: &str) -> Fault {
    Fault::status(429).header("retry-after", retry_after)
}

/// A rate limit from a server whose clock is set to this year.
fn rate_limit_by_clock(year: &str, seconds: u32) -> Fault {
    let date = |time: &str| format!("Thu, 01 Jan {year} {time} GMT");
    let end = format!("{:02}:00:{:02}", seconds / 3600, seconds % 60);
    rate_limit(&date(&end)).header("date", date("00:00:00"))
}

/// Returns the HTTP date this many seconds from now.
fn date_after(seconds: u64) -> String {
    httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(seconds))
}

#[tokio::test]
async fn retry_after_is_honored_within_the_total_timeout() -> Outcome {
    run_scenarios([
        returns_page("0 seconds", 2, rate_limit("0")),
        returns_page("1 second", 2, rate_limit("1")),
        returns_page("a date in the past", 2, rate_limit("Thu, 01 Jan 1970 00:00:00 GMT")),
        returns_page("a date", 2, rate_limit(&date_after(2))),
        returns_page("1 second by a fast clock", 2, rate_limit_by_clock("2099", 1)),
        returns_page("an invalid value", 2, rate_limit("soon")),
        returns_page("more rate limits than attempts", 3, rate_limit("1").times(2))
            .session(|session| session.retry(RetryPolicy::default().max_attempts(2))),
    ])
    .await
}

#[tokio::test]
async fn retry_after_beyond_the_total_timeout_is_an_error() -> Outcome {
    let limited = |name: &str, fault: Fault| returns_error(name, TooManyRequests, 429, fault);
    let without_clock = format!(
        "HTTP/1.1 429 No\r\nretry-after: {}\r\ncontent-length: 0\r\n\r\n",
        date_after(3600)
    );
    let whole_timeout = Fault::status(503).header("retry-after", "30");
    run_scenarios([
        limited("an hour", rate_limit("3600")).message("retry after 3600 s"),
        limited("an hour by a slow clock", rate_limit_by_clock("1970", 3600))
            .message("retry after 3600 s"),
        limited("an hour by a fast clock", rate_limit_by_clock("2099", 3600))
            .message("retry after 3600 s"),
        limited("a date from a server without a clock", Fault::raw_connection(without_clock))
            .message("retry after 3"),
        returns_error("the whole total timeout", ServiceUnavailable, 503, whole_timeout)
            .session(|session| session.total_timeout(Duration::from_secs(30))),
        limited("2^64 - 1 seconds", rate_limit(&u64::MAX.to_string())),
        limited("10^30 seconds", rate_limit(&format!("1{}", "0".repeat(30)))).check_error(
            |error| {
                let retry_after = error.response().and_then(|response| response.retry_after());
                retry_after == Some(Duration::MAX)
            },
        ),
    ])
    .await
}

#[tokio::test]
async fn retry_after_adds_no_retries() -> Outcome {
    let limited = |name: &str, fault: Fault| returns_error(name, TooManyRequests, 429, fault);
    let not_found = Fault::status(404).header("retry-after", "1");
    run_scenarios([
        returns_error("a status that isn't retried", NotFound, 404, not_found),
        limited("no retries", rate_limit("0")).session(no_retries),
        limited("0 seconds, always", rate_limit("0")).requests(4),
    ])
    .await
}

#[tokio::test]
async fn retry_after_zero_is_ignored() -> Outcome {
    let mock = MockPress::builder().generated_specs(1).fault(rate_limit("0")).start()?;
    let specs = client(&mock)?.list_specs();
    // The random delay applies, which is longer than the total timeout.
    let error = specs.clone().retry(long_delays()).page(1).await.expect_err("a rate limit");
    assert_eq!(error.kind(), TooManyRequests);
    assert_eq!(error.attempts(), 1);
    // The retry counts as an attempt.
    mock.fault(rate_limit("0").times(2));
    let retry = RetryPolicy::default().max_attempts(2).max_delay(Duration::ZERO);
    let error = specs.retry(retry).page(1).await.expect_err("a rate limit");
    assert_eq!(error.attempts(), 2);
    Ok(())
}

#[tokio::test]
async fn retries_wait_for_retry_after() -> Outcome {
    let unavailable = Fault::status(503).header("retry-after", "1");
    let mock = MockPress::builder().generated_specs(1).fault(unavailable).start()?;
    client(&mock)?.list_specs().page(1).await?;
    let requests = mock.requests();
    let delay = requests[1].received_at() - requests[0].received_at();
    assert!(delay >= Duration::from_secs(1), "{delay:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rate_limited_bursts_cost_no_budget() -> Outcome {
    // The responses to a burst are held until all of its requests have arrived. The budget pays for
    // 100 retries.
    const STREAM: usize = 128;
    const CALLS: usize = 500;
    let gate = Gate::new();
    let limited = rate_limit("1").held_by(&gate).times(STREAM);
    let limited = limited.when(|request| request.page_number() > Some(150));
    let mock = MockPress::builder().generated_specs(600).fault(limited).start()?;
    let session = session_without_delays(&mock)?;
    let specs = get_client(session.clone())?.list_specs().page_size(1);
    let stream = tokio::spawn(ids(specs.clone().concurrency(STREAM).stream()));
    mock.wait_for_requests(150 + STREAM, PATIENCE).await?;
    gate.open();
    assert_eq!(stream.await??, mock.spec_ids());

    let before = mock.request_count();
    let gate = Gate::new();
    mock.fault(rate_limit("1").held_by(&gate).times(CALLS));
    let calls: Vec<_> = (0..CALLS).map(|_| tokio::spawn(specs.clone().page(1))).collect();
    mock.wait_for_requests(before + CALLS, PATIENCE).await?;
    gate.open();
    for call in join_all(calls).await {
        call??;
    }
    assert_eq!(mock.unused_faults(), 0);
    assert_eq!(mock.request_count(), 600 + STREAM + 2 * CALLS);
    mock.fault(Fault::status(503).always());
    assert_eq!(requests_per_call(&mock, &session, 33).await?, [4; 33]);
    Ok(())
}

/// Sends this many calls, whose first requests hit a rate limit of one second. Returns how long
/// after the first request each request beyond the first `limited` was received.
async fn delays(
    mock: &MockPress,
    specs: &ListSpecs,
    calls: usize,
    limited: usize,
) -> Outcome<Vec<Duration>> {
    try_join_all((0..calls).map(|_| specs.clone().page(1))).await?;
    let received: Vec<_> = mock.requests().iter().map(|request| request.received_at()).collect();
    let delayed = &received[limited..];
    assert_eq!(delayed.len(), calls);
    Ok(delayed.iter().map(|time| time.duration_since(received[0])).collect())
}

/// Asserts that requests are delayed by a second and received at different times.
async fn assert_spread(limited: usize) -> Outcome {
    const CALLS: usize = 30;
    let mock = MockPress::builder().generated_specs(3).start()?;
    let specs = client(&mock)?.list_specs();
    // If the machine stalls for a moment, the requests of a round can arrive together.
    for _ in 0..8 {
        mock.clear_requests();
        mock.fault(rate_limit("1").times(limited));
        if limited == 1 {
            let call = specs.clone().retry(RetryPolicy::none()).page(1);
            let error = call.await.expect_err("a rate limit");
            assert_eq!(error.kind(), TooManyRequests);
            assert_eq!(error.attempts(), 1);
        }
        let delays = delays(&mock, &specs, CALLS, limited).await?;
        assert!(delays.iter().all(|delay| *delay >= Duration::from_secs(1)), "{delays:?}");
        let slots: HashSet<_> = delays.iter().map(|delay| delay.as_millis() / 50).collect();
        if slots.len() >= 5 {
            return Ok(());
        }
    }
    Err("all requests arrive at once".into())
}

#[tokio::test]
async fn rate_limited_calls_are_retried_at_different_times() -> Outcome {
    assert_spread(30).await
}

#[tokio::test]
async fn rate_limits_delay_and_spread_other_calls() -> Outcome {
    assert_spread(1).await
}

#[tokio::test]
async fn rate_limits_beyond_the_total_timeout_are_not_stored() -> Outcome {
    let mock = MockPress::builder().generated_specs(1).start()?;
    let specs = client(&mock)?.list_specs();
    mock.fault(Fault::status(429).header("retry-after", "1000000"));
    let error = specs.clone().page(1).await.expect_err("a rate limit");
    assert_eq!(error.kind(), TooManyRequests);
    assert_eq!(error.attempts(), 1);

    mock.clear_requests();
    mock.fault(Fault::status(429).header("retry-after", "2"));
    specs.page(1).await?;
    let requests = mock.requests();
    assert_eq!(requests.len(), 2);
    let delay = requests[1].received_at() - requests[0].received_at();
    assert!(delay >= Duration::from_secs(2), "{delay:?}");
    Ok(())
}

#[tokio::test]
async fn calls_without_retries_wait_for_a_rate_limit() -> Outcome {
    let mock = MockPress::builder().generated_specs(1).start()?;
    let specs = client(&mock)?.list_specs().retry(RetryPolicy::none());
    mock.fault(Fault::status(429).header("retry-after", "1"));
    let error = specs.clone().page(1).await.expect_err("a rate limit");
    assert_eq!(error.kind(), TooManyRequests);
    specs.page(1).await?;
    let requests = mock.requests();
    assert_eq!(requests.len(), 2);
    let delay = requests[1].received_at() - requests[0].received_at();
    assert!(delay >= Duration::from_secs(1), "{delay:?}");
    Ok(())
}

#[tokio::test]
async fn retry_after_is_shown_only_if_a_retry_may_help() -> Outcome {
    let mock = MockPress::start()?;
    let specs = client(&mock)?.list_specs().retry(RetryPolicy::none());
    for (status, is_shown) in [(403, false), (404, false), (503, true)] {
        mock.fault(Fault::status(status).header("retry-after", "1"));
        let error = specs.clone().page(1).await.expect_err("an error status");
        assert_eq!(error.to_string().contains("retry after"), is_shown, "{error}");
    }
    Ok(())
}
