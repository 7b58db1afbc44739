//! What every public type can do. It need not run: what is missing does not compile.

use std::collections::BTreeSet;
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

/// Names every public type, of what is generic each instance.
macro_rules! all {
    ($($type:ty),+ $(,)?) => {
        const ALL: &[&str] = &[$(stringify!($type)),+];

        #[test]
        fn every_public_type_is_send_sync_clone_and_debug() {
            $(all::<$type>();)+
        }
    };
}

all! {
    Absence, Ambiguity<'_>, Candidate, Captured<'_>, Certainty, Change<'_>, Code, Collision<'_>,
    Comparison<'_>, ComposeError, Composition<'_>, ConfigMap, ConfigMapEnvSource, ConfigMapKeySelector,
    Container, Declared<'_>, DiscoverError, Discovered, DiscoveredPort, DiscoveredService, Document<'_>,
    DocumentLimits, Drift, Drifted, DuplicateObject, Entry, EnvFileError, EnvFileLineError, EnvFiles,
    EnvFromSource, EnvVar, EnvVarSource, Environment<'_>, Expanded<'_>, Expectations, Explanation, Facts<'_>,
    FieldError, FieldPathError, FieldProblem, FileKeySelector, Finding, Form, FormError, FormProblem,
    Generated<'_, '_>, NoPorts, Node, NodeAddress, NodeStatus, ObjectError, ObjectFieldSelector, ObjectMeta,
    ObjectRef, Objects, Order, Origin, Piece<'_>, Pod, PodIp, PodMeta, PodSpec, PodStatus, PodTemplateSpec,
    PortNumber, PortNumberError, PossibleValue<'_>, Protocol, ProtocolError, QualifiedNameError, Quantity,
    QuantityError, Reference<'_>, Refusal, Release, ReleaseError, Resolved<'_>, ResolvedReference, Resource,
    ResourceField, ResourceFieldSelector, LimitsOrRequests, ResourceRequirements, Rule, Secret, SecretEnvSource,
    SecretKeySelector, SecretValue, Service, ServiceLinks, ServicePort, ServiceSpec, ServiceVariable<'_>,
    ServiceVariableKind, Severity, Shown, Size, SizeLimits, SkipReason, Skipped, Source<'_>, Step,
    Store<ConfigMap>, Store<Node>, Store<Pod>, Store<Secret>, Store<Service>, Store<Workload>, Timestamp,
    TimestampError, UnsupportedResource, Upgrade, UpgradeChange, UpgradeSubject, Value<'_>, Variable<'_>,
    Violation, ViolationProblem, Workload, WorkloadKind,
}

#[test]
fn every_public_type_is_named_here() {
    let named: BTreeSet<&str> =
        ALL.iter().map(|name| name.split('<').next().unwrap().trim()).collect();
    let of_the_crate = [include_str!("../../src/lib.rs"), include_str!("../../src/api/mod.rs")]
        .into_iter()
        .flat_map(|source| {
            source.split("\npub use ").skip(1).map(|rest| rest.split(';').next().unwrap())
        });
    let of_env_file = include_str!("../../src/container/env_file.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("pub enum ").or(line.strip_prefix("pub struct ")));
    let public: BTreeSet<&str> = of_the_crate
        .chain(of_env_file)
        .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()))
        // The one trait there is.
        .filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase()) && *name != "Object")
        .collect();
    assert_eq!(public, named);
}

#[test]
fn values_are_compared_and_hashed() {
    each! {
        eq: Candidate, Collision<'_>, ComposeError, ConfigMap, Container, Declared<'_>, DiscoverError, FormProblem, Node,
            ObjectMeta, Objects, Pod, Secret, Service, ServicePort, ServiceVariable<'_>, Store<Service>, Value<'_>,
            Variable<'_>, Violation, Workload;
        eq_hash: Candidate, ServicePort;
        ord_hash: DiscoveredPort, DiscoveredService, ObjectRef, Timestamp;
        copy_ord_hash: Certainty, DiscoverError, Form, Order, PortNumber, Protocol, Release, Rule, ServiceLinks,
            ServiceVariableKind, ViolationProblem;
        default: Discovered, Environment<'_>, Form, ObjectMeta, Objects, Order, Protocol, Service, ServiceLinks,
            ServiceSpec, Store<Service>;
        error: ComposeError, DiscoverError, DuplicateObject, FormError, NoPorts, PortNumberError, ProtocolError, ReleaseError;
    }
}

#[test]
fn objects_and_what_is_found_are_written_and_read() {
    each! {
        wire: ConfigMap, DiscoveredPort, DiscoveredService, Node, ObjectMeta, Pod, PortNumber, Protocol, Secret,
            Service, ServicePort, ServiceSpec, Timestamp;
    }
}

#[test]
fn a_variable_is_equal_wherever_its_service_stands() {
    let service = |name: &str, cluster_ip: &str| Service {
        metadata: ObjectMeta::new("default", name),
        spec: ServiceSpec {
            cluster_ip: cluster_ip.to_owned(),
            ports: [80, 81]
                .map(|number| ServicePort::new(PortNumber::new(number).unwrap()))
                .to_vec(),
            ..ServiceSpec::default()
        },
    };
    let (a, web, same, moved) =
        (service("a", "::1"), service("web", "::1"), service("web", "::1"), service("web", "::2"));
    let (alone, second, changed) = ([&web], [&a, &same], [&moved]);
    let in_alone: Vec<_> = generate(&alone).unwrap().iter().collect();
    let in_second: Vec<_> = generate(&second)
        .unwrap()
        .iter()
        .filter(|it| it.service().metadata.name == "web")
        .collect();
    let in_changed: Vec<_> = generate(&changed).unwrap().iter().collect();
    assert_eq!(in_alone, in_second);
    assert!(in_alone.iter().zip(&in_changed).all(|(one, other)| one != other));
    for (place, variable) in in_alone.iter().enumerate() {
        assert_eq!(in_alone.iter().position(|other| other == variable), Some(place));
    }
}
