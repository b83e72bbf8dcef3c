//! Makes the types tolerant of what a newer or careless service sends: no bounds, null and absence wherever a field is
//! not required, times of any form, and a place for the fields that the document does not name.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::normalize::{Api, component};

/// Loosens all schemas of `api`.
pub(crate) fn relax(api: &mut Api) {
    let mut times = false;
    for (name, schema) in &mut api.schemas {
        if schema["type"] != "object" {
            continue;
        }
        let mut required = BTreeSet::new();
        if let Some(fields) = api.required.get(name) {
            required.extend(fields.iter().cloned());
        }
        // Frameworks mark nearly every field of a response as required, and one that is missing would fail a page.
        let received = api.received.contains(name);
        let said = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        let said: Vec<_> = said.filter(|field| !received || (field == "id" && api.items.contains(name))).collect();
        let forced = required.clone();
        required.extend(said);
        for (field, property) in schema["properties"].as_object_mut().into_iter().flatten() {
            loosen(property, &mut times);
            let any = property["type"].is_null() && component(property).is_none();
            if forced.contains(field) {
                property.as_object_mut().map(|property| property.remove("nullable"));
            } else if !required.contains(field) && !any {
                if property.get("$ref").is_some() {
                    *property = json!({ "allOf": [property] });
                }
                property["nullable"] = true.into();
            }
        }
        schema["required"] = required.into_iter().collect();
        schema["additionalProperties"] = json!({});
    }
    for operation in &mut api.operations {
        for schema in operation.parameters.iter_mut().map(|parameter| &mut parameter.schema) {
            schema.as_object_mut().map(|schema| schema.remove("format"));
            loosen(schema, &mut times);
        }
        for schema in operation.response.iter_mut().chain(operation.body.as_mut().map(|body| &mut body.schema)) {
            loosen(schema, &mut times);
        }
    }
    if times {
        api.schemas.insert("Timestamp".to_owned(), json!({ "type": "string" }));
    }
}

/// Takes the bounds off a schema, and makes it a time if it is one.
fn loosen(schema: &mut Value, times: &mut bool) {
    if schema["type"] == "integer" {
        let unsigned = schema.as_object_mut().and_then(|schema| schema.remove("minimum")).is_some();
        schema["format"] = if unsigned { "uint64" } else { "int64" }.into();
    } else if schema["format"] == "date-time" {
        *times = true;
        let mut time = json!({ "allOf": [{ "$ref": "#/components/schemas/Timestamp" }] });
        for word in ["description", "nullable"] {
            if let Some(value) = schema.get(word) {
                time[word] = value.clone();
            }
        }
        *schema = time;
    }
    for word in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get_mut(word).filter(|inner| inner.is_object()) {
            loosen(inner, times);
        }
    }
}
