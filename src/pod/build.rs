//! The order of the stages from an object to the Pod that the kubelet sees.

use alloc::vec::Vec;

use super::draft::Draft;
use super::{
    PodChange, PodError, Stage, UndecidedField, UndecidedFields, admission, controllers, defaults,
    kubelet, static_pods,
};
use crate::api::{LimitRange, Node, Pod, Workload};
use crate::objects::{Objects, Owner, Store};
use crate::release::{Release, Rule};

/// The facts that decide how an object becomes a Pod, as plain data.
///
/// Start with [`PodContext::of`] and override what is known:
///
/// ```
/// use kubelet_env::Objects;
/// use kubelet_env::api::{PodMeta, PodTemplateSpec, Workload, WorkloadKind};
/// use kubelet_env::pod::PodContext;
///
/// let (kind, metadata) = (WorkloadKind::StatefulSet, PodMeta::new("shop", "db"));
/// let workload = Workload::new(kind, metadata, PodTemplateSpec::default());
///
/// let objects = Objects::default();
/// let built = PodContext { index: Some(2), ..PodContext::of(&objects) }.workload(&workload);
/// assert_eq!(built.pod.metadata.name, "db-2");
/// assert_eq!(built.pod.metadata.labels["apps.kubernetes.io/pod-index"], "2");
/// assert!(built.undecided.contains("metadata.labels['controller-revision-hash']"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PodContext<'a> {
    /// The Node that the Pod runs on, if it is known. A Node of another name than `spec.nodeName`
    /// is ignored.
    pub node: Option<&'a Node>,
    /// The LimitRanges of the cluster.
    pub limit_ranges: &'a Store<LimitRange>,
    /// The source that the kubelet reads the Pod from. Workloads and mirror Pods ignore it.
    pub source: PodSource,
    /// The ordinal of a StatefulSet's Pod, or the completion index of an Indexed Job's. Other
    /// objects ignore it.
    pub index: Option<u32>,
    /// The release of the API server and the kubelet.
    pub release: Release,
}

/// A source that the kubelet reads Pods from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PodSource {
    /// The API server.
    #[default]
    Api,
    /// A file of the kubelet's manifest directory: a static Pod.
    File,
    /// A URL that the kubelet reads: a static Pod.
    Http,
}

impl PodSource {
    /// Returns the value of the annotation `kubernetes.io/config.source`: `api`, `file` or `http`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            PodSource::Api => "api",
            PodSource::File => "file",
            PodSource::Http => "http",
        }
    }
}

/// The Pod that the kubelet sees, and the changes that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Built {
    /// The Pod.
    pub pod: Pod,
    /// The fields whose values only the cluster decides.
    pub undecided: UndecidedFields,
    /// The changes, in the order in which they were made.
    pub changes: Vec<PodChange>,
}

impl<'a> PodContext<'a> {
    /// Returns the context with the LimitRanges of `objects`, the API server as the source and the
    /// newest release. The Node and the index are unknown.
    #[must_use]
    pub fn of(objects: &'a Objects) -> Self {
        PodContext {
            node: None,
            limit_ranges: &objects.limit_ranges,
            source: PodSource::Api,
            index: None,
            release: Release::NEWEST,
        }
    }

    /// Returns the Pod of `owner` as the kubelet sees it.
    ///
    /// # Errors
    /// Returns an error as [`pod`](Self::pod) does.
    pub fn build(&self, owner: Owner<'_>) -> Result<Built, PodError> {
        match owner {
            Owner::Pod(pod) => self.pod(pod),
            Owner::Workload(workload) => Ok(self.workload(workload)),
        }
    }

    /// Returns a Pod of `workload` as the kubelet sees it.
    #[must_use]
    pub fn workload(&self, workload: &Workload) -> Built {
        self.admit(controllers::create(workload, self.index))
    }

    /// Returns `pod` as the kubelet sees it.
    ///
    /// A Pod that has a UID was stored by an API server: it is not admitted again. A mirror Pod
    /// becomes the static Pod that it mirrors. A Pod of another [source](Self::source) than the
    /// API server is a static Pod.
    ///
    /// # Errors
    /// Returns an error if the kubelet rejects a static Pod: [`PodError::NameMissing`] or
    /// [`PodError::StaticPodReference`].
    pub fn pod(&self, pod: &Pod) -> Result<Built, PodError> {
        let mut draft = Draft::of(pod.clone());
        if static_pods::is_mirror(pod) {
            static_pods::unmirror(&mut draft, self.node_of(pod), self.release);
            defaults::set_defaults(&mut draft);
            return Ok(self.finish(draft));
        }
        if self.source == PodSource::Api {
            return Ok(self.admit(draft));
        }
        defaults::set_defaults(&mut draft);
        static_pods::read(&mut draft, self.node, self.release)?;
        kubelet::annotate(&mut draft, self.source);
        Ok(self.finish(draft))
    }

    /// Applies the stages of the API server, the scheduler and the kubelet to a Pod.
    fn admit(&self, mut draft: Draft) -> Built {
        let is_stored = !draft.pod.metadata.uid.is_empty();
        let is_bound = is_stored && !draft.pod.spec.node_name.is_empty();
        defaults::set_defaults(&mut draft);
        if draft.pod.metadata.name.is_empty() {
            draft.undecided.insert(UndecidedField::Name);
        }
        if !is_stored {
            draft.undecided.insert(UndecidedField::Uid);
            admission::limit_ranger(&mut draft, self.limit_ranges);
            admission::service_account(&mut draft);
        }
        if !is_bound {
            let node = self.node_of(&draft.pod);
            if let Some(node) = node {
                let name = &node.metadata.name;
                draft.set(Stage::Scheduler, "spec.nodeName", |pod| &mut pod.spec.node_name, name);
            }
            if self.release.has(Rule::TopologyLabels) {
                admission::topology_labels(&mut draft, node);
            }
        }
        kubelet::annotate(&mut draft, PodSource::Api);
        self.finish(draft)
    }

    fn finish(&self, mut draft: Draft) -> Built {
        let node = self.node_of(&draft.pod);
        kubelet::host_network(&mut draft, node);
        let Draft { pod, undecided, changes } = draft;
        Built { pod, undecided, changes }
    }

    /// Returns the Node, unless the Pod runs on another one.
    fn node_of(&self, pod: &Pod) -> Option<&'a Node> {
        let assigned = pod.spec.node_name.as_str();
        self.node.filter(|node| assigned.is_empty() || node.metadata.name == assigned)
    }
}

impl Built {
    /// Sets an undecided field to the value that the cluster decided. Does nothing if the field is
    /// decided already.
    ///
    /// ```
    /// use kubelet_env::Objects;
    /// use kubelet_env::api::{PodMeta, PodTemplateSpec, Workload, WorkloadKind};
    /// use kubelet_env::pod::{PodContext, UndecidedField};
    ///
    /// let (kind, metadata) = (WorkloadKind::Deployment, PodMeta::new("shop", "web"));
    /// let workload = Workload::new(kind, metadata, PodTemplateSpec::default());
    ///
    /// let mut built = PodContext::of(&Objects::default()).workload(&workload);
    /// built.decide(UndecidedField::Name, "web-5d68c8b5fc-abcde");
    /// assert_eq!(built.pod.metadata.name, "web-5d68c8b5fc-abcde");
    /// assert!(!built.undecided.contains("metadata.name"));
    /// ```
    pub fn decide(&mut self, field: UndecidedField, value: impl Into<alloc::string::String>) {
        if !self.undecided.remove(&field) {
            return;
        }
        let (value, metadata) = (value.into(), &mut self.pod.metadata);
        match field {
            UndecidedField::Name => metadata.name = value,
            UndecidedField::Uid => metadata.uid = value,
            UndecidedField::Hostname => self.pod.spec.hostname = value,
            UndecidedField::Label(key) => {
                metadata.labels.insert(key, value);
            }
            UndecidedField::Annotation(key) => {
                metadata.annotations.insert(key, value);
            }
        }
    }
}
