//! `excludes`: which parts of the target an import leaves as they are.

use std::collections::BTreeSet;

use descope_projects_core::wire::{EXCLUDES, nearest};
use serde_json::Value;

use crate::answer::ApiError;
use crate::switches::{Semantics, SnapshotExcludes, UnknownExcludes};

/// The excluded parts.
#[derive(Default)]
pub(crate) struct Excludes {
    parts: BTreeSet<Part>,
    settings: Vec<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    File(&'static str),
    Directory(&'static str),
}

impl Excludes {
    /// Reads the values; an unknown one is refused or without effect, as the switches say.
    pub(crate) fn parse(values: &[String], semantics: &Semantics, snapshot: bool) -> Result<Self, ApiError> {
        let mut excludes = Self::default();
        for (index, value) in values.iter().enumerate() {
            if !EXCLUDES.contains(&value.as_str()) {
                if semantics.unknown_excludes == UnknownExcludes::Ignore {
                    continue;
                }
                let hint = nearest(value, EXCLUDES.iter().copied()).map(|near| format!("; did you mean {near:?}?"));
                let message = format!("excludes[{index}]: there is no {value:?}{}", hint.unwrap_or_default());
                return Err(ApiError::invalid_arguments(message));
            }
            if snapshot && semantics.snapshot_excludes == SnapshotExcludes::Refuse && value != "lists" {
                let message = format!("excludes[{index}]: a snapshot import excludes only \"lists\", not {value:?}");
                return Err(ApiError::invalid_arguments(message));
            }
            match value.strip_prefix("project.") {
                Some(setting) => excludes.settings.extend(settings(setting)),
                None => excludes.parts.extend(parts(value)),
            }
        }
        Ok(excludes)
    }

    /// Whether the target keeps its version of a file, or its absence.
    pub(crate) fn covers(&self, path: &str) -> bool {
        self.parts.iter().any(|part| match part {
            Part::File(file) => path == *file,
            Part::Directory(directory) => path.starts_with(directory),
        })
    }

    /// Puts the target's single settings into the sent `project.json`.
    pub(crate) fn keep_settings(&self, sent: &mut Value, target: Option<&Value>) {
        let Some(sent) = sent.as_object_mut() else { return };
        let belongs = |name: &str| self.settings.iter().any(|setting| is_setting(name, setting));
        sent.retain(|name, _| !belongs(name));
        for (name, value) in target.and_then(Value::as_object).into_iter().flatten() {
            if belongs(name) {
                sent.insert(name.clone(), value.clone());
            }
        }
    }
}

/// A setting's own field, or the unit beside it.
fn is_setting(name: &str, setting: &str) -> bool {
    name.strip_prefix(setting).is_some_and(|rest| rest.is_empty() || rest == "Unit")
}

fn parts(value: &str) -> &'static [Part] {
    match value {
        "project" => &[Part::File("project.json")],
        "magicLink" => &[Part::File("auth/magiclink.json")],
        "enchantedLink" => &[Part::File("auth/enchantedlink.json")],
        "embeddedLink" => &[Part::File("auth/embeddedlink.json")],
        "otp" => &[Part::File("auth/otp.json")],
        "totp" => &[Part::File("auth/totp.json")],
        "sso" => &[Part::File("auth/sso.json")],
        "oauth" => &[Part::File("auth/oauth.json")],
        "webauthn" => &[Part::File("auth/webauthn.json")],
        "password" => &[Part::File("auth/password.json")],
        "styles" => &[Part::Directory("styles/")],
        "flows" => &[Part::Directory("flows/")],
        "connectors" => &[Part::Directory("connectors/")],
        "authorization" => &[Part::File("roles.json"), Part::File("permissions.json")],
        "attributes" => &[Part::File("attributes.json")],
        "ssoApps" => &[Part::File("applications.json"), Part::File("ssoapps.json")],
        "lists" => &[Part::File("lists.json")],
        _ => &[],
    }
}

/// The fields of `project.json` behind `project.<setting>`: the documents name the settings, not the fields.
fn settings(setting: &str) -> &'static [&'static str] {
    match setting {
        // A custom domain needs the application's URL, of which it is a part: they stay together.
        "domain" => &["domain", "customDomain", "appUrl"],
        "trustedDomains" => &["trustedDomains"],
        "tokenResponseMethod" => &["tokenResponseMethod", "sessionTokenResponseMethod"],
        "selfProvisioning" => &["selfProvisioning"],
        "rotateJwt" => &["rotateJwt"],
        "cookiepolicy" => &["cookiePolicy", "sessionTokenCookiePolicy", "sessionTokenCookieDomain"],
        "refreshTokenExpiration" => &["refreshTokenExpiration"],
        "stepupTokenExpiration" => &["stepupTokenExpiration"],
        "sessionTokenExpiration" => &["sessionTokenExpiration"],
        "keySessionTokenExpiration" => &["keySessionTokenExpiration"],
        "inviteUrl" => &["inviteUrl"],
        "inviteEmail" => &["inviteEmail"],
        "inviteSms" => &["inviteSms"],
        "inviteMagicLink" => &["inviteMagicLink"],
        "conformanceJwt" => &["conformanceJwt"],
        "inactivity" => &["enableInactivity", "inactivityTime"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::{EXCLUDES, parts, settings};

    #[test]
    fn every_documented_value_excludes_something() {
        for value in EXCLUDES {
            let covers_something = match value.strip_prefix("project.") {
                Some(setting) => !settings(setting).is_empty(),
                None => !parts(value).is_empty(),
            };
            assert!(covers_something, "{value}");
        }
    }
}
