//! Final changes to the generator's output: requests end in our own exchange, unused parts go, documentation is completed.

use quote::ToTokens;
use syn::{
    Attribute, Expr, ExprLit, Field, File, ImplItem, ImplItemFn, Item, Lit, Meta, ReturnType, Stmt, Type, parse_quote,
    visit_mut::{self, VisitMut},
};

pub(crate) fn postprocess(mut file: File) -> File {
    Postprocess.visit_file_mut(&mut file);
    file
}

struct Postprocess;

impl VisitMut for Postprocess {
    fn visit_file_mut(&mut self, file: &mut File) {
        file.items.retain(|item| !is_module(item, "prelude") && !is_client_hooks(item));
        visit_mut::visit_file_mut(self, file);
    }

    fn visit_item_mod_mut(&mut self, module: &mut syn::ItemMod) {
        if let Some((_, items)) = &mut module.content {
            // The open enumerations convert every text, so nothing names the conversion error.
            let used = items.iter().any(|item| {
                !is_module(item, "error") && item.to_token_stream().to_string().contains("ConversionError")
            });
            items.retain(|item| used || !is_module(item, "error"));
        }
        visit_mut::visit_item_mod_mut(self, module);
    }

    fn visit_item_impl_mut(&mut self, item: &mut syn::ItemImpl) {
        // `new` sets time limits of its own and panics without TLS.
        item.items.retain(|item| !matches!(item, ImplItem::Fn(function) if function.sig.ident == "new"));
        for item in &mut item.items {
            if let ImplItem::Fn(function) = item
                && function.sig.asyncness.is_some()
                && function.sig.receiver().is_some()
                && body_text(function).contains("OperationInfo")
            {
                exchange(function);
            }
        }
        visit_mut::visit_item_impl_mut(self, item);
    }

    fn visit_field_mut(&mut self, field: &mut Field) {
        if field.ident.as_ref().is_some_and(|ident| ident == "extra") {
            field.attrs.insert(0, parse_quote! { #[doc = "Each field that the contract does not name."] });
        }
        visit_mut::visit_field_mut(self, field);
    }

    fn visit_attribute_mut(&mut self, attribute: &mut Attribute) {
        if let Meta::NameValue(meta) = &mut attribute.meta
            && meta.path.is_ident("doc")
            && let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &mut meta.value
            && !text.value().starts_with([' ', '\n'])
            && !text.value().contains('\n')
        {
            *text = syn::LitStr::new(&format!(" {}", text.value()), text.span());
        }
    }
}

/// Ends a method of the client in `crate::hooks`, once its request is built.
fn exchange(function: &mut ImplItemFn) {
    let decode: Expr = if body_text(function).contains("ResponseValue :: empty") {
        parse_quote! { crate::hooks::empty(self, request).await }
    } else {
        parse_quote! { crate::hooks::json(self, request).await }
    };
    let statements = &mut function.block.stmts;
    let built = statements.iter().position(|statement| text(statement).starts_with("let info"));
    statements.truncate(built.unwrap_or(statements.len()));
    statements.retain(|statement| !text(statement).contains("\"api-version\""));
    if !statements.iter().any(|statement| text(statement).contains("header_map . append")) {
        statements.retain(|statement| !text(statement).starts_with("let mut header_map"));
        statements.iter_mut().for_each(|statement| WithoutHeaders.visit_stmt_mut(statement));
    }
    for statement in &mut *statements {
        if let Stmt::Local(local) = statement
            && text(&local.pat) == "mut request"
        {
            local.attrs.clear();
            local.pat = parse_quote! { request };
        }
    }
    statements.push(Stmt::Expr(decode, None));
    Returned.visit_return_type_mut(&mut function.sig.output);
}

/// Drops the call `.headers(header_map)` from the chain that builds a request.
struct WithoutHeaders;

impl VisitMut for WithoutHeaders {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        if let Expr::MethodCall(call) = expression
            && call.method == "headers"
        {
            *expression = (*call.receiver).clone();
        }
        visit_mut::visit_expr_mut(self, expression);
    }
}

/// Replaces `Result<ResponseValue<T>, Error<…>>` by our response and failure.
struct Returned;

impl VisitMut for Returned {
    fn visit_return_type_mut(&mut self, output: &mut ReturnType) {
        let ReturnType::Type(_, result) = output else { return };
        let mut value = Value(None);
        value.visit_type_mut(result);
        if let Value(Some(value)) = value {
            **result = parse_quote! { Result<crate::decode::Response<#value>, crate::decode::Failure> };
        }
    }
}

/// The `T` of `ResponseValue<T>`.
struct Value(Option<Type>);

impl VisitMut for Value {
    fn visit_path_segment_mut(&mut self, segment: &mut syn::PathSegment) {
        if segment.ident == "ResponseValue"
            && let syn::PathArguments::AngleBracketed(arguments) = &segment.arguments
            && let Some(syn::GenericArgument::Type(value)) = arguments.args.first()
        {
            self.0.get_or_insert_with(|| value.clone());
        }
        visit_mut::visit_path_segment_mut(self, segment);
    }
}

/// Returns `true` if `item` belongs to progenitor's own way of sending a request.
fn is_client_hooks(item: &Item) -> bool {
    match item {
        Item::Impl(item) => item.trait_.as_ref().is_some_and(|(path, _)| text(path).starts_with("Client")),
        Item::Use(item) => matches!(item.vis, syn::Visibility::Public(_)),
        Item::Const(item) => item.ident == "_",
        _ => false,
    }
}

fn body_text(function: &ImplItemFn) -> String {
    text(&function.block)
}

fn text(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string()
}

fn is_module(item: &Item, name: &str) -> bool {
    matches!(item, Item::Mod(module) if module.ident == name)
}
