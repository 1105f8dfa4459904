//! The examples at the end of each command's help. Every line of them runs in the tests, against the emulator.

pub(crate) const LIST: &str = "\
Examples:
  descope-projects projects list
  descope-projects projects list --json";

pub(crate) const SHOW: &str = "\
Examples:
  descope-projects projects show P2staging…";

pub(crate) const CLONE: &str = "\
Examples:
  descope-projects projects clone P2staging… --name preview-42 --tag preview
  descope-projects projects clone P2production… --name rehearsal --allow-secrets-copy";

pub(crate) const RENAME: &str = "\
Examples:
  descope-projects projects rename P2staging… \"Acme Robotics staging (old)\"";

pub(crate) const TAG: &str = "\
Examples:
  descope-projects projects tag P2staging… --add frozen --remove acme
  descope-projects projects tag P2staging… --set staging --set eu
  descope-projects projects tag P2staging… --clear";

pub(crate) const DELETE: &str = "\
Examples:
  descope-projects projects delete P2staging… --yes --project-name \"Acme Robotics staging\"";

pub(crate) const EXPORT: &str = "\
Examples:
  descope-projects snapshot export P2staging… identity/staging
  descope-projects snapshot export P2staging… staging.zip
  descope-projects snapshot export P2staging… backup --project-export --allow-secrets";

pub(crate) const IMPORT: &str = "\
Examples:
  descope-projects snapshot export P2staging… identity/staging
  descope-projects snapshot import P2staging… identity/staging --yes --project-name \"Acme Robotics staging\"";

pub(crate) const VALIDATE: &str = "\
Examples:
  descope-projects snapshot export P2staging… identity/staging
  descope-projects snapshot validate P2staging… identity/staging
  descope-projects snapshot validate P2staging… identity/staging --exclude project.domain --exclude lists";

pub(crate) const EMULATOR: &str = "\
Examples:
  descope-projects emulator
  descope-projects emulator --port 8391 --json";

pub(crate) const DEMO: &str = "\
Examples:
  descope-projects demo
  descope-projects demo --keep";

pub(crate) const DOCTOR: &str = "\
Examples:
  descope-projects doctor
  descope-projects doctor --project-id P2staging… --json

Status 0: all is well. 1: a check failed. 64: the configuration is not complete or cannot be right.";

pub(crate) const COMPLETIONS: &str = "\
Examples:
  descope-projects completions bash > descope-projects.bash
  descope-projects completions zsh > _descope-projects
  descope-projects completions fish > descope-projects.fish

bash: source the file from ~/.bashrc, or put it into ~/.local/share/bash-completion/completions/ as descope-projects.
zsh: put the file into a folder of $fpath, before compinit runs.
fish: put the file into ~/.config/fish/completions/.
powershell: source the file from $PROFILE. elvish: eval it from rc.elv.";
