//! `completions`

use clap_complete::generate;
use descope_projects_core::{Error, ErrorKind};
use serde_json::json;

use crate::arguments::Completions;
use crate::outcome::{Failure, Outcome};

pub(crate) fn run(arguments: &Completions) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    generate(arguments.shell, &mut crate::command(), crate::PROGRAM, &mut script);
    let script = String::from_utf8(script)
        .map_err(|_| Error::new(ErrorKind::Transport, "the script for the shell cannot be written as text"))?;
    // clap_complete 4.6 takes the hyphen in the program's name for the one before a subcommand in half of the places
    // where bash's script names a command, so that nothing below the first word would be completed.
    let script = script.replace("descope__subcmd__projects", "descope__projects");
    Ok(Outcome::read(json!({ "shell": arguments.shell.to_string(), "script": script }), script))
}
