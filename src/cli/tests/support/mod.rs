//! Runs the built program against an emulator in this process.
#![allow(dead_code, clippy::unwrap_used, reason = "each test binary uses a part of it; a test ends where it is wrong")]

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use descope_projects_emulator::{Emulator, EmulatorOptions, seed};
use serde_json::Value;

pub(crate) const DEVELOPMENT: &str = "P2AcmeDevelopmentNotReal0000";
pub(crate) const STAGING: &str = "P2AcmeStagingNotReal00000000";
pub(crate) const PRODUCTION: &str = "P2AcmeProductionNotReal00000";
pub(crate) const COMPANY_KEY: &str = "K2demoAcmeCompanyWideKeyNotASecret";
pub(crate) const STAGING_KEY: &str = "K2demoAcmeStagingOnlyKeyNotASecret";

/// The company of the demo.
pub(crate) fn acme() -> Emulator {
    Emulator::start(EmulatorOptions { seed: seed::acme(), ..EmulatorOptions::default() }).unwrap()
}

/// How a run of the program ended.
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Everything, with the emulator's address and the answers' numbers replaced.
    pub(crate) fn whole(&self, emulator: &Emulator) -> String {
        let text = self.whole_without_emulator().replace(&emulator.address().to_string(), "HOST");
        let rays = emulator.control().requests().into_iter().map(|request| request.ray).filter(|ray| !ray.is_empty());
        rays.fold(text, |text, ray| text.replace(&ray, "RAY"))
    }

    /// Everything.
    pub(crate) fn whole_without_emulator(&self) -> String {
        format!("status {}\n--- stdout\n{}--- stderr\n{}", self.status, self.stdout, self.stderr)
    }

    /// The one document on stdout.
    pub(crate) fn document(&self) -> Value {
        let mut lines = self.stdout.lines();
        let line = lines.next().unwrap_or_else(|| panic!("nothing on stdout; stderr: {}", self.stderr));
        assert_eq!(lines.next(), None, "more than one line on stdout");
        let document: Value = serde_json::from_str(line).unwrap();
        assert_eq!(document["exit_status"], self.status, "the document and the process disagree");
        document
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The program in an empty environment.
pub(crate) fn bare(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_descope-projects"));
    command.env_clear().args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The program with this key, pointed at the emulator.
pub(crate) fn with_key(emulator: &Emulator, key: &str, arguments: &[&str]) -> Command {
    let mut command = bare(arguments);
    command
        .env("DESCOPE_BASE_URL", emulator.url())
        .env("DESCOPE_PROJECT_ID", STAGING)
        .env("DESCOPE_MANAGEMENT_KEY", key);
    command
}

/// Runs the program with the company-wide key.
pub(crate) fn run(emulator: &Emulator, arguments: &[&str]) -> Ran {
    with_key(emulator, COMPANY_KEY, arguments).output().unwrap().into()
}

/// Runs the program in an empty environment.
pub(crate) fn run_bare(arguments: &[&str]) -> Ran {
    bare(arguments).output().unwrap().into()
}

/// Numbers replaced where a line counts files: the seed may grow.
pub(crate) fn without_counts(text: &str) -> String {
    let mask = |line: &str| {
        if !line.contains(" files") {
            return line.to_owned();
        }
        let mut masked = String::new();
        for character in line.chars() {
            match (character.is_ascii_digit(), masked.ends_with('N')) {
                (true, true) => {}
                (true, false) => masked.push('N'),
                (false, _) => masked.push(character),
            }
        }
        masked
    };
    text.lines().map(|line| mask(line) + "\n").collect()
}

/// Sends a signal to a running program.
pub(crate) fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
