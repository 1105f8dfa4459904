//! Failures on demand, by call and occurrence.

mod armed;
mod gate;
mod options;
mod table;
mod values;

use std::time::Duration;

use descope_projects_core::wire::{CALLS, ErrorBody, nearest};
use serde::Serialize;

use super::ControlError;

pub(crate) use armed::{Arrived, Faults, Firing, Moment};
pub(crate) use gate::{Held, Passage};
pub use options::FaultOptions;
pub(crate) use options::fault;
pub use table::{Action, FaultOption, actions, actions_markdown, options as fault_options, options_markdown};

/// One failure on demand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The name of a row of the call table, or `*` for every request, those to unknown routes included.
    pub operation: String,
    /// The first request that it strikes, counted from when it is set, from 1.
    pub occurrence: u64,
    /// How many requests it strikes from there on; absent: all.
    pub times: Option<u64>,
    /// What happens to them.
    pub action: FaultAction,
}

impl Fault {
    /// Strikes the next request of an operation, once.
    pub fn new(operation: impl Into<String>, action: FaultAction) -> Self {
        Self { operation: operation.into(), occurrence: 1, times: Some(1), action }
    }
}

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultAction {
    /// It is answered with a status, and the work is not done.
    Status(FaultStatus),
    /// The connection is closed once the first part of the request is there; the work is not done.
    DropRequest,
    /// The connection is closed; the work is not done.
    DropBefore,
    /// The work is done, and the connection is closed without an answer.
    DropAfter,
    /// The work is done, and the connection is closed after half of the answer.
    DropWithin,
    /// The work waits until the fault is released; a write keeps other writes out meanwhile.
    Hold,
    /// The work is done, and the answer waits until the fault is released.
    HoldAnswer,
    /// A wait of at most ten minutes, which a release ends early.
    Delay {
        /// Where the wait is.
        when: When,
        /// How long it is.
        time: Duration,
    },
    /// The request fails at once, and the work is done later.
    FinishLater(Later),
    /// The work begins and is answered as always, but comes to nothing: the status of an asynchronous clone tells this
    /// error when it would tell the new project. Only for `start_clone`.
    FailLater(String),
    /// An import fails when it has written a part. Only for imports.
    Partial(Partial),
    /// The work is done, and the answer is spoiled.
    Spoil(Spoiling),
}

/// On which side of the work a wait is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Before the work; a write keeps other writes out meanwhile.
    #[default]
    Before,
    /// After the work, before the answer.
    After,
}

/// Work that is done after its request has failed. A write keeps other writes out until then, and reads show the old
/// state. The first of the three ends the wait: a release of the fault, `requests`, `time`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Later {
    /// How many requests that follow still come before the work; those for the licence do not count. The next one
    /// finds the work done.
    pub requests: Option<u64>,
    /// How long the work waits, at most ten minutes.
    pub time: Option<Duration>,
    /// What is answered; absent: the connection is closed.
    pub answer: Option<FaultStatus>,
}

/// An import that fails half-way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partial {
    /// How many of the entities that would change are written, in the order of their paths. Default: half of them.
    pub written: Option<u64>,
    /// What is answered; absent: the connection is closed.
    pub answer: Option<FaultStatus>,
}

/// What is wrong with an answer whose status is 200.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spoiling {
    /// The JSON ends in its middle; as HTTP it is whole.
    Truncate,
    /// It comes byte by byte with so long a pause between two, until the fault is released.
    Slow(Duration),
    /// It never ends; after a release the connection is closed.
    Endless,
    /// It is a page in HTML.
    Html,
    /// It has this content type.
    ContentType(String),
    /// Its JSON is this text.
    WrongType(String),
    /// It is compressed, and so many bytes long when it is not.
    Bomb(u64),
}

/// The answer that [`FaultAction::Status`] gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultStatus {
    /// 400 to 599.
    pub status: u16,
    /// `errorCode`.
    pub code: Option<String>,
    /// `errorDescription`.
    pub description: Option<String>,
    /// `errorMessage`.
    pub message: Option<String>,
    /// `Retry-After`, sent as it is.
    pub retry_after: Option<String>,
    /// Answer as the edge does: with a page instead of JSON.
    pub html: bool,
    /// The body, sent as it is, instead of the one made of the fields above.
    pub body: Option<String>,
}

impl FaultStatus {
    /// That status, and no more.
    pub fn new(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub(crate) fn text(&self) -> String {
        if let Some(body) = &self.body {
            return body.clone();
        }
        if self.html {
            return page(self.status);
        }
        let body =
            ErrorBody { code: self.code.clone(), description: self.description.clone(), message: self.message.clone() };
        serde_json::to_string(&body).unwrap_or_default()
    }
}

/// A page as the edge answers it.
pub(crate) fn page(status: u16) -> String {
    format!("<!DOCTYPE html>\n<html><head><title>{status}</title></head><body>Status {status}</body></html>\n")
}

/// A fault that is set, and what it has done so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FaultState {
    /// What [`super::Control::fail`] returned.
    pub id: u64,
    /// The operation, or `*`.
    pub operation: String,
    /// The first request that it strikes.
    pub occurrence: u64,
    /// How many it strikes.
    pub times: Option<u64>,
    /// The action's name.
    pub action: &'static str,
    /// Requests that it has counted.
    pub seen: u64,
    /// Requests that it has struck.
    pub applied: u64,
    /// Requests, work that finishes later and answers that wait for it at this moment.
    pub held: u64,
}

impl FaultAction {
    /// The name in the table.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Status(_) => "status",
            Self::DropRequest => "drop_request",
            Self::DropBefore => "drop_before",
            Self::DropAfter => "drop_after",
            Self::DropWithin => "drop_within",
            Self::Hold | Self::HoldAnswer => "hold",
            Self::Delay { .. } => "delay",
            Self::FinishLater(_) => "finish_later",
            Self::FailLater(_) => "fail_later",
            Self::Partial(_) => "partial",
            Self::Spoil(Spoiling::Truncate) => "truncate",
            Self::Spoil(Spoiling::Slow(_)) => "slow",
            Self::Spoil(Spoiling::Endless) => "endless",
            Self::Spoil(Spoiling::Html) => "html",
            Self::Spoil(Spoiling::ContentType(_)) => "content_type",
            Self::Spoil(Spoiling::WrongType(_)) => "wrong_type",
            Self::Spoil(Spoiling::Bomb(_)) => "bomb",
        }
    }

    fn answer(&self) -> Option<&FaultStatus> {
        match self {
            Self::Status(answer) => Some(answer),
            Self::FinishLater(later) => later.answer.as_ref(),
            Self::Partial(partial) => partial.answer.as_ref(),
            _ => None,
        }
    }

    fn time(&self) -> Option<Duration> {
        match self {
            Self::Delay { time, .. } | Self::Spoil(Spoiling::Slow(time)) => Some(*time),
            Self::FinishLater(later) => later.time,
            _ => None,
        }
    }
}

/// The longest wait: a test that forgets to release ends all the same.
const LONGEST: Duration = Duration::from_secs(600);

/// Refuses what cannot be meant, however the fault was made.
fn check(fault: &Fault) -> Result<(), ControlError> {
    check_operation(&fault.operation, true)?;
    if fault.occurrence == 0 {
        return Err(ControlError::wrong("occurrence: requests are counted from 1"));
    }
    if fault.times == Some(0) {
        return Err(ControlError::wrong(
            "times: a fault strikes at least once; leave it out for once, null for always",
        ));
    }
    let action = fault.action.name();
    if let Some(row) = actions().iter().find(|row| row.name == action)
        && !row.only.is_empty()
        && !row.only.contains(&fault.operation.as_str())
    {
        let (only, given) = (row.only.join(" and "), &fault.operation);
        return Err(ControlError::wrong(format!("action: {action} is for only {only}, not {given:?}")));
    }
    if fault.action.time().is_some_and(|time| time > LONGEST) {
        let longest = LONGEST.as_secs();
        return Err(ControlError::wrong(format!("seconds: expected {longest} at most")));
    }
    if let Some(answer) = fault.action.answer() {
        if !(400..=599).contains(&answer.status) {
            let given = answer.status;
            return Err(ControlError::wrong(format!("status: {given} is no failure; expected 400 to 599")));
        }
        if let Some(value) = &answer.retry_after {
            check_header("retry_after", value)?;
        }
    }
    if let FaultAction::Spoil(Spoiling::ContentType(value)) = &fault.action {
        check_header("content_type", value)?;
    }
    Ok(())
}

fn check_header(name: &str, value: &str) -> Result<(), ControlError> {
    match http::HeaderValue::from_str(value) {
        Ok(_) => Ok(()),
        Err(_) => Err(ControlError::wrong(format!("{name}: this cannot be sent as a header"))),
    }
}

/// Refuses a name that is no row of the call table.
pub(crate) fn check_operation(name: &str, star: bool) -> Result<(), ControlError> {
    if CALLS.iter().any(|row| row.name == name) || (star && name == "*") {
        return Ok(());
    }
    let names = CALLS.iter().map(|row| row.name);
    let hint = match nearest(name, names.clone()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => {
            format!("there are {}{}", names.collect::<Vec<_>>().join(", "), if star { ", and * for all" } else { "" })
        }
    };
    Err(ControlError::wrong(format!("operation: there is no call {name:?}; {hint}")))
}
