//! The license handshake: the company's rate-limit tier, asked for once and sent from then on, so that the edge applies
//! the customer's own limit. A failure is remembered for a while and never fatal.

use std::sync::OnceLock;
use std::time::Duration;

use http::HeaderValue;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// A server that does not answer this must not hold up the call that waits for it.
pub(crate) const LIMIT: Duration = Duration::from_secs(5);
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(600);

/// What is known of the tier.
#[derive(Default)]
pub(crate) struct Tier {
    known: OnceLock<HeaderValue>,
    failed: Mutex<Option<Instant>>,
}

impl Tier {
    /// The header's value, if it is known.
    pub(crate) fn known(&self) -> Option<&HeaderValue> {
        self.known.get()
    }

    /// Asks unless it is known or has failed lately; calls that come meanwhile wait for the same answer. True if it did.
    pub(crate) async fn ask(&self, ask: impl Future<Output = Option<HeaderValue>>) -> bool {
        // Not for ever: who asks may be a call that a signal handler interrupted in order to make this one.
        let Ok(mut failed) = tokio::time::timeout(LIMIT, self.failed.lock()).await else { return false };
        if self.known.get().is_some() || failed.is_some_and(|at| at.elapsed() < ASK_AGAIN_AFTER) {
            return false;
        }
        match tokio::time::timeout(LIMIT, ask).await {
            Ok(Some(tier)) => {
                let _ = self.known.set(tier);
            }
            Ok(None) | Err(_) => *failed = Some(Instant::now()),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::Tier;

    #[tokio::test(start_paused = true)]
    async fn a_question_that_nobody_drives_holds_up_no_other_call() {
        let tier = Tier::default();
        let _asking = tier.failed.lock().await;
        assert!(!tier.ask(std::future::pending()).await);
        assert!(tier.known().is_none());
    }
}
