//! Where requests, work and answers wait until a fault is released.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passage {
    /// It has not ended.
    Shut,
    /// Go on.
    Open,
    /// The server ends, or goes back to its seed: what was to be done later is not done.
    GivenUp,
}

pub(crate) struct Gate {
    passage: watch::Sender<Passage>,
    waiting: Mutex<u64>,
    changed: Condvar,
}

impl Gate {
    pub(crate) fn new() -> Arc<Self> {
        let passage = watch::Sender::new(Passage::Shut);
        Arc::new(Self { passage, waiting: Mutex::new(0), changed: Condvar::new() })
    }

    pub(crate) fn open(&self, passage: Passage) {
        self.passage.send_replace(passage);
    }

    pub(crate) fn passage(&self) -> Passage {
        *self.passage.borrow()
    }

    /// Waits until it is opened, or so long.
    pub(crate) async fn wait(&self, at_most: Option<Duration>) -> Passage {
        let mut passage = self.passage.subscribe();
        let opened = async {
            // The sender lives as long as this.
            match passage.wait_for(|passage| *passage != Passage::Shut).await {
                Ok(passage) => *passage,
                Err(_) => Passage::GivenUp,
            }
        };
        match at_most {
            None => opened.await,
            Some(time) => tokio::time::timeout(time, opened).await.unwrap_or(Passage::Open),
        }
    }

    /// Waits so long, or until it is opened; whether it is open then.
    pub(crate) async fn pause(&self, time: Duration) -> Passage {
        let _ = tokio::time::timeout(time, self.wait(None)).await;
        self.passage()
    }

    /// Counts as waiting until the guard is dropped.
    pub(crate) fn hold(self: &Arc<Self>) -> Held {
        *self.waiting() += 1;
        self.changed.notify_all();
        Held { gate: Arc::clone(self) }
    }

    pub(crate) fn held(&self) -> u64 {
        *self.waiting()
    }

    /// Blocks until something waits here (or nothing does); false if that does not come in time.
    pub(crate) fn await_held(&self, wanted: bool, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let mut waiting = self.waiting();
        while (*waiting > 0) != wanted {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            waiting = self.changed.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn waiting(&self) -> MutexGuard<'_, u64> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that waits at a gate.
pub(crate) struct Held {
    gate: Arc<Gate>,
}

impl Held {
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        *self.gate.waiting() -= 1;
        self.gate.changed.notify_all();
    }
}
