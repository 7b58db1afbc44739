//! The objects of a namespace, sorted by name.

use alloc::vec::Vec;
use core::iter::Flatten;
use core::slice;

/// The positions of objects in a list, sorted by the names of the objects, which are unique.
///
/// The names are in the list alone, so each method needs a function that returns the name at a
/// position. A position takes eight bytes, and a name that comes after all others, as in a sorted
/// list, is added without a search.
///
/// The positions are in blocks, so that an insertion moves few of them. No block is empty.
#[derive(Clone, Default)]
pub(super) struct Names {
    blocks: Vec<Vec<usize>>,
}

/// Returns the name at a position.
pub(super) type NameAt<'f, 'n> = &'f dyn Fn(usize) -> &'n str;

/// The positions in [`Names`], sorted by name.
pub(super) type Positions<'a> = Flatten<slice::Iter<'a, Vec<usize>>>;

const LONGEST_BLOCK: usize = 512;

impl Names {
    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    pub(super) fn positions(&self) -> Positions<'_> {
        self.blocks.iter().flatten()
    }

    pub(super) fn get(&self, name: &str, name_at: NameAt<'_, '_>) -> Option<usize> {
        let (block, index) = self.search(name, name_at);
        self.blocks.get(block)?.get(index.ok()?).copied()
    }

    /// Returns the position of a name, which is `position` if the name is new.
    pub(super) fn insert(&mut self, name: &str, position: usize, name_at: NameAt<'_, '_>) -> usize {
        let (at, index) = match self.blocks.split_last() {
            // Objects usually come sorted.
            Some((last, before)) if ends_before(last, name, name_at) => {
                (before.len(), Err(last.len()))
            }
            _ => self.search(name, name_at),
        };
        let Some(block) = self.blocks.get_mut(at) else {
            self.blocks.push(Vec::from([position]));
            return position;
        };
        match index {
            Ok(index) => return block.get(index).copied().unwrap_or(position),
            // The last block is full.
            Err(LONGEST_BLOCK) => self.blocks.push(Vec::from([position])),
            Err(index) => {
                block.insert(index, position);
                if block.len() > LONGEST_BLOCK {
                    let tail = block.split_off(LONGEST_BLOCK / 2);
                    self.blocks.insert(at.saturating_add(1), tail);
                }
            }
        }
        position
    }

    /// Sets the position of a name, if there is one.
    pub(super) fn set(&mut self, name: &str, position: usize, name_at: NameAt<'_, '_>) {
        let (block, index) = self.search(name, name_at);
        let Ok(index) = index else { return };
        if let Some(former) = self.blocks.get_mut(block).and_then(|block| block.get_mut(index)) {
            *former = position;
        }
    }

    /// Removes a name and returns its position, if there is one.
    pub(super) fn remove(&mut self, name: &str, name_at: NameAt<'_, '_>) -> Option<usize> {
        let (at, index) = self.search(name, name_at);
        let block = self.blocks.get_mut(at)?;
        let position = block.remove(index.ok()?);
        if block.is_empty() {
            self.blocks.remove(at);
        } else if block.len() < block.capacity() / 4 {
            block.shrink_to(block.len().saturating_mul(2));
        }
        Some(position)
    }

    /// Returns the index of the block of a name, and in the block the index of the name or the one
    /// to insert it at.
    fn search(&self, name: &str, name_at: NameAt<'_, '_>) -> (usize, Result<usize, usize>) {
        let before_last = self.blocks.split_last().map_or(&[][..], |(_, before)| before);
        let index = before_last.partition_point(|block| ends_before(block, name, name_at));
        let block = self.blocks.get(index).map(Vec::as_slice).unwrap_or_default();
        (index, block.binary_search_by(|&position| name_at(position).cmp(name)))
    }
}

/// Reports whether all names of a block are before `name`.
fn ends_before(block: &[usize], name: &str, name_at: NameAt<'_, '_>) -> bool {
    block.last().is_some_and(|&position| name_at(position) < name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::format;
    use std::string::String;

    use super::*;

    /// Inserts and removes names in sorted and in scattered order.
    #[test]
    fn agrees_with_a_map() {
        const COUNT: usize = 5_000;
        let list: Vec<String> = (0..COUNT).map(|number| format!("n{number:04}")).collect();
        let name_at = |position: usize| &*list[position];
        let scattered = |step: usize| (0..COUNT).map(move |number| number * step % COUNT);
        let (mut names, mut map) = (Names::default(), BTreeMap::new());
        for step in [1, 4_999, 1_237] {
            for at in scattered(step).chain(scattered(7)) {
                let expected = *map.entry(&*list[at]).or_insert(at);
                assert_eq!(names.insert(&list[at], at, &name_at), expected);
            }
            assert!(names.blocks.iter().all(|block| (1..=LONGEST_BLOCK).contains(&block.len())));
            assert!(names.positions().eq(map.values()));
            for at in scattered(1_237).take(COUNT - 10) {
                assert_eq!(names.get(&list[at], &name_at), Some(at));
                assert_eq!(names.remove(&list[at], &name_at), map.remove(&*list[at]));
                assert_eq!(names.get(&list[at], &name_at), None);
                assert_eq!(names.remove(&list[at], &name_at), None);
            }
            assert!(names.positions().eq(map.values()));
        }
    }

    #[test]
    fn sorted_names_fill_blocks() {
        let list: Vec<String> = (0..2_000).map(|number| format!("n{number:04}")).collect();
        let mut names = Names::default();
        for (position, name) in list.iter().enumerate() {
            names.insert(name, position, &|at| &list[at]);
        }
        assert_eq!(names.blocks.len(), 4);
        names.set("n0007", 9, &|at| &list[at]);
        assert_eq!(names.positions().nth(7), Some(&9));
    }
}
