//! The objects that a tool has read, whatever documents they came in. Nothing of the kubelet is mirrored
//! here; lists are read as `kubectl` reads them.

use alloc::vec::Vec;

use super::{ObjectRef, Store};
use crate::api::{
    ConfigMap, LimitRange, Node, Object, Pod, Secret, Service, Timestamp, Workload, WorkloadKind,
};

/// The objects read so far, by kind.
///
/// With the feature `serde`, [`add`](Self::add) takes them out of documents of any format that serde
/// reads: one object, a `v1` `List`, or a list of one kind such as a `ServiceList`.
///
/// ```
/// # #[cfg(feature = "serde")] {
/// use kubelet_env::{Document, Objects};
///
/// let json = r#"{
///     "apiVersion": "v1",
///     "kind": "Service",
///     "metadata": {"name": "redis-primary", "namespace": "default"},
///     "spec": {"clusterIP": "10.0.0.11", "ports": [{"port": 6379}]}
/// }"#;
/// let document: Document = serde_json::from_str(json)?;
/// let mut objects = Objects::default();
/// objects.add(document)?;
/// assert!(objects.services.get("default", "redis-primary").is_some());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    /// What was read and is of no kind that a container's environment depends on, in the order read.
    pub ignored: Vec<ObjectRef>,
}

/// Two objects of a kind have one name in one namespace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{object} is defined twice: {}", if object.name.is_empty() {
    "only one may be without a metadata.name, so name the others"
} else {
    "metadata.name must be unique in a namespace, so rename or remove one"
})]
#[non_exhaustive]
pub struct DuplicateObjectError {
    /// The name that both have.
    pub object: ObjectRef,
}

/// Calls `$each!(field)` for the stores of [`Objects`].
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
    /// The workloads of one kind.
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

    /// Takes over all that `other` holds.
    ///
    /// # Errors
    /// An object is in both. Then nothing was taken over.
    pub fn merge(&mut self, other: Objects) -> Result<(), DuplicateObjectError> {
        macro_rules! check {
            ($field:ident) => {
                ensure_disjoint(&self.$field, &other.$field)?
            };
        }
        macro_rules! extend {
            ($field:ident) => {
                self.$field.extend(other.$field.into_objects())
            };
        }
        for_each_store!(check);
        for_each_store!(extend);
        self.ignored.extend(other.ignored);
        Ok(())
    }

    /// Puts the objects that name no namespace into `namespace`, as `kubectl apply` does with
    /// manifests that were written by hand.
    ///
    /// # Errors
    /// There is an object of that kind and name in `namespace` already.
    pub fn with_default_namespace(mut self, namespace: &str) -> Result<Self, DuplicateObjectError> {
        macro_rules! move_unplaced {
            ($field:ident) => {
                move_unplaced(&mut self.$field, namespace)?
            };
        }
        let nodes = core::mem::take(&mut self.nodes);
        for_each_store!(move_unplaced);
        self.nodes = nodes;
        Ok(self)
    }

    /// Those that were there at `moment`, as [`Object::existed_at`] has it.
    #[must_use]
    pub fn as_of(mut self, moment: Timestamp) -> Self {
        macro_rules! keep {
            ($field:ident) => {
                self.$field = self.$field.as_of(moment)
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
    match right.iter().find(|object| left.get(object.namespace(), object.name()).is_some()) {
        None => Ok(()),
        Some(object) => Err(DuplicateObjectError { object: ObjectRef::of(object) }),
    }
}

fn move_unplaced<T: Object>(
    store: &mut Store<T>,
    namespace: &str,
) -> Result<(), DuplicateObjectError> {
    for mut object in store.take_namespace("") {
        object.set_namespace(namespace);
        insert(store, object)?;
    }
    Ok(())
}

pub(super) fn insert<T: Object>(
    store: &mut Store<T>,
    object: T,
) -> Result<(), DuplicateObjectError> {
    match store.apply(object) {
        None => Ok(()),
        Some(former) => Err(DuplicateObjectError { object: ObjectRef::of(&former) }),
    }
}
