//! What came back, and what it means as an error.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};

use super::retry_after;
use crate::error::{Error, ErrorKind};
use crate::secrets::{MASK, Redactor};
use crate::wire::{ErrorBody, codes};

/// A whole answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The version of HTTP that it came with.
    pub(crate) version: http::Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Which attempt of the call it answers, from 1.
    pub(crate) attempt: u32,
}

/// As much of an answer that was not understood as helps to see what it is.
const PREVIEW_CHARACTERS: usize = 200;

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(crate) fn retry_after(&self, now: SystemTime) -> Option<Duration> {
        retry_after::parse(self.headers.get(RETRY_AFTER)?.to_str().ok()?, now)
    }

    pub(crate) fn request_id(&self, redactor: &Redactor) -> Option<String> {
        Some(bounded(&redactor.clean(self.headers.get("cf-ray")?.to_str().ok()?)))
    }

    fn content_type(&self) -> Option<&str> {
        self.headers.get(CONTENT_TYPE)?.to_str().ok()
    }

    /// The answer is not what the contract says.
    pub(crate) fn not_understood(&self, why: &str, redactor: &Redactor) -> Error {
        let preview = preview(&self.body, redactor);
        let shown =
            self.content_type().map(|kind| format!(" ({})", bounded(&redactor.clean(kind)))).unwrap_or_default();
        Error::new(ErrorKind::Protocol, format!("the answer with status {}{shown} {why}", self.status)).with(
            |details| {
                details.status = Some(self.status);
                details.request_id = self.request_id(redactor);
                details.preview = Some(preview);
            },
        )
    }

    /// The error that a status of 300 or more means.
    pub(crate) fn error(&self, redactor: &Redactor, now: SystemTime) -> Error {
        if (300..400).contains(&self.status) {
            let mut error = self.not_understood(
                "is a redirection, which is not followed because it would carry the management key with it",
                redactor,
            );
            let target = self.headers.get(http::header::LOCATION).and_then(|value| value.to_str().ok());
            error.details_mut().preview = target.map(|target| preview(target.as_bytes(), redactor));
            return error;
        }
        // The body may be the API's, the edge's (HTML) or nothing at all: the status is kept whatever it is.
        let body: ErrorBody = serde_json::from_slice(&self.body).unwrap_or_default();
        let clean = |text: Option<String>| text.map(|text| bounded(&cleaned(&text, redactor)));
        let (code, description, message) = (clean(body.code), clean(body.description), clean(body.message));
        let kind = match (self.status, code.as_deref()) {
            (_, Some(codes::PROJECT_NOT_FOUND)) => ErrorKind::ProjectNotFound,
            (401, _) => ErrorKind::Authentication,
            (403, _) => ErrorKind::PermissionDenied,
            (429, _) => ErrorKind::RateLimited,
            (500.., _) => ErrorKind::Server,
            _ => ErrorKind::Api,
        };
        let mut text = format!("the API answered {}", self.status);
        match (&code, &description, &message) {
            (None, None, None) if self.body.is_empty() => text.push_str(" with no body"),
            (None, None, None) => {
                let kind = self.content_type().unwrap_or("no content type");
                text.push_str(" with a body that is not the API's (");
                text.push_str(&bounded(&redactor.clean(kind)));
                text.push(')');
            }
            _ => {
                let parts: Vec<&str> =
                    [&code, &description, &message].into_iter().flatten().map(String::as_str).collect();
                text.push_str(": ");
                text.push_str(&parts.join(": "));
            }
        }
        let known = code.is_some();
        Error::new(kind, text).with(|details| {
            details.status = Some(self.status);
            details.code = code;
            details.description = description;
            details.api_message = message;
            details.request_id = self.request_id(redactor);
            details.retry_after = self.retry_after(now);
            if !known && !self.body.is_empty() {
                details.preview = Some(preview(&self.body, redactor));
            }
        })
    }
}

/// The beginning of a foreign text, of which there may be very much, without secrets.
fn cleaned(text: &str, redactor: &Redactor) -> String {
    const ENOUGH_BYTES: usize = 64 * 1024;
    if text.len() <= ENOUGH_BYTES {
        return redactor.clean(text);
    }
    let end = (0..=ENOUGH_BYTES).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    let mut clean = redactor.clean(&text[..end]);
    // The cut may have gone through a secret, which is then not found. Nobody sees the end of so long a text, unless
    // next to nothing but secrets was in it: then not even what comes behind the last that was found is shown.
    if clean.chars().count() <= LONGEST {
        clean.truncate(clean.rfind(MASK).map_or(0, |at| at + MASK.len()));
        clean.push('…');
    }
    clean
}

/// Characters of one text in an error.
const LONGEST: usize = 2_000;

/// Cut only after it was cleaned: a secret that is cut in the middle would no longer be found.
fn bounded(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(LONGEST).collect();
    cut.push('…');
    cut
}

fn preview(body: &[u8], redactor: &Redactor) -> String {
    // One byte may become three.
    const ENOUGH_BYTES: usize = 128 * 1024;
    let text = cleaned(&String::from_utf8_lossy(&body[..body.len().min(ENOUGH_BYTES)]), redactor);
    let printable: String = text
        .chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .take(PREVIEW_CHARACTERS)
        .collect();
    if text.chars().count() > PREVIEW_CHARACTERS { format!("{printable}…") } else { printable }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, cleaned};
    use crate::secrets::{MASK, Redactor, Secret};

    #[test]
    fn a_secret_that_the_end_of_a_long_text_cuts_is_not_shown() {
        let redactor = Redactor::new([Secret::new("K2canary-0123456789")]);
        // Escaped so that a kilobyte is one secret: 64 of them are shorter than what is shown.
        let escape = |one: char| format!("{}u{:04x}", "\\".repeat(48), u32::from(one));
        let escaped = "K2canary-0123456789".chars().map(escape).collect::<Vec<_>>().concat();
        let clean = cleaned(&escaped.repeat(70), &redactor);
        assert!(clean.starts_with(MASK) && clean.chars().count() < LONGEST);
        assert_eq!(clean.replace(MASK, ""), "…");
        assert_eq!(cleaned(&"é".repeat(70_000), &redactor).chars().count(), 32_768);
    }
}
