//! Every documented value of `excludes` keeps the target's part, and nothing else.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use std::collections::BTreeSet;

use common::{Files, IMPORT, PROJECT, SNAPSHOT_IMPORT, Server, TARGET, VALIDATE};
use descope_projects_core::wire::EXCLUDES;
use descope_projects_emulator::{Semantics, SnapshotExcludes, UnknownExcludes};
use serde_json::{Value, json};

/// What each value keeps: a file, or fields of `project.json` after `#`.
const KEPT: &[(&str, &str)] = &[
    ("project", "project.json"),
    ("project.domain", "project.json#customDomain,domain,appUrl"),
    ("project.trustedDomains", "project.json#trustedDomains"),
    ("project.tokenResponseMethod", "project.json#tokenResponseMethod,sessionTokenResponseMethod"),
    ("project.selfProvisioning", "project.json#selfProvisioning"),
    ("project.rotateJwt", "project.json#rotateJwt"),
    ("project.cookiepolicy", "project.json#cookiePolicy,sessionTokenCookiePolicy,sessionTokenCookieDomain"),
    ("project.refreshTokenExpiration", "project.json#refreshTokenExpiration,refreshTokenExpirationUnit"),
    ("project.stepupTokenExpiration", "project.json#stepupTokenExpiration"),
    ("project.sessionTokenExpiration", "project.json#sessionTokenExpiration"),
    ("project.keySessionTokenExpiration", "project.json#keySessionTokenExpiration"),
    ("project.inviteUrl", "project.json#inviteUrl"),
    ("project.inviteEmail", "project.json#inviteEmail"),
    ("project.inviteSms", "project.json#inviteSms"),
    ("project.inviteMagicLink", "project.json#inviteMagicLink"),
    ("project.conformanceJwt", "project.json#conformanceJwt"),
    ("project.inactivity", "project.json#enableInactivity,inactivityTime"),
    ("magicLink", "auth/magiclink.json"),
    ("enchantedLink", "auth/enchantedlink.json"),
    ("embeddedLink", "auth/embeddedlink.json"),
    ("otp", "auth/otp.json"),
    ("totp", "auth/totp.json"),
    ("sso", "auth/sso.json"),
    ("oauth", "auth/oauth.json"),
    ("webauthn", "auth/webauthn.json"),
    ("password", "auth/password.json"),
    ("styles", "styles/light.json"),
    ("flows", "flows/sign-in/screen-welcome.json"),
    ("connectors", "connectors/backend.json"),
    ("authorization", "permissions.json"),
    ("authorization", "roles.json"),
    ("attributes", "attributes.json"),
    ("ssoApps", "applications.json"),
    ("lists", "lists.json"),
];

/// Marks every place of the table in one project's files.
fn marked(mut files: Files, mark: &str) -> Files {
    for (_, place) in KEPT {
        let (path, fields) = place.split_once('#').unwrap_or((place, "mark"));
        let file = files.entry(path.to_owned()).or_insert_with(|| json!({}));
        for field in fields.split(',') {
            file[field] = json!(mark);
        }
    }
    files
}

/// The places of the table that hold a mark.
fn places(files: &Files, mark: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (_, place) in KEPT {
        let (path, fields) = place.split_once('#').unwrap_or((place, "mark"));
        for field in fields.split(',') {
            if files.get(path).is_some_and(|file| file[field] == mark) {
                found.insert(format!("{path}#{field}"));
            }
        }
    }
    found
}

fn server_with_marks() -> (Server, Files) {
    let server = Server::two();
    let target = marked(server.export(TARGET), "target");
    server.on(TARGET, IMPORT, &json!({ "files": target })).ok();
    let sent = marked(server.export(PROJECT), "sent");
    (server, sent)
}

#[test]
fn the_table_of_this_test_is_complete() {
    let known: BTreeSet<&str> = EXCLUDES.iter().copied().collect();
    assert_eq!(KEPT.iter().map(|(value, _)| *value).collect::<BTreeSet<_>>(), known);
}

#[test]
fn each_value_keeps_its_part_and_no_other() {
    let (server, sent) = server_with_marks();
    let before = server.export(TARGET);
    let all = places(&before, "target");
    for value in EXCLUDES {
        server.on(TARGET, IMPORT, &json!({ "files": sent, "excludes": [value] })).ok();
        let after = server.export(TARGET);
        let mut expected = BTreeSet::new();
        for (_, place) in KEPT.iter().filter(|(known, _)| known == value) {
            let (path, fields) = place.split_once('#').unwrap_or((place, "mark"));
            expected.extend(fields.split(',').map(|field| format!("{path}#{field}")));
        }
        if *value == "project" {
            expected.extend(all.iter().filter(|place| place.starts_with("project.json#")).cloned());
        }
        assert_eq!(places(&after, "target"), expected, "{value}");
        assert_eq!(places(&after, "sent"), all.difference(&expected).cloned().collect(), "{value}");
        server.on(TARGET, IMPORT, &json!({ "files": before })).ok();
        assert_eq!(server.export(TARGET), before, "{value}");
    }
}

#[test]
fn all_values_together_keep_the_whole_target_but_for_what_has_no_name() {
    let (server, mut sent) = server_with_marks();
    let before = server.export(TARGET);
    sent.insert("resources.json".to_owned(), json!({ "sent": true }));
    server.on(TARGET, IMPORT, &json!({ "files": sent, "excludes": EXCLUDES })).ok();
    let mut after = server.export(TARGET);
    assert_eq!(after.remove("resources.json"), Some(json!({ "sent": true })));
    assert_eq!(after, before);
}

#[test]
fn an_excluded_part_that_the_target_has_not_stays_absent() {
    let server = Server::two();
    server.control().remove_file(TARGET, "lists.json").unwrap();
    let mut project = server.file(TARGET, "project.json");
    project.as_object_mut().unwrap().remove("customDomain");
    server.control().put_file(TARGET, "project.json", project).unwrap();
    let excludes = ["lists", "project.domain"];
    server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": server.export(PROJECT), "excludes": excludes })).ok();
    let after = server.export(TARGET);
    assert!(!after.contains_key("lists.json"));
    assert_eq!(after["project.json"].get("customDomain"), None);
}

#[test]
fn flows_are_rebound_to_the_targets_connectors_when_connectors_are_excluded() {
    let server = Server::two();
    let before = server.export(TARGET);
    let mut files = server.export(PROJECT);
    files.get_mut("flows/sign-in/metadata.json").unwrap()["description"] = json!("changed");
    server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": files, "excludes": ["connectors"] })).ok();
    let after = server.export(TARGET);
    assert_eq!(after["flows/sign-in/metadata.json"]["description"], "changed");
    assert_eq!(after["flows/sign-in/contents.json"], before["flows/sign-in/contents.json"]);
    assert_eq!(after["auth/magiclink.json"], before["auth/magiclink.json"]);
}

#[test]
fn a_flow_that_needs_an_excluded_connector_which_the_target_has_not_is_refused() {
    let server = Server::two();
    let mut files = server.export(PROJECT);
    let connector = json!({ "id": "CIhook", "type": "http", "name": "Hook", "configuration": {} });
    files.insert("connectors/hook.json".to_owned(), connector);
    files.get_mut("connectors/connectors.json").unwrap()["connectors"] = json!(["sendgrid", "backend", "hook"]);
    files.get_mut("flows/sign-in/contents.json").unwrap()["tasks"]["2"]["arguments"]["connectorId"]["value"] =
        json!("CIhook");
    let body = json!({ "files": files, "excludes": ["connectors"] });
    let validation = server.on(TARGET, VALIDATE, &body).ok();
    assert!(validation["failures"][0].as_str().unwrap().contains("CIhook"), "{validation}");
    server.on(TARGET, SNAPSHOT_IMPORT, &body).refused(400, "E011003");
}

#[test]
fn excluded_connectors_keep_their_secrets_and_need_none() {
    let server = Server::two();
    let mut files = server.export(PROJECT);
    files.get_mut("connectors/sendgrid.json").unwrap()["configuration"]["apiKey"] = json!("override");
    files.get_mut("connectors/backend.json").unwrap()["configuration"]["bearerToken"] = json!("PLACEHOLDER_VALUE");
    server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": files, "excludes": ["connectors"] })).ok();
    let id = server.file(TARGET, "connectors/sendgrid.json")["id"].as_str().unwrap().to_owned();
    assert_eq!(server.control().secret(TARGET, "connectors", &id, "apiKey").as_deref(), Some("second-sendgrid-key"));
}

#[test]
fn assets_follow_the_side_that_uses_them() {
    let server = Server::two();
    let (own, other) = ("PHN2Zy8+", "PHN2ZyBpZD0ib3RoZXIiLz4=");
    server.control().put_file(TARGET, "assets/img-own.svg", json!(own)).unwrap();
    let index = json!({
        "img-own.svg": ["flows/sign-in/screen-welcome.json"],
        "img-logo.svg": ["flows/sign-in/screen-welcome.json"],
    });
    server.control().put_file(TARGET, "assets/assets.json", index).unwrap();
    let mut files = server.export(PROJECT);
    files.insert("assets/img-other.svg".to_owned(), json!(other));
    files.insert("assets/img-style.svg".to_owned(), json!(other));
    let index = files.get_mut("assets/assets.json").unwrap();
    index["img-other.svg"] = json!(["flows/sign-in/screen-welcome.json"]);
    index["img-style.svg"] = json!(["styles/dark.json"]);
    server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": files, "excludes": ["flows"] })).ok();
    let after = server.export(TARGET);
    assert_eq!(after["assets/img-own.svg"], own);
    assert_eq!(after["assets/img-style.svg"], other);
    assert!(!after.contains_key("assets/img-other.svg"));
    assert_eq!(
        after["assets/assets.json"],
        json!({
            "img-logo.svg": ["flows/sign-in/screen-welcome.json"],
            "img-own.svg": ["flows/sign-in/screen-welcome.json"],
            "img-style.svg": ["styles/dark.json"],
        })
    );
}

#[test]
fn an_unknown_value_is_refused_with_the_nearest_name_or_ignored() {
    let server = Server::two();
    let files = server.export(PROJECT);
    for path in [IMPORT, SNAPSHOT_IMPORT, VALIDATE] {
        let message = server.on(TARGET, path, &json!({ "files": files, "excludes": ["lists", "project.domian"] }));
        let message = message.refused(400, "E011004");
        assert!(message.contains("excludes[1]") && message.contains("project.domain"), "{message}");
    }
    let semantics = Semantics { unknown_excludes: UnknownExcludes::Ignore, ..Semantics::default() };
    let server = Server::two_with(semantics);
    server.on(TARGET, IMPORT, &json!({ "files": files, "excludes": ["project.domian"] })).ok();
}

#[test]
fn a_snapshot_import_may_be_set_to_take_only_lists() {
    let semantics = Semantics { snapshot_excludes: SnapshotExcludes::Refuse, ..Semantics::default() };
    let server = Server::two_with(semantics);
    let files: Value = json!(server.export(PROJECT));
    for path in [SNAPSHOT_IMPORT, VALIDATE] {
        server.on(TARGET, path, &json!({ "files": files, "excludes": ["flows"] })).refused(400, "E011004");
        server.on(TARGET, path, &json!({ "files": files, "excludes": ["lists"] })).ok();
    }
    server.on(TARGET, IMPORT, &json!({ "files": files, "excludes": ["flows"] })).ok();
}
