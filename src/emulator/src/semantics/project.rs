//! Listing, naming, tagging and deleting projects, and the licence.

use std::sync::Arc;

use bytes::Bytes;
use descope_projects_core::wire::{License, Project as Listed, ProjectList};
use serde::Deserialize;

use super::{Job, answer, empty};
use crate::answer::ApiError;
use crate::http::App;
use crate::persistence::Transaction;
use crate::state::{Configuration, PRODUCTION, Project, State};

pub(super) fn list(app: &App, job: &Job) -> Result<Bytes, ApiError> {
    job.request::<Nothing>()?;
    let state = app.state();
    let projects = state.projects.iter().filter(|project| project.company == job.caller.company);
    let projects = projects.map(|project| listed(project)).collect();
    answer(&ProjectList { projects })
}

fn listed(project: &Project) -> Listed {
    Listed {
        id: project.id.clone(),
        name: Some(project.name.clone()),
        environment: project.environment(),
        tag: project.environment(),
        tags: Some(project.tags.clone()),
        extra: serde_json::Map::default(),
    }
}

pub(super) fn license(app: &App, job: &Job) -> Result<Bytes, ApiError> {
    let tier = app.state().companies[job.caller.company].tier;
    answer(&License { rate_limit_tier: Some(tier.on_the_wire().to_owned()) })
}

pub(super) fn update_name(app: &App, job: &Job) -> Result<Bytes, ApiError> {
    let request: NameRequest = job.request()?;
    let name = request.name.ok_or_else(|| ApiError::missing_arguments("The argument name is missing"))?;
    let name = checked_name(name)?;
    write(app, job, |project| project.name = name)
}

pub(super) fn update_tags(app: &App, job: &Job) -> Result<Bytes, ApiError> {
    let request: TagsRequest = job.request()?;
    let tags = request.tags.ok_or_else(|| ApiError::missing_arguments("The argument tags is missing"))?;
    write(app, job, |project| project.tags = tags)
}

pub(super) fn delete(app: &App, job: &Job) -> Result<Bytes, ApiError> {
    job.request::<Nothing>()?;
    let mut state = begin(app, job)?;
    state.project(&job.caller.project_id)?;
    state.projects.retain(|project| project.id != job.caller.project_id);
    state.commit()?;
    Ok(empty())
}

/// The project's configuration as it is now.
pub(super) fn configuration(app: &App, job: &Job) -> Result<Arc<Configuration>, ApiError> {
    Ok(Arc::clone(&current(app, job)?.project(&job.caller.project_id)?.configuration))
}

/// Changes the project in one step.
pub(super) fn write(app: &App, job: &Job, change: impl FnOnce(&mut Project)) -> Result<Bytes, ApiError> {
    let mut state = begin(app, job)?;
    change(state.project_mut(&job.caller.project_id)?);
    state.commit()?;
    Ok(empty())
}

/// The state, if it is still the one in which the caller was checked.
pub(super) fn current(app: &App, job: &Job) -> Result<Arc<State>, ApiError> {
    let state = app.state();
    same(&state, job)?;
    Ok(state)
}

/// The same, to be changed: nothing is until it is committed.
pub(super) fn begin<'app>(app: &'app App, job: &Job) -> Result<Transaction<'app>, ApiError> {
    let state = app.begin();
    same(&state, job)?;
    Ok(state)
}

fn same(state: &State, job: &Job) -> Result<(), ApiError> {
    if state.generation == job.generation { Ok(()) } else { Err(ApiError::project_not_found(&job.caller.project_id)) }
}

pub(super) fn checked_name(name: String) -> Result<String, ApiError> {
    if name.trim().is_empty() {
        return Err(ApiError::invalid_arguments("The argument name is empty"));
    }
    Ok(name)
}

/// Whether an environment means production; the only one that there is.
pub(super) fn checked_environment(environment: Option<&str>) -> Result<bool, ApiError> {
    match environment {
        None | Some("") => Ok(false),
        Some(PRODUCTION) => Ok(true),
        Some(other) => {
            let message = format!("The argument environment is {other:?}; only {PRODUCTION:?} is supported");
            Err(ApiError::invalid_arguments(message))
        }
    }
}

#[derive(Deserialize)]
struct Nothing {}

#[derive(Deserialize)]
struct NameRequest {
    name: Option<String>,
}

#[derive(Deserialize)]
struct TagsRequest {
    tags: Option<Vec<String>>,
}
