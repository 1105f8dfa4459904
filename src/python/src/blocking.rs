//! The sync face: the calling thread drives the call itself, with the GIL released.
//!
//! A connection belongs to the runtime that opened it, so a client keeps a stack of engines (a runtime and its
//! connections): a call takes the last one used, or makes one if all are busy, and puts it back. One thread therefore
//! uses one connection however many calls it makes, and threads that end leave nothing behind. No thread is started.

use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use descope_projects_core::client::Project;
use descope_projects_core::transport::{Connections, Watch};
use descope_projects_core::{Error, ErrorKind, Result};
use futures_util::FutureExt as _;
use pyo3::prelude::*;
use tokio::runtime::{Builder, Runtime};

use crate::bridge::panicked;
use crate::session::{Handle, ProcessState, lock};
use crate::{errors, logging};

/// How often a waiting call looks whether Ctrl-C was pressed.
const SLICE: Duration = Duration::from_millis(50);

/// A runtime that only runs while a call waits on it, and its connections.
pub(crate) struct Engine {
    connections: Connections,
    /// Taken when the engine is dropped.
    runtime: Option<Runtime>,
}

impl Engine {
    fn new(state: &ProcessState) -> Result<Self> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::configuration(format!("no runtime could be made: {error}")))?;
        Ok(Self { connections: state.client.connect()?, runtime: Some(runtime) })
    }

    fn drive<F: Future>(&self, future: F) -> Option<F::Output> {
        self.runtime.as_ref().map(|runtime| runtime.block_on(future))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // A name that is being looked up may take long, and nobody waits for it any more.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

thread_local! {
    /// The call that this thread is in: a handler of signals or of log records may make another one within it.
    static INNERMOST: RefCell<Option<Arc<Watch>>> = const { RefCell::new(None) };
}

/// A call of this thread, until it is dropped.
struct UnderWay {
    watch: Arc<Watch>,
    outer: Option<Arc<Watch>>,
}

impl UnderWay {
    fn begin(py: Python<'_>) -> PyResult<Self> {
        let outer = INNERMOST.with_borrow(Clone::clone);
        let watch = logging::watch(py, outer.as_ref())?;
        INNERMOST.set(Some(Arc::clone(&watch)));
        Ok(Self { watch, outer })
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        INNERMOST.set(self.outer.take());
    }
}

/// Runs one operation to its end, or to Ctrl-C.
pub(crate) fn run<T, Operation, Future>(py: Python<'_>, handle: &Handle, operation: Operation) -> PyResult<T>
where
    T: Send,
    Operation: FnOnce(Project) -> Future,
    Future: std::future::Future<Output = Result<T>> + Send,
{
    let state = handle.session.state(py)?;
    let project = handle.project(py, &state)?;
    let engine = lock(&state.engines).pop();
    let engine = match engine {
        Some(engine) => engine,
        None => py.detach(|| Engine::new(&state)).map_err(|error| errors::to_python(py, error))?,
    };
    let under_way = UnderWay::begin(py)?;
    let watch = &under_way.watch;
    let ended = {
        let running = operation(project.over(&engine.connections).watched(watch));
        let mut future = pin!(AssertUnwindSafe(running).catch_unwind());
        loop {
            let slice = py.detach(|| engine.drive(async { tokio::time::timeout(SLICE, future.as_mut()).await }));
            if let Err(interrupt) = logging::emit(py, watch) {
                break Err(interrupt);
            }
            if let Some(Ok(ended)) = slice {
                // A panic's own message may hold values.
                break ended.map_err(|_| panicked());
            }
            if let Err(interrupt) = py.check_signals() {
                break Err(interrupt);
            }
        }
    };
    // Nothing runs on an engine between two calls: what this call left open would stay open, and the server at work.
    let in_the_middle = match &ended {
        Ok(Ok(_)) => false,
        Ok(Err(error)) => matches!(error.kind(), ErrorKind::DeadlineExceeded | ErrorKind::UnknownOutcome),
        Err(_) => true,
    };
    if !in_the_middle && matches!(ended, Ok(Err(_))) {
        // An answer that was given up half-way is noticed, and its connection closed, when its task runs once more.
        py.detach(|| engine.drive(async { tokio::task::yield_now().await }));
    }
    if in_the_middle || handle.session.is_closed() {
        py.detach(|| drop(engine));
    } else {
        lock(&state.engines).push(engine);
    }
    match ended {
        Ok(ended) => ended.map_err(|error| errors::to_python(py, error)),
        Err(interrupt) => Err(interrupted(py, interrupt, watch)),
    }
}

/// Runs something of the core that blocks and is no call: files. Ctrl-C waits for it, so that it is never half-way.
pub(crate) fn off_the_interpreter<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> T {
    py.detach(work)
}

/// Says with the interruption what is known of the call: nothing if it was certainly not sent.
pub(crate) fn interrupted(py: Python<'_>, interrupt: PyErr, watch: &Watch) -> PyErr {
    if let Some(unknown) = watch.interrupted() {
        // A second interruption within the warning is the first one's company.
        let _ = logging::warn(py, &unknown.to_string());
        interrupt.set_cause(py, Some(errors::to_python(py, unknown)));
    }
    interrupt
}
