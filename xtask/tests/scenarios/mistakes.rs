//! Mistakes in the document and in the mapping, each refused with its place and a remedy.

use crate::{Output, bench};

const SMALL: &str = include_str!("documents/small.yaml");

const GET: &str = "#/paths/~1v1~1things~1{thingId}/get";
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

/// A mapping, then parts of the message.
#[rustfmt::skip]
const MAPPINGS: &[(&str, &[&str])] = &[
    ("operations: {GET /v1/things: list}", &["openapi/mapping.yaml operations", "no operation `GET /v1/things`", "as the document has them"]),
    ("operations: {'GET /v1/things/{thingid}/': list}", &["write `GET /v1/things/{thingId}`"]),
    ("operations: {'GET /v1/things/{thingId}': list-things}", &["`list-things` is no name", "write `list_things`"]),
    ("operations: {'POST /v1/things/{thingId}': make}", &["/post\n", "its body is `text/plain`", "leave `POST /v1/things/{thingId}` out"]),
    ("operations: {'GET /v1/things/{thingId}': {name: list, page: {list: data}}}", &[GET, "`list` is no paginated list", "`data` is no list of objects"]),
    ("operations: {'GET /v1/things/{thingId}': {name: list, page: {count: meta.pages}}}", &[GET, "no number `meta.pages`"]),
    ("operations: {'GET /v1/things/{thingId}': {name: list, page: {items: total}}}", &[GET, "no number `total`"]),
    ("operations: {'GET /v1/things/{thingId}': {name: list, page: {number_parameter: page}}}", &[GET, "no whole number `page` as parameter"]),
    ("operations: {'GET /v1/things/{thingId}': {nam: list}}", &["mapping.yaml", "a mapping of `name` and `page`"]),
    ("operation: {}", &["mapping.yaml", "unknown field `operation`"]),
    ("types: {'#/components/schemas/Nothing': Thing}", &["mapping.yaml types", "is no type that the selected operations reach"]),
    ("types: {Thing: some_thing}", &["`some_thing` is no name of a type", "write `SomeThing`"]),
    ("types: {Other: Thing}", &["#/components/schemas/Thing", "the type `Thing` is here another one"]),
    ("required: {Thing: [name]}", &["mapping.yaml required", "no field `name` in a type `Thing`"]),
    ("- x", &["openapi/mapping.yaml", "not a mapping"]),
    ("operations: {", &["openapi/mapping.yaml:1:", "not YAML"]),
];

#[test]
fn each_mistake_is_refused_with_its_place_and_a_remedy() {
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
    for (mapping, parts) in MAPPINGS {
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
    let output = bench.accepts(&document, "operations: {'GET /v1/things/{thingId}': list_things}");
    let note = "2 operations that openapi/mapping.yaml does not name are left out";
    assert!(output.notes.contains(note), "{}", output.notes);
}
