//! Sets of objects, and the documents that they are read from.
//!
//! A [`Document`] holds the content of one document of any format. [`Objects`] holds the objects of
//! many documents by kind. A [`Store`] holds the objects of one kind and follows watch events.
//! [`convert`] reads a single object of another crate, such as `k8s-openapi`.
//!
//! Lists are read as `kubectl` reads them. No function of the kubelet is mirrored here.

#[cfg(feature = "serde")]
mod convert;
#[cfg(feature = "serde")]
mod document;
#[cfg(feature = "serde")]
mod field_error;
mod names;
mod object_ref;
mod owner;
#[cfg(feature = "serde")]
mod read;
mod store;
#[cfg(feature = "serde")]
mod typed;
#[cfg(feature = "serde")]
mod value;

use alloc::collections::BTreeMap;
use alloc::string::String;

use crate::api::{
    ConfigMap, LimitRange, Node, Object, Pod, Secret, Service, Timestamp, Workload, WorkloadKind,
};

#[cfg(feature = "serde")]
pub use convert::convert;
#[cfg(feature = "serde")]
pub use document::{Document, DocumentLimits};
#[cfg(feature = "serde")]
pub use field_error::{FieldError, FieldProblem};
pub use object_ref::ObjectRef;
pub use owner::{ContainerKind, ContainerRef, Owner, OwnerError};
#[cfg(feature = "serde")]
pub use read::ObjectError;
pub use store::{IntoIter, Iter, Namespace, NamespaceIter, Store};
#[cfg(feature = "serde")]
pub(crate) use value::Value as DocumentValue;

/// A set of objects by kind.
///
/// With the feature `serde`, [`add`](Self::add) reads them from documents of any format: one
/// object, a `v1` `List`, or a list of one kind such as a `ServiceList`.
///
/// ```
/// # #[cfg(feature = "serde")] {
/// use kubelet_env::Objects;
///
/// let mut objects = Objects::default();
/// objects.add(serde_json::from_str(r#"{
///     "apiVersion": "v1",
///     "kind": "Service",
///     "metadata": {"name": "redis-primary", "namespace": "default"},
///     "spec": {"clusterIP": "10.0.0.11", "ports": [{"port": 6379}]}
/// }"#)?)?;
/// assert!(objects.services.in_namespace("default").get("redis-primary").is_some());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
// The kinds of workloads have a store each: objects of different kinds may have the same name, and
// a field reads better than a key that contains the kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Objects {
    /// The Services.
    pub services: Store<Service>,
    /// The ConfigMaps.
    pub config_maps: Store<ConfigMap>,
    /// The Secrets.
    pub secrets: Store<Secret>,
    /// The Pods.
    pub pods: Store<Pod>,
    /// The Deployments.
    pub deployments: Store<Workload>,
    /// The StatefulSets.
    pub stateful_sets: Store<Workload>,
    /// The DaemonSets.
    pub daemon_sets: Store<Workload>,
    /// The ReplicaSets.
    pub replica_sets: Store<Workload>,
    /// The Jobs.
    pub jobs: Store<Workload>,
    /// The CronJobs.
    pub cron_jobs: Store<Workload>,
    /// The Nodes.
    pub nodes: Store<Node>,
    /// The LimitRanges.
    pub limit_ranges: Store<LimitRange>,
    /// The number of objects that were read but do not affect a container's environment, by
    /// `apiVersion` and `kind`, such as `networking.k8s.io/v1 Ingress`.
    pub ignored: BTreeMap<String, usize>,
}

/// An error because two objects of a kind have the same name in the same namespace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{object} is defined twice: {}", if object.name.is_empty() {
    "only one may have neither metadata.name nor metadata.generateName, so name the others"
} else {
    "metadata.name must be unique in a namespace, so rename or remove one"
})]
#[non_exhaustive]
pub struct DuplicateObjectError {
    /// The name of both objects, or their `generateName` if they have no name.
    pub object: ObjectRef,
}

/// Calls `$each!(field)` for each store of [`Objects`].
macro_rules! for_each_store {
    ($each:ident) => {
        $each!(services);
        $each!(config_maps);
        $each!(secrets);
        $each!(pods);
        $each!(deployments);
        $each!(stateful_sets);
        $each!(daemon_sets);
        $each!(replica_sets);
        $each!(jobs);
        $each!(cron_jobs);
        $each!(nodes);
        $each!(limit_ranges);
    };
}

impl Objects {
    /// Returns the workloads of one kind.
    #[must_use]
    pub fn workloads(&self, kind: WorkloadKind) -> &Store<Workload> {
        match kind {
            WorkloadKind::Deployment => &self.deployments,
            WorkloadKind::StatefulSet => &self.stateful_sets,
            WorkloadKind::DaemonSet => &self.daemon_sets,
            WorkloadKind::ReplicaSet => &self.replica_sets,
            WorkloadKind::Job => &self.jobs,
            WorkloadKind::CronJob => &self.cron_jobs,
        }
    }

    /// Returns the workloads of one kind, for changes.
    #[must_use]
    pub fn workloads_mut(&mut self, kind: WorkloadKind) -> &mut Store<Workload> {
        match kind {
            WorkloadKind::Deployment => &mut self.deployments,
            WorkloadKind::StatefulSet => &mut self.stateful_sets,
            WorkloadKind::DaemonSet => &mut self.daemon_sets,
            WorkloadKind::ReplicaSet => &mut self.replica_sets,
            WorkloadKind::Job => &mut self.jobs,
            WorkloadKind::CronJob => &mut self.cron_jobs,
        }
    }

    /// Returns the workloads of all kinds, sorted by kind, namespace and name.
    pub fn all_workloads(&self) -> impl Iterator<Item = &Workload> {
        WorkloadKind::ALL.iter().flat_map(|&kind| self.workloads(kind))
    }

    /// Adds all objects of `other`.
    ///
    /// # Errors
    ///
    /// Returns an error if an object exists in both. `self` is left unchanged.
    pub fn merge(&mut self, other: Objects) -> Result<(), DuplicateObjectError> {
        macro_rules! check {
            ($field:ident) => {
                ensure_disjoint(&self.$field, &other.$field)?
            };
        }
        for_each_store!(check);
        self.apply(other);
        Ok(())
    }

    /// Adds all objects of `other`, and replaces those of the same kind, namespace and name.
    pub fn apply(&mut self, other: Objects) {
        macro_rules! extend {
            ($field:ident) => {
                self.$field.append(other.$field)
            };
        }
        for_each_store!(extend);
        for (kind, count) in other.ignored {
            let total = self.ignored.entry(kind).or_default();
            *total = total.saturating_add(count);
        }
    }

    /// Moves the objects without a namespace into `namespace`. Nodes are left as they are.
    #[cfg(feature = "serde")]
    fn with_default_namespace(mut self, namespace: &str) -> Result<Self, DuplicateObjectError> {
        macro_rules! move_into_namespace {
            ($field:ident) => {
                move_into_namespace(&mut self.$field, namespace)?
            };
        }
        let nodes = core::mem::take(&mut self.nodes);
        for_each_store!(move_into_namespace);
        self.nodes = nodes;
        Ok(self)
    }

    /// Keeps the objects that [existed](Object::existed_at) at `time`.
    #[must_use]
    pub fn as_of(mut self, time: Timestamp) -> Self {
        macro_rules! keep {
            ($field:ident) => {
                self.$field = self.$field.as_of(time)
            };
        }
        for_each_store!(keep);
        self
    }
}

fn ensure_disjoint<T: Object>(
    left: &Store<T>,
    right: &Store<T>,
) -> Result<(), DuplicateObjectError> {
    for object in right {
        if left.find(object.namespace(), object.name_or_prefix()).is_some() {
            return Err(duplicate(object));
        }
    }
    Ok(())
}

#[cfg(feature = "serde")]
fn move_into_namespace<T: Object>(
    store: &mut Store<T>,
    namespace: &str,
) -> Result<(), DuplicateObjectError> {
    for name in store.names_in("") {
        if let Some(mut object) = store.remove("", &name) {
            object.set_namespace(namespace);
            insert(store, object)?;
        }
    }
    Ok(())
}

#[cfg(feature = "serde")]
fn insert<T: Object>(store: &mut Store<T>, object: T) -> Result<(), DuplicateObjectError> {
    match store.apply(object) {
        None => Ok(()),
        Some(former) => Err(duplicate(&former)),
    }
}

fn duplicate(object: &dyn Object) -> DuplicateObjectError {
    DuplicateObjectError { object: ObjectRef::of_unnamed(object) }
}
