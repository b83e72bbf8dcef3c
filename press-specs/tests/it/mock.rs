//! The mock server, mostly over plain TCP connections.

use std::{
    collections::{HashMap, HashSet},
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    sync::Arc,
    time::{Duration, Instant},
};

use press_specs::mock::{Fault, MockPress};
use serde_json::{Value, json};

use crate::{Outcome, PATIENCE, client};

const SPECS: &str = "/v1/specs/";
const DEPLOYMENTS: &str = "/v1/specs/s/releases/deployments";

fn head(request_line: &str, tokens: &[&str]) -> String {
    let tokens: String = tokens.iter().map(|token| format!("authorization: {token}\r\n")).collect();
    format!("{request_line} HTTP/1.1\r\nhost: mock\r\nconnection: close\r\n{tokens}\r\n")
}

fn connect(mock: &MockPress, request: &str) -> Outcome<TcpStream> {
    let mut stream = TcpStream::connect(&mock.url()["http://".len()..])?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    Ok(stream)
}

/// Sends a request and returns the head and the body of the response.
fn converse(mock: &MockPress, request: &str) -> Outcome<(String, String)> {
    let mut response = String::new();
    connect(mock, request)?.read_to_string(&mut response)?;
    let (head, body) = response.split_once("\r\n\r\n").unwrap_or((&response, ""));
    Ok((format!("{head}\r\n"), body.to_owned()))
}

fn send(mock: &MockPress, request_line: &str, tokens: &[&str]) -> Outcome<(u16, Value)> {
    let (head, body) = converse(mock, &head(request_line, tokens))?;
    let status: u16 = head.split(' ').nth(1).ok_or("a status")?.parse()?;
    assert_eq!(head.contains("allow: GET\r\n"), status == 405, "{head}");
    Ok((status, serde_json::from_str(&body).unwrap_or_default()))
}

fn get(mock: &MockPress, target: &str) -> Outcome<(u16, Value)> {
    send(mock, &format!("GET {target}"), &[&mock.token()])
}

fn page(mock: &MockPress, target: &str) -> Outcome<Value> {
    let (status, page) = get(mock, target)?;
    assert_eq!(status, 200, "{target}: {page}");
    Ok(page)
}

/// Compares the ids that each query selects.
fn assert_ids(mock: &MockPress, path: &str, table: &[(&str, &str)]) -> Outcome {
    for (query, expected) in table {
        let page = page(mock, &format!("{path}?{query}"))?;
        let items = page
            .get("specs")
            .or(page.get("deployments"))
            .and_then(Value::as_array)
            .ok_or("a list")?;
        let ids: Vec<_> = items.iter().filter_map(|item| item["id"].as_str()).collect();
        assert_eq!(ids.join(" "), *expected, "{query}");
    }
    Ok(())
}

struct SpecRow {
    id: &'static str,
    kind: &'static str,
    scope: &'static str,
    name: &'static str,
    title: &'static str,
    created_by: &'static str,
    created_at: &'static str,
    summary: &'static str,
    status: &'static str,
}

const SPEC_ROWS: &[SpecRow] = &[
    SpecRow {
        id: "a",
        kind: "app",
        scope: "private",
        name: "Beta",
        title: "Straße & Co",
        created_by: "zoe",
        created_at: "2021-01-01T00:00:00Z",
        summary: "Zeigt PREISE",
        status: "available",
    },
    SpecRow {
        id: "b",
        kind: "workflow",
        scope: "public",
        name: "alpha",
        title: "10% off",
        created_by: "ann",
        created_at: "2020-01-01T00:00:00.000Z",
        summary: "",
        status: "unavailable",
    },
    SpecRow {
        id: "c",
        kind: "service",
        scope: "shared",
        name: "Beta",
        title: "another",
        created_by: "bob",
        created_at: "2019-12-31T23:30:00-01:00",
        summary: "",
        status: "archived",
    },
    SpecRow {
        id: "d",
        kind: "app",
        scope: "public",
        name: "gamma",
        title: "[x]=y",
        created_by: "ann",
        created_at: "2022-01-01T00:00:00Z",
        summary: "100 %",
        status: "available",
    },
];

impl SpecRow {
    fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "kind": self.kind,
            "scope": self.scope,
            "featured": self.id == "a",
            "other": [1, null, 0.5],
            "metadata": {
                "name": self.name,
                "title": self.title,
                "createdBy": self.created_by,
                "createdAt": self.created_at,
                "status": self.status,
                "summary": self.summary,
                "description": format!("About {}", self.id),
            },
        })
    }
}

#[test]
fn specs_are_filtered_sorted_and_paged() -> Outcome {
    let specs: Vec<_> = SPEC_ROWS.iter().map(SpecRow::to_json).collect();
    // Specs with missing and null fields.
    let bare = [json!({ "id": "e" }), json!({ "id": "f", "metadata": null, "featured": null })];
    let mock = MockPress::builder().specs(&specs).specs(bare).start()?;
    let table = [
        // Sorted by the time of creation. Specs without one come first.
        ("", "e f b c a d"),
        ("status=archived&status=available", "c a d"),
        ("featured=true", "a"),
        ("featured=false", "e f b c d"),
        ("scope=shared&scope=private", "c a"),
        ("scope=public&status=available&kind=app", "d"),
        // `term` ignores case in name, title, summary and description.
        ("term=BETA", "c a"),
        ("term=another", "c"),
        ("term=preise", "a"),
        ("term=about+b", "b"),
        ("term=ann", ""),
        ("term=stra%C3%9Fe+%26", "a"),
        ("term=", "e f b c a d"),
        // Parameters of other operations are ignored.
        ("version=1&name=Beta&limit=1&limit=2&kind=service", "c"),
        ("sort=createdAt:desc", "d a c b e f"),
        ("sort=createdBy:asc&sort=title:desc", "e f d b c a"),
        ("sort=name:desc&sort=createdAt:desc", "d b a c e f"),
        ("sort=name%3Aasc&pageSize=4&pageNumber=2", "b d"),
        ("pageSize=4294967295&pageNumber=9223372036854775807", ""),
    ];
    assert_ids(&mock, SPECS, &table)?;
    let expected =
        json!({ "pageCount": 0, "pageNumber": 1, "pageSize": 25, "specCount": 0, "specs": [] });
    assert_eq!(page(&MockPress::start()?, SPECS)?, expected);
    // Items are returned unchanged.
    let expected = json!({
        "pageCount": 2,
        "pageNumber": 2,
        "pageSize": 1,
        "specCount": 2,
        "specs": [specs[3]],
    });
    assert_eq!(page(&mock, "/v1/specs/?kind=app&pageSize=1&pageNumber=2")?, expected);
    Ok(())
}

struct DeploymentRow {
    id: &'static str,
    status: &'static str,
    version: &'static str,
    name: &'static str,
    created_by: &'static str,
    created_at: &'static str,
}

const DEPLOYMENT_ROWS: &[DeploymentRow] = &[
    DeploymentRow {
        id: "d1",
        status: "deployed",
        version: "1.0.0",
        name: "load",
        created_by: "zoe",
        created_at: "2020-01-01T00:00:00Z",
    },
    DeploymentRow {
        id: "d2",
        status: "failed",
        version: "1.0.0-rc.1",
        name: "loader",
        created_by: "ann",
        created_at: "2020-01-02T00:00:00Z",
    },
    DeploymentRow {
        id: "d3",
        status: "rollback_failed",
        version: "10.0.0",
        name: "Load",
        created_by: "ann",
        created_at: "2020-01-03T00:00:00Z",
    },
    DeploymentRow {
        id: "d4",
        status: "platform_resource_error",
        version: "1.0.0+b",
        name: "unload",
        created_by: "bob",
        created_at: "2020-01-04T00:00:00Z",
    },
];

impl DeploymentRow {
    fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            // Filters use the status of the deployment, not of its revision.
            "latestRevision": { "status": "rollback" },
            "spec": { "release": { "version": self.version } },
            "metadata": {
                "status": self.status,
                "name": self.name,
                "title": format!("T{}", self.name),
                "createdBy": self.created_by,
                "createdAt": self.created_at,
            },
        })
    }
}

#[test]
fn deployments_are_filtered_and_sorted() -> Outcome {
    let deployments = DEPLOYMENT_ROWS.iter().map(DeploymentRow::to_json);
    let mock = MockPress::builder()
        .deployments("s", deployments)
        .deployments("s", [json!({ "id": "d5" })])
        .start()?;
    let table = [
        ("", "d4 d3 d2 d1 d5"),
        ("version=1.0.0", "d1"),
        ("version=1.0.0%2Bb", "d4"),
        ("status=rollback_failed&status=failed", "d3 d2"),
        ("status=rollback", ""),
        ("name=oad", ""),
        ("name=&title=", "d4 d3 d2 d1 d5"),
        ("name=load&title=Tloader", "d2"),
        ("sort=createdBy:asc&sort=name:desc", "d5 d2 d3 d4 d1"),
        ("term=load&kind=nothing&scope=x&featured=x&name=loader", "d2"),
    ];
    assert_ids(&mock, DEPLOYMENTS, &table)
}

const INVALID_SPECS: &[&str] = &[
    "status=deployed",
    "status=Available",
    "status=available&status=no",
    "status=available,archived",
    "featured=True",
    "featured=",
    "featured=true&featured=true",
    "kind=block",
    "kind=app&kind=app",
    "kind=",
    "scope=all",
    "term=a&term=b",
    "sort=name",
    "sort=name:up",
    "sort=status:asc",
    "sort=name:asc,title:asc",
    "sort=",
    "sort=name:asc&sort=:",
    "sort=name:asc:",
    "pageSize=0",
    "pageSize=-1",
    "pageSize=1.0",
    "pageSize=ten",
    "pageSize=",
    "pageSize=%2B1",
    "pageSize=1&pageSize=1",
    "pageSize=%D9%A1",
    "pageNumber=0",
    "pageNumber=9223372036854775808",
];

const INVALID_DEPLOYMENTS: &[&str] = &[
    "status=available",
    "sort=title:asc",
    "name=a&name=b",
    "title=a&title=b",
    "version=1.0",
    "version=v1.0.0",
    "version=1.0.0-01",
    "version=",
    "version=1.0.0&version=1.0.0",
    "pageSize=0",
    "pageNumber=0",
];

#[test]
fn invalid_parameters_are_bad_requests() -> Outcome {
    let mock = MockPress::builder().deployments("s", [json!({})]).start()?;
    for (path, queries) in [(SPECS, INVALID_SPECS), (DEPLOYMENTS, INVALID_DEPLOYMENTS)] {
        for query in queries {
            let (status, body) = get(&mock, &format!("{path}?{query}"))?;
            assert_eq!(status, 400, "{query}");
            assert_eq!(body["title"], "Bad Request", "{query}");
            let (name, _) = query.split_once('=').ok_or("a pair")?;
            let detail = body["detail"].as_str().ok_or("a detail")?;
            assert!(detail.starts_with(&format!("{name} must be ")), "{query}: {detail}");
        }
    }
    Ok(())
}

#[test]
fn paths_methods_tokens_and_parameters_are_checked_in_order() -> Outcome {
    let specs = [json!({ "id": "s" }), json!({ "id": "a/b ü" }), json!({ "title": "no id" })];
    let builder = MockPress::builder().token("Bearer é").specs(specs);
    let mock = builder.deployments("unlisted", [] as [Value; 0]).start()?;
    let targets = [
        ("%73/releases/deployments", 200),
        ("a%2Fb%20%C3%BC/releases/deployments", 200),
        ("unlisted/releases/deployments", 200),
        ("S/releases/deployments", 404),
        ("%FF/releases/deployments", 404),
        ("/releases/deployments", 404),
        ("s/releases/deployments/", 404),
        ("none/releases/deployments?version=x", 400),
    ];
    for (target, status) in targets {
        assert_eq!(get(&mock, &format!("{SPECS}{target}"))?.0, status, "{target}");
    }
    let without_token =
        [("GET /v1/specs", 404), ("POST /v1/specs/", 405), ("GET /v1/specs/?pageSize=0", 401)];
    for (request, status) in without_token {
        assert_eq!(send(&mock, request, &[])?.0, status, "{request}");
    }
    assert_eq!(send(&mock, "HEAD /v1/specs/", &["Bearer é"])?.0, 405);
    for tokens in [&[""][..], &["bearer é"], &["Bearer é2"], &["Bearer é", "Bearer é"]] {
        assert_eq!(send(&mock, "GET /v1/specs/", tokens)?.0, 401, "{tokens:?}");
    }
    Ok(())
}

#[test]
fn generated_specs_are_varied_and_reproducible() -> Outcome {
    let start = || MockPress::builder().generated_specs(400).generated_deployments(30).start();
    let mock = start()?;
    let other = start()?;
    let all = page(&mock, "/v1/specs/?pageSize=400")?;
    assert_eq!(all, page(&other, "/v1/specs/?pageSize=400")?);
    let average = all.to_string().len() / 400;
    assert!((800..1000).contains(&average), "{average} bytes for each spec");
    let queries = [
        "featured=true",
        "featured=false",
        "kind=app",
        "kind=workflow",
        "kind=service",
        "scope=private",
        "scope=public",
        "scope=shared",
        "status=available",
        "status=unavailable",
        "status=archived",
    ];
    for query in queries {
        assert_ne!(page(&mock, &format!("{SPECS}?{query}"))?["specCount"], 0, "{query}");
    }
    let first = mock.spec_ids().remove(0);
    let deployments = |mock| page(mock, &format!("/v1/specs/{first}/releases/deployments"));
    assert_eq!(deployments(&mock)?["deploymentCount"], 30);
    assert_eq!(deployments(&mock)?, deployments(&other)?);
    mock.add_deployments(&first, [json!({ "id": "own" })])?;
    assert_eq!(deployments(&mock)?["deployments"], json!([{ "id": "own" }]));
    mock.add_generated_specs(5);
    assert_eq!(mock.spec_ids().into_iter().collect::<HashSet<_>>().len(), 405);
    Ok(())
}

#[tokio::test]
async fn on_page_can_change_pages_and_specs() -> Outcome {
    let mock = Arc::new(MockPress::builder().generated_specs(6).start()?);
    let [a, b, c, d, e, f] = <[String; 6]>::try_from(mock.spec_ids()).expect("six specs");
    // Removes the first spec after page 1 is made, and adds a new first one after page 2.
    let weak = Arc::downgrade(&mock);
    let removed = a.clone();
    mock.on_page(move |request, page| {
        let mock = weak.upgrade().expect("the mock exists");
        page["requests"] = json!(mock.requests().len());
        match request.page_number() {
            Some(1) => {
                assert!(mock.remove_spec(&removed));
                assert!(!mock.remove_spec(&removed));
            }
            Some(2) => mock.add_spec(json!({ "id": "new" })).expect("a spec"),
            _ => mock.on_page(|_, _| panic!("a panic in the closure")),
        }
        mock.fault(Fault::pass().on_page(9));
    });
    let pages: Vec<_> = client(&mock)?.list_specs().page_size(2).pages().try_collect().await?;
    let read: Vec<_> = pages.iter().flat_map(|page| &page.specs).map(|spec| &spec.id).collect();
    assert_eq!(read, [&a, &b, &d, &e, &e, &f]);
    assert!(pages.iter().zip(1..).all(|(page, requests)| page.extra["requests"] == requests));
    assert_eq!(mock.spec_ids(), ["new", &b, &c, &d, &e, &f]);
    assert_eq!(mock.unused_faults(), 3);
    assert_eq!(get(&mock, &format!("/v1/specs/{a}/releases/deployments"))?.0, 404);
    // A panic in the closure fails only its own request.
    assert!(get(&mock, SPECS).is_err());
    mock.on_page(|_, _| {});
    assert_eq!(page(&mock, SPECS)?["specCount"], 6);
    Ok(())
}

#[test]
fn deployments_are_added_and_replaced() -> Outcome {
    let mock = MockPress::builder().generated_specs(1).generated_deployments(3).start()?;
    let known = mock.spec_ids().remove(0);
    let ids = |spec_id: &str| -> Outcome<Vec<String>> {
        let page = page(&mock, &format!("/v1/specs/{spec_id}/releases/deployments"))?;
        let deployments = page["deployments"].as_array().ok_or("a list")?;
        Ok(deployments.iter().map(|it| it["id"].as_str().unwrap_or_default().into()).collect())
    };

    // The first one replaces the generated deployments.
    mock.add_deployment(&known, json!({ "id": "a" }))?;
    mock.add_deployment(&known, json!({ "id": "b" }))?;
    assert_eq!(ids(&known)?, ["a", "b"]);
    mock.set_deployments(&known, [json!({ "id": "c" })])?;
    assert_eq!(ids(&known)?, ["c"]);

    // A failure changes nothing. JSON has no keys of this type.
    let not_json = HashMap::from([((1, 2), 3)]);
    assert!(mock.add_deployment(&known, &not_json).is_err());
    assert!(mock.set_deployments(&known, [not_json]).is_err());
    assert_eq!(ids(&known)?, ["c"]);

    mock.set_deployments(&known, [] as [Value; 0])?;
    assert!(ids(&known)?.is_empty());

    mock.add_deployment("unlisted", json!({ "id": "d" }))?;
    assert_eq!(ids("unlisted")?, ["d"]);
    mock.set_deployments("generated", [json!({ "id": "e" })])?;
    assert_eq!(ids("generated")?, ["e"]);
    assert_eq!(mock.spec_ids(), [known]);
    Ok(())
}

struct Scripted<'a> {
    fault: Fault,
    header: &'a str,
    body: &'a str,
}

#[test]
fn scripted_responses_are_sent_exactly() -> Outcome {
    let mock = MockPress::builder().generated_specs(3).start()?;
    let request = head("GET /v1/specs/", &[&mock.token()]);
    let (_, normal) = converse(&mock, &request)?;
    let declared = format!("content-length: {}\r\n", normal.len());
    let ms = Duration::from_millis(1);
    let rows = [
        Scripted {
            fault: Fault::status(429).header("X-A", "1").header("x-a", "2").empty(),
            header: "x-a: 1\r\nx-a: 2\r\n",
            body: "",
        },
        Scripted {
            fault: Fault::raw_body("{}").header("content-type", "text/x").delay(ms),
            header: "content-type: text/x\r\n",
            body: "{}",
        },
        Scripted {
            fault: Fault::raw_body("{}").trickle(0, ms),
            header: "content-length: 2\r\n",
            body: "{}",
        },
        Scripted {
            fault: Fault::pass().cut_after(100).trickle(30, ms),
            header: &declared,
            body: &normal[..100],
        },
        Scripted { fault: Fault::pass().cut_after(usize::MAX), header: &declared, body: &normal },
        Scripted { fault: Fault::drop_connection(), header: "\r\n", body: "" },
    ];
    for Scripted { fault, header, body } in rows {
        let name = format!("{fault:?}");
        mock.fault(fault);
        let (received_head, received_body) = converse(&mock, &request)?;
        assert!(received_head.contains(header), "{name}: {received_head}");
        assert_eq!(received_body, body, "{name}");
    }
    assert_eq!(mock.unused_faults(), 0);
    assert_eq!(mock.in_flight(), 0);
    assert_eq!(mock.aborted(), 0);
    Ok(())
}

#[test]
fn invalid_scripted_responses_are_server_errors() -> Outcome {
    let mock = MockPress::start()?;
    let rows = [
        (Fault::status(99), "status 99"),
        (Fault::status(101), "status 101"),
        (Fault::pass().header("a b", "1"), "header \"a b\""),
        (Fault::pass().header("a", "1\r\nb: 2"), "header \"a\""),
    ];
    for (fault, mistake) in rows {
        mock.fault(fault);
        let (status, body) = get(&mock, SPECS)?;
        assert_eq!(status, 500);
        assert_eq!(body["title"], "Internal Server Error");
        assert_eq!(body["detail"], format!("The scripted {mistake} cannot be sent"));
    }
    Ok(())
}

#[test]
fn faults_apply_in_order_to_matching_requests() -> Outcome {
    let mock = MockPress::builder()
        .fault(Fault::status(501).on_page(2).times(2))
        .fault(Fault::status(503).when(|request| request.path() == "/elsewhere"))
        .faults([Fault::pass(), Fault::status(505).times(0), Fault::status(506).on_page(1)])
        .faults([
            Fault::status(507).when(|request| request.query("term").is_some()),
            Fault::status(508).always(),
        ])
        .start()?;
    assert_eq!(mock.unused_faults(), 6);
    let page_2 = "/v1/specs/?pageNumber=2";
    let targets = [page_2, SPECS, page_2, page_2, "/elsewhere", "/elsewhere", "/elsewhere"];
    for (target, status) in targets.into_iter().zip([501, 200, 501, 508, 503, 506, 508]) {
        assert_eq!(get(&mock, target)?.0, status, "{target}");
    }
    assert_eq!(mock.unused_faults(), 1);
    mock.clear_faults();
    assert_eq!(mock.unused_faults(), 0);
    assert_eq!(get(&mock, SPECS)?.0, 200);
    Ok(())
}

#[test]
fn recent_requests_are_kept_and_hide_the_token() -> Outcome {
    let builder = MockPress::builder().token("sesame").keep_requests(2);
    let shown = format!("{builder:?}");
    let mock = builder.start()?;
    for target in ["/first", SPECS, "/third"] {
        get(&mock, target)?;
    }
    let requests = mock.requests();
    assert_eq!(mock.request_count(), 3);
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].path(), SPECS);
    assert_eq!(requests[1].path(), "/third");
    assert_eq!(requests[0].header("Authorization"), Some("sesame"));
    assert!(!format!("{requests:?} {mock:?} {shown}").contains("sesame"));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn paused_time_does_not_affect_the_mock() -> Outcome {
    let begin = Instant::now();
    let time = Duration::from_millis(50);
    let mock = MockPress::builder().latency(time).start()?;
    page(&mock, SPECS)?;
    assert!(begin.elapsed() >= time);
    let error = mock.wait_for_requests(2, time).await.expect_err("only one request");
    assert!(begin.elapsed() >= 2 * time);
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(error.to_string(), "only 1 of 2 requests within 50ms");
    Ok(())
}

#[test]
fn dropping_the_mock_closes_connections() -> Outcome {
    let faults = [Fault::hang(), Fault::pass().trickle(1, Duration::from_secs(3600))];
    let mock = MockPress::builder().generated_specs(1).faults(faults).start()?;
    let streams = [(); 2].map(|()| connect(&mock, &head("GET /v1/specs/", &[&mock.token()])));
    mock.wait_for_requests_blocking(2, PATIENCE)?;
    drop(mock);
    for stream in streams {
        // The connection ends, or it is reset if unread bytes are lost.
        let end = stream?.read_to_end(&mut Vec::new()).map_err(|error| error.kind());
        assert!(!matches!(end, Err(ErrorKind::WouldBlock | ErrorKind::TimedOut)));
    }
    Ok(())
}

#[test]
fn taken_ports_and_invalid_items_are_errors() -> Outcome {
    let mock = MockPress::start()?;
    let port = mock.url().rsplit(':').next().ok_or("a port")?.parse()?;
    let error = MockPress::builder().port(port).start().expect_err("the port is taken");
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    let not_json = HashMap::from([(vec![1], 1)]);
    assert!(mock.add_spec(&not_json).is_err());
    assert!(mock.add_deployments("s", [&not_json]).is_err());
    assert!(MockPress::builder().spec(not_json).generated_specs(1).start().is_err());
    Ok(())
}

#[test]
fn malformed_requests_do_not_break_the_mock() -> Outcome {
    let mock = MockPress::builder().generated_specs(1).start()?;
    let long = format!("/{}", "a".repeat(60_000));
    let targets = [
        "*",
        "other:80",
        "/v1/specs/?%",
        "/v1/specs/?%%%=%FF&&=&=&",
        "/v1/specs/?term=%00%FF%FE",
        "http://other/v1/specs/",
        "/v1/specs/%/releases/deployments",
        "/%2e%2e/..//",
        "/v1/specs/releases/deployments",
        &long,
    ];
    let long_length = format!("POST /v1/specs/ HTTP/1.1\r\ncontent-length: {}", "9".repeat(20));
    let heads = [
        "\0\0\0\0",
        "GET",
        "GET / HTTP/9.9",
        "PRI * HTTP/2.0\r\n\r\nSM",
        "GET /v1/specs/ HTTP/1.0",
        &long_length,
    ];
    let mut requests = Vec::new();
    for target in targets {
        for method in ["GET", "OPTIONS", "CONNECT"] {
            requests.push(head(&format!("{method} {target}"), &[&mock.token()]));
        }
    }
    for head in heads {
        requests.push(format!("{head}\r\n\r\n"));
    }
    for request in requests {
        // The mock responds or closes the connection.
        let _ = converse(&mock, &request);
    }
    assert_eq!(page(&mock, SPECS)?["specCount"], 1);
    Ok(())
}
