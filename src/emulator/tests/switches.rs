//! What no source tells, each way.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use common::{EXPORT, Files, PROJECT, SNAPSHOT_EXPORT, SNAPSHOT_IMPORT, Server, TARGET, VALIDATE};
use descope_projects_emulator::{
    AbsentFiles, ForeignConnectorIds, ProjectExport, RenamedConnector, Semantics, UnknownInputSecrets,
};
use serde_json::json;

fn without_lists_and_backend(server: &Server, project: &str) -> Files {
    let mut files = server.export(project);
    files.remove("lists.json");
    files.remove("connectors/backend.json");
    files.insert("connectors/connectors.json".to_owned(), json!({ "connectors": ["sendgrid"] }));
    files.retain(|path, _| !path.starts_with("flows/sign-in/"));
    files.insert("flows/flows.json".to_owned(), json!({ "flows": [] }));
    files.remove("assets/img-logo.svg");
    files.remove("assets/assets.json");
    files
}

#[test]
fn absent_files_are_deleted_or_kept() {
    let server = Server::two();
    let files = without_lists_and_backend(&server, PROJECT);
    server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": files })).ok();
    assert_eq!(server.export(TARGET).keys().collect::<Vec<_>>(), files.keys().collect::<Vec<_>>());

    let keep = Semantics { absent_files: AbsentFiles::Keep, ..Semantics::default() };
    let server = Server::two_with(keep);
    let before = server.export(TARGET);
    let mut files = without_lists_and_backend(&server, PROJECT);
    files.get_mut("project.json").unwrap()["appUrl"] = json!("https://new.example.com");
    server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": files })).ok();
    let mut after = server.export(TARGET);
    assert_eq!(after["project.json"]["appUrl"], "https://new.example.com");
    after.insert("project.json".to_owned(), before["project.json"].clone());
    assert_eq!(after["connectors/connectors.json"], json!({ "connectors": ["sendgrid", "backend"] }));
    after.insert("connectors/connectors.json".to_owned(), before["connectors/connectors.json"].clone());
    assert_eq!(after, before);
}

#[test]
fn a_kept_connector_gives_way_to_one_of_its_name_under_another_slug() {
    let keep = Semantics { absent_files: AbsentFiles::Keep, ..Semantics::default() };
    let server = Server::two_with(keep);
    let mut files = server.export(PROJECT);
    let moved = files.remove("connectors/backend.json").unwrap();
    files.insert("connectors/backend-2.json".to_owned(), moved);
    files.insert("connectors/connectors.json".to_owned(), json!({ "connectors": ["sendgrid", "backend-2"] }));
    let id = server.file(TARGET, "connectors/backend.json")["id"].clone();
    server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": files })).ok();
    let after = server.export(TARGET);
    assert!(!after.contains_key("connectors/backend.json"));
    assert_eq!(after["connectors/backend-2.json"]["id"], id);
    assert_eq!(after["connectors/connectors.json"], json!({ "connectors": ["sendgrid", "backend-2"] }));
}

#[test]
fn foreign_connector_ids_are_rebound_or_refused() {
    let refuse = Semantics { foreign_connector_ids: ForeignConnectorIds::Refuse, ..Semantics::default() };
    let server = Server::two_with(refuse);
    let foreign = server.export(PROJECT);
    let message = server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": foreign })).refused(400, "E011003");
    assert!(message.contains("Backend") && message.contains("SendGrid"), "{message}");
    let own = server.export(TARGET);
    server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": own })).ok();
    assert_eq!(Server::two().on(TARGET, VALIDATE, &json!({ "files": foreign })).ok(), json!({ "ok": true }));
}

#[test]
fn a_renamed_connector_is_a_new_one_or_the_old_one() {
    let renamed = |server: &Server| {
        let mut files = server.export(TARGET);
        files.get_mut("connectors/sendgrid.json").unwrap()["name"] = json!("Mail");
        json!({ "files": files })
    };
    let server = Server::two();
    let validation = server.on(TARGET, VALIDATE, &renamed(&server)).ok();
    assert_eq!(validation["missingSecrets"]["connectors"][0]["name"], "Mail");

    let rename = Semantics { renamed_connector: RenamedConnector::Rename, ..Semantics::default() };
    let server = Server::two_with(rename);
    let id = server.file(TARGET, "connectors/sendgrid.json")["id"].clone();
    server.on(TARGET, SNAPSHOT_IMPORT, &renamed(&server)).ok();
    let after = server.file(TARGET, "connectors/sendgrid.json");
    assert_eq!((&after["name"], &after["id"]), (&json!("Mail"), &id));
    let secret = server.control().secret(TARGET, "connectors", id.as_str().unwrap(), "apiKey");
    assert_eq!(secret.as_deref(), Some("second-sendgrid-key"));
}

#[test]
fn two_connectors_that_swap_their_names_stay_what_their_names_say() {
    for renamed_connector in [RenamedConnector::NewEntity, RenamedConnector::Rename] {
        let server = Server::two_with(Semantics { renamed_connector, ..Semantics::default() });
        let before = server.export(TARGET);
        let mut files = before.clone();
        files.get_mut("connectors/sendgrid.json").unwrap()["name"] = json!("Backend");
        files.get_mut("connectors/backend.json").unwrap()["name"] = json!("SendGrid");
        files.get_mut("connectors/sendgrid.json").unwrap()["configuration"]["apiKey"] = json!("");
        server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": files })).ok();
        let after = server.export(TARGET);
        assert_eq!(after["connectors/sendgrid.json"]["id"], before["connectors/backend.json"]["id"]);
        assert_eq!(after["auth/magiclink.json"]["emailServiceProvider"], before["connectors/backend.json"]["id"]);
    }
}

#[test]
fn a_project_export_may_be_without_secrets() {
    let semantics = Semantics { project_export: ProjectExport::WithoutSecrets, ..Semantics::default() };
    let server = Server::two_with(semantics);
    assert_eq!(server.call(EXPORT, &json!({})).ok(), server.call(SNAPSHOT_EXPORT, &json!({})).ok());
}

#[test]
fn input_secrets_of_nothing_are_refused_or_ignored() {
    let secrets = json!({ "connectors": [{ "id": "CInothing", "name": "", "type": "apiKey", "value": "x" }] });
    let server = Server::two();
    let body = json!({ "files": server.export(PROJECT), "inputSecrets": secrets });
    let message = server.on(TARGET, SNAPSHOT_IMPORT, &body).refused(400, "E011003");
    assert!(message.contains("CInothing"), "{message}");
    let ignore = Semantics { unknown_input_secrets: UnknownInputSecrets::Ignore, ..Semantics::default() };
    Server::two_with(ignore).on(TARGET, SNAPSHOT_IMPORT, &body).ok();
}

#[test]
fn a_plain_export_holds_its_assets_where_they_are_used() {
    let server = Server::two();
    server.control().put_file(PROJECT, "assets/terms.txt", json!("the terms")).unwrap();
    let template = json!({ "enabled": true, "body": "assets/terms.txt" });
    server.control().put_file(PROJECT, "auth/otp.json", template).unwrap();
    let plain = server.call(SNAPSHOT_EXPORT, &json!({ "format": "plain" })).ok()["files"].clone();
    assert!(plain.as_object().unwrap().keys().all(|path| !path.starts_with("assets/")));
    assert_eq!(plain["auth/otp.json"]["body"], "the terms");
    let source = &plain["flows/sign-in/screen-welcome.json"]["contents"]["logo"]["props"]["src"];
    assert!(source.as_str().unwrap().starts_with("data:image/svg+xml;base64,"), "{source}");
    server.call(SNAPSHOT_EXPORT, &json!({ "format": "zip" })).refused(400, "E011004");
}
