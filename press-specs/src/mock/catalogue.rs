//! The mock's items and pages.

use std::{collections::HashMap, io};

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    generate,
    operation::{Operation, Query, compare},
};

const DEFAULT_PAGE_SIZE: u64 = 25;

/// The deployments of a known spec.
#[derive(Debug)]
enum Deployments {
    Seeded(Vec<Value>),
    /// The deployments of the generated spec with this number, generated per page: a large
    /// catalogue wouldn't fit into memory.
    Generated(u64),
}

/// All specs, and the deployments of each. Every list is in default order.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    specs: Vec<Value>,
    deployments: HashMap<String, Deployments>,
    generated_specs: u64,
    pub(super) deployments_per_generated_spec: u64,
}

impl Catalogue {
    pub(super) fn add_spec(&mut self, spec: impl Serialize) -> io::Result<()> {
        self.insert_spec(serde_json::to_value(spec)?, Deployments::Seeded(Vec::new()));
        Ok(())
    }

    pub(super) fn generate_specs(&mut self, count: u64) {
        let first = self.generated_specs;
        self.generated_specs = first.saturating_add(count);
        for number in first..self.generated_specs {
            self.insert_spec(generate::spec(number), Deployments::Generated(number));
        }
    }

    fn insert_spec(&mut self, spec: Value, deployments: Deployments) {
        if let Some(id) = spec["id"].as_str() {
            self.deployments.entry(id.to_owned()).or_insert(deployments);
        }
        insert(&mut self.specs, spec, "createdAt:asc");
    }

    /// Removes a spec with its deployments. Returns `true` if it was known.
    pub(super) fn remove_spec(&mut self, id: &str) -> bool {
        self.specs.retain(|spec| spec["id"] != id);
        self.deployments.remove(id).is_some()
    }

    /// Adds deployments, replacing generated ones.
    pub(super) fn add_deployments(
        &mut self,
        spec_id: &str,
        deployments: impl IntoIterator<Item: Serialize>,
    ) -> io::Result<()> {
        let added = to_values(deployments)?;
        let mut items = match self.deployments.remove(spec_id) {
            Some(Deployments::Seeded(items)) => items,
            _ => Vec::new(),
        };
        added.into_iter().for_each(|deployment| insert(&mut items, deployment, "createdAt:desc"));
        self.deployments.insert(spec_id.to_owned(), Deployments::Seeded(items));
        Ok(())
    }

    /// Replaces all deployments of a spec.
    pub(super) fn set_deployments(
        &mut self,
        spec_id: &str,
        deployments: impl IntoIterator<Item: Serialize>,
    ) -> io::Result<()> {
        let deployments = to_values(deployments)?;
        self.deployments.remove(spec_id);
        self.add_deployments(spec_id, deployments)
    }

    pub(super) fn clear(&mut self) {
        *self = Self {
            deployments_per_generated_spec: self.deployments_per_generated_spec,
            ..Self::default()
        };
    }

    pub(super) fn spec_ids(&self) -> Vec<String> {
        self.specs.iter().filter_map(|spec| Some(spec["id"].as_str()?.to_owned())).collect()
    }

    /// Returns a page, or `None` if the spec is unknown.
    pub(super) fn page(&self, operation: Operation, spec_id: &str, query: &Query) -> Option<Value> {
        if operation == Operation::ListSpecs {
            return Some(page("specs", "specCount", &self.specs, query));
        }
        let page =
            |deployments: &[Value]| page("deployments", "deploymentCount", deployments, query);
        Some(match self.deployments.get(spec_id)? {
            Deployments::Seeded(deployments) => page(deployments),
            Deployments::Generated(spec) => {
                // Higher numbers are newer.
                let numbers = (0..self.deployments_per_generated_spec).rev();
                page(
                    &numbers
                        .map(|number| generate::deployment(*spec, spec_id, number))
                        .collect::<Vec<_>>(),
                )
            }
        })
    }
}

fn to_values(items: impl IntoIterator<Item: Serialize>) -> io::Result<Vec<Value>> {
    let mut values = Vec::new();
    for item in items {
        values.push(serde_json::to_value(item)?);
    }
    Ok(values)
}

/// Inserts an item in sorted order, after equal items.
fn insert(items: &mut Vec<Value>, item: Value, order: &str) {
    let place = items.partition_point(|other| compare(other, &item, order).is_le());
    items.insert(place, item);
}

fn page(list_name: &str, count_name: &str, items: &[Value], query: &Query) -> Value {
    let mut selected: Vec<_> = items.iter().filter(|item| query.selects(item)).collect();
    // The sort is stable: items with equal keys keep their order.
    selected.sort_by(|left, right| query.compare(left, right));
    let size = query.number("pageSize", DEFAULT_PAGE_SIZE);
    let number = query.number("pageNumber", 1);
    let count = selected.len() as u64;
    // Any number beyond the end gives an empty page.
    let first = (number - 1).saturating_mul(size).min(count);
    let last = first.saturating_add(size).min(count);
    json!({
        "pageCount": count.div_ceil(size),
        "pageNumber": number,
        "pageSize": size,
        count_name: count,
        list_name: selected[first as usize..last as usize],
    })
}
