//! The one state of a server: readers take a version, a writer makes the next one, one at a time.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Store;
use crate::state::State;

pub(crate) struct Held {
    /// Taken for moments only.
    current: Mutex<Arc<State>>,
    /// Taken for a whole write, the wait for the disk included.
    keep: Mutex<Keep>,
}

enum Keep {
    Memory,
    Disk(Box<Store>),
    /// The server is stopped, and its directory is another's.
    Closed,
}

/// A write that could not be stored. Nothing of it can be seen.
#[derive(Clone, Debug)]
pub(crate) struct NotStored(pub(crate) String);

impl Held {
    pub(crate) fn new(state: State, store: Option<Store>) -> Self {
        let keep = store.map_or(Keep::Memory, |store| Keep::Disk(Box::new(store)));
        Self { current: Mutex::new(Arc::new(state)), keep: Mutex::new(keep) }
    }

    /// The state as it is now.
    pub(crate) fn read(&self) -> Arc<State> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The state to be changed. Waits for the disk: not for a thread that others wait for.
    pub(crate) fn begin(&self) -> Transaction<'_> {
        let keep = self.keep();
        let before = self.read();
        Transaction { held: self, keep, after: State::clone(&before), before }
    }

    /// Lets go of the directory. There are no writes after it.
    pub(crate) fn close(&self) {
        let mut keep = self.keep();
        if let Keep::Disk(_) = *keep {
            *keep = Keep::Closed;
        }
    }

    /// A panic under it has left either the old version or the new one in place, never something between.
    fn keep(&self) -> MutexGuard<'_, Keep> {
        self.keep.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The next version of the state. Dropping it leaves everything as it was.
#[must_use = "nothing changes until it is committed"]
pub(crate) struct Transaction<'held> {
    held: &'held Held,
    keep: MutexGuard<'held, Keep>,
    before: Arc<State>,
    after: State,
}

impl Transaction<'_> {
    /// Stores the new version; only then it is the current one.
    pub(crate) fn commit(mut self) -> Result<(), NotStored> {
        match &mut *self.keep {
            Keep::Memory => {}
            Keep::Disk(store) => store.write(&self.before, &self.after).map_err(NotStored)?,
            Keep::Closed => return Err(NotStored("the emulator is stopped".to_owned())),
        }
        *self.held.current.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(self.after);
        Ok(())
    }
}

impl Deref for Transaction<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.after
    }
}

impl DerefMut for Transaction<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.after
    }
}
