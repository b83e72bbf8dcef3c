//! The open enumerations: progenitor's are closed, and one new value would fail a whole page.

use std::collections::HashSet;

use heck::ToUpperCamelCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::Value;

use super::normalize::Api;

/// Generates a module with an open enumeration for each enumeration of the contract.
pub(crate) fn generate(api: &Api) -> TokenStream {
    let enumerations = api.enumerations().map(|name| enumeration(name, &api.schemas[name]));
    quote! {
        /// The enumerations of the contract, each open for values that it does not name.
        pub mod enumerations {
            #(#enumerations)*
        }
    }
}

fn enumeration(name: &str, schema: &Value) -> TokenStream {
    let description = schema["description"].as_str().unwrap_or(name);
    let ident = format_ident!("{name}");
    let mut seen = HashSet::new();
    let mut variants = Vec::new();
    for value in schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let (name, mut variant, mut number) = (variant_name(value), variant_name(value), 2);
        while !seen.insert(variant.clone()) {
            variant = format!("{name}{number}");
            number += 1;
        }
        let doc = match schema["x-enumDescriptions"][value].as_str() {
            Some(text) => format!("`{value}`: {text}"),
            None => format!("`{value}`"),
        };
        let variant = format_ident!("{variant}");
        variants.push(quote! { #[doc = #doc] #variant = #value, });
    }
    quote! {
        crate::open_enum::open_enumeration! {
            #[doc = #description]
            #ident { #(#variants)* }
        }
    }
}

/// The variant for a value: `delete_failed` → `DeleteFailed`, `createdAt:desc` → `CreatedAtDesc`.
fn variant_name(value: &str) -> String {
    let words: String = value.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    match words.to_upper_camel_case() {
        name if name.is_empty() => "Empty".to_owned(),
        name if name.starts_with(char::is_numeric) => format!("V{name}"),
        // Taken by the variant for the values that the contract does not name.
        name if name == "Unknown" || name == "Self" => format!("{name}Value"),
        name => name,
    }
}
