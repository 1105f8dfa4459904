//! A project's configuration as files.
