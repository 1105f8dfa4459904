//! Questions at a terminal.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test ends where it is wrong")]

mod support;

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::process::Child;

use descope_projects_emulator::Emulator;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use support::{COMPANY_KEY, DEVELOPMENT, acme, signal, with_key};

/// A program whose standard input and error are a terminal.
struct AtTerminal {
    child: Child,
    terminal: File,
    seen: String,
}

impl AtTerminal {
    fn start(emulator: &Emulator, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let end = OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let mut command = with_key(emulator, COMPANY_KEY, arguments);
        command.env("TERM", "xterm").envs(variables.iter().copied());
        let child = command.stdin(end.try_clone().unwrap()).stderr(end).spawn().unwrap();
        // The command holds ends of its own: with them gone the terminal ends with the program.
        drop(command);
        Self { child, terminal: File::from(terminal), seen: String::new() }
    }

    fn wait_for(&mut self, text: &str) {
        let mut bytes = [0; 4096];
        while !self.seen.contains(text) {
            let count = self.terminal.read(&mut bytes).unwrap_or(0);
            assert!(count > 0, "it ended before it said {text:?}: {}", self.seen);
            self.seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    }

    fn type_in(&mut self, text: &str) {
        self.terminal.write_all(text.as_bytes()).unwrap();
    }

    /// The status, and all that was on the terminal.
    fn end(mut self) -> (Option<i32>, String) {
        let mut bytes = [0; 4096];
        // A terminal whose other end is closed answers with an error on Linux.
        while let Ok(count @ 1..) = self.terminal.read(&mut bytes) {
            self.seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        (self.child.wait().unwrap().code(), self.seen)
    }
}

fn asked(emulator: &Emulator) -> AtTerminal {
    let mut program = AtTerminal::start(emulator, &["projects", "delete", DEVELOPMENT], &[("NO_COLOR", "1")]);
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
    let mut program = AtTerminal::start(&emulator, &arguments, &[]);
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
        let program = AtTerminal::start(&emulator, &["projects", "list", "--nmae"], variables);
        program.end().1
    };
    assert!(seen(&[]).contains("\u{1b}[1m") || seen(&[]).contains("\u{1b}[31m"), "{:?}", seen(&[]));
    assert!(!seen(&[("NO_COLOR", "1")]).contains('\u{1b}'));
}
