//! The standalone program: the same one that the Python package installs.

use std::process::ExitCode;

fn main() -> ExitCode {
    descope_projects_core::panics::withhold_values();
    ExitCode::from(descope_projects_cli::run(std::env::args_os()))
}
