//! Lookup of the variable that a misspelt name probably means.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

/// The lengths of names that are compared up to one character. Short names differ too easily.
const LENGTHS: core::ops::RangeInclusive<usize> = 5..=64;

/// The number of names that are compared up to one character, which bounds the size of the index.
const INDEXED: usize = 10_000;

/// The number of candidates that are compared for each way of leaving out a character.
const CANDIDATES: usize = 4;

/// An index of names. It finds a name that differs from another one only in case, in `_`, `-` and
/// `.`, or in one character.
pub(super) struct NearMisses<'n> {
    names: Vec<Cow<'n, str>>,
    /// The index of a name for each folded one.
    by_folded: BTreeMap<String, usize>,
    /// The hash of each name, whole and without each of its characters, with the name's index;
    /// sorted.
    by_part: Vec<(u64, usize)>,
}

impl<'n> NearMisses<'n> {
    pub(super) fn of(names: Vec<Cow<'n, str>>) -> Self {
        // The names are in runs of sorted ones, so that collecting is faster than inserting.
        let by_folded = names.iter().zip(0..).map(|(name, index)| (fold(name), index)).collect();
        let mut by_part: Vec<(u64, usize)> = Vec::new();
        for (index, name) in names.iter().enumerate().take(INDEXED) {
            by_part.extend(parts(name).map(|part| (part, index)));
        }
        by_part.sort_unstable();
        NearMisses { names, by_folded, by_part }
    }

    /// Returns the name that `name` is probably a misspelling of.
    pub(super) fn find(&self, name: &str) -> Option<&str> {
        let folded = self.by_folded.get(&fold(name)).and_then(|&index| self.names.get(index));
        let misspelt = || parts(name).find_map(|part| self.find_by_part(part, name));
        folded.map(|found| &**found).or_else(misspelt).filter(|&found| found != name)
    }

    fn find_by_part(&self, part: u64, name: &str) -> Option<&str> {
        let start = self.by_part.partition_point(|&(other, _)| other < part);
        let candidates = self.by_part.get(start..)?.iter().take(CANDIDATES);
        let candidates = candidates.take_while(|&&(other, _)| other == part);
        let mut names = candidates.filter_map(|&(_, index)| self.names.get(index));
        names.find(|candidate| is_misspelling(name, candidate)).map(|found| &**found)
    }
}

fn fold(name: &str) -> String {
    let fold = |c: char| if matches!(c, '-' | '.') { '_' } else { c.to_ascii_uppercase() };
    name.chars().map(fold).collect()
}

/// Returns a hash of the name, and of the name without each of its characters.
fn parts(name: &str) -> impl Iterator<Item = u64> {
    let is_compared = name.is_ascii() && LENGTHS.contains(&name.len());
    let without = if is_compared { 0..name.len() } else { 0..0 };
    let whole = is_compared.then(|| hash(name.bytes()));
    let without = without.map(|left_out| {
        let kept = name.bytes().zip(0..).filter(move |&(_, index)| index != left_out);
        hash(kept.map(|(byte, _)| byte))
    });
    whole.into_iter().chain(without)
}

/// Returns a hash (FNV-1a). Equal hashes are compared in full.
fn hash(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Reports whether the names differ by one character that is not a digit and not the first one.
/// `HOST_1` and `HOST_2` are different variables.
fn is_misspelling(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let (short, long) = (short.as_bytes(), long.as_bytes());
    let common = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let (short_rest, long_rest) =
        (short.get(common..).unwrap_or_default(), long.get(common..).unwrap_or_default());
    let has_same_rest = match long.len().abs_diff(short.len()) {
        0 => !short_rest.is_empty() && short_rest.get(1..) == long_rest.get(1..),
        1 => Some(short_rest) == long_rest.get(1..),
        _ => false,
    };
    let is_digit = |rest: &[u8]| rest.first().is_some_and(u8::is_ascii_digit);
    let has_digit = is_digit(long_rest) || short.len() == long.len() && is_digit(short_rest);
    common > 0 && has_same_rest && !has_digit
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    fn find(names: &[&str], name: &str) -> Option<String> {
        let misses = NearMisses::of(names.iter().map(|&name| Cow::Borrowed(name)).collect());
        misses.find(name).map(String::from)
    }

    #[test]
    fn finds_names_that_differ_little() {
        for (name, near) in [
            ("pod_name", "POD_NAME"),
            ("POD-NAME", "POD_NAME"),
            ("POD_NAM", "POD_NAME"),
            ("POD_NAMES", "POD_NAME"),
            ("POD_NANE", "POD_NAME"),
            ("PD_NAME", "POD_NAME"),
        ] {
            assert_eq!(find(&["OTHER", near], name).as_deref(), Some(near), "{name}");
        }
    }

    #[test]
    fn different_names_are_no_misspellings() {
        for (name, other) in [
            ("HOST_1", "HOST_2"),
            ("HOST_1", "HOST_"),
            ("A", "B"),
            ("POD", "PODS"),
            ("LOD_NAME", "POD_NAME"),
            ("POD_NAME", "POD_NAME"),
            ("POD_NEMA", "POD_NAME"),
            ("NODE_NAME", "POD_NAME"),
        ] {
            assert_eq!(find(&[other], name), None, "{name}");
        }
    }

    /// Names that share a part are compared a few times only, and the index is bounded.
    #[test]
    fn many_similar_names_are_found_fast() {
        let names = (0..100_000).map(|number| Cow::Owned(format!("NAME_{number:05}_X")));
        let misses = NearMisses::of(names.collect());
        assert_eq!(misses.find("NAME_00001_Y"), Some("NAME_00001_X"));
        assert_eq!(misses.by_part.len(), INDEXED * 13);
    }
}
