//! `StartedClone` and `AsyncStartedClone`: clones on their way.

use descope_projects_core::client as core;
use pyo3::prelude::*;

use crate::session::Handle;
use crate::verbs::{self, Awaited, Blocking};

#[pyclass(frozen, module = "descope_projects")]
pub(crate) struct StartedClone {
    handle: Handle,
    started: core::StartedClone,
}

#[pyclass(frozen, module = "descope_projects")]
pub(crate) struct AsyncStartedClone {
    handle: Handle,
    started: core::StartedClone,
}

macro_rules! started_class {
    ($class:ident, $face:ty, $name:literal) => {
        impl $class {
            pub(crate) fn new(handle: Handle, started: core::StartedClone) -> Self {
                Self { handle, started }
            }
        }

        #[pymethods]
        impl $class {
            #[getter]
            fn process_id(&self) -> &str {
                self.started.process_id()
            }

            fn status(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
                verbs::clone_status::<$face>(py, &self.handle, &self.started)
            }

            #[pyo3(signature = (timeout = None))]
            fn wait(&self, py: Python<'_>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<Py<PyAny>> {
                let default = pyo3::types::PyInt::new(py, 600);
                verbs::clone_wait::<$face>(py, &self.handle, &self.started, timeout.unwrap_or(default.as_any()))
            }

            fn __repr__(&self) -> String {
                format!(concat!($name, "({})"), crate::results::quoted(self.started.process_id()))
            }
        }
    };
}

started_class!(StartedClone, Blocking, "StartedClone");
started_class!(AsyncStartedClone, Awaited, "AsyncStartedClone");
