//! The data types: `crate::object` implements their `Deserialize` and `Serialize`, at less cost than serde's derive.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{
    Attribute, Field, File, Item, ItemStruct, LitStr, Path, Token, ext::IdentExt, parse_quote, punctuated::Punctuated,
};

/// Takes serde's derive off the structs of `client` and returns what replaces it.
///
/// A struct that has no place for unknown fields keeps the derive.
pub(crate) fn generate(client: &mut File) -> syn::Result<TokenStream> {
    let mut objects = Vec::new();
    let modules = client.items.iter_mut().filter_map(|item| match item {
        Item::Mod(module) if module.ident == "types" => module.content.as_mut(),
        _ => None,
    });
    for item in modules.flat_map(|(_, items)| items) {
        if let Item::Struct(item) = item {
            objects.extend(object(item)?);
        }
    }
    Ok(quote! {
        mod objects {
            #(#objects)*
        }
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Extra,
    Required,
    Optional,
}

fn object(item: &mut ItemStruct) -> syn::Result<Option<TokenStream>> {
    let known = item.fields.iter().map(kind).collect::<syn::Result<Option<Vec<_>>>>()?;
    let Some(known) = known.filter(|fields| fields.iter().any(|(_, kind)| *kind == Kind::Extra)) else {
        return Ok(None);
    };
    for attribute in item.attrs.iter_mut().filter(|attribute| attribute.path().is_ident("derive")) {
        let traits = attribute.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated)?;
        let traits = traits.iter().filter(|path| path.segments.first().is_some_and(|segment| segment.ident != "serde"));
        *attribute = parse_quote! { #[derive(#(#traits,)* Default)] };
    }
    let mut fields = Vec::new();
    for (field, (key, kind)) in item.fields.iter_mut().zip(known) {
        field.attrs.retain(|attribute| !is_serde(attribute));
        if kind == Kind::Extra {
            field.attrs.push(parse_quote! { #[cfg_attr(feature = "schemars", schemars(flatten))] });
            continue;
        }
        let Some(ident) = &mut field.ident else { continue };
        if ident == "extra" {
            *ident = format_ident!("extra_");
        }
        if *ident != key {
            field.attrs.push(parse_quote! { #[cfg_attr(feature = "schemars", schemars(rename = #key))] });
        }
        let required = (kind == Kind::Required).then(|| quote! { required });
        fields.push(quote! { #key => #ident #required, });
    }
    let name = &item.ident;
    Ok(Some(quote! { crate::object::object! { #name { #(#fields)* } } }))
}

/// The name of a field in JSON and its kind; `None` for one that only serde's derive knows how to treat.
fn kind(field: &Field) -> syn::Result<Option<(String, Kind)>> {
    let Some(ident) = &field.ident else { return Ok(None) };
    let optional = field.ty.to_token_stream().to_string().starts_with(":: std :: option :: Option <");
    let (mut key, mut kind) = (ident.unraw().to_string(), Some(Kind::Required));
    for attribute in field.attrs.iter().filter(|attribute| is_serde(attribute)) {
        attribute.parse_nested_meta(|meta| {
            let value = meta.value().and_then(|value| value.parse::<LitStr>());
            match meta.path.get_ident().map(ToString::to_string).as_deref() {
                Some("rename") => key = value?.value(),
                Some("flatten") => kind = Some(Kind::Extra),
                // Stands at an option that is required, for which only null means none.
                Some("deserialize_with") if optional => {}
                _ => kind = optional.then_some(Kind::Optional),
            }
            Ok(())
        })?;
    }
    Ok(kind.map(|kind| (key, kind)))
}

fn is_serde(attribute: &Attribute) -> bool {
    attribute.path().is_ident("serde")
}
