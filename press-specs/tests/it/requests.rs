//! Additions to a request: headers, query parameters, the hook, timeouts and the retry policy.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::StreamExt;
use http::HeaderValue;
use press_specs::{
    ErrorKind, RetryPolicy, get_client,
    mock::{Fault, MockPress},
};

use crate::{Outcome, client, ids};

#[tokio::test]
async fn additions_of_session_and_request_go_along_with_every_page() -> Outcome {
    let mock = MockPress::builder().generated_specs(4).start()?;
    let session = mock.session_builder().header("x-tenant", "one").header("X-Region", "eu").build()?;
    let specs = get_client(session)?.list_specs().page_size(2);
    mock.fault(Fault::status(503).on_page(2));
    let request = specs.clone().status(["available", "unavailable", "archived"]).header("X-Tenant", "two");
    ids(request.query("label", "a&b=c").query("label", "é").stream()).await?;
    assert_eq!(mock.request_count(), 3);
    for request in mock.requests() {
        assert_eq!((request.header("x-tenant"), request.header("x-region")), (Some("two"), Some("eu")));
        assert_eq!(request.query_all("label"), ["a&b=c", "é"]);
        assert_eq!((request.query_all("status").len(), request.query("pageSize").as_deref()), (3, Some("2")));
    }
    mock.clear_requests();
    specs.page(1).await?;
    assert_eq!(mock.requests()[0].header("x-tenant"), Some("one"), "the session is as it was");
    Ok(())
}

#[tokio::test]
async fn the_hook_sees_each_attempt_and_never_the_token() -> Outcome {
    let mock = MockPress::builder().generated_specs(1).fault(Fault::status(503)).start()?;
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let session = mock.session_builder().header("x-tenant", "one").on_request(move |headers| {
        assert!(!headers.contains_key("authorization"));
        assert_eq!(headers["x-tenant"], "one");
        headers.insert("traceparent", HeaderValue::from(counted.fetch_add(1, Ordering::SeqCst)));
        headers.insert("authorization", HeaderValue::from_static("other"));
    });
    get_client(session.build()?)?.list_specs().page(1).await?;
    for (request, call) in mock.requests().iter().zip(["0", "1"]) {
        assert_eq!(request.header("traceparent"), Some(call));
        assert_eq!(request.header("authorization"), Some(&*mock.token()));
    }
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    Ok(())
}

#[tokio::test]
async fn limits_and_policy_of_a_request_replace_those_of_the_session() -> Outcome {
    // It never answers, so each limit expires however slow the machine is.
    let mock = MockPress::builder().fault(Fault::hang().always()).start()?;
    let limit = Duration::from_millis(100);
    let specs = client(&mock)?.list_specs();
    let twice = RetryPolicy::default().max_attempts(2).max_delay(Duration::ZERO);
    for (request, text, attempts) in [
        (specs.clone().timeout(limit).retry(RetryPolicy::none()), "the timeout of 100ms", 1),
        (specs.clone().timeout(limit).retry(twice), "the timeout of 100ms", 2),
        (specs.clone().total_timeout(limit), "the total timeout of 100ms", 1),
    ] {
        let error = request.page(1).await.expect_err("nothing comes");
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, attempts), "{text}");
        assert!(error.to_string().contains(text), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn what_cannot_go_along_is_named_before_any_request() -> Outcome {
    let mock = MockPress::start()?;
    let client = client(&mock)?;
    let specs = || client.list_specs();
    let long = "x".repeat(1_000_000);
    for (request, says) in [
        (specs().header("Authorization", "s3cr3t"), "authorization"),
        (specs().header("no header", "s3cr3t"), "\"no header\""),
        (specs().header("", "s3cr3t"), "\"\""),
        (specs().header(&long, "s3cr3t"), "header"),
        (specs().header("x-tenant", "s3cr3t\r\nx: y"), "`x-tenant`"),
        (specs().query("pageNumber", "7"), "`pageNumber`"),
        (specs().query("pageSize", "7"), "`pageSize`"),
    ] {
        for error in [request.clone().page(1).await.err(), request.stream().next().await.and_then(Result::err)] {
            let error = error.ok_or("an error")?;
            assert_eq!((error.kind(), error.attempts()), (ErrorKind::InvalidParameter, 0));
            let text = format!("{error:?}");
            assert!(text.contains(says) && !text.contains("s3cr3t") && text.len() < 1000, "{text}");
        }
    }
    for (name, value) in [("authorization", "s3cr3t"), ("no header", "s3cr3t"), ("x-tenant", "s3cr3t\n")] {
        let error = mock.session_builder().header(name, value).build().expect_err("no session");
        assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
        assert!(error.to_string().contains(name) && !error.to_string().contains("s3cr3t"), "{error}");
    }
    assert_eq!(mock.connections(), 0);
    Ok(())
}
