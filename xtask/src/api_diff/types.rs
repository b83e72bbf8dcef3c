//! The Rust types of schemas.

use serde_json::{Value, json};

use super::documents::undocumented;
use crate::pointer::reference;

/// The Rust type of a schema, or a text that is as different as the type; whether it can be null apart.
pub(super) fn type_text(schema: &Value) -> String {
    if let Some(name) = reference(schema).or_else(|| reference(schema.pointer("/allOf/0")?)) {
        let alone = schema["allOf"].as_array().is_none_or(|members| members.len() == 1);
        return if alone {
            name.rsplit('/').next().unwrap_or(name).to_owned()
        } else {
            undocumented(schema).to_string()
        };
    }
    let format = schema["format"].as_str();
    let entry = |entry: &Value| {
        let text = if entry.is_null() || *entry == true {
            "any".to_owned()
        } else {
            type_text(entry)
        };
        if is_nullable(entry) {
            format!("Option<{text}>")
        } else {
            text
        }
    };
    match (schema["type"].as_str(), format) {
        (Some("string"), _) if schema["enum"].is_array() => "enumeration".to_owned(),
        (Some("string"), None) => "string".to_owned(),
        (Some("integer"), _) => {
            let unsigned = schema["minimum"].as_i64().is_some_and(|minimum| minimum >= 0);
            match (unsigned, format) {
                (true, Some("int32")) => "u32".to_owned(),
                (true, _) => "u64".to_owned(),
                (false, Some("int32")) => "i32".to_owned(),
                (false, None | Some("int64")) => "i64".to_owned(),
                (false, Some(format)) => format.to_owned(),
            }
        }
        (Some("number"), Some("float")) => "f32".to_owned(),
        (Some("number"), _) => "f64".to_owned(),
        (Some("boolean"), _) => "bool".to_owned(),
        (Some("array"), _) => format!("Vec<{}>", entry(&schema["items"])),
        (Some("object"), _) if schema["properties"].is_object() => "object".to_owned(),
        (Some("object"), _) => format!("map of {}", entry(&schema["additionalProperties"])),
        (Some(of), Some(format)) => format!("{of} ({format})"),
        _ if undocumented(schema) == json!({}) => "any".to_owned(),
        _ => undocumented(schema).to_string(),
    }
}

/// Whether a value can be null.
pub(super) fn is_nullable(schema: &Value) -> bool {
    schema["nullable"] == true
}
