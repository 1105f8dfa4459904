//! What calls return: small frozen classes.

use std::hash::{Hash, Hasher};

use descope_projects_core::client as core;
use descope_projects_core::{Error, ErrorKind, Written, wire};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use pyo3::{PyTraverseError, PyVisit};
use serde_json::{Map, Value};

use crate::json;

/// One project as the list shows it. Frozen; equal by its fields.
///
/// Args:
///     id: Its id (`P…`).
///     name: Its name; not unique.
///     environment: `production`, or None.
///     tags: Its tags.
///     extra: Fields that the server added since.
///
/// Example:
///     >>> match ProjectInfo("P2abc", "shop", "production"):
///     ...     case ProjectInfo(environment="production", name=name):
///     ...         print(name)
///     shop
#[pyclass(frozen, eq, hash, module = "descope_projects", from_py_object)]
#[derive(Clone, PartialEq)]
pub(crate) struct ProjectInfo {
    id: String,
    name: Option<String>,
    environment: Option<String>,
    tags: Vec<String>,
    extra: Map<String, Value>,
}

impl Hash for ProjectInfo {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.id, &self.name, &self.environment, &self.tags).hash(state);
    }
}

impl From<wire::Project> for ProjectInfo {
    fn from(project: wire::Project) -> Self {
        let tags = project.tags.or_else(|| project.tag.filter(|tag| !tag.is_empty()).map(|tag| vec![tag]));
        Self {
            id: project.id,
            name: project.name,
            environment: project.environment.filter(|environment| !environment.is_empty()),
            tags: tags.unwrap_or_default(),
            extra: project.extra,
        }
    }
}

impl ProjectInfo {
    pub(crate) fn plain(id: String, name: String, environment: Option<String>, tags: Vec<String>) -> Self {
        Self { id, name: Some(name), environment, tags, extra: Map::new() }
    }
}

#[pymethods]
impl ProjectInfo {
    #[classattr]
    #[pyo3(name = "__match_args__")]
    const MATCH_ARGS: (&'static str, &'static str, &'static str, &'static str) = ("id", "name", "environment", "tags");

    #[new]
    #[pyo3(
        signature = (id, name = None, environment = None, tags = Vec::new(), extra = None),
        text_signature = "(id, name=None, environment=None, tags=(), extra=None)"
    )]
    fn new(
        id: String,
        name: Option<String>,
        environment: Option<String>,
        tags: Vec<String>,
        extra: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        Ok(Self { id, name, environment, tags, extra: extra_from(extra)? })
    }

    /// Its id (`P…`).
    #[getter]
    fn id(&self) -> &str {
        &self.id
    }

    /// Its name; not unique. None if the server did not say.
    #[getter]
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// `production`, or None.
    #[getter]
    fn environment(&self) -> Option<&str> {
        self.environment.as_deref()
    }

    /// Its tags.
    #[getter]
    fn tags<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.tags)
    }

    /// Fields that the server added since; a new dict each time.
    #[getter]
    fn extra<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        json::value_to_python(py, &self.extra)
    }

    /// All fields as a dict, `extra` included.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("id", &self.id)?;
        dict.set_item("name", &self.name)?;
        dict.set_item("environment", &self.environment)?;
        dict.set_item("tags", &self.tags)?;
        dict.set_item("extra", self.extra(py)?)?;
        Ok(dict)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let this = slf.get();
        let py = slf.py();
        let arguments = (&this.id, &this.name, &this.environment, &this.tags, this.extra(py)?).into_pyobject(py)?;
        Ok((slf.get_type().into_any(), arguments))
    }

    fn __repr__(&self) -> String {
        format!(
            "ProjectInfo(id={}, name={}, environment={}, tags={})",
            quoted(&self.id),
            maybe(self.name.as_ref()),
            maybe(self.environment.as_ref()),
            tuple(&self.tags)
        )
    }

    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        crate::snapshot::display(slf.py(), "project_html", slf.as_any())
    }
}

/// What a clone made. Frozen; equal by its fields, the handle not among them.
///
/// What the server did not say is None.
#[pyclass(frozen, generic, module = "descope_projects")]
pub(crate) struct CloneResult {
    result: core::CloneResult,
    project: Option<Py<PyAny>>,
}

impl CloneResult {
    pub(crate) fn new(result: core::CloneResult, project: Option<Py<PyAny>>) -> Self {
        Self { result, project }
    }
}

#[pymethods]
impl CloneResult {
    #[classattr]
    #[pyo3(name = "__match_args__")]
    const MATCH_ARGS: (&'static str, &'static str, &'static str, &'static str) = ("id", "name", "environment", "tags");

    /// The new project's id (`P…`).
    #[getter]
    fn id(&self) -> Option<&str> {
        self.result.id.as_deref()
    }

    /// Its name.
    #[getter]
    fn name(&self) -> Option<&str> {
        self.result.name.as_deref()
    }

    /// `production`, or None.
    #[getter]
    fn environment(&self) -> Option<&str> {
        self.result.environment.as_deref()
    }

    /// Its tags.
    #[getter]
    fn tags<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        self.result.tags.as_ref().map(|tags| PyTuple::new(py, tags)).transpose()
    }

    /// A handle on the new project, with the key of the one that was cloned.
    ///
    /// Raises:
    ///     ProtocolError: The server did not say which project it made; `written` is "applied".
    #[getter]
    fn project(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        if let (None, Some(id)) = (&self.project, &self.result.id)
            && core::check_project_id(id, "id").is_ok()
        {
            let message = format!("a result that was pickled carries no handle: use client.project({})", quoted(id));
            return Err(crate::errors::configuration(py, message));
        }
        self.project.as_ref().map(|project| project.clone_ref(py)).ok_or_else(|| {
            let message = "the clone was made, but the server did not say which project it is: look for it in the list";
            let error = Error::new(ErrorKind::Protocol, message).with(|details| {
                details.operation = Some("clone".to_owned());
                details.written = Written::Applied;
                details.next = vec!["descope-projects projects list".to_owned()];
            });
            crate::errors::to_python(py, error)
        })
    }

    /// True if the answer was lost and the project was found in the list instead.
    #[getter]
    fn settled(&self) -> bool {
        self.result.settled
    }

    /// Fields that the server added since; a new dict each time.
    #[getter]
    fn extra<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        json::value_to_python(py, &self.result.extra)
    }

    /// All fields but the handle as a dict, `extra` included.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("id", self.id())?;
        dict.set_item("name", self.name())?;
        dict.set_item("environment", self.environment())?;
        dict.set_item("tags", self.result.tags.as_deref())?;
        dict.set_item("settled", self.settled())?;
        dict.set_item("extra", self.extra(py)?)?;
        Ok(dict)
    }

    #[staticmethod]
    fn _unpickle(fields: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self { result: serde_from(fields)?, project: None })
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Reduced<'py>> {
        reduced(slf.as_any(), json::value_to_python(slf.py(), &slf.get().result)?)
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().result == self.result)
    }

    fn __hash__(&self) -> u64 {
        hash_of(&(&self.result.id, &self.result.name, &self.result.environment, &self.result.tags))
    }

    fn __repr__(&self) -> String {
        format!(
            "CloneResult(id={}, name={}, environment={}, tags={}, settled={})",
            maybe(self.result.id.as_ref()),
            maybe(self.result.name.as_ref()),
            maybe(self.result.environment.as_ref()),
            self.result.tags.as_ref().map_or_else(|| "None".to_owned(), |tags| tuple(tags)),
            if self.result.settled { "True" } else { "False" }
        )
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.project)
    }
}

/// How far a started clone is. Frozen; equal by its fields.
#[pyclass(frozen, module = "descope_projects")]
pub(crate) struct CloneStatus(core::CloneStatus);

impl From<core::CloneStatus> for CloneStatus {
    fn from(status: core::CloneStatus) -> Self {
        Self(status)
    }
}

impl CloneStatus {
    fn result(&self) -> Option<&core::CloneResult> {
        match &self.0 {
            core::CloneStatus::Done(result) => Some(result),
            core::CloneStatus::Running | core::CloneStatus::Failed { .. } => None,
        }
    }
}

#[pymethods]
impl CloneStatus {
    #[classattr]
    #[pyo3(name = "__match_args__")]
    const MATCH_ARGS: (&'static str, &'static str, &'static str, &'static str) = ("state", "id", "name", "error");

    /// Whether it still runs, and how it ended.
    #[getter]
    fn state(&self) -> &'static str {
        match self.0 {
            core::CloneStatus::Running => "running",
            core::CloneStatus::Done(_) => "done",
            core::CloneStatus::Failed { .. } => "failed",
        }
    }

    /// The new project's id (`P…`), once it is there.
    #[getter]
    fn id(&self) -> Option<&str> {
        self.result()?.id.as_deref()
    }

    /// Its name, once it is there.
    #[getter]
    fn name(&self) -> Option<&str> {
        self.result()?.name.as_deref()
    }

    /// Why it failed, in the server's words.
    #[getter]
    fn error(&self) -> Option<&str> {
        match &self.0 {
            core::CloneStatus::Failed { error } => Some(error),
            core::CloneStatus::Running | core::CloneStatus::Done(_) => None,
        }
    }

    /// Fields that the server added since; a new dict each time.
    #[getter]
    fn extra<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let none = Map::new();
        json::value_to_python(py, self.result().map_or(&none, |result| &result.extra))
    }

    /// All fields as a dict, `extra` included.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("state", self.state())?;
        dict.set_item("id", self.id())?;
        dict.set_item("name", self.name())?;
        dict.set_item("error", self.error())?;
        dict.set_item("extra", self.extra(py)?)?;
        Ok(dict)
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().0 == self.0)
    }

    fn __hash__(&self) -> u64 {
        hash_of(&(self.state(), self.id(), self.name(), self.error()))
    }

    #[staticmethod]
    fn _unpickle(fields: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self(serde_from(fields)?))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Reduced<'py>> {
        reduced(slf.as_any(), json::value_to_python(slf.py(), &slf.get().0)?)
    }

    fn __repr__(&self) -> String {
        let quote = |text: Option<&str>| text.map_or_else(|| "None".to_owned(), quoted);
        format!(
            "CloneStatus(state={}, id={}, name={}, error={})",
            quoted(self.state()),
            quote(self.id()),
            quote(self.name()),
            quote(self.error())
        )
    }
}

/// What a pickle is made of: a function, and its arguments.
pub(crate) type Reduced<'py> = (Bound<'py, PyAny>, (Bound<'py, PyAny>,));

pub(crate) fn reduced<'py>(of: &Bound<'py, PyAny>, fields: Bound<'py, PyAny>) -> PyResult<Reduced<'py>> {
    Ok((of.get_type().getattr("_unpickle")?, (fields,)))
}

pub(crate) fn serde_from<T: serde::de::DeserializeOwned>(fields: &Bound<'_, PyAny>) -> PyResult<T> {
    serde_json::from_slice(&json::from_python(fields, "fields")?)
        .map_err(|error| pyo3::exceptions::PyValueError::new_err(error.to_string()))
}

fn extra_from(extra: Option<&Bound<'_, PyAny>>) -> PyResult<Map<String, Value>> {
    let Some(extra) = extra else { return Ok(Map::new()) };
    let json = json::from_python(extra, "extra")?;
    serde_json::from_slice(&json).map_err(|_| pyo3::exceptions::PyTypeError::new_err("extra must be a dict"))
}

/// As Python would quote it.
pub(crate) fn quoted(text: &str) -> String {
    let escaped: String = text
        .chars()
        .flat_map(|character| match character {
            '\'' | '\\' | '\n' | '\r' | '\t' => character.escape_default().collect::<Vec<_>>(),
            control if control.is_control() => control.escape_unicode().collect(),
            other => vec![other],
        })
        .collect();
    format!("'{escaped}'")
}

fn maybe(text: Option<&String>) -> String {
    text.map_or_else(|| "None".to_owned(), |text| quoted(text))
}

pub(crate) fn tuple(texts: &[String]) -> String {
    let inner: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    if inner.len() == 1 { format!("({},)", inner[0]) } else { format!("({})", inner.join(", ")) }
}

pub(crate) fn hash_of(fields: &impl Hash) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    fields.hash(&mut hasher);
    hasher.finish()
}
