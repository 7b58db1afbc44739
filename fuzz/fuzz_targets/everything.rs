//! Every public function on generated objects, whose documents are damaged.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/reference/compose.rs"]
#[expect(dead_code, reason = "another target checks the compositions alone")]
mod composition;
#[path = "../../tests/reference/everything.rs"]
mod reference;

fuzz_target!(|data: &[u8]| reference::check(data));
