//! Project ids and keys: what may be one, and what the environment says.

use secrecy::zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::secrets::Secret;

/// What identifies a client, from arguments or from the environment.
#[derive(Clone, Debug)]
pub struct Identity {
    /// `P…`
    pub project_id: String,
    /// `K…`, or a workload token.
    pub management_key: Secret,
    /// Where the API is, if the environment says.
    pub base_url: Option<String>,
}

/// The variables that hold a project id, keys and tokens; also those that no child process needs.
pub const PROJECT_ID_VARIABLE: &str = "DESCOPE_PROJECT_ID";
/// The variable that holds a management key.
pub const MANAGEMENT_KEY_VARIABLE: &str = "DESCOPE_MANAGEMENT_KEY";
/// The variables that hold a short-lived token; they win over a key.
pub const TOKEN_VARIABLES: [&str; 2] = ["WORKLOAD_IDENTITY_TOKEN", "DESCOPE_WORKLOAD_TOKEN"];
/// The variables that hold the base URL: the Python SDK's and the Go SDK's.
pub const BASE_URL_VARIABLES: [&str; 2] = ["DESCOPE_BASE_URL", "DESCOPE_BASE_URI"];

impl Identity {
    /// Reads `DESCOPE_PROJECT_ID`, a token or `DESCOPE_MANAGEMENT_KEY`, and the base URL.
    ///
    /// # Errors
    /// `ConfigurationError` names the variable that is missing, or two that contradict each other.
    pub fn from_env() -> Result<Self> {
        // What is not text is shown to be wrong by the checks; taken for unset it would be a puzzle.
        Self::from_variables(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// The same from any source of variables.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let set_secretly = |name: &str| {
            let value = Zeroizing::new(variable(name)?);
            Some(Zeroizing::new(value.trim().to_owned())).filter(|value| !value.is_empty())
        };
        let set = |name: &str| set_secretly(name).map(|value| value.as_str().to_owned());
        let project_id = set(PROJECT_ID_VARIABLE).ok_or_else(missing_project_id)?;
        let key = TOKEN_VARIABLES
            .iter()
            .copied()
            .chain([MANAGEMENT_KEY_VARIABLE])
            .find_map(|name| set_secretly(name).map(|value| (name, value)));
        let (name, key) = key.ok_or_else(missing_key)?;
        check_key(&key, name)?;
        check_project_id(&project_id, PROJECT_ID_VARIABLE)?;
        let base_url = one_base_url(set)?;
        Ok(Self { project_id, management_key: Secret::new(key.as_str()), base_url })
    }
}

/// What the two variables for the base URL say, if they agree.
pub(super) fn one_base_url(set: impl Fn(&str) -> Option<String>) -> Result<Option<String>> {
    let urls: Vec<String> = BASE_URL_VARIABLES.iter().filter_map(|name| set(name)).collect();
    if let [first, second] = urls.as_slice()
        && first.trim_end_matches('/') != second.trim_end_matches('/')
    {
        return Err(Error::configuration(
            "DESCOPE_BASE_URL and DESCOPE_BASE_URI are both set and differ: unset one, or make them equal",
        )
        .with(|details| details.path = Some(BASE_URL_VARIABLES[0].to_owned())));
    }
    Ok(urls.into_iter().next())
}

pub(super) fn missing_project_id() -> Error {
    missing(PROJECT_ID_VARIABLE, "the project's id (P…)")
}

pub(super) fn missing_key() -> Error {
    missing(MANAGEMENT_KEY_VARIABLE, "a management key (K…), or WORKLOAD_IDENTITY_TOKEN a workload token")
}

fn missing(name: &str, what: &str) -> Error {
    Error::configuration(format!("{name} is not set: it must hold {what}")).with(|details| {
        details.path = Some(name.to_owned());
        details.next = vec!["descope-projects doctor".to_owned(), "descope-projects demo".to_owned()];
    })
}

/// A project id is `P` and letters or digits; anything else would change the meaning of the bearer token.
pub fn check_project_id(project_id: &str, name: &str) -> Result<()> {
    let fine = (2..=128).contains(&project_id.len())
        && project_id.starts_with('P')
        && project_id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if fine {
        return Ok(());
    }
    let why = if project_id.is_empty() {
        "is empty; an unset variable must never mean \"my own project\"".to_owned()
    } else if project_id.starts_with('K') {
        // Not shown: it is probably a management key in the wrong place.
        "must begin with P; what is given looks like a management key".to_owned()
    } else {
        "must be a project's id: it begins with P and holds letters and digits only".to_owned()
    };
    Err(Error::configuration(format!("`{name}` {why}")).with(|details| details.path = Some(name.to_owned())))
}

/// A key is `K…`, a workload token three parts with dots. Nothing else is known of their shape.
pub fn check_key(key: &str, name: &str) -> Result<()> {
    let fine = (key.len() > 1 && key.starts_with('K')) || key.bytes().filter(|byte| *byte == b'.').count() == 2;
    let printable = key.bytes().all(|byte| byte.is_ascii_graphic());
    if fine && printable {
        return Ok(());
    }
    let why = if key.is_empty() {
        "is empty"
    } else if !printable {
        "has white space or other characters that no key has"
    } else {
        "must begin with K, or be a workload token of three parts with dots"
    };
    Err(Error::configuration(format!("`{name}` {why}")).with(|details| details.path = Some(name.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::Identity;

    fn identity(variables: &[(&str, &str)]) -> crate::Result<Identity> {
        Identity::from_variables(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_token_wins_over_a_key() -> crate::Result<()> {
        let base = [("DESCOPE_PROJECT_ID", "P2a"), ("DESCOPE_MANAGEMENT_KEY", "K2a")];
        assert_eq!(identity(&base)?.management_key.expose(), "K2a");
        for name in super::TOKEN_VARIABLES {
            let mut variables = base.to_vec();
            variables.push((name, "a.b.c"));
            assert_eq!(identity(&variables)?.management_key.expose(), "a.b.c", "{name}");
        }
        Ok(())
    }

    #[test]
    fn two_base_urls_must_agree() {
        let with = |second: &'static str| {
            identity(&[
                ("DESCOPE_PROJECT_ID", "P2a"),
                ("DESCOPE_MANAGEMENT_KEY", "K2a"),
                ("DESCOPE_BASE_URL", "https://a.example"),
                ("DESCOPE_BASE_URI", second),
            ])
        };
        assert_eq!(
            with("https://a.example/").map(|one| one.base_url).ok().flatten().as_deref(),
            Some("https://a.example")
        );
        assert!(with("https://b.example").is_err());
    }

    #[test]
    fn what_is_missing_or_misplaced_is_named_without_its_value() {
        let text = |variables: &[(&str, &str)]| match identity(variables) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        };
        assert!(text(&[]).contains("DESCOPE_PROJECT_ID"));
        assert!(text(&[("DESCOPE_PROJECT_ID", "P2a")]).contains("DESCOPE_MANAGEMENT_KEY"));
        let swapped = text(&[("DESCOPE_PROJECT_ID", "K2secret"), ("DESCOPE_MANAGEMENT_KEY", "K2secret")]);
        assert!(swapped.contains("management key") && !swapped.contains("K2secret"), "{swapped}");
    }
}
