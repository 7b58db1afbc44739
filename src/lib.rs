//! Computes exactly which environment variables the kubelet gives a Kubernetes container.
//!
//! The crate is a pure library without I/O. It is for tools that run a program with a Pod's
//! environment, simulate a kubelet, check manifests, or test any of that. It follows the kubelets
//! of Kubernetes 1.29 to 1.37, and its tests replay the recorded answers of those kubelets.
//!
//! ```
//! # #[cfg(feature = "serde")] {
//! use kubelet_env::{Facts, Form, Objects, Order, compose, pod::PodContext};
//!
//! let objects: Objects = serde_json::from_str(r#"{"apiVersion": "v1", "kind": "List", "items": [
//!   {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "redis", "namespace": "default"},
//!    "spec": {"clusterIP": "10.0.0.11", "ports": [{"port": 6379}]}},
//!   {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "default"},
//!    "spec": {"containers": [{"name": "app", "env": [{"name": "CACHE", "value": "$(REDIS_PORT)"}]}]}}
//! ]}"#)?;
//! let built = PodContext::of(&objects).build(objects.owner("default", "pod/web")?)?;
//! let composition = compose(&built.pod, "app", &Facts::of(&objects).with_pod(&built))?;
//! let text = composition.environment().to_text(Order::Kubelet, Form::Lines)?;
//! assert!(text.starts_with("CACHE=tcp://10.0.0.11:6379\nREDIS_SERVICE_HOST=10.0.0.11\n"));
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Data flow
//!
//! Data goes one way, and each step is a value that can be printed, compared and tested alone. The
//! modules follow that way:
//!
//! | module | holds |
//! |---|---|
//! | [`api`] | Kubernetes objects in wire form |
//! | [`names`], [`release`] | name mangling and legal names; the rules that differ between releases |
//! | [`objects`] | documents read into [`Objects`]; [`Store`], which follows watch events |
//! | [`pod`] | the Pod that the kubelet sees: controllers, defaulting, admission, static Pods |
//! | [`services`] | the Services that a container sees, and their variables |
//! | [`environment`] | the [`Environment`]: variables, values, and where they come from |
//! | [`container`] | [`compose`], which mirrors the kubelet, and the [`Facts`] that it needs |
//! | [`process`] | process 1: what the container runtime, the image and runc add |
//! | [`export`] | text in an [`Order`] and a [`Form`], and the formats of other tools |
//! | [`inspect`] | explain, diagnose, compare, drift, upgrade, and the reverse lookup of Services |
//!
//! # Guides
//!
//! - [Use it as a dependency](guide::dependency)
//! - [Pin environments in `cargo test`](guide::golden)
//! - [From the kubelet to process 1](guide::process)
//! - [Fuzz with it](guide::fuzzing)
//! - [The rules of the kubelet](guide::rules)
//! - [Design rationale](guide::reasons)
//! - [Stability](guide::promises)
//!
//! # Features
//!
//! - `serde` (default): reads and writes objects, findings and explanations.
//! - `std` (default): [`Environment::to_os_pairs`]. Without it the crate is `no_std` with `alloc`.
//!
//! # Limits
//!
//! Input may be untrusted. Time and memory are linear in its size. Where output can grow much
//! faster than input, there is a limit:
//!
//! | output | limit | default | beyond it |
//! |---|---|---|---|
//! | nesting of a document | [`DocumentLimits::depth`](objects::DocumentLimits::depth) | 128 | an error of the format |
//! | content of a document, aliases expanded | [`DocumentLimits::size`](objects::DocumentLimits::size) | 1 GiB | an error of the format |
//! | a container's environment, command, arguments, sub-paths and probe commands | [`Facts::size_limit`] | 64 MiB | [`ComposeErrorKind::TooLarge`] |
//! | possible values of a variable that the kubelet picks at random | [`Ambiguity::MAX_VALUES`](inspect::Ambiguity::MAX_VALUES) | 16 | the others are counted |
//! | text of findings | [`Expectations::size_limit`](inspect::Expectations::size_limit) | 64 MiB | [`Code::FindingsCut`](inspect::Code::FindingsCut) |
//! | a line of an env file, as in the kubelet | fixed | 64 KiB | [`EnvFileError::LineTooLong`](container::env_file::EnvFileError::LineTooLong) |
//! | an `apiVersion` or `kind` | fixed | 317 bytes | [`ObjectError::Field`] |
//!
//! The wire types' own `Deserialize` ignores unknown fields and leaves the depth to the format.
//! [`generate`](services::generate) and the text of its variables have no limit: a Service's name
//! and address are repeated for each of its ports.
#![no_std]
// docs.rs shows for each item the feature that it needs.
#![cfg_attr(docsrs, feature(doc_cfg))]
// Some pages name items of a feature.
#![cfg_attr(
    not(all(feature = "std", feature = "serde", feature = "inspect")),
    allow(rustdoc::broken_intra_doc_links)
)]
// Functions that only `inspect` uses.
#![cfg_attr(not(feature = "inspect"), allow(dead_code, unused_imports))]
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

#[cfg(all(doctest, feature = "serde", feature = "inspect"))]
#[doc = include_str!("../README.md")]
struct Readme;

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

pub mod api;
pub mod container;
pub mod environment;
pub mod export;
mod go;
#[cfg(all(any(doc, doctest), feature = "serde", feature = "inspect"))]
pub mod guide;
#[cfg(feature = "inspect")]
pub mod inspect;
pub mod names;
pub mod objects;
pub mod pod;
pub mod process;
pub mod release;
pub mod services;
mod text;

pub use container::{ComposeError, ComposeErrorKind, Composition, Facts, compose};
pub use environment::{Environment, Value, Variable};
pub use export::{Form, Order};
#[cfg(feature = "serde")]
pub use objects::{Document, ObjectError};
pub use objects::{ObjectRef, Objects, Store};
pub use release::Release;
