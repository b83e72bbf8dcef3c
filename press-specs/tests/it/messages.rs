//! Messages of errors: what failed, where, and what to do next.

use std::{future, time::Duration};

use press_specs::{
    Error, ErrorKind, RetryPolicy, Session, SessionBuilder, Stage, get_client,
    mock::{Fault, MockPress},
};
use tokio::net::TcpSocket;

use crate::{
    Outcome, client, page,
    support::{NO_VARIABLES, in_child, runtime},
};

/// Requests page 1 without retries, and returns the error.
async fn failure(session: SessionBuilder) -> Outcome<Error> {
    let session = session.retry(RetryPolicy::none()).build()?;
    let result = get_client(session)?.list_specs().page(1).await;
    Ok(result.err().ok_or("a page")?)
}

/// Requests page 1 of a mock with this fault, and returns the message without its beginning.
async fn message(fault: Fault) -> Outcome<String> {
    let mock = MockPress::builder().fault(fault.always()).start()?;
    let text = failure(mock.session_builder()).await?.to_string();
    let beginning = format!("list_specs, page 1, at {}: ", mock.url());
    Ok(text.strip_prefix(&beginning).ok_or(text.clone())?.to_owned())
}

fn with_token() -> SessionBuilder {
    Session::builder().auth_token("token")
}

fn build_error(session: SessionBuilder) -> Error {
    session.build().expect_err("an invalid session")
}

#[tokio::test]
async fn not_found_suggests_checking_the_spec_id() -> Outcome {
    let mock = MockPress::builder().generated_specs(1).start()?;
    let request = client(&mock)?.list_spec_release_deployments("nobody");
    let error = request.page(1).await.expect_err("an unknown spec");
    let expected = format!(
        "list_spec_release_deployments of spec `nobody`, page 1, at {}: the service responded with \
         404 Not Found: There is no spec with this id; check the spec id and the stage",
        mock.url()
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!(error.origin(), Some(mock.url()));
    Ok(())
}

#[tokio::test]
async fn not_found_without_a_spec_id_suggests_checking_the_base_url() -> Outcome {
    let expected = "the service responded with 404 Not Found; check the stage, or the base URL and \
                    its path";
    assert_eq!(message(Fault::status(404).empty()).await?, expected);
    Ok(())
}

#[tokio::test]
async fn unauthorized_names_the_token_sources() -> Outcome {
    let expected = "the service responded with 401 Unauthorized; check the token: \
                    PEAK_AUTH_TOKEN, API_KEY or `Session::builder().auth_token(…)`";
    assert_eq!(message(Fault::status(401).empty()).await?, expected);
    Ok(())
}

#[tokio::test]
async fn unauthorized_with_auth_token_fn_names_the_function() -> Outcome {
    let mock = MockPress::builder().fault(Fault::status(401).empty().always()).start()?;
    let token = async || Ok::<_, Error>("token".to_owned());
    let error = failure(mock.session_builder().auth_token_fn(token)).await?;
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    let expected = "401 Unauthorized; check the token that `auth_token_fn` returns";
    assert!(error.to_string().ends_with(expected), "{error}");
    Ok(())
}

#[tokio::test]
async fn redirects_name_the_target_origin() -> Outcome {
    const ADVICE: &str = "check the stage or base URL, and any gateway in between";
    for (target, origin) in [
        ("https://login.example.com/sso?token=abc#top", " to https://login.example.com"),
        ("http://user:password@example.com:8080/", " to http://example.com:8080"),
        ("//other.example.com/v1", " to http://other.example.com"),
        ("ftp://example.com/", ""),
        ("javascript:alert(1)", ""),
        ("http://1.2.3.999/", ""),
        ("", ""),
    ] {
        let expected = format!(
            "the service responded with 302 Found, a redirect{origin} that was not followed; \
             {ADVICE}"
        );
        assert_eq!(message(Fault::redirect(target, 302)).await?, expected);
    }
    Ok(())
}

#[tokio::test]
async fn a_rate_limit_beyond_the_total_timeout_names_both() -> Outcome {
    let fault = Fault::status(429).empty().header("retry-after", "3600").always();
    let mock = MockPress::builder().fault(fault).start()?;
    let specs = client(&mock)?.list_specs();
    for (total, seconds) in [(30_000, "30"), (1_500, "1.5")] {
        let request = specs.clone().total_timeout(Duration::from_millis(total));
        let error = request.page(1).await.expect_err("a rate limit");
        let expected = format!(
            "list_specs, page 1, at {}: the service responded with 429 Too Many Requests (retry \
             after 3600 s, longer than the total timeout of {seconds} s); try again later, or \
             raise the total timeout",
            mock.url()
        );
        assert_eq!(error.to_string(), expected);
    }
    let error = specs.retry(RetryPolicy::none()).page(1).await.expect_err("a rate limit");
    let expected = "429 Too Many Requests (retry after 3600 s); try again later";
    assert!(error.to_string().ends_with(expected), "{error}");
    Ok(())
}

#[tokio::test]
async fn bodies_that_are_not_pages_are_described() -> Outcome {
    const OK: &str = "the service responded with 200 OK, but the body ";
    for (body, expected) in [
        ("", "is empty; check the base URL and any gateway in between"),
        (" \n", "is empty; check the base URL and any gateway in between"),
        (
            "<html>Sign in</html>",
            "is not JSON; the body begins with `<html>Sign in</html>`; check the base URL; a login \
             page or a gateway may have responded instead",
        ),
        (
            r#"{"specs":[{}]}"#,
            "does not match the API's schema at `specs[0]`: missing field `id` at line 1 column \
             12; the body begins with `{\"specs\":[{}]}`; check the base URL and any gateway in \
             between; a newer press-specs may help",
        ),
    ] {
        assert_eq!(message(Fault::raw_body(body)).await?, format!("{OK}{expected}"));
    }
    Ok(())
}

#[tokio::test]
async fn a_body_above_the_limit_suggests_smaller_pages() -> Outcome {
    let mock = MockPress::builder().generated_specs(20).start()?;
    let error = failure(mock.session_builder().max_response_bytes(100)).await?;
    let expected = "the service responded with 200 OK, but the body is longer than \
                    `max_response_bytes` (100); use a smaller page size or a higher limit";
    assert!(error.to_string().ends_with(expected), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_page_beyond_the_end_names_the_length_of_the_list() -> Outcome {
    for (pages, list) in [(1, "1 page"), (3, "3 pages")] {
        let body = page(pages, 99, []).to_string();
        let mock = MockPress::builder().fault(Fault::raw_body(body).always()).start()?;
        let mut stream = client(&mock)?.list_specs().start_page(99).stream();
        let error = stream.next().await.ok_or("an error")?.expect_err("no page 99");
        let expected =
            format!("page 99 does not exist: the list has {list}; start again from the first page");
        assert!(error.to_string().ends_with(&expected), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn a_timeout_in_auth_token_fn_names_the_function() -> Outcome {
    let mock = MockPress::start()?;
    let never = future::pending::<Result<String, Error>>;
    let session = mock.session_builder().auth_token_fn(never);
    let error = failure(session.total_timeout(Duration::from_millis(50))).await?;
    let expected = "list_specs, page 1: `auth_token_fn` did not return within the total timeout \
                    of 50ms; check the function, or raise the timeout";
    assert_eq!(error.to_string(), expected);
    Ok(())
}

#[tokio::test]
async fn timeouts_name_their_limit() -> Outcome {
    let mock = MockPress::builder().fault(Fault::hang().always()).start()?;
    let limit = Duration::from_millis(50);
    for (session, expected) in [
        (mock.session_builder().timeout(limit), "the request took longer than the timeout of 50ms"),
        (
            mock.session_builder().total_timeout(limit),
            "the call took longer than the total timeout of 50ms",
        ),
    ] {
        let error = failure(session).await?;
        let expected = format!("{expected}; try again later, or raise the timeout");
        assert!(error.to_string().ends_with(&expected), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn a_refused_connection_is_reported() -> Outcome {
    // A port that is taken, but has no listener.
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    let url = format!("http://{}", socket.local_addr()?);
    let error = failure(with_token().base_url(&url)).await?;
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert_eq!(error.origin(), Some(&*url));
    let expected = format!(
        "list_specs, page 1, at {url}: the connection was refused; check the network, the stage or \
         base URL, and try again"
    );
    assert_eq!(error.to_string(), expected);
    Ok(())
}

#[test]
fn an_unknown_host_is_reported() -> Outcome {
    in_child("messages::an_unknown_host_is_reported", NO_VARIABLES, || {
        let session = with_token().base_url("http://press.invalid").allow_insecure_http(true);
        let error = runtime()?.block_on(failure(session))?;
        assert_eq!(error.kind(), ErrorKind::Connection);
        let expected = "list_specs, page 1, at http://press.invalid: the host name could not be \
                        resolved; check the network, the stage or base URL, and try again";
        assert_eq!(error.to_string(), expected);
        Ok(())
    })
}

#[tokio::test]
async fn an_incomplete_response_is_reported() -> Outcome {
    let expected = "the connection closed before the response was complete; check the network and \
                    any gateway in between, and try again";
    assert_eq!(message(Fault::drop_connection()).await?, expected);
    assert_eq!(message(Fault::pass().cut_after(3)).await?, expected);
    Ok(())
}

#[test]
fn a_missing_token_names_the_variable_and_the_setter() -> Outcome {
    let test = "messages::a_missing_token_names_the_variable_and_the_setter";
    in_child(test, NO_VARIABLES, || {
        let error = build_error(Session::builder());
        assert_eq!(error.kind(), ErrorKind::MissingEnvironmentVariable);
        let expected = "the environment variable PEAK_AUTH_TOKEN (or API_KEY) is not set; set it, \
                        or use `Session::builder().auth_token(…)`";
        assert_eq!(error.to_string(), expected);
        Ok(())
    })
}

#[test]
fn an_unknown_stage_lists_the_stages() -> Outcome {
    const KNOWN: &str = "use one of dev, latest, test, beta, prod, parvati";
    let error = "mars".parse::<Stage>().expect_err("an unknown stage");
    assert_eq!(error.to_string(), format!("unknown stage \"mars\"; {KNOWN}"));
    let test = "messages::an_unknown_stage_lists_the_stages";
    in_child(test, &[("PEAK__STAGE", "mars")], || {
        let error = build_error(with_token());
        assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
        let expected = "unknown stage \"mars\" in the environment variable PEAK__STAGE";
        assert_eq!(error.to_string(), format!("{expected}; {KNOWN}"));
        Ok(())
    })
}

#[test]
fn invalid_base_url_errors_state_the_reason() {
    const NOT_HTTP: &str = "is not an https:// or http:// URL";
    for (url, expected) in [
        ("", "is empty"),
        ("press.peak.ai", "has no scheme; use `https://press.peak.ai`"),
        ("press.peak.ai/v2/", "has no scheme; use `https://press.peak.ai/v2`"),
        ("press.peak.ai:8443", "has no scheme; use `https://press.peak.ai:8443`"),
        ("localhost:8080", "has no scheme; use `http://localhost:8080`"),
        ("127.0.0.1:8080", "has no scheme; use `http://127.0.0.1:8080`"),
        ("two words", "is not a URL"),
        ("/v1", "is not a URL"),
        ("https://", "is not a URL"),
        ("press.peak.ai?token=s3cr3t", "is not a URL"),
        ("user:s3cr3t@example.com", NOT_HTTP),
        ("ftp://example.com", NOT_HTTP),
        ("https://user:s3cr3t@example.com", "contains a user name or password; remove it"),
        ("https://example.com?token=s3cr3t", "contains a query or fragment; remove it"),
        (
            "http://example.com",
            "is plain http to another machine, which would send the token unencrypted; use https, \
             or `allow_insecure_http(true)`",
        ),
    ] {
        let error = build_error(with_token().base_url(url));
        assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
        assert_eq!(error.to_string(), format!("`base_url` {expected}"), "{url}");
    }
}

/// Tokens that cannot be sent, and why.
const INVALID_TOKENS: [(&str, &str); 6] = [
    ("", "is empty"),
    (" ", "is empty"),
    ("token\n", "ends in a line break"),
    ("token\r\n", "ends in a line break"),
    ("to\nken\n", "contains a line break"),
    ("to\0ken", "contains a control character"),
];

#[test]
fn invalid_token_errors_state_the_reason() -> Outcome {
    let session = with_token().build()?;
    for (token, reason) in INVALID_TOKENS {
        let expected = format!("`auth_token` {reason}");
        let error = build_error(Session::builder().auth_token(token));
        assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
        assert_eq!(error.to_string(), expected);
        let error = session.set_auth_token(token).expect_err("an invalid token");
        assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
        assert_eq!(error.to_string(), expected);
    }
    Ok(())
}

#[tokio::test]
async fn errors_for_invalid_tokens_from_auth_token_fn_state_the_reason() -> Outcome {
    let mock = MockPress::start()?;
    for (token, reason) in INVALID_TOKENS {
        let function = move || future::ready(Ok::<_, Error>(token.to_owned()));
        let error = failure(mock.session_builder().auth_token_fn(function)).await?;
        assert_eq!(error.kind(), ErrorKind::Credentials);
        let expected = format!(
            "list_specs, page 1: `auth_token_fn` returned a token that cannot be sent: it \
             {reason}; check the function given to `SessionBuilder::auth_token_fn`"
        );
        assert_eq!(error.to_string(), expected);
    }
    assert_eq!(mock.request_count(), 0);
    Ok(())
}

#[test]
fn an_invalid_token_in_the_environment_names_its_variable() -> Outcome {
    let test = "messages::an_invalid_token_in_the_environment_names_its_variable";
    in_child(test, &[("API_KEY", "token\n")], || {
        let error = build_error(Session::builder());
        assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
        assert_eq!(error.to_string(), "the token in API_KEY ends in a line break");
        Ok(())
    })
}

#[tokio::test]
async fn invalid_spec_ids_name_the_character() -> Outcome {
    let mock = MockPress::start()?;
    let client = client(&mock)?;
    for (id, expected) in [
        ("", "is empty"),
        ("..", "is `..`, which changes the path"),
        ("a/b", "contains '/', which isn't allowed"),
        ("a\\b", r"contains '\\', which isn't allowed"),
        ("a;b", "contains ';', which isn't allowed"),
        ("a\n", r"contains '\n', which isn't allowed"),
    ] {
        let request = client.list_spec_release_deployments(id);
        let error = request.page(1).await.expect_err("an invalid spec id");
        assert_eq!(error.kind(), ErrorKind::InvalidParameter);
        let expected = format!("page 1: `spec_id` {expected}");
        assert!(error.to_string().ends_with(&expected), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn invalid_header_errors_state_the_reason() -> Outcome {
    let mock = MockPress::start()?;
    let specs = client(&mock)?.list_specs();
    for (name, value, expected) in [
        (
            "Authorization",
            "token",
            "cannot set `authorization`: use `Session::builder().auth_token(…)`",
        ),
        (
            "Content-Length",
            "1",
            "cannot set `content-length`: the HTTP client manages connection headers",
        ),
        ("two words", "1", "has an invalid name: \"two words\""),
        ("x-tenant", "a\n", "has an invalid value for `x-tenant`: it ends in a line break"),
    ] {
        let error = specs.clone().header(name, value).page(1).await.expect_err("a bad header");
        assert_eq!(error.kind(), ErrorKind::InvalidParameter);
        assert_eq!(error.to_string(), format!("list_specs, page 1: `header` {expected}"));
        let error = build_error(with_token().header(name, value));
        assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
        assert_eq!(error.to_string(), format!("`header` {expected}"));
    }
    let error = build_error(with_token().user_agent("a\nb"));
    assert_eq!(error.to_string(), "`user_agent` contains a line break");
    Ok(())
}
