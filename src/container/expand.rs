//! `$(NAME)` in the value of a variable, in a command and in arguments (Go: `expansion.Expand`).

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::release::{Release, Rule};
use crate::text::position;

/// A part of a text in which references are expanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text that is kept as it is. `$$` is the text `$`.
    Text(&'a str),
    /// `$(NAME)`: replaced with the value of that variable, or kept if there is none. The name is
    /// everything up to the first `)`, and may be empty.
    Reference(&'a str),
}

/// Returns the parts of a text from left to right.
///
/// A `$` that starts neither `$$` nor a complete `$(NAME)` is text.
///
/// ```
/// use kubelet_env::container::{Piece, pieces};
///
/// let parts: Vec<Piece> = pieces("$(HOST):$$(PORT)$").collect();
/// assert_eq!(
///     parts,
///     [Piece::Reference("HOST"), Piece::Text(":"), Piece::Text("$"), Piece::Text("(PORT)"), Piece::Text("$")]
/// );
/// ```
pub fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    // False after the first `$(` without one, so that many of them do not make this quadratic.
    let mut has_closing = true;
    core::iter::from_fn(move || {
        let end = match rest.as_bytes() {
            [] => return None,
            [b'$', b'(', name @ ..] if has_closing => {
                let closing = position(name, b')');
                if let Some((name, after)) = closing.and_then(|at| cut_out(rest, 2, at)) {
                    rest = after;
                    return Some(Piece::Reference(name));
                }
                has_closing = false;
                end_of_text(rest)
            }
            [b'$', b'$', ..] => {
                rest = rest.get(2..).unwrap_or_default();
                return Some(Piece::Text("$"));
            }
            _ => end_of_text(rest),
        };
        let (text, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        rest = after;
        Some(Piece::Text(text))
    })
}

/// Returns the `len` bytes at `start`, and the text after them and one more character.
fn cut_out(text: &str, start: usize, len: usize) -> Option<(&str, &str)> {
    let (cut, after) = text.get(start..)?.split_at_checked(len)?;
    Some((cut, after.get(1..)?))
}

/// Returns the index of the next `$`. The first character may be one that is text itself.
fn end_of_text(text: &str) -> usize {
    let after_first = text.as_bytes().split_first().map_or(&[][..], |(_, after)| after);
    position(after_first, b'$').map_or(text.len(), |at| at.saturating_add(1))
}

/// Replaces references with the values of their variables in one pass. Values are not expanded again.
///
/// `lookup` returns the value of a name, or `None` if there is no such variable. A text without `$`
/// is borrowed. Mirrors `expansion.Expand`.
///
/// ```
/// use kubelet_env::Release;
/// use kubelet_env::container::expand;
///
/// let expanded = expand("http://$(HOST):$(PORT)/", Release::NEWEST, |name| match name {
///     "HOST" => Some(b"10.0.0.11".into()),
///     _ => None,
/// });
/// assert_eq!(expanded, b"http://10.0.0.11:$(PORT)/".as_slice());
/// ```
#[must_use]
pub fn expand<'t, 'v>(
    text: &'t str,
    release: Release,
    lookup: impl FnMut(&'t str) -> Option<Cow<'v, [u8]>>,
) -> Cow<'t, [u8]> {
    // No text is longer than `usize::MAX`.
    let mut lookup = lookup;
    expand_within(text, release, usize::MAX, |_, name| lookup(name)).unwrap_or_default()
}

/// Expands as [`expand`] does, or returns `None` if the result is longer than `limit`. `lookup` also
/// gets the position of the value in the result.
pub(crate) fn expand_within<'t, 'v>(
    text: &'t str,
    release: Release,
    limit: usize,
    mut lookup: impl FnMut(usize, &'t str) -> Option<Cow<'v, [u8]>>,
) -> Option<Cow<'t, [u8]>> {
    if position(text.as_bytes(), b'$').is_none() {
        return (text.len() <= limit).then_some(Cow::Borrowed(text.as_bytes()));
    }
    // Most values are longer than the references to them.
    let mut expanded = Vec::with_capacity(text.len().saturating_mul(2).min(limit));
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => append_text(text, release, &mut expanded),
            Piece::Reference(name) => match lookup(expanded.len(), name) {
                Some(value) if value.len() > limit.saturating_sub(expanded.len()) => return None,
                Some(value) => expanded.extend_from_slice(&value),
                None => {
                    expanded.extend_from_slice(b"$(");
                    expanded.extend_from_slice(name.as_bytes());
                    expanded.push(b')');
                }
            },
        }
    }
    (expanded.len() <= limit).then_some(Cow::Owned(expanded))
}

fn append_text(text: &str, release: Release, out: &mut Vec<u8>) {
    let garbled = text.strip_prefix('$').and_then(|after| after.as_bytes().split_first());
    match garbled.filter(|(first, _)| !first.is_ascii() && !release.has(Rule::ExpansionKeepsText)) {
        None => out.extend_from_slice(text.as_bytes()),
        Some((first, rest)) => {
            // Go's string(byte) is the character of that number.
            let mut encoded = [0; 4];
            out.push(b'$');
            out.extend_from_slice(char::from(*first).encode_utf8(&mut encoded).as_bytes());
            out.extend_from_slice(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_looking_up_references_after_the_limit() {
        for (limit, expected, lookups) in
            [(29, None, 3), (30, Some(30), 3), (19, None, 2), (9, None, 1)]
        {
            let mut looked_up = 0;
            let expanded = expand_within("$(A)$(A)$(A)", Release::NEWEST, limit, |_, _| {
                looked_up += 1;
                Some(Cow::Borrowed(b"0123456789".as_slice()))
            });
            assert_eq!(
                (expanded.map(|text| text.len()), looked_up),
                (expected, lookups),
                "{limit}"
            );
        }
    }
}
