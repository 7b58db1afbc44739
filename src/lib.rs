//! Exactly which environment variables the kubelet gives a Kubernetes container, and in which order.
//!
//! Data goes one way, and each step is a value: [api] objects are [read](Objects::add), the Services
//! that a container sees [selected](select), their variables [generated](generate), and put together
//! with what the container declares by [`compose`]. The [`Environment`] that comes out is rendered,
//! [explained](Composition::explain), [diagnosed](Composition::diagnose) and [compared](compare).
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
mod name;
mod objects;
mod order;
#[cfg(feature = "serde")]
mod read;
mod release;
mod render;
mod services;
mod store;
mod upgrade;

pub use compare::{Captured, Change, Comparison, Drift, Drifted, Shown, compare, drift};
pub use container::env_file;
pub use container::{
    ComposeError, Composition, EnvFiles, Expanded, Facts, FieldPathError, Piece, Refusal, Resource, ResourceField,
    ResourceList, SkipReason, Skipped, UnsupportedResource, compose, expand, pieces, resource_value,
};
pub use declared::{Declared, Entry, Reference, Resolved, Source, Value};
pub use diagnose::{
    Ambiguity, Code, Expectations, Finding, PossibleValue, Severity, Size, SizeLimits, diagnose_service,
};
pub use discover::{Candidate, Certainty, DiscoverError, Discovered, DiscoveredPort, DiscoveredService};
pub use environment::{Environment, Variable};
pub use explain::{Absence, Explanation, Origin, ResolvedReference, Step};
pub use name::{
    QualifiedNameError, is_dns1035_label, is_dns1123_label, is_dns1123_subdomain, is_env_var_name,
    is_qualified_annotation_name, is_qualified_name, is_relaxed_env_var_name, mangle,
};
#[cfg(feature = "serde")]
pub use objects::ObjectError;
pub use objects::{DuplicateObject, ObjectRef, Objects};
pub use order::{Order, dash_chain};
#[cfg(feature = "serde")]
pub use read::{Document, FieldError, FieldProblem};
pub use release::{Release, ReleaseError, Rule};
pub use render::{Form, FormError, FormProblem};
pub use services::{
    Collision, Generated, NoPorts, ServiceLinks, ServiceVariable, ServiceVariableKind, Violation, ViolationProblem,
    generate, select, validate_service,
};
pub use store::Store;
pub use upgrade::{Upgrade, UpgradeChange, UpgradeSubject, upgrade};
