//! `openapi/mapping.yaml`, which selects operations and renames operations and types.
//!
//! The file and all of its entries are optional. It exists so that the exported document can stay
//! unchanged.
//!
//! ```yaml
//! # Names only. Other operations keep their names from the document.
//! operations:
//!   DELETE /v1/specs/{specId}: delete_spec
//!   GET /v1/specs:
//!     name: list_specs
//!     page:                            # must be a paginated list
//!       list: data                     # the items; by default the list named like the path
//!                                      # or like an item count, or the only list of objects
//!       count: pagination.pageCount    # the number of pages; by default `pageCount`
//!       number: pagination.pageNumber  # this page; by default `pageNumber` beside the count
//!       items: pagination.total        # items in the list; by default the other `…Count`
//!       number_parameter: page         # by default `pageNumber`
//!       size_parameter: limit          # by default `pageSize`
//! # The operations to generate. Defaults to all that can be generated.
//! select: [GET /v1/specs]
//! # Names of types, by JSON pointer or default name. Schemas with the same name share a type.
//! types:
//!   '#/components/schemas/SpecDto': SpecSummary
//!   SpecSummaryKind: SpecKind
//! # Fields required in responses, in addition to the list, the count and the `id` of an item.
//! required:
//!   SpecSummary: [kind]
//! ```

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{diagnostics::Diagnostics, document::Document, normalize::operation_name};

/// The path of the file, as shown in messages.
pub(crate) const FILE: &str = "openapi/mapping.yaml";

const KEYS: [&str; 4] = ["operations", "select", "types", "required"];
const KEYS_OF_OPERATIONS: [&str; 2] = ["name", "page"];
const KEYS_OF_PAGES: [&str; 6] =
    ["list", "count", "number", "items", "number_parameter", "size_parameter"];

/// The parsed file.
#[derive(Debug, Default)]
pub(crate) struct Mapping {
    /// The names and pages of operations, by method and path, such as `GET /v1/specs`.
    operations: BTreeMap<String, OperationMapping>,
    /// The selected operations, each with its index in the list. `None` selects all.
    select: Option<BTreeMap<String, String>>,
    pub(crate) types: BTreeMap<String, String>,
    pub(crate) required: BTreeMap<String, BTreeSet<String>>,
    document: Document,
}

/// The name of an operation and the fields of its pages.
#[derive(Debug, Default)]
pub(crate) struct OperationMapping {
    name: Option<String>,
    page: Option<PageMapping>,
}

/// The fields of a page as dotted paths, and the names of its parameters.
#[derive(Clone, Debug, Default)]
pub(crate) struct PageMapping {
    pub(crate) list: Option<String>,
    pub(crate) count: Option<String>,
    pub(crate) number: Option<String>,
    pub(crate) items: Option<String>,
    pub(crate) number_parameter: Option<String>,
    pub(crate) size_parameter: Option<String>,
}

impl PageMapping {
    /// Returns `true` if the file contains the entry `key`.
    pub(crate) fn has(&self, key: &str) -> bool {
        match key {
            "list" => self.list.is_some(),
            "count" => self.count.is_some(),
            "number" => self.number.is_some(),
            "items" => self.items.is_some(),
            "number_parameter" => self.number_parameter.is_some(),
            "size_parameter" => self.size_parameter.is_some(),
            _ => false,
        }
    }
}

impl OperationMapping {
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub(crate) fn page(&self) -> Option<&PageMapping> {
        self.page.as_ref()
    }
}

impl Mapping {
    /// Parses `document`, which may be empty.
    pub(crate) fn parse(document: Document) -> Result<Self, String> {
        let diagnostics = Diagnostics::new(&document);
        let mut reader = Reader { document: &document, diagnostics };
        let mapping = reader.mapping();
        reader.diagnostics.check()?;
        Ok(Self { document, ..mapping })
    }

    /// Returns the entry for the operation `key`, for example `GET /v1/specs`.
    pub(crate) fn operation(&self, key: &str) -> Option<&OperationMapping> {
        self.operations.get(key)
    }

    /// Returns `true` if the file selects the operation `key`.
    pub(crate) fn selects(&self, key: &str) -> bool {
        self.select.as_ref().is_some_and(|select| select.contains_key(key))
    }

    /// Returns `true` if `select` is set and doesn't contain `key`.
    pub(crate) fn leaves_out(&self, key: &str) -> bool {
        self.select.as_ref().is_some_and(|select| !select.contains_key(key))
    }

    /// Returns the operations that the file names or selects, with their places for messages.
    pub(crate) fn operations(&self) -> Vec<(&str, String)> {
        let mut operations = Vec::new();
        for key in self.operations.keys() {
            operations.push((key.as_str(), self.place(&["operations", key])));
        }
        for (key, index) in self.select.iter().flatten() {
            operations.push((key.as_str(), self.place(&["select", index])));
        }
        operations
    }

    /// Returns the place of an entry for messages.
    pub(crate) fn place(&self, keys: &[&str]) -> String {
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        self.document.place(&keys)
    }
}

/// A parser for [`Mapping`].
struct Reader<'a> {
    document: &'a Document,
    diagnostics: Diagnostics<'a>,
}

/// An entry of the file.
struct Entry<'a> {
    /// The keys that lead to the entry.
    path: Vec<String>,
    value: &'a Value,
}

impl<'a> Entry<'a> {
    fn inner(&self, key: String, value: &'a Value) -> Self {
        let mut path = self.path.clone();
        path.push(key);
        Self { path, value }
    }
}

impl<'a> Reader<'a> {
    fn mapping(&mut self) -> Mapping {
        let mut mapping = Mapping::default();
        let root = Entry { path: Vec::new(), value: self.document.root() };
        for (key, entry) in self.entries(&root) {
            match key {
                "operations" => mapping.operations = self.operations(&entry),
                "select" => mapping.select = self.select(&entry),
                "types" => mapping.types = self.types(&entry),
                "required" => mapping.required = self.required(&entry),
                _ => self.unknown(&entry, &KEYS),
            }
        }
        mapping
    }

    fn operations(&mut self, entry: &Entry<'a>) -> BTreeMap<String, OperationMapping> {
        let mut operations = BTreeMap::new();
        for (key, entry) in self.entries(entry) {
            let operation = if entry.value.is_object() {
                self.operation(&entry)
            } else {
                OperationMapping { name: self.operation_name(&entry), page: None }
            };
            operations.insert(key.to_owned(), operation);
        }
        operations
    }

    fn operation(&mut self, entry: &Entry<'a>) -> OperationMapping {
        let mut operation = OperationMapping::default();
        for (key, entry) in self.entries(entry) {
            match key {
                "name" => operation.name = self.operation_name(&entry),
                "page" => operation.page = Some(self.page(&entry)),
                _ => self.unknown(&entry, &KEYS_OF_OPERATIONS),
            }
        }
        operation
    }

    fn operation_name(&mut self, entry: &Entry<'a>) -> Option<String> {
        let name = self.text(entry)?;
        let legal = operation_name(&name);
        if name != legal {
            self.reject(entry, format!("`{name}` is not a valid method name; write `{legal}`"));
        }
        Some(name)
    }

    fn page(&mut self, entry: &Entry<'a>) -> PageMapping {
        let mut page = PageMapping::default();
        for (key, entry) in self.entries(entry) {
            match key {
                "list" => page.list = self.text(&entry),
                "count" => page.count = self.text(&entry),
                "number" => page.number = self.text(&entry),
                "items" => page.items = self.text(&entry),
                "number_parameter" => page.number_parameter = self.text(&entry),
                "size_parameter" => page.size_parameter = self.text(&entry),
                _ => self.unknown(&entry, &KEYS_OF_PAGES),
            }
        }
        let number = page.number_parameter.as_deref().unwrap_or("pageNumber");
        let size = page.size_parameter.as_deref().unwrap_or("pageSize");
        if number == size {
            let why = format!(
                "`number_parameter` and `size_parameter` are both `{number}`; use two parameters"
            );
            self.reject(entry, why);
        }
        page
    }

    /// Returns the selected operations and their indexes in the list.
    fn select(&mut self, entry: &Entry<'a>) -> Option<BTreeMap<String, String>> {
        if entry.value.is_null() {
            return None;
        }
        if entry.value.as_array().is_some_and(Vec::is_empty) {
            let why =
                "no operation is selected; add one, or remove `select` to generate all operations";
            self.reject(entry, why);
        }
        let mut select = BTreeMap::new();
        for (index, key) in self.texts(entry).into_iter().enumerate() {
            select.insert(key, index.to_string());
        }
        Some(select)
    }

    fn types(&mut self, entry: &Entry<'a>) -> BTreeMap<String, String> {
        let mut types = BTreeMap::new();
        for (key, entry) in self.entries(entry) {
            if let Some(name) = self.text(&entry) {
                types.insert(key.to_owned(), name);
            }
        }
        types
    }

    fn required(&mut self, entry: &Entry<'a>) -> BTreeMap<String, BTreeSet<String>> {
        let mut required = BTreeMap::new();
        for (name, entry) in self.entries(entry) {
            required.insert(name.to_owned(), self.texts(&entry).into_iter().collect());
        }
        required
    }

    /// Returns the entries of a mapping, or nothing if it is null.
    fn entries(&mut self, entry: &Entry<'a>) -> Vec<(&'a str, Entry<'a>)> {
        let mut inner = Vec::new();
        match entry.value {
            Value::Object(entries) => {
                for (key, value) in entries {
                    inner.push((key.as_str(), entry.inner(key.clone(), value)));
                }
            }
            Value::Null => {}
            _ => self.reject(entry, "not a mapping; write `key: value` entries here"),
        }
        inner
    }

    fn text(&mut self, entry: &Entry<'a>) -> Option<String> {
        let text = entry.value.as_str().filter(|text| !text.is_empty());
        if text.is_none() {
            self.reject(entry, format!("`{}` is not a name; write a string", entry.value));
        }
        text.map(str::to_owned)
    }

    fn texts(&mut self, entry: &Entry<'a>) -> Vec<String> {
        let mut texts = Vec::new();
        match entry.value {
            Value::Array(values) => {
                for (index, value) in values.iter().enumerate() {
                    texts.extend(self.text(&entry.inner(index.to_string(), value)));
                }
            }
            Value::Null => {}
            _ => self.reject(entry, "not a list; write `[first, second]`"),
        }
        texts
    }

    fn unknown(&mut self, entry: &Entry<'a>, known: &[&str]) {
        let key = entry.path.last().map(String::as_str).unwrap_or_default();
        let why = format!("unknown key `{key}`; write one of `{}`", known.join("`, `"));
        self.reject(entry, why);
    }

    fn reject(&mut self, entry: &Entry<'a>, why: impl Into<String>) {
        self.diagnostics.reject(&self.document.place(&entry.path), why);
    }
}
