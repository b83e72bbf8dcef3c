//! `cargo xtask api-diff`: the changes between two versions of the generated file, as users see
//! them.
//!
//! | item | added | removed | changed |
//! |---|---|---|---|
//! | type, operation | compatible | breaking | breaking |
//! | field | compatible; breaking if requests require it | breaking | breaking |
//! | value of an enumeration | compatible, because enumerations are open | breaking | breaking |
//! | parameter | compatible; breaking if it is required | breaking | breaking |
//! | pages of an operation | compatible | breaking: no longer a list | breaking |
//! | response of an operation | | | breaking |
//! | name, method, path of an operation | | | compatible, because the client changes with it |
//! | JSON key of a field, location of a parameter | | | compatible, as above |
//! | `deprecated` | compatible | compatible | |
//!
//! An operation is renamed if its method and path stay the same. Any other renamed item counts as
//! removed and added.

use std::{collections::BTreeSet, fmt};

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

use crate::{
    surface::{Entry, Kind, Surface, split},
    workspace::{self, GENERATED},
};

/// Prints the changes in the generated file since the git revision `base`.
///
/// # Errors
/// Returns an error if a version cannot be read, or if `deny_breaking` is set and a change is
/// breaking.
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
        bail!("breaking changes since {base}");
    }
    Ok(())
}

/// The changes between two versions of the generated file.
#[derive(Serialize)]
pub(crate) struct Report {
    /// The git revision of the old version.
    base: String,
    /// `true` if any change is breaking.
    breaking: bool,
    /// The changes. Breaking ones come first.
    changes: Vec<Change>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Change {
    class: Class,
    /// The Rust path of the item.
    path: String,
    /// The kind of change, such as `field-added`.
    kind: String,
    message: String,
    /// The required edit of hand-written code.
    edit: Option<String>,
}

/// The effect of a change on users.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Class {
    /// User code may stop compiling or working.
    Breaking,
    /// User code keeps working.
    Compatible,
}

use Class::{Breaking, Compatible};

impl Class {
    fn name(self) -> &'static str {
        match self {
            Breaking => "breaking",
            Compatible => "compatible",
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Verb {
    Added,
    Removed,
    Changed,
}

impl Verb {
    fn name(self) -> &'static str {
        match self {
            Added => "added",
            Removed => "removed",
            Changed => "changed",
        }
    }
}

use Verb::{Added, Changed, Removed};

impl Report {
    /// Compares `old`, the code at the revision `base`, with `new`.
    ///
    /// # Errors
    /// Returns an error if one of them is not valid Rust.
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

/// Returns pairs of old and new names of operations whose method and path are the same.
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
        for Change { class, path, message, edit, .. } in &self.changes {
            writeln!(f, "{:<12}{path}: {message}", class.name())?;
            if let Some(edit) = edit {
                writeln!(f, "{:<12}  by hand: {edit}", "")?;
            }
        }
        let breaking = self.changes.iter().filter(|change| change.class == Breaking).count();
        let compatible = self.changes.len() - breaking;
        let by_hand = self.changes.iter().filter(|change| change.edit.is_some()).count();
        writeln!(
            f,
            "\n{breaking} breaking, {compatible} compatible; {by_hand} needing edits in \
             press-specs/src."
        )
    }
}

impl Change {
    /// Compares an item in two versions. Returns `None` if it is the same.
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
        // All operations have these. If one version lacks them, an older generator wrote it.
        let is_from_older_generator =
            verb != Changed && matches!(item.kind, Kind::Response | Kind::Name | Kind::Route);
        if with_its_parent || is_from_older_generator {
            return None;
        }
        let is_left_out = verb == Removed
            && item.kind == Kind::Operation
            && old.route(path).is_some_and(|route| new.left_out.contains(&route));
        let message = match (verb, item.kind) {
            (Added, _) => format!("new {item}"),
            (Removed, Kind::Page) => "no longer a list".to_owned(),
            (Removed, _) if is_left_out => {
                format!("{item} no longer generated, but still in the document; see the notes")
            }
            (Removed, _) => format!("{item} removed"),
            (Changed, _) => format!("{item} instead of `{}`", other.items[path].ty.text),
        };
        let change = if is_left_out { "left-out" } else { verb.name() };
        Some(Self {
            class: class(verb, path, item, new),
            path: path.to_owned(),
            kind: format!("{}-{change}", item.kind.name()),
            message,
            edit: surface.edit(verb, path, item),
        })
    }

    fn renamed(before: &str, now: &str, old: &Surface, new: &Surface) -> Self {
        let old_method = old.method(before);
        let new_method = new.method(now);
        let mut edit = format!("client.rs: rename the method `{old_method}` to `{new_method}`");
        if new.is_list(now) {
            let (_, alias) = split(now);
            edit += &format!("; request.rs, lib.rs, blocking.rs: rename its alias to `{alias}`");
        }
        Self {
            class: Breaking,
            path: before.to_owned(),
            kind: "operation-renamed".to_owned(),
            message: format!("operation renamed to `{}`", split(now).1),
            edit: Some(edit),
        }
    }

    /// Compares the representation in requests and responses.
    fn of_wire(path: &str, before: &Entry, now: &Entry) -> Option<Self> {
        // An older generator did not write it.
        if before.wire.is_empty() || now.wire.is_empty() || before.wire == now.wire {
            return None;
        }
        Some(Self {
            class: Compatible,
            path: path.to_owned(),
            kind: format!("{}-wire-changed", now.kind.name()),
            message: format!("sent as {} instead of {}", now.wire, before.wire),
            edit: Some("mock/: make the same change".to_owned()),
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
            kind: format!("{}-{}", now.kind.name(), message.replace(' ', "-")),
            message: message.to_owned(),
            edit: None,
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

impl Surface {
    /// Returns the edit that hand-written code needs after a change.
    fn edit(&self, verb: Verb, path: &str, item: &Entry) -> Option<String> {
        let operation = if item.kind == Kind::Page { split(path).0 } else { path };
        let method = self.method(operation);
        match (verb, item.kind) {
            (Added, Kind::Operation) => Some(self.new_method(path)),
            (Removed, Kind::Operation) => {
                Some(format!("remove `{method}` where the compiler reports it"))
            }
            (Added, Kind::Page) => {
                Some(format!("client.rs: return a list request from `{method}`"))
            }
            (Removed, Kind::Page) => Some(format!(
                "client.rs: implement `{method}` with `call`; request.rs, lib.rs, blocking.rs: \
                 remove its alias"
            )),
            (_, Kind::Parameter) => Some(self.parameter(verb, path, item)),
            (_, Kind::Route) => Some("mock/: update the route".to_owned()),
            _ => None,
        }
    }

    /// Returns the edits that add the method of a new operation.
    fn new_method(&self, path: &str) -> String {
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
            return format!("{method}, implemented with `call`; mock/: add the operation");
        }
        let alias = format!("request.rs: add the alias `{}`", split(path).1);
        let setters = match names(true, "`, `") {
            setters if setters.is_empty() => String::new(),
            setters => format!(" with the setters `{setters}`"),
        };
        format!(
            "{method}; {alias}{setters}; lib.rs, blocking.rs: add the alias; mock/: add the \
             operation"
        )
    }

    /// Returns the edit for a changed parameter.
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

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Operation => f.write_str("operation"),
            kind => write!(f, "{} `{}`", kind.name(), self.ty.text),
        }
    }
}
