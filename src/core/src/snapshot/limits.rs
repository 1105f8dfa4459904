//! What no snapshot needs, and an attack does. A whole project of thousands of files is some 50 MB.

/// Levels of objects and arrays in one file. `serde_json` and the notebook's parsers stop between 128 and 200; real
/// screens, the deepest files there are, stay below 20.
pub(super) const NESTING: usize = 120;
/// Files in one snapshot: twenty times the largest project that was seen.
pub(super) const FILES: usize = 100_000;
/// Bytes of one file on disk or in an archive.
pub(super) const FILE_BYTES: u64 = 256 << 20;
/// Bytes of all files together.
pub(super) const TOTAL_BYTES: u64 = 2 << 30;
/// Levels of folders.
pub(super) const FOLDERS: usize = 32;
/// Bytes of a path: below what every supported system allows below a working directory.
pub(super) const PATH_BYTES: usize = 1024;
/// Bytes of one name in a path: the most that common file systems take.
pub(super) const NAME_BYTES: usize = 255;
/// Bytes of an archive: its directory is read at once, and an entry of it takes 46 bytes.
pub(super) const ARCHIVE_BYTES: u64 = 256 << 20;
/// How many times smaller than its content an archive's entry may be. A snapshot's JSON shrinks to a tenth, the most
/// repetitive to a fiftieth; deflate's own end is 1,032.
pub(super) const RATIO: u64 = 200;
/// Entries below this size may shrink as they like.
pub(super) const RATIO_FROM_BYTES: u64 = 1 << 20;
