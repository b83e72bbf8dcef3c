//! Who may do what inside of press-specs, read from its sources.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use press_api_gen::{ListOperation, operations};

use crate::Outcome;

/// A source file without its comments and its unit tests.
struct Source {
    name: String,
    /// With empty text literals.
    code: String,
    /// Each text literal, and the code up to it.
    literals: Vec<(usize, String)>,
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The sources of the client: all but the mock, which is a server.
fn client_sources() -> Outcome<Vec<Source>> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(directory().join("src"))? {
        let path = entry?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or("a name")?
            .to_owned();
        if name == "mock" {
            continue;
        }
        assert!(path.is_file(), "{name} is not read by this test");
        let text = fs::read_to_string(&path)?;
        let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let (code, literals) = split(text);
        sources.push(Source { name, code, literals });
    }
    assert!(sources.len() > 8, "{} sources", sources.len());
    Ok(sources)
}

/// Splits Rust into code with empty literals, and the literals with their places in the code. Comments are in neither.
fn split(text: &str) -> (String, Vec<(usize, String)>) {
    let (mut code, mut literals, mut rest) = (String::new(), Vec::new(), text);
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if rest.starts_with("/*") {
            rest = rest.find("*/").map_or("", |end| &rest[end + 2..]);
        } else if first == '"' {
            let mut end = 1;
            while let Some(next) = rest[end..].chars().next().filter(|next| *next != '"') {
                end += if next == '\\' { 2 } else { next.len_utf8() };
            }
            literals.push((code.len(), rest[1..end].to_owned()));
            code.push_str("\"\"");
            rest = &rest[end + 1..];
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\\"'") {
            rest = &rest[rest[1..].find('\'').map_or(1, |end| end + 2)..];
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    (code, literals)
}

#[test]
fn sources_are_split_into_code_and_literals() {
    let (code, literals) = split("a(\"b\\\"//\", '\"') // \"c\"\n/* d */ /// e\nf(\"é\")");
    assert_eq!(code, "a(\"\", ) \n \nf(\"\")");
    assert_eq!(literals, [(2, "b\\\"//".to_owned()), (13, "é".to_owned())]);
}

/// Every path of the contract that is longer than the name of a parameter.
fn paths() -> BTreeSet<&'static str> {
    let paths = [
        operations::ListSpecs::PATH,
        operations::ListSpecReleaseDeployments::PATH,
    ];
    let segments = paths.iter().flat_map(|path| path.split('/'));
    segments
        .filter(|segment| !segment.is_empty() && !segment.starts_with('{'))
        .collect()
}

#[test]
fn the_client_holds_no_path_and_no_query_key() -> Outcome {
    let paths = paths();
    assert_eq!(paths, BTreeSet::from(["deployments", "releases", "specs", "v1"]));
    let keys = [
        "pageNumber",
        "pageSize",
        "featured",
        "kind",
        "term",
        "sort",
        "scope",
        "status",
        "version",
        "name",
        "title",
    ];
    for Source { name, code, literals } in client_sources()? {
        for (place, literal) in literals {
            let is_path = literal.split('/').skip(1).any(|segment| paths.contains(segment)) || literal.contains("/v1");
            assert!(!is_path, "{name} holds the path {literal:?}");
            // The names of fields of a Debug form and of an error body are no query keys.
            let before = code[..place].trim_end();
            let shown = before.ends_with(".field(") || (name == "response.rs" && before.ends_with("field("));
            assert!(
                shown || !keys.contains(&literal.as_str()),
                "{name} holds the query key {literal:?}"
            );
        }
        for word in [
            "form_urlencoded",
            "percent_encoding",
            "serde_urlencoded",
            "query_pairs_mut",
            ".set_path(",
            ".join(",
        ] {
            let fine = word == ".join(" && code.matches(word).count() == code.matches(".join(\"\")").count();
            assert!(fine || !code.contains(word), "{name} builds URLs with {word}");
        }
    }
    Ok(())
}

#[test]
fn the_client_sends_no_request_of_its_own() -> Outcome {
    let mut senders = Vec::new();
    for Source { name, code, .. } in client_sources()? {
        for word in [
            ".execute(",
            ".request(",
            ".post(",
            ".put(",
            ".patch(",
            ".delete(",
            ".head(",
            "RequestBuilder",
            "reqwest::get",
            "reqwest::Request",
            "reqwest::Method",
            "Method::GET",
            "hyper::",
            "TcpStream",
        ] {
            assert!(!code.contains(word), "{name} contains {word}");
        }
        // With an argument these ask a map or set a query; where an HTTP client is in reach, nobody does either.
        for asking in [".get(", ".query("] {
            let mut found = code.match_indices(asking).map(|(at, _)| &code[at + asking.len()..]);
            let asks = found.any(|argument| !argument.starts_with(')'));
            assert!(
                !(asks && code.contains("reqwest")),
                "{name} calls {asking}…) with an HTTP client in reach"
            );
        }
        senders.extend(std::iter::repeat_n(name, code.matches("operation.send(").count()));
    }
    assert_eq!(senders, ["client.rs"], "one place sends requests");
    Ok(())
}

#[test]
fn layers_know_only_what_they_need() -> Outcome {
    for Source { name, code, .. } in client_sources()? {
        let forbidden: &[&str] = match name.as_str() {
            "pagination.rs" => &["reqwest", "http::", "session", "tokio", "Url"],
            "retry.rs" => &["tokio", "sleep(", "reqwest", "http::", "async "],
            "error.rs" | "response.rs" | "specs.rs" | "blocking.rs" => &["reqwest"],
            "lib.rs" => &["fn ", "impl "],
            _ => &[],
        };
        for word in forbidden {
            assert!(!code.contains(word), "{name} knows {word}");
        }
        let generated = [
            "client.rs",
            "specs.rs",
            "lib.rs",
            "blocking.rs",
            "pagination.rs",
            "trace.rs",
        ];
        assert!(
            !code.contains("press_api_gen") || generated.contains(&name.as_str()),
            "{name} knows generated names"
        );
        assert!(!code.contains("progenitor"), "{name}");
        let prints = ["println!", "eprintln!", "dbg!", "print!"];
        assert!(!prints.iter().any(|word| code.contains(word)), "{name} prints");
        for word in [".unwrap()", ".expect(", "panic!", "unreachable!", "todo!", "unsafe "] {
            assert!(!code.contains(word), "{name} contains {word}");
        }
    }
    Ok(())
}

/// All names of tests in a file or in the files of a folder, as `module::name`.
fn tests_in(folder: &Path) -> Outcome<BTreeSet<String>> {
    let mut tests = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let module = path
            .file_stem()
            .and_then(|name| name.to_str())
            .ok_or("a name")?
            .to_owned();
        let text = fs::read_to_string(&path)?;
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                is_test = true;
            } else if let Some(name) = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ")
                && std::mem::take(&mut is_test)
            {
                let name = name.split('(').next().unwrap_or_default();
                tests.insert(format!("{module}::{name}"));
            }
        }
    }
    Ok(tests)
}

#[test]
fn every_promise_names_a_test_that_exists() -> Outcome {
    let promises = fs::read_to_string(directory().join("src/reliability.rs"))?;
    let mut tests = tests_in(&directory().join("tests/it"))?;
    tests.append(&mut tests_in(&directory().join("src"))?);
    // Names in code font with a module in front, but no paths of the crate itself.
    let named: BTreeSet<_> = promises
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|text| text.contains("::") && text.split("::").all(is_name) && text.split("::").count() == 2)
        .filter(|text| *text != "module::test")
        .collect();
    assert!(named.len() > 15, "{named:?}");
    for name in named {
        assert!(tests.contains(name), "there is no test {name}");
    }
    // A promise is a list item; each names what holds it, until the section on what is not promised.
    let promised = promises.split("# What is not promised").next().unwrap_or_default();
    for item in promised.split("\n//! - ").skip(1) {
        let words: Vec<_> = item.split_whitespace().filter(|word| *word != "//!").collect();
        assert!(words.join(" ").contains("Held by `"), "nothing holds this: {item}");
    }
    Ok(())
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
