//! The page on reliability names tests that exist.

use std::fs;

#[test]
fn every_promise_names_a_test_that_exists() {
    let page = fs::read_to_string("src/reliability.rs").expect("the page");
    let text: String = page.lines().map(|line| line.trim_start_matches("//!")).collect();
    let promises: Vec<&str> = text.split("Held by").skip(1).collect();
    assert!(promises.len() > 15, "the page has lost its promises");
    for promise in promises {
        let sentence = promise.split_once(". ").map_or(promise, |(sentence, _)| sentence);
        let sentence = sentence.split_once(" - ").map_or(sentence, |(sentence, _)| sentence);
        let tests: Vec<_> = sentence
            .split('`')
            .filter_map(|name| name.split_once("::").filter(|(module, _)| !module.contains(['(', ' '])))
            .collect();
        assert!(!tests.is_empty(), "no test is named: {sentence}");
        for (module, test) in tests {
            let file = ["tests/it", "src"].map(|folder| format!("{folder}/{module}.rs"));
            let source: String = file.iter().filter_map(|path| fs::read_to_string(path).ok()).collect();
            assert!(
                source.contains(&format!("fn {test}(")),
                "there is no test {module}::{test}"
            );
        }
    }
}
