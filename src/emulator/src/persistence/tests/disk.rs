//! A disk that remembers what was asked of it, and so what a cut at any moment could leave.

use std::io;
use std::sync::{Arc, Mutex};

use super::super::medium::Medium;

#[derive(Clone, Debug)]
pub(super) enum Step {
    Write(u64, Vec<u8>),
    Truncate(u64),
    Sync,
    Replace(Vec<u8>),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    content: Vec<u8>,
    steps: Vec<Step>,
    full: bool,
}

impl Disk {
    pub(super) fn of(content: Vec<u8>) -> Self {
        Self { inner: Arc::new(Mutex::new(Inner { content, ..Inner::default() })) }
    }

    pub(super) fn content(&self) -> Vec<u8> {
        self.inner.lock().unwrap().content.clone()
    }

    pub(super) fn steps(&self) -> Vec<Step> {
        self.inner.lock().unwrap().steps.clone()
    }

    /// From now on every write fails.
    pub(super) fn fill(&self) {
        self.inner.lock().unwrap().full = true;
    }

    fn take(&self, step: Step) -> io::Result<()> {
        let mut inner = self.inner.lock().unwrap();
        if inner.full {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        apply(&mut inner.content, &step);
        inner.steps.push(step);
        Ok(())
    }
}

pub(super) fn apply(content: &mut Vec<u8>, step: &Step) {
    match step {
        Step::Write(offset, data) => {
            let begin = usize::try_from(*offset).unwrap();
            let end = begin + data.len();
            if content.len() < end {
                content.resize(end, 0);
            }
            content[begin..end].copy_from_slice(data);
        }
        Step::Truncate(length) => content.truncate(usize::try_from(*length).unwrap()),
        Step::Sync => {}
        Step::Replace(new) => content.clone_from(new),
    }
}

impl Medium for Disk {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        Ok(self.content())
    }

    fn write(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.take(Step::Write(at, bytes.to_vec()))
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.take(Step::Truncate(length))
    }

    fn sync(&mut self) -> io::Result<()> {
        self.take(Step::Sync)
    }

    fn replace(&mut self, content: &[u8]) -> io::Result<()> {
        self.take(Step::Replace(content.to_vec()))
    }
}
