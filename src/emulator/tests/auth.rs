//! Who may call what.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use common::{
    CLONE, DELETE, EXPORT, IMPORT, KEY, LICENSE, LIST, NAME, PROJECT, SNAPSHOT_EXPORT, SNAPSHOT_IMPORT, START_CLONE,
    Server, TARGET, VALIDATE, company, key, two,
};
use descope_projects_emulator::EmulatorOptions;
use descope_projects_emulator::seed::SeedKey;
use serde_json::{Value, json};

const OTHER: &str = "P2other000000000000000000001";
const FREE: &str = "P2free0000000000000000000001";
const TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJqb2IifQ.c2lnbmF0dXJl";

fn server() -> Server {
    let mut seed = two();
    let bound = SeedKey { key: "Kbound".to_owned(), projects: Some(vec![PROJECT.to_owned()]), read_only: false };
    let reader = SeedKey { key: "Kreader".to_owned(), projects: None, read_only: true };
    seed.companies[0].keys.extend([bound, reader, key(TOKEN)]);
    seed.companies.push(company("Other", "pro", key("Kother"), OTHER));
    seed.companies.push(company("Free", "free", key("Kfree"), FREE));
    Server::start(EmulatorOptions { seed, ..EmulatorOptions::default() })
}

fn list_of(server: &Server, token: &str) -> Vec<String> {
    let answer = server.bearer(token, LIST, &json!({})).ok();
    answer["projects"].as_array().unwrap().iter().map(|project| project["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_missing_or_unknown_credential_is_e011007() {
    let server = server();
    let without = server.send("POST", LIST, &[], b"{}").unwrap();
    without.refused(401, "E011007");
    for token in
        ["", PROJECT, "garbled", &format!("{PROJECT}:"), &format!("{PROJECT}:Kunknown"), &format!("{PROJECT}{KEY}")]
    {
        server.bearer(token, LIST, &json!({})).refused(401, "E011007");
    }
    let basic = server.send("POST", LIST, &[("authorization", &format!("Basic {PROJECT}:{KEY}"))], b"{}").unwrap();
    basic.refused(401, "E011007");
}

#[test]
fn a_company_wide_key_lists_its_own_company_with_and_without_a_project() {
    let server = server();
    assert_eq!(list_of(&server, &format!("{PROJECT}:{KEY}")), [PROJECT, TARGET]);
    assert_eq!(list_of(&server, KEY), [PROJECT, TARGET]);
    assert_eq!(list_of(&server, "Kother"), [OTHER]);
}

#[test]
fn only_a_list_needs_no_project() {
    let server = server();
    for path in [NAME, CLONE, EXPORT, SNAPSHOT_EXPORT, DELETE] {
        server.bearer(KEY, path, &json!({})).refused(401, "E011007");
    }
    assert_eq!(server.control().projects().len(), 4);
}

#[test]
fn another_companys_project_is_as_unknown_as_none() {
    let server = server();
    for project in [OTHER, "P2nothing"] {
        let message = server.on(project, SNAPSHOT_EXPORT, &json!({})).refused(404, "E011008");
        assert!(message.contains(project), "{message}");
    }
}

#[test]
fn a_bound_key_works_on_its_project_only_and_does_not_list() {
    let server = server();
    server.bearer(&format!("{PROJECT}:Kbound"), SNAPSHOT_EXPORT, &json!({})).ok();
    server.bearer(&format!("{TARGET}:Kbound"), SNAPSHOT_EXPORT, &json!({})).refused(403, "EMULATOR403");
    server.bearer(&format!("{PROJECT}:Kbound"), LIST, &json!({})).refused(403, "EMULATOR403");
    server.bearer("Kbound", LIST, &json!({})).refused(403, "EMULATOR403");
}

#[test]
fn a_read_only_key_reads_and_never_writes() {
    let server = server();
    let files = server.export(PROJECT);
    let token = format!("{PROJECT}:Kreader");
    server.bearer(&token, SNAPSHOT_EXPORT, &json!({})).ok();
    server.bearer(&token, VALIDATE, &json!({ "files": files })).ok();
    let writes: [(&str, Value); 6] = [
        (NAME, json!({ "name": "x" })),
        (CLONE, json!({})),
        (START_CLONE, json!({})),
        (DELETE, json!({})),
        (IMPORT, json!({ "files": files })),
        (SNAPSHOT_IMPORT, json!({ "files": files })),
    ];
    for (path, body) in writes {
        server.bearer(&token, path, &body).refused(403, "EMULATOR403");
    }
    assert_eq!(server.control().projects().len(), 4);
}

#[test]
fn a_workload_token_takes_the_keys_place() {
    let server = server();
    server.bearer(&format!("{PROJECT}:{TOKEN}"), SNAPSHOT_EXPORT, &json!({})).ok();
    assert_eq!(list_of(&server, TOKEN), [PROJECT, TARGET]);
}

#[test]
fn the_free_tier_lists_renames_and_deletes_but_does_not_clone_export_or_import() {
    let server = server();
    let token = format!("{FREE}:Kfree");
    let files = server.export(PROJECT);
    for path in [CLONE, START_CLONE, EXPORT, SNAPSHOT_EXPORT] {
        server.bearer(&token, path, &json!({})).refused(403, "EMULATOR403");
    }
    for path in [IMPORT, SNAPSHOT_IMPORT, VALIDATE] {
        server.bearer(&token, path, &json!({ "files": files })).refused(403, "EMULATOR403");
    }
    server.bearer(&token, NAME, &json!({ "name": "Free project" })).ok();
    assert_eq!(list_of(&server, "Kfree"), [FREE]);
    server.bearer(&token, DELETE, &json!({})).ok();
    assert!(list_of(&server, "Kfree").is_empty());
}

#[test]
fn the_licence_is_the_companys_tier() {
    let server = server();
    assert_eq!(server.get(LICENSE).ok(), json!({ "rateLimitTier": "tier4" }));
    let other = server.send("GET", LICENSE, &[("authorization", &format!("Bearer {OTHER}:Kother"))], b"").unwrap();
    assert_eq!(other.ok(), json!({ "rateLimitTier": "tier2" }));
}

#[test]
fn another_companys_clone_is_as_unknown_as_none() {
    let server = server();
    let process = server.on(PROJECT, START_CLONE, &json!({})).ok()["processId"].as_str().unwrap().to_owned();
    let value = format!("Bearer {OTHER}:Kother");
    let path = format!("{START_CLONE}/{process}");
    server.send("GET", &path, &[("authorization", &value)], b"").unwrap().refused(400, "E011004");
}
