//! `expand`, compared with a second implementation that reads byte by byte.

use std::borrow::Cow;

use kubelet_env::Release;
use kubelet_env::container::{Piece, expand, pieces};

/// Checks an input. The text before the first NUL is expanded.
///
/// The parts after it are variables, separated by NUL. The first character is the name, the rest
/// the value.
pub(crate) fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut parts = text.split('\0');
    let text = parts.next().unwrap_or_default();
    let variables: Vec<(&str, &str)> =
        parts.filter_map(|part| Some(part.split_at(part.chars().next()?.len_utf8()))).collect();
    let lookup = |name: &str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_bytes().to_vec())
    };
    for (release, garbles) in
        [("1.34.3", true), ("1.34.4", false), ("1.35.0", true), ("1.35.1", false)]
    {
        let release: Release = release.parse().expect("all are releases");
        let expanded = expand(text, release, |name| lookup(name).map(Cow::Owned));
        assert_eq!(*expanded, expand_plainly(text.as_bytes(), garbles, lookup));
        if !text.contains('$') {
            assert!(matches!(expanded, Cow::Borrowed(same) if std::ptr::eq(same, text.as_bytes())));
        }
    }

    let written: String = pieces(text)
        .map(|piece| match piece {
            Piece::Text(text) => text.to_owned(),
            Piece::Reference(name) => format!("$({name})"),
        })
        .collect();
    assert_eq!(
        written.as_bytes(),
        expand_plainly(text.as_bytes(), false, |_| None),
        "the pieces form the text again"
    );
}

/// Expands a text like Go. `garbles` selects the behaviour up to 1.34.3 and in 1.35.0 for a
/// character that is not ASCII after a `$`.
fn expand_plainly(text: &[u8], garbles: bool, lookup: impl Fn(&str) -> Option<Vec<u8>>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if text[at] != b'$' || at + 1 == text.len() {
            out.push(text[at]);
            at += 1;
            continue;
        }
        let next = text[at + 1];
        at += 2;
        if next == b'$' {
            out.push(b'$');
        } else if next == b'(' {
            match text[at..].iter().position(|&byte| byte == b')') {
                None => out.extend(b"$("),
                Some(length) => {
                    let name = std::str::from_utf8(&text[at..at + length])
                        .expect("the name is delimited by ASCII");
                    at += length + 1;
                    out.extend(lookup(name).unwrap_or_else(|| format!("$({name})").into_bytes()));
                }
            }
        } else if garbles && !next.is_ascii() {
            out.extend(format!("${}", char::from(next)).into_bytes());
        } else {
            out.extend([b'$', next]);
        }
    }
    out
}
