//! Env files, compared with a second implementation.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/reference/env_file.rs"]
mod reference;

fuzz_target!(|data: &[u8]| reference::check(data));
