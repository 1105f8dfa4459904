//! The pages in `docs` have the tables of the code.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use descope_projects_core::wire::CALLS;
use descope_projects_emulator::tables::{renewed, tables};

const PAGES: [(&str, &str); 2] = [
    ("docs/emulator.md", include_str!("../../../docs/emulator.md")),
    ("docs/emulator-behaviours.md", include_str!("../../../docs/emulator-behaviours.md")),
];

#[test]
fn the_pages_have_the_tables_as_they_are() {
    for (path, page) in PAGES {
        let command =
            "cargo run -p descope-projects-emulator --example tables docs/emulator.md docs/emulator-behaviours.md";
        assert!(renewed(page).unwrap() == page, "{path} is older than the code: run `{command}`");
    }
}

#[test]
fn every_table_is_in_a_page() {
    for (name, table) in tables() {
        assert!(PAGES.iter().any(|(_, page)| page.contains(&table)), "{name}");
    }
}

#[test]
fn a_table_that_is_not_as_it_is_in_the_code_is_written_anew() {
    let (_, page) = PAGES[0];
    let (_, table) = &tables()[0];
    let old = page.replace(table.as_str(), "| an older table |\n");
    assert_ne!(old, page);
    assert_eq!(renewed(&old).unwrap(), page);
    renewed("no table").unwrap_err();
    renewed(&page.replace("<!-- end of switches -->", "")).unwrap_err();
}

#[test]
fn the_page_names_every_call_that_a_fault_can_strike() {
    let (_, page) = PAGES[0];
    for call in CALLS {
        assert!(page.contains(&format!("`{}`", call.name)), "{}", call.name);
    }
}
