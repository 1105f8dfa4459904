//! What belongs to the process: its generation, threads that must end with it, the command line.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, Weak};

use pyo3::prelude::*;

use crate::bridge::Background;

/// Raised in every child of a fork. What a client made before (runtimes, connections, threads) belongs to the parent.
static GENERATION: AtomicU64 = AtomicU64::new(0);

/// The runtimes' threads that may be running, each with the generation of the process that started it: a child has
/// inherited the list and not the threads.
static BACKGROUNDS: Mutex<Vec<(u64, Weak<Background>)>> = Mutex::new(Vec::new());

/// How many forks lie between the first process and this one.
#[pyfunction]
#[pyo3(name = "_generation")]
pub(crate) fn generation() -> u64 {
    GENERATION.load(Ordering::Acquire)
}

/// Called by the interpreter in the child of a fork.
#[pyfunction]
#[pyo3(name = "_after_fork_in_child")]
pub(crate) fn after_fork_in_child() {
    GENERATION.fetch_add(1, Ordering::AcqRel);
}

pub(crate) fn register_fork_hook(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let os = module.py().import("os")?;
    if !os.hasattr("register_at_fork")? {
        return Ok(()); // Windows has no fork.
    }
    let keywords = pyo3::types::PyDict::new(module.py());
    keywords.set_item("after_in_child", module.getattr("_after_fork_in_child")?)?;
    os.call_method("register_at_fork", (), Some(&keywords))?;
    Ok(())
}

/// Remembers a thread so that it is stopped before the interpreter ends.
pub(crate) fn remember(py: Python<'_>, background: Weak<Background>) -> PyResult<()> {
    static REGISTERED: pyo3::sync::PyOnceLock<()> = pyo3::sync::PyOnceLock::new();
    REGISTERED.get_or_try_init(py, || -> PyResult<()> {
        let stop = py.import("descope_projects._native")?.getattr("_stop_background")?;
        py.import("atexit")?.call_method1("register", (stop,))?;
        Ok(())
    })?;
    let mut backgrounds = BACKGROUNDS.lock().unwrap_or_else(PoisonError::into_inner);
    backgrounds.retain(|(_, known)| known.strong_count() > 0);
    backgrounds.push((generation(), background));
    Ok(())
}

/// Stops the threads of all clients of this process.
#[pyfunction]
#[pyo3(name = "_stop_background")]
pub(crate) fn stop_background(py: Python<'_>) {
    let backgrounds = std::mem::take(&mut *BACKGROUNDS.lock().unwrap_or_else(PoisonError::into_inner));
    py.detach(|| {
        let ours = backgrounds.iter().filter(|(born, _)| *born == generation());
        for background in ours.filter_map(|(_, background)| background.upgrade()) {
            background.stop();
        }
    });
}

/// Runs the command line program.
///
/// Args:
///     arguments: The program's name and what follows it.
///
/// Returns:
///     The exit status.
#[pyfunction]
#[pyo3(signature = (arguments, /))]
pub(crate) fn run_command_line(py: Python<'_>, arguments: Vec<std::ffi::OsString>) -> u8 {
    py.detach(|| descope_projects_cli::run(arguments))
}
