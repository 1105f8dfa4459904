//! The guard before what cannot be undone: the project's name, typed.

use crate::arguments::Confirmation;
use crate::outcome::Failure;
use crate::prompt;
use crate::session::Session;
use crate::table::visible_line;
use crate::target::Target;

/// A terminal takes a line of some 4000 bytes, and no character that does not show.
fn can_be_typed(name: &str) -> bool {
    const LONGEST: usize = 1000;
    name.len() <= LONGEST && visible_line(name) == name
}

/// What has to be named, and by whom it was.
pub(crate) struct Guard<'run> {
    session: &'run Session<'run>,
    target: &'run Target,
    operation: &'static str,
    confirmed: bool,
}

impl<'run> Guard<'run> {
    /// Looks at what the arguments name. Refuses at once what could only be refused later: another name, or nobody to
    /// ask.
    pub(crate) fn new(
        session: &'run Session<'run>,
        target: &'run Target,
        operation: &'static str,
        given: &Confirmation,
    ) -> Result<Self, Failure> {
        let guard = Self { session, target, operation, confirmed: given.project_name.is_some() };
        match &given.project_name {
            Some(named) if named == guard.expected() => Ok(guard),
            Some(_) => Err(guard.refused(&format!("--project-name is not the project's {}", guard.what()))),
            None if prompt::can_ask() => Ok(guard),
            None => Err(guard.refused(&format!(
                "there is no terminal to ask on: give --yes --project-name with the project's {}",
                guard.what()
            ))),
        }
    }

    /// Returns only if the person, or the script, has named this very project.
    pub(crate) async fn pass(self) -> Result<(), Failure> {
        if self.confirmed {
            return Ok(());
        }
        let question = format!("Type the project's {} to go on:", self.what());
        match prompt::ask(self.session, &question).await? {
            Some(typed) if typed == self.expected() => Ok(()),
            Some(typed) if !typed.is_empty() => {
                Err(self.refused(&format!("what was typed is not the project's {}", self.what())))
            }
            Some(_) | None => Err(self.refused("cancelled")),
        }
    }

    /// Where the server does not tell the name, or it cannot be typed, nothing but the id can be compared.
    fn expected(&self) -> &str {
        self.target.name().filter(|name| can_be_typed(name)).unwrap_or(&self.target.project_id)
    }

    fn what(&self) -> &'static str {
        match self.target.name() {
            Some(name) if can_be_typed(name) => "name",
            Some(_) => "id (its name has characters that cannot be typed)",
            None => "id (its name is not known to this key)",
        }
    }

    fn refused(&self, why: &str) -> Failure {
        Failure::refused(&self.target.project_id, self.operation, &format!("{}: {why}", self.operation))
    }
}
