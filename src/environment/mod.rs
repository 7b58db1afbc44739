//! The environment of a container: its variables, where each of them comes from, and its size.
//!
//! An [`Environment`] is what [`compose`](crate::compose) returns inside a
//! [`Composition`](crate::Composition), and what [`export`](crate::export) writes for other tools.

mod declared;
mod reported;
mod size;
mod value;
mod variables;

pub use declared::{Declared, Entry, Reference, Resolved, Source};
pub use reported::ReportedValue;
pub use size::Size;
pub use value::Value;
pub use variables::{Environment, Variable};
