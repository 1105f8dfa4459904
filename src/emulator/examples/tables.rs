//! Writes the tables of the emulator's pages in `docs` anew, from those that the code uses.
//!
//! Its arguments are the pages: `docs/emulator.md docs/emulator-behaviours.md`.

use std::error::Error;

use descope_projects_emulator::tables;

fn main() -> Result<(), Box<dyn Error>> {
    for path in std::env::args().skip(1) {
        let page = std::fs::read_to_string(&path)?;
        std::fs::write(&path, tables::renewed(&page)?)?;
    }
    Ok(())
}
