//! What the calls mean. Independent of HTTP, and of how the client understands the same documents.

mod bind;
mod clone;
pub(crate) mod edit;
mod entities;
mod excludes;
pub(crate) mod export;
mod import;
mod indices;
mod merge;
pub(crate) mod normalise;
mod partial;
mod project;
mod references;
pub(crate) mod secrets;
pub(crate) mod shape;
mod supply;

use bytes::Bytes;
use descope_projects_core::wire::{Call, call};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::answer::ApiError;
use crate::http::{App, Caller};

/// One call that may be made.
pub(crate) struct Job {
    pub(crate) call: &'static Call,
    pub(crate) caller: Caller,
    /// The state that the caller was checked against.
    pub(crate) generation: u64,
    /// What `clone_status` asks for.
    pub(crate) process_id: Option<String>,
    pub(crate) body: Bytes,
    pub(crate) course: Course,
}

/// How the work goes, which a fault may decide.
pub(crate) enum Course {
    Whole,
    /// What goes on after the answer ends with this error.
    FailsLater(String),
    /// An import writes so many of the entities that change, or half of them.
    Partial(Option<u64>),
}

/// Does the work; the answer's body.
pub(crate) fn run(app: &App, job: &Job) -> Result<Bytes, ApiError> {
    match job.call {
        row if row == &call::LIST_PROJECTS => project::list(app, job),
        row if row == &call::LICENSE => project::license(app, job),
        row if row == &call::UPDATE_NAME => project::update_name(app, job),
        row if row == &call::UPDATE_TAGS => project::update_tags(app, job),
        row if row == &call::DELETE => project::delete(app, job),
        row if row == &call::CLONE => clone::clone(app, job),
        row if row == &call::START_CLONE => clone::start(app, job),
        row if row == &call::CLONE_STATUS => clone::status(app, job),
        row if row == &call::EXPORT_PROJECT => export::project(app, job),
        row if row == &call::EXPORT_SNAPSHOT => export::snapshot_call(app, job),
        row if row == &call::IMPORT_PROJECT => import::project(app, job),
        row if row == &call::IMPORT_SNAPSHOT => import::snapshot(app, job),
        row if row == &call::VALIDATE_SNAPSHOT => import::validate(app, job),
        row => Err(ApiError::defect(format!("the call {row} is in the table and not in the emulator"))),
    }
}

impl Job {
    /// The body as a request; an empty one counts as `{}`.
    fn request<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        let body: &[u8] = match self.body.iter().find(|byte| !byte.is_ascii_whitespace()) {
            None => b"{}",
            Some(b'{') => &self.body,
            // Else a list would be read as a struct's fields in their order.
            Some(_) => return Err(ApiError::bad_request("The body is not a JSON object")),
        };
        serde_json::from_slice(body)
            .map_err(|error| ApiError::bad_request(format!("The body is not valid: {}", without_value(&error))))
    }
}

/// What is wrong, without the value that is: it may be a secret in the wrong place.
fn without_value(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if !error.is_data() || text.starts_with("missing field") || text.starts_with("duplicate field") {
        return text;
    }
    match text.rsplit_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None => format!("wrong value at line {} column {}", error.line(), error.column()),
    }
}

fn answer(value: &impl Serialize) -> Result<Bytes, ApiError> {
    match serde_json::to_vec(value) {
        Ok(body) => Ok(Bytes::from(body)),
        Err(error) => Err(ApiError::defect(format!("the answer cannot be written: {error}"))),
    }
}

/// `{}`
fn empty() -> Bytes {
    Bytes::from_static(b"{}")
}
