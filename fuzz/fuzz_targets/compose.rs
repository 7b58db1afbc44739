//! An environment of which the laws hold, or a typed error, from whatever objects the bytes choose.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/reference/compose.rs"]
mod reference;

fuzz_target!(|data: &[u8]| reference::check(data));
