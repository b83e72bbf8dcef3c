//! Mistakes in the document and in the mapping. Each is rejected with its place and a remedy.

use crate::{Output, bench};

const SMALL: &str = include_str!("documents/small.yaml");

const TERM: &str = "          in: query\n          schema: {type: string}\n        - $ref";
const TITLE: &str = "        title: {type: string}";

/// An edit of the document and expected parts of the message. The first part is the place.
struct DocumentCase {
    anchor: &'static str,
    replacement: &'static str,
    parts: &'static [&'static str],
}

const DOCUMENTS: &[DocumentCase] = &[
    // The document.
    DocumentCase {
        anchor: "openapi: 3.0.3",
        replacement: "swagger: '2.0'",
        parts: &["openapi/press.yaml:1 #/swagger", "Swagger 2.0", "npx swagger2openapi"],
    },
    DocumentCase {
        anchor: "openapi: 3.0.3",
        replacement: "openapi: 4.0.0",
        parts: &["openapi/press.yaml:1 #/openapi", "OpenAPI 4.0.0", "3.0 or 3.1"],
    },
    DocumentCase {
        anchor: "openapi: 3.0.3\n",
        replacement: "",
        parts: &["#\n", "`openapi` is missing"],
    },
    DocumentCase {
        anchor: "  title: Small",
        replacement: "  title: Small: large",
        parts: &["press.yaml:3:15", "invalid YAML", "check the indentation"],
    },
    DocumentCase {
        anchor: "  version: v1",
        replacement: "  version: v1\n  version: v2",
        parts: &["press.yaml:5:3", "duplicate", "keep one"],
    },
    DocumentCase {
        anchor: "  version: v1",
        replacement: "  version: *v1",
        parts: &["press.yaml:4:12", "invalid YAML"],
    },
    DocumentCase {
        anchor: "schema: {type: string}\n        - name: term",
        replacement: "schema: {type: string\n        - name: term",
        parts: &["press.yaml:1", "invalid YAML"],
    },
    DocumentCase {
        anchor: "paths:\n  /v1",
        replacement: "x-paths:\n  /v1",
        parts: &["#/paths", "has no operations"],
    },
    // References.
    DocumentCase {
        anchor: "schemas/ThingPage'",
        replacement: "schemas/ThingPages'",
        parts: &[
            "/content/application~1json/schema",
            "`#/components/schemas/ThingPages` cannot be resolved",
            "add the target",
        ],
    },
    DocumentCase {
        anchor: "$ref: '#/components/parameters/PageSize'",
        replacement: "$ref: 'other.yaml#/PageSize'",
        parts: &[
            "openapi/press.yaml:17 #/paths/~1v1~1things~1{thingId}/get/parameters/2/$ref\n",
            "`other.yaml#/PageSize` refers to another file",
            "`npx @redocly/cli bundle openapi.yaml -o openapi/press.yaml`",
        ],
    },
    DocumentCase {
        anchor: "$ref: '#/components/parameters/PageSize'",
        replacement: "$ref: 3",
        parts: &["/parameters/2", "`3` refers to another file"],
    },
    DocumentCase {
        anchor: "$ref: '#/components/schemas/Other'",
        replacement: "$ref: Other",
        parts: &[
            "/properties/other/$ref\n",
            "`Other` is not a reference",
            "#/components/schemas/Other",
        ],
    },
    DocumentCase {
        anchor: "        - $ref: '#/components/parameters/PageSize'",
        replacement: "        - $ref: #/components/parameters/PageSize",
        parts: &[
            "openapi/press.yaml:17 #/paths/~1v1~1things~1{thingId}/get/parameters/2/$ref\n",
            "starts a comment",
            "write `$ref: '#/components/parameters/PageSize'`",
        ],
    },
    DocumentCase {
        anchor: "{$ref: '#/components/schemas/ThingPage'}",
        replacement: "{$ref: #/components/schemas/ThingPage}",
        parts: &["openapi/press.yaml:24\n", "starts a comment", "in quotes"],
    },
    DocumentCase {
        anchor: "PageSize: {name",
        replacement: "PageSize: {$ref: '#/components/parameters/PageSize', name",
        parts: &["#/components/parameters/PageSize", "circular `$ref`"],
    },
    DocumentCase {
        anchor: "    Thing:\n      type: object",
        replacement: "    Thing:\n      \
                      allOf: [{type: object}, {$ref: '#/components/schemas/Thing'}]",
        parts: &["#/components/schemas/Thing", "contains itself", "cycle"],
    },
    DocumentCase {
        anchor: "'404': {description: Nothing.}",
        replacement: "'404': {$ref: 'errors.yaml#/NotFound'}",
        parts: &["/get/responses/404", "refers to another file"],
    },
    // Paths and parameters.
    DocumentCase {
        anchor: "  /v1/things",
        replacement: "  v1/things",
        parts: &["#/paths/v1~1things", "start with a slash", "write `/v1/things/{thingId}`"],
    },
    DocumentCase {
        anchor: "/{thingId}:",
        replacement: "/{thingId:",
        parts: &["{thingId", "unbalanced or empty braces"],
    },
    DocumentCase {
        anchor: "/{thingId}:",
        replacement: "/{thingId}/{thingId}:",
        parts: &["{thingId}~1{thingId}", "twice"],
    },
    DocumentCase {
        anchor: "/{thingId}:",
        replacement: "/{thingId}?x=1:",
        parts: &["{thingId}?x=1", "query parameters"],
    },
    DocumentCase {
        anchor: "/{thingId}:",
        replacement: "/{id}:",
        parts: &["/get/parameters/0", "`thingId` is not in the path"],
    },
    DocumentCase {
        anchor: "/{thingId}:",
        replacement: "/{thingId}/{id}:",
        parts: &["/get\n", "contains `id`", "`in: path`"],
    },
    DocumentCase {
        anchor: "- name: term",
        replacement: "- nam: term",
        parts: &["/get/parameters/1", "has no name"],
    },
    DocumentCase {
        anchor: TERM,
        replacement: "          in: body\n          schema: {type: string}\n        - $ref",
        parts: &["/get/parameters/1", "`term` is in `body`", "`in: query`"],
    },
    DocumentCase {
        anchor: TERM,
        replacement: "          in: query\n        - $ref",
        parts: &["/get/parameters/1", "no schema", "add `schema`"],
    },
    DocumentCase {
        anchor: "- name: term",
        replacement: "- {name: term, in: query, schema: {}}\n        - name: term",
        parts: &["/get/parameters/2", "defined twice"],
    },
    DocumentCase {
        anchor: "      parameters:\n        - name: thingId\n",
        replacement: "      parameters:\n        x:\n          name: thingId\n        \
                      y: &x\n          name: x\n",
        parts: &["YAML"],
    },
    // Responses.
    DocumentCase {
        anchor: "'404':",
        replacement: "'6OO':",
        parts: &["/responses/6OO", "not a status", "`4XX`"],
    },
    // Schemas.
    DocumentCase {
        anchor: TITLE,
        replacement: "        title: {type: text}",
        parts: &[
            "#/components/schemas/Thing/properties/title/type",
            "unknown type `text`",
            "`string`",
        ],
    },
    DocumentCase {
        anchor: TITLE,
        replacement: "        title: {type: [string, nil]}",
        parts: &["/properties/title/type", "unknown type `nil`"],
    },
    DocumentCase {
        anchor: TITLE,
        replacement: "        title: string",
        parts: &["/properties/title", "a schema must be a mapping, not `string`"],
    },
    DocumentCase {
        anchor: TITLE,
        replacement: "        title: {type: object, properties: [x]}",
        parts: &["/properties/title/properties", "not a mapping"],
    },
    DocumentCase {
        anchor: TITLE,
        replacement: "        title: {enum: a}",
        parts: &["/properties/title/enum", "not a list"],
    },
    DocumentCase {
        anchor: TITLE,
        replacement: "        title: {type: object, required: title}",
        parts: &["/properties/title/required", "`required: [name]`"],
    },
    DocumentCase {
        anchor: TITLE,
        replacement: "        title: {type: string, allOf: {type: string}}",
        parts: &["/properties/title/allOf", "not a list"],
    },
];

/// A mapping and expected parts of the message.
struct MappingCase {
    mapping: &'static str,
    parts: &'static [&'static str],
}

const MAPPINGS: &[MappingCase] = &[
    MappingCase {
        mapping: "operations:\n  GET /v1/things: list",
        parts: &[
            "openapi/mapping.yaml has 1 problem\n\nopenapi/mapping.yaml:2 operations > GET \
             /v1/things\n",
            "there is no operation `GET /v1/things`",
            "write `GET /v1/things/{thingId}`",
        ],
    },
    MappingCase {
        mapping: "operations: {PUT /tags: list}",
        parts: &["no operation `PUT /tags`", "as in the document"],
    },
    MappingCase {
        mapping: "operations: {'GET /v1/things/{thingid}/': list}",
        parts: &["write `GET /v1/things/{thingId}`"],
    },
    MappingCase {
        mapping: "# Of two.\nselect:\n  - GET /v1/things/{thingId}\n  - GET /v1/thing/{id}",
        parts: &[
            "openapi/mapping.yaml:4 select > 1\n",
            "no operation `GET /v1/thing/{id}`",
            "write `GET /v1/things/{thingId}`",
        ],
    },
    MappingCase {
        mapping: "select: ['PATCH /v1/things/{thingId}']",
        parts: &[
            "openapi/mapping.yaml:1 select > 0\n",
            "write `GET /v1/things/{thingId}`, or `POST /v1/things/{thingId}`",
        ],
    },
    MappingCase {
        mapping: "select: ['get /v1/things/{thingId}']",
        parts: &["write `GET /v1/things/{thingId}`"],
    },
    MappingCase {
        mapping: "select: ['POST /v1/things/{thingId}']",
        parts: &[
            "/post\n",
            "the request body is `text/plain`",
            "remove `POST /v1/things/{thingId}` from `select`",
        ],
    },
    MappingCase {
        mapping: "select: []",
        parts: &["openapi/mapping.yaml:1 select\n", "no operation is selected", "remove `select`"],
    },
    MappingCase {
        mapping: "select: GET /v1/things/{thingId}",
        parts: &["mapping.yaml:1 select\n", "not a list"],
    },
    MappingCase {
        mapping: "select:\n  - GET /v1/things/{thingId}\n  - 3",
        parts: &["mapping.yaml:3 select > 1\n", "`3` is not a name"],
    },
    MappingCase {
        mapping: "operations:\n\n  'GET /v1/things/{thingId}': list-things",
        parts: &[
            "openapi/mapping.yaml:3 operations > GET /v1/things/{thingId}\n",
            "`list-things` is not a valid method name",
            "write `list_things`",
        ],
    },
    MappingCase {
        mapping: "operations:\n  GET /v1/things/{thingId}:\n    name: List",
        parts: &["mapping.yaml:3 operations > GET /v1/things/{thingId} > name\n", "write `list`"],
    },
    MappingCase {
        mapping: "operations: {'GET /v1/things/{thingId}': [list]}",
        parts: &["`[\"list\"]` is not a name"],
    },
    MappingCase {
        mapping: "operations: {'GET /v1/things/{thingId}': {page: {list: data}}}",
        parts: &[
            "openapi/mapping.yaml:1 operations > GET /v1/things/{thingId} > page > list\n",
            "`list_things` is not a paginated list",
            "`data` is not a list of objects",
        ],
    },
    MappingCase {
        mapping: "operations: {'GET /v1/things/{thingId}': {name: list, page: {count: \
                  meta.pages}}}",
        parts: &["/{thingId} > page > count\n", "no numeric field `meta.pages`"],
    },
    MappingCase {
        mapping: "operations: {'GET /v1/things/{thingId}': {name: list, page: {items: total}}}",
        parts: &["/{thingId} > page > items\n", "no numeric field `total`"],
    },
    MappingCase {
        mapping: "operations: {'GET /v1/things/{thingId}': {name: list, page: {number_parameter: \
                  page}}}",
        parts: &["/{thingId} > page > number_parameter\n", "no integer parameter `page`"],
    },
    MappingCase {
        mapping: "operations:\n  GET /v1/things/{thingId}:\n    page: {number_parameter: pageSize}",
        parts: &[
            "mapping.yaml:3 operations > GET /v1/things/{thingId} > page\n",
            "`number_parameter` and `size_parameter` are both `pageSize`",
            "use two parameters",
        ],
    },
    MappingCase {
        mapping: "operations: {'GET /v1/things/{thingId}': {page: {number_parameter: p, \
                  size_parameter: p}}}",
        parts: &["`number_parameter` and `size_parameter` are both `p`"],
    },
    MappingCase {
        mapping: "operations:\n  GET /v1/things/{thingId}:\n    page:\n      list: things\n      \
                  size_parameter: size",
        parts: &[
            "openapi/mapping.yaml:5 operations > GET",
            "no integer parameter `size`",
            "correct",
        ],
    },
    MappingCase {
        mapping: "operations: {'GET /v1/things/{thingId}': {page: data}}",
        parts: &["> page\n", "not a mapping"],
    },
    MappingCase {
        mapping: "types: {}\noperation: {}",
        parts: &[
            "openapi/mapping.yaml:2 operation\n",
            "unknown key `operation`",
            "write one of `operations`, `select`, `types`, `required`",
        ],
    },
    MappingCase {
        mapping: "operations:\n  GET /v1/things/{thingId}:\n    nam: list",
        parts: &[
            "mapping.yaml:3 operations > GET /v1/things/{thingId} > nam\n",
            "unknown key `nam`",
            "`name`, `page`",
        ],
    },
    MappingCase {
        mapping: "operations:\n  GET /v1/things/{thingId}:\n    page:\n      total: x",
        parts: &[
            "mapping.yaml:4 operations > GET /v1/things/{thingId} > page > total\n",
            "unknown key `total`",
            "`list`, `count`",
        ],
    },
    MappingCase {
        mapping: "types:\n  '#/components/schemas/Nothing': Thing",
        parts: &[
            "openapi/mapping.yaml:2 types > #/components/schemas/Nothing\n",
            "is not a type of the generated operations",
        ],
    },
    MappingCase {
        mapping: "types: {Thing: some_thing}",
        parts: &[
            "openapi/mapping.yaml:1 types > Thing\n",
            "`some_thing` is not a valid type name",
            "write `SomeThing`",
        ],
    },
    MappingCase {
        mapping: "types:\n  Other: Thing",
        parts: &[
            "openapi/mapping.yaml:2 types > Other\n",
            "the type `Thing` is defined differently at `#/components/schemas/Thing` and at \
             `#/components/schemas/Other`",
            "another name",
        ],
    },
    MappingCase {
        mapping: "types: {Thing: Same, ThingPage: Same}",
        parts: &[
            "openapi/mapping.yaml:1 types > ThingPage\n",
            "defined differently at `#/components/schemas/ThingPage`",
            "and at `#/components/schemas/Thing`",
        ],
    },
    MappingCase {
        mapping: "types: {Thing: 3}",
        parts: &["mapping.yaml:1 types > Thing\n", "`3` is not a name"],
    },
    MappingCase { mapping: "types: [Thing]", parts: &["mapping.yaml:1 types\n", "not a mapping"] },
    MappingCase {
        mapping: "required:\n  Thing: [name]",
        parts: &["openapi/mapping.yaml:2 required > Thing\n", "no field `name` in a type `Thing`"],
    },
    MappingCase {
        mapping: "- x",
        parts: &["openapi/mapping.yaml has 1 problem\n\nopenapi/mapping.yaml\n", "not a mapping"],
    },
    MappingCase { mapping: "operations: {", parts: &["openapi/mapping.yaml:1:", "invalid YAML"] },
    MappingCase {
        mapping: "types:\n  A: B\n  A: C",
        parts: &["openapi/mapping.yaml:3:3", "duplicate", "keep one"],
    },
];

#[test]
fn mistakes_are_reported_with_location_and_remedy() {
    let bench = bench();
    assert!(
        bench
            .accepts(SMALL, "")
            .code
            .contains("impl crate::operation::ListOperation for ListThings")
    );
    let rejected = |name: &str, document: &[u8], mapping: &str, parts: &[&str]| {
        let Output { answer, code, .. } = bench.generate(document, mapping);
        let missing: Vec<_> = parts.iter().filter(|part| !answer.stderr.contains(**part)).collect();
        assert!(missing.is_empty(), "{name}\nmissing {missing:?} in:\n{}", answer.stderr);
        assert!(
            !answer.success && code.is_empty() && !answer.stderr.contains("panicked"),
            "{name}: {answer:?}"
        );
    };
    for DocumentCase { anchor, replacement, parts } in DOCUMENTS {
        assert!(SMALL.contains(anchor), "{anchor}");
        let document = SMALL.replacen(anchor, replacement, 1);
        rejected(replacement, document.as_bytes(), "", parts);
    }
    for MappingCase { mapping, parts } in MAPPINGS {
        rejected(mapping, SMALL.as_bytes(), mapping, parts);
    }
    let two = SMALL.replace(TITLE, "        title: {type: text}").replace("'404'", "'6OO'");
    rejected("two", two.as_bytes(), "", &["has 2 problems", "unknown type `text`", "not a status"]);
}

/// An unreadable file and expected parts of the message.
struct FileCase {
    name: &'static str,
    content: fn() -> Vec<u8>,
    parts: &'static [&'static str],
}

const FILES: &[FileCase] = &[
    FileCase { name: "empty", content: Vec::new, parts: &["press.yaml #\n", "not a mapping"] },
    FileCase {
        name: "comment",
        content: || b"# nothing".to_vec(),
        parts: &["press.yaml #\n", "not a mapping"],
    },
    FileCase {
        name: "list",
        content: || b"- a list".to_vec(),
        parts: &["press.yaml #\n", "not a mapping"],
    },
    FileCase {
        name: "text",
        content: || b"just text".to_vec(),
        parts: &["press.yaml #\n", "start it with `openapi: 3.0.3`"],
    },
    FileCase {
        name: "UTF-16",
        content: || SMALL.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        parts: &["openapi/press.yaml\n", "UTF-16", "`iconv -f UTF-16 -t UTF-8`"],
    },
    FileCase {
        name: "UTF-16 with a byte order mark",
        content: || format!("\u{feff}{SMALL}").encode_utf16().flat_map(u16::to_be_bytes).collect(),
        parts: &["openapi/press.yaml\n", "UTF-16", "`iconv -f UTF-16 -t UTF-8`"],
    },
    FileCase {
        name: "Latin-1",
        content: || [&SMALL.as_bytes()[..30], b"\xe9", &SMALL.as_bytes()[30..]].concat(),
        parts: &["openapi/press.yaml:3\n", "0xe9", "`iconv -f LATIN1 -t UTF-8`"],
    },
    FileCase {
        name: "gzip",
        content: || b"\x1f\x8b\x08\0".to_vec(),
        parts: &["openapi/press.yaml\n", "gzip", "`gunzip`"],
    },
    FileCase {
        name: "ZIP",
        content: || b"PK\x03\x04\0".to_vec(),
        parts: &["openapi/press.yaml\n", "ZIP", "`unzip`"],
    },
    FileCase {
        name: "HTML",
        content: || b"\n<!DOCTYPE html><html></html>".to_vec(),
        parts: &["openapi/press.yaml\n", "HTML", "download the document itself"],
    },
    FileCase {
        name: "two documents",
        content: || format!("{SMALL}---\n{SMALL}").into_bytes(),
        parts: &["openapi/press.yaml:", "a second YAML document starts here", "keep one"],
    },
    FileCase {
        name: "aliases of aliases",
        content: || {
            let mut text = "x0: &x0 [a, a, a, a, a, a, a, a, a, a]\n".to_owned();
            for level in 1..12 {
                let inner = vec![format!("*x{}", level - 1); 10].join(", ");
                text += &format!("x{level}: &x{level} [{inner}]\n");
            }
            (text + SMALL).into_bytes()
        },
        parts: &["openapi/press.yaml:", "too large", "use `$ref`"],
    },
    FileCase {
        name: "aliases of a long text",
        content: || {
            let mut text = format!("x: &x {}\n", "x".repeat(1_000_000));
            for index in 0..1_000 {
                text += &format!("x{index}: *x\n");
            }
            (text + SMALL).into_bytes()
        },
        parts: &["openapi/press.yaml:", "too large", "use `$ref`"],
    },
    FileCase {
        name: "many problems",
        content: || {
            let mut text = SMALL.to_owned();
            for index in 0..13 {
                let field = format!("{TITLE}\n        x{index}: {{type: text}}");
                text = text.replacen(TITLE, &field, 1);
            }
            text.into_bytes()
        },
        parts: &[
            "openapi/press.yaml has 13 problems\n",
            "/properties/x11/type\n",
            "\nThere are 3 more problems.\n",
        ],
    },
];

#[test]
fn unreadable_files_are_reported_with_a_remedy() {
    let bench = bench();
    for FileCase { name, content, parts } in FILES {
        let Output { answer, code, .. } = bench.generate(content(), "");
        let missing: Vec<_> = parts.iter().filter(|part| !answer.stderr.contains(**part)).collect();
        assert!(missing.is_empty(), "{name}\nmissing {missing:?} in:\n{}", answer.stderr);
        assert!(!answer.stderr.contains("panicked"), "{name}: {answer:?}");
        assert!(answer.stderr.matches("    ").count() <= 10, "{name}: {answer:?}");
        assert!(!answer.success, "{name}: {answer:?}");
        assert_eq!(code, "", "{name}");
    }
}

#[test]
fn unselected_operations_are_not_checked() {
    let bench = bench();
    let broken = "  /broken/{x:\n    get:\n      responses: {'200': {content: {application/json: \
                  {schema: {type: text}}}}}\n";
    let document = SMALL
        .replace("paths:\n", &format!("paths:\n{broken}"))
        .replace("    Other:", "    Unused: {type: text}\n    Other:");
    let output = bench.accepts(&document, "select: ['GET /v1/things/{thingId}']");
    assert_eq!(output.notes, "");
}

#[test]
fn naming_an_operation_does_not_select_it() {
    let bench = bench();
    let post = "requestBody: {content: {text/plain: {}}}";
    let document = SMALL.replace(post, "operationId: makeThing");
    let listed = "operations: {'GET /v1/things/{thingId}': list_all}";
    for (mapping, names) in [
        ("", ["list_things", "make_thing"].as_slice()),
        ("# Only a comment.\n", &["list_things", "make_thing"]),
        ("operations:\nselect:\ntypes:\nrequired:\n", &["list_things", "make_thing"]),
        (listed, &["list_all", "make_thing"]),
        ("operations: {'GET /v1/things/{thingId}': {name: list_all}}", &["list_all", "make_thing"]),
        ("operations: {'GET /v1/things/{thingId}': {page: {}}}", &["list_things", "make_thing"]),
        ("select: ['POST /v1/things/{thingId}']", &["make_thing"]),
        (&format!("{listed}\nselect: ['GET /v1/things/{{thingId}}']"), &["list_all"]),
        (&format!("{listed}\nselect: ['POST /v1/things/{{thingId}}']"), &["make_thing"]),
    ] {
        let code = bench.accepts(&document, mapping).code;
        let constants = code.lines().filter(|line| line.contains("const NAME"));
        let found: Vec<_> = constants.filter_map(|line| line.split('"').nth(1)).collect();
        assert_eq!(found, names, "{mapping}");
    }
}
