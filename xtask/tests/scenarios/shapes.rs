//! Documents of many styles, each of which must compile with tolerant types.

use std::fmt::Write as _;

use serde_json::Value;

use crate::{
    GENERATED, bench,
    copy::{Answer, Copy},
    generator::Output,
};

const PRESS: &str = include_str!("../../../openapi/press.yaml");

/// A version of OpenAPI (empty: both), a field and its schema, its type, and a part of a note.
type Field = (&'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const FIELDS: &[Field] = &[
    // Scalars.
    ("", "must: {type: string, required: true}", "must: Option<String>", "`required: true` says nothing here"),
    ("", "text: {type: string}", "text: Option<String>", ""),
    ("", "time: {type: string, format: date-time}", "time: Option<Timestamp>", ""),
    ("", "times: {type: array, items: {type: string, format: date-time}}", "times: Option<Vec<Timestamp>>", ""),
    ("", "bounded: {type: string, format: email, minLength: 3, pattern: '^a', default: abc}", "bounded: Option<String>", ""),
    ("", "signed: {type: integer, format: int32, default: 1}", "signed: Option<i64>", ""),
    ("", "unsigned: {type: integer, minimum: 1, maximum: 9}", "unsigned: Option<u64>", ""),
    ("", "ratio: {type: number, multipleOf: 0.5, format: float}", "ratio: Option<f64>", ""),
    ("", "flag: {type: boolean, format: bit, default: false}", "flag: Option<bool>", ""),
    ("", "anything: {}", "anything: Option<Value>", ""),
    ("", "described: {description: Any value.}", "described: Option<Value>", ""),
    ("", "bare: {minLength: 3}", "bare: Option<Value>", ""),
    ("3.0", "null30: {type: string, nullable: true}", "null30: Option<String>", ""),
    ("3.0", "above: {type: integer, minimum: 0, exclusiveMinimum: true}", "above: Option<u64>", ""),
    ("3.1", "null31: {type: [string, 'null']}", "null31: Option<String>", ""),
    ("3.1", "positive: {type: integer, exclusiveMinimum: 0, examples: [1]}", "positive: Option<u64>", ""),
    ("3.1", "mixed: {type: [string, integer]}", "mixed: Option<Value>", "any value"),
    ("3.1", "void: {type: 'null'}", "void: Option<Value>", ""),
    // Enumerations.
    ("", "level: {type: string, enum: [low, High, high]}", "level: Option<ShapeLevel>", ""),
    ("", "untyped: {enum: [a, b]}", "untyped: Option<ShapeUntyped>", ""),
    ("", "numbers: {type: string, enum: [1, 2, on]}", "numbers: Option<ShapeNumbers>", ""),
    ("", "code: {type: integer, enum: [1, 2]}", "code: Option<u64>", ""),
    ("", "titled: {title: Color, type: string, enum: [red]}", "titled: Option<Color>", ""),
    ("", "levels: {type: array, uniqueItems: true, items: {type: string, enum: [a]}}", "levels: Option<Vec<ShapeLevelsItem>>", ""),
    ("", "grown: {anyOf: [{type: string, enum: [a]}, {type: string, enum: [b]}]}", "grown: Option<ShapeGrown>", ""),
    ("", "open: {anyOf: [{$ref: '#/components/schemas/part-kind'}, {type: string}]}", "open: Option<ShapeOpen>", ""),
    ("3.0", "null_value: {type: string, nullable: true, enum: [a, null]}", "null_value: Option<ShapeNullValue>", ""),
    ("3.1", "fixed: {const: circle}", "fixed: Option<ShapeFixed>", ""),
    ("3.1", "version: {const: 3}", "version: Option<u64>", ""),
    // Objects and lists.
    ("", "inline: {type: object, properties: {deep: {type: object, properties: {x: {type: string}}}}}", "inline: Option<ShapeInline>", ""),
    ("", "rows: {type: array, items: {type: object, properties: {x: {type: string}}}}", "rows: Option<Vec<ShapeRowsItem>>", ""),
    ("", "untyped_object: {properties: {x: {type: string}}, required: [x, y]}", "untyped_object: Option<ShapeUntypedObject>", "`y` is required, and there is no such property"),
    ("", "closed: {type: object, additionalProperties: false, properties: {x: {type: string}}}", "closed: Option<ShapeClosed>", ""),
    ("", "free: {type: object, additionalProperties: true}", "free: Option<Map<String,Value>>", ""),
    ("", "texts: {type: object, additionalProperties: {type: string}}", "texts: Option<HashMap<String,String>>", ""),
    ("", "parts: {additionalProperties: {$ref: '#/components/schemas/Part'}}", "parts: Option<HashMap<String,Part>>", ""),
    ("", "list: {type: array}", "list: Option<Vec<Value>>", ""),
    ("", "matrix: {type: array, items: {type: array, items: {type: number}}}", "matrix: Option<Vec<Vec<f64>>>", ""),
    // References and compositions.
    ("", "part: {$ref: '#/components/schemas/Part'}", "part: Option<Part>", ""),
    ("", "kind: {$ref: '#/components/schemas/part-kind'}", "kind: Option<PartKind>", ""),
    ("", "names: {$ref: '#/components/schemas/Names'}", "names: Option<Vec<String>>", ""),
    ("", "size: {$ref: '#/components/schemas/Size'}", "size: Option<i64>", ""),
    ("", "itself: {$ref: '#/components/schemas/Shape'}", "itself: Option<Box<Shape>>", ""),
    ("", "elsewhere: {$ref: '#/components/schemas/Part/properties/kind'}", "elsewhere: Option<PartKind>", ""),
    ("", "beside: {$ref: '#/components/schemas/Part', description: The part., default: {}}", "beside: Option<Part>", ""),
    ("", "wrapped: {type: object, allOf: [{$ref: '#/components/schemas/Part'}], description: The part.}", "wrapped: Option<Part>", ""),
    ("", "merged: {allOf: [{$ref: '#/components/schemas/Part'}, {properties: {more: {type: string}}}]}", "merged: Option<ShapeMerged>", ""),
    ("", "extended: {allOf: [{$ref: '#/components/schemas/Part'}], properties: {more: {type: string}}}", "extended: Option<ShapeExtended>", ""),
    ("", "choice: {oneOf: [{$ref: '#/components/schemas/Part'}, {$ref: '#/components/schemas/Problem'}]}", "choice: Option<Value>", "a choice"),
    ("", "either: {anyOf: [{type: string}, {type: array, items: {type: string}}]}", "either: Option<Value>", "a choice"),
    ("", "number: {oneOf: [{type: integer}, {type: number}]}", "number: Option<f64>", ""),
    ("", "only: {oneOf: [{$ref: '#/components/schemas/Part'}]}", "only: Option<Part>", ""),
    ("", "some: {type: object, properties: {x: {type: string}}, anyOf: [{required: [x]}, {required: [y]}]}", "some: Option<ShapeSome>", ""),
    ("3.0", "maybe30: {nullable: true, allOf: [{$ref: '#/components/schemas/Part'}]}", "maybe30: Option<Part>", ""),
    ("3.1", "maybe31: {anyOf: [{$ref: '#/components/schemas/Part'}, {type: 'null'}]}", "maybe31: Option<Part>", ""),
    ("3.1", "sibling: {$ref: '#/components/schemas/Part', maxProperties: 3}", "sibling: Option<ShapeSibling>", ""),
    // Names.
    ("", "created-at: {type: string}", "created_at: Option<String>", ""),
    ("", "owner.name: {type: string}", "owner_name: Option<String>", ""),
    ("", "'a/b': {type: object, properties: {x: {type: string}}}", "a_b: Option<ShapeAb>", ""),
    ("", "type: {type: string}", "type_: Option<String>", ""),
    ("", "2fa: {type: boolean}", "x2fa: Option<bool>", ""),
    ("", "URLPath: {type: string}", "url_path: Option<String>", ""),
    ("", "extra: {type: string}", "", "/properties/extra: the name is taken"),
    ("", "Text: {type: string}", "", "the name is taken by text"),
];

/// A parameter, its field, and a part of a note.
#[rustfmt::skip]
const PARAMETERS: &[(&str, &str, &str)] = &[
    ("{name: kind, in: query, schema: {type: string, enum: [a, b]}}", "kind: Option<GetShapesIdKind>", ""),
    ("{name: kinds, in: query, schema: {type: array, items: {enum: [a, b]}}}", "kinds: Vec<GetShapesIdKindsItem>", ""),
    ("{name: all, in: query, required: true, schema: {type: boolean, default: true}}", "all: bool", ""),
    ("{name: nullable, in: query, schema: {anyOf: [{type: string}, {enum: [null]}]}}", "nullable: Option<String>", ""),
    ("{name: either, in: query, schema: {oneOf: [{type: string}, {type: array, items: {type: string}}]}}", "either: Vec<String>", ""),
    ("{name: unclear, in: query, schema: {anyOf: [{type: string}, {type: integer}]}}", "unclear: Option<String>", ""),
    ("{name: json, in: query, content: {application/json: {schema: {type: object}}}}", "json: Option<String>", ""),
    ("{name: ids, in: query, explode: false, schema: {type: array, items: {type: string}}}", "ids: Vec<String>", ""),
    ("{name: sizes, in: query, style: pipeDelimited, explode: false, schema: {type: array, items: {type: integer}}}", "sizes: Vec<i64>", ""),
    ("{name: levels, in: query, explode: false, schema: {type: array, items: {$ref: '#/components/schemas/part-kind'}}}", "levels: Vec<PartKind>", ""),
    ("{name: 'filter[name]', in: query, schema: {type: string}}", "filter_name: Option<String>", ""),
    ("{name: type, in: query, schema: {type: string}}", "type_: Option<String>", ""),
    ("{name: X-Request-Id, in: header, schema: {type: string, format: uuid}}", "x_request_id: Option<String>", ""),
    ("{name: X-Tags, in: header, schema: {type: array, items: {type: string}}}", "x_tags: Vec<String>", ""),
    ("{name: X-Level, in: header, required: true, schema: {type: integer}}", "x_level: i64", ""),
    ("{name: Authorization, in: header, schema: {type: string}}", "", "the client sets it"),
    ("{name: session, in: cookie, schema: {type: string}}", "", "cookies are not sent"),
    ("{name: filter, in: query, style: deepObject, schema: {type: object, properties: {x: {type: string}}}}", "", "it is an object"),
    ("{name: KIND, in: query, schema: {type: string}}", "", "its name is taken by kind"),
    ("{$ref: '#/components/parameters/Shared'}", "shared: Option<String>", ""),
];

const PATHS: &str = "
  /shapes/{id}/{part}/{numbers}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: integer}}
      - {name: part, in: path, schema: {$ref: '#/components/schemas/part-kind'}}
      - {name: numbers, in: path, required: true, schema: {type: array, items: {type: string}}}
    get:
      operationId: getShapes.id
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
PARAMETERS
      responses:
        200: {description: '', content: {application/json: {schema: {$ref: '#/components/schemas/Shape'}}}}
        6XX_: {$ref: '#/nowhere'}
  /bodies:
    post:
      requestBody:
        description: The new body.
        content:
          multipart/form-data: {schema: {type: object}}
          application/json: {schema: {type: object, required: [name], properties: {name: {type: string}, note: {type: string}}}}
      responses:
        '201': {description: '', content: {application/hal+json: {schema: {type: array, items: {type: object, properties: {id: {type: string}}}}}}}
        default: {description: ''}
    put:
      requestBody: {content: {'application/merge-patch+json; charset=utf-8': {schema: {$ref: '#/components/schemas/Part'}}}}
      responses: {default: {content: {text/csv: {}, application/json: {schema: {type: object}}}}}
    delete:
      responses: {204: {description: Gone.}, 404: {content: {application/json: {schema: {$ref: '#/components/schemas/Error'}}}}}
    patch:
      requestBody: {content: {application/x-www-form-urlencoded: {schema: {type: object, properties: {name: {type: string}}}}}}
      responses: {202: {description: '', content: {application/json: {}}}}
    head:
      responses: {200: {description: ''}}
    options:
      responses: {200: {description: ''}}
  /left/out:
    post:
      requestBody: {content: {multipart/form-data: {schema: {type: object, properties: {file: {type: string, format: binary}}}}}}
      responses: {200: {description: ''}}
    get:
      responses: {200: {description: '', content: {text/csv: {schema: {type: string}}}}}
    put:
      parameters: [{name: filter, in: query, required: true, schema: {type: object}}]
      responses: {200: {description: ''}}
    delete:
      responses: {302: {description: ''}}
";

const SCHEMAS: &str = "
    part-kind: {type: string, enum: [large, small]}
    Part: {type: object, required: [name, kind], properties: {name: {type: string}, kind: {$ref: '#/components/schemas/part-kind'}}}
    Names: {description: Names., type: array, items: {type: string}}
    Size: {type: integer}
    Problem: {type: object, properties: {title: {type: string}}}
    Page: {type: object, required: [items], properties: {}}
    Error: {type: nonsense}
    Unused: {$ref: '#/nowhere'}
";

/// Parts of the code of the operations.
#[rustfmt::skip]
const CODE: &[&str] = &[
    "pub struct GetShapesId { /// id pub id: String, /// part pub part: PartKind, /// numbers pub numbers: Vec<String>,",
    r#"[("id", self.id.as_str()), ("part", self.part.as_str())].into_iter().chain(self.numbers.iter().map(|entry| ("numbers", entry.as_str())))"#,
    r#"joined(&self.ids, ",").as_deref()"#,
    r#"joined(&self.sizes, "|").as_deref()"#,
    r#"&joined(&self.numbers, ",").unwrap_or_default()"#,
    "pub struct PostBodies { ///The new body. pub body: super::types::PostBodiesBody, }",
    r#"type Response = Vec<super::types::PostBodiesResponseItem>; const NAME: &'static str = "post_bodies"; const METHOD: &'static str = "POST"; const PATH: &'static str = "/bodies";"#,
    "pub struct PutBodies { ///The body. pub body: super::types::Part, }",
    r#"type Response = (); const NAME: &'static str = "delete_bodies";"#,
    r#"type Response = Value; const NAME: &'static str = "patch_bodies";"#,
    r#"type Response = (); const NAME: &'static str = "head_bodies";"#,
    "pub struct PostBodiesBody { pub name: String, pub note: Option<String>,",
    "pub struct Part { pub kind: Option<PartKind>, pub name: Option<String>,",
];

#[rustfmt::skip]
const NOTES: &[&str] = &[
    "~1bodies/options: left out: the client sends no OPTIONS",
    "~1left~1out/post: left out: its body is `multipart/form-data`",
    "~1left~1out/get: left out: its response 200 is `text/csv`",
    "~1left~1out/put: left out: its required parameter `filter` cannot be sent",
    "~1left~1out/delete: left out: it has no successful response",
    "multipart~1form-data: `multipart/form-data` is left out beside `application/json`",
];

fn document(version: &str) -> String {
    let (mut parameters, mut fields) = (String::new(), String::new());
    for (parameter, ..) in PARAMETERS {
        let _ = writeln!(parameters, "        - {parameter}");
    }
    for (dialect, field, ..) in FIELDS {
        if version.starts_with(dialect) {
            let _ = writeln!(fields, "        {field}");
        }
    }
    let paths = PATHS.replace("PARAMETERS\n", &parameters).replace("        6XX_: {$ref: '#/nowhere'}\n", "");
    format!(
        "openapi: {version}\ninfo: {{title: Shapes, version: '1'}}\npaths:{paths}components:\n  parameters:\n    Shared: {{name: \
         shared, in: query, schema: {{type: string}}}}\n  schemas:{SCHEMAS}    Shape:\n      type: object\n      required: [text, \
         anything]\n      properties:\n{fields}"
    )
}

/// Code without what differs in how it is written: spaces, and the paths of well-known types.
fn plain(code: &str) -> String {
    let mut code: String = code.split_whitespace().collect();
    for path in [
        "::std::option::",
        "::std::vec::",
        "::std::string::",
        "::std::boxed::",
        "::std::collections::",
        "::serde_json::",
    ] {
        code = code.replace(path, "");
    }
    for path in [
        "crate::generated::enumerations::",
        "crate::timestamp::",
        r#"#[cfg_attr(feature="schemars",schemars(flatten))]"#,
    ] {
        code = code.replace(path, "");
    }
    code.replace(",}", "}").replace(",)", ")").replace(",>", ">")
}

/// The parts that `text` lacks.
fn missing<'a>(text: &str, parts: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    parts.into_iter().filter(|part| !text.contains(&plain(part))).collect()
}

fn accepted(output: &Output) {
    assert_eq!(output.answer.code, Some(0), "{}", output.answer.stderr);
}

/// Compiles `code` in place of the committed file.
fn compile(copy: &Copy, code: &str, arguments: &[&str]) -> Answer {
    copy.write(GENERATED, code);
    copy.cargo(".", &[arguments, &["--package", "press-api-gen", "--features", "schemars"]].concat())
}
#[test]
fn each_shape_compiles_with_tolerant_types() {
    let bench = bench();
    for version in ["3.0.3", "3.1.0"] {
        let output = bench.generator.run(&document(version), "");
        accepted(&output);
        let code = plain(&output.code);
        let fields = FIELDS.iter().filter(|(dialect, ..)| version.starts_with(dialect));
        let types = fields.clone().map(|(_, _, field, _)| *field).filter(|field| !field.is_empty());
        let types: Vec<_> = types.map(|field| format!("pub {field},")).collect();
        let parameters = PARAMETERS.iter().map(|(_, field, _)| *field).filter(|field| !field.is_empty());
        let lacking = missing(&code, types.iter().map(String::as_str).chain(parameters).chain(CODE.iter().copied()));
        assert!(lacking.is_empty(), "{version} lacks {lacking:#?}");
        let notes = fields
            .map(|(.., note)| *note)
            .chain(PARAMETERS.iter().map(|(.., note)| *note))
            .chain(NOTES.iter().copied());
        let silent: Vec<_> = notes.filter(|note| !output.notes.contains(note)).collect();
        assert!(silent.is_empty(), "{version}: no note {silent:#?}\n{}", output.notes);
        bench.copy.write("press-api-gen/tests/shapes.rs", TOLERANCE);
        let answer = compile(&bench.copy, &output.code, &["test", "--test", "shapes"]);
        assert_eq!(answer.code, Some(0), "{version}: {}{}", answer.stdout, answer.stderr);
    }
}

/// Values that a careless or newer service may send, and that a user may send.
const TOLERANCE: &str = r##"
//! Generated types take what a service may send.

use press_api_gen::types::{Part, PartKind, PostBodiesBody, Shape};

#[test]
fn generated_types_are_tolerant() {
    let shape: Shape = serde_json::from_str("{}").unwrap();
    assert_eq!(shape, Shape::default());
    let names = ["text", "time", "times", "unsigned", "anything", "level", "inline", "rows", "free", "part", "choice"];
    let nulls = names.iter().map(|name| format!("\"{name}\": null")).collect::<Vec<_>>().join(", ");
    assert_eq!(serde_json::from_str::<Shape>(&format!("{{{nulls}}}")).unwrap(), shape);
    let text = r#"{"level":"medium","choice":{"new":[1]},"part":{"kind":"huge","x":1},"extra":"e","Text":"T","new":{}}"#;
    let text: serde_json::Value = serde_json::from_str(text).unwrap();
    let shape: Shape = serde_json::from_value(text.clone()).unwrap();
    assert_eq!(shape.extra.len(), 3);
    assert_eq!(serde_json::to_value(&shape).unwrap(), text);
    assert_eq!(shape.part.unwrap().kind, Some(PartKind::from("huge")));
    let mut body = PostBodiesBody::default();
    body.name = "n".to_owned();
    assert_eq!(serde_json::to_string(&body).unwrap(), r#"{"name":"n"}"#);
    assert_eq!(serde_json::to_string(&Part::default()).unwrap(), "{}");
}
"##;

#[test]
fn the_same_document_in_other_writing_gives_the_same_code() {
    let bench = bench();
    let press = bench.generator.run(PRESS, "");
    accepted(&press);
    let code =
        |output: &Output| output.code.lines().filter(|line| !line.contains("_SHA256")).collect::<Vec<_>>().join("\n");
    let parsed: Value = serde_saphyr::from_str(PRESS).expect("the document");
    let merged = PRESS.replace("  parameters:\n    PageSize:\n", "  parameters:\n    PageSize: &size\n").replace(
        "    PageNumber:\n      name: pageNumber\n      in: query\n",
        "    PageNumber:\n      <<: *size\n      name: pageNumber\n",
    );
    let shared =
        PRESS.replace("    get:\n      operationId: list_specs\n", "    get: &list\n      operationId: list_specs\n");
    let json = serde_json::to_string_pretty(&parsed).expect("JSON");
    let surrogates = json.replace("Press Specs API\"", "Press Specs \\u0041PI\"").replace('/', "\\/");
    for (name, text) in [
        ("BOM", format!("\u{feff}{PRESS}")),
        ("CRLF", PRESS.replace('\n', "\r\n")),
        ("merge keys", merged),
        ("anchors", shared),
        ("JSON", json),
        ("JSON with escapes", surrogates),
        ("statuses without quotes", PRESS.replace("'200':", "200:")),
        ("no success but a default", PRESS.replace("'200':", "default:")),
        ("other media types", PRESS.replace("application/json:", "application/vnd.press+json; version=1:")),
        ("errors of any kind", PRESS.replace("    Problem:\n", "    Problem:\n      oneOf: [{type: nonsense}]\n")),
        (
            "pages that may lack everything",
            changed(|document| document["components"]["schemas"]["SpecPage"]["required"] = Value::Null),
        ),
        (
            "pages that may be null",
            changed(|document| {
                let properties = &mut document["components"]["schemas"]["SpecPage"]["properties"];
                for name in ["specs", "pageCount"] {
                    properties[name]["nullable"] = true.into();
                }
            }),
        ),
        (
            "counts that are numbers",
            changed(|document| {
                let properties = &mut document["components"]["schemas"]["DeploymentPage"]["properties"];
                for name in ["pageCount", "pageNumber", "pageSize", "deploymentCount"] {
                    properties[name]["type"] = "number".into();
                    properties[name]["minimum"] = Value::Null;
                    properties[name]["format"] = Value::Null;
                }
            }),
        ),
        (
            "everything required",
            changed(|document| {
                for schema in document["components"]["schemas"].as_object_mut().expect("schemas").values_mut() {
                    if let Some(properties) = schema["properties"].as_object() {
                        schema["required"] = properties.keys().cloned().collect();
                    }
                }
            }),
        ),
        (
            "parameters of a path",
            changed(|document| {
                let item = &mut document["paths"]["/v1/specs/{specId}/releases/deployments"];
                let own = item["get"]["parameters"].as_array_mut().expect("the parameters");
                let shared = own.iter().position(|parameter| parameter["in"] == "path").map(|index| own.remove(index));
                item["parameters"] = shared.into_iter().collect();
            }),
        ),
    ] {
        assert!(text != PRESS, "{name}");
        let output = bench.generator.run(&text, "");
        accepted(&output);
        assert!(output.code.contains(r#"("spec_id", self.spec_id.as_str())"#), "the guard of the path");
        let same = code(&output) == code(&press);
        let difference = similar::TextDiff::from_lines(code(&press), code(&output)).unified_diff().to_string();
        assert!(same, "{name}: {difference}");
    }
}

/// The document after `change`, as JSON.
fn changed(change: impl FnOnce(&mut Value)) -> String {
    let mut document: Value = serde_saphyr::from_str(PRESS).expect("the document");
    change(&mut document);
    document.to_string()
}

const PAGES: &str = "
openapi: 3.1.0
paths:
  /nested:
    get:
      parameters:
        - {name: page, in: query, schema: {type: integer, minimum: 1}}
        - {name: limit, in: query, required: true, schema: {type: number}}
      responses:
        200:
          content:
            application/json:
              schema:
                type: object
                properties:
                  data: {type: [array, 'null'], items: {type: object, required: [id, name], properties: {id: {type: string}, name: {type: string}}}}
                  other: {type: array, items: {$ref: '#/components/schemas/Row'}}
                  pagination: {type: [object, 'null'], properties: {pageCount: {type: number}, page: {type: integer}}}
                  meta: {type: object, properties: {total: {type: [integer, 'null']}}}
  /plain:
    get:
      parameters: &paging
        - {name: pageNumber, in: query, schema: {type: integer}}
        - {name: pageSize, in: query, schema: {type: integer}}
      responses:
        200:
          content:
            application/json:
              schema:
                type: object
                properties:
                  pageCount: {type: [integer, 'null']}
                  totalCount: {type: number}
                  rows: {type: array, items: {$ref: '#/components/schemas/Row'}}
  /uncounted:
    get:
      parameters: *paging
      responses: {200: {content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Row'}}}}}}
components:
  schemas:
    Row: {type: object, properties: {id: {type: string}}}
";

const PAGE_MAPPING: &str = "
operations:
  GET /nested:
    name: list_nested
    page: {list: data, count: pagination.pageCount, number: pagination.page, items: meta.total, number_parameter: page, size_parameter: limit}
  GET /plain: list_plain
  GET /uncounted: list_uncounted
types:
  ListNestedResponse: NestedPage
  '#/paths/~1nested/get/responses/200/content/application~1json/schema/properties/data/items': Nested
required:
  Nested: [name]
";

#[test]
fn pages_are_found_by_name_or_where_the_mapping_says() {
    let bench = bench();
    let output = bench.generator.run(PAGES, PAGE_MAPPING);
    accepted(&output);
    let parts = [
        "impl crate::operation::ListOperation for ListNested { type Page = super::types::NestedPage;",
        "self.limit = page_size.map(Into::into);",
        "self.page = page_number.map(Into::into);",
        "type Item = super::types::Nested; fn page_count(&self) -> u64 { self.pagination.page_count }",
        "fn page_number(&self) -> Option<u64> { self.pagination.page }",
        "fn item_count(&self) -> Option<u64> { self.meta.as_ref().and_then(|value| value.total) }",
        "fn into_items(self) -> Vec<Self::Item> { self.data }",
        "pub struct Nested { pub id: String, pub name: String,",
        "fn item_count(&self) -> Option<u64> { self.total_count }",
        "fn item_id(item: &Self::Item) -> Option<&str> { item.id.as_deref() }",
        "pub page_count: u64, pub rows: Vec<Row>,",
    ];
    let lacking = missing(&plain(&output.code), parts);
    assert!(lacking.is_empty(), "{lacking:#?}");
    assert!(
        output.notes.contains("`list_uncounted` is no paginated list: its response is no object"),
        "{}",
        output.notes
    );
    let answer = compile(&bench.copy, &output.code, &["check"]);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
}
