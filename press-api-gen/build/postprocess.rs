//! Changes to the generator's output: requests end in our own exchange, unused parts go,
//! documentation is completed.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Block, File, ImplItem, ImplItemFn, Item, parse_quote};

use super::{
    api::{Api, Operation},
    types,
};

/// Drops what progenitor has for its own way of sending a request, in favour of ours, and serde's
/// derives.
pub(crate) fn adapt(client: &mut File, api: &Api) {
    client.items.retain(|item| match item {
        Item::Impl(item) => item.trait_.is_none(),
        Item::Use(item) => !matches!(item.vis, syn::Visibility::Public(_)),
        Item::Const(_) => false,
        Item::Mod(item) => item.ident == "types",
        _ => true,
    });
    for item in &mut client.items {
        match item {
            Item::Impl(item) => {
                // `new` sets time limits of its own and panics without TLS.
                item.items.retain(
                    |item| !matches!(item, ImplItem::Fn(function) if function.sig.ident == "new"),
                );
                for item in &mut item.items {
                    if let ImplItem::Fn(function) = item
                        && let Some(operation) =
                            api.operations.iter().find(|of| function.sig.ident == of.name)
                    {
                        exchange(function, operation);
                    }
                }
            }
            Item::Mod(syn::ItemMod { content: Some((_, items)), .. }) => {
                // The open enumerations convert every text, so nothing names the conversion error.
                items.retain(|item| !matches!(item, Item::Mod(module) if module.ident == "error"));
                for item in items {
                    if let Item::Struct(item) = item
                        && let Some(object) = api.objects.get(&item.ident.to_string())
                    {
                        types::without_serde(item, object);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Ends a method of the client in `crate::exchange`, once its request is built.
fn exchange(function: &mut ImplItemFn, operation: &Operation) {
    let statements = &mut function.block.stmts;
    let built = statements.iter().position(|statement| text(statement).starts_with("let info"));
    statements.truncate(built.unwrap_or(statements.len()));
    let request = statements.pop().map(|statement| text(&statement)).unwrap_or_default();
    let mut request = request.split_once(" = ").unwrap_or_default().1.to_owned();
    statements.retain(|statement| !text(statement).contains("from_static (\"api-version\")"));
    if !statements.iter().any(|statement| text(statement).contains("header_map . append")) {
        statements.retain(|statement| !text(statement).starts_with("let mut header_map"));
        request = request.replace(". headers (header_map)", "");
    }
    let (end, response) = match &operation.response {
        Some(response) => (quote! { json }, response.rust("types")),
        None => (quote! { empty }, quote! { () }),
    };
    let request: TokenStream = request.parse().unwrap_or_default();
    let Block { stmts, .. } = parse_quote! { {
        let request = #request
        crate::exchange::#end(&self.client, &self.inner, request).await
    } };
    statements.extend(stmts);
    function.sig.output =
        parse_quote! { -> Result<crate::response::Response<#response>, crate::response::Failure> };
}

/// `code` with a space between the slashes of its documentation and the text.
pub(crate) fn spaced(code: &str) -> String {
    let is_tight = |line: &str| {
        line.trim_start().strip_prefix("///").is_some_and(|text| !text.starts_with([' ', '\n']))
    };
    let line =
        |line: &str| if is_tight(line) { line.replacen("///", "/// ", 1) } else { line.to_owned() };
    code.split_inclusive('\n').map(line).collect()
}

fn text(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string()
}
