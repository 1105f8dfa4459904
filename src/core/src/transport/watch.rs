//! What a face of the core can see of a call while it runs: log records, and whether an interruption is harmless.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::error::{Error, ErrorKind, Written};
use crate::wire::Repeat;

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

/// How many bytes of the bodies of the attempt under way have moved.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Handed to the connection.
    sent: AtomicU64,
    /// All that the request has.
    to_send: AtomicU64,
    /// Received, decompressed.
    received: AtomicU64,
}

impl Traffic {
    /// Bytes of the request that the connection has taken.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Bytes that the request has.
    pub fn to_send(&self) -> u64 {
        self.to_send.load(Ordering::Relaxed)
    }

    /// Bytes of the answer that are here, decompressed.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    pub(crate) fn begin(&self, to_send: u64) {
        self.to_send.store(to_send, Ordering::Relaxed);
        self.sent.store(0, Ordering::Relaxed);
        self.received.store(0, Ordering::Relaxed);
    }

    pub(crate) fn add_sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn add_received(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// Watches one call. The core writes to it, the face that waits reads it.
///
/// The threads that run calls never touch Python, so that log records are handed over and not called back.
#[derive(Debug, Default)]
pub struct Watch {
    records: Mutex<Vec<Record>>,
    has_records: AtomicBool,
    running: Mutex<Option<Running>>,
    /// The call that had an end other than "nothing was done", until somebody has been told of it.
    finished: Mutex<Option<Running>>,
    started: Arc<AtomicBool>,
    attempts: AtomicU32,
    /// Whether nobody listens to what is said of every call: then it is not even put into words.
    terse: bool,
    /// The call that goes on only when this one has ended.
    outer: Option<Arc<Self>>,
    /// Where it waits to write, or writes.
    queue: Mutex<Option<Arc<Queue>>>,
    traffic: Arc<Traffic>,
}

/// Those who write to one project, one after the other.
pub(crate) type Queue = tokio::sync::Mutex<()>;

/// A call's place in a [`Queue`], until it is dropped.
pub(crate) struct Place(Arc<Watch>);

impl Drop for Place {
    fn drop(&mut self) {
        *self.0.own_queue() = None;
    }
}

#[derive(Clone, Debug)]
struct Running {
    operation: String,
    project_id: String,
    repeat: Repeat,
    next: Vec<String>,
}

impl Watch {
    /// A watch for one call.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// A watch for a call that interrupts another one of its thread: that one does not go on before this one has ended.
    /// A terse one keeps no records below [`Level::Info`].
    pub fn within(outer: Option<&Arc<Self>>, terse: bool) -> Arc<Self> {
        Arc::new(Self { outer: outer.cloned(), terse, ..Self::default() })
    }

    /// A place in the queue, or nothing if a call is in it that waits for this one.
    pub(crate) fn queue_for(self: &Arc<Self>, queue: &Arc<Queue>) -> Option<Place> {
        let mut outer = self.outer.as_ref();
        while let Some(watch) = outer {
            if watch.own_queue().as_ref().is_some_and(|other| Arc::ptr_eq(other, queue)) {
                return None;
            }
            outer = watch.outer.as_ref();
        }
        *self.own_queue() = Some(Arc::clone(queue));
        Some(Place(Arc::clone(self)))
    }

    fn own_queue(&self) -> std::sync::MutexGuard<'_, Option<Arc<Queue>>> {
        self.queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Whether a record of this level is worth its words.
    pub(crate) fn wants(&self, level: Level) -> bool {
        !(self.terse && level == Level::Debug)
    }

    /// The records since the last look.
    pub fn take_records(&self) -> Vec<Record> {
        if !self.has_records.swap(false, Ordering::Acquire) {
            return Vec::new();
        }
        self.records.lock().map(|mut records| std::mem::take(&mut *records)).unwrap_or_default()
    }

    /// How far the attempt under way is.
    pub fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    /// What to tell the user if the call is interrupted now: an unknown outcome once the first byte of a call that may
    /// not be repeated was handed to the connection, nothing before.
    pub fn interrupted(&self) -> Option<Error> {
        if let Some(finished) = self.finished.lock().ok()?.clone() {
            let message = format!(
                "{} of {} had ended when it was interrupted, and its answer is lost: look before it is done again",
                finished.operation, finished.project_id
            );
            return Some(self.unknown(message, finished));
        }
        self.sent().then(|| self.in_doubt()).flatten()
    }

    /// The same where it cannot be seen whether a byte was handed over.
    pub fn in_doubt(&self) -> Option<Error> {
        let running = self.running().filter(|running| running.repeat == Repeat::Once)?;
        let message = format!(
            "{} of {} was interrupted after it was sent: whether it was done is unknown, and nothing was repeated",
            running.operation, running.project_id
        );
        Some(self.unknown(message, running))
    }

    fn unknown(&self, message: String, running: Running) -> Error {
        self.ended_early(ErrorKind::UnknownOutcome, message, running).with(|details| {
            details.written = Written::Unknown;
        })
    }

    /// What to tell whoever still waits when the client is closed.
    pub fn closed(&self) -> Error {
        if let Some(unknown) = self.interrupted() {
            return unknown;
        }
        let why = "the client was closed while the call was under way";
        let Some(running) = self.running() else { return Error::new(ErrorKind::Transport, why) };
        let sent = if self.sent() { "" } else { "; it was not sent" };
        let message = format!("{} of {}: {why}{sent}", running.operation, running.project_id);
        self.ended_early(ErrorKind::Transport, message, running)
    }

    fn running(&self) -> Option<Running> {
        self.running.lock().ok()?.clone()
    }

    fn sent(&self) -> bool {
        self.started.load(Ordering::Acquire)
    }

    fn ended_early(&self, kind: ErrorKind, message: String, running: Running) -> Error {
        let written = if running.repeat.writes() && self.sent() { Written::Unknown } else { Written::Nothing };
        Error::new(kind, message).with(|details| {
            details.operation = Some(running.operation);
            details.project_id = Some(running.project_id);
            details.attempts = self.attempts.load(Ordering::Relaxed);
            details.written = written;
            if written == Written::Unknown || kind == ErrorKind::UnknownOutcome {
                details.next = running.next;
            }
        })
    }

    pub(crate) fn record(&self, level: Level, message: String) {
        if !self.wants(level) {
            return;
        }
        if let Ok(mut records) = self.records.lock() {
            records.push(Record { level, message });
            self.has_records.store(true, Ordering::Release);
        }
    }

    /// A call begins; the flag returned is set when its first byte is handed over.
    pub(crate) fn begin(
        &self,
        operation: &str,
        project_id: &str,
        repeat: Repeat,
        next: Vec<String>,
    ) -> Arc<AtomicBool> {
        self.started.store(false, Ordering::Release);
        self.attempts.store(0, Ordering::Relaxed);
        if let Ok(mut finished) = self.finished.lock() {
            *finished = None;
        }
        if let Ok(mut running) = self.running.lock() {
            let (operation, project_id) = (operation.to_owned(), project_id.to_owned());
            *running = Some(Running { operation, project_id, repeat, next });
        }
        Arc::clone(&self.started)
    }

    pub(crate) fn attempt(&self, number: u32) {
        self.attempts.store(number, Ordering::Relaxed);
    }

    /// The attempt provably did nothing: an interruption is harmless again.
    pub(crate) fn harmless(&self) {
        self.started.store(false, Ordering::Release);
    }

    /// The call has an end. Whoever waits may be interrupted before they hear of it: of a call that may not be repeated
    /// that end would be lost, unless it is that nothing was done.
    pub(crate) fn ended(&self, written: Written) {
        self.started.store(false, Ordering::Release);
        let ended = self.running.lock().ok().and_then(|mut running| running.take());
        if let Ok(mut finished) = self.finished.lock() {
            let last = ended.filter(|running| running.repeat == Repeat::Once).or_else(|| finished.take());
            *finished = last.filter(|_| written != Written::Nothing);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::{Watch, Written};
    use crate::wire::Repeat;

    fn sent(repeat: Repeat) -> Watch {
        let watch = Watch::default();
        watch.begin("clone", "P2a", repeat, Vec::new()).store(true, Ordering::Release);
        watch
    }

    #[test]
    fn an_end_that_nobody_was_told_of_is_unknown() {
        for written in [Written::Applied, Written::Unknown] {
            let watch = sent(Repeat::Once);
            watch.ended(written);
            assert!(watch.interrupted().is_some_and(|error| error.details().written == Written::Unknown));
        }
        let watch = sent(Repeat::Once);
        watch.ended(Written::Nothing);
        assert!(watch.interrupted().is_none(), "it was refused");
        let watch = sent(Repeat::Read);
        watch.ended(Written::Applied);
        assert!(watch.interrupted().is_none(), "it may be repeated");
    }

    #[test]
    fn another_call_is_not_taken_for_the_one_that_ended() {
        let watch = sent(Repeat::Once);
        watch.ended(Written::Applied);
        watch.begin("list_projects", "P2a", Repeat::Read, Vec::new());
        assert!(watch.interrupted().is_none());
    }
}
