//! The data types. progenitor generates closed enumerations, and one new value would fail a whole
//! page; ours are open. Objects use `crate::object` instead of serde's derives, because it costs
//! less.

use std::collections::HashSet;

use heck::ToUpperCamelCase;
use proc_macro2::Literal;
use syn::{ItemStruct, parse_quote};

use super::{
    api::{Api, Enumeration, Object},
    normalize::{field, legal, numbered},
};

/// Generates a module that implements serde's traits for the objects, and one with the open
/// enumerations.
///
/// Returns text rather than tokens, because prettyplease joins the lines inside a macro. One line
/// per field and value gives readable diffs.
pub(crate) fn generate(api: &Api) -> String {
    let mut lines = vec!["mod objects {".to_owned()];
    for (name, of) in &api.objects {
        object(name, of, &mut lines);
    }
    lines.push("}".to_owned());
    lines.push("/// The enumerations of the API. Each also accepts unlisted values.".to_owned());
    lines.push("pub mod enumerations {".to_owned());
    for (name, of) in &api.enumerations {
        enumeration(name, of, &mut lines);
    }
    lines.push("}".to_owned());
    lines.join("\n") + "\n"
}

fn object(name: &str, object: &Object, lines: &mut Vec<String>) {
    lines.push("    crate::object::object! {".to_owned());
    lines.push(format!("        {name} {{"));
    for key in object.properties.keys() {
        let literal = Literal::string(key);
        let field = field(key);
        let required = if object.required.contains(key) { " required" } else { "" };
        lines.push(format!("            {literal} => {field}{required},"));
    }
    lines.push("        }".to_owned());
    lines.push("    }".to_owned());
}

fn enumeration(name: &str, enumeration: &Enumeration, lines: &mut Vec<String>) {
    lines.push("    crate::open_enum::open_enumeration! {".to_owned());
    document(enumeration.description.as_deref().unwrap_or(name), "        ", lines);
    let deprecated = if enumeration.is_deprecated { " deprecated" } else { "" };
    lines.push(format!("        {name}{deprecated} {{"));
    let mut seen = HashSet::new();
    for value in &enumeration.values {
        // `Unknown` is the variant for undocumented values.
        let variant = legal(value.to_upper_camel_case(), "Empty", &["Self", "Unknown"]);
        let variant = numbered(&variant, |name| seen.contains(name));
        let doc = match enumeration.docs[value].as_str() {
            Some(text) => format!("`{value}`: {text}"),
            None => format!("`{value}`"),
        };
        document(&doc, "            ", lines);
        lines.push(format!("            {variant} = {},", Literal::string(value)));
        seen.insert(variant);
    }
    lines.push("        }".to_owned());
    lines.push("    }".to_owned());
}

/// Adds `text` as a doc comment.
fn document(text: &str, indent: &str, lines: &mut Vec<String>) {
    for line in text.lines() {
        let comment = format!("{indent}/// {}", line.replace('\r', " "));
        lines.push(comment.trim_end().to_owned());
    }
}

/// Replaces the attributes of `item`, which progenitor generated from `object`.
pub(crate) fn replace_attributes(item: &mut ItemStruct, object: &Object) {
    let attributes = &mut item.attrs;
    attributes.retain(|attribute| attribute.path().is_ident("doc"));
    if object.is_deprecated {
        attributes.push(parse_quote! { #[deprecated] });
    }
    attributes
        .push(parse_quote! { #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))] });
    attributes.push(parse_quote! { #[non_exhaustive] });
    attributes.push(parse_quote! { #[derive(Clone, Debug, PartialEq, Default)] });
    for item in &mut item.fields {
        let attributes = &mut item.attrs;
        attributes.retain(|attribute| !attribute.path().is_ident("serde"));
        let Some(ident) = &item.ident else { continue };
        if ident == "extra" {
            let doc = "Fields that this version doesn't know.";
            attributes.push(parse_quote! { #[doc = #doc] });
            attributes.push(parse_quote! { #[cfg_attr(feature = "schemars", schemars(flatten))] });
            continue;
        }
        let Some(key) = object.properties.keys().find(|key| ident == &field(key)) else { continue };
        if object.deprecated.contains(key) {
            attributes.push(parse_quote! { #[deprecated] });
        }
        if ident != key {
            attributes
                .push(parse_quote! { #[cfg_attr(feature = "schemars", schemars(rename = #key))] });
        }
    }
}
