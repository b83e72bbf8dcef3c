//! Compares what the service answers with what `openapi/press.yaml` says of it.
//!
//! ```sh
//! cargo conformance            # the service, or without a token a mock of it
//! cargo conformance --json
//! cargo conformance --help
//! ```
//!
//! | module | does |
//! |---|---|
//! | [`walk`] | asks both operations, within a number of requests; checks that the paging adds up |
//! | [`shape`] | sums up all bodies of one kind: which fields, how often, of which types |
//! | [`contract`] | finds in press.yaml what a body should be |
//! | [`compare`] | puts the two side by side |
//! | [`patch`] | what to change in press.yaml, so that it says what was seen |
//! | [`report`] | what comes out, as text or JSON |
//!
//! It reads raw bodies with an HTTP client of its own, and not through `press-specs`, for which a null and an absence
//! are the same. It uses no JSON Schema validator either: to one of these an unnamed field is no error where
//! `additionalProperties` is true, and what it says of a value contains the value. Contents may be private. What leaves
//! this program are names, places, counts, types, statuses and values of enumerations, the last only as far as they look
//! like identifiers.

mod compare;
mod contract;
mod patch;
mod report;
mod shape;
#[cfg(test)]
mod tests;
mod walk;

use std::{
    env,
    io::{self, Write as _},
    process::ExitCode,
};

use anyhow::Result;
use clap::{Parser, value_parser};
use press_specs::{ErrorKind, Session, mock::MockPress};

use crate::{contract::Contract, report::Report, walk::Service};

const PRESS_YAML: &str = include_str!("../../../openapi/press.yaml");

const AFTER_HELP: &str = "\
Environment: the token is in PEAK_AUTH_TOKEN or API_KEY, the stage in PEAK__STAGE or STAGE (prod).
Without a token it asks a mock of the service, which conforms.

Exit status: 0 if all answers are as press.yaml says, 1 if not, 2 if the service could not be asked.

The JSON document:
  conforms      whether there is no deviation
  service       the base URL that was asked
  requests      how many requests were made
  walks         {operation, walks, pages, items, complete} for each operation
  deviations    what press.yaml does not say, each as
                {kind, operation, status, at, schema, count, of, seen, expected}:
                at is the place in the answers, a JSON pointer with * for each entry of a list,
                schema the place in press.yaml, count and of how often of how many times,
                seen the names of types, the statuses or the values of an enumeration.
                kind is one of unnamed_field, unknown_value, null, absent, type, time, minimum,
                status, media_type, not_json, page_number, page_size, page_count, item_count, repeated_id
  information   what press.yaml allows, in the same form: nulls and absences
  notes         what was not looked at
  patch         a JSON merge patch (RFC 7396) for press.yaml, after which it names what was seen
";

/// Compares what the Press API answers with what openapi/press.yaml says of it.
#[derive(Parser)]
#[command(name = "cargo conformance", bin_name = "cargo conformance", after_help = AFTER_HELP)]
struct Arguments {
    /// Ask the API at this address, with the token of the environment.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Make no more requests than this.
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = value_parser!(u32).range(5..))]
    max_requests: u32,
    /// Ask for this many items on a page.
    #[arg(long, value_name = "COUNT", default_value_t = 25, value_parser = value_parser!(u32).range(1..))]
    page_size: u32,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let printed = check(&arguments).await.and_then(|report| {
        let text = if arguments.json { report.json()? } else { report.text()? };
        io::stdout().write_all(text.as_bytes())?;
        Ok(report)
    });
    match printed {
        Ok(report) => report.exit_code(),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn check(arguments: &Arguments) -> Result<Report> {
    let (base_url, token, _mock) = address(arguments)?;
    let contract = Contract::parse(PRESS_YAML)?;
    let service = Service::new(&base_url, &token, arguments.max_requests)?;
    walk::check(&contract, service, arguments.page_size).await
}

/// Whom to ask, and with which token.
fn address(arguments: &Arguments) -> Result<(String, String, Option<MockPress>)> {
    let mut builder = Session::builder();
    if let Some(url) = &arguments.base_url {
        builder = builder.base_url(url);
    }
    // The session knows the stages and the rules; only the token it never gives back.
    match builder.build() {
        Ok(session) => {
            let token = ["PEAK_AUTH_TOKEN", "API_KEY"].map(|name| env::var(name).unwrap_or_default());
            let token = token.into_iter().find(|token| !token.is_empty()).unwrap_or_default();
            Ok((session.base_url().to_owned(), token, None))
        }
        Err(error) if error.kind() == ErrorKind::MissingEnvironmentVariable && arguments.base_url.is_none() => {
            eprintln!("There is no token in PEAK_AUTH_TOKEN or API_KEY, so this asks a mock of the service.");
            let mock = MockPress::builder()
                .generated_specs(110)
                .generated_deployments(60)
                .start()?;
            Ok((mock.url().to_owned(), mock.token(), Some(mock)))
        }
        Err(error) => Err(error.into()),
    }
}
