//! What comes out: names, places, counts, types, statuses and values of enumerations. Never other contents.

use std::{
    fmt::{self, Write as _},
    process::ExitCode,
};

use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

/// All that was found.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) conforms: bool,
    pub(crate) service: String,
    pub(crate) requests: u32,
    pub(crate) walks: Vec<Walks>,
    pub(crate) deviations: Vec<Finding>,
    pub(crate) information: Vec<Finding>,
    pub(crate) notes: Vec<String>,
    pub(crate) patch: Value,
}

/// How much of an operation's answers was seen.
#[derive(Serialize)]
pub(crate) struct Walks {
    pub(crate) operation: &'static str,
    pub(crate) walks: usize,
    pub(crate) pages: usize,
    pub(crate) items: usize,
    /// Whether all walks went to their last pages.
    pub(crate) complete: bool,
}

/// Something that was found at one place.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    pub(crate) kind: Kind,
    pub(crate) operation: &'static str,
    pub(crate) status: u16,
    /// The place in the answers: a JSON pointer with `*` for each entry of a list.
    pub(crate) at: String,
    /// The place in press.yaml.
    pub(crate) schema: String,
    pub(crate) count: usize,
    pub(crate) of: usize,
    pub(crate) seen: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expected: Option<String>,
}

/// What kind of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    UnnamedField,
    UnknownValue,
    Null,
    Absent,
    Type,
    Time,
    Minimum,
    Status,
    MediaType,
    NotJson,
    PageNumber,
    PageSize,
    PageCount,
    ItemCount,
    RepeatedId,
}

impl Walks {
    pub(crate) fn of(operation: &'static str) -> Self {
        Self {
            operation,
            walks: 0,
            pages: 0,
            items: 0,
            complete: true,
        }
    }
}

/// What is shown in place of what does not look like an identifier.
pub(crate) const WITHHELD: &str = "(withheld)";

/// Whether a name or a value looks like an identifier, and not like something that could be private.
pub(crate) fn showable(text: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
    (1..=32).contains(&text.len()) && text.bytes().all(good)
}

impl Finding {
    pub(crate) fn new(kind: Kind, operation: &'static str, status: u16, at: &str, schema: &str) -> Self {
        Self {
            kind,
            operation,
            status,
            at: at.to_owned(),
            schema: schema.to_owned(),
            count: 1,
            of: 1,
            seen: Vec::new(),
            expected: None,
        }
    }

    pub(crate) fn count(mut self, count: usize) -> Self {
        self.count = count;
        self
    }

    pub(crate) fn of(mut self, of: usize) -> Self {
        self.of = of;
        self
    }

    pub(crate) fn seen(mut self, seen: &[impl ToString]) -> Self {
        self.seen = seen.iter().map(ToString::to_string).collect();
        self
    }

    pub(crate) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }
}

impl Finding {
    /// Adds the same finding from elsewhere.
    pub(crate) fn add(&mut self, other: Self) {
        if other.count > 0 {
            self.seen.retain(|seen| self.count > 0 && !other.seen.contains(seen));
            self.seen.extend(other.seen);
        }
        self.count += other.count;
        self.of += other.of;
    }
}

impl Report {
    /// 0 if the answers are as the contract says, 1 if not.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(u8::from(!self.conforms))
    }

    pub(crate) fn json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    pub(crate) fn text(&self) -> Result<String> {
        let mut text = format!("{}, {} requests\n", self.service, self.requests);
        for walks in &self.walks {
            let (operation, pages, items) = (walks.operation, walks.pages, walks.items);
            let complete = if walks.complete { "" } else { ", not all there are" };
            writeln!(text, "  {operation}: pages {pages}, items {items}{complete}")?;
        }
        for note in &self.notes {
            writeln!(text, "  {note}")?;
        }
        section(
            &mut text,
            "What openapi/press.yaml allows, and is good to know",
            &self.information,
        )?;
        if self.conforms {
            text.push_str("\nAll of it is as openapi/press.yaml says.\n");
            return Ok(text);
        }
        section(&mut text, "What openapi/press.yaml does not say", &self.deviations)?;
        if self.patch.as_object().is_some_and(|patch| !patch.is_empty()) {
            writeln!(
                text,
                "\nTo add to openapi/press.yaml, if the service means it (null: take this word out), and then\n\
                 `cargo xtask codegen`:\n\n{}",
                serde_saphyr::to_string(&self.patch)?
            )?;
        }
        Ok(text)
    }
}

fn section(text: &mut String, title: &str, findings: &[Finding]) -> fmt::Result {
    if findings.is_empty() {
        return Ok(());
    }
    writeln!(text, "\n{title}:")?;
    let mut group = None;
    for finding in findings {
        if group.replace((finding.operation, finding.status)) != Some((finding.operation, finding.status)) {
            writeln!(text, "\n  {}, status {}", finding.operation, finding.status)?;
        }
        writeln!(text, "    {finding}")?;
    }
    Ok(())
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.at.is_empty() {
            write!(f, "{}: ", self.at)?;
        }
        write!(f, "{}", self.kind)?;
        if !self.seen.is_empty() {
            write!(f, ": {}", self.seen.join(", "))?;
        }
        if let Some(expected) = &self.expected {
            write!(f, " instead of {expected}")?;
        }
        write!(f, " ({} of {})", self.count, self.of)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnnamedField => "a field that is not named",
            Self::UnknownValue => "values that the enumeration does not name",
            Self::Null => "null",
            Self::Absent => "absent",
            Self::Type => "another type",
            Self::Time => "a time that does not parse",
            Self::Minimum => "below the minimum",
            Self::Status => "status",
            Self::MediaType => "media type",
            Self::NotJson => "a body that is not JSON",
            Self::PageNumber => "not the page that was asked for",
            Self::PageSize => "not the page size that was asked for",
            Self::PageCount => "not the number of items divided by the page size",
            Self::ItemCount => "another number of items than page size and count make",
            Self::RepeatedId => "ids that came before in the same walk",
        })
    }
}
