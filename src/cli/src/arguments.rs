//! The arguments, and nothing but them.
#![expect(clippy::doc_markdown, reason = "these comments are the help text of a terminal")]

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::examples;

/// Descope projects as environments: list, clone, export, validate and import them, safely.
///
/// Credentials come from the environment: DESCOPE_PROJECT_ID, and DESCOPE_MANAGEMENT_KEY or a workload token in
/// WORKLOAD_IDENTITY_TOKEN. `descope-projects demo` shows everything without an account.
#[derive(Debug, Parser)]
#[command(
    name = "descope-projects",
    bin_name = "descope-projects",
    version,
    disable_help_subcommand = true,
    arg_required_else_help = true,
    after_help = "Exit statuses: 0 done · 1 failed, nothing was written · 2 the answer is no · 3 refused by a guard · \
                  4 unknown or half-way · 64 wrong usage · 130, 143 interrupted"
)]
pub(crate) struct Arguments {
    /// Print exactly one JSON document on stdout, at the end, whatever happens
    #[arg(long, global = true, display_order = 1000)]
    json: bool,

    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List, show, clone, rename, tag and delete projects
    #[command(subcommand)]
    Projects(Projects),
    /// Export, validate and import a project's configuration
    #[command(subcommand)]
    Snapshot(Snapshot),
    /// Run a local server that behaves like the API, until Ctrl-C
    ///
    /// With --json its first line on stdout, once it accepts connections, is {"url", "project_id", "management_key",
    /// "projects"}, and there is no other.
    #[command(after_help = examples::EMULATOR)]
    Emulator(Emulator),
    /// Show the main job, narrated, on an emulator; needs no account and no network
    #[command(after_help = examples::DEMO)]
    Demo(Demo),
    /// Say what is configured and from where, and whether it works
    ///
    /// Looks, in this order, at what the arguments and the environment say, at the way to the server (name, connection,
    /// TLS, first answer, the two clocks), and at what the credential may do. It changes nothing: the server is asked for
    /// the rate-limit tier, the list of projects and one export, each once. No secret is shown.
    #[command(after_help = examples::DOCTOR)]
    Doctor(Doctor),
    /// Print a script that completes commands and flags in your shell
    #[command(after_help = examples::COMPLETIONS)]
    Completions(Completions),
}

/// `projects …`
#[derive(Debug, Subcommand)]
pub(crate) enum Projects {
    /// List the company's projects; needs a company-wide key
    #[command(after_help = examples::LIST)]
    List(List),
    /// Show one project
    #[command(after_help = examples::SHOW)]
    Show(Show),
    /// Make a new project out of one; secrets are copied, users, tenants and access keys are not
    #[command(after_help = examples::CLONE)]
    Clone(Clone),
    /// Give a project another name
    #[command(after_help = examples::RENAME)]
    Rename(Rename),
    /// Change a project's tags
    #[command(after_help = examples::TAG)]
    Tag(Tag),
    /// Delete a project for good: its id, users, tenants and keys never come back
    #[command(after_help = examples::DELETE)]
    Delete(Delete),
}

/// `snapshot …`
#[derive(Debug, Subcommand)]
pub(crate) enum Snapshot {
    /// Write a project's configuration to a directory or a .zip file
    #[command(after_help = examples::EXPORT)]
    Export(Export),
    /// Override a project's whole configuration with a snapshot; what the snapshot lacks is deleted
    #[command(after_help = examples::IMPORT)]
    Import(Import),
    /// Ask whether a snapshot could be imported; status 2 if not, changes nothing
    #[command(after_help = examples::VALIDATE)]
    Validate(Validate),
}

impl Command {
    /// Its name in the JSON document's `schema`.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Projects(Projects::List(_)) => "projects-list",
            Self::Projects(Projects::Show(_)) => "projects-show",
            Self::Projects(Projects::Clone(_)) => "projects-clone",
            Self::Projects(Projects::Rename(_)) => "projects-rename",
            Self::Projects(Projects::Tag(_)) => "projects-tag",
            Self::Projects(Projects::Delete(_)) => "projects-delete",
            Self::Snapshot(Snapshot::Export(_)) => "snapshot-export",
            Self::Snapshot(Snapshot::Import(_)) => "snapshot-import",
            Self::Snapshot(Snapshot::Validate(_)) => "snapshot-validate",
            Self::Emulator(_) => "emulator",
            Self::Demo(_) => "demo",
            Self::Doctor(_) => "doctor",
            Self::Completions(_) => "completions",
        }
    }
}

/// How the API is reached. There is no flag for the key: other users of a machine can read a program's arguments.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// Where the API is [default: DESCOPE_BASE_URL or DESCOPE_BASE_URI, else the project id's region]
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// How long one attempt may take [default: 60, and 300 for clone, delete, export and import]
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub(crate) timeout: Option<f64>,
    /// How long a connection may take to be made [default: 10]
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub(crate) connect_timeout: Option<f64>,
    /// How often a call that may be repeated is repeated [default: 3]
    #[arg(long, value_name = "COUNT")]
    pub(crate) retries: Option<u32>,
    /// Send at most this many requests per second
    #[arg(long, value_name = "COUNT", allow_negative_numbers = true)]
    pub(crate) requests_per_second: Option<f64>,
    /// Trust the certificates in this file, too
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_bundle: Option<PathBuf>,
    /// Send the key unencrypted to a host other than this machine
    #[arg(long)]
    pub(crate) allow_insecure_http: bool,
}

/// How a script says yes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Confirmation")]
pub(crate) struct Confirmation {
    /// Do not ask; needs --project-name
    #[arg(long, requires = "project_name")]
    yes: bool,
    /// The project's name, or its id where the key may not list projects
    #[arg(long, value_name = "NAME", requires = "yes")]
    pub(crate) project_name: Option<String>,
}

/// `projects list`
#[derive(Debug, Args)]
pub(crate) struct List {
    /// The project that the call is made as [default: DESCOPE_PROJECT_ID]
    #[arg(long, value_name = "PROJECT")]
    pub(crate) project_id: Option<String>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// `projects show`
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The project's id (P…)
    pub(crate) project: String,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// `projects clone`
#[derive(Debug, Args)]
pub(crate) struct Clone {
    /// The id of the project to clone (P…)
    pub(crate) project: String,
    /// The new project's name [default: the server's choice]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Make the new project a production one
    #[arg(long)]
    pub(crate) production: bool,
    /// A tag of the new project; may be repeated
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
    /// Clone a production project although its secrets are copied with it
    #[arg(long)]
    pub(crate) allow_secrets_copy: bool,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// `projects rename`
#[derive(Debug, Args)]
pub(crate) struct Rename {
    /// The project's id (P…)
    pub(crate) project: String,
    /// Its new name
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// `projects tag`
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("change").required(true).multiple(true).args(["add", "remove", "set", "clear"]))]
pub(crate) struct Tag {
    /// The project's id (P…)
    pub(crate) project: String,
    /// Add a tag; may be repeated
    #[arg(long, value_name = "TAG")]
    pub(crate) add: Vec<String>,
    /// Remove a tag; may be repeated
    #[arg(long, value_name = "TAG")]
    pub(crate) remove: Vec<String>,
    /// Have this tag and the others given by --set, and no more; may be repeated
    #[arg(long, value_name = "TAG", conflicts_with_all = ["add", "remove", "clear"])]
    pub(crate) set: Vec<String>,
    /// Have no tags
    #[arg(long, conflicts_with_all = ["add", "remove"])]
    pub(crate) clear: bool,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// `projects delete`
#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// The project's id (P…)
    pub(crate) project: String,
    #[command(flatten)]
    pub(crate) confirmation: Confirmation,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// `--format`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Assets stay inside the JSON files.
    Plain,
}

/// `snapshot export`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, clippy::struct_field_names, reason = "each is a flag of that name")]
pub(crate) struct Export {
    /// The project's id (P…)
    pub(crate) project: String,
    /// A directory, or a file that ends with .zip [default: project-<id>]
    pub(crate) destination: Option<PathBuf>,
    /// Write into a directory, or over a file, that is no snapshot; what is there and is not replaced is left alone
    #[arg(long)]
    pub(crate) force: bool,
    /// Leave assets inside the JSON files
    #[arg(long)]
    pub(crate) format: Option<Format>,
    /// Survive a loss of power: everything reaches the disk before the command ends
    #[arg(long)]
    pub(crate) durable: bool,
    /// Make the other export, a backup that may hold secrets; needs --allow-secrets
    #[arg(long, requires = "allow_secrets")]
    pub(crate) project_export: bool,
    /// Write secrets to the disk, for your own eyes only (mode 0600)
    #[arg(long)]
    pub(crate) allow_secrets: bool,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// What goes with the files of an import or a validation.
#[derive(Debug, Args)]
pub(crate) struct With {
    /// An area of the target that stays as it is; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) exclude: Vec<String>,
    /// A file with secrets, as the vendor's command line writes it
    #[arg(long, value_name = "FILE")]
    pub(crate) secrets: Option<PathBuf>,
    /// Send values of --exclude that the vendor does not document
    #[arg(long)]
    pub(crate) allow_unknown_excludes: bool,
    /// Send a part of a snapshot as if it were whole: an import deletes the rest
    #[arg(long)]
    pub(crate) allow_partial: bool,
}

/// `snapshot import`
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The id of the project that is overridden (P…)
    pub(crate) project: String,
    /// The snapshot: a directory or a .zip file
    pub(crate) source: PathBuf,
    #[command(flatten)]
    pub(crate) with: With,
    /// Import without asking first whether it could be imported
    #[arg(long)]
    pub(crate) skip_validation: bool,
    #[command(flatten)]
    pub(crate) confirmation: Confirmation,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// `snapshot validate`
#[derive(Debug, Args)]
pub(crate) struct Validate {
    /// The id of the project that it would be imported into (P…)
    pub(crate) project: String,
    /// The snapshot: a directory or a .zip file
    pub(crate) source: PathBuf,
    #[command(flatten)]
    pub(crate) with: With,
    /// If secrets are missing, write a file to be filled in and passed as --secrets
    #[arg(long, value_name = "FILE")]
    pub(crate) missing_secrets_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// `emulator`
#[derive(Debug, Args)]
pub(crate) struct Emulator {
    /// The port; 0 takes any free one
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// The address to listen on
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    pub(crate) host: IpAddr,
    /// Allow an address that other machines can reach
    #[arg(long)]
    pub(crate) allow_remote: bool,
    /// A JSON file with what the emulator starts with [default: the company of the demo]
    #[arg(long, value_name = "FILE")]
    pub(crate) seed: Option<PathBuf>,
    /// A directory in which projects, secrets, keys and started clones outlive the emulator; the seed is used only if
    /// there is no state in it yet [default: everything is in memory]
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
}

/// `demo`
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Leave the emulator running until Ctrl-C, and say how to use it
    #[arg(long)]
    pub(crate) keep: bool,
}

/// `doctor`
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The project that the calls are made as [default: DESCOPE_PROJECT_ID]
    #[arg(long, value_name = "PROJECT")]
    pub(crate) project_id: Option<String>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// `completions`
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell that shall run it
    pub(crate) shell: Shell,
}
