//! Changes to progenitor's output: methods send their requests through `crate::exchange`, unused
//! items are removed, and documentation is formatted.

use quote::quote;
use syn::{
    Attribute, Block, Expr, ExprCall, ExprLit, ExprMethodCall, File, ImplItem, ImplItemFn, Item,
    ItemImpl, ItemMod, Lit, LitStr, Local, Meta, Pat, Stmt, Visibility, parse_quote,
    visit_mut::{self, VisitMut},
};

use super::{
    api::{Api, Operation},
    types,
};

/// Removes progenitor's own code for sending requests, and serde's derives.
pub(crate) fn adapt(file: &mut File, api: &Api) {
    file.items.retain(is_used);
    for item in &mut file.items {
        match item {
            Item::Impl(item) => client(item, api),
            Item::Mod(item) if item.ident == "types" => data_types(item, api),
            _ => {}
        }
    }
    LineComments.visit_file_mut(file);
}

fn is_used(item: &Item) -> bool {
    match item {
        Item::Impl(item) => item.trait_.is_none(),
        Item::Use(item) => !matches!(item.vis, Visibility::Public(_)),
        Item::Const(_) => false,
        Item::Mod(item) => item.ident == "types" || item.ident == "operations",
        _ => true,
    }
}

fn client(item: &mut ItemImpl, api: &Api) {
    // `new` sets timeouts and panics without TLS.
    item.items
        .retain(|item| !matches!(item, ImplItem::Fn(function) if function.sig.ident == "new"));
    for item in &mut item.items {
        let ImplItem::Fn(function) = item else { continue };
        let operation = api.operations.iter().find(|of| function.sig.ident == of.name);
        if let Some(operation) = operation {
            exchange(function, operation);
        }
    }
}

fn data_types(module: &mut ItemMod, api: &Api) {
    let Some((_, items)) = &mut module.content else { return };
    // Open enumerations convert from any text, so the conversion error is unused.
    items.retain(|item| !matches!(item, Item::Mod(module) if module.ident == "error"));
    for item in items {
        let Item::Struct(item) = item else { continue };
        if let Some(object) = api.objects.get(&item.ident.to_string()) {
            types::replace_attributes(item, object);
        }
    }
}

/// Replaces the end of a client method, after its request is built, with a call into
/// `crate::exchange`.
fn exchange(function: &mut ImplItemFn, operation: &Operation) {
    let statements = &mut function.block.stmts;
    let info = statements.iter().position(|statement| declares(statement, "info"));
    statements.truncate(info.unwrap_or(statements.len()));
    let Some(Stmt::Local(Local { init: Some(request), .. })) = statements.pop() else { return };
    let mut request = *request.expr;
    statements.retain(|statement| !sets_api_version(statement));
    // Without header parameters, all statements are declarations, and the header map stays empty.
    if statements.iter().all(|statement| matches!(statement, Stmt::Local(_))) {
        statements.retain(|statement| !declares(statement, "header_map"));
        WithoutHeaders.visit_expr_mut(&mut request);
    }
    let (end, response) = match &operation.response {
        Some(response) => (quote! { json }, response.rust("types")),
        None => (quote! { empty }, quote! { () }),
    };
    let Block { stmts, .. } = parse_quote! { {
        let request = #request;
        crate::exchange::#end(&self.client, &self.inner, request).await
    } };
    statements.extend(stmts);
    WireNames(operation).visit_block_mut(&mut function.block);
    if operation.is_deprecated {
        function.attrs.push(parse_quote! { #[deprecated] });
    }
    function.sig.output =
        parse_quote! { -> Result<crate::response::Response<#response>, crate::response::Failure> };
}

/// Returns `true` if `statement` declares the variable `name`.
fn declares(statement: &Stmt, name: &str) -> bool {
    match statement {
        Stmt::Local(Local { pat: Pat::Ident(pattern), .. }) => pattern.ident == name,
        _ => false,
    }
}

/// Returns `true` for the version header that progenitor adds to each request. Unlike the names of
/// header parameters, its name is not a literal.
fn sets_api_version(statement: &Stmt) -> bool {
    match statement {
        Stmt::Expr(Expr::MethodCall(call), _) => {
            call.method == "append" && matches!(call.args.first(), Some(Expr::Call(_)))
        }
        _ => false,
    }
}

/// Restores the wire names of parameters that were renamed for Rust.
struct WireNames<'a>(&'a Operation);

impl WireNames<'_> {
    fn rename(&self, argument: Option<&mut Expr>) {
        let Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) = argument else { return };
        let name = text.value();
        let mut parameters = self.0.parameters.iter();
        if let Some(parameter) = parameters.find(|parameter| parameter.generator_name() == name) {
            *text = LitStr::new(&parameter.name, text.span());
        }
    }
}

impl VisitMut for WireNames<'_> {
    fn visit_expr_call_mut(&mut self, call: &mut ExprCall) {
        let names_a_parameter = match &*call.func {
            Expr::Path(function) => {
                function.path.segments.iter().any(|segment| segment.ident == "QueryParam")
            }
            _ => false,
        };
        if names_a_parameter {
            self.rename(call.args.first_mut());
        }
        visit_mut::visit_expr_call_mut(self, call);
    }

    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        if call.method == "append" {
            self.rename(call.args.first_mut());
        }
        visit_mut::visit_expr_method_call_mut(self, call);
    }
}

/// Removes the call to `headers` from a method chain.
struct WithoutHeaders;

impl VisitMut for WithoutHeaders {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        if let Expr::MethodCall(ExprMethodCall { method, receiver, .. }) = expression
            && method == "headers"
        {
            *expression = (**receiver).clone();
        }
        visit_mut::visit_expr_mut(self, expression);
    }
}

/// Splits documentation into one comment per line, which gives shorter diffs.
struct LineComments;

impl VisitMut for LineComments {
    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        let mut lines = Vec::new();
        for attribute in attributes.drain(..) {
            match documentation(&attribute) {
                Some(text) => {
                    let space = if text.starts_with(' ') { "" } else { " " };
                    lines.extend(text.lines().map(|line| comment(space, line)));
                }
                None => lines.push(attribute),
            }
        }
        *attributes = lines;
    }
}

fn documentation(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(meta) = &attribute.meta else { return None };
    match &meta.value {
        Expr::Lit(value) if meta.path.is_ident("doc") => match &value.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

fn comment(space: &str, line: &str) -> Attribute {
    let line = format!("{space}{}", line.replace('\r', " "));
    let line = line.trim_end();
    parse_quote! { #[doc = #line] }
}
