//! What is cut from the generator's output because nobody uses it, and what is added because somebody reads it.

use quote::ToTokens;
use syn::{
    Attribute, Expr, ExprLit, Field, File, ImplItem, Item, Lit, Meta, parse_quote,
    visit_mut::{self, VisitMut},
};

/// Removes the unused parts of `file` and completes its documentation.
pub(crate) fn tidy(mut file: File) -> File {
    Tidy.visit_file_mut(&mut file);
    file
}

struct Tidy;

impl VisitMut for Tidy {
    fn visit_file_mut(&mut self, file: &mut File) {
        file.items.retain(|item| !is_module(item, "prelude"));
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
        item.items
            .retain(|item| !matches!(item, ImplItem::Fn(function) if function.sig.ident == "new"));
        visit_mut::visit_item_impl_mut(self, item);
    }

    fn visit_field_mut(&mut self, field: &mut Field) {
        if field.ident.as_ref().is_some_and(|ident| ident == "extra") {
            field.attrs.insert(
                0,
                parse_quote! { #[doc = "Each field that the contract does not name."] },
            );
        }
        visit_mut::visit_field_mut(self, field);
    }

    fn visit_attribute_mut(&mut self, attribute: &mut Attribute) {
        if let Meta::NameValue(meta) = &mut attribute.meta
            && meta.path.is_ident("doc")
            && let Expr::Lit(ExprLit {
                lit: Lit::Str(text), ..
            }) = &mut meta.value
            && !text.value().starts_with([' ', '\n'])
            && !text.value().contains('\n')
        {
            *text = syn::LitStr::new(&format!(" {}", text.value()), text.span());
        }
    }
}

fn is_module(item: &Item, name: &str) -> bool {
    matches!(item, Item::Mod(module) if module.ident == name)
}
