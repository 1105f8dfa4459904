//! Values that cannot be printed, and text from which they are taken out.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

/// A management key, token or input secret: no `Display`, no `Serialize`, a `Debug` that shows nothing, and memory
/// that is overwritten when it is dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes the value in.
    pub fn new(value: impl Into<String>) -> Self {
        Self(SecretString::from(value.into()))
    }

    /// The value, for the few places that must send or compare it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[secret]")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// Takes secrets out of text that came from elsewhere: a server that echoes what it was sent, a library's error chain.
#[derive(Clone, Default)]
pub struct Redactor(Vec<Secret>);

/// Shorter values would match ordinary words and make a message unreadable without protecting anything.
const SHORTEST: usize = 6;

impl Redactor {
    /// A redactor that knows these values.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let mut secrets: Vec<Secret> = secrets.into_iter().filter(|secret| secret.expose().len() >= SHORTEST).collect();
        // A longer value may contain a shorter one: it goes first, or its rest would stay behind.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
        Self(secrets)
    }

    /// The text with each known value replaced, in plain and as it looks inside JSON, a URL or base64.
    pub fn clean(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for secret in &self.0 {
            for form in forms(secret.expose()) {
                if clean.contains(form.as_str()) {
                    clean = clean.replace(form.as_str(), "[secret]");
                }
            }
        }
        clean
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Redactor({} values)", self.0.len())
    }
}

fn forms(value: &str) -> Vec<String> {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    let mut forms = vec![value.to_owned()];
    let json = serde_json::Value::from(value).to_string();
    forms.push(json[1..json.len() - 1].to_owned());
    forms.push(percent_encoded(value));
    forms.push(STANDARD.encode(value));
    forms.push(URL_SAFE_NO_PAD.encode(value));
    forms.dedup();
    forms
}

fn percent_encoded(value: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Redactor, Secret};

    #[test]
    fn a_secret_prints_nothing() {
        assert_eq!(format!("{:?}", Secret::new("K2canary")), "[secret]");
    }

    #[test]
    fn known_values_are_taken_out_in_every_form() {
        let redactor = Redactor::new([Secret::new("K2can\"ary/+")]);
        for text in ["K2can\"ary/+", "K2can\\\"ary/+", "K2can%22ary%2F%2B", "SzJjYW4iYXJ5Lys="] {
            let clean = redactor.clean(&format!("before {text} after"));
            assert_eq!(clean, "before [secret] after", "{text}");
        }
    }
}
