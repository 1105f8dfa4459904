//! Hands the core's records to `logging.getLogger("descope_projects")`, on the thread that waits for the call.

use std::sync::Arc;

use descope_projects_core::transport::{Level, Watch};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// A watch for one call, perhaps within another one, that keeps what somebody listens to.
pub(crate) fn watch(py: Python<'_>, outer: Option<&Arc<Watch>>) -> PyResult<Arc<Watch>> {
    Ok(Watch::within(outer, !is_heard(py, DEBUG)?))
}

/// Logs what the call has recorded so far. A broken handler is the logging module's to report and never fails a call; an
/// interruption that falls into one is still an interruption.
pub(crate) fn emit(py: Python<'_>, watch: &Watch) -> PyResult<()> {
    let records = watch.take_records();
    if records.is_empty() || !records.iter().any(|record| record.level == Level::Warning) && !is_imported(py) {
        return Ok(());
    }
    for record in records {
        let level: u8 = match record.level {
            Level::Debug => DEBUG,
            Level::Info => 20,
            Level::Warning => WARNING,
        };
        log(py, level, &record.message)?;
    }
    Ok(())
}

/// One warning for an interruption whose outcome is unknown.
pub(crate) fn warn(py: Python<'_>, message: &str) -> PyResult<()> {
    log(py, WARNING, message)
}

const DEBUG: u8 = 10;
const WARNING: u8 = 30;

fn log(py: Python<'_>, level: u8, message: &str) -> PyResult<()> {
    survive(py, logger(py).and_then(|logger| logger.call_method1(py, intern!(py, "log"), (level, "%s", message))))
        .map(drop)
}

/// Whether a record of this level would reach anybody.
fn is_heard(py: Python<'_>, level: u8) -> PyResult<bool> {
    static IS_ENABLED_FOR: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    if !is_imported(py) {
        return Ok(false);
    }
    let heard = IS_ENABLED_FOR
        .get_or_try_init(py, || logger(py)?.getattr(py, "isEnabledFor"))
        .and_then(|is_enabled_for| is_enabled_for.call1(py, (level,)))
        .and_then(|heard| heard.is_truthy(py));
    Ok(survive(py, heard)?.unwrap_or(true))
}

/// What logging breaks must not break a call.
fn survive<T>(py: Python<'_>, ended: PyResult<T>) -> PyResult<Option<T>> {
    match ended {
        Err(error) if error.is_instance_of::<pyo3::exceptions::PyException>(py) => {
            error.write_unraisable(py, None);
            Ok(None)
        }
        ended => ended.map(Some),
    }
}

/// `logging` costs milliseconds to import: if nobody has imported it, nobody listens below warning level.
fn is_imported(py: Python<'_>) -> bool {
    static SYS: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let modules = SYS.get_or_try_init(py, || Ok::<_, PyErr>(py.import("sys")?.unbind()));
    modules
        .and_then(|sys| sys.bind(py).getattr(intern!(py, "modules"))?.contains(intern!(py, "logging")))
        .unwrap_or(false)
}

fn logger(py: Python<'_>) -> PyResult<&Py<PyAny>> {
    static LOGGER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    LOGGER.get_or_try_init(py, || Ok(py.import("logging")?.call_method1("getLogger", ("descope_projects",))?.unbind()))
}
