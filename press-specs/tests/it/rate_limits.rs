//! Rate limits and the header `Retry-After`.

use std::{
    collections::HashSet,
    time::{Duration, SystemTime},
};

use futures::future::{join_all, try_join_all};
use press_specs::{
    ErrorKind::{self, NotFound, ServiceUnavailable, TooManyRequests},
    RetryPolicy, get_client,
    mock::{Fault, Gate, MockPress},
};

use crate::{
    Outcome, PATIENCE, client, ids,
    support::{fails, gives_page, impatient, none, requests_per_call, run},
};

#[tokio::test]
async fn retry_after_is_honored_within_the_total_timeout() -> Outcome {
    let wish = |value: &str| Fault::status(429).header("retry-after", value);
    // A server with a clock of its own, and a wish of so many seconds by it.
    let dated = |year: &str, seconds: u32| {
        let date = |time: &str| format!("Thu, 01 Jan {year} {time} GMT");
        let end = format!("{:02}:00:{:02}", seconds / 3600, seconds % 60);
        wish(&date(&end)).header("date", date("00:00:00"))
    };
    // And one without a clock.
    let date = |seconds| httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(seconds));
    let bare =
        format!("HTTP/1.1 429 No\r\nretry-after: {}\r\ncontent-length: 0\r\n\r\n", date(3600));
    let refuses = |told: &str, fault: Fault| fails(told, TooManyRequests, 429, fault);
    run([
        refuses("a wish beyond the total timeout, in seconds", wish("3600"))
            .saying("retry after 3600 s"),
        refuses("a wish beyond the total timeout, as a date", Fault::raw_connection(bare))
            .saying("retry after 3"),
        fails("a wish for all of the total timeout", ServiceUnavailable, 503, {
            Fault::status(503).header("retry-after", "30")
        })
        .with(|session| session.total_timeout(Duration::from_secs(30))),
        refuses("a wish beyond all time", wish(&u64::MAX.to_string())),
        refuses("a wish of 10^30 seconds", wish(&format!("1{}", "0".repeat(30)))).checking(
            |error| error.response().and_then(|it| it.retry_after()) == Some(Duration::MAX),
        ),
        fails(
            "a wish with another status",
            NotFound,
            404,
            Fault::status(404).header("retry-after", "1"),
        ),
        refuses("a wish by a clock that is late", dated("1970", 3600)).saying("retry after 3600 s"),
        refuses("a wish by a clock that is early", dated("2099", 3600))
            .saying("retry after 3600 s"),
        gives_page("a wish for a second, by a clock that is early", 2, dated("2099", 1)),
        refuses("a wish without retries", wish("0")).with(none),
        gives_page("a wish for no time", 2, wish("0")),
        refuses("a wish for no time, for ever", wish("0")).after(4),
        gives_page("a wish in the past", 2, wish("Thu, 01 Jan 1970 00:00:00 GMT")),
        gives_page("a wish that cannot be read", 2, wish("soon")),
        gives_page("a wish in seconds", 2, wish("1")),
        gives_page("more wishes than attempts", 3, wish("1").times(2))
            .with(|session| session.retry(RetryPolicy::default().max_attempts(2))),
        gives_page("a wish as a date", 2, wish(&date(2))),
    ])
    .await
}

#[tokio::test]
async fn retries_wait_for_retry_after() -> Outcome {
    let mock = MockPress::builder()
        .generated_specs(1)
        .fault(Fault::status(503).header("retry-after", "1"))
        .start()?;
    client(&mock)?.list_specs().page(1).await?;
    let requests = mock.requests();
    assert!(requests[1].received_at() - requests[0].received_at() >= Duration::from_secs(1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rate_limited_bursts_cost_no_budget() -> Outcome {
    // Each burst is refused as a whole: the refusals are held until all of it has arrived. The
    // budget pays for 100 retries.
    const STREAM: usize = 128;
    const CALLS: usize = 500;
    let refused = |gate: &Gate, times| {
        Fault::status(429).header("retry-after", "1").held_by(gate).times(times)
    };
    let gates = [Gate::new(), Gate::new()];
    let mock = MockPress::builder()
        .generated_specs(600)
        .fault(refused(&gates[0], STREAM).when(|request| request.page_number() > Some(150)))
        .start()?;
    let session = impatient(&mock)?;
    let specs = get_client(session.clone())?.list_specs().page_size(1);
    let stream = tokio::spawn(ids(specs.clone().concurrency(STREAM).stream()));
    mock.wait_for_requests(150 + STREAM, PATIENCE).await?;
    gates[0].open();
    assert_eq!(stream.await??, mock.spec_ids());

    let before = mock.request_count();
    mock.fault(refused(&gates[1], CALLS));
    let calls: Vec<_> = (0..CALLS).map(|_| tokio::spawn(specs.clone().page(1))).collect();
    mock.wait_for_requests(before + CALLS, PATIENCE).await?;
    gates[1].open();
    for call in join_all(calls).await {
        call??;
    }
    assert_eq!((mock.unused_faults(), mock.request_count()), (0, 600 + STREAM + 2 * CALLS));
    mock.fault(Fault::status(503).always());
    assert_eq!(requests_per_call(&mock, &session, 33).await?, [4; 33]);
    Ok(())
}

#[tokio::test]
async fn rate_limits_delay_and_spread_the_requests_of_a_session() -> Outcome {
    const CALLS: usize = 30;
    let mock = MockPress::builder().generated_specs(3).start()?;
    let specs = client(&mock)?.list_specs();
    for refusals in [CALLS, 1] {
        // A machine that stands still for a moment lets a round return at once, but not round after
        // round.
        let (mut rounds, mut slots) = (0, 0);
        while slots < 5 {
            rounds += 1;
            assert!(rounds < 9, "all return at once");
            mock.clear_requests();
            mock.fault(Fault::status(429).header("retry-after", "1").times(refusals));
            if refusals == 1 {
                // The refusal of a call that does not wait itself.
                let error =
                    specs.clone().retry(RetryPolicy::none()).page(1).await.expect_err("a refusal");
                assert_eq!((error.kind(), error.attempts()), (ErrorKind::TooManyRequests, 1));
            }
            try_join_all((0..CALLS).map(|_| specs.clone().page(1))).await?;
            let received: Vec<_> =
                mock.requests().iter().map(|request| request.received_at()).collect();
            let (refused, returned) = received.split_at(refusals);
            assert_eq!(returned.len(), CALLS);
            let times: Vec<_> = returned.iter().map(|at| at.duration_since(refused[0])).collect();
            assert!(times.iter().all(|time| *time >= Duration::from_secs(1)), "{times:?}");
            slots = times.iter().map(|time| time.as_millis() / 50).collect::<HashSet<_>>().len();
        }
    }
    Ok(())
}

#[tokio::test]
async fn rate_limits_beyond_the_total_timeout_are_not_stored() -> Outcome {
    let mock = MockPress::builder().generated_specs(1).start()?;
    let specs = client(&mock)?.list_specs();
    mock.fault(Fault::status(429).header("retry-after", "1000000"));
    let error = specs.clone().page(1).await.expect_err("a rate limit");
    assert_eq!(error.kind(), ErrorKind::TooManyRequests);
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
    assert_eq!(error.kind(), ErrorKind::TooManyRequests);
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
