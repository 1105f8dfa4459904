//! Looks for a text in all memory of this process that can be written to.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::{Mutex, PoisonError};

/// A text that is nowhere in memory in its plain form until it is asked for.
pub(crate) struct Canary {
    masked: Vec<u8>,
}

const MASK: u8 = 0x5a;
const CHUNK: usize = 1 << 20;
/// Letters that are looked for.
const END: usize = 16;

impl Canary {
    /// One that no other test and no earlier run has: what is found is from here.
    pub(crate) fn new(begin: &str) -> Self {
        let random = rand_bytes();
        let digits =
            random.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| b"0123456789abcdef"[usize::from(digit)]);
        Self { masked: begin.bytes().chain(digits).map(|byte| byte ^ MASK).collect() }
    }

    /// The text; its owner is who must overwrite it.
    pub(crate) fn text(&self) -> String {
        let mut text = String::with_capacity(self.masked.len());
        text.extend(self.masked.iter().map(|byte| char::from(byte ^ MASK)));
        text
    }

    /// How often its end is in memory. The beginning of what was given back is overwritten by the allocator, and a copy
    /// of which only that is gone is still one.
    pub(crate) fn copies(&self) -> usize {
        places(&self.masked[self.masked.len() - END..])
    }
}

fn rand_bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    std::io::Read::read_exact(&mut File::open("/dev/urandom").unwrap(), &mut bytes).unwrap();
    bytes
}

/// Another test that looks at the same time would be seen with what it has just read.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn places(masked: &[u8]) -> usize {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let memory = File::open("/proc/self/mem").unwrap();
    let mut chunk = vec![0_u8; CHUNK];
    let own = chunk.as_ptr() as u64..chunk.as_ptr() as u64 + CHUNK as u64;
    let mut found = 0;
    for line in maps.lines() {
        let mut fields = line.split(' ');
        let (range, mode) = (fields.next().unwrap(), fields.next().unwrap());
        if !mode.starts_with("rw") {
            continue;
        }
        let (start, end) = range.split_once('-').unwrap();
        let (start, end) = (u64::from_str_radix(start, 16).unwrap(), u64::from_str_radix(end, 16).unwrap());
        for (start, end) in [(start, end.min(own.start)), (start.max(own.end), end)] {
            found += places_between(&memory, &mut chunk, masked, start, end);
        }
    }
    found
}

fn places_between(memory: &File, chunk: &mut [u8], masked: &[u8], start: u64, end: u64) -> usize {
    let mut found = 0;
    let mut at = start;
    while at < end {
        let wanted = usize::try_from(end - at).unwrap().min(CHUNK);
        let Ok(read) = memory.read_at(&mut chunk[..wanted], at) else { break };
        if read == 0 {
            break;
        }
        found += places_in(&chunk[..read], masked);
        // What crosses the border is seen with the next piece.
        at += if read < wanted || at + read as u64 >= end { read } else { read - masked.len() + 1 } as u64;
        // What was read is itself a copy.
        chunk.fill(0);
        std::hint::black_box(&chunk);
    }
    found
}

/// Most pages are empty, and a page is passed over at once that does not have the first character.
fn places_in(seen: &[u8], masked: &[u8]) -> usize {
    const PAGE: usize = 4096;
    let first = masked[0] ^ MASK;
    let is_here = |at: usize| {
        let place = seen.get(at..at + masked.len());
        place.is_some_and(|place| place.iter().zip(masked).all(|(byte, mask)| byte ^ MASK == *mask))
    };
    let pages = seen.chunks(PAGE).enumerate().filter(|(_, page)| page.contains(&first));
    let starts = pages.flat_map(|(number, page)| {
        let here = page.iter().enumerate().filter(|(_, byte)| **byte == first);
        here.map(move |(at, _)| number * PAGE + at)
    });
    starts.filter(|at| is_here(*at)).count()
}
