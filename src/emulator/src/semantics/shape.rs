//! Whether files are a project's files at all.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::entities::{self, Kind};
use super::export::is_base64;
use super::indices::{INDICES, entry_of};

/// The file that every project has.
pub(crate) const PROJECT: &str = "project.json";

/// Says what is wrong with the files, and takes out those that no index lists: an import does not read them.
pub(crate) fn check(files: &mut BTreeMap<String, Value>, failures: &mut Vec<String>) {
    for (path, value) in files.iter() {
        if let Some(failure) = check_file(path, value) {
            failures.push(failure);
        }
    }
    if !files.contains_key(PROJECT) {
        failures.push(format!("{PROJECT} is missing"));
    }
    check_indices(files, failures);
    check_flows(files, failures);
    check_entities(files, failures);
}

/// What is wrong with one file by itself.
pub(crate) fn check_file(path: &str, value: &Value) -> Option<String> {
    let bad_step = |step: &str| step.is_empty() || step == "." || step == "..";
    if path.contains(['\\', '\0']) || path.split('/').any(bad_step) {
        return Some(format!("{path:?} is not a relative path with forward slashes"));
    }
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    match (extension, value) {
        ("json", Value::Object(_)) | ("txt" | "html", Value::String(_)) => None,
        ("json", _) => Some(format!("{path} is not a JSON object")),
        ("txt" | "html", _) => Some(format!("{path} is not a string")),
        ("png" | "jpg" | "svg" | "webp", Value::String(content)) if is_base64(content) => None,
        ("png" | "jpg" | "svg" | "webp", _) => Some(format!("{path} is not a base64 string")),
        (_, Value::Object(_) | Value::String(_)) => None,
        _ => Some(format!("{path} is neither a JSON object nor a string")),
    }
}

fn check_indices(files: &mut BTreeMap<String, Value>, failures: &mut Vec<String>) {
    for index in &INDICES {
        let present = index.present(files);
        if !files.contains_key(index.path) {
            if let Some(entry) = present.first() {
                failures.push(format!("{} is missing, and there are files of {entry:?}", index.path));
            }
            continue;
        }
        let Some(listed) = index.listed(files) else {
            failures.push(format!("{}: {:?} is not a list of strings", index.path, index.field));
            continue;
        };
        if !index.may_lack {
            let needed = listed.iter().flat_map(|entry| index.files_of(entry));
            for path in needed.filter(|path| !files.contains_key(path)) {
                failures.push(format!("{path} is missing, and {} lists it", index.path));
            }
        }
        files.retain(|path, _| index.entry(path).is_none_or(|entry| listed.contains(entry)));
    }
}

fn check_flows(files: &BTreeMap<String, Value>, failures: &mut Vec<String>) {
    for (path, metadata) in files {
        let Some(directory) = path.strip_suffix("/metadata.json").filter(|_| entry_of(path).is_some()) else {
            continue;
        };
        let screens = metadata.get("screens").and_then(Value::as_array);
        for screen in screens.into_iter().flatten().filter_map(Value::as_str) {
            let wanted = format!("{directory}/screen-{screen}.json");
            if !files.contains_key(&wanted) {
                failures.push(format!("{wanted} is missing, and {path} lists it"));
            }
        }
    }
}

fn check_entities(files: &BTreeMap<String, Value>, failures: &mut Vec<String>) {
    for kind in Kind::ALL {
        let (mut names, mut ids) = (HashMap::new(), HashMap::new());
        for entity in entities::list(kind, files) {
            if let Some(other) = names.insert(entity.name.clone(), entity.path.clone()) {
                let (noun, name, path) = (kind.noun(), &entity.name, &entity.path);
                failures.push(format!("the {noun} name {name:?} is in {other} and in {path}"));
            }
            if let Some(other) = ids.insert(entity.id.clone(), entity.path.clone()) {
                let (noun, id, path) = (kind.noun(), &entity.id, &entity.path);
                failures.push(format!("the {noun} id {id:?} is in {other} and in {path}"));
            }
        }
    }
    for (path, value) in files {
        let complete = |field: &str| value.get(field).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        if entities::connector_slug(path).is_some() && !(complete("id") && complete("name")) {
            failures.push(format!("{path}: a connector needs an id and a name"));
        }
    }
}
