//! The data types: what may be missing, null, unknown or odd. That nothing of it is lost is in
//! `properties`.

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
    let counts = (page.page_count, page.page_number, page.page_size, page.spec_count);
    assert_eq!(counts, (1, Some(1), Some(25), Some(2)));
    let spec = &page.specs[0];
    let kind = (&spec.kind, spec.featured, &spec.scope);
    assert_eq!(kind, (&Some(SpecKind::Workflow), Some(false), &Some(SpecScope::Private)));
    let metadata = spec.metadata.as_ref().ok_or("metadata")?;
    assert_eq!(metadata.status, Some(SpecStatus::Available));
    let created = metadata.created_at.as_ref().and_then(|time| time.to_utc()).ok_or("a time")?;
    assert_eq!(created.to_rfc3339(), "2020-01-01T18:00:00+00:00");

    let deployments = deployments(include_str!("../fixtures/deployments_page.json")).await?;
    let revision = deployments.deployments[0].latest_revision.as_ref().ok_or("a revision")?;
    assert_eq!((revision.revision, &revision.status), (Some(1), &Some(DeploymentStatus::Deployed)));
    // Every field has a name of its own.
    let shown = format!("{page:?} {deployments:?}");
    assert_eq!(shown.matches("extra: {}").count(), shown.matches("extra: ").count(), "{shown}");
    Ok(())
}

#[tokio::test]
async fn optional_fields_may_be_missing_or_null() -> Outcome {
    let body = json!({
        "pageCount": 1, "pageNumber": null, "pageSize": null, "specCount": null,
        "specs": [{ "id": "a" }, { "id": "b", "kind": null, "metadata": null }, { "id": "c", "metadata": { "tags": null } }],
    });
    let page = specs(&body.to_string()).await?;
    assert_eq!((page.page_number, page.page_size, page.spec_count), (None, None, None));
    assert_eq!((&page.specs[0].kind, &page.specs[0].metadata), (&None, &None));
    assert_eq!((&page.specs[1].kind, &page.specs[1].metadata), (&None, &None));
    let metadata = page.specs[2].metadata.as_ref().ok_or("metadata")?;
    assert_eq!((&metadata.tags, &metadata.status), (&None, &None));
    Ok(())
}

/// JSON values of every kind.
fn odd_values() -> Vec<Value> {
    let values = r#"[null, true, 0, -1, 1.5, 18446744073709551616, 1e300, "", "text", [], [1],
                     [null], ["text"], [{}], {}, {"a": 1}, {"name": 1, "id": []}]"#;
    serde_json::from_str(values).expect("a list")
}

/// The pointers of all values in `value` that a service may send with another type.
fn optional_places(value: &Value, pointer: &str, places: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, field)| (key.clone(), field)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect()
        }
        _ => Vec::new(),
    };
    for (key, child) in children {
        let pointer = format!("{pointer}/{key}");
        let required = ["/pageCount", "/specs", "/specs/0", "/specs/0/id"];
        let required = required.map(|place| place.to_owned()).into_iter();
        let mut required =
            required.flat_map(|place| [place.replace("specs", "deployments"), place]);
        if !required.any(|place| place == pointer) {
            places.push(pointer.clone());
        }
        optional_places(child, &pointer, places);
    }
}

/// Removes fields that are null, which may be left out when a page is serialized.
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
        let mut places = Vec::new();
        optional_places(&example, "", &mut places);
        assert!(places.len() > 20, "{places:?}");
        for place in &places {
            for odd in odd_values() {
                let case = format!("{place} is {odd}");
                let mut body = example.clone();
                *body.pointer_mut(place).ok_or("a place")? = odd;
                mock.fault(Fault::raw_body(body.to_string()));
                let mut read = if example.get("specs").is_some() {
                    let page = client.list_specs().page(None).await?;
                    assert_eq!(page.specs.len(), 1, "{case}");
                    serde_json::to_value(page)?
                } else {
                    let page = client.list_spec_release_deployments("s").page(None).await?;
                    assert_eq!(page.deployments.len(), 1, "{case}");
                    serde_json::to_value(page)?
                };
                without_nulls(&mut read);
                without_nulls(&mut body);
                assert_eq!(read, body, "{case}");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn unexpected_types_are_kept_in_extra() -> Outcome {
    let body = r#"{ "pageCount": 1, "specs": [
        { "id": "a", "featured": "yes", "metadata": { "tags": ["x"], "name": 7 } },
        { "id": 1, "id": "b", "kind": 1, "kind": "app", "scope": "public", "scope": [] }
    ] }"#;
    let page = specs(body).await?;
    let spec = &page.specs[0];
    assert_eq!(spec.featured, None);
    assert_eq!(spec.extra["featured"], "yes");
    let metadata = spec.metadata.as_ref().ok_or("metadata")?;
    assert_eq!(metadata.tags, None);
    assert_eq!(metadata.extra["tags"], json!(["x"]));
    assert_eq!(metadata.extra["name"], 7);
    let spec = &page.specs[1];
    assert_eq!(spec.id, "b");
    assert_eq!(spec.kind, Some(SpecKind::App));
    assert_eq!(spec.scope, None);
    assert_eq!(spec.extra.len(), 1);
    assert_eq!(spec.extra["scope"], json!([]));
    Ok(())
}

#[tokio::test]
async fn byte_order_marks_and_unpaired_surrogates_are_read() -> Outcome {
    let body = "\u{feff}{\"pageCount\":1,\"specs\":[{\"id\":\"a\\ud83d\"}]}";
    assert_eq!(specs(body).await?.specs[0].id, "a\u{fffd}");
    Ok(())
}

#[tokio::test]
async fn unknown_enumeration_values_are_kept() -> Outcome {
    let item = json!({
        "id": "a", "kind": "robot", "scope": "galaxy", "latestRevision": { "status": "" },
        "metadata": { "status": "dreaming", "createdAt": "yesterday" },
    });
    let body = json!({ "pageCount": 1, "specs": [item], "deployments": [item] }).to_string();
    let spec = specs(&body).await?.specs.remove(0);
    assert_eq!(spec.kind, Some(SpecKind::Unknown("robot".into())));
    assert_eq!(spec.scope, Some(SpecScope::Unknown("galaxy".into())));
    let metadata = spec.metadata.ok_or("metadata")?;
    assert_eq!(metadata.status, Some(SpecStatus::Unknown("dreaming".into())));
    // So are times that are none.
    let time = metadata.created_at.ok_or("a time")?;
    assert_eq!((time.as_str(), time.to_utc()), ("yesterday", None));
    let deployment = deployments(&body).await?.deployments.remove(0);
    let status = deployment.metadata.and_then(|metadata| metadata.status);
    assert_eq!(status, Some(DeploymentStatus::Unknown("dreaming".into())));
    let status = deployment.latest_revision.and_then(|revision| revision.status);
    assert_eq!(status, Some(DeploymentStatus::Unknown(String::new())));
    Ok(())
}

/// They all come from one macro.
#[test]
fn enumerations_convert_to_and_from_text() -> Outcome {
    for text in ["app", "workflow", "service", "", "App", " app", "\u{0}", "é"] {
        let kind = SpecKind::from(text);
        assert_eq!(
            matches!(kind, SpecKind::Unknown(_)),
            !SpecKind::KNOWN.contains(&kind),
            "{text}"
        );
        let owned = text.to_owned();
        for same in
            [SpecKind::from(&owned), SpecKind::from(owned), SpecKind::from(&kind), text.parse()?]
        {
            assert_eq!(kind, same);
        }
        assert!(kind == text && kind == *text && kind != "odd");
        assert_eq!((kind.as_str(), kind.as_ref(), &*kind.to_string()), (text, text, text));
        assert_eq!(serde_json::to_value(&kind)?, text);
        assert_eq!(serde_json::from_value::<SpecKind>(json!(text))?, kind);
    }
    let unknown = SpecKind::default();
    assert_eq!(unknown, "");
    assert!(SpecKind::KNOWN.is_sorted() && SpecKind::KNOWN.iter().all(|known| known < &unknown));
    for wrong in [json!(1), Value::Null, json!(["app"]), json!({ "app": 1 })] {
        assert!(serde_json::from_value::<SpecKind>(wrong).is_err());
    }
    Ok(())
}

#[test]
fn data_types_can_be_constructed() {
    let (mut page, mut spec) = (SpecPage::default(), SpecSummary::default());
    spec.id = "a".into();
    page.specs.push(spec);
    assert_eq!(json!(page), json!({ "pageCount": 0, "specs": [{ "id": "a" }] }));
}
