//! JSON text as a tree of slices: numbers keep their digits, strings keep lone surrogates, nothing is copied that need
//! not be.

use std::borrow::Cow;

use super::limits;

/// One value. Strings are decoded to UTF-8 in which a lone surrogate, which JSON can escape and UTF-8 cannot hold, is
/// the three bytes that the same arithmetic gives (WTF-8).
#[derive(Clone, Debug)]
pub(super) enum Node<'a> {
    Object(Vec<(Text<'a>, Self)>),
    Array(Vec<Self>),
    String(Text<'a>),
    Number(&'a str),
    True,
    False,
    Null,
}

/// A decoded string, see [`Node`].
pub(super) type Text<'a> = Cow<'a, [u8]>;

/// Where and why the text is not JSON that we take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) offset: usize,
    pub(super) reason: &'static str,
}

impl Fault {
    /// "*reason* at line L, column C".
    pub(super) fn located(self, text: &[u8]) -> String {
        let before = &text[..self.offset.min(text.len())];
        let line = before.split(|byte| *byte == b'\n').count();
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        format!("{} at line {line}, column {column}", self.reason)
    }
}

impl<'a> Node<'a> {
    /// Parses a whole text.
    pub(super) fn parse(text: &'a [u8]) -> Result<Self, Fault> {
        let text =
            std::str::from_utf8(text).map_err(|error| Fault { offset: error.valid_up_to(), reason: "is not UTF-8" })?;
        let mut parser = Parser { text, bytes: text.as_bytes(), at: 0 };
        let node = parser.value(0)?;
        parser.space();
        if parser.at < parser.bytes.len() {
            return Err(parser.fault("has something after its end"));
        }
        Ok(node)
    }

    /// The value of a key; the last one if it is there twice, as every JSON parser has it.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => {
                members.iter().rev().find(|(name, _)| name.as_ref() == key.as_bytes()).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// The string, if it is one that UTF-8 can hold.
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => std::str::from_utf8(text).ok(),
            _ => None,
        }
    }

    /// The members, empty for anything else.
    pub(super) fn members(&self) -> &[(Text<'a>, Self)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    /// The items, empty for anything else.
    pub(super) fn items(&self) -> &[Self] {
        match self {
            Self::Array(items) => items,
            _ => &[],
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Parser<'a> {
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
        self.bytes.get(self.at).copied().ok_or_else(|| self.fault("ends too early"))
    }

    fn literal(&mut self, word: &str, node: Node<'a>) -> Result<Node<'a>, Fault> {
        if self.bytes[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(node)
        } else {
            Err(self.fault("is not JSON"))
        }
    }

    /// Recursion is safe because `depth` has a limit.
    fn value(&mut self, depth: usize) -> Result<Node<'a>, Fault> {
        match self.peek()? {
            b'{' => self.object(depth + 1),
            b'[' => self.array(depth + 1),
            b'"' => self.string().map(Node::String),
            b't' => self.literal("true", Node::True),
            b'f' => self.literal("false", Node::False),
            b'n' => self.literal("null", Node::Null),
            b'-' | b'0'..=b'9' => self.number(),
            _ => Err(self.fault("is not JSON")),
        }
    }

    fn enter(&mut self, depth: usize) -> Result<(), Fault> {
        if depth > limits::NESTING {
            return Err(self.fault("is nested too deeply"));
        }
        self.at += 1;
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<Node<'a>, Fault> {
        self.enter(depth)?;
        let mut members = Vec::new();
        if self.peek()? == b'}' {
            self.at += 1;
            return Ok(Node::Object(members));
        }
        loop {
            if self.peek()? != b'"' {
                return Err(self.fault("has something else where a key belongs"));
            }
            let key = self.string()?;
            if self.peek()? != b':' {
                return Err(self.fault("has no colon after a key"));
            }
            self.at += 1;
            let value = self.value(depth)?;
            members.push((key, value));
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return Ok(Node::Object(members));
                }
                _ => return Err(self.fault("has no comma between members")),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Node<'a>, Fault> {
        self.enter(depth)?;
        let mut items = Vec::new();
        if self.peek()? == b']' {
            self.at += 1;
            return Ok(Node::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            match self.peek()? {
                b',' => self.at += 1,
                b']' => {
                    self.at += 1;
                    return Ok(Node::Array(items));
                }
                _ => return Err(self.fault("has no comma between items")),
            }
        }
    }

    fn number(&mut self) -> Result<Node<'a>, Fault> {
        let start = self.at;
        if self.bytes[self.at] == b'-' {
            self.at += 1;
        }
        let first = self.bytes.get(self.at).copied();
        if self.digits()? > 1 && first == Some(b'0') {
            return Err(self.fault("has a number that starts with 0"));
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
        Ok(Node::Number(&self.text[start..self.at]))
    }

    fn digits(&mut self) -> Result<usize, Fault> {
        let count = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return Err(self.fault("has a number without digits"));
        }
        self.at += count;
        Ok(count)
    }

    fn string(&mut self) -> Result<Text<'a>, Fault> {
        self.at += 1;
        let start = self.at;
        self.plain()?;
        if self.bytes[self.at] == b'"' {
            let text = &self.bytes[start..self.at];
            self.at += 1;
            return Ok(Cow::Borrowed(text));
        }
        let mut text = self.bytes[start..self.at].to_vec();
        loop {
            if self.bytes[self.at] == b'"' {
                self.at += 1;
                return Ok(Cow::Owned(text));
            }
            self.at += 1;
            self.escape(&mut text)?;
            let start = self.at;
            self.plain()?;
            text.extend_from_slice(&self.bytes[start..self.at]);
        }
    }

    /// Moves on to the next quote or backslash.
    fn plain(&mut self) -> Result<(), Fault> {
        match self.bytes[self.at..].iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)) {
            None => {
                self.at = self.bytes.len();
                Err(self.fault("ends too early"))
            }
            Some(count) => {
                self.at += count;
                if self.bytes[self.at] < 0x20 { Err(self.fault("has a control character in a string")) } else { Ok(()) }
            }
        }
    }

    /// After the backslash.
    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), Fault> {
        let byte = self.bytes.get(self.at).copied().ok_or_else(|| self.fault("ends too early"))?;
        self.at += 1;
        text.push(match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let unit = self.unit()?;
                self.unicode(unit, text)?;
                return Ok(());
            }
            _ => {
                self.at -= 1;
                return Err(self.fault("has an unknown escape in a string"));
            }
        });
        Ok(())
    }

    fn unicode(&mut self, unit: u32, text: &mut Vec<u8>) -> Result<(), Fault> {
        if matches!(unit, 0xd800..=0xdbff) && self.bytes[self.at..].starts_with(b"\\u") {
            let back = self.at;
            self.at += 2;
            let low = self.unit()?;
            if matches!(low, 0xdc00..=0xdfff) {
                push_code_point(text, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
                return Ok(());
            }
            self.at = back;
        }
        push_code_point(text, unit);
        Ok(())
    }

    fn unit(&mut self) -> Result<u32, Fault> {
        let digits =
            self.text.get(self.at..self.at + 4).filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let unit = unit.ok_or_else(|| self.fault("has a \\u escape without four digits"))?;
        self.at += 4;
        Ok(unit)
    }
}

fn push_code_point(text: &mut Vec<u8>, code: u32) {
    if let Some(character) = char::from_u32(code) {
        text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    } else {
        // A lone surrogate: three bytes by UTF-8's own arithmetic.
        for (shift, mark, mask) in [(12, 0xe0, 0x0f), (6, 0x80, 0x3f), (0, 0x80, 0x3f)] {
            text.push(u8::try_from((code >> shift) & mask).unwrap_or_default() | mark);
        }
    }
}

/// Checks the depth of text that is JSON already, without building anything.
pub(super) fn check_depth(text: &[u8]) -> Result<(), Fault> {
    // Fewer brackets than levels is the common case for small files, and most of the cost is in the others' strings.
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'"' => {
                at += 1;
                while let Some(byte) = text.get(at) {
                    match byte {
                        b'"' => break,
                        b'\\' => at += 2,
                        _ => at += 1,
                    }
                }
            }
            b'{' | b'[' => {
                depth += 1;
                if depth > limits::NESTING {
                    return Err(Fault { offset: at, reason: "is nested too deeply" });
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

/// A string as JSON text, with the escapes that JSON demands and no others.
pub(super) fn quote(text: &[u8], out: &mut Vec<u8>) {
    write_string(text, out, false);
}

/// A string as JSON text. `for_html` adds the escapes of Go's encoder: `<`, `>`, `&` and the two line separators.
pub(super) fn write_string(text: &[u8], out: &mut Vec<u8>, for_html: bool) {
    out.push(b'"');
    let mut start = 0;
    let mut at = 0;
    while at < text.len() {
        let (length, escape): (usize, Escape) = match text[at] {
            b'"' => (1, Escape::Short(b'"')),
            b'\\' => (1, Escape::Short(b'\\')),
            0x08 => (1, Escape::Short(b'b')),
            0x0c => (1, Escape::Short(b'f')),
            b'\n' => (1, Escape::Short(b'n')),
            b'\r' => (1, Escape::Short(b'r')),
            b'\t' => (1, Escape::Short(b't')),
            byte @ 0..=0x1f => (1, Escape::Unit(u16::from(byte))),
            byte @ (b'<' | b'>' | b'&') if for_html => (1, Escape::Unit(u16::from(byte))),
            0xe2 if for_html && matches!(text.get(at..at + 3), Some([0xe2, 0x80, 0xa8 | 0xa9])) => {
                (3, Escape::Unit(0x2000 | u16::from(text[at + 2] & 0x3f)))
            }
            // UTF-8 never has this pair: it is a lone surrogate, see `Node`.
            0xed if text.get(at + 1).is_some_and(|byte| *byte >= 0xa0) => {
                let low = u16::from(text.get(at + 2).copied().unwrap_or_default() & 0x3f);
                (3, Escape::Unit(0xd000 | (u16::from(text[at + 1] & 0x3f) << 6) | low))
            }
            _ => {
                at += 1;
                continue;
            }
        };
        out.extend_from_slice(&text[start..at]);
        match escape {
            Escape::Short(byte) => out.extend_from_slice(&[b'\\', byte]),
            Escape::Unit(unit) => {
                out.extend_from_slice(b"\\u");
                for shift in [12, 8, 4, 0] {
                    out.push(b"0123456789abcdef"[usize::from((unit >> shift) & 15)]);
                }
            }
        }
        at += length;
        start = at.min(text.len());
    }
    out.extend_from_slice(&text[start..]);
    out.push(b'"');
}

enum Escape {
    Short(u8),
    Unit(u16),
}
