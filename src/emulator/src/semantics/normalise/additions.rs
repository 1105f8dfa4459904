//! What a server may add to what it was sent: defaults, and whole `references`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::super::entities::{self, Kind, connector_slug};
use super::super::references;
use crate::state::Files;

/// Absent fields get their defaults, null where that is one.
pub(super) fn defaults(files: &mut Files) {
    for (path, file) in files.iter_mut() {
        let (list, fields) = match path.as_str() {
            "project.json" => (None, settings()),
            "roles.json" => (Some("roles"), role()),
            "permissions.json" => (Some("permissions"), json!({ "description": "" })),
            "lists.json" => (Some("lists"), json!({ "description": "", "data": [] })),
            "jwttemplates.json" => (Some("templates"), json!({ "description": "" })),
            _ if path.starts_with("auth/") => (None, json!({ "enabled": false, "redirectUrl": null })),
            _ if connector_slug(path).is_some() => (None, json!({ "description": "", "configuration": {} })),
            _ if references::flow_directory(path).is_none() => continue,
            _ if path.ends_with("/metadata.json") => (None, metadata()),
            _ if path.ends_with("/contents.json") => (Some("tasks"), task()),
            _ => (None, json!({ "interactions": [] })),
        };
        let file = Arc::make_mut(file);
        match list.map(|list| file.get_mut(list)) {
            None => add(file, &fields),
            Some(Some(Value::Array(values))) => values.iter_mut().for_each(|value| add(value, &fields)),
            Some(Some(Value::Object(values))) => values.values_mut().for_each(|value| add(value, &fields)),
            Some(_) => {}
        }
    }
}

fn settings() -> Value {
    json!({
        "tokenResponseMethod": "onBody",
        "rotateJwt": false,
        "enableInactivity": false,
        "inactivityTime": 0,
        "testUserRegex": null,
    })
}

fn role() -> Value {
    json!({ "description": "", "permissions": [], "default": false, "private": false })
}

fn metadata() -> Value {
    json!({ "description": "", "disabled": false, "translation": { "enabled": false }, "sharedInteractions": [] })
}

/// The derived keys: a server computes them, and they say nothing that the flow does not.
fn task() -> Value {
    json!({
        "inputKeys": [],
        "allInputKeys": [],
        "contextKeys": [],
        "calculatedInputKeys": [],
        "inputsMetadata": null,
    })
}

fn add(value: &mut Value, defaults: &Value) {
    let (Some(fields), Some(defaults)) = (value.as_object_mut(), defaults.as_object()) else { return };
    for (name, default) in defaults {
        fields.entry(name.clone()).or_insert_with(|| default.clone());
    }
}

/// Each flow's `references` get all their members, and every connector and role that the flow uses.
pub(super) fn references(files: &mut Files) {
    let names = |kind| -> BTreeMap<String, String> {
        entities::list(kind, files).into_iter().map(|entity| (entity.id, entity.name)).collect()
    };
    let (connectors, roles) = (names(Kind::Connector), names(Kind::Role));
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, file) in files.iter() {
        if let Some(directory) = references::flow_directory(path) {
            let used = used.entry(directory.to_owned()).or_default();
            texts(file, &mut |text| {
                if connectors.contains_key(text) || roles.contains_key(text) {
                    used.insert(text.to_owned());
                }
            });
        }
    }
    for (directory, used) in used {
        let Some(file) = files.get_mut(&format!("{directory}/metadata.json")) else { continue };
        let Some(fields) = Arc::make_mut(file).as_object_mut() else { continue };
        let references = fields.entry("references").or_insert_with(|| json!({}));
        let empty = json!({
            "connectors": {}, "roles": {}, "oauth": [], "userAttributes": [], "tenantAttributes": [], "omitted": [],
        });
        if !references.is_object() {
            *references = json!({});
        }
        add(references, &empty);
        for (member, names) in [("connectors", &connectors), ("roles", &roles)] {
            let Some(map) = references.get_mut(member).and_then(Value::as_object_mut) else { continue };
            let found = used.iter().filter_map(|id| Some((names.get(id)?.clone(), Value::String(id.clone()))));
            map.extend(found.collect::<Map<String, Value>>());
        }
    }
}

fn texts(value: &Value, visit: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(values) => values.iter().for_each(|value| texts(value, visit)),
        Value::Object(fields) => fields.values().for_each(|value| texts(value, visit)),
        _ => {}
    }
}
