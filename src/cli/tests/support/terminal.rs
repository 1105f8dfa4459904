//! A program at a terminal, and what is on its screen.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::process::{Child, Command};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Seconds of silence after which a test has failed.
const PATIENCE: i64 = 60;

/// Which of the program's streams are the terminal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    /// Standard input and error: what a person has who pipes the data on.
    InputAndError,
    /// All three.
    All,
}

/// A program at a terminal.
pub(crate) struct AtTerminal {
    pub(crate) child: Child,
    terminal: File,
    seen: String,
}

impl AtTerminal {
    /// Starts it at a terminal of this many columns.
    pub(crate) fn start(mut command: Command, columns: u16, at: At) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&terminal, size).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let end = OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        command.stdin(end.try_clone().unwrap());
        if at == At::All {
            command.stdout(end.try_clone().unwrap());
        }
        let child = command.stderr(end).spawn().unwrap();
        // The command holds ends of its own: with them gone the terminal ends with the program.
        drop(command);
        Self { child, terminal: File::from(terminal), seen: String::new() }
    }

    pub(crate) fn wait_for(&mut self, text: &str) {
        let mut bytes = [0; 4096];
        while !self.seen.contains(text) {
            let mut ready = [PollFd::new(&self.terminal, PollFlags::IN)];
            let patience = Timespec { tv_sec: PATIENCE, tv_nsec: 0 };
            assert!(poll(&mut ready, Some(&patience)).unwrap() > 0, "it never said {text:?}: {}", self.seen);
            let count = self.terminal.read(&mut bytes).unwrap_or(0);
            assert!(count > 0, "it ended before it said {text:?}: {}", self.seen);
            self.seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    }

    pub(crate) fn type_in(&mut self, text: &str) {
        self.terminal.write_all(text.as_bytes()).unwrap();
    }

    /// The status, and all that was on the terminal.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let mut bytes = [0; 4096];
        let mut all = self.seen.into_bytes();
        // A terminal whose other end is closed answers with an error on Linux.
        while let Ok(count @ 1..) = self.terminal.read(&mut bytes) {
            all.extend_from_slice(&bytes[..count]);
        }
        (self.child.wait().unwrap().code(), String::from_utf8_lossy(&all).into_owned())
    }
}
