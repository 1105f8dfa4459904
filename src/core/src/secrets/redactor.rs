//! Takes known secrets out of text that came from elsewhere: a server that echoes what it was sent, a library's errors.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::Secret;

/// Knows values that must not be shown.
#[derive(Clone, Default)]
pub struct Redactor {
    /// The values, and what base64 makes of them wherever they stand in what was encoded.
    patterns: Vec<Secret>,
}

/// Shorter values would match ordinary words and make a message unreadable without protecting anything.
const SHORTEST: usize = 6;
/// What is shown in the place of a value.
pub(crate) const MASK: &str = "[secret]";

impl Redactor {
    /// A redactor that knows these values.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let mut patterns = Vec::new();
        for secret in secrets {
            if secret.expose().len() >= SHORTEST {
                patterns.extend(in_base64(secret.expose()));
                patterns.push(secret);
            }
        }
        // A longer value may contain a shorter one: it goes first, or its rest would stay behind.
        patterns.sort_by_key(|pattern: &Secret| std::cmp::Reverse(pattern.expose().len()));
        Self { patterns }
    }

    /// The text without the values, each character of them in any form that JSON, a URL or HTML may give it.
    pub fn clean(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for pattern in &self.patterns {
            if let Some(cleaner) = without(&clean, pattern.expose()) {
                clean = cleaner;
            }
        }
        clean
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Redactor({} patterns)", self.patterns.len())
    }
}

/// Three bytes become four letters, so a value looks different behind 0, 1 and 2 other bytes. Letters that it shares with
/// its neighbours are left out.
fn in_base64(value: &str) -> impl Iterator<Item = Secret> {
    (0..3_usize).flat_map(move |before| {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(value.as_bytes());
        let first = (before * 4).div_ceil(3);
        let last = bytes.len() * 8 / 6;
        [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)]
            .into_iter()
            .filter_map(move |text| text.get(first..last).map(Secret::new))
            .filter(|pattern| pattern.expose().len() >= SHORTEST)
    })
}

/// The text without the value, or nothing if the value is not in it.
fn without(text: &str, value: &str) -> Option<String> {
    let mut clean = String::new();
    let mut copied = 0;
    let mut at = 0;
    let first = value.as_bytes().first().copied();
    while at < text.len() {
        let byte = text.as_bytes()[at];
        // Most characters neither begin the value nor an escape, and pages are long.
        if Some(byte) != first && !matches!(byte, b'\\' | b'%' | b'&') {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        } else if let Some(end) = match_at(text.as_bytes(), at, value) {
            // A match ends where a character does, for both are valid text.
            clean.push_str(&text[copied..at]);
            clean.push_str(MASK);
            copied = end;
            at = end;
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    (copied > 0).then(|| {
        clean.push_str(&text[copied..]);
        clean
    })
}

/// Where the value ends if it begins at `at`: at the last of the places where it may, for a form may be a longer one's
/// beginning (`&` and `&amp;`).
fn match_at(text: &[u8], at: usize, value: &str) -> Option<usize> {
    let mut places = vec![at];
    for wanted in value.chars() {
        let mut ends: Vec<usize> = places.iter().flat_map(|place| ends(text, *place, wanted)).collect();
        ends.dedup();
        if ends.is_empty() {
            return None;
        }
        places = ends;
    }
    places.into_iter().max()
}

/// Where one character may end, in plain or escaped: by backslashes (JSON, and JSON in JSON), percent signs or an entity.
fn ends(text: &[u8], at: usize, wanted: char) -> impl Iterator<Item = usize> {
    let escaped = match text.get(at) {
        Some(b'\\') => {
            let run = text[at..].iter().take_while(|byte| **byte == b'\\').count();
            let letter = if wanted == '\\' { Some(at + run) } else { plain(text, at + run, wanted) };
            unicode_escape(text, at + run, wanted).or(letter)
        }
        Some(b'%') => percent_escape(text, at, wanted),
        Some(b'&') => entity(text, at, wanted),
        _ => None,
    };
    plain(text, at, wanted).into_iter().chain(escaped)
}

fn plain(text: &[u8], at: usize, wanted: char) -> Option<usize> {
    let mut bytes = [0; 4];
    let encoded = wanted.encode_utf8(&mut bytes).as_bytes();
    text.get(at..)?.starts_with(encoded).then_some(at + encoded.len())
}

fn unicode_escape(text: &[u8], at: usize, wanted: char) -> Option<usize> {
    let digits = text.get(at..at + 5)?.strip_prefix(b"u")?;
    let code = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    (code == u32::from(wanted)).then_some(at + 5)
}

fn percent_escape(text: &[u8], at: usize, wanted: char) -> Option<usize> {
    let mut bytes = [0; 4];
    let mut place = at;
    for byte in wanted.encode_utf8(&mut bytes).bytes() {
        let digits = text.get(place..place + 3)?.strip_prefix(b"%")?;
        if u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()? != byte {
            return None;
        }
        place += 3;
    }
    Some(place)
}

fn entity(text: &[u8], at: usize, wanted: char) -> Option<usize> {
    const LONGEST: usize = 10;
    let end = text[at..].iter().take(LONGEST).position(|byte| *byte == b';')? + at;
    let name = std::str::from_utf8(&text[at + 1..end]).ok()?;
    let meant = match name {
        "quot" => '"',
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    (meant == wanted).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::super::Secret;
    use super::Redactor;

    const KEY: &str = "K2can\"ary/+\\&";

    #[test]
    fn known_values_are_taken_out_in_every_form() {
        let redactor = Redactor::new([Secret::new(KEY)]);
        let forms = [
            KEY,
            r#"K2can\"ary/+\\&"#,
            r#"K2can\\\"ary\/+\\\\&"#,
            r"K2can\u0022ary\u002f+\u005c&",
            "K2can%22ary%2F%2B%5C%26",
            "K2can%22ary%2f%2b%5c%26",
            r"K2can&quot;ary/+\&amp;",
            r"K2can&#34;ary&#x2F;+\&#38;",
        ];
        for form in forms {
            assert_eq!(redactor.clean(&format!("before {form} after")), "before [secret] after", "{form}");
        }
    }

    #[test]
    fn base64_is_found_wherever_the_value_stands_in_what_was_encoded() {
        use base64::Engine as _;
        use base64::engine::general_purpose::{STANDARD, URL_SAFE};
        let redactor = Redactor::new([Secret::new(KEY)]);
        for before in ["", "a", "ab", "abc", "Bearer P2a:"] {
            for after in ["", "x", "xy", "xyz"] {
                let whole = format!("{before}{KEY}{after}");
                for encoded in [STANDARD.encode(&whole), URL_SAFE.encode(&whole)] {
                    assert!(redactor.clean(&encoded).contains("[secret]"), "{before} {after}");
                }
            }
        }
    }

    #[test]
    fn other_text_stays() {
        let redactor = Redactor::new([Secret::new(KEY), Secret::new("short")]);
        for text in ["", "K2can", r#"K2can\"ary"#, "&&&;;;%%%\\\\", "short", "äöü K2can\"ary/-"] {
            assert_eq!(redactor.clean(text), text);
        }
    }
}
