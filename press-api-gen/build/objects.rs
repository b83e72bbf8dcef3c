//! The data types: `crate::object` implements their `Deserialize` and `Serialize`, at less cost than serde's derive.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{ItemStruct, parse_quote};

use super::{
    api::{Api, Object},
    normalize::field,
};

/// Generates what takes the place of serde's derive.
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
    quote! {
        mod objects {
            #(#objects)*
        }
    }
}

/// Takes serde's derive off `item`, which the generator made of `object`.
pub(crate) fn without_serde(item: &mut ItemStruct, object: &Object) {
    for attribute in item.attrs.iter_mut().filter(|attribute| attribute.path().is_ident("derive")) {
        *attribute = parse_quote! { #[derive(Clone, Debug, PartialEq, Default)] };
    }
    for item in &mut item.fields {
        item.attrs.retain(|attribute| !attribute.path().is_ident("serde"));
        let Some(ident) = item.ident.as_ref().map(ToString::to_string) else { continue };
        if ident == "extra" {
            item.attrs.push(parse_quote! { #[doc = "Each field that the contract does not name."] });
            item.attrs.push(parse_quote! { #[cfg_attr(feature = "schemars", schemars(flatten))] });
        } else if let Some(key) = object.properties.keys().find(|key| field(key) == ident && **key != ident) {
            item.attrs.push(parse_quote! { #[cfg_attr(feature = "schemars", schemars(rename = #key))] });
        }
    }
}
