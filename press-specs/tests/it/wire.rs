//! Requests on the wire: parameters, headers and paths.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::HeaderValue;
use press_specs::{
    ErrorKind, ItemStream, ListOperation, ListRequest, ListSpecReleaseDeployments, ListSpecs,
    PageStream, Position, RetryPolicy, Session, SessionBuilder, Spec, Stage, blocking, get_client,
    mock::{Fault, Gate, MockPress, Operation, ReceivedRequest},
    types::{
        DeploymentPage, DeploymentSort, DeploymentStatus, SpecKind, SpecScope, SpecSort,
        SpecStatus, SpecSummary,
    },
};
use serde_json::json;

use crate::{Outcome, client, ids};

const ODD: &str = "a b&c=d;é:%2F+#?/\\\"'<>\u{1F980}[]|~\n";

/// A mock that returns the same page for every request.
fn any_request_mock() -> Outcome<MockPress> {
    let page = r#"{"pageCount":1,"specs":[],"deployments":[]}"#;
    Ok(MockPress::builder().fault(Fault::raw_body(page).always()).start()?)
}

fn only_request(mock: &MockPress) -> ReceivedRequest {
    let mut requests = mock.requests();
    mock.clear_requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    requests.remove(0)
}

/// The method and target of the only request, decoded: keys sorted, the values of one key in their
/// order.
fn received(mock: &MockPress) -> String {
    let request = only_request(mock);
    let raw = request.raw_query().unwrap_or_default();
    assert!(raw.bytes().all(|byte| byte.is_ascii_graphic()), "{raw:?}");
    let mut pairs = request.query_pairs();
    pairs.sort_by(|(key, _), (other, _)| key.cmp(other));
    let pairs: Vec<_> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("{} {}?{}", request.method(), request.path(), pairs.join("&"))
}

async fn assert_sent<O: ListOperation>(
    mock: &MockPress,
    request: ListRequest<O>,
    path: &str,
    query: &str,
) -> Outcome {
    request.page(None).await?;
    assert_eq!(received(mock), format!("GET {path}?{query}"));
    Ok(())
}

/// Asserts that a request sets every parameter of the API, so that a new one needs a setter. Only
/// the `Debug` output lists the parameters.
fn assert_every_parameter_is_set<O: ListOperation>(request: &ListRequest<O>) {
    let shown = format!("{request:?}");
    let parameters = shown
        .split_once("operation: ")
        .and_then(|(_, shown)| shown.split_once('}'))
        .expect("an operation");
    let unset = parameters.0.replace("page_number: None", "");
    assert!(!unset.contains("None"), "a parameter without a setter: {unset}");
    assert!(!unset.contains("[]"), "a parameter without a setter: {unset}");
}

fn with_every_spec_filter(client: &Spec) -> ListSpecs {
    let specs = client.list_specs().status(["available"]).featured(true).kind("app").term("t");
    specs.sort(["name:asc"]).scope(["public"]).page_size(7)
}

fn with_every_deployment_filter(client: &Spec) -> ListSpecReleaseDeployments {
    let deployments = client.list_spec_release_deployments("s").version("1.0.0-rc.1+b 2");
    deployments
        .status([DeploymentStatus::Failed])
        .name("n")
        .title("t")
        .sort([DeploymentSort::NameDesc, DeploymentSort::CreatedByAsc])
        .page_size(7)
}

#[tokio::test]
async fn every_parameter_of_specs_is_sent() -> Outcome {
    let mock = any_request_mock()?;
    let client = client(&mock)?;
    let every = with_every_spec_filter(&client);
    assert_every_parameter_is_set(&every);
    let query =
        "featured=true&kind=app&pageSize=7&scope=public&sort=name:asc&status=available&term=t";
    assert_sent(&mock, every, "/v1/specs/", query).await
}

#[tokio::test]
async fn every_parameter_of_deployments_is_sent() -> Outcome {
    let mock = any_request_mock()?;
    let client = client(&mock)?;
    let path = "/v1/specs/s/releases/deployments";
    let every = with_every_deployment_filter(&client);
    assert_every_parameter_is_set(&every);
    let query = "name=n&pageSize=7&sort=name:desc&sort=createdBy:asc&status=failed&title=t\
                 &version=1.0.0-rc.1+b 2";
    assert_sent(&mock, every, path, query).await?;

    let deployments = client.list_spec_release_deployments("s");
    let deployments = deployments.sort(["name:asc"]).status(["failed", "new"]);
    assert_sent(&mock, deployments, path, "sort=name:asc&status=failed&status=new").await
}

#[tokio::test]
async fn setters_determine_the_query() -> Outcome {
    let mock = any_request_mock()?;
    let client = client(&mock)?;
    let specs = || client.list_specs();
    let term = format!("term={ODD}");
    for (request, query) in [
        (specs(), ""),
        (specs().status([SpecStatus::Available]), "status=available"),
        (specs().status(["unavailable", "available"]), "status=unavailable&status=available"),
        (
            specs().status(SpecStatus::KNOWN.to_vec()),
            "status=available&status=unavailable&status=archived",
        ),
        (specs().status(["archived"]).status(["available"]), "status=available"),
        (specs().status(["archived"]).status([""; 0]), ""),
        (specs().featured(false), "featured=false"),
        (specs().kind(SpecKind::App), "kind=app"),
        (specs().term(""), "term="),
        (specs().term(ODD), &term),
        (
            specs().sort([SpecSort::TitleAsc, SpecSort::CreatedAtDesc]),
            "sort=title:asc&sort=createdAt:desc",
        ),
        (specs().sort(None::<SpecSort>), ""),
        (specs().scope([SpecScope::Shared, SpecScope::Private]), "scope=shared&scope=private"),
        (specs().page_size(u64::from(u32::MAX)), "pageSize=4294967295"),
        // Options of streams don't affect a single page.
        (specs().start_page(3).concurrency(4), ""),
        // Unknown values are sent as they are.
        (
            specs().kind("robot & co").status(["späť"]).scope(["x:y"]).sort(["size:up"]),
            "kind=robot & co&scope=x:y&sort=size:up&status=späť",
        ),
    ] {
        assert_sent(&mock, request, "/v1/specs/", query).await?;
    }
    Ok(())
}

#[tokio::test]
async fn list_setters_accept_options() -> Outcome {
    let mock = any_request_mock()?;
    let client = client(&mock)?;
    let path = "/v1/specs/";
    for (status, query) in [(Some("archived"), "status=archived"), (None, "")] {
        assert_sent(&mock, client.list_specs().status(status), path, query).await?;
        let owned = status.map(str::to_owned);
        assert_sent(&mock, client.list_specs().status(&owned), path, query).await?;
        assert_sent(&mock, client.list_specs().status(owned), path, query).await?;
        let status = status.map(SpecStatus::from);
        assert_sent(&mock, client.list_specs().status(&status), path, query).await?;
        assert_sent(&mock, client.list_specs().status(status), path, query).await?;
    }
    let specs = client.list_specs().sort(Some("name:asc")).scope(Some(SpecScope::Public));
    assert_sent(&mock, specs, path, "scope=public&sort=name:asc").await?;
    let deployments = client.list_spec_release_deployments("s");
    let deployments = deployments.status(Some("failed")).sort(None::<DeploymentSort>);
    let path = "/v1/specs/s/releases/deployments";
    assert_sent(&mock, deployments, path, "status=failed").await
}

/// Asserts that `query` rejects each parameter of a request, and names its setter.
async fn assert_setters_are_named<O: ListOperation>(
    mock: &MockPress,
    request: ListRequest<O>,
) -> Outcome {
    request.clone().page(1).await?;
    for (parameter, _) in only_request(mock).query_pairs() {
        let setter = match &*parameter {
            "pageNumber" => "`page` or `start_page`",
            "pageSize" => "`page_size`",
            _ => &format!("`{parameter}`"),
        };
        let result = request.clone().query(&parameter, "x").page(1).await;
        let error = result.err().ok_or("a page")?;
        assert_eq!(error.kind(), ErrorKind::InvalidParameter);
        let expected = format!("page 1: `query` cannot set `{parameter}`: use {setter}");
        assert!(error.to_string().ends_with(&expected), "{error}");
    }
    assert_eq!(mock.request_count(), 0);
    Ok(())
}

#[tokio::test]
async fn query_names_the_setters_of_known_parameters() -> Outcome {
    let mock = any_request_mock()?;
    let client = client(&mock)?;
    assert_setters_are_named(&mock, with_every_spec_filter(&client)).await?;
    assert_setters_are_named(&mock, with_every_deployment_filter(&client)).await?;
    // A parameter of the other operation has no setter here.
    let specs = client.list_specs().query("version", "1");
    assert_sent(&mock, specs, "/v1/specs/", "version=1").await
}

#[tokio::test]
async fn page_number_is_sent_only_if_set() -> Outcome {
    let mock = any_request_mock()?;
    let specs = client(&mock)?.list_specs();
    specs.clone().page(Some(u64::from(u32::MAX))).await?;
    assert_eq!(received(&mock), "GET /v1/specs/?pageNumber=4294967295");
    // A stream sends the number of the first page too.
    specs.clone().stream().next().await;
    assert_eq!(received(&mock), "GET /v1/specs/?pageNumber=1");
    specs.start_page(4).pages().next().await;
    assert_eq!(received(&mock), "GET /v1/specs/?pageNumber=4");
    Ok(())
}

#[tokio::test]
async fn only_documented_headers_are_sent() -> Outcome {
    let mock = any_request_mock()?;
    let session = || mock.session_builder();
    let host = mock.url().trim_start_matches("http://");
    let own = concat!("press-specs/", env!("CARGO_PKG_VERSION"));
    // Tokens are sent as given, except that surrounding white space is trimmed.
    let tokens =
        ["key", "Bearer abc.def-ghi", "a  b", "ünicode", "a:b/c+d==", "~!@#$%^&*()\"'\\", "\tx"];
    let sessions = tokens.map(|token| (session().auth_token(token), token, own));
    let named =
        (session().auth_token("key").user_agent("nightly-report/2"), "key", "nightly-report/2");
    for (session, token, user_agent) in sessions.into_iter().chain([named]) {
        get_client(session.build()?)?.list_specs().page(1).await?;
        let mut headers = only_request(&mock).headers();
        headers.sort();
        let mut expected = vec![
            ("accept".to_owned(), "application/json".to_owned()),
            ("authorization".to_owned(), token.trim().to_owned()),
            ("host".to_owned(), host.to_owned()),
            ("user-agent".to_owned(), user_agent.to_owned()),
        ];
        if cfg!(feature = "gzip") {
            expected.insert(1, ("accept-encoding".to_owned(), "gzip".to_owned()));
        }
        assert_eq!(headers, expected);
    }
    Ok(())
}

#[tokio::test]
async fn custom_http_clients_keep_their_user_agent() -> Outcome {
    let mock = any_request_mock()?;
    let custom =
        reqwest::Client::builder().user_agent("custom").retry(reqwest::retry::never()).build()?;
    let custom = mock.session_builder().http_client(custom);
    for (session, expected) in
        [(custom.clone(), "custom"), (custom.user_agent("session"), "session")]
    {
        get_client(session.build()?)?.list_specs().page(1).await?;
        let request = only_request(&mock);
        assert_eq!(request.header("user-agent"), Some(expected));
        assert_eq!(request.header("authorization"), Some(&*mock.token()));
        assert_eq!(request.header("api-version"), None);
    }
    Ok(())
}

#[tokio::test]
async fn base_urls_may_have_a_path_and_trailing_slashes() -> Outcome {
    let mock = any_request_mock()?;
    for (suffix, prefix) in
        [("/", ""), ("//", ""), ("/gateway/", "/gateway"), ("/a/b%20c", "/a/b%20c")]
    {
        let session = mock.session_builder().base_url(format!("{}{suffix}", mock.url())).build()?;
        assert_eq!(session.base_url(), format!("{}{prefix}", mock.url()));
        assert_sent(&mock, get_client(session)?.list_specs(), &format!("{prefix}/v1/specs/"), "")
            .await?;
    }
    Ok(())
}

#[tokio::test]
async fn spec_ids_are_encoded_in_the_path() -> Outcome {
    for id in [
        "0bddb4c6-40c5-45c3-b477-fceb2c051609",
        "a b:c?d=e#f%2F&g,h,i@j+k$l!m*n'o(p)q~r{s}t<u>^`|[v]é\u{1F980}\"",
        " a ",
        "%2e%2e",
        "..%2f..",
        "...",
        ".a",
        "releases",
        "\u{feff}\u{a0}\u{200b}",
    ] {
        let mock = MockPress::builder().deployments(id, [json!({ "id": "d" })]).start()?;
        let page = client(&mock)?.list_spec_release_deployments(id).page(1).await?;
        assert_eq!(page.deployments.len(), 1, "{id:?}");
        let request = only_request(&mock);
        assert_eq!(request.operation(), Some(Operation::ListSpecReleaseDeployments), "{id:?}");
        assert_eq!(request.path().split('/').count(), 6, "{id:?}: {}", request.path());
    }
    Ok(())
}

#[tokio::test]
async fn added_headers_and_parameters_are_sent_with_every_page() -> Outcome {
    let mock = MockPress::builder().generated_specs(4).start()?;
    let session = mock.session_builder().header("x-tenant", "one").header("X-Region", "eu");
    let session = session.header("User-Agent", "own").header("Accept", "*/*").build()?;
    let specs = get_client(session)?.list_specs().page_size(2);
    mock.fault(Fault::status(503).on_page(2));
    let request =
        specs.clone().status(["available", "unavailable", "archived"]).header("X-Tenant", "two");
    ids(request.query("label", "a&b=c").query("label", "é").stream()).await?;
    assert_eq!(mock.request_count(), 3);
    for request in mock.requests() {
        assert_eq!(request.header("x-tenant"), Some("two"));
        assert_eq!(request.header("x-region"), Some("eu"));
        // Added headers replace those of the client.
        let own = |(name, _): &(String, String)| matches!(&**name, "accept" | "user-agent");
        let mut own: Vec<_> =
            request.headers().into_iter().filter(own).map(|(_, value)| value).collect();
        own.sort();
        assert_eq!(own, ["*/*", "own"]);
        assert_eq!(request.query_all("label"), ["a&b=c", "é"]);
        assert_eq!(request.query_all("status").len(), 3);
        assert_eq!(request.query("pageSize").as_deref(), Some("2"));
    }
    mock.clear_requests();
    specs.page(1).await?;
    assert_eq!(mock.requests()[0].header("x-tenant"), Some("one"));
    Ok(())
}

#[tokio::test]
async fn on_request_sees_each_attempt_but_no_token() -> Outcome {
    let mock = MockPress::builder().generated_specs(1).fault(Fault::status(503)).start()?;
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let session = mock.session_builder().header("x-tenant", "one").on_request(move |headers| {
        assert!(!headers.contains_key("authorization"));
        assert_eq!(headers["x-tenant"], "one");
        assert!(headers["x-tenant"].is_sensitive());
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
async fn request_options_override_the_session() -> Outcome {
    // The mock never responds, so that each timeout expires on any machine.
    let mock = MockPress::builder().fault(Fault::hang().always()).start()?;
    let limit = Duration::from_millis(100);
    let specs = client(&mock)?.list_specs();
    let twice = RetryPolicy::default().max_attempts(2).max_delay(Duration::ZERO);
    for (request, text, attempts) in [
        (specs.clone().timeout(limit).retry(RetryPolicy::none()), "the timeout of 100ms", 1),
        (specs.clone().timeout(limit).retry(twice), "the timeout of 100ms", 2),
        (specs.clone().total_timeout(limit), "the total timeout of 100ms", 1),
    ] {
        let error = request.page(1).await.expect_err("a timeout");
        assert_eq!(error.kind(), ErrorKind::Timeout, "{text}");
        assert_eq!(error.attempts(), attempts, "{text}");
        assert!(error.to_string().contains(text), "{error}");
    }
    Ok(())
}

#[test]
fn public_types_are_send_sync_and_debug() {
    fn shared<T: Clone + Send + Sync + std::fmt::Debug + 'static>() {}
    fn stream<T: futures::Stream + Send + Unpin + std::fmt::Debug + 'static>() {}
    fn error<T: std::error::Error + Send + Sync + 'static>() {}
    shared::<Spec>();
    shared::<ListSpecs>();
    shared::<ListSpecReleaseDeployments>();
    shared::<blocking::Spec>();
    shared::<Session>();
    shared::<SessionBuilder>();
    shared::<Stage>();
    shared::<RetryPolicy>();
    shared::<ErrorKind>();
    shared::<Position>();
    shared::<Fault>();
    shared::<Gate>();
    shared::<ReceivedRequest>();
    stream::<ItemStream<SpecSummary>>();
    stream::<PageStream<DeploymentPage>>();
    error::<press_specs::Error>();
    assert_eq!(size_of::<press_specs::Error>(), size_of::<usize>());
}
