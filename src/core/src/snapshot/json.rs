//! JSON text, looked through once: whoever wants to know what is in it is told piece by piece, and nothing is built
//! or copied on the way.

use std::borrow::Cow;

use super::limits;

/// A string as it stands in the text, between its quotes.
#[derive(Clone, Copy)]
pub(super) struct Raw<'a> {
    text: &'a [u8],
    has_escapes: bool,
}

impl<'a> Raw<'a> {
    /// The text between the quotes, if that is what the string says.
    pub(super) fn plain(self) -> Option<&'a [u8]> {
        (!self.has_escapes).then_some(self.text)
    }

    /// What the string says, in UTF-8 in which a lone surrogate, which JSON can escape and UTF-8 cannot hold, is the
    /// three bytes that the same arithmetic gives (WTF-8).
    pub(super) fn decoded(self) -> Cow<'a, [u8]> {
        if self.has_escapes { Cow::Owned(super::text::unescape(self.text)) } else { Cow::Borrowed(self.text) }
    }
}

/// A value without parts.
#[derive(Clone, Copy)]
pub(super) enum Scalar<'a> {
    /// With the digits as they stand.
    Number(&'a str),
    True,
    False,
    Null,
}

/// Is told what is in a text, in order.
pub(super) trait Sink<'a> {
    fn begin_object(&mut self) {}
    /// The value comes next.
    fn key(&mut self, _: Raw<'a>) {}
    /// After the value of the last key.
    fn end_member(&mut self) {}
    fn end_object(&mut self) {}
    fn begin_array(&mut self) {}
    /// The value comes next.
    fn item(&mut self) {}
    fn end_array(&mut self) {}
    fn string(&mut self, _: Raw<'a>) {}
    fn scalar(&mut self, _: Scalar<'a>) {}
}

/// Only wants to know whether it is JSON.
struct Nobody;

impl Sink<'_> for Nobody {}

/// Where and why a text is not JSON that we take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) offset: usize,
    pub(super) reason: &'static str,
}

impl Fault {
    /// "*reason* at line L column C".
    pub(super) fn located(self, text: &[u8]) -> String {
        let before = &text[..self.offset.min(text.len())];
        let line = before.split(|byte| *byte == b'\n').count();
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        format!("{} at line {line} column {column}", self.reason)
    }
}

/// Checks that `text` is one JSON value, not nested too deeply; gives where it is without the space around it.
pub(super) fn check(text: &[u8]) -> Result<std::ops::Range<usize>, Fault> {
    walk(text, &mut Nobody)
}

/// Tells the sink what is in the text; gives where the value is without the space around it.
pub(super) fn walk<'a>(text: &'a [u8], sink: &mut impl Sink<'a>) -> Result<std::ops::Range<usize>, Fault> {
    let text =
        std::str::from_utf8(text).map_err(|error| Fault { offset: error.valid_up_to(), reason: "is not UTF-8" })?;
    let mut walker = Walker { text, bytes: text.as_bytes(), at: 0, sink };
    walker.space();
    let start = walker.at;
    walker.value(0)?;
    let end = walker.at;
    walker.space();
    if walker.at < walker.bytes.len() {
        return Err(walker.fault("is not JSON: it has something after its end"));
    }
    Ok(start..end)
}

struct Walker<'a, 's, S> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    sink: &'s mut S,
}

impl<'a, S: Sink<'a>> Walker<'a, '_, S> {
    fn fault(&self, reason: &'static str) -> Fault {
        Fault { offset: self.at, reason }
    }

    fn space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn peek(&mut self) -> Result<u8, Fault> {
        self.space();
        self.bytes.get(self.at).copied().ok_or_else(|| self.fault("is not JSON: it ends too early"))
    }

    /// Recursion is safe because `depth` has a limit.
    fn value(&mut self, depth: usize) -> Result<(), Fault> {
        match self.peek()? {
            b'{' => self.object(depth + 1),
            b'[' => self.array(depth + 1),
            b'"' => {
                let text = self.string()?;
                self.sink.string(text);
                Ok(())
            }
            b't' => self.literal("true", Scalar::True),
            b'f' => self.literal("false", Scalar::False),
            b'n' => self.literal("null", Scalar::Null),
            b'-' | b'0'..=b'9' => self.number(),
            _ => Err(self.fault("is not JSON: it has no value")),
        }
    }

    fn literal(&mut self, word: &str, value: Scalar<'a>) -> Result<(), Fault> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.fault("is not JSON: it has no value"));
        }
        self.at += word.len();
        self.sink.scalar(value);
        Ok(())
    }

    fn enter(&mut self, depth: usize) -> Result<(), Fault> {
        if depth > limits::NESTING {
            return Err(self.fault("is nested too deeply"));
        }
        self.at += 1;
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<(), Fault> {
        self.enter(depth)?;
        self.sink.begin_object();
        let mut next = self.peek()?;
        while next != b'}' {
            if next != b'"' {
                return Err(self.fault("is not JSON: it has something else where a key belongs"));
            }
            let key = self.string()?;
            if self.peek()? != b':' {
                return Err(self.fault("is not JSON: it has no colon after a key"));
            }
            self.at += 1;
            self.sink.key(key);
            self.value(depth)?;
            self.sink.end_member();
            next = self.peek()?;
            if next == b',' {
                self.at += 1;
                next = self.peek()?;
                if next == b'}' {
                    return Err(self.fault("is not JSON: it has something else where a key belongs"));
                }
            } else if next != b'}' {
                return Err(self.fault("is not JSON: it has no comma between members"));
            }
        }
        self.at += 1;
        self.sink.end_object();
        Ok(())
    }

    fn array(&mut self, depth: usize) -> Result<(), Fault> {
        self.enter(depth)?;
        self.sink.begin_array();
        let mut next = self.peek()?;
        while next != b']' {
            self.sink.item();
            self.value(depth)?;
            next = self.peek()?;
            if next == b',' {
                self.at += 1;
                next = self.peek()?;
                if next == b']' {
                    return Err(self.fault("is not JSON: it has no value"));
                }
            } else if next != b']' {
                return Err(self.fault("is not JSON: it has no comma between items"));
            }
        }
        self.at += 1;
        self.sink.end_array();
        Ok(())
    }

    fn number(&mut self) -> Result<(), Fault> {
        let start = self.at;
        if self.bytes[self.at] == b'-' {
            self.at += 1;
        }
        let first = self.bytes.get(self.at).copied();
        if self.digits()? > 1 && first == Some(b'0') {
            return Err(self.fault("is not JSON: it has a number that starts with 0"));
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        self.sink.scalar(Scalar::Number(&self.text[start..self.at]));
        Ok(())
    }

    fn digits(&mut self) -> Result<usize, Fault> {
        let count = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return Err(self.fault("is not JSON: it has a number without digits"));
        }
        self.at += count;
        Ok(count)
    }

    fn string(&mut self) -> Result<Raw<'a>, Fault> {
        self.at += 1;
        let start = self.at;
        let mut has_escapes = false;
        loop {
            self.at += first_special(&self.bytes[self.at..]);
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    let text = &self.bytes[start..self.at];
                    self.at += 1;
                    return Ok(Raw { text, has_escapes });
                }
                Some(b'\\') => {
                    has_escapes = true;
                    self.at += 1;
                    self.escape()?;
                }
                Some(_) => return Err(self.fault("is not JSON: it has a control character in a string")),
                None => return Err(self.fault("is not JSON: it ends too early")),
            }
        }
    }

    /// After the backslash.
    fn escape(&mut self) -> Result<(), Fault> {
        match self.bytes.get(self.at) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => match self.bytes.get(self.at + 1..self.at + 5) {
                Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => self.at += 5,
                _ => return Err(self.fault("is not JSON: it has a \\u escape without four digits")),
            },
            Some(_) => return Err(self.fault("is not JSON: it has an unknown escape in a string")),
            None => return Err(self.fault("is not JSON: it ends too early")),
        }
        Ok(())
    }
}

/// How many bytes come before the first quote, backslash or control character; eight at a time, because strings are
/// most of what there is.
fn first_special(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // The high bit of every byte that is zero, and perhaps of some above the lowest such one, which do not matter.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let (words, _) = bytes.as_chunks::<8>();
    for (count, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let found = zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\'))) | control;
        if found != 0 {
            return count * 8 + (found.trailing_zeros() / 8) as usize;
        }
    }
    let rest = words.len() * 8;
    let in_rest = bytes[rest..].iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
    in_rest.map_or(bytes.len(), |count| rest + count)
}
