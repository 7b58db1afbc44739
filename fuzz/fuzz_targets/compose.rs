//! Composition from arbitrary objects gives an environment with its invariants, or a typed error.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/reference/compose.rs"]
mod reference;

fuzz_target!(|data: &[u8]| reference::check(data));
