//! From a container's spec to its environment (Go: `Kubelet.GenerateRunContainerOptions`, as far as
//! it concerns variables, the command and the arguments).

mod addresses;
mod compose;
pub mod env_file;
mod error;
mod expand;
mod facts;
mod field;
mod known;
mod prepared;
mod probes;
mod resource;
mod resource_field;
mod sub_path;
mod validate;

pub(crate) use compose::compose_all;
pub use compose::{Composition, Expanded, SkipReason, Skipped, compose};
pub use error::{ComposeError, ComposeErrorKind, FieldPathError};
pub use expand::{Piece, expand, pieces};
pub use facts::{DeviceVariable, EnvFiles, Facts, World};
pub use known::{IpRange, IpRangeError, Known, NoSuchServiceError, RangeTooSmallError};
pub use prepared::PreparedServices;
pub use probes::{ExecHandler, HandlerKind, HandlerReference, Replacement};
pub use resource::{
    Resource, ResourceField, ResourceList, UnsupportedResourceError, resource_value,
};
pub use sub_path::SubPath;
pub use validate::validate_env;
