//! The operations, once: what the sync and the asyncio classes share. A face is only how one waits.

use descope_projects_core::client::{
    Client, CloneOptions, DeleteOptions, ExportOptions, ImportOptions, Project, RawRequest, StartedClone,
    check_project_id,
};
use descope_projects_core::snapshot;
use descope_projects_core::{Error, Result};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::clone;
use crate::results::{CloneResult, CloneStatus, ProjectInfo};
use crate::session::Handle;
use crate::snapshot::Snapshot;
use crate::validation::Validation;
use crate::{blocking, bridge, errors, json, options, project};

/// How one waits: at once, or by awaiting what is returned.
pub(crate) trait Face {
    fn call<T, Operation, Future>(
        py: Python<'_>,
        handle: &Handle,
        operation: Operation,
        convert: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
    ) -> PyResult<Py<PyAny>>
    where
        T: Send + 'static,
        Operation: FnOnce(Project) -> Future + Send + 'static,
        Future: std::future::Future<Output = Result<T>> + Send + 'static;

    /// A handle on a project, of this face.
    fn project(py: Python<'_>, handle: Handle) -> PyResult<Py<PyAny>>;

    /// A handle on a started clone, of this face.
    fn started(py: Python<'_>, handle: Handle, started: StartedClone) -> PyResult<Py<PyAny>>;
}

/// The calling thread waits.
pub(crate) enum Blocking {}

/// The caller awaits.
pub(crate) enum Awaited {}

impl Face for Blocking {
    fn call<T, Operation, Future>(
        py: Python<'_>,
        handle: &Handle,
        operation: Operation,
        convert: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
    ) -> PyResult<Py<PyAny>>
    where
        T: Send + 'static,
        Operation: FnOnce(Project) -> Future + Send + 'static,
        Future: std::future::Future<Output = Result<T>> + Send + 'static,
    {
        convert(py, blocking::run(py, handle, operation)?)
    }

    fn project(py: Python<'_>, handle: Handle) -> PyResult<Py<PyAny>> {
        Ok(project::Project::new(handle).into_pyobject(py)?.into_any().unbind())
    }

    fn started(py: Python<'_>, handle: Handle, started: StartedClone) -> PyResult<Py<PyAny>> {
        Ok(clone::StartedClone::new(handle, started).into_pyobject(py)?.into_any().unbind())
    }
}

impl Face for Awaited {
    fn call<T, Operation, Future>(
        py: Python<'_>,
        handle: &Handle,
        operation: Operation,
        convert: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
    ) -> PyResult<Py<PyAny>>
    where
        T: Send + 'static,
        Operation: FnOnce(Project) -> Future + Send + 'static,
        Future: std::future::Future<Output = Result<T>> + Send + 'static,
    {
        bridge::Flight::coroutine(py, handle, operation, convert)
    }

    fn project(py: Python<'_>, handle: Handle) -> PyResult<Py<PyAny>> {
        Ok(project::AsyncProject::new(handle).into_pyobject(py)?.into_any().unbind())
    }

    fn started(py: Python<'_>, handle: Handle, started: StartedClone) -> PyResult<Py<PyAny>> {
        Ok(clone::AsyncStartedClone::new(handle, started).into_pyobject(py)?.into_any().unbind())
    }
}

type Options<'a, 'py> = Option<&'a Bound<'py, PyAny>>;
type Keywords<'a, 'py> = Option<&'a Bound<'py, PyDict>>;

pub(crate) fn list_projects<F: Face>(py: Python<'_>, handle: &Handle) -> PyResult<Py<PyAny>> {
    F::call(
        py,
        handle,
        |project| async move { project.client().list_projects().await },
        |py, projects| {
            let infos = projects.into_iter().map(|project| ProjectInfo::from(project).into_pyobject(py));
            Ok(PyList::new(py, infos.collect::<PyResult<Vec<_>>>()?)?.into_any().unbind())
        },
    )
}

pub(crate) fn request<F: Face>(
    py: Python<'_>,
    handle: &Handle,
    method: &str,
    path: &str,
    body: Option<&Bound<'_, PyAny>>,
    safe_to_repeat: bool,
    timeout: Option<&Bound<'_, PyAny>>,
) -> PyResult<Py<PyAny>> {
    let body = body.filter(|body| !body.is_none()).map(|body| json::secretly_from_python(body, "body")).transpose()?;
    let timeout = options::seconds(py, "request", timeout)?;
    let raw =
        RawRequest::new(method, path, body, safe_to_repeat, timeout).map_err(|error| errors::to_python(py, error))?;
    F::call(
        py,
        handle,
        |project| async move { project.client().request(&raw).await },
        |py, answer| {
            if answer.is_empty() {
                return Ok(py.None());
            }
            Ok(json::to_python(py, &answer, false)?.unbind())
        },
    )
}

pub(crate) fn clone_project<F: Face>(
    py: Python<'_>,
    handle: &Handle,
    given: Options<'_, '_>,
    keywords: Keywords<'_, '_>,
) -> PyResult<Py<PyAny>> {
    let options: CloneOptions = options::decode(py, "clone", given, keywords)?;
    let of = handle.clone_ref(py);
    F::call(
        py,
        handle,
        |project| async move { project.clone_project(&options).await },
        move |py, result| cloned::<F>(py, &of, result),
    )
}

/// A clone's result with a handle on what was made, if the server said which project that is.
pub(crate) fn cloned<F: Face>(
    py: Python<'_>,
    handle: &Handle,
    result: descope_projects_core::client::CloneResult,
) -> PyResult<Py<PyAny>> {
    let project = match &result.id {
        // The clone is made, whatever the server calls it: an id that cannot be used is no failure.
        Some(id) if check_project_id(id, "id").is_ok() => Some(F::project(py, handle.sibling(py, id.clone())?)?),
        Some(_) | None => None,
    };
    Ok(CloneResult::new(result, project).into_pyobject(py)?.into_any().unbind())
}

pub(crate) fn start_clone<F: Face>(
    py: Python<'_>,
    handle: &Handle,
    given: Options<'_, '_>,
    keywords: Keywords<'_, '_>,
) -> PyResult<Py<PyAny>> {
    let options: CloneOptions = options::decode(py, "start_clone", given, keywords)?;
    let of = handle.clone_ref(py);
    F::call(
        py,
        handle,
        |project| async move { project.start_clone(&options).await },
        move |py, started| F::started(py, of, started),
    )
}

pub(crate) fn clone_status<F: Face>(py: Python<'_>, handle: &Handle, started: &StartedClone) -> PyResult<Py<PyAny>> {
    let started = started.clone();
    F::call(
        py,
        handle,
        |project| async move { started.through(project.client().clone()).status().await },
        |py, status| Ok(CloneStatus::from(status).into_pyobject(py)?.into_any().unbind()),
    )
}

pub(crate) fn clone_wait<F: Face>(
    py: Python<'_>,
    handle: &Handle,
    started: &StartedClone,
    timeout: &Bound<'_, PyAny>,
) -> PyResult<Py<PyAny>> {
    let Some(timeout) = options::seconds(py, "wait", Some(timeout))? else {
        return Err(errors::option(py, "timeout", "wait: `timeout`: expected a number of seconds greater than 0"));
    };
    let started = started.clone();
    let of = handle.clone_ref(py);
    F::call(
        py,
        handle,
        move |project| async move { started.through(project.client().clone()).wait(timeout).await },
        move |py, result| cloned::<F>(py, &of, result),
    )
}

pub(crate) fn update_name<F: Face>(py: Python<'_>, handle: &Handle, name: String) -> PyResult<Py<PyAny>> {
    F::call(py, handle, |project| async move { project.update_name(&name).await }, nothing)
}

pub(crate) fn update_tags<F: Face>(py: Python<'_>, handle: &Handle, tags: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    let wrong = || {
        let kind = options::kind_of(tags);
        errors::option(py, "tags", format!("update_tags: `tags`: expected a list of strings, got {kind}"))
    };
    if tags.is_instance_of::<pyo3::types::PyString>() {
        return Err(wrong());
    }
    let tags: Vec<String> = tags.extract().map_err(|_| wrong())?;
    F::call(py, handle, |project| async move { project.update_tags(&tags).await }, nothing)
}

pub(crate) fn delete<F: Face>(
    py: Python<'_>,
    handle: &Handle,
    given: Options<'_, '_>,
    confirm: String,
    keywords: Keywords<'_, '_>,
) -> PyResult<Py<PyAny>> {
    let options: DeleteOptions = options::decode(py, "delete", given, keywords)?;
    F::call(py, handle, move |project| async move { project.delete(&confirm, &options).await }, nothing)
}

/// Which of the two exports or imports.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Project,
    Snapshot,
}

pub(crate) fn export<F: Face>(
    py: Python<'_>,
    handle: &Handle,
    kind: Kind,
    given: Options<'_, '_>,
    keywords: Keywords<'_, '_>,
) -> PyResult<Py<PyAny>> {
    let operation = match kind {
        Kind::Project => "export_project",
        Kind::Snapshot => "export_snapshot",
    };
    let options: ExportOptions = options::decode(py, operation, given, keywords)?;
    F::call(
        py,
        handle,
        move |project| async move {
            match kind {
                Kind::Project => project.export_project(&options).await,
                Kind::Snapshot => project.export_snapshot(&options).await,
            }
        },
        |py, snapshot| Ok(Snapshot::from(snapshot).into_pyobject(py)?.into_any().unbind()),
    )
}

pub(crate) fn import<F: Face>(
    py: Python<'_>,
    handle: &Handle,
    kind: Kind,
    files: &Bound<'_, PyAny>,
    given: Options<'_, '_>,
    keywords: Keywords<'_, '_>,
) -> PyResult<Py<PyAny>> {
    let operation = match kind {
        Kind::Project => "import_project",
        Kind::Snapshot => "import_snapshot",
    };
    let options: ImportOptions = options::decode(py, operation, given, keywords)?;
    let files = Files::of(files, operation)?;
    F::call(
        py,
        handle,
        move |project| async move {
            let files = files.load(project.client())?;
            match kind {
                Kind::Project => project.import_project(&files, &options).await,
                Kind::Snapshot => project.import_snapshot(&files, &options).await,
            }
        },
        nothing,
    )
}

pub(crate) fn validate<F: Face>(
    py: Python<'_>,
    handle: &Handle,
    files: &Bound<'_, PyAny>,
    given: Options<'_, '_>,
    keywords: Keywords<'_, '_>,
) -> PyResult<Py<PyAny>> {
    let options: ImportOptions = options::decode(py, "validate_snapshot", given, keywords)?;
    let files = Files::of(files, "validate_snapshot")?;
    let project_id = handle.project_id().to_owned();
    F::call(
        py,
        handle,
        move |project| async move { project.validate_snapshot(&files.load(project.client())?, &options).await },
        move |py, validation| Ok(Validation::of(validation, &project_id).into_pyobject(py)?.into_any().unbind()),
    )
}

/// What can be imported: a snapshot, or where one is.
enum Files {
    Held(snapshot::Snapshot),
    At(std::path::PathBuf),
}

impl Files {
    fn of(files: &Bound<'_, PyAny>, operation: &str) -> PyResult<Self> {
        if let Ok(snapshot) = files.cast::<Snapshot>() {
            return Ok(Self::Held(snapshot.get().core().clone()));
        }
        if files.cast::<PyDict>().is_ok() || files.hasattr("keys")? {
            return Ok(Self::Held(crate::snapshot::from_mapping(files)?));
        }
        files.extract().map(Self::At).map_err(|_| {
            let kind = options::kind_of(files);
            let message = format!("{operation}: `files`: expected a Snapshot, a mapping or a path, got {kind}");
            errors::option(files.py(), "files", message)
        })
    }

    /// Reads what must be read; in the call, so that no interpreter waits for a disk.
    fn load(self, client: &Client) -> Result<snapshot::Snapshot> {
        match self {
            Self::Held(snapshot) => Ok(snapshot),
            Self::At(path) => {
                snapshot::Snapshot::read(&path).map_err(|error| client.without_secrets(Error::from(error)))
            }
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "one of the conversions that a face takes")]
fn nothing(py: Python<'_>, (): ()) -> PyResult<Py<PyAny>> {
    Ok(py.None())
}
