//! Why the kubelet does not start a container: it could not make the environment (Go: the errors of
//! `Kubelet.makeEnvironmentVariables`, which `kubectl` shows as `CreateContainerConfigError`).

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt::{self, Write};

use crate::api::QuantityError;
use crate::container::UnsupportedResource;
use crate::container::env_file::EnvFileError;
use crate::declared::Entry;
use crate::name::QualifiedNameError;
use crate::one_line::OneLine;
use crate::{NoPorts, ObjectRef};

/// A container gets no environment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ComposeError {
    /// The container.
    pub container: String,
    /// The entry that cannot be followed, unless the reason lies elsewhere.
    pub entry: Option<Entry>,
    /// The variable that this entry sets, if it sets one.
    pub variable: Option<String>,
    /// The reason.
    pub refusal: Box<Refusal>,
}

impl fmt::Display for ComposeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let f = &mut OneLine(f);
        write!(f, "container {}: ", self.container)?;
        match (self.entry, &self.variable) {
            (Some(entry), Some(variable)) => write!(f, "{entry} {variable}: ")?,
            (Some(entry), None) => write!(f, "{entry}: ")?,
            (None, _) => {}
        }
        write!(f, "{}", self.refusal)
    }
}

/// The reason is part of the text, and so is no source of its own.
impl core::error::Error for ComposeError {}

/// Why a container gets no environment. No variant holds a Secret's value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The Pod has no container of that name.
    #[error("the Pod has no container of that name")]
    NoSuchContainer,
    /// `enableServiceLinks` is absent.
    #[error(
        "spec.enableServiceLinks is absent: the API server fills in true, and so does Pod::with_defaults"
    )]
    ServiceLinksAbsent,
    /// The kubelet has not listed the Services yet, and the Pod is no static one.
    #[error("the Services have not been listed yet, and this is no static Pod: try again later")]
    ServicesNotListed,
    /// A Service that the container sees has an address and no ports.
    #[error(transparent)]
    NoPorts(#[from] NoPorts),
    /// An object that is referred to is not there, and the reference is not optional.
    #[error("there is no {object}: create it, or make the reference optional")]
    ObjectMissing {
        /// The ConfigMap or Secret.
        object: ObjectRef,
    },
    /// The object has no such key, and the reference is not optional.
    #[error("{object} has no key {key:?}: add it, or make the reference optional")]
    KeyMissing {
        /// The ConfigMap or Secret.
        object: ObjectRef,
        /// The key.
        key: String,
    },
    /// A `fieldRef` cannot be followed.
    #[error("fieldRef {path:?}: {error}")]
    FieldPath {
        /// Its `fieldPath`.
        path: String,
        /// What is wrong with it.
        error: FieldPathError,
    },
    /// A `resourceFieldRef` names a container that the Pod does not have.
    #[error("resourceFieldRef: there is no container {container:?} in the Pod")]
    ContainerMissing {
        /// The name.
        container: String,
    },
    /// A `resourceFieldRef` names a resource that the kubelet does not give.
    #[error("resourceFieldRef: {error}")]
    UnsupportedResource {
        /// The resource.
        error: UnsupportedResource,
    },
    /// A quantity is too large to calculate with.
    #[error("resourceFieldRef: {error}")]
    Quantity {
        /// The quantity.
        error: QuantityError,
    },
    /// The value depends on the Node, which was not given.
    #[error("the value depends on the Node, which is not known")]
    NodeUnknown,
    /// A `fileKeyRef` names a volume that is not known.
    #[error("fileKeyRef: the volume {volume:?} is not known")]
    VolumeMissing {
        /// The volume.
        volume: String,
    },
    /// A `fileKeyRef` names a file that is not there, which `optional` does not forgive.
    #[error("fileKeyRef: the volume {volume:?} has no file {path:?}")]
    EnvFileMissing {
        /// The volume.
        volume: String,
        /// The path in the volume.
        path: String,
    },
    /// An env file cannot be read as far as the key.
    #[error("fileKeyRef: {path:?} in the volume {volume:?}: {error}")]
    EnvFile {
        /// The volume.
        volume: String,
        /// The path in the volume.
        path: String,
        /// What is wrong with it.
        error: EnvFileError,
    },
    /// An env file has no such key, or an empty value, and the reference is not optional.
    #[error("fileKeyRef: {path:?} in the volume {volume:?} has no value for the key {key:?}")]
    EnvFileKeyMissing {
        /// The volume.
        volume: String,
        /// The path in the volume.
        path: String,
        /// The key.
        key: String,
    },
    /// The environment, the command and the arguments come to more than
    /// [`Facts::size_limit`](crate::Facts::size_limit). The kubelet would go on.
    #[error(
        "the environment, command and arguments come to more than {limit} bytes (Facts::size_limit)"
    )]
    TooLarge {
        /// The limit.
        limit: usize,
    },
}

/// What is wrong with the `fieldPath` of a `fieldRef`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldPathError {
    /// `apiVersion` is not `v1`. The API server fills in an absent one.
    #[error(
        "unsupported pod version: {version:?}, which must be v1 (Pod::with_defaults fills it in)"
    )]
    Version {
        /// The version.
        version: String,
    },
    /// The path is not one that the downward API gives.
    #[error("field label not supported")]
    Unsupported,
    /// The path names a field that is known, but cannot be given to a container.
    #[error("unsupported fieldPath")]
    NotGiven,
    /// Only labels and annotations have a `['key']`.
    #[error("field label does not support subscript")]
    Subscript,
    /// The `['key']` is no legal key.
    #[error("invalid key subscript: {error}")]
    Key {
        /// What is wrong with it.
        error: QualifiedNameError,
    },
    /// The value is not known: the Pod does not have it yet, and it was not given.
    #[error("the Pod has no such value yet, and none was given")]
    Unknown,
    /// The Node has no address that can be read (`host IP unknown`).
    #[error("host IP unknown: the Node has no InternalIP or ExternalIP that can be read")]
    HostIpUnknown,
}
