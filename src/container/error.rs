//! Errors of composing an environment (Go: those of `Kubelet.makeEnvironmentVariables`, which
//! `kubectl` shows as `CreateContainerConfigError`).

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use crate::api::QuantityError;
use crate::container::UnsupportedResourceError;
use crate::container::env_file::EnvFileError;
use crate::environment::Entry;
use crate::names::QualifiedNameError;
use crate::objects::ObjectRef;
use crate::services::NoPortsError;
use crate::text::OneLine;

/// An error from [`compose`](crate::compose): the container gets no environment.
///
/// Its `Display` includes the Pod, the container, the entry if there is one, and the reason.
/// [`source`](core::error::Error::source) is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComposeError(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    pod: ObjectRef,
    container: String,
    entry: Option<(Entry, Option<String>)>,
    kind: ComposeErrorKind,
}

impl ComposeError {
    pub(super) fn new(pod: ObjectRef, container: &str, kind: ComposeErrorKind) -> Self {
        ComposeError(Box::new(Inner { pod, container: container.into(), entry: None, kind }))
    }

    /// Names the entry at fault and the variable that it sets.
    pub(super) fn at(mut self, entry: Entry, variable: Option<&str>) -> Self {
        self.0.entry = Some((entry, variable.map(String::from)));
        self
    }

    /// Returns the Pod.
    #[must_use]
    pub fn pod(&self) -> &ObjectRef {
        &self.0.pod
    }

    /// Returns the name of the container.
    #[must_use]
    pub fn container(&self) -> &str {
        &self.0.container
    }

    /// Returns the entry at fault, if the reason lies in one.
    #[must_use]
    pub fn entry(&self) -> Option<Entry> {
        self.0.entry.as_ref().map(|(entry, _)| *entry)
    }

    /// Returns the name of the variable that the entry sets, if it sets one.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        self.0.entry.as_ref()?.1.as_deref()
    }

    /// Returns the reason.
    #[must_use]
    pub fn kind(&self) -> &ComposeErrorKind {
        &self.0.kind
    }
}

impl fmt::Display for ComposeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let f = &mut OneLine(f);
        let Inner { pod, container, entry, kind } = &*self.0;
        write!(f, "{pod}, container {container}: ")?;
        match entry {
            Some((entry, Some(variable))) => write!(f, "{entry} {variable}: ")?,
            Some((entry, None)) => write!(f, "{entry}: ")?,
            None => {}
        }
        write!(f, "{kind}")
    }
}

impl core::error::Error for ComposeError {}

/// The reason why a container gets no environment. No variant holds a Secret's value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ComposeErrorKind {
    /// The Pod has no container of that name.
    #[error("the Pod has no container of that name")]
    NoSuchContainer,
    /// `enableServiceLinks` is absent.
    #[error(
        "spec.enableServiceLinks is absent: the API server fills in true, and so does Pod::with_defaults"
    )]
    ServiceLinksAbsent,
    /// The kubelet has not listed the Services yet, and the Pod is not a static Pod.
    #[error("the Services have not been listed yet, and this is not a static Pod: try again later")]
    ServicesNotListed,
    /// A Service that the container sees has an address and no ports.
    #[error(transparent)]
    NoPorts(#[from] NoPortsError),
    /// The object of a reference does not exist, and the reference is not optional.
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
    /// A `fieldRef` has no value.
    #[error("fieldRef {path:?}: {error}")]
    FieldPath {
        /// Its `fieldPath`.
        path: String,
        /// The problem.
        error: FieldPathError,
    },
    /// A `resourceFieldRef` refers to a container that the Pod does not have.
    #[error("resourceFieldRef: there is no container {container:?} in the Pod")]
    ContainerMissing {
        /// The name.
        container: String,
    },
    /// A `resourceFieldRef` refers to a resource that the downward API does not support.
    #[error("resourceFieldRef: {error}")]
    UnsupportedResource {
        /// The resource.
        error: UnsupportedResourceError,
    },
    /// A quantity is beyond 64 bits. The kubelet would continue with a wrong number, because its
    /// arithmetic overflows; this crate does not model that.
    #[error("resourceFieldRef: {error}")]
    Quantity {
        /// The quantity.
        error: QuantityError,
    },
    /// The value depends on the Node, which is not known.
    #[error("the value depends on the Node, which is not known")]
    NodeUnknown,
    /// A `fileKeyRef` refers to a volume that is not known.
    #[error("fileKeyRef: the volume {volume:?} is not known")]
    VolumeMissing {
        /// The volume.
        volume: String,
    },
    /// A `fileKeyRef` refers to a file that does not exist, an error even if it is optional.
    #[error("fileKeyRef: the volume {volume:?} has no file {path:?}")]
    EnvFileMissing {
        /// The volume.
        volume: String,
        /// The path in the volume.
        path: String,
    },
    /// An env file has an error before the key.
    #[error("fileKeyRef: {path:?} in the volume {volume:?}: {error}")]
    EnvFile {
        /// The volume.
        volume: String,
        /// The path in the volume.
        path: String,
        /// The problem.
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
    /// A `subPathExpr` refers to variables that are undefined or empty.
    #[error(
        "subPathExpr: missing value for {}: define each with a value that is not empty",
        names.join(", ")
    )]
    SubPathValueMissing {
        /// The names, each once, sorted.
        names: Vec<String>,
    },
    /// A `subPath`, or an expanded `subPathExpr`, is an absolute path.
    #[error("error SubPath must not be an absolute path: remove the `/` at its start")]
    SubPathAbsolute,
    /// A `subPath`, or an expanded `subPathExpr`, contains `..`.
    #[error("unable to provision SubPath: must not contain '..'")]
    SubPathBackstep,
    /// A volume mount has both a `subPath` and a `subPathExpr`, which the API server rejects.
    #[error("subPathExpr and subPath are mutually exclusive: remove one of them")]
    SubPathConflict,
    /// A volume mount of an ephemeral container has a `subPath` or `subPathExpr`, which the API
    /// server rejects.
    #[error("subPath and subPathExpr cannot be set for an ephemeral container: remove them")]
    SubPathOfEphemeralContainer,
    /// The environment, the command and the arguments are larger than
    /// [`Facts::size_limit`](crate::Facts::size_limit). The kubelet has no limit.
    #[error(
        "the environment, command and arguments are larger than {limit} bytes (Facts::size_limit)"
    )]
    TooLarge {
        /// The limit.
        limit: usize,
    },
}

impl ComposeErrorKind {
    /// Reports whether the open world has an unknown value instead of this error.
    pub(super) fn is_missing_fact(&self) -> bool {
        use FieldPathError::{HostIpUnknown, Undecided, Unknown};

        matches!(
            self,
            Self::NodeUnknown | Self::FieldPath { error: Unknown | Undecided | HostIpUnknown, .. }
        )
    }
}

/// The reason why a `fieldRef` has no value.
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
    /// The downward API does not support the path.
    #[error("field label not supported")]
    Unsupported,
    /// The path is valid, but no variable can have its value.
    #[error("unsupported fieldPath")]
    NotGiven,
    /// The path has a `['key']`, which only labels and annotations can have.
    #[error("field label does not support subscript")]
    Subscript,
    /// The `['key']` is not a valid key.
    #[error("invalid key subscript: {error}")]
    Key {
        /// The problem.
        error: QualifiedNameError,
    },
    /// The value is not known: the Pod does not have it yet, and the facts do not include it.
    #[error("the Pod has no such value yet, and none was given")]
    Unknown,
    /// Only the cluster decides the value, such as that of a hash or a generated name.
    #[error("only the cluster decides this value, and it was not provided")]
    Undecided,
    /// The Node has no valid address (`host IP unknown`).
    #[error("host IP unknown: the Node has no valid InternalIP or ExternalIP")]
    HostIpUnknown,
}
