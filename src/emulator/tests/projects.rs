//! Names, tags, clones and deletes.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use std::collections::BTreeSet;

use common::{
    CLONE, DELETE, EXPORT, KEY, LIST, NAME, PROJECT, SNAPSHOT_EXPORT, START_CLONE, Server, TAGS, TARGET, company, key,
};
use descope_projects_emulator::seed::{acme, minimal};
use descope_projects_emulator::{EmulatorOptions, Fault, FaultAction};
use serde_json::{Value, json};

#[test]
fn a_rename_and_new_tags_are_listed() {
    let server = Server::two();
    assert_eq!(server.call(NAME, &json!({ "name": "New" })).ok(), json!({}));
    assert_eq!(server.call(TAGS, &json!({ "tags": ["a", "b"] })).ok(), json!({}));
    let listed = server.call(LIST, &json!({})).ok();
    assert_eq!(listed["projects"][0], json!({ "id": PROJECT, "name": "New", "tags": ["a", "b"] }));
    assert_eq!(listed["projects"][1]["name"], "Second");
}

#[test]
fn wrong_arguments_are_told_apart() {
    let server = Server::two();
    server.call(NAME, &json!({})).refused(400, "E011002");
    server.call(TAGS, &json!({})).refused(400, "E011002");
    server.call(NAME, &json!({ "name": "  " })).refused(400, "E011004");
    server.call(NAME, &json!({ "name": 1 })).refused(400, "E011001");
    server.call(TAGS, &json!({ "tags": "a" })).refused(400, "E011001");
    server.call(CLONE, &json!({ "environment": "staging" })).refused(400, "E011004");
    server.call(NAME, &json!([])).refused(400, "E011001");
    assert_eq!(server.control().projects()[0].name, "Example");
    assert_eq!(server.control().projects().len(), 2);
}

#[test]
fn a_clone_has_the_fields_it_was_given() {
    let server = Server::two();
    let made = server.call(CLONE, &json!({ "name": "copy", "environment": "production", "tags": ["x"] })).ok();
    assert_eq!(
        (&made["projectName"], &made["environment"], &made["tags"]),
        (&json!("copy"), &json!("production"), &json!(["x"]))
    );
    let id = made["projectId"].as_str().unwrap();
    assert_eq!(id.len(), PROJECT.len());
    let listed = server.call(LIST, &json!({})).ok();
    assert_eq!(listed["projects"][2]["id"], id);
    assert_eq!(listed["projects"][2]["environment"], "production");
}

#[test]
fn a_clone_with_null_fields_or_none_has_defaults() {
    let server = Server::two();
    let bodies = [json!({}), json!({ "name": null, "environment": null, "tags": null }), json!({ "environment": "" })];
    for body in bodies {
        let made = server.call(CLONE, &body).ok();
        assert_eq!(made["projectName"], "Example (clone)");
        assert_eq!(made.get("environment"), None);
        assert_eq!(made["tags"], json!([]));
    }
}

#[test]
fn a_clone_keeps_the_region_of_a_regional_project() {
    let regional = format!("Peuc1{}", "7".repeat(27));
    let mut seed = minimal();
    seed.companies.push(company("Regional", "pro", key("Kregional"), &regional));
    let server = Server::start(EmulatorOptions { seed, ..EmulatorOptions::default() });
    let made = server.bearer(&format!("{regional}:Kregional"), CLONE, &json!({ "name": "x" })).ok();
    let id = made["projectId"].as_str().unwrap();
    assert!(id.starts_with("Peuc1") && id.len() == 32 && id != regional, "{id}");
}

#[test]
fn a_clone_has_ids_of_its_own_and_every_reference_follows() {
    let server = Server::two();
    let id = server.call(CLONE, &json!({ "name": "copy" })).ok()["projectId"].as_str().unwrap().to_owned();
    let (old, new) = (server.export(PROJECT), server.export(&id));
    let backend = new["connectors/backend.json"]["id"].clone();
    let admin = new["roles.json"]["roles"][0]["id"].clone();
    assert_ne!(backend, old["connectors/backend.json"]["id"]);
    assert_ne!(admin, old["roles.json"]["roles"][0]["id"]);
    let tasks = &new["flows/sign-in/contents.json"]["tasks"];
    assert_eq!(tasks["2"]["arguments"]["connectorId"]["value"], backend);
    assert_eq!(tasks["3"]["arguments"]["roleIds"]["value"][0], admin);
    let references = &new["flows/sign-in/metadata.json"]["references"];
    assert_eq!(references, &json!({ "connectors": { "Backend": backend }, "roles": { "Admin": admin } }));
    assert_eq!(new["auth/magiclink.json"]["emailServiceProvider"], new["connectors/sendgrid.json"]["id"]);
    assert_eq!(new["project.json"]["userTemplateId"], new["jwttemplates.json"]["templates"][0]["id"]);
    assert_eq!(new.keys().collect::<Vec<_>>(), old.keys().collect::<Vec<_>>());
    for id in ids(&old) {
        assert!(!serde_json::to_string(&new).unwrap().contains(&id), "{id} is still in the clone");
    }
}

fn ids(files: &common::Files) -> Vec<String> {
    let connectors =
        files.iter().filter(|(path, _)| path.starts_with("connectors/")).filter_map(|(_, file)| file.get("id"));
    let roles = files["roles.json"]["roles"].as_array().unwrap().iter().map(|role| &role["id"]);
    connectors.chain(roles).map(|id| id.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_clone_copies_the_secrets() {
    let server = Server::two();
    let id = server.call(CLONE, &json!({ "name": "copy" })).ok()["projectId"].as_str().unwrap().to_owned();
    let connector = server.file(&id, "connectors/sendgrid.json")["id"].as_str().unwrap().to_owned();
    let secret = |group, entity: &str, kind| server.control().secret(&id, group, entity, kind);
    assert_eq!(secret("connectors", &connector, "apiKey").as_deref(), Some("example-sendgrid-key"));
    assert_eq!(secret("oauthProviders", "google", "clientSecret").as_deref(), Some("example-google-secret"));
}

#[test]
fn an_asynchronous_clone_runs_for_as_many_steps_as_set() {
    let server = Server::start(EmulatorOptions { clone_steps: 2, ..EmulatorOptions::default() });
    let process = server.call(START_CLONE, &json!({ "name": "later" })).ok()["processId"].as_str().unwrap().to_owned();
    let path = format!("{START_CLONE}/{process}");
    assert_eq!(server.get(&path).ok(), json!({}));
    assert_eq!(server.get(&path).ok(), json!({}));
    assert_eq!(server.control().projects().len(), 1, "the clone is listed before it is done");
    let done = server.get(&path).ok();
    assert_eq!(done["projectName"], "later");
    assert_eq!(server.get(&path).ok(), done);
    assert_eq!(server.control().projects().len(), 2);
    assert_eq!(server.on(done["projectId"].as_str().unwrap(), SNAPSHOT_EXPORT, &json!({})).status, 200);
}

#[test]
fn an_asynchronous_clone_can_fail() {
    let server = Server::two();
    let fault = Fault::new("start_clone", FaultAction::FailLater("out of projects".to_owned()));
    server.control().fail(fault).unwrap();
    let process = server.call(START_CLONE, &json!({ "name": "later" })).ok()["processId"].as_str().unwrap().to_owned();
    let path = format!("{START_CLONE}/{process}");
    assert_eq!(server.get(&path).ok(), json!({}));
    for _ in 0..2 {
        assert_eq!(server.get(&path).ok(), json!({ "error": "out of projects" }));
    }
    assert_eq!(server.control().projects().len(), 2);
    let other = Fault::new("clone", FaultAction::FailLater(String::new()));
    assert!(server.control().fail(other).unwrap_err().to_string().contains("start_clone"));
}

#[test]
fn a_process_of_nobody_or_of_another_project_is_refused() {
    let server = Server::two();
    server.get(&format!("{START_CLONE}/CPnothing")).refused(400, "E011004");
    let process = server.call(START_CLONE, &json!({})).ok()["processId"].as_str().unwrap().to_owned();
    let headers = [("authorization", format!("Bearer {TARGET}:{KEY}"))];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let other = server.send("GET", &format!("{START_CLONE}/{process}"), &headers, b"").unwrap();
    other.refused(400, "E011004");
}

#[test]
fn a_deleted_project_is_unknown_to_every_call() {
    let server = Server::two();
    let answer = server.send("POST", DELETE, &[("authorization", &format!("Bearer {TARGET}:{KEY}"))], b"").unwrap();
    assert_eq!(answer.ok(), json!({}));
    for path in [LIST, NAME, TAGS, CLONE, EXPORT, SNAPSHOT_EXPORT, DELETE] {
        server.on(TARGET, path, &json!({ "name": "x", "tags": [] })).refused(404, "E011008");
    }
    assert_eq!(server.control().projects().len(), 1);
}

#[test]
fn every_project_of_the_demo_company_survives_a_round_trip_and_a_clone() {
    let server = Server::start(EmulatorOptions { seed: acme(), ..EmulatorOptions::default() });
    let ready = server.emulator.ready();
    assert!(ready.projects.len() >= 3);
    for project in &ready.projects {
        let token = format!("{}:{}", project.id, ready.management_key);
        let export = |token: &str| server.bearer(token, SNAPSHOT_EXPORT, &json!({})).ok()["files"].clone();
        let files = export(&token);
        let validation = server.bearer(&token, common::VALIDATE, &json!({ "files": files })).ok();
        assert_eq!(validation, json!({ "ok": true }), "{}", project.name);
        server.bearer(&token, common::SNAPSHOT_IMPORT, &json!({ "files": files })).ok();
        assert_eq!(export(&token), files, "{}", project.name);
        let made = server.bearer(&token, CLONE, &json!({ "name": "copy" })).ok();
        let copy = format!("{}:{}", made["projectId"].as_str().unwrap(), ready.management_key);
        let validation = server.bearer(&copy, common::VALIDATE, &json!({ "files": files })).ok();
        assert_eq!(validation, json!({ "ok": true }), "{}", project.name);
        let paths = |files: &Value| files.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(paths(&export(&copy)), paths(&files));
        for id in old_ids(&files) {
            assert!(!export(&copy).to_string().contains(&id), "{id} of {} is still in its clone", project.name);
        }
    }
}

#[test]
fn the_demo_companys_staging_lacks_one_secret_in_production() {
    let server = Server::start(EmulatorOptions { seed: acme(), ..EmulatorOptions::default() });
    let ready = server.emulator.ready();
    let named = |name: &str| ready.projects.iter().find(|project| project.name.to_lowercase().contains(name)).unwrap();
    let staging = format!("{}:{}", named("staging").id, ready.management_key);
    let production = ready.projects.iter().find(|project| project.environment.is_some()).unwrap();
    let production = format!("{}:{}", production.id, ready.management_key);
    let export = |token: &str| server.bearer(token, SNAPSHOT_EXPORT, &json!({})).ok()["files"].clone();
    let (files, before) = (export(&staging), export(&production));
    let excludes = ["project.domain", "project.trustedDomains"];
    let validation =
        server.bearer(&production, common::VALIDATE, &json!({ "files": files, "excludes": excludes })).ok();
    assert_eq!(validation.get("failures"), None, "{validation}");
    let mut secrets = validation["missingSecrets"].clone();
    let missing: Vec<&mut Value> =
        secrets.as_object_mut().unwrap().values_mut().flat_map(|group| group.as_array_mut().unwrap()).collect();
    assert_eq!(missing.len(), 1);
    for secret in missing {
        secret["value"] = json!("supplied");
    }
    let body = json!({ "files": files, "excludes": excludes, "inputSecrets": secrets });
    server.bearer(&production, common::SNAPSHOT_IMPORT, &body).ok();
    let after = export(&production);
    assert_ne!(after, before);
    for setting in ["customDomain", "appUrl", "trustedDomains"] {
        assert_eq!(after["project.json"][setting], before["project.json"][setting], "{setting}");
        assert_ne!(after["project.json"][setting], files["project.json"][setting], "{setting}");
    }
}

fn old_ids(files: &Value) -> Vec<String> {
    let files = files.as_object().unwrap().iter();
    files
        .filter(|(path, _)| path.starts_with("connectors/"))
        .filter_map(|(_, file)| Some(file.get("id")?.as_str()?.to_owned()))
        .collect()
}
