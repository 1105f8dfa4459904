//! What no source tells, each way.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use common::{
    CLONE, EXPORT, Files, IMPORT, KEY, LIST, NAME, PATIENCE, PROJECT, SNAPSHOT_EXPORT, SNAPSHOT_IMPORT, START_CLONE,
    Server, TARGET, VALIDATE, company, key,
};
use descope_projects_emulator::seed::minimal;
use descope_projects_emulator::{
    AbsentFiles, CloneConflicts, DanglingReferences, EmulatorOptions, FaultAction, ForeignConnectorIds, ProjectExport,
    RefusalStatus, RenamedConnector, Semantics, SnapshotExcludes, StartedClone, UnknownExcludes, UnknownInputSecrets,
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

#[test]
fn unknown_excludes_are_refused_or_ignored() {
    let body = |server: &Server| json!({ "files": server.export(PROJECT), "excludes": ["passkeys", "lists"] });
    let server = Server::two();
    for path in [IMPORT, SNAPSHOT_IMPORT, VALIDATE] {
        assert!(server.on(TARGET, path, &body(&server)).refused(400, "E011004").contains("passkeys"));
    }
    let server = Server::two_with(Semantics { unknown_excludes: UnknownExcludes::Ignore, ..Semantics::default() });
    server.control().remove_file(TARGET, "lists.json").unwrap();
    for path in [IMPORT, SNAPSHOT_IMPORT, VALIDATE] {
        server.on(TARGET, path, &body(&server)).ok();
    }
    assert!(!server.export(TARGET).contains_key("lists.json"), "the known one has its effect");
}

#[test]
fn a_snapshot_import_honours_all_excludes_or_refuses_all_but_lists() {
    let body = |server: &Server, exclude: &str| json!({ "files": server.export(PROJECT), "excludes": [exclude] });
    let server = Server::two();
    server.on(TARGET, SNAPSHOT_IMPORT, &body(&server, "flows")).ok();
    let refuse = Semantics { snapshot_excludes: SnapshotExcludes::Refuse, ..Semantics::default() };
    let server = Server::two_with(refuse);
    for path in [SNAPSHOT_IMPORT, VALIDATE] {
        server.on(TARGET, path, &body(&server, "flows")).refused(400, "E011004");
        server.on(TARGET, path, &body(&server, "lists")).ok();
    }
    server.on(TARGET, IMPORT, &body(&server, "flows")).ok();
}

#[test]
fn dangling_references_are_refused_or_accepted() {
    let files = |server: &Server| {
        let mut files = server.export(TARGET);
        files.get_mut("auth/magiclink.json").unwrap()["emailServiceProvider"] = json!("CIgone");
        files
    };
    let server = Server::two();
    let refused = server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": files(&server) })).refused(400, "E011003");
    assert!(refused.contains("CIgone"), "{refused}");
    let accept = Semantics { dangling_references: DanglingReferences::Accept, ..Semantics::default() };
    let server = Server::two_with(accept);
    let files = files(&server);
    assert_eq!(server.on(TARGET, VALIDATE, &json!({ "files": files })).ok(), json!({ "ok": true }));
    server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": files })).ok();
    assert_eq!(server.export(TARGET), files);
}

#[test]
fn a_started_clone_is_seen_at_its_end_or_from_its_start() {
    let listed = |server: &Server| server.call(LIST, &json!({})).ok()["projects"].as_array().unwrap().len();
    for (started_clone, at_start) in [(StartedClone::SeenAtEnd, 2), (StartedClone::SeenAtStart, 3)] {
        let server = Server::two_with(Semantics { started_clone, ..Semantics::default() });
        let process = server.call(START_CLONE, &json!({ "name": "copy" })).ok()["processId"].clone();
        let status = format!("{START_CLONE}/{}", process.as_str().unwrap());
        assert_eq!(listed(&server), at_start);
        assert_eq!(server.get(&status).ok(), json!({}), "it runs all the same");
        assert_eq!(listed(&server), at_start);
        let end = server.get(&status).ok();
        assert_eq!((listed(&server), &end["projectName"]), (3, &json!("copy")));
        assert_eq!(server.get(&status).ok(), end);
        server.on(end["projectId"].as_str().unwrap(), SNAPSHOT_EXPORT, &json!({})).ok();
        server.fail("start_clone", FaultAction::FailLater("no room".to_owned()));
        let process = server.call(START_CLONE, &json!({})).ok()["processId"].clone();
        let status = format!("{START_CLONE}/{}", process.as_str().unwrap());
        server.get(&status).ok();
        assert_eq!((server.get(&status).ok(), listed(&server)), (json!({ "error": "no room" }), 3));
    }
}

#[test]
fn a_clone_conflicts_with_writes_or_does_not() {
    for (clone_conflicts, status) in [(CloneConflicts::Never, 200), (CloneConflicts::WithWrites, 409)] {
        let server = Server::two_with(Semantics { clone_conflicts, ..Semantics::default() });
        for (held, path, other) in [("update_name", NAME, CLONE), ("clone", CLONE, NAME), ("clone", CLONE, START_CLONE)]
        {
            let fault = server.fail(held, FaultAction::Hold);
            std::thread::scope(|scope| {
                let first = scope.spawn(|| server.call(path, &json!({ "name": "first" })));
                assert!(server.control().wait_until_held(fault, PATIENCE).unwrap());
                assert_eq!(server.call(other, &json!({ "name": "second" })).status, status, "{other} beside {path}");
                server.control().release(fault).unwrap();
                first.join().unwrap().ok();
            });
        }
    }
}

#[test]
fn the_status_of_a_refusal_is_the_usual_one_or_another() {
    let other = |status| RefusalStatus::new(status).unwrap();
    let changed = Semantics {
        bad_token_status: other(400),
        forbidden_status: other(401),
        unknown_project_status: other(403),
        conflict_status: other(412),
        ..Semantics::default()
    };
    for (semantics, [token, forbidden, unknown, conflict]) in
        [(Semantics::default(), [401, 403, 404, 409]), (changed, [400, 401, 403, 412])]
    {
        let mut seed = minimal();
        seed.companies.push(company("Free", "free", key("K2free"), "P2free"));
        let server = Server::start(EmulatorOptions { seed, semantics, ..EmulatorOptions::default() });
        server.bearer("K2wrong", LIST, &json!({})).refused(token, "E011007");
        server.bearer("P2free:K2free", CLONE, &json!({})).refused(forbidden, "EMULATOR403");
        server.bearer(&format!("P2nowhere:{KEY}"), CLONE, &json!({})).refused(unknown, "E011008");
        let fault = server.fail("update_name", FaultAction::Hold);
        std::thread::scope(|scope| {
            let first = scope.spawn(|| server.call(NAME, &json!({ "name": "x" })));
            assert!(server.control().wait_until_held(fault, PATIENCE).unwrap());
            server.call(NAME, &json!({ "name": "y" })).refused(conflict, "E013008");
            server.control().release(fault).unwrap();
            first.join().unwrap().ok();
        });
        // The control routes are no part of the API.
        server.send("GET", "/_emulator/ready", &[("origin", "http://x")], b"").unwrap().refused(403, "EMULATOR403");
    }
    assert_eq!(RefusalStatus::new(200), None);
}
