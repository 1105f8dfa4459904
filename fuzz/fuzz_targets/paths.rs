#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| descope_projects_core::fuzzing::run("paths", data));
