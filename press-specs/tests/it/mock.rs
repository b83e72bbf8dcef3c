//! What MockPress answers, seen by a client that knows nothing of press-specs.

use std::error::Error;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use press_specs::mock::{Fault, Gate, MockPress, Operation};
use reqwest::{Client, Method, Response, StatusCode, redirect};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

type Outcome = Result<(), Box<dyn Error>>;

const SPECS_PAGE: &str = include_str!("../fixtures/specs_page.json");
const DEPLOYMENTS_PAGE: &str = include_str!("../fixtures/deployments_page.json");
const PATIENCE: Duration = Duration::from_secs(20);
const SPECS: &str = "/v1/specs/";
const DEPLOYMENTS: &str = "/v1/specs/s/releases/deployments";

/// A client that does nothing by itself and, as tests have a runtime each, keeps no connections.
static CLIENT: LazyLock<Client> = LazyLock::new(|| client(0));

fn client(kept_connections: usize) -> Client {
    Client::builder()
        .retry(reqwest::retry::never())
        .redirect(redirect::Policy::none())
        .pool_max_idle_per_host(kept_connections)
        .build()
        .expect("a client can be made")
}

async fn send(mock: &MockPress, method: Method, target: &str) -> reqwest::Result<Response> {
    let request = CLIENT.request(method, format!("{}{target}", mock.url()));
    request.header("authorization", mock.token()).send().await
}

async fn get(mock: &MockPress, target: &str) -> reqwest::Result<Response> {
    send(mock, Method::GET, target).await
}

async fn json_of(response: Response) -> Result<Value, Box<dyn Error>> {
    Ok(serde_json::from_str(&response.text().await?)?)
}

async fn page(mock: &MockPress, target: &str) -> Result<Value, Box<dyn Error>> {
    let response = get(mock, target).await?;
    assert_eq!(response.status(), 200, "{target}");
    assert_eq!(response.headers()["content-type"], "application/json");
    json_of(response).await
}

fn ids(page: &Value) -> Vec<&str> {
    let items = page.get("specs").or(page.get("deployments"));
    let items = items.and_then(Value::as_array).expect("an item list");
    items.iter().filter_map(|item| item["id"].as_str()).collect()
}

/// Asks with each query and compares the ids of the page.
async fn assert_ids(mock: &MockPress, path: &str, table: &[(&str, &[&str])]) -> Outcome {
    for (query, expected) in table {
        let page = page(mock, &format!("{path}?{query}")).await?;
        assert_eq!(ids(&page), *expected, "{query}");
    }
    Ok(())
}

fn catalogue() -> MockPress {
    let spec = |id: &str, kind: &str, scope: &str, status: &str, featured: Value, at: &str| {
        json!({
            "id": id, "kind": kind, "scope": scope, "featured": featured,
            "metadata": { "status": status, "createdAt": at },
        })
    };
    let mut specs = [
        spec("a", "app", "private", "available", json!(true), "2021-01-01T00:00:00Z"),
        spec(
            "b",
            "workflow",
            "public",
            "unavailable",
            json!(false),
            "2020-01-01T00:00:00.000Z",
        ),
        spec(
            "c",
            "service",
            "shared",
            "archived",
            json!(null),
            "2019-12-31T23:30:00-01:00",
        ),
        spec("d", "app", "public", "available", json!(false), "2022-01-01T00:00:00Z"),
    ];
    let named = [
        ("Beta", "Straße & Co", "zoe", "Zeigt PREISE", ""),
        ("alpha", "10% off", "ann", "", "about prices"),
        ("Beta", "another", "bob", "", ""),
        ("gamma", "[x]=y", "ann", "", "100 %"),
    ];
    for (spec, (name, title, by, summary, description)) in specs.iter_mut().zip(named) {
        spec["metadata"]["name"] = json!(name);
        spec["metadata"]["title"] = json!(title);
        spec["metadata"]["createdBy"] = json!(by);
        spec["metadata"]["summary"] = json!(summary);
        spec["metadata"]["description"] = json!(description);
    }
    // Two items with nothing in them: nothing may be taken for granted.
    let mock = MockPress::builder().specs(specs).spec(json!({ "id": "e" }));
    let mock = mock.spec(json!({ "id": "f", "metadata": null }));
    mock.start().expect("a mock can be started")
}

#[tokio::test]
async fn specs_are_filtered_as_documented() -> Outcome {
    assert_ids(
        &catalogue(),
        SPECS,
        &[
            // By creation date, as points in time; without one they come first.
            ("", &["e", "f", "b", "c", "a", "d"]),
            ("status=available", &["a", "d"]),
            ("status=archived&status=available", &["c", "a", "d"]),
            ("featured=true", &["a"]),
            ("featured=false", &["e", "f", "b", "c", "d"]),
            ("kind=app", &["a", "d"]),
            ("kind=service", &["c"]),
            ("scope=public", &["b", "d"]),
            ("scope=shared&scope=private", &["c", "a"]),
            ("scope=public&status=available&kind=app", &["d"]),
            ("kind=app&scope=shared", &[]),
            // In name, title, summary and description, without regard to case.
            ("term=BETA", &["c", "a"]),
            ("term=another", &["c"]),
            ("term=preise", &["a"]),
            ("term=Prices", &["b"]),
            ("term=ann", &[]),
            ("term=stra%C3%9Fe+%26", &["a"]),
            ("term=10%25", &["b"]),
            ("term=100%20%25", &["d"]),
            ("term=%5Bx%5D%3Dy", &["d"]),
            ("term=", &["e", "f", "b", "c", "a", "d"]),
            // What the operation does not know it ignores.
            ("version=1.0.0&name=Beta&limit=1&kind=service", &["c"]),
        ],
    )
    .await
}

#[tokio::test]
async fn specs_are_sorted_by_several_keys() -> Outcome {
    assert_ids(
        &catalogue(),
        SPECS,
        &[
            ("sort=createdAt:asc", &["e", "f", "b", "c", "a", "d"]),
            ("sort=createdAt:desc", &["d", "a", "c", "b", "e", "f"]),
            ("sort=name%3Aasc", &["e", "f", "c", "a", "b", "d"]),
            ("sort=name:desc", &["d", "b", "c", "a", "e", "f"]),
            ("sort=title:asc", &["e", "f", "b", "a", "d", "c"]),
            ("sort=createdBy:asc", &["e", "f", "b", "d", "c", "a"]),
            ("sort=createdBy:asc&sort=name:desc", &["e", "f", "d", "b", "c", "a"]),
            ("sort=name:desc&sort=createdAt:desc", &["d", "b", "a", "c", "e", "f"]),
            ("sort=name:asc&status=available", &["a", "d"]),
        ],
    )
    .await
}

#[tokio::test]
async fn deployments_are_filtered_and_sorted_as_documented() -> Outcome {
    let deployment = |id: &str, status: &str, version: &str, name: &str, by: &str| {
        json!({
            "id": id,
            // The status that counts is the one of the deployment, not that of its revision.
            "latestRevision": { "status": "rollback" },
            "metadata": { "status": status, "name": name, "title": format!("T{name}"),
                          "createdBy": by, "createdAt": format!("2020-01-0{}", id.len()) },
            "spec": { "id": "s", "release": { "version": version } },
        })
    };
    let mut deployments = vec![
        deployment("d1", "deployed", "1.0.0", "load", "zoe"),
        deployment("d2", "failed", "1.0.0-rc.1", "loader", "ann"),
        deployment("d3", "rollback_failed", "10.0.0", "Load", "ann"),
        deployment("d4", "platform_resource_error", "1.0.0+b", "unload", "bob"),
    ];
    for (day, deployment) in deployments.iter_mut().enumerate() {
        deployment["metadata"]["createdAt"] = json!(format!("2020-01-0{}T00:00:00Z", day + 1));
    }
    deployments.push(json!({ "id": "d5" }));
    let mock = MockPress::builder().deployments("s", deployments).start()?;
    assert_ids(
        &mock,
        DEPLOYMENTS,
        &[
            ("", &["d4", "d3", "d2", "d1", "d5"]),
            ("version=1.0.0", &["d1"]),
            ("version=1.0.0-rc.1", &["d2"]),
            ("version=1.0.0%2Bb", &["d4"]),
            ("version=2.0.0", &[]),
            ("status=deployed", &["d1"]),
            ("status=rollback_failed&status=failed", &["d3", "d2"]),
            ("status=rollback", &[]),
            ("name=load", &["d2", "d1"]),
            ("name=oad", &[]),
            ("name=&title=", &["d4", "d3", "d2", "d1", "d5"]),
            ("title=TL", &["d3"]),
            ("name=load&title=Tloader", &["d2"]),
            ("sort=createdAt:asc", &["d5", "d1", "d2", "d3", "d4"]),
            ("sort=createdBy:asc", &["d5", "d3", "d2", "d4", "d1"]),
            ("sort=createdBy:asc&sort=name:desc", &["d5", "d2", "d3", "d4", "d1"]),
            ("sort=name:desc", &["d4", "d2", "d1", "d3", "d5"]),
            ("term=load&kind=nothing&scope=x&featured=x&name=loader", &["d2"]),
        ],
    )
    .await
}

#[tokio::test]
async fn pages_and_their_counts_are_right() -> Outcome {
    // (specs, query) → (pageCount, pageNumber, pageSize, first and last number of the page)
    type Row = (u64, &'static str, (u64, u64, u64), Option<(usize, usize)>);
    let table: &[Row] = &[
        (0, "", (0, 1, 25), None),
        (0, "pageNumber=3&pageSize=7", (0, 3, 7), None),
        (1, "", (1, 1, 25), Some((0, 0))),
        (25, "", (1, 1, 25), Some((0, 24))),
        (26, "", (2, 1, 25), Some((0, 24))),
        (26, "pageNumber=2", (2, 2, 25), Some((25, 25))),
        (26, "pageNumber=3", (2, 3, 25), None),
        (10, "pageSize=5&pageNumber=2", (2, 2, 5), Some((5, 9))),
        (10, "pageSize=1&pageNumber=10", (10, 10, 1), Some((9, 9))),
        (10, "pageSize=4294967295", (1, 1, 4_294_967_295), Some((0, 9))),
        (
            10,
            "pageSize=4294967295&pageNumber=4294967295",
            (1, 4_294_967_295, 4_294_967_295),
            None,
        ),
    ];
    for &(count, query, (page_count, number, size), expected) in table {
        let mock = MockPress::builder()
            .specs((0..count).map(|number| json!({ "id": number.to_string() })))
            .start()?;
        let page = page(&mock, &format!("{SPECS}?{query}")).await?;
        let expected = expected.map_or(Vec::new(), |(first, last)| (first..=last).collect());
        let expected: Vec<Value> = expected
            .iter()
            .map(|number| json!({ "id": number.to_string() }))
            .collect();
        let expected = json!({
            "pageCount": page_count, "pageNumber": number, "pageSize": size,
            "specCount": count, "specs": expected,
        });
        assert_eq!(page, expected, "{count} specs, {query}");
    }
    Ok(())
}

#[tokio::test]
async fn counts_are_those_of_the_filtered_items() -> Outcome {
    let page = page(&catalogue(), "/v1/specs/?kind=app&pageSize=1&pageNumber=2").await?;
    assert_eq!((&page["pageCount"], &page["specCount"]), (&json!(2), &json!(2)));
    assert_eq!(ids(&page), ["d"]);
    Ok(())
}

#[tokio::test]
async fn documented_examples_go_out_unchanged() -> Outcome {
    let specs: Value = serde_json::from_str(SPECS_PAGE)?;
    let deployments: Value = serde_json::from_str(DEPLOYMENTS_PAGE)?;
    let spec = &specs["specs"][0];
    let deployment = &deployments["deployments"][0];
    let id = spec["id"].as_str().ok_or("an id")?;
    let mock = MockPress::builder().spec(spec).deployments(id, [deployment]).start()?;
    let target = "/v1/specs/0bddb4c6-%E2%80%A6/releases/deployments";
    assert_eq!(page(&mock, SPECS).await?["specs"], specs["specs"]);
    assert_eq!(page(&mock, target).await?["deployments"], deployments["deployments"]);

    mock.clear_catalogue();
    assert_eq!(page(&mock, SPECS).await?["specCount"], 0);
    assert_eq!(get(&mock, target).await?.status(), 404);

    mock.add_spec(spec)?;
    mock.add_spec(spec)?;
    mock.add_deployments(id, [deployment])?;
    assert_eq!(page(&mock, SPECS).await?["specCount"], 2);
    assert_eq!(page(&mock, target).await?["deploymentCount"], 1);

    mock.fault(Fault::raw_body(SPECS_PAGE));
    assert_eq!(get(&mock, SPECS).await?.text().await?, SPECS_PAGE);
    Ok(())
}

#[tokio::test]
async fn invalid_parameters_are_refused_by_name() -> Outcome {
    let mock = MockPress::builder().deployments("s", [json!({})]).start()?;
    let specs = [
        "status=deployed",
        "status=Available",
        "status=available&status=no",
        "status=",
        "status=available,archived",
        "status=available%2Carchived",
        "featured=True",
        "featured=1",
        "featured=",
        "featured=true&featured=true",
        "kind=block",
        "kind=app&kind=service",
        "kind=app,service",
        "kind=",
        "scope=all",
        "scope=public,private",
        "term=a&term=b",
        "sort=name",
        "sort=name:up",
        "sort=status:asc",
        "sort=name:asc,title:asc",
        "sort=",
        "sort=name:asc&sort=:",
        "sort=Name:asc",
        "sort=name:ASC",
        "sort=name:asc:",
        "pageSize=0",
        "pageSize=-1",
        "pageSize=1.0",
        "pageSize=ten",
        "pageSize=",
        "pageSize=%2B1",
        "pageSize=1&pageSize=1",
        "pageSize=99999999999999999999",
        "pageSize=%D9%A1",
        "pageNumber=0",
        "pageNumber=-1",
        "pageNumber=1e1",
        "pageNumber=",
        "pageNumber=+1",
        "pageNumber=1&pageNumber=2",
        "pageNumber=9223372036854775808",
    ];
    let deployments = [
        "status=available",
        "status=deployed,failed",
        "sort=title:asc",
        "name=a&name=b",
        "title=a&title=b",
        "version=1.0",
        "version=v1.0.0",
        "version=01.0.0",
        "version=1.0.0-",
        "version=1.0.0-a..b",
        "version=1.0.0-01",
        "version=1.0.0%2B",
        "version=1.0.0%2Ba%2Bb",
        "version=",
        "version=latest",
        "version=1.0.0&version=1.0.0",
        "pageSize=0",
        "pageNumber=0",
    ];
    let specs = specs.map(|query| (SPECS, query));
    let deployments = deployments.map(|query| (DEPLOYMENTS, query));
    for (path, query) in specs.into_iter().chain(deployments) {
        let response = get(&mock, &format!("{path}?{query}")).await?;
        assert_eq!(response.status(), 400, "{query}");
        let body = json_of(response).await?;
        assert_eq!(body["title"], "Bad Request", "{query}");
        let (name, _) = query.split_once('=').ok_or("a pair")?;
        let detail = body["detail"].as_str().ok_or("a detail")?;
        assert!(detail.starts_with(name), "{query}: {detail}");
    }
    for version in ["0.0.0", "1.2.3-0a.x-y.10+001.z", "1.0.0--"] {
        let version = version.replace('+', "%2B");
        page(&mock, &format!("{DEPLOYMENTS}?version={version}")).await?;
    }
    Ok(())
}

#[tokio::test]
async fn only_the_token_opens_the_door() -> Outcome {
    let mock = MockPress::builder().token("Bearer é").generated_specs(1).start()?;
    let unauthorized = |values: Vec<&'static str>| {
        let url = format!("{}{SPECS}?pageSize=0", mock.url());
        let request = values
            .into_iter()
            .fold(CLIENT.get(url), |request, value| request.header("authorization", value));
        request.send()
    };
    for values in [
        vec![],
        vec![""],
        vec!["Bearer"],
        vec!["é"],
        vec!["bearer é"],
        vec!["Bearer é2"],
        vec!["Bearer é", "Bearer é"],
    ] {
        let response = unauthorized(values.clone()).await?;
        assert_eq!(response.status(), 401, "{values:?}");
        assert_eq!(json_of(response).await?["title"], "Unauthorized");
    }
    assert_eq!(unauthorized(vec!["Bearer é"]).await?.status(), 400);
    assert_eq!(get(&mock, SPECS).await?.status(), 200);
    Ok(())
}

#[tokio::test]
async fn other_paths_and_methods_are_refused() -> Outcome {
    let mock = MockPress::builder()
        .spec(json!({ "id": "s" }))
        .spec(json!({ "id": "a/b ü" }))
        .spec(json!({ "title": "no id" }))
        .deployments("unlisted", [] as [Value; 0])
        .start()?;
    let table = [
        (Method::GET, "/v1/specs/s/releases/deployments", 200),
        (Method::GET, "/v1/specs/%73/releases/deployments", 200),
        (Method::GET, "/v1/specs/a%2Fb%20%C3%BC/releases/deployments", 200),
        (Method::GET, "/v1/specs/unlisted/releases/deployments", 200),
        (Method::GET, "/v1/specs/a/b%20%C3%BC/releases/deployments", 404),
        (Method::GET, "/v1/specs/a%2Fb+%C3%BC/releases/deployments", 404),
        (Method::GET, "/v1/specs/S/releases/deployments", 404),
        (Method::GET, "/v1/specs/%FF/releases/deployments", 404),
        (Method::GET, "/v1/specs//releases/deployments", 404),
        (Method::GET, "/v1/specs/s/releases/deployments/", 404),
        (Method::GET, "/v1/specs", 404),
        (Method::GET, "/v1/specs/s", 404),
        (Method::GET, "/v1//specs/", 404),
        (Method::GET, "/", 404),
        (Method::POST, "/", 404),
        (Method::POST, SPECS, 405),
        (Method::DELETE, "/v1/specs/none/releases/deployments", 405),
        (Method::HEAD, SPECS, 405),
        (Method::OPTIONS, SPECS, 405),
    ];
    for (method, target, status) in table {
        let response = send(&mock, method.clone(), target).await?;
        assert_eq!(response.status(), status, "{method} {target}");
        if status == 405 {
            assert_eq!(response.headers()["allow"], "GET");
        }
        if status != 200 && method != Method::HEAD {
            let body = json_of(response).await?;
            assert!(body["title"].is_string() && body["detail"].is_string(), "{target}");
        }
    }
    // An invalid parameter is refused before the spec is looked for.
    let target = "/v1/specs/none/releases/deployments";
    assert_eq!(get(&mock, &format!("{target}?version=x")).await?.status(), 400);
    assert_eq!(mock.aborted(), 0);
    Ok(())
}

#[tokio::test]
async fn a_generated_catalogue_is_whole_varied_and_always_the_same() -> Outcome {
    let start = || {
        MockPress::builder()
            .generated_specs(400)
            .generated_deployments(30)
            .start()
    };
    let (mock, other) = (start()?, start()?);
    let all = page(&mock, "/v1/specs/?pageSize=400").await?;
    assert_eq!(all, page(&other, "/v1/specs/?pageSize=400").await?);
    assert_eq!(ids(&all), mock.spec_ids());
    let specs = all["specs"].as_array().ok_or("specs")?;
    let average = all.to_string().len() / specs.len();
    assert!((800..1000).contains(&average), "{average} bytes for each spec");

    let mut distinct = ids(&all);
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 400);

    // Every filter finds exactly the items that have the value, and there are some of each.
    let mut filters = vec![("featured", "/featured", vec!["true", "false"])];
    filters.push(("kind", "/kind", vec!["app", "workflow", "service"]));
    filters.push(("scope", "/scope", vec!["private", "public", "shared"]));
    let statuses = vec!["available", "unavailable", "archived"];
    filters.push(("status", "/metadata/status", statuses));
    for (name, pointer, values) in filters {
        for value in values {
            let found = page(&mock, &format!("/v1/specs/?pageSize=400&{name}={value}")).await?;
            let has = |spec: &&Value| match spec.pointer(pointer) {
                Some(Value::String(text)) => text == value,
                Some(Value::Bool(is)) => is.to_string() == value,
                _ => false,
            };
            let expected: Vec<_> = specs.iter().filter(has).filter_map(|s| s["id"].as_str()).collect();
            assert!(!expected.is_empty(), "{name}={value}");
            assert_eq!(ids(&found), expected, "{name}={value}");
        }
    }

    let target = format!("/v1/specs/{}/releases/deployments?pageSize=30", ids(&all)[7]);
    let deployments = page(&mock, &target).await?;
    assert_eq!(deployments, page(&other, &target).await?);
    assert_eq!(deployments["deploymentCount"], 30);
    let newest_first: Vec<_> = deployments["deployments"]
        .as_array()
        .ok_or("deployments")?
        .iter()
        .map(|deployment| deployment["metadata"]["createdAt"].as_str())
        .collect();
    assert!(newest_first.is_sorted_by(|left, right| left > right));

    mock.add_generated_specs(5);
    mock.add_deployments(ids(&all)[7], [json!({ "id": "own" })])?;
    assert_eq!(ids(&page(&mock, &target).await?), ["own"]);
    assert_eq!(page(&mock, SPECS).await?["specCount"], 405);
    Ok(())
}

#[tokio::test]
async fn a_large_catalogue_starts_and_answers_at_once() -> Outcome {
    let begin = Instant::now();
    let mock = MockPress::builder().generated_specs(100_000).start()?;
    for number in [1, 50, 100] {
        let page = page(&mock, &format!("/v1/specs/?pageSize=1000&pageNumber={number}")).await?;
        assert_eq!(ids(&page).len(), 1000);
    }
    let took = begin.elapsed();
    assert!(took < PATIENCE, "{took:?}");
    Ok(())
}

#[tokio::test]
async fn scripted_answers_are_sent_as_scripted() -> Outcome {
    let mock = MockPress::builder().generated_specs(3).start()?;
    let normal = get(&mock, SPECS).await?.text().await?;
    let problem = r#"{"detail":"This response is scripted","title":"Service Unavailable"}"#;
    let (json_type, html_type) = (Some("application/json"), Some("text/html; charset=utf-8"));
    let table = [
        (Fault::status(503), 503, json_type, problem),
        (Fault::status(503).html("<h1>no</h1>"), 503, html_type, "<h1>no</h1>"),
        (Fault::status(500).empty(), 500, None, ""),
        (
            Fault::status(404).json(json!({ "a": [1] })),
            404,
            json_type,
            r#"{"a":[1]}"#,
        ),
        (Fault::status(599).body("text/plain", "é"), 599, Some("text/plain"), "é"),
        (Fault::status(204).empty(), 204, None, ""),
        (Fault::raw_body("{\"pageCount\":"), 200, json_type, "{\"pageCount\":"),
        (Fault::pass(), 200, json_type, normal.as_str()),
        (
            Fault::pass().header("content-type", "text/x"),
            200,
            Some("text/x"),
            normal.as_str(),
        ),
        (
            Fault::pass().delay(Duration::from_millis(1)),
            200,
            json_type,
            normal.as_str(),
        ),
        (
            Fault::pass().trickle(700, Duration::from_millis(1)),
            200,
            json_type,
            normal.as_str(),
        ),
        (
            Fault::pass().trickle(0, Duration::ZERO),
            200,
            json_type,
            normal.as_str(),
        ),
        (Fault::redirect("/elsewhere", 307), 307, None, ""),
    ];
    for (fault, status, media_type, body) in table {
        let told = format!("{fault:?}");
        mock.fault(fault);
        let response = get(&mock, SPECS).await?;
        assert_eq!(response.status(), status, "{told}");
        let found = response.headers().get("content-type");
        assert_eq!(found.and_then(|value| value.to_str().ok()), media_type, "{told}");
        if status == 307 {
            assert_eq!(response.headers()["location"], "/elsewhere");
        }
        assert_eq!(response.text().await?, body, "{told}");
    }
    assert_eq!((mock.unused_faults(), mock.aborted()), (0, 0));

    mock.fault(
        Fault::status(429)
            .header("Retry-After", "1")
            .header("X-A", "1")
            .header("x-a", "2"),
    );
    let response = get(&mock, SPECS).await?;
    assert_eq!(response.headers()["retry-after"], "1");
    assert_eq!(response.headers().get_all("x-a").iter().count(), 2);

    for (fault, mistake) in [
        (Fault::status(99), "status 99"),
        (Fault::status(101), "status 101"),
        (Fault::status(0), "status 0"),
        (Fault::pass().header("a b", "1"), "\"a b\""),
        (Fault::pass().header("a", "1\r\nb: 2"), "\"a\""),
    ] {
        mock.fault(fault);
        let response = get(&mock, SPECS).await?;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = response.text().await?;
        assert!(json_detail(&body).contains(mistake), "{body}");
    }
    Ok(())
}

fn json_detail(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    body["detail"].as_str().unwrap_or_default().to_owned()
}

/// Sends bytes over a bare connection and gives all that comes back.
async fn converse(mock: &MockPress, bytes: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut stream = TcpStream::connect(&mock.url()["http://".len()..]).await?;
    stream.write_all(bytes).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer)
}

fn head(mock: &MockPress) -> Vec<u8> {
    let token = mock.token();
    format!("GET {SPECS} HTTP/1.1\r\nhost: mock\r\nauthorization: {token}\r\n\r\n").into_bytes()
}

#[tokio::test]
async fn connections_end_as_scripted() -> Outcome {
    let mock = MockPress::builder().generated_specs(3).start()?;
    let whole = get(&mock, SPECS).await?.text().await?;
    let declared = format!("content-length: {}\r\n", whole.len());
    let cut = Fault::pass().cut_after(100);
    let scripted_length = Fault::raw_body("four").header("content-length", "9");
    let pace = Duration::from_millis(1);
    let begin = Instant::now();
    // (fault, what the head declares, what comes of the body)
    let table = [
        (cut.clone(), declared.as_str(), &whole[..100]),
        (cut.clone().trickle(30, pace), declared.as_str(), &whole[..100]),
        (Fault::pass().cut_after(0), declared.as_str(), ""),
        (Fault::pass().cut_after(usize::MAX), declared.as_str(), whole.as_str()),
        (
            Fault::status(500).html("0123456789").cut_after(5),
            "content-length: 10\r\n",
            "01234",
        ),
        (scripted_length, "content-length: 9\r\n", "four"),
    ];
    for (fault, declared, body) in table {
        let told = format!("{fault:?}");
        mock.fault(fault);
        let answer = String::from_utf8(converse(&mock, &head(&mock)).await?)?;
        let (answer_head, answer_body) = answer.split_once("\r\n\r\n").ok_or("a head")?;
        assert!(format!("{answer_head}\r\n").contains(declared), "{told}: {answer_head}");
        assert_eq!(answer_body, body, "{told}");
    }
    mock.fault(Fault::drop_connection());
    assert_eq!(converse(&mock, &head(&mock)).await?, b"");
    mock.fault(Fault::raw_connection("SSH-2.0-nonsense\r\n"));
    assert_eq!(converse(&mock, &head(&mock)).await?, b"SSH-2.0-nonsense\r\n");
    assert!(begin.elapsed() < PATIENCE);
    assert_eq!((mock.in_flight(), mock.aborted()), (0, 0));

    // A client that knows HTTP takes each of them for a broken connection, and the next works.
    for fault in [cut, Fault::drop_connection(), Fault::raw_connection("nonsense\r\n\r\n")] {
        let told = format!("{fault:?}");
        mock.fault(fault);
        let outcome = match get(&mock, SPECS).await {
            Ok(response) => response.text().await,
            Err(error) => Err(error),
        };
        assert!(outcome.is_err(), "{told}");
        assert_eq!(get(&mock, SPECS).await?.text().await?, whole);
    }
    Ok(())
}

#[tokio::test]
async fn faults_are_used_up_in_order_by_the_requests_they_are_for() -> Outcome {
    let mock = MockPress::builder()
        .generated_specs(3)
        .fault(Fault::status(501).on_page(2).times(2))
        .fault(Fault::status(502).on_operation(Operation::ListSpecReleaseDeployments))
        .fault(Fault::status(503).when(|request| request.path() == "/elsewhere"))
        .fault(Fault::status(504).when(|request| request.header("x-mark") == Some("yes")))
        .faults([
            Fault::pass(),
            Fault::status(505).times(0),
            Fault::status(506).on_page(1),
        ])
        .start()?;
    assert_eq!(mock.unused_faults(), 7);
    let statuses = [
        ("/v1/specs/?pageNumber=2", 501),
        (SPECS, 200),
        ("/v1/specs/?pageNumber=2", 501),
        ("/v1/specs/?pageNumber=2", 200),
        ("/elsewhere", 503),
        ("/elsewhere", 506),
        (DEPLOYMENTS, 502),
        (DEPLOYMENTS, 404),
    ];
    for (target, status) in statuses {
        assert_eq!(get(&mock, target).await?.status(), status, "{target}");
    }
    assert_eq!(mock.unused_faults(), 1);
    mock.clear_faults();
    mock.fault(Fault::status(507).always());
    for _ in 0..3 {
        assert_eq!(get(&mock, SPECS).await?.status(), 507);
    }
    assert_eq!(mock.unused_faults(), 0);
    Ok(())
}

#[tokio::test]
async fn pages_can_be_changed_before_they_are_sent() -> Outcome {
    let mock = MockPress::builder().generated_specs(60).start()?;
    let mut asked = 0;
    mock.on_page(move |request, page| {
        asked += 1;
        page["pageCount"] = json!(asked);
        if request.page_number() == Some(2) {
            page["specs"] = json!([]);
        }
    });
    assert_eq!(page(&mock, SPECS).await?["pageCount"], 1);
    assert_eq!(get(&mock, "/v1/specs/?pageSize=0").await?.status(), 400);
    let second = page(&mock, "/v1/specs/?pageNumber=2").await?;
    assert_eq!((&second["pageCount"], ids(&second).len()), (&json!(2), 0));
    Ok(())
}

#[tokio::test]
async fn received_requests_are_there_to_assert_on() -> Outcome {
    let mock = MockPress::builder().token("sesame").start()?;
    get(
        &mock,
        "/v1/specs/?term=a%20b%26&status=available&status=archived&pageNumber=7",
    )
    .await?;
    get(&mock, "/v1/specs/%C3%A9/releases/deployments").await?;
    let requests = mock.requests();
    let [first, second] = requests.as_slice() else {
        return Err("two requests".into());
    };
    assert_eq!((first.method(), first.path()), ("GET", SPECS));
    assert_eq!(first.query("term").as_deref(), Some("a b&"));
    assert_eq!(first.query_all("status"), ["available", "archived"]);
    assert_eq!(first.query_pairs().len(), 4);
    assert_eq!(first.page_number(), Some(7));
    assert_eq!(first.operation(), Some(Operation::ListSpecs));
    assert_eq!(first.header("Authorization"), Some("sesame"));
    assert!(first.headers().iter().any(|(name, _)| name == "host"));
    assert!(
        first
            .raw_query()
            .is_some_and(|query| query.starts_with("term=a%20b%26&"))
    );
    assert!(first.received_at() <= second.received_at());
    assert_eq!(second.path(), "/v1/specs/%C3%A9/releases/deployments");
    assert_eq!((second.raw_query(), second.page_number()), (None, None));
    assert_eq!(second.operation(), Some(Operation::ListSpecReleaseDeployments));

    let builder = MockPress::builder().token("sesame");
    for shown in [format!("{requests:?}"), format!("{mock:?}"), format!("{builder:?}")] {
        assert!(!shown.contains("sesame"), "{shown}");
    }
    mock.clear_requests();
    assert_eq!((mock.request_count(), mock.requests().len()), (0, 0));

    let mock = MockPress::builder().keep_requests(1).start()?;
    get(&mock, "/first").await?;
    get(&mock, "/second").await?;
    let paths: Vec<_> = mock
        .requests()
        .iter()
        .map(|request| request.path().to_owned())
        .collect();
    assert_eq!((mock.request_count(), paths), (2, vec!["/second".to_owned()]));
    Ok(())
}

#[tokio::test]
async fn clients_that_go_away_are_noticed() -> Outcome {
    let slow = Fault::pass().trickle(1, Duration::from_secs(3600));
    let mock = MockPress::builder()
        .generated_specs(1)
        .fault(Fault::hang())
        .fault(slow.clone())
        .fault(slow.cut_after(500))
        .start()?;
    for number in 1..=3 {
        let url = format!("{}{SPECS}", mock.url());
        let token = mock.token();
        let call = tokio::spawn(async move {
            let response = CLIENT.get(url).header("authorization", token).send().await;
            response?.text().await
        });
        mock.wait_for_requests(number, PATIENCE).await?;
        assert_eq!(mock.in_flight(), 1);
        call.abort();
        mock.wait_for_aborted(number, PATIENCE).await?;
        assert_eq!(mock.in_flight(), 0);
    }
    let error = mock.wait_for_requests(4, Duration::from_millis(1)).await;
    let error = error.expect_err("there are only three requests");
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    assert!(error.to_string().starts_with("only 3 of 4 requests"), "{error}");
    Ok(())
}

#[tokio::test]
async fn requests_are_answered_side_by_side_and_connections_are_kept() -> Outcome {
    let gate = Gate::new();
    let mock = MockPress::builder()
        .generated_specs(1)
        .fault(Fault::pass().held_by(&gate).times(8))
        .start()?;
    let client = client(100);
    let call = || {
        let request = client.get(format!("{}{SPECS}", mock.url()));
        request.header("authorization", mock.token()).send()
    };
    let calls: Vec<_> = (0..8).map(|_| tokio::spawn(call())).collect();
    mock.wait_for_requests(8, PATIENCE).await?;
    gate.open();
    for call in calls {
        assert!(!call.await??.text().await?.is_empty());
    }
    assert_eq!((mock.in_flight_max(), mock.connections()), (8, 8));
    mock.clear_requests();
    for _ in 0..20 {
        call().await?.text().await?;
    }
    assert_eq!((mock.in_flight_max(), mock.connections()), (1, 8));
    Ok(())
}

#[tokio::test]
async fn latency_holds_every_answer_but_not_one_after_the_other() -> Outcome {
    let latency = Duration::from_millis(100);
    let mock = MockPress::builder().latency(latency).start()?;
    let begin = Instant::now();
    let calls: Vec<_> = (0..10)
        .map(|_| tokio::spawn(CLIENT.get(format!("{}{SPECS}", mock.url())).send()))
        .collect();
    for call in calls {
        assert_eq!(call.await??.status(), 401);
        assert!(begin.elapsed() >= latency);
    }
    assert!(mock.in_flight_max() > 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn paused_time_of_a_test_does_not_touch_the_mock() -> Outcome {
    let mock = MockPress::builder().latency(Duration::from_millis(5)).start()?;
    assert_eq!(get(&mock, SPECS).await?.status(), 200);
    let begin = Instant::now();
    let waited = mock.wait_for_requests(2, Duration::from_millis(20)).await;
    assert!(waited.is_err() && begin.elapsed() >= Duration::from_millis(20));
    Ok(())
}

#[test]
fn a_mock_needs_no_runtime_and_stops_when_dropped() -> Outcome {
    use std::io::{Read, Write};

    let mock = MockPress::builder().fault(Fault::hang().on_page(9)).start()?;
    let address = mock.url()["http://".len()..].to_owned();
    let mut stream = std::net::TcpStream::connect(&address)?;
    stream.write_all(b"GET /v1/specs/?pageNumber=9 HTTP/1.1\r\nhost: mock\r\n\r\n")?;
    mock.wait_for_requests_blocking(1, PATIENCE)?;
    let mut idle = std::net::TcpStream::connect(&address)?;
    idle.write_all(&head(&mock))?;
    mock.wait_for_requests_blocking(2, PATIENCE)?;

    drop(mock);
    // Both connections end: with an end of the stream or, where bytes were lost, with a reset.
    let _ = stream.read_to_end(&mut Vec::new());
    let _ = idle.read_to_end(&mut Vec::new());
    let refused = std::net::TcpStream::connect(&address);
    assert!(refused.is_err(), "nobody listens any more");

    // The address is free again, and a second mock on it is an error and no panic.
    let port = address.rsplit(':').next().ok_or("a port")?.parse()?;
    let mock = MockPress::builder().port(port).start()?;
    assert!(mock.url().ends_with(&address));
    assert!(MockPress::builder().port(port).start().is_err());
    Ok(())
}

#[tokio::test]
async fn nothing_that_a_client_sends_harms_the_mock() -> Outcome {
    let mock = MockPress::builder().generated_specs(1).start()?;
    let long = format!(
        "GET /{} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        "a".repeat(60_000)
    );
    let endings = "HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let mut table = vec![
        b"\0\0\0\0\r\n\r\n".to_vec(),
        b"GET\r\n\r\n".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        long.into_bytes(),
        b"GET /v1/specs/ HTTP/1.0\r\n\r\n".to_vec(),
        b"POST /v1/specs/ HTTP/1.1\r\ncontent-length: 99999999999999999999\r\n\r\n".to_vec(),
    ];
    for target in [
        "*",
        "/v1/specs/?%",
        "/v1/specs/?%%%=%FF&&=&=&",
        "/v1/specs/?term=%00%FF%FE",
        "http://other/v1/specs/",
        "/v1/specs/%/releases/deployments",
        "/%2e%2e/..//",
        "/v1/specs/releases/deployments",
    ] {
        table.push(format!("GET {target} {endings}").into_bytes());
        table.push(format!("OPTIONS {target} {endings}").into_bytes());
    }
    table.push(format!("CONNECT other:80 {endings}").into_bytes());
    for bytes in table {
        // Whatever it answers, it answers or closes.
        let _ = converse(&mock, &bytes).await;
    }
    mock.on_page(|_, _| panic!("a closure of the user"));
    assert!(get(&mock, SPECS).await.is_err());
    mock.on_page(|_, _| {});
    assert_eq!(page(&mock, SPECS).await?["specCount"], 1);
    Ok(())
}

#[test]
fn items_that_cannot_be_serialized_are_an_error() -> Outcome {
    let odd = std::collections::HashMap::from([(vec![1], 1)]);
    let error = MockPress::builder().spec(&odd).generated_specs(1).start();
    assert!(error.is_err());
    let mock = MockPress::start()?;
    assert!(mock.add_spec(&odd).is_err());
    assert!(mock.add_deployments("s", [odd]).is_err());
    fn assert_shareable<T: Send + Sync + std::fmt::Debug>(_: &T) {}
    assert_shareable(&mock);
    Ok(())
}
