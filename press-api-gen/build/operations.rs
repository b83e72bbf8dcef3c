//! A type per paginated operation, with its parameters by name, so that what calls the generated methods neither
//! counts positions nor stops compiling when the contract gains an optional parameter.

use std::collections::BTreeMap;

use heck::{ToSnakeCase, ToUpperCamelCase};
use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use serde_json::Value;
use syn::{FnArg, GenericArgument, Ident, ImplItem, ImplItemFn, Item, Pat, PathArguments, Type};

use super::document::{Document, reference};

/// Generates a module with a [`ListOperation`](crate::ListOperation) for each paginated GET of the contract.
pub(crate) fn generate(document: &Document, client: &syn::File) -> Result<TokenStream, String> {
    let mut operations = Vec::new();
    // Several operations may return the same page.
    let mut pages = BTreeMap::new();
    for (path, method, operation) in document.operations() {
        let (Some(id), "get", Some(page)) = (operation["operationId"].as_str(), method, Page::of(document, operation))
        else {
            continue;
        };
        let name = id.to_snake_case();
        let function =
            method_of(client, &name).ok_or_else(|| format!("the generated client has no method `{name}`"))?;
        operations.push(list_operation(document, path, operation, function, &page));
        pages.insert(page.schema, page_impl(&page));
    }
    let pages = pages.values();
    Ok(quote! {
        /// The paginated operations of the contract, each with its parameters.
        pub mod operations {
            #(#operations)*
            #(#pages)*
        }
    })
}

/// What makes a response a page.
struct Page<'a> {
    schema: &'a str,
    items: &'a str,
    item: &'a str,
    /// The fields with the number of this page, the number of items on it and on all pages, where there are such.
    number: Option<Ident>,
    size: Option<Ident>,
    count: Option<Ident>,
    /// Whether the items have an id.
    identified: bool,
}

impl<'a> Page<'a> {
    /// The page that `operation` answers with: an object with a required `pageCount` and one required list of objects.
    fn of(document: &'a Document, operation: &'a Value) -> Option<Self> {
        const SCHEMAS: &str = "/components/schemas/";
        let response = document.resolve(&operation["responses"]["2XX"]);
        let schema = reference(&response["content"]["application/json"]["schema"])?.strip_prefix(SCHEMAS)?;
        let object = document.schema(schema);
        let required: Vec<&str> = object["required"]
            .as_array()?
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let properties = &object["properties"];
        let paged = parameters(document, operation).any(|parameter| parameter["name"] == "pageNumber");
        let mut lists = required
            .iter()
            .filter_map(|name| Some((*name, reference(&properties[*name]["items"])?.strip_prefix(SCHEMAS)?)));
        match (paged && required.contains(&"pageCount"), lists.next(), lists.next()) {
            (true, Some((items, item)), None) => {
                let field = |name: &str| {
                    let optional = properties[name].is_object() && !required.contains(&name);
                    optional.then(|| format_ident!("{}", name.to_snake_case()))
                };
                let count = format!("{}Count", items.strip_suffix('s').unwrap_or(items));
                let id = &document.schema(item)["properties"]["id"];
                Some(Self {
                    schema,
                    items,
                    item,
                    number: field("pageNumber"),
                    size: field("pageSize"),
                    count: field(&count),
                    identified: id["type"] == "string" && id["nullable"] != true,
                })
            }
            _ => None,
        }
    }
}

fn parameters<'a>(document: &'a Document, operation: &'a Value) -> impl Iterator<Item = &'a Value> {
    operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|parameter| document.resolve(parameter))
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

fn list_operation(
    document: &Document,
    path: &str,
    operation: &Value,
    function: &ImplItemFn,
    page: &Page<'_>,
) -> TokenStream {
    let name = &function.sig.ident;
    let ident = format_ident!("{}", name.to_string().to_upper_camel_case());
    let name_text = name.to_string();
    let doc = format!(
        "The parameters of `GET {path}`: {}",
        operation["summary"].as_str().unwrap_or_default()
    );
    let (mut fields, mut arguments, mut path_parameters) = (Vec::new(), Vec::new(), Vec::new());
    for argument in &function.sig.inputs {
        let FnArg::Typed(argument) = argument else { continue };
        let Pat::Ident(pattern) = &*argument.pat else { continue };
        let field = &pattern.ident;
        let name = field.to_string();
        let parameter = parameters(document, operation).find(|parameter| {
            parameter["name"]
                .as_str()
                .is_some_and(|text| text.to_snake_case() == name)
        });
        let description = parameter
            .and_then(|parameter| parameter["description"].as_str())
            .unwrap_or(&name);
        let (owned, passed) = owned(&argument.ty, &quote! { self.#field });
        fields.push(quote! { #[doc = #description] pub #field: #owned });
        arguments.push(passed);
        if parameter.is_some_and(|parameter| parameter["in"] == "path") {
            path_parameters.push(quote! { (#name, self.#field.as_str()) });
        }
    }
    let page_type = format_ident!("{}", page.schema);
    quote! {
        #[doc = #doc]
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub struct #ident { #(#fields),* }

        impl crate::operation::sealed::Sealed for #ident {}

        impl crate::operation::Operation for #ident {
            type Response = super::types::#page_type;
            const NAME: &'static str = #name_text;
            const METHOD: &'static str = "GET";
            const PATH: &'static str = #path;

            fn path_parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
                [#(#path_parameters),*].into_iter()
            }

            async fn send(
                &self,
                client: &super::Client,
            ) -> Result<crate::decode::Response<Self::Response>, crate::decode::Failure> {
                client.#name(#(#arguments),*).await
            }
        }

        impl crate::operation::ListOperation for #ident {
            type Page = super::types::#page_type;

            fn page_size(&self) -> Option<u64> {
                self.page_size.map(Into::into)
            }

            fn set_page_size(&mut self, page_size: Option<u32>) {
                self.page_size = page_size.map(Into::into);
            }

            fn set_page_number(&mut self, page_number: Option<u32>) {
                self.page_number = page_number.map(Into::into);
            }
        }
    }
}

/// What a page schema lists and counts.
fn page_impl(page: &Page<'_>) -> TokenStream {
    let page_type = format_ident!("{}", page.schema);
    let item_type = format_ident!("{}", page.item);
    let items = format_ident!("{}", page.items.to_snake_case());
    let or_none = |field: &Option<Ident>| match field {
        Some(field) => quote! { self.#field },
        None => quote! { None },
    };
    let (number, size, count) = (or_none(&page.number), or_none(&page.size), or_none(&page.count));
    let (item, id) = if page.identified {
        (quote! { item }, quote! { Some(&item.id) })
    } else {
        (quote! { _ }, quote! { None })
    };
    quote! {
        impl crate::operation::sealed::Sealed for super::types::#page_type {}

        impl crate::operation::Page for super::types::#page_type {
            type Item = super::types::#item_type;

            fn page_count(&self) -> u64 {
                self.page_count
            }

            fn page_number(&self) -> Option<u64> {
                #number
            }

            fn page_size(&self) -> Option<u64> {
                #size
            }

            fn item_count(&self) -> Option<u64> {
                #count
            }

            fn items(&self) -> &[Self::Item] {
                &self.#items
            }

            fn into_items(self) -> Vec<Self::Item> {
                self.#items
            }

            fn item_id(#item: &Self::Item) -> Option<&str> {
                #id
            }
        }
    }
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
