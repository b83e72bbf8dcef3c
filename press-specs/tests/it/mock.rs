//! The responses of MockPress, read by a client that knows nothing of press-specs.

use std::{
    collections::HashMap,
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use futures::{TryStreamExt, future::try_join_all};
use press_specs::mock::{Fault, Gate, MockPress, Operation};
use reqwest::{Client, Method, Response, redirect};
use serde_json::{Value, json};

use crate::{Outcome, PATIENCE, client};

const SPECS_PAGE: &str = include_str!("../fixtures/specs_page.json");
const DEPLOYMENTS_PAGE: &str = include_str!("../fixtures/deployments_page.json");
const SPECS: &str = "/v1/specs/";
const DEPLOYMENTS: &str = "/v1/specs/s/releases/deployments";

/// A client that does nothing by itself and, as tests have a runtime each, keeps no connections.
static CLIENT: LazyLock<Client> = LazyLock::new(|| http_client(0));

fn http_client(kept_connections: usize) -> Client {
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

async fn page(mock: &MockPress, target: &str) -> Outcome<Value> {
    let response = get(mock, target).await?;
    assert_eq!(response.status(), 200, "{target}");
    assert_eq!(response.headers()["content-type"], "application/json");
    Ok(serde_json::from_str(&response.text().await?)?)
}

/// The ids of a page, with a space between two.
fn ids(page: &Value) -> String {
    let items = page.get("specs").or(page.get("deployments"));
    let items = items.and_then(Value::as_array).expect("a list");
    let ids: Vec<_> = items.iter().filter_map(|item| item["id"].as_str()).collect();
    ids.join(" ")
}

/// Compares the ids that each query selects.
async fn assert_ids(mock: &MockPress, path: &str, table: &[(&str, &str)]) -> Outcome {
    for (query, expected) in table {
        let page = page(mock, &format!("{path}?{query}")).await?;
        assert_eq!(ids(&page), *expected, "{query}");
    }
    Ok(())
}

fn catalogue() -> Outcome<MockPress> {
    let mut specs = json!([
        { "id": "a", "kind": "app", "scope": "private", "featured": true },
        { "id": "b", "kind": "workflow", "scope": "public", "featured": false },
        { "id": "c", "kind": "service", "scope": "shared", "featured": null },
        { "id": "d", "kind": "app", "scope": "public", "featured": false },
        // Nothing may be taken for granted.
        { "id": "e" },
        { "id": "f", "metadata": null },
    ]);
    let metadata = "Beta|Straße & Co|zoe|Zeigt PREISE||available|2021-01-01T00:00:00Z
        alpha|10% off|ann||about prices|unavailable|2020-01-01T00:00:00.000Z
        Beta|another|bob|||archived|2019-12-31T23:30:00-01:00
        gamma|[x]=y|ann||100 %|available|2022-01-01T00:00:00Z";
    let names = "name title createdBy summary description status createdAt";
    for (at, line) in metadata.lines().enumerate() {
        let fields = names.split(' ').zip(line.trim().split('|'));
        specs[at]["metadata"] = fields.map(|(name, text)| (name, json!(text))).collect();
    }
    let specs = specs.as_array().ok_or("a list")?;
    Ok(MockPress::builder().specs(specs).start()?)
}

#[tokio::test]
async fn specs_are_filtered_and_sorted_as_documented() -> Outcome {
    let table = [
        // By creation date, as points in time; without one they come first.
        ("", "e f b c a d"),
        ("status=available", "a d"),
        ("status=archived&status=available", "c a d"),
        ("featured=true", "a"),
        ("featured=false", "e f b c d"),
        ("kind=app", "a d"),
        ("kind=service", "c"),
        ("scope=public", "b d"),
        ("scope=shared&scope=private", "c a"),
        ("scope=public&status=available&kind=app", "d"),
        ("kind=app&scope=shared", ""),
        // In name, title, summary and description, without regard to case.
        ("term=BETA", "c a"),
        ("term=another", "c"),
        ("term=preise", "a"),
        ("term=Prices", "b"),
        ("term=ann", ""),
        ("term=stra%C3%9Fe+%26", "a"),
        ("term=10%25", "b"),
        ("term=100%20%25", "d"),
        ("term=%5Bx%5D%3Dy", "d"),
        ("term=", "e f b c a d"),
        // A parameter of another operation is ignored.
        ("version=1.0.0&name=Beta&limit=1&kind=service", "c"),
        ("sort=createdAt:asc", "e f b c a d"),
        ("sort=createdAt:desc", "d a c b e f"),
        ("sort=name%3Aasc", "e f c a b d"),
        ("sort=name:desc", "d b c a e f"),
        ("sort=title:asc", "e f b a d c"),
        ("sort=createdBy:asc", "e f b d c a"),
        ("sort=createdBy:asc&sort=name:desc", "e f d b c a"),
        ("sort=name:desc&sort=createdAt:desc", "d b a c e f"),
        ("sort=name:asc&status=available", "a d"),
        ("kind=app&pageSize=1&pageNumber=2", "d"),
    ];
    let mock = catalogue()?;
    assert_ids(&mock, SPECS, &table).await?;
    // Counts are those of the selected items.
    let page = page(&mock, "/v1/specs/?kind=app&pageSize=1").await?;
    assert_eq!((&page["pageCount"], &page["specCount"]), (&json!(2), &json!(2)));
    Ok(())
}

#[tokio::test]
async fn deployments_are_filtered_and_sorted_as_documented() -> Outcome {
    let deployments = [
        ["d1", "deployed", "1.0.0", "load", "zoe"],
        ["d2", "failed", "1.0.0-rc.1", "loader", "ann"],
        ["d3", "rollback_failed", "10.0.0", "Load", "ann"],
        ["d4", "platform_resource_error", "1.0.0+b", "unload", "bob"],
    ];
    let deployments = (1..).zip(deployments).map(|(day, [id, status, version, name, by])| {
        json!({
            // The status that counts is the one of the deployment, not that of its revision.
            "id": id, "latestRevision": { "status": "rollback" }, "spec": { "release": { "version": version } },
            "metadata": { "status": status, "name": name, "title": format!("T{name}"), "createdBy": by,
                          "createdAt": format!("2020-01-0{day}T00:00:00Z") },
        })
    });
    let deployments = deployments.chain([json!({ "id": "d5" })]);
    let mock = MockPress::builder().deployments("s", deployments).start()?;
    let table = [
        ("", "d4 d3 d2 d1 d5"),
        ("version=1.0.0", "d1"),
        ("version=1.0.0-rc.1", "d2"),
        ("version=1.0.0%2Bb", "d4"),
        ("version=2.0.0", ""),
        ("version=1.2.3-0a.x-y.10%2B001.z", ""),
        ("status=deployed", "d1"),
        ("status=rollback_failed&status=failed", "d3 d2"),
        ("status=rollback", ""),
        ("name=load", "d2 d1"),
        ("name=oad", ""),
        ("name=&title=", "d4 d3 d2 d1 d5"),
        ("title=TL", "d3"),
        ("name=load&title=Tloader", "d2"),
        ("sort=createdAt:asc", "d5 d1 d2 d3 d4"),
        ("sort=createdBy:asc", "d5 d3 d2 d4 d1"),
        ("sort=createdBy:asc&sort=name:desc", "d5 d2 d3 d4 d1"),
        ("sort=name:desc", "d4 d2 d1 d3 d5"),
        ("term=load&kind=nothing&scope=x&featured=x&name=loader", "d2"),
    ];
    assert_ids(&mock, DEPLOYMENTS, &table).await
}

#[tokio::test]
async fn pages_and_their_counts_are_right() -> Outcome {
    const MAX: u64 = u32::MAX as u64;
    // (specs, query) → (pageCount, pageNumber, pageSize, the numbers on the page)
    let table = [
        (0, "", (0, 1, 25), 0..0),
        (0, "pageNumber=3&pageSize=7", (0, 3, 7), 0..0),
        (1, "", (1, 1, 25), 0..1),
        (25, "", (1, 1, 25), 0..25),
        (26, "", (2, 1, 25), 0..25),
        (26, "pageNumber=2", (2, 2, 25), 25..26),
        (26, "pageNumber=3", (2, 3, 25), 0..0),
        (10, "pageSize=5&pageNumber=2", (2, 2, 5), 5..10),
        (10, "pageSize=1&pageNumber=10", (10, 10, 1), 9..10),
        (10, "pageSize=4294967295", (1, 1, MAX), 0..10),
        (10, "pageSize=4294967295&pageNumber=4294967295", (1, MAX, MAX), 0..0),
    ];
    let spec = |number: u64| json!({ "id": number.to_string() });
    for (count, query, (page_count, number, size), expected) in table {
        let mock = MockPress::builder().specs((0..count).map(spec)).start()?;
        let page = page(&mock, &format!("{SPECS}?{query}")).await?;
        let expected = json!({
            "pageCount": page_count, "pageNumber": number, "pageSize": size,
            "specCount": count, "specs": expected.map(spec).collect::<Vec<_>>(),
        });
        assert_eq!(page, expected, "{count} specs, {query}");
    }
    Ok(())
}

#[tokio::test]
async fn items_go_out_as_they_came() -> Outcome {
    let specs: Value = serde_json::from_str(SPECS_PAGE)?;
    let deployments: Value = serde_json::from_str(DEPLOYMENTS_PAGE)?;
    let (spec, deployment) = (&specs["specs"][0], &deployments["deployments"][0]);
    let id = spec["id"].as_str().ok_or("an id")?;
    let mock = MockPress::builder().spec(spec).deployments(id, [deployment]).start()?;
    let target = "/v1/specs/0bddb4c6-%E2%80%A6/releases/deployments";
    assert_eq!(page(&mock, SPECS).await?["specs"], specs["specs"]);
    assert_eq!(page(&mock, target).await?["deployments"], deployments["deployments"]);

    mock.clear_catalogue();
    assert_eq!(page(&mock, SPECS).await?["specCount"], 0);
    assert_eq!(get(&mock, target).await?.status(), 404);
    for _ in 0..2 {
        mock.add_spec(spec)?;
        mock.add_deployments(id, [deployment])?;
    }
    assert_eq!(page(&mock, SPECS).await?["specCount"], 2);
    assert_eq!(page(&mock, target).await?["deploymentCount"], 2);

    let odd = HashMap::from([(vec![1], 1)]);
    assert!(MockPress::builder().spec(&odd).generated_specs(1).start().is_err());
    assert!(mock.add_spec(&odd).is_err() && mock.add_deployments("s", [odd]).is_err());
    Ok(())
}

#[tokio::test]
async fn invalid_parameters_are_refused_by_name() -> Outcome {
    let mock = MockPress::builder().deployments("s", [json!({})]).start()?;
    let specs = "status=deployed status=Available status=available&status=no status= status=available,archived
        status=available%2Carchived featured=True featured=1 featured= featured=true&featured=true kind=block
        kind=app&kind=service kind=app,service kind= scope=all scope=public,private term=a&term=b sort=name
        sort=name:up sort=status:asc sort=name:asc,title:asc sort= sort=name:asc&sort=: sort=Name:asc sort=name:ASC
        sort=name:asc: pageSize=0 pageSize=-1 pageSize=1.0 pageSize=ten pageSize= pageSize=%2B1
        pageSize=1&pageSize=1 pageSize=99999999999999999999 pageSize=%D9%A1 pageNumber=0 pageNumber=-1
        pageNumber=1e1 pageNumber= pageNumber=+1 pageNumber=1&pageNumber=2 pageNumber=9223372036854775808";
    let deployments = "status=available status=deployed,failed sort=title:asc name=a&name=b title=a&title=b
        version=1.0 version=v1.0.0 version=01.0.0 version=1.0.0- version=1.0.0-a..b version=1.0.0-01
        version=1.0.0%2B version=1.0.0%2Ba%2Bb version= version=latest version=1.0.0&version=1.0.0
        pageSize=0 pageNumber=0";
    for (path, queries) in [(SPECS, specs), (DEPLOYMENTS, deployments)] {
        for query in queries.split_whitespace() {
            let response = get(&mock, &format!("{path}?{query}")).await?;
            assert_eq!(response.status(), 400, "{query}");
            let body: Value = serde_json::from_str(&response.text().await?)?;
            assert_eq!(body["title"], "Bad Request", "{query}");
            let (name, _) = query.split_once('=').ok_or("a pair")?;
            let detail = body["detail"].as_str().ok_or("a detail")?;
            assert!(detail.starts_with(&format!("{name} must be ")), "{query}: {detail}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn only_the_token_of_the_moment_is_accepted() -> Outcome {
    let mock = MockPress::builder().token("Bearer é").generated_specs(4).start()?;
    let url = format!("{}{SPECS}?pageSize=0", mock.url());
    let sent = |tokens: &[&str]| {
        let request = CLIENT.get(&url);
        let request = tokens.iter().fold(request, |request, token| request.header("authorization", *token));
        async { Ok::<_, reqwest::Error>(request.send().await?.status().as_u16()) }
    };
    let token = "Bearer é";
    let refused: [&[&str]; 7] = [&[], &[""], &["Bearer"], &["é"], &["bearer é"], &["Bearer é2"], &[token, token]];
    for tokens in refused {
        assert_eq!(sent(tokens).await?, 401, "{tokens:?}");
    }
    // The token is looked at before the parameters.
    assert_eq!(sent(&[token]).await?, 400);

    let mut specs = client(&mock)?.list_specs().page_size(2).stream();
    assert!(specs.try_next().await?.is_some());
    mock.set_token("rotated");
    assert_eq!((sent(&[token]).await?, sent(&["rotated"]).await?), (401, 400));
    let error = specs.try_collect::<Vec<_>>().await.expect_err("another token");
    assert_eq!((error.status(), mock.token()), (Some(401), "rotated".to_owned()));
    client(&mock)?.list_specs().page(1).await?;
    Ok(())
}

#[tokio::test]
async fn other_paths_and_methods_are_refused() -> Outcome {
    let mock = MockPress::builder()
        .specs([json!({ "id": "s" }), json!({ "id": "a/b ü" }), json!({ "title": "no id" })])
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
        // An invalid parameter is refused before the spec is looked for.
        (Method::GET, "/v1/specs/none/releases/deployments?version=x", 400),
    ];
    for (method, target, status) in table {
        let response = send(&mock, method.clone(), target).await?;
        assert_eq!(response.status(), status, "{method} {target}");
        let allowed = response.headers().get("allow").map(|value| value.as_bytes());
        assert_eq!(allowed, (status == 405).then_some(b"GET".as_slice()));
        if status != 200 && method != Method::HEAD {
            let body: Value = serde_json::from_str(&response.text().await?)?;
            assert!(body["title"].is_string() && body["detail"].is_string(), "{target}");
        }
    }
    assert_eq!(mock.aborted(), 0);
    Ok(())
}

#[tokio::test]
async fn a_generated_catalogue_is_whole_varied_and_always_the_same() -> Outcome {
    let builder = || MockPress::builder().generated_specs(400).generated_deployments(30);
    let (mock, other) = (builder().start()?, builder().start()?);
    let all = page(&mock, "/v1/specs/?pageSize=400").await?;
    assert_eq!(all, page(&other, "/v1/specs/?pageSize=400").await?);
    assert_eq!(ids(&all), mock.spec_ids().join(" "));
    let distinct: std::collections::HashSet<_> = mock.spec_ids().into_iter().collect();
    assert_eq!(distinct.len(), 400);
    let specs = all["specs"].as_array().ok_or("specs")?;
    let average = all.to_string().len() / specs.len();
    assert!((800..1000).contains(&average), "{average} bytes for each spec");

    // Every filter finds exactly the items that have the value, and there are some of each.
    for (name, pointer, values) in [
        ("featured", "/featured", "true false"),
        ("kind", "/kind", "app workflow service"),
        ("scope", "/scope", "private public shared"),
        ("status", "/metadata/status", "available unavailable archived"),
    ] {
        for value in values.split(' ') {
            let found = page(&mock, &format!("/v1/specs/?pageSize=400&{name}={value}")).await?;
            let has = |spec: &&Value| match spec.pointer(pointer) {
                Some(Value::Bool(is)) => *is == (value == "true"),
                text => text.is_some_and(|text| text == value),
            };
            let expected: Vec<_> = specs.iter().filter(has).cloned().collect();
            assert!(!expected.is_empty(), "{name}={value}");
            assert_eq!(found["specs"], json!(expected), "{name}={value}");
        }
    }

    let id = &mock.spec_ids()[7];
    let target = format!("/v1/specs/{id}/releases/deployments?pageSize=30");
    let deployments = page(&mock, &target).await?;
    assert_eq!(deployments, page(&other, &target).await?);
    let created = deployments["deployments"].as_array().ok_or("deployments")?.iter();
    let created: Vec<_> = created.map(|deployment| deployment["metadata"]["createdAt"].as_str()).collect();
    assert!(created.len() == 30 && created.is_sorted_by(|left, right| left > right));

    mock.add_deployments(id, [json!({ "id": "own" })])?;
    assert_eq!(ids(&page(&mock, &target).await?), "own");
    assert!(mock.remove_spec(&mock.spec_ids()[0]));
    mock.add_generated_specs(5);
    let distinct: std::collections::HashSet<_> = mock.spec_ids().into_iter().collect();
    assert_eq!(distinct.len(), 404);
    Ok(())
}

#[tokio::test]
async fn specs_come_and_go_while_they_are_read() -> Outcome {
    let mock = Arc::new(MockPress::builder().generated_specs(6).start()?);
    let [a, b, c, d, e, f] = <[String; 6]>::try_from(mock.spec_ids()).expect("six specs");
    // The first spec goes after its page was made, and a new first one comes after page 2.
    mock.on_page({
        let (weak, gone) = (Arc::downgrade(&mock), a.clone());
        move |request, _| {
            let mock = weak.upgrade().expect("the mock is there");
            match request.page_number() {
                Some(1) => assert!(mock.remove_spec(&gone) && !mock.remove_spec(&gone)),
                Some(2) => mock.add_spec(json!({ "id": "new" })).expect("a spec"),
                _ => mock.on_page(|_, _| {}),
            }
            mock.fault(Fault::pass().on_page(9));
            assert_eq!(mock.requests().len(), mock.request_count());
        }
    });
    let read = crate::ids(client(&mock)?.list_specs().page_size(2).stream()).await?;
    assert_eq!(read, [&a, &b, &d, &e, &e, &f].map(String::as_str));
    assert_eq!(mock.spec_ids(), ["new", &b, &c, &d, &e, &f]);
    assert_eq!(mock.unused_faults(), 3);
    let target = format!("/v1/specs/{a}/releases/deployments");
    assert_eq!(get(&mock, &target).await?.status(), 404);
    Ok(())
}

#[tokio::test]
async fn scripted_responses_are_sent_as_scripted() -> Outcome {
    let mock = MockPress::builder().generated_specs(3).start()?;
    let normal = get(&mock, SPECS).await?.text().await?;
    let normal = normal.as_str();
    let problem = r#"{"detail":"This response is scripted","title":"Service Unavailable"}"#;
    let (js, html, ms) = ("application/json", "text/html; charset=utf-8", Duration::from_millis(1));
    let typed = |media_type| Fault::pass().header("content-type", media_type);
    let table = [
        (Fault::status(503), 503, js, problem),
        (Fault::status(503).html("<h1>no</h1>"), 503, html, "<h1>no</h1>"),
        (Fault::status(500).empty(), 500, "", ""),
        (Fault::status(404).json(json!({ "a": [1] })), 404, js, r#"{"a":[1]}"#),
        (Fault::status(599).body("text/plain", "é"), 599, "text/plain", "é"),
        (Fault::status(204).empty(), 204, "", ""),
        (Fault::raw_body("{\"pageCount\":"), 200, js, "{\"pageCount\":"),
        (Fault::pass(), 200, js, normal),
        (typed("text/x"), 200, "text/x", normal),
        (Fault::pass().delay(ms), 200, js, normal),
        (Fault::pass().trickle(700, ms), 200, js, normal),
        (Fault::pass().trickle(0, Duration::ZERO), 200, js, normal),
        (Fault::redirect("/elsewhere", 307), 307, "", ""),
    ];
    for (fault, status, media_type, body) in table {
        let told = format!("{fault:?}");
        mock.fault(fault);
        let response = get(&mock, SPECS).await?;
        assert_eq!(response.status(), status, "{told}");
        let header = |name| response.headers().get(name).map_or(&b""[..], |value| value.as_bytes());
        assert_eq!(header("content-type"), media_type.as_bytes(), "{told}");
        assert_eq!(header("location") == b"/elsewhere", status == 307, "{told}");
        assert_eq!(response.text().await?, body, "{told}");
    }
    assert_eq!((mock.unused_faults(), mock.aborted()), (0, 0));

    let twice = Fault::status(429).header("X-A", "1").header("x-a", "2");
    mock.fault(twice.header("Retry-After", "1"));
    let response = get(&mock, SPECS).await?;
    assert_eq!(response.headers()["retry-after"], "1");
    assert_eq!(response.headers().get_all("x-a").iter().count(), 2);

    for (fault, mistake) in [
        (Fault::status(99), "status 99"),
        (Fault::status(101), "status 101"),
        (Fault::status(0), "status 0"),
        (Fault::pass().header("a b", "1"), r#""a b""#),
        (Fault::pass().header("a", "1\r\nb: 2"), r#""a""#),
    ] {
        mock.fault(fault);
        let response = get(&mock, SPECS).await?;
        assert_eq!(response.status(), 500);
        let body: Value = serde_json::from_str(&response.text().await?)?;
        assert!(body["detail"].as_str().is_some_and(|detail| detail.contains(mistake)), "{body}");
    }
    Ok(())
}

/// Sends bytes over a bare connection and returns all that comes back.
fn converse(mock: &MockPress, bytes: &[u8]) -> Outcome<String> {
    let mut stream = TcpStream::connect(&mock.url()["http://".len()..])?;
    stream.write_all(bytes)?;
    let mut response = Vec::new();
    stream.read_to_end(&mut response)?;
    Ok(String::from_utf8(response)?)
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
    let (cut, html) = (Fault::pass().cut_after(100), Fault::status(500).html("0123456789"));
    // (fault, what the head declares, what comes of the body)
    let table = [
        (cut.clone(), declared.as_str(), &whole[..100]),
        (cut.clone().trickle(30, Duration::from_millis(1)), &declared, &whole[..100]),
        (Fault::pass().cut_after(0), &declared, ""),
        (Fault::pass().cut_after(usize::MAX), &declared, &whole),
        (html.cut_after(5), "content-length: 10\r\n", "01234"),
        (Fault::raw_body("four").header("content-length", "9"), "content-length: 9\r\n", "four"),
    ];
    for (fault, declared, body) in table {
        let told = format!("{fault:?}");
        mock.fault(fault);
        let response = converse(&mock, &head(&mock))?;
        let (head, rest) = response.split_once("\r\n\r\n").ok_or("a head")?;
        assert!(format!("{head}\r\n").contains(declared), "{told}: {head}");
        assert_eq!(rest, body, "{told}");
    }
    for bytes in ["", "SSH-2.0-nonsense\r\n"] {
        mock.fault(Fault::raw_connection(bytes));
        assert_eq!(converse(&mock, &head(&mock))?, bytes);
    }
    assert_eq!((mock.in_flight(), mock.aborted()), (0, 0));

    // A client that knows HTTP takes each of them for a broken connection, and the next request works.
    for fault in [cut, Fault::drop_connection(), Fault::raw_connection("nonsense\r\n\r\n")] {
        mock.fault(fault);
        let broken = async { get(&mock, SPECS).await?.text().await };
        assert!(broken.await.is_err());
        assert_eq!(get(&mock, SPECS).await?.text().await?, whole);
    }
    Ok(())
}

#[tokio::test]
async fn faults_are_used_up_in_order_by_the_requests_they_are_for() -> Outcome {
    let mock = MockPress::builder()
        .generated_specs(3)
        .fault(Fault::status(501).on_page(2).times(2))
        .fault(Fault::status(502).when(|request| request.operation() == Some(Operation::ListSpecReleaseDeployments)))
        .fault(Fault::status(503).when(|request| request.path() == "/elsewhere"))
        .fault(Fault::status(504).when(|request| request.header("x-mark").is_some()))
        .faults([Fault::pass(), Fault::status(505).times(0), Fault::status(506).on_page(1)])
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
    assert_eq!((&second["pageCount"], ids(&second).as_str()), (&json!(2), ""));
    Ok(())
}

#[tokio::test]
async fn received_requests_are_there_to_assert_on() -> Outcome {
    let mock = MockPress::builder().token("sesame").start()?;
    get(&mock, "/v1/specs/?term=a%20b%26&status=available&status=archived&pageNumber=7").await?;
    get(&mock, "/v1/specs/%C3%A9/releases/deployments").await?;
    let requests = mock.requests();
    let [first, second] = requests.as_slice() else {
        return Err("two requests".into());
    };
    assert_eq!((first.method(), first.path()), ("GET", SPECS));
    assert_eq!(first.query("term").as_deref(), Some("a b&"));
    assert_eq!(first.query_all("status"), ["available", "archived"]);
    assert_eq!((first.query_pairs().len(), first.page_number()), (4, Some(7)));
    assert_eq!(first.operation(), Some(Operation::ListSpecs));
    assert_eq!(first.header("Authorization"), Some("sesame"));
    assert!(first.headers().iter().any(|(name, _)| name == "host"));
    assert!(first.raw_query().is_some_and(|query| query.starts_with("term=a%20b%26&")));
    assert!(first.received_at() <= second.received_at());
    assert_eq!(second.path(), "/v1/specs/%C3%A9/releases/deployments");
    assert_eq!((second.raw_query(), second.page_number()), (None, None));
    assert_eq!(second.operation(), Some(Operation::ListSpecReleaseDeployments));

    let builder = MockPress::builder().token("sesame");
    let shown = format!("{requests:?} {mock:?} {builder:?}");
    assert!(!shown.contains("sesame"), "{shown}");
    mock.clear_requests();
    assert_eq!((mock.request_count(), mock.requests().len()), (0, 0));

    let mock = MockPress::builder().keep_requests(1).start()?;
    get(&mock, "/first").await?;
    get(&mock, "/second").await?;
    let kept: Vec<_> = mock.requests().iter().map(|request| request.path().to_owned()).collect();
    assert_eq!((mock.request_count(), kept), (2, vec!["/second".to_owned()]));
    Ok(())
}

#[tokio::test]
async fn clients_that_go_away_are_noticed() -> Outcome {
    let slow = Fault::pass().trickle(1, Duration::from_secs(3600));
    let faults = [Fault::hang(), slow.clone(), slow.cut_after(500)];
    let mock = Arc::new(MockPress::builder().generated_specs(1).faults(faults).start()?);
    for number in 1..=3 {
        let shared = Arc::clone(&mock);
        let call = tokio::spawn(async move { get(&shared, SPECS).await?.text().await });
        mock.wait_for_requests(number, PATIENCE).await?;
        assert_eq!(mock.in_flight(), 1);
        call.abort();
        mock.wait_for_aborted(number, PATIENCE).await?;
        assert_eq!(mock.in_flight(), 0);
    }
    let error = mock.wait_for_requests(4, Duration::from_millis(1)).await;
    let error = error.expect_err("there are only three requests");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(error.to_string().starts_with("only 3 of 4 requests"), "{error}");
    Ok(())
}

#[tokio::test]
async fn requests_are_served_side_by_side_and_connections_are_kept() -> Outcome {
    let gate = Gate::new();
    let held = Fault::pass().held_by(&gate).times(8);
    let mock = MockPress::builder().generated_specs(1).fault(held).start()?;
    let (client, url) = (http_client(100), format!("{}{SPECS}", mock.url()));
    let call = || async { client.get(&url).send().await?.text().await };
    let opened = async {
        mock.wait_for_requests(8, PATIENCE).await?;
        gate.open();
        Outcome::Ok(())
    };
    let calls = async { Ok(try_join_all((0..8).map(|_| call())).await?) };
    tokio::try_join!(calls, opened)?;
    assert_eq!((mock.in_flight_max(), mock.connections()), (8, 8));
    mock.clear_requests();
    for _ in 0..20 {
        call().await?;
    }
    assert_eq!((mock.in_flight_max(), mock.connections()), (1, 8));
    Ok(())
}

/// Latency holds every response, but not one after the other, and runs in real time, as do limits.
#[tokio::test(start_paused = true)]
async fn paused_time_of_a_test_does_not_touch_the_mock() -> Outcome {
    let latency = Duration::from_millis(100);
    let mock = MockPress::builder().latency(latency).start()?;
    let begin = Instant::now();
    try_join_all((0..10).map(|_| get(&mock, SPECS))).await?;
    assert!(begin.elapsed() >= latency && mock.in_flight_max() > 1);
    let begin = Instant::now();
    let waited = mock.wait_for_requests(11, Duration::from_millis(20)).await;
    assert!(waited.is_err() && begin.elapsed() >= Duration::from_millis(20));
    Ok(())
}

#[test]
fn a_mock_needs_no_runtime_and_stops_when_dropped() -> Outcome {
    fn assert_shareable<T: Send + Sync + std::fmt::Debug>(_: &T) {}
    let mock = MockPress::builder().fault(Fault::hang()).start()?;
    assert_shareable(&mock);
    let address = mock.url()["http://".len()..].to_owned();
    let mut streams = [TcpStream::connect(&address)?, TcpStream::connect(&address)?];
    for (stream, number) in streams.iter_mut().zip(1..) {
        stream.write_all(&head(&mock))?;
        mock.wait_for_requests_blocking(number, PATIENCE)?;
    }
    drop(mock);
    // Both connections end: with an end of the stream or, where bytes were lost, with a reset.
    for mut stream in streams {
        let _ = stream.read_to_end(&mut Vec::new());
    }
    assert!(TcpStream::connect(&address).is_err(), "nobody listens any more");

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
    let mut table = vec![
        "\0\0\0\0\r\n\r\n".to_owned(),
        "GET\r\n\r\n".to_owned(),
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "GET /v1/specs/ HTTP/1.0\r\n\r\n".to_owned(),
        "POST /v1/specs/ HTTP/1.1\r\ncontent-length: 99999999999999999999\r\n\r\n".to_owned(),
    ];
    let long = format!("/{}", "a".repeat(60_000));
    let targets = "* other:80 /v1/specs/?% /v1/specs/?%%%=%FF&&=&=& /v1/specs/?term=%00%FF%FE http://other/v1/specs/
        /v1/specs/%/releases/deployments /%2e%2e/..// /v1/specs/releases/deployments";
    for target in targets.split_whitespace().chain([long.as_str()]) {
        for method in ["GET", "OPTIONS", "CONNECT"] {
            table.push(format!("{method} {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"));
        }
    }
    for bytes in table {
        // It responds or closes the connection.
        let _ = converse(&mock, bytes.as_bytes());
    }
    mock.on_page(|_, _| panic!("a closure of the user"));
    assert!(get(&mock, SPECS).await.is_err());
    mock.on_page(|_, _| {});
    assert_eq!(page(&mock, SPECS).await?["specCount"], 1);
    Ok(())
}
