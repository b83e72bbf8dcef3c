//! The items that the mock holds, and the pages it makes of them.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, OnceLock};

use chrono::DateTime;
use serde::Serialize;
use serde_json::Value;

use super::generate;
use super::operation::Operation;
use super::query::{Field, Paging, Selection};

/// Selections and lists that are remembered before all are forgotten.
const REMEMBERED: usize = 64;

/// A creation date that can be compared, whatever the item says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Moment {
    Missing,
    Odd(String),
    At(i64, u32),
}

impl Moment {
    pub(super) fn new(text: Option<&str>) -> Moment {
        match text.map(|text| (text, DateTime::parse_from_rfc3339(text))) {
            None => Moment::Missing,
            Some((_, Ok(time))) => Moment::At(time.timestamp(), time.timestamp_subsec_nanos()),
            Some((text, Err(_))) => Moment::Odd(text.to_owned()),
        }
    }
}

/// What filters and orderings look at.
#[derive(Debug)]
struct Facets {
    kind: Option<String>,
    scope: Option<String>,
    featured: bool,
    status: Option<String>,
    version: Option<String>,
    name: Option<String>,
    title: Option<String>,
    summary: Option<String>,
    description: Option<String>,
    created_by: Option<String>,
}

impl Facets {
    fn of(item: &Value) -> Facets {
        let text = |pointer: &str| Some(item.pointer(pointer)?.as_str()?.to_owned());
        Facets {
            kind: text("/kind"),
            scope: text("/scope"),
            featured: item.pointer("/featured") == Some(&Value::Bool(true)),
            status: text("/metadata/status"),
            version: text("/spec/release/version"),
            name: text("/metadata/name"),
            title: text("/metadata/title"),
            summary: text("/metadata/summary"),
            description: text("/metadata/description"),
            created_by: text("/metadata/createdBy"),
        }
    }

    fn field(&self, field: Field) -> Option<&str> {
        match field {
            Field::CreatedAt => None,
            Field::CreatedBy => self.created_by.as_deref(),
            Field::Name => self.name.as_deref(),
            Field::Title => self.title.as_deref(),
        }
    }

    fn match_all(&self, selection: &Selection) -> bool {
        let among = |wanted: &[String], value: &Option<String>| {
            wanted.is_empty() || value.as_ref().is_some_and(|value| wanted.contains(value))
        };
        let equal = |wanted: &Option<String>, value: &Option<String>| wanted.is_none() || wanted == value;
        let prefixed = |wanted: &Option<String>, value: &Option<String>| {
            wanted
                .as_deref()
                .is_none_or(|wanted| value.as_deref().is_some_and(|value| value.starts_with(wanted)))
        };
        let contains = |term: &str| {
            [&self.name, &self.title, &self.description, &self.summary]
                .into_iter()
                .flatten()
                .any(|text| text.to_lowercase().contains(term))
        };
        among(&selection.statuses, &self.status)
            && among(&selection.scopes, &self.scope)
            && equal(&selection.kind, &self.kind)
            && equal(&selection.version, &self.version)
            && prefixed(&selection.name, &self.name)
            && prefixed(&selection.title, &self.title)
            && selection.featured.is_none_or(|wanted| wanted == self.featured)
            && selection.term.as_deref().is_none_or(contains)
    }
}

/// One item: the JSON text that is served, and what is known about it.
///
/// The text is kept instead of a [`Value`], so that a page is copied together and not serialized
/// again, and so that a seeded item goes out with its fields in the order in which it came.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) id: Option<String>,
    pub(super) created: Moment,
    pub(super) json: String,
    /// Read from the text when the first filter or ordering asks for them.
    facets: OnceLock<Facets>,
}

impl Item {
    pub(super) fn new(id: Option<String>, created: Moment, json: String) -> Item {
        Item {
            id,
            created,
            json,
            facets: OnceLock::new(),
        }
    }

    pub(super) fn seeded(item: impl Serialize) -> io::Result<Item> {
        let json = serde_json::to_string(&item)?;
        let value: Value = serde_json::from_str(&json)?;
        let text = |pointer: &str| value.pointer(pointer)?.as_str();
        let id = text("/id").map(str::to_owned);
        let created = Moment::new(text("/metadata/createdAt"));
        Ok(Item::new(id, created, json))
    }

    fn facets(&self) -> &Facets {
        self.facets
            .get_or_init(|| Facets::of(&serde_json::from_str(&self.json).unwrap_or_default()))
    }
}

/// Items with the selections that were made of them.
#[derive(Debug, Default)]
pub(super) struct List {
    items: Vec<Item>,
    selections: HashMap<Selection, Arc<[usize]>>,
}

impl List {
    pub(super) fn push(&mut self, item: Item) {
        self.items.push(item);
        self.selections.clear();
    }

    /// The positions of the selected items in their order.
    fn select(&mut self, selection: Selection) -> Arc<[usize]> {
        if let Some(selected) = self.selections.get(&selection) {
            return Arc::clone(selected);
        }
        let items = &self.items;
        let mut selected: Vec<usize> = (0..items.len())
            .filter(|&at| !selection.filters() || items[at].facets().match_all(&selection))
            .collect();
        // The sort is stable, so that sorting by the least significant key first does all keys, and
        // what remains equal stays in the order of seeding.
        for key in selection.order.iter().rev() {
            selected.sort_by(|&left, &right| {
                let (left, right) = if key.descending {
                    (&items[right], &items[left])
                } else {
                    (&items[left], &items[right])
                };
                match key.field {
                    Field::CreatedAt => left.created.cmp(&right.created),
                    field => left.facets().field(field).cmp(&right.facets().field(field)),
                }
            });
        }
        let selected: Arc<[usize]> = selected.into();
        if self.selections.len() >= REMEMBERED {
            self.selections.clear();
        }
        self.selections.insert(selection, Arc::clone(&selected));
        selected
    }

    /// The JSON text of one page.
    fn page(&mut self, names: PageNames, selection: Selection, paging: Paging) -> String {
        let selected = self.select(selection);
        let count = selected.len() as u64;
        let Paging { size, number } = paging;
        // Numbers beyond the end, however large, lead to an empty page.
        let first = (number - 1).saturating_mul(size).min(count);
        let last = first.saturating_add(size).min(count);
        let on_page = &selected[first as usize..last as usize];
        let length: usize = on_page.iter().map(|&at| self.items[at].json.len() + 1).sum();
        let mut page = String::with_capacity(length + 160);
        let pages = count.div_ceil(size);
        let PageNames { count_name, items } = names;
        // Writing to a String cannot fail.
        let _ = write!(
            page,
            r#"{{"pageCount":{pages},"pageNumber":{number},"pageSize":{size},"{count_name}":{count},"{items}":["#
        );
        for (position, &at) in on_page.iter().enumerate() {
            if position > 0 {
                page.push(',');
            }
            page.push_str(&self.items[at].json);
        }
        page.push_str("]}");
        page
    }
}

struct PageNames {
    count_name: &'static str,
    items: &'static str,
}

/// All specs, and the deployments of each.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    specs: List,
    known: HashSet<String>,
    deployments: HashMap<String, List>,
    /// The number of each generated spec.
    generated: HashMap<String, u64>,
    pub(super) deployments_per_generated_spec: u64,
    /// Deployments of generated specs that were asked for lately.
    generated_deployments: HashMap<String, List>,
}

impl Catalogue {
    pub(super) fn add_spec(&mut self, spec: impl Serialize) -> io::Result<()> {
        let item = Item::seeded(spec)?;
        self.known.extend(item.id.clone());
        self.specs.push(item);
        Ok(())
    }

    /// Adds deployments; their spec is known from now on, also when it is not listed.
    pub(super) fn add_deployments<I>(&mut self, spec_id: &str, deployments: I) -> io::Result<()>
    where
        I: IntoIterator<Item: Serialize>,
    {
        let list = self.deployments.entry(spec_id.to_owned()).or_default();
        for deployment in deployments {
            list.push(Item::seeded(deployment)?);
        }
        Ok(())
    }

    pub(super) fn generate_specs(&mut self, count: u64) {
        let first = self.generated.len() as u64;
        for number in first..first.saturating_add(count) {
            let item = generate::spec(number);
            if let Some(id) = &item.id {
                self.generated.insert(id.clone(), number);
            }
            self.specs.push(item);
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Catalogue {
            deployments_per_generated_spec: self.deployments_per_generated_spec,
            ..Catalogue::default()
        };
    }

    pub(super) fn spec_count(&self) -> usize {
        self.specs.items.len()
    }

    /// The ids of all specs in the order of the listing without parameters.
    pub(super) fn spec_ids(&mut self) -> Vec<String> {
        let selected = self.specs.select(Selection::everything(Operation::ListSpecs));
        selected
            .iter()
            .filter_map(|&at| self.specs.items[at].id.clone())
            .collect()
    }

    pub(super) fn specs_page(&mut self, selection: Selection, paging: Paging) -> String {
        let names = PageNames {
            count_name: "specCount",
            items: "specs",
        };
        self.specs.page(names, selection, paging)
    }

    /// One page of a spec's deployments, or nothing when there is no such spec.
    pub(super) fn deployments_page(&mut self, spec_id: &str, selection: Selection, paging: Paging) -> Option<String> {
        let names = PageNames {
            count_name: "deploymentCount",
            items: "deployments",
        };
        if let Some(list) = self.deployments.get_mut(spec_id) {
            return Some(list.page(names, selection, paging));
        }
        if let Some(&number) = self.generated.get(spec_id) {
            if self.generated_deployments.len() >= REMEMBERED && !self.generated_deployments.contains_key(spec_id) {
                self.generated_deployments.clear();
            }
            let count = self.deployments_per_generated_spec;
            let list = self
                .generated_deployments
                .entry(spec_id.to_owned())
                .or_insert_with(|| generate::deployments(number, spec_id, count));
            return Some(list.page(names, selection, paging));
        }
        self.known
            .contains(spec_id)
            .then(|| List::default().page(names, selection, paging))
    }
}
