//! The faults that are set, which requests they strike, and the work that they put off.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use descope_projects_core::wire::call;
use tokio::sync::watch;

use super::gate::{Gate, Held, Passage};
use super::{Fault, FaultAction, FaultState, Later, When, check};
use crate::control::ControlError;

/// How long a release waits for the work that it lets go of; longer than any work takes.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(crate) struct Faults {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    last_id: u64,
    armed: Vec<Armed>,
    /// Work that is done after so many requests.
    postponed: Vec<Postponed>,
}

struct Armed {
    id: u64,
    fault: Fault,
    seen: u64,
    applied: u64,
    gate: Arc<Gate>,
}

struct Postponed {
    /// How many requests still come first.
    remaining: u64,
    due: watch::Sender<bool>,
    /// Closed when the work is done, or given up.
    done: watch::Receiver<()>,
}

/// What a request finds when it arrives.
#[derive(Default)]
pub(crate) struct Arrived {
    /// The fault that strikes it, if any.
    pub(crate) firing: Option<Firing>,
    /// Work that comes before it.
    due: Vec<watch::Receiver<()>>,
}

impl Arrived {
    /// Whether the fault that strikes it is this one.
    pub(crate) fn strikes(&self, action: &FaultAction) -> bool {
        self.firing.as_ref().is_some_and(|firing| firing.action == *action)
    }

    /// Waits for the work that comes before the request.
    pub(crate) async fn in_turn(&mut self) {
        for mut done in self.due.drain(..) {
            // Nothing is ever sent: the end of the sender is the end of the work.
            while done.changed().await.is_ok() {}
        }
    }
}

/// A fault that strikes one request.
pub(crate) struct Firing {
    action: FaultAction,
    gate: Arc<Gate>,
}

/// The right moment of work that finishes later.
pub(crate) struct Moment {
    held: Held,
    due: watch::Receiver<bool>,
    time: Option<Duration>,
    _done: watch::Sender<()>,
}

impl Faults {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, fault: Fault) -> Result<u64, ControlError> {
        check(&fault)?;
        let mut inner = self.inner();
        inner.last_id += 1;
        let id = inner.last_id;
        inner.armed.push(Armed { id, fault, seen: 0, applied: 0, gate: Gate::new() });
        Ok(id)
    }

    /// Counts one request: the first fault that strikes it, if any, and the work whose turn is before it.
    pub(crate) fn arrive(&self, operation: Option<&str>) -> Arrived {
        let mut arrived = Arrived::default();
        let mut inner = self.inner();
        if operation != Some(call::LICENSE.name) {
            inner.postponed.retain_mut(|work| {
                if let Some(remaining) = work.remaining.checked_sub(1) {
                    work.remaining = remaining;
                    // Its work may have been done meanwhile, by a release or its time.
                    return work.done.has_changed().is_ok();
                }
                work.due.send_replace(true);
                arrived.due.push(work.done.clone());
                false
            });
        }
        for armed in &mut inner.armed {
            if armed.fault.operation != "*" && Some(armed.fault.operation.as_str()) != operation {
                continue;
            }
            armed.seen += 1;
            let due = armed.seen >= armed.fault.occurrence;
            let left = armed.fault.times.is_none_or(|times| armed.applied < times);
            if arrived.firing.is_none() && due && left {
                armed.applied += 1;
                arrived.firing = Some(Firing { action: armed.fault.action.clone(), gate: Arc::clone(&armed.gate) });
            }
        }
        arrived
    }

    /// Puts work off until its moment, which the next requests may bring.
    pub(crate) fn postpone(&self, firing: &Firing, later: &Later) -> Moment {
        let (due, is_due) = watch::channel(false);
        let (working, done) = watch::channel(());
        if let Some(remaining) = later.requests {
            self.inner().postponed.push(Postponed { remaining, due, done });
        }
        Moment { held: firing.gate.hold(), due: is_due, time: later.time, _done: working }
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
            held: armed.gate.held(),
        };
        self.inner().armed.iter().map(describe).collect()
    }

    /// Removes all faults and lets go of what they hold.
    pub(crate) fn clear(&self) {
        let armed = std::mem::take(&mut self.inner().armed);
        for armed in &armed {
            armed.gate.open(Passage::Open);
        }
        for armed in &armed {
            armed.await_work();
        }
    }

    /// Removes all faults: what they hold goes on, and what was to be done later is not done.
    pub(crate) fn give_up(&self) {
        for armed in self.inner().armed.drain(..) {
            armed.gate.open(Passage::GivenUp);
        }
    }

    /// Lets go of what one fault holds, now and later. Work that finishes later is done when this returns.
    pub(crate) fn release(&self, id: u64) -> Result<(), ControlError> {
        let armed = self.find(id)?;
        armed.gate.open(Passage::Open);
        armed.await_work();
        Ok(())
    }

    /// Waits until a fault holds something; false if it does not in time.
    pub(crate) fn wait_until_held(&self, id: u64, patience: Duration) -> Result<bool, ControlError> {
        Ok(self.find(id)?.gate.await_held(true, patience))
    }

    fn find(&self, id: u64) -> Result<Armed, ControlError> {
        let inner = self.inner();
        let armed = inner.armed.iter().find(|armed| armed.id == id);
        armed.map(Armed::share).ok_or_else(|| ControlError::absent(format!("there is no fault {id}")))
    }
}

impl Armed {
    fn share(&self) -> Self {
        let (fault, gate) = (self.fault.clone(), Arc::clone(&self.gate));
        Self { id: self.id, fault, seen: self.seen, applied: self.applied, gate }
    }

    fn await_work(&self) {
        if matches!(self.fault.action, FaultAction::FinishLater(_)) {
            self.gate.await_held(false, PATIENCE);
        }
    }
}

impl Firing {
    pub(crate) fn action(&self) -> &FaultAction {
        &self.action
    }

    /// Waits, if the fault has a wait on this side of the work.
    pub(crate) async fn wait(&self, side: When) {
        let at_most = match (&self.action, side) {
            (FaultAction::Hold, When::Before) | (FaultAction::HoldAnswer, When::After) => None,
            (FaultAction::Delay { when, time }, side) if *when == side => Some(*time),
            _ => return,
        };
        let _held = self.gate.hold();
        self.gate.wait(at_most).await;
    }

    /// Counts as waiting until what is returned is dropped.
    pub(crate) fn hold(&self) -> Held {
        self.gate.hold()
    }
}

impl Moment {
    /// Waits for it; false if the work is given up. The work is not over before this is dropped.
    pub(crate) async fn comes(&mut self) -> bool {
        let due = &mut self.due;
        let turn = async {
            if due.wait_for(|due| *due).await.is_err() {
                // No number of requests brings it.
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            passage = self.held.gate().wait(self.time) => passage == Passage::Open,
            () = turn => true,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    #[test]
    fn work_is_done_after_a_release_and_given_up_at_the_end() {
        let later = Later { requests: Some(3), ..Later::default() };
        for (ends, done) in [(false, true), (true, false)] {
            let faults = Faults::default();
            faults.set(Fault::new("clone", FaultAction::FinishLater(later.clone()))).unwrap();
            let firing = faults.arrive(Some("clone")).firing.unwrap();
            let mut moment = faults.postpone(&firing, &later);
            let armed = faults.find(1).unwrap();
            if ends {
                faults.give_up();
            } else {
                armed.gate.open(Passage::Open);
            }
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            assert_eq!(runtime.block_on(moment.comes()), done);
            assert_eq!(armed.gate.held(), 1, "the work is not over yet");
            drop(moment);
            assert_eq!(armed.gate.held(), 0);
        }
    }
}
