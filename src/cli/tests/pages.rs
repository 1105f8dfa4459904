//! What is made of the arguments' types: the help of each command, the pages, the scripts of the shells.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test ends where it is wrong, and says what it skips")]

#[allow(dead_code, reason = "the program's own `main` is not run here")]
#[path = "../examples/pages.rs"]
mod pages;
mod support;
#[cfg(unix)]
#[path = "support/terminal.rs"]
mod terminal;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use support::{bare, run_bare, text};
#[cfg(unix)]
use terminal::{At, AtTerminal};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The words of each command, those that only group others included.
fn commands() -> Vec<Vec<String>> {
    fn walk(command: &clap::Command, words: &[String], found: &mut Vec<Vec<String>>) {
        found.push(words.to_vec());
        for below in command.get_subcommands() {
            let words: Vec<String> = words.iter().cloned().chain([below.get_name().to_owned()]).collect();
            walk(below, &words, found);
        }
    }
    let mut found = Vec::new();
    walk(&descope_projects_cli::command(), &[], &mut found);
    found
}

#[test]
fn the_help_of_every_command() {
    let commands = commands();
    assert!(commands.len() > 14, "{commands:?}");
    for words in commands {
        let mut arguments: Vec<&str> = words.iter().map(String::as_str).collect();
        arguments.push("--help");
        let ran = run_bare(&arguments);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{arguments:?}");
        let name = if words.is_empty() { "descope-projects".to_owned() } else { words.join("-") };
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("help-{name}"), ran.stdout);
        });
    }
}

#[test]
fn the_committed_pages_are_those_that_the_arguments_make() {
    let repository = repository();
    let made = pages::pages().unwrap();
    for (path, text) in &made {
        let committed = std::fs::read_to_string(repository.join(path)).unwrap_or_default();
        assert!(committed == *text, "{} is old: cargo run -p descope-projects-cli --example pages", path.display());
    }
    let expected: BTreeSet<PathBuf> = made.into_keys().collect();
    for folder in [pages::READING, pages::MAN] {
        for entry in std::fs::read_dir(repository.join(folder)).unwrap() {
            let path = Path::new(folder).join(entry.unwrap().file_name());
            assert!(expected.contains(&path), "{} is of no command", path.display());
        }
    }
}

/// Whether the program is on this machine; a test that needs it says so and ends.
fn installed(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).stdout(Stdio::null()).status();
    let found = found.is_ok_and(|status| status.success());
    if !found {
        eprintln!("not checked: there is no {program} on this machine");
    }
    found
}

#[test]
fn the_pages_for_man_are_well_formed() {
    let pages = pages::pages().unwrap().into_keys().filter(|path| path.starts_with(pages::MAN));
    let pages: Vec<PathBuf> = pages.map(|path| repository().join(path)).collect();
    assert!(pages.len() > 14);
    if installed("mandoc") {
        let linted = Command::new("mandoc").args(["-T", "lint", "-W", "warning"]).args(&pages).output().unwrap();
        let linted = String::from_utf8_lossy(&linted.stdout);
        // A page belongs to a version, and has no date.
        let wrong: Vec<&str> = linted.lines().filter(|line| !line.contains("cannot parse date")).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
    if installed("groff") {
        for page in &pages {
            let shown = Command::new("groff").args(["-man", "-ww", "-K", "utf8", "-T", "utf8"]).arg(page).output();
            let shown = shown.unwrap();
            assert!(shown.status.success() && shown.stderr.is_empty(), "{}", String::from_utf8_lossy(&shown.stderr));
        }
    }
}

const SHELLS: [&str; 5] = ["bash", "zsh", "fish", "powershell", "elvish"];

#[test]
fn every_shell_has_a_script_that_knows_the_commands() {
    for shell in SHELLS {
        let ran = run_bare(&["completions", shell]);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
        for word in ["snapshot", "export", "missing-secrets-file", "completions"] {
            assert!(ran.stdout.contains(word), "{shell} does not know {word}");
        }
        let document = run_bare(&["completions", shell, "--json"]).document();
        assert_eq!(document["result"]["script"], ran.stdout);
        assert_eq!(document["result"]["shell"], shell);
    }
    let unknown = run_bare(&["completions", "tcsh"]);
    assert_eq!(unknown.status, 64);
    assert!(SHELLS.iter().all(|shell| unknown.stderr.contains(shell)), "{}", unknown.stderr);
}

/// The script in a file, for a shell to read.
fn script(folder: &Path, shell: &str) -> PathBuf {
    let path = folder.join("script");
    std::fs::write(&path, run_bare(&["completions", shell]).stdout).unwrap();
    path
}

/// What is offered in bash for a line, whose last word is being typed.
fn offered_by_bash(script: &Path, line: &[&str]) -> Vec<String> {
    let program = "source \"$1\"; shift; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); \
                   entry=$(complete -p \"$1\"); function=${entry#*-F }; function=${function%% *}; \
                   \"$function\" \"$1\" \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD - 1]}\"; \
                   printf '%s\\n' \"${COMPREPLY[@]}\"";
    let ended = Command::new("bash")
        .args(["--norc", "--noprofile", "-c", program, "bash", text(script)])
        .args(line)
        .output()
        .unwrap();
    assert!(ended.status.success() && ended.stderr.is_empty(), "{}", String::from_utf8_lossy(&ended.stderr));
    String::from_utf8(ended.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_flags_and_values() {
    if !installed("bash") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let script = script(folder.path(), "bash");
    let offered = |line: &[&str]| offered_by_bash(&script, line);
    assert_eq!(offered(&["descope-projects", "snapshot", "ex"]), ["export"]);
    assert_eq!(offered(&["descope-projects", "sn"]), ["snapshot"]);
    assert_eq!(offered(&["descope-projects", "projects", "clone", "--allow-s"]), ["--allow-secrets-copy"]);
    assert_eq!(offered(&["descope-projects", "completions", "fi"]), ["fish"]);
    assert!(offered(&["descope-projects", "projects", ""]).contains(&"rename".to_owned()));
}

#[test]
fn fish_completes_commands_flags_and_values() {
    if !installed("fish") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let script = script(folder.path(), "fish");
    let offered = |line: &str| {
        let program = format!("source {}; complete -C '{line}'", text(&script));
        let ended =
            Command::new("fish").args(["--no-config", "-c", &program]).env("HOME", folder.path()).output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        let shown = String::from_utf8(ended.stdout).unwrap();
        shown.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(offered("descope-projects snapshot ex"), ["export"]);
    assert_eq!(offered("descope-projects projects clone --allow-s"), ["--allow-secrets-copy"]);
    assert_eq!(offered("descope-projects snapshot export --format "), ["plain"]);
}

/// What is on the screen of an interactive shell in which a tab is typed behind `descope-projects snapshot ex`.
#[cfg(unix)]
fn after_a_tab(mut shell: Command, home: &Path, begin: &str) -> String {
    shell.env_clear().env("HOME", home).env("PATH", std::env::var_os("PATH").unwrap()).env("TERM", "dumb");
    let mut program = AtTerminal::start(shell, 200, At::All);
    // Typed earlier, the tab would be the terminal's and not the shell's. The prompt is not what is echoed here.
    program.type_in(&format!("{begin}; PS1=$'re\\x61dy> '\n"));
    program.wait_for("ready> ");
    // Ctrl-U takes the line back.
    program.type_in("descope-projects snapshot ex\t\u{15}exit\n");
    program.end().1
}

#[cfg(unix)]
#[test]
fn the_tab_key_completes_in_bash() {
    if !installed("bash") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = format!("source {}", text(&script(folder.path(), "bash")));
    let mut shell = Command::new("bash");
    shell.args(["--norc", "--noprofile", "-i"]);
    let seen = after_a_tab(shell, folder.path(), &source);
    assert!(seen.contains("descope-projects snapshot export "), "{seen:?}");
}

#[cfg(unix)]
#[test]
fn the_tab_key_completes_in_zsh() {
    if !installed("zsh") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // As a user has it: a file in a folder of `fpath`.
    std::fs::write(folder.path().join("_descope-projects"), run_bare(&["completions", "zsh"]).stdout).unwrap();
    let mut shell = Command::new("zsh");
    shell.args(["--no-rcs", "-i"]);
    let begin = "fpath=(~ $fpath); autoload -Uz compinit; compinit -u -d ~/dump";
    let seen = after_a_tab(shell, folder.path(), begin);
    assert!(seen.contains("descope-projects snapshot export "), "{seen:?}");
}

#[test]
fn completions_need_no_configuration_and_reach_nothing() {
    let ran: support::Ran = bare(&["completions", "bash"]).env("DESCOPE_BASE_URL", "nonsense").output().unwrap().into();
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
}
