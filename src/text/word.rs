//! The bytes of a text as a word of eight.

/// A word of eight bytes that are 1.
pub(crate) const ONES: u64 = 0x0101_0101_0101_0101;

/// Returns how many bits a word has beyond this many bytes.
#[inline(always)]
pub(crate) fn bits_without(bytes: usize) -> u32 {
    64_u32.wrapping_sub(u32::try_from(bytes).unwrap_or_default().wrapping_mul(8))
}

/// Returns fewer than eight bytes as a word, the first in the lowest bits.
#[inline(always)]
pub(crate) fn partial_word(bytes: &[u8]) -> u64 {
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(&first), Some(&last)) => {
            let overlap = bits_without(bytes.len());
            u64::from(u32::from_le_bytes(first))
                | (u64::from(u32::from_le_bytes(last)) << 32).unbounded_shr(overlap)
        }
        _ => bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    }
}

/// Returns the index of the first byte of this value, eight bytes at a time.
#[inline]
pub(crate) fn position(bytes: &[u8], byte: u8) -> Option<usize> {
    let (words, rest) = bytes.as_chunks();
    let mut before = 0_usize;
    for &word in words {
        if let Some(index) = position_in(u64::from_le_bytes(word), byte) {
            return before.checked_add(index);
        }
        before = before.wrapping_add(8);
    }
    let index = position_in(partial_word(rest), byte).filter(|&index| index < rest.len())?;
    before.checked_add(index)
}

#[inline(always)]
fn position_in(word: u64, byte: u8) -> Option<usize> {
    const HIGH: u64 = ONES << 7;
    // A zero byte borrows from its high bit. Only bytes after the first one can do so by mistake.
    let differences = word ^ ONES.wrapping_mul(byte.into());
    let found = differences.wrapping_sub(ONES) & !differences & HIGH;
    if found == 0 { None } else { usize::try_from(found.trailing_zeros() >> 3).ok() }
}

#[cfg(test)]
mod tests {
    use super::position;

    #[test]
    fn finds_the_first_byte() {
        for len in 0..40 {
            for at in 0..len {
                // The other bytes are those next to the byte, which a borrow could confuse.
                for (byte, other) in [(b'$', b'%'), (b'$', b'#'), (0, 1), (0xff, 0x7f), (0x80, 0)] {
                    let mut bytes = std::vec![other; len];
                    assert_eq!(position(&bytes, byte), None);
                    bytes[at] = byte;
                    assert_eq!(position(&bytes, byte), Some(at));
                    bytes[len - 1] = byte;
                    assert_eq!(position(&bytes, byte), Some(at));
                }
            }
        }
    }
}
