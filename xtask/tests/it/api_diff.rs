//! Changes of a contract, and what they mean.

use xtask::{
    api_diff::{Class, Report},
    contract,
};

use crate::{SMALL, edited};

use Class::{Breaking, Compatible, Documentation};

/// What is edited, what it becomes, and then all the changes: class, kind, pointer, and a part of what has to follow.
type Case = (
    &'static str,
    &'static str,
    &'static [(Class, &'static str, &'static str, &'static str)],
);

const TITLE: &str = "        title:\n          type: string\n        count";
const TERM: &str = "        - name: term\n          in: query\n          schema:\n            type: string\n";
const PART_NAME: &str = "        name:\n          type: string\n          nullable: true\n";

fn report(old: &str, new: &str) -> Report {
    let new = contract::check("press.yaml", new).unwrap_or_else(|refusal| panic!("{refusal}"));
    Report::new("HEAD", old, &new).expect("a report")
}

#[test]
fn each_change_has_its_class_and_says_what_has_to_follow() {
    let cases: &[Case] = &[
        // Fields.
        (
            TITLE,
            "        title:\n          type: string\n        colour:\n          type: string\n        count",
            &[(
                Compatible,
                "field-added",
                "#/components/schemas/Thing/properties/colour",
                "",
            )],
        ),
        (
            TITLE,
            "        count",
            &[(
                Breaking,
                "field-removed",
                "#/components/schemas/Thing/properties/title",
                "",
            )],
        ),
        (
            TITLE,
            "        name:\n          type: string\n        count",
            &[
                (
                    Breaking,
                    "field-removed",
                    "#/components/schemas/Thing/properties/title",
                    "",
                ),
                (
                    Compatible,
                    "field-added",
                    "#/components/schemas/Thing/properties/name",
                    "",
                ),
            ],
        ),
        (
            TITLE,
            "        title:\n          type: integer\n        count",
            &[(
                Breaking,
                "type-changed",
                "#/components/schemas/Thing/properties/title",
                "",
            )],
        ),
        (
            TITLE,
            "        title:\n          type: string\n          nullable: true\n        count",
            &[(
                Compatible,
                "field-nullable",
                "#/components/schemas/Thing/properties/title",
                "",
            )],
        ),
        (
            TITLE,
            "        title:\n          type: string\n          description: What people see.\n        count",
            &[(
                Documentation,
                "documentation",
                "#/components/schemas/Thing/properties/title/description",
                "",
            )],
        ),
        (
            TITLE,
            "        title:\n          type: string\n          maxLength: 3\n        count",
            &[(
                Compatible,
                "bounds-changed",
                "#/components/schemas/Thing/properties/title/maxLength",
                "",
            )],
        ),
        (
            TITLE,
            "        title:\n          type: string\n          xml: {attribute: true}\n        count",
            &[(
                Breaking,
                "not-compared",
                "#/components/schemas/Thing/properties/title/xml",
                "",
            )],
        ),
        (
            TITLE,
            "        title:\n          $ref: '#/components/schemas/ThingKind'\n        count",
            &[(
                Breaking,
                "type-changed",
                "#/components/schemas/Thing/properties/title",
                "",
            )],
        ),
        (
            "required: [id]",
            "required: [id, title]",
            &[(
                Breaking,
                "field-required",
                "#/components/schemas/Thing/properties/title",
                "",
            )],
        ),
        (
            "      required: [id]\n",
            "",
            &[(
                Breaking,
                "field-optional",
                "#/components/schemas/Thing/properties/id",
                "",
            )],
        ),
        (
            "          description: Which thing.\n          type: string\n",
            "          description: Which thing.\n          type: string\n          nullable: true\n",
            &[(
                Breaking,
                "field-optional",
                "#/components/schemas/Thing/properties/id",
                "",
            )],
        ),
        (
            PART_NAME,
            "        name:\n          type: string\n",
            &[(
                Compatible,
                "field-nullable",
                "#/components/schemas/Part/properties/name",
                "",
            )],
        ),
        (
            "        size:\n          type: integer\n",
            "        size:\n          type: integer\n          minimum: 0\n",
            &[(
                Breaking,
                "type-changed",
                "#/components/schemas/Part/properties/size",
                "",
            )],
        ),
        // Deep below references that stand beside a type.
        (
            PART_NAME,
            "        name:\n          type: boolean\n          nullable: true\n",
            &[(
                Breaking,
                "type-changed",
                "#/components/schemas/Part/properties/name",
                "",
            )],
        ),
        // Values.
        (
            "enum: [large, small]",
            "enum: [tiny, large, small]",
            &[(
                Compatible,
                "enum-value-added",
                "#/components/schemas/ThingKind/enum/0",
                "",
            )],
        ),
        (
            "enum: [large, small]",
            "enum: [small]",
            &[(
                Breaking,
                "enum-value-removed",
                "#/components/schemas/ThingKind/enum/0",
                "",
            )],
        ),
        ("enum: [large, small]", "enum: [small, large]", &[]),
        (
            "large: Large.",
            "large: Very large.",
            &[(
                Documentation,
                "documentation",
                "#/components/schemas/ThingKind/x-enumDescriptions",
                "",
            )],
        ),
        // Parameters.
        (
            TERM,
            "        - name: term\n          in: query\n          schema:\n            type: string\n        - name: createdAfter\n          in: query\n          schema:\n            type: string\n",
            &[(
                Compatible,
                "parameter-added",
                "#/paths/~1v1~1things~1/get/parameters/2",
                "add the setter `created_after` to `list_things`",
            )],
        ),
        (
            TERM,
            "        - name: term\n          in: query\n          schema:\n            type: string\n        - name: owner\n          in: query\n          required: true\n          schema:\n            type: string\n",
            &[(
                Breaking,
                "parameter-added",
                "#/paths/~1v1~1things~1/get/parameters/2",
                "add the argument `owner` to `list_things`",
            )],
        ),
        (
            TERM,
            "",
            &[(
                Breaking,
                "parameter-removed",
                "#/paths/~1v1~1things~1/get/parameters/1",
                "remove the setter `term` of `list_things`",
            )],
        ),
        (
            TERM,
            "        - name: term\n          in: query\n          required: true\n          schema:\n            type: string\n",
            &[(
                Breaking,
                "parameter-required",
                "#/paths/~1v1~1things~1/get/parameters/1",
                "the setter `term` of `list_things` becomes an argument",
            )],
        ),
        (
            TERM,
            "        - name: term\n          in: query\n          schema:\n            type: boolean\n",
            &[(
                Breaking,
                "type-changed",
                "#/paths/~1v1~1things~1/get/parameters/1/schema",
                "the setter `term` of `list_things`",
            )],
        ),
        (
            TERM,
            "        - name: term\n          in: query\n          description: A term.\n          schema:\n            type: string\n",
            &[(
                Documentation,
                "documentation",
                "#/paths/~1v1~1things~1/get/parameters/1/description",
                "",
            )],
        ),
        (
            TERM,
            "        - name: term\n          in: query\n          allowReserved: true\n          schema:\n            type: string\n",
            &[(
                Breaking,
                "not-compared",
                "#/paths/~1v1~1things~1/get/parameters/1/allowReserved",
                "",
            )],
        ),
        (
            "    PageSize:\n      name: pageSize\n      in: query\n      schema:\n        type: integer\n",
            "    PageSize:\n      name: pageSize\n      in: query\n      schema:\n        maximum: 100\n        type: integer\n",
            &[(
                Breaking,
                "bounds-tightened",
                "#/components/parameters/PageSize/schema/maximum",
                "`page_size` of `list_things` checks; compare the bounds that `page_size` of `list_parts` checks",
            )],
        ),
        // Statuses.
        (
            "        '404':\n",
            "        '409':\n          description: Conflict.\n        '404':\n",
            &[(
                Compatible,
                "status-added",
                "#/paths/~1v1~1things~1{thingId}~1parts/get/responses/409",
                "add 409",
            )],
        ),
        (
            "        '404':\n          description: No such thing.\n",
            "",
            &[(
                Compatible,
                "status-removed",
                "#/paths/~1v1~1things~1{thingId}~1parts/get/responses/404",
                "remove 404",
            )],
        ),
        (
            "No such thing.",
            "There is no such thing.",
            &[(
                Documentation,
                "documentation",
                "#/paths/~1v1~1things~1{thingId}~1parts/get/responses/404",
                "",
            )],
        ),
        (
            "            $ref: '#/components/schemas/Problem'",
            "            type: string",
            &[(Documentation, "documentation", "#/components/responses/BadRequest", "")],
        ),
        (
            "        application/json:\n          schema:\n            $ref: '#/components/schemas/Problem'",
            "        text/plain:\n          schema:\n            type: string",
            &[(Documentation, "documentation", "#/components/responses/BadRequest", "")],
        ),
        (
            "                $ref: '#/components/schemas/Part'",
            "                $ref: '#/components/schemas/Thing'",
            &[(
                Breaking,
                "type-changed",
                "#/paths/~1v1~1things~1{thingId}~1parts/get/responses/200/content/application~1json/schema",
                "",
            )],
        ),
        (
            "          content:\n            application/json:\n              schema:\n                $ref: '#/components/schemas/Part'\n",
            "",
            &[(
                Breaking,
                "type-changed",
                "#/paths/~1v1~1things~1{thingId}~1parts/get/responses/200/content",
                "",
            )],
        ),
        // Operations.
        (
            "  /v1/things/{thingId}/parts:\n",
            "  /v1/tags:\n    get:\n      operationId: listTags\n      parameters:\n        - name: tagName\n          in: query\n          schema:\n            type: string\n      responses:\n        '200':\n          description: Tags.\n          content:\n            application/json:\n              schema:\n                $ref: '#/components/schemas/TagPage'\n  /v1/things/{thingId}/parts:\n",
            &[],
        ),
        (
            "operationId: listParts",
            "operationId: listComponents",
            &[(
                Breaking,
                "operation-renamed",
                "#/paths/~1v1~1things~1{thingId}~1parts/get/operationId",
                "the method `list_parts` becomes `list_components`",
            )],
        ),
        (
            "  /v1/things/:\n",
            "  /v2/things/:\n",
            &[(Compatible, "operation-moved", "#/paths/~1v2~1things~1/get", "")],
        ),
        (
            "summary: List things.",
            "summary: List all things.",
            &[(Documentation, "documentation", "#/paths/~1v1~1things~1/get/summary", "")],
        ),
        // The rest.
        (
            "https://small.example",
            "https://large.example",
            &[(Breaking, "not-compared", "#/servers", "base URLs")],
        ),
        (
            "name: Authorization",
            "name: X-Token",
            &[(Breaking, "not-compared", "#/components/securitySchemes", "token")],
        ),
        (
            "version: v1",
            "version: v2",
            &[(Documentation, "documentation", "#/info", "")],
        ),
        (
            "    Problem:\n      type: object\n      properties:\n        title:\n          type: string\n",
            "    Problem:\n      type: object\n      properties:\n        detail:\n          type: string\n",
            &[
                (
                    Compatible,
                    "field-removed",
                    "#/components/schemas/Problem/properties/title",
                    "",
                ),
                (
                    Compatible,
                    "field-added",
                    "#/components/schemas/Problem/properties/detail",
                    "",
                ),
            ],
        ),
    ];
    let mut failures = Vec::new();
    for (anchor, replacement, expected) in cases {
        let mut text = edited(anchor, replacement);
        let expected: Vec<_> = if replacement.contains("listTags") {
            text.push_str("    TagPage:\n      type: object\n      properties:\n        tags:\n          type: array\n          items:\n            type: string\n");
            vec![
                (
                    Compatible,
                    "operation-added",
                    "#/paths/~1v1~1tags/get",
                    "add the method `list_tags` with the setters `tag_name`",
                ),
                (Compatible, "schema-added", "#/components/schemas/TagPage", ""),
            ]
        } else {
            expected.to_vec()
        };
        let report = report(SMALL, &text);
        let fits = report.changes.len() == expected.len()
            && expected.iter().all(|(class, kind, pointer, surface)| {
                report.changes.iter().any(|change| {
                    let follows = change.surface.as_deref().unwrap_or_default();
                    (change.class, change.kind, change.pointer.as_str()) == (*class, kind, pointer)
                        && follows.contains(surface)
                        && follows.is_empty() == surface.is_empty()
                })
            });
        let breaking = expected.iter().any(|(class, ..)| *class == Breaking);
        if !fits || report.breaking != breaking {
            failures.push(format!("expected {expected:#?}\ngot {report}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn a_removed_operation_and_its_types_are_breaking() {
    let (head, rest) = SMALL
        .split_once("  /v1/things/{thingId}/parts:\n")
        .expect("the second path");
    let (_, tail) = rest.split_once("components:\n").expect("the components");
    let report = report(SMALL, &format!("{head}components:\n{tail}"));
    let kinds: Vec<_> = report
        .changes
        .iter()
        .map(|change| (change.kind, change.pointer.as_str()))
        .collect();
    assert_eq!(
        kinds,
        [("operation-removed", "#/paths/~1v1~1things~1{thingId}~1parts/get")]
    );
    assert!(report.breaking);
}

#[test]
fn nothing_changed_is_said_so() {
    let press = include_str!("../../../openapi/press.yaml");
    for text in [SMALL, press] {
        let report = report(text, text);
        assert!(report.changes.is_empty(), "{report}");
        assert_eq!(report.to_string(), "openapi/press.yaml: no changes since HEAD.\n");
    }
}

#[test]
fn the_json_has_its_documented_shape() {
    let report = report(SMALL, &edited("enum: [large, small]", "enum: [large, small, tiny]"));
    let json = serde_json::to_value(&report).expect("JSON");
    assert_eq!(
        json,
        serde_json::json!({
            "base": "HEAD",
            "breaking": false,
            "changes": [{
                "class": "compatible",
                "kind": "enum-value-added",
                "pointer": "#/components/schemas/ThingKind/enum/2",
                "message": "`ThingKind`: the new value `tiny`",
                "surface": null,
            }],
        })
    );
}

#[test]
fn the_text_counts_what_it_lists() {
    let text = edited(TERM, "").replace("summary: List things.", "summary: Things.");
    let text = report(SMALL, &text).to_string();
    assert!(
        text.starts_with("openapi/press.yaml: what changed since HEAD\n\nbreaking "),
        "{text}"
    );
    assert!(
        text.contains("press-specs: remove the setter `term` of `list_things`"),
        "{text}"
    );
    assert!(
        text.ends_with("\n1 breaking, 0 compatible, 1 documentation; 1 to follow by hand.\n"),
        "{text}"
    );
}
