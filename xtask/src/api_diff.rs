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
//!
//! A renamed item is removed and added.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use anyhow::{Context as _, Result, bail};
use proc_macro2::TokenTree;
use quote::{ToTokens, quote};
use serde::Serialize;
use syn::{Expr, ExprLit, File, ImplItem, Item, ItemImpl, Lit, Visibility, ext::IdentExt as _};

use crate::workspace::{self, GENERATED};

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
        let old = Surface::parse(old).with_context(|| format!("{GENERATED} of {base}"))?;
        let new = Surface::parse(new).with_context(|| GENERATED.to_owned())?;
        let paths: BTreeSet<_> = old.items.keys().chain(new.items.keys()).collect();
        let mut changes: Vec<_> =
            paths.into_iter().filter_map(|path| Change::of(path, &old, &new)).collect();
        changes.sort();
        Ok(Self {
            base: base.to_owned(),
            breaking: changes.iter().any(|change| change.class == Breaking),
            changes,
        })
    }
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
            "\n{breaking} breaking, {compatible} compatible; {by_hand} to follow by hand in press-specs/src."
        )
    }
}

impl Change {
    /// Compares the item at `path` in two versions; `None` if there is nothing to report.
    fn of(path: &str, old: &Surface, new: &Surface) -> Option<Self> {
        let (verb, item, surface, other) = match (old.items.get(path), new.items.get(path)) {
            (None, Some(item)) => (Added, item, new, old),
            (Some(item), None) => (Removed, item, old, new),
            (Some(before), Some(item)) if before.text != item.text => (Changed, item, new, old),
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
        let class = match (verb, item.kind) {
            (_, Kind::Name | Kind::Route) => Compatible,
            (Added, Kind::Parameter | Kind::Paging) if !item.is_optional() => Breaking,
            (Added, Kind::Field)
                if !item.is_optional() && new.sent_types().contains(split(parent).1) =>
            {
                Breaking
            }
            (Added, _) => Compatible,
            (Removed | Changed, _) => Breaking,
        };
        let message = match (verb, item.kind) {
            (Added, _) => format!("new {item}"),
            (Removed, Kind::Page) => "no list any more".to_owned(),
            (Removed, _) => format!("{item} removed"),
            (Changed, _) => format!("{item} instead of `{}`", other.items[path].text),
        };
        let method = surface.method(if item.kind == Kind::Page { parent } else { path });
        let follow = match (verb, item.kind) {
            (Added, Kind::Operation) => surface.wrapping(path),
            (Removed, Kind::Operation) => {
                format!("remove `{method}` wherever the compiler finds it")
            }
            (Added, Kind::Page) => format!("client.rs: return a list request from `{method}`"),
            (Removed, Kind::Page) => {
                format!(
                    "client.rs: end `{method}` in `call`; specs.rs, lib.rs, blocking.rs: remove its alias"
                )
            }
            (_, Kind::Parameter) => surface.parameter(verb, path, item),
            (_, Kind::Route) => "mock/: serve it there".to_owned(),
            _ => String::new(),
        };
        Some(Self {
            class,
            path: path.to_owned(),
            kind: format!("{}-{}", word(item.kind), word(verb)),
            message,
            follow: (!follow.is_empty()).then_some(follow),
        })
    }
}

/// # The edits that follow
impl Surface {
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
        let alias = format!("specs.rs: the alias `{}`", split(path).1);
        let setters = match names(true, "`, `") {
            setters if setters.is_empty() => String::new(),
            setters => format!(" with the setters `{setters}`"),
        };
        format!("{method}; {alias}{setters}; lib.rs, blocking.rs: the alias; mock/: the operation")
    }

    /// Returns the edit that a changed parameter needs.
    fn parameter(&self, verb: Verb, path: &str, item: &Entry) -> String {
        let (operation, name) = split(path);
        let inner = |of: &str| item.text.strip_prefix(of).and_then(|ty| ty.strip_suffix('>'));
        let argument = match inner("Vec<") {
            Some(ty) => format!("impl IntoIterator<Item = impl Into<{ty}>>"),
            None => format!("impl Into<{}>", inner("Option<").unwrap_or(&item.text)),
        };
        let verb = match verb {
            Added => "add",
            Removed => "remove",
            Changed => "change",
        };
        if item.is_optional() && self.is_list(operation) {
            let setter = format!("{}::{name}({argument})", split(operation).1);
            format!("specs.rs: {verb} the setter `{setter}`; mock/: {verb} the filter")
        } else {
            format!(
                "client.rs: {verb} the argument `{name}: {argument}` of `{}`",
                self.method(operation)
            )
        }
    }

    /// Returns the name of the method that wraps an operation.
    fn method<'a>(&'a self, operation: &'a str) -> &'a str {
        self.items.get(&format!("{operation}::NAME")).map_or(operation, |name| &name.text)
    }

    fn is_list(&self, operation: &str) -> bool {
        self.items.contains_key(&format!("{operation}::Page"))
    }

    /// Returns the names of the types that requests hold, which users make.
    fn sent_types(&self) -> BTreeSet<&str> {
        let mut sent = BTreeSet::new();
        loop {
            let count = sent.len();
            for (path, item) in &self.items {
                let (parent, name) = split(path);
                let is_sent = match item.kind {
                    Kind::Parameter => true,
                    Kind::Type => sent.contains(name),
                    Kind::Field => sent.contains(split(parent).1),
                    _ => false,
                };
                if is_sent {
                    sent.extend(item.text.split(|char: char| !char.is_alphanumeric()));
                }
            }
            if sent.len() == count {
                return sent;
            }
        }
    }
}

/// The public items of the generated file by their Rust paths.
#[derive(Default)]
struct Surface {
    items: BTreeMap<String, Entry>,
}

struct Entry {
    kind: Kind,
    /// A type or a value, with as few words as tell it from others.
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Type,
    Field,
    /// A value of an enumeration.
    Value,
    Operation,
    Parameter,
    /// A parameter for the number or the size of a page, which all list requests set alike.
    Paging,
    /// The response of an operation that is no list.
    Response,
    Page,
    Name,
    Route,
}

impl Entry {
    fn is_optional(&self) -> bool {
        ["Option<", "Vec<", "Map<"].iter().any(|of| self.text.starts_with(of))
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Operation => f.write_str("operation"),
            kind => write!(f, "{} `{}`", word(kind), self.text),
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
                // The crate shows enumerations among the other types.
                let name = if module.ident == "operations" { "operations" } else { "types" };
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
                let (kind, field) = if operations {
                    (Kind::Operation, Kind::Parameter)
                } else {
                    (Kind::Type, Kind::Field)
                };
                self.add(&path, kind, "struct");
                for (index, item) in
                    item.fields.into_iter().enumerate().filter(|(_, item)| is_public(&item.vis))
                {
                    let name = item
                        .ident
                        .map_or_else(|| index.to_string(), |name| name.unraw().to_string());
                    self.add(&format!("{path}::{name}"), field, type_text(item.ty));
                }
            }
            Item::Enum(item) if is_public(&item.vis) => {
                let path = format!("{module}::{}", item.ident);
                self.add(&path, Kind::Type, "enum");
                for variant in item.variants {
                    let value = variant.discriminant.and_then(|(_, value)| string(value));
                    let value = value.unwrap_or_else(|| type_text(variant.fields));
                    self.add(&format!("{path}::{}", variant.ident), Kind::Value, value);
                }
            }
            Item::Type(item) if is_public(&item.vis) => {
                self.add(&format!("{module}::{}", item.ident), Kind::Type, type_text(item.ty));
            }
            Item::Impl(item) if operations => self.operation(module, item),
            Item::Macro(item) => {
                // A macro around ordinary items, or `open_enumeration!`, in which `pub enum` is
                // left out after the docs.
                let named = item
                    .mac
                    .tokens
                    .clone()
                    .into_iter()
                    .skip_while(|token| !matches!(token, TokenTree::Ident(_)));
                let file = syn::parse2::<File>(item.mac.tokens);
                let file = file.or_else(|_| syn::parse2(quote! { pub enum #(#named)* }));
                file.into_iter()
                    .flat_map(|file| file.items)
                    .for_each(|item| self.item(module, item));
            }
            _ => {}
        }
    }

    /// Reads what an implementation of `Operation` or `ListOperation` says.
    fn operation(&mut self, module: &str, item: ItemImpl) {
        let path = format!("{module}::{}", type_text(item.self_ty));
        for item in item.items {
            match item {
                ImplItem::Const(item) => {
                    let kind = if item.ident == "NAME" { Kind::Name } else { Kind::Route };
                    self.add(
                        &format!("{path}::{}", item.ident),
                        kind,
                        string(item.expr).unwrap_or_default(),
                    );
                }
                ImplItem::Type(item) if item.ident == "Page" => {
                    self.items.remove(&format!("{path}::Response"));
                    self.add(&format!("{path}::Page"), Kind::Page, type_text(item.ty));
                }
                ImplItem::Type(item) => {
                    self.add(
                        &format!("{path}::{}", item.ident),
                        Kind::Response,
                        type_text(item.ty),
                    );
                }
                ImplItem::Fn(item) if item.sig.ident.to_string().starts_with("set_page_") => {
                    let body = item.block.to_token_stream().to_string();
                    let field =
                        body.split_once("self . ").and_then(|(_, rest)| rest.split(' ').next());
                    let field =
                        self.items.get_mut(&format!("{path}::{}", field.unwrap_or_default()));
                    field.into_iter().for_each(|field| field.kind = Kind::Paging);
                }
                _ => {}
            }
        }
    }

    fn add(&mut self, path: &str, kind: Kind, text: impl Into<String>) {
        self.items.insert(path.to_owned(), Entry { kind, text: text.into() });
    }
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once("::").unwrap_or(("", path))
}

fn word(name: impl fmt::Debug) -> String {
    format!("{name:?}").to_lowercase()
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn string(expression: Expr) -> Option<String> {
    match expression {
        Expr::Lit(ExprLit { lit: Lit::Str(string), .. }) => Some(string.value()),
        _ => None,
    }
}

/// Returns a type without spaces and without the modules in its paths.
fn type_text(code: impl ToTokens) -> String {
    let text = code.to_token_stream().to_string().replace(' ', "").replace(',', ", ");
    let mut parts: Vec<&str> = text.split("::").collect();
    let last = parts.pop().unwrap_or_default();
    let is_name = |char: char| char.is_alphanumeric() || char == '_';
    parts.into_iter().map(|part| part.trim_end_matches(is_name)).chain([last]).collect()
}
