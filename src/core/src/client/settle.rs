//! Settling an unknown outcome by looking: with positive evidence only.
//!
//! That a project is not in the list proves nothing (the first request may still be running), so the answer is never
//! "it did not happen".

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::Instant;

use super::Client;
use super::options::Seconds;
use super::results::CloneResult;
use crate::error::{Error, ErrorKind, Result};
use crate::transport::{Bearer, Level, Pool};
use crate::wire::Project;

/// What the list showed before the call; nothing where the key may not list or its user does not want it.
pub(super) struct Before(Option<HashSet<String>>);

const FIRST_LOOK: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long the one look after a lost start of a clone may take.
const SETTLE_ONCE: Seconds = Seconds::new(10);
/// One look may repeat its request: it must not outlast what its user is willing to wait.
const SHORTEST_LOOK: Duration = Duration::from_secs(2);

impl Before {
    /// Lists the projects, if that is wanted and allowed. A failure to list never stops the call itself.
    pub(super) async fn look(client: &Client, settle: Option<bool>) -> Self {
        let wanted = settle.unwrap_or(true) && client.credential.may_list() != Some(false);
        if !wanted {
            return Self(None);
        }
        match client.list(Bearer::Company, Pool::Fresh).await {
            Ok(projects) => Self(Some(projects.into_iter().map(|project| project.id).collect())),
            Err(error) => {
                if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Authentication) {
                    client.credential.learn_may_list(false);
                }
                if let Some(watch) = &client.watch {
                    watch.record(Level::Debug, format!("an unknown outcome could not be settled: {error}"));
                }
                Self(None)
            }
        }
    }

    /// Looks for exactly one new project of that name.
    pub(super) async fn find_clone(
        self,
        client: &Client,
        name: Option<&str>,
        timeout: Seconds,
        unknown: Error,
    ) -> Result<CloneResult> {
        if self.0.is_none() {
            return Err(unknown);
        }
        let mut candidates: Vec<Project> = Vec::new();
        let mut looks = Looks::new(timeout);
        while looks.again().await {
            let Some(Some(found)) = looks.look(self.new_projects(client, name)).await else { continue };
            candidates = found;
            // Without a name a new project may be anybody's: it is a candidate and no evidence.
            if name.is_some() && candidates.len() == 1 {
                return Ok(CloneResult::found(candidates.remove(0)));
            }
            if candidates.len() > 1 {
                break;
            }
        }
        Err(with_candidates(unknown, candidates))
    }

    /// Looks once for what an asynchronous clone may have made: it is evidence, but no handle on the process.
    pub(super) async fn candidates(self, client: &Client, name: Option<&str>, unknown: Error) -> Error {
        let looks = Looks::new(SETTLE_ONCE);
        match looks.look(self.new_projects(client, name)).await.flatten() {
            Some(found) => with_candidates(unknown, found),
            None => unknown,
        }
    }

    /// Projects of that name that were not there before; nothing where that cannot be told.
    async fn new_projects(&self, client: &Client, name: Option<&str>) -> Option<Vec<Project>> {
        let before = self.0.as_ref()?;
        let projects = client.list(Bearer::Company, Pool::Any).await.ok()?;
        if !is_of_the_same_company(before, &projects) {
            return None;
        }
        let is_new = |project: &Project| !before.contains(&project.id);
        let is_named = |project: &Project| name.is_none() || project.name.as_deref() == name;
        Some(projects.into_iter().filter(|project| is_new(project) && is_named(project)).collect())
    }

    /// Looks whether the project, listed before, is gone.
    pub(super) async fn find_gone(self, client: &Client, timeout: Seconds, unknown: Error) -> Result<()> {
        let id = client.credential.project_id();
        let Some(before) = self.0.filter(|before| before.contains(id)) else { return Err(unknown) };
        let mut looks = Looks::new(timeout);
        let mut seen = "no list could show whether it is gone";
        while looks.again().await {
            let looked = looks.look(client.list(Bearer::Company, Pool::Any)).await;
            let Some(Ok(projects)) = looked else { continue };
            if is_gone(id, &before, &projects) {
                return Ok(());
            }
            if projects.iter().any(|project| project.id == id) {
                seen = "the list still shows the project";
            }
        }
        Err(unknown.with(|details| {
            details.message = format!("{}; {seen}", details.message);
        }))
    }
}

fn with_candidates(unknown: Error, candidates: Vec<Project>) -> Error {
    unknown.with(|details| {
        let seen = match candidates.len() {
            0 => "the list shows no new project of that name, which proves nothing: it may still be on its way"
                .to_owned(),
            count => format!("the list shows {count} new projects that may be the result"),
        };
        details.message = format!("{}; {seen}", details.message);
        details.candidates = candidates;
    })
}

/// A list without any of the projects that were there before shows nothing that came or went.
fn is_of_the_same_company(before: &HashSet<String>, now: &[Project]) -> bool {
    before.is_empty() || now.iter().any(|project| before.contains(&project.id))
}

fn is_gone(id: &str, before: &HashSet<String>, now: &[Project]) -> bool {
    let others_are_there = before.len() == 1 || is_of_the_same_company(before, now);
    others_are_there && !now.iter().any(|project| project.id == id)
}

/// When to look again: at once, then at growing intervals, until the time is over.
struct Looks {
    until: Instant,
    pause: Option<Duration>,
}

impl Looks {
    /// What was seen, if it was seen in time. The first look has some time of its own, however short the whole is.
    async fn look<T>(&self, seeing: impl Future<Output = T>) -> Option<T> {
        let until = self.until.max(Instant::now() + SHORTEST_LOOK);
        tokio::time::timeout_at(until, seeing).await.ok()
    }

    fn new(timeout: Seconds) -> Self {
        Self { until: Instant::now() + timeout.duration(), pause: None }
    }

    async fn again(&mut self) -> bool {
        let Some(pause) = self.pause else {
            self.pause = Some(FIRST_LOOK);
            return true;
        };
        if Instant::now() + pause > self.until {
            return false;
        }
        tokio::time::sleep(pause).await;
        self.pause = Some((pause * 2).min(LONGEST_PAUSE));
        true
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Project, is_gone};

    #[test]
    fn only_a_list_that_shows_the_others_says_that_a_project_is_gone() -> Result<(), serde_json::Error> {
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<HashSet<_>>();
        let list = |ids: &[&str]| {
            let ids = ids.iter().map(|id| serde_json::from_value::<Project>(serde_json::json!({ "id": id })));
            ids.collect::<Result<Vec<_>, _>>()
        };
        assert!(is_gone("P2a", &ids(&["P2a", "P2b"]), &list(&["P2b"])?));
        assert!(is_gone("P2a", &ids(&["P2a"]), &list(&[])?), "it was the only one");
        assert!(!is_gone("P2a", &ids(&["P2a", "P2b"]), &list(&[])?));
        assert!(!is_gone("P2a", &ids(&["P2a", "P2b"]), &list(&["P2a", "P2b"])?));
        Ok(())
    }
}
