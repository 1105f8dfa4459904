//! Only the main interpreter of a process may import the extension.

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;

/// The number of the main interpreter, in every process and version.
const MAIN: i64 = 0;

/// An error in a subinterpreter: the classes are one set for the whole process, and so are the fork hook, the threads
/// that are stopped at exit and the logger. Python itself refuses only those that have a GIL of their own.
pub(crate) fn refuse_subinterpreters(py: Python<'_>) -> PyResult<()> {
    if number(py) == MAIN {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "descope_projects cannot be used in a subinterpreter: use it in the main interpreter, or in a process of its own \
         (mod_wsgi: `WSGIApplicationGroup %{GLOBAL}`)",
    ))
}

#[expect(unsafe_code, reason = "pyo3 has no safe way to ask, and Python's modules for it are not in every build")]
fn number(_attached: Python<'_>) -> i64 {
    // SAFETY: the one precondition of the first is a thread state, which this thread has while it is attached, as the
    // argument proves. What it returns is never NULL and lives at least as long as this thread is attached to it; the
    // second only reads a field of it.
    unsafe { pyo3::ffi::PyInterpreterState_GetID(pyo3::ffi::PyInterpreterState_Get()) }
}
