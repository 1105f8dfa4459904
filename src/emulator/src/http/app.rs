//! What all connections share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::rate_limit::Limiter;
use crate::control::{Faults, Records};
use crate::options::EmulatorOptions;
use crate::persistence::{Held, NotStored, Transaction};
use crate::server::Ready;
use crate::state::{State, Writers, build};

pub(crate) struct App {
    pub(crate) options: EmulatorOptions,
    pub(crate) ready: Ready,
    pub(crate) faults: Faults,
    pub(crate) records: Records,
    pub(crate) writers: Writers,
    pub(crate) limiter: Option<Limiter>,
    pub(crate) connections: AtomicU64,
    state: Held,
}

impl App {
    /// `options.seed` is what a reset goes back to.
    pub(crate) fn new(mut options: EmulatorOptions, ready: Ready, state: Held) -> Self {
        let limiter = options.rate_limit.take().map(Limiter::new);
        Self {
            records: Records::new(options.keep_bodies),
            options,
            ready,
            faults: Faults::default(),
            writers: Writers::default(),
            limiter,
            connections: AtomicU64::new(0),
            state,
        }
    }

    /// The state as it is now.
    pub(crate) fn state(&self) -> Arc<State> {
        self.state.read()
    }

    /// The state to be changed; waits for other writes and, at its end, for the disk.
    pub(crate) fn begin(&self) -> Transaction<'_> {
        self.state.begin()
    }

    /// Back to the seed, without faults and records.
    pub(crate) fn reset(&self) -> Result<(), NotStored> {
        self.faults.clear();
        let mut state = self.begin();
        // The seed was built once already, so it can be built again.
        if let Ok(fresh) = build(&self.options.seed, state.generation + 1) {
            *state = fresh;
        }
        state.commit()?;
        self.records.clear();
        if let Some(limiter) = &self.limiter {
            limiter.clear();
        }
        Ok(())
    }

    /// Lets go of what is on disk: from here on, nothing can be written.
    pub(crate) fn close(&self) {
        self.state.close();
    }

    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }
}
