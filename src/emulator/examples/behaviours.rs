//! Prints the table of `docs/emulator-behaviours.md`.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

fn main() {
    print!("{}", descope_projects_emulator::behaviours::markdown());
}
