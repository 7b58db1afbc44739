//! From a text to objects: a [`Document`] holds what a format's parser found in it, and
//! [`Objects`](crate::Objects) takes the objects out of that.

mod document;
mod field;

pub use document::Document;
pub(crate) use document::Value;
pub(crate) use field::read;
pub use field::{FieldError, FieldProblem};
