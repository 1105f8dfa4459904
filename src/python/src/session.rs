//! What a Python client and all its handles share, and how it survives a fork.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use descope_projects_core::client::{Client, ClientOptions, Project};
use descope_projects_core::secrets::Secret;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3::{PyTraverseError, PyVisit};

use crate::blocking::Engine;
use crate::bridge::Background;
use crate::errors;
use crate::process::generation;

/// A key, or where it comes from.
pub(crate) enum KeySource {
    /// This one.
    Fixed(Secret),
    /// Asked before each call: for tokens that expire.
    Callable(Py<PyAny>),
}

/// Stands where a key must be until the callable has been asked. Never sent: each call asks first.
const NOT_ASKED_YET: &str = "K-not-asked-yet";

impl KeySource {
    /// A string, or a callable that returns one.
    pub(crate) fn from_python(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(key) = value.extract::<String>() {
            return Ok(Self::Fixed(Secret::new(key)));
        }
        if value.is_callable() {
            return Ok(Self::Callable(value.clone().unbind()));
        }
        Err(errors::option(
            value.py(),
            "management_key",
            format!("`management_key`: expected a string or a callable, got {}", crate::options::kind_of(value)),
        ))
    }

    fn initial(&self) -> Secret {
        match self {
            Self::Fixed(key) => key.clone(),
            Self::Callable(_) => Secret::new(NOT_ASKED_YET),
        }
    }

    fn clone_ref(&self, py: Python<'_>) -> Self {
        match self {
            Self::Fixed(key) => Self::Fixed(key.clone()),
            Self::Callable(callable) => Self::Callable(callable.clone_ref(py)),
        }
    }

    /// The key for one call; `None` if it is the one that the client was made with.
    fn ask(&self, py: Python<'_>) -> PyResult<Option<Secret>> {
        let Self::Callable(callable) = self else { return Ok(None) };
        let answer = callable.call0(py)?;
        match answer.extract::<String>(py) {
            Ok(key) => Ok(Some(Secret::new(key))),
            Err(_) => Err(errors::option(
                py,
                "management_key",
                format!(
                    "`management_key`: the callable must return a string, and returned {}",
                    crate::options::kind_of(answer.bind(py))
                ),
            )),
        }
    }
}

/// What a client and its handles share.
pub(crate) struct Session {
    pub(crate) project_id: String,
    /// What the core's client is made with. Where keys come from is known to the handles.
    initial_key: Secret,
    pub(crate) options: ClientOptions,
    /// As given, for a pickle; without what may be secret.
    pub(crate) plain_options: Py<PyDict>,
    first: Incarnation,
    closed: AtomicBool,
}

/// The state of one process. A child of a fork walks on to the next and never touches what it inherited: to drop it
/// would take the parent's sockets out of the parent's poller, and a lock in it may be held by a thread that is not there.
struct Incarnation {
    generation: u64,
    state: OnceLock<Arc<ProcessState>>,
    next: OnceLock<Box<Self>>,
}

/// The core client of one process, and what its calls run on.
pub(crate) struct ProcessState {
    pub(crate) client: Client,
    pub(crate) engines: Mutex<Vec<Engine>>,
    pub(crate) background: Mutex<Option<Arc<Background>>>,
    /// Projects by id, each with its own key if it has one: what was learnt of a key is learnt once.
    projects: Mutex<HashMap<String, Vec<Keyed>>>,
}

/// A program that goes on for months sees many projects and keys; what was learnt of one is soon learnt again.
const MOST_REMEMBERED: usize = 256;

/// A project, and its own key if it has one.
type Keyed = (Option<Secret>, Project);

impl Incarnation {
    fn new(generation: u64) -> Self {
        Self { generation, state: OnceLock::new(), next: OnceLock::new() }
    }

    fn current(&self) -> &Self {
        let generation = generation();
        let mut incarnation = self;
        while incarnation.generation != generation {
            incarnation = incarnation.next.get_or_init(|| Box::new(Self::new(generation)));
        }
        incarnation
    }
}

impl Drop for Incarnation {
    fn drop(&mut self) {
        if self.generation != generation() {
            std::mem::forget(self.state.take());
        }
    }
}

impl Session {
    /// The state of this process, made on first use.
    pub(crate) fn state(&self, py: Python<'_>) -> PyResult<Arc<ProcessState>> {
        if self.closed.load(Ordering::Acquire) {
            return Err(errors::configuration(py, "the client is closed"));
        }
        let incarnation = self.first.current();
        if let Some(state) = incarnation.state.get() {
            return Ok(Arc::clone(state));
        }
        let client = Client::new(&self.project_id, self.initial_key.clone(), &self.options)
            .map_err(|error| errors::to_python(py, error))?;
        let state = Arc::new(ProcessState {
            client,
            engines: Mutex::new(Vec::new()),
            background: Mutex::new(None),
            projects: Mutex::default(),
        });
        Ok(Arc::clone(incarnation.state.get_or_init(|| state)))
    }

    /// Closes all connections and stops the thread, if there is one.
    pub(crate) fn close(&self, py: Python<'_>) {
        if self.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        let Some(state) = self.first.current().state.get() else { return };
        let engines = std::mem::take(&mut *lock(&state.engines));
        let background = lock(&state.background).take();
        lock(&state.projects).clear();
        py.detach(move || {
            drop(engines);
            if let Some(background) = background {
                background.stop();
            }
        });
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}

/// A project of a session: what the verbs act on. Python's objects are made of it.
///
/// Each has the callable that keys come from itself, and the session has it not: so Python's garbage collector sees every
/// reference to it, and finds a client again that is only referred to by what makes its keys.
pub(crate) struct Handle {
    pub(crate) session: Arc<Session>,
    /// `None`: the client's own.
    project_id: Option<String>,
    /// The project's own, or the client's.
    key: KeySource,
    has_own_key: bool,
}

impl Handle {
    /// A new client, on its own project. Checks everything that can be checked without I/O.
    pub(crate) fn new(
        py: Python<'_>,
        project_id: String,
        key: KeySource,
        options: ClientOptions,
        plain_options: Py<PyDict>,
    ) -> PyResult<Self> {
        let session = Session {
            project_id,
            initial_key: key.initial(),
            options,
            plain_options,
            first: Incarnation::new(generation()),
            closed: AtomicBool::new(false),
        };
        session.state(py)?;
        Ok(Self { session: Arc::new(session), project_id: None, key, has_own_key: false })
    }

    pub(crate) fn clone_ref(&self, py: Python<'_>) -> Self {
        Self {
            session: Arc::clone(&self.session),
            project_id: self.project_id.clone(),
            key: self.key.clone_ref(py),
            has_own_key: self.has_own_key,
        }
    }

    /// Shows the garbage collector what this holds of Python.
    pub(crate) fn traverse(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match &self.key {
            KeySource::Fixed(_) => Ok(()),
            KeySource::Callable(callable) => visit.call(callable),
        }
    }

    /// What `client.project(…)` was given: another project, perhaps with a key of its own.
    pub(crate) fn other(
        &self,
        project_id: &Bound<'_, PyAny>,
        management_key: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let py = project_id.py();
        let id = project_id.extract::<String>().map_err(|_| {
            let kind = crate::options::kind_of(project_id);
            let message = format!(
                "`project_id`: expected a string, got {kind}; an unset variable must never mean \"my own project\""
            );
            errors::option(py, "project_id", message)
        })?;
        let own_key = management_key.filter(|key| !key.is_none()).map(KeySource::from_python).transpose()?;
        let state = self.session.state(py)?;
        let initial = own_key.as_ref().map(KeySource::initial);
        state.client.project(&id, initial).map_err(|error| errors::to_python(py, error))?;
        Ok(Self {
            session: Arc::clone(&self.session),
            project_id: Some(id),
            has_own_key: own_key.is_some(),
            key: own_key.unwrap_or_else(|| self.key.clone_ref(py)),
        })
    }

    /// Another project with this one's key.
    pub(crate) fn sibling(&self, py: Python<'_>, project_id: String) -> PyResult<Self> {
        descope_projects_core::client::check_project_id(&project_id, "project_id")
            .map_err(|error| errors::to_python(py, error))?;
        Ok(Self { project_id: Some(project_id), ..self.clone_ref(py) })
    }

    /// Whether both act on the same project of the same client.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.session, &other.session) && self.project_id() == other.project_id()
    }

    pub(crate) fn hash(&self) -> u64 {
        use std::hash::{Hash as _, Hasher as _};
        let mut hasher = std::hash::DefaultHasher::new();
        (Arc::as_ptr(&self.session) as usize, self.project_id()).hash(&mut hasher);
        hasher.finish()
    }

    pub(crate) fn project_id(&self) -> &str {
        self.project_id.as_deref().unwrap_or(&self.session.project_id)
    }

    /// The core's project with the key for this call; asks a callable key, so it is called where Python may run.
    pub(crate) fn project(&self, py: Python<'_>, state: &ProcessState) -> PyResult<Project> {
        let asked = self.key.ask(py)?;
        if asked.is_none() && !self.has_own_key && self.project_id.is_none() {
            return Ok(state.client.own_project());
        }
        let key = asked.or_else(|| self.has_own_key.then(|| self.key.initial()));
        let make =
            || state.client.project(self.project_id(), key.clone()).map_err(|error| errors::to_python(py, error));
        if matches!(self.key, KeySource::Callable(_)) {
            // A key that was asked for is this call's only, so nothing is remembered of it.
            return make();
        }
        let known = |projects: &[Keyed]| {
            let same = |one: &Option<Secret>| one.as_ref().map(Secret::expose) == key.as_ref().map(Secret::expose);
            projects.iter().find(|(one, _)| same(one)).map(|(_, project)| project.clone())
        };
        if let Some(project) = lock(&state.projects).get(self.project_id()).and_then(|projects| known(projects)) {
            return Ok(project);
        }
        let project = make()?;
        let mut projects = lock(&state.projects);
        if projects.values().map(Vec::len).sum::<usize>() >= MOST_REMEMBERED {
            projects.clear();
        }
        projects.entry(self.project_id().to_owned()).or_default().push((key, project.clone()));
        Ok(project)
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
