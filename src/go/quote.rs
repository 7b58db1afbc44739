//! Quoted text (Go: `strconv.Quote`).

use alloc::string::String;
use core::fmt::Write as _;

use crate::go::unicode::is_print;

/// Appends `text` in double quotes, like Go's `strconv.Quote`. Characters that are printable in
/// Unicode 15.0 are verbatim, and all others are escaped in lower-case hex.
pub(crate) fn quote_into(out: &mut String, text: &str) {
    out.reserve(text.len().saturating_add(2));
    out.push('"');
    for c in text.chars() {
        match c {
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0b' => out.push_str("\\v"),
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            c if is_print(c) => out.push(c),
            c => escape_into(out, u32::from(c)),
        }
    }
    out.push('"');
}

fn escape_into(out: &mut String, code: u32) {
    // Writing to a String cannot fail.
    let _ = match code {
        0..=0x7f => write!(out, "\\x{code:02x}"),
        0x80..=0xffff => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quote(text: &str) -> String {
        let mut out = String::new();
        quote_into(&mut out, text);
        out
    }

    /// Parses every escape that `strconv.Quote` writes.
    fn unquote(quoted: &str) -> String {
        let inner = quoted.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
        let mut chars = inner.chars();
        let mut out = String::new();
        while let Some(c) = chars.next() {
            assert_ne!(c, '"', "a bare quote");
            if c != '\\' {
                out.push(c);
                continue;
            }
            let digits = match chars.next().unwrap() {
                'x' => 2,
                'u' => 4,
                'U' => 8,
                letter => {
                    let at = "abfnrtv\\\"".find(letter).unwrap();
                    out.push(char::from(b"\x07\x08\x0c\n\r\t\x0b\\\""[at]));
                    continue;
                }
            };
            let hex: String = chars.by_ref().take(digits).collect();
            assert_eq!(hex.len(), digits);
            assert!(!hex.contains(char::is_uppercase));
            out.push(char::from_u32(u32::from_str_radix(&hex, 16).unwrap()).unwrap());
        }
        out
    }

    #[test]
    fn test_reader_knows_every_escape() {
        assert_eq!(unquote(r#""\x1b\u00a0\U000e0001\n""#), "\x1b\u{a0}\u{e0001}\n");
    }

    #[test]
    fn escapes() {
        for (text, quoted) in [
            ("", r#""""#),
            ("a b", r#""a b""#),
            ("\x07\x08\x0c\n\r\t\x0b\\\"'", r#""\a\b\f\n\r\t\v\\\"'""#),
            ("\0\x1b\x7f", r#""\x00\x1b\x7f""#),
            ("\u{80}\u{a0}\u{2028}\u{feff}", r#""\u0080\u00a0\u2028\ufeff""#),
            ("\u{e0001}\u{10ffff}", r#""\U000e0001\U0010ffff""#),
            ("é日😀\u{fffd}", "\"é日😀\u{fffd}\""),
        ] {
            assert_eq!(quote(text), quoted);
        }
    }

    proptest! {
        #[test]
        fn quoted_text_is_printable_and_reads_back(text in any::<String>()) {
            let quoted = quote(&text);
            prop_assert!(quoted.chars().all(is_print));
            prop_assert_eq!(unquote(&quoted), text);
        }
    }
}
