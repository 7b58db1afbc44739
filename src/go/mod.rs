//! Where Go's standard library does something else than Rust's, and the kubelet's answers show it.

pub(crate) mod ip;
pub(crate) mod quote;
pub(crate) mod unicode;
