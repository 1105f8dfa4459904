//! The one owner of stdout and stderr.
//!
//! Data and the JSON document go to stdout, what people read and progress to stderr. Colours and progress appear on a
//! terminal only, and `NO_COLOR` is honoured.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use descope_projects_core::Written;
use descope_projects_core::secrets::Redactor;
use descope_projects_core::transport::Traffic;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;
use terminal_size::{Width, terminal_size_of};

use crate::document::Ended;
use crate::exit_status::ExitStatus;
use crate::table::visible;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default();
const EMPHASIS: Style = Style::new().bold();

/// Writes everything that the program says.
pub(crate) struct Printer {
    json: bool,
    withheld: Redactor,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    warnings: Vec<String>,
    bar: Option<ProgressBar>,
    stdout_failure: Option<io::Error>,
}

impl Printer {
    /// What the redactor knows is said to nobody; data is as it is.
    pub(crate) fn new(json: bool, withheld: Redactor) -> Self {
        Self { json, withheld, state: Mutex::default() }
    }

    /// The text as it may be said.
    pub(crate) fn clean(&self, text: &str) -> String {
        self.withheld.clean(text)
    }

    /// Whether stdout is for one JSON document.
    pub(crate) fn json(&self) -> bool {
        self.json
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How wide the terminal is that shows the data; nothing if none does.
    pub(crate) fn width(&self) -> Option<usize> {
        let stdout = io::stdout();
        if self.json || !stdout.is_terminal() {
            return None;
        }
        let (Width(columns), _) = terminal_size_of(stdout)?;
        // A terminal that does not know its width says 0.
        Some(usize::from(columns)).filter(|columns| *columns > 0)
    }

    /// Something that people read while they wait.
    pub(crate) fn note(&self, text: impl fmt::Display) {
        self.to_stderr(&visible(&self.clean(&text.to_string())));
    }

    /// A line that must not be overlooked, before what it announces.
    pub(crate) fn announce(&self, text: impl fmt::Display) {
        self.to_stderr(&format!("{EMPHASIS}{}{EMPHASIS:#}", visible(&self.clean(&text.to_string()))));
    }

    /// Something that its reader should act on; also in the JSON document.
    pub(crate) fn warn(&self, text: impl fmt::Display) {
        let text = self.clean(&text.to_string());
        self.to_stderr(&format!("{WARNING}warning:{WARNING:#} {}", visible(&text)));
        self.state().warnings.push(text);
    }

    /// Text with its own styles: clap's.
    pub(crate) fn styled_error(&self, text: &str) {
        self.to_stderr(text.trim_end());
    }

    /// A question; the answer is typed behind it.
    pub(crate) fn ask(&self, question: &str) {
        // A spinner would draw over what is typed.
        let bar = self.state().bar.take();
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        let mut stderr = anstream::stderr().lock();
        // Whoever cannot see the question will not answer it: nothing more can be done here.
        let _ = write!(stderr, "{EMPHASIS}{}{EMPHASIS:#} ", visible(question));
        let _ = stderr.flush();
    }

    fn to_stderr(&self, text: &str) {
        let write = || {
            // If stderr is gone there is nowhere left to say so.
            let _ = writeln!(anstream::stderr().lock(), "{text}");
        };
        let bar = self.state().bar.clone();
        match bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Data for stdout, at once. Not for use with `--json`, but for the one line of a command that stays.
    pub(crate) fn data(&self, text: &str) {
        let mut stdout = anstream::stdout().lock();
        let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
        if let Err(error) = written
            // A reader that has seen enough, such as `head`, is no failure.
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            self.state().stdout_failure.get_or_insert(error);
        }
    }

    /// Shows that something goes on, until the guard is dropped; on a terminal only.
    pub(crate) fn progress(&self, doing: &str) -> Progress<'_> {
        // A terminal that cannot move its cursor would show each turn of the spinner on a line of its own.
        let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
        let target = if dumb { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target);
        // What is too wide for the terminal is cut, not wrapped: a wrapped line could not be cleared.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}") {
            bar.set_style(style.tick_chars("|/-\\ "));
        }
        bar.set_message(visible(doing));
        bar.enable_steady_tick(Duration::from_millis(120));
        self.state().bar = Some(bar);
        Progress { printer: self, doing: visible(doing) }
    }

    /// Shows how it ended, on stderr and on stdout, and returns the status that is left.
    pub(crate) fn finish(&self, ended: &Ended, document: &dyn Fn(&[String]) -> Value) -> ExitStatus {
        if !self.json && !ended.text().is_empty() {
            self.data(ended.text());
        }
        if let Some(problem) = ended.problem() {
            // Text of a server may have lines, which must not look like ours.
            let message = visible(&problem.message).replace('\n', "\n  ");
            self.to_stderr(&format!("{ERROR}error:{ERROR:#} {message}"));
            for line in &problem.lines {
                self.to_stderr(&format!("  {}", visible(line)));
            }
            // What the message says already needs no second line.
            for next in problem.next.iter().filter(|next| !problem.message.contains(next.as_str())) {
                self.to_stderr(&format!("  {HINT}next:{HINT:#} {}", visible(next)));
            }
        }
        if self.json && !ended.printed() {
            let warnings = self.state().warnings.clone();
            self.data(&format!("{}\n", document(&warnings)));
        }
        let failure = self.state().stdout_failure.take();
        match failure {
            None => ended.status(),
            Some(error) => {
                self.to_stderr(&format!("{ERROR}error:{ERROR:#} cannot write to stdout: {error}"));
                // A failed status says that nothing was written: it would be wrong after a write that succeeded.
                let harmless = ended.status() == ExitStatus::Done && ended.written() == Written::Nothing;
                if harmless { ExitStatus::Failed } else { ended.status() }
            }
        }
    }
}

/// A running progress display.
pub(crate) struct Progress<'printer> {
    printer: &'printer Printer,
    doing: String,
}

impl Progress<'_> {
    /// Shows how many bytes have moved, where they are so many that someone waits for them.
    pub(crate) fn moved(&self, traffic: &Traffic) {
        let shown = match (traffic.received(), traffic.sent(), traffic.to_send()) {
            (received @ WORTH_TELLING.., _, _) => format!("{}: {} received", self.doing, size(received)),
            (_, sent, all @ WORTH_TELLING..) => format!("{}: {} of {} sent", self.doing, size(sent), size(all)),
            _ => return,
        };
        if let Some(bar) = &self.printer.state().bar {
            bar.set_message(shown);
        }
    }
}

/// Less moves within the blink of an eye.
const WORTH_TELLING: u64 = 64 * 1024;

/// Bytes in the largest unit of which there is one.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match UNITS.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => {
            let tenths = u128::from(bytes) * 10 / u128::from(unit);
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} bytes"),
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        let bar = self.printer.state().bar.take();
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
    }
}
