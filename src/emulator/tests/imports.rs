//! What an import makes of the files, and what it refuses.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use common::{Files, IMPORT, PROJECT, SNAPSHOT_IMPORT, Server, TARGET, VALIDATE};
use serde_json::{Value, json};

fn refused(server: &Server, files: &Files) -> String {
    let before = server.export(TARGET);
    let validation = server.on(TARGET, VALIDATE, &json!({ "files": files })).ok();
    assert_eq!(validation["ok"], false, "{validation}");
    let message = server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": files })).refused(400, "E011003");
    assert_eq!(server.export(TARGET), before, "a refused import changed the project");
    for failure in validation["failures"].as_array().into_iter().flatten() {
        assert!(message.contains(failure.as_str().unwrap()), "{message} does not say {failure}");
    }
    message
}

#[test]
fn an_import_replaces_everything_and_keeps_the_targets_ids() {
    let server = Server::two();
    let (mut files, target) = (server.export(PROJECT), server.export(TARGET));
    files.get_mut("project.json").unwrap()["appUrl"] = json!("https://new.example.com");
    files.remove("lists.json");
    server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": files })).ok();
    let after = server.export(TARGET);
    assert_eq!(after["project.json"]["appUrl"], "https://new.example.com");
    assert!(!after.contains_key("lists.json"), "a file that is absent is deleted");
    for path in
        ["connectors/sendgrid.json", "connectors/backend.json", "roles.json", "permissions.json", "jwttemplates.json"]
    {
        assert_eq!(after[path], target[path], "{path}");
    }
    for path in ["flows/sign-in/contents.json", "flows/sign-in/metadata.json", "auth/magiclink.json"] {
        assert_eq!(after[path], target[path], "the references of {path} do not follow the target's ids");
    }
    assert_eq!(after["project.json"]["userTemplateId"], target["project.json"]["userTemplateId"]);
}

#[test]
fn a_project_import_means_the_same() {
    let server = Server::two();
    let mut files = server.export(PROJECT);
    files.get_mut("project.json").unwrap()["appUrl"] = json!("https://new.example.com");
    assert_eq!(server.on(TARGET, IMPORT, &json!({ "files": files })).ok(), json!({}));
    assert_eq!(server.file(TARGET, "project.json")["appUrl"], "https://new.example.com");
}

#[test]
fn a_new_connector_gets_a_new_id_and_its_references_follow() {
    let server = Server::two();
    let mut files = server.export(PROJECT);
    add_connector(&mut files, "hook", &json!({ "id": "CIhook", "type": "http", "name": "Hook", "configuration": {} }));
    files.get_mut("flows/sign-in/contents.json").unwrap()["tasks"]["2"]["arguments"]["connectorId"]["value"] =
        json!("CIhook");
    files.get_mut("flows/sign-in/metadata.json").unwrap()["translation"] =
        json!({ "enabled": true, "connectorId": "CIhook" });
    server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": files })).ok();
    let after = server.export(TARGET);
    let id = &after["connectors/hook.json"]["id"];
    assert_ne!(id, "CIhook");
    assert_eq!(&after["flows/sign-in/contents.json"]["tasks"]["2"]["arguments"]["connectorId"]["value"], id);
    assert_eq!(&after["flows/sign-in/metadata.json"]["translation"]["connectorId"], id);
}

fn add_connector(files: &mut Files, slug: &str, connector: &Value) {
    files.insert(format!("connectors/{slug}.json"), connector.clone());
    files.get_mut("connectors/connectors.json").unwrap()["connectors"].as_array_mut().unwrap().push(json!(slug));
}

#[test]
fn a_removed_connector_is_gone_with_its_secret() {
    let server = Server::two();
    let mut files = server.export(TARGET);
    let id = files["connectors/sendgrid.json"]["id"].as_str().unwrap().to_owned();
    files.remove("connectors/sendgrid.json");
    files.insert("connectors/connectors.json".to_owned(), json!({ "connectors": ["backend"] }));
    files.get_mut("auth/magiclink.json").unwrap()["emailServiceProvider"] = json!("Descope");
    server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": files })).ok();
    assert_eq!(server.control().secret(TARGET, "connectors", &id, "apiKey"), None);
    assert!(!server.export(TARGET).contains_key("connectors/sendgrid.json"));
}

#[test]
fn only_listed_flows_are_read() {
    let server = Server::two();
    let mut files = server.export(PROJECT);
    files.insert("flows/draft/metadata.json".to_owned(), json!({ "name": "Draft" }));
    files.insert("flows/draft/contents.json".to_owned(), json!({ "startTask": "0", "tasks": {} }));
    server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": files })).ok();
    assert!(!server.export(TARGET).keys().any(|path| path.starts_with("flows/draft")));
    files.get_mut("flows/flows.json").unwrap()["flows"] = json!(["sign-in", "draft"]);
    server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": files })).ok();
    assert!(server.export(TARGET).contains_key("flows/draft/contents.json"));
    files.insert("flows/flows.json".to_owned(), json!({ "flows": [] }));
    server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": files })).ok();
    assert!(!server.export(TARGET).keys().any(|path| path.starts_with("flows/sign-in")));
}

#[test]
fn a_listed_file_that_is_missing_is_a_failure_but_for_widgets() {
    let server = Server::two();
    for path in [
        "flows/sign-in/contents.json",
        "flows/sign-in/screen-welcome.json",
        "styles/dark.json",
        "connectors/backend.json",
    ] {
        let mut files = server.export(PROJECT);
        files.remove(path);
        let message = refused(&server, &files);
        assert!(message.contains(path), "{message}");
    }
    let files = server.export(PROJECT);
    assert_eq!(files["widgets/widgets.json"]["widgets"], json!(["user-management-widget"]));
    assert!(!files.contains_key("widgets/user-management-widget.json"));
    server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": files })).ok();
}

#[test]
fn an_absent_index_beside_its_files_is_a_failure() {
    let server = Server::two();
    for path in ["flows/flows.json", "connectors/connectors.json", "styles/styles.json"] {
        let mut files = server.export(PROJECT);
        files.remove(path);
        assert!(refused(&server, &files).contains(path));
    }
}

#[test]
fn files_that_are_no_project_are_refused() {
    let server = Server::two();
    let good = server.export(PROJECT);
    let wrong: [(&str, Value); 8] = [
        ("project.json", json!("text")),
        ("project.json", json!(null)),
        ("../project.json", json!({})),
        ("/etc/passwd.json", json!({})),
        ("flows\\x.json", json!({})),
        ("assets/img.png", json!("*not base64*")),
        ("assets/terms.html", json!({})),
        ("roles.json", json!([])),
    ];
    for (path, value) in wrong {
        let mut files = good.clone();
        files.insert(path.to_owned(), value);
        refused(&server, &files);
    }
    assert!(refused(&server, &Files::new()).contains("project.json"));
}

#[test]
fn two_connectors_of_one_name_are_refused() {
    let server = Server::two();
    let mut files = server.export(PROJECT);
    add_connector(
        &mut files,
        "again",
        &json!({ "id": "CIagain", "type": "http", "name": "Backend", "configuration": {} }),
    );
    let message = refused(&server, &files);
    assert!(message.contains("Backend") && message.contains("connectors/again.json"), "{message}");
}

#[test]
fn a_reference_to_a_connector_that_neither_side_has_is_refused() {
    let server = Server::two();
    let mut files = server.export(PROJECT);
    files.get_mut("flows/sign-in/contents.json").unwrap()["tasks"]["2"]["arguments"]["connectorId"]["value"] =
        json!("CIgone");
    let message = refused(&server, &files);
    assert!(message.contains("CIgone") && message.contains("flows/sign-in/contents.json"), "{message}");
    let mut files = server.export(PROJECT);
    files.get_mut("auth/magiclink.json").unwrap()["emailServiceProvider"] = json!("CIgone");
    assert!(refused(&server, &files).contains("auth/magiclink.json"));
}

#[test]
fn a_reference_that_was_dangling_before_is_no_new_failure() {
    let server = Server::two();
    let mut contents = server.file(TARGET, "flows/sign-in/contents.json");
    contents["tasks"]["2"]["arguments"]["connectorId"]["value"] = json!("CIgone");
    server.control().put_file(TARGET, "flows/sign-in/contents.json", contents).unwrap();
    let files = server.export(TARGET);
    assert_eq!(server.on(TARGET, VALIDATE, &json!({ "files": files })).ok(), json!({ "ok": true }));
}

#[test]
fn unknown_files_and_fields_come_back_as_they_were() {
    let server = Server::two();
    let mut files = server.export(TARGET);
    files.insert("resources.json".to_owned(), json!({ "anything": [1, 2.5, null, { "deep": "x" }] }));
    files.insert("new/kind.json".to_owned(), json!({ "z": 1, "a": 2 }));
    files.insert("assets/terms.txt".to_owned(), json!("plain\ntext"));
    files.get_mut("project.json").unwrap()["addedSince"] = json!({ "b": true });
    server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": files })).ok();
    assert_eq!(server.export(TARGET), files);
}

#[test]
fn a_validation_changes_nothing() {
    let server = Server::two();
    let before = server.export(TARGET);
    let mut files = server.export(PROJECT);
    files.get_mut("project.json").unwrap()["appUrl"] = json!("https://new.example.com");
    files.get_mut("connectors/sendgrid.json").unwrap()["configuration"]["apiKey"] = json!("override");
    assert_eq!(server.on(TARGET, VALIDATE, &json!({ "files": files })).ok(), json!({ "ok": true }));
    assert_eq!(server.export(TARGET), before);
    let id = before["connectors/sendgrid.json"]["id"].as_str().unwrap();
    assert_eq!(server.control().secret(TARGET, "connectors", id, "apiKey").as_deref(), Some("second-sendgrid-key"));
}

#[test]
fn wrong_arguments_are_told_apart_from_wrong_files() {
    let server = Server::two();
    for path in [IMPORT, SNAPSHOT_IMPORT, VALIDATE] {
        server.on(TARGET, path, &json!({})).refused(400, "E011002");
        server.on(TARGET, path, &json!({ "files": [] })).refused(400, "E011001");
        let files = server.export(PROJECT);
        server.on(TARGET, path, &json!({ "files": files, "excludes": "lists" })).refused(400, "E011001");
        server.on(TARGET, path, &json!({ "files": files, "inputSecrets": [] })).refused(400, "E011001");
    }
}

#[test]
fn a_value_in_the_wrong_place_is_not_repeated() {
    let server = Server::two();
    let files = server.export(PROJECT);
    for (input, expected) in [
        (json!("literal-1234, expected literal-1234"), "expected a map"),
        (json!({ "connectors": "literal-1234" }), "expected a sequence"),
        (json!({ "connectors": ["literal-1234"] }), "expected struct InputSecret"),
        (json!({ "connectors": [{ "id": ["literal-1234"] }] }), "expected a string"),
        (json!({ "connectors": [{ "id": "CI1", "name": "", "type": "", "value": 12_345_678 }] }), "expected a string"),
    ] {
        for path in [IMPORT, SNAPSHOT_IMPORT, VALIDATE] {
            let body = json!({ "files": files, "inputSecrets": input });
            let message = server.on(TARGET, path, &body).refused(400, "E011001");
            assert!(message.contains(expected), "{message}");
            assert!(!message.contains("1234"), "{message}");
        }
    }
}
