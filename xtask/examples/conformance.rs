//! Lists data from the service that the SDK does not know: unknown fields, unknown enumeration
//! values, and values of an unexpected type.
//!
//! Contents may be private, so it prints only names, JSON pointers, counts, and those enumeration
//! values that look like identifiers.

use std::{collections::BTreeMap, process::ExitCode};

use anyhow::Result;
use clap::Parser;
use futures::{StreamExt, TryStreamExt};
use press_specs::{ErrorKind, Page, PageStream, Session, Spec, mock::MockPress};
use schemars::{JsonSchema, schema_for};
use serde_json::Value;

/// Lists data from the service that the SDK does not know.
///
/// Needs a token in PEAK_AUTH_TOKEN or API_KEY; without one it calls a mock server. Exits with 0 if
/// everything is known, with 2 if not, and with 1 if a request fails.
#[derive(Parser)]
#[command(name = "cargo conformance", bin_name = "cargo conformance")]
struct Arguments {
    /// Base URL of the service. Defaults to the stage in PEAK__STAGE or STAGE.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Maximum number of pages to request for each operation.
    #[arg(long, value_name = "COUNT", default_value_t = 25)]
    max_pages: usize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut builder = Session::builder();
    if let Some(url) = &arguments.base_url {
        builder = builder.base_url(url);
    }
    let mock = MockPress::builder().generated_specs(60).generated_deployments(60).start()?;
    let session = match builder.build() {
        Err(error) if error.kind() == ErrorKind::MissingEnvironmentVariable => {
            if arguments.base_url.is_some() {
                return Err(error.into());
            }
            eprintln!("No PEAK_AUTH_TOKEN or API_KEY, so this calls a mock server.");
            mock.session()?
        }
        session => session?,
    };
    println!("Service: {}", session.base_url());
    let findings = check(&Spec::new(session), arguments.max_pages).await?;
    println!("{} findings", findings.len());
    for (finding, count) in &findings {
        println!("  {finding} ({count}x)");
    }
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// Each finding, and how often it occurs.
type Findings = BTreeMap<String, usize>;

/// Reads both lists. Reads deployments of one spec after another, up to `max_pages` in total.
async fn check(client: &Spec, max_pages: usize) -> Result<Findings> {
    let mut findings = Findings::new();
    let specs = read("list_specs", client.list_specs().pages(), max_pages, &mut findings).await?;
    println!("list_specs: {} pages", specs.len());

    let mut pages_left = max_pages;
    for spec in specs.iter().flat_map(|page| page["specs"].as_array()).flatten() {
        let Some(id) = spec["id"].as_str() else { continue };
        let pages = client.list_spec_release_deployments(id).pages();
        let operation = "list_spec_release_deployments";
        pages_left -= read(operation, pages, pages_left, &mut findings).await?.len();
    }
    println!("list_spec_release_deployments: {} pages", max_pages - pages_left);
    Ok(findings)
}

/// Reads up to `max_pages` pages, compares them with their type, and returns them as JSON.
async fn read<P: Page + JsonSchema>(
    operation: &str,
    pages: PageStream<P>,
    max_pages: usize,
    findings: &mut Findings,
) -> Result<Vec<Value>> {
    let schema = serde_json::to_value(schema_for!(P))?;
    let mut pages = pages.take(max_pages);
    let mut read = Vec::new();
    loop {
        match pages.try_next().await {
            Ok(Some(page)) => {
                // Serializing a page gives back all that was received.
                let page = serde_json::to_value(&page)?;
                compare(&schema, &schema, &page, operation, findings);
                read.push(page);
            }
            Err(error) if error.kind() == ErrorKind::InvalidResponse => {
                *findings.entry(format!("{operation}: a page cannot be decoded")).or_default() += 1;
            }
            Ok(None) => return Ok(read),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Counts the parts of `value` that `schema`, a part of `root`, doesn't describe.
fn compare(root: &Value, schema: &Value, value: &Value, at: &str, findings: &mut Findings) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null);
        return compare(root, target, value, at, findings);
    }
    // The other choice is null or, for an enumeration, any text.
    if let Some(choices) = schema["anyOf"].as_array() {
        return compare(root, &choices[0], value, at, findings);
    }
    let known_type = schema["type"].as_str().or(schema["type"][0].as_str()).unwrap_or("any");
    let finding = match (known_type, value) {
        (_, Value::Null) | ("any", _) | ("boolean", Value::Bool(_)) => None,
        ("integer", Value::Number(number)) if number.is_u64() => None,
        ("string", Value::String(text)) => match schema["enum"].as_array() {
            Some(known) if !known.contains(value) => {
                Some(format!("value {} is unknown", shown(text)))
            }
            _ => None,
        },
        ("array", Value::Array(items)) => {
            for item in items {
                compare(root, &schema["items"], item, &format!("{at}/*"), findings);
            }
            None
        }
        ("object", Value::Object(fields)) => {
            for (name, field) in fields {
                let at = format!("{at}/{}", shown(name));
                match schema["properties"].get(name) {
                    Some(schema) => compare(root, schema, field, &at, findings),
                    None => *findings.entry(format!("{at}: unknown field")).or_default() += 1,
                }
            }
            None
        }
        _ => Some(format!("not of type {known_type}")),
    };
    if let Some(finding) = finding {
        *findings.entry(format!("{at}: {finding}")).or_default() += 1;
    }
}

/// Hides text that doesn't look like an identifier, since it may be private.
fn shown(text: &str) -> &str {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
    if text.len() <= 32 && text.bytes().all(is_plain) { text } else { "(withheld)" }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn findings_name_the_place_and_withhold_contents() -> Result<()> {
        let mock = MockPress::builder().generated_specs(26).generated_deployments(2).start()?;
        let client = Spec::new(mock.session()?);
        assert_eq!(check(&client, 100).await?, Findings::new());
        mock.on_page(|_, page| {
            page["next"] = json!("PRIVATE");
            let Some(spec) = page.get_mut("specs").and_then(|specs| specs.get_mut(0)) else {
                return;
            };
            spec["featured"] = json!("PRIVATE");
            spec["kind"] = json!("notebook");
            spec["scope"] = json!("of PRIVATE");
            spec["metadata"]["PRIVATE @"] = json!(true);
            spec["metadata"]["tags"] = json!([{ "color": "red" }]);
        });
        let findings = check(&client, 100).await?;
        let found: Vec<_> =
            findings.iter().map(|(finding, count)| format!("{finding} ({count}x)")).collect();
        let expected = [
            "list_spec_release_deployments/next: unknown field (26x)",
            "list_specs/next: unknown field (2x)",
            "list_specs/specs/*/featured: not of type boolean (2x)",
            "list_specs/specs/*/kind: value notebook is unknown (2x)",
            "list_specs/specs/*/metadata/(withheld): unknown field (2x)",
            "list_specs/specs/*/metadata/tags/*/color: unknown field (2x)",
            "list_specs/specs/*/scope: value (withheld) is unknown (2x)",
        ];
        assert_eq!(found, expected);
        Ok(())
    }

    #[test]
    fn values_of_another_type_are_findings() -> Result<()> {
        let schema = serde_json::to_value(schema_for!(press_specs::types::SpecPage))?;
        let release = json!({ "createdAt": 5, "notes": null });
        let spec = json!({ "featured": "yes", "latestRelease": release, "metadata": [] });
        let page = json!({ "pageNumber": -1, "pageCount": 1, "specs": [spec, 7] });
        let mut findings = Findings::new();
        compare(&schema, &schema, &page, "", &mut findings);
        let expected = [
            "/pageNumber: not of type integer",
            "/specs/*/featured: not of type boolean",
            "/specs/*/latestRelease/createdAt: not of type string",
            "/specs/*/metadata: not of type object",
            "/specs/*: not of type object",
        ];
        let found: Vec<_> = findings.into_keys().collect();
        assert_eq!(found, expected);
        Ok(())
    }
}
