//! Contracts that cannot be generated from, and what is said about them.

use xtask::contract::{self, Problem};

use crate::{SMALL, edited};

/// What is edited, what it becomes, and then of a problem: its pointer, and parts of its message.
type Case = (&'static str, &'static str, &'static str, &'static [&'static str]);

const KIND_ITEMS: &str = "            items:\n              $ref: '#/components/schemas/ThingKind'";
const TERM: &str = "        - name: term\n          in: query\n          schema:\n            type: string\n";
const TITLE: &str = "        title:\n          type: string\n        count";
const ID: &str = "          description: Which thing.\n          type: string";
const THING_ID: &str = "          in: path\n          required: true\n          schema:\n            type: string";
const PAGE: &str =
    "            application/json:\n              schema:\n                $ref: '#/components/schemas/ThingPage'";
const PAGE_COUNT: &str = "        pageCount:\n          type: integer\n          format: int64\n          minimum: 0\n";
const KIND_VALUES: &str = "enum: [large, small]";

const THINGS: &str = "#/paths/~1v1~1things~1/get";
const PARTS: &str = "#/paths/~1v1~1things~1{thingId}~1parts/get";

#[test]
fn each_bad_shape_is_refused_with_its_place_and_a_way_out() {
    let cases: &[Case] = &[
        // The document.
        (
            "openapi: 3.0.3",
            "openapi: 3.1.0",
            "#/openapi",
            &["OpenAPI 3.1.0", "3.0.x", "write `openapi: 3.0.3`", "nullable: true"],
        ),
        (
            "openapi: 3.0.3",
            "swagger: '2.0'",
            "#/swagger",
            &["Swagger 2.0", "convert"],
        ),
        (
            "openapi: 3.0.3",
            "openapi: 3.0",
            "#/openapi",
            &["OpenAPI 3", "write `openapi: 3.0.3`"],
        ),
        ("version: v1", "version: 'v1é'", "#/info/version", &["ASCII"]),
        ("  title: Small\n", "", "#/info", &["missing field `title`"]),
        ("tle: Small\n", "tle: [Small]\n", "#/info/title", &["expected a string"]),
        // References.
        (
            "$ref: '#/components/schemas/ThingPage'",
            "$ref: '#/components/schemas/ThingPages'",
            "#/paths/~1v1~1things~1/get/responses/200/content/application~1json/schema/$ref",
            &[
                "`#/components/schemas/ThingPages` refers to nothing",
                "write `#/components/schemas/ThingPage`",
            ],
        ),
        (
            "$ref: '#/components/responses/BadRequest'",
            "$ref: 'errors.yaml#/BadRequest'",
            "#/paths/~1v1~1things~1/get/responses/400/$ref",
            &["another file", "copy"],
        ),
        (
            "$ref: '#/components/responses/BadRequest'",
            "$ref: '#/components/schemas/Problem'",
            "#/paths/~1v1~1things~1/get/responses/400/$ref",
            &["not an entry of `#/components/responses`", "move it"],
        ),
        (
            "    BadRequest:\n      description: Bad.\n",
            "    Again:\n      $ref: '#/components/responses/Again'\n    BadRequest:\n      description: Bad.\n",
            "#/components/responses/Again/$ref",
            &["leads back here", "not a reference"],
        ),
        (
            KIND_ITEMS,
            "            items:\n              $ref: '#/components/schemas/ThingKind'\n              nullable: true",
            "#/paths/~1v1~1things~1/get/parameters/0/schema/items",
            &["beside a `$ref`", "`nullable`", "allOf"],
        ),
        // Operations.
        (
            "      operationId: list_things\n",
            "",
            THINGS,
            &["without `operationId`", "add one"],
        ),
        (
            "operationId: listParts",
            "operationId: list_things",
            "#/paths/~1v1~1things~1{thingId}~1parts/get/operationId",
            &["taken by `#/paths/~1v1~1things~1/get`", "an id of its own"],
        ),
        (
            "operationId: listParts",
            "operationId: listThings",
            "#/paths/~1v1~1things~1{thingId}~1parts/get/operationId",
            &["becomes the method `list_things`", "an id of its own"],
        ),
        (
            "  /v1/things/:\n    get:",
            "  v1/things/:\n    get:",
            "#/paths/v1~1things~1",
            &["begin with a slash", "write `/v1/things/`"],
        ),
        (
            "  /v1/things/:\n    get:",
            "  /v1/things/:\n    trace:",
            "#/paths/~1v1~1things~1/trace",
            &["the method `trace`"],
        ),
        (
            "  /v1/things/:\n    get:",
            "  /v1/others:\n    $ref: '#/paths/~1v1~1things~1'\n  /v1/things/:\n    get:",
            "#/paths/~1v1~1others",
            &["a path that is a `$ref`", "write its operations here"],
        ),
        // Parameters.
        (
            TERM,
            "        - name: term\n          in: cookie\n          schema:\n            type: string\n",
            "#/paths/~1v1~1things~1/get/parameters/1",
            &["cookie", "header or in the query"],
        ),
        (
            TERM,
            "        - name: term\n          in: query\n          content:\n            text/plain:\n              schema:\n                type: string\n",
            "#/paths/~1v1~1things~1/get/parameters/1/content",
            &["`content`", "with `schema`"],
        ),
        (
            TERM,
            "        - name: term\n          in: query\n          schema:\n            type: object\n",
            "#/paths/~1v1~1things~1/get/parameters/1/schema",
            &["`term` is an object", "a parameter of its own"],
        ),
        (
            TERM,
            "        - name: term\n          in: query\n          schema:\n            anyOf: [{type: string}, {type: integer}]\n",
            "#/paths/~1v1~1things~1/get/parameters/1/schema/anyOf",
            &["`anyOf`"],
        ),
        (
            TERM,
            "        - name: term\n          in: query\n          style: deepObject\n          schema:\n            type: string\n",
            "#/paths/~1v1~1things~1/get/parameters/1/style",
            &["deepObject", "leave out `style`"],
        ),
        (
            TERM,
            "        - name: Kind\n          in: query\n          schema:\n            type: string\n",
            "#/paths/~1v1~1things~1/get/parameters/1",
            &["the argument `kind`", "leave one out"],
        ),
        (
            TERM,
            "        - name: kind\n          in: query\n          schema:\n            type: string\n",
            "#/paths/~1v1~1things~1/get/parameters/1",
            &["`kind` is there twice"],
        ),
        (
            TERM,
            "        - name: term\n          in: query\n",
            "#/paths/~1v1~1things~1/get/parameters/1",
            &["no schema", "type: string"],
        ),
        (
            TERM,
            "        - name: term\n          in: query\n          schema:\n            type: string\n            enum: [a, b]\n",
            "#/paths/~1v1~1things~1/get/parameters/1/schema/enum",
            &["no name", "components/schemas"],
        ),
        (
            TERM,
            "        - name: term\n          in: header\n          schema:\n            type: array\n            items:\n              type: string\n",
            "#/paths/~1v1~1things~1/get/parameters/1/schema",
            &["the header parameter `term` is a list"],
        ),
        (
            "explode: true",
            "explode: false",
            "#/paths/~1v1~1things~1/get/parameters/0/explode",
            &["repeats the key"],
        ),
        (
            THING_ID,
            "          in: path\n          schema:\n            type: string",
            "#/paths/~1v1~1things~1{thingId}~1parts/get/parameters/0",
            &["not required", "`required: true`"],
        ),
        (
            THING_ID,
            "          in: path\n          required: true\n          schema:\n            type: integer",
            "#/paths/~1v1~1things~1{thingId}~1parts/get/parameters/0/schema",
            &["of type integer", "type: string"],
        ),
        // Bodies and responses.
        (
            "      operationId: listParts\n",
            "      operationId: listParts\n      requestBody:\n        content:\n          application/xml:\n            schema:\n              type: string\n",
            "#/paths/~1v1~1things~1{thingId}~1parts/get/requestBody/content/application~1xml",
            &["`application/xml`", "application/json"],
        ),
        (
            "      operationId: listParts\n",
            "      operationId: listParts\n      requestBody:\n        content:\n          application/json:\n            schema: {type: string}\n          text/plain:\n            schema: {type: string}\n",
            "#/paths/~1v1~1things~1{thingId}~1parts/get/requestBody/content",
            &["2 content types"],
        ),
        (
            "      operationId: listParts\n",
            "      operationId: listParts\n      requestBody:\n        content:\n          application/json: {}\n",
            "#/paths/~1v1~1things~1{thingId}~1parts/get/requestBody/content/application~1json",
            &["without a schema"],
        ),
        (
            PAGE,
            "            text/csv:\n              schema:\n                $ref: '#/components/schemas/ThingPage'",
            "#/paths/~1v1~1things~1/get/responses/200/content/text~1csv",
            &["`text/csv`", "only JSON"],
        ),
        (
            PAGE,
            "            application/json:\n              schema:\n                $ref: '#/components/schemas/ThingPage'\n            text/csv: {}",
            "#/paths/~1v1~1things~1/get/responses/200/content",
            &["2 content types", "leave only `application/json`"],
        ),
        (
            PAGE,
            "            application/json: {}",
            "#/paths/~1v1~1things~1/get/responses/200/content/application~1json",
            &["without a schema"],
        ),
        (
            "        '404':\n",
            "        default:\n",
            "#/paths/~1v1~1things~1{thingId}~1parts/get/responses/default",
            &["`default`", "name each status"],
        ),
        (
            "        '404':\n",
            "        '201':\n",
            "#/paths/~1v1~1things~1{thingId}~1parts/get/responses/201",
            &["second success"],
        ),
        (
            "        '404':\n",
            "        '6OO':\n",
            "#/paths/~1v1~1things~1{thingId}~1parts/get/responses/6OO",
            &["not a status"],
        ),
        (
            "          description: No such thing.\n",
            "          headers: {}\n",
            "#/paths/~1v1~1things~1{thingId}~1parts/get/responses/404",
            &["without a description"],
        ),
        // Schemas.
        (
            TITLE,
            "        title:\n          type: string\n          enum: [a, b]\n        count",
            "#/components/schemas/Thing/properties/title/enum",
            &["no name", "move it to `components/schemas` and refer to it"],
        ),
        (
            TITLE,
            "        title:\n          type: [string, 'null']\n        count",
            "#/components/schemas/Thing/properties/title/type",
            &["list of types", "nullable: true"],
        ),
        (
            TITLE,
            "        title:\n          type: text\n        count",
            "#/components/schemas/Thing/properties/title/type",
            &["no type `text`", "`string`"],
        ),
        (
            TITLE,
            "        title:\n          not:\n            type: integer\n        count",
            "#/components/schemas/Thing/properties/title/not",
            &["`not`", "say what the value is"],
        ),
        (
            TITLE,
            "        title:\n          oneOf:\n            - type: integer\n            - type: string\n        count",
            "#/components/schemas/Thing/properties/title/oneOf",
            &["`oneOf`", "one object schema"],
        ),
        (
            TITLE,
            "        title:\n          allOf:\n            - $ref: '#/components/schemas/Part'\n            - $ref: '#/components/schemas/ThingKind'\n        count",
            "#/components/schemas/Thing/properties/title/allOf",
            &["`allOf` with 2 schemas", "one schema"],
        ),
        (
            TITLE,
            "        title:\n          type: integer\n          allOf:\n            - $ref: '#/components/schemas/ThingKind'\n        count",
            "#/components/schemas/Thing/properties/title/type",
            &["integer here and string", "write `type: string`"],
        ),
        (
            TITLE,
            "        title:\n          type: object\n          properties:\n            text:\n              type: string\n        count",
            "#/components/schemas/Thing/properties/title",
            &["has no name", "move it to `components/schemas`"],
        ),
        (
            TITLE,
            "        title:\n          type: array\n        count",
            "#/components/schemas/Thing/properties/title",
            &["without `items`"],
        ),
        (
            TITLE,
            "        title:\n          type: integer\n          exclusiveMinimum: true\n        count",
            "#/components/schemas/Thing/properties/title/exclusiveMinimum",
            &["without `minimum`"],
        ),
        (
            TITLE,
            "        title:\n          type: integer\n          exclusiveMinimum: 3\n        count",
            "#/components/schemas/Thing/properties/title/exclusiveMinimum",
            &["write `minimum: 3`"],
        ),
        (
            TITLE,
            "        title:\n          minimum: 3\n        count",
            "#/components/schemas/Thing/properties/title",
            &["`minimum` without a `type`"],
        ),
        (
            TITLE,
            "        title:\n          type: boolean\n          format: bit\n        count",
            "#/components/schemas/Thing/properties/title/format",
            &["leave out `format`"],
        ),
        (
            TITLE,
            "        Kind:\n          type: string\n        count",
            "#/components/schemas/Thing/properties/kind",
            &["the field `kind`"],
        ),
        (
            TITLE,
            "        extra:\n          type: string\n        count",
            "#/components/schemas/Thing/properties/extra",
            &["the field `extra`"],
        ),
        (
            ID,
            "          type: string\n          required: true",
            "#/components/schemas/Thing/properties/id/required",
            &["a list of property names", "of the object"],
        ),
        (
            "required: [id]",
            "required: [id, name]",
            "#/components/schemas/Thing/required/1",
            &["no such property", "add `name`"],
        ),
        (
            KIND_VALUES,
            "enum: [large, small, null]",
            "#/components/schemas/ThingKind/enum/2",
            &["not a string", "nullable: true"],
        ),
        (
            KIND_VALUES,
            "enum: [large, small, 3]",
            "#/components/schemas/ThingKind/enum/2",
            &["not a string", "'3'"],
        ),
        (
            KIND_VALUES,
            "enum: [large, small, SMALL]",
            "#/components/schemas/ThingKind/enum/2",
            &["the variant `Small`"],
        ),
        (
            KIND_VALUES,
            "enum: [large, small, small]",
            "#/components/schemas/ThingKind/enum/2",
            &["there twice"],
        ),
        (
            "type: string\n      enum: [large, small]",
            "type: integer\n      enum: [1, 2]",
            "#/components/schemas/ThingKind/enum",
            &["not of strings"],
        ),
        (
            "    Part:\n      type: object\n      properties:\n        name:\n          type: string\n",
            "    Title:\n      type: string\n    Part:\n      type: object\n      properties:\n        name:\n          $ref: '#/components/schemas/Title'\n        title:\n          type: string\n",
            "#/components/schemas/Title",
            &["neither an object nor an enumeration", "where it is used"],
        ),
        (
            TITLE,
            "        title:\n          type: string\n          default: none\n        count",
            "#/components/schemas/Thing/properties/title/default",
            &["an absent field", "in the description"],
        ),
        // Pages.
        (
            TERM,
            "        - name: term\n          in: query\n          required: true\n          schema:\n            $ref: '#/components/schemas/ThingKind'\n",
            "#/paths/~1v1~1things~1/get/parameters/1/schema",
            &["`term` is required and an enumeration", "leave out `required`"],
        ),
        (
            PAGE_COUNT,
            "        pageCount:\n          type: integer\n",
            "#/components/schemas/ThingPage/properties/pageCount",
            &["pageCount", "format: int64, minimum: 0"],
        ),
        (
            "        - $ref: '#/components/parameters/PageSize'\n        - $ref: '#/components/parameters/PageNumber'\n",
            "        - $ref: '#/components/parameters/PageNumber'\n",
            "#/components/parameters/PageNumber",
            &["without `pageSize`"],
        ),
    ];
    let mut failures = Vec::new();
    for (anchor, replacement, pointer, parts) in cases {
        let text = edited(anchor, replacement);
        let refusal = match contract::check("press.yaml", &text) {
            Ok(_) => {
                failures.push(format!("not refused: {replacement}"));
                continue;
            }
            Err(refusal) => refusal,
        };
        let message = refusal.to_string();
        let Some(problem) = refusal
            .problems()
            .iter()
            .find(|problem| problem.pointer.as_deref() == Some(*pointer))
        else {
            failures.push(format!("{pointer} is not named:\n{message}"));
            continue;
        };
        let said = format!("{} {}", problem.what, problem.instead);
        let missing: Vec<_> = parts.iter().filter(|part| !said.contains(**part)).collect();
        if !missing.is_empty() {
            failures.push(format!("missing {missing:?} in:\n{message}"));
        }
        if !is_at(&text, problem) {
            failures.push(format!("not the place of {pointer}:\n{message}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Whether the line and the column of `problem` are those of the last key of its pointer, or of an entry of a list.
fn is_at(text: &str, problem: &Problem) -> bool {
    let (Some((line, column)), Some(pointer)) = (problem.place, &problem.pointer) else {
        return false;
    };
    let (line, column) = (line as usize - 1, column as usize - 1);
    let found = text
        .lines()
        .nth(line)
        .and_then(|line| line.get(column..))
        .unwrap_or_default();
    let key = pointer.rsplit('/').next().unwrap_or_default().replace("~1", "/");
    key.parse::<u8>().is_ok() || found.trim_start_matches(['\'', '"']).starts_with(&key)
}

#[test]
fn one_mistake_makes_one_problem() {
    let text = edited(
        TITLE,
        "        title:\n          type: object\n          format: [a]\n        count",
    );
    let refusal = contract::check("press.yaml", &text).expect_err("bad");
    assert!(refusal.problems().len() <= 2, "{refusal}");
    let text = edited(
        THING_ID,
        "          in: path\n          required: true\n          scheme:\n            type: string",
    );
    let refusal = contract::check("press.yaml", &text).expect_err("bad");
    assert_eq!(refusal.problems().len(), 1, "{refusal}");
}

#[test]
fn the_path_and_its_parameters_belong_together() {
    let text = edited("- name: thingId", "- name: id");
    let refusal = contract::check("press.yaml", &text).expect_err("bad").to_string();
    assert!(refusal.contains(&format!("{PARTS}/parameters/0")), "{refusal}");
    assert!(
        refusal.contains("the path parameter `id` is not in the path"),
        "{refusal}"
    );
    assert!(refusal.contains("has a place for `thingId`"), "{refusal}");
}

#[test]
fn all_problems_are_told_at_once_in_the_order_of_the_file() {
    let text = edited("operationId: list_things", "deprecated: false")
        .replace("ThingKind:\n      type: string", "ThingKind:\n      type: number")
        .replace("#/components/schemas/Part'", "#/components/schemas/Pert'");
    let refusal = contract::check("openapi/press.yaml", &text).expect_err("bad");
    let message = refusal.to_string();
    let lines: Vec<_> = refusal.problems().iter().map(|problem| problem.place).collect();
    assert!(refusal.problems().len() >= 4, "{message}");
    assert!(lines.is_sorted(), "{message}");
    assert!(message.starts_with("openapi/press.yaml has "), "{message}");
    assert!(
        message.contains("\nopenapi/press.yaml:11:5 #/paths/~1v1~1things~1/get\n"),
        "{message}"
    );
    assert!(
        !message.contains("backtrace") && !message.contains("panicked"),
        "{message}"
    );
}

#[test]
fn yaml_that_does_not_parse_is_told_with_line_and_column() {
    let cases = [
        ("        - name: term", "       - name: term", "press.yaml:23:8"),
        ("enum: [large, small]", "enum: [large, small", "press.yaml:142:"),
        ("  title: Small", "  title: Small: large", "press.yaml:3:15"),
        ("  version: v1", "  version: v1\n  version: v2", "press.yaml:5:3"),
        ("  version: v1", "  version: *v1", "press.yaml:4:12"),
    ];
    for (anchor, replacement, place) in cases {
        let text = edited(anchor, replacement);
        let message = contract::check("press.yaml", &text).expect_err("bad").to_string();
        assert!(message.contains(place), "{place}: {message}");
        assert!(message.contains("not YAML: "), "{message}");
        assert!(message.contains("instead: "), "{message}");
        assert!(!message.contains("DuplicateKeyPolicy"), "{message}");
    }
    for text in ["", "# nothing", "- a list", "just text"] {
        let message = contract::check("press.yaml", text).expect_err("bad").to_string();
        assert!(message.contains("not a mapping"), "{message}");
    }
}

#[test]
fn good_contracts_pass() {
    contract::check("small.yaml", SMALL).expect("the small contract");
    let press = include_str!("../../../openapi/press.yaml");
    contract::check("press.yaml", press).expect("the contract of this workspace");
    // What only error bodies use makes no type, so its shape is free.
    contract::check(
        "small.yaml",
        &edited(
            "    Problem:\n      type: object\n",
            "    Problem:\n      oneOf: [{type: string}]\n      type: object\n",
        ),
    )
    .expect("an error body of any shape");
    // Names that look like words of OpenAPI.
    contract::check("small.yaml", &edited(TITLE, "        default:\n          type: string\n        example:\n          $ref: '#/components/schemas/Part'\n        count"))
        .expect("fields that are called like words of OpenAPI");
    // Error statuses as ranges, and a success without a body.
    contract::check("small.yaml", &edited("        '404':\n", "        4XX:\n")).expect("a range of statuses");
}
