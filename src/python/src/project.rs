//! `Project` and `AsyncProject`: handles.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3::{PyTraverseError, PyVisit};

use crate::session::Handle;
use crate::snapshot;
use crate::verbs::{self, Awaited, Blocking, Kind};

/// A handle on one project: its id, and the calls that act on it. Made by `Client.project`.
///
/// Writes to one project go one at a time. Every method raises a `DescopeError`; what each section "Raises" names is
/// what is special to it.
#[pyclass(frozen, weakref, module = "descope_projects")]
pub(crate) struct Project(Handle);

/// `Project` for asyncio: the same names, awaited. Made by `AsyncClient.project`.
#[pyclass(frozen, weakref, module = "descope_projects")]
pub(crate) struct AsyncProject(Handle);

impl Project {
    pub(crate) fn new(handle: Handle) -> Self {
        Self(handle)
    }
}

#[pymethods]
impl Project {
    /// The project's id (`P…`).
    #[getter]
    fn id(&self) -> &str {
        self.0.project_id()
    }

    /// Makes a new project out of this one, with its configuration and secrets, without users, tenants or keys.
    ///
    /// It is never sent twice unless the first provably never arrived. With a company-wide key the projects are listed
    /// before, so that a lost answer can be settled by the list.
    ///
    /// Args:
    ///     options: `CloneOptions` as a dict: `name`, `environment`, `tags`, `settle`, `settle_timeout`, `timeout`.
    ///     **keywords: The same keys as keywords.
    ///
    /// Returns:
    ///     What was made; `.project` is a handle on it.
    ///
    /// Raises:
    ///     UnknownOutcome: The answer was lost, and the list does not show exactly one new project of that name;
    ///         `.candidates` has those that may be it.
    ///     PermissionDenied: The company's tier does not include clones.
    ///
    /// Example:
    ///     >>> clone = client.own_project.clone({"name": "preview-42"}, tags=["preview"])
    ///     >>> clone.name, clone.settled
    ///     ('preview-42', False)
    #[pyo3(signature = (options = None, /, **keywords))]
    fn clone(
        &self,
        py: Python<'_>,
        options: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        verbs::clone_project::<Blocking>(py, &self.0, options, keywords)
    }

    /// Starts a clone that the server makes in the background, and returns at once.
    ///
    /// Args:
    ///     options: `CloneOptions` as a dict; with `settle` the list is looked at once to name candidates.
    ///     **keywords: The same keys as keywords.
    ///
    /// Returns:
    ///     A handle with `status()` and `wait()`.
    ///
    /// Raises:
    ///     UnknownOutcome: The answer was lost; `.candidates` has the new projects that may be its result.
    ///
    /// Example:
    ///     >>> client.own_project.start_clone(name="preview-43").wait().name
    ///     'preview-43'
    #[pyo3(signature = (options = None, /, **keywords))]
    fn start_clone(
        &self,
        py: Python<'_>,
        options: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        verbs::start_clone::<Blocking>(py, &self.0, options, keywords)
    }

    /// Renames the project.
    ///
    /// Args:
    ///     name: The new name.
    ///
    /// Raises:
    ///     ConfigurationError: The name is empty.
    ///
    /// Example:
    ///     >>> client.own_project.update_name("renamed")
    fn update_name(&self, py: Python<'_>, name: String) -> PyResult<Py<PyAny>> {
        verbs::update_name::<Blocking>(py, &self.0, name)
    }

    /// Replaces the project's tags.
    ///
    /// Args:
    ///     tags: All tags that it has from then on; `[]` removes every one.
    ///
    /// Raises:
    ///     ConfigurationError: `tags` is one string: a list of letters is never meant.
    ///
    /// Example:
    ///     >>> client.own_project.update_tags(["staging", "eu"])
    fn update_tags(&self, py: Python<'_>, tags: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        verbs::update_tags::<Blocking>(py, &self.0, tags)
    }

    /// Deletes the project for good, with its users, tenants and keys.
    ///
    /// Args:
    ///     options: `DeleteOptions` as a dict: `settle`, `settle_timeout`, `timeout`.
    ///     confirm: The project's id, or its name if the list shows exactly this id under it.
    ///     **keywords: The keys of `DeleteOptions` as keywords.
    ///
    /// Raises:
    ///     Protected: `confirm` is neither; nothing was sent.
    ///     UnknownOutcome: The answer was lost, and the list does not show that the project is gone.
    ///
    /// Example:
    ///     >>> project = client.own_project.clone(name="short-lived").project
    ///     >>> project.delete(confirm="short-lived")
    #[pyo3(signature = (options = None, /, *, confirm, **keywords))]
    fn delete(
        &self,
        py: Python<'_>,
        options: Option<&Bound<'_, PyAny>>,
        confirm: String,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        verbs::delete::<Blocking>(py, &self.0, options, confirm, keywords)
    }

    /// Exports the project's configuration without its secrets. Of the two exports this is the one to use.
    ///
    /// Args:
    ///     options: `ExportOptions` as a dict: `format`, `timeout`.
    ///     **keywords: The same keys as keywords.
    ///
    /// Returns:
    ///     The files as received, held outside Python; a file is parsed when it is read.
    ///
    /// Raises:
    ///     PermissionDenied: The company's tier does not include exports.
    ///     ProtocolError: The answer is no export.
    ///
    /// Example:
    ///     >>> snapshot = client.own_project.export_snapshot()
    ///     >>> "project.json" in snapshot, snapshot.partial
    ///     (True, False)
    #[pyo3(signature = (options = None, /, **keywords))]
    fn export_snapshot(
        &self,
        py: Python<'_>,
        options: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        verbs::export::<Blocking>(py, &self.0, Kind::Snapshot, options, keywords)
    }

    /// Exports the project's configuration; secrets may be in it. Use `export_snapshot` unless you need them.
    ///
    /// Args:
    ///     options: `ExportOptions` as a dict: `format`, `timeout`.
    ///     **keywords: The same keys as keywords.
    ///
    /// Returns:
    ///     The files, with `contains_secrets` set: they are not shown, not pickled, and written only with
    ///     `allow_secrets`.
    ///
    /// Raises:
    ///     PermissionDenied: The company's tier does not include exports.
    ///     ProtocolError: The answer is no export.
    ///
    /// Example:
    ///     >>> client.own_project.export_project().contains_secrets
    ///     True
    #[pyo3(signature = (options = None, /, **keywords))]
    fn export_project(
        &self,
        py: Python<'_>,
        options: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        verbs::export::<Blocking>(py, &self.0, Kind::Project, options, keywords)
    }

    /// Overrides the project's whole configuration with a snapshot. What the files lack may be deleted.
    ///
    /// Secrets that the project has are kept; new ones come from `input_secrets`. Validate first.
    ///
    /// Args:
    ///     files: A `Snapshot`, a mapping of path to value, or the path of a directory or `.zip`.
    ///     options: `ImportOptions` as a dict: `exclude`, `input_secrets`, `allow_unknown_excludes`, `allow_partial`,
    ///         `timeout`.
    ///     **keywords: The same keys as keywords.
    ///
    /// Raises:
    ///     SnapshotError: The files cannot be read, are a part, or are an export's wrapper; nothing was sent.
    ///     ConfigurationError: A value of `exclude` is not documented, or a secret is empty; nothing was sent.
    ///     UnknownOutcome: It was sent and its end is not known: it may still be running, or be half done. Export to
    ///         see.
    ///
    /// Example:
    ///     >>> client.own_project.import_snapshot(snapshot, {"exclude": ["project.domain"]})
    #[pyo3(signature = (files, options = None, /, **keywords))]
    fn import_snapshot(
        &self,
        py: Python<'_>,
        files: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        verbs::import::<Blocking>(py, &self.0, Kind::Snapshot, files, options, keywords)
    }

    /// Overrides the project's whole configuration with the files of a project export. See `import_snapshot`.
    ///
    /// Args:
    ///     files: A `Snapshot`, a mapping of path to value, or the path of a directory or `.zip`.
    ///     options: `ImportOptions` as a dict.
    ///     **keywords: The same keys as keywords.
    ///
    /// Raises:
    ///     SnapshotError: The files cannot be read, are a part, or are an export's wrapper; nothing was sent.
    ///     ConfigurationError: A value of `exclude` is not documented, or a secret is empty; nothing was sent.
    ///     UnknownOutcome: It was sent and its end is not known. Export to see.
    ///
    /// Example:
    ///     >>> client.own_project.import_project(client.own_project.export_project(), exclude=["flows"])
    #[pyo3(signature = (files, options = None, /, **keywords))]
    fn import_project(
        &self,
        py: Python<'_>,
        files: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        verbs::import::<Blocking>(py, &self.0, Kind::Project, files, options, keywords)
    }

    /// Asks whether a snapshot could be imported into this project. Changes nothing.
    ///
    /// Args:
    ///     files: A `Snapshot`, a mapping of path to value, or the path of a directory or `.zip`.
    ///     options: `ValidateOptions` as a dict, as for the import that it is asked about.
    ///     **keywords: The same keys as keywords.
    ///
    /// Returns:
    ///     What the server says; true if the snapshot could be imported. `.check()` raises if not.
    ///
    /// Raises:
    ///     SnapshotError: The files cannot be read, are a part, or are an export's wrapper; nothing was sent.
    ///     ConfigurationError: A value of `exclude` is not documented, or a secret is empty; nothing was sent.
    ///
    /// Example:
    ///     >>> client.own_project.validate_snapshot(snapshot).ok
    ///     True
    #[pyo3(signature = (files, options = None, /, **keywords))]
    fn validate_snapshot(
        &self,
        py: Python<'_>,
        files: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        verbs::validate::<Blocking>(py, &self.0, files, options, keywords)
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().0.is(&self.0))
    }

    fn __hash__(&self) -> u64 {
        self.0.hash()
    }

    fn __repr__(&self) -> String {
        format!("Project({})", crate::results::quoted(self.0.project_id()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.0.traverse(visit)
    }

    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        snapshot::display(slf.py(), "project_html", slf.as_any())
    }
}

impl AsyncProject {
    pub(crate) fn new(handle: Handle) -> Self {
        Self(handle)
    }
}

#[pymethods]
impl AsyncProject {
    /// The project's id (`P…`).
    #[getter]
    fn id(&self) -> &str {
        self.0.project_id()
    }

    /// `Project.clone`, awaited.
    #[pyo3(signature = (options = None, /, **keywords))]
    fn clone(
        &self,
        py: Python<'_>,
        options: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        verbs::clone_project::<Awaited>(py, &self.0, options, keywords)
    }

    /// `Project.start_clone`, awaited.
    #[pyo3(signature = (options = None, /, **keywords))]
    fn start_clone(
        &self,
        py: Python<'_>,
        options: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        verbs::start_clone::<Awaited>(py, &self.0, options, keywords)
    }

    /// `Project.update_name`, awaited.
    fn update_name(&self, py: Python<'_>, name: String) -> PyResult<Py<PyAny>> {
        verbs::update_name::<Awaited>(py, &self.0, name)
    }

    /// `Project.update_tags`, awaited.
    fn update_tags(&self, py: Python<'_>, tags: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        verbs::update_tags::<Awaited>(py, &self.0, tags)
    }

    /// `Project.delete`, awaited.
    #[pyo3(signature = (options = None, /, *, confirm, **keywords))]
    fn delete(
        &self,
        py: Python<'_>,
        options: Option<&Bound<'_, PyAny>>,
        confirm: String,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        verbs::delete::<Awaited>(py, &self.0, options, confirm, keywords)
    }

    /// `Project.export_snapshot`, awaited.
    #[pyo3(signature = (options = None, /, **keywords))]
    fn export_snapshot(
        &self,
        py: Python<'_>,
        options: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        verbs::export::<Awaited>(py, &self.0, Kind::Snapshot, options, keywords)
    }

    /// `Project.export_project`, awaited.
    #[pyo3(signature = (options = None, /, **keywords))]
    fn export_project(
        &self,
        py: Python<'_>,
        options: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        verbs::export::<Awaited>(py, &self.0, Kind::Project, options, keywords)
    }

    /// `Project.import_snapshot`, awaited.
    #[pyo3(signature = (files, options = None, /, **keywords))]
    fn import_snapshot(
        &self,
        py: Python<'_>,
        files: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        verbs::import::<Awaited>(py, &self.0, Kind::Snapshot, files, options, keywords)
    }

    /// `Project.import_project`, awaited.
    #[pyo3(signature = (files, options = None, /, **keywords))]
    fn import_project(
        &self,
        py: Python<'_>,
        files: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        verbs::import::<Awaited>(py, &self.0, Kind::Project, files, options, keywords)
    }

    /// `Project.validate_snapshot`, awaited.
    #[pyo3(signature = (files, options = None, /, **keywords))]
    fn validate_snapshot(
        &self,
        py: Python<'_>,
        files: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        verbs::validate::<Awaited>(py, &self.0, files, options, keywords)
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().0.is(&self.0))
    }

    fn __hash__(&self) -> u64 {
        self.0.hash()
    }

    fn __repr__(&self) -> String {
        format!("AsyncProject({})", crate::results::quoted(self.0.project_id()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.0.traverse(visit)
    }

    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        snapshot::display(slf.py(), "project_html", slf.as_any())
    }
}
