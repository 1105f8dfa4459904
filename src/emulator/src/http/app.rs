//! What all connections share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::rate_limit::Limiter;
use crate::control::{ControlError, Faults, Records, Settings};
use crate::options::EmulatorOptions;
use crate::persistence::{Held, NotStored, Transaction};
use crate::semantics::normalise::Normaliser;
use crate::server::Ready;
use crate::state::{State, Writers, build};

pub(crate) struct App {
    pub(crate) options: EmulatorOptions,
    pub(crate) ready: Ready,
    pub(crate) faults: Faults,
    pub(crate) records: Records,
    pub(crate) writers: Writers,
    pub(crate) limiter: Option<Limiter>,
    pub(crate) normaliser: Normaliser,
    pub(crate) connections: AtomicU64,
    state: Held,
    settings: Mutex<Arc<Settings>>,
}

impl App {
    /// `options.seed` is what a reset goes back to.
    pub(crate) fn new(mut options: EmulatorOptions, ready: Ready, state: Held) -> Self {
        let limiter = options.rate_limit.take().map(Limiter::new);
        let settings = Mutex::new(Arc::new(initial(&options)));
        Self {
            records: Records::new(options.keep_bodies),
            options,
            ready,
            faults: Faults::default(),
            writers: Writers::default(),
            limiter,
            normaliser: Normaliser::default(),
            connections: AtomicU64::new(0),
            state,
            settings,
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

    /// The switches and modes as they are now.
    pub(crate) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes them in one step, for calls that begin from now on.
    pub(crate) fn configure(
        &self,
        change: impl FnOnce(&Settings) -> Result<Settings, ControlError>,
    ) -> Result<(), ControlError> {
        let mut settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        *settings = Arc::new(change(&settings)?);
        Ok(())
    }

    /// Back to the seed and the settings of the start, without faults and records.
    pub(crate) fn reset(&self) -> Result<(), NotStored> {
        self.faults.give_up();
        let mut state = self.begin();
        // The seed was built once already, so it can be built again.
        if let Ok(fresh) = build(&self.options.seed, state.generation + 1) {
            *state = fresh;
        }
        state.commit()?;
        let _ = self.configure(|_| Ok(initial(&self.options)));
        self.normaliser.clear();
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

fn initial(options: &EmulatorOptions) -> Settings {
    Settings { semantics: options.semantics.clone(), normalise: options.normalise.clone() }
}
