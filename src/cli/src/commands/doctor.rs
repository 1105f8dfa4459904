//! `doctor`: what is configured and from where, and whether it works.

use std::time::Instant;

use descope_projects_core::client::{
    BASE_URL_VARIABLES, Client, Identity, MANAGEMENT_KEY_VARIABLE, PROJECT_ID_VARIABLE, RawRequest, TOKEN_VARIABLES,
    check_project_id,
};
use descope_projects_core::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use crate::arguments::Doctor;
use crate::exit_status::ExitStatus;
use crate::outcome::{Failure, Outcome};
use crate::session::{Session, identity};
use crate::table;
use crate::target::host_of;

const PROXY_VARIABLES: [&str; 3] = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"];
const TRUST_VARIABLES: [&str; 3] = ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"];

/// One line of the answer.
struct Finding {
    name: &'static str,
    value: String,
    from: String,
}

pub(crate) async fn run(session: &Session<'_>, arguments: &Doctor) -> Result<Outcome, Failure> {
    let project_id = arguments.project_id.as_deref();
    let mut findings = configured(arguments);
    let mut problem = None;
    match session.client(project_id, &arguments.connection).and_then(|client| Ok((client, identity(project_id)?))) {
        Ok((client, identity)) => {
            findings.push(base_url(&client, &identity, arguments));
            match reach(session, &client, &mut findings).await {
                Ok(()) => {}
                Err(Failure::Error(error)) => problem = Some(error),
                Err(interrupted @ Failure::Interrupted(_)) => return Err(interrupted),
            }
        }
        Err(error) => problem = Some(error),
    }
    let rows: Vec<[String; 3]> =
        findings.iter().map(|found| [found.name.to_owned(), found.value.clone(), found.from.clone()]).collect();
    let result: Vec<Value> =
        findings.iter().map(|found| json!({ "name": found.name, "value": found.value, "from": found.from })).collect();
    let outcome = Outcome::read(json!({ "findings": result }), table::columns(&rows));
    Ok(match problem {
        None => outcome,
        Some(error) => {
            // It has just been run.
            let error = error.with(|details| details.next.retain(|next| next != "descope-projects doctor"));
            Outcome { status: ExitStatus::from(&error), error: Some(error), ..outcome }
        }
    })
}

fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// What the environment and the arguments say. Of a key only where it is from and what kind it is.
fn configured(arguments: &Doctor) -> Vec<Finding> {
    let missing = "not set".to_owned();
    let mut findings = Vec::new();
    let (value, from) = match (&arguments.project_id, set(PROJECT_ID_VARIABLE)) {
        (Some(id), _) => (id.clone(), "--project-id".to_owned()),
        (None, Some(id)) => (id, PROJECT_ID_VARIABLE.to_owned()),
        (None, None) => (missing.clone(), format!("--project-id or {PROJECT_ID_VARIABLE}")),
    };
    // What is no project id may be a key in the wrong place.
    let is_one = value == missing || check_project_id(&value, PROJECT_ID_VARIABLE).is_ok();
    let value = if is_one { value } else { "not a project id".to_owned() };
    findings.push(Finding { name: "project id", value, from });

    let variables = TOKEN_VARIABLES.iter().copied().chain([MANAGEMENT_KEY_VARIABLE]);
    let found = variables.clone().find(|name| set(name).is_some());
    let (value, from) = match found {
        Some(MANAGEMENT_KEY_VARIABLE) => ("a management key", MANAGEMENT_KEY_VARIABLE),
        Some(name) => ("a workload token", name),
        None => ("not set", MANAGEMENT_KEY_VARIABLE),
    };
    findings.push(Finding { name: "credential", value: value.to_owned(), from: from.to_owned() });
    for ignored in variables.filter(|name| set(name).is_some() && Some(*name) != found) {
        findings.push(Finding { name: "ignored", value: "a token wins over a key".into(), from: ignored.into() });
    }

    let proxies = PROXY_VARIABLES.iter().flat_map(|name| [(*name).to_owned(), name.to_lowercase()]);
    let proxies: Vec<_> = proxies.filter_map(|name| Some((set(&name)?, name))).collect();
    for (url, name) in &proxies {
        // A proxy's URL may hold a password, and a careless one may hold anything: the host is what follows the last `@`.
        let host = url.rsplit_once('@').map_or(url.as_str(), |(_, host)| host);
        findings.push(Finding { name: "proxy", value: host_of(host), from: name.clone() });
    }
    if proxies.is_empty() {
        findings.push(Finding { name: "proxy", value: "none".to_owned(), from: String::new() });
    } else if let Some(without) = set("NO_PROXY").or_else(|| set("no_proxy")) {
        findings.push(Finding { name: "no proxy for", value: without, from: "NO_PROXY".to_owned() });
    }

    findings.push(Finding { name: "trust", value: "the system's store".to_owned(), from: String::new() });
    for name in TRUST_VARIABLES {
        if let Some(path) = set(name) {
            findings.push(Finding { name: "trust", value: path, from: name.to_owned() });
        }
    }
    if let Some(path) = &arguments.connection.ca_bundle {
        findings.push(Finding { name: "trust", value: path.display().to_string(), from: "--ca-bundle".to_owned() });
    }
    findings
}

fn base_url(client: &Client, identity: &Identity, arguments: &Doctor) -> Finding {
    let from = if arguments.connection.base_url.is_some() {
        "--base-url".to_owned()
    } else if identity.base_url.is_some() {
        BASE_URL_VARIABLES.iter().filter(|name| set(name).is_some()).copied().collect::<Vec<_>>().join(", ")
    } else {
        "the project id".to_owned()
    };
    Finding { name: "base URL", value: client.base_url().trim_end_matches('/').to_owned(), from }
}

/// Connects, and asks what the key may do, with calls that change nothing.
async fn reach(session: &Session<'_>, client: &Client, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    let started = Instant::now();
    let license = RawRequest::new("GET", "/v1/mgmt/license", None, true, None)?;
    let answered = session.call(client, "connecting", async |client| client.request(&license).await).await;
    let took = format!("{} ms", started.elapsed().as_millis());
    let mut found = |name: &'static str, value: String, from: &str| {
        findings.push(Finding { name, value, from: from.to_owned() });
    };
    match answered {
        Ok(body) => {
            found("connection", took, "license");
            let license: Value = serde_json::from_slice(&body).unwrap_or_default();
            let tier = license["rateLimitTier"].as_str().unwrap_or("not told").to_owned();
            found("rate-limit tier", tier, "license");
        }
        // An answer is an answer: what the key may do is asked next.
        Err(Failure::Error(error)) if error.details().status.is_some() => {
            found("connection", took, "license");
            found("rate-limit tier", format!("not told ({error})"), "license");
        }
        Err(failure) => {
            found("connection", "failed".to_owned(), "license");
            return Err(failure);
        }
    }
    let own = client.own_project().id().to_owned();
    match session.call(client, "listing projects", async |client| client.list_projects().await).await {
        Ok(projects) => {
            found("may list projects", format!("yes, {}", projects.len()), "list_projects");
            let Some(project) = projects.iter().find(|project| project.id == own) else {
                let message = format!("{own} is not among the {} projects that this key can list", projects.len());
                return Err(Error::new(ErrorKind::ProjectNotFound, message).into());
            };
            found("project", project.name.clone().unwrap_or_else(|| "(no name)".to_owned()), "list_projects");
            Ok(())
        }
        Err(Failure::Error(error)) if error.kind() == ErrorKind::PermissionDenied => {
            found("may list projects", "no: the key is not company-wide, or may not read".to_owned(), "list_projects");
            Ok(())
        }
        Err(failure) => {
            found("may list projects", "failed".to_owned(), "list_projects");
            Err(failure)
        }
    }
}
