//! From the core's error to the Python exception: one conversion.
//!
//! The classes are written in Python (`descope_projects.errors`) and found by the kind's name, so that they pickle and
//! document like any other; the module is imported when the first error is raised.

use descope_projects_core::error::Details;
use descope_projects_core::{Error, ErrorKind};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::results::ProjectInfo;
use crate::validation::Validation;

/// The exception for this error.
pub(crate) fn to_python(py: Python<'_>, error: Error) -> PyErr {
    build(py, &error).map_or_else(|failed| failed, PyErr::from_value)
}

/// An argument is wrong.
pub(crate) fn configuration(py: Python<'_>, message: impl Into<String>) -> PyErr {
    to_python(py, Error::configuration(message))
}

/// An argument or option is wrong, and this is its place.
pub(crate) fn option(py: Python<'_>, path: impl Into<String>, message: impl Into<String>) -> PyErr {
    to_python(py, Error::configuration(message).with(|details| details.path = Some(path.into())))
}

fn build<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    let class = py.import("descope_projects.errors")?.getattr("KINDS")?.get_item(error.kind().name())?;
    let keywords = attributes(py, error)?;
    class.call((error.to_string(),), Some(&keywords))
}

fn attributes<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyDict>> {
    let details: &Details = error.details();
    let keywords = PyDict::new(py);
    keywords.set_item("project_id", details.project_id.as_deref())?;
    keywords.set_item("operation", details.operation.as_deref())?;
    keywords.set_item("attempts", details.attempts)?;
    keywords.set_item("written", details.written.as_str())?;
    keywords.set_item("next", PyTuple::new(py, &details.next)?)?;
    keywords.set_item("exit_status", error.exit_status())?;
    match error.kind() {
        ErrorKind::Configuration | ErrorKind::Snapshot | ErrorKind::UnsafePath => {
            keywords.set_item("path", details.path.as_deref())?;
        }
        ErrorKind::Api
        | ErrorKind::Authentication
        | ErrorKind::PermissionDenied
        | ErrorKind::ProjectNotFound
        | ErrorKind::RateLimited
        | ErrorKind::Server => {
            keywords.set_item("status", details.status)?;
            keywords.set_item("code", details.code.as_deref())?;
            keywords.set_item("description", details.description.as_deref())?;
            keywords.set_item("message", details.api_message.as_deref())?;
            keywords.set_item("request_id", details.request_id.as_deref())?;
            if error.kind() == ErrorKind::RateLimited {
                keywords.set_item("retry_after", details.retry_after.map(|pause| pause.as_secs_f64()))?;
            }
        }
        ErrorKind::Protocol => {
            keywords.set_item("status", details.status)?;
            keywords.set_item("preview", details.preview.as_deref())?;
            keywords.set_item("request_id", details.request_id.as_deref())?;
        }
        ErrorKind::UnknownOutcome => {
            let candidates = details.candidates.iter().cloned().map(ProjectInfo::from).map(|one| one.into_pyobject(py));
            let candidates: Vec<_> = candidates.collect::<PyResult<_>>()?;
            keywords.set_item("candidates", PyTuple::new(py, candidates)?)?;
            keywords.set_item("status", details.status)?;
            keywords.set_item("request_id", details.request_id.as_deref())?;
        }
        ErrorKind::ValidationFailed => {
            let validation = details.validation.clone().map(Validation::from);
            keywords.set_item("validation", validation)?;
        }
        ErrorKind::Transport | ErrorKind::DeadlineExceeded | ErrorKind::Protected => {}
    }
    Ok(keywords)
}
