//! Maps and sets of keys that are known in advance, mostly names.
//!
//! They are sorted lists of few types. A B-tree for each type of value would take longer to compile
//! than the code that uses it.

use alloc::vec::Vec;

/// The positions of the items of a list, by the keys of the items.
#[derive(Clone, Debug, Default)]
pub(crate) struct Positions<K>(Vec<(K, usize)>);

impl<K: Copy + Ord> Positions<K> {
    /// Returns the positions in a list whose items have these keys.
    pub(crate) fn of(mut keys: impl Iterator<Item = K>) -> Self {
        Positions::collect(&mut keys)
    }

    fn collect(keys: &mut dyn Iterator<Item = K>) -> Self {
        let mut sorted: Vec<(K, usize)> = keys.zip(0..).collect();
        sorted.sort_unstable();
        Positions(sorted)
    }

    /// Reports whether an item has that key.
    pub(crate) fn contains(&self, key: K) -> bool {
        self.first(key).is_some()
    }

    /// Returns the position of the first item with that key.
    pub(crate) fn first(&self, key: K) -> Option<usize> {
        let start = self.0.partition_point(|&(other, _)| other < key);
        self.0.get(start).and_then(|&(found, position)| (found == key).then_some(position))
    }

    /// Returns the position of the last item with that key.
    pub(crate) fn last(&self, key: K) -> Option<usize> {
        let end = self.0.partition_point(|&(other, _)| other <= key);
        let &(found, position) = self.0.get(end.checked_sub(1)?)?;
        (found == key).then_some(position)
    }

    /// Returns each key, sorted, and the ascending positions of its items.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (K, impl Iterator<Item = usize>)> {
        let groups = self.0.chunk_by(|(one, _), (next, _)| one == next);
        groups.filter_map(|group| {
            let &(key, _) = group.first()?;
            Some((key, group.iter().map(|&(_, position)| position)))
        })
    }
}

/// Sorts items by name. Those of one name keep their order.
pub(crate) fn sort_by_name<T>(items: Vec<T>, name: impl Fn(&T) -> &[u8]) -> Vec<T> {
    let positions = Positions::of(items.iter().map(name));
    let positions: Vec<usize> = positions.0.into_iter().map(|(_, position)| position).collect();
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    positions.into_iter().filter_map(|position| items.get_mut(position)?.take()).collect()
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
    fn finds_first_and_last_of_a_key() {
        let positions = Positions::of(["b", "a", "b", "c", "b"].into_iter());
        assert_eq!((positions.first("b"), positions.last("b")), (Some(0), Some(4)));
        assert_eq!((positions.first("a"), positions.last("a")), (Some(1), Some(1)));
        assert!(positions.contains("c") && !positions.contains("bb") && !positions.contains(""));
        assert_eq!(
            (positions.first("d"), positions.last("aa"), positions.last("")),
            (None, None, None)
        );
    }

    #[test]
    fn groups_are_sorted() {
        let positions = Positions::of(["b", "a", "b"].into_iter());
        let groups = positions.groups().map(|(key, positions)| (key, positions.collect()));
        assert_eq!(
            groups.collect::<Vec<(&str, Vec<usize>)>>(),
            [("a", Vec::from([1])), ("b", Vec::from([0, 2]))]
        );
    }

    #[test]
    fn items_of_one_name_keep_their_order() {
        let sorted = sort_by_name(Vec::from(["b1", "a1", "b0"]), |item| &item.as_bytes()[..1]);
        assert_eq!(sorted, ["a1", "b1", "b0"]);
    }

    #[test]
    fn names_are_sorted_and_unique() {
        assert_eq!(sorted_names(Vec::from(["b", "a", "b"])), ["a", "b"]);
    }
}
