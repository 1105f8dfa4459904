//! Writes a page for each command, for reading in the repository and for `man`.
//!
//! `cargo run -p descope-projects-cli --example pages`; a test compares what is committed with what this writes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, Command};

/// Where the pages for `man` are: the folder from which an installation of the Python package takes them.
pub(crate) const MAN: &str = "docs/installed/data/share/man/man1";
/// Where the pages for reading are.
pub(crate) const READING: &str = "docs/commands";

/// Every page with its path in the repository.
pub(crate) fn pages() -> std::io::Result<BTreeMap<PathBuf, String>> {
    let mut root = descope_projects_cli::command();
    root.build();
    let mut pages = BTreeMap::new();
    walk(&root, &mut Vec::new(), &mut pages)?;
    pages.insert(Path::new(READING).join("README.md"), index(&root));
    Ok(pages)
}

fn main() -> std::io::Result<()> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for folder in [READING, MAN] {
        let folder = repository.join(folder);
        // A page of a command that is gone must not stay.
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
    }
    for (path, text) in pages()? {
        std::fs::write(repository.join(path), text)?;
    }
    Ok(())
}

fn walk<'tree>(
    command: &'tree Command,
    names: &mut Vec<&'tree str>,
    pages: &mut BTreeMap<PathBuf, String>,
) -> std::io::Result<()> {
    names.push(command.get_name());
    pages.insert(Path::new(MAN).join(format!("{}.1", names.join("-"))), man(command, &names.join("-"))?);
    if !command.has_subcommands() {
        pages.insert(Path::new(READING).join(format!("{}.md", names[1..].join("-"))), page(command, &names.join(" ")));
    }
    for below in command.get_subcommands() {
        walk(below, names, pages)?;
    }
    names.pop();
    Ok(())
}

/// The page for `man`. What stands at the end of the help becomes sections of its own: run together by `man` it could not
/// be read.
fn man(command: &Command, name: &str) -> std::io::Result<String> {
    let man = clap_mangen::Man::new(command.clone().name(name.to_owned()))
        .source(format!("descope-projects {}", env!("CARGO_PKG_VERSION")))
        .manual("descope-projects");
    let mut page = Vec::new();
    man.render(&mut page)?;
    let page = String::from_utf8(page).map_err(std::io::Error::other)?.replace("\n.br\n\n.br\n", "\n.br\n");
    let Some((before, extra)) = page.split_once(".SH EXTRA\n") else { return Ok(page) };
    let (extra, after) =
        extra.split_once(".SH ").map_or((extra, String::new()), |(extra, after)| (extra, format!(".SH {after}")));
    let mut sections = String::new();
    let examples: Vec<&str> = extra.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    if !examples.is_empty() {
        let _ = writeln!(sections, ".SH EXAMPLES\n.nf\n{}\n.fi", examples.join("\n"));
    }
    let notes: Vec<&str> =
        extra.lines().filter(|line| !line.is_empty() && !line.starts_with("  ") && *line != "Examples:").collect();
    if !notes.is_empty() {
        let _ = writeln!(sections, ".SH NOTES\n{}", notes.join("\n.PP\n"));
    }
    Ok(format!("{before}{sections}{after}"))
}

/// All commands, a line each.
fn index(root: &Command) -> String {
    let mut text = String::from(
        "# The commands\n\nMade by `cargo run -p descope-projects-cli --example pages`. The same are pages for `man`, \
         which `pip install` puts\nbeside the program; the statuses and the JSON document are in the \
         [README](../../README.md).\n\n| command | what it does |\n| --- | --- |\n",
    );
    let mut row = |names: &[&str], command: &Command| {
        let (name, file) = (names.join(" "), names.join("-"));
        let _ = writeln!(text, "| [`{name}`]({file}.md) | {} |", about(command));
    };
    for command in root.get_subcommands() {
        if command.has_subcommands() {
            for below in command.get_subcommands() {
                row(&[command.get_name(), below.get_name()], below);
            }
        } else {
            row(&[command.get_name()], command);
        }
    }
    text
}

fn page(command: &Command, name: &str) -> String {
    let mut text = format!("# {name}\n\n");
    let long = command.get_long_about().map_or_else(|| about(command), ToString::to_string);
    let _ = writeln!(text, "{}\n", long.trim());
    let usage = command.clone().render_usage().to_string();
    let _ = writeln!(text, "```text\n{}\n```\n", usage.trim_start_matches("Usage: ").trim());

    let arguments: Vec<&Arg> = command.get_positionals().collect();
    if !arguments.is_empty() {
        table(&mut text, "Arguments", &arguments);
    }
    let mut headings: Vec<Option<&str>> = Vec::new();
    let options: Vec<&Arg> =
        command.get_arguments().filter(|option| !option.is_positional() && !option.is_hide_set()).collect();
    for option in &options {
        if !headings.contains(&option.get_help_heading()) {
            headings.push(option.get_help_heading());
        }
    }
    headings.sort();
    for heading in headings {
        let below: Vec<&Arg> = options.iter().copied().filter(|option| option.get_help_heading() == heading).collect();
        table(&mut text, heading.unwrap_or("Options"), &below);
    }
    if let Some(after) = command.get_after_help() {
        examples(&mut text, &after.to_string());
    }
    format!("{}\n", text.trim_end())
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

fn table(text: &mut String, heading: &str, arguments: &[&Arg]) {
    let _ = writeln!(text, "## {heading}\n\n| | |\n| --- | --- |");
    for argument in arguments {
        let _ = writeln!(text, "| `{}` | {} |", spelling(argument), what(argument));
    }
    text.push('\n');
}

fn spelling(argument: &Arg) -> String {
    let value = argument.get_value_names().and_then(|names| names.first()).map(|name| format!("<{name}>"));
    let takes_value = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
    match argument.get_long() {
        Some(long) if takes_value => format!("--{long} {}", value.unwrap_or_default()),
        Some(long) => match argument.get_short() {
            Some(short) => format!("-{short}, --{long}"),
            None => format!("--{long}"),
        },
        None if argument.is_required_set() => value.unwrap_or_default(),
        None => format!("[{}]", argument.get_value_names().map_or("", |names| names[0].as_str())),
    }
}

fn what(argument: &Arg) -> String {
    let mut text = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let defaults: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if matches!(argument.get_action(), ArgAction::Set | ArgAction::Append) {
        if !defaults.is_empty() {
            let _ = write!(text, " [default: {}]", defaults.join(", "));
        }
        let values: Vec<String> =
            argument.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
        if !values.is_empty() {
            let _ = write!(text, ": {}", values.join(", "));
        }
    }
    // What stands between pointed brackets is not HTML.
    text.replace('|', "\\|").replace('<', "\\<")
}

/// The examples as lines for a shell, and what else stands at the end of the help.
fn examples(text: &mut String, after: &str) {
    let mut lines: Vec<&str> = Vec::new();
    let mut rest: Vec<&str> = Vec::new();
    for line in after.lines().filter(|line| *line != "Examples:") {
        match line.strip_prefix("  ") {
            Some(example) => lines.push(example),
            None => rest.push(line),
        }
    }
    let _ = writeln!(text, "## Examples\n\n```sh\n{}\n```\n", lines.join("\n"));
    for line in rest.iter().filter(|line| !line.is_empty()) {
        let _ = writeln!(text, "{line}\n");
    }
}
