//! The operations of the Press API: their paths, and the parameters that select and sort their
//! items.

use std::{borrow::Cow, cmp::Ordering, time::SystemTime};

use percent_encoding::percent_decode_str;
use press_api_gen::types::Timestamp;
use serde_json::Value;

use self::Parameter::{AnyOf, Featured, OneOf, Positive, Prefix, Sort, Term, Version};

/// An operation of the Press API, as the path of a request names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Lists specs: `GET /v1/specs/`.
    ListSpecs,
    /// Lists the deployments of a spec's releases: `GET /v1/specs/{specId}/releases/deployments`.
    ListSpecReleaseDeployments,
}

impl Operation {
    /// Finds the operation of a percent-encoded path, and the spec id if the path has one.
    pub(super) fn route(path: &str) -> Option<(Self, Cow<'_, str>)> {
        if path == "/v1/specs/" {
            return Some((Self::ListSpecs, Cow::Borrowed("")));
        }
        let spec_id = path.strip_prefix("/v1/specs/")?.strip_suffix("/releases/deployments")?;
        if spec_id.is_empty() || spec_id.contains('/') {
            return None;
        }
        let spec_id = percent_decode_str(spec_id).decode_utf8().ok()?;
        Some((Self::ListSpecReleaseDeployments, spec_id))
    }

    fn parameters(self) -> &'static [(&'static str, Parameter)] {
        match self {
            Self::ListSpecs => SPEC_PARAMETERS,
            Self::ListSpecReleaseDeployments => DEPLOYMENT_PARAMETERS,
        }
    }
}

/// A query parameter. If it compares text in each item, it holds the JSON pointer to that text.
#[derive(Clone, Copy, Debug)]
enum Parameter {
    /// The text is one of the values, each of which must be known.
    AnyOf(&'static str, &'static [&'static str]),
    /// The text equals the value, which must be known.
    OneOf(&'static str, &'static [&'static str]),
    /// The text equals the value, a semantic version.
    Version(&'static str),
    /// The text begins with the value.
    Prefix(&'static str),
    /// A string in the metadata contains the value.
    Term,
    /// `true` selects featured specs, `false` all others.
    Featured,
    /// Sorts by these metadata fields, ascending or descending.
    Sort(&'static [&'static str]),
    /// A positive integer.
    Positive,
}

pub(super) const KINDS: &[&str] = &["app", "workflow", "service"];
pub(super) const SCOPES: &[&str] = &["private", "public", "shared"];
pub(super) const SPEC_STATUSES: &[&str] = &["available", "unavailable", "archived"];
pub(super) const DEPLOYMENT_STATUSES: &[&str] = &[
    "deleting",
    "delete_failed",
    "deployed",
    "deploying",
    "failed",
    "platform_resource_error",
    "redeploying",
    "rollback",
    "rollback_complete",
    "rollback_failed",
    "warning",
];

const SPEC_PARAMETERS: &[(&str, Parameter)] = &[
    ("status", AnyOf("/metadata/status", SPEC_STATUSES)),
    ("featured", Featured),
    ("kind", OneOf("/kind", KINDS)),
    ("term", Term),
    ("sort", Sort(&["createdAt", "createdBy", "name", "title"])),
    ("scope", AnyOf("/scope", SCOPES)),
    ("pageSize", Positive),
    ("pageNumber", Positive),
];
const DEPLOYMENT_PARAMETERS: &[(&str, Parameter)] = &[
    ("version", Version("/spec/release/version")),
    ("status", AnyOf("/metadata/status", DEPLOYMENT_STATUSES)),
    ("name", Prefix("/metadata/name")),
    ("title", Prefix("/metadata/title")),
    ("sort", Sort(&["createdAt", "createdBy", "name"])),
    ("pageSize", Positive),
    ("pageNumber", Positive),
];

impl Parameter {
    /// Checks a value. Returns the expected form if it is invalid.
    fn check(self, value: &str) -> Result<(), String> {
        let one_of =
            |known: &[&str]| (known.contains(&value), format!("one of {}", known.join(", ")));
        let (accepted, expected) = match self {
            AnyOf(_, known) | OneOf(_, known) => one_of(known),
            Featured => one_of(&["true", "false"]),
            Prefix(_) | Term => return Ok(()),
            Version(_) => (semver::Version::parse(value).is_ok(), "a semantic version".to_owned()),
            Sort(fields) => {
                let field = value.strip_suffix(":asc").or(value.strip_suffix(":desc"));
                let accepted = field.is_some_and(|field| fields.contains(&field));
                (accepted, format!("one of {}, then :asc or :desc", fields.join(", ")))
            }
            // Parsing alone would accept a plus sign. The API's numbers are signed 64-bit ones.
            Positive => {
                let digits = value.bytes().all(|byte| byte.is_ascii_digit());
                let accepted = digits && value.parse().is_ok_and(|number: i64| number > 0);
                (accepted, "a positive integer".to_owned())
            }
        };
        if accepted { Ok(()) } else { Err(expected) }
    }

    fn selects(self, item: &Value, value: &str) -> bool {
        let text = |pointer| item.pointer(pointer).and_then(Value::as_str);
        match self {
            AnyOf(pointer, _) | OneOf(pointer, _) | Version(pointer) => {
                text(pointer) == Some(value)
            }
            // Every item contains the empty text, even without the field.
            Prefix(_) | Term if value.is_empty() => true,
            Prefix(pointer) => text(pointer).is_some_and(|text| text.starts_with(value)),
            Term => {
                ["/metadata/name", "/metadata/title", "/metadata/summary", "/metadata/description"]
                    .into_iter()
                    .filter_map(text)
                    .any(|text| text.to_lowercase().contains(&value.to_lowercase()))
            }
            Featured => (item["featured"] == true) == (value == "true"),
            Sort(_) | Positive => true,
        }
    }
}

/// The parameters of a request, each with its values.
#[derive(Debug)]
pub(super) struct Query(Vec<(&'static str, Parameter, Vec<String>)>);

impl Query {
    /// Parses the pairs of a query. Returns the invalid one, if any. Ignores unknown parameters.
    pub(super) fn new(operation: Operation, pairs: &[(String, String)]) -> Result<Self, String> {
        let mut given = Vec::new();
        for &(name, parameter) in operation.parameters() {
            let values = pairs.iter().filter(|(key, _)| key == name);
            let values: Vec<_> = values.map(|(_, value)| value.clone()).collect();
            if values.len() > 1 && !matches!(parameter, AnyOf(..) | Sort(_)) {
                return Err(format!("{name} must be given only once"));
            }
            for value in &values {
                let invalid = |expected| format!("{name} must be {expected}, not {value:?}");
                parameter.check(value).map_err(invalid)?;
            }
            if !values.is_empty() {
                given.push((name, parameter, values));
            }
        }
        Ok(Self(given))
    }

    pub(super) fn selects(&self, item: &Value) -> bool {
        self.0
            .iter()
            .all(|(_, parameter, values)| values.iter().any(|value| parameter.selects(item, value)))
    }

    /// Compares two items by the request's sort keys. Without keys, all items are equal.
    pub(super) fn compare(&self, left: &Value, right: &Value) -> Ordering {
        let keys = self.values("sort").iter().map(|key| compare(left, right, key));
        keys.fold(Ordering::Equal, Ordering::then)
    }

    pub(super) fn number(&self, name: &str, default: u64) -> u64 {
        self.values(name).first().and_then(|value| value.parse().ok()).unwrap_or(default)
    }

    fn values(&self, name: &str) -> &[String] {
        let given = self.0.iter().find(|(given, ..)| *given == name);
        given.map_or(&[], |(.., values)| values)
    }
}

/// Compares two items by a key, `field:order`.
pub(super) fn compare(left: &Value, right: &Value, key: &str) -> Ordering {
    let (field, order) = key.split_once(':').unwrap_or((key, "asc"));
    let ascending = sort_value(left, field).cmp(&sort_value(right, field));
    if order == "desc" { ascending.reverse() } else { ascending }
}

/// The ascending sort order of an item: missing values, then strings, then times.
fn sort_value<'a>(item: &'a Value, field: &str) -> (Option<SystemTime>, Option<&'a str>) {
    let text = item["metadata"][field].as_str();
    let time = text
        .filter(|_| field == "createdAt")
        .and_then(|text| Timestamp::from(text).to_system_time());
    (time, text.filter(|_| time.is_none()))
}
