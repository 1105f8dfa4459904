//! Takes known secrets out of text that came from elsewhere: a server that echoes what it was sent, a library's errors.

use std::fmt;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::zeroize::Zeroizing;

use super::Secret;

/// Knows values that must not be shown.
///
/// Most are never asked for anything, so what it takes to look for a value is made when a text is cleaned first.
#[derive(Clone, Default)]
pub struct Redactor {
    known: Vec<Secret>,
    more: Vec<Arc<Source>>,
    patterns: OnceLock<Patterns>,
}

/// The values, and what base64 and hexadecimal digits make of them wherever they stand in what was encoded.
#[derive(Clone)]
struct Patterns {
    /// A longer value may contain a shorter one and goes first, or its rest would stay behind.
    longest_first: Vec<Secret>,
    /// Those that may begin with a byte, for each byte: a text is passed once, however many there are.
    by_first: Vec<Vec<usize>>,
    any_with_backslash: bool,
}

/// Finds more values when they are needed.
type Source = dyn Fn() -> Vec<Secret> + Send + Sync;

/// Shorter values would match ordinary words and make a message unreadable without protecting anything.
const SHORTEST: usize = 6;
/// What is shown in the place of a value.
pub(crate) const MASK: &str = "[secret]";
/// What an escaped character begins with.
const ESCAPES: [u8; 3] = *b"\\%&";

impl Redactor {
    /// A redactor that knows these values.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        Self { known: secrets.into_iter().collect(), ..Self::default() }
    }

    /// The same, knowing also what this finds once there is a text to be cleaned.
    #[must_use]
    pub fn and_from(mut self, more: impl Fn() -> Vec<Secret> + Send + Sync + 'static) -> Self {
        self.more.push(Arc::new(more));
        self.patterns = OnceLock::new();
        self
    }

    /// The text without the values, each character of them in either case and in any form that JSON, a URL or HTML may
    /// give it.
    pub fn clean(&self, text: &str) -> String {
        self.patterns.get_or_init(|| self.find_patterns()).without(text)
    }

    fn find_patterns(&self) -> Patterns {
        let found = self.more.iter().flat_map(|more| more());
        let mut patterns = Vec::new();
        for secret in self.known.iter().cloned().chain(found) {
            if secret.expose().len() >= SHORTEST {
                patterns.extend(in_base64(secret.expose()));
                patterns.push(in_hexadecimal(secret.expose()));
                patterns.push(secret);
            }
        }
        Patterns::new(patterns)
    }
}

impl Patterns {
    fn new(mut patterns: Vec<Secret>) -> Self {
        patterns.sort_by(|one, other| {
            let (one, other) = (one.expose(), other.expose());
            other.len().cmp(&one.len()).then_with(|| one.cmp(other))
        });
        patterns.dedup_by(|one, other| one.expose() == other.expose());
        let mut by_first = vec![Vec::new(); 256];
        for (index, pattern) in patterns.iter().enumerate() {
            let first = pattern.expose().as_bytes()[0];
            let mut bytes = vec![first.to_ascii_lowercase(), first.to_ascii_uppercase()];
            bytes.extend(ESCAPES);
            bytes.sort_unstable();
            bytes.dedup();
            for byte in bytes {
                by_first[usize::from(byte)].push(index);
            }
        }
        let any_with_backslash = patterns.iter().any(|pattern| pattern.expose().starts_with('\\'));
        Self { longest_first: patterns, by_first, any_with_backslash }
    }

    fn without(&self, text: &str) -> String {
        let bytes = text.as_bytes();
        let mut clean = String::new();
        let (mut copied, mut at) = (0, 0);
        while at < bytes.len() {
            let candidates = &self.by_first[usize::from(bytes[at])];
            let end = candidates.iter().find_map(|index| match_at(bytes, at, self.longest_first[*index].expose()));
            if let Some(end) = end {
                // A match begins and ends where a character does, for both are valid text.
                clean.push_str(&text[copied..at]);
                clean.push_str(MASK);
                copied = end;
                at = end;
            } else if bytes[at] == b'\\' && !self.any_with_backslash {
                // What does not begin with the run of them begins behind it.
                at += bytes[at..].iter().take_while(|byte| **byte == b'\\').count();
            } else {
                at += 1;
            }
        }
        clean.push_str(&text[copied..]);
        clean
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Redactor({} values)", self.known.len())
    }
}

/// Three bytes become four letters, so a value looks different behind 0, 1 and 2 other bytes. Letters that it shares with
/// its neighbours are left out.
fn in_base64(value: &str) -> impl Iterator<Item = Secret> {
    (0..3_usize).flat_map(move |before| {
        let mut bytes = Zeroizing::new(Vec::with_capacity(before + value.len()));
        bytes.resize(before, 0);
        bytes.extend_from_slice(value.as_bytes());
        let first = (before * 4).div_ceil(3);
        let last = bytes.len() * 8 / 6;
        [STANDARD_NO_PAD.encode(&*bytes), URL_SAFE_NO_PAD.encode(&*bytes)]
            .into_iter()
            .map(Zeroizing::new)
            .filter_map(move |text| text.get(first..last).map(Secret::new))
            .filter(|pattern| pattern.expose().len() >= SHORTEST)
    })
}

fn in_hexadecimal(value: &str) -> Secret {
    let mut digits = String::with_capacity(value.len() * 2);
    for byte in value.bytes() {
        for half in [byte >> 4, byte & 15] {
            digits.extend(char::from_digit(half.into(), 16));
        }
    }
    Secret::new(digits)
}

/// Where the value ends if it begins at `at`: at the last of the places where it may, for a form may be a longer one's
/// beginning (`&` and `&amp;`).
fn match_at(text: &[u8], at: usize, value: &str) -> Option<usize> {
    // Nearly every place ends here.
    ends(text, at, value.chars().next()?).next()?;
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

/// JSON in JSON doubles them: this is six levels. A page of nothing else must not take for ever to be searched.
const MOST_BACKSLASHES: usize = 64;

/// Where one character may end, in plain or escaped: by backslashes (JSON, and JSON in JSON), percent signs or an entity.
fn ends(text: &[u8], at: usize, wanted: char) -> impl Iterator<Item = usize> {
    let escaped = match text.get(at) {
        Some(b'\\') => {
            let run = text[at..].iter().take(MOST_BACKSLASHES).take_while(|byte| **byte == b'\\').count();
            let letter = if wanted == '\\' { Some(at + run) } else { plain(text, at + run, wanted) };
            unicode_escape(text, at + run, wanted).or(letter)
        }
        Some(b'%') => percent_escape(text, at, wanted),
        Some(b'&') => entity(text, at, wanted),
        _ => None,
    };
    plain(text, at, wanted).into_iter().chain(escaped)
}

/// In either case: a host name, for one, is shown in lower case whatever it was.
fn plain(text: &[u8], at: usize, wanted: char) -> Option<usize> {
    let mut bytes = [0; 4];
    let encoded = wanted.encode_utf8(&mut bytes).as_bytes();
    let end = at + encoded.len();
    text.get(at..end)?.eq_ignore_ascii_case(encoded).then_some(end)
}

/// `at` is behind the backslash. A character that needs two of them has another backslash between.
fn unicode_escape(text: &[u8], at: usize, wanted: char) -> Option<usize> {
    let mut units = [0; 2];
    let mut place = at;
    for (index, unit) in wanted.encode_utf16(&mut units).iter().enumerate() {
        if index > 0 {
            place += text.get(place..)?.iter().take(MOST_BACKSLASHES).take_while(|byte| **byte == b'\\').count();
        }
        let digits = text.get(place..place + 5)?.strip_prefix(b"u")?;
        if u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()? != *unit {
            return None;
        }
        place += 5;
    }
    Some(place)
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
            "k2CAN\"ARY/+\\&",
            "4b3263616e226172792f2b5c26",
            "4B3263616E226172792F2B5C26",
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
    fn characters_beyond_the_first_plane_are_found_escaped() {
        let redactor = Redactor::new([Secret::new("pässwörd🔑")]);
        for form in ["pässwörd🔑", r"p\u00e4ssw\u00f6rd\ud83d\udd11", "p%C3%A4ssw%c3%b6rd%F0%9F%94%91"] {
            assert_eq!(redactor.clean(&format!("<{form}>")), "<[secret]>", "{form}");
        }
    }

    #[test]
    fn values_that_are_found_later_are_looked_for_only_when_a_text_is_cleaned() {
        use std::sync::Arc;
        use std::sync::atomic::{AtomicUsize, Ordering};
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let redactor = Redactor::new([]).and_from(move || {
            count.fetch_add(1, Ordering::Relaxed);
            vec![Secret::new(KEY)]
        });
        assert_eq!(asked.load(Ordering::Relaxed), 0);
        for _ in 0..2 {
            assert_eq!(redactor.clean(KEY), "[secret]");
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_page_of_backslashes_is_searched_in_no_time() {
        let redactor = Redactor::new([Secret::new(KEY)]);
        let page = "\\".repeat(1024 * 1024);
        assert_eq!(redactor.clean(&page), page);
    }

    #[test]
    fn other_text_stays() {
        let redactor = Redactor::new([Secret::new(KEY), Secret::new("short")]);
        for text in ["", "K2can", r#"K2can\"ary"#, "&&&;;;%%%\\\\", "short", "äöü K2can\"ary/-"] {
            assert_eq!(redactor.clean(text), text);
        }
    }
}
