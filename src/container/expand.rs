//! `$(NAME)` in the value of a variable, in a command and in arguments (Go: `expansion.Expand`).

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::release::{Release, Rule};

/// A part of a text in which references are expanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Goes into the result as it is. Of `$$` it is one `$`.
    Text(&'a str),
    /// `$(NAME)`: the value of that variable, or the reference itself if there is none. The name is
    /// every character up to the first `)`, and may be empty.
    Reference(&'a str),
}

/// The parts of a text, from left to right.
///
/// A `$` that begins neither `$$` nor a complete `$(NAME)` is text, and so is what stands behind it.
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
    // Once no `)` is left none is looked for again.
    let mut is_closed_again = true;
    core::iter::from_fn(move || {
        if let Some(behind) = rest.strip_prefix("$(").filter(|_| is_closed_again) {
            match behind.split_once(')') {
                Some((name, behind)) => {
                    rest = behind;
                    return Some(Piece::Reference(name));
                }
                None => is_closed_again = false,
            }
        }
        let (text, behind) = match rest.strip_prefix("$$") {
            Some(behind) => ("$", behind),
            None => {
                let own_dollar = usize::from(rest.starts_with('$'));
                let next_dollar = rest.get(own_dollar..)?.find('$');
                rest.split_at_checked(
                    next_dollar.map_or(rest.len(), |next| next.saturating_add(own_dollar)),
                )?
            }
        };
        rest = behind;
        (!text.is_empty()).then_some(Piece::Text(text))
    })
}

/// Puts the values of the variables in the place of the references to them, in one pass: what is put
/// in is not expanded again. `lookup` gives the value of a name, if there is such a variable.
///
/// A text without `$` is borrowed. Mirrors `expansion.Expand`.
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
    // No text is longer than this.
    let mut lookup = lookup;
    expand_within(text, release, usize::MAX, |_, name| lookup(name)).unwrap_or_default()
}

/// The same, or nothing if the result is longer than `limit`.
pub(crate) fn expand_within<'t, 'v>(
    text: &'t str,
    release: Release,
    limit: usize,
    mut lookup: impl FnMut(usize, &'t str) -> Option<Cow<'v, [u8]>>,
) -> Option<Cow<'t, [u8]>> {
    if !text.contains('$') {
        return (text.len() <= limit).then_some(Cow::Borrowed(text.as_bytes()));
    }
    let mut expanded = Vec::new();
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
    let garbled = text.strip_prefix('$').and_then(|behind| behind.as_bytes().split_first());
    match garbled.filter(|(first, _)| !first.is_ascii() && !release.has(Rule::ExpansionKeepsText)) {
        None => out.extend_from_slice(text.as_bytes()),
        Some((first, rest)) => {
            // Go's string(byte) makes a character of it.
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

    /// What is over the limit is not put together first.
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
