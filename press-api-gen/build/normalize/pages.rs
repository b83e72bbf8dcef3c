//! The pages of lists: what they list, and where they count.

use serde_json::{Value, json};

use super::{Draft, FILE, Normalizer, Parameter, component, names::field, not_null};

/// The places of a page, each a path of field names.
pub(crate) struct Page {
    /// The schema of the page.
    pub(crate) schema: String,
    pub(crate) list: Vec<String>,
    /// The schema of an item.
    pub(crate) item: String,
    pub(crate) count: Vec<String>,
    pub(crate) number: Option<Vec<String>>,
    pub(crate) size: Option<Vec<String>>,
    pub(crate) items: Option<Vec<String>>,
    /// The arguments of the method with the number and the size of the page.
    pub(crate) number_parameter: String,
    pub(crate) size_parameter: String,
}

impl Normalizer<'_> {
    /// The page that `draft` answers with. A list is a GET with both page parameters, whose response counts its pages.
    pub(super) fn page(&mut self, draft: &Draft<'_>, response: &Value, parameters: &mut [Parameter]) -> Option<Page> {
        if draft.page.is_none() && draft.method != "get" {
            return None;
        }
        match self.find_page(draft, response, parameters) {
            Ok(page) => Some(page),
            Err(Some(why)) if draft.page.is_some() => {
                let what = format!("`{}` is no paginated list: {why}", draft.name);
                self.findings.refuse(&draft.at, what, format!("correct its `page` in {FILE}, or leave it out there"));
                None
            }
            Err(Some(why)) => {
                self.findings.note(&draft.at, format!("`{}` is no paginated list: {why}", draft.name));
                None
            }
            Err(None) => None,
        }
    }

    /// Finds the page; `Err(None)` if nothing looks like one.
    fn find_page(
        &mut self,
        draft: &Draft<'_>,
        response: &Value,
        parameters: &mut [Parameter],
    ) -> Result<Page, Option<String>> {
        let mapping = draft.page.cloned().unwrap_or_default();
        let named = |name: &Option<String>, otherwise: &str| name.clone().unwrap_or_else(|| otherwise.to_owned());
        let number_parameter = named(&mapping.number_parameter, "pageNumber");
        let size_parameter = named(&mapping.size_parameter, "pageSize");
        let whole = |name: &str| {
            let mut numbers = parameters.iter().filter(|parameter| parameter.name == *name);
            numbers.any(|parameter| ["integer", "number"].iter().any(|of| parameter.schema["type"] == *of))
        };
        if draft.page.is_none() && !whole(&number_parameter) {
            return Err(None);
        }
        for name in [&number_parameter, &size_parameter] {
            if !whole(name) {
                return Err(Some(format!("it has no whole number `{name}` as parameter")));
            }
        }
        let schema = component(response).ok_or_else(|| Some("its response is no object".to_owned()))?.to_owned();
        let count = path(&named(&mapping.count, "pageCount"));
        if !self.counts(&schema, &count) {
            let why = format!("its response has no number `{}`", count.join("."));
            return Err(Some(why));
        }
        let list = match &mapping.list {
            Some(list) => path(list),
            None => {
                self.only_list(&schema).ok_or_else(|| Some("its response has not one list of objects".to_owned()))?
            }
        };
        let items = self.at(&schema, &list).and_then(|list| component(&list["items"]).map(str::to_owned));
        let item = items.ok_or_else(|| Some(format!("`{}` is no list of objects", list.join("."))))?;
        let beside = |name: &str| [&count[..count.len() - 1], &[name.to_owned()]].concat();
        let number = self.counted(&schema, &mapping.number, Some(beside("pageNumber")))?;
        let size = self.counted(&schema, &None, Some(beside("pageSize")))?;
        let total = self.total(&schema, &count, list.last().map_or("", String::as_str));
        let items = self.counted(&schema, &mapping.items, total.map(|name| beside(&name)))?;
        for place in [Some(&count), number.as_ref(), size.as_ref(), items.as_ref()].into_iter().flatten() {
            self.count(&schema, place);
        }
        for place in [&list, &count] {
            self.require(&schema, place);
        }
        if let Some(list) = self.at_mut(&schema, &list) {
            list["items"] = not_null(list["items"].take());
        }
        self.api.items.insert(item.clone());
        for parameter in parameters.iter_mut() {
            if [&number_parameter, &size_parameter].contains(&&parameter.name) {
                parameter.schema = json!({ "type": "integer", "minimum": 0 });
                parameter.required = false;
            }
        }
        Ok(Page {
            schema,
            list,
            item,
            count,
            number,
            size,
            items,
            number_parameter: super::argument(&number_parameter),
            size_parameter: super::argument(&size_parameter),
        })
    }

    /// The property at `path` of the object `schema`.
    fn at(&self, schema: &str, path: &[String]) -> Option<&Value> {
        let (key, rest) = path.split_first()?;
        let property = self.api.schemas.get(schema)?["properties"].get(key)?;
        if rest.is_empty() { Some(property) } else { self.at(component(property)?, rest) }
    }

    fn at_mut(&mut self, schema: &str, path: &[String]) -> Option<&mut Value> {
        let (last, parents) = path.split_last()?;
        let owner =
            if parents.is_empty() { schema.to_owned() } else { component(self.at(schema, parents)?)?.to_owned() };
        self.api.schemas.get_mut(&owner)?["properties"].get_mut(last)
    }

    /// Returns `true` if a number is at `path`.
    fn counts(&self, schema: &str, path: &[String]) -> bool {
        self.at(schema, path).is_some_and(|number| number["type"] == "integer" || number["type"] == "number")
    }

    /// The place that the mapping names, which must hold a number, or else `found` if it does.
    fn counted(
        &self,
        schema: &str,
        mapped: &Option<String>,
        found: Option<Vec<String>>,
    ) -> Result<Option<Vec<String>>, Option<String>> {
        let place = mapped.as_deref().map(path).or(found);
        match (place.filter(|place| self.counts(schema, place)), mapped) {
            (None, Some(mapped)) => Err(Some(format!("its response has no number `{mapped}`"))),
            (place, _) => Ok(place),
        }
    }

    /// Makes the number at `path` one that counts.
    fn count(&mut self, schema: &str, path: &[String]) {
        if let Some(number) = self.at_mut(schema, path) {
            number["type"] = "integer".into();
            number["minimum"] = 0.into();
        }
    }

    /// Requires the property at `path` and those on the way there.
    fn require(&mut self, schema: &str, path: &[String]) {
        let Some((key, rest)) = path.split_first() else { return };
        self.api.required.entry(schema.to_owned()).or_default().insert(key.clone());
        if let Some(inner) = self.at(schema, std::slice::from_ref(key)).and_then(component).map(str::to_owned) {
            self.require(&inner, rest);
        }
    }

    /// The only list of objects of `schema`, or the only required one.
    fn only_list(&self, schema: &str) -> Option<Vec<String>> {
        let schema = &self.api.schemas[schema];
        let properties = schema["properties"].as_object()?;
        let lists: Vec<_> = properties.iter().filter(|(_, property)| component(&property["items"]).is_some()).collect();
        let required = |key: &String| {
            schema["required"].as_array().is_some_and(|required| required.contains(&key.as_str().into()))
        };
        let mut of_required = lists.iter().filter(|(key, _)| required(key));
        match (lists.as_slice(), of_required.next(), of_required.next()) {
            ([(key, _)], ..) | (_, Some((key, _)), None) => Some(vec![(*key).clone()]),
            _ => None,
        }
    }

    /// The number beside the count of pages that counts the items: by the name of the list, or else the only other count.
    fn total(&self, schema: &str, count: &[String], list: &str) -> Option<String> {
        let (last, parents) = count.split_last()?;
        let owner = if parents.is_empty() { schema } else { component(self.at(schema, parents)?)? };
        let properties = self.api.schemas[owner]["properties"].as_object()?;
        let numbers =
            properties.iter().filter(|(_, property)| ["integer", "number"].iter().any(|of| property["type"] == *of));
        let counts: Vec<_> =
            numbers.map(|(key, _)| key).filter(|key| *key != last && field(key).ends_with("_count")).collect();
        let of_list = format!("{}_count", field(list).trim_end_matches('s'));
        let exact = counts.iter().find(|key| field(key) == of_list || field(key) == format!("{}_count", field(list)));
        let only = if let [only] = counts.as_slice() { Some(only) } else { None };
        exact.or(only).map(|key| (*key).clone())
    }
}

/// The names of fields in `text`, which has dots between them.
fn path(text: &str) -> Vec<String> {
    text.split('.').map(str::to_owned).collect()
}
