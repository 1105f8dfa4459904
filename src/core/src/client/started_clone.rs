//! An asynchronous clone on its way.

use std::time::Duration;

use tokio::time::Instant;

use super::results::{CloneResult, CloneStatus};
use super::{Client, Seconds};
use crate::error::{Error, ErrorKind, Result, Written};
use crate::wire::{CloneProcess, call};

/// A handle on a clone that the server makes in the background.
#[derive(Clone, Debug)]
pub struct StartedClone {
    client: Client,
    process_id: String,
    path: String,
}

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl StartedClone {
    pub(super) fn new(client: Client, process_id: String) -> Result<Self> {
        // It becomes a piece of a path that carries the key with it.
        let fine = !matches!(process_id.as_str(), "." | "..")
            && process_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'));
        if !fine {
            let message =
                "start_clone: the server answered a process id that cannot be asked for; the clone may be running";
            return Err(Error::new(ErrorKind::UnknownOutcome, message).with(|details| {
                details.operation = Some(call::START_CLONE.name.to_owned());
                details.project_id = Some(client.credential.project_id().to_owned());
                details.attempts = 1;
                details.written = Written::Unknown;
                details.next = vec!["descope-projects projects list".to_owned()];
            }));
        }
        let path = call::CLONE_STATUS.path.replace("{processId}", &process_id);
        Ok(Self { client, process_id, path })
    }

    /// The same process through another client: for tokens that expire, or another runtime.
    #[must_use]
    pub fn through(&self, client: Client) -> Self {
        Self { client, process_id: self.process_id.clone(), path: self.path.clone() }
    }

    /// The client that it was started with.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What the server calls it.
    pub fn process_id(&self) -> &str {
        &self.process_id
    }

    /// Asks once.
    pub async fn status(&self) -> Result<CloneStatus> {
        let mut request = self.client.request_for(&call::CLONE_STATUS, Vec::new(), None);
        request.path = &self.path;
        let process: CloneProcess = self.client.ask(&request).await?;
        Ok(match process {
            CloneProcess { error: Some(error), .. } if !error.is_empty() => {
                CloneStatus::Failed { error: self.client.redactor.clean(&error) }
            }
            CloneProcess { project_id: Some(id), project_name, extra, .. } if !id.is_empty() => {
                CloneStatus::Done(CloneResult {
                    id: Some(id),
                    name: project_name,
                    environment: None,
                    tags: None,
                    settled: false,
                    extra,
                })
            }
            _ => CloneStatus::Running,
        })
    }

    /// Asks at growing intervals until it is there.
    ///
    /// # Errors
    /// `DeadlineExceeded` if it still runs after `timeout`; `ApiError` with the server's reason if it failed.
    pub async fn wait(&self, timeout: Seconds) -> Result<CloneResult> {
        let until = Instant::now() + timeout.duration();
        let mut pause = FIRST_PAUSE;
        loop {
            // Whatever keeps us from seeing it, the clone was started: that nothing was written would be false.
            let status = match tokio::time::timeout_at(until, self.status()).await {
                Ok(status) => status.map_err(|error| error.with(|details| details.written = Written::Unknown))?,
                Err(_) => return Err(self.still_running(timeout)),
            };
            match status {
                CloneStatus::Done(result) => return Ok(result),
                CloneStatus::Failed { error } => {
                    let message = format!("clone of {}: the server says that it failed: {error}", self.project_id());
                    return Err(self.ended(ErrorKind::Api, message).with(|details| details.api_message = Some(error)));
                }
                CloneStatus::Running => {}
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(self.still_running(timeout));
            }
            tokio::time::sleep(pause.min(left)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn project_id(&self) -> &str {
        self.client.credential.project_id()
    }

    fn still_running(&self, timeout: Seconds) -> Error {
        let message = format!(
            "clone of {}: not there after {} s; it goes on at the server (process {})",
            self.project_id(),
            timeout.duration().as_secs_f64(),
            self.process_id
        );
        self.ended(ErrorKind::DeadlineExceeded, message).with(|details| details.written = Written::Unknown)
    }

    fn ended(&self, kind: ErrorKind, message: String) -> Error {
        Error::new(kind, message).with(|details| {
            details.operation = Some(call::CLONE_STATUS.name.to_owned());
            details.project_id = Some(self.project_id().to_owned());
            details.attempts = 1;
        })
    }
}
