//! The ways in, a page each, and the reasons. There is nothing here but text.
//!
//! - [`dependency`]: put it into a program.
//! - [`golden`]: pin a workload's environment in `cargo test`.
//! - [`fuzzing`]: use it as an oracle, or feed it to your own fuzz targets.
//! - [`reasons`]: why it is as it is.
//! - [`promises`]: what a release may change, and what it will not.

#[doc = include_str!("dependency.md")]
pub mod dependency {}

#[doc = include_str!("golden.md")]
pub mod golden {}

#[doc = include_str!("fuzzing.md")]
pub mod fuzzing {}

#[doc = include_str!("reasons.md")]
pub mod reasons {}

#[doc = include_str!("promises.md")]
pub mod promises {}
