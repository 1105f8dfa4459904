//! The extension module: Python classes over the core, the emulator and the command line.
//!
//! Thin on purpose: a method turns its arguments into the core's types, makes one call, and turns the result back. How
//! a call waits is in `blocking` (sync) and `bridge` (asyncio); nothing else here knows which of the two it serves.
//! Only this crate names pyo3.

#![expect(clippy::needless_pass_by_value, reason = "methods take from Python what they own")]
#![expect(clippy::doc_markdown, clippy::doc_link_with_quotes, reason = "what Python shows as help is no Markdown")]

mod blocking;
mod bridge;
mod client;
mod clone;
mod emulator;
mod entity;
mod errors;
mod interpreter;
mod json;
mod logging;
mod options;
mod process;
mod project;
mod results;
mod session;
mod snapshot;
mod validation;
mod verbs;

use pyo3::prelude::*;

/// The compiled part of `descope_projects`; its names are exported there.
#[pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    use super::bridge::{Flight, Mailbox};
    #[pymodule_export]
    use super::client::{AsyncClient, Client};
    #[pymodule_export]
    use super::clone::{AsyncStartedClone, StartedClone};
    #[pymodule_export]
    use super::emulator::Emulator;
    #[pymodule_export]
    use super::entity::Entity;
    #[pymodule_export]
    use super::process::{after_fork_in_child, generation, run_command_line, stop_background};
    #[pymodule_export]
    use super::project::{AsyncProject, Project};
    #[pymodule_export]
    use super::results::{CloneResult, CloneStatus, ProjectInfo};
    #[pymodule_export]
    use super::snapshot::Snapshot;
    #[pymodule_export]
    use super::validation::{MissingSecret, Validation};

    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::interpreter::refuse_subinterpreters(module.py())?;
        descope_projects_core::panics::withhold_values();
        module.add("__version__", descope_projects_core::client::VERSION)?;
        let kinds = descope_projects_core::ErrorKind::ALL.iter().map(|kind| kind.name());
        module.add("ERROR_KINDS", pyo3::types::PyTuple::new(module.py(), kinds)?)?;
        super::process::register_fork_hook(module)?;
        super::snapshot::register_mapping(module.py())
    }
}
