//! Validates the responses of the service against `openapi/press.yaml`, read strictly.
//!
//! Strictly means that each field and each value has to be named, which the document itself does
//! not ask for. The command follows each paginated operation of the document. Contents may be
//! private, so it prints only names, JSON pointers, counts, and those values of enumerations that
//! look like identifiers.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    env,
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use jsonschema::{JsonType, ValidationError, error::ValidationErrorKind as Kind};
use press_specs::{ErrorKind, Session, mock::MockPress};
use reqwest::{Client, Error, Url, header::AUTHORIZATION, redirect::Policy};
use serde_json::{Map, Value, json};

const DOCUMENT: &str = include_str!("../../openapi/press.yaml");

/// Validates the responses of the service against openapi/press.yaml, read strictly.
///
/// Needs a token in PEAK_AUTH_TOKEN or API_KEY; without one it validates a mock of the service.
/// Exits with 0 if all responses are as the document says, with 2 if not, and with 1 if there was
/// no response.
#[derive(Parser)]
#[command(name = "cargo conformance", bin_name = "cargo conformance")]
struct Arguments {
    /// Base URL of the service; by default that of the stage in PEAK__STAGE or STAGE.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Maximum number of requests for each operation.
    #[arg(long, value_name = "COUNT", default_value_t = 25)]
    max_requests: usize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let builder =
        arguments.base_url.iter().fold(Session::builder(), |builder, url| builder.base_url(url));
    let (base_url, token, _mock) = match builder.build() {
        Ok(session) => {
            let tokens =
                ["PEAK_AUTH_TOKEN", "API_KEY"].map(|name| env::var(name).unwrap_or_default());
            let token = tokens.into_iter().find(|token| !token.is_empty());
            (session.base_url().to_owned(), token.unwrap_or_default(), None)
        }
        Err(error)
            if error.kind() == ErrorKind::MissingEnvironmentVariable
                && arguments.base_url.is_none() =>
        {
            eprintln!(
                "There is no token in PEAK_AUTH_TOKEN or API_KEY, so this validates a mock of the service."
            );
            let mock =
                MockPress::builder().generated_specs(60).generated_deployments(60).start()?;
            (mock.url().to_owned(), mock.token(), Some(mock))
        }
        Err(error) => return Err(error.into()),
    };
    let findings = check(&base_url, &token, arguments.max_requests).await?;
    println!("{} deviations of {base_url} from openapi/press.yaml", findings.len());
    for (finding, count) in &findings {
        println!("  {finding} ({count}x)");
    }
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// Follows all paginated operations; returns what is not as the document says, and in how many
/// responses.
async fn check(
    base_url: &str,
    token: &str,
    max_requests: usize,
) -> Result<BTreeMap<String, usize>> {
    let document: Value = serde_saphyr::from_str(DOCUMENT).context("openapi/press.yaml")?;
    let base_url = Url::parse(base_url).context("the base URL")?;
    let mut client = Client::builder().timeout(Duration::from_secs(30)).redirect(Policy::none());
    if base_url.scheme() == "http" {
        // Plain http goes to this machine, and to no proxy.
        client = client.no_proxy();
    }
    let client = client.build()?;
    let mut findings = BTreeMap::new();
    // The addresses of the items that each path lists, and of the service itself.
    let mut known = BTreeMap::from([("", vec![base_url])]);
    let mut paths: Vec<_> = document["paths"].as_object().into_iter().flatten().collect();
    paths.sort_by_key(|(path, _)| path.matches('{').count());
    for (path, item) in paths {
        let Some(page_number) = page_number(&document, item) else {
            continue;
        };
        let operation = &item["get"];
        let name = operation["operationId"].as_str().unwrap_or(path);
        let (head, rest) = path.rsplit_once('}').unwrap_or(("", path));
        let list = head.rsplit_once("/{").map_or("", |(list, _)| list);
        // The pages that come next: one with the number 0, which should be refused, and the first
        // one of each list.
        let lists = known
            .get(list)
            .into_iter()
            .flatten()
            .map(|parent| join(parent, rest.split('/').skip(1)));
        let mut queue: VecDeque<_> =
            lists.enumerate().map(|(index, list)| (list, index.min(1))).collect();
        let (mut requests, mut count) = (0, 0);
        while requests < max_requests
            && let Some((list, number)) = queue.pop_front()
        {
            requests += 1;
            let mut url = list.clone();
            url.query_pairs_mut().append_pair(page_number, &number.to_string());
            let response = client
                .get(url)
                .header(AUTHORIZATION, token)
                .send()
                .await
                .map_err(Error::without_url);
            let response = response.context("the service could not be asked")?;
            let status = response.status().as_u16();
            if status == 401 {
                bail!("the service rejects the token; check PEAK_AUTH_TOKEN");
            }
            let body = response.bytes().await.map_err(Error::without_url)?;
            let body: Option<Value> = serde_json::from_slice(&body).ok();
            for violation in violations(&document, &operation["responses"], status, body.as_ref()) {
                *findings.entry(format!("{name} {status} {violation}")).or_default() += 1;
            }
            let items = body.as_ref().filter(|_| status == 200).and_then(items).unwrap_or_default();
            count += items.len();
            let ids = items
                .iter()
                .map(|item| item["id"].as_str().map_or(item["id"].to_string(), str::to_owned));
            let ids = ids.filter(|id| !["", ".", "..", "null"].contains(&id.as_str()));
            let addresses = ids.map(|id| join(&list, [id.as_str()]));
            known.entry(path.trim_end_matches('/')).or_default().extend(addresses);
            if number == 0 || !items.is_empty() {
                queue.push_back((list, number + 1));
            }
        }
        let rest = if queue.is_empty() { "" } else { "; there are more, see --max-requests" };
        println!("{name}: {requests} requests, {count} items{rest}");
    }
    if known.len() == 1 {
        bail!("openapi/press.yaml has no paginated operation");
    }
    Ok(findings)
}

fn join<'a>(base: &Url, segments: impl IntoIterator<Item = &'a str>) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// Finds the items of a page: the first list of objects.
fn items(body: &Value) -> Option<&[Value]> {
    match body {
        Value::Array(items) => items.iter().all(Value::is_object).then_some(items),
        Value::Object(fields) => fields.values().find_map(items),
        _ => None,
    }
}

/// Returns the parameter for the number of a page, which paginated operations have.
fn page_number<'a>(document: &'a Value, item: &'a Value) -> Option<&'a str> {
    let parameters =
        [&item["parameters"], &item["get"]["parameters"]].into_iter().filter_map(Value::as_array);
    let query = parameters.flatten().map(|parameter| resolve(document, parameter));
    let mut names =
        query.filter(|query| query["in"] == "query").filter_map(|query| query["name"].as_str());
    names.find(|name| {
        let name = name.to_lowercase().replace(['_', '-', '.'], "");
        ["page", "pagenumber", "pageindex"].contains(&name.as_str())
    })
}

/// Follows a reference within the document.
fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let target =
        value["$ref"].as_str().and_then(|reference| document.pointer(reference.strip_prefix('#')?));
    target.unwrap_or(value)
}

/// Validates a response of an operation.
fn violations(
    document: &Value,
    responses: &Value,
    status: u16,
    body: Option<&Value>,
) -> BTreeSet<String> {
    let keys = [status.to_string(), format!("{}XX", status / 100), "default".to_owned()];
    let Some(response) = keys.iter().find_map(|key| responses.get(key)) else {
        return ["is not documented".to_owned()].into();
    };
    let mut content = resolve(document, response)["content"].as_object().into_iter().flatten();
    let (media, body) = match (content.find(|(media, _)| media.contains("json")), body) {
        (None, _) => return BTreeSet::new(),
        (Some(_), None) => return ["is not JSON".to_owned()].into(),
        (Some((_, media)), Some(body)) => (media, body),
    };
    let mut root = json!({ "$ref": "#/schema", "schema": media["schema"], "components": document["components"] });
    strict(document, &mut root["schema"], false);
    let components = root["components"]["schemas"].as_object_mut().into_iter().flatten();
    components.for_each(|(_, schema)| strict(document, schema, true));
    let mut found = BTreeSet::new();
    match jsonschema::draft202012::options().should_validate_formats(true).build(&root) {
        Ok(validator) => validator.iter_errors(body).for_each(|error| describe(&error, &mut found)),
        Err(error) => {
            drop(found.insert(format!("cannot be validated: {}", error.kind().keyword())))
        }
    }
    found
}

/// Makes a schema name all that is valid, in the words of JSON Schema; other schemas may add fields
/// to a `part`.
fn strict(document: &Value, schema: &mut Value, part: bool) {
    let names = names(document, schema, 8).filter(|names| !part && !names.is_empty());
    let Some(words) = schema.as_object_mut() else {
        return;
    };
    // In OpenAPI 3.0, an exclusive limit only says of the other one that it is no value itself.
    let no_switch = ["additionalProperties", "exclusiveMinimum", "exclusiveMaximum"];
    words.retain(|word, value| !(value.is_boolean() && no_switch.contains(&word.as_str())));
    for (word, value) in words.iter_mut() {
        match (word.as_str(), value) {
            ("properties", Value::Object(fields)) => {
                fields.values_mut().for_each(|field| strict(document, field, false))
            }
            ("items" | "additionalProperties", inner) => strict(document, inner, false),
            ("allOf" | "anyOf" | "oneOf", Value::Array(parts)) => {
                parts.iter_mut().for_each(|part| strict(document, part, true));
            }
            _ => {}
        }
    }
    if let Some(names) = names {
        words.insert("propertyNames".to_owned(), json!({ "enum": names }));
    }
    if words.remove("nullable") == Some(json!(true)) {
        *schema = json!({ "if": { "type": "null" }, "else": words });
    }
}

/// Returns the fields that a schema and its parts name, to a `depth` of parts; `None` if there can
/// be any.
fn names(document: &Value, schema: &Value, depth: usize) -> Option<BTreeSet<String>> {
    let mut names: BTreeSet<_> =
        schema["properties"].as_object().into_iter().flat_map(Map::keys).cloned().collect();
    let parts =
        ["allOf", "anyOf", "oneOf"].iter().filter_map(|word| schema[word].as_array()).flatten();
    for part in parts.chain(schema.get("$ref").map(|_| resolve(document, schema))) {
        names.extend(self::names(document, part, depth.checked_sub(1)?)?);
    }
    let any = names.is_empty() && schema["type"] == "object";
    let more = schema["additionalProperties"].as_object().is_some_and(|more| !more.is_empty());
    (!any && !more).then_some(names)
}

/// Describes an error by names and places.
fn describe(error: &ValidationError<'_>, found: &mut BTreeSet<String>) {
    let at = error.instance_path().as_str().split('/');
    let at = at.map(|segment| if segment.parse::<usize>().is_ok() { "*" } else { shown(segment) });
    let at = at.collect::<Vec<_>>().join("/");
    let value = error.instance();
    let name = |name: &Value| shown(name.as_str().unwrap_or("(withheld)")).to_owned();
    let what = match error.kind() {
        Kind::PropertyNames { error } => {
            let field = error.instance().as_str().unwrap_or_default().to_owned();
            format!("/{}: no such field ({})", shown(&field), JsonType::from(&value[&field]))
        }
        Kind::Required { property } => format!("/{}: missing", name(property)),
        Kind::Enum { .. } => format!(": no such value ({})", name(value)),
        Kind::Type { .. } => format!(": wrong type ({})", JsonType::from(value.as_ref())),
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            // The choice that was meant is the one that fails deepest.
            let depth = |error: &ValidationError<'_>| error.instance_path().as_str().len();
            let choice = context.iter().max_by_key(|errors| errors.iter().map(depth).max());
            return choice.into_iter().flatten().for_each(|error| describe(error, found));
        }
        kind => format!(": invalid ({})", kind.keyword()),
    };
    found.insert(at + &what);
}

/// Withholds what does not look like an identifier, since it could be private.
fn shown(text: &str) -> &str {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
    if text.len() <= 32 && text.bytes().all(good) { text } else { "(withheld)" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn deviations_are_found_on_all_pages_without_contents() -> Result<()> {
        let mock = MockPress::builder().generated_specs(26).generated_deployments(2).start()?;
        assert_eq!(check(mock.url(), &mock.token(), 2).await?, BTreeMap::new());
        let pages: Vec<_> =
            mock.requests().iter().map(|request| request.query("pageNumber")).collect();
        assert_eq!(pages.into_iter().flatten().collect::<Vec<_>>(), ["0", "1", "0", "1"]);
        mock.on_page(|_, page| {
            page["next"] = json!("PRIVATE");
            let Some(spec) = page.get_mut("specs").and_then(|specs| specs.get_mut(0)) else {
                return;
            };
            spec["kind"] = json!("notebook");
            spec["scope"] = json!("of PRIVATE");
            spec["featured"] = json!("PRIVATE");
            spec["latestRelease"] = json!("PRIVATE");
            spec["metadata"]["PRIVATE @"] = json!(true);
            spec["metadata"]["createdAt"] = json!("PRIVATE");
            spec["metadata"]["summary"] = Value::Null;
            spec["metadata"]["tags"] = json!([null]);
            page["pageNumber"] = json!(-1);
            page.as_object_mut().and_then(|page| page.remove("pageCount"));
        });
        let found = check(mock.url(), &mock.token(), 100).await?;
        let found: Vec<_> =
            found.iter().map(|(finding, count)| format!("{finding} {count}x")).collect();
        assert_eq!(
            found,
            [
                "list_spec_release_deployments 200 /next: no such field (string) 52x",
                "list_specs 200 /next: no such field (string) 3x",
                "list_specs 200 /pageCount: missing 2x",
                "list_specs 200 /pageNumber: invalid (minimum) 2x",
                "list_specs 200 /specs/*/featured: wrong type (string) 2x",
                "list_specs 200 /specs/*/kind: no such value (notebook) 2x",
                "list_specs 200 /specs/*/latestRelease: wrong type (string) 2x",
                "list_specs 200 /specs/*/metadata/(withheld): no such field (boolean) 2x",
                "list_specs 200 /specs/*/metadata/createdAt: invalid (format) 2x",
                "list_specs 200 /specs/*/metadata/tags/*: wrong type (null) 2x",
                "list_specs 200 /specs/*/scope: no such value ((withheld)) 2x",
            ]
        );
        Ok(())
    }

    #[test]
    fn schemas_of_other_styles_are_strict() {
        let document = json!({ "components": { "schemas": {
            "Base": { "properties": { "id": { "type": "integer", "minimum": 0, "exclusiveMinimum": true } } },
            "Thing": { "allOf": [{ "$ref": "#/components/schemas/Base" }, { "properties": {
                "part": { "anyOf": [{ "$ref": "#/components/schemas/Thing" }, { "type": "null" }] },
                "more": { "type": "object", "additionalProperties": true },
                "map": { "properties": { "a": {} }, "additionalProperties": { "type": "integer" } },
                "circle": { "$ref": "#/components/schemas/Pet" },
            } }] },
            "Pet": { "properties": { "name": {} }, "oneOf": [{ "$ref": "#/components/schemas/Cat" }] },
            "Cat": { "allOf": [{ "$ref": "#/components/schemas/Pet" }] },
        } } });
        let thing = json!({ "$ref": "#/components/schemas/Thing" });
        let responses =
            json!({ "2XX": { "content": { "application/json": { "schema": thing } } }, "204": {} });
        let found = |status, body: Value| -> Vec<String> {
            violations(&document, &responses, status, Some(&body)).into_iter().collect()
        };
        let valid = json!({ "id": 1, "part": { "part": null }, "more": { "any": 1 }, "map": { "b": 1 }, "circle": {} });
        assert!(found(200, valid).is_empty());
        let nested = json!({ "part": { "part": { "id": "x", "name": 1 } } });
        let deviations =
            ["/part/part/id: wrong type (string)", "/part/part/name: no such field (number)"];
        assert_eq!(found(201, nested), deviations);
        assert!(found(204, Value::Null).is_empty());
        assert_eq!(found(404, Value::Null), ["is not documented"]);
    }
}
