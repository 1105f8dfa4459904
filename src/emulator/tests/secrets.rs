//! Secrets: kept, overridden, cleared, given, missing; and where they can be seen.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use common::{EXPORT, Files, IMPORT, PROJECT, SNAPSHOT_IMPORT, Server, TARGET, VALIDATE};
use serde_json::{Value, json};

const SENDGRID: &str = "connectors/sendgrid.json";

fn secret(server: &Server, group: &str, id: &str, kind: &str) -> Option<String> {
    server.control().secret(TARGET, group, id, kind)
}

fn api_key(server: &Server) -> Option<String> {
    let id = server.file(TARGET, SENDGRID)["id"].as_str().unwrap().to_owned();
    secret(server, "connectors", &id, "apiKey")
}

fn import(server: &Server, files: &Files, input_secrets: &Value) {
    server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": files, "inputSecrets": input_secrets })).ok();
}

/// The first project's files with one connector more, which has two secrets, one inside another field.
fn with_new_connector(server: &Server) -> Files {
    let mut files = server.export(PROJECT);
    let configuration =
        json!({ "hmacSecret": "PLACEHOLDER_VALUE", "authentication": { "bearerToken": "PLACEHOLDER_VALUE" } });
    let connector = json!({ "id": "CIhook", "type": "http", "name": "Hook", "configuration": configuration });
    files.insert("connectors/hook.json".to_owned(), connector);
    files.get_mut("connectors/connectors.json").unwrap()["connectors"].as_array_mut().unwrap().push(json!("hook"));
    files
}

#[test]
fn a_snapshot_holds_placeholders_and_no_secret() {
    let server = Server::two();
    let text = serde_json::to_string(&server.export(PROJECT)).unwrap();
    assert!(text.contains("PLACEHOLDER_VALUE"));
    assert!(!text.contains("example-sendgrid-key") && !text.contains("example-google-secret"), "{text}");
}

#[test]
fn a_project_export_holds_the_secrets() {
    let server = Server::two();
    let files = server.call(EXPORT, &json!({})).ok()["files"].clone();
    assert_eq!(files[SENDGRID]["configuration"]["apiKey"], "example-sendgrid-key");
    assert_eq!(files["auth/oauth.json"]["providerSettings"]["google"]["clientSecret"], "example-google-secret");
}

#[test]
fn a_placeholder_keeps_the_targets_secret() {
    let server = Server::two();
    import(&server, &server.export(PROJECT), &json!({}));
    assert_eq!(api_key(&server).as_deref(), Some("second-sendgrid-key"));
    assert_eq!(secret(&server, "oauthProviders", "google", "clientSecret").as_deref(), Some("second-google-secret"));
}

#[test]
fn a_real_value_overrides_and_is_a_placeholder_from_then_on() {
    let server = Server::two();
    let mut files = server.export(PROJECT);
    files.get_mut(SENDGRID).unwrap()["configuration"]["apiKey"] = json!("override");
    import(&server, &files, &json!({}));
    assert_eq!(api_key(&server).as_deref(), Some("override"));
    assert_eq!(server.file(TARGET, SENDGRID)["configuration"]["apiKey"], "PLACEHOLDER_VALUE");
}

#[test]
fn null_an_empty_string_and_absence_clear_the_secret() {
    for cleared in [Some(json!(null)), Some(json!("")), None] {
        let server = Server::two();
        let mut files = server.export(PROJECT);
        let configuration = files.get_mut(SENDGRID).unwrap()["configuration"].as_object_mut().unwrap();
        configuration.remove("apiKey");
        configuration.extend(cleared.clone().map(|value| ("apiKey".to_owned(), value)));
        import(&server, &files, &json!({}));
        assert_eq!(api_key(&server), None, "{cleared:?}");
        assert_eq!(server.file(TARGET, SENDGRID)["configuration"].get("apiKey"), cleared.as_ref());
        // From now on a placeholder has nothing to keep.
        let validation = server.on(TARGET, VALIDATE, &json!({ "files": server.export(PROJECT) })).ok();
        assert_eq!(validation["missingSecrets"]["connectors"][0]["name"], "SendGrid", "{cleared:?}");
    }
}

#[test]
fn a_project_export_carries_its_secrets_into_another_project() {
    let server = Server::two();
    let files = server.call(EXPORT, &json!({})).ok()["files"].clone();
    server.on(TARGET, IMPORT, &json!({ "files": files })).ok();
    assert_eq!(api_key(&server).as_deref(), Some("example-sendgrid-key"));
}

#[test]
fn a_new_connector_without_its_secrets_is_refused_by_name() {
    let server = Server::two();
    let files = with_new_connector(&server);
    let validation = server.on(TARGET, VALIDATE, &json!({ "files": files })).ok();
    assert_eq!(validation["ok"], false);
    assert_eq!(validation.get("failures"), None);
    assert_eq!(
        validation["missingSecrets"],
        json!({ "connectors": [
            { "id": "CIhook", "name": "Hook", "type": "hmacSecret", "value": "" },
            { "id": "CIhook", "name": "Hook", "type": "authentication.bearerToken", "value": "" },
        ] })
    );
    let message = server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": files })).refused(400, "E011003");
    assert!(message.contains("Hook") && message.contains("hmacSecret"), "{message}");
    assert!(!server.export(TARGET).contains_key("connectors/hook.json"));
}

#[test]
fn input_secrets_supply_what_is_missing_by_the_sent_id() {
    let server = Server::two();
    let files = with_new_connector(&server);
    let given = |kind: &str, value: &str| json!({ "id": "CIhook", "name": "Hook", "type": kind, "value": value });
    let half = json!({ "connectors": [given("hmacSecret", "one"), given("authentication.bearerToken", "")] });
    let validation = server.on(TARGET, VALIDATE, &json!({ "files": files, "inputSecrets": half })).ok();
    assert_eq!(
        validation["missingSecrets"]["connectors"].as_array().unwrap().len(),
        1,
        "an empty value counts as none"
    );
    let whole = json!({ "connectors": [given("hmacSecret", "one"), given("authentication.bearerToken", "two")] });
    assert_eq!(
        server.on(TARGET, VALIDATE, &json!({ "files": files, "inputSecrets": whole })).ok(),
        json!({ "ok": true })
    );
    import(&server, &files, &whole);
    let id = server.file(TARGET, "connectors/hook.json")["id"].as_str().unwrap().to_owned();
    assert_ne!(id, "CIhook");
    assert_eq!(secret(&server, "connectors", &id, "hmacSecret").as_deref(), Some("one"));
    assert_eq!(secret(&server, "connectors", &id, "authentication.bearerToken").as_deref(), Some("two"));
}

#[test]
fn input_secrets_override_what_the_target_has() {
    let server = Server::two();
    let files = server.export(PROJECT);
    let id = &files[SENDGRID]["id"];
    import(
        &server,
        &files,
        &json!({ "connectors": [{ "id": id, "name": "SendGrid", "type": "apiKey", "value": "new" }] }),
    );
    assert_eq!(api_key(&server).as_deref(), Some("new"));
}

#[test]
fn each_group_of_secrets_is_missed_and_supplied() {
    let server = Server::two();
    let mut files = server.export(PROJECT);
    files.get_mut("auth/oauth.json").unwrap()["providerSettings"]["github"] =
        json!({ "clientSecret": "PLACEHOLDER_VALUE" });
    let app = json!({ "id": "OA1", "name": "Calendar", "clientSecret": "PLACEHOLDER_VALUE" });
    files.insert("outboundapps.json".to_owned(), json!({ "outboundApps": [app] }));
    files.get_mut("project.json").unwrap()["externalAuthConfig"] =
        json!({ "id": "EA1", "name": "Legacy", "apiKey": "PLACEHOLDER_VALUE" });
    let validation = server.on(TARGET, VALIDATE, &json!({ "files": files })).ok();
    let missing = &validation["missingSecrets"];
    assert_eq!(
        missing["oauthProviders"],
        json!([{ "id": "github", "name": "github", "type": "clientSecret", "value": "" }])
    );
    assert_eq!(
        missing["outboundApps"],
        json!([{ "id": "OA1", "name": "Calendar", "type": "clientSecret", "value": "" }])
    );
    assert_eq!(missing["externalAuth"], json!([{ "id": "EA1", "name": "Legacy", "type": "apiKey", "value": "" }]));
    let mut given = missing.clone();
    for group in ["oauthProviders", "outboundApps", "externalAuth"] {
        given[group][0]["value"] = json!(format!("{group}-secret"));
    }
    import(&server, &files, &given);
    assert_eq!(secret(&server, "oauthProviders", "github", "clientSecret").as_deref(), Some("oauthProviders-secret"));
    assert_eq!(secret(&server, "outboundApps", "OA1", "clientSecret").as_deref(), Some("outboundApps-secret"));
    assert_eq!(secret(&server, "externalAuth", "EA1", "apiKey").as_deref(), Some("externalAuth-secret"));
}
