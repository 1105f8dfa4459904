//! Rules that hold inside one flow and inside one screen.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::rules::{Breaches, names, text};
use crate::seed::acme::Files;

/// Everything that is wrong with the flow in `directory`.
pub(super) fn check_flow(files: &Files, directory: &str, breaches: &mut Breaches) {
    let (Some(metadata), Some(contents)) =
        (files.get(&format!("{directory}/metadata.json")), files.get(&format!("{directory}/contents.json")))
    else {
        breaches.add(directory, "metadata.json or contents.json is missing");
        return;
    };
    let screens: Vec<(&str, &Value)> = files
        .iter()
        .filter_map(|(path, value)| {
            let name = path.strip_prefix(directory)?.strip_prefix("/screen-")?.strip_suffix(".json")?;
            Some((name, value))
        })
        .collect();
    let found: BTreeSet<&str> = screens.iter().map(|(name, _)| *name).collect();
    if names(&metadata["screens"]) != found {
        breaches.add(directory, format!("metadata names {:?}, files are {found:?}", metadata["screens"]));
    }
    for (name, screen) in &screens {
        check_screen(&format!("{directory}/screen-{name}.json"), screen, breaches);
    }
    let Some(tasks) = contents["tasks"].as_object() else {
        breaches.add(directory, "no tasks");
        return;
    };
    if !tasks.contains_key(text(&contents["startTask"])) {
        breaches.add(directory, "startTask is no task");
    }
    let starts = tasks.values().filter(|task| task.get("type").is_none()).count();
    if starts != 1 {
        breaches.add(directory, format!("{starts} start nodes"));
    }
    let shared: BTreeSet<&str> = items(&metadata["sharedInteractions"]).map(|entry| text(&entry["id"])).collect();
    let by_id: Vec<(&str, &Value)> = screens.iter().map(|(_, screen)| (text(&screen["screenId"]), *screen)).collect();
    let mut used_screens = BTreeSet::new();
    for (key, task) in tasks {
        check_task(&format!("{directory} task {key}"), key, task, tasks, breaches);
        match task.get("type").map(text) {
            Some("screen") => {
                let id = text(&task["screenId"]);
                match by_id.iter().find(|(screen_id, _)| *screen_id == id) {
                    Some((_, screen)) => check_screen_rules(directory, key, task, screen, &shared, breaches),
                    None => breaches.add(directory, format!("task {key} shows no screen of the flow")),
                }
                used_screens.insert(id);
            }
            Some("condition") => check_condition(&format!("{directory} task {key}"), task, breaches),
            _ => {}
        }
    }
    for (id, _) in &by_id {
        if !used_screens.contains(id) {
            breaches.add(directory, format!("screen {id} is used by no task"));
        }
    }
    check_reached(directory, tasks, breaches);
    check_shared(directory, &shared, tasks, breaches);
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn rules(task: &Value) -> impl Iterator<Item = (&str, &str)> {
    items(&task["next"]["rules"]).map(|rule| (text(&rule["interactionId"]), text(&rule["taskId"])))
}

fn check_task(place: &str, key: &str, task: &Value, tasks: &Map<String, Value>, breaches: &mut Breaches) {
    if text(&task["id"]) != key {
        breaches.add(place, "its id is not its key");
    }
    for (_, next) in rules(task) {
        if !tasks.contains_key(next) {
            breaches.add(place, format!("a rule leads to {next}, which is no task"));
        }
    }
    for (name, argument) in task["arguments"].as_object().into_iter().flatten() {
        let value = argument["value"].as_str().unwrap_or_default();
        if name.ends_with("StepId") && !value.is_empty() && !tasks.contains_key(value) {
            breaches.add(place, format!("{name} is {value}, which is no task"));
        }
    }
}

fn check_screen_rules(
    directory: &str,
    key: &str,
    task: &Value,
    screen: &Value,
    shared: &BTreeSet<&str>,
    breaches: &mut Breaches,
) {
    let own: BTreeSet<&str> = items(&screen["interactions"]).map(|entry| text(&entry["id"])).collect();
    let ruled: BTreeSet<&str> = rules(task).map(|(interaction, _)| interaction).collect();
    for interaction in &ruled {
        if !own.contains(interaction)
            && !shared.contains(interaction)
            && !["polling", "polling-error", "resend"].contains(interaction)
        {
            breaches.add(directory, format!("task {key} follows {interaction}, which nothing starts"));
        }
    }
    for interaction in own.difference(&ruled) {
        breaches.add(directory, format!("task {key} does nothing on {interaction}"));
    }
}

fn check_condition(place: &str, task: &Value, breaches: &mut Breaches) {
    let branches: BTreeSet<&str> = items(&task["conditions"]).map(|branch| text(&branch["interactionId"])).collect();
    let ruled: BTreeSet<&str> = rules(task).map(|(interaction, _)| interaction).collect();
    if branches != ruled {
        breaches.add(place, format!("branches {branches:?}, rules {ruled:?}"));
    }
    if items(&task["conditions"]).count() != branches.len() {
        breaches.add(place, "two branches have one id");
    }
}

fn check_reached(directory: &str, tasks: &Map<String, Value>, breaches: &mut Breaches) {
    let mut reached = BTreeSet::from(["start"]);
    let mut waiting = vec!["start"];
    while let Some(task) = waiting.pop().and_then(|key| tasks.get(key)) {
        waiting.extend(rules(task).map(|(_, next)| next).filter(|next| reached.insert(*next)));
    }
    for key in tasks.keys().filter(|key| !reached.contains(key.as_str())) {
        breaches.add(directory, format!("task {key} is never reached"));
    }
}

fn check_shared(directory: &str, shared: &BTreeSet<&str>, tasks: &Map<String, Value>, breaches: &mut Breaches) {
    let ruled: BTreeSet<&str> = tasks.values().flat_map(rules).map(|(interaction, _)| interaction).collect();
    for id in shared {
        let task = id.split('.').next().unwrap_or_default();
        if !tasks.contains_key(task) || !ruled.contains(id) {
            breaches.add(directory, format!("shared interaction {id} is stale"));
        }
    }
}

/// The tree is the same whether one walks it from parents or from children.
pub(super) fn check_screen(place: &str, screen: &Value, breaches: &mut Breaches) {
    let Some(nodes) = screen["contents"].as_object() else {
        breaches.add(place, "no contents");
        return;
    };
    if !text(&screen["screenId"]).starts_with("SC") {
        breaches.add(place, "no screenId");
    }
    if !nodes.contains_key("ROOT") {
        breaches.add(place, "no ROOT");
    }
    for (id, node) in nodes {
        if text(&node["props"]["id"]) != id {
            breaches.add(place, format!("{id} has another id in its props"));
        }
        if text(&node["type"]["resolvedName"]).is_empty() {
            breaches.add(place, format!("{id} has no component"));
        }
        for child in items(&node["nodes"]) {
            if nodes.get(text(child)).is_none_or(|found| text(&found["parent"]) != id) {
                breaches.add(place, format!("{id} claims {child}"));
            }
        }
        let claims = nodes.values().flat_map(|other| items(&other["nodes"])).filter(|child| text(child) == id).count();
        let expected = usize::from(id != "ROOT");
        if claims != expected || node.get("parent").is_some() != (expected == 1) {
            breaches.add(place, format!("{id} has {claims} parents"));
        }
    }
    let interactions: Vec<&str> = items(&screen["interactions"]).map(|entry| text(&entry["id"])).collect();
    if interactions.iter().collect::<BTreeSet<_>>().len() != interactions.len() {
        breaches.add(place, "two interactions have one id");
    }
    for interaction in interactions {
        if !nodes.contains_key(interaction) {
            breaches.add(place, format!("no node starts {interaction}"));
        }
    }
}
