//! Validates the responses of the service against `openapi/press.yaml`, read strictly.
//!
//! Strictly means that each field and each value has to be named, which the document itself does not ask for. The
//! command follows each paginated operation of the document. Contents may be private, so it prints only names, JSON
//! pointers, counts, and those values of enumerations that look like identifiers.

use std::{
    collections::{BTreeMap, VecDeque},
    env,
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Parser, value_parser};
use jsonschema::{JsonType, ValidationError, Validator, error::ValidationErrorKind as Kind};
use press_specs::{ErrorKind, Session, mock::MockPress};
use reqwest::{Client, Url, header::AUTHORIZATION, redirect::Policy};
use serde_json::{Map, Value, json};

const DOCUMENT: &str = include_str!("../../openapi/press.yaml");

/// Validates the responses of the service against openapi/press.yaml, read strictly.
///
/// Needs a token in PEAK_AUTH_TOKEN or API_KEY; without one it validates a mock of the service. Exits with 0 if all
/// responses are as the document says, with 1 if not, and with 2 if the service could not be asked.
#[derive(Parser)]
#[command(name = "cargo conformance", bin_name = "cargo conformance")]
struct Arguments {
    /// Base URL of the service; by default that of the stage in PEAK__STAGE or STAGE.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Maximum number of requests.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    max_requests: usize,
    /// Number of items on a page.
    #[arg(long, value_name = "COUNT", default_value_t = 25, value_parser = value_parser!(u32).range(1..))]
    page_size: u32,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(conforms) => ExitCode::from(u8::from(!conforms)),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: &Arguments) -> Result<bool> {
    let mut builder = Session::builder();
    if let Some(url) = &arguments.base_url {
        builder = builder.base_url(url);
    }
    let (base_url, token, _mock) = match builder.build() {
        Ok(session) => {
            let tokens = ["PEAK_AUTH_TOKEN", "API_KEY"].map(|name| env::var(name).unwrap_or_default());
            let token = tokens.into_iter().find(|token| !token.is_empty());
            (session.base_url().to_owned(), token.unwrap_or_default(), None)
        }
        Err(error) if error.kind() == ErrorKind::MissingEnvironmentVariable && arguments.base_url.is_none() => {
            eprintln!("There is no token in PEAK_AUTH_TOKEN or API_KEY, so this validates a mock of the service.");
            let mock = MockPress::builder().generated_specs(110).generated_deployments(60);
            let mock = mock.start()?;
            (mock.url().to_owned(), mock.token().to_owned(), Some(mock))
        }
        Err(error) => return Err(error.into()),
    };
    let report = check(&base_url, &token, arguments.max_requests, arguments.page_size).await?;
    println!("{base_url}\n  {}\n", report.walks.join("\n  "));
    if report.findings.is_empty() {
        println!("All responses are as openapi/press.yaml says.");
    } else {
        println!("Not as openapi/press.yaml says:");
    }
    for (finding, count) in &report.findings {
        println!("  {finding} ({count}x)");
    }
    Ok(report.findings.is_empty())
}

/// The findings for each operation, and how often each occurred in its responses.
#[derive(Default)]
struct Report {
    walks: Vec<String>,
    findings: BTreeMap<String, usize>,
}

/// Follows all paginated operations, within a number of requests.
async fn check(base_url: &str, token: &str, mut requests: usize, page_size: u32) -> Result<Report> {
    let document: Value = serde_saphyr::from_str(DOCUMENT).context("openapi/press.yaml")?;
    let base_url = Url::parse(base_url).context("the base URL")?;
    let mut client = Client::builder().timeout(Duration::from_secs(30)).redirect(Policy::none());
    if base_url.scheme() == "http" {
        // Plain http goes to this machine, and to no proxy.
        client = client.no_proxy();
    }
    let client = client.build()?;
    let mut report = Report::default();
    let mut known = BTreeMap::new();
    let operations = operations(&document);
    for (index, operation) in operations.iter().enumerate() {
        // Each operation gets its part of the requests that are left.
        let mut left = requests.div_ceil(operations.len() - index);
        requests -= left;
        let mut walks = walks(&base_url, operation, &known);
        let mut validators = BTreeMap::new();
        let (mut pages, mut count) = (0, 0);
        while left > 0
            && let Some((list, number)) = walks.pop_front()
        {
            left -= 1;
            let mut url = list.clone();
            url.query_pairs_mut().append_pair(operation.page_number, &number.to_string());
            if let Some(name) = operation.page_size {
                url.query_pairs_mut().append_pair(name, &page_size.to_string());
            }
            let (status, body) = get(client.get(url).header(AUTHORIZATION, token)).await?;
            let at = format!("{} {status}", operation.name);
            let mut found = |finding: String| *report.findings.entry(format!("{at} {finding}")).or_default() += 1;
            let validator = validators.entry(status).or_insert_with(|| validator(&document, operation, status));
            match (&body, validator) {
                (_, Err(reason)) => found(reason.to_string()),
                (_, Ok(None)) => {}
                (None, Ok(Some(_))) => found("is not JSON".to_owned()),
                (Some(body), Ok(Some(validator))) => {
                    validator.iter_errors(body).for_each(|error| describe(&error, &mut found));
                }
            }
            let Some(body) = body.filter(|_| status == 200 && number > 0) else {
                continue;
            };
            let items = items(&body).unwrap_or_default();
            (pages, count) = (pages + 1, count + items.len());
            let urls = known.entry(operation.path.trim_end_matches('/')).or_insert_with(Vec::new);
            urls.extend(items.iter().filter_map(|item| item_url(&list, &item["id"])));
            match page_count(&body).map_or(!items.is_empty(), |count| u64::from(number) < count) {
                // After some pages other lists come first, so that more than one is seen.
                true if number % 4 == 0 => walks.push_back((list, number + 1)),
                true => walks.push_front((list, number + 1)),
                false => {}
            }
        }
        requests += left;
        let rest = if walks.is_empty() { "" } else { "; there are more, see --max-requests" };
        report.walks.push(format!("{}: {pages} pages, {count} items{rest}", operation.name));
    }
    if operations.is_empty() {
        bail!("openapi/press.yaml has no paginated operation");
    }
    Ok(report)
}

async fn get(request: reqwest::RequestBuilder) -> Result<(u16, Option<Value>)> {
    let answer = async {
        let response = request.send().await?;
        Ok((response.status().as_u16(), response.bytes().await?))
    };
    let answer = answer.await.map_err(reqwest::Error::without_url);
    match answer.context("the service could not be asked")? {
        (401, _) => bail!("the service rejects the token; check PEAK_AUTH_TOKEN"),
        (status, body) => Ok((status, serde_json::from_slice(&body).ok())),
    }
}

/// A paginated operation of the document.
struct Operation<'a> {
    name: &'a str,
    path: &'a str,
    page_number: &'a str,
    page_size: Option<&'a str>,
    responses: &'a Map<String, Value>,
}

/// Finds the paginated operations, those first that list what the paths of others need.
fn operations(document: &Value) -> Vec<Operation<'_>> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        let parameters = [&item["parameters"], &item["get"]["parameters"]];
        let parameters = parameters.into_iter().filter_map(Value::as_array).flatten();
        let query = parameters.map(|parameter| resolve(document, parameter));
        let query: Vec<_> = query.filter(|parameter| parameter["in"] == "query").collect();
        let named = |names: &[&str]| {
            let mut query = query.iter().filter_map(|parameter| parameter["name"].as_str());
            query.find(|name| names.contains(&plain(name).as_str()))
        };
        let page_number = named(&["page", "pagenumber", "pageindex"]);
        if let (Some(page_number), Some(responses)) = (page_number, item["get"]["responses"].as_object()) {
            operations.push(Operation {
                name: item["get"]["operationId"].as_str().unwrap_or(path),
                path,
                page_number,
                page_size: named(&["pagesize", "perpage", "limit", "size"]),
                responses,
            });
        }
    }
    operations.sort_by_key(|operation| operation.path.matches('{').count());
    operations
}

/// Returns the lists of an operation, each with the number of its first page; one page that should be refused is first.
fn walks(base_url: &Url, operation: &Operation<'_>, known: &BTreeMap<&str, Vec<Url>>) -> VecDeque<(Url, u32)> {
    let (bases, path) = match operation.path.rsplit_once('}') {
        None => (std::slice::from_ref(base_url), operation.path),
        Some((head, path)) => {
            let list = head.rsplit_once("/{").map_or("", |(list, _)| list);
            (known.get(list).map(Vec::as_slice).unwrap_or_default(), path)
        }
    };
    let mut walks: VecDeque<_> = bases.iter().filter_map(|base| Some((join(base, path)?, 1))).collect();
    if let Some((list, _)) = walks.front().cloned() {
        walks.push_front((list, 0));
    }
    walks
}

/// Returns the address of an item of a list; `None` if it has no id, or one that would change the path.
fn item_url(list: &Url, id: &Value) -> Option<Url> {
    let id = id.as_str().map_or_else(|| Some(id.as_u64()?.to_string()), |id| Some(id.replace('/', "%2F")))?;
    (!["", ".", ".."].contains(&id.as_str())).then(|| join(list, &format!("/{id}")))?
}

fn join(base: &Url, path: &str) -> Option<Url> {
    let mut url = base.clone();
    url.path_segments_mut().ok()?.pop_if_empty().extend(path.split('/').skip(1));
    Some(url)
}

/// Finds the items of a page: the first list of objects.
fn items(body: &Value) -> Option<&[Value]> {
    match body {
        Value::Array(items) => items.iter().all(Value::is_object).then_some(items),
        Value::Object(fields) => fields.values().find_map(items),
        _ => None,
    }
}

/// Finds the number of pages in a page.
fn page_count(body: &Value) -> Option<u64> {
    let names = ["pagecount", "pages", "totalpages", "lastpage"];
    body.as_object()?.iter().find_map(|(name, value)| match value.as_u64() {
        Some(count) => names.contains(&plain(name).as_str()).then_some(count),
        None => page_count(value),
    })
}

/// Returns a name in lower case without what stands between its words.
fn plain(name: &str) -> String {
    name.to_lowercase().replace(['_', '-', '.'], "")
}

/// Makes the validator of a response; `None` if the document describes no JSON body.
fn validator(document: &Value, operation: &Operation<'_>, status: u16) -> Result<Option<Validator>> {
    let keys = [status.to_string(), format!("{}XX", status / 100), "default".to_owned()];
    let response = keys.iter().find_map(|key| operation.responses.get(key));
    let content = resolve(document, response.context("is not documented")?)["content"].as_object();
    let Some((_, media)) = content.and_then(|content| content.iter().find(|(name, _)| name.contains("json"))) else {
        return Ok(None);
    };
    let options = jsonschema::draft202012::options().should_validate_formats(true);
    let validator = options.build(&strict(document, &media["schema"], 0));
    let validator = validator.map_err(|error| anyhow!("cannot be validated: {}", error.kind().keyword()));
    validator.map(Some)
}

/// Returns a schema that names all that is valid, without references, in the words of JSON Schema.
fn strict(document: &Value, schema: &Value, depth: usize) -> Value {
    // A schema can hold itself.
    if depth > 16 {
        return json!(true);
    }
    let mut words = merged(document, schema);
    let inner = |schema: &mut Value| *schema = strict(document, schema, depth + 1);
    for (word, value) in &mut words {
        match (word.as_str(), value) {
            ("properties", Value::Object(fields)) => fields.values_mut().for_each(inner),
            ("anyOf" | "oneOf", Value::Array(choices)) => choices.iter_mut().for_each(inner),
            ("items" | "additionalProperties", schema @ Value::Object(_)) => inner(schema),
            _ => {}
        }
    }
    let choice = words.contains_key("anyOf") || words.contains_key("oneOf");
    let more = words.get("additionalProperties").and_then(Value::as_object);
    if words.contains_key("properties") && !choice && more.is_none_or(Map::is_empty) {
        words.insert("additionalProperties".to_owned(), json!(false));
    }
    // Those of OpenAPI 3.0 only say that a limit is no value itself.
    words.retain(|word, value| !(word.starts_with("exclusive") && value.is_boolean()));
    match words.remove("nullable") {
        Some(Value::Bool(true)) => json!({ "if": { "type": "null" }, "else": words }),
        _ => words.into(),
    }
}

/// Merges a schema with its reference and its `allOf`.
fn merged(document: &Value, schema: &Value) -> Map<String, Value> {
    let mut words = Map::new();
    for (word, value) in schema.as_object().into_iter().flatten() {
        let parts: Vec<_> = match (word.as_str(), value) {
            ("$ref", _) => match resolve(document, schema) {
                target if target["$ref"].is_string() => Vec::new(),
                target => merged(document, target).into_iter().collect(),
            },
            ("allOf", Value::Array(parts)) => parts.iter().flat_map(|part| merged(document, part)).collect(),
            _ => vec![(word.clone(), value.clone())],
        };
        for (word, value) in parts {
            match (words.get_mut(&word), value) {
                (Some(Value::Object(fields)), Value::Object(more)) if word == "properties" => fields.extend(more),
                (Some(Value::Array(names)), Value::Array(more)) if word == "required" => names.extend(more),
                (_, value) => drop(words.insert(word, value)),
            }
        }
    }
    words
}

/// Follows references within the document.
fn resolve<'a>(document: &'a Value, mut value: &'a Value) -> &'a Value {
    for _ in 0..8 {
        let target = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
        value = target.and_then(|pointer| document.pointer(pointer)).unwrap_or(value);
    }
    value
}

/// Describes what is not valid by names and places.
fn describe(error: &ValidationError<'_>, found: &mut dyn FnMut(String)) {
    let at = error.instance_path().as_str().split('/');
    let at = at.map(|segment| if segment.parse::<usize>().is_ok() { "*" } else { shown(segment) });
    let at = at.collect::<Vec<_>>().join("/");
    match error.kind() {
        Kind::AdditionalProperties { unexpected } => {
            for name in unexpected {
                let of = JsonType::from(&error.instance()[name]);
                found(format!("{at}/{}: no such field ({of})", shown(name)));
            }
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            // The choice that was meant is the one that fails deepest.
            let depth = |error: &ValidationError<'_>| error.instance_path().as_str().len();
            let choice = context.iter().max_by_key(|errors| errors.iter().map(depth).max());
            choice.into_iter().flatten().for_each(|error| describe(error, found));
        }
        Kind::Required { property } => found(format!("{at}/{}: missing", property.as_str().map_or("", shown))),
        Kind::Enum { .. } => {
            let value = error.instance().as_str().map_or("(withheld)", shown);
            found(format!("{at}: no such value ({value})"));
        }
        Kind::Type { .. } => found(format!("{at}: wrong type ({})", JsonType::from(error.instance().as_ref()))),
        kind => found(format!("{at}: invalid ({})", kind.keyword())),
    }
}

/// Withholds what does not look like an identifier, since it could be private.
fn shown(text: &str) -> &str {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
    if text.len() <= 32 && text.bytes().all(good) { text } else { "(withheld)" }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A change of each page of specs, and what is found then.
    type Case = (&'static str, fn(&mut Value), &'static [&'static str]);

    #[rustfmt::skip]
    const CASES: &[Case] = &[
        ("nothing", |_| {}, &[]),
        ("unnamed fields", |page| {
            page["next"] = json!("PRIVATE");
            page["specs"][0]["metadata"]["PRIVATE @"] = json!(true);
            page["specs"][0]["owner"] = json!({ "mail": "PRIVATE" });
        }, &["/next: no such field (string)", "/specs/*/metadata/(withheld): no such field (boolean)", "/specs/*/owner: no such field (object)"]),
        ("unnamed values", |page| {
            page["specs"][0]["kind"] = json!("notebook");
            page["specs"][0]["scope"] = json!("of PRIVATE");
        }, &["/specs/*/kind: no such value (notebook)", "/specs/*/scope: no such value ((withheld))"]),
        ("null", |page| {
            page["specs"][0]["metadata"]["summary"] = Value::Null;
            page["specs"][0]["metadata"]["tags"] = json!([null]);
            page["specs"][1]["id"] = Value::Null;
        }, &["/specs/*/id: wrong type (null)", "/specs/*/metadata/tags/*: wrong type (null)"]),
        ("absent", |page| { page.as_object_mut().and_then(|page| page.remove("pageCount")); }, &["/pageCount: missing"]),
        ("types", |page| {
            page["specs"][0]["featured"] = json!("PRIVATE");
            page["specs"][0]["latestRelease"] = json!("PRIVATE");
        }, &["/specs/*/featured: wrong type (string)", "/specs/*/latestRelease: wrong type (string)"]),
        ("formats and limits", |page| {
            page["specs"][0]["metadata"]["createdAt"] = json!("PRIVATE");
            page["pageNumber"] = json!(-1);
        }, &["/pageNumber: invalid (minimum)", "/specs/*/metadata/createdAt: invalid (format)"]),
    ];

    #[tokio::test]
    async fn deviations_are_found_at_their_places_without_contents() -> Result<()> {
        for (name, change, expected) in CASES {
            let mock = MockPress::builder().generated_specs(3).generated_deployments(11);
            let mock = mock.start()?;
            mock.on_page(move |_, page| {
                if page.get("specs").is_some() {
                    change(page);
                }
            });
            let token = mock.token().to_owned();
            let report = check(mock.url(), &token, 50, 10).await?;
            let found: Vec<_> = report.findings.keys().map(String::as_str).collect();
            let expected: Vec<_> = expected.iter().map(|finding| format!("list_specs 200 {finding}")).collect();
            assert_eq!(found, expected, "{name}");
            let deployments = if *name == "null" { "4 pages, 22 items" } else { "6 pages, 33 items" };
            assert!(report.walks[1].ends_with(deployments), "{name}: {:?}", report.walks);
        }
        Ok(())
    }

    #[test]
    fn schemas_of_other_styles_are_strict() -> Result<()> {
        let document = json!({ "components": { "schemas": {
            "Base": { "type": "object", "properties": { "id": { "type": "integer", "minimum": 0, "exclusiveMinimum": true } } },
            "Thing": { "allOf": [{ "$ref": "#/components/schemas/Base" }, { "properties": {
                "part": { "anyOf": [{ "$ref": "#/components/schemas/Thing" }, { "type": "null" }] },
                "more": { "type": "object", "additionalProperties": true },
            } }] },
        } } });
        let schema = strict(&document, &json!({ "$ref": "#/components/schemas/Thing" }), 0);
        let validator = jsonschema::draft202012::new(&schema).map_err(|error| anyhow!("{error}"))?;
        assert!(validator.is_valid(&json!({ "id": 1, "part": { "part": null }, "more": { "any": 1 } })));
        let mut found = Vec::new();
        let body = json!({ "part": { "part": { "id": "x", "name": 1 } } });
        validator.iter_errors(&body).for_each(|error| describe(&error, &mut |finding| found.push(finding)));
        found.sort();
        assert_eq!(found, ["/part/part/id: wrong type (string)", "/part/part/name: no such field (number)"]);
        Ok(())
    }
}
