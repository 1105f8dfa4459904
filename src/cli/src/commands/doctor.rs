//! `doctor`: shows what the core's diagnosis finds, and what the program itself is told.

use descope_projects_core::client::VERSION;
use descope_projects_core::client::diagnosis::{Area, Check, OptionNames, State, diagnose};
use serde_json::{Value, json};

use crate::arguments::Doctor;
use crate::exit_status::ExitStatus;
use crate::outcome::{Failure, Outcome};
use crate::session::{Session, client_options};
use crate::table::{cell, visible_line, wrapped};
use crate::variables;

const NAMES: OptionNames = OptionNames {
    project_id: "--project-id",
    base_url: "--base-url",
    proxy: "the proxy option",
    ca_bundle: "--ca-bundle",
};

pub(crate) async fn run(session: &Session<'_>, arguments: &Doctor) -> Result<Outcome, Failure> {
    let options = client_options(&arguments.connection)?;
    let looking = diagnose(arguments.project_id.as_deref(), &options, &NAMES);
    let mut diagnosis = session.wait_for("looking", looking).await?;
    diagnosis.checks.extend(program());
    let checks: Vec<Value> = diagnosis.checks.iter().map(value).collect();
    let failed = diagnosis.checks.iter().filter(|check| check.state == State::Failed).count();
    let text = text(&diagnosis.checks, session.printer.width());
    let outcome = Outcome::read(json!({ "checks": checks, "failed": failed }), text);
    Ok(match diagnosis.problem {
        None => outcome,
        Some(error) => {
            let error = error.with(|details| {
                details.message = crate::session::in_words_of_flags(&details.message);
            });
            Outcome { status: ExitStatus::from(&error), error: Some(error), ..outcome }
        }
    })
}

/// The program itself, and its own variables.
fn program() -> Vec<Check> {
    let system = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
    let mut version = Check::new(Area::Program, "version", State::Fine, format!("{VERSION}, {system}"));
    version.data.insert("version".to_owned(), VERSION.into());
    let mut checks = vec![version];
    for (name, value) in variables::set() {
        let check = if variables::is_used(&name) {
            Check::new(Area::Program, "variable", State::Fine, value)
        } else {
            Check::new(Area::Program, "variable", State::Noted, "accepted, and not used by this version")
        };
        checks.push(check.from(name));
    }
    checks
}

fn value(check: &Check) -> Value {
    json!({
        "area": check.area.name(),
        "name": check.name,
        "state": check.state.name(),
        "value": check.value,
        "from": check.from,
        "hint": check.hint,
        "data": check.data,
    })
}

const fn mark(state: State) -> &'static str {
    match state {
        State::Fine => "ok",
        State::Noted => "note",
        State::Failed => "FAILED",
        State::NotChecked => "-",
    }
}

/// Each area with its checks; on a narrow terminal what was found is below the name.
fn text(checks: &[Check], width: Option<usize>) -> String {
    let names = checks.iter().map(|check| check.name.len()).max().unwrap_or_default();
    let at = 2 + 6 + 2 + names + 2;
    let narrow = width.is_some_and(|width| width < at + 30);
    let room = width.unwrap_or(usize::MAX);
    let mut text = String::new();
    let mut area = None;
    for check in checks {
        if area.replace(check.area) != Some(check.area) {
            text.push_str(check.area.name());
            text.push('\n');
        }
        let from = check.from.as_ref().map(|from| format!(" ({})", visible_line(from))).unwrap_or_default();
        let found = format!("{}{from}", cell(&check.value, width));
        let head = format!("  {:<6}  {:<names$}  ", mark(check.state), check.name);
        let indent = if narrow { 4 } else { at };
        if narrow {
            text.push_str(head.trim_end());
            text.push('\n');
            text.push_str(&wrapped(&found, room, indent));
        } else {
            let lines = wrapped(&found, room, indent);
            text.push_str(&head);
            text.push_str(lines.trim_start());
        }
        if let Some(hint) = &check.hint {
            text.push_str(&wrapped(&format!("-> {}", visible_line(hint)), room, indent));
        }
    }
    text
}
