//! Notes on lists without pages, and the mapping entries they suggest.

use crate::{GENERATED, bench, shapes::plain};

const LISTS: &str = include_str!("documents/lists.yaml");

/// Returns the expectations after `mark` in the document, such as `#!`, each with its line.
fn expectations(mark: char) -> Vec<(&'static str, &'static str)> {
    let mut parts = Vec::new();
    for line in LISTS.lines() {
        for part in line.split(" #").skip(1) {
            if let Some(part) = part.strip_prefix(mark) {
                parts.push((line, part.trim()));
            }
        }
    }
    parts
}

#[test]
fn lists_have_pages_or_a_note() {
    let bench = bench();
    let output = bench.accepts(LISTS, "");
    assert!(!output.code.contains("ListOperation for"));
    for (line, part) in expectations('!') {
        assert!(output.notes.contains(part), "{line}\n\n{}", output.notes);
    }
    for (line, part) in expectations('-') {
        assert!(!output.notes.contains(part), "{line}\n\n{}", output.notes);
    }

    let mut mapping = "operations:\n".to_owned();
    for note in output.notes.lines().filter(|note| note.contains("add this entry")) {
        let entry = note.split('`').nth(3).expect("an entry");
        mapping.push_str(&format!("  {entry}\n"));
    }
    assert_eq!(mapping.lines().count(), 7, "{mapping}");
    let output = bench.accepts(LISTS, &mapping);
    let code = plain(&output.code);
    for (line, part) in expectations('=') {
        assert!(code.contains(&plain(part)), "{line}\n\n{}", output.code);
    }
    assert_eq!(output.code.matches("ListOperation for").count(), 6);
    assert!(!output.notes.contains("add this entry"), "{}", output.notes);
    bench.copy.write(GENERATED, &output.code);
    bench.copy.write("press-api-gen/tests/lists.rs", FROM_ZERO);
    bench.passes("test --package press-api-gen --features schemars --test lists");
}

/// A list whose page numbers start at 0.
const FROM_ZERO: &str = r###"
//! Users count pages from 1.

use press_api_gen::{
    ListOperation, Page,
    operations::GetBracketsId,
    types::GetBracketsIdResponse,
};

#[test]
fn zero_based_pages_are_exposed_as_one_based() {
    let mut operation = GetBracketsId::default();
    operation.set_page_number(Some(1));
    assert_eq!(operation.page_number, Some(0));
    operation.set_page_number(None);
    assert_eq!(operation.page_number, None);

    let page = r##"{"page": {"number": 0, "totalPages": 2}, "_embedded": {"rows": []}}"##;
    let page: GetBracketsIdResponse = serde_json::from_str(page).unwrap();
    assert_eq!(page.page_number(), Some(1));
    assert_eq!(page.page_count(), 2);
}
"###;
