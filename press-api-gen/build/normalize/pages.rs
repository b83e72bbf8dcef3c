//! The pages of lists: what they list, and where they count.

use std::mem;

use heck::ToUpperCamelCase;

use super::{Normalizer, argument, field, only};
use crate::codegen::{
    api::{Operation, Page, Schema, Shape},
    mapping::{OperationMapping, PageMapping},
};

impl Normalizer<'_> {
    /// Finds the pages of the operations, once all types are read.
    pub(super) fn pages(&mut self) {
        let mut operations = mem::take(&mut self.api.operations);
        for operation in &mut operations {
            let key = format!("{} {}", operation.method, operation.path);
            let wanted = self.mapping.operation(&key).and_then(OperationMapping::page);
            match self.page(operation, wanted) {
                Ok(page) => operation.page = page,
                Err(why) => {
                    let at = &self.operations[&operation.name.to_upper_camel_case()].at;
                    let why = format!("`{}` is no paginated list: {why}", operation.name);
                    match wanted {
                        Some(_) => {
                            let place = self.mapping.place(&["operations", &key, "page"]);
                            self.findings.reject(&place, format!("{why}; correct or remove it"));
                        }
                        None => self.findings.note(at, why),
                    }
                }
            }
        }
        self.api.operations = operations;
    }

    /// The page that `operation` answers with; `None` if nothing looks like one. A list is a GET
    /// with both page parameters, whose response counts its pages.
    fn page(
        &mut self,
        operation: &mut Operation,
        wanted: Option<&PageMapping>,
    ) -> Result<Option<Page>, String> {
        let mapping = wanted.cloned().unwrap_or_default();
        let number_parameter = mapping.number_parameter.unwrap_or_else(|| "pageNumber".to_owned());
        let size_parameter = mapping.size_parameter.unwrap_or_else(|| "pageSize".to_owned());
        let whole = |name: &String| {
            operation
                .parameters
                .iter()
                .any(|parameter| parameter.name == *name && parameter.shape.is_number())
        };
        if wanted.is_none() && (operation.method != "GET" || !whole(&number_parameter)) {
            return Ok(None);
        }
        if let Some(name) =
            [&number_parameter, &size_parameter].into_iter().find(|name| !whole(name))
        {
            return Err(format!("it has no whole number `{name}` as parameter"));
        }
        let Some(Shape::Object(object)) = operation.response.clone() else {
            return Err("its response is no object".to_owned());
        };
        let count = mapping.count.unwrap_or_else(|| "pageCount".to_owned());
        let count = self.counted(&object, Some(count), None)?.unwrap_or_default();
        let list = match &mapping.list {
            Some(list) => path(list),
            None => {
                vec![self.only_list(&object).ok_or("its response has not one list of objects")?]
            }
        };
        let item = self.api.property(&object, &list).and_then(list_of_objects);
        let item =
            item.ok_or_else(|| format!("`{}` is no list of objects", list.join(".")))?.to_owned();
        let beside = |name: &str| [&count[..count.len() - 1], &[name.to_owned()]].concat();
        let number = self.counted(&object, mapping.number, Some(beside("pageNumber")))?;
        let size = self.counted(&object, None, Some(beside("pageSize")))?;
        let total = self.total(&object, &count);
        let items = self.counted(&object, mapping.items, total.map(|name| beside(&name)))?;
        for place in
            [Some(&count), number.as_ref(), size.as_ref(), items.as_ref()].into_iter().flatten()
        {
            self.change(&object, place, |number| number.shape = Shape::Integer { unsigned: true });
        }
        self.change(&object, &list, |list| {
            if let Shape::List(items) = &mut list.shape {
                items.nullable = false;
            }
        });
        for parameter in &mut operation.parameters {
            if [&number_parameter, &size_parameter].contains(&&parameter.name) {
                (parameter.shape, parameter.required) = (Shape::Integer { unsigned: true }, false);
            }
        }
        let (number_parameter, size_parameter) =
            (argument(&number_parameter), argument(&size_parameter));
        Ok(Some(Page {
            object,
            list,
            item,
            count,
            number,
            size,
            items,
            number_parameter,
            size_parameter,
        }))
    }

    /// Changes the property at `path` of the object `name`.
    fn change(&mut self, name: &str, path: &[String], change: impl Fn(&mut Schema)) {
        let Some((last, parents)) = path.split_last() else { return };
        let owner = self.api.owner(name, parents).map(str::to_owned);
        let object = owner.and_then(|owner| self.api.objects.get_mut(&owner));
        object.and_then(|object| object.properties.get_mut(last)).into_iter().for_each(change);
    }

    /// The place that the mapping names, which must hold a number, or else `found` if it does.
    fn counted(
        &self,
        object: &str,
        mapped: Option<String>,
        found: Option<Vec<String>>,
    ) -> Result<Option<Vec<String>>, String> {
        let place = mapped.as_deref().map(path).or(found);
        let counts = |place: &Vec<String>| {
            self.api.property(object, place).is_some_and(|number| number.shape.is_number())
        };
        match (place.filter(counts), mapped) {
            (None, Some(mapped)) => Err(format!("its response has no number `{mapped}`")),
            (place, _) => Ok(place),
        }
    }

    /// The only list of objects of `object`, or the only required one.
    fn only_list(&self, object: &str) -> Option<String> {
        let object = self.api.objects.get(object)?;
        let lists =
            || object.properties.iter().filter(|(_, property)| list_of_objects(property).is_some());
        let (list, _) = only(lists())
            .or_else(|| only(lists().filter(|(key, _)| object.required.contains(*key))))?;
        Some(list.clone())
    }

    /// The only other number beside the count of pages that is called a count: that of the items.
    fn total(&self, object: &str, count: &[String]) -> Option<String> {
        let (last, parents) = count.split_last()?;
        let properties = &self.api.objects.get(self.api.owner(object, parents)?)?.properties;
        let counts = properties.iter().filter(|(key, number)| {
            *key != last && field(key).ends_with("_count") && number.shape.is_number()
        });
        only(counts).map(|(key, _)| key.clone())
    }
}

/// The name of the objects that `schema` lists.
fn list_of_objects(schema: &Schema) -> Option<&str> {
    let Shape::List(items) = &schema.shape else { return None };
    if let Shape::Object(name) = &items.shape { Some(name) } else { None }
}

/// The names of fields in `text`, which has dots between them.
fn path(text: &str) -> Vec<String> {
    text.split('.').map(str::to_owned).collect()
}
