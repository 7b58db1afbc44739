//! From a text to objects: a [`Document`] holds what a format's parser found in it, and
//! [`Objects`](crate::Objects) takes the objects out of that (client-go: the universal deserializer).

mod document;
mod field;

pub(crate) use document::Value;
pub use document::{Document, DocumentLimits};
pub(crate) use field::read;
pub use field::{FieldError, FieldProblem};
