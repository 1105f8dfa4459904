//! The guard before what cannot be undone: the project's name, typed.

use crate::arguments::Confirmation;
use crate::outcome::Failure;
use crate::prompt;
use crate::session::Session;
use crate::target::Target;

/// Returns only if the person, or the script, has named this very project.
pub(crate) async fn by_name(
    session: &Session<'_>,
    target: &Target,
    operation: &str,
    given: &Confirmation,
) -> Result<(), Failure> {
    let refused = |why: &str| Failure::refused(&target.project_id, operation, &format!("{operation}: {why}"));
    let (what, expected) = match target.name() {
        Some(name) => ("name", name),
        // Where the server does not tell the name, nothing but the id can be compared.
        None => ("id", target.project_id.as_str()),
    };
    let why_id = if target.name().is_some() { "" } else { " (its name is not known to this key)" };
    if let Some(named) = &given.project_name {
        if named == expected {
            return Ok(());
        }
        return Err(refused(&format!("--project-name is not the project's {what}{why_id}")));
    }
    if !prompt::can_ask() {
        return Err(refused(&format!(
            "there is no terminal to ask on: give --yes --project-name with the project's {what}{why_id}"
        )));
    }
    let question = format!("Type the project's {what}{why_id} to go on:");
    match prompt::ask(session, &question).await? {
        Some(typed) if typed == expected => Ok(()),
        Some(typed) if typed.is_empty() => Err(refused("cancelled")),
        Some(_) => Err(refused(&format!("what was typed is not the project's {what}"))),
        None => Err(refused("cancelled")),
    }
}
