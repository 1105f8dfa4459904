//! What tests need beside the API itself: faults, records, a look inside, and edits as a console user makes them.

pub mod faults;
mod fields;
mod records;
pub mod routes;
mod settings;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

pub(crate) use faults::{Arrived, Faults, Firing, Held, Moment, Passage, check_operation, fault, page};
pub use faults::{Fault, FaultAction, FaultOptions, FaultState, FaultStatus, Later, Partial, Spoiling, When};
pub(crate) use fields::object;
pub use records::RequestRecord;
pub(crate) use records::{Arrival, Records};
pub use settings::Settings;

use crate::http::App;
use crate::persistence::NotStored;
use crate::semantics::secrets::{Group, SecretKey};
use crate::semantics::{edit, export};
use crate::server::Ready;
use crate::state::{Configuration, Project, State};
use descope_projects_core::wire::nearest;

/// The same operations as the HTTP routes under `/_emulator`. Cheap to clone.
#[derive(Clone)]
pub struct Control {
    app: Arc<App>,
}

/// Why a control operation was refused: a sentence that says what is right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ControlError {
    message: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Wrong,
    Absent,
    TooLarge,
    NotStored,
    Defect,
}

impl ControlError {
    pub(crate) fn wrong(message: impl Into<String>) -> Self {
        Self { message: message.into(), kind: Kind::Wrong }
    }

    pub(crate) fn absent(message: impl Into<String>) -> Self {
        Self { message: message.into(), kind: Kind::Absent }
    }

    pub(crate) fn too_large(message: impl Into<String>) -> Self {
        Self { message: message.into(), kind: Kind::TooLarge }
    }

    pub(crate) fn defect(message: impl Into<String>) -> Self {
        Self { message: message.into(), kind: Kind::Defect }
    }

    pub(crate) fn is_defect(&self) -> bool {
        self.kind == Kind::Defect
    }

    pub(crate) fn is_too_large(&self) -> bool {
        self.kind == Kind::TooLarge
    }

    /// Whether what was named is not there, rather than wrong.
    pub fn is_absent(&self) -> bool {
        self.kind == Kind::Absent
    }

    /// Whether nothing was wrong, and the state's directory could not be written.
    pub fn is_not_stored(&self) -> bool {
        self.kind == Kind::NotStored
    }
}

impl From<NotStored> for ControlError {
    fn from(error: NotStored) -> Self {
        Self { message: error.0, kind: Kind::NotStored }
    }
}

/// A project as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProjectInfo {
    /// `P…`
    pub id: String,
    /// Its name.
    pub name: String,
    /// `production`, or absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Free text.
    pub tags: Vec<String>,
    /// The name of the company that it belongs to.
    pub company: String,
}

impl Control {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self { app }
    }

    /// What a client needs to know.
    pub fn ready(&self) -> Ready {
        self.app.ready.clone()
    }

    /// Sets a fault; the id names it in [`Control::release`] and [`Control::faults`].
    pub fn fail(&self, fault: Fault) -> Result<u64, ControlError> {
        self.app.faults.set(fault)
    }

    /// The faults that are set, those that have struck all their requests included.
    pub fn faults(&self) -> Vec<FaultState> {
        self.app.faults.list()
    }

    /// Removes all faults and lets go of what they hold, as [`Control::release`] does.
    pub fn clear_faults(&self) {
        self.app.faults.clear();
    }

    /// Lets go of what a fault holds, now and later: requests, answers, and the work of a [`FaultAction::FinishLater`],
    /// which is done when this returns. Blocks the thread for that long.
    pub fn release(&self, id: u64) -> Result<(), ControlError> {
        self.app.faults.release(id)
    }

    /// For the server's end: what is held goes on, and what was to be done later is not done.
    pub(crate) fn release_all(&self) {
        self.app.faults.give_up();
    }

    /// Waits until a fault holds something: a request, work that finishes later, or an answer; false if that does not
    /// come in time. Blocks the thread.
    pub fn wait_until_held(&self, id: u64, patience: Duration) -> Result<bool, ControlError> {
        self.app.faults.wait_until_held(id, patience)
    }

    /// The switches and modes by which it goes now.
    pub fn settings(&self) -> Settings {
        (*self.app.settings()).clone()
    }

    /// Changes switches and modes from now on: `{"semantics"?: {…}, "normalise"?: {…} | "all"}`, each with the keys that
    /// change. A reset takes that back.
    pub fn configure(&self, change: Value) -> Result<(), ControlError> {
        self.app.configure(|settings| settings.changed(change))
    }

    /// How often a call's work was done; a request that was refused, or cut off before the work, does not count.
    pub fn executions(&self, operation: &str) -> Result<u64, ControlError> {
        check_operation(operation, false)?;
        Ok(self.app.records.executions(operation))
    }

    /// [`Control::executions`] of every call that was made.
    pub fn all_executions(&self) -> BTreeMap<&'static str, u64> {
        self.app.records.all_executions()
    }

    /// The requests that arrived, at most the last ten thousand; those of the control routes are not among them.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.app.records.requests()
    }

    /// Forgets the requests and the counts of executions.
    pub fn clear_records(&self) {
        self.app.records.clear();
    }

    pub(crate) fn body_limit(&self) -> usize {
        self.app.options.body_limit
    }

    /// How many connections were accepted since the server started.
    pub fn connections_accepted(&self) -> u64 {
        self.app.connections()
    }

    /// All projects of all companies.
    pub fn projects(&self) -> Vec<ProjectInfo> {
        let state = self.app.state();
        let describe = |project: &Arc<Project>| ProjectInfo {
            id: project.id.clone(),
            name: project.name.clone(),
            environment: project.environment(),
            tags: project.tags.clone(),
            company: state.companies[project.company].name.clone(),
        };
        state.projects.iter().map(describe).collect()
    }

    /// A project's files as a snapshot export shows them.
    pub fn files(&self, project_id: &str) -> Result<BTreeMap<String, Value>, ControlError> {
        let configuration = self.configuration(project_id)?;
        Ok(export::snapshot(&configuration).into_iter().map(|(path, value)| (path, (*value).clone())).collect())
    }

    /// A secret's value: the group is one of `connectors`, `oauthProviders`, `outboundApps`, `externalAuth`.
    pub fn secret(&self, project_id: &str, group: &str, id: &str, kind: &str) -> Option<String> {
        let key = SecretKey { group: Group::parse(group)?, id: id.to_owned(), kind: kind.to_owned() };
        self.configuration(project_id).ok()?.secrets.get(&key).cloned()
    }

    /// Writes one file as someone at the console would: a real secret is taken in, the indices follow.
    pub fn put_file(&self, project_id: &str, path: &str, value: Value) -> Result<(), ControlError> {
        self.edit(project_id, |configuration| edit::put(configuration, path, value))
    }

    /// Removes one file as someone at the console would: its secrets go with it, the indices follow.
    pub fn remove_file(&self, project_id: &str, path: &str) -> Result<(), ControlError> {
        self.edit(project_id, |configuration| edit::remove(configuration, path))
    }

    /// Back to the start: projects, secrets, settings, faults, records and limits. Connections stay. With a state on
    /// disk, to the seed that it began with, and what is on disk goes back as well.
    pub fn reset(&self) -> Result<(), ControlError> {
        Ok(self.app.reset()?)
    }

    fn configuration(&self, project_id: &str) -> Result<Arc<Configuration>, ControlError> {
        configuration_in(&self.app.state(), project_id)
    }

    fn edit(
        &self,
        project_id: &str,
        change: impl FnOnce(&mut Configuration) -> Result<(), ControlError>,
    ) -> Result<(), ControlError> {
        // No other write from the look to this one: what an import or another edit wrote meanwhile would be lost.
        let mut state = self.app.begin();
        let mut configuration = (*configuration_in(&state, project_id)?).clone();
        change(&mut configuration)?;
        if let Ok(project) = state.project_mut(project_id) {
            project.configuration = Arc::new(configuration);
        }
        Ok(state.commit()?)
    }
}

fn configuration_in(state: &State, project_id: &str) -> Result<Arc<Configuration>, ControlError> {
    if let Some(project) = state.projects.iter().find(|project| project.id == project_id) {
        return Ok(Arc::clone(&project.configuration));
    }
    let hint = nearest(project_id, state.projects.iter().map(|project| project.id.as_str()));
    let hint = hint.map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
    Err(ControlError::absent(format!("there is no project {project_id:?}{hint}")))
}
