//! Detection of paginated lists: the list, the counts and the page parameters.

use std::mem;

use heck::ToUpperCamelCase;

use super::{Normalizer, field, lists::list_of_objects, only};
use crate::codegen::{
    api::{Operation, Page, Parameter, Schema, Shape},
    mapping::{OperationMapping, PageMapping},
};

/// The reason that an operation has no pages.
pub(super) struct NoPage {
    /// The key in the mapping that could fix it.
    key: Option<&'static str>,
    pub(super) why: String,
}

impl Normalizer<'_> {
    /// Adds pages to the operations. Requires all types.
    pub(super) fn pages(&mut self) {
        let mut operations = mem::take(&mut self.api.operations);
        let mut unpaged = Vec::new();
        for operation in &mut operations {
            let key = format!("{} {}", operation.method, operation.path);
            let mapped = self.mapping.operation(&key).and_then(OperationMapping::page);
            if mapped.is_none() && operation.method != "GET" {
                continue;
            }
            let reason = match self.page(operation, &mapped.cloned().unwrap_or_default()) {
                Ok(page) => {
                    self.add_page(operation, page);
                    continue;
                }
                Err(reason) => reason,
            };
            let why = format!("`{}` is not a paginated list: {}", operation.name, reason.why);
            let at = self.at(operation);
            if let Some(mapped) = mapped {
                self.reject_page(&key, mapped, reason.key, &why);
            } else if let Some(list) = self.unpaged_list(operation) {
                unpaged.push(list);
            } else if page_parameter(operation, "pageNumber").is_ok() {
                self.diagnostics.note(&at, why);
            }
        }
        self.note_lists(unpaged);
        self.api.operations = operations;
    }

    /// Rejects an entry `page` of the mapping, which doesn't fit its operation.
    fn reject_page(&mut self, operation: &str, mapped: &PageMapping, key: Option<&str>, why: &str) {
        let page = ["operations", operation, "page"];
        match key {
            Some(key) if mapped.has(key) => {
                let place = self.mapping.place(&[&page[..], &[key]].concat());
                self.diagnostics.reject(&place, format!("{why}; correct or remove it"));
            }
            Some(key) => {
                let remedy = format!("set `{key}` to the right name, or remove `page`");
                self.diagnostics.reject(&self.mapping.place(&page), format!("{why}; {remedy}"));
            }
            None => {
                self.diagnostics.reject(&self.mapping.place(&page), format!("{why}; remove it"))
            }
        }
    }

    /// Returns the pointer to `operation` in the document.
    pub(super) fn at(&self, operation: &Operation) -> String {
        self.operations[&operation.name.to_upper_camel_case()].at.clone()
    }

    /// Returns the page of `operation`, located by `mapping` or by default names, or why it has
    /// none. Requires both page parameters, a page count and a list.
    pub(super) fn page(
        &self,
        operation: &Operation,
        mapping: &PageMapping,
    ) -> Result<Page, NoPage> {
        let at_key = |key| move |why| NoPage { key: Some(key), why };
        let number_parameter = mapping.number_parameter.as_deref().unwrap_or("pageNumber");
        let size_parameter = mapping.size_parameter.as_deref().unwrap_or("pageSize");
        let number_parameter =
            page_parameter(operation, number_parameter).map_err(at_key("number_parameter"))?;
        let size_parameter =
            page_parameter(operation, size_parameter).map_err(at_key("size_parameter"))?;
        let Some(Shape::Object(object)) = &operation.response else {
            return Err(NoPage { key: None, why: "its response is not an object".to_owned() });
        };
        let count = mapping.count.as_deref().unwrap_or("pageCount");
        let count = self.number_path(object, Some(count), None).map_err(at_key("count"))?;
        let count = count.unwrap_or_default();
        let (list, item) = self.list_of(object, operation, mapping).map_err(at_key("list"))?;
        let beside = |name: &str| [&count[..count.len() - 1], &[name.to_owned()]].concat();
        let total = self.total(object, &count).map(|name| beside(&name));
        let number =
            self.number_path(object, mapping.number.as_deref(), Some(beside("pageNumber")));
        let size = self.number_path(object, None, Some(beside("pageSize")));
        let items = self.number_path(object, mapping.items.as_deref(), total);
        Ok(Page {
            object: object.clone(),
            item,
            number: number.map_err(at_key("number"))?,
            size: size.unwrap_or_default(),
            items: items.map_err(at_key("items"))?,
            list,
            count,
            counts_from_zero: number_parameter.counts_from_zero,
            number_parameter: number_parameter.argument.clone(),
            size_parameter: size_parameter.argument.clone(),
        })
    }

    /// Returns the list of a page and the type of its items.
    fn list_of(
        &self,
        object: &str,
        operation: &Operation,
        mapping: &PageMapping,
    ) -> Result<(Vec<String>, String), String> {
        let list = match &mapping.list {
            Some(list) => path(list),
            None => {
                let object = self.api.objects.get(object);
                let list =
                    object.and_then(|object| object.list(&operation.path, is_list_of_objects));
                vec![
                    list.ok_or("its response does not have exactly one list of objects")?
                        .to_owned(),
                ]
            }
        };
        match self.api.property(object, &list).and_then(list_of_objects) {
            Some(item) => Ok((list, item.to_owned())),
            None => Err(format!("`{}` is not a list of objects", list.join("."))),
        }
    }

    /// Adds the page to `operation`, and makes its counts unsigned.
    fn add_page(&mut self, operation: &mut Operation, page: Page) {
        let numbers =
            [Some(&page.count), page.number.as_ref(), page.size.as_ref(), page.items.as_ref()];
        for place in numbers.into_iter().flatten() {
            self.change(&page.object, place, |number| {
                number.shape = Shape::Integer { unsigned: true };
            });
        }
        self.change(&page.object, &page.list, |list| {
            if let Shape::List(items) = &mut list.shape {
                items.nullable = false;
            }
        });
        for parameter in &mut operation.parameters {
            if [&page.number_parameter, &page.size_parameter].contains(&&parameter.argument) {
                parameter.shape = Shape::Integer { unsigned: true };
                parameter.required = false;
            }
        }
        operation.page = Some(page);
    }

    /// Changes the property at `path` in the object `name`.
    fn change(&mut self, name: &str, path: &[String], change: impl Fn(&mut Schema)) {
        let Some((last, parents)) = path.split_last() else { return };
        let owner = self.api.owner(name, parents).map(str::to_owned);
        let object = owner.and_then(|owner| self.api.objects.get_mut(&owner));
        object.and_then(|object| object.properties.get_mut(last)).into_iter().for_each(change);
    }

    /// Returns the path of a number: `mapped`, which must be one, or `found`, if it is one.
    fn number_path(
        &self,
        object: &str,
        mapped: Option<&str>,
        found: Option<Vec<String>>,
    ) -> Result<Option<Vec<String>>, String> {
        let counts = |place: &Vec<String>| {
            self.api.property(object, place).is_some_and(|number| number.shape.is_number())
        };
        match mapped {
            Some(mapped) if !counts(&path(mapped)) => {
                Err(format!("its response has no numeric field `{mapped}`"))
            }
            Some(mapped) => Ok(Some(path(mapped))),
            None => Ok(found.filter(counts)),
        }
    }

    /// Returns the field with the item count: the only count besides the page count.
    fn total(&self, object: &str, count: &[String]) -> Option<String> {
        let (last, parents) = count.split_last()?;
        let properties = &self.api.objects.get(self.api.owner(object, parents)?)?.properties;
        let counts = properties.iter().filter(|(key, number)| {
            *key != last && field(key).ends_with("_count") && number.shape.is_number()
        });
        only(counts).map(|(key, _)| key.clone())
    }
}

/// Returns the query parameter `name`, if it is a number or a string. Some documents declare all
/// parameters as strings.
fn page_parameter<'a>(operation: &'a Operation, name: &str) -> Result<&'a Parameter, String> {
    let is_number = |shape: &Shape| shape.is_number() || *shape == Shape::Text;
    let mut parameters = operation.parameters.iter();
    let found = parameters.find(|parameter| {
        parameter.location == "query" && parameter.name == name && is_number(&parameter.shape)
    });
    found.ok_or_else(|| format!("it has no integer parameter `{name}`"))
}

fn is_list_of_objects(schema: &Schema) -> bool {
    list_of_objects(schema).is_some()
}

/// Splits a dotted path into field names.
fn path(text: &str) -> Vec<String> {
    text.split('.').map(str::to_owned).collect()
}
