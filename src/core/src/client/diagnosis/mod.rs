//! What is configured and from where, and whether it works: checks that follow each other and change nothing.
//!
//! Every check is in the answer, whatever became of those before it: one that could not be made says why.

mod configured;
mod key;
mod network;
mod token;

use serde_json::{Map, Value};

use self::configured::Configured;
use super::ClientOptions;
use crate::error::Error;

/// What a check is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// What the arguments and the environment say.
    Configuration,
    /// The way to the server.
    Connection,
    /// What the credential may do.
    Key,
    /// The program itself.
    Program,
}

impl Area {
    /// Its word in the JSON document, and the heading for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Connection => "connection",
            Self::Key => "key",
            Self::Program => "program",
        }
    }
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Fine,
    /// Nothing is wrong, but it is worth knowing.
    Noted,
    /// Something is wrong.
    Failed,
    /// It could not be made, or was not; the value says why.
    NotChecked,
}

impl State {
    /// Its word in the JSON document.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Noted => "noted",
            Self::Failed => "failed",
            Self::NotChecked => "not_checked",
        }
    }
}

/// One check and what it found; holds no secret.
#[derive(Clone, Debug)]
pub struct Check {
    /// What it is about.
    pub area: Area,
    /// Its name, the same in every run.
    pub name: &'static str,
    /// How it ended.
    pub state: State,
    /// What was found, for people.
    pub value: String,
    /// The variable or argument that decided it.
    pub from: Option<String>,
    /// What to do about it, in words.
    pub hint: Option<String>,
    /// What was found, for programs: numbers and names by key.
    pub data: Map<String, Value>,
}

impl Check {
    /// A check with this end.
    pub fn new(area: Area, name: &'static str, state: State, value: impl Into<String>) -> Self {
        Self { area, name, state, value: value.into(), from: None, hint: None, data: Map::new() }
    }

    /// The same, decided by this variable or argument.
    #[must_use]
    pub fn from(mut self, from: impl Into<String>) -> Self {
        self.from = Some(from.into());
        self
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn data(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.data.insert(key.to_owned(), value.into());
        self
    }
}

/// What a face calls the options that decide where the key goes.
#[derive(Clone, Copy, Debug)]
pub struct OptionNames {
    /// The project's id.
    pub project_id: &'static str,
    /// The base URL.
    pub base_url: &'static str,
    /// The proxy.
    pub proxy: &'static str,
    /// The file of certificates.
    pub ca_bundle: &'static str,
}

/// All checks in the order in which they were made.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// The checks.
    pub checks: Vec<Check>,
    /// Why the first one that failed did.
    pub problem: Option<Error>,
}

impl Diagnosis {
    fn add(&mut self, check: Check) {
        self.checks.push(check);
    }

    /// A check that failed. The hint is for people; commands are in the error's `next`.
    fn fail(&mut self, area: Area, name: &'static str, error: Error, hint: Option<&str>) {
        let mut check = Check::new(area, name, State::Failed, error.to_string());
        check.hint = hint.map(str::to_owned);
        self.add(check);
        self.blame(error);
    }

    fn blame(&mut self, error: Error) {
        if self.problem.is_none() {
            // Whoever reads it has just asked the doctor.
            self.problem = Some(error.with(|details| details.next.retain(|next| next != "descope-projects doctor")));
        }
    }

    /// Those of these checks that were not made yet will not be made.
    fn skip(&mut self, area: Area, names: &[&'static str], why: &str) {
        for name in names {
            if self.checks.iter().any(|check| check.name == *name) {
                continue;
            }
            self.add(Check::new(area, name, State::NotChecked, why));
        }
    }
}

/// Looks at everything that a client for this project, these options and this environment would use. Reads only: the
/// server is asked for the tier, the list of projects and one export, each once and without repeats.
///
/// `project_id` wins over `DESCOPE_PROJECT_ID`, as for a client.
pub async fn diagnose(project_id: Option<&str>, options: &ClientOptions, names: &OptionNames) -> Diagnosis {
    let variable = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let mut diagnosis = Diagnosis { checks: Vec::new(), problem: None };
    let found = Configured { project_id, options, names, variable: &variable }.look(&mut diagnosis);
    let Some(client) = found.client else {
        let why = "not checked: the configuration is not complete";
        diagnosis.skip(Area::Connection, &network::NAMES, why);
        diagnosis.skip(Area::Key, &key::NAMES, why);
        token::look(&mut diagnosis, found.token.as_ref(), None);
        return diagnosis;
    };
    let reached = network::look(&mut diagnosis, &client, found.proxy.as_ref(), found.token.is_some()).await;
    token::look(&mut diagnosis, found.token.as_ref(), reached.as_ref().and_then(|reached| reached.server_time));
    match reached {
        Some(reached) => key::look(&mut diagnosis, &client, reached).await,
        None => diagnosis.skip(Area::Key, &key::NAMES, "not checked: the server was not reached"),
    }
    diagnosis
}
