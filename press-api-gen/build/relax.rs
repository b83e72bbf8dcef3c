//! Makes the types tolerant: a field that the client does not need may be null or missing.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    api::{Api, Shape},
    mapping::Mapping,
};

/// Makes the fields of all received objects optional, unless they are needed.
///
/// Frameworks mark nearly every field of a response as required, so one missing field would fail a
/// whole page. A response needs only the list and the count of a page, the `id` of an item and the
/// fields listed in `mapping`.
pub(crate) fn relax(api: &mut Api, mapping: &Mapping) {
    let mut must: BTreeMap<String, BTreeSet<String>> = mapping.required.clone();
    let mut received = BTreeSet::new();
    let mut items = BTreeSet::new();
    for operation in &api.operations {
        reach(api, operation.response.as_ref(), &mut received);
        let Some(page) = &operation.page else { continue };
        items.insert(page.item.clone());
        for place in [&page.list, &page.count] {
            for (depth, key) in place.iter().enumerate() {
                if let Some(owner) = api.owner(&page.object, &place[..depth]) {
                    must.entry(owner.to_owned()).or_default().insert(key.clone());
                }
            }
        }
    }
    for (name, object) in &mut api.objects {
        if received.contains(name) {
            let is_item = items.contains(name);
            object.required.retain(|field| is_item && field == "id");
        }
        for field in must.remove(name).unwrap_or_default() {
            if let Some(property) = object.properties.get_mut(&field) {
                property.nullable = false;
                object.required.insert(field);
            }
        }
    }
}

/// Adds the names of the objects in `shape` to `reached`.
fn reach(api: &Api, shape: Option<&Shape>, reached: &mut BTreeSet<String>) {
    match shape {
        Some(Shape::List(inner) | Shape::Map(inner)) => reach(api, Some(&inner.shape), reached),
        Some(Shape::Object(name)) if reached.insert(name.clone()) => {
            let properties =
                api.objects.get(name).into_iter().flat_map(|object| object.properties.values());
            properties.for_each(|property| reach(api, Some(&property.shape), reached));
        }
        _ => {}
    }
}
