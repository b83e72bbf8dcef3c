//! The token goes where it belongs and shows nowhere: every public type and every error path is shown and searched.

use std::{error::Error as StdError, fmt::Debug, time::Duration};

use futures::{StreamExt, TryStreamExt};
use press_specs::{
    Error, ErrorKind, RetryPolicy, Session, Stage, blocking, get_client,
    mock::{Fault, MockPress},
};
use serde_json::json;

use crate::{Outcome, client};

/// The tokens to try, and what of each must not show.
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
fn assert_hidden(shown: &str) {
    assert!(!shown.to_lowercase().contains(SECRET), "{shown}");
}

#[track_caller]
fn assert_shows_nothing(value: &impl Debug) {
    assert_hidden(&format!("{value:?}"));
    assert_hidden(&format!("{value:#?}"));
}

#[track_caller]
fn assert_hidden_by(error: &Error) {
    assert_hidden(&format!("{error}"));
    assert_hidden(&format!("{error:#}"));
    assert_shows_nothing(error);
    let mut source = error.source();
    while let Some(error) = source {
        assert_hidden(&format!("{error}"));
        assert_hidden(&format!("{error:#}"));
        assert_shows_nothing(&error);
        source = error.source();
    }
    if let Some(response) = error.response() {
        assert_shows_nothing(&response);
        assert_shows_nothing(&response.headers());
    }
}

/// Responses of a server that repeats the token.
fn echoes(token: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    for status in [300, 400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 599] {
        let fault = || Fault::status(status).header("x-echo", "s3cr3t").header("www-authenticate", "s3cr3t");
        faults.push(fault().json(json!({ "title": token, "detail": format!("the token {token} is wrong") })));
        faults.push(fault().json(json!({ "title": format!("{}{token}", "x".repeat(190)) })));
        faults.push(fault().json(json!({ "request": { "headers": [{ "Authorization": token }] } })));
        faults.push(fault().html(format!("<h1>{token}</h1>{token}")));
        faults.push(fault().html(json!({ "echo": token }).to_string().replace('/', "\\/")));
        let escaped: String = token.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        faults.push(fault().body("application/json", format!(r#"{{"echo":"{escaped}"}}"#)));
        faults.push(fault().html(format!("{}{token}", "é".repeat(195))));
        faults.push(fault().body(token.replace('ö', "o").replace('é', "e"), [token.as_bytes(), b"\xff"].concat()));
        faults.push(fault().html(token).cut_after(token.len() - 1).header("content-length", "1000"));
    }
    let text = |body: String| Fault::raw_body(body);
    faults.extend([
        text(token.to_owned()),
        text(format!("<html>{token}")),
        text(json!(token).to_string()),
        text(json!({ "pageCount": token, "specs": [] }).to_string()),
        text(json!({ "pageCount": 1, "specs": token }).to_string()),
        text(json!({ "pageCount": 1, "specs": [{ "id": { token: 1 } }] }).to_string()),
        text(json!({ "pageCount": 1, "specs": [{ "id": "a", "featured": token }] }).to_string()),
        text(json!({ "pageCount": 1, "specs": [{ "id": "a", "metadata": { "tags": [token] } }] }).to_string()),
        text(json!({ "pageCount": 1, "pageNumber": 7, "specs": [{ "id": token }] }).to_string()),
        text(format!(r#"{{"pageCount":1,"specs":[],"{token}":{}"#, "[".repeat(500))),
        text(format!(r#"{{"pageCount":1,"specs":[],"x":"{token}"#)),
        Fault::raw_body([b"{\"pageCount\":1,\"x\":\"\xff", token.as_bytes()].concat()),
        Fault::raw_body(token).header("content-encoding", "gzip"),
        Fault::raw_body(token.repeat(1000)),
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
async fn the_token_is_in_nothing_that_is_shown() -> Outcome {
    for token in TOKENS {
        let mock = MockPress::builder().token(token.trim()).generated_specs(3).start()?;
        let builder = mock.session_builder().auth_token(token).user_agent("plain").stage(Stage::Beta);
        assert_shows_nothing(&builder);
        let session = builder.max_response_bytes(10_000).build()?;
        assert_shows_nothing(&session);
        let client = get_client(session.clone())?;
        assert_shows_nothing(&client);
        assert_shows_nothing(&client.session());
        let specs = client.list_specs().page_size(1);
        assert_shows_nothing(&specs);
        assert_shows_nothing(&client.list_spec_release_deployments("s").name("n"));
        let (mut stream, mut pages) = (specs.clone().stream(), specs.clone().concurrency(2).pages());
        for _ in 0..2 {
            assert_shows_nothing(&stream.try_next().await?);
            assert_shows_nothing(&pages.try_next().await?);
            assert_shows_nothing(&stream);
            assert_shows_nothing(&pages);
        }
        assert_shows_nothing(&mock);
        assert_shows_nothing(&mock.requests());

        tokio::task::spawn_blocking(move || -> Result<(), Error> {
            let client = blocking::get_client(session)?;
            assert_shows_nothing(&client);
            assert_shows_nothing(&client.list_specs());
            let (mut items, mut pages) = (client.list_specs().iter(), client.list_specs().pages());
            assert!(items.next().is_some() && pages.next().is_some());
            assert_shows_nothing(&items);
            assert_shows_nothing(&pages);
            Ok(())
        })
        .await??;
    }
    Ok(())
}

#[tokio::test]
async fn the_token_is_in_no_error_even_when_the_server_repeats_it() -> Outcome {
    for token in TOKENS {
        let mock = MockPress::builder().token(token.trim()).generated_specs(3).start()?;
        let session =
            mock.session_builder().auth_token(token).max_response_bytes(5000).retry(RetryPolicy::none()).build()?;
        let client = get_client(session)?;
        for fault in echoes(token.trim()) {
            let told = format!("{fault:?}");
            mock.fault(fault);
            match client.list_specs().page(1).await {
                Ok(page) => panic!("{told} gives {page:?}"),
                Err(error) => assert_hidden_by(&error),
            }
        }
        // What a server sent is there for whoever asks for it.
        mock.fault(Fault::status(400).json(json!({ "title": token })));
        let error = client.list_specs().page(1).await.expect_err("a refusal");
        assert_eq!(error.response().and_then(|response| response.title()), Some(token));

        mock.fault(Fault::status(503).html(token).times(2));
        let session = mock.session_builder().auth_token(token).retry(RetryPolicy::default().max_attempts(2));
        let error = get_client(session.build()?)?.list_specs().page(1).await.expect_err("a refusal");
        assert_eq!(error.attempts(), 2);
        assert_hidden_by(&error);

        mock.fault(Fault::hang().always());
        let request = client.list_specs().timeout(Duration::from_millis(20));
        assert_hidden_by(&request.page(1).await.expect_err("no answer"));
    }
    Ok(())
}

#[tokio::test]
async fn the_token_is_in_no_error_before_any_request() -> Outcome {
    for token in ["s3cr3t\n", "s3cr3t\r\nx: y", "\0s3cr3t", "s3cr3t\u{7f}"] {
        let builder = Session::builder().auth_token(token);
        assert_shows_nothing(&builder);
        assert_hidden_by(&builder.build().expect_err("no token"));
    }
    for token in TOKENS {
        let session = || Session::builder().auth_token(token);
        for built in [
            session().base_url("nonsense").build(),
            session().base_url("https://s3cr3t:s3cr3t@example.com").build(),
            session().base_url("https://example.com/?token=s3cr3t").build(),
            session().base_url("http://example.com/").build(),
            session().user_agent("a\nb").build(),
        ] {
            assert_hidden_by(&built.expect_err("no session"));
        }
        let nobody = MockPress::start()?.url().to_owned();
        let retry = RetryPolicy::none();
        let client = get_client(session().base_url(nobody).retry(retry).build()?)?;
        for error in [
            client.list_specs().page(1).await.map(drop),
            client.list_specs().page(0).await.map(drop),
            client.list_spec_release_deployments("..").page(1).await.map(drop),
            client.list_specs().concurrency(0).stream().next().await.expect("an item").map(drop),
        ] {
            assert_hidden_by(&error.expect_err("a refusal"));
        }
    }
    Ok(())
}

#[tokio::test]
async fn filters_are_in_no_error_of_the_transport() -> Outcome {
    let mock = MockPress::builder().fault(Fault::drop_connection().always()).start()?;
    let error = client(&mock)?.list_specs().term("s3cr3t").page(1).await.expect_err("a dropped connection");
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert_hidden_by(&error);
    Ok(())
}
