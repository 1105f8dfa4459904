//! The environment variables that belong to this program: a misspelt one is an error, never silence.

use std::ffi::OsString;

use descope_projects_core::transport::Level;
use descope_projects_core::wire::nearest;
use descope_projects_core::{Error, Result};

const PREFIX: &str = "DESCOPE_PROJECTS_";
const JSON: &str = "DESCOPE_PROJECTS_JSON";
const LOG: &str = "DESCOPE_PROJECTS_LOG";

/// Every variable with our prefix that means something. Those of the config and the state are known so that one
/// environment can be shared by several versions.
const KNOWN: [&str; 5] =
    ["DESCOPE_PROJECTS_CONFIG", "DESCOPE_PROJECTS_STATE", "DESCOPE_PROJECTS_ALLOWED_HOSTS", JSON, LOG];

/// What this version goes by.
const USED: [&str; 2] = [JSON, LOG];

/// Our variables that are set, in alphabetical order.
pub(crate) fn set() -> Vec<(String, String)> {
    let text = |text: OsString| text.to_string_lossy().into_owned();
    let mut set: Vec<(String, String)> = std::env::vars_os()
        .map(|(name, value)| (text(name), text(value)))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect();
    set.sort();
    set
}

/// Whether this version goes by it.
pub(crate) fn is_used(name: &str) -> bool {
    USED.contains(&name)
}

/// What our variables say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Variables {
    /// Whether `--json` is on.
    pub(crate) json: bool,
    /// How much is told about calls while they run.
    pub(crate) log: Log,
}

/// How much is told about calls while they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Log {
    /// Nothing.
    Off,
    /// What should be acted on.
    Warning,
    /// Repetitions, too.
    Info,
    /// Every call.
    Debug,
}

impl Log {
    /// Whether a record of this level is shown.
    pub(crate) const fn shows(self, level: Level) -> bool {
        match level {
            Level::Warning => !matches!(self, Self::Off),
            Level::Info => matches!(self, Self::Info | Self::Debug),
            Level::Debug => matches!(self, Self::Debug),
        }
    }
}

impl Variables {
    /// Reads them; `ConfigurationError` for one that nobody knows or a value that none can have.
    pub(crate) fn read(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Self> {
        let mut read = Self { json: false, log: Log::Info };
        for (name, value) in variables {
            let name = name.to_string_lossy();
            if !name.starts_with(PREFIX) {
                continue;
            }
            if !KNOWN.contains(&name.as_ref()) {
                let hint = match nearest(&name[PREFIX.len()..], KNOWN.iter().map(|known| &known[PREFIX.len()..])) {
                    Some(near) => format!("did you mean {PREFIX}{near}?"),
                    None => format!("known are {}", KNOWN.join(", ")),
                };
                return Err(wrong(&name, &format!("is not a variable of this program; {hint}")));
            }
            let value = value.to_string_lossy().to_lowercase();
            if name == JSON {
                read.json = match value.as_str() {
                    "" | "0" | "false" | "no" | "off" => false,
                    "1" | "true" | "yes" | "on" => true,
                    _ => return Err(wrong(JSON, "must be 1 or 0")),
                };
            } else if name == LOG {
                read.log = match value.as_str() {
                    "off" => Log::Off,
                    "warning" => Log::Warning,
                    "" | "info" => Log::Info,
                    "debug" => Log::Debug,
                    _ => return Err(wrong(LOG, "must be off, warning, info or debug")),
                };
            }
        }
        Ok(read)
    }
}

fn wrong(name: &str, why: &str) -> Error {
    Error::configuration(format!("{name} {why}")).with(|details| details.path = Some(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{Log, Variables};

    fn read(name: &str, value: &str) -> Result<Variables, String> {
        Variables::read([(name.into(), value.into())]).map_err(|error| error.to_string())
    }

    #[test]
    fn a_misspelt_variable_is_an_error_with_the_right_name() {
        let error = read("DESCOPE_PROJECTS_JSNO", "1").err();
        assert_eq!(
            error.as_deref(),
            Some("DESCOPE_PROJECTS_JSNO is not a variable of this program; did you mean DESCOPE_PROJECTS_JSON?")
        );
        assert!(read("DESCOPE_PROJECT_ID", "P2a").is_ok(), "the vendor's variables are not ours");
    }

    #[test]
    fn values_are_checked() {
        assert_eq!(read("DESCOPE_PROJECTS_JSON", "1").map(|read| read.json), Ok(true));
        assert_eq!(read("DESCOPE_PROJECTS_JSON", "").map(|read| read.json), Ok(false));
        assert_eq!(read("DESCOPE_PROJECTS_LOG", "DEBUG").map(|read| read.log), Ok(Log::Debug));
        assert!(read("DESCOPE_PROJECTS_JSON", "jason").is_err());
        assert!(read("DESCOPE_PROJECTS_LOG", "loud").is_err());
    }
}
