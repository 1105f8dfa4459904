//! Questions at a terminal.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test ends where it is wrong")]

mod support;
#[path = "support/terminal.rs"]
mod terminal;

use descope_projects_emulator::Emulator;
use support::{COMPANY_KEY, DEVELOPMENT, acme, signal, with_key};
use terminal::{At, AtTerminal};

fn start(emulator: &Emulator, arguments: &[&str], variables: &[(&str, &str)]) -> AtTerminal {
    let mut command = with_key(emulator, COMPANY_KEY, arguments);
    command.env("TERM", "xterm").envs(variables.iter().copied());
    AtTerminal::start(command, 100, At::InputAndError)
}

fn asked(emulator: &Emulator) -> AtTerminal {
    let mut program = start(emulator, &["projects", "delete", DEVELOPMENT], &[("NO_COLOR", "1")]);
    program.wait_for("Type the project's name to go on:");
    program
}

#[test]
fn the_right_name_goes_on() {
    let emulator = acme();
    let mut program = asked(&emulator);
    program.type_in("Acme Robotics dev\n");
    let (status, seen) = program.end();
    assert_eq!(status, Some(0), "{seen}");
    assert_eq!(emulator.control().executions("delete").unwrap(), 1);
}

#[test]
fn an_import_is_asked_about_after_its_validation() {
    let emulator = acme();
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("dev");
    let exported = support::run(&emulator, &["snapshot", "export", DEVELOPMENT, support::text(&directory)]);
    assert_eq!(exported.status, 0, "{}", exported.stderr);
    let arguments = ["snapshot", "import", DEVELOPMENT, support::text(&directory)];
    let mut program = start(&emulator, &arguments, &[]);
    program.wait_for("Type the project's name to go on:");
    assert_eq!(emulator.control().executions("validate_snapshot").unwrap(), 1);
    assert_eq!(emulator.control().executions("import_snapshot").unwrap(), 0);
    program.type_in("Acme Robotics dev\n");
    let (status, seen) = program.end();
    assert_eq!(status, Some(0), "{seen}");
    assert_eq!(emulator.control().executions("import_snapshot").unwrap(), 1);
}

#[test]
fn anything_else_stops() {
    for typed in ["Acme Robotics\n", "\n", "y\n", "\u{4}"] {
        let emulator = acme();
        let mut program = asked(&emulator);
        program.type_in(typed);
        let (status, seen) = program.end();
        assert_eq!(status, Some(3), "{typed:?}: {seen}");
        assert!(seen.contains("Nothing was sent"), "{seen}");
        assert_eq!(emulator.control().executions("delete").unwrap(), 0);
    }
}

#[test]
fn a_signal_ends_the_question() {
    for (name, status) in [("INT", 130), ("TERM", 143)] {
        let emulator = acme();
        let program = asked(&emulator);
        signal(&program.child, name);
        let (ended, seen) = program.end();
        assert_eq!(ended, Some(status), "{seen}");
        assert_eq!(emulator.control().executions("delete").unwrap(), 0);
    }
}

#[test]
fn colours_on_a_terminal_unless_no_color_is_set() {
    let emulator = acme();
    let seen = |variables: &[(&str, &str)]| {
        let program = start(&emulator, &["projects", "list", "--nmae"], variables);
        program.end().1
    };
    assert!(seen(&[]).contains("\u{1b}[1m") || seen(&[]).contains("\u{1b}[31m"), "{:?}", seen(&[]));
    assert!(!seen(&[("NO_COLOR", "1")]).contains('\u{1b}'));
}
