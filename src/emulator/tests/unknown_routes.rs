//! Routes that the emulator does not have: 501 with a code of its own, whatever the method.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use common::{LICENSE, LIST, START_CLONE, Server};
use descope_projects_core::wire::CALLS;
use descope_projects_emulator::{Fault, FaultAction};
use serde_json::json;

const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"];

fn send(server: &Server, method: &str, path: &str) -> common::Answer {
    let (name, value) = Server::authorization();
    server.send(method, path, &[(name, &value)], b"{}").unwrap()
}

#[test]
fn every_method_of_an_unknown_path_is_501() {
    let server = Server::two();
    for path in
        ["/", "/v1/mgmt/user/create", "/v1/mgmt", "/v2/mgmt/projects/list", "/v1/auth/otp", "/favicon.ico", "/%00"]
    {
        for method in METHODS {
            let answer = send(&server, method, path);
            if method == "HEAD" {
                assert_eq!((answer.status, answer.body.len()), (501, 0), "{path}");
                continue;
            }
            let message = answer.refused(501, "EMULATOR501");
            assert_eq!(message, format!("The emulator has no route {method} {path}"));
            assert_eq!(answer.header("content-type"), Some("application/json"));
            assert!(answer.header("cf-ray").is_some());
        }
    }
}

#[test]
fn every_other_method_of_a_known_path_is_501_and_named() {
    let server = Server::two();
    for row in CALLS {
        let path = row.path.replace("{processId}", "CP1");
        for method in METHODS.into_iter().filter(|method| *method != row.method.as_str()) {
            let answer = send(&server, method, &path);
            if method == "HEAD" {
                assert_eq!(answer.status, 501, "{path}");
                continue;
            }
            let message = answer.refused(501, "EMULATOR501");
            let hint = CALLS.iter().find(|known| known.path == row.path).unwrap();
            let hint = format!("; it has {} {}", hint.method.as_str(), hint.path);
            assert!(message.ends_with(&hint), "{message}");
        }
    }
    assert!(server.control().all_executions().is_empty(), "{:?}", server.control().all_executions());
}

#[test]
fn slashes_and_letters_that_do_not_belong_make_another_path() {
    let server = Server::two();
    for (path, known) in [
        ("/v1/mgmt/projects/list/", LIST),
        ("//v1/mgmt/projects/list", LIST),
        ("/v1//mgmt/projects/list", LIST),
        ("/v1/mgmt/projects/list//", LIST),
        ("/V1/mgmt/projects/LIST", LIST),
        ("/v1/mgmt/license/", LICENSE),
        ("/v1/mgmt/project/clone/async/", START_CLONE),
        ("/v1/mgmt/project/clone/async//", START_CLONE),
        ("/v1/mgmt/project/clone/async/CP1/", "/v1/mgmt/project/clone/async/{processId}"),
    ] {
        let message = send(&server, "POST", path).refused(501, "EMULATOR501");
        assert!(message.ends_with(&format!(" {known}")), "{path}: {message}");
    }
    for path in ["/v1/mgmt/projects/list%2F", "/v1/mgmt/projects/lis", "/v1/mgmt/projects/list/x", "/v1/mgmt/projects"]
    {
        let message = send(&server, "POST", path).refused(501, "EMULATOR501");
        assert!(!message.contains("it has"), "{path}: {message}");
    }
    assert!(server.control().all_executions().is_empty());
    // What a query says makes no difference.
    send(&server, "POST", "/v1/mgmt/projects/list?x=/../").ok();
}

#[test]
fn nobody_needs_a_key_to_be_told() {
    let server = Server::two();
    server.send("POST", "/v1/mgmt/user/create", &[], b"").unwrap().refused(501, "EMULATOR501");
}

#[test]
fn they_are_recorded_without_an_operation_and_fail_like_any_other() {
    let server = Server::two();
    send(&server, "PUT", LICENSE).refused(501, "EMULATOR501");
    let recorded = server.control().requests().remove(0);
    assert_eq!((recorded.method.as_str(), recorded.operation, recorded.status), ("PUT", None, Some(501)));
    server.control().fail(Fault::new("*", FaultAction::DropBefore)).unwrap();
    server.send("GET", "/other", &[], b"").unwrap_err();
    server.call(LIST, &json!({})).ok();
}
