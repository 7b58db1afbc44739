//! The Kubernetes objects that a container's environment is made from, with the fields that matter
//! to it, in wire form (Go: `k8s.io/api/core/v1`).
//!
//! They read what `kubectl get -o json` and `-o yaml` print: unknown fields are ignored, `null` is
//! the same as absent, and the zero value (an empty text or list) stands for an absent field, as it
//! does in Go. What was read is written back in the same form.
//!
//! All are plain data with public fields. To most of them a field may be added in a minor release,
//! when a kubelet begins to read it: end the struct literal with `..Default::default()`, or with what
//! `new` gives. Which those are is written down in the page about promises.
//!
//! # From and to `k8s-openapi`
//!
//! The types of `k8s-openapi`, which `kube` hands out, and these meet in the wire form that both
//! speak, whatever the version of that crate. Nothing is lost of the fields that are here:
//!
//! ```
//! # #[cfg(feature = "serde")] {
//! use k8s_openapi::api::core::v1;
//!
//! # let theirs = v1::Service::default();
//! let service: kubelet_env::api::Service = serde_json::from_value(serde_json::to_value(&theirs)?)?;
//! let theirs_again: v1::Service = serde_json::from_value(serde_json::to_value(&service)?)?;
//! # assert_eq!(theirs_again.spec.unwrap_or_default(), theirs.spec.unwrap_or_default());
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The example `watcher` keeps a [`Store`](crate::Store) up to date with the events of a `kube`
//! watcher.

mod config;
mod limit_range;
mod meta;
mod node;
mod pod;
mod quantity;
mod service;
mod time;
pub(crate) mod wire;
mod workload;

pub use config::{ConfigMap, Secret, SecretValue};
pub use limit_range::{LimitRange, LimitRangeItem, LimitRangeSpec};
pub use meta::{Object, ObjectMeta, OwnerReference, PodMeta};
pub use node::{Node, NodeAddress, NodeStatus};
pub use pod::{
    ConfigMapEnvSource, ConfigMapKeySelector, Container, EnvFromSource, EnvVar, EnvVarSource,
    ExecAction, FileKeySelector, Lifecycle, LifecycleHandler, LocalObjectReference,
    ObjectFieldSelector, PersistentVolumeClaimVolumeSource, Pod, PodIp, PodResourceClaim, PodSpec,
    PodStatus, Probe, ProjectedVolumeSource, ResourceFieldSelector, ResourceRequirements,
    SecretEnvSource, SecretKeySelector, SecretVolumeSource, SecurityContext, Volume, VolumeMount,
    VolumeProjection,
};
pub use quantity::{Quantity, QuantityError};
pub use service::{
    PortNumber, PortNumberError, Protocol, ProtocolError, Service, ServicePort, ServiceSpec,
};
pub use time::{Timestamp, TimestampError};
#[cfg(feature = "serde")]
pub(crate) use workload::ReadWorkload;
pub use workload::{PodTemplateSpec, Workload, WorkloadKind};
