//! The traits that public types promise. A missing trait does not compile.
//!
//! `.ci/public-api.txt` records the rest of the public API.

use std::error::Error;
use std::fmt::{Debug, Display};
use std::hash::Hash;

use kubelet_env::api::*;
use kubelet_env::container::env_file::*;
use kubelet_env::container::*;
use kubelet_env::environment::*;
use kubelet_env::export::*;
use kubelet_env::inspect::discover::*;
use kubelet_env::inspect::*;
use kubelet_env::names::*;
use kubelet_env::objects::*;
use kubelet_env::pod::*;
use kubelet_env::release::*;
use kubelet_env::services::*;
use serde::{Deserialize, Serialize};

fn basic<T: Send + Sync + Unpin + Clone + Debug>() {}
fn eq<T: Eq>() {}
fn hash<T: Eq + Hash>() {}
fn ord<T: Ord>() {}
fn copy<T: Copy>() {}
fn default<T: Default>() {}
fn error<T: Error + Display + Eq + Send + Sync + Clone + 'static>() {}
fn wire<T: Serialize + for<'de> Deserialize<'de>>() {}

macro_rules! assert_traits {
    ($($check:ident: $($type:ty),+ $(,)?;)+) => { $($($check::<$type>();)+)+ };
}

#[test]
fn public_types_are_send_sync_clone_and_debug() {
    assert_traits! {
        basic:
            Absence, Ambiguities, Ambiguity, AmbiguousEntry, Candidate, Captured<'_>, Certainty, Change<'_>,
            ClashEffect, Code, Diagnosis, Headroom, KnownClash, Summary,
            Collision<'_>, Comparison<'_>, ComposeError, ComposeErrorKind, Composition<'_>,
            ConfigMap, ConfigMapEnvSource, ConfigMapKeySelector, Container, Declared<'_>,
            DiscoverError, Discovered, DiscoveredPort, DiscoveredService, Document,
            DocumentLimits, DriftKind, DriftedVariable, DuplicateObjectError, Entry, EnvFileError,
            EnvFileLineError, EnvFiles, EnvFromSource, EnvVar, EnvVarSource, Environment<'_>,
            ExecAction, Expanded<'_>, Expectations, Explanation, Facts<'_>, FieldError,
            FieldPathError, FieldProblem, FileKeySelector, Finding, Form, FormError, FormProblem,
            Generated<'_, '_>, Lifecycle, LifecycleHandler, LimitRange, LimitRangeItem,
            LimitRangeSpec, LocalObjectReference, NoPortsError, Node, NodeAddress, NodeStatus,
            ObjectError, ObjectFieldSelector, ObjectMeta, ObjectRef, Objects, Order, Origin,
            OwnerReference, PersistentVolumeClaimVolumeSource, Piece<'_>, Pod, PodIp, PodMeta,
            PodResourceClaim, PodSpec, PodStatus, PodTemplateSpec, PortNumber, PortNumberError,
            PossibleValue, PreparedServices<'_>, Probe, ProjectedVolumeSource, Protocol, ProtocolError,
            QualifiedNameError, Quantity, QuantityError, Reference<'_>, Release, ReleaseError,
            ReportedValue, Resolved<'_>, ResolvedReference, Resource, ResourceField,
            ResourceFieldSelector, ResourceList, ResourceRequirements, Rule, Secret,
            SecretEnvSource, SecretKeySelector, SecretValue, SecretVolumeSource, SecurityContext,
            Service, ServiceLinks, ServicePort, ServiceSpec, ServiceVariable<'_>,
            ServiceVariableKind, ServiceVariableKindError, ServiceVariables<'_, '_>, Severity,
            ShellEffect, Size, SizeLimits, SkipReason, Skipped, Source<'_>, Step,
            Store<ConfigMap>, Store<LimitRange>, Store<Node>, Store<Pod>, Store<Secret>,
            Store<Service>, Store<Workload>, Timestamp, TimestampError, UnsupportedResourceError,
            Upgrade, UpgradeChange, UpgradeSubject, Value<'_>, Variable<'_>, Violation,
            ViolationProblem, Built, PodChange, PodContext<'_>, PodError, PodSource, Stage, UndecidedField,
            UndecidedFields, Volume, VolumeMount, VolumeProjection, Workload, WorkloadKind;
    }
}

#[test]
fn values_have_comparison_traits() {
    assert_traits! {
        eq: Candidate, Collision<'_>, ComposeError, ConfigMap, Container, Declared<'_>,
            DiscoverError, FormProblem, Node, ObjectMeta, Objects, Pod, Secret, Service,
            ServicePort, ServiceVariable<'_>, Store<Service>, Value<'_>, Variable<'_>, Violation,
            Workload;
        hash: Candidate, Certainty, DiscoverError, DiscoveredPort, DiscoveredService, Form,
            ObjectRef, Order, PortNumber, Protocol, Release, Rule, ServiceLinks, ServicePort,
            ServiceVariableKind, Timestamp, ViolationProblem;
        ord: Certainty, DiscoverError, DiscoveredPort, DiscoveredService, Form, ObjectRef, Order,
            PortNumber, Protocol, Release, Rule, ServiceLinks, ServiceVariableKind, Timestamp,
            ViolationProblem;
        copy: Certainty, DiscoverError, Form, Order, PortNumber, Protocol, Release, Rule,
            ServiceLinks, ServiceVariableKind, ViolationProblem;
        default: Discovered, Environment<'_>, Form, ObjectMeta, Objects, Order, Protocol, Service,
            ServiceLinks, ServiceSpec, Store<Service>;
        error: CodeError, ComposeError, DiscoverError, DuplicateObjectError, FormError,
            NoPortsError, PortNumberError, ProtocolError, ReleaseError, ServiceVariableKindError,
            SeverityError;
    }
}

#[test]
fn objects_have_serde_traits() {
    assert_traits! {
        wire: Diagnosis, Headroom, Summary, Ambiguities, Ambiguity, AmbiguousEntry, PossibleValue, ConfigMap, DiscoveredPort, DiscoveredService, LimitRange, Node, ObjectMeta, Pod,
            PortNumber, Protocol, Release, Secret, Service, ServicePort, ServiceSpec, Timestamp;
    }
}

/// Structs that may gain fields can be built from a base, as `guide::promises` states.
#[test]
fn structs_can_be_built_from_a_base() {
    macro_rules! assert_based {
        ($($type:ident),+ $(,)?) => { $( let $type { .. } = $type { ..$type::default() }; )+ };
    }
    assert_based! {
        ConfigMapEnvSource, ConfigMapKeySelector, Container, DocumentLimits, EnvFromSource, EnvVar,
        EnvVarSource, Expectations, FileKeySelector, NodeAddress, NodeStatus, ObjectFieldSelector,
        ObjectMeta, Objects, PodIp, PodMeta, PodSpec, PodStatus, ResourceFieldSelector,
        ResourceRequirements, SecretEnvSource, SecretKeySelector, ServiceSpec,
    }
    let objects = Objects::default();
    let Facts { .. } = Facts { ..Facts::of(&objects) };
    let port = PortNumber::new(80).unwrap();
    let ServicePort { .. } = ServicePort { ..ServicePort::new(port) };
    let template = PodTemplateSpec::default();
    let Workload { .. } =
        Workload { ..Workload::new(WorkloadKind::Job, PodMeta::default(), template) };
}
