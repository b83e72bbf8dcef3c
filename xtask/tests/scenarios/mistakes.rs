//! Mistakes in the document and in the mapping, each rejected with its place and a remedy.

use crate::{Output, bench};

const SMALL: &str = include_str!("documents/small.yaml");

const TERM: &str = "          in: query\n          schema: {type: string}\n        - $ref";
const TITLE: &str = "        title: {type: string}";

/// An edit of the document, then parts of the message, of which the first is a place.
type Case = (&'static str, &'static str, &'static [&'static str]);

#[rustfmt::skip]
const DOCUMENTS: &[Case] = &[
    // The document.
    ("openapi: 3.0.3", "swagger: '2.0'", &["openapi/press.yaml #/swagger", "Swagger 2.0", "npx swagger2openapi"]),
    ("openapi: 3.0.3", "openapi: 4.0.0", &["#/openapi", "OpenAPI 4.0.0", "3.0 or 3.1"]),
    ("openapi: 3.0.3\n", "", &["#\n", "`openapi` is missing"]),
    ("  title: Small", "  title: Small: large", &["press.yaml:3:15", "not YAML", "look at"]),
    ("  version: v1", "  version: v1\n  version: v2", &["press.yaml:5:3", "duplicate", "keep one"]),
    ("  version: v1", "  version: *v1", &["press.yaml:4:12", "not YAML"]),
    ("schema: {type: string}\n        - name: term", "schema: {type: string\n        - name: term", &["press.yaml:1", "not YAML"]),
    ("paths:\n  /v1", "x-paths:\n  /v1", &["#/paths", "there are no operations"]),
    ("paths:\n", "paths:\n  /v1/list: [get]\n", &["#/paths/~1v1~1list", "not a mapping"]),
    // References.
    ("schemas/ThingPage'", "schemas/ThingPages'", &["/content/application~1json/schema", "`#/components/schemas/ThingPages` refers to nothing", "add it"]),
    ("$ref: '#/components/parameters/PageSize'", "$ref: 'other.yaml#/PageSize'", &["/parameters/2", "outside of this document", "copy it"]),
    ("$ref: '#/components/parameters/PageSize'", "$ref: 3", &["/parameters/2", "`3` refers to something outside"]),
    ("PageSize: {name", "PageSize: {$ref: '#/components/parameters/PageSize', name", &["#/components/parameters/PageSize", "leads back to itself"]),
    ("    Thing:\n      type: object", "    Thing:\n      allOf: [{type: object}, {$ref: '#/components/schemas/Thing'}]", &["#/components/schemas/Thing", "part of itself", "circle"]),
    ("'404': {description: Nothing.}", "'404': {$ref: 'errors.yaml#/NotFound'}", &["/get/responses/404", "outside of this document", "copy it"]),
    ("'404': {description: Nothing.}", "'404': {content: {application/json: {schema: {$ref: '#/components/schemas/Eror'}}}}", &["/responses/404/content/", "refers to nothing"]),
    // Paths and parameters.
    ("  /v1/things", "  v1/things", &["#/paths/v1~1things", "begin with a slash", "write `/v1/things/{thingId}`"]),
    ("/{thingId}:", "/{thingId:", &["{thingId", "do not enclose names"]),
    ("/{thingId}:", "/{thingId}/{thingId}:", &["{thingId}~1{thingId}", "twice"]),
    ("/{thingId}:", "/{thingId}?x=1:", &["{thingId}?x=1", "query parameters"]),
    ("/{thingId}:", "/{id}:", &["/get/parameters/0", "`thingId` is not in the path"]),
    ("/{thingId}:", "/{thingId}/{id}:", &["/get\n", "has a place for `id`", "`in: path`"]),
    ("- name: term", "- nam: term", &["/get/parameters/1", "without a name"]),
    (TERM, "          in: body\n          schema: {type: string}\n        - $ref", &["/get/parameters/1", "`term` is in `body`", "`in: query`"]),
    (TERM, "          in: query\n        - $ref", &["/get/parameters/1", "no schema", "add `schema`"]),
    ("- name: term", "- {name: term, in: query, schema: {}}\n        - name: term", &["/get/parameters/2", "there twice"]),
    ("      parameters:\n        - name: thingId\n", "      parameters:\n        x:\n          name: thingId\n        y: &x\n          name: x\n", &["YAML"]),
    // Responses.
    ("'404':", "'6OO':", &["/responses/6OO", "not a status", "`4XX`"]),
    // Schemas.
    (TITLE, "        title: {type: text}", &["#/components/schemas/Thing/properties/title/type", "no type `text`", "`string`"]),
    (TITLE, "        title: {type: [string, nil]}", &["/properties/title/type", "no type `nil`"]),
    (TITLE, "        title: string", &["/properties/title", "a schema is a mapping, not `string`"]),
    (TITLE, "        title: {type: object, properties: [x]}", &["/properties/title/properties", "not a mapping"]),
    (TITLE, "        title: {enum: a}", &["/properties/title/enum", "not a list"]),
    (TITLE, "        title: {type: object, required: title}", &["/properties/title/required", "`required: [name]`"]),
    (TITLE, "        title: {type: string, allOf: {type: string}}", &["/properties/title/allOf", "not a list"]),
    // Names.
    ("requestBody: {content: {text/plain: {}}}", "operationId: listThings", &["/post", "the operation `list_things` has the name of", "mapping.yaml"]),
];

/// A mapping, and parts of the message.
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
        parts: &["no operation `PUT /tags`", "as the document has them"],
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
            "its body is `text/plain`",
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
            "`list-things` cannot name a method",
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
            "openapi/mapping.yaml:1 operations > GET /v1/things/{thingId} > page",
            "`list_things` is no paginated list",
            "`data` is no list of objects",
        ],
    },
    MappingCase {
        mapping: "operations: {'GET /v1/things/{thingId}': {name: list, page: {count: \
                  meta.pages}}}",
        parts: &["/{thingId} > page", "no number `meta.pages`"],
    },
    MappingCase {
        mapping: "operations: {'GET /v1/things/{thingId}': {name: list, page: {items: total}}}",
        parts: &["/{thingId} > page", "no number `total`"],
    },
    MappingCase {
        mapping: "operations: {'GET /v1/things/{thingId}': {name: list, page: {number_parameter: \
                  page}}}",
        parts: &["/{thingId} > page", "no whole number `page` as parameter"],
    },
    MappingCase {
        mapping: "operations:\n  GET /v1/things/{thingId}:\n    page: {number_parameter: pageSize}",
        parts: &[
            "mapping.yaml:3 operations > GET /v1/things/{thingId} > page\n",
            "`pageSize` is both `number_parameter` and `size_parameter`",
            "names of two",
        ],
    },
    MappingCase {
        mapping: "operations: {'GET /v1/things/{thingId}': {page: {number_parameter: p, \
                  size_parameter: p}}}",
        parts: &["`p` is both `number_parameter` and `size_parameter`"],
    },
    MappingCase {
        mapping: "operations: {'GET /v1/things/{thingId}': {page: data}}",
        parts: &["> page\n", "not a mapping"],
    },
    MappingCase {
        mapping: "types: {}\noperation: {}",
        parts: &[
            "openapi/mapping.yaml:2 operation\n",
            "no key `operation`",
            "write one of `operations`, `select`, `types`, `required`",
        ],
    },
    MappingCase {
        mapping: "operations:\n  GET /v1/things/{thingId}:\n    nam: list",
        parts: &[
            "mapping.yaml:3 operations > GET /v1/things/{thingId} > nam\n",
            "no key `nam`",
            "`name`, `page`",
        ],
    },
    MappingCase {
        mapping: "operations:\n  GET /v1/things/{thingId}:\n    page:\n      total: x",
        parts: &[
            "mapping.yaml:4 operations > GET /v1/things/{thingId} > page > total\n",
            "no key `total`",
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
            "`some_thing` cannot name a type",
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
    MappingCase { mapping: "operations: {", parts: &["openapi/mapping.yaml:1:", "not YAML"] },
    MappingCase {
        mapping: "types:\n  A: B\n  A: C",
        parts: &["openapi/mapping.yaml:3:3", "duplicate", "keep one"],
    },
];

#[test]
fn each_mistake_is_rejected_with_its_place_and_a_remedy() {
    let bench = bench();
    assert!(
        bench
            .accepts(SMALL, "")
            .code
            .contains("impl crate::operation::ListOperation for ListThings")
    );
    let refused = |name: &str, document: &str, mapping: &str, parts: &[&str]| {
        let Output { answer, code, .. } = bench.generate(document, mapping);
        let missing: Vec<_> = parts.iter().filter(|part| !answer.stderr.contains(**part)).collect();
        assert!(missing.is_empty(), "{name}\nmissing {missing:?} in:\n{}", answer.stderr);
        assert!(
            !answer.success && code.is_empty() && !answer.stderr.contains("panicked"),
            "{name}: {answer:?}"
        );
    };
    for (anchor, replacement, parts) in DOCUMENTS {
        assert!(SMALL.contains(anchor), "{anchor}");
        refused(replacement, &SMALL.replacen(anchor, replacement, 1), "", parts);
    }
    for MappingCase { mapping, parts } in MAPPINGS {
        refused(mapping, SMALL, mapping, parts);
    }
    for text in ["", "# nothing", "- a list", "just text"] {
        refused(text, text, "", &["openapi/press.yaml\n", "not a mapping"]);
    }
    let two = SMALL.replace(TITLE, "        title: {type: text}").replace("'404'", "'6OO'");
    refused("two at once", &two, "", &["has 2 problems", "no type `text`", "not a status"]);
}

#[test]
fn only_what_the_selected_operations_reach_can_be_a_mistake() {
    let bench = bench();
    let broken = "  /broken/{x:\n    get: {responses: {'200': {content: {application/json: {schema: {type: text}}}}}}\n";
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
