//! What the journal's records say.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::seed::{Seed, SeedSecret};
use crate::semantics::secrets::{Group, SecretKey};
use crate::state::{Company, Configuration, Files, Process, ProcessOutcome, Project, State};

/// The first record: where the state began, and everything as it was when the journal was written anew.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct First {
    pub(super) seed: Seed,
    pub(super) start: Start,
    pub(super) state: Whole,
}

/// What a client is told to begin with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Start {
    pub(crate) project_id: String,
    pub(crate) management_key: String,
}

/// A whole state.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Whole {
    companies: Arc<Vec<Company>>,
    projects: Vec<WholeProject>,
    processes: BTreeMap<String, WholeProcess>,
}

/// What a write changes. Each record but the first is a list of these.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Change {
    /// Everything, as a reset does.
    All(Whole),
    NewProject(WholeProject),
    Project {
        id: String,
        name: String,
        production: bool,
        tags: Vec<String>,
    },
    RemoveProject(String),
    File {
        project: String,
        path: String,
        value: Arc<Value>,
    },
    RemoveFile {
        project: String,
        path: String,
    },
    Secret {
        project: String,
        secret: SeedSecret,
    },
    RemoveSecret {
        project: String,
        group: String,
        id: String,
        kind: String,
    },
    Process {
        id: String,
        process: WholeProcess,
    },
    RemoveProcess(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WholeProject {
    id: String,
    name: String,
    production: bool,
    tags: Vec<String>,
    company: usize,
    files: Files,
    secrets: Vec<SeedSecret>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WholeProcess {
    company: usize,
    source: String,
    remaining: u32,
    outcome: Outcome,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Outcome {
    WillMake(Box<WholeProject>),
    WillFail(String),
    Done { id: String, name: String },
    Failed(String),
}

/// A record that says what cannot be: of something that is not there, or of no kind that there is.
pub(super) struct Nonsense;

impl Whole {
    pub(super) fn new(state: &State) -> Self {
        let processes = state.processes.iter().map(|(id, process)| (id.clone(), WholeProcess::new(process)));
        Self {
            companies: Arc::clone(&state.companies),
            projects: state.projects.iter().map(|project| WholeProject::new(project)).collect(),
            processes: processes.collect(),
        }
    }

    pub(super) fn into_state(self) -> Result<State, Nonsense> {
        let Self { companies, projects, processes } = self;
        let mut state = State { generation: 0, companies, projects: Vec::new(), processes: BTreeMap::new() };
        for project in projects {
            apply(&mut state, Change::NewProject(project))?;
        }
        for (id, process) in processes {
            apply(&mut state, Change::Process { id, process })?;
        }
        Ok(state)
    }
}

impl WholeProject {
    pub(super) fn new(project: &Project) -> Self {
        // Taken apart, so that a new field is not forgotten.
        let Project { id, name, production, tags, company, configuration } = project;
        let Configuration { files, secrets } = &**configuration;
        Self {
            id: id.clone(),
            name: name.clone(),
            production: *production,
            tags: tags.clone(),
            company: *company,
            files: files.clone(),
            secrets: secrets.iter().map(|(key, value)| secret(key, value)).collect(),
        }
    }

    fn into_project(self, state: &State) -> Result<Project, Nonsense> {
        let Self { id, name, production, tags, company, files, secrets } = self;
        if company >= state.companies.len() {
            return Err(Nonsense);
        }
        let mut configuration = Configuration { files, secrets: BTreeMap::new() };
        for SeedSecret { group, id, kind, value } in secrets {
            configuration.secrets.insert(key(&group, id, kind)?, value);
        }
        Ok(Project { id, name, production, tags, company, configuration: Arc::new(configuration) })
    }
}

impl WholeProcess {
    pub(super) fn new(process: &Process) -> Self {
        let Process { company, source, remaining, outcome } = process;
        let outcome = match outcome {
            ProcessOutcome::Pending(Ok(made)) => Outcome::WillMake(Box::new(WholeProject::new(made))),
            ProcessOutcome::Pending(Err(error)) => Outcome::WillFail(error.clone()),
            ProcessOutcome::Done { id, name } => Outcome::Done { id: id.clone(), name: name.clone() },
            ProcessOutcome::Failed(error) => Outcome::Failed(error.clone()),
        };
        Self { company: *company, source: source.clone(), remaining: *remaining, outcome }
    }

    fn into_process(self, state: &State) -> Result<Process, Nonsense> {
        let Self { company, source, remaining, outcome } = self;
        if company >= state.companies.len() {
            return Err(Nonsense);
        }
        let outcome = match outcome {
            Outcome::WillMake(made) => ProcessOutcome::Pending(Ok(Box::new(made.into_project(state)?))),
            Outcome::WillFail(error) => ProcessOutcome::Pending(Err(error)),
            Outcome::Done { id, name } => ProcessOutcome::Done { id, name },
            Outcome::Failed(error) => ProcessOutcome::Failed(error),
        };
        Ok(Process { company, source, remaining, outcome })
    }
}

pub(super) fn secret(key: &SecretKey, value: &str) -> SeedSecret {
    let (group, id, kind) = (key.group.name().to_owned(), key.id.clone(), key.kind.clone());
    SeedSecret { group, id, kind, value: value.to_owned() }
}

fn key(group: &str, id: String, kind: String) -> Result<SecretKey, Nonsense> {
    Ok(SecretKey { group: Group::parse(group).ok_or(Nonsense)?, id, kind })
}

/// Does again what a record says was done.
pub(super) fn apply(state: &mut State, change: Change) -> Result<(), Nonsense> {
    match change {
        Change::All(whole) => *state = whole.into_state()?,
        Change::NewProject(project) => {
            if state.project(&project.id).is_ok() {
                return Err(Nonsense);
            }
            let project = project.into_project(state)?;
            state.projects.push(Arc::new(project));
        }
        Change::Project { id, name, production, tags } => {
            let project = project(state, &id)?;
            (project.name, project.production, project.tags) = (name, production, tags);
        }
        Change::RemoveProject(id) => {
            project(state, &id)?;
            state.projects.retain(|project| project.id != id);
        }
        Change::File { project, path, value } => {
            configuration(state, &project)?.files.insert(path, value);
        }
        Change::RemoveFile { project, path } => {
            configuration(state, &project)?.files.remove(&path).ok_or(Nonsense)?;
        }
        Change::Secret { project, secret: SeedSecret { group, id, kind, value } } => {
            configuration(state, &project)?.secrets.insert(key(&group, id, kind)?, value);
        }
        Change::RemoveSecret { project, group, id, kind } => {
            configuration(state, &project)?.secrets.remove(&key(&group, id, kind)?).ok_or(Nonsense)?;
        }
        Change::Process { id, process } => {
            let process = process.into_process(state)?;
            state.processes.insert(id, Arc::new(process));
        }
        Change::RemoveProcess(id) => {
            state.processes.remove(&id).ok_or(Nonsense)?;
        }
    }
    Ok(())
}

fn project<'state>(state: &'state mut State, id: &str) -> Result<&'state mut Project, Nonsense> {
    state.project_mut(id).map_err(|_| Nonsense)
}

fn configuration<'state>(state: &'state mut State, id: &str) -> Result<&'state mut Configuration, Nonsense> {
    Ok(Arc::make_mut(&mut project(state, id)?.configuration))
}
