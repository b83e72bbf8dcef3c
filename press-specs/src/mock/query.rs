//! Query parameters: the values that the service accepts, and the items that they select.

use serde_json::Value;

use super::operation::Operation;

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
const SPEC_FIELDS: &[&str] = &["createdAt", "createdBy", "name", "title"];
const DEPLOYMENT_FIELDS: &[&str] = &["createdAt", "createdBy", "name"];

const DEFAULT_PAGE_SIZE: u64 = 25;

/// The values that a parameter accepts.
#[derive(Clone, Copy)]
enum Accepts {
    /// A list: the parameter can come several times.
    AnyOf(&'static [&'static str]),
    OneOf(&'static [&'static str]),
    /// A list of fields, each with its order.
    Order(&'static [&'static str]),
    Positive,
    Text,
    Version,
}

impl Accepts {
    /// Checks a value, or says what is expected in its place.
    fn check(self, value: &str) -> Result<(), String> {
        let (accepted, expected) = match self {
            Self::AnyOf(known) | Self::OneOf(known) => (known.contains(&value), format!("one of {}", known.join(", "))),
            Self::Order(fields) => {
                let key = value.split_once(':');
                let accepted =
                    key.is_some_and(|(field, order)| fields.contains(&field) && ["asc", "desc"].contains(&order));
                (accepted, format!("one of {}, then :asc or :desc", fields.join(", ")))
            }
            Self::Positive => {
                // Parsing alone would take a plus sign. The API's numbers are signed 64-bit ones.
                let digits = value.bytes().all(|byte| byte.is_ascii_digit());
                let accepted = digits && value.parse().is_ok_and(|number: i64| number > 0);
                (accepted, "an integer and at least 1".to_owned())
            }
            Self::Text => (true, String::new()),
            Self::Version => (semver::Version::parse(value).is_ok(), "a semantic version".to_owned()),
        };
        if accepted { Ok(()) } else { Err(expected) }
    }
}

/// The part of an item that must agree with the values of a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Filter {
    /// The text at the pointer is the value.
    Equal(&'static str),
    /// The text at the pointer begins with the value.
    Prefix(&'static str),
    /// `featured` is `true`, or it is not.
    Featured,
    /// A text of the metadata contains the value.
    Term,
}

impl Filter {
    fn matches(self, item: &Value, value: &str) -> bool {
        let text = |pointer: &str| item.pointer(pointer).and_then(Value::as_str);
        match self {
            Self::Equal(pointer) => text(pointer) == Some(value),
            Self::Prefix(pointer) => text(pointer).is_some_and(|text| text.starts_with(value)),
            Self::Featured => (item["featured"] == true) == (value == "true"),
            Self::Term => ["name", "title", "summary", "description"]
                .iter()
                .filter_map(|field| item["metadata"][field].as_str())
                .any(|text| text.to_lowercase().contains(&value.to_lowercase())),
        }
    }
}

const SPEC_FILTERS: &[(&str, Accepts, Filter)] = &[
    ("status", Accepts::AnyOf(SPEC_STATUSES), Filter::Equal("/metadata/status")),
    ("scope", Accepts::AnyOf(SCOPES), Filter::Equal("/scope")),
    ("featured", Accepts::OneOf(&["true", "false"]), Filter::Featured),
    ("kind", Accepts::OneOf(KINDS), Filter::Equal("/kind")),
    ("term", Accepts::Text, Filter::Term),
];
const DEPLOYMENT_FILTERS: &[(&str, Accepts, Filter)] = &[
    ("status", Accepts::AnyOf(DEPLOYMENT_STATUSES), Filter::Equal("/metadata/status")),
    ("version", Accepts::Version, Filter::Equal("/spec/release/version")),
    ("name", Accepts::Text, Filter::Prefix("/metadata/name")),
    ("title", Accepts::Text, Filter::Prefix("/metadata/title")),
];

/// The items that a request selects, and their order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Selection {
    filters: Vec<(Filter, Vec<String>)>,
    /// The keys of the request, then the operation's own one, each as `field:order`.
    pub(super) order: Vec<String>,
}

impl Selection {
    /// All items in the operation's own order.
    pub(super) fn all(operation: Operation) -> Self {
        let order = match operation {
            Operation::ListSpecs => "createdAt:asc",
            Operation::ListSpecReleaseDeployments => "createdAt:desc",
        };
        Self { filters: Vec::new(), order: vec![order.to_owned()] }
    }

    pub(super) fn matches(&self, item: &Value) -> bool {
        let matches = |filter: Filter, values: &[String]| values.iter().any(|value| filter.matches(item, value));
        self.filters.iter().all(|(filter, values)| matches(*filter, values))
    }
}

/// The query of a request.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) selection: Selection,
    pub(super) page_size: u64,
    pub(super) page_number: u64,
}

impl Query {
    /// Parses the pairs of a query, or says which of them is invalid.
    pub(super) fn parse(operation: Operation, pairs: &[(String, String)]) -> Result<Self, String> {
        let values = |name: &str, accepts: Accepts| {
            let values = pairs.iter().filter(|(key, _)| key == name);
            let values: Vec<_> = values.map(|(_, value)| value.clone()).collect();
            if values.len() > 1 && !matches!(accepts, Accepts::AnyOf(_) | Accepts::Order(_)) {
                return Err(format!("{name} must be given only once"));
            }
            for value in &values {
                let invalid = |expected| format!("{name} must be {expected}, not {value:?}");
                accepts.check(value).map_err(invalid)?;
            }
            Ok(values)
        };
        let number = |name: &str, default: u64| {
            let value = values(name, Accepts::Positive)?;
            Ok::<_, String>(value.first().and_then(|value| value.parse().ok()).unwrap_or(default))
        };
        let (filters, fields) = match operation {
            Operation::ListSpecs => (SPEC_FILTERS, SPEC_FIELDS),
            Operation::ListSpecReleaseDeployments => (DEPLOYMENT_FILTERS, DEPLOYMENT_FIELDS),
        };
        let mut selection = Selection::all(operation);
        for &(name, accepts, filter) in filters {
            let mut values = values(name, accepts)?;
            // The empty text is in every item, also in one without the field.
            values.retain(|value| !value.is_empty());
            if !values.is_empty() {
                selection.filters.push((filter, values));
            }
        }
        selection.order.splice(..0, values("sort", Accepts::Order(fields))?);
        Ok(Self { selection, page_size: number("pageSize", DEFAULT_PAGE_SIZE)?, page_number: number("pageNumber", 1)? })
    }
}
