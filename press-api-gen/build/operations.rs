//! One type per operation, with its parameters as fields. Callers don't depend on the order of
//! parameters, and keep compiling when an optional one is added.

use std::collections::BTreeMap;

use heck::ToUpperCamelCase;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use serde_json::Value;

use super::{
    api::{Api, Operation, Page, Parameter, Shape},
    normalize::{argument, field},
};

const METHODS: [&str; 8] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];

/// Generates a module that implements [`Operation`](crate::Operation) for each operation of `api`,
/// and [`ListOperation`](crate::ListOperation) for those with pages.
pub(crate) fn generate(api: &Api) -> TokenStream {
    let mut operations = Vec::new();
    // Several operations may return the same page.
    let mut pages = BTreeMap::new();
    for operation in &api.operations {
        operations.push(operation_type(operation));
        if let Some(page) = &operation.page {
            operations.push(list_operation(operation, page));
            pages.entry(&page.object).or_insert_with(|| page_impl(api, page));
        }
    }
    let pages = pages.values();
    let mut parameters = api.operations.iter().flat_map(|operation| &operation.parameters);
    let joined = parameters.any(|parameter| parameter.separator.is_some()).then(|| {
        quote! {
            /// Joins the values of a list. Returns `None` if it is empty.
            fn joined<T: ToString>(values: &[T], separator: &str) -> Option<String> {
                let values: Vec<String> = values.iter().map(T::to_string).collect();
                (!values.is_empty()).then(|| values.join(separator))
            }
        }
    });
    quote! {
        /// The operations of the API, each with its parameters.
        pub mod operations {
            #(#operations)*
            #(#pages)*
            #joined
        }
    }
}

/// Lists the operations of `document` that `api` lacks, one per line. With this list, `cargo xtask
/// api-diff` can distinguish them from operations that the API no longer has.
pub(crate) fn left_out(document: &Value, api: &Api) -> String {
    let mut lines = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in item.as_object().into_iter().flatten().map(|(key, _)| key) {
            let method = method.to_ascii_uppercase();
            let mut operations = api.operations.iter();
            let is_operation = METHODS.contains(&method.as_str());
            if is_operation && !operations.any(|of| of.method == method && of.path == *path) {
                let operation = Literal::string(&format!("{method} {path}"));
                lines.push(format!("    {operation},"));
            }
        }
    }
    if lines.is_empty() {
        return String::new();
    }
    let start = "/// The operations of the API that this client leaves out.\n\
                 #[allow(dead_code)]\nconst LEFT_OUT: &[&str] = &[\n";
    format!("{start}{}\n];\n", lines.join("\n"))
}

fn operation_type(operation: &Operation) -> TokenStream {
    let ident = type_ident(operation);
    let Operation { name: name_text, method, path, .. } = operation;
    let name = format_ident!("{name_text}");
    let doc = format!("The parameters of `{method} {path}`: {}", operation.summary);
    let parameters =
        || operation.parameters.iter().chain(operation.body.as_ref().map(|(_, body)| body));
    let fields = parameters().map(struct_field);
    let arguments = parameters().map(method_argument);
    let mut texts = Vec::new();
    let mut lists = Vec::new();
    for parameter in operation.parameters.iter().filter(|parameter| parameter.location == "path") {
        let (ident, name) = ident_and_name(parameter);
        let is_text = |shape: &Shape| matches!(shape, Shape::Text | Shape::Enumeration(_));
        match &parameter.shape {
            Shape::List(items) if is_text(&items.shape) => {
                lists.push(
                    quote! { .chain(self.#ident.iter().map(|entry| (#name, entry.as_str()))) },
                );
            }
            shape if is_text(shape) => texts.push(quote! { (#name, self.#ident.as_str()) }),
            _ => {}
        }
    }
    let response = operation
        .response
        .as_ref()
        .map_or_else(|| quote! { () }, |shape| shape.rust("super::types"));
    let deprecated = deprecated(operation.is_deprecated);
    quote! {
        #[doc = #doc]
        #deprecated
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
                [#(#texts),*].into_iter() #(#lists)*
            }

            async fn send(
                &self,
                client: &super::Client,
            ) -> Result<crate::response::Response<Self::Response>, crate::response::Failure> {
                client.#name(#(#arguments),*).await
            }
        }
    }
}

fn struct_field(parameter: &Parameter) -> TokenStream {
    let (ident, name) = ident_and_name(parameter);
    let description = parameter.description.as_ref().unwrap_or(&name);
    let ty = parameter.shape.rust("super::types");
    let ty = match &parameter.shape {
        Shape::List(_) => ty,
        _ if parameter.required => ty,
        _ => quote! { Option<#ty> },
    };
    let deprecated = deprecated(parameter.is_deprecated);
    quote! { #[doc = #description] #deprecated pub #ident: #ty }
}

fn deprecated(is_deprecated: bool) -> Option<TokenStream> {
    is_deprecated.then(|| quote! { #[deprecated] })
}

/// Returns the expression that passes the field of `parameter` to the client's method.
fn method_argument(parameter: &Parameter) -> TokenStream {
    let (ident, _) = ident_and_name(parameter);
    match (&parameter.shape, parameter.required, parameter.separator) {
        (_, true, Some(separator)) => {
            quote! { &joined(&self.#ident, #separator).unwrap_or_default() }
        }
        (_, false, Some(separator)) => quote! { joined(&self.#ident, #separator).as_deref() },
        (Shape::Boolean | Shape::Integer { .. } | Shape::Number, ..) => quote! { self.#ident },
        (_, true, None) => quote! { &self.#ident },
        (Shape::List(_), false, None) => {
            quote! { (!self.#ident.is_empty()).then_some(&self.#ident) }
        }
        (Shape::Text, false, None) => quote! { self.#ident.as_deref() },
        (_, false, None) => quote! { self.#ident.as_ref() },
    }
}

fn ident_and_name(parameter: &Parameter) -> (Ident, String) {
    (format_ident!("{}", parameter.argument), argument(&parameter.name))
}

fn type_ident(operation: &Operation) -> Ident {
    format_ident!("{}", operation.name.to_upper_camel_case())
}

fn list_operation(operation: &Operation, page: &Page) -> TokenStream {
    let ident = type_ident(operation);
    let page_type = format_ident!("{}", page.object);
    let number = format_ident!("{}", page.number_parameter);
    let size = format_ident!("{}", page.size_parameter);
    let page_number = if page.counts_from_zero {
        quote! { page_number.map(|number| number.saturating_sub(1)) }
    } else {
        quote! { page_number }
    };
    quote! {
        impl crate::operation::ListOperation for #ident {
            type Page = super::types::#page_type;

            fn page_size(&self) -> Option<u64> {
                self.#size
            }

            fn set_page_size(&mut self, page_size: Option<u64>) {
                self.#size = page_size;
            }

            fn set_page_number(&mut self, page_number: Option<u64>) {
                self.#number = #page_number;
            }
        }
    }
}

/// Implements `Page` for the type of `page`.
fn page_impl(api: &Api, page: &Page) -> TokenStream {
    let page_type = format_ident!("{}", page.object);
    let item_type = format_ident!("{}", page.item);
    let fields = |path: &[String]| {
        path.iter().map(|key| format_ident!("{}", field(key))).collect::<Vec<_>>()
    };
    let list = fields(&page.list);
    let count = fields(&page.count);
    let [number, size, items] = [&page.number, &page.size, &page.items].map(|path| {
        path.as_ref().map_or_else(|| quote! { None }, |path| optional(api, &page.object, path))
    });
    let number = if page.counts_from_zero && page.number.is_some() {
        quote! {
            let number = #number;
            number.map(|number| number.saturating_add(1))
        }
    } else {
        number
    };
    let (item, id) = item_and_id(api, page);
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

/// Returns the parameter and the body of `item_id`.
fn item_and_id(api: &Api, page: &Page) -> (TokenStream, TokenStream) {
    let id = api.objects[&page.item].properties.get("id");
    if id.is_none_or(|id| id.shape != Shape::Text) {
        (quote! { _ }, quote! { None })
    } else if is_optional(api, &page.item, "id") {
        (quote! { item }, quote! { item.id.as_deref() })
    } else {
        (quote! { item }, quote! { Some(&item.id) })
    }
}

/// Returns an `Option` expression for the number at `path` in the object `name`.
fn optional(api: &Api, name: &str, path: &[String]) -> TokenStream {
    let mut place = quote! { self };
    for (depth, key) in path.iter().enumerate() {
        let ident = format_ident!("{}", field(key));
        let is_option =
            api.owner(name, &path[..depth]).is_some_and(|owner| is_optional(api, owner, key));
        place = match (is_option, depth + 1 == path.len()) {
            (true, true) => return quote! { #place.#ident },
            (true, false) => quote! { #place.#ident.as_ref()? },
            (false, _) => quote! { #place.#ident },
        };
    }
    quote! { Some(#place) }
}

fn is_optional(api: &Api, name: &str, key: &str) -> bool {
    let object = &api.objects[name];
    !object.required.contains(key)
        || object.properties.get(key).is_some_and(|property| property.nullable)
}
