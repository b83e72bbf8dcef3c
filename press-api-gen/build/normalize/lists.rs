//! Notes on lists that are generated without pages.

use super::{
    FILE, Normalizer, argument, field, only,
    page_names::{
        COUNTS, CURSORS, ENVELOPE, GENERIC, NEXT, NUMBERS, OFFSETS, POSITIONS, SECONDARY, SIZES,
        TOTALS, WRAPPERS,
    },
};
use crate::codegen::{
    api::{Object, Operation, Parameter, Schema, Shape},
    mapping::PageMapping,
};

/// Words that YAML doesn't parse as strings.
const YAML_WORDS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];

/// The styles of pagination, in the order of their notes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Style {
    Numbered,
    NumberedWithoutCount,
    Offset,
    Cursor,
    Whole,
}

/// A list without pages and its note.
pub(super) struct UnpagedList {
    style: Style,
    at: String,
    what: String,
}

impl Normalizer<'_> {
    /// Returns the note on an operation without pages, if it returns a list.
    pub(super) fn unpaged_list(&self, operation: &Operation) -> Option<UnpagedList> {
        let style = self.style(operation);
        let list = self.listed(operation, style != Style::Whole)?;
        let (style, what) = match style {
            Style::Numbered => self.numbered(operation, &list),
            Style::Offset => (style, in_parts(operation, "offset", OFFSETS)),
            Style::Cursor => (style, in_parts(operation, "cursor", CURSORS)),
            _ => (style, "a list without pages: one response contains all items".to_owned()),
        };
        Some(UnpagedList { style, at: self.at(operation), what })
    }

    /// Adds the notes on `lists`, sorted by style.
    pub(super) fn note_lists(&mut self, mut lists: Vec<UnpagedList>) {
        lists.sort_by_key(|list| list.style);
        for UnpagedList { at, what, .. } in lists {
            self.diagnostics.note(&at, what);
        }
    }

    /// Returns the pagination style of `operation`, from its parameters or its response.
    fn style(&self, operation: &Operation) -> Style {
        let is_limited = parameter(operation, SIZES).is_some();
        let next = self.field_called(operation, NEXT, |shape| *shape == Shape::Text);
        let cursor = parameter(operation, CURSORS);
        // `after`, `start` and `from` may also be time filters.
        let is_cursor = cursor.is_some_and(|of| of.argument != "after" || is_limited);
        let is_offset = |of: &Parameter| {
            !["start", "from"].contains(&of.argument.as_str()) || of.shape.is_number()
        };
        if parameter(operation, NUMBERS).is_some() {
            Style::Numbered
        } else if parameter(operation, OFFSETS).is_some_and(is_offset) {
            Style::Offset
        } else if is_cursor || next.is_some() {
            Style::Cursor
        } else {
            Style::Whole
        }
    }

    /// Returns the note on a list with page numbers, including the mapping entry that would add
    /// pages.
    fn numbered(&self, operation: &Operation, list: &[String]) -> (Style, String) {
        let entry = match self.page_entry(operation, list) {
            Ok(entry) => self.page(operation, &entry).map(|_| entry).map_err(|reason| reason.why),
            Err(why) => Err(why),
        };
        match entry {
            Ok(entry) => {
                let what = format!(
                    "paginated by page number; to generate its pages, add this entry to \
                     `operations` in {FILE}: {}",
                    written(operation, &entry)
                );
                (Style::Numbered, what)
            }
            Err(why) => {
                let what = format!("paginated by page number, generated without pages: {why}");
                (Style::NumberedWithoutCount, what)
            }
        }
    }

    /// Returns the mapping entry for the pages of `operation`, or what is missing.
    fn page_entry(&self, operation: &Operation, list: &[String]) -> Result<PageMapping, String> {
        let number = parameter(operation, NUMBERS).ok_or("it has no page number parameter")?;
        let size = parameter(operation, SIZES).ok_or("it has no page size parameter")?;
        let find = |names: &[&str]| self.field_called(operation, names, Shape::is_number);
        let count = find(COUNTS).ok_or("its response has no page count")?;
        Ok(PageMapping {
            list: Some(list.join(".")),
            count: Some(count.join(".")),
            number: find(POSITIONS).map(|path| path.join(".")),
            items: find(TOTALS).map(|path| path.join(".")),
            number_parameter: Some(number.name.clone()),
            size_parameter: Some(size.name.clone()),
        })
    }

    /// Returns the path of the list in the response, which is empty if the response itself is the
    /// list. Returns `None` for an object that merely contains a list, such as a spec with its
    /// tags.
    fn listed(&self, operation: &Operation, has_parts: bool) -> Option<Vec<String>> {
        match &operation.response {
            Some(Shape::List(_)) => Some(Vec::new()),
            Some(Shape::Object(name)) => self.list_inside(name, operation, has_parts, 3),
            // Some documents describe the parameters of a list, but not its response.
            None | Some(Shape::Any | Shape::Map(_)) => {
                let is_list = has_parts && parameter(operation, SIZES).is_some();
                is_list.then(Vec::new)
            }
            _ => None,
        }
    }

    fn list_inside(
        &self,
        name: &str,
        operation: &Operation,
        has_parts: bool,
        depth: u8,
    ) -> Option<Vec<String>> {
        let object = self.api.objects.get(name).filter(|_| depth > 0)?;
        let is_item = ["id", "_id"].iter().any(|id| object.properties.contains_key(*id));
        if is_item || !has_parts && operation.path.trim_end_matches('/').ends_with('}') {
            return None;
        }
        let fits = if has_parts { is_list } else { is_list_of_several_values };
        if let Some(list) = object.list(&operation.path, fits) {
            let is_list = has_parts || is_list_and_counts(object, &operation.path, list);
            return is_list.then(|| vec![list.to_owned()]);
        }
        for (key, property) in &object.properties {
            if WRAPPERS.contains(&field(key).as_str())
                && let Shape::Object(inner) = &property.shape
                && let Some(list) = self.list_inside(inner, operation, has_parts, depth - 1)
            {
                return Some([vec![key.clone()], list].concat());
            }
        }
        None
    }

    /// Returns the path of the outermost response field with one of these names.
    fn field_called(
        &self,
        operation: &Operation,
        names: &[&str],
        fits: fn(&Shape) -> bool,
    ) -> Option<Vec<String>> {
        let Some(Shape::Object(response)) = &operation.response else { return None };
        let mut objects = vec![(Vec::new(), response)];
        for _depth in 0..3 {
            let mut inner = Vec::new();
            for (path, name) in objects {
                let properties = &self.api.objects.get(name)?.properties;
                for called in names {
                    for (key, property) in properties {
                        if field(key) == *called && fits(&property.shape) {
                            return Some([path, vec![key.clone()]].concat());
                        }
                    }
                }
                for (key, property) in properties {
                    if let Shape::Object(name) = &property.shape {
                        inner.push(([path.clone(), vec![key.clone()]].concat(), name));
                    }
                }
            }
            objects = inner;
        }
        None
    }
}

impl Object {
    /// Returns the main list of a response among the properties that `fit`: the one named like the
    /// path or like an item count, the only one, the only required one, or the only one with a
    /// generic name.
    pub(super) fn list(&self, path: &str, fit: fn(&Schema) -> bool) -> Option<&str> {
        let only_list = |is_meant: &dyn Fn(&str) -> bool| {
            let lists = self.properties.iter().filter(|(_, property)| fit(property));
            only(lists.map(|(key, _)| key.as_str()).filter(|key| is_meant(key)))
        };
        only_list(&|list| is_plural(list, last_word(path)))
            .or_else(|| only_list(&|list| self.counts(list)))
            .or_else(|| only_list(&|list| !SECONDARY.contains(&field(list).as_str())))
            .or_else(|| only_list(&|list| self.required.contains(list)))
            .or_else(|| only_list(&|list| GENERIC.contains(&field(list).as_str())))
    }

    /// Returns `true` if a property counts the items of `list`, judging by its name.
    fn counts(&self, list: &str) -> bool {
        self.properties.iter().any(|(key, property)| {
            let name = field(key);
            let mut words: Vec<&str> = name.split('_').collect();
            words.retain(|word| !["count", "num", "number", "of", "total"].contains(word));
            property.shape.is_number() && is_plural(list, &words.join("_"))
        })
    }
}

fn is_list(schema: &Schema) -> bool {
    matches!(schema.shape, Shape::List(_))
}

fn is_list_of_several_values(schema: &Schema) -> bool {
    let Shape::List(items) = &schema.shape else { return false };
    matches!(items.shape, Shape::Any | Shape::Map(_) | Shape::Object(_))
}

/// Returns `true` if `list` is the main content of `object`, judging by names and by the other
/// properties.
fn is_list_and_counts(object: &Object, path: &str, list: &str) -> bool {
    let is_named = is_plural(list, last_word(path)) || GENERIC.contains(&field(list).as_str());
    let is_beside = |key: &String, property: &Schema| {
        let is_count = property.shape.is_number() || property.shape == Shape::Boolean;
        key == list || is_count || ENVELOPE.contains(&field(key).as_str())
    };
    is_named
        || object.counts(list)
        || object.properties.iter().all(|(key, property)| is_beside(key, property))
}

/// Returns the note on a list that is read in parts, by offset or cursor.
fn in_parts(operation: &Operation, by: &str, names: &[&str]) -> String {
    let place = match parameter(operation, names) {
        Some(parameter) => format!("`{}`", parameter.name),
        None => "its response".to_owned(),
    };
    format!("paginated by {by} in {place}, generated without pages: each call returns one part")
}

/// Returns the query parameter of `operation` with one of these names.
fn parameter<'a>(operation: &'a Operation, names: &[&str]) -> Option<&'a Parameter> {
    let is_called = |parameter: &&Parameter, name: &str| {
        parameter.location == "query" && argument(&parameter.name) == name
    };
    let mut found = names.iter().filter_map(|name| {
        operation.parameters.iter().find(|parameter| is_called(parameter, name))
    });
    found.next()
}

/// Returns the type of the objects in a list of objects.
pub(super) fn list_of_objects(schema: &Schema) -> Option<&str> {
    let Shape::List(items) = &schema.shape else { return None };
    if let Shape::Object(name) = &items.shape { Some(name) } else { None }
}

/// Returns the last segment of `path` that isn't a parameter.
fn last_word(path: &str) -> &str {
    let mut parts = path.split('/').filter(|part| !part.is_empty() && !part.contains('{'));
    parts.next_back().unwrap_or_default()
}

/// Returns `true` if `list` is `word` or its plural.
fn is_plural(list: &str, word: &str) -> bool {
    if word.is_empty() {
        return false;
    }
    let word = field(word);
    let stem = word.strip_suffix('y').unwrap_or(&word);
    let plurals = [format!("{word}s"), format!("{word}es"), format!("{stem}ies")];
    let list = field(list);
    list == word || plurals.contains(&list)
}

/// Formats an entry for `mapping.yaml`.
fn written(operation: &Operation, entry: &PageMapping) -> String {
    let entries = [
        ("list", &entry.list),
        ("count", &entry.count),
        ("number", &entry.number),
        ("items", &entry.items),
        ("number_parameter", &entry.number_parameter),
        ("size_parameter", &entry.size_parameter),
    ];
    let mut page = Vec::new();
    for (key, value) in entries {
        if let Some(value) = value {
            page.push(format!("{key}: {}", quoted(value)));
        }
    }
    let key = format!("{} {}", operation.method, operation.path);
    let key = if key.contains([':', '#', '\'']) { quoted(&key) } else { key };
    format!("`{key}: {{ name: {}, page: {{ {} }} }}`", operation.name, page.join(", "))
}

/// Quotes `text` where YAML requires it.
fn quoted(text: &str) -> String {
    let starts_like_a_name = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    let is_word = YAML_WORDS.contains(&text.to_ascii_lowercase().as_str());
    if starts_like_a_name && is_plain && !is_word {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}
