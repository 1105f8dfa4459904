//! `doctor`, as people see it. What each check finds is in the Python tests, which have servers of every kind.
#![allow(clippy::unwrap_used, reason = "a test ends where it is wrong")]

mod support;

use descope_projects_emulator::{Fault, FaultAction};
use serde_json::json;
use support::{COMPANY_KEY, Ran, STAGING_KEY, acme, run_bare, signal, with_key};

/// The numbers that differ from run to run, replaced.
fn steady(text: &str) -> String {
    let mut lines = String::new();
    for line in text.lines() {
        let mut words: Vec<&str> = line.split(' ').collect();
        for index in 1..words.len() {
            let number = words[index - 1].chars().all(|character| character.is_ascii_digit());
            if number && matches!(words[index], "ms" | "files") {
                words[index - 1] = "N";
            }
        }
        lines.push_str(&words.join(" "));
        lines.push('\n');
    }
    lines.replace(&format!("{} {}", std::env::consts::OS, std::env::consts::ARCH), "SYSTEM")
}

#[test]
fn doctor_tells_what_is_configured_and_what_works() {
    let emulator = acme();
    let ran: Ran = with_key(&emulator, COMPANY_KEY, &["doctor"])
        .env("HTTP_PROXY", "http://user:pass/word@proxy.example:8080")
        .env("DESCOPE_PROJECTS_STATE", "s3://bucket")
        .output()
        .unwrap()
        .into();
    insta::assert_snapshot!(steady(&ran.whole(&emulator)), @r"
    status 0
    --- stdout
    configuration
      ok      project id           P2AcmeStagingNotReal00000000 (DESCOPE_PROJECT_ID)
      ok      credential           a management key (DESCOPE_MANAGEMENT_KEY)
      ok      region               none in the project id
      ok      base URL             http://HOST (DESCOPE_BASE_URL)
      note    proxy                not used: this machine is reached directly (HTTP_PROXY)
      -       trust                not needed: plain HTTP to this machine
    connection
      ok      DNS                  not needed: 127.0.0.1 is an address
      ok      TCP                  connected to the server at HOST in N ms
      -       TLS                  not used: plain HTTP
      ok      HTTP                 HTTP/1.1, answered 200 in N ms
      ok      clock                as the server's
    key
      ok      credential accepted  yes
      ok      rate-limit tier      tier4
      ok      may list projects    yes, 3
      ok      project              Acme Robotics staging, no environment
      ok      may export           yes, N files
      -       may write            not checked: only a write would tell, and none is made
    program
      ok      version              0.1.0, SYSTEM
      note    variable             accepted, and not used by this version (DESCOPE_PROJECTS_STATE)
    --- stderr
    ");
}

#[test]
fn doctor_of_a_key_that_may_do_less() {
    let emulator = acme();
    let ran: Ran = with_key(&emulator, STAGING_KEY, &["doctor"]).output().unwrap().into();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("no: the key is bound to some projects"), "{}", ran.stdout);
    let ran: Ran = with_key(&emulator, "K2unknownKeyNotASecret", &["doctor", "--json"]).output().unwrap().into();
    assert_eq!((ran.status, &ran.document()["error"]["kind"]), (1, &json!("AuthenticationError")));
}

#[test]
fn doctor_tells_what_is_missing() {
    insta::assert_snapshot!(steady(&run_bare(&["doctor"]).whole_without_emulator()), @r"
    status 64
    --- stdout
    configuration
      FAILED  project id           DESCOPE_PROJECT_ID is not set: it must hold the project's id (P…)
      FAILED  credential           DESCOPE_MANAGEMENT_KEY is not set: it must hold a management key (K…), or WORKLOAD_IDENTITY_TOKEN a workload token
      -       region               not checked: the configuration is not complete
      -       base URL             not checked: the configuration is not complete
      -       proxy                not checked: the configuration is not complete
      -       trust                not checked: the configuration is not complete
    connection
      -       DNS                  not checked: the configuration is not complete
      -       TCP                  not checked: the configuration is not complete
      -       TLS                  not checked: the configuration is not complete
      -       HTTP                 not checked: the configuration is not complete
      -       clock                not checked: the configuration is not complete
    key
      -       credential accepted  not checked: the configuration is not complete
      -       rate-limit tier      not checked: the configuration is not complete
      -       may list projects    not checked: the configuration is not complete
      -       project              not checked: the configuration is not complete
      -       may export           not checked: the configuration is not complete
      -       may write            not checked: the configuration is not complete
    program
      ok      version              0.1.0, SYSTEM
    --- stderr
    error: DESCOPE_PROJECT_ID is not set: it must hold the project's id (P…)
      next: descope-projects demo
    ");
    let document = run_bare(&["doctor", "--json"]).document();
    assert_eq!((&document["ok"], &document["result"]["failed"]), (&json!(false), &json!(2)));
    assert_eq!(document["result"]["checks"][0]["state"], "failed");
}

#[test]
fn doctor_of_a_server_that_is_not_there() {
    let emulator = acme();
    let url = emulator.url().to_owned();
    let mut command = with_key(&emulator, COMPANY_KEY, &["doctor"]);
    emulator.stop();
    let ran: Ran = command.output().unwrap().into();
    let address = url.strip_prefix("http://").unwrap();
    let port = address.rsplit(':').next().unwrap();
    let shown = ran.whole_without_emulator().replace(address, "HOST").replace(&format!("port {port}"), "port N");
    insta::assert_snapshot!(steady(&shown), @r"
    status 1
    --- stdout
    configuration
      ok      project id           P2AcmeStagingNotReal00000000 (DESCOPE_PROJECT_ID)
      ok      credential           a management key (DESCOPE_MANAGEMENT_KEY)
      ok      region               none in the project id
      ok      base URL             http://HOST (DESCOPE_BASE_URL)
      ok      proxy                none
      -       trust                not needed: plain HTTP to this machine
    connection
      ok      DNS                  not needed: 127.0.0.1 is an address
      FAILED  TCP                  the server (127.0.0.1, port N) cannot be reached: Connection refused (os error 111)
                                   -> look at the base URL and at firewalls; where a proxy leads out, HTTPS_PROXY names it
      -       TLS                  not checked: there is no connection
      -       HTTP                 not checked: there is no connection
      -       clock                not checked: there is no connection
    key
      -       credential accepted  not checked: the server was not reached
      -       rate-limit tier      not checked: the server was not reached
      -       may list projects    not checked: the server was not reached
      -       project              not checked: the server was not reached
      -       may export           not checked: the server was not reached
      -       may write            not checked: the server was not reached
    program
      ok      version              0.1.0, SYSTEM
    --- stderr
    error: the server (127.0.0.1, port N) cannot be reached: Connection refused (os error 111)
    ");
}

#[test]
fn doctor_sends_nothing_that_changes_anything_and_nothing_twice() {
    let emulator = acme();
    let ran: Ran = with_key(&emulator, COMPANY_KEY, &["doctor"]).output().unwrap().into();
    assert_eq!(ran.status, 0);
    let asked: Vec<String> = emulator.control().requests().into_iter().map(|request| request.path).collect();
    assert_eq!(asked, ["/v1/mgmt/license", "/v1/mgmt/projects/list", "/v1/mgmt/project/snapshot/export"]);
}

#[test]
fn a_signal_ends_the_doctor() {
    let emulator = acme();
    let held = emulator.control().fail(Fault::new("export_snapshot", FaultAction::Hold)).unwrap();
    let child = with_key(&emulator, COMPANY_KEY, &["doctor", "--json"]).spawn().unwrap();
    assert!(emulator.control().wait_until_held(held, std::time::Duration::from_secs(30)).unwrap());
    signal(&child, "INT");
    let ran: Ran = child.wait_with_output().unwrap().into();
    assert_eq!((ran.status, &ran.document()["written"]), (130, &json!("nothing")));
}
