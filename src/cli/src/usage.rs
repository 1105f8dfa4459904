//! Arguments that clap did not accept, and its help: clap says what, this says how the program ends.

use std::ffi::OsString;

use clap::CommandFactory as _;
use clap::error::ErrorKind;
use serde_json::json;

use crate::arguments::Arguments;
use crate::document::{self, Ended};
use crate::exit_status::ExitStatus;
use crate::outcome::Outcome;
use crate::printer::Printer;

/// Whether `--json` is among the arguments, for answers to arguments that could not be parsed.
pub(crate) fn asks_for_json(arguments: &[OsString]) -> bool {
    arguments.iter().skip(1).take_while(|argument| *argument != "--").any(|argument| argument == "--json")
}

/// Shows clap's text.
pub(crate) fn report(printer: &Printer, arguments: &[OsString], error: &clap::Error) -> ExitStatus {
    let command = command_of(arguments);
    let styled = printer.clean(&error.render().ansi().to_string());
    let plain = printer.clean(&error.render().to_string());
    let ended = if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        if !printer.json() {
            printer.data(&styled);
        }
        Ended::new(Ok(Outcome::read(json!({ "text": plain }), String::new())))
    } else {
        printer.styled_error(&styled);
        if arguments.iter().any(|argument| argument.to_string_lossy().starts_with("--management-key")) {
            printer.note(
                "A key is never an argument, where other users of this machine can read it: \
                 set DESCOPE_MANAGEMENT_KEY, or WORKLOAD_IDENTITY_TOKEN for a workload token.",
            );
        }
        let message = plain.trim().strip_prefix("error: ").unwrap_or(plain.trim()).to_owned();
        Ended::usage(message)
    };
    if printer.json() {
        printer.data(&format!("{}\n", document::render(&command, None, &ended, &[])));
    }
    ended.status()
}

/// The command that was meant, as far as the words at the beginning name one.
fn command_of(arguments: &[OsString]) -> String {
    let root = Arguments::command();
    let mut at = &root;
    let mut names = Vec::new();
    for argument in arguments.iter().skip(1).filter(|argument| !argument.to_string_lossy().starts_with('-')) {
        let Some(next) = at.find_subcommand(argument) else { break };
        names.push(next.get_name());
        at = next;
    }
    if names.is_empty() { "usage".to_owned() } else { names.join("-") }
}
