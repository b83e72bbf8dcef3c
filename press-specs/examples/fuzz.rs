//! Feeds mutated responses to the client, and checks that each is a page that loses nothing, or an
//! error.
//!
//! ```sh
//! cargo run --release -p press-specs --features mock --example fuzz -- --seconds 3600
//! ```

use std::{
    error::Error,
    io::{self, Write},
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
use serde_json::Value;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Words that replace the tokens of a page.
const JSON: &str = r#"null true 0 -0 3 -1 1.5 1e999 18446744073709551615 18446744073709551616 -9223372036854775808 " \ [ ] {
    } , : [] {} {"":0}, [[],null] "" "x" "id" "kind" "extra" "specs" "deployments" "pageCount" "metadata" "tags" "name"
    "2020-02-30T25:61:61.999999999+99:99" "\ud800" "\u0000\u2028" \x é "#;

/// Words that make a position, or nearly one.
const POSITION: &str = "v1. . .p .i .s .n end p1 i0 s25 n 0 7 +1 4294967296 é";

/// Feed mutated responses to the client.
#[derive(Parser)]
struct Arguments {
    /// Time in seconds after which no new case is started.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Seed of the first case. The next ones count up from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let arguments = Arguments::parse();
    let mock = MockPress::builder()
        .generated_specs(7)
        .generated_deployments(2)
        .keep_requests(0)
        .start()?;
    let client = get_client(mock.session_builder().retry(RetryPolicy::none()).build()?)?;
    let pages = [
        serde_json::to_string(&client.list_specs().page_size(3).page(1).await?)?,
        serde_json::to_string(
            &client.list_spec_release_deployments(&mock.spec_ids()[0]).page(1).await?,
        )?,
    ];
    let end = Instant::now() + Duration::from_secs(arguments.seconds);
    let (mut cases, mut decoded, mut received) = (0_u64, 0_u64, 0_u64);
    while Instant::now() < end {
        let seed = arguments.seed.wrapping_add(cases);
        let mut rng = Rng::with_seed(seed);
        let body = mutated(&mut rng, &pages);
        let position: String = (0..rng.usize(..10)).map(|_| word(&mut rng, POSITION)).collect();
        let failed = |problem| format!("--seed {seed}: {problem}\n{}", body.escape_ascii());
        let checked = panic::catch_unwind(|| {
            let read = position.parse::<Position>().map(|read| read.to_string());
            if read.is_ok_and(|read| read != position) {
                return Err(format!("the position {position:?} changes").into());
            }
            Ok(check::<DeploymentPage>(&body)? | check::<SpecPage>(&body)?)
        });
        decoded += u64::from(checked.unwrap_or_else(|_| Err("a panic".into())).map_err(failed)?);
        // HTTP takes far longer than decoding.
        if seed.is_multiple_of(20) {
            received +=
                u64::from(send(&mut rng, &client, &mock, body.clone()).await.map_err(failed)?);
        }
        cases += 1;
    }
    println!("{cases} cases, {decoded} of them pages, {received} of them received by the client");
    Ok(())
}

/// Decodes `body`, and checks that a page holds what it says.
fn check<P: DeserializeOwned + Serialize>(body: &[u8]) -> Outcome<bool> {
    let Ok(page) = serde_json::from_slice::<P>(body) else { return Ok(false) };
    let mut encoded = serde_json::to_value(&page)?;
    let again = serde_json::to_value(serde_json::from_value::<P>(encoded.clone())?)?;
    if again != encoded {
        return Err(format!("changes when it is decoded again: {encoded} and {again}").into());
    }
    let mut received = serde_json::from_slice(body)?;
    remove_nulls(&mut received);
    remove_nulls(&mut encoded);
    if encoded == received {
        Ok(true)
    } else {
        Err(format!("loses something: {received} became {encoded}").into())
    }
}

/// Removes fields of null, which may be absent as well.
fn remove_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(remove_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_nulls),
        _ => {}
    }
}

/// Sends the body to the client, perhaps compressed, and returns whether it was a page.
async fn send(rng: &mut Rng, client: &Spec, mock: &MockPress, body: Vec<u8>) -> Outcome<bool> {
    mock.fault(match rng.bool() {
        true => Fault::raw_body(gzip(rng, &body)?).header("content-encoding", "gzip"),
        false => Fault::raw_body(body),
    });
    let start = Instant::now();
    let result = client.list_specs().page(1).await;
    if start.elapsed() > Duration::from_secs(2) {
        return Err(format!("takes {:?}", start.elapsed()).into());
    }
    let Err(error) = result else { return Ok(true) };
    let text = error.to_string();
    let is_expected = matches!(error.kind(), ErrorKind::InvalidResponse | ErrorKind::Connection);
    let is_short_line = text.len() < 3000 && !text.contains(char::is_control);
    if is_expected && is_short_line { Ok(false) } else { Err(error.into()) }
}

/// Compresses a body in one to three members, and damages some.
fn gzip(rng: &mut Rng, body: &[u8]) -> io::Result<Vec<u8>> {
    let mut compressed = Vec::new();
    for part in body.chunks((body.len() / rng.usize(1..3)).max(1)) {
        GzEncoder::new(&mut compressed, Compression::fast()).write_all(part)?;
    }
    match rng.u8(..8) {
        0 => compressed.truncate(rng.usize(..=compressed.len())),
        1 => flip_bit(rng, &mut compressed),
        _ => {}
    }
    Ok(compressed)
}

/// Returns a page with some tokens changed, perhaps no page any more.
fn mutated(rng: &mut Rng, pages: &[String]) -> Vec<u8> {
    let is_mark = |byte: &u8| b"{}[],:".contains(byte);
    let page = pages[rng.usize(..pages.len())].as_bytes();
    let mut tokens: Vec<_> =
        page.chunk_by(|a, b| !is_mark(a) && !is_mark(b)).map(<[u8]>::to_vec).collect();
    for _ in 0..rng.usize(..4) {
        let at = rng.usize(..tokens.len());
        let end = rng.usize(at..tokens.len().min(at + 10));
        match rng.u8(..12) {
            0 => tokens.truncate(end.max(1)),
            1 => drop(tokens.drain(at..end)),
            2 => drop(tokens.splice(at..at, tokens[at..end].to_vec())),
            3 => tokens.swap(at, end),
            4 => tokens[at] = tokens[at].repeat(rng.usize(..300)),
            5 => flip_bit(rng, &mut tokens[at]),
            6 => tokens[at] = f64::from_bits(rng.u64(..)).to_string().into(),
            7 => tokens[at] = Value::from(rng.char(..).to_string()).to_string().into(),
            _ => tokens[at] = word(rng, JSON).into(),
        }
    }
    tokens.concat()
}

fn flip_bit(rng: &mut Rng, bytes: &mut [u8]) {
    if let Some(byte) = rng.choice(bytes) {
        *byte ^= 1 << rng.u8(..8);
    }
}

/// Chooses a word of a text.
fn word<'a>(rng: &mut Rng, text: &'a str) -> &'a str {
    rng.choice(text.split_whitespace().collect::<Vec<_>>()).unwrap_or_default()
}
