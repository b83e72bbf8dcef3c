//! Documents of many styles, and what is generated from them.

use crate::{copy::Copy, generator::Generator};

const PRESS: &str = include_str!("../../../openapi/press.yaml");

/// `PRESS` with `anchor`, which is in it once, replaced.
fn edited(anchor: &str, replacement: &str) -> String {
    assert_eq!(PRESS.matches(anchor).count(), 1, "the anchor: {anchor}");
    PRESS.replace(anchor, replacement)
}

#[test]
fn parameters_of_a_path_reach_the_guard_of_the_path() {
    let generator = Generator::build(&Copy::new());
    let at_the_operation = "        - name: specId
          in: path
          required: true
          description: The id of the spec.
          schema:
            type: string
            minLength: 1
          example: 0bddb4c6-40c5-45c3-b477-fceb2c051609
";
    let at_the_path = at_the_operation.replace("\n  ", "\n");
    let document = edited(at_the_operation, "").replace(
        "/releases/deployments:\n",
        &format!(
            "/releases/deployments:\n    parameters:\n{}",
            at_the_path
                .trim_start_matches("  ")
                .replacen("- name", "      - name", 1)
        ),
    );
    let output = generator.run(&document, "");
    assert!(
        output.code.contains(r#"("spec_id", self.spec_id.as_str())"#),
        "{}",
        output.answer.stderr
    );
}
