//! The edge's limit: so many requests in a window of time.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::options::{RateLimit, RetryAfterForm};

pub(crate) struct Limiter {
    limit: RateLimit,
    windows: Mutex<Windows>,
}

#[derive(Default)]
struct Windows {
    ordinary: Option<Window>,
    licensed: Option<Window>,
}

struct Window {
    began: Instant,
    taken: u32,
}

impl Limiter {
    pub(crate) fn new(limit: RateLimit) -> Self {
        Self { limit, windows: Mutex::default() }
    }

    /// Takes one request, or says what `Retry-After` is.
    pub(crate) fn take(&self, licensed: bool) -> Result<(), String> {
        let now = Instant::now();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let (slot, most) = match self.limit.licensed_requests {
            Some(most) if licensed => (&mut windows.licensed, most),
            _ => (&mut windows.ordinary, self.limit.requests),
        };
        let window = match slot {
            Some(window) if now.duration_since(window.began) < self.limit.per => window,
            _ => slot.insert(Window { began: now, taken: 0 }),
        };
        if window.taken < most {
            window.taken += 1;
            return Ok(());
        }
        let wait = self.limit.per.saturating_sub(now.duration_since(window.began));
        Err(self.retry_after(wait))
    }

    pub(crate) fn clear(&self) {
        *self.windows.lock().unwrap_or_else(PoisonError::into_inner) = Windows::default();
    }

    /// Rounded up, so that a client that obeys is never early.
    fn retry_after(&self, wait: Duration) -> String {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        match self.limit.retry_after_form {
            RetryAfterForm::Seconds => seconds.to_string(),
            // A date has whole seconds: one more, or it names a moment that is still in the window.
            RetryAfterForm::Date => SystemTime::now()
                .checked_add(Duration::from_secs(seconds + 1))
                .map_or_else(|| seconds.to_string(), httpdate::fmt_http_date),
        }
    }
}
