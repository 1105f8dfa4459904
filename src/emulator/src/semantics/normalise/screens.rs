//! What a server may do to the flows that it is sent: screens named after their tasks, tasks moved on the canvas.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::super::references::flow_directory;
use crate::state::Files;

/// How far tasks are moved, to the right and down.
const STEP: f64 = 10.0;

pub(super) fn move_tasks(files: &mut Files, taken: &BTreeSet<String>) {
    for (path, file) in files.iter_mut() {
        if !path.ends_with("/contents.json") || !taken.contains(path) {
            continue;
        }
        let tasks = Arc::make_mut(file).get_mut("tasks").and_then(Value::as_object_mut);
        for task in tasks.into_iter().flat_map(|tasks| tasks.values_mut()) {
            for axis in ["x", "y"] {
                if let Some(place) = task.pointer_mut(&format!("/view/{axis}"))
                    && let Some(number) = place.as_f64()
                {
                    *place = Value::from(number + STEP);
                }
            }
        }
    }
}

/// Names the files of screens after the tasks that show them; where two are equal, later ones get a suffix.
pub(super) fn rename(files: &mut Files, taken: &BTreeSet<String>) {
    let flows: BTreeSet<String> = taken.iter().filter_map(|path| flow_directory(path)).map(str::to_owned).collect();
    let mut moved = BTreeMap::new();
    for directory in flows {
        moved.extend(renamed_in(files, &directory));
    }
    if moved.is_empty() {
        return;
    }
    *files = std::mem::take(files)
        .into_iter()
        .map(|(path, value)| (moved.get(&path).cloned().unwrap_or(path), value))
        .collect();
    if let Some(index) = files.get_mut("assets/assets.json") {
        follow(Arc::make_mut(index), &moved);
    }
}

/// The new path of each screen of one flow whose path changes; its metadata follow.
fn renamed_in(files: &mut Files, directory: &str) -> BTreeMap<String, String> {
    let tasks = files.get(&format!("{directory}/contents.json")).and_then(|file| file.get("tasks"));
    let tasks = tasks.and_then(Value::as_object).into_iter().flatten().map(|(_, task)| task);
    let text = |task: &Value, field: &str| task.get(field).and_then(Value::as_str).map(str::to_owned);
    let shown: BTreeMap<String, String> =
        tasks.filter_map(|task| Some((text(task, "screenId")?, text(task, "name")?))).collect();
    let prefix = format!("{directory}/screen-");
    let mut names = BTreeMap::new();
    let mut given = BTreeSet::new();
    let screens = files.range(prefix.clone()..).take_while(|(path, _)| path.starts_with(&prefix));
    let name = |path: &str| Some(path.strip_prefix(&prefix)?.strip_suffix(".json")?.to_owned());
    // By name, not by path: one with a suffix comes after the one without.
    let screens: BTreeMap<String, &Arc<Value>> =
        screens.filter_map(|(path, screen)| Some((name(path)?, screen))).collect();
    for (old, screen) in screens {
        let title = text(screen, "screenId").and_then(|id| shown.get(&id).map(|name| slug(name)));
        let wanted = title.filter(|title| !title.is_empty()).unwrap_or_else(|| old.clone());
        let free = (1..).map(|count| if count == 1 { wanted.clone() } else { format!("{wanted}-{count}") });
        let new = free.into_iter().find(|name| !given.contains(name)).unwrap_or_default();
        given.insert(new.clone());
        names.insert(old, new);
    }
    names.retain(|old, new| old != new);
    let metadata = files.get_mut(&format!("{directory}/metadata.json")).filter(|_| !names.is_empty());
    let screens = metadata.and_then(|file| Arc::make_mut(file).get_mut("screens")?.as_array_mut());
    for screen in screens.into_iter().flatten() {
        if let Some(new) = screen.as_str().and_then(|old| names.get(old)) {
            *screen = Value::String(new.clone());
        }
    }
    names.into_iter().map(|(old, new)| (format!("{prefix}{old}.json"), format!("{prefix}{new}.json"))).collect()
}

fn follow(value: &mut Value, moved: &BTreeMap<String, String>) {
    match value {
        Value::String(path) => {
            if let Some(new) = moved.get(path) {
                new.clone_into(path);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| follow(value, moved)),
        Value::Object(fields) => fields.values_mut().for_each(|value| follow(value, moved)),
        _ => {}
    }
}

fn slug(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}
