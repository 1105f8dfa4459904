//! How fast the client may call its host: its own budget, and the pause that a 429 asks of all its calls.

use std::num::NonZeroU32;
use std::sync::Mutex;
use std::time::Duration;

use governor::clock::{Clock as _, MonotonicClock};
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

/// Shared by all handles of a client.
pub(crate) struct Budget {
    limiter: Option<RateLimiter<NotKeyed, InMemoryState, MonotonicClock>>,
    paused_until: Mutex<Option<Instant>>,
}

impl Budget {
    /// `interval`: the time between two requests; none: no budget.
    pub(crate) fn new(interval: Option<Duration>) -> Self {
        let limiter = interval
            .and_then(Quota::with_period)
            // A burst would be over the server's limit as soon as two clients share an address.
            .map(|quota| RateLimiter::direct_with_clock(quota.allow_burst(NonZeroU32::MIN), MonotonicClock));
        Self { limiter, paused_until: Mutex::new(None) }
    }

    /// How long a call must wait before it may be sent because the host asked for it.
    pub(crate) fn pause(&self) -> Option<Duration> {
        let until = (*self.paused_until.lock().ok()?)?;
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// The host asked all callers to wait.
    pub(crate) fn pause_for(&self, pause: Duration) {
        // After that a call may ask again: one absurd header must not end all calls of a client for days.
        const LONGEST: Duration = Duration::from_secs(3600);
        if let Ok(mut paused_until) = self.paused_until.lock() {
            let until = Instant::now() + pause.min(LONGEST);
            if paused_until.is_none_or(|current| current < until) {
                *paused_until = Some(until);
            }
        }
    }

    /// Waits for the client's own budget.
    pub(crate) async fn spend(&self) {
        let Some(limiter) = &self.limiter else { return };
        while let Err(not_until) = limiter.check() {
            tokio::time::sleep(not_until.wait_time_from(limiter.clock().now())).await;
        }
    }
}
