//! Removes facts from a composition: what the open world calls known must not change.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/reference/compose.rs"]
#[expect(dead_code, reason = "another target checks the compositions alone")]
mod composition;
#[path = "../../tests/reference/open_world.rs"]
mod reference;

fuzz_target!(|data: &[u8]| reference::check(data));
