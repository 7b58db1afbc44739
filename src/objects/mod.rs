//! From text to objects: a [`Document`] holds what a format's parser found in it, [`Objects`] the
//! objects of many documents, and a [`Store`] the objects of one kind.

#[cfg(feature = "serde")]
mod document;
#[cfg(feature = "serde")]
mod field;
mod object_ref;
#[cfg(feature = "serde")]
mod read;
mod set;
mod store;

#[cfg(feature = "serde")]
pub(crate) use document::Value as DocumentValue;
#[cfg(feature = "serde")]
pub use document::{Document, DocumentLimits};
#[cfg(feature = "serde")]
pub(crate) use field::read as read_value;
#[cfg(feature = "serde")]
pub use field::{FieldError, FieldProblem};
pub use object_ref::ObjectRef;
#[cfg(feature = "serde")]
pub use read::ObjectError;
pub use set::{DuplicateObjectError, Objects};
pub(crate) use store::Namespace;
pub use store::Store;
