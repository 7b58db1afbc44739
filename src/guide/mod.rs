//! Guides. This module contains only documentation.
//!
//! - [`dependency`]: use the crate in a program.
//! - [`golden`]: pin the environment of a workload in `cargo test`.
//! - [`process`]: follow an environment from the kubelet to process 1.
//! - [`fuzzing`]: use the crate in fuzz targets.
//! - [`rules`]: the rules of the kubelet, and the releases that changed them.
//! - [`reasons`]: the design rationale.
//! - [`promises`]: the stability guarantees.

#[doc = include_str!("dependency.md")]
pub mod dependency {}

#[doc = include_str!("golden.md")]
pub mod golden {}

#[doc = include_str!("process.md")]
pub mod process {}

#[doc = include_str!("fuzzing.md")]
pub mod fuzzing {}

#[doc = include_str!("rules.md")]
pub mod rules {}

#[doc = include_str!("reasons.md")]
pub mod reasons {}

#[doc = include_str!("promises.md")]
pub mod promises {}
