//! `StartedClone` and `AsyncStartedClone`: clones on their way.

use descope_projects_core::client as core;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use crate::session::Handle;
use crate::verbs::{self, Awaited, Blocking};

/// A clone that the server makes in the background. Made by `Project.start_clone`.
#[pyclass(frozen, module = "descope_projects")]
pub(crate) struct StartedClone {
    handle: Handle,
    started: core::StartedClone,
}

/// `StartedClone` for asyncio: the same names, awaited. Made by `AsyncProject.start_clone`.
#[pyclass(frozen, module = "descope_projects")]
pub(crate) struct AsyncStartedClone {
    handle: Handle,
    started: core::StartedClone,
}

impl StartedClone {
    pub(crate) fn new(handle: Handle, started: core::StartedClone) -> Self {
        Self { handle, started }
    }
}

#[pymethods]
impl StartedClone {
    /// What the server calls it.
    #[getter]
    fn process_id(&self) -> &str {
        self.started.process_id()
    }

    /// Asks once how far it is.
    ///
    /// Example:
    ///     >>> started = client.own_project.start_clone(name="preview-44")
    ///     >>> started.status().state in ("running", "done")
    ///     True
    fn status(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        verbs::clone_status::<Blocking>(py, &self.handle, &self.started)
    }

    /// Asks at growing intervals until the project is there.
    ///
    /// Args:
    ///     timeout: How long to wait altogether, in seconds.
    ///
    /// Raises:
    ///     DeadlineExceeded: It still runs; it goes on at the server, and may be waited for again.
    ///     ApiError: The server says that it failed; `.message` has its reason.
    ///
    /// Example:
    ///     >>> client.own_project.start_clone(name="preview-45").wait(timeout=60).project.id.startswith("P")
    ///     True
    #[pyo3(signature = (timeout = None), text_signature = "($self, timeout=600)")]
    fn wait(&self, py: Python<'_>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<Py<PyAny>> {
        let default = pyo3::types::PyInt::new(py, 600);
        verbs::clone_wait::<Blocking>(py, &self.handle, &self.started, timeout.unwrap_or(default.as_any()))
    }

    fn __repr__(&self) -> String {
        format!("StartedClone({})", crate::results::quoted(self.started.process_id()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.handle.traverse(visit)
    }
}

impl AsyncStartedClone {
    pub(crate) fn new(handle: Handle, started: core::StartedClone) -> Self {
        Self { handle, started }
    }
}

#[pymethods]
impl AsyncStartedClone {
    /// What the server calls it.
    #[getter]
    fn process_id(&self) -> &str {
        self.started.process_id()
    }

    /// `StartedClone.status`, awaited.
    fn status(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        verbs::clone_status::<Awaited>(py, &self.handle, &self.started)
    }

    /// `StartedClone.wait`, awaited.
    #[pyo3(signature = (timeout = None), text_signature = "($self, timeout=600)")]
    fn wait(&self, py: Python<'_>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<Py<PyAny>> {
        let default = pyo3::types::PyInt::new(py, 600);
        verbs::clone_wait::<Awaited>(py, &self.handle, &self.started, timeout.unwrap_or(default.as_any()))
    }

    fn __repr__(&self) -> String {
        format!("AsyncStartedClone({})", crate::results::quoted(self.started.process_id()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.handle.traverse(visit)
    }
}
