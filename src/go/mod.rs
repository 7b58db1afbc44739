//! Functions of Go's standard library that differ from Rust's and that shape the kubelet's output.

pub(crate) mod ip;
pub(crate) mod quote;
pub(crate) mod unicode;

/// The length of a line, without its `\n`, at which Go's `bufio.Scanner` fails.
pub(crate) const MAX_SCAN_TOKEN_SIZE: usize = 64 * 1024;
