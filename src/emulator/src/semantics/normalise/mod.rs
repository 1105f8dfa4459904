//! What a real server may change on the way in and out, where [`Normalise`] asks for it.

mod additions;
mod export;
mod screens;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::clone::with_new_ids;
use crate::modes::{Moment, Normalise};
use crate::state::{Configuration, Files};

/// What the modes remember of each project. It is not part of the state: a restart ends a lag.
#[derive(Default)]
pub(crate) struct Normaliser {
    projects: Mutex<HashMap<String, Remembered>>,
}

#[derive(Default)]
struct Remembered {
    exports: u64,
    /// What exports still show, and how many of them.
    before: Option<(Arc<Configuration>, u32)>,
}

impl Normaliser {
    fn projects(&self) -> MutexGuard<'_, HashMap<String, Remembered>> {
        self.projects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers what was there before an import, for as many exports as lag behind it.
    pub(crate) fn imported(&self, project_id: &str, before: &Arc<Configuration>, lag: u32) {
        if lag > 0 {
            let mut projects = self.projects();
            let remembered = projects.entry(project_id.to_owned()).or_default();
            // What is shown now goes on being shown: nobody has seen what came after it.
            let shown = remembered.before.take().map_or_else(|| Arc::clone(before), |(shown, _)| shown);
            remembered.before = Some((shown, lag));
        }
    }

    /// What an export shows, and which one of the project's it is, from 1.
    pub(crate) fn exported(&self, project_id: &str, now: Arc<Configuration>) -> (Arc<Configuration>, u64) {
        let mut projects = self.projects();
        let remembered = projects.entry(project_id.to_owned()).or_default();
        remembered.exports += 1;
        let shown = match remembered.before.take() {
            Some((before, left)) => {
                remembered.before = (left > 1).then(|| (Arc::clone(&before), left - 1));
                before
            }
            None => now,
        };
        (shown, remembered.exports)
    }

    pub(crate) fn clear(&self) {
        self.projects().clear();
    }
}

/// What an import stores, of what it would have stored; the files that came from the sender are named.
pub(super) fn imported(mut made: Configuration, taken: &BTreeSet<String>, normalise: &Normalise) -> Configuration {
    if normalise.new_ids {
        made = with_new_ids(&made, |path| taken.contains(path));
    }
    if normalise.screen_names {
        screens::rename(&mut made.files, taken);
    }
    if normalise.views {
        screens::move_tasks(&mut made.files, taken);
    }
    if normalise.defaults == Moment::AtImport {
        additions::defaults(&mut made.files);
    }
    if normalise.references == Moment::AtImport {
        additions::references(&mut made.files);
    }
    made
}

/// What an export shows, of what is held; `count` is which one of the project's it is.
pub(super) fn exported(files: &mut Files, count: u64, normalise: &Normalise) {
    if normalise.defaults == Moment::AtExport {
        additions::defaults(files);
    }
    if normalise.references == Moment::AtExport {
        additions::references(files);
    }
    if normalise.stamps {
        export::stamp(files, count);
    }
    if normalise.order {
        export::reorder(files, count);
    }
}
