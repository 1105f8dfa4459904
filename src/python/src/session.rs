//! What a Python client and all its handles share, and how it survives a fork.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use descope_projects_core::client::{Client, ClientOptions, Project};
use descope_projects_core::secrets::Secret;
use pyo3::prelude::*;
use pyo3::types::PyDict;

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
    pub(crate) key: KeySource,
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
    /// Checks everything that can be checked without I/O.
    pub(crate) fn new(
        py: Python<'_>,
        project_id: String,
        key: KeySource,
        options: ClientOptions,
        plain_options: Py<PyDict>,
    ) -> PyResult<Arc<Self>> {
        let session = Self {
            project_id,
            key,
            options,
            plain_options,
            first: Incarnation::new(generation()),
            closed: AtomicBool::new(false),
        };
        session.state(py)?;
        Ok(Arc::new(session))
    }

    /// The state of this process, made on first use.
    pub(crate) fn state(&self, py: Python<'_>) -> PyResult<Arc<ProcessState>> {
        if self.closed.load(Ordering::Acquire) {
            return Err(errors::configuration(py, "the client is closed"));
        }
        let incarnation = self.first.current();
        if let Some(state) = incarnation.state.get() {
            return Ok(Arc::clone(state));
        }
        let client = Client::new(&self.project_id, self.key.initial(), &self.options)
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

/// A project of a session: what the verbs act on.
#[derive(Clone)]
pub(crate) struct Handle {
    pub(crate) session: Arc<Session>,
    /// `None`: the client's own.
    project_id: Option<String>,
    /// `None`: the client's.
    key: Option<Arc<KeySource>>,
}

impl Handle {
    pub(crate) fn own(session: &Arc<Session>) -> Self {
        Self { session: Arc::clone(session), project_id: None, key: None }
    }

    /// Another project, perhaps with a key of its own.
    fn of(session: &Arc<Session>, py: Python<'_>, project_id: String, key: Option<KeySource>) -> PyResult<Self> {
        let handle = Self { session: Arc::clone(session), project_id: Some(project_id), key: key.map(Arc::new) };
        let state = session.state(py)?;
        let key = handle.key.as_ref().map(|key| key.initial());
        state.client.project(handle.project_id(), key).map_err(|error| errors::to_python(py, error))?;
        Ok(handle)
    }

    /// What `client.project(…)` was given.
    pub(crate) fn from_python(
        session: &Arc<Session>,
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
        let key = management_key.filter(|key| !key.is_none()).map(KeySource::from_python).transpose()?;
        Self::of(session, py, id, key)
    }

    /// Another project with this one's key.
    pub(crate) fn sibling(&self, py: Python<'_>, project_id: String) -> PyResult<Self> {
        let sibling = Self { session: Arc::clone(&self.session), project_id: Some(project_id), key: self.key.clone() };
        descope_projects_core::client::check_project_id(sibling.project_id(), "project_id")
            .map_err(|error| errors::to_python(py, error))?;
        Ok(sibling)
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
        let source = self.key.as_deref();
        let asked = source.unwrap_or(&self.session.key).ask(py)?;
        if asked.is_none() && source.is_none() && self.project_id.is_none() {
            return Ok(state.client.own_project());
        }
        let key = asked.or_else(|| source.map(KeySource::initial));
        let make =
            || state.client.project(self.project_id(), key.clone()).map_err(|error| errors::to_python(py, error));
        if matches!(source.unwrap_or(&self.session.key), KeySource::Callable(_)) {
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
