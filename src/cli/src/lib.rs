//! The command line: argument types, commands, and everything that a terminal shows or asks.
//!
//! [`run`] is the whole program; the standalone binary and the Python package's console script call it. A command is
//! an async function of a `Session` that returns an `Outcome`; what it means for the server is the core's business.
//!
//! `arguments` (clap types only) → `commands/<noun>/<verb>` → `session` (client, target, calls, signals) → core.
//! `printer` owns stdout and stderr, `document` is the one JSON document, `exit_status` the statuses, `prompt` and
//! `confirm` what is asked before a write, `secrets_file` the vendor's file of secrets, `withheld` what is never said, `demo`
//! the main job, narrated.
//!
//! What may not be here: HTTP, a snapshot's format, a second way to print, `std::process::exit`.

mod arguments;
mod commands;
mod confirm;
mod demo;
mod document;
mod examples;
mod exit_status;
mod outcome;
mod printer;
mod prompt;
mod secrets_file;
mod session;
mod signals;
mod standard_streams;
mod table;
mod target;
mod usage;
mod variables;
mod withheld;

use std::ffi::OsString;

use clap::{CommandFactory as _, Parser as _};

use crate::arguments::Arguments;
use crate::exit_status::ExitStatus;
use crate::outcome::{Failure, Outcome};
use crate::printer::Printer;
use crate::session::Session;
use crate::signals::Signals;
use crate::variables::Variables;

pub(crate) const PROGRAM: &str = "descope-projects";

/// The program's arguments as clap knows them: for the scripts of shells, and for the pages that are made of them.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// Runs the program with these arguments, the program's own name first, and returns its exit status.
///
/// Never ends the process itself. SIGINT and SIGTERM are listened for while it runs, so that a caller that has handlers
/// of its own puts the defaults back first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    standard_streams::occupy();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let variables = Variables::read(std::env::vars_os());
    let json = usage::asks_for_json(&arguments) || variables.as_ref().is_ok_and(|variables| variables.json);
    let printer = Printer::new(json, withheld::known(&arguments));
    let parsed = match Arguments::try_parse_from(&arguments) {
        Ok(parsed) => parsed,
        Err(error) => return usage::report(&printer, &arguments, &error).code(),
    };
    let command = parsed.command.name();
    let variables = match variables {
        Ok(variables) => variables,
        Err(error) => return finish(&printer, command, None, Err(error.into())).code(),
    };
    execute(&printer, variables, &parsed).code()
}

fn execute(printer: &Printer, variables: Variables, arguments: &Arguments) -> ExitStatus {
    let command = arguments.command.name();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return finish(printer, command, None, Err(Failure::system("start", &error))),
    };
    let status = runtime.block_on(async {
        let signals = match Signals::listen() {
            Ok(signals) => signals,
            Err(error) => return finish(printer, command, None, Err(Failure::system("listen for signals", &error))),
        };
        let session = Session::new(printer, signals, variables);
        let ended = commands::run(&session, &arguments.command).await;
        finish(printer, command, Some(&session), ended)
    });
    // A prompt or a file operation may still wait in a thread of its own: nobody needs its result any more.
    runtime.shutdown_background();
    status
}

/// Shows how a command ended; the only place where that happens.
fn finish(
    printer: &Printer,
    command: &str,
    session: Option<&Session<'_>>,
    ended: Result<Outcome, Failure>,
) -> ExitStatus {
    let target = session.and_then(Session::target);
    let ended = document::Ended::new(ended).cleaned(&|text| printer.clean(text));
    printer.finish(&ended, &|warnings| document::render(command, target.as_ref(), &ended, warnings))
}
