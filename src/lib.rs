//! Exactly which environment variables the kubelet gives a Kubernetes container, and in which order.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::panic,
        clippy::unreachable,
        clippy::arithmetic_side_effects,
        clippy::as_conversions
    )
)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod api;
mod block;
mod environment;
mod generate;
mod linked;
mod name;
mod objects;
mod order;
#[cfg(feature = "serde")]
mod read;
mod render;
mod select;
mod store;
mod unicode;

pub use environment::{Environment, Variable};
pub use generate::{Generated, NoPorts, ServiceVariable, ServiceVariableKind, generate};
pub use linked::Collision;
pub use name::mangle;
#[cfg(feature = "serde")]
pub use objects::ObjectError;
pub use objects::{DuplicateObject, ObjectRef, Objects};
pub use order::{Order, dash_chain};
#[cfg(feature = "serde")]
pub use read::{Document, FieldError, FieldProblem};
pub use render::Form;
pub use select::{ServiceLinks, select};
pub use store::Store;
