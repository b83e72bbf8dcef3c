//! JSON Schemas of the data types.

use ::schemars::{JsonSchema, schema_for};
use press_specs::types;
use serde_json::{Value, json};

/// The schema of a type, after what every one of them must be.
fn schema<T: JsonSchema>() -> Value {
    let schema = schema_for!(T).to_value();
    let name = T::schema_name();
    assert_eq!(schema["title"], json!(name), "{schema}");
    assert!(schema["description"].as_str().is_some_and(|text| !text.is_empty()), "{name}: {schema}");
    schema
}

#[test]
fn every_data_type_has_a_schema() {
    for (schema, required) in [
        (schema::<types::SpecPage>(), json!(["pageCount", "specs"])),
        (schema::<types::SpecSummary>(), json!(["id"])),
        (schema::<types::SpecRelease>(), Value::Null),
        (schema::<types::SpecMetadata>(), Value::Null),
        (schema::<types::DeploymentPage>(), json!(["deployments", "pageCount"])),
        (schema::<types::DeploymentSummary>(), json!(["id"])),
        (schema::<types::DeploymentRevision>(), Value::Null),
        (schema::<types::DeploymentMetadata>(), Value::Null),
        (schema::<types::DeploymentSpec>(), Value::Null),
        (schema::<types::DeploymentRelease>(), Value::Null),
        (schema::<types::Tag>(), Value::Null),
    ] {
        assert_eq!((&schema["type"], &schema["required"]), (&json!("object"), &required));
        // What the contract does not name is allowed.
        assert!(schema["properties"].is_object() && schema["properties"]["extra"].is_null(), "{schema}");
        assert_ne!(schema["additionalProperties"], false, "{schema}");
    }
    assert_eq!(schema::<types::Timestamp>()["type"], "string");
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
