//! What a face of the core can see of a call while it runs: log records, and whether an interruption is harmless.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::error::{Error, ErrorKind, Written};

/// How important a log record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// One for each call.
    Debug,
    /// One for each repetition.
    Info,
    /// Something that its user should act on.
    Warning,
}

/// One log record; holds no secret.
#[derive(Clone, Debug)]
pub struct Record {
    /// How important it is.
    pub level: Level,
    /// For people.
    pub message: String,
}

/// Watches one call. The core writes to it, the face that waits reads it.
///
/// The threads that run calls never touch Python, so that log records are handed over and not called back.
#[derive(Debug, Default)]
pub struct Watch {
    records: Mutex<Vec<Record>>,
    has_records: AtomicBool,
    running: Mutex<Option<Running>>,
    started: std::sync::Arc<AtomicBool>,
    attempts: AtomicU32,
}

#[derive(Clone, Debug)]
struct Running {
    operation: String,
    project_id: Option<String>,
    next: Vec<String>,
}

impl Watch {
    /// A watch for one call.
    pub fn new() -> std::sync::Arc<Self> {
        std::sync::Arc::default()
    }

    /// The records since the last look.
    pub fn take_records(&self) -> Vec<Record> {
        if !self.has_records.swap(false, Ordering::Acquire) {
            return Vec::new();
        }
        self.records.lock().map(|mut records| std::mem::take(&mut *records)).unwrap_or_default()
    }

    /// What to tell the user if the call is interrupted now: an unknown outcome once the first byte of a call that may
    /// not be repeated was handed to the connection, nothing before.
    pub fn interrupted(&self) -> Option<Error> {
        if !self.started.load(Ordering::Acquire) {
            return None;
        }
        let running = self.running.lock().ok()?.clone()?;
        let project = running.project_id.as_deref().map(|id| format!(" of {id}")).unwrap_or_default();
        let message = format!(
            "{}{project} was interrupted after it was sent: whether it was done is unknown, and nothing was repeated",
            running.operation
        );
        Some(Error::new(ErrorKind::UnknownOutcome, message).with(|details| {
            details.operation = Some(running.operation);
            details.project_id = running.project_id;
            details.attempts = self.attempts.load(Ordering::Relaxed);
            details.written = Written::Unknown;
            details.next = running.next;
        }))
    }

    pub(crate) fn record(&self, level: Level, message: String) {
        if let Ok(mut records) = self.records.lock() {
            records.push(Record { level, message });
            self.has_records.store(true, Ordering::Release);
        }
    }

    /// A call begins that may not be repeated; the flag returned is set when its first byte is handed over.
    pub(crate) fn begin_once(
        &self,
        operation: &str,
        project_id: Option<&str>,
        next: Vec<String>,
    ) -> std::sync::Arc<AtomicBool> {
        self.started.store(false, Ordering::Release);
        self.attempts.store(0, Ordering::Relaxed);
        if let Ok(mut running) = self.running.lock() {
            *running =
                Some(Running { operation: operation.to_owned(), project_id: project_id.map(str::to_owned), next });
        }
        std::sync::Arc::clone(&self.started)
    }

    pub(crate) fn attempt(&self, number: u32) {
        self.attempts.store(number, Ordering::Relaxed);
    }

    /// The attempt provably did nothing: an interruption is harmless again.
    pub(crate) fn harmless(&self) {
        self.started.store(false, Ordering::Release);
    }

    /// The call has an outcome that will be told.
    pub(crate) fn ended(&self) {
        self.started.store(false, Ordering::Release);
        if let Ok(mut running) = self.running.lock() {
            *running = None;
        }
    }
}
