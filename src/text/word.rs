//! The bytes of a text as a word of eight.

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
