//! What every public type can do. It need not run: what is missing does not compile.

use std::error::Error;
use std::fmt::{Debug, Display};
use std::hash::Hash;

use kubelet_env::api::*;
use kubelet_env::env_file::*;
use kubelet_env::*;
use serde::{Deserialize, Serialize};

fn all<T: Send + Sync + Unpin + Clone + Debug>() {}
fn eq<T: Eq + Send + Sync + Clone + Debug>() {}
fn eq_hash<T: Eq + Hash>() {}
fn ord_hash<T: Ord + Hash>() {}
fn copy_ord_hash<T: Copy + Ord + Hash>() {}
fn default<T: Default>() {}
fn error<T: Error + Display + Eq + Send + Sync + Clone + 'static>() {}
fn wire<T: Serialize + for<'de> Deserialize<'de>>() {}

macro_rules! each {
    ($($check:ident: $($type:ty),+ $(,)?;)+) => { $($($check::<$type>();)+)+ };
}

#[test]
fn every_public_type_is_send_sync_clone_and_debug() {
    each! {
        all: Candidate, Certainty, Collision<'_>, ComposeError, Composition<'_>, ConfigMap, Container, Declared<'_>,
            DiscoverError, Discovered, DiscoveredPort, DiscoveredService, Document<'_>, DocumentLimits, DuplicateObject, Entry,
            EnvFileError, EnvFileLineError, EnvFiles, EnvVar, Environment<'_>, Expanded<'_>, Facts<'_>, FieldError,
            FieldPathError, FieldProblem, Form, Generated<'_, '_>, NoPorts, Node, ObjectError, ObjectMeta, ObjectRef,
            Objects, Order, Piece<'_>, Pod, PodMeta, PodSpec, PortNumber, PortNumberError, Protocol, ProtocolError,
            QualifiedNameError, Quantity, QuantityError, Reference<'_>, Refusal, Release, ReleaseError, Resolved<'_>,
            Resource, ResourceField, ResourceList, Rule, Secret, SecretValue, Service, ServiceLinks, ServicePort,
            ServiceSpec, ServiceVariable<'_>, ServiceVariableKind, SkipReason, Skipped, Source<'_>, Store<ConfigMap>,
            Store<Node>, Store<Pod>, Store<Secret>, Store<Service>, Store<Workload>, Timestamp, TimestampError,
            UnsupportedResource, Value<'_>, Variable<'_>, Violation, ViolationProblem, Workload, WorkloadKind;
    }
}

#[test]
fn values_are_compared_and_hashed() {
    each! {
        eq: Candidate, Collision<'_>, ComposeError, ConfigMap, Container, Declared<'_>, DiscoverError, Node,
            ObjectMeta, Objects, Pod, Secret, Service, ServicePort, ServiceVariable<'_>, Store<Service>, Value<'_>,
            Variable<'_>, Violation, Workload;
        eq_hash: Candidate, ServicePort;
        ord_hash: DiscoveredPort, DiscoveredService, ObjectRef, Timestamp;
        copy_ord_hash: Certainty, DiscoverError, Form, Order, PortNumber, Protocol, Release, Rule, ServiceLinks,
            ServiceVariableKind, ViolationProblem;
        default: Discovered, Environment<'_>, Form, ObjectMeta, Objects, Order, Protocol, Service, ServiceLinks,
            ServiceSpec, Store<Service>;
        error: ComposeError, DiscoverError, DuplicateObject, NoPorts, PortNumberError, ProtocolError, ReleaseError;
    }
}

#[test]
fn objects_and_what_is_found_are_written_and_read() {
    each! {
        wire: ConfigMap, DiscoveredPort, DiscoveredService, Node, ObjectMeta, Pod, PortNumber, Protocol, Secret,
            Service, ServicePort, ServiceSpec, Timestamp;
    }
}
