//! The page in `docs` is the table in the code.

use descope_projects_emulator::behaviours::markdown;

const PAGE: &str = include_str!("../../../docs/emulator-behaviours.md");

#[test]
fn the_page_has_the_table_as_it_is() {
    assert!(
        PAGE.ends_with(&format!("\n\n{}", markdown())),
        "replace the table of docs/emulator-behaviours.md by what \
         `cargo run -p descope-projects-emulator --example behaviours` prints"
    );
}
