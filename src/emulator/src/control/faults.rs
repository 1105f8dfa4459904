//! Failures on demand, by call and occurrence.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use descope_projects_core::wire::{CALLS, ErrorBody, call, nearest};
use serde::Serialize;
use tokio::sync::watch;

use super::ControlError;

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
    /// The connection is closed; the work is not done.
    DropBefore,
    /// The work is done, and the connection is closed without an answer.
    DropAfter,
    /// The work is done, and the connection is closed after half of the answer.
    DropWithin,
    /// The work waits until the fault is released; a write keeps other writes out meanwhile.
    Hold,
    /// The work begins and is answered as always, but comes to nothing: the status of an asynchronous clone tells this
    /// error when it would tell the new project. Only for `start_clone`.
    FailLater(String),
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
            let status = self.status;
            return format!(
                "<!DOCTYPE html>\n<html><head><title>{status}</title></head><body>Error {status}</body></html>\n"
            );
        }
        let body =
            ErrorBody { code: self.code.clone(), description: self.description.clone(), message: self.message.clone() };
        serde_json::to_string(&body).unwrap_or_default()
    }
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
    /// `status`, `drop_before`, `drop_after`, `drop_within`, `hold` or `fail_later`.
    pub action: &'static str,
    /// Requests that it has counted.
    pub seen: u64,
    /// Requests that it has struck.
    pub applied: u64,
    /// Requests that it holds at this moment.
    pub held: u64,
}

impl FaultAction {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Status(_) => "status",
            Self::DropBefore => "drop_before",
            Self::DropAfter => "drop_after",
            Self::DropWithin => "drop_within",
            Self::Hold => "hold",
            Self::FailLater(_) => "fail_later",
        }
    }
}

#[derive(Default)]
pub(crate) struct Faults {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    last_id: u64,
    armed: Vec<Armed>,
}

struct Armed {
    id: u64,
    fault: Fault,
    seen: u64,
    applied: u64,
    gate: Arc<Gate>,
}

/// Where held requests wait.
struct Gate {
    open: watch::Sender<bool>,
    held: Mutex<u64>,
    changed: Condvar,
}

/// A fault that strikes one request.
pub(crate) struct Firing {
    action: FaultAction,
    gate: Arc<Gate>,
}

impl Faults {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, fault: Fault) -> Result<u64, ControlError> {
        check(&fault)?;
        let gate = Gate { open: watch::Sender::new(false), held: Mutex::new(0), changed: Condvar::new() };
        let mut inner = self.inner();
        inner.last_id += 1;
        let id = inner.last_id;
        inner.armed.push(Armed { id, fault, seen: 0, applied: 0, gate: Arc::new(gate) });
        Ok(id)
    }

    /// Counts one request; the first fault that strikes it, if any.
    pub(crate) fn fire(&self, operation: Option<&str>) -> Option<Firing> {
        let mut firing = None;
        for armed in &mut self.inner().armed {
            if armed.fault.operation != "*" && Some(armed.fault.operation.as_str()) != operation {
                continue;
            }
            armed.seen += 1;
            let due = armed.seen >= armed.fault.occurrence;
            let left = armed.fault.times.is_none_or(|times| armed.applied < times);
            if firing.is_none() && due && left {
                armed.applied += 1;
                firing = Some(Firing { action: armed.fault.action.clone(), gate: Arc::clone(&armed.gate) });
            }
        }
        firing
    }

    pub(crate) fn list(&self) -> Vec<FaultState> {
        let describe = |armed: &Armed| FaultState {
            id: armed.id,
            operation: armed.fault.operation.clone(),
            occurrence: armed.fault.occurrence,
            times: armed.fault.times,
            action: armed.fault.action.name(),
            seen: armed.seen,
            applied: armed.applied,
            held: *armed.gate.held(),
        };
        self.inner().armed.iter().map(describe).collect()
    }

    /// Removes all faults and lets go of what they hold.
    pub(crate) fn clear(&self) {
        for armed in self.inner().armed.drain(..) {
            armed.gate.open.send_replace(true);
        }
    }

    /// Lets go of what one fault holds, now and later.
    pub(crate) fn release(&self, id: u64) -> Result<(), ControlError> {
        self.gate(id)?.open.send_replace(true);
        Ok(())
    }

    pub(crate) fn release_all(&self) {
        for armed in &self.inner().armed {
            armed.gate.open.send_replace(true);
        }
    }

    /// Waits until a fault holds a request; false if it does not in time.
    pub(crate) fn wait_until_held(&self, id: u64, patience: Duration) -> Result<bool, ControlError> {
        let gate = self.gate(id)?;
        let deadline = Instant::now() + patience;
        let mut held = gate.held();
        while *held == 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            held = gate.changed.wait_timeout(held, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(true)
    }

    fn gate(&self, id: u64) -> Result<Arc<Gate>, ControlError> {
        let inner = self.inner();
        let armed = inner.armed.iter().find(|armed| armed.id == id);
        armed
            .map(|armed| Arc::clone(&armed.gate))
            .ok_or_else(|| ControlError::absent(format!("there is no fault {id}")))
    }
}

impl Gate {
    fn held(&self) -> MutexGuard<'_, u64> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Firing {
    pub(crate) fn action(&self) -> &FaultAction {
        &self.action
    }

    /// Waits until the fault is released, if it is one that holds.
    pub(crate) async fn hold(&self) {
        if self.action != FaultAction::Hold {
            return;
        }
        let mut open = self.gate.open.subscribe();
        *self.gate.held() += 1;
        self.gate.changed.notify_all();
        // The sender lives in the gate, which lives as long as this.
        let _ = open.wait_for(|open| *open).await;
        *self.gate.held() -= 1;
    }
}

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
    if matches!(fault.action, FaultAction::FailLater(_)) && fault.operation != call::START_CLONE.name {
        let name = call::START_CLONE.name;
        return Err(ControlError::wrong(format!("action: only {name} can fail later, not {:?}", fault.operation)));
    }
    if let FaultAction::Status(status) = &fault.action {
        if !(400..=599).contains(&status.status) {
            let given = status.status;
            return Err(ControlError::wrong(format!("status: {given} is no failure; expected 400 to 599")));
        }
        if let Some(value) = &status.retry_after
            && http::HeaderValue::from_str(value).is_err()
        {
            return Err(ControlError::wrong("retry_after: this cannot be sent as a header"));
        }
    }
    Ok(())
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
