//! Requests on the wire: every parameter of both operations, the headers and the path.

use futures::StreamExt;
use press_specs::{
    ListSpecReleaseDeployments, ListSpecs, Session, Spec,
    mock::{Fault, MockPress, Operation, ReceivedRequest},
    types::{DeploymentSort, DeploymentStatus, SpecKind, SpecScope, SpecSort, SpecStatus},
};
use serde_json::json;

use crate::{Outcome, client};

const ODD: &str = "a b&c=d;é:%2F+#?/\\\"'<>\u{1F980}[]|~\n";

/// A mock with one response to everything.
fn yes_man() -> Outcome<MockPress> {
    let page = r#"{"pageCount":1,"specs":[],"deployments":[]}"#;
    Ok(MockPress::builder().fault(Fault::raw_body(page).always()).start()?)
}

fn only_request(mock: &MockPress) -> ReceivedRequest {
    let mut requests = mock.requests();
    mock.clear_requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    requests.remove(0)
}

/// Compares the decoded query: the keys sorted, the values of one key in the order in which they came.
fn assert_query(mock: &MockPress, expected: &str) -> ReceivedRequest {
    let request = only_request(mock);
    let raw = request.raw_query().unwrap_or_default();
    assert!(raw.bytes().all(|byte| byte.is_ascii_graphic()), "{raw:?}");
    let mut pairs = request.query_pairs();
    pairs.sort_by(|(key, _), (other, _)| key.cmp(other));
    let pairs: Vec<_> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(pairs.join("&"), expected, "{raw}");
    request
}

#[tokio::test]
async fn every_parameter_of_list_specs_is_sent_as_documented() -> Outcome {
    type Set = fn(ListSpecs) -> ListSpecs;
    let mock = yes_man()?;
    let client = client(&mock)?;
    let odd = format!("term={ODD}");
    let table: &[(Set, &str)] = &[
        (|specs| specs, ""),
        (|specs| specs.status([SpecStatus::Available]), "status=available"),
        (|specs| specs.status(["unavailable", "available"]), "status=unavailable&status=available"),
        (|specs| specs.status(SpecStatus::KNOWN.to_vec()), "status=available&status=unavailable&status=archived"),
        (|specs| specs.status(Vec::<String>::new()), ""),
        (|specs| specs.status(["archived"]).status(["available"]), "status=available"),
        (|specs| specs.status(["archived"]).status([""; 0]), ""),
        (|specs| specs.featured(true), "featured=true"),
        (|specs| specs.featured(false), "featured=false"),
        (|specs| specs.kind(SpecKind::App), "kind=app"),
        (|specs| specs.kind(String::from("service")), "kind=service"),
        (|specs| specs.term(""), "term="),
        (|specs| specs.term(ODD), &odd),
        (|specs| specs.sort([SpecSort::TitleAsc, SpecSort::CreatedAtDesc]), "sort=title:asc&sort=createdAt:desc"),
        (|specs| specs.sort(["name:desc"]), "sort=name:desc"),
        (|specs| specs.sort(None::<SpecSort>), ""),
        (|specs| specs.scope(["shared", "private"]), "scope=shared&scope=private"),
        (|specs| specs.scope([SpecScope::Public]), "scope=public"),
        (|specs| specs.page_size(1), "pageSize=1"),
        (|specs| specs.page_size(u32::MAX), "pageSize=4294967295"),
        // What only a walk of all pages uses does not reach a single page.
        (|specs| specs.start_page(3).concurrency(4), ""),
        // Values that this version does not know are for the service to judge.
        (
            |specs| specs.kind("robot & co").status(["späť"]).scope(["x:y"]).sort(["size:up"]),
            "kind=robot & co&scope=x:y&sort=size:up&status=späť",
        ),
        (
            |specs| {
                let specs = specs.status(["available"]).featured(true).kind("app").term("t");
                specs.sort(["name:asc"]).scope(["public"]).page_size(7)
            },
            "featured=true&kind=app&pageSize=7&scope=public&sort=name:asc&status=available&term=t",
        ),
    ];
    for (set, expected) in table {
        set(client.list_specs()).page(None).await?;
        let request = assert_query(&mock, expected);
        assert_eq!((request.method(), request.path()), ("GET", "/v1/specs/"));
    }
    Ok(())
}

#[tokio::test]
async fn every_parameter_of_list_spec_release_deployments_is_sent_as_documented() -> Outcome {
    type Set = fn(ListSpecReleaseDeployments) -> ListSpecReleaseDeployments;
    let mock = yes_man()?;
    let client = client(&mock)?;
    let odd = format!("name={ODD}&title={ODD}");
    let table: &[(Set, &str)] = &[
        (|deployments| deployments, ""),
        (|deployments| deployments.version("1.0.0-rc.1+b 2"), "version=1.0.0-rc.1+b 2"),
        (
            |deployments| deployments.status([DeploymentStatus::Failed, DeploymentStatus::DeleteFailed]),
            "status=failed&status=delete_failed",
        ),
        (
            |deployments| deployments.status(["platform_resource_error", "not yet known"]),
            "status=platform_resource_error&status=not yet known",
        ),
        (|deployments| deployments.status([] as [&str; 0]), ""),
        (|deployments| deployments.name(ODD).title(String::from(ODD)), &odd),
        (
            |deployments| deployments.sort([DeploymentSort::NameDesc, DeploymentSort::CreatedByAsc]),
            "sort=name:desc&sort=createdBy:asc",
        ),
        (|deployments| deployments.sort(["createdAt:asc"]), "sort=createdAt:asc"),
        (|deployments| deployments.sort(None::<&str>), ""),
        (|deployments| deployments.page_size(50), "pageSize=50"),
        (|deployments| deployments.start_page(2).concurrency(2), ""),
    ];
    for (set, expected) in table {
        set(client.list_spec_release_deployments("s")).page(None).await?;
        let request = assert_query(&mock, expected);
        let line = (request.method(), request.path());
        assert_eq!(line, ("GET", "/v1/specs/s/releases/deployments"));
    }
    Ok(())
}

#[tokio::test]
async fn the_page_number_is_sent_only_when_it_is_given() -> Outcome {
    let mock = yes_man()?;
    let client = client(&mock)?;
    client.list_specs().page(Some(u32::MAX)).await?;
    assert_query(&mock, "pageNumber=4294967295");
    client.list_spec_release_deployments("s").page_size(9).page(2).await?;
    assert_query(&mock, "pageNumber=2&pageSize=9");
    // A walk names the first page too.
    client.list_specs().stream().next().await;
    assert_query(&mock, "pageNumber=1");
    client.list_specs().start_page(4).pages().next().await;
    assert_query(&mock, "pageNumber=4");
    Ok(())
}

#[tokio::test]
async fn each_page_of_a_walk_carries_all_parameters() -> Outcome {
    let mock = MockPress::builder().generated_specs(40).start()?;
    let specs = client(&mock)?.list_specs().status(["available"]).sort(["name:asc"]).term("a");
    crate::ids(specs.page_size(10).stream()).await?;
    let requests = mock.requests();
    assert!(requests.len() > 1, "{requests:?}");
    for (request, number) in requests.iter().zip(1..) {
        assert_eq!(request.page_number(), Some(number));
        let others: Vec<_> = request.query_pairs();
        let others: Vec<_> = others.iter().filter(|(key, _)| key != "pageNumber").collect();
        assert_eq!(others.len(), 4, "{others:?}");
    }
    Ok(())
}

#[tokio::test]
async fn nothing_but_the_documented_headers_is_sent() -> Outcome {
    let mock = yes_man()?;
    client(&mock)?.list_specs().page(1).await?;
    let mut headers = only_request(&mock).headers();
    headers.sort();
    let host = mock.url().trim_start_matches("http://").to_owned();
    let version = concat!("press-specs/", env!("CARGO_PKG_VERSION")).to_owned();
    let mut expected = vec![
        ("accept".to_owned(), "application/json".to_owned()),
        ("authorization".to_owned(), mock.token()),
        ("host".to_owned(), host),
        ("user-agent".to_owned(), version),
    ];
    if cfg!(feature = "gzip") {
        expected.insert(1, ("accept-encoding".to_owned(), "gzip".to_owned()));
    }
    assert_eq!(headers, expected);
    Ok(())
}

#[tokio::test]
async fn the_token_is_sent_exactly_as_given() -> Outcome {
    for token in ["key", "Bearer abc.def-ghi", "a  b", "ünicode", "a:b/c+d==", "~!@#$%^&*()\"'\\", "\tx"] {
        let mock = MockPress::builder().token(token.trim()).generated_specs(1).start()?;
        let session = mock.session_builder().auth_token(token).build()?;
        let page = press_specs::get_client(session)?.list_specs().page(1).await?;
        assert_eq!(page.specs.len(), 1, "{token:?}");
        let sent = only_request(&mock).headers();
        let sent: Vec<_> = sent.iter().filter(|(name, _)| name == "authorization").collect();
        assert!(matches!(sent[..], [(_, value)] if value == token.trim()), "{token:?}: {sent:?}");
    }
    Ok(())
}

#[tokio::test]
async fn the_user_agent_is_that_of_the_session_then_of_a_custom_http_client() -> Outcome {
    let mock = yes_man()?;
    let custom = reqwest::Client::builder().user_agent("custom").retry(reqwest::retry::never());
    let custom = mock.session_builder().http_client(custom.build()?);
    for (session, expected) in [
        (mock.session_builder().user_agent("nightly-report/2"), "nightly-report/2"),
        (custom.clone(), "custom"),
        (custom.user_agent("session"), "session"),
    ] {
        press_specs::get_client(session.build()?)?.list_specs().page(1).await?;
        let request = only_request(&mock);
        assert_eq!(request.header("user-agent"), Some(expected));
        assert_eq!(request.header("authorization"), Some(mock.token().as_str()));
        assert_eq!(request.header("api-version"), None);
    }
    Ok(())
}

#[tokio::test]
async fn the_base_url_may_have_a_path_and_slashes_at_its_end() -> Outcome {
    let mock = yes_man()?;
    for (suffix, prefix) in [
        ("", ""),
        ("/", ""),
        ("//", ""),
        ("/gateway", "/gateway"),
        ("/gateway/", "/gateway"),
        ("/a/b%20c/", "/a/b%20c"),
    ] {
        let session = mock.session_builder().base_url(format!("{}{suffix}", mock.url())).build()?;
        assert_eq!(session.base_url(), format!("{}{prefix}", mock.url()));
        let client = press_specs::get_client(session)?;
        client.list_specs().page(None).await?;
        assert_eq!(only_request(&mock).path(), format!("{prefix}/v1/specs/"), "{suffix}");
        client.list_spec_release_deployments("s").page(None).await?;
        let path = format!("{prefix}/v1/specs/s/releases/deployments");
        assert_eq!(only_request(&mock).path(), path, "{suffix}");
    }
    Ok(())
}

#[tokio::test]
async fn spec_ids_reach_the_service_as_they_are() -> Outcome {
    for id in [
        "0bddb4c6-40c5-45c3-b477-fceb2c051609",
        "0bddb4c6-…",
        "a b",
        " a ",
        "é\u{1F980}",
        "a:b",
        "a?b=c",
        "#a",
        "100%",
        "%2F",
        "%2e%2e",
        "..%2f..",
        "...",
        ".a",
        "a;b,c@d&e=f+g$h!i*j'k(l)m~n_o",
        "{id}",
        "<a>\"^`|[b]",
        "releases",
        "\u{feff}\u{a0}\u{200b}",
    ] {
        let mock = MockPress::builder().deployments(id, [json!({ "id": "d" })]).start()?;
        let page = client(&mock)?.list_spec_release_deployments(id).page(1).await?;
        assert_eq!(page.deployments.len(), 1, "{id:?}");
        let request = only_request(&mock);
        let operation = request.operation();
        assert_eq!(operation, Some(Operation::ListSpecReleaseDeployments), "{id:?}");
        assert_eq!(request.path().split('/').count(), 6, "{id:?}: {}", request.path());
    }
    Ok(())
}

#[test]
fn what_is_public_can_be_shared_and_shown() {
    fn shared<T: Clone + Send + Sync + std::fmt::Debug + 'static>() {}
    fn stream<T: futures::Stream + Send + Unpin + std::fmt::Debug + 'static>() {}
    shared::<Spec>();
    shared::<Session>();
    shared::<press_specs::SessionBuilder>();
    shared::<press_specs::Stage>();
    shared::<press_specs::RetryPolicy>();
    shared::<press_specs::ErrorKind>();
    shared::<press_specs::Position>();
    shared::<press_specs::mock::Fault>();
    shared::<press_specs::mock::Gate>();
    shared::<press_specs::mock::ReceivedRequest>();
    shared::<ListSpecs>();
    shared::<ListSpecReleaseDeployments>();
    shared::<press_specs::blocking::Spec>();
    stream::<press_specs::ItemStream<press_specs::types::SpecSummary>>();
    stream::<press_specs::PageStream<press_specs::types::DeploymentPage>>();
    fn error<T: std::error::Error + Send + Sync + std::fmt::Debug + 'static>() {}
    error::<press_specs::Error>();
    assert_eq!(size_of::<press_specs::Error>(), size_of::<usize>());
}
