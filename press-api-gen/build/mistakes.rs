//! Mistakes, which are refused with their place and a remedy, and losses, which are noted.

use serde_json::Value;

use super::{document, mapping};

/// The path of the document, as messages name it.
pub(crate) const FILE: &str = "openapi/press.yaml";

/// Everything that was found on the way through the document.
#[derive(Default)]
pub(crate) struct Findings {
    mistakes: Vec<String>,
    notes: Vec<String>,
}

impl Findings {
    /// Refuses what is at `at`, a pointer into the document or a place of the mapping; `why` ends
    /// with what to write.
    pub(crate) fn refuse(&mut self, at: &str, why: impl AsRef<str>) {
        let place = if at.starts_with('#') { format!("{FILE} {at}") } else { at.to_owned() };
        let mistake = mistake(&place, why.as_ref());
        if !self.mistakes.contains(&mistake) {
            self.mistakes.push(mistake);
        }
    }

    /// Notes that `what` at `at` is left out or lost.
    pub(crate) fn note(&mut self, at: &str, what: impl AsRef<str>) {
        let note = format!("{at}: {}\n", what.as_ref().replace('\n', " "));
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Returns the notes, one a line, unless there was a mistake.
    pub(crate) fn finish(&self) -> Result<String, String> {
        if self.mistakes.is_empty() {
            return Ok(self.notes.concat());
        }
        let count = self.mistakes.len();
        let problems = if count == 1 { "problem" } else { "problems" };
        let of_mapping =
            self.mistakes.iter().filter(|mistake| mistake.starts_with(mapping::FILE)).count();
        let files = match of_mapping {
            0 => FILE.to_owned(),
            _ if of_mapping == count => mapping::FILE.to_owned(),
            _ => format!("{FILE} with {}", mapping::FILE),
        };
        Err(format!("{files} has {count} {problems}\n\n{}", self.mistakes.join("\n")))
    }
}

fn mistake(place: &str, why: &str) -> String {
    format!("{place}\n    {why}\n")
}

/// Parses the document; a mistake is told with line and column.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    let document =
        document::parse(text).map_err(|(place, why)| mistake(&format!("{FILE}{place}"), &why))?;
    if !document.root.is_object() {
        return Err(mistake(FILE, "the document is not a mapping; begin it with `openapi: 3.0.3`"));
    }
    Ok(document.root)
}

/// Refuses what is no OpenAPI document of a known version.
pub(crate) fn version(document: &Value) -> Result<(), String> {
    let version = plain(&document["openapi"]);
    if ["3.0", "3.1"]
        .iter()
        .any(|known| version.trim() == *known || version.trim().starts_with(&format!("{known}.")))
    {
        return Ok(());
    }
    let (at, why) = match (version.as_str(), plain(&document["swagger"]).as_str()) {
        ("null", "null") => {
            ("#", "the entry `openapi` is missing; begin with `openapi: 3.0.3`".to_owned())
        }
        ("null", swagger) => (
            "#/swagger",
            format!("Swagger {swagger}, not OpenAPI 3; convert it with `npx swagger2openapi`"),
        ),
        (version, _) => {
            ("#/openapi", format!("OpenAPI {version} is not known; write OpenAPI 3.0 or 3.1"))
        }
    };
    Err(mistake(&format!("{FILE} {at}"), &why))
}

/// Refuses a path that no request can be made from; returns the names in its braces.
pub(crate) fn path<'a>(findings: &mut Findings, at: &str, path: &'a str) -> Vec<&'a str> {
    let mut parts = path.split('{');
    let mut balanced = !parts.next().unwrap_or_default().contains('}');
    let mut names = Vec::new();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or_default();
        balanced &= !name.is_empty() && !name.contains('/') && !rest.contains('}');
        names.extend(Some(name).filter(|name| !name.is_empty()));
    }
    let twice = names.iter().enumerate().any(|(index, name)| names[..index].contains(name));
    for (is_wrong, why) in [
        (!path.starts_with('/'), format!("does not begin with a slash; write `/{path}`")),
        (
            !balanced,
            "has braces that do not enclose names; write each parameter as `{name}`".to_owned(),
        ),
        (
            path.contains(['?', '#']),
            "has a query or a fragment; describe it as query parameters".to_owned(),
        ),
        (twice, "has a name in braces twice; give each place a name of its own".to_owned()),
    ] {
        if is_wrong {
            findings.refuse(at, format!("the path `{path}` {why}"));
        }
    }
    names
}

/// `value` as it reads in the document.
pub(crate) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
