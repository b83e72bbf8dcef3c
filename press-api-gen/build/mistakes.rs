//! Mistakes, which are refused with their place and a remedy, and losses, which are noted.

use std::fmt::Write as _;

use serde_json::Value;

/// The path of the document, as messages name it.
pub(crate) const FILE: &str = "openapi/press.yaml";

/// Everything that was found on the way through the document.
#[derive(Default)]
pub(crate) struct Findings {
    mistakes: Vec<String>,
    notes: Vec<String>,
}

impl Findings {
    /// Refuses the document because of `what` at `at`; `instead` is what to write.
    pub(crate) fn refuse(&mut self, at: &str, what: impl AsRef<str>, instead: impl AsRef<str>) {
        self.refuse_in(FILE, at, what, instead);
    }

    /// Refuses the document because of `what` at `at` of `file`.
    pub(crate) fn refuse_in(&mut self, file: &str, at: &str, what: impl AsRef<str>, instead: impl AsRef<str>) {
        let mistake = format!("{file} {at}\n    {}\n    instead: {}\n", what.as_ref(), instead.as_ref());
        if !self.mistakes.contains(&mistake) {
            self.mistakes.push(mistake);
        }
    }

    /// Notes that `what` at `at` is left out or lost.
    pub(crate) fn note(&mut self, at: &str, what: impl AsRef<str>) {
        let note = format!("{at}: {}", what.as_ref().replace('\n', " "));
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Returns the notes, one a line, unless there was a mistake.
    pub(crate) fn finish(&self) -> Result<String, String> {
        let count = self.mistakes.len();
        if count == 0 {
            return Ok(self.notes.iter().fold(String::new(), |mut text, note| {
                let _ = writeln!(text, "{note}");
                text
            }));
        }
        let problems = if count == 1 { "problem" } else { "problems" };
        Err(format!("{FILE} has {count} {problems}\n\n{}", self.mistakes.join("\n")))
    }
}

/// Parses `text`, which is YAML or JSON; a mistake is told with line and column.
pub(crate) fn parse(file: &str, text: &str) -> Result<Value, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let options = serde_saphyr::options! { budget: None, strict_booleans: true, with_snippet: false };
    let json = || text.trim_start().starts_with('{').then(|| serde_json::from_str(text).ok()).flatten();
    let error = match serde_saphyr::from_str_with_options::<Value>(text, options) {
        Ok(document) if document.is_object() => return Ok(document),
        Ok(_) => {
            return Err(format!(
                "{file}\n    the document is not a mapping\n    instead: begin it with `openapi: 3.0.3`\n"
            ));
        }
        Err(error) => error,
    };
    let what = error.without_snippet().to_string();
    let what = what.split(" at line ").next().unwrap_or_default();
    let what = what.split(", set DuplicateKeyPolicy").next().unwrap_or_default();
    let duplicate = what.contains("duplicate");
    // JSON escapes characters in ways that YAML does not know, but allows two equal keys, which are a mistake here.
    if let (Some(document), false) = (json(), duplicate) {
        return Ok(document);
    }
    let place = error.location().map(|location| format!(":{}:{}", location.line(), location.column()));
    let instead = if duplicate {
        "keep one of the two entries, or give one of them another name"
    } else {
        "look at the indentation, the quotes and the brackets of this line and of the one before"
    };
    Err(format!("{file}{}\n    not YAML: {what}\n    instead: {instead}\n", place.unwrap_or_default()))
}

/// Refuses what is no OpenAPI document of a known version.
pub(crate) fn version(document: &Value) -> Result<(), String> {
    let refuse =
        |at: &str, what: String, instead: &str| Err(format!("{FILE} {at}\n    {what}\n    instead: {instead}\n"));
    let version = plain(&document["openapi"]);
    match (version.trim(), &document["swagger"]) {
        (version, _) if version == "3.1" || version == "3.0" => Ok(()),
        (version, _) if version.starts_with("3.0.") || version.starts_with("3.1.") => Ok(()),
        ("null", Value::Null) => refuse(
            "#",
            "not an OpenAPI document: the entry `openapi` is missing".to_owned(),
            "begin it with `openapi: 3.0.3` or `openapi: 3.1.0`",
        ),
        ("null", swagger) => refuse(
            "#/swagger",
            format!("Swagger {}, not OpenAPI 3", plain(swagger)),
            "convert the document with `npx swagger2openapi`",
        ),
        (version, _) => {
            refuse("#/openapi", format!("OpenAPI {version} is not known"), "write the document in OpenAPI 3.0 or 3.1")
        }
    }
}

/// Refuses a path that no request can be made from; returns the names in its braces.
pub(crate) fn path<'a>(findings: &mut Findings, at: &str, path: &'a str) -> Vec<&'a str> {
    if !path.starts_with('/') {
        let what = format!("the path `{path}` does not begin with a slash");
        findings.refuse(at, what, format!("write `/{path}`"));
    }
    let mut open = false;
    let balanced = path.chars().all(|c| match c {
        '{' | '}' => {
            let expected = open == (c == '}');
            open = c == '{';
            expected
        }
        '/' => !open,
        _ => true,
    });
    if !balanced || open || path.contains("{}") {
        let what = format!("the braces of the path `{path}` do not enclose names");
        findings.refuse(at, what, "write each parameter as `{name}`");
    }
    if path.contains(['?', '#']) {
        let what = format!("the path `{path}` has a query or a fragment");
        findings.refuse(at, what, "describe what follows the `?` as query parameters");
    }
    let places = path.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    let names: Vec<_> = places.map(|(name, _)| name).collect();
    for (index, name) in names.iter().enumerate() {
        if names[..index].contains(name) {
            let what = format!("`{{{name}}}` is in the path `{path}` twice");
            findings.refuse(at, what, "give each place a name of its own");
        }
    }
    names
}

/// Returns `true` if `text` is the status of a response: `200`, `4XX` or `default`.
pub(crate) fn is_status(text: &str) -> bool {
    let (first, rest) = text.split_at_checked(1).unwrap_or_default();
    let digits = rest.len() == 2 && rest.bytes().all(|byte| byte.is_ascii_digit());
    text == "default" || (["1", "2", "3", "4", "5"].contains(&first) && (digits || rest.eq_ignore_ascii_case("XX")))
}

/// `value` as it reads in the document.
pub(crate) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
