//! What the credential may do, found out with calls that change nothing.

use bytes::Bytes;

use super::network::Reached;
use super::{Area, Check, Diagnosis, State};
use crate::client::{Client, decode};
use crate::error::{Error, ErrorKind, Result};
use crate::snapshot::{Origin, Snapshot};
use crate::transport::{Answer, Request};
use crate::wire::{Call, License, ProjectList, call, nearest};

const AREA: Area = Area::Key;
pub(super) const NAMES: [&str; 6] =
    ["credential accepted", "rate-limit tier", "may list projects", "project", "may export", "may write"];

pub(super) async fn look(diagnosis: &mut Diagnosis, client: &Client, reached: Reached) {
    let license = client.request_for(&call::LICENSE, Vec::new(), None);
    if reached.license.status == 401 {
        let hint = "a key belongs to its company's projects only, and one that was deleted in the console is gone";
        diagnosis.fail(AREA, "credential accepted", license.refusal(&reached.license), Some(hint));
        diagnosis.skip(AREA, &NAMES, "not checked: the credential was refused");
        return;
    }
    if reached.license.is_success() {
        diagnosis.add(Check::new(AREA, "credential accepted", State::Fine, "yes"));
    } else {
        let why = format!("not known: {}", license.refusal(&reached.license));
        diagnosis.add(Check::new(AREA, "credential accepted", State::Noted, why));
    }
    diagnosis.add(tier(&license, &reached.license));
    let listed = look_at_list(diagnosis, client).await;
    look_at_export(diagnosis, client, listed).await;
    diagnosis.skip(AREA, &["may write"], "not checked: only a write would tell, and none is made");
}

fn tier(request: &Request<'_>, answer: &Answer) -> Check {
    let told = decode::<License>(request, answer).ok().filter(|_| answer.is_success());
    match told.and_then(|license| license.rate_limit_tier) {
        Some(tier) => Check::new(AREA, "rate-limit tier", State::Fine, &tier).data("tier", tier),
        None => Check::new(AREA, "rate-limit tier", State::Noted, format!("not told (status {})", answer.status)),
    }
}

/// One request, whatever it answers; the error is for an answer that is no success.
async fn probe(client: &Client, call: &Call) -> (Result<Answer>, Option<u16>) {
    let request = client.request_for(call, vec![Bytes::from_static(b"{}")], None);
    let asked = match client.connections() {
        Ok(connections) => client.shared.transport.probe(connections, &request).await,
        Err(error) => Err(error),
    };
    match asked {
        Ok(answer) if answer.is_success() => (Ok(answer), None),
        Ok(answer) => (Err(request.refusal(&answer)), Some(answer.status)),
        Err(error) => (Err(error), None),
    }
}

/// Whether the project is in the list; absent where that is not known.
async fn look_at_list(diagnosis: &mut Diagnosis, client: &Client) -> Option<bool> {
    let own = client.own_project().id().to_owned();
    let request = client.request_for(&call::LIST_PROJECTS, Vec::new(), None);
    let (asked, _) = probe(client, &call::LIST_PROJECTS).await;
    let listed = match asked.and_then(|answer| decode::<ProjectList>(&request, &answer)) {
        Ok(listed) => listed.projects,
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let why = "no: the key is bound to some projects, or may not list";
            diagnosis.add(Check::new(AREA, "may list projects", State::Noted, why).data("listed", false));
            diagnosis.skip(AREA, &["project"], "not checked: without a list nothing tells its name");
            return None;
        }
        Err(error) => {
            diagnosis.fail(AREA, "may list projects", error, None);
            diagnosis.skip(AREA, &["project"], "not checked: there is no list");
            return None;
        }
    };
    let count = listed.len();
    let value = format!("yes, {count}");
    diagnosis
        .add(Check::new(AREA, "may list projects", State::Fine, value).data("listed", true).data("projects", count));
    let Some(project) = listed.iter().find(|project| project.id == own) else {
        let near = nearest(&own, listed.iter().map(|project| project.id.as_str()));
        let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        let message = format!("{own} is not among the {count} projects that this key can list{hint}");
        let error = Error::new(ErrorKind::ProjectNotFound, message).with(|details| {
            details.project_id = Some(own);
            details.next = vec!["descope-projects projects list".to_owned()];
        });
        diagnosis.fail(AREA, "project", error, None);
        return Some(false);
    };
    let name = project.name.clone().unwrap_or_else(|| "(no name)".to_owned());
    let environment = project.environment.clone().filter(|environment| !environment.is_empty());
    let value = format!("{name}, {}", environment.as_deref().unwrap_or("no environment"));
    let check = Check::new(AREA, "project", State::Fine, value).data("name", name);
    diagnosis.add(check.data("environment", environment));
    Some(true)
}

/// The one call that reads the project itself, and that a bound key can make, too.
async fn look_at_export(diagnosis: &mut Diagnosis, client: &Client, listed: Option<bool>) {
    if listed == Some(false) {
        diagnosis.skip(AREA, &["may export"], "not checked: the project is not there");
        return;
    }
    let request = client.request_for(&call::EXPORT_SNAPSHOT, Vec::new(), None);
    let (asked, status) = probe(client, &call::EXPORT_SNAPSHOT).await;
    let exported = asked.and_then(|answer| {
        Snapshot::from_export(answer.body.clone(), Origin::SnapshotExport)
            .map_err(|error| request.unusable(&answer, &format!("is not an export: {error}")))
    });
    match exported {
        Ok(snapshot) => {
            let value = format!("yes, {} files", snapshot.len());
            diagnosis.add(Check::new(AREA, "may export", State::Fine, value).data("files", snapshot.len()));
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let said = error.details().description.clone().unwrap_or_else(|| "status 403".to_owned());
            let check = Check::new(AREA, "may export", State::Noted, format!("no: {said}"));
            diagnosis
                .add(check.hint("exports, imports and clones need a pro or enterprise licence, and a key that may"));
        }
        Err(error) if status == Some(429) => {
            diagnosis.add(Check::new(AREA, "may export", State::NotChecked, format!("not checked: {error}")));
        }
        Err(error) => diagnosis.fail(AREA, "may export", error, None),
    }
}
