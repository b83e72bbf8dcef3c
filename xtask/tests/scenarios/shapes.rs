//! Documents in many styles. The generated code must compile and be tolerant.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::{Bench, GENERATED, PRESS, bench};

/// Normalizes code: removes spaces and the paths of well-known types.
pub(crate) fn plain(code: &str) -> String {
    let mut code: String = code.split_whitespace().collect();
    for path in [
        "::std::option::",
        "::std::vec::",
        "::std::string::",
        "::std::boxed::",
        "::std::collections::",
        "::serde_json::",
        "crate::generated::enumerations::",
        "crate::timestamp::",
        r#"#[cfg_attr(feature="schemars",schemars(flatten))]"#,
    ] {
        code = code.replace(path, "");
    }
    code.replace(",}", "}").replace(",)", ")").replace(",>", ">")
}

/// Checks the expectations after `#=` and `#!` in the document, and installs the output as the
/// generated file.
fn check(bench: &Bench, document: &str, mapping: &str) {
    let output = bench.accepts(document, mapping);
    let code = plain(&output.code);
    for line in document.lines() {
        for expectation in line.split(" #").skip(1) {
            let found = match expectation.split_at(1) {
                ("=", part) => code.contains(&plain(part)),
                ("!", part) => output.notes.contains(part.trim()),
                ("3" | " ", _comment) => true,
                _ => false,
            };
            assert!(found, "{line}\n\n{}", output.notes);
        }
    }
    bench.copy.write(GENERATED, &output.code);
}

#[test]
fn all_shapes_compile_with_tolerant_types() {
    let bench = bench();
    for (version, other) in [("3.0.3", "#3.1"), ("3.1.0", "#3.0")] {
        let lines =
            include_str!("documents/shapes.yaml").lines().filter(|line| !line.contains(other));
        let document = lines.collect::<Vec<_>>().join("\n").replace("VERSION", version);
        check(&bench, &document, "");
        bench.copy.write("press-api-gen/tests/shapes.rs", TOLERANCE);
        bench.passes("test --package press-api-gen --features schemars --test shapes");
    }
}

#[test]
fn pages_are_located_by_name_or_mapping() {
    let document = include_str!("documents/pages.yaml");
    let mapping = include_str!("documents/pages.mapping.yaml");
    let bench = bench();
    check(&bench, document, mapping);
    bench.passes("check --package press-api-gen --features schemars");
}

/// Values that a careless or newer service may send, and values that users send.
const TOLERANCE: &str = r##"
//! Generated types accept what a service may send.

use press_api_gen::types::{Part, PartKind, PostBodiesBody, Shape};

#[test]
fn generated_types_are_tolerant() {
    let shape: Shape = serde_json::from_str("{}").unwrap();
    assert_eq!(shape, Shape::default());
    let names = [
        "text", "time", "times", "unsigned", "anything", "level", "inline", "rows", "free", "part",
        "choice",
    ];
    let nulls = names.iter().map(|name| format!("\"{name}\": null")).collect::<Vec<_>>().join(", ");
    assert_eq!(serde_json::from_str::<Shape>(&format!("{{{nulls}}}")).unwrap(), shape);
    let text = serde_json::json!({
        "level": "medium",
        "choice": { "new": [1] },
        "part": { "kind": "huge", "x": 1 },
        "extra": "e",
        "Text": "T",
        "new": {},
    });
    let shape: Shape = serde_json::from_value(text.clone()).unwrap();
    assert_eq!(shape.extra.len(), 2);
    assert_eq!(shape.extra_value.as_deref(), Some("e"));
    assert_eq!(serde_json::to_value(&shape).unwrap(), text);
    assert_eq!(shape.part.unwrap().kind, Some(PartKind::from("huge")));
    let mut body = PostBodiesBody::default();
    body.name = "n".to_owned();
    assert_eq!(serde_json::to_string(&body).unwrap(), r#"{"name":"n"}"#);
    assert_eq!(serde_json::to_string(&Part::default()).unwrap(), "{}");
}
"##;

#[test]
fn equivalent_documents_generate_identical_code() {
    let bench = bench();
    let code = |document: &str| bench.accepts(document, "").code;
    let press = code(PRESS);
    let parsed: Value = serde_saphyr::from_str(PRESS).expect("the document");
    let json = serde_json::to_string_pretty(&parsed).expect("JSON");
    let merged = PRESS
        .replace("  parameters:\n    PageSize:\n", "  parameters:\n    PageSize: &size\n")
        .replace(
            "    PageNumber:\n      name: pageNumber\n      in: query\n",
            "    PageNumber:\n      <<: *size\n      name: pageNumber\n",
        );
    for (name, text) in [
        ("BOM", format!("\u{feff}{PRESS}")),
        ("CRLF", PRESS.replace('\n', "\r\n")),
        ("merge keys", merged),
        (
            "JSON with escapes",
            json.replace("Press Specs API\"", "Press Specs \\u0041PI\"").replace('/', "\\/"),
        ),
        ("JSON", json),
        ("statuses without quotes", PRESS.replace("'200':", "200:")),
        ("no success but a default", PRESS.replace("'200':", "default:")),
        (
            "other media types",
            PRESS.replace("application/json:", "application/vnd.press+json; version=1:"),
        ),
        (
            "errors of any kind",
            PRESS.replace("    Problem:\n", "    Problem:\n      oneOf: [{type: nonsense}]\n"),
        ),
    ] {
        assert!(text != PRESS, "{name}");
        let written = code(&text);
        let difference = similar::TextDiff::from_lines(&press, &written).unified_diff().to_string();
        assert!(press == written, "{name}: {difference}");
    }
}

/// An edit of the document and the lines it adds to the generated file.
struct Addition {
    anchor: &'static str,
    replacement: &'static str,
    lines: &'static [&'static str],
}

const ADDITIONS: &[Addition] = &[
    Addition {
        anchor: "enum: [private, public, shared]",
        replacement: "enum: [private, public, shared, internal]",
        lines: &["/// `internal`", "Internal = \"internal\","],
    },
    Addition {
        anchor: "        metadata:\n          description: Name, title, status and other details \
                 of the spec.",
        replacement: "        labelCount: {type: integer, description: \"Labels.\\n\\nOf all.\"}
        metadata:\n          description: Name, title, status and other details of the spec.",
        lines: &[
            "/// Labels.",
            "///",
            "/// Of all.",
            "#[cfg_attr(feature = \"schemars\", schemars(rename = \"labelCount\"))]",
            "pub label_count: ::std::option::Option<i64>,",
            "\"labelCount\" => label_count,",
        ],
    },
];

#[test]
fn document_additions_only_insert_lines() {
    let bench = bench();
    let before = bench.accepts(PRESS, "").code;
    for Addition { anchor, replacement, lines } in ADDITIONS {
        assert_eq!(PRESS.matches(anchor).count(), 1, "{anchor}");
        let after = bench.accepts(&PRESS.replace(anchor, replacement), "").code;
        let diff = similar::TextDiff::from_lines(&before, &after);
        let mut added = Vec::new();
        for change in diff.iter_all_changes() {
            assert_ne!(change.tag(), similar::ChangeTag::Delete, "{change}");
            if change.tag() == similar::ChangeTag::Insert {
                added.push(change.value().trim());
            }
        }
        assert_eq!(added, *lines);
    }
}

#[test]
fn openapi_3_2_is_read_as_3_1_with_a_note() {
    let bench = bench();
    let newer = |version: &str| PRESS.replace("openapi: 3.0.3", &format!("openapi: {version}"));
    let code = bench.accepts(&newer("3.1.0"), "").code;
    for version in ["3.2.0", "'3.2'", "3.2"] {
        let output = bench.accepts(&newer(version), "");
        assert_eq!(output.code, code, "{version}");
        assert_eq!(output.notes, "#/openapi: OpenAPI 3.2 is read as 3.1\n", "{version}");
    }
}

#[test]
fn number_like_strings_are_kept() {
    let bench = bench();
    let document = r#"
openapi: 3.0.3
info: {title: 2024, version: 1.10}
paths:
  /versions:
    get:
      operationId: 1.10
      parameters: [{name: 1e3, in: query, description: 0x10, schema: {type: string}}]
      responses:
        200:
          content:
            application/json:
              schema:
                type: object
                properties:
                  type: {type: string, enum: [1.10, "1.1", 0x10, 010, 1_000, +1], default: 1.10}
                  maybe: {type: [string, null], enum: [2.0, null]}
                  number: {type: number, enum: [1.10]}
"#;
    let output = bench.accepts(document, "");
    for part in [
        "V110 = \"1.10\",",
        "V11 = \"1.1\",",
        "V0x10 = \"0x10\",",
        "V010 = \"010\",",
        "= \"+1\",",
        "V20 = \"2.0\",",
        "pub number: ::std::option::Option<f64>",
        "Version: 1.10",
        "\"1e3\"",
        "/// 0x10",
        "operation_1_10",
    ] {
        assert!(output.code.contains(part), "{part}\n{}", output.code);
    }
    assert!(!output.notes.contains("YAML"), "{}", output.notes);
}

#[test]
fn notes_are_grouped_with_at_most_ten_examples() {
    let bench = bench();
    let typo = |key: &str| json!({ "type": "object", key: { "x": {} } });
    let same = json!({ "type": "object" });
    let one = returning(&[("/one", typo("propertys"))], json!({}));
    let place = "responses/200/content/application~1json/schema";
    assert_eq!(
        bench.accepts(&one, "").groups,
        format!("#/paths/~1one/get/{place}/propertys: `propertys` is ignored: {NO_KEY}\n"),
    );

    let paths: Vec<String> = (10..23).map(|index| format!("/p{index}")).collect();
    let schemas: Vec<_> = paths.iter().map(|path| (path.as_str(), typo(&path[1..]))).collect();
    let mut expected = vec![format!("13 times: `…` is ignored: {NO_KEY}")];
    for path in &paths[..10] {
        let key = &path[1..];
        expected.push(format!("    #/paths/~1{key}/get/{place}/{key}: `{key}`"));
    }
    expected.push("    and 3 more\n".to_owned());
    let output = bench.accepts(&returning(&schemas, json!({})), "");
    assert_eq!(output.groups, expected.join("\n"));
    assert_eq!(output.all_notes.lines().count(), 13);
    let last = format!("#/paths/~1p22/get/{place}/p22: `p22` is ignored: {NO_KEY}\n");
    assert!(output.all_notes.ends_with(&last), "{}", output.all_notes);

    let twice = [("/one", typo("propertys")), ("/two", typo("propertys")), ("/three", same)];
    let expected = [
        &format!("2 times: `propertys` is ignored: {NO_KEY}"),
        &format!("    #/paths/~1one/get/{place}/propertys"),
        &format!("    #/paths/~1two/get/{place}/propertys\n"),
    ];
    let document = returning(&twice, json!({}));
    assert_eq!(bench.accepts(&document, "").groups, expected.map(String::as_str).join("\n"));
    assert_eq!(bench.accepts(&document, "select: [GET /three]").groups, "");
}

const NO_KEY: &str = "a schema has no such key";

#[test]
fn media_types_with_the_same_schema_have_no_notes() {
    let bench = bench();
    let document = returning(&[("/rows", json!({ "type": "object" }))], json!({}));
    let with = |schema: Value| {
        let mut document: Value = serde_json::from_str(&document).expect("JSON");
        let response = &mut document["paths"]["/rows"]["get"]["responses"]["200"];
        response["content"]["application/xml"] = schema;
        bench.accepts(document.to_string(), "").groups
    };
    assert_eq!(with(json!({})), "");
    assert_eq!(with(json!({ "schema": { "type": "object", "description": "Rows." } })), "");
    let note = with(json!({ "schema": { "type": "string" } }));
    assert!(
        note.ends_with("`application/xml` is left out in favor of `application/json`\n"),
        "{note}"
    );
}

/// Returns a document whose operations return these schemas.
fn returning(schemas: &[(&str, Value)], components: Value) -> String {
    let mut paths = Map::new();
    for (path, schema) in schemas {
        let content = json!({ "application/json": { "schema": schema } });
        let responses = json!({ "200": { "description": "", "content": content } });
        paths.insert((*path).to_owned(), json!({ "get": { "responses": responses } }));
    }
    json!({
        "openapi": "3.0.3",
        "info": { "title": "Schemas", "version": "1" },
        "paths": paths,
        "components": { "schemas": components },
    })
    .to_string()
}

#[test]
fn nested_all_of_is_flattened_once() {
    let bench = bench();
    let choice = json!([
        { "properties": { "one": { "type": "string" } } },
        { "properties": { "other": { "type": "string" } } },
    ]);
    let mut components = Map::from_iter([("D0".to_owned(), json!({ "oneOf": choice }))]);
    for level in 1..=20 {
        let inner = json!({ "$ref": format!("#/components/schemas/D{}", level - 1) });
        components.insert(format!("D{level}"), json!({ "allOf": [inner, inner] }));
    }
    let schema = json!({ "$ref": "#/components/schemas/D20" });
    let document = returning(&[("/deep", schema)], components.into());
    let start = Instant::now();
    let output = bench.accepts(&document, "");
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert!(plain(&output.code).contains("pubother:Option<String>"), "{}", output.code);
}

#[test]
fn titles_name_the_first_schema() {
    let bench = bench();
    let info = |field: &str| {
        json!({
            "title": "Info",
            "type": "object",
            "properties": { field: { "type": "string" } },
        })
    };
    let first = ("/first", info("one"));
    let before = bench.accepts(&returning(&[first.clone()], json!({})), "").code;
    let more = [first, ("/second", info("one")), ("/third", info("another"))];
    let after = bench.accepts(&returning(&more, json!({})), "").code;
    let count = |code: &str, text: &str| code.matches(text).count();
    assert_eq!(count(&before, "type Response = super::types::Info;"), 1);
    assert_eq!(count(&after, "type Response = super::types::Info;"), 2);
    assert_eq!(count(&after, "type Response = super::types::GetThirdResponse;"), 1);
}
