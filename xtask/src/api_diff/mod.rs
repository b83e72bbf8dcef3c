//! What a change of the contract means for users of the crate.
//!
//! Two comparisons make one report. The first goes by names, as Rust does: the types are called like the schemas, the
//! methods like the operations, the setters like the parameters, so a schema that gets another name is another type,
//! however equal it is. The second is the [`drift`] library, which goes by structure and by what may be sent and
//! received. It does not name fields or values, does not see `nullable`, and calls much "unhandled"; so it has the
//! second word: what it finds and the first comparison cannot account for is reported as breaking.
//!
//! What the crate promises decides what breaks. Response types are `#[non_exhaustive]` and every field that is not both
//! required and non-null is an `Option`, so a new optional field, or null where there was an `Option`, changes nothing
//! for users. Enumerations have the variant `Unknown(String)`, so a new value is compatible where `drift` could only see
//! that the schema of a string has changed. An operation's errors are told by their status, whether the contract names
//! it or not, so a new error status is compatible, which `drift` takes for backward-incompatible.

mod documents;
mod operations;
mod parameters;
mod rest;
mod schemas;
mod second_opinion;
mod types;

use std::fmt;

use anyhow::{Result, anyhow, bail};
use serde::Serialize;
use serde_json::Value;

use crate::{
    contract::{self, Contract},
    pointer::Pointer,
    workspace::{CONTRACT, Workspace},
};

/// Prints the report of the working tree's contract against that of the git revision `base`.
///
/// # Errors
/// When a contract cannot be read, or `deny_breaking` and a change is breaking.
pub fn run(workspace: &Workspace, base: &str, json: bool, deny_breaking: bool) -> Result<()> {
    let text = workspace.read(CONTRACT)?;
    let contract = contract::check(CONTRACT, &text).map_err(|refusal| anyhow!("{}", refusal.to_string().trim_end()))?;
    let report = Report::new(base, &workspace.read_at(base, CONTRACT)?, &contract)?;
    if json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    if deny_breaking && report.breaking {
        bail!("the contract has breaking changes since {base}");
    }
    Ok(())
}

/// What changed between two contracts.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The git revision of the older contract.
    pub base: String,
    /// Whether any change is breaking.
    pub breaking: bool,
    /// The changes, the breaking ones first.
    pub changes: Vec<Change>,
}

/// One change of the contract.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// What it means for users of the crate.
    pub class: Class,
    /// What sort of change it is, for example `field-added`.
    pub kind: &'static str,
    /// Where it is: in the newer contract, or, for what is gone, in the older one.
    pub pointer: String,
    /// The change in words.
    pub message: String,
    /// How the hand-written code of `press-specs` has to follow, if it has to.
    pub surface: Option<String>,
}

/// What a change means for users of the crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Code that uses the crate may stop compiling or working.
    Breaking,
    /// Code that uses the crate goes on as before.
    Compatible,
    /// Only descriptions differ.
    Documentation,
}

impl Report {
    /// Compares the contract `old`, which is that of the revision `base`, with `new`.
    ///
    /// # Errors
    /// When `old` is not YAML.
    pub fn new(base: &str, old: &str, new: &Contract) -> Result<Self> {
        let old: Value = serde_saphyr::from_str(old)
            .map_err(|error| anyhow!("{CONTRACT} of {base} is not YAML: {}", error.without_snippet()))?;
        let mut diff = Diff {
            old: &old,
            new: &new.document,
            changes: Vec::new(),
            moved: Vec::new(),
        };
        diff.operations();
        diff.component_schemas();
        diff.rest();
        diff.second_opinion();
        let mut changes = diff.changes;
        changes.sort_by(|a, b| (a.class, &a.pointer).cmp(&(b.class, &b.pointer)));
        let breaking = changes.iter().any(|change| change.class == Class::Breaking);
        Ok(Self {
            base: base.to_owned(),
            breaking,
            changes,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.changes.is_empty() {
            return writeln!(f, "{CONTRACT}: no changes since {}.", self.base);
        }
        writeln!(f, "{CONTRACT}: what changed since {}\n", self.base)?;
        for change in &self.changes {
            writeln!(f, "{:<14} {}", change.class.to_string(), change.message)?;
            writeln!(f, "{:<14} {}", "", change.pointer)?;
            if let Some(surface) = &change.surface {
                writeln!(f, "{:<14} press-specs: {surface}", "")?;
            }
        }
        let count = |class| self.changes.iter().filter(|change| change.class == class).count();
        let classes = [Class::Breaking, Class::Compatible, Class::Documentation];
        let counts: Vec<_> = classes
            .into_iter()
            .map(|class| format!("{} {class}", count(class)))
            .collect();
        let by_hand = self.changes.iter().filter(|change| change.surface.is_some()).count();
        writeln!(f, "\n{}; {by_hand} to follow by hand.", counts.join(", "))
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Breaking => "breaking",
            Self::Compatible => "compatible",
            Self::Documentation => "documentation",
        })
    }
}

/// A comparison under way.
struct Diff<'a> {
    old: &'a Value,
    new: &'a Value,
    changes: Vec<Change>,
    /// The operations of `old` that are at another place in `new`.
    moved: Vec<Pointer>,
}

impl Diff<'_> {
    fn add(
        &mut self,
        class: Class,
        kind: &'static str,
        at: &Pointer,
        message: impl Into<String>,
        surface: Option<String>,
    ) {
        let (pointer, message) = (at.to_string(), message.into());
        let same = |change: &&mut Change| change.pointer == pointer && change.kind == kind && change.message == message;
        match (self.changes.iter_mut().find(same), surface) {
            // A parameter that several operations share: one change, and each of them may have to follow.
            (Some(change), Some(surface)) => match &mut change.surface {
                Some(text) if text.contains(&surface) => {}
                Some(text) => *text = format!("{text}; {surface}"),
                none => *none = Some(surface),
            },
            (Some(_), None) => {}
            (None, surface) => self.changes.push(Change {
                class,
                kind,
                pointer,
                message,
                surface,
            }),
        }
    }
}
