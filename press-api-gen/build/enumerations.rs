//! The open enumerations: progenitor's are closed, and one new value would fail a whole page.

use std::collections::HashSet;

use heck::ToUpperCamelCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{
    api::{Api, Enumeration},
    normalize::numbered,
};

/// Generates a module with an open enumeration for each enumeration of the contract.
pub(crate) fn generate(api: &Api) -> TokenStream {
    let enumerations = api.enumerations.iter().map(|(name, of)| enumeration(name, of));
    quote! {
        /// The enumerations of the contract, each open for values that it does not name.
        pub mod enumerations {
            #(#enumerations)*
        }
    }
}

fn enumeration(name: &str, enumeration: &Enumeration) -> TokenStream {
    let description = enumeration.description.as_deref().unwrap_or(name);
    let ident = format_ident!("{name}");
    let mut seen = HashSet::new();
    let variants = enumeration.values.iter().map(|value| {
        let variant = numbered(&variant_name(value), |name| seen.contains(name));
        seen.insert(variant.clone());
        let variant = format_ident!("{variant}");
        let doc = match enumeration.docs[value].as_str() {
            Some(text) => format!("`{value}`: {text}"),
            None => format!("`{value}`"),
        };
        quote! { #[doc = #doc] #variant = #value, }
    });
    quote! {
        crate::open_enum::open_enumeration! {
            #[doc = #description]
            #ident { #(#variants)* }
        }
    }
}

/// The variant for a value: `delete_failed` → `DeleteFailed`, `createdAt:desc` → `CreatedAtDesc`.
fn variant_name(value: &str) -> String {
    match value.to_upper_camel_case() {
        name if name.is_empty() => "Empty".to_owned(),
        name if name.starts_with(char::is_numeric) => format!("V{name}"),
        // Taken by the variant for the values that the contract does not name.
        name if name == "Unknown" || name == "Self" => format!("{name}Value"),
        name => name,
    }
}
