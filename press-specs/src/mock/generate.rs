//! Generated items: deterministic, and about as large as real ones.

use serde_json::{Value, json};

use super::operation::{DEPLOYMENT_STATUSES, KINDS, SCOPES, SPEC_STATUSES};

const VERBS: &[&str] = &["load", "clean", "score", "forecast", "segment", "export", "train"];
const NOUNS: &[&str] = &["objects", "clients", "orders", "prices", "stock", "invoices", "cafés"];
const TAGS: &[&str] = &["retail", "pricing", "R&D", "supply chain", "salesforce"];
const VERSIONS: &[&str] = &["1.0.0", "1.1.0", "1.2.3", "2.0.0-rc.1", "2.0.0"];
const PEOPLE: &[&str] = &[
    "jane.smith@peak.ai",
    "noor.khan@peak.ai",
    "li.wei@peak.ai",
    "zoë.müller@peak.ai",
    "platform@peak.ai",
];

const BETWEEN_SPECS: u64 = 17 * 60;
const BETWEEN_DEPLOYMENTS: u64 = 31 * 60 + 1;

/// Hashes a number with splitmix64, so that consecutive numbers look unrelated.
fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

fn pick(of: &[&'static str], number: u64) -> &'static str {
    of[(number % of.len() as u64) as usize]
}

/// A version 4 UUID, unique for each number below 2^48.
fn uuid(seed: u64, number: u64) -> String {
    let mixed = mix(seed ^ mix(number));
    let first = mixed >> 32;
    let second = (mixed >> 16) & 0xffff;
    let third = (mixed >> 4) & 0xfff;
    let fourth = mixed & 0xfff;
    format!(
        "{first:08x}-{second:04x}-4{third:03x}-a{fourth:03x}-{:012x}",
        number & 0xffff_ffff_ffff
    )
}

/// A time since 2020, in months of 28 days, so that every date exists.
fn time(seconds: u64, millis: u64) -> String {
    let days = seconds / 86_400;
    let year = 2020 + days / 336;
    let month = 1 + days / 28 % 12;
    let day = 1 + days % 28;
    let hour = seconds / 3600 % 24;
    let minute = seconds / 60 % 60;
    let second = seconds % 60;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", millis % 1000)
}

fn metadata(number: u64, suffix: &str, status: &str, created_at: &str) -> Value {
    let mixed = mix(number);
    let verb = pick(VERBS, mixed);
    let noun = pick(NOUNS, mixed >> 8);
    let tag = |number| json!({ "name": pick(TAGS, (mixed >> 26).wrapping_add(number)) });
    let description = format!(
        "# {noun}\n\nReads {noun} from the \"raw\" schema of the warehouse, checks each row and \
         writes valid ones to the schema that you choose.\n\nRuns on a schedule or by hand; see \
         the release notes for changes."
    );
    json!({
        "name": format!("{verb}-{noun}{suffix}"),
        "title": format!("{} {noun}{suffix}", verb.to_uppercase()),
        "summary": format!("A {verb} of {noun} from the data source – without writing code."),
        "description": description,
        "descriptionContentType": "text/markdown",
        "imageUrl": format!("https://press.peak.ai/images/image-{}.jpg", mixed % 24),
        "status": status,
        "tags": (0..(mixed >> 24) % 4).map(tag).collect::<Vec<_>>(),
        "createdAt": created_at,
        "createdBy": pick(PEOPLE, mixed >> 16),
    })
}

/// Generates the spec with this number; higher numbers are created later.
pub(super) fn spec(number: u64) -> Value {
    let mixed = mix(number ^ 0x5bec);
    let created = BETWEEN_SPECS.saturating_mul(number);
    let version = pick(VERSIONS, mixed >> 50);
    let status = pick(SPEC_STATUSES, mixed >> 40);
    json!({
        "id": uuid(1, number),
        "kind": pick(KINDS, mixed >> 10),
        "featured": (mixed >> 30).is_multiple_of(5),
        "scope": pick(SCOPES, mixed >> 20),
        "latestRelease": {
            "id": uuid(2, number),
            "version": version,
            "notes": format!("Fixes and small improvements of release {version}."),
            "createdAt": time(created.saturating_add(mixed % 900_000), mixed >> 7),
            "createdBy": pick(PEOPLE, mixed >> 55),
        },
        "metadata": metadata(number, &format!("-{:06}", number + 1), status, &time(created, mixed)),
    })
}

/// Generates a deployment of the generated spec with the number `spec`; higher numbers are created
/// later.
pub(super) fn deployment(spec: u64, spec_id: &str, number: u64) -> Value {
    let mixed = mix(spec.wrapping_mul(0x1_0001) ^ mix(number));
    let created = BETWEEN_SPECS
        .saturating_mul(spec)
        .saturating_add(BETWEEN_DEPLOYMENTS.saturating_mul(1 + number));
    let status = pick(DEPLOYMENT_STATUSES, mixed >> 20);
    let revision = 1 + (mixed >> 40) % 9;
    let mut deployment = json!({
        "id": uuid(3 + spec, number),
        "kind": pick(KINDS, mixed >> 10),
        "latestRevision": {
            "id": uuid(4 ^ mix(spec), number),
            "revision": revision,
            "status": status,
            "notes": format!("Revision {revision}"),
            "createdAt": time(created.saturating_add(mixed % 9_000), mixed >> 7),
            "createdBy": pick(PEOPLE, mixed >> 50),
        },
        "metadata": metadata(mixed, &format!("-{:04}", number + 1), status, &time(created, mixed)),
    });
    // The API usually includes the spec, but not always.
    if mixed % 8 != 7 {
        deployment["spec"] =
            json!({ "id": spec_id, "release": { "version": pick(VERSIONS, mixed >> 30) } });
    }
    deployment
}
