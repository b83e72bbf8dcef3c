//! `openapi/mapping.yaml`: the operations that the crate wraps, and the names of operations and
//! types.
//!
//! The file is optional, and so is each of its entries. It exists so that the document can stay as
//! it was exported.
//!
//! ```yaml
//! # Only these operations are generated. Without this entry: every operation that can be.
//! operations:
//!   DELETE /v1/specs/{specId}: delete_spec
//!   GET /v1/specs:
//!     name: list_specs
//!     page:                            # must be a paginated list
//!       list: data                     # the items; by default the only list of objects
//!       count: pagination.pageCount    # the number of pages; by default `pageCount`
//!       number: pagination.pageNumber  # this page; by default `pageNumber` beside the count
//!       items: pagination.total        # items in the list; by default the other `…Count`
//!       number_parameter: page         # by default `pageNumber`
//!       size_parameter: limit          # by default `pageSize`
//! # Names of types, by JSON pointer or by the name that they would get. Places with one name
//! # share one type.
//! types:
//!   '#/components/schemas/SpecDto': SpecSummary
//!   SpecSummaryKind: SpecKind
//! # Fields that must be there in responses, besides the list, the count and the `id` of an item.
//! required:
//!   SpecSummary: [kind]
//! ```

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::mistakes;

/// The path of the file, as messages name it.
pub(crate) const FILE: &str = "openapi/mapping.yaml";

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Mapping {
    pub(crate) operations: Option<BTreeMap<String, Wrapped>>,
    pub(crate) types: BTreeMap<String, String>,
    pub(crate) required: BTreeMap<String, BTreeSet<String>>,
}

/// One operation, named with or without its page.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "an operation is its name, or a mapping of `name` and `page`"
)]
pub(crate) enum Wrapped {
    Name(String),
    List { name: String, page: Option<PageMapping> },
}

/// The places of a page that the crate reads, each with dots between the names of fields.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PageMapping {
    pub(crate) list: Option<String>,
    pub(crate) count: Option<String>,
    pub(crate) number: Option<String>,
    pub(crate) items: Option<String>,
    pub(crate) number_parameter: Option<String>,
    pub(crate) size_parameter: Option<String>,
}

impl Mapping {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let value = mistakes::parse(FILE, text)?;
        serde_json::from_value(value)
            .map_err(|error| format!("{FILE}: {error}; its format stands in build/mapping.rs"))
    }

    /// What the file has of the operation `key`, such as `GET /v1/specs`.
    pub(crate) fn operation(&self, key: &str) -> Option<&Wrapped> {
        self.operations.as_ref()?.get(key)
    }
}

impl Wrapped {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Name(name) | Self::List { name, .. } => name,
        }
    }

    pub(crate) fn page(&self) -> Option<&PageMapping> {
        match self {
            Self::Name(_) => None,
            Self::List { page, .. } => page.as_ref(),
        }
    }
}
