//! Raw queries: what a request asks for, and what the service refuses as invalid.

use super::operation::Operation;

const SPEC_STATUSES: &[&str] = &["available", "unavailable", "archived"];
const SPEC_KINDS: &[&str] = &["app", "workflow", "service"];
const SPEC_SCOPES: &[&str] = &["private", "public", "shared"];
const DEPLOYMENT_STATUSES: &[&str] = &[
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

/// The page size when a request names none.
const DEFAULT_PAGE_SIZE: u64 = 25;

/// Decodes a raw query into its pairs, in order and with duplicates.
pub(super) fn pairs(raw: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(raw.as_bytes()).into_owned().collect()
}

/// A field that items can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Field {
    CreatedAt,
    CreatedBy,
    Name,
    Title,
}

/// One key of an ordering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct SortKey {
    pub(super) field: Field,
    pub(super) descending: bool,
}

/// Which items a request asks for and in which order; nothing about pages.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Selection {
    pub(super) statuses: Vec<String>,
    pub(super) scopes: Vec<String>,
    pub(super) kind: Option<String>,
    pub(super) featured: Option<bool>,
    /// In lower case.
    pub(super) term: Option<String>,
    pub(super) version: Option<String>,
    pub(super) name: Option<String>,
    pub(super) title: Option<String>,
    /// What the request asks for, then the operation's own order.
    pub(super) order: Vec<SortKey>,
}

impl Selection {
    /// Everything, in the operation's own order.
    pub(super) fn everything(operation: Operation) -> Selection {
        Selection {
            statuses: Vec::new(),
            scopes: Vec::new(),
            kind: None,
            featured: None,
            term: None,
            version: None,
            name: None,
            title: None,
            order: vec![SortKey {
                field: Field::CreatedAt,
                descending: operation == Operation::ListSpecReleaseDeployments,
            }],
        }
    }

    pub(super) fn filters(&self) -> bool {
        !self.statuses.is_empty()
            || !self.scopes.is_empty()
            || self.kind.is_some()
            || self.featured.is_some()
            || self.term.is_some()
            || self.version.is_some()
            || self.name.is_some()
            || self.title.is_some()
    }
}

/// Which page of a selection a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Paging {
    pub(super) size: u64,
    pub(super) number: u64,
}

/// Reads the query of one operation, or tells what is invalid in it.
pub(super) fn parse(operation: Operation, raw: Option<&str>) -> Result<(Selection, Paging), String> {
    let query = Query(pairs(raw.unwrap_or_default()));
    let mut selection = Selection::everything(operation);
    let sortable: &[Field] = match operation {
        Operation::ListSpecs => {
            selection.statuses = query.all_of("status", SPEC_STATUSES)?;
            selection.scopes = query.all_of("scope", SPEC_SCOPES)?;
            selection.featured = query.boolean("featured")?;
            selection.kind = query.one_of("kind", SPEC_KINDS)?;
            selection.term = query.text("term")?.map(str::to_lowercase);
            &[Field::CreatedAt, Field::CreatedBy, Field::Name, Field::Title]
        }
        Operation::ListSpecReleaseDeployments => {
            selection.statuses = query.all_of("status", DEPLOYMENT_STATUSES)?;
            selection.version = query.version("version")?;
            selection.name = query.text("name")?.map(str::to_owned);
            selection.title = query.text("title")?.map(str::to_owned);
            &[Field::CreatedAt, Field::CreatedBy, Field::Name]
        }
    };
    // The operation's own order decides between items that the request's keys leave equal.
    let mut order = query.order("sort", sortable)?;
    order.append(&mut selection.order);
    selection.order = order;
    let paging = Paging {
        size: query.positive("pageSize")?.unwrap_or(DEFAULT_PAGE_SIZE),
        number: query.positive("pageNumber")?.unwrap_or(1),
    };
    Ok((selection, paging))
}

struct Query(Vec<(String, String)>);

impl Query {
    fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// A parameter that is no list: given once or not at all.
    fn single<'a>(&'a self, name: &str) -> Result<Option<&'a str>, String> {
        let mut values = self.values(name);
        let first = values.next();
        match values.next() {
            None => Ok(first),
            Some(_) => Err(format!("{name} must be given only once")),
        }
    }

    /// A text to look for; every item has the empty one.
    fn text<'a>(&'a self, name: &str) -> Result<Option<&'a str>, String> {
        Ok(self.single(name)?.filter(|text| !text.is_empty()))
    }

    fn one_of(&self, name: &str, known: &[&str]) -> Result<Option<String>, String> {
        self.single(name)?
            .map(|value| known_value(name, value, known))
            .transpose()
    }

    fn all_of(&self, name: &str, known: &[&str]) -> Result<Vec<String>, String> {
        self.values(name).map(|value| known_value(name, value, known)).collect()
    }

    fn boolean(&self, name: &str) -> Result<Option<bool>, String> {
        match self.single(name)? {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(format!("{name} must be true or false, not {other:?}")),
        }
    }

    fn positive(&self, name: &str) -> Result<Option<u64>, String> {
        let Some(value) = self.single(name)? else {
            return Ok(None);
        };
        // `u64::from_str` would also take a plus sign.
        let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        match value.parse::<u64>() {
            // Answers repeat the number, and in the contract it is a signed 64-bit one.
            Ok(number) if digits && number >= 1 && number <= i64::MAX as u64 => Ok(Some(number)),
            _ => Err(format!("{name} must be an integer and at least 1, not {value:?}")),
        }
    }

    fn version(&self, name: &str) -> Result<Option<String>, String> {
        match self.single(name)? {
            Some(value) if !is_semantic_version(value) => {
                Err(format!("{name} must be a semantic version, not {value:?}"))
            }
            value => Ok(value.map(str::to_owned)),
        }
    }

    fn order(&self, name: &str, sortable: &[Field]) -> Result<Vec<SortKey>, String> {
        self.values(name)
            .map(|value| {
                sort_key(value)
                    .filter(|key| sortable.contains(&key.field))
                    .ok_or_else(|| format!("{name} cannot be {value:?}"))
            })
            .collect()
    }
}

fn known_value(name: &str, value: &str, known: &[&str]) -> Result<String, String> {
    if known.contains(&value) {
        Ok(value.to_owned())
    } else {
        let known = known.join(", ");
        Err(format!("{name} must be one of {known}, not {value:?}"))
    }
}

fn sort_key(text: &str) -> Option<SortKey> {
    let (field, order) = text.split_once(':')?;
    let field = match field {
        "createdAt" => Field::CreatedAt,
        "createdBy" => Field::CreatedBy,
        "name" => Field::Name,
        "title" => Field::Title,
        _ => return None,
    };
    let descending = match order {
        "asc" => false,
        "desc" => true,
        _ => return None,
    };
    Some(SortKey { field, descending })
}

/// Whether a text is a version as semver.org 2.0.0 defines it.
fn is_semantic_version(text: &str) -> bool {
    let (rest, build) = match text.split_once('+') {
        Some((rest, build)) => (rest, Some(build)),
        None => (text, None),
    };
    let (core, pre) = match rest.split_once('-') {
        Some((core, pre)) => (core, Some(pre)),
        None => (rest, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let number = |part: &str| digits(part) && (part == "0" || !part.starts_with('0'));
    let word = |part: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !part.is_empty() && part.bytes().all(allowed)
    };
    core.split('.').count() == 3
        && core.split('.').all(number)
        && pre.is_none_or(|pre| pre.split('.').all(|part| word(part) && (!digits(part) || number(part))))
        && build.is_none_or(|build| build.split('.').all(word))
}
