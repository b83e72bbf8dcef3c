//! JSON Schemas of the data types.

use std::collections::BTreeMap;

use ::schemars::schema_for;
use press_specs::types;
use serde_json::{Value, json};

#[test]
fn every_data_type_has_a_schema() -> Result<(), &'static str> {
    // The schema of a page includes the schemas of the other types.
    let mut schemas = BTreeMap::new();
    for schema in [schema_for!(types::SpecPage), schema_for!(types::DeploymentPage)] {
        let schema = schema.to_value();
        schemas.extend(schema["$defs"].as_object().ok_or("definitions")?.clone());
        schemas.insert(schema["title"].as_str().ok_or("a title")?.to_owned(), schema);
    }
    assert_eq!(schemas.len(), 16, "{:?}", schemas.keys());
    for (name, schema) in &schemas {
        let description = schema["description"].as_str().unwrap_or_default();
        assert!(!description.is_empty(), "{name}: {schema}");
        let required = match &**name {
            "SpecPage" => json!(["pageCount", "specs"]),
            "DeploymentPage" => json!(["deployments", "pageCount"]),
            "SpecSummary" | "DeploymentSummary" => json!(["id"]),
            _ => Value::Null,
        };
        assert_eq!(schema["required"], required, "{name}");
        if schema["type"] == "object" {
            assert!(schema["properties"].is_object(), "{name}: {schema}");
            // Unknown fields are allowed and aren't listed as a property.
            assert!(schema["properties"]["extra"].is_null(), "{name}: {schema}");
            assert_ne!(schema["additionalProperties"], false, "{name}");
        }
    }
    assert_eq!(schemas["Timestamp"]["type"], "string");
    // Enumerations list their values and allow others.
    let known = json!({ "type": "string", "enum": ["app", "workflow", "service"] });
    assert_eq!(schemas["SpecKind"]["anyOf"], json!([known, { "type": "string" }]));
    Ok(())
}
