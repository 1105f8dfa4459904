//! What differs between two exports of one project that nobody touched.

use std::sync::Arc;

use serde_json::Value;

use super::super::indices::INDICES;
use crate::state::Files;

const STAMP: &str = "componentsVersion";

/// Writes a version that no other export of the project has.
pub(super) fn stamp(files: &mut Files, count: u64) {
    for (path, file) in files.iter_mut() {
        let is_flow = path.ends_with("/metadata.json");
        if !is_flow && path != "styles/styles.json" && file.get(STAMP).is_none() {
            continue;
        }
        if let Some(fields) = Arc::make_mut(file).as_object_mut() {
            fields.insert(STAMP.to_owned(), Value::String(format!("3.20.{count}")));
        }
    }
}

/// The lists that are sets: in which file, and where in it; `*` is every element.
const SETS: [(&str, &str); 10] = [
    ("roles.json", "roles"),
    ("roles.json", "roles/*/permissions"),
    ("permissions.json", "permissions"),
    ("jwttemplates.json", "templates"),
    ("lists.json", "lists"),
    ("applications.json", "applications"),
    ("outboundapps.json", "outboundApps"),
    ("attributes.json", "user"),
    ("attributes.json", "tenant"),
    ("attributes.json", "accessKey"),
];

/// The sets of a flow's metadata.
const OF_FLOWS: [&str; 5] =
    ["screens", "references/oauth", "references/userAttributes", "references/tenantAttributes", "references/omitted"];

/// Turns each set by as many places as there were exports.
pub(super) fn reorder(files: &mut Files, count: u64) {
    for (path, file) in files.iter_mut() {
        let indices = INDICES.iter().filter(|index| index.path == path).map(|index| index.field);
        let sets = SETS.iter().filter(|(of, _)| of == path).map(|(_, place)| *place);
        let flows = OF_FLOWS.iter().copied().filter(|_| path.ends_with("/metadata.json"));
        for place in indices.chain(sets).chain(flows).collect::<Vec<_>>() {
            turn(Arc::make_mut(file), &mut place.split('/'), count);
        }
        if path == "assets/assets.json" {
            let users = Arc::make_mut(file).as_object_mut().into_iter().flat_map(|users| users.values_mut());
            users.for_each(|paths| turn(paths, &mut std::iter::empty(), count));
        }
    }
}

fn turn<'place>(value: &mut Value, place: &mut (impl Iterator<Item = &'place str> + Clone), count: u64) {
    match place.next() {
        Some("*") => {
            for element in value.as_array_mut().into_iter().flatten() {
                turn(element, &mut place.clone(), count);
            }
        }
        Some(field) => {
            if let Some(inner) = value.get_mut(field) {
                turn(inner, place, count);
            }
        }
        None => {
            if let Some(set) = value.as_array_mut().filter(|set| !set.is_empty()) {
                let places = usize::try_from(count).unwrap_or_default() % set.len();
                set.rotate_left(places);
            }
        }
    }
}
