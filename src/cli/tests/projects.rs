//! `projects …`: whole outputs, statuses and documents.
#![allow(clippy::unwrap_used, reason = "a test ends where it is wrong")]

mod support;

use descope_projects_emulator::{Emulator, EmulatorOptions, Fault, FaultAction, FaultStatus, seed};
use serde_json::json;
use support::{COMPANY_KEY, DEVELOPMENT, PRODUCTION, STAGING, STAGING_KEY, acme, run, run_bare, with_key};

#[test]
fn list_shows_every_project_in_columns() {
    let emulator = acme();
    insta::assert_snapshot!(run(&emulator, &["projects", "list"]).whole(&emulator), @r"
    status 0
    --- stdout
    ID                            NAME                   ENVIRONMENT  TAGS
    P2AcmeDevelopmentNotReal0000  Acme Robotics dev                   acme, dev
    P2AcmeStagingNotReal00000000  Acme Robotics staging               acme, staging
    P2AcmeProductionNotReal00000  Acme Robotics          production   acme, customers
    --- stderr
    ");
}

#[test]
fn list_as_a_document() {
    let emulator = acme();
    let document = run(&emulator, &["projects", "list", "--json"]).document();
    assert_eq!(document["schema"], "descope-projects/projects-list@1");
    assert_eq!((&document["ok"], &document["written"]), (&json!(true), &json!("nothing")));
    assert_eq!(
        document["result"]["projects"][1],
        json!({
            "id": STAGING, "name": "Acme Robotics staging", "environment": null, "tags": ["acme", "staging"],
        })
    );
}

#[test]
fn show_tells_what_the_list_says_of_one_project() {
    let emulator = acme();
    insta::assert_snapshot!(run(&emulator, &["projects", "show", PRODUCTION]).whole(&emulator), @r"
    status 0
    --- stdout
    id           P2AcmeProductionNotReal00000
    name         Acme Robotics
    environment  production
    tags         acme, customers
    host         HOST
    --- stderr
    ");
}

#[test]
fn show_of_a_project_that_is_not_there() {
    let emulator = acme();
    let ran = run(&emulator, &["projects", "show", "P2AcmeStagingNotReal00000001"]);
    insta::assert_snapshot!(ran.whole(&emulator), @r"
    status 1
    --- stdout
    --- stderr
    error: list_projects of P2AcmeStagingNotReal00000001: the API answered 404: E011008: Project not found: There is no project P2AcmeStagingNotReal00000001
      request id (cf-ray): RAY
      next: descope-projects projects list
    ");
}

#[test]
fn a_bound_key_cannot_list() {
    let emulator = acme();
    let ran = with_key(&emulator, STAGING_KEY, &["projects", "list", "--json"]).output().unwrap().into();
    let ran: support::Ran = ran;
    let document = ran.document();
    assert_eq!(ran.status, 1);
    assert_eq!((&document["error"]["kind"], &document["ok"]), (&json!("PermissionDenied"), &json!(false)));
    assert_eq!(document["error"]["details"]["status"], 403);
    assert!(document["error"]["request_id"].as_str().is_some_and(|ray| !ray.is_empty()));
}

#[test]
fn clone_announces_its_target_and_prints_what_it_made() {
    let emulator = acme();
    let ran = run(&emulator, &["projects", "clone", STAGING, "--name", "preview-42", "--tag", "preview"]);
    let id = emulator.control().projects().into_iter().find(|project| project.name == "preview-42").unwrap().id;
    insta::assert_snapshot!(ran.whole(&emulator).replace(&id, "NEW"), @r"
    status 0
    --- stdout
    id           NEW
    name         preview-42
    environment
    tags         preview
    --- stderr
    Target: Acme Robotics staging · P2AcmeStagingNotReal00000000 · no environment · HOST
    ");
}

#[test]
fn clone_of_production_needs_the_word_for_it() {
    let emulator = acme();
    let ran = run(&emulator, &["projects", "clone", PRODUCTION, "--name", "copy", "--json"]);
    let document = ran.document();
    assert_eq!(ran.status, 3);
    assert_eq!(document["error"]["kind"], "Protected");
    assert_eq!(document["target"]["environment"], "production");
    assert_eq!(emulator.control().executions("clone").unwrap(), 0);

    let ran = run(&emulator, &["projects", "clone", PRODUCTION, "--name", "copy", "--allow-secrets-copy", "--json"]);
    let document = ran.document();
    assert_eq!((ran.status, &document["written"]), (0, &json!("applied")));
    assert_eq!(document["result"]["name"], "copy");
    assert_eq!(document["target"]["project_id"], PRODUCTION, "the target is what was named");
    assert_eq!(emulator.control().executions("clone").unwrap(), 1);
}

#[test]
fn clone_with_a_key_that_cannot_tell_whether_it_is_production() {
    let emulator = acme();
    let ran: support::Ran =
        with_key(&emulator, STAGING_KEY, &["projects", "clone", STAGING, "--name", "copy"]).output().unwrap().into();
    insta::assert_snapshot!(ran.whole(&emulator), @r"
    status 3
    --- stdout
    --- stderr
    Target: P2AcmeStagingNotReal00000000 · name and environment (not confirmed by the server) · HOST
    error: clone: this key cannot tell whether it is a production project, whose secrets would be copied: give --allow-secrets-copy if that is wanted. Nothing was sent
    ");
}

#[test]
fn rename() {
    let emulator = acme();
    let ran = run(&emulator, &["projects", "rename", DEVELOPMENT, "Acme playground"]);
    insta::assert_snapshot!(ran.whole(&emulator), @r#"
    status 0
    --- stdout
    --- stderr
    Target: Acme Robotics dev · P2AcmeDevelopmentNotReal0000 · no environment · HOST
    Renamed to "Acme playground".
    "#);
    assert!(emulator.control().projects().iter().any(|project| project.name == "Acme playground"));
}

#[test]
fn tags_are_added_removed_and_set() {
    let emulator = acme();
    let tags = |arguments: &[&str]| {
        let mut all = vec!["projects", "tag", STAGING, "--json"];
        all.extend(arguments);
        let document = run(&emulator, &all).document();
        (document["result"]["tags"].clone(), document["written"].clone())
    };
    assert_eq!(tags(&["--add", "new", "--remove", "acme"]), (json!(["staging", "new"]), json!("applied")));
    assert_eq!(tags(&["--add", "new"]), (json!(["staging", "new"]), json!("nothing")), "nothing to do, nothing sent");
    assert_eq!(tags(&["--set", "one", "--set", "two"]), (json!(["one", "two"]), json!("applied")));
    assert_eq!(tags(&["--clear"]), (json!([]), json!("applied")));
    let staging = emulator.control().projects().into_iter().find(|project| project.id == STAGING).unwrap();
    assert!(staging.tags.is_empty());
    assert_eq!(emulator.control().executions("update_tags").unwrap(), 3);
}

#[test]
fn tag_without_a_change_is_a_usage_error() {
    for arguments in [&["projects", "tag", STAGING][..], &["projects", "tag", STAGING, "--set", "a", "--add", "b"]] {
        assert_eq!(run_bare(arguments).status, 64, "{arguments:?}");
    }
}

#[test]
fn delete_without_a_terminal_needs_the_name() {
    let emulator = acme();
    let ran = run(&emulator, &["projects", "delete", DEVELOPMENT]);
    insta::assert_snapshot!(ran.whole(&emulator), @r"
    status 3
    --- stdout
    --- stderr
    Target: Acme Robotics dev · P2AcmeDevelopmentNotReal0000 · no environment · HOST
    Deleting is for good: the project's id, users, tenants and access keys never come back. No backup is made; `descope-projects snapshot export` keeps the configuration, without users and without secrets.
    error: delete: there is no terminal to ask on: give --yes --project-name with the project's name. Nothing was sent
    ");
    for wrong in ["Acme Robotics", DEVELOPMENT, ""] {
        let ran = run(&emulator, &["projects", "delete", DEVELOPMENT, "--yes", "--project-name", wrong]);
        assert_eq!(ran.status, 3, "{wrong:?}");
        assert!(ran.stderr.contains("Nothing was sent"), "{}", ran.stderr);
    }
    assert_eq!(run(&emulator, &["projects", "delete", DEVELOPMENT, "--yes"]).status, 64);
    assert_eq!(emulator.control().executions("delete").unwrap(), 0);
}

#[test]
fn delete_with_the_name() {
    let emulator = acme();
    let ran = run(&emulator, &["projects", "delete", DEVELOPMENT, "--yes", "--project-name", "Acme Robotics dev"]);
    insta::assert_snapshot!(ran.whole(&emulator), @r"
    status 0
    --- stdout
    --- stderr
    Target: Acme Robotics dev · P2AcmeDevelopmentNotReal0000 · no environment · HOST
    Deleting is for good: the project's id, users, tenants and access keys never come back. No backup is made; `descope-projects snapshot export` keeps the configuration, without users and without secrets.
    Deleted P2AcmeDevelopmentNotReal0000.
    ");
    assert!(emulator.control().projects().iter().all(|project| project.id != DEVELOPMENT));
}

#[test]
fn delete_with_a_key_that_may_not_list_takes_the_id() {
    let emulator = acme();
    let delete = |named: &str| -> support::Ran {
        let arguments = ["projects", "delete", STAGING, "--yes", "--project-name", named];
        with_key(&emulator, STAGING_KEY, &arguments).output().unwrap().into()
    };
    assert_eq!(delete("Acme Robotics staging").status, 3, "the server did not confirm this name");
    let ran = delete(STAGING);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("(not confirmed by the server)"), "{}", ran.stderr);
}

#[test]
fn an_unknown_outcome_is_status_4_and_says_where_to_look() {
    let emulator = acme();
    // Neither the answer nor the list afterwards: nothing can settle it.
    emulator.control().fail(Fault::new("clone", FaultAction::DropBefore)).unwrap();
    let arguments = ["projects", "clone", STAGING, "--allow-secrets-copy", "--json"];
    let ran: support::Ran = with_key(&emulator, STAGING_KEY, &arguments).output().unwrap().into();
    let document = ran.document();
    assert_eq!(ran.status, 4);
    assert_eq!(document["error"]["kind"], "UnknownOutcome");
    assert_eq!((&document["written"], &document["ok"]), (&json!("unknown"), &json!(false)));
    assert_eq!(document["error"]["next"], json!(["descope-projects projects list"]));
    assert_eq!(document["error"]["project_id"], STAGING);
}

#[test]
fn a_repetition_is_told_on_stderr_while_it_goes_on() {
    let emulator = acme();
    emulator.control().fail(Fault::new("list_projects", FaultAction::Status(FaultStatus::new(503)))).unwrap();
    let ran = run(&emulator, &["projects", "list"]);
    assert_eq!(ran.status, 0);
    assert!(ran.stderr.contains("503"), "{}", ran.stderr);
    emulator.control().fail(Fault::new("list_projects", FaultAction::Status(FaultStatus::new(503)))).unwrap();
    let quiet = with_key(&emulator, COMPANY_KEY, &["projects", "list"]).env("DESCOPE_PROJECTS_LOG", "off").output();
    assert_eq!(support::Ran::from(quiet.unwrap()).stderr, "");
}

#[test]
fn a_name_cannot_command_the_terminal() {
    let mut seed = seed::acme();
    let name = "\u{1b}[2J\u{1b}]0;owned\u{7}\nname";
    seed.companies[0].projects[1].name = name.to_owned();
    let emulator = Emulator::start(EmulatorOptions { seed, ..EmulatorOptions::default() }).unwrap();
    for arguments in [&["projects", "list"][..], &["projects", "show", STAGING], &["projects", "delete", STAGING]] {
        let ran = run(&emulator, arguments);
        let all = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!all.contains('\u{1b}') && !all.contains('\u{7}'), "{all:?}");
        assert!(all.contains("[2J") && !all.lines().any(|line| line.starts_with("name ·")), "{all:?}");
    }
    let document = run(&emulator, &["projects", "show", STAGING, "--json"]).document();
    assert_eq!(document["result"]["name"], name, "a program gets the name as it is");
}

#[test]
fn retries_can_be_switched_off() {
    let emulator = acme();
    emulator.control().fail(Fault::new("list_projects", FaultAction::Status(FaultStatus::new(503)))).unwrap();
    assert_eq!(run(&emulator, &["projects", "list", "--retries", "0"]).status, 1);
}
