//! Feeds mutated responses to the client, and checks that each is a page that loses nothing, or an error.
//!
//! ```sh
//! cargo run --release -p press-specs --features mock --example fuzz -- --seconds 3600
//! ```

use std::{
    error::Error,
    io::Write,
    panic,
    time::{Duration, Instant},
};

use clap::Parser;
use fastrand::Rng;
use flate2::{Compression, write::GzEncoder};
use press_specs::{
    ErrorKind, Position, RetryPolicy, Spec, get_client,
    mock::{Fault, MockPress},
    types::{DeploymentPage, SpecPage},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// Feed mutated responses to the client.
#[derive(Debug, Parser)]
struct Arguments {
    /// Time in seconds after which no new case is started.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Seed of the first case. The next ones count up from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of cases; without it, only the time ends the run.
    #[arg(long)]
    cases: Option<u64>,
}

/// Numbers of cases by their outcome.
#[derive(Debug, Default)]
struct Counts {
    decoded: u64,
    refused: u64,
    sent: u64,
    pages: u64,
}

/// The share of cases that also go through the client.
const SENT: u64 = 20;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let mock = MockPress::builder().generated_specs(7).generated_deployments(2).keep_requests(0).start()?;
    let client = get_client(mock.session_builder().retry(RetryPolicy::none()).build()?)?;
    let seeds = [
        serde_json::to_value(client.list_specs().page_size(3).page(1).await?)?,
        serde_json::to_value(client.list_spec_release_deployments(&mock.spec_ids()[0]).page(1).await?)?,
    ];
    let end = Instant::now() + Duration::from_secs(arguments.seconds);
    let mut counts = Counts::default();
    let (mut case, mut report) = (0, Instant::now());
    while Instant::now() < end && arguments.cases.is_none_or(|cases| case < cases) {
        let seed = arguments.seed.wrapping_add(case);
        let mut rng = Rng::with_seed(seed);
        let body = mutated(&mut rng, &seeds);
        let checked = panic::catch_unwind(|| {
            check::<DeploymentPage>(&body)?;
            check_position(&mut Rng::with_seed(seed))?;
            check::<SpecPage>(&body)
        });
        match checked {
            Ok(Ok(true)) => counts.decoded += 1,
            Ok(Ok(false)) => counts.refused += 1,
            Ok(Err(problem)) => return Err(format!("--seed {seed}: {problem}\n{}", body.escape_ascii()).into()),
            Err(_) => return Err(format!("--seed {seed}: a panic\n{}", body.escape_ascii()).into()),
        }
        if case % SENT == 0 {
            counts.sent += 1;
            let sent = send(&mut rng, &client, &mock, body).await;
            counts.pages += u64::from(sent.map_err(|problem| format!("--seed {seed}: {problem}"))?);
        }
        case += 1;
        if report.elapsed() > Duration::from_secs(60) {
            report = Instant::now();
            println!("{case} cases, {counts:?}");
        }
    }
    println!("{case} cases, {counts:?}: each was a page that loses nothing, or an error");
    Ok(())
}

/// Decodes `body`, and checks that what it decodes to is what it says.
fn check<P: DeserializeOwned + Serialize>(body: &[u8]) -> Result<bool, String> {
    let Ok(page) = serde_json::from_slice::<P>(body) else {
        return Ok(false);
    };
    let mut input: Value = serde_json::from_slice(body).map_err(|error| format!("decoded what is no JSON: {error}"))?;
    let mut output = serde_json::to_value(&page).map_err(|error| format!("cannot be encoded: {error}"))?;
    let again: P =
        serde_json::from_value(output.clone()).map_err(|error| format!("cannot be decoded again: {error}"))?;
    let encoded = serde_json::to_value(&again).map_err(|error| error.to_string())?;
    if encoded != output {
        return Err(format!("changes when it is decoded again: {output} and {encoded}"));
    }
    without_nulls(&mut input);
    without_nulls(&mut output);
    if input == output { Ok(true) } else { Err(format!("loses something: {input} became {output}")) }
}

/// Removes fields of null, which may be absent as well.
fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

/// Checks that a text is the position that it reads as.
fn check_position(rng: &mut Rng) -> Result<(), String> {
    const PARTS: [&str; 12] = ["v1", ".", "p", "i", "s", "n", "end", "0", "7", "+1", "4294967296", "é"];
    let text: String = (0..rng.usize(..10)).map(|_| PARTS[rng.usize(..PARTS.len())]).collect();
    match text.parse::<Position>() {
        Ok(position) if position.to_string() != text => Err(format!("{text:?} became {position}")),
        _ => Ok(()),
    }
}

/// Sends the body to the client in one of several ways, and returns whether it was a page.
async fn send(rng: &mut Rng, client: &Spec, mock: &MockPress, mut body: Vec<u8>) -> Result<bool, String> {
    let compressed = rng.bool();
    if compressed {
        body = gzip(rng, &body);
        if rng.u8(..4) == 0 {
            damage(rng, &mut body);
        }
    }
    let shown = body.escape_ascii().to_string();
    let fault = Fault::raw_body(body);
    mock.fault(if compressed { fault.header("content-encoding", "gzip") } else { fault });
    let start = Instant::now();
    let result = client.list_specs().page(1).await;
    if start.elapsed() > Duration::from_secs(2) {
        return Err(format!("takes {:?}\n{shown}", start.elapsed()));
    }
    match result {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind(), ErrorKind::InvalidResponse | ErrorKind::Connection) => {
            // What it says is bounded and on one line.
            let text = error.to_string();
            if text.len() < 3000 && !text.contains(char::is_control) { Ok(false) } else { Err(text) }
        }
        Err(error) => Err(format!("{error:?}\n{shown}")),
    }
}

/// Compresses a body in one to three members.
fn gzip(rng: &mut Rng, body: &[u8]) -> Vec<u8> {
    let mut compressed = Vec::new();
    for part in body.chunks((body.len() / rng.usize(1..3)).max(1)) {
        let mut encoder = GzEncoder::new(&mut compressed, Compression::fast());
        let written = encoder.write_all(part).and_then(|()| encoder.finish().map(drop));
        written.expect("a vector takes all");
    }
    compressed
}

/// Returns a page with some changes, perhaps no page any more.
fn mutated(rng: &mut Rng, seeds: &[Value]) -> Vec<u8> {
    let mut page = seeds[rng.usize(..seeds.len())].clone();
    for _ in 0..rng.usize(..4) {
        change(rng, &mut page);
    }
    let mut body = page.to_string().into_bytes();
    if rng.u8(..5) == 0 {
        for _ in 0..rng.usize(1..4) {
            damage(rng, &mut body);
        }
    }
    body
}

/// Changes one node of a tree.
fn change(rng: &mut Rng, node: &mut Value) {
    let deeper = rng.u8(..12) > 0;
    match node {
        Value::Array(items) if deeper && !items.is_empty() => {
            let at = rng.usize(..items.len());
            match rng.u8(..8) {
                0 => drop(items.remove(at)),
                1 => items.insert(at, items[at].clone()),
                _ => change(rng, &mut items[at]),
            }
        }
        Value::Object(fields) if deeper && !fields.is_empty() => {
            let at = rng.usize(..fields.len());
            let Some(name) = fields.keys().nth(at).cloned() else {
                return;
            };
            match rng.u8(..8) {
                0 => drop(fields.remove(&name)),
                1 => drop(fields.insert(FIELDS[rng.usize(..FIELDS.len())].to_owned(), any(rng, 3))),
                2 => {
                    let moved = fields.remove(&name).unwrap_or_default();
                    fields.insert(FIELDS[rng.usize(..FIELDS.len())].to_owned(), moved);
                }
                _ => fields.get_mut(&name).into_iter().for_each(|field| change(rng, field)),
            }
        }
        _ => *node = any(rng, 3),
    }
}

const FIELDS: [&str; 14] = [
    "",
    "x",
    "extra",
    "id",
    "kind",
    "specs",
    "deployments",
    "pageCount",
    "pageNumber",
    "specCount",
    "metadata",
    "tags",
    "createdAt",
    "\u{0}\u{2028}é",
];

/// Returns any value, up to a depth.
fn any(rng: &mut Rng, depth: u8) -> Value {
    match rng.u8(..if depth == 0 { 9 } else { 11 }) {
        0 => Value::Null,
        1 => json!(rng.bool()),
        2 => json!(rng.u64(..4)),
        3 => json!(rng.u64(..)),
        4 => json!(rng.i64(..)),
        5 => json!(f64::from_bits(rng.u64(..))),
        6 => json!(FIELDS[rng.usize(..FIELDS.len())]),
        7 => json!("2020-02-30T25:61:61.999999999+99:99"),
        8 => json!((0..rng.usize(..40)).map(|_| rng.char(..)).collect::<String>()),
        9 => (0..rng.usize(..4)).map(|_| any(rng, depth - 1)).collect(),
        _ => {
            let fields =
                (0..rng.usize(..4)).map(|_| (FIELDS[rng.usize(..FIELDS.len())].to_owned(), any(rng, depth - 1)));
            Value::Object(fields.collect())
        }
    }
}

/// Changes some bytes.
fn damage(rng: &mut Rng, body: &mut Vec<u8>) {
    const TOKENS: [&[u8]; 16] = [
        b"null",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\"",
        b"\\",
        b"\\ud800",
        b"1e999",
        b"-0",
        b"18446744073709551616",
        b"\xff",
        b"{\"\":0},",
        b"\x1f\x8b\x08",
    ];
    let at = rng.usize(..=body.len());
    let end = rng.usize(at..=body.len().min(at + 50));
    match rng.u8(..6) {
        0 => body.truncate(at),
        1 => drop(body.drain(at..end)),
        2 => drop(body.splice(at..at, TOKENS[rng.usize(..TOKENS.len())].iter().copied())),
        3 => {
            let copy = body[at..end].to_vec();
            let to = rng.usize(..=body.len());
            body.splice(to..to, copy);
        }
        4 => {
            let token = TOKENS[rng.usize(..TOKENS.len())].repeat(rng.usize(1..300));
            body.splice(at..at, token);
        }
        _ => body[at..end].iter_mut().for_each(|byte| *byte ^= 1 << rng.u8(..8)),
    }
}
