//! `Emulator`: the emulator crate's server, in the background of this process.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use descope_projects_core::client::{Count, Seconds};
use descope_projects_emulator as emulator;
use descope_projects_emulator::seed::{self, Seed};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::client::{AsyncClient, Client};
use crate::results::ProjectInfo;
use crate::session::{Handle, lock};
use crate::{client, errors, json, options};

/// A server on this machine that behaves like the project-management part of the API. For trying and for tests.
///
/// It runs in the background from its construction to `stop`, the end of its `with` block, or the end of the process.
/// Any client can use it, the vendor's SDKs included.
///
/// Args:
///     options: `EmulatorOptions` as a dict.
///     **keywords: The same keys as keywords.
///
/// Raises:
///     ConfigurationError: An option or the seed cannot be used, or the address cannot be listened on.
///
/// Example:
///     >>> with Emulator() as emulator, emulator.client() as client:
///     ...     len(client.list_projects()) == len(emulator.projects)
///     True
#[pyclass(frozen, weakref, module = "descope_projects")]
pub(crate) struct Emulator {
    url: String,
    project_id: String,
    management_key: String,
    company: String,
    restored: bool,
    server: Mutex<Option<Arc<emulator::Emulator>>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct EmulatorOptions {
    port: Option<u16>,
    host: Option<String>,
    allow_remote: Option<bool>,
    rate_limit: Option<RateLimitOptions>,
    clone_steps: Option<u32>,
    semantics: Option<emulator::Semantics>,
    normalise: Option<emulator::Modes>,
    keep_bodies: Option<bool>,
    state: Option<String>,
    /// Taken out before the rest is decoded; here so that a misspelt one finds it.
    #[serde(rename = "seed")]
    _seed: Option<IgnoredAny>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RateLimitOptions {
    requests: Option<Count>,
    per: Option<Seconds>,
    licensed_requests: Option<Count>,
    retry_after_form: emulator::RetryAfterForm,
}

impl Emulator {
    fn server(&self, py: Python<'_>) -> PyResult<Arc<emulator::Emulator>> {
        lock(&self.server).clone().ok_or_else(|| errors::configuration(py, "the emulator is stopped"))
    }

    fn session(
        &self,
        py: Python<'_>,
        options: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Handle> {
        let merged = options::merge(py, "Emulator.client", options, keywords)?;
        if !merged.contains("base_url")? {
            merged.set_item("base_url", &self.url)?;
        }
        let project_id = self.project_id.as_str().into_pyobject(py)?.into_any();
        let key = self.management_key.as_str().into_pyobject(py)?.into_any();
        client::session(py, Some(&project_id), Some(&key), Some(merged.as_any()), None)
    }
}

#[pymethods]
impl Emulator {
    #[new]
    #[pyo3(signature = (options = None, /, **keywords))]
    fn new(py: Python<'_>, options: Option<&Bound<'_, PyAny>>, keywords: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let merged = options::merge(py, "Emulator", options, keywords)?;
        let seed = match merged.get_item("seed")? {
            Some(seed) => {
                merged.del_item("seed")?;
                seed_from(&seed)?
            }
            None => seed::minimal(),
        };
        let given: EmulatorOptions = options::decode_merged(py, "Emulator", &merged)?;
        let defaults = emulator::EmulatorOptions::default();
        let host = match given.host {
            None => defaults.host,
            Some(host) => host.parse::<IpAddr>().map_err(|_| {
                errors::option(py, "host", "Emulator: `host`: expected an IP address such as 127.0.0.1 or ::1")
            })?,
        };
        let state = given.state;
        // A variable that is not set must not mean the current directory.
        if state.as_deref() == Some("") {
            return Err(errors::option(py, "state", "Emulator: `state`: expected a directory's path, got \"\""));
        }
        let small = |count: Count| u32::try_from(count.get()).unwrap_or(u32::MAX);
        let set_up = emulator::EmulatorOptions {
            host,
            allow_remote: given.allow_remote.unwrap_or(defaults.allow_remote),
            port: given.port.unwrap_or(defaults.port),
            seed,
            state: state.map(PathBuf::from),
            rate_limit: given.rate_limit.map(|limit| emulator::RateLimit {
                requests: limit.requests.map_or(100, small),
                per: limit.per.map_or(Duration::from_secs(60), Seconds::duration),
                licensed_requests: limit.licensed_requests.map(small),
                retry_after_form: limit.retry_after_form,
            }),
            clone_steps: given.clone_steps.unwrap_or(defaults.clone_steps),
            semantics: given.semantics.unwrap_or_default(),
            normalise: given.normalise.map(|modes| modes.0).unwrap_or_default(),
            keep_bodies: given.keep_bodies.unwrap_or(defaults.keep_bodies),
            ..defaults
        };
        let server = py
            .detach(|| emulator::Emulator::start(set_up))
            .map_err(|error| errors::configuration(py, format!("Emulator: {error}")))?;
        let ready = server.ready();
        Ok(Self {
            url: ready.url,
            project_id: ready.project_id,
            management_key: ready.management_key,
            company: ready.company,
            restored: server.restored(),
            server: Mutex::new(Some(Arc::new(server))),
        })
    }

    /// The base URL, on a port of its own.
    #[getter]
    fn url(&self) -> &str {
        &self.url
    }

    /// A project to start from.
    #[getter]
    fn project_id(&self) -> &str {
        &self.project_id
    }

    /// A key of that project's company, company-wide where the seed has one.
    #[getter]
    fn management_key(&self) -> &str {
        &self.management_key
    }

    /// Whether it goes on from what was in `state` before, so that its seed was not used.
    #[getter]
    fn restored(&self) -> bool {
        self.restored
    }

    /// The projects of that company as they are now.
    #[getter]
    fn projects<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let known = self.server(py)?.control().projects();
        let ours = known.into_iter().filter(|project| project.company == self.company);
        let projects = ours.map(|project| {
            ProjectInfo::plain(project.id, project.name, project.environment, project.tags).into_pyobject(py)
        });
        PyTuple::new(py, projects.collect::<PyResult<Vec<_>>>()?)
    }

    /// A `Client` for `project_id` and `management_key`.
    ///
    /// Args:
    ///     options: `ClientOptions` as a dict; `base_url` is given already.
    ///     **keywords: The same keys as keywords.
    ///
    /// Example:
    ///     >>> with emulator.client(read_only=True) as client:
    ///     ...     client.read_only
    ///     True
    #[pyo3(signature = (options = None, /, **keywords))]
    fn client(
        &self,
        py: Python<'_>,
        options: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Client> {
        self.session(py, options, keywords).map(Client)
    }

    /// An `AsyncClient` for `project_id` and `management_key`. See `client`.
    #[pyo3(signature = (options = None, /, **keywords))]
    fn async_client(
        &self,
        py: Python<'_>,
        options: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<AsyncClient> {
        AsyncClient::over(py, self.session(py, options, keywords)?)
    }

    /// Makes coming requests of a call fail.
    ///
    /// Args:
    ///     operation: The call's name, for example `clone` or `list_projects`; `*` is every call.
    ///     options: `FaultOptions` as a dict: what happens (`action`, and the options that it takes), from which
    ///         request on (`occurrence`) and how often (`times`).
    ///     **keywords: The same keys as keywords.
    ///
    /// Returns:
    ///     A number that names the fault in `release` and `wait_until_held`.
    ///
    /// Raises:
    ///     ConfigurationError: There is no such call, an option cannot be right, or the action does not take it.
    ///
    /// Example:
    ///     >>> _ = emulator.fail("list_projects", status=503)
    ///     >>> len(client.list_projects()) > 0  # the first attempt fails, the second does not
    ///     True
    #[pyo3(signature = (operation, options = None, /, **keywords))]
    fn fail(
        &self,
        py: Python<'_>,
        operation: String,
        options: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<u64> {
        let merged = options::merge(py, "fail", options, keywords)?;
        let given: emulator::FaultOptions = options::decode_merged(py, "fail", &merged)?;
        let fault = given.into_fault(operation).map_err(|error| control_error(py, &error))?;
        self.server(py)?.control().fail(fault).map_err(|error| control_error(py, &error))
    }

    /// Lets go of what a fault holds, now and later: requests, answers, and work that finishes later.
    ///
    /// The work of the action `finish_later` is done when this returns.
    ///
    /// Args:
    ///     fault: What `fail` returned.
    ///
    /// Raises:
    ///     ConfigurationError: There is no such fault.
    ///
    /// Example:
    ///     >>> from descope_projects import UnknownOutcome
    ///     >>> fault = emulator.fail("clone", action="finish_later", status=504)
    ///     >>> try:
    ///     ...     _ = client.own_project.clone(name="late", settle=False)
    ///     ... except UnknownOutcome:
    ///     ...     emulator.release(fault)
    ///     >>> [project.name for project in emulator.projects]
    ///     ['Example', 'late']
    fn release(&self, py: Python<'_>, fault: u64) -> PyResult<()> {
        let server = self.server(py)?;
        py.detach(|| server.control().release(fault)).map_err(|error| control_error(py, &error))
    }

    /// Waits until a fault holds something: a request, an answer, or work that finishes later.
    ///
    /// Args:
    ///     fault: What `fail` returned.
    ///     timeout: How long to wait, in seconds.
    ///
    /// Returns:
    ///     False if none came in time.
    ///
    /// Raises:
    ///     ConfigurationError: There is no such fault.
    #[pyo3(signature = (fault, timeout = None), text_signature = "($self, fault, timeout=10)")]
    fn wait_until_held(&self, py: Python<'_>, fault: u64, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<bool> {
        let timeout =
            options::seconds(py, "wait_until_held", timeout)?.map_or(Duration::from_secs(10), Seconds::duration);
        let server = self.server(py)?;
        py.detach(|| server.control().wait_until_held(fault, timeout)).map_err(|error| control_error(py, &error))
    }

    /// Removes all faults and lets go of what they hold, as `release` does.
    fn clear_faults(&self, py: Python<'_>) -> PyResult<()> {
        let server = self.server(py)?;
        py.detach(|| server.control().clear_faults());
        Ok(())
    }

    /// The switches and modes by which it goes now.
    ///
    /// Returns:
    ///     `semantics` with every key of `SemanticsOptions`, and `normalise` with every key of `NormaliseOptions`.
    ///
    /// Example:
    ///     >>> emulator.settings()["semantics"]["absent_files"]
    ///     'delete'
    fn settings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let settings = self.server(py)?.control().settings();
        Ok(json::value_to_python(py, &settings)?.cast_into::<PyDict>()?)
    }

    /// Changes switches and modes from now on; those that are not named stay as they are.
    ///
    /// `reset` goes back to those that the emulator was made with.
    ///
    /// Args:
    ///     options: `SettingsOptions` as a dict.
    ///     **keywords: The same keys as keywords.
    ///
    /// Raises:
    ///     ConfigurationError: There is no such switch or mode, or it has no such value.
    ///
    /// Example:
    ///     >>> emulator.configure(semantics={"absent_files": "keep"}, normalise={"lag": 1})
    ///     >>> client.own_project.import_snapshot({**snapshot.to_files(), "lists.json": {"lists": []}})
    ///     >>> [len(client.own_project.export_snapshot()["lists.json"]["lists"]) for _ in range(2)]
    ///     [1, 0]
    #[pyo3(signature = (options = None, /, **keywords))]
    fn configure(
        &self,
        py: Python<'_>,
        options: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        let merged = options::merge(py, "configure", options, keywords)?;
        let text = json::from_python(merged.as_any(), "configure")?;
        let change = serde_json::from_slice(&text).map_err(|error| errors::configuration(py, error.to_string()))?;
        self.server(py)?.control().configure(change).map_err(|error| control_error(py, &error))
    }

    /// How often a call's work was done. A request that was refused, or cut off before the work, does not count.
    ///
    /// Args:
    ///     operation: The call's name. Without one, a dict of the counts of every call that was made.
    ///
    /// Raises:
    ///     ConfigurationError: There is no such call.
    ///
    /// Example:
    ///     >>> emulator.executions("clone")
    ///     0
    #[pyo3(signature = (operation = None))]
    fn executions<'py>(&self, py: Python<'py>, operation: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
        let server = self.server(py)?;
        let Some(operation) = operation else {
            return json::value_to_python(py, &server.control().all_executions());
        };
        let count = server.control().executions(operation).map_err(|error| control_error(py, &error))?;
        Ok(count.into_pyobject(py)?.into_any())
    }

    /// The faults that are set, those that have struck all their requests included.
    ///
    /// Returns:
    ///     A dict each: `id`, `operation`, `occurrence`, `times`, `action`, and how many requests it has `seen`,
    ///     `applied` itself to, and holds at this moment (`held`).
    ///
    /// Example:
    ///     >>> _ = emulator.fail("license", status=500)
    ///     >>> [fault["operation"] for fault in emulator.faults()]
    ///     ['license']
    fn faults<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        json::value_to_python(py, &self.server(py)?.control().faults())
    }

    /// A project's files as a snapshot export shows them: JSON, and text and base64 images as `str`.
    ///
    /// Args:
    ///     project_id: The project; of any company.
    ///
    /// Raises:
    ///     ConfigurationError: There is no such project.
    ///
    /// Example:
    ///     >>> emulator.files(emulator.project_id)["project.json"]["appUrl"]
    ///     'https://app.example.com'
    fn files<'py>(&self, py: Python<'py>, project_id: &str) -> PyResult<Bound<'py, PyAny>> {
        let files = self.server(py)?.control().files(project_id).map_err(|error| control_error(py, &error))?;
        json::value_to_python(py, &files)
    }

    /// Writes one file as someone at the console would: a real secret is taken in, the indices follow.
    ///
    /// Args:
    ///     project_id: The project; of any company.
    ///     path: The file's path in the snapshot.
    ///     value: Its content: for JSON a dict, for text and base64 images a string.
    ///
    /// Raises:
    ///     ConfigurationError: There is no such project, or the file cannot be one of a project.
    ///
    /// Example:
    ///     >>> emulator.put_file(emulator.project_id, "lists.json", {"lists": []})
    ///     >>> client.own_project.export_snapshot()["lists.json"]
    ///     {'lists': []}
    fn put_file(&self, py: Python<'_>, project_id: &str, path: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let text = json::from_python(value, "value")?;
        let value = serde_json::from_slice(&text)
            .map_err(|error| errors::option(py, "value", format!("put_file: `value`: {error}")))?;
        let server = self.server(py)?;
        py.detach(|| server.control().put_file(project_id, path, value)).map_err(|error| control_error(py, &error))
    }

    /// Removes a file, or all files of a directory, as someone at the console would: its secrets go with it.
    ///
    /// Args:
    ///     project_id: The project; of any company.
    ///     path: The file's path in the snapshot, or a directory's.
    ///
    /// Raises:
    ///     ConfigurationError: There is no such project or file, or no project can be without it.
    fn remove_file(&self, py: Python<'_>, project_id: &str, path: &str) -> PyResult<()> {
        let server = self.server(py)?;
        py.detach(|| server.control().remove_file(project_id, path)).map_err(|error| control_error(py, &error))
    }

    /// Forgets the requests and the counts of executions.
    fn clear_records(&self, py: Python<'_>) -> PyResult<()> {
        self.server(py)?.control().clear_records();
        Ok(())
    }

    /// The requests that arrived, at most the last ten thousand, without credentials.
    ///
    /// Returns:
    ///     A dict each: `sequence`, `connection`, `method`, `path`, `operation`, `http_version`, `headers` (a list of
    ///     pairs), `project_id`, `key_fingerprint`, `body_size`, `body` (see `keep_bodies`), `ray`, `status`.
    ///
    /// Example:
    ///     >>> _ = client.list_projects()
    ///     >>> emulator.requests()[-1]["operation"]
    ///     'list_projects'
    fn requests<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let requests = self.server(py)?.control().requests();
        Ok(json::value_to_python(py, &requests)?.cast_into::<PyList>()?)
    }

    /// How many connections were accepted since it started.
    #[getter]
    fn connections_accepted(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(self.server(py)?.control().connections_accepted())
    }

    /// Goes back to the start: projects, switches and modes, faults and records.
    ///
    /// With `state`, to the seed that the state began with, and what is on disk goes back as well.
    ///
    /// Raises:
    ///     ConfigurationError: The state cannot be written.
    fn reset(&self, py: Python<'_>) -> PyResult<()> {
        let server = self.server(py)?;
        py.detach(|| server.control().reset()).map_err(|error| control_error(py, &error))
    }

    /// Stops the server. Stopping twice is no error.
    fn stop(&self, py: Python<'_>) {
        let server = lock(&self.server).take();
        py.detach(|| drop(server));
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
        self.stop(py);
    }

    fn __repr__(&self) -> String {
        let stopped = if lock(&self.server).is_none() { ", stopped" } else { "" };
        format!("Emulator(url={}{stopped})", crate::results::quoted(&self.url))
    }

    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        crate::snapshot::display(slf.py(), "emulator_html", slf.as_any())
    }
}

fn control_error(py: Python<'_>, error: &emulator::ControlError) -> PyErr {
    errors::configuration(py, error.to_string())
}

/// A name, the content of a seed file, or its path.
fn seed_from(value: &Bound<'_, PyAny>) -> PyResult<Seed> {
    let py = value.py();
    let wrong = |why: String| errors::option(py, "seed", format!("Emulator: `seed`: {why}"));
    if let Ok(name) = value.extract::<&str>() {
        return match name {
            "minimal" => Ok(seed::minimal()),
            "acme" => Ok(seed::acme()),
            _ => Err(wrong("expected \"minimal\", \"acme\", a mapping, or a pathlib.Path of a seed file".to_owned())),
        };
    }
    let text = if value.hasattr("__fspath__")? {
        let path: std::path::PathBuf = value.extract()?;
        let read = py.detach(|| std::fs::read(&path));
        bytes::Bytes::from(read.map_err(|error| wrong(format!("{} cannot be read: {error}", path.display())))?)
    } else {
        json::from_python(value, "seed")?
    };
    serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))
}
