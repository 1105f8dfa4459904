//! Starts an emulator, prints its ready line, and serves until its standard input ends.
//!
//! An argument is a file with a seed in JSON.

#![expect(clippy::print_stdout, reason = "the ready line is what the example is for")]

use std::error::Error;
use std::io::Read;

use descope_projects_emulator::{Emulator, EmulatorOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let mut options = EmulatorOptions::default();
    if let Some(path) = std::env::args_os().nth(1) {
        options.seed = serde_json::from_slice(&std::fs::read(path)?)?;
    }
    let emulator = Emulator::start(options)?;
    println!("{}", serde_json::to_string(&emulator.ready())?);
    std::io::stdin().read_to_end(&mut Vec::new())?;
    emulator.stop();
    Ok(())
}
