//! The journal's bytes: a head, and records one after the other, each with a digest that covers all before it.
//!
//! The head says how much is acknowledged, and is written after the disk has it: what is wrong within is damage, and what
//! is not whole behind is a write that was cut short, of which nobody was told.

use std::io;
use std::ops::Range;

use sha2::{Digest, Sha256};

use super::medium::Medium;

const MAGIC: &[u8; 28] = b"descope-projects emulator 1\n";
/// Where the number is in it.
const FORMAT: Range<usize> = 26..27;
const DIGEST: usize = 32;
/// Magic, the length that is acknowledged, and a check of it: in one sector, which a disk writes whole or not at all.
const HEAD: usize = MAGIC.len() + 8 + CHECK;
const CHECK: usize = 8;
/// Of each record: its payload's length and its digest.
const PREFIX: usize = 8 + DIGEST;

/// Below this, a journal is not worth being written anew.
const SMALL: u64 = 4 * 1024 * 1024;

type Chain = [u8; DIGEST];

/// An open journal.
pub(super) struct Journal {
    medium: Box<dyn Medium>,
    /// Where the next record goes.
    end: u64,
    /// How long it was when it held one record with everything.
    base: u64,
    chain: Chain,
}

/// What is wrong with the bytes.
#[derive(Debug)]
pub(super) enum Flaw {
    /// The system does not give them.
    Unreadable(io::Error),
    /// Another version of the format.
    Format(u32),
    Damage(&'static str),
}

/// The bytes of a journal that has one record.
pub(super) fn begin(payload: &[u8]) -> Vec<u8> {
    let mut content = vec![0; HEAD];
    let (record, _) = record(&[0; DIGEST], payload);
    content.extend(record);
    let length = content.len() as u64;
    content[..HEAD].copy_from_slice(&head(length));
    content
}

impl Journal {
    /// Reads all records; the payloads, in order. Nothing is written before [`Journal::settle`].
    pub(super) fn open(mut medium: Box<dyn Medium>) -> Result<(Self, Vec<Vec<u8>>), Flaw> {
        let content = medium.read().map_err(Flaw::Unreadable)?;
        let (payloads, end, chain) = read(&content)?;
        let base = payloads.first().map_or(0, |first| (HEAD + PREFIX + first.len()) as u64);
        let payloads = payloads.into_iter().map(<[u8]>::to_vec).collect();
        Ok((Self { medium, end: end as u64, base, chain }, payloads))
    }

    /// Takes away what is left of a write that was cut short, and keeps for good what a killed process had written
    /// without waiting for it: from here on it is seen.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        self.medium.truncate(self.end)?;
        self.medium.sync()?;
        self.medium.write(0, &head(self.end))
    }

    /// Adds a record: when this returns, it is there for good.
    pub(super) fn append(&mut self, payload: &[u8]) -> io::Result<()> {
        let (record, chain) = record(&self.chain, payload);
        self.medium.write(self.end, &record)?;
        self.medium.sync()?;
        self.end += record.len() as u64;
        self.chain = chain;
        // Not waited for: an older length says less, and nothing wrong.
        self.medium.write(0, &head(self.end))
    }

    /// Whether most of it is history.
    pub(super) fn is_long(&self) -> bool {
        self.end > SMALL && self.end > self.base.saturating_mul(3)
    }

    /// Puts one record in the place of all.
    pub(super) fn replace(&mut self, payload: &[u8]) -> io::Result<()> {
        let content = begin(payload);
        self.medium.replace(&content)?;
        self.chain = record(&[0; DIGEST], payload).1;
        self.end = content.len() as u64;
        self.base = self.end;
        Ok(())
    }
}

fn head(acknowledged: u64) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    let (magic, rest) = head.split_at_mut(MAGIC.len());
    let (length, checked) = rest.split_at_mut(8);
    magic.copy_from_slice(MAGIC);
    length.copy_from_slice(&acknowledged.to_le_bytes());
    checked.copy_from_slice(&check(length));
    head
}

fn check(length: &[u8]) -> [u8; CHECK] {
    let mut check = [0; CHECK];
    check.copy_from_slice(&Sha256::digest(length)[..CHECK]);
    check
}

fn record(chain: &Chain, payload: &[u8]) -> (Vec<u8>, Chain) {
    let length = (payload.len() as u64).to_le_bytes();
    let digest = digest(chain, length, payload);
    let mut record = Vec::with_capacity(PREFIX + payload.len());
    record.extend(length);
    record.extend(digest);
    record.extend(payload);
    (record, digest)
}

fn digest(chain: &Chain, length: [u8; 8], payload: &[u8]) -> Chain {
    let mut hasher = Sha256::new();
    hasher.update(chain);
    hasher.update(length);
    hasher.update(payload);
    hasher.finalize().into()
}

/// The payloads, where the last whole record ends, and its digest.
fn read(content: &[u8]) -> Result<(Vec<&[u8]>, usize, Chain), Flaw> {
    let acknowledged = acknowledged(content)?;
    let mut payloads = Vec::new();
    let mut chain = [0; DIGEST];
    let mut at = HEAD;
    while let Some((payload, digest)) = next(&content[at..], &chain) {
        payloads.push(payload);
        chain = digest;
        at += PREFIX + payload.len();
    }
    if (at as u64) < acknowledged {
        let short = (content.len() as u64) < acknowledged;
        return Err(Flaw::Damage(if short { "its end is missing" } else { "a record does not match its checksum" }));
    }
    Ok((payloads, at, chain))
}

fn acknowledged(content: &[u8]) -> Result<u64, Flaw> {
    let Some((head, _)) = content.split_first_chunk::<HEAD>() else {
        return Err(Flaw::Damage("it is shorter than its head"));
    };
    let (magic, rest) = head.split_at(MAGIC.len());
    if magic != MAGIC {
        let format = std::str::from_utf8(&magic[FORMAT]).ok().and_then(|digit| digit.parse().ok());
        let same = magic[..FORMAT.start] == MAGIC[..FORMAT.start] && magic[FORMAT.end..] == MAGIC[FORMAT.end..];
        return Err(match format {
            Some(format) if same => Flaw::Format(format),
            _ => Flaw::Damage("it does not begin as an emulator's state does"),
        });
    }
    let (length, checked) = rest.split_at(8);
    if check(length) != checked {
        return Err(Flaw::Damage("its head does not match its checksum"));
    }
    length.try_into().map(u64::from_le_bytes).map_err(|_| Flaw::Damage("its head is too short"))
}

/// The record at the beginning, if it is whole.
fn next<'content>(content: &'content [u8], chain: &Chain) -> Option<(&'content [u8], Chain)> {
    let (length, rest) = content.split_first_chunk::<8>()?;
    let (expected, rest) = rest.split_first_chunk::<DIGEST>()?;
    let payload = rest.get(..usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    (digest(chain, *length, payload) == *expected).then_some((payload, *expected))
}

/// The number of this version's format.
pub(super) const FORMAT_NUMBER: u32 = 1;
