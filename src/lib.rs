//! Exactly which environment variables the kubelet gives a Kubernetes container, and in which order.
//!
//! A pure library, without I/O, for tools that run a program with a pod's environment, simulate a kubelet,
//! check manifests, or test any of that. It answers as the kubelets of Kubernetes 1.29 to 1.36 do, which is
//! checked against what they answered themselves.
//!
//! ```
//! use kubelet_env::api::{Container, EnvVar, ObjectMeta, Pod, PodSpec, PortNumber, Service, ServicePort, ServiceSpec};
//! use kubelet_env::{Facts, Form, Objects, Order, compose};
//!
//! let mut objects = Objects::default();
//! objects.services.apply(Service {
//!     metadata: ObjectMeta::new("default", "redis-primary"),
//!     spec: ServiceSpec {
//!         cluster_ip: "10.0.0.11".into(),
//!         ports: vec![ServicePort::new(PortNumber::new(6379)?)],
//!         ..ServiceSpec::default()
//!     },
//! });
//! let url = "redis://$(REDIS_PRIMARY_SERVICE_HOST)/".into();
//! let env = vec![EnvVar { name: "CACHE".into(), value: url, ..EnvVar::default() }];
//! let app = Container { name: "app".into(), env, ..Container::default() };
//! let mut pod = Pod { spec: PodSpec { containers: vec![app], ..PodSpec::default() }, ..Pod::default() };
//! pod.metadata.namespace = "default".into();
//! let pod = pod.with_defaults();
//!
//! let composition = compose(&pod, "app", &Facts::of(&objects))?;
//! let text = String::from_utf8(composition.environment().render(Order::Kubelet, Form::Lines))?;
//! assert_eq!(
//!     text,
//!     "\
//! CACHE=redis://10.0.0.11/
//! REDIS_PRIMARY_SERVICE_HOST=10.0.0.11
//! REDIS_PRIMARY_SERVICE_PORT=6379
//! REDIS_PRIMARY_PORT=tcp://10.0.0.11:6379
//! REDIS_PRIMARY_PORT_6379_TCP=tcp://10.0.0.11:6379
//! REDIS_PRIMARY_PORT_6379_TCP_PROTO=tcp
//! REDIS_PRIMARY_PORT_6379_TCP_PORT=6379
//! REDIS_PRIMARY_PORT_6379_TCP_ADDR=10.0.0.11
//! "
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Data flow
//!
//! Data goes one way, and each step is a value:
//!
//! 1. **Objects** in the [wire form](api) of Kubernetes are read from a [`Document`] of any format
//!    ([`Objects::add`]), built in Rust, or kept up to date in a [`Store`].
//! 2. **Services** that a container sees are [selected](select), and each [makes](generate) its variables,
//!    with its name [mangled](mangle). [`validate_service`] and [`diagnose_service`] look at one before it is
//!    created.
//! 3. **A container** of a [`Pod`](api::Pod) is [composed](compose) from them, from its `envFrom` and
//!    `env` with `$(NAME)` [expanded](expand), and from what the Pod does not say, the [`Facts`]. What the kubelet
//!    refuses is a [`Refusal`]. Releases differ by [`Rule`]s.
//! 4. **The [`Composition`]** tells where a variable comes from ([`explain`](Composition::explain)), what deserves
//!    attention ([`diagnose`](Composition::diagnose)), what it takes ([`size`](Composition::size)), and what
//!    an [`upgrade`] changes.
//! 5. **The [`Environment`]** is written in an [`Order`] and a [`Form`], or for other tools; [compared](compare)
//!    with another, or [held against](drift) a running container's.
//! 6. **Back again**, [`Discovered`] finds Services in any environment.
//!
//! # Pages
//!
//! [As a dependency](guide::dependency), [golden checks in `cargo test`](guide::golden), [fuzzing with
//! it](guide::fuzzing), [the reasons](guide::reasons), and [what a release may change](guide::promises).
//!
//! # Features
//!
//! - `serde`, by default: objects, findings and explanations are read and written.
//! - `std`, by default: [`Environment::os_pairs`]. Without it the crate is `no_std` with `alloc`.
//!
//! # What is not here
//!
//! - The image's `ENV`, and the `HOSTNAME` and `PATH` of the container runtime, are not the kubelet's:
//!   [`Environment::over`] lays them under it. What device plugins add is not known here.
//! - Releases before 1.29 are refused, and those after 1.36 taken for 1.36, which
//!   [is said](Release::is_unknown).
//!
//! # Limits
//!
//! Objects may come from strangers. Reading them, and all that is made of them, takes time and memory
//! in proportion to what was read; where a short input can make much there is a limit:
//!
//! | what | limit | by default | beyond it |
//! |---|---|---|---|
//! | how deep a document is nested | [`DocumentLimits::depth`] | 128 | an error of the format |
//! | what a document holds, aliases expanded | [`DocumentLimits::size`] | 1 GiB | an error of the format |
//! | a container's environment, command and arguments | [`Facts::size_limit`] | 64 MiB | [`Refusal::TooLarge`] |
//! | the values that a random choice may lead to | [`Ambiguity::MOST_ORDERS`], [`Facts::size_limit`] | 1,024, 64 MiB | the others are not listed |
//! | the texts of findings | [`Expectations::size_limit`] | 64 MiB | [`Code::FindingsCut`], and no more |
//! | a line of an env file, as in the kubelet | none can be set | 64 KiB | [`env_file::EnvFileError::LineTooLong`] |
//! | an `apiVersion` or `kind` | none can be set | 317 bytes | [`ObjectError::Field`] |
//!
//! The wire types' own `Deserialize` keeps nothing that it does not know, and leaves the depth to the
//! format. [`generate`], an [`Environment`] made of it and its text have no limit: the text of a
//! Service's variables is its name and address times its ports.
#![no_std]
// docs.rs says of each item which feature it needs.
#![cfg_attr(docsrs, feature(doc_cfg))]
// Some pages name what a feature brings.
#![cfg_attr(not(all(feature = "std", feature = "serde")), allow(rustdoc::broken_intra_doc_links))]
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

#[cfg(all(doctest, feature = "serde"))]
#[doc = include_str!("../README.md")]
struct Readme;

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

pub mod api;
mod compare;
mod container;
mod declared;
mod diagnose;
mod discover;
mod environment;
mod explain;
mod go;
#[cfg(all(any(doc, doctest), feature = "serde"))]
pub mod guide;
mod name;
mod objects;
mod one_line;
mod order;
#[cfg(feature = "serde")]
mod read;
mod release;
mod render;
mod services;
mod size;
mod store;
mod upgrade;

pub use compare::{Captured, Change, Comparison, Drift, Drifted, Shown, compare, drift};
pub use container::env_file;
pub use container::{
    ComposeError, Composition, EnvFiles, Expanded, Facts, FieldPathError, LimitsOrRequests, Piece,
    Refusal, Resource, ResourceField, SkipReason, Skipped, UnsupportedResource, compose, expand,
    pieces, resource_value,
};
pub use declared::{Declared, Entry, Reference, Resolved, Source, Value};
pub use diagnose::{
    Ambiguity, Code, Expectations, Finding, PossibleValue, Severity, SizeLimits, diagnose_service,
};
pub use discover::{
    Candidate, Certainty, DiscoverError, Discovered, DiscoveredPort, DiscoveredService,
};
pub use environment::{Environment, Variable};
pub use explain::{Absence, Explanation, Origin, ResolvedReference, Step};
pub use name::{
    QualifiedNameError, is_dns1035_label, is_dns1123_label, is_dns1123_subdomain, is_env_var_name,
    is_relaxed_env_var_name, mangle, validate_qualified_annotation_name, validate_qualified_name,
};
#[cfg(feature = "serde")]
pub use objects::ObjectError;
pub use objects::{DuplicateObject, ObjectRef, Objects};
pub use order::{Order, dash_chain};
#[cfg(feature = "serde")]
pub use read::{Document, DocumentLimits, FieldError, FieldProblem};
pub use release::{Release, ReleaseError, Rule};
pub use render::{Form, FormError, FormProblem};
pub use services::{
    Collision, Generated, NoPorts, ServiceLinks, ServiceVariable, ServiceVariableKind, Violation,
    ViolationProblem, generate, select, validate_service,
};
pub use size::Size;
pub use store::Store;
pub use upgrade::{Upgrade, UpgradeChange, UpgradeSubject, upgrade};
