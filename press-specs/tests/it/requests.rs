//! Additions to a request: headers, query parameters, the hook, timeouts and the retry policy.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::HeaderValue;
use press_specs::{
    ErrorKind, ListSpecReleaseDeployments, ListSpecs, RetryPolicy, blocking, get_client,
    mock::{Fault, MockPress},
    types::{DeploymentStatus, SpecSort},
};

use crate::{Outcome, client, ids};

#[tokio::test]
async fn headers_of_session_and_request_go_along_with_every_page() -> Outcome {
    let mock = MockPress::builder().generated_specs(4).start()?;
    let session = mock.session_builder().header("x-tenant", "one").header("X-Region", "eu").build()?;
    let specs = get_client(session)?.list_specs().page_size(2);
    mock.fault(Fault::status(503).on_page(2));
    assert_eq!(ids(specs.clone().header("X-Tenant", "two").stream()).await?.len(), 4);
    for request in mock.requests() {
        assert_eq!((request.header("x-tenant"), request.header("x-region")), (Some("two"), Some("eu")));
    }
    mock.clear_requests();
    specs.page(1).await?;
    assert_eq!(mock.requests()[0].header("x-tenant"), Some("one"), "the session is as it was");
    Ok(())
}

#[tokio::test]
async fn further_query_parameters_add_up() -> Outcome {
    let mock = MockPress::builder().generated_specs(4).start()?;
    ids(client(&mock)?.list_specs().page_size(2).query("label", "a&b=c").query("label", "é").stream()).await?;
    assert_eq!(mock.request_count(), 2);
    for request in mock.requests() {
        assert_eq!(request.query_all("label"), ["a&b=c", "é"]);
        assert_eq!(request.query("pageSize").as_deref(), Some("2"));
    }
    Ok(())
}

#[tokio::test]
async fn the_hook_sees_each_attempt_and_never_the_token() -> Outcome {
    let mock = MockPress::builder().generated_specs(1).faults([Fault::status(503)]).start()?;
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let session = mock
        .session_builder()
        .header("x-tenant", "one")
        .on_request(move |headers| {
            assert!(!headers.contains_key("authorization"));
            assert_eq!(headers.get("x-tenant"), Some(&HeaderValue::from_static("one")));
            let call = counted.fetch_add(1, Ordering::SeqCst);
            headers.insert("traceparent", HeaderValue::from(call));
            headers.insert("authorization", HeaderValue::from_static("other"));
        })
        .build()?;
    get_client(session)?.list_specs().page(1).await?;
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
    let mock = MockPress::builder().generated_specs(1).start()?;
    let specs = || client(&mock).map(|client| client.list_specs());
    let long = "x".repeat(1_000_000);
    for (request, says) in [
        (specs()?.header("authorization", "s3cr3t"), "authorization"),
        (specs()?.header("Authorization", "s3cr3t"), "authorization"),
        (specs()?.header("no header", "s3cr3t"), "\"no header\""),
        (specs()?.header("", "s3cr3t"), "\"\""),
        (specs()?.header(&long, "s3cr3t"), "header"),
        (specs()?.header("x-tenant", "s3cr3t\r\nx: y"), "`x-tenant`"),
        (specs()?.query("pageNumber", "7"), "`pageNumber`"),
        (specs()?.query("pageSize", "7"), "`pageSize`"),
    ] {
        for error in [
            request.clone().page(1).await.err(),
            futures::StreamExt::next(&mut request.stream()).await.and_then(Result::err),
        ] {
            let error = error.ok_or("an error")?;
            assert_eq!((error.kind(), error.attempts()), (ErrorKind::InvalidParameter, 0));
            let text = format!("{error:?}");
            assert!(text.contains(says) && !text.contains("s3cr3t") && text.len() < 1000, "{text}");
        }
    }
    for (builder, says) in [
        (mock.session_builder().header("authorization", "s3cr3t"), "authorization"),
        (mock.session_builder().header("no header", "s3cr3t"), "no header"),
        (mock.session_builder().header("x-tenant", "s3cr3t\n"), "x-tenant"),
    ] {
        let error = builder.build().expect_err("no session");
        assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
        assert!(error.to_string().contains(says) && !error.to_string().contains("s3cr3t"), "{error}");
    }
    assert_eq!(mock.request_count(), 0);
    Ok(())
}

#[tokio::test]
async fn values_that_go_along_are_private() -> Outcome {
    let mock = MockPress::builder().start()?;
    let builder = mock.session_builder().header("x-tenant", "s3cr3t").on_request(|_| ());
    let shown = format!("{builder:?} {builder:#?}");
    let client = get_client(builder.build()?)?;
    let request = client.list_specs().header("x-user", "s3cr3t").query("owner", "s3cr3t");
    let shown = format!("{shown} {client:#?} {request:?} {request:#?}");
    for fault in [Fault::status(400), Fault::drop_connection().times(4), Fault::raw_body("x")] {
        mock.fault(fault);
        let error = request.clone().page(1).await.expect_err("no page");
        assert!(!format!("{error:?} {error:#?}").contains("s3cr3t"), "{error:#?}");
    }
    assert!(!shown.contains("s3cr3t"), "{shown}");
    Ok(())
}

#[tokio::test]
async fn absent_filters_leave_the_request_as_it_is() -> Outcome {
    let mock = MockPress::builder().generated_specs(1).start()?;
    let client = client(&mock)?;
    let id = mock.spec_ids().remove(0);
    for (kind, queries) in [(None, [None, None, None]), (Some("app"), [Some("app"), Some("shared"), Some("t")])] {
        mock.clear_requests();
        let there = kind.is_some();
        let specs = client
            .list_specs()
            .maybe(kind, ListSpecs::kind)
            .maybe(there.then_some(["shared"]), ListSpecs::scope)
            .maybe(there.then_some("t".to_owned()), ListSpecs::term)
            .maybe(there.then_some(true), ListSpecs::featured)
            .maybe(there.then_some([SpecSort::NameAsc]), ListSpecs::sort)
            .maybe(there.then_some(7), ListSpecs::page_size);
        specs.page(1).await?;
        let request = mock.requests().remove(0);
        assert_eq!(["kind", "scope", "term"].map(|name| request.query(name)), queries.map(|it| it.map(str::to_owned)));

        let blocking = blocking::get_client(mock.session()?)?;
        blocking
            .list_spec_release_deployments(&id)
            .maybe(there.then_some("1.0.0"), blocking::ListSpecReleaseDeployments::version)
            .maybe(there.then_some(&[DeploymentStatus::Failed]), blocking::ListSpecReleaseDeployments::status)
            .page(1)?;
        let deployments = client.list_spec_release_deployments(&id);
        deployments.maybe(kind, ListSpecReleaseDeployments::name).page(1).await?;
        let [blocking, asynchronous] = &mock.requests()[1..] else {
            return Err("two requests".into());
        };
        let sent = [blocking.query("version"), blocking.query("status"), asynchronous.query("name")];
        assert_eq!(sent.map(|value| value.is_some()), [there; 3]);
    }
    Ok(())
}
