//! Maps and sets of keys that are known in advance, mostly names, and sorting.
//!
//! A B-tree or a sort for each type of value would take longer to compile than the code that uses
//! it. Here one sort serves all types.

use alloc::vec::Vec;
use core::cmp::Ordering;

/// The positions of the items of a list, by the keys of the items.
#[derive(Clone, Debug, Default)]
pub(crate) struct Positions<K> {
    /// The keys, in the order of the items.
    keys: Vec<K>,
    /// The positions, sorted by key. Those of one key are in ascending order.
    sorted: Vec<usize>,
}

impl<K: Copy + Ord> Positions<K> {
    /// Returns the positions in a list whose items have these keys.
    pub(crate) fn of(mut keys: impl Iterator<Item = K>) -> Self {
        Positions::collect(&mut keys)
    }

    fn collect(keys: &mut dyn Iterator<Item = K>) -> Self {
        let keys: Vec<K> = keys.collect();
        let sorted =
            sorted_positions(keys.len(), &|one, other| keys.get(one).cmp(&keys.get(other)));
        Positions { keys, sorted }
    }

    /// Returns the positions of the items with that key, in ascending order.
    pub(crate) fn all(&self, key: K) -> &[usize] {
        let key_at = |position: &usize| self.keys.get(*position).copied();
        let start = self.sorted.partition_point(|position| key_at(position) < Some(key));
        let rest = self.sorted.get(start..).unwrap_or_default();
        let len = rest.partition_point(|position| key_at(position) == Some(key));
        rest.get(..len).unwrap_or_default()
    }

    /// Returns the position of the first item with that key.
    pub(crate) fn first(&self, key: K) -> Option<usize> {
        self.all(key).first().copied()
    }

    /// Returns the position of the last item with that key.
    pub(crate) fn last(&self, key: K) -> Option<usize> {
        self.all(key).last().copied()
    }

    /// Reports whether an item has that key.
    pub(crate) fn contains(&self, key: K) -> bool {
        !self.all(key).is_empty()
    }

    /// Returns each key, sorted, and the positions of its items, in ascending order.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (K, &[usize])> {
        let groups = self.sorted.chunk_by(|&one, &next| self.keys.get(one) == self.keys.get(next));
        groups.filter_map(|group| Some((*self.keys.get(*group.first()?)?, group)))
    }
}

/// Returns the items sorted by `compare`. Equal items keep their order.
pub(crate) fn sorted<T>(items: Vec<T>, compare: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let positions = sorted_positions(items.len(), &|one, other| {
        match (items.get(one), items.get(other)) {
            (Some(one), Some(other)) => compare(one, other),
            // All positions are in the list.
            _ => Ordering::Equal,
        }
    });
    // Loops: collecting in place is long code for each type.
    let (mut unsorted, mut sorted) =
        (Vec::with_capacity(items.len()), Vec::with_capacity(items.len()));
    for item in items {
        unsorted.push(Some(item));
    }
    for position in positions {
        sorted.extend(unsorted.get_mut(position).and_then(Option::take));
    }
    sorted
}

fn sorted_positions(len: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut positions: Vec<usize> = (0..len).collect();
    positions.sort_unstable_by(|&one, &other| compare(one, other).then(one.cmp(&other)));
    positions
}

/// Returns the names sorted, each of them once.
pub(crate) fn sorted_names(mut names: Vec<&str>) -> Vec<&str> {
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_items_of_a_key() {
        let positions = Positions::of(["b", "a", "b", "c", "b"].into_iter());
        assert_eq!((positions.all("a"), positions.all("b")), (&[1][..], &[0, 2, 4][..]));
        assert_eq!((positions.first("b"), positions.last("b")), (Some(0), Some(4)));
        assert!(positions.contains("c") && !positions.contains("bb") && !positions.contains(""));
        assert_eq!(
            (positions.first("d"), positions.last("aa"), positions.last("")),
            (None, None, None)
        );
    }

    #[test]
    fn groups_are_sorted() {
        let positions = Positions::of(["b", "a", "b"].into_iter());
        let groups: Vec<(&str, &[usize])> = positions.groups().collect();
        assert_eq!(groups, [("a", &[1][..]), ("b", &[0, 2])]);
    }

    #[test]
    fn equal_items_keep_their_order() {
        let items = sorted(Vec::from(["b1", "a1", "b0"]), |one, other| one[..1].cmp(&other[..1]));
        assert_eq!(items, ["a1", "b1", "b0"]);
    }

    #[test]
    fn names_are_sorted_and_unique() {
        assert_eq!(sorted_names(Vec::from(["b", "a", "b"])), ["a", "b"]);
    }
}
