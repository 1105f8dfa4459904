use std::sync::Arc;

use super::super::Held;
use super::disk::{Disk, Step, apply};
use super::{Opened, begun, opened, portrait, versions};
use crate::state::State;

fn held(disk: &Disk) -> Held {
    let Opened { store, state, .. } = opened(disk).unwrap();
    Held::new(state, Some(store))
}

fn change(held: &Held, version: &State) -> Result<(), String> {
    let mut transaction = held.begin();
    *transaction = version.clone();
    transaction.commit().map_err(|error| error.0)
}

/// What the disk may hold after a cut: all that was synced, and of what came after it any part.
fn remains(begun: &[u8], steps: &[Step], chance: &mut u64) -> Vec<u8> {
    let for_good = |step: &Step| matches!(step, Step::Sync | Step::Replace(_));
    let synced = steps.iter().rposition(for_good).map_or(0, |last| last + 1);
    let mut content = begun.to_vec();
    for step in &steps[..synced] {
        apply(&mut content, step);
    }
    for step in &steps[synced..] {
        *chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        match (*chance >> 33) % 4 {
            0 => {}
            1 => apply(&mut content, step),
            // Disks write sectors: the first ones, or the others, and zeros where the first ones should be.
            kind => match step {
                Step::Write(at, data) if data.len() > 512 => {
                    let middle = data.len() / 2 / 512 * 512;
                    let part = match kind {
                        2 => Step::Write(*at, data[..middle].to_vec()),
                        _ => Step::Write(*at + middle as u64, data[middle..].to_vec()),
                    };
                    apply(&mut content, &part);
                }
                step => apply(&mut content, step),
            },
        }
    }
    content
}

#[test]
fn whatever_a_power_cut_leaves_of_a_write_all_that_was_acknowledged_is_there() {
    let versions = versions();
    let portraits: Vec<String> = versions.iter().map(portrait).collect();
    let begun = begun(&versions[0]);
    let disk = Disk::of(begun.clone());
    let held = held(&disk);
    // How many steps the disk had done when a version was acknowledged.
    let mut acknowledged = vec![0];
    for version in &versions[1..] {
        change(&held, version).unwrap();
        acknowledged.push(disk.steps().len());
    }
    let steps = disk.steps();
    let mut chance = 1;
    for cut in 0..=steps.len() {
        let least = acknowledged.iter().rposition(|done| *done <= cut).unwrap();
        for _ in 0..4 {
            let disk = Disk::of(remains(&begun, &steps[..cut], &mut chance));
            let found = opened(&disk).unwrap_or_else(|error| panic!("after {cut} steps: {error}")).state;
            let found = portrait(&found);
            let position = portraits.iter().position(|known| *known == found);
            let allowed = [Some(least), Some(least + 1)];
            assert!(allowed.contains(&position), "after {cut} of {} steps: {position:?}, not {least}", steps.len());
            // And whoever opens it once more, and writes, finds the same.
            let again = super::super::Held::new(opened(&disk).unwrap().state, Some(opened(&disk).unwrap().store));
            assert_eq!(portrait(&again.read()), found);
            change(&again, &versions[0]).unwrap();
            assert_eq!(portrait(&opened(&disk).unwrap().state), portraits[0]);
        }
    }
}

#[test]
fn a_write_that_fails_is_seen_by_nobody_and_no_other_is_taken_after_it() {
    let versions = versions();
    let disk = Disk::of(begun(&versions[0]));
    let held = held(&disk);
    change(&held, &versions[1]).unwrap();
    disk.fill();
    let why = change(&held, &versions[2]).unwrap_err();
    assert!(why.starts_with("state.journal could not be written: "), "{why}");
    assert_eq!(change(&held, &versions[3]).unwrap_err(), why);
    assert_eq!(portrait(&held.read()), portrait(&versions[1]));
    assert_eq!(portrait(&opened(&Disk::of(disk.content())).unwrap().state), portrait(&versions[1]));
}

#[test]
fn only_what_changes_is_written() {
    let versions = versions();
    let disk = Disk::of(begun(&versions[0]));
    let Opened { mut store, .. } = opened(&disk).unwrap();
    let size = || disk.content().len();
    let before = size();
    store.write(&versions[0], &versions[0].clone()).unwrap();
    assert_eq!(size(), before, "nothing changed");
    for pair in versions[..4].windows(2) {
        store.write(&pair[0], &pair[1]).unwrap();
    }
    let renamed = size();
    store.write(&versions[3], &versions[4]).unwrap();
    assert!(size() - renamed < 500, "tags are {} bytes", size() - renamed);
    // An import brings every file anew, and one that differs.
    let mut imported = versions[4].clone();
    let project = Arc::make_mut(&mut imported.projects[0]);
    let configuration = Arc::make_mut(&mut project.configuration);
    for value in configuration.files.values_mut() {
        *value = Arc::new((**value).clone());
    }
    configuration.files.insert("lists.json".to_owned(), Arc::new(serde_json::json!({ "lists": [] })));
    let tagged = size();
    store.write(&versions[4], &imported).unwrap();
    assert!(size() - tagged < 500, "the import is {} bytes", size() - tagged);
}

#[test]
fn a_journal_of_mostly_history_is_written_anew() {
    let versions = versions();
    let disk = Disk::of(begun(&versions[0]));
    let held = held(&disk);
    let base = disk.content().len();
    let text = "x".repeat(100_000);
    for count in 0..100 {
        let mut transaction = held.begin();
        let id = transaction.projects[0].id.clone();
        transaction.project_mut(&id).unwrap().name = format!("{count}{text}");
        transaction.commit().unwrap();
    }
    let replaced = disk.steps().iter().filter(|step| matches!(step, Step::Replace(_))).count();
    assert!((1..=3).contains(&replaced), "{replaced} times");
    assert!(disk.content().len() < 6 * 1024 * 1024 + base);
    assert_eq!(portrait(&opened(&disk).unwrap().state), portrait(&held.read()));
}

#[test]
fn numbers_come_back_as_they_were() {
    let mut state = versions().remove(0);
    // The last ones are read wrongly by one in their last place where speed comes first.
    let text = r#"{"a":0.1,"b":5e-324,"c":1.7976931348623157e308,"d":18446744073709551615,"e":-9223372036854775808,"f":-0.0,"g":31.245270191439438,"h":121.48791951161945,"i":2.638344616030823e-256}"#;
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    let project = Arc::make_mut(&mut state.projects[0]);
    Arc::make_mut(&mut project.configuration).files.insert("numbers.json".to_owned(), Arc::new(value));
    let read = opened(&Disk::of(begun(&state))).unwrap().state;
    assert_eq!(read.projects[0].configuration.files["numbers.json"].to_string(), text.replace("e308", "e+308"));
}
