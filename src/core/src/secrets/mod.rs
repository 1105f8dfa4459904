//! Values that cannot be printed, and text from which they are taken out.
//!
//! Every copy that this package makes of a secret is in one of these types, or is overwritten before it is given back.

mod bytes;
mod redactor;

use std::fmt;
use std::sync::Arc;

use secrecy::zeroize::Zeroize as _;
pub use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

pub use bytes::SecretBytes;
pub(crate) use redactor::MASK;
pub use redactor::Redactor;

/// A management key, token or input secret: no `Display`, no `Serialize`, a `Debug` that shows nothing, and memory
/// that is overwritten when the last clone is dropped. Clones share it.
#[derive(Clone)]
pub struct Secret(Arc<SecretString>);

impl Secret {
    /// Takes the value in.
    pub fn new(value: impl Into<String>) -> Self {
        let mut value = value.into();
        if value.len() == value.capacity() {
            return Self(Arc::new(SecretString::from(value)));
        }
        // To give spare room back may move the text, and would leave it where it was.
        let copy = Box::<str>::from(value.as_str());
        value.zeroize();
        Self(Arc::new(SecretString::from(copy)))
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

/// Words of this length that look like nothing else are taken for credentials.
const SHORTEST_CREDENTIAL: usize = 16;

/// Whether a text that is in the wrong place looks like a credential: then it is not repeated.
///
/// A key, a token in three parts, or a long word with digits in it. A name has spaces, separators or no digit.
pub fn looks_like_credential(text: &str) -> bool {
    let text = text.trim();
    let word = text.rsplit_once(':').map_or(text, |(_, key)| key);
    let long = word.len() >= SHORTEST_CREDENTIAL;
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'=' | b'.');
    let token = word.len() > 2 * SHORTEST_CREDENTIAL && word.split('.').count() == 3;
    let mixed = word.bytes().any(|byte| byte.is_ascii_digit()) && word.bytes().any(|byte| byte.is_ascii_alphabetic());
    long && word.bytes().all(letters) && (token || mixed && !word.contains('.'))
}

/// Whether a name that nobody knows may be repeated in a message: only what a name can be, for it may be a secret in the
/// place of a name.
pub fn may_be_a_name(text: &str) -> bool {
    const LONGEST: usize = 40;
    let letters = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b'.');
    !text.is_empty() && text.len() <= LONGEST && text.bytes().all(letters)
}

#[cfg(test)]
mod tests {
    use super::{Secret, looks_like_credential, may_be_a_name};

    #[test]
    fn a_secret_prints_nothing() {
        assert_eq!(format!("{:?}", Secret::new("K2canary")), "[secret]");
    }

    #[test]
    fn a_credential_is_told_from_a_name() {
        for credential in [
            "K2canaryCanaryCanary",
            "P2abc:K2canaryCanaryCanary",
            " K2canaryCanaryCanary\n",
            "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl",
            "ghp_0123456789abcdefghij",
        ] {
            assert!(looks_like_credential(credential), "{credential}");
            assert!(!may_be_a_name(credential), "{credential}");
        }
        for name in ["", "staging", "production-eu", "Kitchen appliances of 2024", "project.cookiepolicy", "v1.2.3"] {
            assert!(!looks_like_credential(name), "{name}");
        }
        for name in ["nmae", "inputSecrets", "max_attempts", "project.domain"] {
            assert!(may_be_a_name(name), "{name}");
        }
    }
}
