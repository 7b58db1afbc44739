//! Expansion of `$(NAME)`, compared with a second implementation.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/reference/expand.rs"]
mod reference;

fuzz_target!(|data: &[u8]| reference::check(data));
