#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod damage;
mod disk;
mod power_cuts;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::record::Start;
use super::store::{Opened, Store, first};
use super::{StateError, journal};
use crate::seed;
use crate::semantics::secrets::{Group, SecretKey};
use crate::state::{Configuration, Process, ProcessOutcome, Project, State, build};
use disk::Disk;

/// The bytes of a journal that holds that state and no more.
fn begun(state: &State) -> Vec<u8> {
    let start = Start { project_id: "P".to_owned(), management_key: "K".to_owned() };
    journal::begin(&first(state, &seed::minimal(), &start))
}

fn opened(disk: &Disk) -> Result<Opened, StateError> {
    Store::open(Box::new(disk.clone()), Path::new("state.journal"), None)
}

/// Everything in a state, as text that can be compared.
fn portrait(state: &State) -> String {
    let processes = state.processes.iter().map(|(id, process)| {
        let outcome = match &process.outcome {
            ProcessOutcome::Pending(Ok(made)) => project(made),
            ProcessOutcome::Pending(Err(error)) => format!("will fail: {error}"),
            ProcessOutcome::Done { id, name } => format!("{id} {name}"),
            ProcessOutcome::Failed(error) => error.clone(),
        };
        format!("{id} {} {} {} {outcome}", process.company, process.source, process.remaining)
    });
    let projects: Vec<_> = state.projects.iter().map(|known| project(known)).collect();
    format!("{:?}\n{}\n{}", state.companies, projects.join("\n"), processes.collect::<Vec<_>>().join("\n"))
}

fn project(project: &Project) -> String {
    let Project { id, name, production, tags, company, configuration } = project;
    let Configuration { files, secrets } = &**configuration;
    let secrets: Vec<_> = secrets.iter().map(|(key, value)| format!("{key:?}={value}")).collect();
    let files: BTreeMap<_, _> = files.iter().map(|(path, value)| (path, &**value)).collect();
    json!([id, name, production, tags, company, files, secrets]).to_string()
}

/// Versions of a state, each one change away from the one before, and all changes that there are.
fn versions() -> Vec<State> {
    let mut versions = vec![build(&seed::minimal(), 0).unwrap()];
    let origin = versions[0].clone();
    let first = origin.projects[0].id.clone();
    let named = |id: &str| Project { id: id.to_owned(), ..Project::clone(&origin.projects[0]) };
    let secret = || SecretKey { group: Group::OutboundApps, id: "id".to_owned(), kind: "a.b".to_owned() };
    let mut next = |change: &dyn Fn(&mut State)| {
        let mut state = versions.last().unwrap().clone();
        change(&mut state);
        versions.push(state);
    };
    next(&|state| state.projects.push(Arc::new(named("P2z"))));
    next(&|state| state.projects.push(Arc::new(named("P2a"))));
    next(&|state| "renamed".clone_into(&mut state.project_mut(&first).unwrap().name));
    next(&|state| state.project_mut("P2z").unwrap().tags = vec!["é\0\"".to_owned()]);
    next(&|state| state.project_mut("P2a").unwrap().production = true);
    next(&|state| {
        let configuration = Arc::make_mut(&mut state.project_mut("P2z").unwrap().configuration);
        configuration.files.remove("lists.json");
        configuration.files.insert("large.json".to_owned(), Arc::new(json!({ "z": "x".repeat(10_000), "a": 0.1 })));
        configuration.secrets.insert(secret(), "secret".to_owned());
    });
    next(&|state| {
        let configuration = Arc::make_mut(&mut state.project_mut("P2z").unwrap().configuration);
        configuration.secrets.insert(secret(), "another".to_owned());
        // The same keys and values, in another order.
        configuration.files.insert("large.json".to_owned(), Arc::new(json!({ "a": 0.1, "z": "x".repeat(10_000) })));
    });
    next(&|state| {
        let configuration = Arc::make_mut(&mut state.project_mut("P2z").unwrap().configuration);
        configuration.secrets.remove(&secret());
        configuration.files.remove("large.json");
    });
    for (id, outcome) in [
        ("CP1", ProcessOutcome::Pending(Ok(Box::new(named("P2later"))))),
        ("CP2", ProcessOutcome::Pending(Err("no".to_owned()))),
        ("CP1", ProcessOutcome::Done { id: "P2later".to_owned(), name: "later".to_owned() }),
        ("CP2", ProcessOutcome::Failed("no".to_owned())),
    ] {
        let process = Process { company: 0, source: first.clone(), remaining: 2, outcome };
        next(&|state| drop(state.processes.insert(id.to_owned(), Arc::new(process.clone()))));
    }
    next(&|state| drop(state.processes.remove("CP1")));
    next(&|state| state.projects.retain(|project| project.id != "P2a" && project.id != first));
    // As a reset does: the first project is back, before those that are older by now.
    next(&|state| {
        let mut projects = origin.projects.clone();
        projects.append(&mut state.projects);
        *state = State { projects, ..build(&seed::minimal(), 1).unwrap() };
    });
    versions
}
