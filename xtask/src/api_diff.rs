//! `cargo xtask api-diff`: the difference between two versions of the generated file, as users see
//! it.
//!
//! | item | added | removed | changed |
//! |---|---|---|---|
//! | type, operation | compatible | breaking | breaking |
//! | field | compatible; breaking if requests need it | breaking | breaking |
//! | value of an enumeration | compatible, since enumerations are open | breaking | breaking |
//! | parameter | compatible; breaking if it is required | breaking | breaking |
//! | pages of an operation | compatible | breaking: no list any more | breaking |
//! | response of an operation | | | breaking |
//! | name, method, path of an operation | | | compatible, since the client follows |
//! | JSON key of a field, place of a parameter in a request | | | compatible, likewise |
//! | `deprecated` | compatible | compatible | |
//!
//! An operation with the same method and path under another name is renamed; any other renamed item
//! is removed and added.

use std::{collections::BTreeSet, fmt};

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

use crate::{
    surface::{Entry, Kind, Surface, split},
    workspace::{self, GENERATED},
};

/// Prints what changed in the committed file since the git revision `base`.
///
/// # Errors
/// Returns an error if a version cannot be read, or with `deny_breaking` if a change is breaking.
pub(crate) fn run(base: &str, json: bool, deny_breaking: bool) -> Result<()> {
    let code = workspace::read(GENERATED)?;
    let code =
        code.with_context(|| format!("{GENERATED} is missing; run `cargo xtask codegen`"))?;
    let report = Report::new(base, &workspace::read_at(base, GENERATED)?, &code)?;
    if json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    if deny_breaking && report.breaking {
        bail!("there are breaking changes since {base}");
    }
    Ok(())
}

/// The changes between two versions of the generated file.
#[derive(Serialize)]
pub(crate) struct Report {
    /// The git revision of the older version.
    base: String,
    /// `true` if any change is breaking.
    breaking: bool,
    /// The changes, the breaking ones first.
    changes: Vec<Change>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Change {
    class: Class,
    /// The Rust path of the item.
    path: String,
    /// For example `field-added`.
    kind: String,
    message: String,
    /// The edit that the hand-written code needs.
    follow: Option<String>,
}

/// The meaning of a change for users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Class {
    /// Code of users may stop compiling or working.
    Breaking,
    /// Code of users works as before.
    Compatible,
}

use Class::{Breaking, Compatible};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Verb {
    Added,
    Removed,
    Changed,
}

use Verb::{Added, Changed, Removed};

impl Report {
    /// Compares the code `old` of the revision `base` with `new`.
    ///
    /// # Errors
    /// Returns an error if one of them is not Rust.
    pub(crate) fn new(base: &str, old: &str, new: &str) -> Result<Self> {
        let mut old = Surface::parse(old).with_context(|| format!("{GENERATED} of {base}"))?;
        let new = Surface::parse(new).with_context(|| GENERATED.to_owned())?;
        let mut changes = Vec::new();
        for (before, now) in renamed_operations(&old, &new) {
            changes.push(Change::renamed(&before, &now, &old, &new));
            old.rename(&before, &now);
        }
        let paths: BTreeSet<_> = old.items.keys().chain(new.items.keys()).collect();
        for path in paths {
            changes.extend(Change::of_item(path, &old, &new));
            if let (Some(before), Some(now)) = (old.items.get(path), new.items.get(path)) {
                changes.extend(Change::of_wire(path, before, now));
                changes.extend(Change::of_deprecation(path, before, now));
            }
        }
        changes.sort();
        Ok(Self {
            base: base.to_owned(),
            breaking: changes.iter().any(|change| change.class == Breaking),
            changes,
        })
    }
}

/// Returns the operations that have another name with the same method and path.
fn renamed_operations(old: &Surface, new: &Surface) -> Vec<(String, String)> {
    let mut renamed = Vec::new();
    for (before, route) in old.routes() {
        if new.items.contains_key(&before) {
            continue;
        }
        for (now, other) in new.routes() {
            if other == route && !old.items.contains_key(&now) {
                renamed.push((before.clone(), now));
            }
        }
    }
    renamed
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.changes.is_empty() {
            return writeln!(f, "No public item changed since {}.", self.base);
        }
        writeln!(f, "Changes since {}:\n", self.base)?;
        for Change { class, path, message, follow, .. } in &self.changes {
            writeln!(f, "{:<12}{path}: {message}", word(class))?;
            if let Some(follow) = follow {
                writeln!(f, "{:<12}  by hand: {follow}", "")?;
            }
        }
        let breaking = self.changes.iter().filter(|change| change.class == Breaking).count();
        let compatible = self.changes.len() - breaking;
        let by_hand = self.changes.iter().filter(|change| change.follow.is_some()).count();
        writeln!(
            f,
            "\n{breaking} breaking, {compatible} compatible; {by_hand} to follow by hand in \
             press-specs/src."
        )
    }
}

impl Change {
    /// Compares the item at `path` in two versions; `None` if there is nothing to report.
    fn of_item(path: &str, old: &Surface, new: &Surface) -> Option<Self> {
        let before = old.items.get(path);
        let now = new.items.get(path);
        let (verb, item, surface, other) = match (before, now) {
            (None, Some(item)) => (Added, item, new, old),
            (Some(item), None) => (Removed, item, old, new),
            (Some(before), Some(item)) if before.ty != item.ty => (Changed, item, new, old),
            _ => return None,
        };
        let (parent, _) = split(path);
        let with_its_parent =
            surface.items.contains_key(parent) && !other.items.contains_key(parent);
        // Each operation has these; a version that does not say them is of an older generator.
        let unsaid =
            verb != Changed && matches!(item.kind, Kind::Response | Kind::Name | Kind::Route);
        if with_its_parent || unsaid {
            return None;
        }
        let is_left_out = verb == Removed
            && item.kind == Kind::Operation
            && old.route(path).is_some_and(|route| new.left_out.contains(&route));
        let message = match (verb, item.kind) {
            (Added, _) => format!("new {item}"),
            (Removed, Kind::Page) => "no list any more".to_owned(),
            (Removed, _) if is_left_out => {
                format!("{item} left out, though the document has it; the notes say why")
            }
            (Removed, _) => format!("{item} removed"),
            (Changed, _) => format!("{item} instead of `{}`", other.items[path].ty.text),
        };
        let verb_in_kind = if is_left_out { "left-out".to_owned() } else { word(verb) };
        Some(Self {
            class: class(verb, path, item, new),
            path: path.to_owned(),
            kind: format!("{}-{verb_in_kind}", word(item.kind)),
            message,
            follow: surface.edits(verb, path, item),
        })
    }

    fn renamed(before: &str, now: &str, old: &Surface, new: &Surface) -> Self {
        let old_method = old.method(before);
        let new_method = new.method(now);
        let mut follow = format!("client.rs: rename the method `{old_method}` to `{new_method}`");
        if new.is_list(now) {
            let (_, alias) = split(now);
            follow += &format!("; request.rs, lib.rs, blocking.rs: name its alias `{alias}`");
        }
        Self {
            class: Breaking,
            path: before.to_owned(),
            kind: "operation-renamed".to_owned(),
            message: format!("operation renamed to `{}`", split(now).1),
            follow: Some(follow),
        }
    }

    /// Reports that an item looks different in requests or responses.
    fn of_wire(path: &str, before: &Entry, now: &Entry) -> Option<Self> {
        // A version that does not say it is of an older generator.
        if before.wire.is_empty() || now.wire.is_empty() || before.wire == now.wire {
            return None;
        }
        Some(Self {
            class: Compatible,
            path: path.to_owned(),
            kind: format!("{}-wire-changed", word(now.kind)),
            message: format!("sent as {} instead of {}", now.wire, before.wire),
            follow: Some("mock/: follow".to_owned()),
        })
    }

    fn of_deprecation(path: &str, before: &Entry, now: &Entry) -> Option<Self> {
        if before.is_deprecated == now.is_deprecated {
            return None;
        }
        let message = if now.is_deprecated { "deprecated" } else { "no longer deprecated" };
        Some(Self {
            class: Compatible,
            path: path.to_owned(),
            kind: format!("{}-{}", word(now.kind), message.replace(' ', "-")),
            message: message.to_owned(),
            follow: None,
        })
    }
}

fn class(verb: Verb, path: &str, item: &Entry, new: &Surface) -> Class {
    let is_needed = match item.kind {
        Kind::Parameter | Kind::Paging => !item.is_optional(),
        Kind::Field => !item.is_optional() && new.sent_types().contains(split(split(path).0).1),
        _ => false,
    };
    match (verb, item.kind) {
        (_, Kind::Name | Kind::Route) => Compatible,
        (Added, _) if !is_needed => Compatible,
        _ => Breaking,
    }
}

/// # The edits that follow
impl Surface {
    /// Returns the edits that the hand-written code needs after a change.
    fn edits(&self, verb: Verb, path: &str, item: &Entry) -> Option<String> {
        let operation = if item.kind == Kind::Page { split(path).0 } else { path };
        let method = self.method(operation);
        match (verb, item.kind) {
            (Added, Kind::Operation) => Some(self.wrapping(path)),
            (Removed, Kind::Operation) => {
                Some(format!("remove `{method}` wherever the compiler finds it"))
            }
            (Added, Kind::Page) => {
                Some(format!("client.rs: return a list request from `{method}`"))
            }
            (Removed, Kind::Page) => Some(format!(
                "client.rs: end `{method}` in `call`; request.rs, lib.rs, blocking.rs: remove its \
                 alias"
            )),
            (_, Kind::Parameter) => Some(self.parameter(verb, path, item)),
            (_, Kind::Route) => Some("mock/: serve it there".to_owned()),
            _ => None,
        }
    }

    /// Returns the edits that give a new operation its method.
    fn wrapping(&self, path: &str) -> String {
        let names = |optional: bool, separator: &str| {
            let parameters = self.items.iter().filter(|(parameter, item)| {
                split(parameter).0 == path
                    && item.kind == Kind::Parameter
                    && item.is_optional() == optional
            });
            parameters.map(|(parameter, _)| split(parameter).1).collect::<Vec<_>>().join(separator)
        };
        let method =
            format!("client.rs: add the method `{}({})`", self.method(path), names(false, ", "));
        if !self.is_list(path) {
            return format!("{method}, which ends in `call`; mock/: the operation");
        }
        let alias = format!("request.rs: the alias `{}`", split(path).1);
        let setters = match names(true, "`, `") {
            setters if setters.is_empty() => String::new(),
            setters => format!(" with the setters `{setters}`"),
        };
        format!("{method}; {alias}{setters}; lib.rs, blocking.rs: the alias; mock/: the operation")
    }

    /// Returns the edit that a changed parameter needs.
    fn parameter(&self, verb: Verb, path: &str, item: &Entry) -> String {
        let (operation, name) = split(path);
        let inner = item.ty.argument.as_deref().unwrap_or(&item.ty.text);
        let argument = match item.ty.container.as_str() {
            "Vec" => format!("impl IntoIterator<Item = impl Into<{inner}>>"),
            "Option" => format!("impl Into<{inner}>"),
            _ => format!("impl Into<{}>", item.ty.text),
        };
        let verb = match verb {
            Added => "add",
            Removed => "remove",
            Changed => "change",
        };
        if item.is_optional() && self.is_list(operation) {
            let setter = format!("{}::{name}({argument})", split(operation).1);
            format!("request.rs: {verb} the setter `{setter}`; mock/: {verb} the filter")
        } else {
            format!(
                "client.rs: {verb} the argument `{name}: {argument}` of `{}`",
                self.method(operation)
            )
        }
    }
}

fn word(name: impl fmt::Debug) -> String {
    format!("{name:?}").to_lowercase()
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Operation => f.write_str("operation"),
            kind => write!(f, "{} `{}`", word(kind), self.ty.text),
        }
    }
}
