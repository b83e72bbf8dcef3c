//! The API's document as a framework would export it, and operations that are no lists.

use serde_json::{Map, Value, json};

use crate::{CONTRACT, bench, copy::Copy};

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
        return inlined(
            document,
            document.pointer(&target[1..]).expect("what a reference refers to"),
        );
    }
    let mut inline: Map<String, Value> = entries
        .iter()
        .map(|(key, node)| (key.clone(), inlined(document, node)))
        .collect();
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
    copy.reset();
    let document = foreign(&copy.read(CONTRACT));
    copy.write(CONTRACT, &document);
    copy.write(MAPPING_FILE, MAPPING);
    let answer = copy.cargo(".", &["xtask", "codegen"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    let answer = copy.cargo(".", &["xtask", "codegen", "--check"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    let tests = [
        "test",
        "--package",
        "press-specs",
        "--features",
        "blocking,mock",
        "--lib",
        "--test",
        "it",
    ];
    let answer = copy.cargo(".", &tests);
    assert_eq!(answer.code, Some(0), "{}{}", answer.stdout, answer.stderr);
    copy.write(
        MAPPING_FILE,
        &MAPPING.replace("  DeploymentSpecRelease: DeploymentRelease\n", ""),
    );
    let answer = copy.cargo(".", &["xtask", "codegen", "--check"]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    copy.reset();
}

#[test]
fn a_post_and_a_delete_are_wrapped_by_a_method_each() {
    let bench = bench();
    let copy = &bench.copy;
    copy.reset();
    copy.edit(CONTRACT, "\ncomponents:\n", OPERATIONS);
    let answer = copy.cargo(".", &["xtask", "codegen"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    append(copy, "press-specs/src/client.rs", METHODS);
    append(copy, "press-specs/src/lib.rs", TEST);
    let test = [
        "test",
        "--package",
        "press-specs",
        "--features",
        "mock",
        "--lib",
        "wrapped",
    ];
    let answer = copy.cargo(".", &test);
    assert_eq!(answer.code, Some(0), "{}{}", answer.stdout, answer.stderr);
    assert!(
        answer.stdout.contains("wrapped::operations_that_are_no_lists ... ok"),
        "{answer:?}"
    );
    copy.reset();
}

fn append(copy: &Copy, path: &str, code: &str) {
    copy.write(path, &(copy.read(path) + code));
}

const OPERATIONS: &str = "
  /v1/specs/{specId}/notes:
    parameters:
      - {name: specId, in: path, required: true, schema: {type: string}}
    post:
      operationId: create_note
      requestBody:
        content:
          application/json:
            schema: {type: object, required: [text], properties: {text: {type: string}, title: {type: string}}}
      responses:
        '201': {description: '', content: {application/json: {schema: {$ref: '#/components/schemas/Tag'}}}}
    delete:
      operationId: delete_notes
      responses:
        '204': {description: ''}

components:
";

const METHODS: &str = "
impl Spec {
    /// Creates a note.
    pub async fn create_note(&self, spec_id: &str, text: &str) -> Result<crate::types::Tag, Error> {
        let mut operation = operations::CreateNote::default();
        operation.spec_id = spec_id.to_owned();
        operation.body.text = text.to_owned();
        call(&Context::new(self.session()), &operation).await.map(Response::into_inner)
    }

    /// Deletes the notes.
    pub async fn delete_notes(&self, spec_id: &str) -> Result<(), Error> {
        let mut operation = operations::DeleteNotes::default();
        operation.spec_id = spec_id.to_owned();
        call(&Context::new(self.session()), &operation).await.map(Response::into_inner)
    }
}
use crate::{call::{Context, call}, response::Response};
";

const TEST: &str = r#"
#[cfg(test)]
mod wrapped {
    use std::{io::{Read, Write}, net::TcpListener, thread};

    use crate::{ErrorKind, Session, get_client};

    #[tokio::test]
    async fn operations_that_are_no_lists() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let created = "HTTP/1.1 201 Created\r\ncontent-length: 14\r\nconnection: close\r\n\r\n{\"name\":\"tag\"}";
            [created, "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"].map(|response| {
                let (mut stream, _) = listener.accept().unwrap();
                let (mut request, mut bytes) = (String::new(), [0; 4096]);
                while !request.contains("\r\n\r\n") || (request.starts_with("POST") && !request.ends_with('}')) {
                    let read = stream.read(&mut bytes).unwrap();
                    request.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
                }
                stream.write_all(response.as_bytes()).unwrap();
                request
            })
        });
        let client = get_client(Session::builder().auth_token("t").base_url(url).build().unwrap()).unwrap();
        assert_eq!(client.create_note("a b", "hello").await.unwrap().name.unwrap(), "tag");
        client.delete_notes("x").await.unwrap();
        let [post, delete] = server.join().unwrap();
        assert!(post.starts_with("POST /v1/specs/a%20b/notes HTTP/1.1\r\n"), "{post}");
        assert!(post.ends_with("\r\n\r\n{\"text\":\"hello\"}"), "{post}");
        assert!(delete.starts_with("DELETE /v1/specs/x/notes HTTP/1.1\r\n"), "{delete}");
        let error = client.delete_notes("..").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidParameter);
    }
}
"#;
