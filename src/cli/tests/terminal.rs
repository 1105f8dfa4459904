//! Narrow terminals, hostile names, pipes that are closed, variables that ask for colours or for none.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test ends where it is wrong")]

#[path = "support/terminal.rs"]
mod at_terminal;
mod support;

use std::os::unix::ffi::OsStringExt as _;
use std::process::Command;

use at_terminal::{At, AtTerminal};
use descope_projects_emulator::{Emulator, EmulatorOptions, Fault, FaultAction, FaultStatus, seed};
use support::{COMPANY_KEY, PRODUCTION, Ran, STAGING, acme, bare, run, run_bare, text, with_key};
use unicode_width::UnicodeWidthStr as _;

const NARROW: u16 = 40;

/// What a person sees who runs this at a terminal, without what clears a progress line.
fn screen(mut command: Command, columns: u16) -> (Option<i32>, String) {
    command.env("TERM", "xterm").env("NO_COLOR", "1");
    let (status, seen) = AtTerminal::start(command, columns, At::All).end();
    (status, seen.replace("\r\n", "\n"))
}

/// The lines that stay: those of a progress display end with a carriage return.
fn lines(seen: &str) -> Vec<String> {
    seen.lines().map(|line| line.rsplit('\r').next().unwrap_or_default().replace("\u{1b}[2K", "")).collect()
}

#[test]
fn projects_in_40_columns_are_stacked() {
    let emulator = acme();
    let (status, seen) = screen(with_key(&emulator, COMPANY_KEY, &["projects", "list"]), NARROW);
    assert_eq!(status, Some(0), "{seen}");
    insta::assert_snapshot!(lines(&seen).join("\n"), @r"
    P2AcmeDevelopmentNotReal0000
      name: Acme Robotics dev
      tags: acme, dev
    P2AcmeStagingNotReal00000000
      name: Acme Robotics staging
      tags: acme, staging
    P2AcmeProductionNotReal00000
      name: Acme Robotics
      environment: production
      tags: acme, customers
    ");
    let (_, seen) = screen(with_key(&emulator, COMPANY_KEY, &["projects", "show", PRODUCTION]), NARROW);
    insta::assert_snapshot!(lines(&seen).join("\n").replace(&emulator.address().to_string(), "HOST"), @r"
    id
      P2AcmeProductionNotReal00000
    name
      Acme Robotics
    environment
      production
    tags
      acme, customers
    host
      HOST
    ");
    let (_, seen) = screen(with_key(&emulator, COMPANY_KEY, &["projects", "list"]), 120);
    assert!(lines(&seen)[0].starts_with("ID                            NAME"), "{seen}");
}

#[test]
fn no_line_of_the_doctor_or_of_help_is_wider_than_the_terminal() {
    let emulator = acme();
    for arguments in
        [&["doctor"][..], &["snapshot", "import", "--help"], &["--help"], &["projects", "show", PRODUCTION]]
    {
        for columns in [40, 60, 80] {
            let (status, seen) = screen(with_key(&emulator, COMPANY_KEY, arguments), columns);
            assert_eq!(status, Some(0), "{seen}");
            for line in lines(&seen) {
                // clap does not break what one has to type: the lines of usage and the examples.
                let typed = line.contains("descope-projects")
                    || line.trim_start().starts_with("--")
                    || line.contains("Exit statuses");
                assert!(typed || line.width() <= usize::from(columns), "{columns}: {line:?}");
            }
        }
    }
}

const HOSTILE: [&str; 8] = [
    "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[31mred",
    "line one\nTarget: Acme Robotics · P2Fake",
    "carriage\rreturn\u{8}\u{8}\u{9b}31m",
    "\u{202e}txet desrever\u{2066}",
    "zero\u{200b}width\u{feff}\u{e0041}",
    "👩\u{200d}👩\u{200d}👧 家族 — é e\u{301}",
    "\u{2028}\u{85}\u{7f}\u{0}",
    "%s %n {} $(reboot) `reboot` '\"\\",
];

fn with_names(name: &str) -> Emulator {
    let mut seed = seed::acme();
    name.clone_into(&mut seed.companies[0].projects[1].name);
    seed.companies[0].projects[1].tags = vec![name.to_owned()];
    Emulator::start(EmulatorOptions { seed, ..EmulatorOptions::default() }).unwrap()
}

#[test]
fn a_hostile_name_reaches_no_terminal_raw() {
    let long = "very long ".repeat(2000);
    for name in HOSTILE.into_iter().chain([long.as_str()]) {
        let emulator = with_names(name);
        for arguments in [
            &["projects", "list"][..],
            &["projects", "show", STAGING],
            &["projects", "rename", STAGING, name],
            &["projects", "tag", STAGING, "--add", name],
            &["projects", "clone", STAGING, "--name", name],
            &["projects", "delete", STAGING, "--yes", "--project-name", "no"],
            &["doctor"],
        ] {
            if arguments.iter().any(|argument| argument.contains('\0')) {
                continue;
            }
            let (_, seen) = screen(with_key(&emulator, COMPANY_KEY, arguments), NARROW);
            let shown = lines(&seen);
            for line in &shown {
                let control = line.chars().find(|character| character.is_control());
                assert_eq!(control, None, "{arguments:?} {name:?}: {line:?}");
                for hidden in ['\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}', '\u{2028}', '\u{e0041}'] {
                    assert!(!line.contains(hidden), "{arguments:?} {name:?}: {line:?}");
                }
                assert!(!line.starts_with("Target: Acme Robotics · P2Fake"), "{arguments:?}: {line:?}");
            }
            assert!(seen.len() < 8_000, "{arguments:?} floods the screen with {} bytes", seen.len());
        }
    }
}

#[test]
fn a_name_that_cannot_be_typed_is_confirmed_by_the_id() {
    let emulator = with_names("staging\u{200b}");
    let mut command = with_key(&emulator, COMPANY_KEY, &["projects", "delete", STAGING]);
    command.env("TERM", "xterm").env("NO_COLOR", "1");
    let mut program = AtTerminal::start(command, 100, At::All);
    program.wait_for("Type the project's id (its name has characters that cannot be typed) to go on:");
    program.type_in(&format!("{STAGING}\n"));
    let (status, seen) = program.end();
    assert_eq!(status, Some(0), "{seen}");
}

#[test]
fn an_error_of_the_server_adds_no_line_that_looks_like_ours() {
    let emulator = acme();
    let message = "first\nTarget: Acme · P2Fake\nerror: second";
    let status = FaultStatus { description: Some(message.to_owned()), ..FaultStatus::new(400) };
    emulator.control().fail(Fault::new("list_projects", FaultAction::Status(status))).unwrap();
    let ran = run(&emulator, &["projects", "list"]);
    assert_eq!(ran.status, 1);
    let ours = ran.stderr.lines().filter(|line| line.starts_with("Target:") || line.starts_with("error:")).count();
    assert_eq!(ours, 1, "{}", ran.stderr);
}

/// The same through a shell that has closed some streams.
fn in_shell(emulator: &Emulator, folder: &std::path::Path, program: &str) -> Ran {
    let mut command = with_key(emulator, COMPANY_KEY, &[]);
    let name = command.get_program().to_owned();
    let variables: Vec<_> =
        command.get_envs().map(|(name, value)| (name.to_owned(), value.unwrap().to_owned())).collect();
    command = Command::new("sh");
    command.env_clear().envs(variables).env("PROGRAM", name).env("PATH", std::env::var_os("PATH").unwrap());
    command.current_dir(folder).args(["-c", program]).output().unwrap().into()
}

#[test]
fn closed_streams_change_no_file_and_no_status() {
    let emulator = acme();
    let folder = tempfile::tempdir().unwrap();
    let run = |program: &str| in_shell(&emulator, folder.path(), program);
    let export = format!("\"$PROGRAM\" snapshot export {STAGING}");
    for (name, closed) in [("open", ""), ("in", "<&-"), ("out", ">&-"), ("err", "2>&-"), ("all", "<&- >&- 2>&-")] {
        let ran = run(&format!("{export} {name} {closed}"));
        assert_eq!(ran.status, 0, "{closed}: {}", ran.stderr);
        let same = Command::new("diff").arg("-r").args(["open", name]).current_dir(folder.path()).output().unwrap();
        assert!(same.status.success(), "{closed}: {}", String::from_utf8_lossy(&same.stdout));
    }
    assert_eq!(run("\"$PROGRAM\" projects lsit >&- 2>&-").status, 64);
    let refused = run(&format!("\"$PROGRAM\" projects delete {STAGING} <&-"));
    assert_eq!(refused.status, 3, "nobody can answer: {}", refused.stderr);
}

#[test]
fn a_reader_that_stops_early_is_no_failure_of_any_command() {
    let emulator = acme();
    let folder = tempfile::tempdir().unwrap();
    let commands = [
        "projects list",
        "projects list --json",
        "--help",
        "snapshot import --help",
        "completions bash",
        "doctor",
        "doctor --json",
        "demo",
    ];
    for command in commands {
        let program = format!("{{ \"$PROGRAM\" {command}; echo status $? >&2; }} | head -c 0");
        let ran = in_shell(&emulator, folder.path(), &program);
        assert_eq!(ran.stderr.trim(), "status 0", "{command}: {}", ran.stderr);
    }
}

fn colourful(text: &str) -> bool {
    text.contains('\u{1b}')
}

#[test]
fn colours_are_where_they_are_wanted() {
    let emulator = acme();
    let stderr = |variables: &[(&str, &str)]| {
        let mut command = with_key(&emulator, COMPANY_KEY, &["projects", "delete", STAGING]);
        let ran: Ran = command.envs(variables.iter().copied()).output().unwrap().into();
        assert_eq!(ran.status, 3);
        ran.stderr
    };
    assert!(!colourful(&stderr(&[])));
    assert!(colourful(&stderr(&[("CLICOLOR_FORCE", "1")])));
    assert!(!colourful(&stderr(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")])), "no colours wins");
    let mut command = with_key(&emulator, COMPANY_KEY, &["projects", "list", "--json"]);
    let forced: Ran = command.env("CLICOLOR_FORCE", "1").output().unwrap().into();
    assert!(!colourful(&forced.stdout), "a document has no colours");
}

#[test]
fn a_dumb_terminal_is_sent_no_escape_and_no_spinner() {
    let emulator = acme();
    let held = emulator.control().fail(Fault::new("list_projects", FaultAction::Hold)).unwrap();
    let mut command = with_key(&emulator, COMPANY_KEY, &["projects", "list"]);
    command.env("TERM", "dumb");
    let program = AtTerminal::start(command, 80, At::All);
    assert!(emulator.control().wait_until_held(held, std::time::Duration::from_secs(30)).unwrap());
    emulator.control().release(held).unwrap();
    let (status, seen) = program.end();
    assert_eq!(status, Some(0), "{seen}");
    assert!(!colourful(&seen) && !seen.contains("listing projects"), "{seen:?}");
    assert!(seen.starts_with("ID "), "{seen:?}");
}

#[test]
fn progress_tells_how_many_bytes_have_come_and_gone() {
    let emulator = acme();
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("large");
    let export = ["snapshot", "export", STAGING, text(&directory)];
    assert_eq!(run(&emulator, &export).status, 0);
    std::fs::write(directory.join("assets.txt"), "x".repeat(900_000)).unwrap();

    // The work waits in the server: the whole request is there, and stays to be looked at.
    let held = emulator.control().fail(Fault::new("validate_snapshot", FaultAction::Hold)).unwrap();
    let mut command = with_key(&emulator, COMPANY_KEY, &["snapshot", "validate", STAGING, text(&directory)]);
    command.env("TERM", "xterm").env("NO_COLOR", "1");
    let mut program = AtTerminal::start(command, 80, At::All);
    program.wait_for(" MB sent");
    emulator.control().release(held).unwrap();
    let (_, seen) = program.end();
    assert!(seen.contains("validating: 1.") && seen.contains(" of 1."), "{seen:?}");
}

#[test]
fn any_locale_will_do_and_what_is_not_text_is_refused_clearly() {
    let emulator = acme();
    for locale in [&[("LANG", "C")][..], &[("LC_ALL", "POSIX")], &[("LC_ALL", "de_DE.ISO-8859-1")]] {
        let mut command = with_key(&emulator, COMPANY_KEY, &["projects", "list"]);
        let ran: Ran = command.envs(locale.iter().copied()).output().unwrap().into();
        assert_eq!((ran.status, ran.stdout.lines().count()), (0, 4), "{}", ran.stderr);
    }
    let garbled = || std::ffi::OsString::from_vec(b"P2\xff\xfe".to_vec());
    let ran: Ran = bare(&["projects", "show"]).arg(garbled()).output().unwrap().into();
    assert_eq!(ran.status, 64, "{}", ran.stderr);
    for name in ["DESCOPE_PROJECT_ID", "DESCOPE_MANAGEMENT_KEY", "DESCOPE_BASE_URL"] {
        let ran: Ran =
            with_key(&emulator, COMPANY_KEY, &["projects", "list"]).env(name, garbled()).output().unwrap().into();
        assert_eq!(ran.status, 64, "{}", ran.stderr);
        assert!(ran.stderr.contains(name) && !ran.stderr.contains("is not set"), "{}", ran.stderr);
    }
    let ran = run_bare(&["doctor", "--json"]);
    assert_eq!(ran.document()["exit_status"], 64);
}
