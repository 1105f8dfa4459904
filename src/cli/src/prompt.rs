//! Questions to the person at the terminal.

use std::io::{self, BufRead as _, IsTerminal as _};

use tokio::sync::oneshot;

use crate::outcome::Failure;
use crate::session::Session;

/// Whether there is someone to ask: answers come from a terminal and the question can be seen on one.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a line; `None` if there will be none (the terminal was closed, Ctrl-D).
///
/// It is read on a thread of its own, so that a signal ends the question as it ends a call. The terminal keeps its own
/// line editing throughout, so that there is no mode to restore, however the program ends.
pub(crate) async fn ask(session: &Session<'_>, question: &str) -> Result<Option<String>, Failure> {
    session.printer.ask(question);
    let (answer, answered) = oneshot::channel();
    let reader = std::thread::Builder::new().name("prompt".to_owned()).spawn(move || {
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        let line = matches!(read, Ok(1..)).then(|| line.trim_end_matches(['\r', '\n']).to_owned());
        // Nobody waits any more if a signal came first.
        let _ = answer.send(line);
    });
    if let Err(error) = reader {
        return Err(Failure::system("ask", &error));
    }
    tokio::select! {
        signal = session.signals.caught() => {
            // The cursor is behind the question.
            session.printer.note("");
            Err(Failure::Interrupted(signal))
        }
        line = answered => Ok(line.ok().flatten()),
    }
}
