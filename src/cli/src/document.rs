//! The JSON document: one on stdout, at the end, whatever happens.

use descope_projects_core::{Error, Written};
use serde_json::{Map, Value, json};

use crate::exit_status::ExitStatus;
use crate::outcome::{Failure, Outcome};
use crate::target::{Target, project};

/// How a command ended, as people and documents are told.
pub(crate) struct Ended {
    status: ExitStatus,
    written: Written,
    result: Value,
    text: String,
    problem: Option<Problem>,
    printed: bool,
}

/// What went wrong.
pub(crate) struct Problem {
    kind: &'static str,
    /// One sentence or two.
    pub(crate) message: String,
    /// More for people, a line each.
    pub(crate) lines: Vec<String>,
    /// What to run next.
    pub(crate) next: Vec<String>,
    operation: Option<String>,
    project_id: Option<String>,
    request_id: Option<String>,
    details: Map<String, Value>,
}

impl Ended {
    pub(crate) fn new(ended: Result<Outcome, Failure>) -> Self {
        match ended {
            Ok(outcome) => Self {
                status: outcome.status,
                written: outcome.written,
                result: outcome.result,
                text: outcome.text,
                problem: outcome.error.as_ref().map(Problem::of),
                printed: outcome.printed,
            },
            Err(Failure::Error(error)) => {
                Self { written: error.details().written, ..Self::failed((&error).into(), Problem::of(&error)) }
            }
            Err(Failure::Interrupted(signal)) => Self::failed(
                signal.status(),
                Problem {
                    kind: "KeyboardInterrupt",
                    message: format!("interrupted by {}; nothing was changed in any project", signal.name()),
                    lines: Vec::new(),
                    next: Vec::new(),
                    operation: None,
                    project_id: None,
                    request_id: None,
                    details: Map::new(),
                },
            ),
        }
    }

    /// Wrong arguments. People have been told already, by whoever parsed them.
    pub(crate) fn usage(message: String) -> Self {
        let error = Error::configuration(message);
        Self::failed(ExitStatus::Usage, Problem::of(&error))
    }

    fn failed(status: ExitStatus, problem: Problem) -> Self {
        Self {
            status,
            written: Written::Nothing,
            result: Value::Null,
            text: String::new(),
            problem: Some(problem),
            printed: false,
        }
    }

    /// The same with what it says of a problem put through this.
    pub(crate) fn cleaned(mut self, clean: &dyn Fn(&str) -> String) -> Self {
        if let Some(problem) = &mut self.problem {
            problem.clean(clean);
        }
        self
    }

    pub(crate) fn status(&self) -> ExitStatus {
        self.status
    }

    pub(crate) fn written(&self) -> Written {
        self.written
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    pub(crate) fn printed(&self) -> bool {
        self.printed
    }
}

impl Problem {
    fn of(error: &Error) -> Self {
        let known = error.details();
        let mut details = Map::new();
        let mut add = |name: &str, value: Value| {
            let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            if !empty {
                details.insert(name.to_owned(), value);
            }
        };
        add("status", known.status.into());
        add("code", known.code.clone().into());
        add("description", known.description.clone().into());
        add("message", known.api_message.clone().into());
        add("attempts", if known.attempts == 0 { Value::Null } else { known.attempts.into() });
        add("retry_after", known.retry_after.map(|pause| pause.as_secs_f64()).into());
        add("preview", known.preview.clone().into());
        add("path", known.path.clone().into());
        add("candidates", known.candidates.iter().map(project).collect());
        add("validation", known.validation.as_ref().map(crate::commands::validation_value).into());
        // What is no command is advice: a script must be able to run what `next` says.
        let (next, hints): (Vec<String>, Vec<String>) =
            known.next.iter().cloned().partition(|next| next.split(' ').next() == Some(crate::PROGRAM));
        add("hints", hints.clone().into());

        let mut lines = Vec::new();
        if let Some(validation) = &known.validation {
            lines.extend(crate::commands::validation_lines(validation));
        }
        for candidate in &known.candidates {
            let name = candidate.name.as_deref().unwrap_or("(no name)");
            lines.push(format!("may be the result: {} {name}", candidate.id));
        }
        if let Some(pause) = known.retry_after {
            lines.push(format!("the server asks for a pause of {:.0} s", pause.as_secs_f64()));
        }
        lines.extend(hints.iter().map(|hint| format!("hint: {hint}")));
        if let Some(request_id) = &known.request_id {
            lines.push(format!("request id (cf-ray): {request_id}"));
        }
        Self {
            kind: known.kind.name(),
            message: known.message.clone(),
            lines,
            next,
            operation: known.operation.clone(),
            project_id: known.project_id.clone(),
            request_id: known.request_id.clone(),
            details,
        }
    }
}

impl Problem {
    fn clean(&mut self, clean: &dyn Fn(&str) -> String) {
        let known = [&mut self.operation, &mut self.project_id, &mut self.request_id];
        let texts = known.into_iter().flatten().chain([&mut self.message]).chain(&mut self.lines).chain(&mut self.next);
        texts.for_each(|text| *text = clean(text));
        self.details.values_mut().for_each(|value| clean_value(value, clean));
    }
}

fn clean_value(value: &mut Value, clean: &dyn Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = clean(text),
        Value::Array(items) => items.iter_mut().for_each(|item| clean_value(item, clean)),
        Value::Object(members) => members.values_mut().for_each(|item| clean_value(item, clean)),
        _ => {}
    }
}

/// The document.
pub(crate) fn render(command: &str, target: Option<&Target>, ended: &Ended, warnings: &[String]) -> Value {
    let mut document = json!({
        "schema": format!("descope-projects/{command}@1"),
        "ok": ended.problem.is_none(),
        "exit_status": ended.status.code(),
        "written": ended.written.as_str(),
        "target": target.map(Target::value),
        "result": ended.result,
        "warnings": warnings,
    });
    if let Some(problem) = &ended.problem {
        document["error"] = json!({
            "kind": problem.kind,
            "message": problem.message,
            "operation": problem.operation,
            "project_id": problem.project_id,
            "request_id": problem.request_id,
            "details": problem.details,
            "next": problem.next,
        });
    }
    document
}
