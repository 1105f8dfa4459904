//! Cloning: a new project with everything of the old one, secrets included, and ids of its own.

use std::sync::Arc;

use bytes::Bytes;
use descope_projects_core::wire::{CloneProcess, CloneRequest, ClonedProject, StartedClone};

use super::entities::{self, Kind, Renames};
use super::project::{checked_environment, checked_name, current};
use super::{Job, answer, references, secrets};
use crate::answer::ApiError;
use crate::http::App;
use crate::identifiers;
use crate::state::{Configuration, Process, ProcessOutcome, Project};

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
    current(app, job)?.projects.push(made);
    Ok(body)
}

pub(super) fn start(app: &App, job: &Job) -> Result<Bytes, ApiError> {
    let made = prepare(app, job)?;
    let process_id = identifiers::fresh("CP", "");
    let process = Process {
        company: job.caller.company,
        source: job.caller.project_id.clone(),
        remaining: app.options.clone_steps,
        outcome: ProcessOutcome::Pending(match &job.fails {
            Some(error) => Err(error.clone()),
            None => Ok(Box::new(made)),
        }),
    };
    current(app, job)?.processes.insert(process_id.clone(), process);
    answer(&StartedClone { process_id: Some(process_id) })
}

/// Each status call is one step of the process; with the last one, the project is there.
pub(super) fn status(app: &App, job: &Job) -> Result<Bytes, ApiError> {
    let wanted = job.process_id.as_deref().unwrap_or_default();
    let mut guard = current(app, job)?;
    let state = &mut *guard;
    let process = state
        .processes
        .get_mut(wanted)
        .filter(|process| process.company == job.caller.company && process.source == job.caller.project_id)
        .ok_or_else(|| ApiError::invalid_arguments(format!("There is no process {wanted:?}")))?;
    if process.remaining > 0 {
        process.remaining -= 1;
        return answer(&CloneProcess::default());
    }
    if let ProcessOutcome::Pending(end) = &mut process.outcome {
        // Whatever is left in its place is overwritten at once.
        let end = std::mem::replace(end, Err(String::new()));
        process.outcome = match end {
            Ok(made) => {
                let (id, name) = (made.id.clone(), made.name.clone());
                state.projects.push(*made);
                ProcessOutcome::Done { id, name }
            }
            Err(error) => ProcessOutcome::Failed(error),
        };
    }
    answer(&match &process.outcome {
        ProcessOutcome::Done { id, name } => {
            CloneProcess { project_id: Some(id.clone()), project_name: Some(name.clone()), ..CloneProcess::default() }
        }
        ProcessOutcome::Failed(error) => CloneProcess { error: Some(error.clone()), ..CloneProcess::default() },
        ProcessOutcome::Pending(_) => CloneProcess::default(),
    })
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
    let mut renames = Renames::default();
    for kind in Kind::ALL {
        for entity in entities::list(kind, &source.files) {
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
