//! Input files: encoding, format, and the line of each entry.

use serde_json::Value;

use super::{
    diagnostics::{Diagnostics, Problem},
    yaml::{self, Node, Source},
};

/// The path of the OpenAPI document, as shown in messages.
pub(crate) const FILE: &str = "openapi/press.yaml";

/// Keys with text values that YAML may parse as numbers.
const TEXTS: [&str; 9] = [
    "description",
    "format",
    "in",
    "name",
    "operationId",
    "pattern",
    "summary",
    "title",
    "version",
];

/// Keys whose values have the type of their schema.
const VALUES: [&str; 5] = ["const", "default", "enum", "example", "examples"];

/// A parsed file.
#[derive(Debug, Default)]
pub(crate) struct Document {
    file: &'static str,
    text: String,
    node: Node,
}

impl Document {
    /// Parses `bytes`, the YAML or JSON content of `file`.
    pub(crate) fn read(file: &'static str, bytes: Vec<u8>) -> Result<Self, Problem> {
        let problem = |(place, why)| Problem { place: format!("{file}{place}"), why };
        let text = decode(bytes).map_err(problem)?;
        let mut node = parse(&text).map_err(problem)?;
        keep_texts(&mut node.value, &node.source, &text, "");
        Ok(Self { file, text, node })
    }

    pub(crate) fn root(&self) -> &Value {
        &self.node.value
    }

    /// Returns the place of the entry at `pointer`, a JSON pointer that begins with `#`.
    pub(crate) fn place_at(&self, pointer: &str) -> String {
        format!("{}{} {pointer}", self.file, self.line(&keys(pointer)))
    }

    /// Returns the place of the entry at the path `keys`.
    pub(crate) fn place(&self, keys: &[String]) -> String {
        let place = format!("{}{} {}", self.file, self.line(keys), keys.join(" > "));
        place.trim_end().to_owned()
    }

    /// Returns the comment after the key at `pointer`, if the key has no value on its line.
    pub(crate) fn comment_at(&self, pointer: &str) -> Option<&str> {
        let line = self.source(&keys(pointer)).line.checked_sub(1)?;
        let line = self.text.lines().nth(usize::try_from(line).ok()?)?;
        let (_, comment) = line.split_once(": ")?;
        Some(comment.trim()).filter(|comment| comment.starts_with('#'))
    }

    /// Returns the line of an entry, or of the innermost known entry around it.
    fn line(&self, keys: &[String]) -> String {
        match self.source(keys).line {
            0 => String::new(),
            line => format!(":{line}"),
        }
    }

    fn source(&self, keys: &[String]) -> &Source {
        let mut source = &self.node.source;
        for key in keys {
            match source.entries.get(key) {
                Some(inner) => source = inner,
                None => break,
            }
        }
        source
    }

    /// Checks that this is an OpenAPI document of a supported version.
    pub(crate) fn check_version(&self, diagnostics: &mut Diagnostics<'_>) {
        let root = self.root();
        if !root.is_object() {
            let why = "the document is not a mapping; start it with `openapi: 3.0.3`";
            diagnostics.reject("#", why);
            return;
        }
        if root["openapi"].is_null() {
            self.reject_other_format(diagnostics);
            return;
        }
        let version = plain(&root["openapi"]);
        let is = |known: &str| version == known || version.starts_with(&format!("{known}."));
        if is("3.2") {
            diagnostics.note("#/openapi", "OpenAPI 3.2 is read as 3.1");
        } else if !is("3.0") && !is("3.1") {
            let why =
                format!("OpenAPI {version} is not supported; export it as OpenAPI 3.0 or 3.1");
            diagnostics.reject("#/openapi", why);
        }
    }

    fn reject_other_format(&self, diagnostics: &mut Diagnostics<'_>) {
        let swagger = &self.root()["swagger"];
        if swagger.is_null() {
            let why = "the entry `openapi` is missing; start with `openapi: 3.0.3`";
            diagnostics.reject("#", why);
            return;
        }
        let why = format!(
            "Swagger {}, not OpenAPI 3; convert it with `npx swagger2openapi`",
            plain(swagger)
        );
        diagnostics.reject("#/swagger", why);
    }
}

/// Formats `value` for a message: a string without its quotes.
pub(crate) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Splits `pointer`, a JSON pointer that begins with `#`, into its keys.
fn keys(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|key| key.replace("~1", "/").replace("~0", "~")).collect()
}

/// Decodes `bytes`, or returns the location and a description of the problem.
fn decode(bytes: Vec<u8>) -> Result<String, (String, String)> {
    let problem = |why: &str| Err((String::new(), why.to_owned()));
    if bytes.starts_with(b"\x1f\x8b") {
        return problem("compressed with gzip; decompress it with `gunzip`");
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return problem("a ZIP archive; extract the document with `unzip`");
    }
    let has_mark = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    if has_mark || bytes.iter().take(2).any(|byte| *byte == 0) {
        return problem("encoded as UTF-16; convert it with `iconv -f UTF-16 -t UTF-8`");
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let start = error.utf8_error().valid_up_to();
            let bytes = error.as_bytes();
            let line = bytes[..start].iter().filter(|byte| **byte == b'\n').count() + 1;
            let why = format!(
                "invalid UTF-8 byte 0x{:02x}; if the file is Latin-1, convert it with \
                 `iconv -f LATIN1 -t UTF-8`",
                bytes[start]
            );
            return Err((format!(":{line}"), why));
        }
    };
    if text.trim_start_matches('\u{feff}').trim_start().starts_with('<') {
        return problem(
            "HTML or XML, not OpenAPI; download the document itself, which the page may link to as \
             `openapi.json` or `api-json`",
        );
    }
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Parses `text`, or returns the location and a description of the problem.
fn parse(text: &str) -> Result<Node, (String, String)> {
    let error = match yaml::parse(text) {
        Ok(node) => return Ok(node),
        Err(error) => error,
    };
    let location = error.location();
    let place = location.map(|location| format!(":{}:{}", location.line(), location.column()));
    let place = place.unwrap_or_default();
    let what = error.without_snippet().to_string();
    let what = what.split(" at line ").next().unwrap_or_default();
    if what.contains("duplicate") {
        let what = what.split(", set DuplicateKeyPolicy").next().unwrap_or_default();
        let why = format!("{what}; keep one of the two entries, or rename one of them");
        return Err((place, why));
    }
    // Some JSON escapes are not valid YAML. serde_json accepts duplicate keys, which were rejected
    // above.
    if let Ok(value @ Value::Object(_)) = serde_json::from_str(text) {
        return Ok(Node { value, source: Source::default() });
    }
    if what.contains("multiple YAML documents") {
        let why = "a second YAML document starts here; keep one, and remove the line `---`";
        return Err((place, why.to_owned()));
    }
    let is_too_deep = what.contains("Depth");
    if what.contains("budget breached") && !is_too_deep || what.contains("replay limit") {
        let why = "too large after expanding aliases such as `*name`; use `$ref` instead";
        return Err((place, why.to_owned()));
    }
    if let Some(line) = text.lines().position(is_reference_in_comment) {
        let why = "`#` starts a comment in YAML; put the reference after `$ref` in quotes";
        return Err((format!(":{}", line + 1), why.to_owned()));
    }
    let why = format!(
        "invalid YAML or JSON: {what}; check the indentation, quotes and brackets of this line \
         and the line before it"
    );
    Err((place, why))
}

fn is_reference_in_comment(line: &str) -> bool {
    line.split_once("$ref: ").is_some_and(|(_, reference)| reference.trim_start().starts_with('#'))
}

/// Restores the text of values that YAML parses as something else: numbers in text fields, such as
/// `1.10`, and an unquoted null that names the type `null`.
fn keep_texts(value: &mut Value, source: &Source, file: &str, parent: &str) {
    match value {
        Value::Array(entries) => {
            for (index, entry) in entries.iter_mut().enumerate() {
                if let Some(source) = source.entries.get(&index.to_string()) {
                    keep_texts(entry, source, file, "");
                }
            }
        }
        Value::Object(entries) => {
            let of_texts = is_text(entries.get("type"));
            // Below `properties`, keys are names of properties, not keywords.
            let are_names = ["properties", "schemas"].contains(&parent);
            for (key, entry) in entries {
                let Some(source) = source.entries.get(key) else { continue };
                let key = key.as_str();
                if are_names || !VALUES.contains(&key) {
                    keep_texts(entry, source, file, key);
                }
                if are_names {
                    continue;
                }
                if key == "type" {
                    name_null(entry);
                }
                let has_texts = of_texts && VALUES.contains(&key) || key == "required";
                if has_texts || TEXTS.contains(&key) {
                    replace_numbers(entry, source, file);
                }
            }
        }
        _ => {}
    }
}

fn is_text(types: Option<&Value>) -> bool {
    match types {
        Some(Value::Array(types)) => types.iter().all(|of| *of == "string" || is_null(of)),
        Some(of) => *of == "string",
        None => false,
    }
}

fn is_null(of: &Value) -> bool {
    of.is_null() || *of == "null"
}

/// Replaces an unquoted null in `type: [string, null]` with the string `null`.
fn name_null(types: &mut Value) {
    match types {
        Value::Null => *types = "null".into(),
        Value::Array(types) => types.iter_mut().for_each(name_null),
        _ => {}
    }
}

/// Replaces a number, or each number in a list, with its text in `file`.
fn replace_numbers(value: &mut Value, source: &Source, file: &str) {
    match value {
        Value::Number(_) => {
            if let Some(text) = file.get(source.range.clone()) {
                *value = text.into();
            }
        }
        Value::Array(entries) => {
            for (index, entry) in entries.iter_mut().enumerate() {
                if let Some(source) = source.entries.get(&index.to_string()) {
                    replace_numbers(entry, source, file);
                }
            }
        }
        _ => {}
    }
}
