//! Bad operations among good ones. They are left out with a note, unless the mapping selects them.

use crate::{Output, bench};

/// A document with one good operation. Each case adds its paths.
const DOCUMENT: &str = r#"
openapi: 3.0.3
info: {title: Good and bad, version: '1'}
paths:
  /good: {get: {operationId: getGood, responses: {'204': {description: ''}}}}
  PATHS
components:
  schemas:
    Broken: {type: object, properties: {size: {type: number of bytes}}}
"#;

struct Case {
    paths: &'static str,
    /// The operations besides `get_good`.
    names: &'static [&'static str],
    notes: &'static [&'static str],
    /// An operation whose selection rejects the document.
    key: &'static str,
    error: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        paths: "/later: {get: {operationId: get-good, responses: {'204': {description: ''}}}}",
        names: &["get_later"],
        notes: &[
            "#/paths/~1later/get: its name `get_good` is also the name of `#/paths/~1good/get`; it \
             is named `get_later` after its path",
        ],
        key: "GET /later",
        error: &[
            "#/paths/~1later/get\n",
            "`get_good`",
            "give each a different name, here or in openapi/mapping",
        ],
    },
    Case {
        paths: "/a/{x}: {get: {parameters: [{name: x, in: path, required: true, schema: {}}], \
                responses: {'204': {description: ''}}}}
  /a/x: {get: {responses: {'204': {description: ''}}}}
  /b: {get: {operationId: get_a_x, responses: {'204': {description: ''}}}}
  /A/X: {get: {responses: {'204': {description: ''}}}}",
        names: &["get_a_x", "get_a_by_x", "get_b"],
        notes: &[
            "#/paths/~1a~1x/get: left out: its name `get_a_x` is also the name of",
            "give it a different name in",
        ],
        key: "",
        error: &[],
    },
    Case {
        paths: "/later#variant: {get: {responses: {'204': {description: ''}}}}",
        names: &[],
        notes: &["#/paths/~1later#variant/get: left out: `#/paths/~1later#variant`: the path \
             `/later#variant` has a query or a fragment"],
        key: "GET /later#variant",
        error: &["#/paths/~1later#variant\n", "has a query or a fragment"],
    },
    Case {
        paths: "/later/id: {get: {parameters: [{name: id, in: path, required: true, schema: {}}], \
                responses: {'204': {description: ''}}}}",
        names: &[],
        notes: &["left out: `#/paths/~1later~1id/get/parameters/0`: `id` is not in the path"],
        key: "GET /later/id",
        error: &["#/paths/~1later~1id/get/parameters/0\n", "write `{id}` there"],
    },
    Case {
        paths: "/later: {get: {responses: {204 NO_CONTENT: {description: ''}}}}",
        names: &[],
        notes: &[
            "left out: `#/paths/~1later/get/responses/204 NO_CONTENT`: `204 NO_CONTENT` is not",
        ],
        key: "GET /later",
        error: &["/responses/204 NO_CONTENT\n", "is not a status"],
    },
    // Both use the same broken type, which is not generated.
    Case {
        paths: "/one: {get: {responses: {'200': {content: {application/json: {schema: \
                {$ref: '#/components/schemas/Broken'}}}}}}}
  /two: {get: {responses: {'200': {content: {application/json: {schema: \
                {type: array, items: {$ref: '#/components/schemas/Broken'}}}}}}}}",
        names: &[],
        notes: &[
            "#/paths/~1one/get: left out: `#/components/schemas/Broken/properties/size/type`: ",
            "#/paths/~1two/get: left out: `#/components/schemas/Broken/properties/size/type`: ",
        ],
        key: "GET /two",
        error: &["#/components/schemas/Broken/properties/size/type\n", "write one of `string`"],
    },
    Case {
        paths: "/later: {get: {responses: {'204': {description: ''}, '404': {content: \
                {application/json: {schema: {$ref: '#/components/schemas/Eror'}}}}}}}",
        names: &["get_later"],
        notes: &[
            "/responses/404/content/application~1json/schema: ignored: `#/components/schemas/Eror`",
        ],
        key: "GET /later",
        error: &["/responses/404/content/application~1json/schema\n", "cannot be resolved"],
    },
    Case {
        paths: "/later: {get: {responses: {'200': {content: {application/json: {schema: \
                {$ref: '#/components/schemas/Nothing'}}}}}}}",
        names: &[],
        notes: &[
            "left out: `#/paths/~1later/get/responses/200/content/application~1json/schema`: `#/",
        ],
        key: "GET /later",
        error: &["cannot be resolved"],
    },
    Case {
        paths: "/list: [get]",
        names: &[],
        notes: &["#/paths/~1list: left out: not a mapping"],
        key: "",
        error: &[],
    },
];

/// The names of the operations in `code`.
fn names(code: &str) -> Vec<&str> {
    let constants = code.lines().filter(|line| line.contains("const NAME"));
    constants.filter_map(|line| line.split('"').nth(1)).collect()
}

#[test]
fn bad_operations_are_left_out_unless_selected() {
    let bench = bench();
    for Case { paths, names: expected, notes, key, error } in CASES {
        let document = DOCUMENT.replace("PATHS", paths);
        let output = bench.accepts(&document, "");
        let mut found = names(&output.code);
        found.retain(|name| *name != "get_good");
        found.sort_unstable();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected, "{paths}\n\n{}", output.notes);
        assert!(!output.code.contains("Broken"), "{}", output.code);
        for note in *notes {
            assert!(output.notes.contains(note), "{note}\n\n{}", output.notes);
        }
        let unselected = bench.accepts(&document, "select: [GET /good]");
        assert_eq!(unselected.notes, "", "{paths}");
        if !key.is_empty() {
            let mapping = format!("select: [GET /good, '{key}']");
            let Output { answer, code, .. } = bench.generate(&document, &mapping);
            assert!(!answer.success, "{paths}");
            assert_eq!(code, "", "{paths}");
            for part in *error {
                assert!(answer.stderr.contains(part), "{part}\n\n{}", answer.stderr);
            }
        }
    }
}

#[test]
fn mapped_names_take_precedence_over_ids() {
    let bench = bench();
    let later = "/later: {get: {operationId: later, responses: {'204': {description: ''}}}}";
    let document = DOCUMENT.replace("PATHS", later).replace("getGood", "first");
    let mapping = "operations: {GET /later: first}";
    let output = bench.accepts(&document, mapping);
    assert_eq!(names(&output.code), ["get_good", "first"], "{}", output.notes);

    let mapping = "operations: {GET /later: same, GET /good: same}";
    let stderr = bench.generate(&document, mapping).answer.stderr;
    assert!(stderr.contains("`same` is also the name of `GET /good`"), "{stderr}");
}
