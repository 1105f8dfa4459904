//! The asyncio face: calls run on a thread of ours that never touches Python.
//!
//! A finished call is put in a queue; the first one into an empty queue writes a byte that wakes the event loop, and one
//! callback on the loop's thread resolves the whole batch, converting results there. So no thread of ours ever takes
//! the GIL (where a loop can watch a descriptor), a burst of calls costs one wake-up, and nothing can run into an
//! interpreter that is ending. A cancelled call is dropped on its own thread, which closes its connection.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use descope_projects_core::client::Project;
use descope_projects_core::transport::{Connections, Watch};
use descope_projects_core::{Error, Result};
use futures_util::FutureExt as _;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyWeakrefReference;
use pyo3::{PyTraverseError, PyVisit};
use tokio::runtime::Builder;
use tokio::sync::Notify;

use crate::session::{Handle, ProcessState, lock};
use crate::{blocking, errors, logging, process};

/// The conversion of a finished call, run on the event loop's thread.
type Finish = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;
type Running = Pin<Box<dyn Future<Output = Finish> + Send>>;
type Launch = Box<dyn FnOnce(Project) -> Running + Send>;

/// The thread on which a client's asynchronous calls run.
pub(crate) struct Background {
    runtime: tokio::runtime::Handle,
    connections: Connections,
    stop: Arc<Notify>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Background {
    fn start(py: Python<'_>, state: &ProcessState) -> PyResult<Arc<Self>> {
        let made = py.detach(|| -> Result<_> {
            let failed = |error: std::io::Error| Error::configuration(format!("no thread could be started: {error}"));
            let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
            let connections = state.client.connect()?;
            let stop = Arc::new(Notify::new());
            let handle = runtime.handle().clone();
            let stopped = Arc::clone(&stop);
            let thread = std::thread::Builder::new()
                .name("descope-projects".to_owned())
                .spawn(move || {
                    runtime.block_on(stopped.notified());
                    runtime.shutdown_background();
                })
                .map_err(failed)?;
            Ok(Arc::new(Self { runtime: handle, connections, stop, thread: Mutex::new(Some(thread)) }))
        });
        let background = made.map_err(|error| errors::to_python(py, error))?;
        process::remember(py, Arc::downgrade(&background))?;
        Ok(background)
    }

    /// The thread of this client, started on first use.
    fn of(py: Python<'_>, state: &ProcessState) -> PyResult<Arc<Self>> {
        if let Some(background) = &*lock(&state.background) {
            return Ok(Arc::clone(background));
        }
        let started = Self::start(py, state)?;
        let mut background = lock(&state.background);
        if let Some(other) = &*background {
            let other = Arc::clone(other);
            drop(background);
            py.detach(|| started.stop());
            return Ok(other);
        }
        *background = Some(Arc::clone(&started));
        Ok(started)
    }

    /// Ends all calls and waits for the thread. Called without the GIL.
    pub(crate) fn stop(&self) {
        self.stop.notify_one();
        if let Some(thread) = lock(&self.thread).take() {
            // It cannot be joined from itself, where the last handle of a call may be dropped.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop.notify_one();
    }
}

/// Finished calls on their way to one event loop.
struct Queue {
    done: Mutex<Vec<(u64, Finish)>>,
    wake: Wake,
}

enum Wake {
    /// The loop watches the other end.
    #[cfg(unix)]
    Descriptor(std::os::unix::net::UnixStream),
    /// The loop cannot watch descriptors: it is called, once a batch. Needs the GIL. Both are weak, since this is where
    /// Python's garbage collector does not look.
    Call { event_loop: Py<PyWeakrefReference>, mailbox: OnceLock<Py<PyWeakrefReference>> },
}

impl Queue {
    fn push(&self, number: u64, finish: Finish) {
        let first = {
            let mut done = lock(&self.done);
            done.push((number, finish));
            done.len() == 1
        };
        if !first {
            return;
        }
        match &self.wake {
            #[cfg(unix)]
            Wake::Descriptor(stream) => {
                use std::io::Write as _;
                // A full buffer means that the loop is being woken already.
                let _ = (&*stream).write(&[1]);
            }
            Wake::Call { event_loop, mailbox } => {
                // A closed loop refuses, and then nobody waits for the result.
                let _ = Python::try_attach(|py| -> Option<()> {
                    let event_loop = event_loop.bind(py).upgrade()?;
                    let drain = mailbox.get()?.bind(py).upgrade()?.getattr("_drain").ok()?;
                    event_loop.call_method1("call_soon_threadsafe", (drain,)).ok().map(drop)
                });
            }
        }
    }
}

/// One event loop's end of the bridge.
#[pyclass(frozen, module = "descope_projects._native", name = "_Mailbox", weakref)]
pub(crate) struct Mailbox {
    queue: Arc<Queue>,
    waiting: Mutex<HashMap<u64, Py<PyAny>>>,
    next: AtomicU64,
    #[cfg(unix)]
    receiver: Option<std::os::unix::net::UnixStream>,
}

#[pymethods]
impl Mailbox {
    /// A mailbox for this loop, which may or may not be able to watch descriptors.
    #[new]
    fn new(event_loop: &Bound<'_, PyAny>) -> PyResult<Py<Self>> {
        let py = event_loop.py();
        #[cfg(unix)]
        {
            let (sender, receiver) = std::os::unix::net::UnixStream::pair()?;
            sender.set_nonblocking(true)?;
            receiver.set_nonblocking(true)?;
            let descriptor = std::os::fd::AsRawFd::as_raw_fd(&receiver);
            let mailbox = Py::new(py, Self::with(Wake::Descriptor(sender), Some(receiver)))?;
            let drain = mailbox.getattr(py, "_drain")?;
            match event_loop.call_method1("add_reader", (descriptor, drain)) {
                Ok(_) => return Ok(mailbox),
                Err(error) if error.is_instance_of::<pyo3::exceptions::PyNotImplementedError>(py) => {}
                Err(error) => return Err(error),
            }
        }
        let wake = Wake::Call { event_loop: PyWeakrefReference::new(event_loop)?.unbind(), mailbox: OnceLock::new() };
        #[cfg(unix)]
        let mailbox = Py::new(py, Self::with(wake, None))?;
        #[cfg(not(unix))]
        let mailbox = Py::new(py, Self::with(wake))?;
        if let Wake::Call { mailbox: known, .. } = &mailbox.get().queue.wake {
            let _ = known.set(PyWeakrefReference::new(mailbox.bind(py))?.unbind());
        }
        Ok(mailbox)
    }

    /// Whether its loop watches its descriptor, and so has it.
    #[getter]
    fn _watched(&self) -> bool {
        !matches!(self.queue.wake, Wake::Call { .. })
    }

    /// Resolves what has finished; called by the event loop.
    fn _drain(&self, py: Python<'_>) -> PyResult<()> {
        self.empty_descriptor();
        let done = std::mem::take(&mut *lock(&self.queue.done));
        let mut ended = Ok(());
        for (number, finish) in done {
            let Some(future) = lock(&self.waiting).remove(&number) else { continue };
            // An interruption that falls into one must not leave the others waiting for ever.
            ended = ended.and(resolve(future.bind(py), finish));
        }
        ended
    }

    /// A loop has its mailbox, and that has the futures of calls under way, which have the loop.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Ok(waiting) = self.waiting.try_lock() else { return Ok(()) };
        waiting.values().try_for_each(|future| visit.call(future))
    }

    fn __clear__(&self) {
        let waiting = std::mem::take(&mut *lock(&self.waiting));
        drop(waiting);
    }
}

fn resolve(future: &Bound<'_, PyAny>, finish: Finish) -> PyResult<()> {
    let py = future.py();
    if future.call_method0(intern!(py, "done"))?.is_truthy()? {
        return Ok(());
    }
    match finish(py) {
        Ok(value) => future.call_method1(intern!(py, "set_result"), (value,))?,
        Err(error) => future.call_method1(intern!(py, "set_exception"), (error.into_value(py),))?,
    };
    Ok(())
}

impl Mailbox {
    fn with(wake: Wake, #[cfg(unix)] receiver: Option<std::os::unix::net::UnixStream>) -> Self {
        Self {
            queue: Arc::new(Queue { done: Mutex::default(), wake }),
            waiting: Mutex::default(),
            next: AtomicU64::new(0),
            #[cfg(unix)]
            receiver,
        }
    }

    fn empty_descriptor(&self) {
        #[cfg(unix)]
        if let Some(receiver) = &self.receiver {
            use std::io::Read as _;
            let mut bytes = [0; 64];
            while matches!((&*receiver).read(&mut bytes), Ok(count) if count == bytes.len()) {}
        }
    }

    fn expect(&self, future: Py<PyAny>) -> u64 {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        lock(&self.waiting).insert(number, future);
        number
    }
}

/// One asynchronous call: started when its coroutine first runs, ended with it.
#[pyclass(frozen, module = "descope_projects._native", name = "_Flight")]
pub(crate) struct Flight {
    handle: Handle,
    launch: Mutex<Option<Launch>>,
    watch: Arc<Watch>,
    under_way: Mutex<Option<UnderWay>>,
}

/// A call that was started.
struct UnderWay {
    task: tokio::task::AbortHandle,
    gone: Arc<Gone>,
    mailbox: Py<Mailbox>,
    number: u64,
    /// Of the process that started it: a child of a fork has a copy and must not touch it.
    generation: u64,
}

/// Whether a call's future is dropped, after which not one more byte of its request is handed over.
#[derive(Default)]
struct Gone {
    gone: Mutex<bool>,
    told: Condvar,
}

/// Dropping takes microseconds, unless the thread is at work on a large answer; nobody waits longer for it.
const PATIENCE: Duration = Duration::from_millis(500);

impl Gone {
    fn tell(&self) {
        *lock(&self.gone) = true;
        self.told.notify_all();
    }

    /// Called without the GIL.
    fn wait(&self) -> bool {
        let waited = self.told.wait_timeout_while(lock(&self.gone), PATIENCE, |gone| !*gone);
        waited.is_ok_and(|(gone, _)| *gone)
    }
}

impl Flight {
    /// The coroutine of an operation; nothing runs before it is awaited.
    pub(crate) fn coroutine<T, Operation, Future>(
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
        static FLY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let launch: Launch = Box::new(move |project| {
            let running = operation(project);
            Box::pin(async move {
                let finish: Finish = match AssertUnwindSafe(running).catch_unwind().await {
                    Ok(Ok(value)) => Box::new(move |py| convert(py, value)),
                    Ok(Err(error)) => Box::new(move |py| Err(errors::to_python(py, error))),
                    Err(_) => Box::new(|_| Err(panicked())),
                };
                finish
            })
        });
        let flight = Self {
            handle: handle.clone_ref(py),
            launch: Mutex::new(Some(launch)),
            watch: logging::watch(py, None)?,
            under_way: Mutex::new(None),
        };
        let fly = FLY
            .get_or_try_init(py, || Ok::<_, PyErr>(py.import("descope_projects._bridge")?.getattr("fly")?.unbind()))?;
        fly.call1(py, (flight,))
    }
}

pub(crate) fn panicked() -> PyErr {
    pyo3::exceptions::PyRuntimeError::new_err("descope_projects: internal error: a call panicked; this is a bug")
}

#[pymethods]
impl Flight {
    /// Starts the call; `future` is resolved through the mailbox.
    fn start(&self, py: Python<'_>, mailbox: Py<Mailbox>, future: Py<PyAny>) -> PyResult<()> {
        let state = self.handle.session.state(py)?;
        let project = self.handle.project(py, &state)?;
        let background = Background::of(py, &state)?;
        let Some(launch) = lock(&self.launch).take() else {
            return Err(pyo3::exceptions::PyRuntimeError::new_err("the call was started before"));
        };
        let running = launch(project.over(&background.connections).watched(&self.watch));
        let number = mailbox.get().expect(future);
        let gone = Arc::new(Gone::default());
        let delivery = Delivery {
            number,
            queue: Arc::clone(&mailbox.get().queue),
            watch: Arc::clone(&self.watch),
            gone: Arc::clone(&gone),
            delivered: false,
        };
        let task = background.runtime.spawn(async move {
            // Declared before the call is awaited, so that it is dropped after it.
            let delivery = delivery;
            let finish = running.await;
            delivery.deliver(finish);
        });
        let generation = process::generation();
        *lock(&self.under_way) = Some(UnderWay { task: task.abort_handle(), gone, mailbox, number, generation });
        Ok(())
    }

    /// Ends the call; returns what is unknown because of that, or `None`.
    fn cancel<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let stopped = {
            let under_way = lock(&self.under_way);
            let Some(call) = &*under_way else { return Ok(None) };
            if call.generation != process::generation() {
                // It is the parent's, where it goes on.
                return Ok(None);
            }
            call.task.abort();
            Arc::clone(&call.gone)
        };
        // Only when it is dropped is it certain that nothing more is sent: to look before would miss what is sent meanwhile.
        let certain = py.detach(|| stopped.wait());
        let unknown = self.watch.interrupted().or_else(|| if certain { None } else { self.watch.in_doubt() });
        let Some(unknown) = unknown else { return Ok(None) };
        logging::warn(py, &unknown.to_string())?;
        Ok(Some(errors::to_python(py, unknown).into_value(py).into_bound(py).into_any()))
    }

    /// Hands over the log records; called when the coroutine ends, however it ends.
    fn land(&self, py: Python<'_>) -> PyResult<()> {
        let call = lock(&self.under_way).take();
        if let Some(call) = call {
            if call.generation != process::generation() {
                std::mem::forget(call.task);
                return Ok(());
            }
            // A loop that ends first never looks at the queue again, and would be kept alive by its own future.
            let future = lock(&call.mailbox.get().waiting).remove(&call.number);
            drop(future);
        }
        logging::emit(py, &self.watch).map_err(|interrupt| blocking::interrupted(py, interrupt, &self.watch))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.handle.traverse(visit)?;
        // Nobody holds the lock while Python can run, and so none while its garbage collector does.
        let Ok(under_way) = self.under_way.try_lock() else { return Ok(()) };
        under_way.as_ref().map_or(Ok(()), |call| visit.call(&call.mailbox))
    }
}

/// Sees to it that whoever awaits the call hears of its end, whatever ends it.
struct Delivery {
    number: u64,
    queue: Arc<Queue>,
    watch: Arc<Watch>,
    gone: Arc<Gone>,
    delivered: bool,
}

impl Delivery {
    fn deliver(mut self, finish: Finish) {
        self.delivered = true;
        self.queue.push(self.number, finish);
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if !self.delivered {
            let error = self.watch.closed();
            self.queue.push(self.number, Box::new(move |py| Err(errors::to_python(py, error))));
        }
        self.gone.tell();
    }
}
