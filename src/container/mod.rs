//! From a container's spec to its environment (Go: `Kubelet.GenerateRunContainerOptions`, as far as it is
//! about variables, the command and the arguments).

mod addresses;
mod compose;
mod defaults;
pub mod env_file;
mod expand;
mod facts;
mod field;
mod refusal;
mod resource;
mod resource_field;

pub use compose::{Composition, Expanded, SkipReason, Skipped, compose};
pub(crate) use expand::expand_within;
pub use expand::{Piece, expand, pieces};
pub use facts::{EnvFiles, Facts};
pub use refusal::{ComposeError, FieldPathError, Refusal};
pub use resource::{
    LimitsOrRequests, Resource, ResourceField, UnsupportedResource, resource_value,
};
