//! What the crate promises: documented outputs, laws, and the recorded answers of the real kubelet.

mod block;
mod conformance;
mod laws;
mod printenv;
mod reading;
mod snapshots;
mod strategies;
