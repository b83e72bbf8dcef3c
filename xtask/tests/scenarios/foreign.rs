//! The document as a framework would export it.

use serde_json::{Map, Value, json};

use crate::{DOCUMENT, MAPPING, PRESS, bench};

const NAMES: &str = include_str!("documents/foreign.mapping.yaml");

/// `press.yaml` in OpenAPI 3.1 with inline schemas, required fields, no ids, and additional
/// operations.
fn foreign() -> String {
    let document: Value = serde_saphyr::from_str(PRESS).expect("the document");
    let mut paths = inlined(&document, &document["paths"]);
    for item in paths.as_object_mut().expect("the paths").values_mut() {
        item["get"]["operationId"].take();
    }
    let nonsense = json!({ "application/json": { "schema": { "type": "nonsense" } } });
    paths["/v1/specs/{specId}"] = json!({
        "get": { "responses": { "200": { "content": nonsense } } },
        "delete": { "parameters": [], "responses": { "204": {} } },
    });
    json!({ "openapi": "3.1.0", "info": { "title": "press", "version": "1" }, "paths": paths })
        .to_string()
}

fn inlined(document: &Value, node: &Value) -> Value {
    let entries = match node {
        Value::Array(nodes) => return nodes.iter().map(|node| inlined(document, node)).collect(),
        Value::Object(entries) => entries,
        scalar => return scalar.clone(),
    };
    if let Some(target) = entries.get("$ref").and_then(Value::as_str) {
        return inlined(
            document,
            document.pointer(&target[1..]).expect("what a reference refers to"),
        );
    }
    let mut inline: Map<String, Value> =
        entries.iter().map(|(key, node)| (key.clone(), inlined(document, node))).collect();
    inline.remove("x-enumDescriptions");
    if let Some(Value::Array(members)) = inline.remove("allOf") {
        let own = inline.clone();
        inline.extend(members[0].as_object().cloned().unwrap_or_default());
        inline.extend(own);
    }
    if inline.remove("nullable").is_some() && !inline.contains_key("enum") {
        let of = inline["type"].take();
        inline.insert("type".to_owned(), json!([of, "null"]));
    }
    if let Some(Value::Object(properties)) = inline.get("properties") {
        let all = properties.keys().cloned().collect();
        inline.insert("required".to_owned(), all);
        inline.insert("additionalProperties".to_owned(), false.into());
    }
    inline.into()
}

#[test]
fn exported_document_with_mapping_passes_crate_tests() {
    let bench = bench();
    bench.copy.write(DOCUMENT, foreign());
    bench.copy.write(MAPPING, NAMES);
    bench.passes("xtask codegen");
    // All tests except load tests, which don't depend on the document.
    bench.passes(
        "test --package press-specs --features blocking,mock --lib --test it -- \
         --skip concurrency --skip faults --skip limits --skip runtimes",
    );
    bench.copy.edit(MAPPING, "  DeploymentSpecRelease: DeploymentRelease\n", "");
    let answer = bench.cargo("xtask codegen --check");
    assert!(
        !answer.success && answer.stdout.contains("+    pub struct DeploymentSpecRelease {"),
        "{answer:?}"
    );
}
