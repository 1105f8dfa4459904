//! What the server holds: companies, keys, projects, running clones. A version of it never changes: who reads has one,
//! and a write makes the next.

mod build;
mod writers;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use build::build;
pub(crate) use writers::{WriteGuard, Writers};

use crate::answer::ApiError;
use crate::semantics::secrets::SecretKey;

/// Everything that a reset puts back. A copy shares what it does not change.
#[derive(Clone)]
pub(crate) struct State {
    /// Raised by each reset, so that work begun before it is not written into what came after.
    pub(crate) generation: u64,
    pub(crate) companies: Arc<Vec<Company>>,
    /// In the order in which they were made: a new one goes to the end.
    pub(crate) projects: Vec<Arc<Project>>,
    pub(crate) processes: BTreeMap<String, Arc<Process>>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Company {
    pub(crate) name: String,
    pub(crate) tier: Tier,
    pub(crate) keys: Vec<Key>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tier {
    Free,
    Pro,
    Growth,
    Enterprise,
}

impl Tier {
    pub(crate) const NAMES: [&str; 4] = ["free", "pro", "growth", "enterprise"];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "free" => Some(Self::Free),
            "pro" => Some(Self::Pro),
            "growth" => Some(Self::Growth),
            "enterprise" => Some(Self::Enterprise),
            _ => None,
        }
    }

    /// What the API calls it; the vendor's SDKs document these four.
    pub(crate) fn on_the_wire(self) -> &'static str {
        match self {
            Self::Free => "tier1",
            Self::Pro => "tier2",
            Self::Growth => "tier3",
            Self::Enterprise => "tier4",
        }
    }
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) value: String,
    /// Absent: company-wide.
    pub(crate) projects: Option<Vec<String>>,
    pub(crate) read_only: bool,
}

impl Key {
    /// Whether it is bound to that project, or to none.
    pub(crate) fn admits(&self, project_id: &str) -> bool {
        self.projects.as_ref().is_none_or(|bound| bound.iter().any(|id| id == project_id))
    }
}

#[derive(Clone)]
pub(crate) struct Project {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) production: bool,
    pub(crate) tags: Vec<String>,
    /// Index into the companies.
    pub(crate) company: usize,
    /// Replaced as a whole by every write: readers see the old or the new one, never a mixture.
    pub(crate) configuration: Arc<Configuration>,
}

impl Project {
    pub(crate) fn environment(&self) -> Option<String> {
        self.production.then(|| PRODUCTION.to_owned())
    }
}

/// The only environment that the API knows.
pub(crate) const PRODUCTION: &str = "production";

/// A project's settings, and the secrets that they have placeholders for.
#[derive(Clone, Default)]
pub(crate) struct Configuration {
    pub(crate) files: Files,
    pub(crate) secrets: BTreeMap<SecretKey, String>,
}

/// Files by path; those that a write does not change are shared with the old version.
pub(crate) type Files = BTreeMap<String, Arc<Value>>;

/// A clone that runs on its own.
#[derive(Clone)]
pub(crate) struct Process {
    pub(crate) company: usize,
    /// The project that is cloned.
    pub(crate) source: String,
    /// How many status calls it stays running.
    pub(crate) remaining: u32,
    pub(crate) outcome: ProcessOutcome,
}

#[derive(Clone)]
pub(crate) enum ProcessOutcome {
    /// What the process ends with: a project that appears then, or an error.
    Pending(Result<Box<Project>, String>),
    Done {
        id: String,
        name: String,
    },
    Failed(String),
}

impl State {
    pub(crate) fn project(&self, id: &str) -> Result<&Project, ApiError> {
        let found = self.projects.iter().find(|project| project.id == id);
        found.map(Arc::as_ref).ok_or_else(|| ApiError::project_not_found(id))
    }

    pub(crate) fn project_mut(&mut self, id: &str) -> Result<&mut Project, ApiError> {
        let found = self.projects.iter_mut().find(|project| project.id == id);
        found.map(Arc::make_mut).ok_or_else(|| ApiError::project_not_found(id))
    }
}
