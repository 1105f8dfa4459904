//! What the program is as a process: pipes, colours, variables, usage, and what it never says.
#![allow(clippy::unwrap_used, reason = "a test ends where it is wrong")]

mod support;

use std::fs::File;
use std::io::Read as _;
use std::process::Stdio;

use descope_projects_emulator::{Fault, FaultAction, FaultStatus};
use serde_json::json;
use support::{COMPANY_KEY, PRODUCTION, Ran, STAGING, acme, bare, run, run_bare, signal, with_key};

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let emulator = acme();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ran: Ran = with_key(&emulator, COMPANY_KEY, &["projects", "list"]).stdout(writer).output().unwrap().into();
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_stdout_is_a_failure() {
    let emulator = acme();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let ran: Ran = with_key(&emulator, COMPANY_KEY, &["projects", "list"]).stdout(full).output().unwrap().into();
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("cannot write to stdout"), "{}", ran.stderr);
}

#[test]
fn no_colours_without_a_terminal() {
    let emulator = acme();
    for arguments in [&["projects", "delete", STAGING][..], &["projects", "lst"], &["--help"]] {
        let ran = run(&emulator, arguments);
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains('\u{1b}'), "{arguments:?}");
    }
}

#[test]
fn a_key_appears_in_no_output() {
    let canary = "K2canaryCanaryCanaryCanary";
    let emulator = acme();
    let echo = FaultStatus {
        code: Some("E011001".to_owned()),
        description: Some(format!("Bearer {STAGING}:{canary} is not welcome")),
        message: Some(canary.to_owned()),
        ..FaultStatus::new(400)
    };
    emulator.control().fail(Fault { times: None, ..Fault::new("*", FaultAction::Status(echo)) }).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("nothing");
    let missing = support::text(&missing);
    let commands: [&[&str]; 12] = [
        &["projects", "list"],
        &["projects", "show", STAGING],
        &["projects", "show", canary],
        &["projects", "clone", STAGING, "--allow-secrets-copy"],
        &["projects", "rename", STAGING, "other"],
        &["projects", "tag", STAGING, "--set", "a"],
        &["projects", "delete", STAGING, "--yes", "--project-name", STAGING],
        &["snapshot", "export", STAGING, missing],
        &["snapshot", "validate", STAGING, missing],
        &["doctor"],
        &["projects", "list", canary],
        &["projects", "list", "--management-key", canary],
    ];
    for arguments in commands {
        for json in [false, true] {
            let mut command = with_key(&emulator, canary, arguments);
            if json {
                command.arg("--json");
            }
            let ran: Ran = command.env("DESCOPE_PROJECTS_LOG", "debug").output().unwrap().into();
            assert_ne!(ran.status, 0, "{arguments:?}");
            let all = format!("{}{}", ran.stdout, ran.stderr);
            assert!(!all.contains(canary), "{arguments:?}: {all}");
            if json {
                ran.document();
            }
        }
    }
}

#[test]
fn a_key_as_an_argument_is_refused_with_the_way_to_give_it() {
    let ran = run_bare(&["projects", "list", "--management-key=K2canaryCanaryCanaryCanary"]);
    assert_eq!(ran.status, 64);
    insta::assert_snapshot!(ran.stderr, @r"
    error: unexpected argument '--management-key' found

    Usage: descope-projects projects list [OPTIONS]

    For more information, try '--help'.
    A key is never an argument, where other users of this machine can read it: set DESCOPE_MANAGEMENT_KEY, or WORKLOAD_IDENTITY_TOKEN for a workload token.
    ");
}

#[test]
fn usage_errors_are_one_document_too() {
    let cases: [(&[&str], &str); 5] = [
        (&["projects", "lst", "--json"], "descope-projects/projects@1"),
        (&["--json", "projects", "list", "--nmae", "x"], "descope-projects/projects-list@1"),
        (&["projects", "delete", STAGING, "--yes", "--json"], "descope-projects/projects-delete@1"),
        (&["--json"], "descope-projects/usage@1"),
        (&["emulator", "--port", "seven", "--json"], "descope-projects/emulator@1"),
    ];
    for (arguments, schema) in cases {
        let ran = run_bare(arguments);
        let document = ran.document();
        assert_eq!(ran.status, 64, "{arguments:?}");
        assert_eq!(document["schema"], schema);
        assert_eq!((&document["ok"], &document["target"]), (&json!(false), &json!(null)));
        assert_eq!(document["error"]["kind"], "ConfigurationError");
    }
}

#[test]
fn misspelt_words_are_named() {
    for (arguments, expected) in [
        (&["projects", "clone", STAGING, "--nmae", "x"][..], "--name"),
        (&["projects", "lsit"], "list"),
        (&["snapshot", "import", STAGING, "x", "--excludes", "lists"], "--exclude"),
    ] {
        let ran = run_bare(arguments);
        assert_eq!(ran.status, 64);
        assert!(ran.stderr.contains("similar") && ran.stderr.contains(expected), "{}", ran.stderr);
    }
}

#[test]
fn help_and_version_are_no_errors() {
    let version = run_bare(&["--version"]);
    assert_eq!((version.status, version.stdout), (0, format!("descope-projects {}\n", env!("CARGO_PKG_VERSION"))));
    let help = run_bare(&["snapshot", "import", "--help"]);
    assert_eq!((help.status, help.stderr.as_str()), (0, ""));
    assert!(help.stdout.contains("--missing-secrets-file") || help.stdout.contains("--skip-validation"));
    assert_eq!(run_bare(&["--help", "--json"]).document()["ok"], true);
    let nothing = run_bare(&[]);
    assert_eq!((nothing.status, nothing.stdout.as_str()), (64, ""));
}

#[test]
fn a_misspelt_variable_is_refused_before_anything_is_sent() {
    let emulator = acme();
    let mut command = with_key(&emulator, COMPANY_KEY, &["projects", "list", "--json"]);
    let ran: Ran = command.env("DESCOPE_PROJECTS_LOGS", "debug").output().unwrap().into();
    let document = ran.document();
    assert_eq!(ran.status, 64);
    assert!(document["error"]["message"].as_str().unwrap().contains("did you mean DESCOPE_PROJECTS_LOG?"));
    assert!(emulator.control().requests().is_empty());
}

#[test]
fn the_variable_asks_for_json_as_the_flag_does() {
    let emulator = acme();
    let mut command = with_key(&emulator, COMPANY_KEY, &["projects", "list"]);
    let ran: Ran = command.env("DESCOPE_PROJECTS_JSON", "1").output().unwrap().into();
    assert_eq!(ran.document()["ok"], true);
}

#[test]
fn nothing_configured_is_a_configuration_error() {
    let ran = run_bare(&["projects", "list"]);
    assert_eq!(ran.status, 64);
    assert!(ran.stderr.contains("DESCOPE_PROJECT_ID"), "{}", ran.stderr);
    let ran: Ran = bare(&["projects", "show", STAGING]).output().unwrap().into();
    assert!(ran.stderr.contains("DESCOPE_MANAGEMENT_KEY"), "the project is named already: {}", ran.stderr);
    let ran = run_bare(&["projects", "show", ""]);
    assert_eq!(ran.status, 64);
    assert!(ran.stderr.contains("`PROJECT` is empty"), "{}", ran.stderr);
    for wrong in [["--timeout", "0"], ["--timeout", "nan"], ["--requests-per-second", "-1"]] {
        let emulator = acme();
        assert_eq!(
            run(&emulator, &["projects", "list", &format!("{}={}", wrong[0], wrong[1])]).status,
            64,
            "{wrong:?}"
        );
    }
}

#[test]
fn a_server_that_is_not_there_is_status_1() {
    let emulator = acme();
    let url = emulator.url().to_owned();
    emulator.stop();
    let mut command = bare(&["projects", "list", "--base-url", &url, "--retries", "0", "--json"]);
    let ran: Ran =
        command.env("DESCOPE_PROJECT_ID", STAGING).env("DESCOPE_MANAGEMENT_KEY", COMPANY_KEY).output().unwrap().into();
    assert_eq!(ran.status, 1);
    assert_eq!(ran.document()["error"]["kind"], "TransportError");
}

#[test]
fn what_is_not_configured_or_not_accepted_names_the_command_that_tells_more() {
    let next = |ran: &Ran| ran.document()["error"]["next"].clone();
    let unset = run_bare(&["projects", "list", "--json"]);
    assert_eq!((unset.status, next(&unset)), (64, json!(["descope-projects doctor", "descope-projects demo"])));
    assert_eq!(next(&run_bare(&["doctor", "--json"])), json!(["descope-projects demo"]), "it has just been run");
    let emulator = acme();
    let refused = |arguments: &[&str]| -> Ran {
        with_key(&emulator, "K2unknownKeyNotASecret", arguments).output().unwrap().into()
    };
    assert_eq!(next(&refused(&["projects", "list", "--json"])), json!(["descope-projects doctor"]));
    assert_eq!(next(&refused(&["doctor", "--json"])), json!([]));
}

#[test]
fn a_wrong_address_or_time_is_told_in_the_words_of_flags_and_variables() {
    let ran = run_bare_with("http://api.example.com", &[]);
    assert_eq!(ran.status, 64);
    assert!(ran.stderr.contains("DESCOPE_BASE_URL (or DESCOPE_BASE_URI): plain HTTP"), "{}", ran.stderr);
    assert!(ran.stderr.contains("give --allow-insecure-http"), "{}", ran.stderr);
    let ran = run_bare_with("http://api.example.com", &["--base-url", "htp://api.example.com"]);
    assert!(ran.stderr.contains("--base-url: must begin with https://"), "{}", ran.stderr);
    let ran = run_bare_with("https://api.example.com", &["--timeout", "-1"]);
    assert_eq!(ran.status, 64);
    assert!(ran.stderr.contains("error: --timeout: expected a number of seconds greater than 0"), "{}", ran.stderr);
}

/// `projects list` at this address, with flags.
fn run_bare_with(base_url: &str, flags: &[&str]) -> Ran {
    let mut arguments = vec!["projects", "list"];
    arguments.extend(flags);
    bare(&arguments)
        .env("DESCOPE_BASE_URL", base_url)
        .env("DESCOPE_PROJECT_ID", support::STAGING)
        .env("DESCOPE_MANAGEMENT_KEY", COMPANY_KEY)
        .output()
        .unwrap()
        .into()
}

#[test]
fn the_emulator_says_that_it_is_ready_and_ends_politely() {
    for name in ["INT", "TERM"] {
        let mut child = bare(&["emulator", "--json"]).spawn().unwrap();
        let mut line = Vec::new();
        let mut stdout = child.stdout.take().unwrap();
        let mut byte = [0];
        while byte != *b"\n" {
            stdout.read_exact(&mut byte).unwrap();
            line.push(byte[0]);
        }
        let ready: serde_json::Value = serde_json::from_slice(&line).unwrap();
        let listed: Ran = bare(&["projects", "list", "--json"])
            .env("DESCOPE_BASE_URL", ready["url"].as_str().unwrap())
            .env("DESCOPE_PROJECT_ID", ready["project_id"].as_str().unwrap())
            .env("DESCOPE_MANAGEMENT_KEY", ready["management_key"].as_str().unwrap())
            .output()
            .unwrap()
            .into();
        let listed = listed.document();
        assert_eq!(listed["result"]["projects"].as_array().unwrap().len(), ready["projects"].as_array().unwrap().len());
        signal(&child, name);
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        assert_eq!((child.wait().unwrap().code(), rest.as_str()), (Some(0), ""));
    }
}

#[test]
fn the_emulator_takes_a_seed_and_refuses_what_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let seed = folder.path().join("seed.json");
    let refused = |arguments: &[&str]| {
        let ran = run_bare(arguments);
        assert_eq!(ran.status, 64, "{}", ran.stderr);
        ran.stderr
    };
    let path = support::text(&seed);
    assert!(refused(&["emulator", "--seed", path]).contains("cannot be read"));
    std::fs::write(&seed, json!({ "companys": [] }).to_string()).unwrap();
    assert!(refused(&["emulator", "--seed", path]).contains("companys"));
    assert!(refused(&["emulator", "--host", "0.0.0.0"]).contains("--allow-remote"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ran = run_bare(&["emulator", "--port", &port, "--json"]);
    assert_eq!((ran.status, &ran.document()["ok"]), (1, &json!(false)));
}

#[test]
fn a_held_question_does_not_outlive_its_process() {
    // Standard input that never ends and is no terminal: nothing is asked, so nothing waits.
    let emulator = acme();
    let mut child =
        with_key(&emulator, COMPANY_KEY, &["projects", "delete", PRODUCTION]).stdin(Stdio::piped()).spawn().unwrap();
    let stdin = child.stdin.take();
    assert_eq!(child.wait().unwrap().code(), Some(3));
    drop(stdin);
}
