//! Data types: missing, null and unknown values, and values of unexpected types.

use press_specs::{
    mock::{Fault, MockPress},
    types::{
        DeploymentPage, DeploymentStatus, SpecKind, SpecPage, SpecScope, SpecStatus, SpecSummary,
    },
};
use serde_json::{Value, json};

use crate::{Outcome, client};

/// The page of specs that the service sends as `body`.
async fn specs(body: &str) -> Outcome<SpecPage> {
    let mock = MockPress::builder().fault(Fault::raw_body(body)).start()?;
    Ok(client(&mock)?.list_specs().page(None).await?)
}

async fn deployments(body: &str) -> Outcome<DeploymentPage> {
    let mock = MockPress::builder().fault(Fault::raw_body(body)).start()?;
    Ok(client(&mock)?.list_spec_release_deployments("s").page(None).await?)
}

#[tokio::test]
async fn documented_examples_are_read() -> Outcome {
    let page = specs(include_str!("../fixtures/specs_page.json")).await?;
    assert_eq!(page.page_count, 1);
    assert_eq!(page.page_number, Some(1));
    assert_eq!(page.page_size, Some(25));
    assert_eq!(page.spec_count, Some(2));
    let spec = &page.specs[0];
    assert_eq!(spec.kind, Some(SpecKind::Workflow));
    assert_eq!(spec.featured, Some(false));
    assert_eq!(spec.scope, Some(SpecScope::Private));
    let metadata = spec.metadata.as_ref().ok_or("metadata")?;
    assert_eq!(metadata.status, Some(SpecStatus::Available));
    let created = metadata.created_at.as_ref().and_then(|time| time.to_utc()).ok_or("a time")?;
    assert_eq!(created.to_rfc3339(), "2020-01-01T18:00:00+00:00");

    let deployments = deployments(include_str!("../fixtures/deployments_page.json")).await?;
    let revision = deployments.deployments[0].latest_revision.as_ref().ok_or("a revision")?;
    assert_eq!(revision.revision, Some(1));
    assert_eq!(revision.status, Some(DeploymentStatus::Deployed));
    Ok(())
}

#[tokio::test]
async fn documented_examples_have_no_unknown_fields() -> Outcome {
    let page = specs(include_str!("../fixtures/specs_page.json")).await?;
    assert!(page.extra.is_empty(), "{page:?}");
    assert_eq!(page.specs.len(), 1);
    for spec in &page.specs {
        assert!(spec.extra.is_empty(), "{spec:?}");
        let metadata = spec.metadata.as_ref().ok_or("metadata")?;
        assert!(metadata.extra.is_empty(), "{metadata:?}");
        for tag in metadata.tags.iter().flatten() {
            assert!(tag.extra.is_empty(), "{tag:?}");
        }
        let release = spec.latest_release.as_ref().ok_or("a release")?;
        assert!(release.extra.is_empty(), "{release:?}");
    }

    let page = deployments(include_str!("../fixtures/deployments_page.json")).await?;
    assert!(page.extra.is_empty(), "{page:?}");
    assert_eq!(page.deployments.len(), 1);
    for deployment in &page.deployments {
        assert!(deployment.extra.is_empty(), "{deployment:?}");
        let metadata = deployment.metadata.as_ref().ok_or("metadata")?;
        assert!(metadata.extra.is_empty(), "{metadata:?}");
        for tag in metadata.tags.iter().flatten() {
            assert!(tag.extra.is_empty(), "{tag:?}");
        }
        let revision = deployment.latest_revision.as_ref().ok_or("a revision")?;
        assert!(revision.extra.is_empty(), "{revision:?}");
        let spec = deployment.spec.as_ref().ok_or("a spec")?;
        assert!(spec.extra.is_empty(), "{spec:?}");
        let release = spec.release.as_ref().ok_or("a release")?;
        assert!(release.extra.is_empty(), "{release:?}");
    }
    Ok(())
}

#[tokio::test]
async fn optional_fields_may_be_missing_or_null() -> Outcome {
    let body = json!({
        "pageCount": 1,
        "pageNumber": null,
        "pageSize": null,
        "specCount": null,
        "specs": [
            { "id": "a" },
            { "id": "b", "kind": null, "metadata": null },
            { "id": "c", "metadata": { "tags": null } },
        ],
    });
    let page = specs(&body.to_string()).await?;
    assert_eq!(page.page_number, None);
    assert_eq!(page.page_size, None);
    assert_eq!(page.spec_count, None);
    for spec in &page.specs[..2] {
        assert_eq!(spec.kind, None);
        assert_eq!(spec.metadata, None);
    }
    let metadata = page.specs[2].metadata.as_ref().ok_or("metadata")?;
    assert_eq!(metadata.tags, None);
    assert_eq!(metadata.status, None);
    Ok(())
}

/// JSON values of every type.
fn json_values() -> Vec<Value> {
    let values = r#"[null, true, 0, -1, 1.5, 18446744073709551616, 1e300, "", "text", [], [1],
                     [null], ["text"], [{}], {}, {"a": 1}, {"name": 1, "id": []}]"#;
    serde_json::from_str(values).expect("a list")
}

/// The required values of a page.
const REQUIRED: [&str; 7] = [
    "/pageCount",
    "/specs",
    "/specs/0",
    "/specs/0/id",
    "/deployments",
    "/deployments/0",
    "/deployments/0/id",
];

/// Collects JSON pointers to all optional values in `value`.
fn optional_values(value: &Value, pointer: &str, pointers: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, field)| (key.clone(), field)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect()
        }
        _ => Vec::new(),
    };
    for (key, child) in children {
        let pointer = format!("{pointer}/{key}");
        if !REQUIRED.contains(&pointer.as_str()) {
            pointers.push(pointer.clone());
        }
        optional_values(child, &pointer, pointers);
    }
}

/// Removes null fields, which serializing may omit.
fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

#[tokio::test]
async fn unexpected_types_never_fail_a_page() -> Outcome {
    let mock = MockPress::start()?;
    let client = client(&mock)?;
    for example in [
        include_str!("../fixtures/specs_page.json"),
        include_str!("../fixtures/deployments_page.json"),
    ] {
        let example: Value = serde_json::from_str(example)?;
        let mut pointers = Vec::new();
        optional_values(&example, "", &mut pointers);
        assert!(pointers.len() > 20, "{pointers:?}");
        for pointer in &pointers {
            for value in json_values() {
                let case = format!("{pointer} is {value}");
                let mut body = example.clone();
                *body.pointer_mut(pointer).ok_or("a value")? = value;
                mock.fault(Fault::raw_body(body.to_string()));
                let mut decoded = if example.get("specs").is_some() {
                    let page = client.list_specs().page(None).await?;
                    assert_eq!(page.specs.len(), 1, "{case}");
                    serde_json::to_value(page)?
                } else {
                    let page = client.list_spec_release_deployments("s").page(None).await?;
                    assert_eq!(page.deployments.len(), 1, "{case}");
                    serde_json::to_value(page)?
                };
                without_nulls(&mut decoded);
                without_nulls(&mut body);
                assert_eq!(decoded, body, "{case}");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn unexpected_types_are_kept_in_extra() -> Outcome {
    let body = r#"{ "pageCount": 1, "specs": [
        { "id": "a", "featured": "yes", "metadata": { "tags": ["x"], "name": 7 } }
    ] }"#;
    let page = specs(body).await?;
    let spec = &page.specs[0];
    assert_eq!(spec.featured, None);
    assert_eq!(spec.extra["featured"], "yes");
    let metadata = spec.metadata.as_ref().ok_or("metadata")?;
    assert_eq!(metadata.tags, None);
    assert_eq!(metadata.extra["tags"], json!(["x"]));
    assert_eq!(metadata.extra["name"], 7);
    Ok(())
}

#[tokio::test]
async fn last_value_of_a_duplicate_key_wins() -> Outcome {
    let body = r#"{ "pageCount": 1, "specs": [
        { "id": 1, "id": "b", "kind": 1, "kind": "app", "scope": "public", "scope": [] }
    ] }"#;
    let page = specs(body).await?;
    let spec = &page.specs[0];
    assert_eq!(spec.id, "b");
    assert_eq!(spec.kind, Some(SpecKind::App));
    assert_eq!(spec.scope, None);
    assert_eq!(spec.extra.len(), 1);
    assert_eq!(spec.extra["scope"], json!([]));
    Ok(())
}

#[tokio::test]
async fn byte_order_marks_and_unpaired_surrogates_are_tolerated() -> Outcome {
    let body = "\u{feff}{\"pageCount\":1,\"specs\":[{\"id\":\"a\\ud83d\"}]}";
    assert_eq!(specs(body).await?.specs[0].id, "a\u{fffd}");
    Ok(())
}

#[tokio::test]
async fn unknown_enumeration_values_are_kept() -> Outcome {
    let item = json!({
        "id": "a",
        "kind": "robot",
        "scope": "galaxy",
        "latestRevision": { "status": "" },
        "metadata": { "status": "dreaming", "createdAt": "yesterday" },
    });
    let body = json!({ "pageCount": 1, "specs": [item], "deployments": [item] }).to_string();
    let spec = specs(&body).await?.specs.remove(0);
    assert_eq!(spec.kind, Some(SpecKind::Unknown("robot".into())));
    assert_eq!(spec.scope, Some(SpecScope::Unknown("galaxy".into())));
    let metadata = spec.metadata.ok_or("metadata")?;
    assert_eq!(metadata.status, Some(SpecStatus::Unknown("dreaming".into())));
    // An invalid time is kept too.
    let time = metadata.created_at.ok_or("a time")?;
    assert_eq!(time.as_str(), "yesterday");
    assert_eq!(time.to_utc(), None);
    let deployment = deployments(&body).await?.deployments.remove(0);
    let status = deployment.metadata.and_then(|metadata| metadata.status);
    assert_eq!(status, Some(DeploymentStatus::Unknown("dreaming".into())));
    let status = deployment.latest_revision.and_then(|revision| revision.status);
    assert_eq!(status, Some(DeploymentStatus::Unknown(String::new())));
    Ok(())
}

#[test]
fn enumerations_convert_to_and_from_text() -> Outcome {
    for text in ["app", "workflow", "service", "", "App", " app", "\u{0}", "é"] {
        let kind = SpecKind::from(text);
        let is_unknown = matches!(kind, SpecKind::Unknown(_));
        assert_eq!(is_unknown, !SpecKind::KNOWN.contains(&kind), "{text}");
        let owned = text.to_owned();
        assert_eq!(SpecKind::from(&owned), kind);
        assert_eq!(SpecKind::from(owned), kind);
        assert_eq!(SpecKind::from(&kind), kind);
        assert_eq!(text.parse::<SpecKind>()?, kind);
        assert_eq!(kind, text);
        assert_eq!(kind, *text);
        assert_ne!(kind, "odd");
        assert_eq!(kind.as_str(), text);
        let as_ref: &str = kind.as_ref();
        assert_eq!(as_ref, text);
        assert_eq!(kind.to_string(), text);
        assert_eq!(serde_json::to_value(&kind)?, text);
        assert_eq!(serde_json::from_value::<SpecKind>(json!(text))?, kind);
    }
    let unknown = SpecKind::default();
    assert_eq!(unknown, "");
    assert!(SpecKind::KNOWN.is_sorted());
    assert!(SpecKind::KNOWN.iter().all(|known| known < &unknown));
    for wrong in [json!(1), Value::Null, json!(["app"]), json!({ "app": 1 })] {
        assert!(serde_json::from_value::<SpecKind>(wrong).is_err());
    }
    Ok(())
}

#[test]
fn data_types_can_be_constructed() {
    let mut page = SpecPage::default();
    let mut spec = SpecSummary::default();
    spec.id = "a".into();
    page.specs.push(spec);
    assert_eq!(json!(page), json!({ "pageCount": 0, "specs": [{ "id": "a" }] }));
}
