//! The data types: what may be missing, null, unknown or odd, and that nothing of it is lost.

use press_specs::{
    mock::{Fault, MockPress},
    types::{
        DeploymentPage, DeploymentSort, DeploymentStatus, SpecKind, SpecPage, SpecScope, SpecSort, SpecStatus,
        SpecSummary, Timestamp,
    },
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{Outcome, client};

const SPECS_PAGE: &str = include_str!("../fixtures/specs_page.json");
const DEPLOYMENTS_PAGE: &str = include_str!("../fixtures/deployments_page.json");

/// The page of specs that the service sends as `body`.
async fn specs(body: impl Into<Vec<u8>>) -> Outcome<SpecPage> {
    let mock = MockPress::builder().fault(Fault::raw_body(body)).start()?;
    Ok(client(&mock)?.list_specs().page(None).await?)
}

async fn deployments(body: impl Into<Vec<u8>>) -> Outcome<DeploymentPage> {
    let mock = MockPress::builder().fault(Fault::raw_body(body)).start()?;
    Ok(client(&mock)?.list_spec_release_deployments("s").page(None).await?)
}

#[tokio::test]
async fn the_documented_examples_arrive_whole() -> Outcome {
    let page = specs(SPECS_PAGE).await?;
    let counts = (page.page_count, page.page_number, page.page_size, page.spec_count);
    assert_eq!(counts, (1, Some(1), Some(25), Some(2)));
    let spec = &page.specs[0];
    let kind = (&spec.kind, spec.featured, &spec.scope);
    assert_eq!(kind, (&Some(SpecKind::Workflow), Some(false), &Some(SpecScope::Private)));
    let release = spec.latest_release.as_ref().ok_or("a release")?;
    assert_eq!(release.version.as_deref(), Some("1.0.0"));
    let metadata = spec.metadata.as_ref().ok_or("metadata")?;
    assert_eq!(metadata.status, Some(SpecStatus::Available));
    let tags = metadata.tags.as_ref().ok_or("tags")?;
    assert_eq!(tags[0].name.as_deref(), Some("salesforce"));
    let shown = format!("{page:?}");

    let page = deployments(DEPLOYMENTS_PAGE).await?;
    let deployment = &page.deployments[0];
    assert_eq!((page.deployment_count, deployment.id.as_str()), (Some(2), "632a4e7c-…"));
    let revision = deployment.latest_revision.as_ref().ok_or("a revision")?;
    let status = Some(DeploymentStatus::Deployed);
    assert_eq!((revision.revision, &revision.status), (Some(1), &status));
    assert_eq!(deployment.metadata.as_ref().ok_or("metadata")?.status, status);
    // Every field has a name of its own.
    let shown = shown + &format!("{page:?}");
    assert_eq!(shown.matches("extra: {}").count(), shown.matches("extra: ").count(), "{shown}");
    Ok(())
}

fn assert_lossless<T: DeserializeOwned + Serialize + Clone + PartialEq + std::fmt::Debug>(text: &str) -> Outcome {
    let value: T = serde_json::from_str(text)?;
    let back = serde_json::to_value(&value)?;
    assert_eq!(back, serde_json::from_str::<Value>(text)?);
    assert_eq!(serde_json::from_value::<T>(back)?, value);
    Ok(())
}

#[test]
fn serializing_what_was_deserialized_loses_nothing() -> Outcome {
    assert_lossless::<SpecPage>(SPECS_PAGE)?;
    assert_lossless::<DeploymentPage>(DEPLOYMENTS_PAGE)?;
    // A field that the contract does not name, in every object, with every kind of value.
    let odd = json!({
        "deep": [1, -2, 1.5, 1e300, 18446744073709551615u64, "é", null, true, { "": [[], {}] }],
    });
    let with_odd = |mut value: Value| {
        let fields = [("odd", odd.clone()), ("none", Value::Null), ("extra", json!(1)), ("page_count", json!("x"))];
        let object = value.as_object_mut().expect("an object");
        object.extend(fields.map(|(name, value)| (name.to_owned(), value)));
        value
    };
    let metadata = || with_odd(json!({ "status": "new status", "tags": [with_odd(json!({ "name": "t" })), {}] }));
    let specs = with_odd(json!({
        "pageCount": 18446744073709551615u64, "pageNumber": 0, "specCount": 0,
        "specs": [
            with_odd(json!({
                "id": "", "kind": "robot", "scope": "", "latestRelease": with_odd(json!({ "version": "?" })),
                "metadata": metadata(),
            })),
            { "id": "bare" },
        ],
    }));
    let deployments = with_odd(json!({
        "pageCount": 0, "deploymentCount": 18446744073709551615u64,
        "deployments": [with_odd(json!({
            "id": "d", "kind": "robot", "latestRevision": with_odd(json!({ "revision": 0, "status": "x" })),
            "metadata": metadata(), "spec": with_odd(json!({ "release": with_odd(json!({})) })),
        }))],
    }));
    assert_lossless::<SpecPage>(&specs.to_string())?;
    assert_lossless::<DeploymentPage>(&deployments.to_string())?;
    Ok(())
}

#[test]
fn a_field_that_is_missing_or_comes_twice_is_an_error_that_names_it() {
    for (text, expected) in [
        (r#"{ "specs": [] }"#, "missing field `pageCount`"),
        (r#"{ "pageCount": 1 }"#, "missing field `specs`"),
        (r#"{ "pageCount": 1, "specs": [{ "id": "a", "kind": null, "kind": null }] }"#, "duplicate field `kind`"),
        (r#"{ "pageCount": 1, "specs": [[]] }"#, "invalid type: sequence, expected struct SpecSummary"),
        (r#"{ "pageCount": 1, "specs": [{ "id": null }] }"#, "invalid type: null, expected a string"),
    ] {
        let error = serde_json::from_str::<SpecPage>(text).expect_err(text).to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    let (mut page, mut spec) = (SpecPage::default(), SpecSummary::default());
    spec.id = "a".into();
    page.specs.push(spec);
    assert_eq!(serde_json::json!(page), json!({ "pageCount": 0, "specs": [{ "id": "a" }] }));
}

#[tokio::test]
async fn all_but_the_required_fields_may_be_missing_or_null() -> Outcome {
    let null = |names: &str| -> Value { names.split_whitespace().map(|name| (name, Value::Null)).collect() };
    let with = |mut value: Value, fields: Value| {
        let more = fields.as_object().cloned().expect("an object");
        value.as_object_mut().expect("an object").extend(more);
        value
    };
    let item = null("kind featured scope latestRelease metadata latestRevision spec");
    let metadata =
        null("name title summary description descriptionContentType imageUrl status tags createdAt createdBy");
    let release = null("id version notes createdAt createdBy revision status");
    let inner = json!({
        "id": "c", "metadata": metadata, "latestRelease": release, "latestRevision": release,
        "spec": { "id": null, "release": null },
    });
    let spec_of_nulls = json!({ "id": "d", "spec": { "release": { "version": null } } });
    let tag_of_nulls = json!({ "id": "e", "metadata": { "tags": [{ "name": null }, {}] } });
    let items = json!([{ "id": "a" }, with(json!({ "id": "b" }), item), inner, spec_of_nulls, tag_of_nulls]);
    let page = json!({ "pageCount": 1, "specs": items, "deployments": items });
    let body = with(page, null("pageNumber pageSize specCount deploymentCount"));

    let page = specs(body.to_string()).await?;
    let counts = (page.page_number, page.page_size, page.spec_count);
    assert_eq!((page.specs.len(), counts), (5, (None, None, None)));
    assert_eq!((&page.specs[0].kind, &page.specs[1].metadata), (&None, &None));
    let metadata = page.specs[2].metadata.as_ref().ok_or("metadata")?;
    assert!(metadata.tags.is_none() && metadata.status.is_none() && metadata.created_at.is_none());
    let page = deployments(body.to_string()).await?;
    assert_eq!((page.deployments.len(), page.deployment_count), (5, None));
    assert_eq!(page.deployments[2].spec.as_ref().ok_or("a spec")?.release, None);
    Ok(())
}

#[tokio::test]
async fn unknown_enumeration_values_are_kept() -> Outcome {
    let item = json!({
        "id": "a", "kind": "robot", "scope": "galaxy",
        "metadata": { "status": "dreaming" }, "latestRevision": { "status": "" },
    });
    let body = json!({ "pageCount": 1, "specs": [item], "deployments": [item] }).to_string();
    let spec = specs(body.as_str()).await?.specs.remove(0);
    assert_eq!(spec.kind, Some(SpecKind::Unknown("robot".into())));
    assert_eq!(spec.scope, Some(SpecScope::Unknown("galaxy".into())));
    let status = spec.metadata.and_then(|metadata| metadata.status);
    assert_eq!(status, Some(SpecStatus::Unknown("dreaming".into())));
    let deployment = deployments(body).await?.deployments.remove(0);
    let status = deployment.metadata.and_then(|metadata| metadata.status);
    assert_eq!(status, Some(DeploymentStatus::Unknown("dreaming".into())));
    let status = deployment.latest_revision.and_then(|revision| revision.status);
    assert_eq!(status, Some(DeploymentStatus::Unknown(String::new())));
    Ok(())
}

/// Each documented value: a variant that converts from and to its text in every way.
#[test]
fn enumerations_hold_the_documented_values() -> Outcome {
    macro_rules! check {
        ($type:ident: $($value:literal)+) => {
            let documented = [$($value),+];
            let known: Vec<_> = $type::KNOWN.iter().map($type::as_str).collect();
            assert_eq!(known, documented);
            for value in documented {
                let parsed = $type::from(value);
                assert!(!matches!(parsed, $type::Unknown(_)), "{value}");
                assert_eq!(parsed, $type::from(value.to_owned()));
                assert_eq!(parsed, value.parse::<$type>()?);
                assert!(parsed == value && parsed == *value && parsed != "odd");
                assert_eq!(parsed, $type::from(&parsed));
                assert_eq!((parsed.as_str(), parsed.as_ref(), parsed.to_string().as_str()), (value, value, value));
                assert_eq!(serde_json::to_value(&parsed)?, value);
                assert_eq!(serde_json::from_value::<$type>(json!(value))?, parsed);
            }
            let unknown = $type::from("");
            assert!($type::KNOWN.is_sorted() && $type::KNOWN.iter().all(|known| known < &unknown));
            assert_eq!($type::default(), "");
            for odd in ["", "App", " app", "\u{0}", "é"] {
                assert_eq!($type::from(odd), $type::Unknown(odd.to_owned()));
                assert_eq!(serde_json::to_value($type::from(odd))?, odd);
                assert_eq!(serde_json::from_value::<$type>(json!(odd))?, $type::from(odd));
            }
            for wrong in [json!(1), json!(null), json!(["app"]), json!({ "app": 1 })] {
                assert!(serde_json::from_value::<$type>(wrong).is_err());
            }
        };
    }
    check!(SpecKind: "app" "workflow" "service");
    check!(SpecScope: "private" "public" "shared");
    check!(SpecStatus: "available" "unavailable" "archived");
    check!(DeploymentStatus: "deleting" "delete_failed" "deployed" "deploying" "failed" "platform_resource_error"
        "redeploying" "rollback" "rollback_complete" "rollback_failed" "warning");
    check!(SpecSort: "createdAt:asc" "createdAt:desc" "createdBy:asc" "createdBy:desc" "name:asc" "name:desc"
        "title:asc" "title:desc");
    check!(DeploymentSort: "createdAt:asc" "createdAt:desc" "createdBy:asc" "createdBy:desc" "name:asc" "name:desc");
    Ok(())
}

#[tokio::test]
async fn odd_times_are_kept_and_parsed_on_demand() -> Outcome {
    for (text, seconds) in [
        ("2020-01-01T18:00:00.000Z", Some(1_577_901_600)),
        ("2020-01-01T20:00:00+02:00", Some(1_577_901_600)),
        ("2020-01-01t18:00:00.123456789z", Some(1_577_901_600)),
        ("2020-01-01 18:00:00Z", Some(1_577_901_600)),
        ("2020-01-01T18:00:00", None),
        ("2020-01-01", None),
        ("2020-13-45T99:99:99Z", None),
        ("+292277026596-12-04T15:30:08Z", None),
        ("yesterday", None),
        ("", None),
        ("é\u{1F980}", None),
    ] {
        let body = json!({ "pageCount": 1, "specs": [{ "id": "a", "metadata": { "createdAt": text } }] });
        let page = specs(body.to_string()).await?;
        let metadata = page.specs[0].metadata.as_ref().ok_or("metadata")?;
        let time = metadata.created_at.as_ref().ok_or("a time")?;
        assert_eq!((time.as_str(), time.to_string().as_str()), (text, text));
        assert_eq!(time.to_utc().map(|utc| utc.timestamp()), seconds, "{text}");
        assert_eq!(time, &Timestamp::from(text));
        assert_eq!(serde_json::to_value(&page)?, body);
    }
    Ok(())
}

#[tokio::test]
async fn huge_numbers_are_values_and_negative_ones_are_not() -> Outcome {
    let max = u64::MAX;
    let body = json!({ "pageCount": max, "pageSize": max, "specCount": max, "specs": [] });
    let page = specs(body.to_string()).await?;
    assert_eq!((page.page_count, page.page_size, page.spec_count), (max, Some(max), Some(max)));
    for field in ["pageCount", "pageSize", "pageNumber", "deploymentCount"] {
        let mut body = json!({ "pageCount": 1, "deployments": [] });
        body[field] = json!(-1);
        let error = deployments(body.to_string()).await.expect_err("a negative number");
        assert!(error.to_string().contains(field), "{error}");
    }
    Ok(())
}
