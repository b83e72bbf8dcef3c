//! `cargo xtask api-diff`: the difference between two versions of the generated file, as users see it.
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
//!
//! A renamed item is removed and added.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use anyhow::{Context as _, Result, bail};
use quote::ToTokens;
use serde::Serialize;
use syn::{
    Attribute, Fields, ImplItem, Item, ItemImpl, LitStr, Token, Type, Visibility,
    ext::IdentExt as _,
    parse::{Parse, ParseStream},
    visit_mut::VisitMut,
};

use crate::workspace::{GENERATED, Workspace};

/// Prints what changed in the committed file since the git revision `base`.
///
/// # Errors
/// Returns an error if a version cannot be read, or with `deny_breaking` if a change is breaking.
pub(crate) fn run(workspace: &Workspace, base: &str, json: bool, deny_breaking: bool) -> Result<()> {
    let code =
        workspace.read(GENERATED)?.with_context(|| format!("{GENERATED} is missing; run `cargo xtask codegen`"))?;
    let report = Report::new(base, &workspace.read_at(base, GENERATED)?, &code)?;
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
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Class {
    /// Code of users may stop compiling or working.
    Breaking,
    /// Code of users works as before.
    Compatible,
}

use Class::{Breaking, Compatible};

impl Report {
    /// Compares the code `old` of the revision `base` with `new`.
    ///
    /// # Errors
    /// Returns an error if one of them is not Rust.
    pub(crate) fn new(base: &str, old: &str, new: &str) -> Result<Self> {
        let old = Surface::parse(old).with_context(|| format!("{GENERATED} of {base}"))?;
        let new = Surface::parse(new).with_context(|| GENERATED.to_owned())?;
        let mut changes = Vec::new();
        for (path, entry) in old.comparable_to(&new) {
            match new.entries.get(path) {
                None => changes.push(old.removed(path, entry)),
                Some(now) if now != entry => changes.push(new.changed(path, entry, now)),
                Some(_) => {}
            }
        }
        let sent = new.sent_types();
        for (path, entry) in new.comparable_to(&old) {
            if !old.entries.contains_key(path) {
                changes.push(new.added(path, entry, &sent));
            }
        }
        changes.sort();
        Ok(Self { base: base.to_owned(), breaking: changes.iter().any(|change| change.class == Breaking), changes })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.changes.is_empty() {
            return writeln!(f, "No public item changed since {}.", self.base);
        }
        writeln!(f, "Changes since {}:\n", self.base)?;
        for change in &self.changes {
            let class = match change.class {
                Breaking => "breaking",
                Compatible => "compatible",
            };
            writeln!(f, "{class:<12}{}: {}", change.path, change.message)?;
            if let Some(follow) = &change.follow {
                writeln!(f, "{:<12}  by hand: {follow}", "")?;
            }
        }
        let breaking = self.changes.iter().filter(|change| change.class == Breaking).count();
        let compatible = self.changes.len() - breaking;
        let by_hand = self.changes.iter().filter(|change| change.follow.is_some()).count();
        writeln!(f, "\n{breaking} breaking, {compatible} compatible; {by_hand} to follow by hand in press-specs/src.")
    }
}

/// # Rules
impl Surface {
    fn added(&self, path: &str, entry: &Entry, sent: &BTreeSet<&str>) -> Change {
        let (parent, name) = split(path);
        let (class, follow) = match entry.kind {
            Kind::Operation => (Compatible, Some(self.wrapping(path, name))),
            Kind::Parameter => {
                let class = if entry.is_optional() { Compatible } else { Breaking };
                (class, self.parameter("add", path, entry))
            }
            Kind::Field if sent.contains(parent) && !entry.is_optional() => (Breaking, None),
            Kind::Page => {
                let follow = format!("client.rs: return a list request from `{}`", self.method(parent));
                (Compatible, Some(follow))
            }
            _ => (Compatible, None),
        };
        entry.change("added", path, class, format!("new {entry}"), follow)
    }

    fn removed(&self, path: &str, entry: &Entry) -> Change {
        let (parent, _) = split(path);
        let (message, follow) = match entry.kind {
            Kind::Operation => (
                format!("{entry} removed"),
                Some(format!("remove `{}` wherever the compiler finds it", self.method(path))),
            ),
            Kind::Page => (
                "no list any more".to_owned(),
                Some(format!(
                    "client.rs: end `{}` in `call`; specs.rs, lib.rs, blocking.rs: remove its alias",
                    self.method(parent)
                )),
            ),
            _ => (format!("{entry} removed"), self.parameter("remove", path, entry)),
        };
        entry.change("removed", path, Breaking, message, follow)
    }

    fn changed(&self, path: &str, old: &Entry, entry: &Entry) -> Change {
        let (class, follow) = match entry.kind {
            Kind::Name => (Compatible, None),
            Kind::Route => (Compatible, Some("mock/: serve it there".to_owned())),
            _ => (Breaking, self.parameter("change", path, entry)),
        };
        let message = format!("{entry} instead of `{}`", old.text);
        entry.change("changed", path, class, message, follow)
    }

    /// Returns the edits that give a new operation its method.
    fn wrapping(&self, path: &str, name: &str) -> String {
        let parameters = self.entries.iter().filter(|(parameter, entry)| {
            split(parameter).0 == path && entry.kind == Kind::Parameter && !self.paging.contains(*parameter)
        });
        let (optional, required): (Vec<_>, Vec<_>) = parameters.partition(|(_, entry)| entry.is_optional());
        let names = |parameters: Vec<(&String, &Entry)>| {
            let names: Vec<_> = parameters.iter().map(|(path, _)| split(path).1).collect();
            names.join("`, `")
        };
        let method = format!("add the method `{}({})`", self.method(path), names(required).replace('`', ""));
        let setters = names(optional);
        if self.entries.contains_key(&format!("{path}::Page")) {
            let setters = match setters.as_str() {
                "" => String::new(),
                setters => format!(" with the setters `{setters}`"),
            };
            format!(
                "client.rs: {method}; specs.rs: the alias `{name}`{setters}; lib.rs, blocking.rs: the alias; mock/: the operation"
            )
        } else {
            format!("client.rs: {method}, which ends in `call`; mock/: the operation")
        }
    }

    /// Returns the edit that a parameter needs; `None` if the entry is none, or if all lists share it.
    fn parameter(&self, verb: &str, path: &str, entry: &Entry) -> Option<String> {
        if entry.kind != Kind::Parameter || self.paging.contains(path) {
            return None;
        }
        let (operation, name) = split(path);
        let ty = &entry.text;
        let inner = |of: &str| ty.strip_prefix(of).and_then(|ty| ty.strip_suffix('>'));
        let argument = match (inner("Option<"), inner("Vec<")) {
            (_, Some(ty)) => format!("impl IntoIterator<Item = impl Into<{ty}>>"),
            (inner, None) => format!("impl Into<{}>", inner.unwrap_or(ty)),
        };
        let method = self.method(operation);
        let list = self.entries.contains_key(&format!("{operation}::Page"));
        Some(match entry.is_optional() && list {
            true => {
                let alias = split(operation).1;
                format!("specs.rs: {verb} the setter `{alias}::{name}({argument})`; mock/: {verb} the filter")
            }
            false => format!("client.rs: {verb} the argument `{name}: {argument}` of `{method}`"),
        })
    }

    /// Returns the name of the method that wraps an operation.
    fn method<'a>(&'a self, operation: &'a str) -> &'a str {
        let name = self.entries.get(&format!("{operation}::NAME"));
        name.map_or(operation, |name| &name.text)
    }
}

/// The public items of the generated file by their Rust paths.
#[derive(Default)]
struct Surface {
    entries: BTreeMap<String, Entry>,
    /// The parameters for the number and the size of a page, which all list requests set alike.
    paging: BTreeSet<String>,
}

#[derive(PartialEq)]
struct Entry {
    kind: Kind,
    /// A type or a value, with as few words as tell it from others.
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Type,
    Field,
    Value,
    Operation,
    Parameter,
    Response,
    Page,
    Name,
    Route,
}

impl Entry {
    fn is_optional(&self) -> bool {
        self.text.starts_with("Option<") || self.text.starts_with("Vec<") || self.text.starts_with("Map<")
    }

    fn change(&self, verb: &str, path: &str, class: Class, message: String, follow: Option<String>) -> Change {
        Change {
            class,
            path: path.to_owned(),
            kind: format!("{}-{verb}", format!("{:?}", self.kind).to_lowercase()),
            message,
            follow,
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = format!("{:?}", self.kind).to_lowercase();
        match self.kind {
            Kind::Operation => f.write_str(&kind),
            _ => write!(f, "{kind} `{}`", self.text),
        }
    }
}

impl Surface {
    fn parse(code: &str) -> Result<Self> {
        let mut surface = Self::default();
        for item in syn::parse_file(code)?.items {
            if let Item::Mod(module) = item
                && let Some((_, items)) = module.content
            {
                let module = module.ident.to_string();
                // The crate shows enumerations among the other types.
                let name = if module == "operations" { "operations" } else { "types" };
                items.into_iter().for_each(|item| surface.item(name, item));
            }
        }
        Ok(surface)
    }

    fn item(&mut self, module: &str, item: Item) {
        let operations = module == "operations";
        match item {
            Item::Struct(item) if is_public(&item.vis) => {
                let path = format!("{module}::{}", item.ident);
                let (kind, field_kind) = match operations {
                    true => (Kind::Operation, Kind::Parameter),
                    false => (Kind::Type, Kind::Field),
                };
                self.add(path.clone(), kind, "struct");
                self.fields(&path, field_kind, item.fields);
            }
            Item::Enum(item) if is_public(&item.vis) => {
                let path = format!("{module}::{}", item.ident);
                self.add(path.clone(), Kind::Type, "enum");
                for variant in item.variants {
                    self.add(format!("{path}::{}", variant.ident), Kind::Value, text(variant.fields));
                }
            }
            Item::Type(item) if is_public(&item.vis) => {
                self.add(format!("{module}::{}", item.ident), Kind::Type, text(*item.ty));
            }
            Item::Impl(item) if operations => self.operation(module, item),
            Item::Macro(item) => match item.mac.parse_body::<Enumeration>() {
                Ok(enumeration) => {
                    let path = format!("{module}::{}", enumeration.name);
                    self.add(path.clone(), Kind::Type, "enum");
                    for (name, value) in enumeration.values {
                        self.add(format!("{path}::{name}"), Kind::Value, value);
                    }
                }
                // A macro around ordinary items.
                Err(_) => {
                    let items = item.mac.parse_body::<syn::File>().map(|file| file.items);
                    items.into_iter().flatten().for_each(|item| self.item(module, item));
                }
            },
            _ => {}
        }
    }

    fn fields(&mut self, path: &str, kind: Kind, fields: Fields) {
        for (index, field) in fields.into_iter().enumerate() {
            if is_public(&field.vis) {
                let name = field.ident.map_or_else(|| index.to_string(), |name| name.unraw().to_string());
                self.add(format!("{path}::{name}"), kind, text(field.ty));
            }
        }
    }

    /// Reads what an implementation of `Operation` or `ListOperation` says.
    fn operation(&mut self, module: &str, item: ItemImpl) {
        let path = format!("{module}::{}", text(*item.self_ty));
        for item in item.items {
            match item {
                ImplItem::Const(item) => {
                    let kind = if item.ident == "NAME" { Kind::Name } else { Kind::Route };
                    let value = text(item.expr);
                    self.add(format!("{path}::{}", item.ident), kind, value.trim_matches('"'));
                }
                ImplItem::Type(item) => {
                    let kind = if item.ident == "Page" { Kind::Page } else { Kind::Response };
                    self.add(format!("{path}::{}", item.ident), kind, text(item.ty));
                }
                ImplItem::Fn(item) if item.sig.ident.to_string().starts_with("set_page_") => {
                    let body = item.block.to_token_stream().to_string();
                    let field = body.split_once("self . ").and_then(|(_, rest)| rest.split(' ').next());
                    self.paging.extend(field.map(|field| format!("{path}::{field}")));
                }
                _ => {}
            }
        }
    }

    fn add(&mut self, path: String, kind: Kind, text: impl Into<String>) {
        let text = text.into();
        self.entries.insert(path, Entry { kind, text });
    }

    /// Returns the entries that do not merely come or go with the item that holds them.
    fn comparable_to<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (&'a str, &'a Entry)> {
        self.entries.iter().filter_map(move |(path, entry)| {
            let (parent, name) = split(path);
            let alone = !self.entries.contains_key(parent) || other.entries.contains_key(parent);
            // Each operation has these; a version that does not say them is of an older generator.
            let said =
                other.entries.contains_key(path) || !matches!(entry.kind, Kind::Response | Kind::Name | Kind::Route);
            // The response of a list is its page.
            let twice = name == "Response" && self.entries.contains_key(&format!("{parent}::Page"));
            (alone && said && !twice).then_some((path.as_str(), entry))
        })
    }

    /// Returns the types that requests hold, which users make.
    fn sent_types(&self) -> BTreeSet<&str> {
        let mut sent = BTreeSet::new();
        let mut texts: Vec<&str> = Vec::new();
        let parameters = self.entries.values().filter(|entry| entry.kind == Kind::Parameter);
        texts.extend(parameters.map(|entry| entry.text.as_str()));
        while let Some(text) = texts.pop() {
            for word in text.split(|char: char| !char.is_alphanumeric() && char != '_') {
                let Some((path, entry)) = self.entries.get_key_value(&format!("types::{word}")) else {
                    continue;
                };
                if sent.insert(path.as_str()) {
                    texts.push(&entry.text);
                    let fields = self.entries.iter().filter(|(field, _)| split(field).0 == path);
                    texts.extend(fields.map(|(_, field)| field.text.as_str()));
                }
            }
        }
        sent
    }
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once("::").unwrap_or(("", path))
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Returns a piece of code without spaces and, if it is a type, without the modules in its paths.
fn text(code: impl ToTokens) -> String {
    let tokens = code.to_token_stream();
    let tokens = match syn::parse2::<Type>(tokens.clone()) {
        Ok(mut ty) => {
            ShortPaths.visit_type_mut(&mut ty);
            ty.into_token_stream()
        }
        Err(_) => tokens,
    };
    tokens.to_string().replace(' ', "").replace(',', ", ")
}

struct ShortPaths;

impl VisitMut for ShortPaths {
    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        syn::visit_mut::visit_path_mut(self, path);
        if let Some(last) = path.segments.last().cloned() {
            *path = last.into();
        }
    }
}

/// The body of an `open_enumeration!`: docs, a name, and the values in braces.
struct Enumeration {
    name: syn::Ident,
    values: Vec<(syn::Ident, String)>,
}

impl Parse for Enumeration {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.call(Attribute::parse_outer)?;
        let name = input.parse()?;
        let body;
        syn::braced!(body in input);
        let values = body.parse_terminated(
            |input| {
                input.call(Attribute::parse_outer)?;
                let name = input.parse()?;
                input.parse::<Token![=]>()?;
                Ok((name, input.parse::<LitStr>()?.value()))
            },
            Token![,],
        )?;
        let values = values.into_iter().collect();
        Ok(Self { name, values })
    }
}
