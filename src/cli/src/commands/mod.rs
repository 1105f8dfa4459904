//! What each command does: one file per verb, each returning an outcome.

mod completions;
mod doctor;
pub(crate) mod emulator;
mod projects;
mod snapshot;

use crate::arguments::{Command, Projects, Snapshot};
use crate::outcome::{Failure, Outcome};
use crate::session::Session;

pub(crate) use snapshot::{describe, validation_lines, validation_value};

/// Runs a command to its end.
pub(crate) async fn run(session: &Session<'_>, command: &Command) -> Result<Outcome, Failure> {
    match command {
        Command::Projects(Projects::List(arguments)) => projects::list::run(session, arguments).await,
        Command::Projects(Projects::Show(arguments)) => projects::show::run(session, arguments).await,
        Command::Projects(Projects::Clone(arguments)) => projects::clone::run(session, arguments).await,
        Command::Projects(Projects::Rename(arguments)) => projects::rename::run(session, arguments).await,
        Command::Projects(Projects::Tag(arguments)) => projects::tag::run(session, arguments).await,
        Command::Projects(Projects::Delete(arguments)) => projects::delete::run(session, arguments).await,
        Command::Snapshot(Snapshot::Export(arguments)) => snapshot::export::run(session, arguments).await,
        Command::Snapshot(Snapshot::Import(arguments)) => snapshot::import::run(session, arguments).await,
        Command::Snapshot(Snapshot::Validate(arguments)) => snapshot::validate::run(session, arguments).await,
        Command::Emulator(arguments) => emulator::run(session, arguments).await,
        Command::Demo(arguments) => crate::demo::run(session, arguments).await,
        Command::Doctor(arguments) => doctor::run(session, arguments).await,
        Command::Completions(arguments) => completions::run(arguments),
    }
}
