//! One writer per project: the API answers parallel writes to one project with a version conflict.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::transport::{Place, Queue};

/// A program that makes and deletes previews for months must not remember each of them.
const MOST_IDLE: usize = 256;

/// The queues of those who write, by project.
#[derive(Default)]
pub(super) struct Writers(Mutex<HashMap<String, Arc<Queue>>>);

/// The right to write to one project, until it is dropped.
pub(super) struct Writing {
    _turn: tokio::sync::OwnedMutexGuard<()>,
    _place: Option<Place>,
}

impl Writers {
    fn queue(&self, project_id: &str) -> Arc<Queue> {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if queues.len() >= MOST_IDLE {
            queues.retain(|_, queue| Arc::strong_count(queue) > 1);
        }
        Arc::clone(queues.entry(project_id.to_owned()).or_default())
    }
}

impl Client {
    /// Waits for its turn to write to the project.
    ///
    /// # Errors
    /// `Protected` where that would be for ever: a call of the same thread, interrupted to make this one, has the turn
    /// or waits for it, and goes on only when this one has ended.
    pub(super) async fn writer(&self, operation: &str) -> Result<Writing> {
        let project_id = self.credential.project_id();
        let queue = self.shared.writers.queue(project_id);
        let place = match &self.watch {
            Some(watch) => Some(watch.queue_for(&queue).ok_or_else(|| {
                let message = format!(
                    "{operation} of {project_id} was refused: another write to that project is under way on this \
                     thread, and a handler of signals or of log records interrupted it to make this one, which would \
                     wait for it for ever. Nothing was sent; write after it has ended, or from another thread"
                );
                Error::new(ErrorKind::Protected, message).with(|details| {
                    details.operation = Some(operation.to_owned());
                    details.project_id = Some(project_id.to_owned());
                })
            })?),
            None => None,
        };
        Ok(Writing { _turn: queue.lock_owned().await, _place: place })
    }
}
