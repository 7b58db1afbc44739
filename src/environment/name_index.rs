//! The index of declared names.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::text::partial_word;

/// Names with their indexes in a list that holds the names.
///
/// A table of hashes. The hash has no secret, so names can be chosen that all have the same one.
/// Those that find no slot near theirs are in a tree, which keeps the worst case logarithmic.
#[derive(Clone, Debug, Default)]
pub(super) struct NameIndex {
    /// A power of two, or none.
    slots: Vec<Slot>,
    used: usize,
    crowded: BTreeMap<String, usize>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u32,
    /// `u32::MAX` if the slot is free.
    index: u32,
}

const FREE: Slot = Slot { hash: 0, index: u32::MAX };

impl Slot {
    fn is_free(self) -> bool {
        self.index == FREE.index
    }

    fn index(self) -> usize {
        usize::try_from(self.index).unwrap_or(usize::MAX)
    }
}

/// The number of slots in which a name may be.
const NEAR: usize = 16;

impl NameIndex {
    /// Returns the index of a name. `name_at` returns the name at an index of the list.
    pub(super) fn get<'n>(&self, name: &str, name_at: impl Fn(usize) -> &'n str) -> Option<usize> {
        match self.find(name, hash(name), name_at) {
            Ok(slot) => self.slots.get(slot).map(|slot| slot.index()),
            Err(_) if self.crowded.is_empty() => None,
            Err(_) => self.crowded.get(name).copied(),
        }
    }

    /// Sets the index of a name, and returns its former one.
    pub(super) fn insert<'n>(
        &mut self,
        name: &str,
        index: usize,
        name_at: impl Fn(usize) -> &'n str,
    ) -> Option<usize> {
        self.reserve(1, &name_at);
        let hash = hash(name);
        // No list in memory is so long, but it could be.
        let Ok(short) = u32::try_from(index) else {
            return self.crowded.insert(name.to_owned(), index);
        };
        let slot = Slot { hash, index: short };
        // Most names are new, and find their first slot free.
        let first = self.near(hash).next().filter(|&at| self.is_free(at));
        match first.filter(|_| self.crowded.is_empty()) {
            Some(first) => {
                self.put(first, slot);
                None
            }
            None => self.insert_near(name, slot, name_at),
        }
    }

    /// Inserts a name whose first slot is not free.
    #[inline(never)]
    fn insert_near<'n>(
        &mut self,
        name: &str,
        slot: Slot,
        name_at: impl Fn(usize) -> &'n str,
    ) -> Option<usize> {
        match self.find(name, slot.hash, name_at) {
            Ok(at) => self.slots.get_mut(at).map(|place| core::mem::replace(place, slot).index()),
            Err(Some(at)) if !self.crowded.contains_key(name) => {
                self.put(at, slot);
                None
            }
            Err(_) => self.crowded.insert(name.to_owned(), slot.index()),
        }
    }

    /// Makes room for more names. At most half of the slots are used.
    #[inline]
    pub(super) fn reserve<'n>(&mut self, more: usize, name_at: impl Fn(usize) -> &'n str) {
        let needed = self.used.saturating_add(more).saturating_mul(2);
        if needed > self.slots.len() {
            self.grow(needed, name_at);
        }
    }

    #[inline(never)]
    fn grow<'n>(&mut self, needed: usize, name_at: impl Fn(usize) -> &'n str) {
        let len = needed.max(2 * NEAR).next_power_of_two();
        let former = core::mem::replace(&mut self.slots, alloc::vec![FREE; len]);
        self.used = 0;
        for slot in former.into_iter().filter(|slot| !slot.is_free()) {
            match self.near(slot.hash).find(|&at| self.is_free(at)) {
                Some(at) => self.put(at, slot),
                None => {
                    let index = slot.index();
                    self.crowded.insert(name_at(index).to_owned(), index);
                }
            }
        }
    }

    fn put(&mut self, at: usize, slot: Slot) {
        if let Some(place) = self.slots.get_mut(at) {
            *place = slot;
            self.used = self.used.saturating_add(1);
        }
    }

    /// Returns the slot of a name, or else a free one for it if there is one.
    fn find<'n>(
        &self,
        name: &str,
        hash: u32,
        name_at: impl Fn(usize) -> &'n str,
    ) -> Result<usize, Option<usize>> {
        for at in self.near(hash) {
            match self.slots.get(at) {
                Some(slot) if slot.is_free() => return Err(Some(at)),
                Some(slot) if slot.hash == hash && name_at(slot.index()) == name => return Ok(at),
                _ => {}
            }
        }
        Err(None)
    }

    /// Returns the slots in which a name with this hash may be.
    fn near(&self, hash: u32) -> impl Iterator<Item = usize> + use<> {
        let mask = self.slots.len().wrapping_sub(1);
        let first = usize::try_from(hash).unwrap_or_default();
        let near = if self.slots.is_empty() { 0 } else { NEAR };
        (0..near).map(move |step| first.wrapping_add(step) & mask)
    }

    fn is_free(&self, at: usize) -> bool {
        self.slots.get(at).is_some_and(|slot| slot.is_free())
    }
}

fn hash(name: &str) -> u32 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |hash: u64, word: u64| (hash.rotate_left(23) ^ word).wrapping_mul(FACTOR);
    let bytes = name.as_bytes();
    let len = u64::try_from(bytes.len()).unwrap_or_default();
    let hash =
        bytes.as_chunks().0.iter().fold(len, |hash, &word| mix(hash, u64::from_le_bytes(word)));
    // The rest. It may overlap with the words before it.
    let rest =
        bytes.last_chunk().map_or_else(|| partial_word(bytes), |&last| u64::from_le_bytes(last));
    let hash = mix(hash, rest);
    // A product carries to higher bits only, so the last bytes of a word reach just the highest.
    u32::try_from((hash ^ hash >> 20) >> 32).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    #[test]
    fn agrees_with_a_map() {
        let names: Vec<String> = (0..5_000).map(|number| format!("N{}", number % 2_500)).collect();
        let (mut index, mut map) = (NameIndex::default(), BTreeMap::new());
        for (at, name) in names.iter().enumerate() {
            assert_eq!(index.insert(name, at, |at| &names[at]), map.insert(name, at));
        }
        for name in &names {
            assert_eq!(index.get(name, |at| &names[at]), map.get(name).copied());
        }
        assert_eq!(index.get("M", |at| &names[at]), None);
    }

    /// At most half of the slots are used, so most names should find their own free.
    #[test]
    fn spreads_names_that_end_in_numbers() {
        for prefix in ["ENTRY_", "APP_SETTING_", "N", "MY_SERVICE_CONFIGURATION_"] {
            let names: Vec<String> = (0..200).map(|number| format!("{prefix}{number}")).collect();
            let mut index = NameIndex::default();
            index.reserve(names.len(), |at| &names[at]);
            let mut in_own_slot = 0;
            for (at, name) in names.iter().enumerate() {
                let own = index.near(hash(name)).next().unwrap();
                in_own_slot += usize::from(index.is_free(own));
                index.insert(name, at, |at| &names[at]);
            }
            assert!(in_own_slot > 120, "{prefix}: {in_own_slot}");
        }
    }

    /// Names of one hash, as someone could choose them, are found in the tree.
    #[test]
    fn keeps_names_of_one_hash() {
        let names: Vec<String> = (0..200_000).map(|number| format!("N{number}")).collect();
        let mut index = NameIndex::default();
        let near = |name: &&String| hash(name) & 0xfff < 8;
        let names: Vec<&String> = names.iter().filter(near).collect();
        for (at, name) in names.iter().enumerate() {
            assert_eq!(index.insert(name, at, |at| names[at]), None);
        }
        assert!(!index.crowded.is_empty());
        for (at, name) in names.iter().enumerate() {
            assert_eq!(index.get(name, |at| names[at]), Some(at));
            assert_eq!(index.insert(name, at, |at| names[at]), Some(at));
        }
    }
}
