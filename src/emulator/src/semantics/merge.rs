//! Which files come from the sender, and which stay the target's.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::entities::{self, Kind};
use super::excludes::Excludes;
use super::indices::{INDICES, entry_of};
use super::shape::PROJECT;
use crate::state::Files;
use crate::switches::AbsentFiles;

const ASSETS: &str = "assets/";
const ASSETS_INDEX: &str = "assets/assets.json";

/// The two halves of what an import makes.
pub(crate) struct Merged {
    /// From the sender.
    pub(crate) taken: BTreeMap<String, Value>,
    /// The target's own, unchanged.
    pub(crate) kept: Files,
}

pub(crate) fn merge(target: &Files, sent: BTreeMap<String, Value>, excludes: &Excludes, absent: AbsentFiles) -> Merged {
    let mut kept = target.clone();
    kept.retain(|path, _| excludes.covers(path));
    let sent_assets = users(sent.get(ASSETS_INDEX));
    let mut taken = sent;
    if absent == AbsentFiles::Keep {
        keep_absent(target, &taken, &mut kept);
    }
    taken.retain(|path, _| !excludes.covers(path));
    keep_assets(target, &sent_assets, &mut taken, &mut kept, excludes);
    if let Some(project) = taken.get_mut(PROJECT) {
        excludes.keep_settings(project, target.get(PROJECT).map(AsRef::as_ref));
    }
    unite_indices(&mut taken, &mut kept);
    Merged { taken, kept }
}

/// Keeps what the sender does not have: an entity with several files is absent only as a whole.
fn keep_absent(target: &Files, sent: &BTreeMap<String, Value>, kept: &mut Files) {
    let entries: BTreeSet<_> =
        sent.keys().filter_map(|path| entry_of(path)).map(|(index, entry)| (index.path, entry)).collect();
    let names: BTreeSet<String> = entities::list(Kind::Connector, sent).into_iter().map(|entity| entity.name).collect();
    for (path, value) in target {
        let has = match entry_of(path) {
            Some((index, entry)) => entries.contains(&(index.path, entry)),
            None => sent.contains_key(path),
        };
        let name = value.get("name").and_then(Value::as_str);
        let same_connector = entities::connector_slug(path).is_some() && name.is_some_and(|name| names.contains(name));
        if !has && !same_connector {
            kept.insert(path.clone(), value.clone());
        }
    }
}

/// A kept file keeps the assets that it uses; assets that only excluded files use are not taken.
fn keep_assets(
    target: &Files,
    sent: &BTreeMap<String, Vec<String>>,
    taken: &mut BTreeMap<String, Value>,
    kept: &mut Files,
    excludes: &Excludes,
) {
    taken.retain(|path, _| match sent.get(path) {
        Some(users) => users.is_empty() || users.iter().any(|user| !excludes.covers(user)),
        None => true,
    });
    let own = users(target.get(ASSETS_INDEX).map(AsRef::as_ref));
    let mut entries = Map::new();
    for (path, paths) in own {
        let paths: Vec<Value> = paths.into_iter().filter(|user| kept.contains_key(user)).map(Value::String).collect();
        if let (false, Some(content)) = (paths.is_empty(), target.get(&path)) {
            kept.insert(path.clone(), content.clone());
            entries.insert(path, Value::Array(paths));
        }
    }
    if !taken.contains_key(ASSETS_INDEX) && !entries.is_empty() {
        taken.insert(ASSETS_INDEX.to_owned(), Value::Object(Map::new()));
    }
    let gone: Vec<String> = sent.keys().filter(|path| !taken.contains_key(*path)).cloned().collect();
    kept.remove(ASSETS_INDEX);
    if let Some(index) = taken.get_mut(ASSETS_INDEX).and_then(asset_map) {
        index.retain(|asset, _| !gone.contains(&asset_path(asset)));
        for (path, users) in entries {
            let asset = index.keys().find(|asset| asset_path(asset) == path).cloned();
            let asset = asset.unwrap_or_else(|| path.strip_prefix(ASSETS).unwrap_or(&path).to_owned());
            let list = index.entry(asset).or_insert_with(|| Value::Array(Vec::new()));
            if let (Some(list), Value::Array(users)) = (list.as_array_mut(), users) {
                list.extend(users.into_iter().filter(|user| !list.contains(user)).collect::<Vec<_>>());
            }
        }
    }
}

/// The paths that use each asset, by the asset's path.
fn users(index: Option<&Value>) -> BTreeMap<String, Vec<String>> {
    let map = index.and_then(|index| index.get("assets").and_then(Value::as_object).or_else(|| index.as_object()));
    let paths =
        |value: &Value| value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    map.into_iter().flatten().map(|(asset, value)| (asset_path(asset), paths(value))).collect()
}

/// The map may be the file itself, or in a field of its own.
fn asset_map(index: &mut Value) -> Option<&mut Map<String, Value>> {
    if index.get("assets").is_some_and(Value::is_object) {
        index.get_mut("assets").and_then(Value::as_object_mut)
    } else {
        index.as_object_mut()
    }
}

fn asset_path(asset: &str) -> String {
    if asset.starts_with(ASSETS) { asset.to_owned() } else { format!("{ASSETS}{asset}") }
}

/// An index lists what is there from either side.
fn unite_indices(taken: &mut BTreeMap<String, Value>, kept: &mut Files) {
    for index in &INDICES {
        let entries = index.present(kept);
        if let Some(file) = taken.get_mut(index.path) {
            kept.remove(index.path);
            for entry in entries {
                index.set(file, &entry, true);
            }
        }
    }
}
