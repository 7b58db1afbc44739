//! Quantities, compared with a second implementation on strings of decimal digits.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/reference/quantity.rs"]
mod reference;

fuzz_target!(|data: &[u8]| reference::check(data));
