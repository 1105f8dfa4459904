//! What all connections share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::rate_limit::Limiter;
use crate::control::{Faults, Records};
use crate::options::EmulatorOptions;
use crate::seed::Seed;
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
    state: Mutex<State>,
}

impl App {
    pub(crate) fn new(mut options: EmulatorOptions, ready: Ready) -> Result<Self, String> {
        let state = build(&options.seed, 0)?;
        let limiter = options.rate_limit.take().map(Limiter::new);
        Ok(Self {
            records: Records::new(options.keep_bodies),
            options,
            ready,
            faults: Faults::default(),
            writers: Writers::default(),
            limiter,
            connections: AtomicU64::new(0),
            state: Mutex::new(state),
        })
    }

    /// The state. A panic while it was held cannot have left a project half-written: configurations are replaced whole.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn seed(&self) -> &Seed {
        &self.options.seed
    }

    /// Back to the seed, without faults and records.
    pub(crate) fn reset(&self) {
        self.faults.clear();
        let mut state = self.state();
        // The seed was built once already, so it can be built again.
        if let Ok(fresh) = build(self.seed(), state.generation + 1) {
            *state = fresh;
        }
        drop(state);
        self.records.clear();
        if let Some(limiter) = &self.limiter {
            limiter.clear();
        }
    }

    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }
}
