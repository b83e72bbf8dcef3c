//! Errors: kind, status, response and attempts; invalid arguments and settings.

use std::{error::Error as StdError, time::Duration};

use futures::StreamExt;
use press_specs::{
    Error, ErrorKind, ListOperation, ListRequest, Position, Session, SessionBuilder, Stage,
    mock::{Fault, MockPress},
};
use serde_json::{Value, json};

use crate::{Outcome, client, support::HIDDEN};

const KINDS: &[(ErrorKind, &[u16])] = &[
    (ErrorKind::BadRequest, &[400]),
    (ErrorKind::Unauthorized, &[401]),
    (ErrorKind::Forbidden, &[403]),
    (ErrorKind::NotFound, &[404]),
    (ErrorKind::Conflict, &[409]),
    (ErrorKind::PayloadTooLarge, &[413]),
    (ErrorKind::UnprocessableEntity, &[422]),
    (ErrorKind::TooManyRequests, &[429]),
    (ErrorKind::InternalServerError, &[500]),
    (ErrorKind::ServiceUnavailable, &[502, 503, 504]),
    (
        ErrorKind::UnexpectedStatus,
        &[300, 304, 402, 405, 408, 410, 418, 425, 501, 505, 520, 529, 599, 600, 999],
    ),
];

const RETRYABLE: [u16; 9] = [408, 425, 429, 500, 502, 503, 504, 520, 529];

fn with_token() -> SessionBuilder {
    Session::builder().auth_token("token")
}

#[tokio::test]
async fn each_status_has_a_kind() -> Outcome {
    let mock = MockPress::start()?;
    let specs = client(&mock)?.list_specs();
    for (kind, statuses) in KINDS {
        for status in *statuses {
            mock.clear_faults();
            mock.fault(Fault::status(*status).always());
            let error = specs.clone().page(4).await.expect_err("an error status");
            assert_eq!(error.kind(), *kind);
            assert_eq!(error.status(), Some(*status));
            assert_eq!(error.page_number(), Some(4));
            assert_eq!(error.is_retryable(), RETRYABLE.contains(status), "{status}");
            let text = error.to_string();
            assert!(text.starts_with("list_specs, page 4"), "{text}");
            assert!(text.contains(&status.to_string()), "{text}");
        }
    }
    Ok(())
}

/// Returns the error of a response with status 400.
async fn bad_request(fault: impl FnOnce(Fault) -> Fault) -> Outcome<Error> {
    let mock = MockPress::builder().fault(fault(Fault::status(400))).start()?;
    let result = client(&mock)?.list_specs().page(1).await;
    Ok(result.err().ok_or("a page")?)
}

#[tokio::test]
async fn error_bodies_may_be_anything() -> Outcome {
    let problem = json!({ "title": "No luck", "detail": "The moon is wrong", "code": 7 });
    let invalid = b"\xff\xfe not text";
    let html = "<html>bad gateway</html>";
    let json = |body: Value| move |fault: Fault| fault.json(body);
    for (error, body, shown) in [
        (bad_request(json(problem.clone())).await?, problem.to_string().as_bytes(), "No luck: The"),
        (bad_request(|fault| fault.html(html)).await?, html.as_bytes(), html),
        (bad_request(Fault::empty).await?, b"", "400 Bad Request; check"),
        (bad_request(|fault| fault.body("text/plain", invalid)).await?, invalid, "not text"),
        (bad_request(json(json!(["title"]))).await?, br#"["title"]"#, r#"["title"]"#),
        (bad_request(json(json!({ "title": 7 }))).await?, br#"{"title":7}"#, r#"{"title":7}"#),
    ] {
        assert_eq!(error.kind(), ErrorKind::BadRequest);
        assert!(error.to_string().contains(shown), "{error}");
        let response = error.response().ok_or("a response")?;
        assert_eq!(response.body(), body);
        assert_eq!(response.text(), std::str::from_utf8(body).ok());
        assert_eq!(response.json(), serde_json::from_slice(body).ok());
    }
    Ok(())
}

#[tokio::test]
async fn title_and_detail_are_read_from_json() -> Outcome {
    let problem = json!({ "title": "No luck", "detail": "The moon is wrong" });
    let error = bad_request(|fault| fault.json(problem)).await?;
    let response = error.response().ok_or("a response")?;
    assert_eq!(response.title(), Some("No luck"));
    assert_eq!(response.detail(), Some("The moon is wrong"));

    let error = bad_request(|fault| fault.json(json!({ "title": 7, "detail": null }))).await?;
    let response = error.response().ok_or("a response")?;
    assert_eq!(response.title(), None);
    assert_eq!(response.detail(), None);
    Ok(())
}

#[tokio::test]
async fn request_ids_are_read_from_known_headers() -> Outcome {
    for name in
        ["X-Request-ID", "x-amzn-RequestId", "x-amz-request-id", "X-Correlation-Id", "x-amz-cf-id"]
    {
        let error = bad_request(|fault| fault.header(name, "r-7")).await?;
        let response = error.response().ok_or("a response")?;
        assert_eq!(response.request_id(), Some("r-7"), "{name}");
        assert_eq!(response.headers().get(name), Some("r-7"), "{name}");
        assert!(error.to_string().contains("(request id r-7)"), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn retry_after_is_read_as_seconds() -> Outcome {
    for (value, seconds) in [
        ("0", Some(0)),
        (" 7 ", Some(7)),
        ("1.5", Some(2)),
        ("1, 1", Some(1)),
        ("1, 3", Some(3)),
        ("-1", None),
        ("", None),
    ] {
        let error = bad_request(|fault| fault.header("Retry-After", value)).await?;
        let response = error.response().ok_or("a response")?;
        assert_eq!(response.retry_after(), seconds.map(Duration::from_secs), "{value:?}");
    }
    Ok(())
}

/// Asserts that the error names this argument and that no request was sent.
fn assert_invalid(error: &Error, argument: &str) {
    assert_eq!(error.kind(), ErrorKind::InvalidParameter, "{error:?}");
    assert_eq!(error.attempts(), 0);
    assert_eq!(error.status(), None);
    assert!(error.response().is_none());
    assert!(!error.is_retryable());
    let text = error.to_string();
    assert!(text.contains(argument), "{text}");
    assert!(text.len() < 500, "{text}");
    assert!(!text.contains('\n'), "{text}");
    assert!(!text.contains("s3cr3t"), "{text}");
}

/// Asserts that streams of this request fail before anything is sent, with an error that names the
/// argument.
async fn assert_invalid_streams<O: ListOperation>(
    request: ListRequest<O>,
    argument: &str,
) -> Outcome {
    let page = request.clone().pages().next().await.ok_or("a page")?;
    assert_invalid(&page.err().ok_or(argument)?, argument);
    let item = request.stream().next().await.ok_or("an item")?;
    assert_invalid(&item.err().ok_or(argument)?, argument);
    Ok(())
}

/// Asserts that this request fails before anything is sent, with an error that names the argument.
async fn assert_invalid_request<O: ListOperation>(
    request: ListRequest<O>,
    argument: &str,
) -> Outcome {
    assert_invalid_streams(request.clone(), argument).await?;
    let page = request.page(1).await;
    assert_invalid(&page.err().ok_or(argument)?, argument);
    Ok(())
}

#[tokio::test]
async fn spec_ids_cannot_change_the_path() -> Outcome {
    let mock = MockPress::start()?;
    let client = client(&mock)?;
    for id in [
        "", ".", "..", "/", "a/b", "../x", "..\\x", "\\", "\n", "a\r\nb", "\0", "a\tb", "\u{7f}",
        "\u{85}", "..;", "..;a=b", "a;b",
    ] {
        assert_invalid_request(client.list_spec_release_deployments(id), "`spec_id`").await?;
    }
    assert_eq!(mock.connections(), 0);
    Ok(())
}

#[tokio::test]
async fn zero_is_an_invalid_argument() -> Outcome {
    let mock = MockPress::start()?;
    let client = client(&mock)?;
    let specs = client.list_specs();
    let deployments = client.list_spec_release_deployments("s");
    assert_invalid_request(deployments.page_size(0), "`page_size`").await?;
    assert_invalid_request(specs.clone().page_size(0).concurrency(3), "`page_size`").await?;
    assert_invalid_streams(specs.clone().start_page(0), "`start_page`").await?;
    assert_invalid_streams(specs.clone().concurrency(0), "`concurrency`").await?;
    let error = specs.clone().page(0).await.expect_err("page 0");
    assert_invalid(&error, "`page`");
    // A stream ends after its error.
    assert_eq!(specs.start_page(0).stream().count().await, 1);
    assert_eq!(mock.connections(), 0);
    Ok(())
}

#[tokio::test]
async fn overlong_urls_are_invalid() -> Outcome {
    let mock = MockPress::start()?;
    let request = client(&mock)?.list_specs().term("x".repeat(70_000));
    assert_invalid_request(request, "could not be built").await?;
    assert_eq!(mock.connections(), 0);
    Ok(())
}

#[tokio::test]
async fn invalid_headers_are_never_sent_or_shown() -> Outcome {
    let mock = MockPress::start()?;
    let specs = client(&mock)?.list_specs();
    for (name, value, argument) in [
        ("Authorization", "s3cr3t", "`authorization`"),
        ("no header", "s3cr3t", "\"no header\""),
        ("", "s3cr3t", "\"\""),
        (&"x".repeat(1_000_000), "s3cr3t", "`header`"),
        ("x-tenant", "s3cr3t\r\nx: y", "`x-tenant`"),
    ] {
        assert_invalid_request(specs.clone().header(name, value), argument).await?;
        let error = with_token().header(name, value).build().expect_err("an invalid header");
        assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
        let text = error.to_string();
        assert!(text.contains(argument), "{text}");
        assert!(!text.contains("s3cr3t"), "{text}");
    }
    assert_eq!(mock.connections(), 0);
    Ok(())
}

#[tokio::test]
async fn a_position_keeps_its_page_size() -> Outcome {
    let mock = MockPress::start()?;
    let specs = client(&mock)?.list_specs();
    for (position, size, reason) in [
        ("v1.p1.i1.s2", 3, "`page_size` is 3, but the position has a page size of 2"),
        ("v1.p1.i1", 25, "`page_size` is 25, but the position has no page size"),
        ("v1.end.s2", 3, "`page_size` is 3, but the position has a page size of 2"),
    ] {
        let position: Position = position.parse()?;
        let request = specs.clone().page_size(size).resume(position.clone());
        assert_invalid_streams(request, reason).await?;
        let request = specs.clone().resume(position).page_size(size);
        assert_invalid_streams(request, reason).await?;
    }
    assert_eq!(mock.connections(), 0);
    Ok(())
}

#[tokio::test]
async fn texts_are_bounded_and_hide_control_characters() -> Outcome {
    let mock = MockPress::start()?;
    let client = client(&mock)?;
    let long = format!("a{HIDDEN}b").repeat(50_000);
    let seen: String = long.chars().filter(|c| !c.is_control()).collect();
    let id = |id: &str| client.list_spec_release_deployments(id).page(1);
    let errors = [
        id(&long).await.map(drop),
        id(&seen).await.map(drop),
        id(&seen.chars().take(900).collect::<String>()).await.map(drop),
        long.parse::<Stage>().map(drop),
        with_token().header(&long, "x").build().map(drop),
        with_token().header("x".repeat(30_000), "\n").build().map(drop),
        with_token().header("x-y", &long).build().map(drop),
        with_token().base_url(&long).build().map(drop),
        with_token().base_url("x".repeat(30_000)).build().map(drop),
        with_token().auth_token(&long).build().map(drop),
        with_token().user_agent(&long).build().map(drop),
    ];
    for (number, error) in errors.into_iter().enumerate() {
        let error = error.expect_err("an invalid argument");
        for shown in [format!("{error}"), format!("{error:?}"), format!("{error:#?}")] {
            assert!(shown.len() < 2000, "{number}: {} bytes", shown.len());
            assert!(!shown.contains(|c| c != '\n' && HIDDEN.contains(c)), "{number}: {shown:?}");
        }
    }
    Ok(())
}

#[test]
fn debug_shows_the_sources() -> Outcome {
    let error = with_token().base_url("two words").build().expect_err("an invalid URL");
    let source = error.source().ok_or("a source")?.to_string();
    assert!(!error.to_string().contains(&source), "{error}");
    assert!(format!("{error:?}").contains(&format!("caused by: {source}")), "{error:?}");
    Ok(())
}

fn assert_invalid_setting(session: SessionBuilder, setting: &str) {
    let error = session.build().expect_err("an invalid setting");
    assert_eq!(error.kind(), ErrorKind::InvalidConfiguration, "{error}");
    assert_eq!(error.attempts(), 0);
    assert!(!error.is_retryable());
    assert!(error.to_string().contains(setting), "{error}");
}

#[test]
fn invalid_settings_are_build_errors() -> Outcome {
    let session = with_token().build()?;
    for token in ["", "   ", "line\nbreak", "nul\0"] {
        assert_invalid_setting(Session::builder().auth_token(token), "`auth_token`");
        let error = session.set_auth_token(token).expect_err("an invalid token");
        assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
        assert!(error.to_string().contains("`auth_token`"), "{error}");
    }
    assert_invalid_setting(with_token().user_agent("a\nb"), "`user_agent`");
    for url in [
        "",
        "not a url",
        "press.peak.ai",
        "/v1",
        "https://",
        "https://1.2.3.999",
        "https://example.com:99999",
        "ftp://example.com",
        "file:///etc/hosts",
        "mailto:a@example.com",
        "data:text/plain,x",
        "https://user:password@example.com",
        "https://user@example.com",
        "https://example.com?x=1",
        "https://example.com/#x",
    ] {
        assert_invalid_setting(with_token().base_url(url), "`base_url`");
    }
    Ok(())
}

#[test]
fn plain_http_needs_loopback_or_permission() -> Outcome {
    for url in [
        "http://127.0.0.1:8080",
        "http://127.5.5.5",
        "http://[::1]:8080/press",
        "http://LOCALHOST:1",
    ] {
        with_token().base_url(url).build()?;
    }
    for url in [
        "http://example.com",
        "HTTP://EXAMPLE.COM",
        "http://192.0.2.1",
        "http://0.0.0.0",
        "http://[2001:db8::1]",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@example.com",
    ] {
        assert_invalid_setting(with_token().base_url(url), "`base_url`");
    }
    let plain = with_token().base_url("http://example.com").allow_insecure_http(true).build()?;
    assert_eq!(plain.base_url(), "http://example.com");
    Ok(())
}

#[test]
fn stages_have_names_and_base_urls() -> Outcome {
    for (name, stage, url) in [
        ("dev", Stage::Dev, "https://press.dev.peak.ai"),
        ("latest", Stage::Latest, "https://press.dev.peak.ai"),
        ("test", Stage::Test, "https://press.test.peak.ai"),
        ("beta", Stage::Beta, "https://press.beta.peak.ai"),
        ("prod", Stage::Prod, "https://press.peak.ai"),
        ("parvati", Stage::Parvati, "https://press.parvati.peak.ai"),
    ] {
        assert_eq!(name.parse::<Stage>()?, stage);
        assert_eq!(stage.to_string(), name);
        let session = with_token().stage(stage);
        assert_eq!(session.clone().build()?.base_url(), url);
        // A base URL takes precedence.
        let session = session.base_url("https://x.example").build()?;
        assert_eq!(session.base_url(), "https://x.example");
    }
    Ok(())
}

#[test]
fn default_limits_match_the_docs() -> Outcome {
    let shown = format!("{:?}", Session::builder().auth_token("t").stage(Stage::Prod).build()?);
    let limits = ["connect: 10s", "attempt: 30s", "total: 120s", "max_response_bytes: 8388608"];
    for part in limits.into_iter().chain(["max_attempts: 4", "initial_delay: 500ms"]) {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
    Ok(())
}
