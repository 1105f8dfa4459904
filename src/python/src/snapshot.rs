//! `Snapshot`: the core's snapshot as a mapping.

use std::fmt::Write as _;
use std::path::PathBuf;

use bytes::Bytes;
use descope_projects_core::Error;
use descope_projects_core::snapshot::{self as core, FileValue};
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};

use crate::entity::Entity;
use crate::{blocking, errors, json, options};

/// A project's configuration as files: an immutable mapping of path to value, held as received.
///
/// A value is parsed when it is read, a new object each time: JSON as Python objects, text as `str`, an image as its
/// decoded `bytes`. Files that nobody touches are sent and written from the bytes that were received. Two snapshots are
/// equal if their `digest` is. Made by an export, `read` or `from_files`.
///
/// Example:
///     >>> snapshot = Snapshot.from_files({"project.json": {"domain": "example.com"}, "assets/notice.txt": "Hello"})
///     >>> snapshot["project.json"]["domain"]
///     'example.com'
///     >>> [path for path in snapshot if path.startswith("assets/")]
///     ['assets/notice.txt']
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
    /// A snapshot of these files, for example an export's `files` or what `to_files` gave.
    ///
    /// Args:
    ///     files: Path to value: JSON objects, `str` for text, `bytes` or base64 for images.
    ///
    /// Raises:
    ///     SnapshotError: A value is none of these, or `files` is an export's wrapper `{"files": …}`.
    ///     UnsafePath: A path could not be a file's in every directory.
    ///
    /// Example:
    ///     >>> Snapshot.from_files({"project.json": {}}).partial
    ///     False
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

    /// Reads a directory or `.zip` that `write` or the vendor's command line made.
    ///
    /// A file that cannot be one of a snapshot is left out and named in `skipped`. If a killed `write` left a directory
    /// between two snapshots, the newer one is finished first.
    ///
    /// Args:
    ///     path: The directory, or a file whose name ends in `.zip`.
    ///
    /// Raises:
    ///     SnapshotError: Nothing is there, or a file cannot be read or parsed; the error names it.
    ///     UnsafePath: A path would leave the directory, or an archive holds one that would.
    ///
    /// Example:
    ///     >>> snapshot.write(directory / "staging")
    ///     >>> Snapshot.read(directory / "staging") == snapshot
    ///     True
    #[staticmethod]
    fn read(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        blocking::off_the_interpreter(py, || core::Snapshot::read(&path)).map(Self).map_err(|error| raise(py, error))
    }

    /// Writes a directory or `.zip`, so that the vendor's command line can read it too.
    ///
    /// Nobody reads a mixture of old and new, even if this process is killed. Of what is there, only files of the
    /// snapshot that was there before are removed.
    ///
    /// Args:
    ///     path: The directory, made if it is not there, or a file whose name ends in `.zip`.
    ///     options: `WriteOptions` as a dict: `force`, `allow_secrets`, `durable`.
    ///     **keywords: The same keys as keywords.
    ///
    /// Raises:
    ///     SnapshotError: The directory is no snapshot (see `force`), the snapshot holds secrets (see `allow_secrets`),
    ///         or the system refused.
    ///     UnsafePath: A path would leave the directory.
    ///
    /// Example:
    ///     >>> snapshot.write(directory / "staging.zip", {"durable": True})
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

    /// All files as a dict of path to value, every one parsed.
    ///
    /// Example:
    ///     >>> Snapshot.from_files(snapshot.to_files()) == snapshot
    ///     True
    fn to_files<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let files = PyDict::new(py);
        for path in self.0.paths() {
            files.set_item(path, self.value(py, path, false)?)?;
        }
        Ok(files)
    }

    /// The value's JSON text as received: for text and images the quoted string.
    ///
    /// Args:
    ///     path: Of which file.
    ///
    /// Raises:
    ///     KeyError: There is no such file.
    ///
    /// Example:
    ///     >>> Snapshot.from_files({"project.json": {"domain": "example.com"}}).raw("project.json")
    ///     b'{"domain":"example.com"}'
    fn raw<'py>(&self, py: Python<'py>, path: &str) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &found(path, self.0.raw(path))?))
    }

    /// The file's bytes as `write` writes them.
    ///
    /// Args:
    ///     path: Of which file.
    ///
    /// Raises:
    ///     KeyError: There is no such file.
    ///     SnapshotError: The value is not what its name says.
    ///
    /// Example:
    ///     >>> print(Snapshot.from_files({"project.json": {"domain": "example.com"}}).content("project.json").decode())
    ///     {
    ///       "domain": "example.com"
    ///     }
    ///     <BLANKLINE>
    fn content<'py>(&self, py: Python<'py>, path: &str) -> PyResult<Bound<'py, PyBytes>> {
        found(path, self.0.contains(path).then_some(()))?;
        Ok(PyBytes::new(py, &self.0.content(path).map_err(|error| raise(py, error))?))
    }

    /// The value of a JSON file as Python objects.
    ///
    /// Args:
    ///     path: Of which file.
    ///     decimal: Give numbers with a fraction or exponent as `Decimal`, with the digits received, not as `float`.
    ///
    /// Raises:
    ///     KeyError: There is no such file.
    ///     SnapshotError: It is not JSON.
    ///
    /// Example:
    ///     >>> Snapshot.from_files({"project.json": {"domain": "example.com"}}).json("project.json")
    ///     {'domain': 'example.com'}
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

    /// SHA-256 over the canonical form of all files: equal content, whatever the key order and formatting.
    #[getter]
    fn digest(&self, py: Python<'_>) -> PyResult<String> {
        blocking::off_the_interpreter(py, || self.0.digest()).map_err(|error| raise(py, error))
    }

    /// The digest after the noise rules, behind their version (`n1:…`): two exports of an untouched project agree.
    #[getter]
    fn semantic_digest(&self, py: Python<'_>) -> PyResult<String> {
        blocking::off_the_interpreter(py, || self.0.semantic_digest()).map_err(|error| raise(py, error))
    }

    /// The things that the files describe: flows, connectors, roles, settings and so on.
    ///
    /// Args:
    ///     pattern: `kind:name`, with `*` in both, for example `flow:sign-*`; `*` alone is everything.
    ///
    /// Raises:
    ///     SnapshotError: The pattern's kind is not one, or nothing here matches it; the nearest right one is named.
    ///
    /// Example:
    ///     >>> all(entity.kind == "flow" for entity in snapshot.entities("flow:*"))
    ///     True
    #[pyo3(signature = (pattern = "*"))]
    fn entities<'py>(&self, py: Python<'py>, pattern: &str) -> PyResult<Bound<'py, PyList>> {
        let found = blocking::off_the_interpreter(py, || self.0.entities((pattern != "*").then_some(pattern)))
            .map_err(|error| raise(py, error))?;
        let entities = found.into_iter().map(|entity| Entity::from(entity).into_pyobject(py));
        PyList::new(py, entities.collect::<PyResult<Vec<_>>>()?)
    }

    /// The size of all values as received, in bytes.
    #[getter]
    fn size(&self) -> u64 {
        self.0.size()
    }

    /// Whether this is a part: an import of it would delete what it lacks, and is refused.
    #[getter]
    fn partial(&self) -> bool {
        self.0.partial()
    }

    /// Whether secrets may be in it: it comes from `export_project`, or holds a literal one.
    #[getter]
    fn contains_secrets(&self) -> bool {
        self.0.contains_secrets()
    }

    /// The paths of files that `read` found and left out, because they can be no part of a snapshot.
    #[getter]
    fn skipped<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.skipped().iter().map(|skipped| skipped.path.as_str()))
    }

    fn __getitem__<'py>(&self, py: Python<'py>, path: &str) -> PyResult<Bound<'py, PyAny>> {
        self.value(py, path, false)
    }

    /// The value of a file, or `default` if there is no such file.
    ///
    /// Args:
    ///     path: Of which file.
    ///     default: What to return instead.
    ///
    /// Raises:
    ///     SnapshotError: The value is not what its name says.
    ///
    /// Example:
    ///     >>> snapshot.get("no-such-file.json", {})
    ///     {}
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

    /// The paths, sorted.
    ///
    /// Example:
    ///     >>> list(snapshot.keys()) == sorted(snapshot)
    ///     True
    fn keys<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        view(slf, "KeysView")
    }

    /// The values, in the order of the paths; each is parsed when it is reached.
    ///
    /// Example:
    ///     >>> len(snapshot.values()) == len(snapshot)
    ///     True
    fn values<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        view(slf, "ValuesView")
    }

    /// Pairs of path and value, in the order of the paths; each value is parsed when it is reached.
    ///
    /// Example:
    ///     >>> dict(snapshot.items()) == snapshot.to_files()
    ///     True
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

fn found<T>(path: &str, value: Option<T>) -> PyResult<T> {
    value.ok_or_else(|| PyKeyError::new_err(path.to_owned()))
}

pub(crate) fn raise(py: Python<'_>, error: core::SnapshotError) -> PyErr {
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
    if files.len()? == 1 && files.contains("files")? && files.get_item("files")?.hasattr("keys")? {
        // Before its values are converted, or the first image in it would hide what is wrong.
        let wrapper = [("files".to_owned(), Bytes::from_static(b"{}"))];
        return core::Snapshot::from_values(wrapper).map_err(|error| raise(py, error));
    }
    let mut values = Vec::new();
    for path in files.call_method0("keys")?.try_iter()? {
        let path = path?;
        let value = files.get_item(&path)?;
        let Ok(path) = path.extract::<String>() else {
            let message = if path.cast::<PyString>().is_ok() {
                "`files`: a path is not valid Unicode".to_owned()
            } else {
                format!("`files`: a path must be a string, got {}", options::kind_of(&path))
            };
            return Err(errors::option(py, "files", message));
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
