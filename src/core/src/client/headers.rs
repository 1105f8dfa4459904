//! The headers of every request of a client, and which of a user's own may be credentials.

use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};

use super::{ClientOptions, VERSION};
use crate::error::{Error, Result};
use crate::secrets::{Secret, SecretBytes, looks_like_credential};

/// The headers that a user may not set: they carry identity, or the shape of the message.
const OURS: [&str; 7] = [
    "authorization",
    "content-type",
    "content-length",
    "host",
    "x-descope-project-id",
    "x-descope-license",
    "transfer-encoding",
];

pub(super) fn base(options: &ClientOptions) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    let agent = options.user_agent.clone().unwrap_or_else(|| format!("descope-projects/{VERSION}"));
    let wrong = |path: String, why: &str| {
        Error::configuration(format!("`{path}`: {why}")).with(|details| details.path = Some(path))
    };
    let agent = HeaderValue::from_str(&agent)
        .map_err(|_| wrong("user_agent".to_owned(), "has characters that no header has"))?;
    headers.insert(USER_AGENT, agent);
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(HeaderName::from_static("x-descope-sdk-name"), HeaderValue::from_static("descope-projects"));
    headers.insert(HeaderName::from_static("x-descope-sdk-version"), HeaderValue::from_static(VERSION));
    for (name, value) in options.headers.iter().flatten() {
        // What is no header's name, or looks like a value, is rather a value in the place of a name.
        let named = HeaderName::from_bytes(name.as_bytes()).ok().filter(|_| !looks_like_credential(name));
        let path = if named.is_some() { format!("headers.{name}") } else { "headers".to_owned() };
        let header = named.ok_or_else(|| wrong(path.clone(), "has a name that is not the name of a header"))?;
        if OURS.contains(&header.as_str()) {
            return Err(wrong(path, "is set by the client and cannot be chosen"));
        }
        let value = SecretBytes::of(&[value.expose()])
            .into_header()
            .map_err(|_| wrong(path, "has characters that no header has"))?;
        headers.insert(header, value);
    }
    Ok(headers)
}

/// Values that may be credentials, by the header's name or by what they look like.
pub(super) fn secrets(options: &ClientOptions) -> Vec<Secret> {
    const SUSPICIOUS: [&str; 9] = ["auth", "token", "key", "secret", "cookie", "pass", "session", "sign", "cred"];
    const SCHEMES: [&str; 5] = ["basic", "bearer", "digest", "negotiate", "token"];
    let suspicious = |name: &str| SUSPICIOUS.iter().any(|word| name.to_ascii_lowercase().contains(word));
    let mut secrets = Vec::new();
    for (name, value) in options.headers.iter().flatten() {
        if suspicious(name) {
            secrets.push(value.clone());
            // `Bearer abc` is shown neither whole nor as `abc`; the word `Bearer` is everybody's.
            let words = value.expose().split_whitespace();
            secrets
                .extend(words.filter(|word| !SCHEMES.contains(&word.to_ascii_lowercase().as_str())).map(Secret::new));
        } else {
            secrets
                .extend(value.expose().split_whitespace().filter(|word| looks_like_credential(word)).map(Secret::new));
        }
    }
    secrets
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{ClientOptions, Secret, secrets};

    #[test]
    fn a_credential_is_seen_by_its_name_or_by_its_looks() {
        let found = |name: &str, value: &str| {
            let headers = Some(BTreeMap::from([(name.to_owned(), Secret::new(value))]));
            let found = secrets(&ClientOptions { headers, ..ClientOptions::default() });
            found.iter().map(|secret| secret.expose().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(found("X-Api-Key", "abc"), ["abc", "abc"]);
        assert_eq!(found("Proxy-Authorization", "Basic abc def"), ["Basic abc def", "abc", "def"]);
        assert_eq!(found("X-Anything", "id 0123456789abcdef0123"), ["0123456789abcdef0123"]);
        assert!(found("X-Environment", "production").is_empty());
    }
}
