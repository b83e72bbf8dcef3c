//! JSON Schemas of the data types.

use ::schemars::{JsonSchema, schema_for};
use press_specs::types;
use serde_json::{Value, json};

use crate::Outcome;

/// The schema of a type, after what every one of them must be.
fn schema<T: JsonSchema>() -> Value {
    let schema = schema_for!(T).to_value();
    let name = T::schema_name();
    assert_eq!(schema["title"], json!(name), "{schema}");
    assert!(schema["description"].as_str().is_some_and(|text| !text.is_empty()), "{name}: {schema}");
    schema
}

#[test]
fn every_data_type_has_a_schema() -> Outcome {
    let objects = [
        schema::<types::SpecPage>(),
        schema::<types::SpecSummary>(),
        schema::<types::SpecRelease>(),
        schema::<types::SpecMetadata>(),
        schema::<types::DeploymentPage>(),
        schema::<types::DeploymentSummary>(),
        schema::<types::DeploymentRevision>(),
        schema::<types::DeploymentMetadata>(),
        schema::<types::DeploymentSpec>(),
        schema::<types::DeploymentRelease>(),
        schema::<types::Tag>(),
    ];
    for schema in &objects {
        assert_eq!(schema["type"], "object");
        let fields = schema["properties"].as_object().ok_or("fields")?;
        assert!(!fields.is_empty() && !fields.contains_key("extra"), "{schema}");
        // What the contract does not name is allowed.
        assert_ne!(schema["additionalProperties"], false, "{schema}");
    }
    assert_eq!(objects[0]["required"], json!(["pageCount", "specs"]));
    assert_eq!(objects[1]["required"], json!(["id"]));
    assert_eq!(objects[4]["required"], json!(["deployments", "pageCount"]));
    assert_eq!(objects[6]["required"], Value::Null);
    assert_eq!(schema::<types::Timestamp>()["type"], "string");
    Ok(())
}

#[test]
fn enumerations_name_their_values_and_allow_others() {
    for (schema, first) in [
        (schema::<types::SpecKind>(), "app"),
        (schema::<types::SpecScope>(), "private"),
        (schema::<types::SpecStatus>(), "available"),
        (schema::<types::DeploymentStatus>(), "deleting"),
        (schema::<types::SpecSort>(), "createdAt:asc"),
        (schema::<types::DeploymentSort>(), "createdAt:asc"),
    ] {
        assert_eq!(schema["anyOf"][0]["enum"][0], first, "{schema}");
        assert_eq!(schema["anyOf"][1], json!({ "type": "string" }), "{schema}");
    }
}
