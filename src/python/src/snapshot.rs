//! `Snapshot`: the core's snapshot as a mapping.

use std::fmt::Write as _;
use std::path::PathBuf;

use bytes::Bytes;
use descope_projects_core::Error;
use descope_projects_core::snapshot::{self as core, FileValue};
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};

use crate::results::quoted;
use crate::{blocking, errors, json, options};

#[pyclass(frozen, mapping, weakref, module = "descope_projects")]
pub(crate) struct Snapshot(core::Snapshot);

impl From<core::Snapshot> for Snapshot {
    fn from(snapshot: core::Snapshot) -> Self {
        Self(snapshot)
    }
}

impl Snapshot {
    pub(crate) fn core(&self) -> &core::Snapshot {
        &self.0
    }

    fn value<'py>(&self, py: Python<'py>, path: &str, decimal: bool) -> PyResult<Bound<'py, PyAny>> {
        let value = self.0.value(path).map_err(|error| raise(py, error))?;
        match found(path, value)? {
            FileValue::Json(text) => json::to_python(py, text, decimal).map_err(|error| {
                let message = format!("`{path}` cannot be parsed: {}", error.value(py));
                errors::to_python(
                    py,
                    Error::new(descope_projects_core::ErrorKind::Snapshot, message)
                        .with(|details| details.path = Some(path.to_owned())),
                )
            }),
            FileValue::Text(text) => Ok(PyString::new(py, &text).into_any()),
            FileValue::Image(bytes) => Ok(PyBytes::new(py, &bytes).into_any()),
        }
    }

    fn paths<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.0.paths())
    }
}

/// What a pickle is made of: a function, and its arguments.
type Reduced<'py> = (Bound<'py, PyAny>, (Bound<'py, PyBytes>, bool));

#[derive(serde::Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct WriteOptions {
    force: Option<bool>,
    allow_secrets: Option<bool>,
    durable: Option<bool>,
}

#[pymethods]
impl Snapshot {
    #[staticmethod]
    fn from_files(files: &Bound<'_, PyAny>) -> PyResult<Self> {
        if files.cast::<Self>().is_err() && files.cast::<PyDict>().is_err() && !files.hasattr("keys")? {
            let kind = options::kind_of(files);
            return Err(errors::configuration(
                files.py(),
                format!("from_files: `files`: expected a mapping of path to value, got {kind}"),
            ));
        }
        from_mapping(files).map(Self)
    }

    #[staticmethod]
    fn read(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        blocking::off_the_interpreter(py, || core::Snapshot::read(&path)).map(Self).map_err(|error| raise(py, error))
    }

    #[pyo3(signature = (path, options = None, /, **keywords))]
    fn write(
        &self,
        py: Python<'_>,
        path: PathBuf,
        options: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        let given: WriteOptions = options::decode(py, "write", options, keywords)?;
        let options = core::WriteOptions {
            force: given.force.unwrap_or(false),
            allow_secrets: given.allow_secrets.unwrap_or(false),
            durable: given.durable.unwrap_or(false),
        };
        blocking::off_the_interpreter(py, || self.0.write(&path, &options)).map(drop).map_err(|error| raise(py, error))
    }

    fn to_files<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let files = PyDict::new(py);
        for path in self.0.paths() {
            files.set_item(path, self.value(py, path, false)?)?;
        }
        Ok(files)
    }

    fn raw<'py>(&self, py: Python<'py>, path: &str) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &found(path, self.0.raw(path))?))
    }

    fn content<'py>(&self, py: Python<'py>, path: &str) -> PyResult<Bound<'py, PyBytes>> {
        found(path, self.0.contains(path).then_some(()))?;
        Ok(PyBytes::new(py, &self.0.content(path).map_err(|error| raise(py, error))?))
    }

    #[pyo3(signature = (path, *, decimal = false))]
    fn json<'py>(&self, py: Python<'py>, path: &str, decimal: bool) -> PyResult<Bound<'py, PyAny>> {
        let value = self.0.value(path).map_err(|error| raise(py, error))?;
        if !matches!(found(path, value)?, FileValue::Json(_)) {
            let message = format!("`{path}` is no JSON file");
            return Err(errors::to_python(
                py,
                Error::new(descope_projects_core::ErrorKind::Snapshot, message)
                    .with(|details| details.path = Some(path.to_owned())),
            ));
        }
        self.value(py, path, decimal)
    }

    #[getter]
    fn digest(&self, py: Python<'_>) -> PyResult<String> {
        blocking::off_the_interpreter(py, || self.0.digest()).map_err(|error| raise(py, error))
    }

    #[getter]
    fn semantic_digest(&self, py: Python<'_>) -> PyResult<String> {
        blocking::off_the_interpreter(py, || self.0.semantic_digest()).map_err(|error| raise(py, error))
    }

    #[pyo3(signature = (pattern = None))]
    fn entities<'py>(&self, py: Python<'py>, pattern: Option<&str>) -> PyResult<Bound<'py, PyList>> {
        let found = blocking::off_the_interpreter(py, || self.0.entities(pattern)).map_err(|error| raise(py, error))?;
        let entities = found.into_iter().map(|entity| Entity(entity).into_pyobject(py));
        PyList::new(py, entities.collect::<PyResult<Vec<_>>>()?)
    }

    #[getter]
    fn size(&self) -> u64 {
        self.0.size()
    }

    #[getter]
    fn partial(&self) -> bool {
        self.0.partial()
    }

    #[getter]
    fn contains_secrets(&self) -> bool {
        self.0.contains_secrets()
    }

    #[getter]
    fn skipped<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.skipped().iter().map(|skipped| skipped.path.as_str()))
    }

    fn __getitem__<'py>(&self, py: Python<'py>, path: &str) -> PyResult<Bound<'py, PyAny>> {
        self.value(py, path, false)
    }

    #[pyo3(signature = (path, default = None, /))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        path: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match path.extract::<&str>() {
            Ok(path) if self.0.contains(path) => self.value(py, path, false),
            _ => Ok(default.unwrap_or_else(|| py.None().into_bound(py))),
        }
    }

    fn __contains__(&self, path: &Bound<'_, PyAny>) -> bool {
        path.extract::<&str>().is_ok_and(|path| self.0.contains(path))
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.paths(py)?.try_iter()?.into_any())
    }

    fn keys<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        view(slf, "KeysView")
    }

    fn values<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        view(slf, "ValuesView")
    }

    fn items<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        view(slf, "ItemsView")
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Ok(other) = other.cast::<Self>() else { return Ok(false) };
        let other = &other.get().0;
        let equal = blocking::off_the_interpreter(py, || Ok(self.0.digest()? == other.digest()?));
        equal.map_err(|error| raise(py, error))
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<u64> {
        use std::hash::{Hash as _, Hasher as _};
        let mut hasher = std::hash::DefaultHasher::new();
        self.digest(py)?.hash(&mut hasher);
        Ok(hasher.finish())
    }

    fn __repr__(&self) -> String {
        let mut notes = String::new();
        if self.0.partial() {
            notes.push_str(", partial");
        }
        if self.0.contains_secrets() {
            notes.push_str(", contains secrets");
        }
        let skipped = self.0.skipped().len();
        if skipped > 0 {
            let _ = write!(notes, ", {skipped} files skipped");
        }
        format!("<Snapshot: {} files, {} bytes{notes}>", self.0.len(), self.0.size())
    }

    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        display(slf.py(), "snapshot_html", slf.as_any())
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Reduced<'py>> {
        let py = slf.py();
        let snapshot = &slf.get().0;
        if snapshot.contains_secrets() {
            return Err(errors::configuration(
                py,
                "a snapshot that contains secrets cannot be pickled; write it with allow_secrets=True if it must be kept",
            ));
        }
        let mut text = Vec::with_capacity(usize::try_from(snapshot.size()).unwrap_or(0));
        for chunk in snapshot.wire_chunks() {
            text.extend_from_slice(&chunk);
        }
        Ok((slf.get_type().getattr("_unpickle")?, (PyBytes::new(py, &text), snapshot.partial())))
    }

    #[staticmethod]
    fn _unpickle(py: Python<'_>, files: &[u8], partial: bool) -> PyResult<Self> {
        let mut body = Vec::with_capacity(files.len() + 10);
        body.extend_from_slice(b"{\"files\":");
        body.extend_from_slice(files);
        body.push(b'}');
        let snapshot =
            core::Snapshot::from_export(Bytes::from(body), core::Origin::Files).map_err(|error| raise(py, error))?;
        Ok(Self(if partial { snapshot.as_part() } else { snapshot }))
    }
}

/// One thing that a snapshot describes. Frozen; equal by its fields.
#[pyclass(frozen, module = "descope_projects")]
pub(crate) struct Entity(core::Entity);

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

    #[getter]
    fn kind(&self) -> &'static str {
        self.0.kind.as_str()
    }

    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    #[getter]
    fn id(&self) -> Option<&str> {
        self.0.id.as_deref()
    }

    #[getter]
    fn paths<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0.paths)
    }

    #[getter]
    fn value<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        json::to_python(py, &self.0.value().map_err(|error| raise(py, error))?, false)
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

fn found<T>(path: &str, value: Option<T>) -> PyResult<T> {
    value.ok_or_else(|| PyKeyError::new_err(path.to_owned()))
}

fn raise(py: Python<'_>, error: core::SnapshotError) -> PyErr {
    errors::to_python(py, Error::from(error))
}

fn view<'py>(snapshot: &Bound<'py, Snapshot>, class: &str) -> PyResult<Bound<'py, PyAny>> {
    snapshot.py().import("_collections_abc")?.call_method1(class, (snapshot,))
}

/// Any mapping of path to value: JSON values, `str` for text and base64, `bytes` for images.
pub(crate) fn from_mapping(files: &Bound<'_, PyAny>) -> PyResult<core::Snapshot> {
    let py = files.py();
    if let Ok(snapshot) = files.cast::<Snapshot>() {
        return Ok(snapshot.get().0.clone());
    }
    let mut values = Vec::new();
    for path in files.call_method0("keys")?.try_iter()? {
        let path = path?;
        let value = files.get_item(&path)?;
        let Ok(path) = path.extract::<String>() else {
            let message = format!("`files`: a path must be a string, got {}", options::kind_of(&path));
            return Err(errors::configuration(py, message));
        };
        let json = if let Ok(bytes) = value.cast::<PyBytes>() {
            use base64::Engine as _;
            let text = base64::engine::general_purpose::STANDARD.encode(bytes.as_bytes());
            Bytes::from(serde_json::Value::from(text).to_string())
        } else {
            json::from_python(&value, &format!("files[{path:?}]"))?
        };
        values.push((path, json));
    }
    core::Snapshot::from_values(values).map_err(|error| raise(py, error))
}

/// What a notebook shows, by a function of `descope_projects._display`.
pub(crate) fn display(py: Python<'_>, function: &str, of: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    Ok(py.import("descope_projects._display")?.call_method1(function, (of,))?.unbind())
}

/// Makes `isinstance(snapshot, Mapping)` true; the abstract class is loaded by every interpreter at its start.
pub(crate) fn register_mapping(py: Python<'_>) -> PyResult<()> {
    py.import("_collections_abc")?.getattr("Mapping")?.call_method1("register", (py.get_type::<Snapshot>(),))?;
    Ok(())
}
