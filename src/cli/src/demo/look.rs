//! Looking into snapshots, as far as the demo's claims need it.

use std::collections::{BTreeMap, BTreeSet};

use descope_projects_core::snapshot::Snapshot;
use descope_projects_core::{Error, ErrorKind, Result};
use serde_json::Value;

/// A JSON file of a snapshot.
pub(super) fn json(snapshot: &Snapshot, path: &str) -> Result<Value> {
    let raw = snapshot.raw(path).ok_or_else(|| broken(path, "is not there"))?;
    serde_json::from_slice(&raw).map_err(|_| broken(path, "is not JSON"))
}

fn broken(path: &str, why: &str) -> Error {
    Error::new(ErrorKind::Snapshot, format!("{path} {why}")).with(|details| details.path = Some(path.to_owned()))
}

/// The ids of the flows.
pub(super) fn flows(snapshot: &Snapshot) -> Result<BTreeSet<String>> {
    let index = json(snapshot, "flows/flows.json")?;
    Ok(index["flows"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect())
}

/// The connectors, by name.
pub(super) fn connectors(snapshot: &Snapshot) -> Result<BTreeMap<String, Value>> {
    let mut connectors = BTreeMap::new();
    let files =
        snapshot.paths().filter(|path| path.starts_with("connectors/") && *path != "connectors/connectors.json");
    for path in files {
        let connector = json(snapshot, path)?;
        connectors.insert(text(&connector, "name"), connector);
    }
    Ok(connectors)
}

/// A field that holds text; empty if it does not.
pub(super) fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}

/// Entities of a list, by name.
pub(super) fn by_name(snapshot: &Snapshot, path: &str, list: &str) -> Result<BTreeMap<String, Value>> {
    let value = json(snapshot, path)?;
    let entities = value[list].as_array().cloned().unwrap_or_default();
    Ok(entities.into_iter().map(|entity| (text(&entity, "name"), entity)).collect())
}

/// What an export has in place of a secret.
pub(super) const PLACEHOLDER: &str = "PLACEHOLDER_VALUE";

/// Whether it stands for a secret.
pub(super) fn is_placeholder(value: &Value) -> bool {
    value == PLACEHOLDER
}

/// Where a file has placeholders, as JSON pointers.
pub(super) fn placeholders(value: &Value) -> Vec<String> {
    let below = |name: &str, child: &Value| {
        let name = name.replace('~', "~0").replace('/', "~1");
        placeholders(child).into_iter().map(move |rest| format!("/{name}{rest}")).collect::<Vec<_>>()
    };
    match value {
        Value::Object(fields) => fields.iter().flat_map(|(name, child)| below(name, child)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(index, child)| below(&index.to_string(), child)).collect()
        }
        value if is_placeholder(value) => vec![String::new()],
        _ => Vec::new(),
    }
}

/// The files that hold a text somewhere.
pub(super) fn files_with(snapshot: &Snapshot, wanted: &str) -> Vec<String> {
    let holds = |path: &&str| {
        snapshot.raw(path).is_some_and(|raw| raw.windows(wanted.len()).any(|window| window == wanted.as_bytes()))
    };
    snapshot.paths().filter(holds).map(str::to_owned).collect()
}

/// The files that both snapshots have and that differ, and those that only the first or only the second has.
pub(super) struct Difference {
    pub(super) changed: Vec<String>,
    pub(super) removed: Vec<String>,
    pub(super) added: Vec<String>,
}

pub(super) fn difference(before: &Snapshot, after: &Snapshot) -> Result<Difference> {
    let mut difference = Difference { changed: Vec::new(), removed: Vec::new(), added: Vec::new() };
    for path in before.paths() {
        if !after.contains(path) {
            difference.removed.push(path.to_owned());
        } else if before.content(path)? != after.content(path)? {
            difference.changed.push(path.to_owned());
        }
    }
    difference.added.extend(after.paths().filter(|path| !before.contains(path)).map(str::to_owned));
    Ok(difference)
}
