//! How the demo is told: what a user would type, what it answers, and what was checked.

use std::cell::Cell;

use descope_projects_core::{Error, ErrorKind, Result};

use crate::printer::Printer;

/// Tells the story, and counts what it has proved.
pub(super) struct Narrator<'printer> {
    printer: &'printer Printer,
    step: Cell<usize>,
    checked: Cell<usize>,
}

impl<'printer> Narrator<'printer> {
    pub(super) fn new(printer: &'printer Printer) -> Self {
        Self { printer, step: Cell::new(0), checked: Cell::new(0) }
    }

    /// A line of the story. With `--json` stdout is for the document, and the story goes to stderr.
    pub(super) fn tell(&self, text: &str) {
        if self.printer.json() {
            self.printer.note(text);
        } else {
            self.printer.data(&format!("{}\n", crate::table::visible(text)));
        }
    }

    /// A chapter.
    pub(super) fn step(&self, title: &str) {
        self.step.set(self.step.get() + 1);
        self.tell(&format!("\n{}. {title}", self.step.get()));
    }

    /// What a user would type.
    pub(super) fn command(&self, command: &str) {
        self.tell(&format!("   $ descope-projects {command}"));
    }

    /// What is to be seen.
    pub(super) fn say(&self, text: &str) {
        for line in text.trim_end().lines() {
            self.tell(&format!("   {line}"));
        }
    }

    /// A claim that was checked before it is made; the demo fails if it does not hold.
    pub(super) fn claim(&self, claim: &str, holds: bool, otherwise: impl FnOnce() -> String) -> Result<()> {
        if !holds {
            let message = format!("the demo expected that {claim}, but {}", otherwise());
            return Err(Error::new(ErrorKind::Protocol, message).with(|details| {
                details.operation = Some("demo".to_owned());
            }));
        }
        self.checked.set(self.checked.get() + 1);
        self.say(&format!("✓ {claim}"));
        Ok(())
    }

    /// The claim that two things are equal.
    pub(super) fn claim_equal<T: PartialEq + std::fmt::Debug>(&self, claim: &str, left: &T, right: &T) -> Result<()> {
        self.claim(claim, left == right, || format!("{left:?} is not {right:?}"))
    }

    /// How many claims were checked.
    pub(super) fn checked(&self) -> usize {
        self.checked.get()
    }
}

#[cfg(test)]
mod tests {
    use super::Narrator;
    use crate::printer::Printer;

    #[test]
    fn a_claim_that_does_not_hold_ends_the_demo_with_status_1() {
        let printer = Printer::new(true, descope_projects_core::secrets::Redactor::default());
        let narrator = Narrator::new(&printer);
        let error = narrator.claim_equal("two is three", &2, &3).err();
        assert_eq!(error.as_ref().map(descope_projects_core::Error::exit_status), Some(1));
        let message = error.map(|error| error.to_string());
        assert_eq!(message.as_deref(), Some("the demo expected that two is three, but 2 is not 3"));
        assert_eq!(narrator.checked(), 0);
    }
}
