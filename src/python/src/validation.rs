//! `Validation` and `MissingSecret`: what the server says of a snapshot.

use descope_projects_core::client as core;
use descope_projects_core::{Error, ErrorKind};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::json;
use crate::results::{Reduced, hash_of, quoted, reduced, serde_from, tuple};

/// A secret that an import would need. Frozen; equal by its fields.
#[pyclass(frozen, eq, hash, module = "descope_projects")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct MissingSecret(core::MissingSecret);

#[pymethods]
impl MissingSecret {
    #[classattr]
    #[pyo3(name = "__match_args__")]
    const MATCH_ARGS: (&'static str, &'static str, &'static str, &'static str) = ("group", "id", "name", "type");

    /// The key of `InputSecrets` under which to send it.
    #[getter]
    fn group(&self) -> &'static str {
        self.0.group.as_str()
    }
    /// The entity's id in the files that were sent.
    #[getter]
    fn id(&self) -> &str {
        &self.0.id
    }
    /// The entity's name.
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }
    /// Which secret of the entity, for example `apiKey`.
    #[getter]
    fn r#type(&self) -> &str {
        &self.0.kind
    }

    /// All fields as a dict.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("group", self.group())?;
        dict.set_item("id", self.id())?;
        dict.set_item("name", self.name())?;
        dict.set_item("type", self.r#type())?;
        Ok(dict)
    }

    #[staticmethod]
    fn _unpickle(fields: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self(serde_from(fields)?))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Reduced<'py>> {
        reduced(slf.as_any(), json::value_to_python(slf.py(), &slf.get().0)?)
    }

    fn __repr__(&self) -> String {
        format!(
            "MissingSecret(group={}, id={}, name={}, type={})",
            quoted(self.0.group.as_str()),
            quoted(&self.0.id),
            quoted(&self.0.name),
            quoted(&self.0.kind)
        )
    }
}

/// What the server says of a snapshot. Frozen; equal by its fields; true if the snapshot could be imported.
#[pyclass(frozen, module = "descope_projects")]
pub(crate) struct Validation(core::Validation, Option<String>);

impl From<core::Validation> for Validation {
    fn from(validation: core::Validation) -> Self {
        Self(validation, None)
    }
}

impl Validation {
    /// What was said of a snapshot for this project.
    pub(crate) fn of(validation: core::Validation, project_id: &str) -> Self {
        Self(validation, Some(project_id.to_owned()))
    }
}

#[pymethods]
impl Validation {
    #[classattr]
    #[pyo3(name = "__match_args__")]
    const MATCH_ARGS: (&'static str, &'static str, &'static str) = ("ok", "failures", "missing_secrets");

    /// Whether it could be imported: nothing failed, and no secret is missing.
    #[getter]
    fn ok(&self) -> bool {
        self.0.ok
    }
    /// Why not, a sentence each.
    #[getter]
    fn failures<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0.failures)
    }
    /// The secrets that an import would need.
    #[getter]
    fn missing_secrets<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let secrets = self.0.missing_secrets.iter().cloned().map(MissingSecret).map(|one| one.into_pyobject(py));
        PyTuple::new(py, secrets.collect::<PyResult<Vec<_>>>()?)
    }

    /// All fields as a dict; a secret is a dict too.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let missing = self.0.missing_secrets.iter().cloned().map(|secret| MissingSecret(secret).to_dict(py));
        let dict = PyDict::new(py);
        dict.set_item("ok", self.0.ok)?;
        dict.set_item("failures", &self.0.failures)?;
        dict.set_item("missing_secrets", missing.collect::<PyResult<Vec<_>>>()?)?;
        Ok(dict)
    }

    /// Does nothing if the snapshot could be imported.
    ///
    /// Raises:
    ///     ValidationFailed: It could not; `.validation` is this.
    ///
    /// Example:
    ///     >>> client.own_project.validate_snapshot(snapshot).check()
    fn check(&self, py: Python<'_>) -> PyResult<()> {
        if self.0.ok {
            return Ok(());
        }
        let error = Error::new(ErrorKind::ValidationFailed, self.0.to_string()).with(|details| {
            details.operation = Some("validate_snapshot".to_owned());
            details.project_id.clone_from(&self.1);
            details.validation = Some(self.0.clone());
        });
        Err(crate::errors::to_python(py, error))
    }

    fn __bool__(&self) -> bool {
        self.0.ok
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().0 == self.0)
    }

    fn __hash__(&self) -> u64 {
        hash_of(&self.0)
    }

    #[staticmethod]
    fn _unpickle(fields: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self(serde_from(fields)?, None))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Reduced<'py>> {
        reduced(slf.as_any(), json::value_to_python(slf.py(), &slf.get().0)?)
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
