//! `Entity`: one thing that a snapshot describes.

use descope_projects_core::snapshot as core;
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::json;
use crate::results::quoted;
use crate::snapshot::{Snapshot, raise};

/// What a pickle is made of: a function, and the entity's snapshot, its kind and its place in it.
type ReducedEntity<'py> = (Bound<'py, PyAny>, (Bound<'py, Snapshot>, &'static str, (String, String)));

/// One thing that a snapshot describes. Frozen; equal by its fields.
#[pyclass(frozen, module = "descope_projects")]
pub(crate) struct Entity(core::Entity);

impl From<core::Entity> for Entity {
    fn from(entity: core::Entity) -> Self {
        Self(entity)
    }
}

impl Entity {
    fn fields(&self) -> (&str, &str, Option<&str>, &[String]) {
        (self.0.kind.as_str(), &self.0.name, self.0.id.as_deref(), &self.0.paths)
    }
}

#[pymethods]
impl Entity {
    #[classattr]
    #[pyo3(name = "__match_args__")]
    const MATCH_ARGS: (&'static str, &'static str, &'static str, &'static str) = ("kind", "name", "id", "paths");

    /// What it is, for example `flow` or `connector`.
    #[getter]
    fn kind(&self) -> &'static str {
        self.0.kind.as_str()
    }

    /// What it is called: its identity between projects.
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    /// Its id in this project, if it has one.
    #[getter]
    fn id(&self) -> Option<&str> {
        self.0.id.as_deref()
    }

    /// The files that it is in.
    #[getter]
    fn paths<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0.paths)
    }

    /// Its content as Python objects; a new object each time.
    #[getter]
    fn value<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        json::to_python(py, &self.0.value().map_err(|error| raise(py, error))?, false)
    }

    /// The snapshot goes with it, for the value is a piece of that.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<ReducedEntity<'py>> {
        let this = &slf.get().0;
        let snapshot = Snapshot::from(this.snapshot().clone()).into_pyobject(slf.py())?;
        let unpickle = slf.get_type().getattr("_unpickle")?;
        Ok((unpickle, (snapshot, this.kind.as_str(), this.place.clone())))
    }

    #[staticmethod]
    fn _unpickle(py: Python<'_>, snapshot: &Snapshot, kind: &str, place: (String, String)) -> PyResult<Self> {
        let found = snapshot.core().entities(None).map_err(|error| raise(py, error))?;
        let wanted = found.into_iter().find(|entity| entity.kind.as_str() == kind && entity.place == place);
        wanted.map(Self).ok_or_else(|| PyKeyError::new_err(place.0))
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = other.py();
        let Ok(other) = other.cast::<Self>() else { return Ok(false) };
        let other = other.get();
        if self.fields() != other.fields() {
            return Ok(false);
        }
        let value = |entity: &Self| entity.0.value().map_err(|error| raise(py, error));
        Ok(value(self)? == value(other)?)
    }

    fn __hash__(&self) -> u64 {
        use std::hash::{Hash as _, Hasher as _};
        let mut hasher = std::hash::DefaultHasher::new();
        self.fields().hash(&mut hasher);
        hasher.finish()
    }

    fn __repr__(&self) -> String {
        let id = self.0.id.as_deref().map(|id| format!(", id={}", quoted(id))).unwrap_or_default();
        format!("Entity(kind={}, name={}{id})", quoted(self.0.kind.as_str()), quoted(&self.0.name))
    }
}
