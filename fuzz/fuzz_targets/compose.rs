//! Composition from arbitrary objects gives an environment with its invariants, or a typed error.
//!
//! `----` separates independent inputs, so that one file of the corpus can reach many errors.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/reference/compose.rs"]
mod reference;

fuzz_target!(|data: &[u8]| {
    let mut rest = data;
    while let Some(end) = rest.windows(4).position(|window| window == b"----") {
        reference::check(&rest[..end]);
        rest = &rest[end + 4..];
    }
    reference::check(rest);
});
