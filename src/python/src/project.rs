//! `Project` and `AsyncProject`: handles.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::session::Handle;
use crate::snapshot;
use crate::verbs::{self, Awaited, Blocking, Kind};

#[pyclass(frozen, weakref, module = "descope_projects")]
pub(crate) struct Project(Handle);

#[pyclass(frozen, weakref, module = "descope_projects")]
pub(crate) struct AsyncProject(Handle);

macro_rules! handle_class {
    ($class:ident, $face:ty, $name:literal) => {
        impl $class {
            pub(crate) fn new(handle: Handle) -> Self {
                Self(handle)
            }
        }

        #[pymethods]
        impl $class {
            #[getter]
            fn id(&self) -> &str {
                self.0.project_id()
            }

            #[pyo3(signature = (options = None, /, **keywords))]
            fn clone(
                &self,
                py: Python<'_>,
                options: Option<&Bound<'_, PyAny>>,
                keywords: Option<&Bound<'_, PyDict>>,
            ) -> PyResult<Py<PyAny>> {
                verbs::clone_project::<$face>(py, &self.0, options, keywords)
            }

            #[pyo3(signature = (options = None, /, **keywords))]
            fn start_clone(
                &self,
                py: Python<'_>,
                options: Option<&Bound<'_, PyAny>>,
                keywords: Option<&Bound<'_, PyDict>>,
            ) -> PyResult<Py<PyAny>> {
                verbs::start_clone::<$face>(py, &self.0, options, keywords)
            }

            fn update_name(&self, py: Python<'_>, name: String) -> PyResult<Py<PyAny>> {
                verbs::update_name::<$face>(py, &self.0, name)
            }

            fn update_tags(&self, py: Python<'_>, tags: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
                verbs::update_tags::<$face>(py, &self.0, tags)
            }

            #[pyo3(signature = (options = None, /, *, confirm, **keywords))]
            fn delete(
                &self,
                py: Python<'_>,
                options: Option<&Bound<'_, PyAny>>,
                confirm: String,
                keywords: Option<&Bound<'_, PyDict>>,
            ) -> PyResult<Py<PyAny>> {
                verbs::delete::<$face>(py, &self.0, options, confirm, keywords)
            }

            #[pyo3(signature = (options = None, /, **keywords))]
            fn export_snapshot(
                &self,
                py: Python<'_>,
                options: Option<&Bound<'_, PyAny>>,
                keywords: Option<&Bound<'_, PyDict>>,
            ) -> PyResult<Py<PyAny>> {
                verbs::export::<$face>(py, &self.0, Kind::Snapshot, options, keywords)
            }

            #[pyo3(signature = (options = None, /, **keywords))]
            fn export_project(
                &self,
                py: Python<'_>,
                options: Option<&Bound<'_, PyAny>>,
                keywords: Option<&Bound<'_, PyDict>>,
            ) -> PyResult<Py<PyAny>> {
                verbs::export::<$face>(py, &self.0, Kind::Project, options, keywords)
            }

            #[pyo3(signature = (files, options = None, /, **keywords))]
            fn import_snapshot(
                &self,
                py: Python<'_>,
                files: &Bound<'_, PyAny>,
                options: Option<&Bound<'_, PyAny>>,
                keywords: Option<&Bound<'_, PyDict>>,
            ) -> PyResult<Py<PyAny>> {
                verbs::import::<$face>(py, &self.0, Kind::Snapshot, files, options, keywords)
            }

            #[pyo3(signature = (files, options = None, /, **keywords))]
            fn import_project(
                &self,
                py: Python<'_>,
                files: &Bound<'_, PyAny>,
                options: Option<&Bound<'_, PyAny>>,
                keywords: Option<&Bound<'_, PyDict>>,
            ) -> PyResult<Py<PyAny>> {
                verbs::import::<$face>(py, &self.0, Kind::Project, files, options, keywords)
            }

            #[pyo3(signature = (files, options = None, /, **keywords))]
            fn validate_snapshot(
                &self,
                py: Python<'_>,
                files: &Bound<'_, PyAny>,
                options: Option<&Bound<'_, PyAny>>,
                keywords: Option<&Bound<'_, PyDict>>,
            ) -> PyResult<Py<PyAny>> {
                verbs::validate::<$face>(py, &self.0, files, options, keywords)
            }

            fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
                other.cast::<Self>().is_ok_and(|other| other.get().0.is(&self.0))
            }

            fn __hash__(&self) -> u64 {
                self.0.hash()
            }

            fn __repr__(&self) -> String {
                format!(concat!($name, "({})"), crate::results::quoted(self.0.project_id()))
            }

            fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
                snapshot::display(slf.py(), "project_html", slf.as_any())
            }
        }
    };
}

handle_class!(Project, Blocking, "Project");
handle_class!(AsyncProject, Awaited, "AsyncProject");
