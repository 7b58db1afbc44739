//! Kubernetes objects in wire form (Go: `k8s.io/api/core/v1`), with the fields that affect a
//! container's environment.
//!
//! The types read the output of `kubectl get -o json` and `-o yaml`. Unknown fields are ignored.
//! `null` is the same as an absent field, and so is the zero value (an empty text or list), as in
//! Go. Objects are written in the same form.
//!
//! All types are plain data with public fields, and have constructors for the common case:
//!
//! ```
//! use kubelet_env::api::{ConfigMap, Container, EnvFromSource, EnvVar, Pod, Service};
//!
//! let service = Service::new("shop", "db").with_cluster_ip("10.0.0.11").with_port(5432)?;
//! let settings = ConfigMap::new("shop", "settings").with_data([("LOG_LEVEL", "info")]);
//! let app = Container::new("app")
//!     .with_env_from([EnvFromSource::config_map("settings")])
//!     .with_env([EnvVar::new("DATABASE", "$(DB_SERVICE_HOST)")]);
//! let pod = Pod::new("shop", "web").with_container(app);
//! # Ok::<(), kubelet_env::api::PortNumberError>(())
//! ```
//!
//! A minor release may add fields to most types, when a kubelet starts to read them. End a struct
//! literal with `..Default::default()`, or with the result of `new`. The page about
//! [stability](crate::guide::promises) lists the types.
//!
//! # Types of `k8s-openapi`
//!
//! [`convert`](crate::objects::convert) turns a type of `k8s-openapi`, which `kube` uses, into one
//! of these. It works with any version of that crate. For the other direction, use JSON:
//!
//! ```
//! # #[cfg(feature = "serde")] {
//! use k8s_openapi::api::core::v1;
//! use kubelet_env::api::Service;
//! use kubelet_env::objects::convert;
//!
//! # let theirs = v1::Service::default();
//! let service: Service = convert(&theirs)?;
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
pub use workload::{PodTemplateSpec, Workload, WorkloadKind};
#[cfg(feature = "serde")]
pub(crate) use {config::ReadSecret, workload::ReadWorkload};
