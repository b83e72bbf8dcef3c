//! Each way in which a service can deviate, on a mock that does.

use press_specs::mock::{Fault, MockPress, Operation, ReceivedRequest};
use serde_json::{Value, json};

use crate::{
    PRESS_YAML,
    contract::Contract,
    report::{Finding, Kind, Report},
    walk::{self, Service},
};

type TestResult = anyhow::Result<()>;

const SPECS: &str = "list_specs";
const DEPLOYMENTS: &str = "list_spec_release_deployments";

/// What stands in every value that must not come out.
const PRIVATE: &str = "PRIVATE";

fn mock() -> std::io::Result<MockPress> {
    MockPress::builder()
        .generated_specs(13)
        .generated_deployments(11)
        .start()
}

async fn check(contract: &str, mock: &MockPress) -> anyhow::Result<Report> {
    let service = Service::new(mock.url(), &mock.token(), 60)?;
    walk::check(&Contract::parse(contract)?, service, 10).await
}

/// A way to deviate, and what is found then: kind, operation, status and place.
struct Deviation {
    name: &'static str,
    deviate: fn(&MockPress),
    found: &'static [(Kind, &'static str, u16, &'static str)],
    /// What is shown of the values.
    seen: &'static [&'static str],
    /// Whether press.yaml can say it, so that the patched one finds nothing.
    patched: bool,
}

const DEVIATIONS: &[Deviation] = &[
    Deviation {
        name: "fields that are not named, of every type",
        deviate: |mock| {
            each(mock, "specs", |spec, _| {
                spec["metadata"]["rating"] = json!(4);
                spec["metadata"]["score"] = json!(0.5);
                spec["owner"] = json!({ "mail": "PRIVATE@peak.ai", "roles": [{ "name": "PRIVATE", "since": null }] });
                spec["anything"] = Value::Null;
            });
        },
        found: &[
            (Kind::UnnamedField, SPECS, 200, "/specs/*/anything"),
            (Kind::UnnamedField, SPECS, 200, "/specs/*/metadata/rating"),
            (Kind::UnnamedField, SPECS, 200, "/specs/*/metadata/score"),
            (Kind::UnnamedField, SPECS, 200, "/specs/*/owner"),
        ],
        seen: &["null", "integer", "number", "object"],
        patched: true,
    },
    Deviation {
        name: "a field of the page, and the types of schemas that exist",
        deviate: |mock| {
            mock.on_page(|_, page| {
                page["page"] = json!({ "next": "PRIVATE" });
            });
        },
        found: &[
            (Kind::UnnamedField, SPECS, 200, "/page"),
            (Kind::UnnamedField, DEPLOYMENTS, 200, "/page"),
        ],
        seen: &["object", "object"],
        patched: true,
    },
    Deviation {
        name: "names that could be private",
        deviate: |mock| each(mock, "specs", |spec, _| spec["jane smith@PRIVATE"] = json!(1)),
        found: &[(Kind::UnnamedField, SPECS, 200, "/specs/*/(withheld)")],
        seen: &["integer"],
        patched: false,
    },
    Deviation {
        name: "values that enumerations do not name",
        deviate: |mock| {
            each(mock, "specs", |spec, number| {
                spec["kind"] = json!(["app", "notebook", "agent"][number % 3]);
                spec["metadata"]["status"] = json!("on_hold");
            });
        },
        found: &[
            (Kind::UnknownValue, SPECS, 200, "/specs/*/kind"),
            (Kind::UnknownValue, SPECS, 200, "/specs/*/metadata/status"),
        ],
        seen: &["agent", "notebook", "on_hold"],
        patched: true,
    },
    Deviation {
        name: "values of enumerations that could be private",
        deviate: |mock| each(mock, "specs", |spec, _| spec["scope"] = json!("of PRIVATE")),
        found: &[(Kind::UnknownValue, SPECS, 200, "/specs/*/scope")],
        seen: &["(withheld)"],
        patched: false,
    },
    Deviation {
        name: "so many values that it is no enumeration",
        deviate: |mock| {
            each(mock, "deployments", |item, _| {
                item["kind"] = json!(format!("PRIVATE-{}", hash(item)))
            })
        },
        found: &[(Kind::UnknownValue, DEPLOYMENTS, 200, "/deployments/*/kind")],
        seen: &["(withheld)"],
        patched: false,
    },
    Deviation {
        name: "null where it is not allowed",
        deviate: |mock| {
            mock.on_page(|_, page| {
                if let Some(id) = page.pointer_mut("/deployments/0/id") {
                    *id = Value::Null;
                }
                if let Some(tags) = page.pointer_mut("/specs/0/metadata/tags") {
                    *tags = json!([null]);
                }
            });
        },
        found: &[
            (Kind::Null, SPECS, 200, "/specs/*/metadata/tags/*"),
            (Kind::Null, DEPLOYMENTS, 200, "/deployments/*/id"),
        ],
        seen: &[],
        patched: true,
    },
    Deviation {
        name: "a required field that is absent",
        deviate: |mock| {
            mock.on_page(|_, page| {
                remove(page, "pageCount");
                items(page, "deployments").for_each(|item| remove(item, "id"));
            });
        },
        found: &[
            (Kind::Absent, SPECS, 200, "/pageCount"),
            (Kind::Absent, DEPLOYMENTS, 200, "/deployments/*/id"),
            (Kind::Absent, DEPLOYMENTS, 200, "/pageCount"),
        ],
        seen: &[],
        patched: true,
    },
    Deviation {
        name: "other types",
        deviate: |mock| {
            each(mock, "specs", |spec, _| {
                spec["featured"] = json!("PRIVATE");
                spec["latestRelease"] = json!("PRIVATE");
                spec["metadata"]["createdAt"] = json!(1_577_901_600);
                spec["metadata"]["tags"] = json!({ "first": "PRIVATE" });
            });
        },
        found: &[
            (Kind::Type, SPECS, 200, "/specs/*/featured"),
            (Kind::Type, SPECS, 200, "/specs/*/latestRelease"),
            (Kind::Type, SPECS, 200, "/specs/*/metadata/createdAt"),
            (Kind::Type, SPECS, 200, "/specs/*/metadata/tags"),
        ],
        seen: &["string", "string", "integer", "object"],
        patched: true,
    },
    Deviation {
        name: "several types",
        deviate: |mock| {
            each(mock, "deployments", |item, number| {
                item["latestRevision"]["revision"] = [json!(1), json!("PRIVATE"), json!(1.5)][number % 3].clone();
            });
        },
        found: &[(Kind::Type, DEPLOYMENTS, 200, "/deployments/*/latestRevision/revision")],
        seen: &["number", "string"],
        patched: false,
    },
    Deviation {
        name: "times that do not parse",
        deviate: |mock| {
            each(mock, "specs", |spec, _| {
                spec["latestRelease"]["createdAt"] = json!("PRIVATE")
            })
        },
        found: &[(Kind::Time, SPECS, 200, "/specs/*/latestRelease/createdAt")],
        seen: &[],
        patched: false,
    },
    Deviation {
        name: "a number below its minimum",
        deviate: |mock| {
            each(mock, "deployments", |item, _| {
                item["latestRevision"]["revision"] = json!(-1)
            })
        },
        found: &[(
            Kind::Minimum,
            DEPLOYMENTS,
            200,
            "/deployments/*/latestRevision/revision",
        )],
        seen: &[],
        patched: false,
    },
    Deviation {
        name: "a body that is a list",
        deviate: |mock| mock.fault(Fault::raw_body(r#"["PRIVATE"]"#).when(|request| is_page(request, 2))),
        found: &[(Kind::Type, SPECS, 200, "")],
        seen: &["array"],
        patched: false,
    },
    Deviation {
        name: "a page that is no JSON",
        deviate: |mock| mock.fault(Fault::raw_body("<PRIVATE>").when(|request| is_page(request, 2))),
        found: &[(Kind::NotJson, SPECS, 200, "")],
        seen: &[],
        patched: false,
    },
    Deviation {
        name: "a status that is not documented",
        deviate: |mock| mock.fault(Fault::status(503).html("PRIVATE").when(|request| is_page(request, 2))),
        found: &[(Kind::Status, SPECS, 503, "")],
        seen: &["503"],
        patched: true,
    },
    Deviation {
        name: "another status for an invalid value",
        deviate: |mock| mock.fault(Fault::status(422).on_operation(Operation::ListSpecs).when(is_invalid)),
        found: &[(Kind::Status, SPECS, 422, "")],
        seen: &["422"],
        // An invalid value should still be answered with 400.
        patched: false,
    },
    Deviation {
        name: "an invalid value that is taken",
        deviate: |mock| {
            let page = json!({ "pageCount": 0, "deployments": [] });
            let taken = Fault::raw_body(page.to_string()).on_operation(Operation::ListSpecReleaseDeployments);
            mock.fault(taken.when(is_invalid));
        },
        found: &[(Kind::Status, DEPLOYMENTS, 200, "")],
        seen: &["200"],
        patched: false,
    },
    Deviation {
        name: "an unknown spec without an error",
        deviate: |mock| {
            let page = json!({ "pageCount": 0, "deployments": [] });
            mock.fault(Fault::raw_body(page.to_string()).when(is_unknown_spec));
        },
        found: &[(Kind::Status, DEPLOYMENTS, 200, "")],
        seen: &["200"],
        patched: false,
    },
    Deviation {
        name: "an error that is a page of a gateway",
        deviate: |mock| mock.fault(Fault::status(404).html("<p>PRIVATE</p>").when(is_unknown_spec)),
        found: &[
            (Kind::MediaType, DEPLOYMENTS, 404, ""),
            (Kind::NotJson, DEPLOYMENTS, 404, ""),
        ],
        seen: &["text/html"],
        patched: false,
    },
    Deviation {
        name: "an error with other fields",
        deviate: |mock| {
            let body = json!({ "title": 404, "message": "PRIVATE", "errors": [] });
            mock.fault(Fault::status(404).json(body).when(is_unknown_spec));
        },
        found: &[
            (Kind::UnnamedField, DEPLOYMENTS, 404, "/errors"),
            (Kind::UnnamedField, DEPLOYMENTS, 404, "/message"),
            (Kind::Type, DEPLOYMENTS, 404, "/title"),
        ],
        seen: &["array", "string", "integer"],
        // The other errors still have a text.
        patched: false,
    },
    Deviation {
        name: "numbers of pages and items that do not fit",
        deviate: |mock| {
            mock.on_page(|_, page| {
                if page.get("specs").is_some() {
                    page["pageCount"] = json!(4);
                } else {
                    page["deploymentCount"] = json!(14);
                }
            });
        },
        found: &[
            (Kind::PageCount, SPECS, 200, "/pageCount"),
            (Kind::ItemCount, DEPLOYMENTS, 200, "/deployments"),
        ],
        seen: &[],
        patched: false,
    },
    Deviation {
        name: "pages that are not those that were asked for",
        deviate: |mock| {
            mock.on_page(|_, page| {
                page["pageNumber"] = json!(7);
                page["pageSize"] = json!(11);
                remove(page, "specCount");
                remove(page, "deploymentCount");
            });
        },
        found: &[
            (Kind::PageNumber, SPECS, 200, "/pageNumber"),
            (Kind::PageSize, SPECS, 200, "/pageSize"),
            (Kind::PageNumber, DEPLOYMENTS, 200, "/pageNumber"),
            (Kind::PageSize, DEPLOYMENTS, 200, "/pageSize"),
        ],
        seen: &[],
        patched: false,
    },
    Deviation {
        name: "pages with too many items, and nothing that counts them",
        deviate: |mock| {
            mock.on_page(|_, page| {
                remove(page, "specCount");
                if let Some(specs) = page.get_mut("specs").and_then(Value::as_array_mut) {
                    specs.extend([json!({ "id": format!("a{}", specs.len()) }), json!({ "id": "b" })]);
                }
            });
        },
        found: &[
            (Kind::ItemCount, SPECS, 200, "/specs"),
            (Kind::RepeatedId, SPECS, 200, "/specs/*/id"),
        ],
        seen: &[],
        patched: false,
    },
];

fn each(mock: &MockPress, list: &'static str, change: fn(&mut Value, usize)) {
    mock.on_page(move |_, page| {
        items(page, list)
            .enumerate()
            .for_each(|(number, item)| change(item, number))
    });
}

fn items<'a>(page: &'a mut Value, list: &str) -> impl Iterator<Item = &'a mut Value> {
    page.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten()
}

fn remove(object: &mut Value, field: &str) {
    object.as_object_mut().and_then(|fields| fields.remove(field));
}

/// Something that is different for each item.
fn hash(item: &Value) -> String {
    item["id"].as_str().unwrap_or_default().replace('-', "").split_off(16)
}

fn is_page(request: &ReceivedRequest, number: u64) -> bool {
    request.operation() == Some(Operation::ListSpecs) && request.page_number() == Some(number)
}

fn is_invalid(request: &ReceivedRequest) -> bool {
    request.query("status").is_some()
}

fn is_unknown_spec(request: &ReceivedRequest) -> bool {
    request.path().contains("00000000-0000")
}

#[tokio::test]
async fn a_conforming_service_has_no_deviation() -> TestResult {
    let mock = mock()?;
    let report = check(PRESS_YAML, &mock).await?;
    assert!(report.conforms, "{}", report.text()?);
    assert_eq!(report.patch, json!({}));
    assert!(report.walks.iter().all(|walks| walks.complete));
    assert_eq!(
        report.walks.iter().map(|walks| walks.items).collect::<Vec<_>>(),
        [13, 13 * 11]
    );
    Ok(())
}

#[tokio::test]
async fn each_deviation_is_found_at_its_place_without_contents() -> TestResult {
    for deviation in DEVIATIONS {
        let mock = mock()?;
        (deviation.deviate)(&mock);
        let report = check(PRESS_YAML, &mock).await?;
        let found: Vec<_> = report.deviations.iter().map(place).collect();
        assert_eq!(found, deviation.found, "{}", deviation.name);
        let seen: Vec<_> = report.deviations.iter().flat_map(|finding| &finding.seen).collect();
        assert_eq!(seen, deviation.seen, "{}", deviation.name);
        assert!(!report.conforms, "{}", deviation.name);
        for finding in &report.deviations {
            assert!(
                (1..=finding.of).contains(&finding.count),
                "{}: {finding}",
                deviation.name
            );
        }
        let ids = mock.spec_ids();
        for output in [report.text()?, report.json()?] {
            for content in [PRIVATE, "@", "warehouse", &mock.token(), &ids[0], &ids[1]] {
                assert!(!output.contains(content), "{}: {content} in\n{output}", deviation.name);
            }
        }
    }
    Ok(())
}

fn place(finding: &Finding) -> (Kind, &str, u16, &str) {
    (finding.kind, finding.operation, finding.status, &finding.at)
}

#[tokio::test]
async fn the_patched_contract_names_what_was_seen() -> TestResult {
    for deviation in DEVIATIONS {
        let mock = mock()?;
        (deviation.deviate)(&mock);
        let report = check(PRESS_YAML, &mock).await?;
        let mut document = Contract::parse(PRESS_YAML)?.document().clone();
        merge_patch(&mut document, &report.patch);
        let patched = serde_saphyr::to_string(&document)?;
        xtask::contract::check(deviation.name, &patched)?;
        (deviation.deviate)(&mock);
        let report = check(&patched, &mock).await?;
        assert_eq!(
            report.conforms,
            deviation.patched,
            "{}:\n{}",
            deviation.name,
            report.text()?
        );
    }
    Ok(())
}

/// RFC 7396.
fn merge_patch(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, value) in patch {
        if value.is_null() {
            remove(target, key);
        } else {
            merge_patch(&mut target[key], value);
        }
    }
}

#[tokio::test]
async fn nulls_and_absences_that_are_allowed_are_information() -> TestResult {
    let mock = mock()?;
    each(&mock, "specs", |spec, _| {
        spec["scope"] = Value::Null;
        remove(spec, "latestRelease");
    });
    let report = check(PRESS_YAML, &mock).await?;
    assert!(report.conforms);
    let specs = report.information.iter().filter(|finding| finding.operation == SPECS);
    let specs: Vec<_> = specs
        .map(|finding| (finding.kind, finding.at.as_str(), finding.count))
        .collect();
    let expected = [
        (Kind::Absent, "/specs/*/latestRelease", 13),
        (Kind::Null, "/specs/*/scope", 13),
    ];
    assert_eq!(specs, expected);
    Ok(())
}

#[tokio::test]
async fn no_more_requests_are_made_than_allowed() -> TestResult {
    let contract = Contract::parse(PRESS_YAML)?;
    for allowed in [5, 6, 9, 20] {
        let mock = mock()?;
        let service = Service::new(mock.url(), &mock.token(), allowed)?;
        let report = walk::check(&contract, service, 1).await?;
        assert_eq!(report.requests, allowed);
        assert_eq!(mock.request_count(), allowed as usize);
        assert!(report.conforms);
        for walks in &report.walks {
            assert!(walks.pages > 0 && !walks.complete, "{allowed}: {}", walks.operation);
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_empty_service_conforms() -> TestResult {
    let report = check(PRESS_YAML, &MockPress::start()?).await?;
    assert!(report.conforms);
    assert_eq!(
        report.notes,
        ["no spec id was seen, so there were no deployments to ask for"]
    );
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_asked_is_an_error() -> TestResult {
    let contract = Contract::parse(PRESS_YAML)?;
    let mock = mock()?;
    let service = Service::new(mock.url(), "wrong-token", 50)?;
    let error = walk::check(&contract, service, 10)
        .await
        .err()
        .map(|error| format!("{error:#}"));
    assert_eq!(
        error.as_deref(),
        Some("the service answered 401 Unauthorized; check the token")
    );
    assert_eq!(mock.request_count(), 1);

    mock.fault(Fault::status(500).when(|request| is_page(request, 1)));
    let error = check(PRESS_YAML, &mock).await.err().map(|error| format!("{error:#}"));
    let error = error.unwrap_or_default();
    assert!(
        error.contains("list_specs: a walk ended at an answer with status 500"),
        "{error}"
    );
    Ok(())
}
