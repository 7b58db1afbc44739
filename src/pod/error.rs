//! Reasons for which the kubelet rejects a static Pod.

use crate::objects::ObjectRef;

/// An error from reading a static Pod.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PodError {
    /// The Pod has no name.
    #[error("{pod}: metadata.name is missing: a static Pod needs one")]
    NameMissing {
        /// The Pod.
        pod: ObjectRef,
    },
    /// The Pod refers to another API object, which the kubelet rejects since Kubernetes 1.34.
    #[error(
        "{pod}: static pods may not reference {resource}: remove the reference, or create the Pod in the API"
    )]
    StaticPodReference {
        /// The Pod.
        pod: ObjectRef,
        /// The plural name of the API resource, such as `secrets`.
        resource: &'static str,
    },
}
