//! Generated items: the same ones for the same numbers, of about the size of real ones.

use std::fmt::Write as _;

use chrono::DateTime;

use super::catalogue::{Item, List, Moment};

const VERBS: [&str; 8] = [
    "load", "clean", "score", "forecast", "segment", "export", "train", "match",
];
const NOUNS: [&str; 9] = [
    "objects",
    "customers",
    "orders",
    "prices",
    "stock",
    "campaigns",
    "invoices",
    "visits",
    "cafés",
];
const PEOPLE: [&str; 7] = [
    "jane.smith@peak.ai",
    "ada.byron@peak.ai",
    "noor.khan@peak.ai",
    "li.wei@peak.ai",
    "zoë.müller@peak.ai",
    "sam.okafor@peak.ai",
    "platform@peak.ai",
];
const TAGS: [&str; 6] = ["salesforce", "pricing", "retail", "forecasting", "R&D", "supply chain"];
const KINDS: [&str; 3] = ["app", "workflow", "service"];
const SPEC_STATUSES: [&str; 5] = ["available", "available", "unavailable", "available", "archived"];
const SCOPES: [&str; 4] = ["private", "public", "shared", "private"];
const VERSIONS: [&str; 5] = ["1.0.0", "1.1.0", "1.2.3", "2.0.0-rc.1", "2.0.0"];
const DEPLOYMENT_STATUSES: [&str; 11] = [
    "deployed",
    "deploying",
    "failed",
    "warning",
    "redeploying",
    "rollback",
    "rollback_complete",
    "rollback_failed",
    "platform_resource_error",
    "deleting",
    "delete_failed",
];

/// 2020-01-01T18:00:00Z, when the first spec is created; each later one comes a while later.
const FIRST_SPEC: i64 = 1_577_901_600;
const BETWEEN_SPECS: i64 = 17 * 60;
const BETWEEN_DEPLOYMENTS: i64 = 31 * 60 + 1;

/// Mixes a number, so that neighbours look unlike each other (splitmix64).
fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

fn pick<'a>(of: &[&'a str], number: u64) -> &'a str {
    of[(number % of.len() as u64) as usize]
}

/// A version 4 UUID made of a seed; distinct numbers below 2^48 give distinct ones.
fn uuid(seed: u64, number: u64) -> String {
    let mixed = mix(seed ^ mix(number));
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        mixed >> 32,
        (mixed >> 16) & 0xffff,
        (mixed >> 4) & 0xfff,
        mixed & 0xfff,
        number & 0xffff_ffff_ffff,
    )
}

fn time(seconds: i64, millis: u64) -> (Moment, String) {
    let at = DateTime::from_timestamp(seconds, (millis % 1000) as u32 * 1_000_000);
    let at = at.unwrap_or_default();
    let moment = Moment::At(at.timestamp(), at.timestamp_subsec_nanos());
    (moment, at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

fn tags(mixed: u64) -> String {
    let mut tags = String::new();
    for number in 0..mixed % 4 {
        let comma = if number > 0 { "," } else { "" };
        let tag = pick(&TAGS, mixed / 4 + number);
        let _ = write!(tags, r#"{comma}{{"name":"{tag}"}}"#);
    }
    tags
}

/// The `metadata` of a generated item.
fn metadata(number: u64, suffix: &str, status: &str, created_at: &str) -> String {
    let mixed = mix(number);
    let verb = pick(&VERBS, mixed);
    let noun = pick(&NOUNS, mixed >> 8);
    let title = capitalized(verb);
    let by = pick(&PEOPLE, mixed >> 16);
    let image = mixed % 24;
    let tags = tags(mixed >> 24);
    format!(
        concat!(
            r#"{{"name":"{verb}-{noun}{suffix}","title":"{title} {noun}{suffix}","#,
            r#""summary":"{title} {noun} from the data source – without writing code.","#,
            r##""description":"# {title} {noun}\n\nReads {noun} from the \"raw\" schema of the warehouse, "##,
            r#"checks each row and writes what passes to the schema that you choose.\n\n"#,
            r#"Runs on a schedule or by hand; see the release notes for what changed.","#,
            r#""descriptionContentType":"text/markdown","#,
            r#""imageUrl":"https://press.peak.ai/images/image-{image}.jpg","#,
            r#""status":"{status}","tags":[{tags}],"createdAt":"{created_at}","createdBy":"{by}"}}"#
        ),
        verb = verb,
        noun = noun,
        suffix = suffix,
        title = title,
        image = image,
        status = status,
        tags = tags,
        created_at = created_at,
        by = by,
    )
}

fn spec_created(number: u64) -> i64 {
    FIRST_SPEC.saturating_add(BETWEEN_SPECS.saturating_mul(number as i64))
}

/// Makes the spec with this number; higher numbers are created later.
pub(super) fn spec(number: u64) -> Item {
    let mixed = mix(number ^ 0x5bec);
    let id = uuid(1, number);
    let release = uuid(2, number);
    let (created, created_at) = time(spec_created(number), mixed);
    let (_, released_at) = time(spec_created(number) + (mixed % 900_000) as i64, mixed >> 7);
    let kind = pick(&KINDS, mixed >> 10);
    let scope = pick(&SCOPES, mixed >> 20);
    let featured = (mixed >> 30).is_multiple_of(5);
    let status = pick(&SPEC_STATUSES, mixed >> 40);
    let version = pick(&VERSIONS, mixed >> 50);
    let by = pick(&PEOPLE, mixed >> 55);
    let metadata = metadata(number, &format!("-{:06}", number + 1), status, &created_at);
    let json = format!(
        concat!(
            r#"{{"id":"{id}","kind":"{kind}","featured":{featured},"scope":"{scope}","#,
            r#""latestRelease":{{"id":"{release}","version":"{version}","#,
            r#""notes":"Fixes and small improvements of release {version}.","#,
            r#""createdAt":"{released_at}","createdBy":"{by}"}},"metadata":{metadata}}}"#
        ),
        id = id,
        kind = kind,
        featured = featured,
        scope = scope,
        release = release,
        version = version,
        released_at = released_at,
        by = by,
        metadata = metadata,
    );
    Item::new(Some(id), created, json)
}

/// Makes the deployments of the generated spec with this number.
pub(super) fn deployments(spec: u64, spec_id: &str, count: u64) -> List {
    let mut list = List::default();
    for number in 0..count {
        list.push(deployment(spec, spec_id, number));
    }
    list
}

fn deployment(spec: u64, spec_id: &str, number: u64) -> Item {
    let mixed = mix(spec.wrapping_mul(0x1_0001) ^ mix(number));
    let id = uuid(3 + spec, number);
    let revision_id = uuid(4 ^ mix(spec), number);
    let seconds = spec_created(spec).saturating_add(BETWEEN_DEPLOYMENTS.saturating_mul(1 + number as i64));
    let (created, created_at) = time(seconds, mixed);
    let (_, revised_at) = time(seconds + (mixed % 9_000) as i64, mixed >> 7);
    let kind = pick(&KINDS, mixed >> 10);
    let status = pick(&DEPLOYMENT_STATUSES, mixed >> 20);
    let version = pick(&VERSIONS, mixed >> 30);
    let revision = 1 + (mixed >> 40) % 9;
    let by = pick(&PEOPLE, mixed >> 50);
    let metadata = metadata(mixed, &format!("-{:04}", number + 1), status, &created_at);
    // The contract gives the spec often, but not always.
    let spec = if mixed % 8 == 7 {
        String::new()
    } else {
        format!(r#","spec":{{"id":"{spec_id}","release":{{"version":"{version}"}}}}"#)
    };
    let json = format!(
        concat!(
            r#"{{"id":"{id}","kind":"{kind}","latestRevision":{{"id":"{revision_id}","#,
            r#""revision":{revision},"status":"{status}","notes":"Revision {revision}","#,
            r#""createdAt":"{revised_at}","createdBy":"{by}"}},"metadata":{metadata}{spec}}}"#
        ),
        id = id,
        kind = kind,
        revision_id = revision_id,
        revision = revision,
        status = status,
        revised_at = revised_at,
        by = by,
        metadata = metadata,
        spec = spec,
    );
    Item::new(Some(id), created, json)
}
