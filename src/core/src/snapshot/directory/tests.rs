//! A write is stopped after each of its steps; a reader sees the old snapshot or the new one.
