//! Cloning: a new project with everything of the old one, secrets included, and ids of its own.

use std::sync::Arc;

use bytes::Bytes;
use descope_projects_core::wire::{CloneProcess, CloneRequest, ClonedProject, StartedClone};

use super::entities::{self, Kind, Renames};
use super::project::{begin, checked_environment, checked_name, current};
use super::{Course, Job, answer, references, secrets};
use crate::answer::ApiError;
use crate::http::App;
use crate::identifiers;
use crate::state::{Configuration, Process, ProcessOutcome, Project};
use crate::switches;

pub(super) fn clone(app: &App, job: &Job) -> Result<Bytes, ApiError> {
    let made = prepare(app, job)?;
    let body = answer(&ClonedProject {
        project_id: Some(made.id.clone()),
        project_name: Some(made.name.clone()),
        environment: made.environment(),
        tag: made.environment(),
        tags: Some(made.tags.clone()),
        extra: serde_json::Map::default(),
    })?;
    let mut state = begin(app, job)?;
    state.projects.push(Arc::new(made));
    state.commit()?;
    Ok(body)
}

pub(super) fn start(app: &App, job: &Job) -> Result<Bytes, ApiError> {
    let made = prepare(app, job)?;
    let process_id = identifiers::fresh("CP", "");
    let is_seen = app.settings().semantics.started_clone == switches::StartedClone::SeenAtStart;
    let mut state = begin(app, job)?;
    let outcome = match &job.course {
        Course::FailsLater(error) => ProcessOutcome::Pending(Err(error.clone())),
        _ if is_seen => {
            let (id, name) = (made.id.clone(), made.name.clone());
            state.projects.push(Arc::new(made));
            ProcessOutcome::Done { id, name }
        }
        _ => ProcessOutcome::Pending(Ok(Box::new(made))),
    };
    let process = Process {
        company: job.caller.company,
        source: job.caller.project_id.clone(),
        remaining: app.options.clone_steps,
        outcome,
    };
    state.processes.insert(process_id.clone(), Arc::new(process));
    state.commit()?;
    answer(&StartedClone { process_id: Some(process_id) })
}

/// Each status call is one step of the process; with the last one, the project is there.
pub(super) fn status(app: &App, job: &Job) -> Result<Bytes, ApiError> {
    let wanted = job.process_id.as_deref().unwrap_or_default();
    let mut state = begin(app, job)?;
    let mut process = state
        .processes
        .get(wanted)
        .filter(|process| process.company == job.caller.company && process.source == job.caller.project_id)
        .map(|process| Process::clone(process))
        .ok_or_else(|| ApiError::invalid_arguments(format!("There is no process {wanted:?}")))?;
    let told = match &process.outcome {
        // A project that is seen from the start is done before it is told of.
        ProcessOutcome::Pending(_) | ProcessOutcome::Done { .. } if process.remaining > 0 => {
            process.remaining -= 1;
            CloneProcess::default()
        }
        ProcessOutcome::Pending(Ok(made)) => {
            let (id, name) = (made.id.clone(), made.name.clone());
            state.projects.push(Arc::new(Project::clone(made)));
            let told = done(&id, &name);
            process.outcome = ProcessOutcome::Done { id, name };
            told
        }
        ProcessOutcome::Pending(Err(error)) => {
            let told = failed(error);
            process.outcome = ProcessOutcome::Failed(error.clone());
            told
        }
        // Nothing changes any more.
        ProcessOutcome::Done { id, name } => return answer(&done(id, name)),
        ProcessOutcome::Failed(error) => return answer(&failed(error)),
    };
    state.processes.insert(wanted.to_owned(), Arc::new(process));
    state.commit()?;
    answer(&told)
}

fn done(id: &str, name: &str) -> CloneProcess {
    CloneProcess { project_id: Some(id.to_owned()), project_name: Some(name.to_owned()), ..CloneProcess::default() }
}

fn failed(error: &str) -> CloneProcess {
    CloneProcess { error: Some(error.to_owned()), ..CloneProcess::default() }
}

fn prepare(app: &App, job: &Job) -> Result<Project, ApiError> {
    let request: CloneRequest = job.request()?;
    let production = checked_environment(request.environment.as_deref())?;
    let (source, name, region) = {
        let state = current(app, job)?;
        let project = state.project(&job.caller.project_id)?;
        (Arc::clone(&project.configuration), project.name.clone(), project.id.clone())
    };
    let name = match request.name {
        Some(name) => checked_name(name)?,
        None => format!("{name} (clone)"),
    };
    Ok(Project {
        id: identifiers::fresh_project(&region),
        name,
        production,
        tags: request.tags.unwrap_or_default(),
        company: job.caller.company,
        configuration: Arc::new(copy(&source)),
    })
}

/// The same configuration under new ids.
fn copy(source: &Configuration) -> Configuration {
    with_new_ids(source, |_| true)
}

/// The same configuration, in which the entities of the files that are meant have new ids.
pub(super) fn with_new_ids(source: &Configuration, is_meant: impl Fn(&str) -> bool) -> Configuration {
    let mut renames = Renames::default();
    for kind in Kind::ALL {
        for entity in entities::list(kind, &source.files).into_iter().filter(|entity| is_meant(&entity.path)) {
            let fresh = identifiers::fresh(kind.prefix(), &entity.id);
            renames.set(kind, entity.id, fresh);
        }
    }
    let mut made = source.clone();
    references::rewrite(&mut made.files, &renames);
    entities::rename(&mut made.files, &renames);
    made.secrets = secrets::renamed(&source.secrets, &renames);
    made
}
