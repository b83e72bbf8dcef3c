//! A type per operation, with its parameters by name, so that callers of the generated methods neither count positions
//! nor stop compiling when the document gains an optional parameter.

use std::collections::BTreeMap;

use heck::ToUpperCamelCase;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use serde_json::Value;
use syn::{FnArg, GenericArgument, ImplItem, ImplItemFn, Item, Pat, PathArguments, ReturnType, Type, visit::Visit};

use super::normalize::{Api, Operation, Page, Parameter, argument, component, field};

/// Generates a module with an [`Operation`](crate::Operation) for each operation of `api`, which is a
/// [`ListOperation`](crate::ListOperation) if it has pages.
pub(crate) fn generate(api: &Api, client: &syn::File) -> Result<TokenStream, String> {
    let mut operations = Vec::new();
    // Several operations may return the same page.
    let mut pages = BTreeMap::new();
    for operation in &api.operations {
        let function = method_of(client, &operation.name)
            .ok_or_else(|| format!("the generated client has no method `{}`", operation.name))?;
        operations.push(operation_type(operation, function));
        if let Some(page) = &operation.page {
            operations.push(list_operation(operation, page));
            pages.entry(&page.schema).or_insert_with(|| page_impl(api, page));
        }
    }
    let pages = pages.values();
    let joined =
        api.operations.iter().flat_map(|operation| &operation.parameters).any(|parameter| parameter.joined.is_some());
    let joined = joined.then(|| {
        quote! {
            /// Writes a list as one value; an empty list is none.
            fn joined<T: ToString>(values: &[T], separator: &str) -> Option<String> {
                let values: Vec<String> = values.iter().map(T::to_string).collect();
                (!values.is_empty()).then(|| values.join(separator))
            }
        }
    });
    Ok(quote! {
        /// The operations of the API, each with its parameters.
        pub mod operations {
            #(#operations)*
            #(#pages)*
            #joined
        }
    })
}

fn method_of<'a>(client: &'a syn::File, name: &str) -> Option<&'a ImplItemFn> {
    client
        .items
        .iter()
        .filter_map(|item| if let Item::Impl(item) = item { Some(item) } else { None })
        .flat_map(|item| &item.items)
        .find_map(|item| match item {
            ImplItem::Fn(function) if function.sig.ident == name => Some(function),
            _ => None,
        })
}

fn operation_type(operation: &Operation, function: &ImplItemFn) -> TokenStream {
    let name = &function.sig.ident;
    let ident = type_ident(operation);
    let (name_text, method, path) = (name.to_string(), &operation.method, &operation.path);
    let doc = format!("The parameters of `{method} {path}`: {}", operation.summary);
    let (mut fields, mut arguments, mut path_parameters, mut path_lists) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for input in &function.sig.inputs {
        let FnArg::Typed(input) = input else { continue };
        let Pat::Ident(pattern) = &*input.pat else { continue };
        let field = &pattern.ident;
        let name = field.to_string();
        let parameter = operation.parameters.iter().find(|parameter| argument(&parameter.name) == name);
        let description = match (parameter, &operation.body) {
            (Some(parameter), _) => parameter.description.as_deref(),
            (None, Some(body)) => Some(body.description.as_str()).filter(|text| !text.is_empty()).or(Some("The body.")),
            (None, None) => None,
        };
        let description = description.unwrap_or(&name);
        let (owned, passed) = match parameter.and_then(|parameter| Some((parameter, parameter.joined.as_ref()?))) {
            Some((parameter, (separator, items))) => joined(parameter, separator, items, field),
            None => owned(&input.ty, &quote! { self.#field }),
        };
        fields.push(quote! { #[doc = #description] pub #field: #owned });
        arguments.push(passed);
        match parameter.filter(|parameter| parameter.location == "path").map(|parameter| &parameter.joined) {
            Some(None) if owned.to_string() == "String" || is_enumeration(&owned) => {
                path_parameters.push(quote! { (#name, self.#field.as_str()) });
            }
            Some(Some((_, items))) if items["type"] == "string" || component(items).is_some() => {
                path_lists.push(quote! { .chain(self.#field.iter().map(|entry| (#name, entry.as_str()))) });
            }
            _ => {}
        }
    }
    let response = response_of(function);
    quote! {
        #[doc = #doc]
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub struct #ident { #(#fields),* }

        impl crate::operation::sealed::Sealed for #ident {}

        impl crate::operation::Operation for #ident {
            type Response = #response;
            const NAME: &'static str = #name_text;
            const METHOD: &'static str = #method;
            const PATH: &'static str = #path;

            fn path_parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
                [#(#path_parameters),*].into_iter() #(#path_lists)*
            }

            async fn send(
                &self,
                client: &super::Client,
            ) -> Result<crate::decode::Response<Self::Response>, crate::decode::Failure> {
                client.#name(#(#arguments),*).await
            }
        }
    }
}

fn list_operation(operation: &Operation, page: &Page) -> TokenStream {
    let (ident, page_type) = (type_ident(operation), format_ident!("{}", page.schema));
    let (number, size) = (format_ident!("{}", page.number_parameter), format_ident!("{}", page.size_parameter));
    quote! {
        impl crate::operation::ListOperation for #ident {
            type Page = super::types::#page_type;

            fn page_size(&self) -> Option<u64> {
                self.#size.map(Into::into)
            }

            fn set_page_size(&mut self, page_size: Option<u32>) {
                self.#size = page_size.map(Into::into);
            }

            fn set_page_number(&mut self, page_number: Option<u32>) {
                self.#number = page_number.map(Into::into);
            }
        }
    }
}

fn type_ident(operation: &Operation) -> Ident {
    format_ident!("{}", operation.name.to_upper_camel_case())
}

/// Lists and counts of a page schema.
fn page_impl(api: &Api, page: &Page) -> TokenStream {
    let (page_type, item_type) = (format_ident!("{}", page.schema), format_ident!("{}", page.item));
    let fields = |path: &[String]| path.iter().map(|key| format_ident!("{}", field(key))).collect::<Vec<_>>();
    let (list, count) = (fields(&page.list), fields(&page.count));
    let number = optional(api, &page.schema, page.number.as_deref());
    let size = optional(api, &page.schema, page.size.as_deref());
    let items = optional(api, &page.schema, page.items.as_deref());
    let id = &api.schemas[&page.item]["properties"]["id"];
    let (item, id) = match (id["type"] == "string", is_optional(api, &page.item, "id")) {
        (true, false) => (quote! { item }, quote! { Some(&item.id) }),
        (true, true) => (quote! { item }, quote! { item.id.as_deref() }),
        (false, _) => (quote! { _ }, quote! { None }),
    };
    quote! {
        impl crate::operation::sealed::Sealed for super::types::#page_type {}

        impl crate::operation::Page for super::types::#page_type {
            type Item = super::types::#item_type;

            fn page_count(&self) -> u64 {
                self #(.#count)*
            }

            fn page_number(&self) -> Option<u64> {
                #number
            }

            fn page_size(&self) -> Option<u64> {
                #size
            }

            fn item_count(&self) -> Option<u64> {
                #items
            }

            fn items(&self) -> &[Self::Item] {
                &self #(.#list)*
            }

            fn into_items(self) -> Vec<Self::Item> {
                self #(.#list)*
            }

            fn item_id(#item: &Self::Item) -> Option<&str> {
                #id
            }
        }
    }
}

/// The number at `path`, where any part of the way may be absent.
fn optional(api: &Api, schema: &str, path: Option<&[String]>) -> TokenStream {
    let Some((last, parents)) = path.and_then(<[String]>::split_last) else {
        return quote! { None };
    };
    let (mut schema, mut place, mut is_option) = (schema.to_owned(), quote! { self }, false);
    for key in parents {
        let ident = format_ident!("{}", field(key));
        let here = is_optional(api, &schema, key);
        place = match (is_option, here) {
            (false, false) => quote! { #place.#ident },
            (false, true) => quote! { #place.#ident.as_ref() },
            (true, false) => quote! { #place.map(|value| &value.#ident) },
            (true, true) => quote! { #place.and_then(|value| value.#ident.as_ref()) },
        };
        is_option |= here;
        schema = component(&api.schemas[&schema]["properties"][key]).unwrap_or_default().to_owned();
    }
    let ident = format_ident!("{}", field(last));
    match (is_option, is_optional(api, &schema, last)) {
        (false, false) => quote! { Some(#place.#ident) },
        (false, true) => quote! { #place.#ident },
        (true, false) => quote! { #place.map(|value| value.#ident) },
        (true, true) => quote! { #place.and_then(|value| value.#ident) },
    }
}

fn is_optional(api: &Api, schema: &str, key: &str) -> bool {
    let schema = &api.schemas[schema];
    let required = schema["required"].as_array().is_some_and(|required| required.iter().any(|name| name == key));
    !required || schema["properties"][key]["nullable"] == true
}

/// The list that `parameter` is sent as one value of, and how its `field` is passed.
fn joined(parameter: &Parameter, separator: &str, items: &Value, field: &Ident) -> (TokenStream, TokenStream) {
    let item = match (component(items), items["type"].as_str()) {
        (Some(name), _) => {
            let name = format_ident!("{name}");
            quote! { crate::generated::enumerations::#name }
        }
        (None, Some("integer")) if items["format"] == "uint64" => quote! { u64 },
        (None, Some("integer")) => quote! { i64 },
        (None, Some("number")) => quote! { f64 },
        (None, Some("boolean")) => quote! { bool },
        (None, _) => quote! { String },
    };
    let passed = quote! { joined(&self.#field, #separator) };
    let passed = if parameter.required {
        quote! { &#passed.unwrap_or_default() }
    } else {
        quote! { #passed.as_deref() }
    };
    (quote! { ::std::vec::Vec<#item> }, passed)
}

fn is_enumeration(ty: &TokenStream) -> bool {
    ty.to_string().starts_with("crate :: generated :: enumerations")
}

/// The `T` of the `ResponseValue<T>` that `function` returns.
fn response_of(function: &ImplItemFn) -> TokenStream {
    struct Response(Option<Type>);

    impl<'ast> Visit<'ast> for Response {
        fn visit_path_segment(&mut self, segment: &'ast syn::PathSegment) {
            if segment.ident == "ResponseValue"
                && let PathArguments::AngleBracketed(arguments) = &segment.arguments
                && let Some(GenericArgument::Type(ty)) = arguments.args.first()
            {
                self.0 = Some(ty.clone());
            }
            syn::visit::visit_path_segment(self, segment);
        }
    }

    let mut response = Response(None);
    if let ReturnType::Type(_, ty) = &function.sig.output {
        response.visit_type(ty);
    }
    response.0.map_or_else(|| quote! { () }, |ty| in_module(&ty))
}

/// The type that owns what the argument type `borrowed` borrows, and how the field `field` of it is passed.
fn owned(borrowed: &Type, field: &TokenStream) -> (TokenStream, TokenStream) {
    let as_written = |ty: &Type| ty.to_token_stream().to_string().replace(' ', "");
    if let Type::Reference(reference) = borrowed {
        let owned = own_referent(&reference.elem);
        return (owned, quote! { &#field });
    }
    let Some(inner) = option_argument(borrowed) else {
        return (in_module(borrowed), quote! { #field.clone() });
    };
    match inner {
        Type::Reference(reference) if as_written(&reference.elem).contains("Vec<") => {
            let owned = own_referent(&reference.elem);
            (owned, quote! { (!#field.is_empty()).then_some(&#field) })
        }
        Type::Reference(reference) if as_written(&reference.elem) == "str" => {
            (quote! { Option<String> }, quote! { #field.as_deref() })
        }
        Type::Reference(reference) => {
            let owned = own_referent(&reference.elem);
            (quote! { Option<#owned> }, quote! { #field.as_ref() })
        }
        Type::Path(path) if path.path.segments.len() == 1 => (quote! { Option<#path> }, field.clone()),
        other => {
            let owned = in_module(other);
            (quote! { Option<#owned> }, quote! { #field.clone() })
        }
    }
}

fn own_referent(referent: &Type) -> TokenStream {
    match referent {
        Type::Path(path) if path.path.is_ident("str") => quote! { String },
        other => in_module(other),
    }
}

fn option_argument(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last().filter(|segment| segment.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// `ty` as the module below the client's names it.
fn in_module(ty: &Type) -> TokenStream {
    let mut ty = ty.clone();
    syn::visit_mut::visit_type_mut(&mut InModule, &mut ty);
    ty.into_token_stream()
}

struct InModule;

impl syn::visit_mut::VisitMut for InModule {
    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        if path.leading_colon.is_none() && path.segments.first().is_some_and(|segment| segment.ident == "types") {
            *path = syn::parse_quote! { super::#path };
        }
        syn::visit_mut::visit_path_mut(self, path);
    }
}
