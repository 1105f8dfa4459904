//! What two versions of the state differ in. Parts that they share are not looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::record::{Change, Whole, WholeProcess, WholeProject, secret};
use crate::state::{Configuration, Project, State};

/// The changes that lead from one version to the next; none if they are the same.
pub(super) fn difference(before: &State, after: &State) -> Vec<Change> {
    if !Arc::ptr_eq(&before.companies, &after.companies) {
        return vec![Change::All(Whole::new(after))];
    }
    let mut changes = Vec::new();
    projects(before, after, &mut changes);
    processes(before, after, &mut changes);
    changes
}

fn projects(before: &State, after: &State, changes: &mut Vec<Change>) {
    // Most writes change one project in its place: no more than pointers are compared for the others.
    let shared = before.projects.iter().zip(&after.projects).take_while(|(one, other)| Arc::ptr_eq(one, other)).count();
    let (before, after) = (&before.projects[shared..], &after.projects[shared..]);
    let kept: BTreeSet<&str> = after.iter().map(|project| project.id.as_str()).collect();
    let known: BTreeMap<&str, &Arc<Project>> = before.iter().map(|project| (project.id.as_str(), project)).collect();
    for gone in before.iter().filter(|project| !kept.contains(project.id.as_str())) {
        changes.push(Change::RemoveProject(gone.id.clone()));
    }
    for project in after {
        match known.get(project.id.as_str()) {
            Some(known) if Arc::ptr_eq(known, project) => {}
            Some(known) => changed(known, project, changes),
            None => changes.push(Change::NewProject(WholeProject::new(project))),
        }
    }
}

fn changed(before: &Project, after: &Project, changes: &mut Vec<Change>) {
    // Taken apart, so that a new field is not forgotten. A project stays its company's.
    let Project { id, name, production, tags, company: _, configuration } = after;
    if (name, production, tags) != (&before.name, &before.production, &before.tags) {
        let (id, name, tags) = (id.clone(), name.clone(), tags.clone());
        changes.push(Change::Project { id, name, production: *production, tags });
    }
    if !Arc::ptr_eq(&before.configuration, configuration) {
        configurations(id, &before.configuration, configuration, changes);
    }
}

fn configurations(id: &str, before: &Configuration, after: &Configuration, changes: &mut Vec<Change>) {
    let project = || id.to_owned();
    for path in before.files.keys().filter(|path| !after.files.contains_key(*path)) {
        changes.push(Change::RemoveFile { project: project(), path: path.clone() });
    }
    for (path, value) in &after.files {
        // An import brings values of its own, most of which are what the project had.
        if !before.files.get(path).is_some_and(|known| Arc::ptr_eq(known, value) || written_alike(known, value)) {
            changes.push(Change::File { project: project(), path: path.clone(), value: Arc::clone(value) });
        }
    }
    for key in before.secrets.keys().filter(|key| !after.secrets.contains_key(*key)) {
        let (group, id, kind) = (key.group.name().to_owned(), key.id.clone(), key.kind.clone());
        changes.push(Change::RemoveSecret { project: project(), group, id, kind });
    }
    for (key, value) in after.secrets.iter().filter(|(key, value)| before.secrets.get(*key) != Some(value)) {
        changes.push(Change::Secret { project: project(), secret: secret(key, value) });
    }
}

fn processes(before: &State, after: &State, changes: &mut Vec<Change>) {
    for gone in before.processes.keys().filter(|id| !after.processes.contains_key(*id)) {
        changes.push(Change::RemoveProcess(gone.clone()));
    }
    for (id, process) in &after.processes {
        if !before.processes.get(id).is_some_and(|known| Arc::ptr_eq(known, process)) {
            changes.push(Change::Process { id: id.clone(), process: WholeProcess::new(process) });
        }
    }
}

/// Whether two values are the same text: equal ones may have their keys in another order, which an export shows.
fn written_alike(one: &Value, other: &Value) -> bool {
    let text = Value::to_string;
    text(one) == text(other)
}
