//! Strings of JSON: into text and out of it.

/// What a string says whose escapes are known to be well-formed.
pub(super) fn unescape(mut raw: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(raw.len());
    while let Some(at) = raw.iter().position(|byte| *byte == b'\\') {
        text.extend_from_slice(&raw[..at]);
        let code = raw.get(at + 1).copied().unwrap_or_default();
        raw = &raw[(at + 2).min(raw.len())..];
        match code {
            b'b' => text.push(0x08),
            b'f' => text.push(0x0c),
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'u' => {
                let high = unit(raw);
                raw = &raw[4.min(raw.len())..];
                let low = raw.strip_prefix(b"\\u").map(unit).filter(|low| matches!(low, 0xdc00..=0xdfff));
                match low {
                    Some(low) if matches!(high, 0xd800..=0xdbff) => {
                        push_code_point(&mut text, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
                        raw = &raw[6.min(raw.len())..];
                    }
                    _ => push_code_point(&mut text, high),
                }
            }
            other => text.push(other),
        }
    }
    text.extend_from_slice(raw);
    text
}

fn unit(digits: &[u8]) -> u32 {
    digits.iter().take(4).fold(0, |unit, digit| unit << 4 | char::from(*digit).to_digit(16).unwrap_or_default())
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

/// Which escapes a string is written with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Escapes {
    /// Those that JSON demands.
    Needed,
    /// Those of Go's encoder too: `<`, `>`, `&` and the two line separators.
    Html,
}

impl Escapes {
    /// Whether text that stood in a string without escapes is written otherwise.
    pub(super) fn concern(self, text: &[u8]) -> bool {
        // In runs and without branches, so that the compiler can compare many bytes at once.
        let is = |byte: &u8, special: u8| u8::from(*byte == special);
        let any = |run: &[u8]| {
            let either = |byte: &u8| is(byte, b'<') | is(byte, b'>') | is(byte, b'&') | is(byte, 0xe2);
            run.iter().fold(0, |found, byte| found | either(byte)) != 0
        };
        self == Self::Html && text.chunks(64).any(any)
    }
}

/// A string as JSON text, with the escapes that JSON demands and no others.
pub(super) fn quote(text: &[u8], out: &mut Vec<u8>) {
    write_string(text, out, Escapes::Needed);
}

/// A string as JSON text.
pub(super) fn write_string(text: &[u8], out: &mut Vec<u8>, escapes: Escapes) {
    let for_html = escapes == Escapes::Html;
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
            // UTF-8 never has this pair: it is a lone surrogate.
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
