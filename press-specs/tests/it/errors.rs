//! Errors: kind, status, response, page, attempts and advice.

use std::time::Duration;

use futures::TryStreamExt;
use press_specs::{
    Error, ErrorKind, Session, Spec, Stage, get_client,
    mock::{Fault, MockPress},
};
use serde_json::{Value, json};

use crate::{Outcome, client, faults::HIDDEN};

const STATUSES: &[(u16, ErrorKind)] = &[
    (400, ErrorKind::BadRequest),
    (401, ErrorKind::Unauthorized),
    (403, ErrorKind::Forbidden),
    (404, ErrorKind::NotFound),
    (409, ErrorKind::Conflict),
    (413, ErrorKind::PayloadTooLarge),
    (422, ErrorKind::UnprocessableEntity),
    (429, ErrorKind::TooManyRequests),
    (500, ErrorKind::InternalServerError),
    (502, ErrorKind::ServiceUnavailable),
    (503, ErrorKind::ServiceUnavailable),
    (504, ErrorKind::ServiceUnavailable),
    (300, ErrorKind::UnexpectedStatus),
    (304, ErrorKind::UnexpectedStatus),
    (402, ErrorKind::UnexpectedStatus),
    (405, ErrorKind::UnexpectedStatus),
    (408, ErrorKind::UnexpectedStatus),
    (410, ErrorKind::UnexpectedStatus),
    (418, ErrorKind::UnexpectedStatus),
    (501, ErrorKind::UnexpectedStatus),
    (505, ErrorKind::UnexpectedStatus),
    (599, ErrorKind::UnexpectedStatus),
    (600, ErrorKind::UnexpectedStatus),
    (999, ErrorKind::UnexpectedStatus),
];

#[tokio::test]
async fn every_status_keeps_its_kind_and_its_body_whatever_that_is() -> Outcome {
    let mock = MockPress::start()?;
    let client = client(&mock)?;
    for &(status, kind) in STATUSES {
        let fault = || Fault::status(status).header("X-Request-Id", "r-7").always();
        let problem = json!({ "title": "No luck", "detail": "The moon is wrong", "code": 7 });
        let html = "<html><body>bad gateway</body></html>";
        let invalid = b"\xff\xfe not text".to_vec();
        // (answer, body, text, title, detail, what the message repeats of it)
        let table = [
            (fault().json(problem.clone()), problem.to_string().into_bytes(), Some("No luck"), "The moon is wrong"),
            (fault().html(html), html.as_bytes().to_vec(), None, "bad gateway"),
            (fault().empty(), Vec::new(), None, ""),
            (fault().body("application/json", invalid.clone()), invalid, None, "not text"),
            (fault().json(json!(["title"])), b"[\"title\"]".to_vec(), None, "title"),
            (fault().json(json!({ "title": 7, "detail": null })), br#"{"detail":null,"title":7}"#.to_vec(), None, ""),
        ];
        for (fault, body, title, said) in table {
            // Those statuses cannot have a body.
            let body = if status == 304 { Vec::new() } else { body };
            mock.clear_faults();
            mock.fault(fault);
            let error = client.list_specs().page(4).await.expect_err("a refusal");
            assert_eq!((error.kind(), error.status()), (kind, Some(status)), "{error:?}");
            assert_eq!(error.page_number(), Some(4));
            let response = error.response().ok_or("a response")?;
            assert_eq!(response.body(), body, "{status}");
            assert_eq!(response.text(), std::str::from_utf8(&body).ok());
            assert_eq!(response.json(), serde_json::from_slice::<Value>(&body).ok());
            assert_eq!((response.request_id(), response.headers().get("x-request-id")), (Some("r-7"), Some("r-7")));
            assert_eq!(response.retry_after(), None);
            let message = error.to_string();
            for part in ["list_specs", "page 4", &status.to_string()] {
                assert!(message.contains(part), "{message}");
            }
            if status != 304 {
                assert_eq!((response.title(), response.detail().is_some()), (title, title.is_some()));
                assert!(message.contains(said), "{message}");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn trying_later_can_help_for_some_kinds_only() -> Outcome {
    let mock = MockPress::start()?;
    let session = mock.session_builder().retry(press_specs::RetryPolicy::none()).build()?;
    let client = get_client(session)?;
    for &(status, _) in STATUSES {
        mock.fault(Fault::status(status));
        let error = client.list_specs().page(1).await.expect_err("a refusal");
        let expected = [408, 429, 500, 502, 503, 504].contains(&status);
        assert_eq!((error.is_retryable(), error.attempts()), (expected, 1), "{status}");
    }
    Ok(())
}

#[tokio::test]
async fn documented_errors_of_the_service_arrive_with_its_words() -> Outcome {
    let mock = MockPress::builder().generated_specs(1).start()?;
    let client = client(&mock)?;

    let error = client.list_spec_release_deployments("nobody").page(1).await.expect_err("no such spec");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let response = error.response().ok_or("a response")?;
    assert_eq!(response.title(), Some("Not Found"));
    assert_eq!(response.detail(), Some("There is no spec with this id"));
    assert!(error.to_string().contains("There is no spec with this id"), "{error}");
    assert!(error.to_string().contains("list_spec_release_deployments"), "{error}");

    let error = client.list_specs().kind("robot").page(1).await.expect_err("no such kind");
    assert_eq!(error.kind(), ErrorKind::BadRequest);
    let error = client.list_specs().sort(["size:up"]).stream().try_next().await.expect_err("no such field");
    assert_eq!((error.kind(), error.page_number()), (ErrorKind::BadRequest, Some(1)));

    let session = mock.session_builder().auth_token("wrong").build()?;
    let error = get_client(session)?.list_specs().page(None).await.expect_err("a wrong token");
    assert_eq!((error.kind(), error.page_number()), (ErrorKind::Unauthorized, None));
    assert!(error.to_string().contains("PEAK_AUTH_TOKEN"), "{error}");
    Ok(())
}

#[tokio::test]
async fn request_ids_and_retry_after_are_read_from_the_headers() -> Outcome {
    let mock = MockPress::start()?;
    let client = client(&mock)?;
    for name in ["X-Request-ID", "x-amzn-RequestId", "x-amz-request-id", "X-Correlation-Id", "x-amz-cf-id"] {
        mock.fault(Fault::status(400).header(name, "the-id"));
        let error = client.list_specs().page(1).await.expect_err("a refusal");
        assert_eq!(error.response().and_then(|response| response.request_id()), Some("the-id"), "{name}");
    }
    for (value, seconds) in [
        ("0", Some(0)),
        ("7", Some(7)),
        (" 7 ", Some(7)),
        ("18446744073709551615", Some(u64::MAX)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
        ("-1", None),
        ("soon", None),
        ("", None),
    ] {
        mock.fault(Fault::status(400).header("Retry-After", value));
        let error = client.list_specs().page(1).await.expect_err("a refusal");
        let wish = error.response().and_then(|response| response.retry_after());
        assert_eq!(wish, seconds.map(Duration::from_secs), "{value:?}");
    }
    Ok(())
}

/// The error of every terminal of both operations, none of which may send a request.
async fn refusals(mock: &MockPress, client: &Spec, spec_id: &str) -> Outcome<Vec<Error>> {
    let deployments = || client.list_spec_release_deployments(spec_id);
    let errors = vec![
        deployments().page(1).await.map(drop),
        deployments().page(None).await.map(drop),
        deployments().stream().try_next().await.map(drop),
        deployments().pages().try_next().await.map(drop),
        deployments().concurrency(3).stream().try_next().await.map(drop),
    ];
    let errors = errors.into_iter().map(|result| result.expect_err("a bad argument")).collect();
    assert_eq!((mock.request_count(), mock.connections()), (0, 0));
    Ok(errors)
}

#[tokio::test]
async fn spec_ids_that_could_change_the_path_are_refused_before_any_request() -> Outcome {
    let mock = MockPress::start()?;
    let client = client(&mock)?;
    for id in [
        "",
        ".",
        "..",
        "/",
        "a/b",
        "../x",
        "..\\x",
        "\\",
        "a\\b",
        "\n",
        "a\r\nb",
        "\0",
        "a\tb",
        "\u{7f}",
        "\u{85}",
        "../../other",
    ] {
        for error in refusals(&mock, &client, id).await? {
            assert_eq!((error.kind(), error.attempts()), (ErrorKind::InvalidParameter, 0), "{id:?}");
            assert!(error.to_string().contains("spec_id"), "{error}");
            assert!(!error.to_string().contains('\n'), "{error}");
            assert!(error.status().is_none() && error.response().is_none() && !error.is_retryable());
        }
    }
    Ok(())
}

#[tokio::test]
async fn texts_are_bounded_and_show_as_they_read() -> Outcome {
    let mock = MockPress::start()?;
    let client = client(&mock)?;
    let long = format!("a{HIDDEN}b").repeat(50_000);
    let seen: String = long.chars().filter(|c| !c.is_control()).collect();
    let id = |id: &str| client.list_spec_release_deployments(id).page(1);
    let session = || Session::builder().auth_token("token");
    let errors = [
        id(&long).await.map(drop),
        id(&seen).await.map(drop),
        id(&seen.chars().take(900).collect::<String>()).await.map(drop),
        long.parse::<Stage>().map(drop),
        session().header(&long, "x").build().map(drop),
        session().header("x".repeat(30_000), "\n").build().map(drop),
        session().header("x-y", &long).build().map(drop),
        session().base_url(&long).build().map(drop),
        session().auth_token(&long).build().map(drop),
        session().user_agent(&long).build().map(drop),
    ];
    for (number, error) in errors.into_iter().enumerate() {
        let error = error.expect_err("a bad argument");
        for shown in [format!("{error}"), format!("{error:?}"), format!("{error:#?}")] {
            assert!(shown.len() < 2000, "{number}: {} bytes", shown.len());
            assert!(!shown.contains(|c| c != '\n' && HIDDEN.contains(c)), "{number}: {shown:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn zeros_are_refused_before_any_request() -> Outcome {
    let mock = MockPress::start()?;
    let client = client(&mock)?;
    let specs = || client.list_specs();
    let table = [
        ("page", specs().page(0).await.map(drop)),
        ("page_size", specs().page_size(0).page(1).await.map(drop)),
        ("page_size", specs().page_size(0).stream().try_next().await.map(drop)),
        ("page_size", client.list_spec_release_deployments("s").page_size(0).pages().try_next().await.map(drop)),
        ("start_page", specs().start_page(0).stream().try_next().await.map(drop)),
        ("start_page", specs().start_page(0).pages().try_next().await.map(drop)),
        ("concurrency", specs().concurrency(0).stream().try_next().await.map(drop)),
        ("concurrency", specs().concurrency(0).pages().try_next().await.map(drop)),
    ];
    for (name, result) in table {
        let error = result.expect_err(name);
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::InvalidParameter, 0), "{name}");
        assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
    }
    assert_eq!((mock.request_count(), mock.connections()), (0, 0));
    // The walk that was refused is over.
    let mut stream = specs().start_page(0).stream();
    assert!(stream.try_next().await.is_err());
    assert!(stream.try_next().await?.is_none());
    Ok(())
}

#[tokio::test]
async fn a_request_that_cannot_be_built_is_a_bad_argument() -> Outcome {
    let mock = MockPress::start()?;
    let error = client(&mock)?.list_specs().term("x".repeat(70_000)).page(1).await.expect_err("a term too long");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::InvalidParameter, 0), "{error:?}");
    assert_eq!(mock.request_count(), 0);
    assert!(error.to_string().len() < 500, "{error}");
    Ok(())
}

#[test]
fn sessions_that_cannot_work_are_refused() {
    let session = || Session::builder().auth_token("token");
    let url = |url: &str| session().base_url(url).build();
    let table = [
        ("auth_token", session().auth_token("").build()),
        ("auth_token", session().auth_token("   ").build()),
        ("auth_token", session().auth_token("line\nbreak").build()),
        ("auth_token", session().auth_token("line\r\nx-admin: 1").build()),
        ("auth_token", session().auth_token("nul\0").build()),
        ("user_agent", session().user_agent("a\nb").build()),
        ("base_url", url("")),
        ("base_url", url("press.peak.ai")),
        ("base_url", url("not a url")),
        ("base_url", url("/v1")),
        ("base_url", url("https://")),
        ("base_url", url("https://exa mple")),
        ("base_url", url("https://1.2.3.999")),
        ("base_url", url("https://example.com:99999")),
        ("base_url", url("ftp://example.com")),
        ("base_url", url("file:///etc/hosts")),
        ("base_url", url("mailto:a@example.com")),
        ("base_url", url("data:text/plain,x")),
        ("base_url", url("https://user:password@example.com")),
        ("base_url", url("https://user@example.com")),
        ("base_url", url("https://example.com?x=1")),
        ("base_url", url("https://example.com/#x")),
        ("base_url", url("http://example.com")),
        ("base_url", url("HTTP://EXAMPLE.COM")),
        ("base_url", url("http://192.0.2.1")),
        ("base_url", url("http://0.0.0.0")),
        ("base_url", url("http://[2001:db8::1]")),
        ("base_url", url("http://localhost.example.com")),
        ("base_url", url("http://127.0.0.1.example.com")),
        ("base_url", url("http://127.0.0.1@example.com")),
    ];
    for (name, built) in table {
        let error = built.expect_err(name);
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::InvalidConfiguration, 0), "{error}");
        let message = error.to_string();
        assert!(message.contains(name), "{message}");
        assert!(!message.contains("password") || message.contains("user name or password"), "{message}");
        assert!(!error.is_retryable());
    }
}

#[test]
fn plain_http_is_for_loopback_or_on_request() -> Outcome {
    let session = || Session::builder().auth_token("token");
    for url in [
        "http://127.0.0.1:8080",
        "http://127.5.5.5",
        "http://[::1]:8080/press",
        "http://localhost:1",
        "http://LOCALHOST",
        "https://example.com/press/",
    ] {
        session().base_url(url).build()?;
    }
    let plain = session().base_url("http://example.com").allow_insecure_http(true).build()?;
    assert_eq!(plain.base_url(), "http://example.com");
    Ok(())
}

#[test]
fn stages_have_names_and_addresses() -> Outcome {
    for (name, stage, url) in [
        ("dev", Stage::Dev, "https://press.dev.peak.ai"),
        ("latest", Stage::Latest, "https://press.dev.peak.ai"),
        ("test", Stage::Test, "https://press.test.peak.ai"),
        ("beta", Stage::Beta, "https://press.beta.peak.ai"),
        ("prod", Stage::Prod, "https://press.peak.ai"),
        ("parvati", Stage::Parvati, "https://press.parvati.peak.ai"),
    ] {
        assert_eq!((name.parse::<Stage>()?, stage.to_string().as_str()), (stage, name));
        let session = Session::builder().auth_token("token").stage(stage).build()?;
        assert_eq!(session.base_url(), url);
    }
    for name in ["", "Prod", " prod", "production", "é"] {
        let error = name.parse::<Stage>().expect_err("no such stage");
        assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
        assert!(error.to_string().contains("stage") && error.to_string().contains("parvati"), "{error}");
    }
    // An address of one's own wins over the stage.
    let session = Session::builder().auth_token("t").stage(Stage::Beta).base_url("https://example.com").build()?;
    assert_eq!(session.base_url(), "https://example.com");
    Ok(())
}

#[test]
fn the_async_client_outside_of_a_runtime_is_an_error_and_no_panic() -> Outcome {
    let mock = MockPress::start()?;
    let client = client(&mock)?;
    let error = futures::executor::block_on(client.list_specs().page(1)).expect_err("no runtime");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::InvalidConfiguration, 0));
    assert!(error.to_string().contains("blocking"), "{error}");
    let mut stream = client.list_specs().stream();
    assert!(futures::executor::block_on(stream.try_next()).is_err());
    assert_eq!(mock.connections(), 0);
    Ok(())
}

#[test]
fn the_text_of_an_error_does_not_repeat_its_source() -> Outcome {
    let session = Session::builder().auth_token("t").base_url("nonsense");
    let error = session.build().expect_err("no URL");
    let source = std::error::Error::source(&error).ok_or("a source")?;
    assert!(!error.to_string().contains(&source.to_string()), "{error}: {source}");
    Ok(())
}

/// Nothing but the Debug form tells them.
#[test]
fn the_default_limits_are_those_documented() -> Outcome {
    let session = Session::builder().auth_token("t").stage(Stage::Prod).build()?;
    let shown = format!("{session:?}");
    for part in [
        "connect: 10s",
        "attempt: 30s",
        "total: 120s",
        "max_response_bytes: 8388608",
        "max_attempts: 4",
        "initial_delay: 500ms",
    ] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
    Ok(())
}
