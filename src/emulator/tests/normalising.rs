//! The modes in which the server changes what it is sent, and shows it differently each time.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use std::collections::BTreeSet;

use common::{CLONE, EXPORT, Files, IMPORT, NAME, PROJECT, SNAPSHOT_EXPORT, SNAPSHOT_IMPORT, Server, TARGET, VALIDATE};
use descope_projects_emulator::{Moment, Normalise};
use serde_json::{Value, json};

const METADATA: &str = "flows/sign-in/metadata.json";
const CONTENTS: &str = "flows/sign-in/contents.json";
const CONNECTOR: &str = "/tasks/2/arguments/connectorId/value";

fn import(server: &Server, files: &Files) {
    server.on(TARGET, SNAPSHOT_IMPORT, &json!({ "files": files })).ok();
}

fn none() -> Normalise {
    Normalise::default()
}

#[test]
fn without_a_mode_an_import_and_an_export_change_nothing() {
    let server = Server::normalising(none());
    let files = server.export(TARGET);
    import(&server, &files);
    assert_eq!((server.export(TARGET), server.export(TARGET)), (files.clone(), files));
}

#[test]
fn an_import_may_make_new_ids_which_references_and_secrets_follow() {
    let server = Server::normalising(Normalise { new_ids: true, ..none() });
    let before = server.export(TARGET);
    import(&server, &before);
    let after = server.export(TARGET);
    for (path, pointer) in [
        ("connectors/sendgrid.json", "/id"),
        ("connectors/backend.json", "/id"),
        ("roles.json", "/roles/0/id"),
        ("permissions.json", "/permissions/0/id"),
        ("jwttemplates.json", "/templates/0/id"),
    ] {
        let (old, new) = (before[path].pointer(pointer).unwrap(), after[path].pointer(pointer).unwrap());
        assert!(new.is_string() && old != new, "{path}");
    }
    assert_eq!(after[CONTENTS].pointer(CONNECTOR).unwrap(), &after["connectors/backend.json"]["id"]);
    assert_eq!(after[METADATA]["references"]["connectors"]["Backend"], after["connectors/backend.json"]["id"]);
    assert_eq!(after[METADATA]["references"]["roles"]["Admin"], after["roles.json"]["roles"][0]["id"]);
    assert_eq!(after["auth/magiclink.json"]["emailServiceProvider"], after["connectors/sendgrid.json"]["id"]);
    assert_eq!(after["project.json"]["userTemplateId"], after["jwttemplates.json"]["templates"][0]["id"]);
    let id = after["connectors/sendgrid.json"]["id"].as_str().unwrap();
    assert_eq!(server.control().secret(TARGET, "connectors", id, "apiKey").as_deref(), Some("second-sendgrid-key"));
    assert_eq!(server.on(TARGET, VALIDATE, &json!({ "files": after })).ok(), json!({ "ok": true }));
}

#[test]
fn what_is_excluded_keeps_its_ids() {
    let server = Server::normalising(Normalise { new_ids: true, ..none() });
    let before = server.export(TARGET);
    server.on(TARGET, IMPORT, &json!({ "files": before, "excludes": ["connectors"] })).ok();
    let after = server.export(TARGET);
    assert_eq!(after["connectors/backend.json"], before["connectors/backend.json"]);
    assert_eq!(after[CONTENTS].pointer(CONNECTOR), before[CONTENTS].pointer(CONNECTOR));
    assert_ne!(after["roles.json"], before["roles.json"]);
}

#[test]
fn every_export_may_have_a_stamp_of_its_own() {
    let server = Server::normalising(Normalise { stamps: true, ..none() });
    let mut stamps = BTreeSet::new();
    let exports: Vec<Files> = (0..3).map(|_| server.export(TARGET)).collect();
    for files in exports {
        let stamp = files[METADATA]["componentsVersion"].as_str().unwrap().to_owned();
        assert_eq!(files["styles/styles.json"]["componentsVersion"], *stamp);
        assert!(stamps.insert(stamp));
        let mut rest = files;
        rest.get_mut(METADATA).unwrap()["componentsVersion"] = json!("3.20.0");
        rest.get_mut("styles/styles.json").unwrap()["componentsVersion"] = json!("3.20.0");
        assert_eq!(rest, server.control().files(TARGET).unwrap(), "nothing else differs");
    }
    let secrets = server.on(TARGET, EXPORT, &json!({})).ok();
    assert!(stamps.insert(secrets["files"][METADATA]["componentsVersion"].as_str().unwrap().to_owned()));
}

#[test]
fn defaults_are_added_by_the_import_or_by_every_export() {
    let has = |files: &Files| {
        let task = &files[CONTENTS]["tasks"]["1"];
        let added = files[METADATA]["translation"] == json!({ "enabled": false });
        for (there, what) in [
            (files["project.json"].get("inactivityTime").is_some(), "settings"),
            (files["auth/otp.json"].get("redirectUrl") == Some(&Value::Null), "methods"),
            (files["jwttemplates.json"]["templates"][0].get("description").is_some(), "templates"),
            (files[METADATA].get("sharedInteractions").is_some(), "flows"),
            (task.get("inputKeys") == Some(&json!([])) && task.get("inputsMetadata") == Some(&Value::Null), "tasks"),
        ] {
            assert_eq!(there, added, "{what}");
        }
        // What is there stays as it is.
        assert_eq!(files["project.json"]["rotateJwt"], true);
        assert_eq!(files["roles.json"]["roles"][0]["permissions"], json!(["Manage Users"]));
        added
    };
    let outcomes = |defaults| {
        let server = Server::normalising(Normalise { defaults, ..none() });
        let before = server.export(TARGET);
        import(&server, &before);
        (has(&before), has(&server.export(TARGET)), has(&server.control().files(TARGET).unwrap()))
    };
    assert_eq!(outcomes(Moment::Never), (false, false, false));
    assert_eq!(outcomes(Moment::AtImport), (false, true, true));
    assert_eq!(outcomes(Moment::AtExport), (true, true, true), "what was exported was imported again");
    let server = Server::normalising(Normalise { defaults: Moment::AtExport, ..none() });
    assert_eq!((has(&server.export(TARGET)), has(&server.control().files(TARGET).unwrap())), (true, false));
}

#[test]
fn references_are_completed_by_the_import_or_by_every_export() {
    for moment in [Moment::Never, Moment::AtImport, Moment::AtExport] {
        let server = Server::normalising(Normalise { references: moment, ..none() });
        let mut files = server.control().files(TARGET).unwrap();
        files.get_mut(METADATA).unwrap().as_object_mut().unwrap().remove("references");
        import(&server, &files);
        let after = server.export(TARGET);
        let (backend, admin) = (&after["connectors/backend.json"]["id"], &after["roles.json"]["roles"][0]["id"]);
        let whole = json!({
            "connectors": { "Backend": backend }, "roles": { "Admin": admin },
            "oauth": [], "userAttributes": [], "tenantAttributes": [], "omitted": [],
        });
        let expected = if moment == Moment::Never { None } else { Some(&whole) };
        assert_eq!(after[METADATA].get("references"), expected, "{moment:?}");
        let held = server.control().files(TARGET).unwrap();
        assert_eq!(held[METADATA].get("references").is_some(), moment == Moment::AtImport, "{moment:?}");
    }
}

#[test]
fn the_sets_of_an_export_may_be_in_another_order() {
    let server = Server::normalising(Normalise { order: true, ..none() });
    let roles = json!({ "roles": [
        { "id": "ROL1", "name": "A", "permissions": ["x", "y"] },
        { "id": "ROL2", "name": "B", "permissions": [] },
        { "id": "ROL3", "name": "C", "permissions": [] },
    ] });
    server.control().put_file(TARGET, "roles.json", roles.clone()).unwrap();
    let (first, second) = (server.export(TARGET), server.export(TARGET));
    let names = |files: &Files| -> Vec<Value> {
        files["roles.json"]["roles"].as_array().unwrap().iter().map(|role| role["name"].clone()).collect()
    };
    assert_eq!(
        (names(&first), names(&second)),
        (vec![json!("B"), json!("C"), json!("A")], vec![json!("C"), json!("A"), json!("B")])
    );
    assert_eq!(first["roles.json"]["roles"][2]["permissions"], json!(["y", "x"]));
    assert_eq!(first["connectors/connectors.json"]["connectors"], json!(["backend", "sendgrid"]));
    assert_eq!(second["connectors/connectors.json"]["connectors"], json!(["sendgrid", "backend"]));
    assert_eq!(first["styles/styles.json"]["styles"], json!(["light", "dark"]));
    // What is no set keeps its order.
    let terms = json!({ "list": [1, 2, 3] });
    server.control().put_file(TARGET, "resources.json", terms.clone()).unwrap();
    assert_eq!(server.export(TARGET)["resources.json"], terms);
    assert_eq!(server.control().files(TARGET).unwrap()["roles.json"], roles);
}

#[test]
fn an_import_may_move_the_tasks_of_flows() {
    let server = Server::normalising(Normalise { views: true, ..none() });
    let before = server.export(TARGET);
    import(&server, &before);
    let mut after = server.export(TARGET);
    assert_eq!(after[CONTENTS]["tasks"]["2"]["view"], json!({ "x": 410.0, "y": 10.0 }));
    for task in ["0", "1", "2", "3"] {
        after.get_mut(CONTENTS).unwrap()["tasks"][task]["view"] = before[CONTENTS]["tasks"][task]["view"].clone();
    }
    assert_eq!(after, before);
}

#[test]
fn an_import_may_name_screens_after_their_tasks() {
    let server = Server::normalising(Normalise { screen_names: true, ..none() });
    let mut files = server.export(TARGET);
    files.get_mut(CONTENTS).unwrap()["tasks"]["1"]["name"] = json!("Hello / again");
    let task = json!({ "id": "4", "name": "Hello, again", "type": "screen", "screenId": "SCtwo", "next": {} });
    files.get_mut(CONTENTS).unwrap()["tasks"]["4"] = task;
    let screen = json!({ "screenId": "SCtwo", "interactions": [], "contents": { "ROOT": { "nodes": [] } } });
    files.insert("flows/sign-in/screen-zz.json".to_owned(), screen.clone());
    files.get_mut(METADATA).unwrap()["screens"] = json!(["welcome", "zz"]);
    let welcome = files["flows/sign-in/screen-welcome.json"].clone();
    import(&server, &files);
    let after = server.export(TARGET);
    assert_eq!(after[METADATA]["screens"], json!(["hello-again", "hello-again-2"]));
    assert_eq!(after["flows/sign-in/screen-hello-again.json"], welcome);
    assert_eq!(after["flows/sign-in/screen-hello-again-2.json"], screen);
    assert!(!after.contains_key("flows/sign-in/screen-welcome.json"));
    assert_eq!(after["assets/assets.json"], json!({ "img-logo.svg": ["flows/sign-in/screen-hello-again.json"] }));
    assert_eq!(server.on(TARGET, VALIDATE, &json!({ "files": after })).ok(), json!({ "ok": true }));
    import(&server, &after);
    assert_eq!(server.export(TARGET), after, "the names are right now");
}

#[test]
fn exports_may_lag_behind_an_import() {
    let server = Server::normalising(Normalise { lag: 2, ..none() });
    let before = server.export(TARGET);
    let mut files = before.clone();
    files.get_mut("project.json").unwrap()["appUrl"] = json!("https://new.example.com");
    import(&server, &files);
    assert_eq!(server.control().files(TARGET).unwrap(), files, "what is held does not lag");
    assert_eq!(server.export(TARGET), before);
    let plain = server.on(TARGET, EXPORT, &json!({})).ok();
    assert_ne!(plain["files"]["project.json"], files["project.json"]);
    assert_eq!(server.export(TARGET), files);
    // Another project, other writes, and a clone, which copies what is held.
    server.on(TARGET, NAME, &json!({ "name": "x" })).ok();
    assert_eq!(server.export(TARGET), files);
    let mut again = files.clone();
    again.remove("lists.json");
    import(&server, &again);
    let clone = server.on(TARGET, CLONE, &json!({})).ok();
    let cloned = server.on(clone["projectId"].as_str().unwrap(), SNAPSHOT_EXPORT, &json!({})).ok();
    assert_eq!(cloned["files"].get("lists.json"), None);
    assert_eq!(server.export(TARGET), files);
    import(&server, &before);
    assert_eq!(server.export(TARGET), files, "what nobody has seen yet is not seen in between");
    assert_eq!(server.export(TARGET), files);
    assert_eq!(server.export(TARGET), before);
}

#[test]
fn a_refused_import_is_nothing_to_lag_behind_and_a_reset_ends_a_lag() {
    let server = Server::normalising(Normalise { lag: 5, ..none() });
    let before = server.export(PROJECT);
    server.call(SNAPSHOT_IMPORT, &json!({ "files": {} })).refused(400, "E011003");
    server.control().put_file(PROJECT, "lists.json", json!({ "lists": [] })).unwrap();
    assert_ne!(server.export(PROJECT), before);
    let files = server.export(PROJECT);
    server.call(SNAPSHOT_IMPORT, &json!({ "files": files })).ok();
    server.control().reset().unwrap();
    assert_eq!(server.export(PROJECT), before);
}

#[test]
fn all_modes_together_still_take_what_they_gave() {
    let server = Server::normalising(Normalise::all());
    let files = server.export(PROJECT);
    import(&server, &files);
    let stale = server.export(TARGET);
    let after = server.export(TARGET);
    assert_ne!(stale["connectors/backend.json"]["id"], after["connectors/backend.json"]["id"]);
    assert_eq!(after[METADATA]["references"].as_object().unwrap().len(), 6);
    import(&server, &after);
    server.export(TARGET);
    let mut again = server.export(TARGET);
    assert_eq!(again.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    again.retain(|path, _| !path.starts_with("flows/"));
    assert_eq!(again["project.json"]["appUrl"], after["project.json"]["appUrl"]);
    let id = again["connectors/sendgrid.json"]["id"].as_str().unwrap();
    assert_eq!(server.control().secret(TARGET, "connectors", id, "apiKey").as_deref(), Some("second-sendgrid-key"));
}
