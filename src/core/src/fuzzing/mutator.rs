//! New inputs from old ones, the same ones in every run: a few seconds of fuzzing for machines without a fuzzer.

/// A stream of numbers from a seed (xorshift).
pub(super) struct Numbers(u64);

impl Numbers {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `end`; 0 if there is none.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.next() % end).unwrap_or_default()
    }
}

/// What breaks parsers.
const TOKENS: &[&[u8]] = &[
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\0",
    b"\n",
    b"\\ud800",
    b"\\u0000",
    b"\xed\xa0\x80",
    b"\xff",
    b"\xef\xbb\xbf",
    b"-0",
    b"1e999",
    b"9007199254740993",
    b"0.1e-400",
    b"null",
    b"..",
    b"/",
    b"//",
    b":",
    b"%2e%2e",
    b"@",
    b"\xe2\x80\xa8",
    b"\"files\":{",
    b"project.json",
    b"PK\x01\x02",
    b"PK\x03\x04",
];

const LONGEST: usize = 1 << 12;

/// A new input from two old ones.
pub(super) fn mutated(old: &[u8], other: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut new = old.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(new.len() + 1);
        let length = numbers.below(9).min(new.len() - at);
        match numbers.below(7) {
            0 if at < new.len() => new[at] ^= 1 << numbers.below(8),
            1 => drop(new.drain(at..at + length)),
            2 => drop(new.splice(at..at, TOKENS[numbers.below(TOKENS.len())].iter().copied())),
            3 => drop(new.splice(at..at + length, TOKENS[numbers.below(TOKENS.len())].iter().copied())),
            4 => {
                let piece = new[at..at + length].repeat(1 + numbers.below(200));
                new.splice(at..at, piece);
            }
            5 => {
                let from = numbers.below(other.len() + 1);
                let until = from + numbers.below(other.len() - from + 1);
                new.splice(at..at + length, other[from..until].iter().copied());
            }
            _ => new.truncate(at.max(new.len() / 2)),
        }
    }
    new.truncate(LONGEST);
    new
}
