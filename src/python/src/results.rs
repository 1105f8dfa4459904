//! What calls return: small frozen classes.

use std::hash::{Hash, Hasher};

use descope_projects_core::client as core;
use descope_projects_core::{Error, ErrorKind, Written, wire};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use serde_json::{Map, Value};

use crate::json;

/// One project of the list.
///
/// Attributes:
///     id: The project's id, `P…`.
///     name: Its name; not unique. `None` if the server gave none.
///     environment: `"production"`, or `None`.
///     tags: Its tags, in the server's order; empty if it has none.
///     extra: Fields that the server added since, as a new dict each time.
///
/// Two are equal when all of that is equal. Source: the vendor's `projects/list`.
#[pyclass(frozen, eq, hash, module = "descope_projects", from_py_object)]
#[derive(Clone, PartialEq)]
pub(crate) struct ProjectInfo {
    #[pyo3(get)]
    id: String,
    #[pyo3(get)]
    name: Option<String>,
    #[pyo3(get)]
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
    #[pyo3(signature = (id, name = None, environment = None, tags = Vec::new(), extra = None))]
    fn new(
        id: String,
        name: Option<String>,
        environment: Option<String>,
        tags: Vec<String>,
        extra: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        Ok(Self { id, name, environment, tags, extra: extra_from(extra)? })
    }

    #[getter]
    fn tags<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.tags)
    }

    #[getter]
    fn extra<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        json::value_to_python(py, &self.extra)
    }

    /// The attributes as a new dict.
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

    #[getter]
    fn id(&self) -> Option<&str> {
        self.result.id.as_deref()
    }

    #[getter]
    fn name(&self) -> Option<&str> {
        self.result.name.as_deref()
    }

    #[getter]
    fn environment(&self) -> Option<&str> {
        self.result.environment.as_deref()
    }

    #[getter]
    fn tags<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        self.result.tags.as_ref().map(|tags| PyTuple::new(py, tags)).transpose()
    }

    #[getter]
    fn project(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
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

    #[getter]
    fn settled(&self) -> bool {
        self.result.settled
    }

    #[getter]
    fn extra<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        json::value_to_python(py, &self.result.extra)
    }

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

    #[getter]
    fn state(&self) -> &'static str {
        match self.0 {
            core::CloneStatus::Running => "running",
            core::CloneStatus::Done(_) => "done",
            core::CloneStatus::Failed { .. } => "failed",
        }
    }

    #[getter]
    fn id(&self) -> Option<&str> {
        self.result()?.id.as_deref()
    }

    #[getter]
    fn name(&self) -> Option<&str> {
        self.result()?.name.as_deref()
    }

    #[getter]
    fn error(&self) -> Option<&str> {
        match &self.0 {
            core::CloneStatus::Failed { error } => Some(error),
            core::CloneStatus::Running | core::CloneStatus::Done(_) => None,
        }
    }

    #[getter]
    fn extra<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let none = Map::new();
        json::value_to_python(py, self.result().map_or(&none, |result| &result.extra))
    }

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

/// A secret that an import would need.
///
/// Attributes:
///     group: `"connectors"`, `"oauth_providers"`, `"outbound_apps"` or `"external_auth"`: the key in `input_secrets`.
///     id: The entity's id in the files that were sent.
///     name: The entity's name.
///     type: Which secret of the entity, for example `"apiKey"`.
#[pyclass(frozen, eq, hash, module = "descope_projects")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct MissingSecret(core::MissingSecret);

#[pymethods]
impl MissingSecret {
    #[classattr]
    #[pyo3(name = "__match_args__")]
    const MATCH_ARGS: (&'static str, &'static str, &'static str, &'static str) = ("group", "id", "name", "type");

    #[getter]
    fn group(&self) -> &'static str {
        self.0.group
    }
    #[getter]
    fn id(&self) -> &str {
        &self.0.id
    }
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }
    #[getter]
    fn r#type(&self) -> &str {
        &self.0.kind
    }

    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("group", self.group())?;
        dict.set_item("id", self.id())?;
        dict.set_item("name", self.name())?;
        dict.set_item("type", self.r#type())?;
        Ok(dict)
    }

    fn __repr__(&self) -> String {
        format!(
            "MissingSecret(group={}, id={}, name={}, type={})",
            quoted(self.0.group),
            quoted(&self.0.id),
            quoted(&self.0.name),
            quoted(&self.0.kind)
        )
    }
}

/// What the server says of a snapshot; true exactly when it could be imported.
///
/// Attributes:
///     ok: Whether it could be imported.
///     failures: Why not, a sentence each.
///     missing_secrets: The secrets that an import would need, as `MissingSecret`.
#[pyclass(frozen, eq, hash, module = "descope_projects")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Validation(core::Validation);

impl From<core::Validation> for Validation {
    fn from(validation: core::Validation) -> Self {
        Self(validation)
    }
}

#[pymethods]
impl Validation {
    #[classattr]
    #[pyo3(name = "__match_args__")]
    const MATCH_ARGS: (&'static str, &'static str, &'static str) = ("ok", "failures", "missing_secrets");

    #[getter]
    fn ok(&self) -> bool {
        self.0.ok
    }
    #[getter]
    fn failures<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0.failures)
    }
    #[getter]
    fn missing_secrets<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let secrets = self.0.missing_secrets.iter().cloned().map(MissingSecret).map(|one| one.into_pyobject(py));
        PyTuple::new(py, secrets.collect::<PyResult<Vec<_>>>()?)
    }

    /// The attributes as a new dict.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let missing = self.0.missing_secrets.iter().cloned().map(|secret| MissingSecret(secret).to_dict(py));
        let dict = PyDict::new(py);
        dict.set_item("ok", self.0.ok)?;
        dict.set_item("failures", &self.0.failures)?;
        dict.set_item("missing_secrets", missing.collect::<PyResult<Vec<_>>>()?)?;
        Ok(dict)
    }

    fn check(&self, py: Python<'_>) -> PyResult<()> {
        if self.0.ok {
            return Ok(());
        }
        let error = Error::new(ErrorKind::ValidationFailed, self.0.to_string()).with(|details| {
            details.operation = Some("validate_snapshot".to_owned());
            details.validation = Some(self.0.clone());
        });
        Err(crate::errors::to_python(py, error))
    }

    fn __bool__(&self) -> bool {
        self.0.ok
    }

    fn __repr__(&self) -> String {
        format!(
            "Validation(ok={}, failures={}, missing_secrets={})",
            if self.0.ok { "True" } else { "False" },
            tuple(&self.0.failures),
            tuple(&self.0.missing_secrets.iter().map(|one| format!("{}:{}", one.name, one.kind)).collect::<Vec<_>>())
        )
    }
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

fn tuple(texts: &[String]) -> String {
    let inner: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    if inner.len() == 1 { format!("({},)", inner[0]) } else { format!("({})", inner.join(", ")) }
}

fn hash_of(fields: &impl Hash) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    fields.hash(&mut hasher);
    hasher.finish()
}
