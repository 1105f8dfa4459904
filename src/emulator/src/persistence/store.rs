//! A state in its directory: made whole, opened, written.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StateError;
use super::difference::difference;
use super::directory::Directory;
use super::journal::{self, FORMAT_NUMBER, Flaw, Journal};
use super::medium::{Medium, OnDisk};
use super::record::{Change, First, Start, Whole, apply};
use crate::seed::Seed;
use crate::state::State;

/// An open journal. One write at a time.
pub(crate) struct Store {
    journal: Journal,
    file: PathBuf,
    seed: Seed,
    start: Start,
    /// Why there can be no more writes: after a failed one nobody knows what the file holds until it is read again.
    failed: Option<String>,
    /// Absent in tests that have no directory.
    _directory: Option<Directory>,
}

/// What a directory holds.
pub(crate) struct Opened {
    pub(crate) store: Store,
    pub(crate) state: State,
    pub(crate) seed: Seed,
    pub(crate) start: Start,
    /// Whether it was there before.
    pub(crate) restored: bool,
}

/// Opens the state in a directory; if there is none, makes it of a seed, which else is not looked at.
pub(crate) fn open<E: From<StateError>>(
    path: &Path,
    seed: &Seed,
    begin: impl FnOnce(&Seed) -> Result<(State, Start), E>,
) -> Result<Opened, E> {
    let directory = Directory::take(path)?;
    let file = directory.journal();
    let there = OnDisk::open(&file).map_err(StateError::io(&file))?;
    let restored = there.is_some();
    let medium = if let Some(medium) = there {
        medium
    } else {
        let (state, start) = begin(seed)?;
        let content = journal::begin(&first(&state, seed, &start));
        OnDisk::create(&file, &content).map_err(StateError::io(&file))?
    };
    let opened = Store::open(Box::new(medium), &file, Some(directory))?;
    Ok(Opened { restored, ..opened })
}

impl Store {
    /// Reads everything.
    pub(super) fn open(
        medium: Box<dyn Medium>,
        file: &Path,
        directory: Option<Directory>,
    ) -> Result<Opened, StateError> {
        let (mut journal, payloads) = Journal::open(medium).map_err(|flaw| match flaw {
            Flaw::Unreadable(source) => StateError::Io { path: file.to_owned(), source },
            Flaw::Format(format) => StateError::Format { file: file.to_owned(), format, expected: FORMAT_NUMBER },
            Flaw::Damage(why) => StateError::damaged(file, why),
        })?;
        let nonsense = |_| StateError::damaged(file, "a record does not fit those before it");
        let mut payloads = payloads.iter();
        let first = payloads.next().ok_or_else(|| StateError::damaged(file, "it has no record"))?;
        let First { seed, start, state } = decode(first, file)?;
        let mut state = state.into_state().map_err(nonsense)?;
        for payload in payloads {
            for change in decode::<Vec<Change>>(payload, file)? {
                apply(&mut state, change).map_err(nonsense)?;
            }
        }
        journal.settle().map_err(StateError::io(file))?;
        let store = Self {
            journal,
            file: file.to_owned(),
            seed: seed.clone(),
            start: start.clone(),
            failed: None,
            _directory: directory,
        };
        Ok(Opened { store, state, seed, start, restored: true })
    }

    /// Stores what differs: when this returns, it is there for good.
    pub(crate) fn write(&mut self, before: &State, after: &State) -> Result<(), String> {
        if let Some(why) = &self.failed {
            return Err(why.clone());
        }
        let changes = difference(before, after);
        if changes.is_empty() {
            return Ok(());
        }
        let written = self.journal.append(&encode(&changes));
        written.map_err(|error| self.fail(&error))?;
        // This write is done. If the journal cannot be made shorter, it is the next one that is refused.
        if self.journal.is_long()
            && let Err(error) = self.journal.replace(&first(after, &self.seed, &self.start))
        {
            self.fail(&error);
        }
        Ok(())
    }

    fn fail(&mut self, error: &io::Error) -> String {
        let why = format!("{} could not be written: {error}", self.file.display());
        self.failed = Some(why.clone());
        why
    }
}

pub(super) fn first(state: &State, seed: &Seed, start: &Start) -> Vec<u8> {
    encode(&First { seed: seed.clone(), start: start.clone(), state: Whole::new(state) })
}

/// Records have string keys and no types of their own: there is nothing in them that JSON cannot say.
fn encode(record: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(record).unwrap_or_default()
}

/// Not with the decoder's own words: they may repeat a value, which may be a secret.
fn decode<T: DeserializeOwned>(payload: &[u8], file: &Path) -> Result<T, StateError> {
    serde_json::from_slice(payload).map_err(|_| StateError::damaged(file, "a record cannot be read"))
}
