//! The data types. progenitor's enumerations are closed, and one new value would fail a whole page:
//! ours are open. For its objects, `crate::object` implements `Deserialize` and `Serialize` at less
//! cost than serde's derive.

use std::collections::HashSet;

use heck::ToUpperCamelCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{ItemStruct, parse_quote};

use super::{
    api::{Api, Enumeration, Object},
    normalize::{field, legal, numbered},
};

/// Generates a module with what takes the place of serde's derive, and one with the open
/// enumerations.
pub(crate) fn generate(api: &Api) -> TokenStream {
    let objects = api.objects.iter().map(|(name, object)| {
        let name = format_ident!("{name}");
        let fields = object.properties.keys().map(|key| {
            let ident = format_ident!("{}", field(key));
            let required = object.required.contains(key).then(|| quote! { required });
            quote! { #key => #ident #required, }
        });
        quote! { crate::object::object! { #name { #(#fields)* } } }
    });
    let enumerations = api.enumerations.iter().map(|(name, of)| enumeration(name, of));
    quote! {
        mod objects {
            #(#objects)*
        }

        /// The enumerations of the contract, each open for values that it does not name.
        pub mod enumerations {
            #(#enumerations)*
        }
    }
}

/// Gives `item`, which the generator made of `object`, other attributes than serde's.
pub(crate) fn without_serde(item: &mut ItemStruct, object: &Object) {
    item.attrs.retain(|attribute| attribute.path().is_ident("doc"));
    item.attrs
        .push(parse_quote! { #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))] });
    item.attrs.push(parse_quote! { #[non_exhaustive] });
    item.attrs.push(parse_quote! { #[derive(Clone, Debug, PartialEq, Default)] });
    for item in &mut item.fields {
        item.attrs.retain(|attribute| !attribute.path().is_ident("serde"));
        let Some(ident) = item.ident.as_ref().map(ToString::to_string) else { continue };
        if ident == "extra" {
            item.attrs
                .push(parse_quote! { #[doc = "Each field that the contract does not name."] });
            item.attrs.push(parse_quote! { #[cfg_attr(feature = "schemars", schemars(flatten))] });
        } else if let Some(key) =
            object.properties.keys().find(|key| field(key) == ident && **key != ident)
        {
            item.attrs
                .push(parse_quote! { #[cfg_attr(feature = "schemars", schemars(rename = #key))] });
        }
    }
}

fn enumeration(name: &str, enumeration: &Enumeration) -> TokenStream {
    let description = enumeration.description.as_deref().unwrap_or(name);
    let ident = format_ident!("{name}");
    let mut seen = HashSet::new();
    let variants = enumeration.values.iter().map(|value| {
        // `Unknown` is taken by the variant for the values that the contract does not name.
        let variant = legal(value.to_upper_camel_case(), "Empty", &["Self", "Unknown"]);
        let variant = numbered(&variant, |name| seen.contains(name));
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
