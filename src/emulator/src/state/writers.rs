//! Who is writing to which project: two writes to one project at once are a version conflict.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::answer::ApiError;

#[derive(Clone, Default)]
pub(crate) struct Writers {
    busy: Arc<Mutex<HashSet<String>>>,
}

impl Writers {
    /// The right to write to a project until the guard is dropped.
    pub(crate) fn begin(&self, project_id: &str) -> Result<WriteGuard, ApiError> {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if !busy.insert(project_id.to_owned()) {
            return Err(ApiError::conflict(project_id));
        }
        Ok(WriteGuard { writers: self.clone(), project_id: project_id.to_owned() })
    }
}

pub(crate) struct WriteGuard {
    writers: Writers,
    project_id: String,
}

impl Drop for WriteGuard {
    fn drop(&mut self) {
        self.writers.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.project_id);
    }
}
