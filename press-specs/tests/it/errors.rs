//! Errors: kind, status, response, page, attempts and advice.

use std::{error::Error as StdError, time::Duration};

use futures::StreamExt;
use press_specs::{
    ErrorKind, ListOperation, ListRequest, Position, Session, Stage, get_client,
    mock::{Fault, MockPress},
};
use serde_json::{Value, json};

use crate::{Outcome, client, faults::HIDDEN};

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

#[tokio::test]
async fn every_status_keeps_its_kind_and_its_body_whatever_that_is() -> Outcome {
    let mock = MockPress::start()?;
    let client = client(&mock)?;
    let statuses = KINDS
        .iter()
        .flat_map(|(kind, statuses)| statuses.iter().map(move |&status| (*kind, status)));
    for (kind, status) in statuses {
        let fault = || Fault::status(status).header("X-Request-Id", "r-7").always();
        let problem = json!({ "title": "No luck", "detail": "The moon is wrong", "code": 7 });
        let invalid = b"\xff\xfe not text";
        // (answer, body, title, what the message repeats of it)
        for (fault, body, title, said) in [
            (
                fault().json(problem.clone()),
                problem.to_string().as_bytes(),
                Some("No luck"),
                "The moon is wrong",
            ),
            (
                fault().html("<html>bad gateway</html>"),
                b"<html>bad gateway</html>",
                None,
                "bad gateway",
            ),
            (fault().empty(), b"", None, ""),
            (fault().body("application/json", invalid), invalid, None, "not text"),
            (fault().json(json!(["title"])), b"[\"title\"]", None, "title"),
            (
                fault().json(json!({ "title": 7, "detail": null })),
                br#"{"detail":null,"title":7}"#,
                None,
                "",
            ),
        ] {
            // A 304 cannot have a body.
            let (body, title, said) =
                if status == 304 { (&b""[..], None, "") } else { (body, title, said) };
            mock.clear_faults();
            mock.fault(fault);
            let error = client.list_specs().page(4).await.expect_err("a refusal");
            assert_eq!(
                (error.kind(), error.status(), error.page_number()),
                (kind, Some(status), Some(4))
            );
            assert_eq!(
                error.is_retryable(),
                [408, 425, 429, 500, 502, 503, 504, 520, 529].contains(&status),
                "{status}"
            );
            let message = error.to_string();
            for part in ["list_specs", "page 4", &status.to_string(), said] {
                assert!(message.contains(part), "{part:?} is not in {message}");
            }
            let response = error.response().ok_or("a response")?;
            assert_eq!((response.body(), response.text()), (body, std::str::from_utf8(body).ok()));
            assert_eq!(response.json(), serde_json::from_slice::<Value>(body).ok());
            assert_eq!((response.title(), response.detail().is_some()), (title, title.is_some()));
            assert_eq!(
                (response.request_id(), response.headers().get("x-request-id")),
                (Some("r-7"), Some("r-7"))
            );
            assert_eq!(response.retry_after(), None);
        }
    }
    Ok(())
}

#[tokio::test]
async fn messages_tell_what_the_service_says_and_what_to_do() -> Outcome {
    let mock = MockPress::builder().generated_specs(1).start()?;
    let error = client(&mock)?
        .list_spec_release_deployments("nobody")
        .page(1)
        .await
        .expect_err("no such spec");
    assert_eq!(
        error.response().and_then(|response| response.detail()),
        Some("There is no spec with this id")
    );
    let expected = format!(
        "list_spec_release_deployments of spec `nobody`, page 1, at {}: the service responded with \
         404 Not Found: There is no spec with this id; check the spec id and the stage",
        mock.url()
    );
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.to_string(), expected);

    let session = mock.session_builder().auth_token("wrong").build()?;
    let error = get_client(session)?.list_specs().page(None).await.expect_err("a wrong token");
    assert_eq!((error.kind(), error.page_number()), (ErrorKind::Unauthorized, None));
    assert!(error.to_string().contains("PEAK_AUTH_TOKEN"), "{error}");

    let error =
        Session::builder().auth_token("t").base_url("nonsense").build().expect_err("no URL");
    let source = error.source().ok_or("a source")?.to_string();
    assert!(
        !error.to_string().contains(&source) && format!("{error:?}").contains(&source),
        "{error:?}"
    );
    Ok(())
}

#[tokio::test]
async fn request_ids_and_retry_after_are_read_from_the_headers() -> Outcome {
    let mock = MockPress::start()?;
    let specs = client(&mock)?.list_specs();
    let ids =
        ["X-Request-ID", "x-amzn-RequestId", "x-amz-request-id", "X-Correlation-Id", "x-amz-cf-id"];
    let ids = ids.map(|name| (name, "the-id", Some("the-id"), None));
    // How a wish is obeyed is in `faults`.
    let wishes = [
        ("0", Some(0)),
        (" 7 ", Some(7)),
        ("1.5", Some(2)),
        ("1, 1", Some(1)),
        ("1, 3", Some(3)),
        ("-1", None),
        ("", None),
    ];
    let wishes = wishes
        .map(|(value, seconds)| ("Retry-After", value, None, seconds.map(Duration::from_secs)));
    for (name, value, id, wish) in ids.into_iter().chain(wishes) {
        mock.fault(Fault::status(400).header(name, value));
        let error = specs.clone().page(1).await.expect_err("a refusal");
        let response = error.response().ok_or("a response")?;
        assert_eq!(
            (response.request_id(), response.retry_after()),
            (id, wish),
            "{name}: {value:?}"
        );
    }
    Ok(())
}

/// Asserts that a request is refused before anything is sent, as streams and perhaps as one page,
/// and names the argument.
async fn assert_refused<O: ListOperation>(
    request: ListRequest<O>,
    name: &str,
    as_page: bool,
) -> Outcome {
    let mut results = vec![request.clone().pages().next().await.ok_or("a page")?.map(drop)];
    results.push(request.clone().stream().next().await.ok_or("an item")?.map(drop));
    if as_page {
        results.push(request.page(1).await.map(drop));
    }
    for result in results {
        let error = result.expect_err(name);
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::InvalidParameter, 0), "{error:?}");
        assert!(error.status().is_none() && error.response().is_none() && !error.is_retryable());
        let text = error.to_string();
        assert!(
            text.contains(name)
                && text.len() < 500
                && !text.contains('\n')
                && !text.contains("s3cr3t"),
            "{text}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn bad_arguments_are_refused_before_any_request() -> Outcome {
    let mock = MockPress::start()?;
    let client = client(&mock)?;
    // Ids that could change the path.
    for id in [
        "", ".", "..", "/", "a/b", "../x", "..\\x", "\\", "\n", "a\r\nb", "\0", "a\tb", "\u{7f}",
        "\u{85}", "..;", "..;a=b", "a;b",
    ] {
        assert_refused(client.list_spec_release_deployments(id), "`spec_id`", true).await?;
    }
    assert_refused(client.list_spec_release_deployments("s").page_size(0), "`page_size`", true)
        .await?;
    let specs = || client.list_specs();
    assert_refused(specs().page_size(0).concurrency(3), "`page_size`", true).await?;
    assert_refused(specs().start_page(0), "`start_page`", false).await?;
    assert_refused(specs().concurrency(0), "`concurrency`", false).await?;
    assert_refused(specs().term("x".repeat(70_000)), "could not be built", true).await?;
    for (name, value, says) in [
        ("Authorization", "s3cr3t", "`authorization`"),
        ("no header", "s3cr3t", "\"no header\""),
        ("", "s3cr3t", "\"\""),
        (&"x".repeat(1_000_000), "s3cr3t", "header"),
        ("x-tenant", "s3cr3t\r\nx: y", "`x-tenant`"),
    ] {
        assert_refused(specs().header(name, value), says, true).await?;
        let error = mock.session_builder().header(name, value).build().expect_err("no session");
        assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
        assert!(
            error.to_string().contains(says) && !error.to_string().contains("s3cr3t"),
            "{error}"
        );
    }
    assert_refused(specs().query("pageNumber", "7"), "`pageNumber`", true).await?;
    assert_refused(specs().query("pageSize", "7"), "`pageSize`", true).await?;
    // A position belongs to pages of its size.
    for (position, size) in [("v1.p1.i1.s2", 3), ("v1.p1.i1", 25), ("v1.end.s2", 3)] {
        let position: Position = position.parse()?;
        assert_refused(specs().page_size(size).resume(position.clone()), "`page_size`", false)
            .await?;
        assert_refused(specs().resume(position).page_size(size), "`page_size`", false).await?;
    }
    let error = specs().page(0).await.expect_err("no such page");
    assert_eq!(
        (error.kind(), error.to_string().contains("`page`")),
        (ErrorKind::InvalidParameter, true)
    );
    assert_eq!(mock.connections(), 0);
    // The walk that was refused is over.
    assert_eq!(specs().start_page(0).stream().count().await, 1);
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

#[test]
fn sessions_that_cannot_work_are_refused() -> Outcome {
    let session = || Session::builder().auth_token("token");
    let tokens = ["", "   ", "line\nbreak", "nul\0"];
    for token in tokens {
        let error = session().build()?.set_auth_token(token).expect_err("no token");
        assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
        assert!(error.to_string().contains("auth_token"), "{error}");
    }
    let tokens = tokens.map(|token| ("auth_token", session().auth_token(token)));
    let urls = "press.peak.ai /v1 https:// https://1.2.3.999 https://example.com:99999 ftp://example.com \
                file:///etc/hosts mailto:a@example.com data:text/plain,x https://user:password@example.com \
                https://user@example.com https://example.com?x=1 https://example.com/#x http://example.com \
                HTTP://EXAMPLE.COM http://192.0.2.1 http://0.0.0.0 http://[2001:db8::1] http://localhost.example.com \
                http://127.0.0.1.example.com http://127.0.0.1@example.com";
    let urls =
        urls.split(' ').chain(["", "not a url"]).map(|url| ("base_url", session().base_url(url)));
    for (name, session) in urls.chain(tokens).chain([("user_agent", session().user_agent("a\nb"))])
    {
        let error = session.build().expect_err(name);
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::InvalidConfiguration, 0),
            "{error}"
        );
        assert!(error.to_string().contains(name) && !error.is_retryable(), "{error}");
    }
    Ok(())
}

#[test]
fn plain_http_is_for_loopback_or_on_request() -> Outcome {
    let session = || Session::builder().auth_token("token");
    for url in [
        "http://127.0.0.1:8080",
        "http://127.5.5.5",
        "http://[::1]:8080/press",
        "http://LOCALHOST:1",
    ] {
        session().base_url(url).build()?;
    }
    let plain = session().base_url("http://example.com").allow_insecure_http(true).build()?;
    assert_eq!(plain.base_url(), "http://example.com");
    Ok(())
}

#[test]
fn stages_have_names_and_addresses() -> Outcome {
    let session = || Session::builder().auth_token("token");
    for (name, stage, url) in [
        ("dev", Stage::Dev, "https://press.dev.peak.ai"),
        ("latest", Stage::Latest, "https://press.dev.peak.ai"),
        ("test", Stage::Test, "https://press.test.peak.ai"),
        ("beta", Stage::Beta, "https://press.beta.peak.ai"),
        ("prod", Stage::Prod, "https://press.peak.ai"),
        ("parvati", Stage::Parvati, "https://press.parvati.peak.ai"),
    ] {
        assert_eq!((name.parse::<Stage>()?, stage.to_string().as_str()), (stage, name));
        assert_eq!(session().stage(stage).build()?.base_url(), url);
        // A custom address wins over the stage.
        assert_eq!(
            session().stage(stage).base_url("https://x.example").build()?.base_url(),
            "https://x.example"
        );
    }
    Ok(())
}

/// Nothing but the Debug form tells them.
#[test]
fn the_default_limits_are_those_documented() -> Outcome {
    let shown = format!("{:?}", Session::builder().auth_token("t").stage(Stage::Prod).build()?);
    let limits = ["connect: 10s", "attempt: 30s", "total: 120s", "max_response_bytes: 8388608"];
    for part in limits.into_iter().chain(["max_attempts: 4", "initial_delay: 500ms"]) {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
    Ok(())
}
