//! The token appears in no `Debug` output, error, span or event.

use std::{error::Error as StdError, fmt::Debug, time::Duration};

use press_specs::{
    Error, RetryPolicy, Session, Stage, blocking, get_client,
    mock::{Fault, Gate, MockPress},
};
use serde_json::json;
use tokio::task::spawn_blocking;

use crate::{Outcome, PATIENCE, tracing::Recorder};

/// Tokens of different forms. Each contains [`SECRET`].
const TOKENS: [&str; 6] = [
    "s3cr3t-T0ken.abc",
    "Bearer s3cr3t-T0ken.abc",
    "s3cr3t-tökén",
    "Basic  s3cr3t+T0ken== ",
    "s3cr3t/with/slashes",
    "\"s3cr3t\\quoted\"",
];
const SECRET: &str = "s3cr3t";

#[track_caller]
fn assert_hides(value: &impl Debug) {
    let shown = format!("{value:?} {value:#?}");
    assert!(!shown.to_lowercase().contains(SECRET), "{shown}");
}

/// Checks an error, its response and its sources.
#[track_caller]
fn assert_hides_in_all(error: &Error) {
    if let Some(response) = error.response() {
        assert_hides(&response);
        assert_hides(&response.headers());
    }
    let mut cause: Option<&dyn StdError> = Some(error);
    while let Some(error) = cause {
        assert_hides(&error.to_string());
        assert_hides(&format!("{error:#}"));
        assert_hides(&error);
        cause = error.source();
    }
}

/// Responses of a server that repeats the token.
fn echoes(token: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    for status in [300, 400, 401, 408, 429, 503, 599] {
        let fault = || Fault::status(status).header("x-echo", SECRET).header("x-request-id", token);
        let escaped: String = token.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        faults.extend([
            fault()
                .json(json!({ "title": token, "detail": format!("the token {token} is wrong") })),
            fault().json(json!({ "title": format!("{}{token}", "x".repeat(190)) })),
            fault().json(json!({ "request": { "headers": [{ "Authorization": token }] } })),
            fault().html(format!("<h1>{token}</h1>{token}")),
            fault().html(json!({ "echo": token }).to_string().replace('/', "\\/")),
            fault().body("application/json", format!(r#"{{"echo":"{escaped}"}}"#)),
            fault().html(format!("{}{token}", "é".repeat(195))),
            fault().body(
                token.replace('ö', "o").replace('é', "e"),
                [token.as_bytes(), b"\xff"].concat(),
            ),
            fault().html(token).cut_after(token.len() - 1).header("content-length", "1000"),
        ]);
    }
    let text = |body: String| Fault::raw_body(body);
    let page = |specs| text(json!({ "pageCount": 1, "pageNumber": 1, "specs": specs }).to_string());
    faults.extend([
        text(token.to_owned()),
        text(token.repeat(1000)),
        text(json!(token).to_string()),
        text(json!({ "pageCount": token, "specs": [] }).to_string()),
        text(json!({ "pageCount": 1, "pageNumber": 7, "specs": [{ "id": token }] }).to_string()),
        page(json!(token)),
        page(json!([{ "id": { token: 1 } }])),
        text(format!(r#"{{"pageCount":1,"specs":[],"{token}":{}"#, "[".repeat(500))),
        text(format!(r#"{{"pageCount":1,"specs":[],"x":"{token}"#)),
        Fault::raw_body([b"{\"pageCount\":1,\"x\":\"\xff", token.as_bytes()].concat()),
        Fault::raw_body(token).header("content-encoding", "gzip"),
        Fault::raw_body("[]").header("content-encoding", token),
        Fault::redirect("http://127.0.0.1:1/s3cr3t?token=s3cr3t", 302),
        Fault::redirect("ftp://s3cr3t@s3cr3t/", 302),
        Fault::raw_connection(format!("HTTP/1.1 200 {token}\r\ncontent-length: 9\r\n\r\n")),
        Fault::raw_connection(format!("HTTP/1.1 200 OK\r\n{token}\r\n\r\n")),
        Fault::raw_connection(format!("{token}\r\n\r\n")),
        Fault::drop_connection(),
        Fault::pass().cut_after(3),
    ]);
    faults
}

#[tokio::test]
async fn debug_output_hides_the_token() -> Outcome {
    for token in TOKENS {
        let mock = MockPress::builder().token(token.trim()).generated_specs(3).start()?;
        let builder = mock.session_builder().auth_token(token).stage(Stage::Beta);
        assert_hides(&builder);
        let session = builder.build()?;
        let client = get_client(session.clone())?;
        let specs = client.list_specs().page_size(1);
        assert_hides(&session);
        assert_hides(&client);
        assert_hides(&specs);
        assert_hides(&client.list_spec_release_deployments("s").name("n"));
        let mut stream = specs.clone().stream();
        let mut pages = specs.concurrency(2).pages();
        assert_hides(&stream.try_next().await?);
        assert_hides(&pages.try_next().await?);
        assert_hides(&stream);
        assert_hides(&pages);
        assert_hides(&mock);
        assert_hides(&mock.requests());
        spawn_blocking(move || -> Result<(), Error> {
            let client = blocking::get_client(session)?;
            let mut items = client.list_specs().iter();
            let mut pages = client.list_specs().pages();
            assert!(items.next().is_some());
            assert!(pages.next().is_some());
            assert_hides(&client);
            assert_hides(&client.list_specs());
            assert_hides(&items);
            assert_hides(&pages);
            Ok(())
        })
        .await??;
    }
    Ok(())
}

#[tokio::test]
async fn errors_hide_a_token_that_the_server_repeats() -> Outcome {
    for token in TOKENS {
        // The recorder also collects the spans and events of dependencies.
        let (recorder, _guard) = Recorder::start().await?;
        let mock = MockPress::builder().token(token.trim()).generated_specs(3).start()?;
        let session = mock.session_builder().auth_token(token).max_response_bytes(5000).build()?;
        let specs = get_client(session.clone())?.list_specs().retry(RetryPolicy::none());
        for fault in echoes(token.trim()) {
            let name = format!("{fault:?}");
            mock.fault(fault);
            let result = specs.clone().page(1).await;
            assert_hides_in_all(&result.expect_err(&name));
        }
        mock.fault(Fault::pass().header("x-request-id", token.trim()));
        specs.clone().page(1).await?;
        // The response still returns what the server sent, also after several attempts.
        mock.fault(Fault::status(503).json(json!({ "title": token })).times(2));
        let twice = RetryPolicy::default().max_attempts(2).max_delay(Duration::ZERO);
        let error = specs.clone().retry(twice).page(1).await.expect_err("an error status");
        assert_eq!(error.response().and_then(|response| response.title()), Some(token));
        assert_eq!(error.attempts(), 2);
        assert_hides_in_all(&error);
        // The previous token is hidden too.
        session.set_auth_token("another-token")?;
        mock.fault(Fault::status(403).html(format!("{token} another-token")));
        let error = specs.clone().page(1).await.expect_err("an error status");
        assert!(error.to_string().contains("[token] [token]"), "{error}");
        assert_hides_in_all(&error);

        mock.fault(Fault::hang().always());
        let silent = specs.timeout(Duration::from_millis(20));
        assert_hides_in_all(&silent.page(1).await.expect_err("no answer"));
        assert_hides(&recorder);
    }
    Ok(())
}

#[tokio::test]
async fn configuration_errors_hide_the_token() -> Outcome {
    let session = || Session::builder().auth_token("s3cr3t-T0ken").retry(RetryPolicy::none());
    let tokens = ["s3cr3t\n", "s3cr3t\r\nx: y", "\0s3cr3t", "s3cr3t\u{7f}"]
        .map(|token| session().auth_token(token));
    let urls =
        ["nonsense", "https://s3cr3t:s3cr3t@example.com", "https://example.com/?token=s3cr3t"];
    let urls = urls.map(|url| session().base_url(url));
    for builder in tokens.into_iter().chain(urls).chain([session().user_agent("a\nb")]) {
        assert_hides(&builder);
        assert_hides_in_all(&builder.build().expect_err("no session"));
    }
    let nobody = MockPress::start()?.url().to_owned();
    let client = get_client(session().base_url(&nobody).build()?)?;
    for result in [client.list_specs().page(1).await, client.list_specs().page(0).await] {
        assert_hides_in_all(&result.expect_err("no page"));
    }
    Ok(())
}

#[tokio::test]
async fn filters_and_added_headers_are_hidden() -> Outcome {
    let (recorder, _guard) = Recorder::start().await?;
    let mock = MockPress::start()?;
    let builder = mock.session_builder().header("x-tenant", SECRET).on_request(|_| ());
    assert_hides(&builder);
    let client = get_client(builder.build()?)?;
    let request = client.list_specs().header("x-user", SECRET).query("owner", SECRET);
    assert_hides(&client);
    assert_hides(&request);
    request.clone().term(SECRET).page(1).await?;
    for fault in [Fault::status(400), Fault::drop_connection().times(4), Fault::raw_body("x")] {
        mock.fault(fault);
        assert_hides_in_all(&request.clone().term(SECRET).page(1).await.expect_err("no page"));
    }
    assert_hides(&recorder);
    Ok(())
}

#[tokio::test]
async fn earlier_tokens_are_redacted_after_two_changes() -> Outcome {
    let gate = Gate::new();
    let fault = Fault::status(400).html(format!("the token {SECRET} is wrong")).held_by(&gate);
    let mock = MockPress::builder().fault(fault).start()?;
    let session = mock.session_builder().auth_token(SECRET).build()?;
    let call = tokio::spawn(get_client(session.clone())?.list_specs().page(1));
    mock.wait_for_requests(1, PATIENCE).await?;
    session.set_auth_token("second")?;
    session.set_auth_token("third")?;
    gate.open();
    let error = call.await?.expect_err("an error status");
    assert_eq!(error.status(), Some(400));
    assert!(error.to_string().contains("the token [token] is wrong"), "{error}");
    assert_hides_in_all(&error);
    Ok(())
}
