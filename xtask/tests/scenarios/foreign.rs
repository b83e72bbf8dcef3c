//! The API's document as a framework would export it.

use serde_json::{Map, Value, json};

use crate::{CONTRACT, bench};

const MAPPING_FILE: &str = "openapi/mapping.yaml";

const MAPPING: &str = "
operations:
  GET /v1/specs/: list_specs
  GET /v1/specs/{specId}/releases/deployments: list_spec_release_deployments
types:
  ListSpecsStatusItem: SpecStatus
  ListSpecsKind: SpecKind
  ListSpecsSortItem: SpecSort
  ListSpecsScopeItem: SpecScope
  ListSpecsResponse: SpecPage
  SpecPageSpecsItem: SpecSummary
  SpecSummaryKind: SpecKind
  SpecSummaryScope: SpecScope
  SpecSummaryLatestRelease: SpecRelease
  SpecSummaryMetadata: SpecMetadata
  SpecMetadataStatus: SpecStatus
  SpecMetadataTagsItem: Tag
  ListSpecReleaseDeploymentsStatusItem: DeploymentStatus
  ListSpecReleaseDeploymentsSortItem: DeploymentSort
  ListSpecReleaseDeploymentsResponse: DeploymentPage
  DeploymentPageDeploymentsItem: DeploymentSummary
  DeploymentSummaryKind: SpecKind
  DeploymentSummaryLatestRevision: DeploymentRevision
  DeploymentRevisionStatus: DeploymentStatus
  DeploymentSummaryMetadata: DeploymentMetadata
  DeploymentMetadataStatus: DeploymentStatus
  DeploymentMetadataTagsItem: Tag
  DeploymentSummarySpec: DeploymentSpec
  DeploymentSpecRelease: DeploymentRelease
";

/// `press.yaml` in 3.1 with everything inline, every field required, no ids, and other operations around the two.
fn foreign(press: &str) -> String {
    let document: Value = serde_saphyr::from_str(press).expect("the document");
    let mut paths = inlined(&document, &document["paths"]);
    for item in paths.as_object_mut().expect("the paths").values_mut() {
        let operation = item["get"].as_object_mut().expect("an operation");
        operation.remove("operationId");
    }
    paths["/v1/specs/{specId}"] = json!({
        "get": { "responses": { "200": { "content": { "application/json": { "schema": { "type": "nonsense" } } } } } },
        "delete": { "parameters": [], "responses": { "204": {} } },
    });
    paths["/v1/upload"] = json!({
        "post": { "requestBody": { "content": { "multipart/form-data": {} } }, "responses": { "200": {} } },
    });
    json!({ "openapi": "3.1.0", "info": { "title": "press", "version": "1" }, "paths": paths }).to_string()
}

fn inlined(document: &Value, node: &Value) -> Value {
    let entries = match node {
        Value::Array(nodes) => return nodes.iter().map(|node| inlined(document, node)).collect(),
        Value::Object(entries) => entries,
        scalar => return scalar.clone(),
    };
    if let Some(target) = entries.get("$ref").and_then(Value::as_str) {
        return inlined(document, document.pointer(&target[1..]).expect("what a reference refers to"));
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
fn a_foreign_document_and_a_mapping_give_the_same_crate() {
    let bench = bench();
    let copy = &bench.copy;
    let document = foreign(&copy.read(CONTRACT));
    copy.write(CONTRACT, &document);
    copy.write(MAPPING_FILE, MAPPING);
    let answer = copy.cargo(".", &["xtask", "codegen"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    let answer = copy.cargo(".", &["xtask", "codegen", "--check"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    // All tests but those of time and load, which no document changes.
    let mut tests =
        vec!["test", "--package", "press-specs", "--features", "blocking,mock", "--lib", "--test", "it", "--"];
    for module in ["concurrency", "faults", "limits", "load", "runtimes"] {
        tests.extend(["--skip", module]);
    }
    let answer = copy.cargo(".", &tests);
    assert_eq!(answer.code, Some(0), "{}{}", answer.stdout, answer.stderr);
    copy.write(MAPPING_FILE, &MAPPING.replace("  DeploymentSpecRelease: DeploymentRelease\n", ""));
    let answer = copy.cargo(".", &["xtask", "codegen", "--check"]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
}
