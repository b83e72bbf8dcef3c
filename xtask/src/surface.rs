//! The public items of the generated file and their representation in requests and responses.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use quote::ToTokens as _;
use syn::{
    Attribute, Expr, ExprCall, ExprField, ExprIf, ExprLit, ExprMethodCall, File, GenericArgument,
    Ident, ImplItem, ImplItemFn, Item, ItemEnum, ItemImpl, ItemStruct, Lit, LitStr, Macro, Member,
    Path, PathArguments, Token, Type, Visibility, braced,
    ext::IdentExt as _,
    parse::{Parse, ParseStream},
    visit::{self, Visit},
};

/// The public items of the generated file, by Rust path.
#[derive(Default)]
pub(crate) struct Surface {
    pub(crate) items: BTreeMap<String, Entry>,
    /// The operations of the document that are not generated, such as `GET /v1/specs/`.
    pub(crate) left_out: BTreeSet<String>,
    /// The arguments of the client's methods, by method name.
    methods: BTreeMap<String, SentArguments>,
    /// The JSON keys of fields and the separators of joined lists, by path.
    keys: BTreeMap<String, String>,
}

pub(crate) struct Entry {
    pub(crate) kind: Kind,
    pub(crate) ty: TypeText,
    /// The location of a parameter in a request, or the JSON key of a field.
    pub(crate) wire: String,
    pub(crate) is_deprecated: bool,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Type,
    Field,
    /// A value of an enumeration.
    Value,
    Operation,
    Parameter,
    /// A page number or page size parameter, which is set by all list requests.
    Paging,
    /// The response of an operation without pages.
    Response,
    Page,
    Name,
    Route,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Field => "field",
            Self::Value => "value",
            Self::Operation => "operation",
            Self::Parameter => "parameter",
            Self::Paging => "paging",
            Self::Response => "response",
            Self::Page => "page",
            Self::Name => "name",
            Self::Route => "route",
        }
    }
}

/// A value, or a type without its module paths.
#[derive(Default, PartialEq)]
pub(crate) struct TypeText {
    pub(crate) text: String,
    /// `Option` in `Option<Thing>`.
    pub(crate) container: String,
    /// `Thing` in `Option<Thing>`.
    pub(crate) argument: Option<String>,
    /// The names of all types it contains.
    names: BTreeSet<String>,
}

impl Entry {
    pub(crate) fn is_optional(&self) -> bool {
        ["Option", "Vec", "Map"].contains(&self.ty.container.as_str())
    }
}

impl Surface {
    pub(crate) fn parse(code: &str) -> Result<Self> {
        let mut surface = Self::default();
        for item in syn::parse_file(code)?.items {
            match item {
                Item::Mod(module) => {
                    // The crate exports enumerations with the other types.
                    let name = if module.ident == "operations" { "operations" } else { "types" };
                    let items = module.content.map(|(_, items)| items).unwrap_or_default();
                    for item in items {
                        surface.item(name, item);
                    }
                }
                Item::Impl(item) if item.trait_.is_none() => surface.client(&item),
                Item::Const(item) if item.ident == "LEFT_OUT" => {
                    let mut texts = Texts::default();
                    texts.visit_expr(&item.expr);
                    surface.left_out = texts.0;
                }
                _ => {}
            }
        }
        surface.add_wires();
        Ok(surface)
    }

    /// Returns the operations and their routes.
    pub(crate) fn routes(&self) -> Vec<(String, String)> {
        let mut routes = Vec::new();
        for (path, item) in &self.items {
            if item.kind == Kind::Operation
                && let Some(route) = self.route(path)
            {
                routes.push((path.clone(), route));
            }
        }
        routes
    }

    /// Returns the HTTP method and path of an operation, such as `GET /v1/specs/`.
    pub(crate) fn route(&self, operation: &str) -> Option<String> {
        let method = self.items.get(&format!("{operation}::METHOD"))?;
        let path = self.items.get(&format!("{operation}::PATH"))?;
        Some(format!("{} {}", method.ty.text, path.ty.text))
    }

    /// Renames an operation, so that its parameters are compared with the parameters of `now`.
    /// Drops its method name, which changes with it.
    pub(crate) fn rename(&mut self, before: &str, now: &str) {
        let mut items = BTreeMap::new();
        for (path, item) in std::mem::take(&mut self.items) {
            let (parent, name) = split(&path);
            if path == before {
                items.insert(now.to_owned(), item);
            } else if parent != before {
                items.insert(path, item);
            } else if item.kind != Kind::Name {
                items.insert(format!("{now}::{name}"), item);
            }
        }
        self.items = items;
    }

    /// Returns the method name of an operation.
    pub(crate) fn method<'a>(&'a self, operation: &'a str) -> &'a str {
        self.items.get(&format!("{operation}::NAME")).map_or(operation, |name| &name.ty.text)
    }

    pub(crate) fn is_list(&self, operation: &str) -> bool {
        self.items.contains_key(&format!("{operation}::Page"))
    }

    /// Returns the names of the types in requests, which users construct.
    pub(crate) fn sent_types(&self) -> BTreeSet<&str> {
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
                    sent.extend(item.ty.names.iter().map(String::as_str));
                }
            }
            if sent.len() == count {
                return sent;
            }
        }
    }

    fn item(&mut self, module: &str, item: Item) {
        match item {
            Item::Struct(item) if is_public(&item.vis) => self.fields(module, item),
            Item::Enum(item) if is_public(&item.vis) => self.variants(module, item),
            Item::Type(item) if is_public(&item.vis) => {
                let path = format!("{module}::{}", item.ident);
                self.add(&path, Kind::Type, type_text(&item.ty), &item.attrs);
            }
            Item::Impl(item) if module == "operations" => self.operation(module, item),
            Item::Macro(item) => self.macro_item(module, &item.mac),
            _ => {}
        }
    }

    fn fields(&mut self, module: &str, item: ItemStruct) {
        let (kind, field_kind) = match module {
            "operations" => (Kind::Operation, Kind::Parameter),
            _ => (Kind::Type, Kind::Field),
        };
        let path = format!("{module}::{}", item.ident);
        self.add(&path, kind, value("struct"), &item.attrs);
        for (index, field) in item.fields.into_iter().enumerate() {
            if is_public(&field.vis) {
                let name = field.ident.map(|name| name.unraw().to_string());
                let name = name.unwrap_or_else(|| index.to_string());
                self.add(
                    &format!("{path}::{name}"),
                    field_kind,
                    type_text(&field.ty),
                    &field.attrs,
                );
            }
        }
    }

    fn variants(&mut self, module: &str, item: ItemEnum) {
        let path = format!("{module}::{}", item.ident);
        self.add(&path, Kind::Type, value("enum"), &item.attrs);
        for variant in item.variants {
            let fields: Vec<_> =
                variant.fields.iter().map(|field| type_text(&field.ty).text).collect();
            let path = format!("{path}::{}", variant.ident);
            self.add(&path, Kind::Value, value(&fields.join(", ")), &variant.attrs);
        }
    }

    /// Parses one of the generated macro calls, or a macro around ordinary items.
    fn macro_item(&mut self, module: &str, item: &Macro) {
        if ends_in(&item.path, "open_enumeration") {
            let Ok(enumeration) = item.parse_body::<OpenEnumeration>() else { return };
            let path = format!("{module}::{}", enumeration.name);
            self.add(&path, Kind::Type, value("enum"), &[]);
            if let Some(entry) = self.items.get_mut(&path) {
                entry.is_deprecated = enumeration.is_deprecated;
            }
            for (variant, text) in enumeration.values {
                let path = format!("{path}::{variant}");
                self.add(&path, Kind::Value, value(&text.value()), &[]);
            }
        } else if ends_in(&item.path, "object") {
            let Ok(object) = item.parse_body::<Object>() else { return };
            for (key, field) in object.fields {
                let path = format!("{module}::{}::{}", object.name, field.unraw());
                self.keys.insert(path, format!("the JSON key `{}`", key.value()));
            }
        } else if let Ok(file) = item.parse_body::<File>() {
            for item in file.items {
                self.item(module, item);
            }
        }
    }

    /// Reads an implementation of `Operation` or `ListOperation`.
    fn operation(&mut self, module: &str, item: ItemImpl) {
        let path = format!("{module}::{}", type_text(&item.self_ty).text);
        for item in item.items {
            match item {
                ImplItem::Const(item) => {
                    let kind = if item.ident == "NAME" { Kind::Name } else { Kind::Route };
                    let text = string(&item.expr).unwrap_or_default();
                    self.add(&format!("{path}::{}", item.ident), kind, value(&text), &[]);
                }
                ImplItem::Type(item) if item.ident == "Page" => {
                    self.items.remove(&format!("{path}::Response"));
                    self.add(&format!("{path}::Page"), Kind::Page, type_text(&item.ty), &[]);
                }
                ImplItem::Type(item) => {
                    let path = format!("{path}::{}", item.ident);
                    self.add(&path, Kind::Response, type_text(&item.ty), &[]);
                }
                ImplItem::Fn(item) => self.method_of_operation(&path, &item),
                _ => {}
            }
        }
    }

    fn method_of_operation(&mut self, path: &str, item: &ImplItemFn) {
        if item.sig.ident == "set_page_number" || item.sig.ident == "set_page_size" {
            let mut fields = SelfFields::default();
            fields.visit_block(&item.block);
            for field in fields.0 {
                if let Some(field) = self.items.get_mut(&format!("{path}::{field}")) {
                    field.kind = Kind::Paging;
                }
            }
        }
        if item.sig.ident == "send" {
            let mut joined = Joined::default();
            joined.visit_block(&item.block);
            for (field, separator) in joined.0 {
                let separator = format!(", joined by `{separator}`");
                self.keys.insert(format!("{path}::{field}"), separator);
            }
        }
    }

    fn client(&mut self, item: &ItemImpl) {
        for item in &item.items {
            if let ImplItem::Fn(item) = item {
                let mut sent = SentArguments::default();
                sent.visit_block(&item.block);
                self.methods.insert(item.sig.ident.unraw().to_string(), sent);
            }
        }
    }

    /// Adds the locations of parameters and the keys of fields to the items.
    fn add_wires(&mut self) {
        for (path, _) in self.routes() {
            let Some(sent) = self.methods.get(self.method(&path)) else { continue };
            for (argument, wire) in sent.arguments.clone() {
                if let Some(item) = self.items.get_mut(&format!("{path}::{argument}")) {
                    item.wire = wire;
                }
            }
        }
        for (path, key) in &self.keys {
            if let Some(item) = self.items.get_mut(path) {
                item.wire += key;
            }
        }
    }

    fn add(&mut self, path: &str, kind: Kind, ty: TypeText, attributes: &[Attribute]) {
        let is_deprecated = attributes.iter().any(|of| of.path().is_ident("deprecated"));
        let entry = Entry { kind, ty, wire: String::new(), is_deprecated };
        self.items.insert(path.to_owned(), entry);
    }
}

/// The arguments of `open_enumeration!`.
struct OpenEnumeration {
    name: Ident,
    is_deprecated: bool,
    values: Vec<(Ident, LitStr)>,
}

impl Parse for OpenEnumeration {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Attribute::parse_outer(input)?;
        let name = Ident::parse_any(input)?;
        let is_deprecated = input.parse::<Option<Ident>>()?.is_some();
        let content;
        braced!(content in input);
        let mut values = Vec::new();
        while !content.is_empty() {
            Attribute::parse_outer(&content)?;
            let variant = content.parse()?;
            content.parse::<Token![=]>()?;
            values.push((variant, content.parse()?));
            content.parse::<Option<Token![,]>>()?;
        }
        Ok(Self { name, is_deprecated, values })
    }
}

/// The arguments of `object!`.
struct Object {
    name: Ident,
    fields: Vec<(LitStr, Ident)>,
}

impl Parse for Object {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.parse()?;
        let content;
        braced!(content in input);
        let mut fields = Vec::new();
        while !content.is_empty() {
            let key = content.parse()?;
            content.parse::<Token![=>]>()?;
            fields.push((key, Ident::parse_any(&content)?));
            // `required`
            content.parse::<Option<Ident>>()?;
            content.parse::<Option<Token![,]>>()?;
        }
        Ok(Self { name, fields })
    }
}

/// The locations that a client method sends its arguments to.
#[derive(Default)]
struct SentArguments {
    arguments: Vec<(String, String)>,
    /// `x` inside `if let Some(value) = x`.
    optional: Option<String>,
}

impl<'a> Visit<'a> for SentArguments {
    fn visit_expr_call(&mut self, call: &'a ExprCall) {
        if let Expr::Path(function) = &*call.func
            && function.path.segments.iter().any(|segment| segment.ident == "QueryParam")
            && let Some(name) = call.args.first().and_then(string)
            && let Some(argument) = call.args.last().and_then(variable)
        {
            self.arguments.push((argument, format!("the query parameter `{name}`")));
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'a ExprMethodCall) {
        let first = call.args.first();
        match call.method.to_string().as_str() {
            "append" => {
                let argument = self.optional.clone().or(call.args.last().and_then(variable));
                if let (Some(name), Some(argument)) = (first.and_then(string), argument) {
                    self.arguments.push((argument, format!("the header `{name}`")));
                }
            }
            "json" | "form_urlencoded" => {
                let format = if call.method == "json" { "JSON" } else { "a form" };
                if let Some(argument) = first.and_then(variable) {
                    self.arguments.push((argument, format.to_owned()));
                }
            }
            _ => {}
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_if(&mut self, expression: &'a ExprIf) {
        if let Expr::Let(condition) = &*expression.cond {
            self.optional = variable(&condition.expr);
        }
        visit::visit_expr_if(self, expression);
        self.optional = None;
    }
}

/// The fields of `self` in calls to `joined`, with their separators.
#[derive(Default)]
struct Joined(Vec<(String, String)>);

impl<'a> Visit<'a> for Joined {
    fn visit_expr_call(&mut self, call: &'a ExprCall) {
        if let Expr::Path(function) = &*call.func
            && ends_in(&function.path, "joined")
            && let Some(separator) = call.args.last().and_then(string)
        {
            let mut fields = SelfFields::default();
            fields.visit_expr_call(call);
            self.0.extend(fields.0.into_iter().map(|field| (field, separator.clone())));
        }
        visit::visit_expr_call(self, call);
    }
}

#[derive(Default)]
struct SelfFields(Vec<String>);

impl<'a> Visit<'a> for SelfFields {
    fn visit_expr_field(&mut self, field: &'a ExprField) {
        if let (Expr::Path(base), Member::Named(name)) = (&*field.base, &field.member)
            && base.path.is_ident("self")
        {
            self.0.push(name.unraw().to_string());
        }
        visit::visit_expr_field(self, field);
    }
}

/// The string literals in an expression.
#[derive(Default)]
struct Texts(BTreeSet<String>);

impl<'a> Visit<'a> for Texts {
    fn visit_lit_str(&mut self, text: &'a LitStr) {
        self.0.insert(text.value());
    }
}

/// Splits the path of an item into its parent and its name.
pub(crate) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once("::").unwrap_or(("", path))
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn ends_in(path: &Path, name: &str) -> bool {
    path.segments.last().is_some_and(|segment| segment.ident == name)
}

fn string(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Lit(ExprLit { lit: Lit::Str(string), .. }) => Some(string.value()),
        _ => None,
    }
}

/// Returns the variable that `expression` refers to or calls methods on.
fn variable(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Path(path) => path.path.get_ident().map(|ident| ident.unraw().to_string()),
        Expr::Reference(reference) => variable(&reference.expr),
        Expr::MethodCall(call) => variable(&call.receiver),
        Expr::Try(inner) => variable(&inner.expr),
        _ => None,
    }
}

fn value(text: &str) -> TypeText {
    TypeText { text: text.to_owned(), ..TypeText::default() }
}

fn type_text(ty: &Type) -> TypeText {
    match ty {
        Type::Path(ty) => path_text(&ty.path),
        Type::Tuple(tuple) => {
            let parts: Vec<_> = tuple.elems.iter().map(type_text).collect();
            let texts: Vec<_> = parts.iter().map(|part| part.text.as_str()).collect();
            let text = format!("({})", texts.join(", "));
            let names = parts.into_iter().flat_map(|part| part.names).collect();
            TypeText { names, ..value(&text) }
        }
        ty => value(&ty.to_token_stream().to_string()),
    }
}

fn path_text(path: &Path) -> TypeText {
    let Some(last) = path.segments.last() else { return TypeText::default() };
    let mut arguments = Vec::new();
    let mut names = BTreeSet::from([last.ident.to_string()]);
    if let PathArguments::AngleBracketed(of) = &last.arguments {
        for argument in &of.args {
            if let GenericArgument::Type(ty) = argument {
                let ty = type_text(ty);
                names.extend(ty.names);
                arguments.push(ty.text);
            }
        }
    }
    let container = last.ident.to_string();
    let text = match arguments.join(", ") {
        arguments if arguments.is_empty() => container.clone(),
        arguments => format!("{container}<{arguments}>"),
    };
    TypeText { text, container, argument: arguments.into_iter().next(), names }
}
