//! Mangling, compared with the upper case of Rust and the differences listed here.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let name = String::from_utf8_lossy(data);
    let expected: String = name.chars().map(mangled).collect();
    assert_eq!(kubelet_env::names::mangle(&name), expected);
});

fn mangled(c: char) -> char {
    if c == '-' {
        return '_';
    }
    if is_without_case_in_unicode_15_0(c) {
        return c;
    }
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(one), None) => one,
        _ => single_upper_case(c),
    }
}

/// Returns the upper case in Go of a character whose upper case in Rust has several characters.
///
/// Only Greek vowels with an iota subscript have a single one, with an iota adscript.
fn single_upper_case(c: char) -> char {
    let distance = match c {
        '\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}' => 8,
        '\u{1fb3}' | '\u{1fc3}' | '\u{1ff3}' => 9,
        _ => 0,
    };
    char::from_u32(u32::from(c) + distance).unwrap()
}

/// Reports whether a letter got its upper case in Unicode 16.0 or 17.0. The kubelet's Go uses 15.0.
fn is_without_case_in_unicode_15_0(c: char) -> bool {
    matches!(
        c,
        '\u{19b}'
            | '\u{264}'
            | '\u{1c8a}'
            | '\u{a7cd}'
            | '\u{a7cf}'
            | '\u{a7d3}'
            | '\u{a7d5}'
            | '\u{a7db}'
            | '\u{10d70}'..='\u{10d85}'
            | '\u{16ebb}'..='\u{16ed3}'
    )
}
