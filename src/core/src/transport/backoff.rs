//! Pauses between attempts: exponential, with full jitter.
//!
//! Full jitter (a pause drawn evenly from zero to the bound) spreads clients that failed together best; see "Exponential
//! Backoff And Jitter" in the AWS architecture blog.

use std::time::Duration;

/// How attempts are spaced.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BackoffConfig {
    pub(crate) initial: Duration,
    pub(crate) longest: Duration,
}

/// The pauses of one call.
pub(crate) struct Backoff<Chance> {
    config: BackoffConfig,
    attempt: u32,
    chance: Chance,
}

impl<Chance: FnMut() -> f64> Backoff<Chance> {
    /// `chance` draws from `0.0..1.0`; it is passed in so that tests can choose.
    pub(crate) fn new(config: BackoffConfig, chance: Chance) -> Self {
        Self { config, attempt: 0, chance }
    }

    /// The pause before the next attempt.
    pub(crate) fn pause(&mut self) -> Duration {
        let bound =
            self.config.initial.saturating_mul(2_u32.saturating_pow(self.attempt.min(31))).min(self.config.longest);
        self.attempt += 1;
        bound.mul_f64((self.chance)().clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Backoff, BackoffConfig};

    #[test]
    fn the_bound_doubles_up_to_the_longest() {
        let config = BackoffConfig { initial: Duration::from_millis(500), longest: Duration::from_secs(3) };
        let mut backoff = Backoff::new(config, || 1.0);
        let pauses: Vec<u128> = (0..5).map(|_| backoff.pause().as_millis()).collect();
        assert_eq!(pauses, [500, 1000, 2000, 3000, 3000]);
    }

    #[test]
    fn the_pause_is_drawn_from_zero_to_the_bound() {
        let config = BackoffConfig { initial: Duration::from_secs(1), longest: Duration::from_secs(60) };
        let mut draws = [0.0, 0.5, 0.25].into_iter();
        let mut backoff = Backoff::new(config, move || draws.next().unwrap_or_default());
        let pauses: Vec<u128> = (0..3).map(|_| backoff.pause().as_millis()).collect();
        assert_eq!(pauses, [0, 1000, 1000]);
    }
}
