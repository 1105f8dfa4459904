//! Hands the core's records to `logging.getLogger("descope_projects")`, on the thread that waits for the call.

use descope_projects_core::transport::{Level, Watch};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// Logs what the call has recorded so far. A broken handler is the logging module's to report and never fails a call; an
/// interruption that falls into one is still an interruption.
pub(crate) fn emit(py: Python<'_>, watch: &Watch) -> PyResult<()> {
    let records = watch.take_records();
    if records.is_empty() || !records.iter().any(|record| record.level == Level::Warning) && !is_imported(py) {
        return Ok(());
    }
    for record in records {
        let level: u8 = match record.level {
            Level::Debug => 10,
            Level::Info => 20,
            Level::Warning => 30,
        };
        log(py, level, &record.message)?;
    }
    Ok(())
}

/// One warning for an interruption whose outcome is unknown.
pub(crate) fn warn(py: Python<'_>, message: &str) -> PyResult<()> {
    log(py, 30, message)
}

fn log(py: Python<'_>, level: u8, message: &str) -> PyResult<()> {
    match logger(py).and_then(|logger| logger.call_method1(py, "log", (level, "%s", message))) {
        Err(error) if error.is_instance_of::<pyo3::exceptions::PyException>(py) => {
            error.write_unraisable(py, None);
            Ok(())
        }
        ended => ended.map(drop),
    }
}

/// `logging` costs milliseconds to import: if nobody has imported it, nobody listens below warning level.
fn is_imported(py: Python<'_>) -> bool {
    py.import("sys").and_then(|sys| sys.getattr("modules")?.contains("logging")).unwrap_or(false)
}

fn logger(py: Python<'_>) -> PyResult<&Py<PyAny>> {
    static LOGGER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    LOGGER.get_or_try_init(py, || Ok(py.import("logging")?.call_method1("getLogger", ("descope_projects",))?.unbind()))
}
