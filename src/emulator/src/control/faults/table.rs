//! The one table of fault actions and their options: what is accepted, and what the documentation says.

use descope_projects_core::wire::call;
use serde::Serialize;

/// One row of the table of actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Action {
    /// What it is called.
    pub name: &'static str,
    /// What happens.
    pub does: &'static str,
    /// The options that it takes beside `occurrence` and `times`.
    pub options: &'static [&'static str],
    /// The calls that it is for; empty: all.
    pub only: &'static [&'static str],
}

/// One row of the table of options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FaultOption {
    /// What it is called.
    pub name: &'static str,
    /// What may be given.
    pub kind: &'static str,
    /// What counts if nothing is given.
    pub default: &'static str,
    /// What it means.
    pub means: &'static str,
}

/// Every action.
pub fn actions() -> &'static [Action] {
    ACTIONS
}

/// Every option but the action itself.
pub fn options() -> &'static [FaultOption] {
    OPTIONS
}

/// The actions in Markdown, for `docs/emulator.md`.
pub fn actions_markdown() -> String {
    let row = |Action { name, does, options, only }: &Action| {
        let options: Vec<String> = options.iter().map(|option| format!("`{option}`")).collect();
        let only = match only {
            [] => String::new(),
            _ => format!(" (only {})", only.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
        };
        format!("| `{name}` | {does}{only} | {} |\n", options.join(", "))
    };
    let rows: String = actions().iter().map(row).collect();
    format!("| action | what happens | its options |\n| --- | --- | --- |\n{rows}")
}

/// The options in Markdown, for `docs/emulator.md`.
pub fn options_markdown() -> String {
    let row = |FaultOption { name, kind, default, means }: &FaultOption| {
        format!("| `{name}` | {kind} | {default} | {means} |\n")
    };
    let rows: String = options().iter().map(row).collect();
    format!("| option | value | default | what it means |\n| --- | --- | --- | --- |\n{rows}")
}

const IMPORTS: &[&str] = &[call::IMPORT_SNAPSHOT.name, call::IMPORT_PROJECT.name];

const ANSWER: &[&str] = &["status", "code", "description", "message", "retry_after", "html", "body"];

const ACTIONS: &[Action] = &[
    Action { options: ANSWER, ..action("status", "it is answered with that status, and the work is not done") },
    action("drop_request", "the connection is closed once the first part of the request is there; no work is done"),
    action("drop_before", "the connection is closed, and the work is not done"),
    action("drop_after", "the work is done, and the connection is closed without an answer"),
    action("drop_within", "the work is done, and the connection is closed after half of the answer"),
    Action { options: &["when"], ..action("hold", "the work, or the answer, waits until the fault is released") },
    Action {
        options: &["when", "seconds"],
        ..action("delay", "the work, or the answer, waits so long; a release ends the wait")
    },
    Action {
        options: &[
            "requests",
            "seconds",
            "drop",
            "status",
            "code",
            "description",
            "message",
            "retry_after",
            "html",
            "body",
        ],
        ..action(
            "finish_later",
            "the request fails, and the work is done when the fault is released, after so many requests, or after so \
             long; until then exports show the old state, and a second write is E013008",
        )
    },
    Action {
        options: &["error"],
        only: &[call::START_CLONE.name],
        ..action("fail_later", "it is answered as always, and the status of the clone ends with an error")
    },
    Action {
        options: &["written", "drop", "status", "code", "description", "message", "retry_after", "html", "body"],
        only: IMPORTS,
        ..action("partial", "the import fails when it has written some of the entities that would change")
    },
    action("truncate", "the work is done, and the answer's JSON is cut in its middle; as HTTP it is whole"),
    Action {
        options: &["seconds"],
        ..action("slow", "the work is done, and the answer comes byte by byte until the fault is released")
    },
    action("endless", "the work is done, and the answer never ends; after a release the connection is closed"),
    action("html", "the work is done, and the answer is a page with status 200"),
    Action {
        options: &["content_type"],
        ..action("content_type", "the work is done, and the answer says that it is something else")
    },
    Action { options: &["body"], ..action("wrong_type", "the work is done, and the answer is other JSON") },
    Action {
        options: &["bytes"],
        ..action("bomb", "the work is done, and the answer is small until it is decompressed")
    },
];

const fn action(name: &'static str, does: &'static str) -> Action {
    Action { name, does, options: &[], only: &[] }
}

const OPTIONS: &[FaultOption] = &[
    option("occurrence", "a number from 1", "1", "the first request that it strikes, counted from when it is set"),
    option("times", "a number from 1, or null for all", "1", "how many requests it strikes from there on"),
    option("status", "400 to 599", "503; `finish_later` 504; `partial` 500", "the answer's status"),
    option("code", "text", "none", "`errorCode` of that answer"),
    option("description", "text", "none", "`errorDescription` of that answer"),
    option("message", "text", "none", "`errorMessage` of that answer"),
    option("retry_after", "text", "none", "`Retry-After` of that answer, sent as it is"),
    option("html", "true or false", "false", "answer as the edge does, with a page instead of JSON"),
    option("body", "text", "made of the fields above; `wrong_type`: `[]`", "the answer's body, sent as it is"),
    option("drop", "true or false", "false", "close the connection instead of answering"),
    option(
        "when",
        "`before` or `after`",
        "`before`",
        "whether the wait is before the work, or between it and the answer",
    ),
    option(
        "seconds",
        "a number, at most 600",
        "`delay` 1; `slow` 0.1; `finish_later` none",
        "how long the wait is; for `slow` between two bytes",
    ),
    option(
        "requests",
        "a number",
        "none",
        "how many requests come before the work, those for the licence not counted; the next one finds it done",
    ),
    option("error", "text", "`The clone failed`", "what the status of the clone says"),
    option("written", "a number", "half of them", "how many entities the import writes, in the order of their paths"),
    option("content_type", "text", "`text/plain`", "what the answer says that it is"),
    option("bytes", "a number from 1", "1073741824 (1 GiB)", "how long the answer is when it is decompressed"),
];

const fn option(name: &'static str, kind: &'static str, default: &'static str, means: &'static str) -> FaultOption {
    FaultOption { name, kind, default, means }
}
