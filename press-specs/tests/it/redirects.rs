//! Redirects within the session's origin and to other origins.

use press_specs::{
    ErrorKind::UnexpectedStatus,
    SessionBuilder, get_client,
    mock::{Fault, MockPress},
};

use crate::{Outcome, client};

const STATUSES: [u16; 5] = [301, 302, 303, 307, 308];

#[tokio::test]
async fn redirects_within_the_origin_are_followed() -> Outcome {
    for status in STATUSES {
        let mock = MockPress::builder().generated_specs(3).start()?;
        let relative = Fault::redirect("/elsewhere/", status);
        let absolute = Fault::redirect(format!("{}/v1/specs/?pageNumber=1", mock.url()), status);
        mock.faults([relative.header("set-cookie", "session=1; Path=/"), absolute]);
        let page = client(&mock)?.list_specs().page(1).await?;
        assert_eq!(page.specs.len(), 3, "{status}");
        assert_eq!(mock.request_count(), 3, "{status}");
        for request in mock.requests() {
            assert_eq!(request.header("authorization"), Some(mock.token().as_str()));
            assert_eq!(request.header("referer"), None);
            assert_eq!(request.header("cookie"), None);
        }
    }
    Ok(())
}

#[tokio::test]
async fn redirects_to_another_origin_are_not_followed() -> Outcome {
    let other = MockPress::builder().generated_specs(3).start()?;
    let mock = MockPress::builder().generated_specs(3).start()?;
    let client = client(&mock)?;
    let port = mock.url().rsplit(':').next().ok_or("a port")?;
    let other_address = other.url().trim_start_matches("http:");
    let locations: [&str; 12] = [
        &format!("http:{other_address}/v1/specs/"),
        &format!("{other_address}/v1/specs/"),
        // The same port with another host name or scheme.
        &format!("http://localhost:{port}/v1/specs/"),
        &format!("https://127.0.0.1:{port}/v1/specs/"),
        "http://example.invalid/",
        "http://1.2.3.999/",
        "http://[::bad]/",
        "ftp://127.0.0.1/",
        "file:///etc/hosts",
        "data:text/plain,x",
        "javascript:alert(1)",
        "http://",
    ];
    for location in locations {
        for status in STATUSES {
            mock.clear_requests();
            mock.fault(Fault::redirect(location, status));
            let error = client.list_specs().page(1).await.expect_err("a redirect");
            assert_eq!(error.kind(), UnexpectedStatus, "{location}: {error:?}");
            assert_eq!(error.status(), Some(status), "{location}: {error:?}");
            assert_eq!(error.attempts(), 1, "{location}: {error:?}");
            assert!(!error.is_retryable(), "{location}: {error:?}");
            assert_eq!(mock.request_count(), 1, "{location}");
            let response = error.response().ok_or("a response")?;
            assert_eq!(response.headers().get("location"), Some(location));
        }
    }
    assert_eq!(other.connections(), 0);
    Ok(())
}

#[tokio::test]
async fn a_second_redirect_to_another_origin_is_not_followed() -> Outcome {
    let other = MockPress::builder().generated_specs(3).start()?;
    let within = Fault::redirect("/elsewhere", 302);
    let leaving = Fault::redirect(format!("{}/v1/specs/", other.url()), 302);
    let mock = MockPress::builder().faults([within, leaving]).start()?;
    let error = client(&mock)?.list_specs().page(1).await.expect_err("a redirect");
    assert_eq!(error.kind(), UnexpectedStatus);
    assert_eq!(error.status(), Some(302));
    assert_eq!(mock.request_count(), 2);
    assert_eq!(other.connections(), 0);
    Ok(())
}

async fn assert_unexpected_status(mock: &MockPress, session: SessionBuilder) -> Outcome {
    let error = get_client(session.build()?)?.list_specs().page(1).await;
    let error = error.expect_err("a redirect");
    assert_eq!(error.kind(), UnexpectedStatus, "{error:?}");
    assert_eq!(error.attempts(), 1, "{error:?}");
    assert!(!error.is_retryable());
    assert!(mock.request_count() <= 11, "{} requests", mock.request_count());
    Ok(())
}

#[tokio::test]
async fn redirect_loops_are_an_unexpected_status() -> Outcome {
    let mock = MockPress::builder().fault(Fault::redirect("/v1/specs/", 302).always()).start()?;
    assert_unexpected_status(&mock, mock.session_builder()).await
}

#[tokio::test]
async fn redirects_without_a_location_are_an_unexpected_status() -> Outcome {
    let mock = MockPress::builder().fault(Fault::status(302).empty()).start()?;
    assert_unexpected_status(&mock, mock.session_builder()).await
}

#[tokio::test]
async fn redirects_rejected_by_a_custom_client_are_an_unexpected_status() -> Outcome {
    let mock = MockPress::builder().fault(Fault::redirect("/v1/specs/", 302).always()).start()?;
    let policy = reqwest::redirect::Policy::custom(|attempt| attempt.error("no redirects here"));
    let custom =
        reqwest::Client::builder().retry(reqwest::retry::never()).redirect(policy).build()?;
    assert_unexpected_status(&mock, mock.session_builder().http_client(custom)).await
}
