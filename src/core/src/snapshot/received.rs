//! An answer that nobody has looked into yet.

use std::fmt;
use std::sync::OnceLock;

use bytes::Bytes;

use super::error::SnapshotError;
use super::{Origin, Snapshot};

/// The answer of an export, held without a look into it: finding its files costs about as much time as receiving it
/// did, and whoever only keeps an export need not pay for that. There is no way to take an unreadable answer for a
/// snapshot without files.
pub struct Received {
    body: Bytes,
    origin: Origin,
    opened: OnceLock<Result<Snapshot, SnapshotError>>,
}

impl Received {
    /// Holds an answer.
    pub fn new(body: Bytes, origin: Origin) -> Self {
        Self { body, origin, opened: OnceLock::new() }
    }

    /// The snapshot in it; found at the first call.
    pub fn open(&self) -> Result<&Snapshot, SnapshotError> {
        let opened = self.opened.get_or_init(|| Snapshot::from_export(self.body.clone(), self.origin));
        opened.as_ref().map_err(Clone::clone)
    }
}

impl From<Snapshot> for Received {
    fn from(snapshot: Snapshot) -> Self {
        Self { body: Bytes::new(), origin: snapshot.0.origin, opened: OnceLock::from(Ok(snapshot)) }
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Received").field("origin", &self.origin).finish_non_exhaustive()
    }
}
