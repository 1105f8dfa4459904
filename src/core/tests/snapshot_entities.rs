//! What a snapshot configures, and which differences mean nothing.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use bytes::Bytes;
use descope_projects_core::snapshot::{Entity, EntityKind, Snapshot, SnapshotErrorKind, WriteOptions};
use serde_json::{Value, json};

fn files() -> BTreeMap<&'static str, Value> {
    BTreeMap::from([
        ("snapshot.json", json!({"version": 5})),
        ("project.json", json!({"domain": "a.test", "cookiePolicy": "lax", "a/b~c": 1})),
        ("applications.json", json!({"applications": [{"id": "A1", "name": "Intranet"}]})),
        ("roles.json", json!({"roles": [{"id": "R1", "name": "Admin"}, {"id": "R2", "name": "Guest"}]})),
        ("permissions.json", json!({"permissions": [{"id": "M1", "name": "Read"}]})),
        ("attributes.json", json!({"user": [{"name": "plan"}], "tenant": [{"name": "plan"}]})),
        ("lists.json", json!({"lists": [{"id": "L1", "name": "Blocked"}]})),
        ("outboundapps.json", json!({"outboundApps": [{"id": "O1", "name": "Calendar"}]})),
        ("jwttemplates.json", json!({"templates": [{"id": "J1", "name": "Default"}]})),
        ("resources.json", json!({"x": 1})),
        (
            "auth/magiclink.json",
            json!({"enabled": true, "emailTemplates": [{"id": "T1", "name": "Welcome"}, {"id": "System", "name": "System"}]}),
        ),
        ("auth/oauth.json", json!({"providerSettings": {"google": {"clientId": "x"}, "github": {}}})),
        ("connectors/connectors.json", json!({"connectors": ["sendgrid", "http"]})),
        ("connectors/sendgrid.json", json!({"id": "CI1", "name": "SendGrid", "type": "sendgrid"})),
        ("connectors/http.json", json!({"id": "CI2", "name": "Backend", "type": "http"})),
        ("flows/flows.json", json!({"flows": ["sign-in"]})),
        (
            "flows/sign-in/metadata.json",
            json!({"name": "Sign in", "componentsVersion": "1.0", "screens": ["welcome", "code"]}),
        ),
        (
            "flows/sign-in/contents.json",
            json!({"startTask": "0", "tasks": {"0": {"id": "0", "arguments": {"x": [1, null]}, "view": {"x": 1, "y": 2}}}}),
        ),
        ("flows/sign-in/screen-welcome.json", json!({"screenId": "SC1", "contents": {"ROOT": {}}})),
        ("flows/sign-in/screen-code.json", json!({"screenId": "SC2"})),
        ("styles/styles.json", json!({"componentsVersion": "1.0", "styles": ["dark"]})),
        ("styles/dark.json", json!({"x": 1})),
        ("widgets/widgets.json", json!({"widgets": ["users"]})),
        ("widgets/users/metadata.json", json!({})),
        ("widgets/users/contents.json", json!({})),
        ("widgets/flows/flows.json", json!({"flows": ["invite"]})),
        ("widgets/flows/invite/metadata.json", json!({})),
        ("assets/assets.json", json!({})),
        ("assets/img-1.png", json!("iVBORw0K")),
    ])
}

fn snapshot(files: BTreeMap<&'static str, Value>) -> Snapshot {
    Snapshot::from_values(files.into_iter().map(|(path, value)| (path.to_owned(), Bytes::from(value.to_string()))))
        .unwrap()
}

fn whole() -> Snapshot {
    snapshot(files())
}

fn names(pattern: Option<&str>) -> Vec<String> {
    whole().entities(pattern).unwrap().iter().map(Entity::to_string).collect()
}

fn one(pattern: &str) -> Entity {
    let mut found = whole().entities(Some(pattern)).unwrap();
    assert_eq!(found.len(), 1, "{pattern}: {found:?}");
    found.remove(0)
}

#[test]
fn every_kind_is_found() {
    assert_eq!(
        names(None),
        [
            "setting:project.a/b~c",
            "setting:project.cookiePolicy",
            "setting:project.domain",
            "auth:magiclink",
            "auth:oauth",
            "oauth:github",
            "oauth:google",
            "template:magiclink/email/System",
            "template:magiclink/email/Welcome",
            "application:Intranet",
            "outbound_app:Calendar",
            "jwt_template:Default",
            "list:Blocked",
            "role:Admin",
            "role:Guest",
            "permission:Read",
            "attribute:tenant.plan",
            "attribute:user.plan",
            "connector:Backend",
            "connector:SendGrid",
            "flow:sign-in",
            "screen:SC1",
            "screen:SC2",
            "widget:users",
            "widget_flow:invite",
            "style:dark",
            "asset:img-1.png",
            "file:resources.json",
        ]
    );
    let kinds: Vec<EntityKind> = whole().entities(None).unwrap().iter().map(|entity| entity.kind).collect();
    assert!(EntityKind::ALL.iter().all(|kind| kinds.contains(kind)));
}

#[test]
fn an_entity_knows_its_id_its_place_and_its_value() {
    let value = |entity: &Entity| serde_json::from_slice::<Value>(&entity.value().unwrap()).unwrap();
    let guest = one("role:Guest");
    assert_eq!(guest.id.as_deref(), Some("R2"));
    assert_eq!(guest.place, ("roles.json".to_owned(), "/roles/1".to_owned()));
    assert_eq!(value(&guest), json!({"id": "R2", "name": "Guest"}));
    let connector = one("connector:SendGrid");
    assert_eq!(connector.id.as_deref(), Some("CI1"));
    assert_eq!(value(&connector)["type"], "sendgrid");
    assert_eq!(value(&one("setting:project.a/b~c")), json!(1));
    assert_eq!(value(&one("oauth:google")), json!({"clientId": "x"}));
    let flow = one("flow:sign-in");
    assert_eq!(flow.paths.len(), 4);
    assert_eq!(value(&flow)["screen-code.json"]["screenId"], "SC2");
    assert_eq!(value(&one("asset:*")), json!("iVBORw0K"));
    for entity in whole().entities(None).unwrap() {
        entity.value().unwrap();
        assert!(entity.paths.contains(&entity.place.0), "{entity}");
    }
}

#[test]
fn patterns_have_globs_and_the_exclude_names() {
    assert_eq!(names(Some("role:*")), ["role:Admin", "role:Guest"]);
    assert_eq!(names(Some("role:G?est")), ["role:Guest"]);
    assert_eq!(names(Some("flow:s*g*-in*")), ["flow:sign-in"]);
    assert_eq!(names(Some("template:*/email/W*")), ["template:magiclink/email/Welcome"]);
    assert_eq!(names(Some("authorization")), ["role:Admin", "role:Guest", "permission:Read"]);
    assert_eq!(names(Some("project.cookiepolicy")), ["setting:project.cookiePolicy"]);
    assert_eq!(names(Some("magicLink")), ["auth:magiclink"]);
    assert_eq!(names(Some("oauth")), ["auth:oauth", "oauth:github", "oauth:google"]);
}

#[test]
fn a_pattern_that_matches_nothing_is_an_error_with_a_hint() {
    for (pattern, hint) in [
        ("flow:sing-in", "flow:sign-in"),
        ("connector:sendgrid", "connector:SendGrid"),
        ("flwo:sign-in", "flow:sign-in"),
        ("flow", "flow:*"),
        ("flows:sign-*", "flow:* or screen:*"),
        ("project.domian", "setting:project.domain"),
        ("styless", "styles"),
        ("role:admin", "role:Admin"),
    ] {
        let error = whole().entities(Some(pattern)).unwrap_err();
        assert_eq!(error.kind(), SnapshotErrorKind::Refused);
        assert_eq!(error.hint(), Some(format!("did you mean {hint}?").as_str()), "{pattern}");
    }
    assert!(whole().entities(Some("role:xyz")).unwrap_err().hint().is_none());
}

#[test]
fn old_layouts_are_read_and_kept() {
    let old = snapshot(BTreeMap::from([
        ("environment.json", json!({"version": 1})),
        ("project.json", json!({})),
        ("ssoapps.json", json!({"ssoApps": [{"id": "S1", "name": "Intranet"}]})),
    ]));
    let folder = tempfile::tempdir().unwrap();
    old.write(&folder.path().join("x"), &WriteOptions::default()).unwrap();
    let read = Snapshot::read(&folder.path().join("x")).unwrap();
    assert_eq!(read.paths().collect::<Vec<_>>(), ["environment.json", "project.json", "ssoapps.json"]);
    assert_eq!(read.entities(Some("ssoApps")).unwrap()[0].name, "Intranet");
    assert!(!read.partial());
}

/// The whole snapshot with one file changed.
fn with(path: &'static str, change: impl FnOnce(&mut Value)) -> Snapshot {
    let mut files = files();
    change(files.get_mut(path).unwrap());
    snapshot(files)
}

fn is_noise(other: &Snapshot) -> bool {
    assert_ne!(other.digest().unwrap(), whole().digest().unwrap());
    other.semantic_digest().unwrap() == whole().semantic_digest().unwrap()
}

#[test]
fn noise_does_not_change_the_semantic_digest() {
    const CONTENTS: &str = "flows/sign-in/contents.json";
    assert!(is_noise(&with("styles/styles.json", |file| file["componentsVersion"] = json!("2.0"))));
    assert!(is_noise(&with("flows/sign-in/metadata.json", |file| file["componentsVersion"] = json!("2.0"))));
    assert!(is_noise(&with(CONTENTS, |file| file["tasks"]["0"]["view"]["x"] = json!(99))));
    assert!(is_noise(&with(CONTENTS, |file| file["tasks"]["0"]["prompt"] = json!(null))));
    assert!(is_noise(&with(CONTENTS, |file| file["tasks"]["0"]["arguments"]["y"] = json!(null))));
    for key in ["inputKeys", "allInputKeys", "contextKeys", "calculatedInputKeys", "inputsMetadata"] {
        assert!(is_noise(&with(CONTENTS, |file| file["tasks"]["0"][key] = json!(["x"]))), "{key}");
    }
}

#[test]
fn a_screen_is_its_id_and_not_its_file() {
    let mut renamed = files();
    let screen = renamed.remove("flows/sign-in/screen-code.json").unwrap();
    renamed.insert("flows/sign-in/screen-a-FbQ8.json", screen);
    renamed.get_mut("flows/sign-in/metadata.json").unwrap()["screens"] = json!(["a-FbQ8", "welcome"]);
    assert!(is_noise(&snapshot(renamed.clone())));
    renamed.get_mut("flows/sign-in/screen-a-FbQ8.json").unwrap()["screenId"] = json!("SC3");
    assert!(!is_noise(&snapshot(renamed)));
    // Where two screens have one id, the id tells nothing.
    let mut doubled = files();
    doubled.get_mut("flows/sign-in/screen-code.json").unwrap()["screenId"] = json!("SC1");
    let mut swapped = doubled.clone();
    let code = swapped.remove("flows/sign-in/screen-code.json").unwrap();
    let welcome = swapped.insert("flows/sign-in/screen-welcome.json", code).unwrap();
    swapped.insert("flows/sign-in/screen-code.json", welcome);
    assert_ne!(snapshot(doubled).semantic_digest().unwrap(), snapshot(swapped).semantic_digest().unwrap());
}

#[test]
fn what_means_something_changes_the_semantic_digest() {
    assert!(!is_noise(&with("connectors/http.json", |file| file["id"] = json!("CI9"))), "ids are no noise");
    assert!(!is_noise(&with("project.json", |file| file["domain"] = json!(null))), "null is no noise outside tasks");
    assert!(!is_noise(&with("flows/sign-in/contents.json", |file| file["tasks"]["0"]["arguments"]["x"] = json!([1]))));
    assert!(!is_noise(&with("flows/sign-in/contents.json", |file| file["view"] = json!(1))));
    assert!(!is_noise(&with("resources.json", |file| file["view"] = json!({"x": 1}))));
    assert!(whole().semantic_digest().unwrap().starts_with("n1:"));
}
