//! The control routes: what each does, and what does the same in Python.

use std::fmt::Write as _;

use descope_projects_core::wire::nearest;
use serde::Serialize;

/// The path that all of them begin with.
pub const ROOT: &str = "/_emulator";

/// One control route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ControlRoute {
    /// HTTP method.
    pub method: &'static str,
    /// Path below [`ROOT`]; `{id}` stands for one step, `{*path}` for all that follow.
    pub path: &'static str,
    /// What it does.
    pub does: &'static str,
    /// The attributes of `Emulator` in Python that do the same.
    pub python: &'static [&'static str],
}

const fn route(
    method: &'static str,
    path: &'static str,
    does: &'static str,
    python: &'static [&'static str],
) -> ControlRoute {
    ControlRoute { method, path, does, python }
}

/// All of them.
pub const ROUTES: [ControlRoute; 17] = [
    route("GET", "/", "lists these routes", &[]),
    route("GET", "/ready", "how to reach it: as the first line of `--json`", &["url", "project_id", "management_key"]),
    route("GET", "/projects", "the projects of all companies as they are now", &["projects"]),
    route("GET", "/projects/{id}/files", "a project's files, as a snapshot export shows them", &["files"]),
    route("PUT", "/projects/{id}/files/{*path}", "writes one file, as someone at the console would", &["put_file"]),
    route("DELETE", "/projects/{id}/files/{*path}", "removes a file, or all files of a directory", &["remove_file"]),
    route("GET", "/faults", "the faults that are set, and what they have struck", &["faults"]),
    route("POST", "/faults", "sets a fault; its number", &["fail"]),
    route("DELETE", "/faults", "removes all faults and lets go of what they hold", &["clear_faults"]),
    route(
        "POST",
        "/faults/{id}/release",
        "lets go of what a fault holds, now and later; put-off work is done then",
        &["release"],
    ),
    route(
        "POST",
        "/faults/{id}/wait",
        "waits until a fault holds something, at most `seconds` (10)",
        &["wait_until_held"],
    ),
    route("GET", "/settings", "the switches and modes by which it goes now", &["settings"]),
    route("POST", "/settings", "changes those that are named: `semantics`, `normalise`", &["configure"]),
    route("GET", "/executions", "how often each call's work was done", &["executions"]),
    route(
        "GET",
        "/requests",
        "the last ten thousand requests, and how many connections",
        &["requests", "connections_accepted"],
    ),
    route("DELETE", "/requests", "forgets the requests and the counts", &["clear_records"]),
    route("POST", "/reset", "back to the start: projects, settings, faults and records", &["reset"]),
];

/// All of them as a table in Markdown.
pub fn markdown() -> String {
    let mut table = "| route | what it does | in Python |\n| --- | --- | --- |\n".to_owned();
    for ControlRoute { method, path, does, python } in ROUTES {
        let python: Vec<_> = python.iter().map(|name| format!("`{name}`")).collect();
        let path = path.trim_end_matches('/');
        let _ = writeln!(table, "| `{method} {ROOT}{path}` | {does} | {} |", python.join(", "));
    }
    table
}

/// The methods that a path has; none if there is no such path.
pub(crate) fn methods(path: &str) -> Vec<&'static str> {
    ROUTES.iter().filter(|route| matches(route.path, path)).map(|route| route.method).collect()
}

/// What is said of a path that is in no route.
pub(crate) fn unknown(method: &str, path: &str) -> String {
    let hint = nearest(path, ROUTES.iter().map(|route| route.path).filter(|path| *path != "/"));
    let hint = hint.map_or_else(|| format!("GET {ROOT} lists them"), |near| format!("did you mean {ROOT}{near}?"));
    format!("there is no control route {method} {ROOT}{path}; {hint}")
}

fn matches(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(step), Some(given)) if step.starts_with("{*") => return !given.is_empty(),
            (Some(step), Some(given)) if step.starts_with('{') && !given.is_empty() => {}
            (Some(step), Some(given)) if step == given => {}
            _ => return false,
        }
    }
}
