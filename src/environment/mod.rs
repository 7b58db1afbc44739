//! The environment of a container: its variables, where each of them comes from, and its size.
//!
//! An [`Environment`] is what [`compose`](crate::compose) returns inside a
//! [`Composition`](crate::Composition), and what [`export`](crate::export) writes for other tools.

mod declared;
mod name_index;
mod open;
mod reported;
mod size;
mod unknown;
mod value;
mod variable;
mod variables;

pub use declared::{Declared, Entry, Reference, Resolved, Source};
pub use open::OpenSource;
pub use reported::ReportedValue;
pub use size::Size;
pub use unknown::Unknown;
pub(crate) use value::ValueBuilder;
pub use value::{Part, Value};
pub use variable::{Variable, Variables};
pub use variables::Environment;
