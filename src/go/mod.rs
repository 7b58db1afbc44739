//! Where Go's standard library does something else than Rust's, and the kubelet's answers show it.

pub(crate) mod ip;
pub(crate) mod quote;
pub(crate) mod unicode;

/// How many bytes of a line, without its `\n`, are too many for Go's `bufio.Scanner`.
pub(crate) const MAX_SCAN_TOKEN_SIZE: usize = 64 * 1024;
