//! The items of the mock and the pages made of them.

use std::{cmp::Reverse, collections::HashMap, io, sync::Arc, time::SystemTime};

use press_api_gen::types::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{
    generate,
    operation::Operation,
    query::{Query, Selection},
};

/// An item, with its text so that its fields go out in the order in which they came.
#[derive(Debug)]
struct Item {
    value: Value,
    json: String,
}

impl Item {
    fn new(item: impl Serialize) -> io::Result<Self> {
        let json = serde_json::to_string(&item)?;
        let value = serde_json::from_str(&json)?;
        Ok(Self { value, json })
    }

    fn generated(value: Value) -> Self {
        let json = value.to_string();
        Self { value, json }
    }

    /// The place of the item in an ordering by a field: missing values, then texts, then times.
    fn sort_key(&self, field: &str) -> (Option<SystemTime>, Option<&str>) {
        let text = self.value["metadata"][field].as_str();
        let time = text.filter(|_| field == "createdAt");
        match time.and_then(|text| Timestamp::from(text).to_system_time()) {
            Some(time) => (Some(time), None),
            None => (None, text),
        }
    }
}

#[derive(Debug, Default)]
struct List {
    items: Vec<Item>,
    /// The latest selection and the positions of its items: the pages of a list share one.
    selected: Option<(Selection, Arc<[usize]>)>,
}

impl List {
    fn change(&mut self) -> &mut Vec<Item> {
        self.selected = None;
        &mut self.items
    }

    fn select(&mut self, selection: &Selection) -> Arc<[usize]> {
        if let Some((latest, selected)) = &self.selected
            && latest == selection
        {
            return Arc::clone(selected);
        }
        let items = &self.items;
        let mut selected: Vec<_> = (0..items.len()).filter(|&at| selection.matches(&items[at].value)).collect();
        // The sorts are stable: the last one, by the first key, leaves equal items as the others put them.
        for (field, order) in selection.order.iter().rev().filter_map(|key| key.split_once(':')) {
            let key = |&at: &usize| items[at].sort_key(field);
            match order {
                "desc" => selected.sort_by_cached_key(|at| Reverse(key(at))),
                _ => selected.sort_by_cached_key(key),
            }
        }
        let selected: Arc<[usize]> = selected.into();
        self.selected = Some((selection.clone(), Arc::clone(&selected)));
        selected
    }

    /// Returns a page as JSON text.
    fn page(&mut self, operation: Operation, query: &Query) -> String {
        let &Query { ref selection, page_size, page_number } = query;
        let selected = self.select(selection);
        let count = selected.len() as u64;
        // Numbers beyond the end, however large, lead to an empty page.
        let first = (page_number - 1).saturating_mul(page_size).min(count);
        let last = first.saturating_add(page_size).min(count);
        let items: Vec<_> =
            selected[first as usize..last as usize].iter().map(|&at| self.items[at].json.as_str()).collect();
        let (count_name, list_name) = match operation {
            Operation::ListSpecs => ("specCount", "specs"),
            Operation::ListSpecReleaseDeployments => ("deploymentCount", "deployments"),
        };
        let page_count = count.div_ceil(page_size);
        let items = items.join(",");
        format!(
            r#"{{"pageCount":{page_count},"pageNumber":{page_number},"pageSize":{page_size},"{count_name}":{count},"{list_name}":[{items}]}}"#
        )
    }
}

/// The deployments of a known spec.
#[derive(Debug)]
enum Deployments {
    Seeded(List),
    /// Those of the generated spec with this number.
    Generated(u64),
}

/// All specs, and the deployments of each.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    specs: List,
    deployments: HashMap<String, Deployments>,
    generated_specs: u64,
    pub(super) deployments_per_generated_spec: u64,
}

impl Catalogue {
    pub(super) fn add_spec(&mut self, spec: impl Serialize) -> io::Result<()> {
        let item = Item::new(spec)?;
        if let Some(id) = item.value["id"].as_str() {
            let deployments = self.deployments.entry(id.to_owned());
            deployments.or_insert_with(|| Deployments::Seeded(List::default()));
        }
        self.specs.change().push(item);
        Ok(())
    }

    /// Removes a spec with its deployments, and tells whether it was known.
    pub(super) fn remove_spec(&mut self, id: &str) -> bool {
        self.specs.change().retain(|item| item.value["id"] != id);
        self.deployments.remove(id).is_some()
    }

    /// Adds deployments, in place of generated ones.
    pub(super) fn add_deployments<I>(&mut self, spec_id: &str, deployments: I) -> io::Result<()>
    where
        I: IntoIterator<Item: Serialize>,
    {
        let mut items = deployments.into_iter().map(Item::new).collect::<io::Result<Vec<_>>>()?;
        match self.deployments.get_mut(spec_id) {
            Some(Deployments::Seeded(list)) => list.change().append(&mut items),
            _ => {
                let list = List { items, selected: None };
                self.deployments.insert(spec_id.to_owned(), Deployments::Seeded(list));
            }
        }
        Ok(())
    }

    pub(super) fn generate_specs(&mut self, count: u64) {
        let first = self.generated_specs;
        self.generated_specs = first.saturating_add(count);
        for number in first..self.generated_specs {
            let spec = generate::spec(number);
            if let Some(id) = spec["id"].as_str() {
                let deployments = self.deployments.entry(id.to_owned());
                deployments.or_insert(Deployments::Generated(number));
            }
            self.specs.change().push(Item::generated(spec));
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self { deployments_per_generated_spec: self.deployments_per_generated_spec, ..Self::default() };
    }

    pub(super) fn spec_count(&self) -> usize {
        self.specs.items.len()
    }

    /// Returns the ids of all specs in the operation's own order.
    pub(super) fn spec_ids(&mut self) -> Vec<String> {
        let selected = self.specs.select(&Selection::all(Operation::ListSpecs));
        let id = |&at: &usize| Some(self.specs.items[at].value["id"].as_str()?.to_owned());
        selected.iter().filter_map(id).collect()
    }

    /// Returns a page as JSON text; `None` when there is no such spec.
    pub(super) fn page(&mut self, operation: Operation, spec_id: &str, query: &Query) -> Option<String> {
        if operation == Operation::ListSpecs {
            return Some(self.specs.page(operation, query));
        }
        match self.deployments.get_mut(spec_id)? {
            Deployments::Seeded(list) => Some(list.page(operation, query)),
            Deployments::Generated(spec) => {
                let deployments = 0..self.deployments_per_generated_spec;
                let deployments = deployments.map(|number| generate::deployment(*spec, spec_id, number));
                let mut list = List::default();
                list.items.extend(deployments.map(Item::generated));
                Some(list.page(operation, query))
            }
        }
    }
}
