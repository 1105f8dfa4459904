//! The documented values of `excludes`, from the vendor's "Managing Environments" guide and its SDKs.

use super::names::nearest;

/// Every value of `excludes` that the vendor documents.
pub const EXCLUDES: &[&str] = &[
    "project",
    "project.domain",
    "project.trustedDomains",
    "project.tokenResponseMethod",
    "project.selfProvisioning",
    "project.rotateJwt",
    "project.cookiepolicy",
    "project.refreshTokenExpiration",
    "project.stepupTokenExpiration",
    "project.sessionTokenExpiration",
    "project.keySessionTokenExpiration",
    "project.inviteUrl",
    "project.inviteEmail",
    "project.inviteSms",
    "project.inviteMagicLink",
    "project.conformanceJwt",
    "project.inactivity",
    "magicLink",
    "enchantedLink",
    "embeddedLink",
    "otp",
    "totp",
    "sso",
    "oauth",
    "webauthn",
    "password",
    "styles",
    "flows",
    "connectors",
    "authorization",
    "attributes",
    "ssoApps",
    "lists",
];

/// A value of `excludes` that is not documented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownExclude {
    /// Its place in the list, from 0.
    pub index: usize,
    /// The value.
    pub value: String,
    /// The documented value nearest to it.
    pub nearest: Option<&'static str>,
}

/// Finds the first value that the vendor does not document.
pub fn check_excludes<S: AsRef<str>>(values: &[S]) -> Result<(), UnknownExclude> {
    match values.iter().position(|value| !EXCLUDES.contains(&value.as_ref())) {
        None => Ok(()),
        Some(index) => {
            let value = values[index].as_ref().to_owned();
            let nearest = nearest(&value, EXCLUDES.iter().copied());
            Err(UnknownExclude { index, value, nearest })
        }
    }
}
