//! `Client` and `AsyncClient`.

use descope_projects_core::client::{ClientOptions, Identity};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit};

use crate::project::{AsyncProject, Project};
use crate::session::{Handle, KeySource, Session};
use crate::verbs::{self, Awaited, Blocking};
use crate::{errors, options, snapshot};

/// Makes management calls as one project and key. Opens no connection before the first call.
///
/// Calls block with the GIL released, may come from any thread, and work inside a running event loop. Ctrl-C interrupts
/// them and leaves the client usable. A forked child opens connections of its own.
///
/// Args:
///     project_id: The client's own project (`P…`); its region decides the host.
///     management_key: A management key (`K…`), a workload token, or a function that returns one.
///     options: `ClientOptions` as a dict.
///     **keywords: The same keys as keywords. A key in both is an error.
///
/// Raises:
///     ConfigurationError: An id, key or option is missing or cannot be right. There is no fall-back.
///
/// Example:
///     >>> with Client(emulator.project_id, emulator.management_key, {"timeout": 30}, base_url=emulator.url) as client:
///     ...     len(client.list_projects()) > 0
///     True
#[pyclass(frozen, weakref, module = "descope_projects")]
pub(crate) struct Client(pub(crate) Handle);

/// `Client` for asyncio: the same names, awaited. A cancelled call aborts its request.
///
/// One client may serve several event loops, one after the other or in different threads.
///
/// Args:
///     project_id: The client's own project (`P…`); its region decides the host.
///     management_key: A management key (`K…`), a workload token, or a function that returns one.
///     options: `ClientOptions` as a dict.
///     **keywords: The same keys as keywords. A key in both is an error.
///
/// Raises:
///     ConfigurationError: An id, key or option is missing or cannot be right. There is no fall-back.
///
/// Example:
///     >>> import asyncio
///     >>> async def count() -> int:
///     ...     async with AsyncClient(emulator.project_id, emulator.management_key, base_url=emulator.url) as client:
///     ...         return len(await client.list_projects())
///     >>> asyncio.run(count()) > 0
///     True
#[pyclass(frozen, weakref, module = "descope_projects")]
pub(crate) struct AsyncClient(pub(crate) Handle);

/// What both constructors do: the two forms of arguments, and nothing but them.
pub(crate) fn session(
    py: Python<'_>,
    project_id: Option<&Bound<'_, PyAny>>,
    management_key: Option<&Bound<'_, PyAny>>,
    given: Option<&Bound<'_, PyAny>>,
    keywords: Option<&Bound<'_, PyDict>>,
) -> PyResult<Handle> {
    let missing = |name: &str, variable: &str| {
        let message = format!(
            "`{name}` is missing; it is never guessed (Client.from_env() reads {variable}; Emulator() needs neither)"
        );
        errors::option(py, name, message)
    };
    let project_id =
        project_id.filter(|id| !id.is_none()).ok_or_else(|| missing("project_id", "DESCOPE_PROJECT_ID"))?;
    let project_id = project_id.extract::<String>().map_err(|_| {
        errors::option(
            py,
            "project_id",
            format!("`project_id`: expected a string, got {}", options::kind_of(project_id)),
        )
    })?;
    let key = management_key
        .filter(|key| !key.is_none())
        .ok_or_else(|| missing("management_key", "DESCOPE_MANAGEMENT_KEY"))?;
    let key = KeySource::from_python(key)?;
    let merged = options::merge(py, "Client", given, keywords)?;
    let decoded: ClientOptions = options::decode_merged(py, "Client", &merged)?;
    Handle::new(py, project_id, key, decoded, plain(&merged)?)
}

fn session_from_env(
    py: Python<'_>,
    given: Option<&Bound<'_, PyAny>>,
    keywords: Option<&Bound<'_, PyDict>>,
) -> PyResult<Handle> {
    let merged = options::merge(py, "Client.from_env", given, keywords)?;
    let mut decoded: ClientOptions = options::decode_merged(py, "Client.from_env", &merged)?;
    let identity = Identity::from_env().map_err(|error| errors::to_python(py, error))?;
    decoded.base_url = decoded.base_url.or(identity.base_url);
    if let Some(base_url) = &decoded.base_url {
        merged.set_item("base_url", base_url)?;
    }
    let key = KeySource::Fixed(identity.management_key);
    Handle::new(py, identity.project_id, key, decoded, plain(&merged)?)
}

/// What may go into a pickle: a proxy's password and headers of one's own may not.
fn plain(merged: &Bound<'_, PyDict>) -> PyResult<Py<PyDict>> {
    let plain = merged.copy()?;
    for secret in ["proxy", "headers"] {
        if plain.contains(secret)? {
            plain.del_item(secret)?;
        }
    }
    Ok(plain.unbind())
}

/// A client comes out of a pickle without a key, and looks for one in the environment of where it is.
fn unpickled(py: Python<'_>, project_id: &str, plain_options: &Bound<'_, PyDict>) -> PyResult<Handle> {
    let identity = Identity::from_variables(|name| {
        if name == descope_projects_core::client::PROJECT_ID_VARIABLE {
            Some(project_id.to_owned())
        } else {
            std::env::var(name).ok()
        }
    });
    let identity = identity.map_err(|error| {
        let message = format!("a pickled client carries no key, and the environment has none for it: {error}");
        errors::to_python(py, error.with(|details| details.message = message))
    })?;
    let decoded: ClientOptions = options::decode_merged(py, "Client", plain_options)?;
    let key = KeySource::Fixed(identity.management_key);
    Handle::new(py, identity.project_id, key, decoded, plain_options.clone().unbind())
}

fn reduce<'py>(slf: &Bound<'py, PyAny>, session: &Session) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
    let py = slf.py();
    let arguments = (&session.project_id, session.plain_options.bind(py)).into_pyobject(py)?;
    Ok((slf.get_type().getattr("_unpickle")?, arguments))
}

fn base_url(py: Python<'_>, session: &Session) -> PyResult<String> {
    Ok(session.state(py)?.client.base_url().to_owned())
}

fn repr(class: &str, session: &Session) -> String {
    let closed = if session.is_closed() { ", closed" } else { "" };
    format!("{class}(project_id={}{closed})", crate::results::quoted(&session.project_id))
}

#[pymethods]
impl Client {
    #[new]
    #[pyo3(signature = (project_id = None, management_key = None, options = None, **keywords))]
    fn new(
        py: Python<'_>,
        project_id: Option<&Bound<'_, PyAny>>,
        management_key: Option<&Bound<'_, PyAny>>,
        options: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        session(py, project_id, management_key, options, keywords).map(Self)
    }

    /// A client for what the environment names. Reads no config file.
    ///
    /// `DESCOPE_PROJECT_ID`; `WORKLOAD_IDENTITY_TOKEN` or `DESCOPE_WORKLOAD_TOKEN`, else `DESCOPE_MANAGEMENT_KEY`; and
    /// `DESCOPE_BASE_URL` or `DESCOPE_BASE_URI`, if the host is not the project id's.
    ///
    /// Args:
    ///     options: `ClientOptions` as a dict; a `base_url` in it wins over the environment.
    ///     **keywords: The same keys as keywords.
    ///
    /// Raises:
    ///     ConfigurationError: A variable is missing, cannot be right, or two contradict each other.
    ///
    /// Example:
    ///     >>> import os
    ///     >>> os.environ["DESCOPE_PROJECT_ID"] = emulator.project_id
    ///     >>> os.environ["DESCOPE_MANAGEMENT_KEY"] = emulator.management_key
    ///     >>> with Client.from_env(base_url=emulator.url) as client:
    ///     ...     client.own_project.id == emulator.project_id
    ///     True
    #[classmethod]
    #[pyo3(signature = (options = None, /, **keywords))]
    fn from_env(
        class: &Bound<'_, PyType>,
        options: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        session_from_env(class.py(), options, keywords).map(Self)
    }

    #[staticmethod]
    fn _unpickle(py: Python<'_>, project_id: &str, options: &Bound<'_, PyDict>) -> PyResult<Self> {
        unpickled(py, project_id, options).map(Self)
    }

    /// Where calls go to.
    #[getter]
    fn base_url(&self, py: Python<'_>) -> PyResult<String> {
        base_url(py, &self.0.session)
    }

    /// Whether calls that write are refused.
    #[getter]
    fn read_only(&self) -> bool {
        self.0.session.options.read_only.unwrap_or(false)
    }

    /// A handle on the project that the client itself was made for.
    #[getter]
    fn own_project(&self, py: Python<'_>) -> Project {
        Project::new(self.0.clone_ref(py))
    }

    /// All projects of the company, in the server's order. Needs a company-wide key.
    ///
    /// Returns:
    ///     One `ProjectInfo` per project.
    ///
    /// Raises:
    ///     PermissionDenied: The key is bound to some projects.
    ///     DescopeError: Anything else that a call can end with.
    ///
    /// Example:
    ///     >>> for project in client.list_projects():
    ///     ...     print(project.id.startswith("P"), isinstance(project.name, str))
    ///     ...     break
    ///     True True
    fn list_projects(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        verbs::list_projects::<Blocking>(py, &self.0)
    }

    /// A handle on a project, over the same connections. No I/O: whether the project is there shows in the first call.
    ///
    /// Args:
    ///     project_id: Its id (`P…`). None and "" are errors: an unset variable must never mean "my own project".
    ///     management_key: A key of its own. Default: the client's.
    ///
    /// Raises:
    ///     ConfigurationError: The id or key cannot be right.
    ///
    /// Example:
    ///     >>> client.project(emulator.project_id).id == emulator.project_id
    ///     True
    #[pyo3(signature = (project_id, *, management_key = None))]
    fn project(&self, project_id: &Bound<'_, PyAny>, management_key: Option<&Bound<'_, PyAny>>) -> PyResult<Project> {
        self.0.other(project_id, management_key).map(Project::new)
    }

    /// Makes any other management call, as the client's own project, with the same credential, retries and errors.
    ///
    /// Args:
    ///     method: The HTTP method.
    ///     path: The path below the base URL, for example `/v1/mgmt/tenant/load/all`; no query, no escapes.
    ///     body: What is sent as JSON. Default: `{}`, and nothing with GET.
    ///     safe_to_repeat: Whether a second execution does no harm. For the calls that this package knows, the package
    ///         decides.
    ///     timeout: How long one attempt may take, in seconds. Default: the client's `timeout`, else 60.
    ///
    /// Returns:
    ///     The answer's JSON as Python objects; None if the answer is empty.
    ///
    /// Raises:
    ///     ConfigurationError: The method or path cannot be right, or `body` is not JSON.
    ///     Protected: The client is `read_only`, and the call is not known to read.
    ///     UnknownOutcome: It was sent, is not safe to repeat, and its end is not known.
    ///
    /// Example:
    ///     >>> sorted(client.request("POST", "/v1/mgmt/projects/list"))
    ///     ['projects']
    #[pyo3(signature = (method, path, body = None, *, safe_to_repeat = false, timeout = None))]
    fn request(
        &self,
        py: Python<'_>,
        method: &str,
        path: &str,
        body: Option<&Bound<'_, PyAny>>,
        safe_to_repeat: bool,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        verbs::request::<Blocking>(py, &self.0, method, path, body, safe_to_repeat, timeout)
    }

    /// Closes the connections. A later call is a `ConfigurationError`; closing twice is not.
    fn close(&self, py: Python<'_>) {
        self.0.session.close(py);
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (kind, value, traceback, /))]
    fn __exit__(
        &self,
        py: Python<'_>,
        kind: Option<&Bound<'_, PyAny>>,
        value: Option<&Bound<'_, PyAny>>,
        traceback: Option<&Bound<'_, PyAny>>,
    ) {
        let _ = (kind, value, traceback);
        self.0.session.close(py);
    }

    fn __repr__(&self) -> String {
        repr("Client", &self.0.session)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.0.traverse(visit)
    }

    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        snapshot::display(slf.py(), "client_html", slf.as_any())
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        reduce(slf.as_any(), &slf.get().0.session)
    }
}

impl AsyncClient {
    /// Has the bridge imported now: were the first call of another thread at it when this process forks, the child would
    /// wait for ever for the module that a thread, which it has not, was importing.
    pub(crate) fn over(py: Python<'_>, handle: Handle) -> PyResult<Self> {
        py.import("descope_projects._bridge")?;
        Ok(Self(handle))
    }
}

#[pymethods]
impl AsyncClient {
    #[new]
    #[pyo3(signature = (project_id = None, management_key = None, options = None, **keywords))]
    fn new(
        py: Python<'_>,
        project_id: Option<&Bound<'_, PyAny>>,
        management_key: Option<&Bound<'_, PyAny>>,
        options: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        Self::over(py, session(py, project_id, management_key, options, keywords)?)
    }

    /// `Client.from_env` for asyncio; not awaited, since it does no I/O.
    #[classmethod]
    #[pyo3(signature = (options = None, /, **keywords))]
    fn from_env(
        class: &Bound<'_, PyType>,
        options: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        Self::over(class.py(), session_from_env(class.py(), options, keywords)?)
    }

    #[staticmethod]
    fn _unpickle(py: Python<'_>, project_id: &str, options: &Bound<'_, PyDict>) -> PyResult<Self> {
        Self::over(py, unpickled(py, project_id, options)?)
    }

    /// Where calls go to.
    #[getter]
    fn base_url(&self, py: Python<'_>) -> PyResult<String> {
        base_url(py, &self.0.session)
    }

    /// Whether calls that write are refused.
    #[getter]
    fn read_only(&self) -> bool {
        self.0.session.options.read_only.unwrap_or(false)
    }

    /// A handle on the project that the client itself was made for.
    #[getter]
    fn own_project(&self, py: Python<'_>) -> AsyncProject {
        AsyncProject::new(self.0.clone_ref(py))
    }

    /// `Client.list_projects`, awaited.
    fn list_projects(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        verbs::list_projects::<Awaited>(py, &self.0)
    }

    /// `Client.project`; not awaited, since it does no I/O.
    #[pyo3(signature = (project_id, *, management_key = None))]
    fn project(
        &self,
        project_id: &Bound<'_, PyAny>,
        management_key: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<AsyncProject> {
        self.0.other(project_id, management_key).map(AsyncProject::new)
    }

    /// `Client.request`, awaited.
    #[pyo3(signature = (method, path, body = None, *, safe_to_repeat = false, timeout = None))]
    fn request(
        &self,
        py: Python<'_>,
        method: &str,
        path: &str,
        body: Option<&Bound<'_, PyAny>>,
        safe_to_repeat: bool,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        verbs::request::<Awaited>(py, &self.0, method, path, body, safe_to_repeat, timeout)
    }

    /// `Client.close`, awaited: returns once every call that was under way has ended.
    fn close<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        bridge(slf.py(), "close", (slf,))
    }

    fn __aenter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        bridge(slf.py(), "enter", (slf,))
    }

    #[pyo3(signature = (kind, value, traceback, /))]
    fn __aexit__<'py>(
        slf: &Bound<'py, Self>,
        kind: Option<&Bound<'_, PyAny>>,
        value: Option<&Bound<'_, PyAny>>,
        traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let _ = (kind, value, traceback);
        bridge(slf.py(), "close", (slf,))
    }

    /// Stops the thread; what was under way ends with an error.
    fn _close(&self, py: Python<'_>) {
        self.0.session.close(py);
    }

    fn __repr__(&self) -> String {
        repr("AsyncClient", &self.0.session)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.0.traverse(visit)
    }

    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        snapshot::display(slf.py(), "client_html", slf.as_any())
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        reduce(slf.as_any(), &slf.get().0.session)
    }
}

fn bridge<'py>(
    py: Python<'py>,
    function: &str,
    arguments: impl pyo3::call::PyCallArgs<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    py.import("descope_projects._bridge")?.call_method1(function, arguments)
}
