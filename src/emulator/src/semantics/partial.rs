//! An import that fails half-way: some of the entities that change are written, and the others are as they were.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::indices::{INDICES, Index, entry_of};
use super::secrets;
use crate::state::{Configuration, Files};

/// What belongs together: an entry of an index with all its files, or a file by itself.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Unit<'files> {
    Entry(&'static str, &'files str),
    File(&'files str),
}

/// The old configuration with so many of the new one's entities, in the order of their paths; or half of them.
pub(super) fn part(old: &Configuration, new: &Configuration, written: Option<u64>) -> Configuration {
    let changed = changed(&old.files, &new.files);
    let written = written.map_or(changed.len().div_ceil(2), |count| usize::try_from(count).unwrap_or(usize::MAX));
    let paths: BTreeSet<&str> = changed.into_iter().take(written).flat_map(|(_, paths)| paths).collect();
    let mut files = old.files.clone();
    for path in &paths {
        match new.files.get(*path) {
            Some(value) => files.insert((*path).to_owned(), Arc::clone(value)),
            None => files.remove(*path),
        };
    }
    for index in &INDICES {
        follow(index, &paths, &mut files);
    }
    let taken: Files =
        paths.iter().filter_map(|path| Some(((*path).to_owned(), Arc::clone(new.files.get(*path)?)))).collect();
    let taken = secrets::placeholders(&taken);
    let kept = secrets::placeholders(&files).into_iter().filter_map(|key| {
        let from = if taken.contains(&key) { &new.secrets } else { &old.secrets };
        let secret = from.get(&key)?.clone();
        Some((key, secret))
    });
    let secrets = kept.collect();
    Configuration { files, secrets }
}

/// The paths that differ, by the entity that they belong to. Indices follow from what they list.
fn changed<'files>(old: &'files Files, new: &'files Files) -> Vec<(Unit<'files>, Vec<&'files str>)> {
    let paths: BTreeSet<&str> = old.keys().chain(new.keys()).map(String::as_str).collect();
    let mut units: BTreeMap<Unit<'files>, Vec<&'files str>> = BTreeMap::new();
    for path in paths.into_iter().filter(|path| old.get(*path) != new.get(*path)) {
        if INDICES.iter().any(|index| index.path == path) {
            continue;
        }
        let unit = match entry_of(path) {
            Some((index, entry)) => Unit::Entry(index.path, entry),
            None => Unit::File(path),
        };
        units.entry(unit).or_default().push(path);
    }
    let mut units: Vec<_> = units.into_iter().collect();
    units.sort_by_key(|(_, paths)| paths.first().copied());
    units
}

fn follow(index: &Index, written: &BTreeSet<&str>, files: &mut Files) {
    let entries: BTreeSet<&str> = written.iter().filter_map(|path| index.entry(path)).collect();
    let present = index.present(files);
    for entry in entries {
        let file = files.entry(index.path.to_owned()).or_insert_with(|| Arc::new(index.empty()));
        index.set(Arc::make_mut(file), entry, present.contains(entry));
    }
}
