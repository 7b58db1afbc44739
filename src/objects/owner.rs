//! The Pods and workloads among objects, and their containers.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::{ObjectRef, Objects};
use crate::api::{Container, Node, Pod, PodMeta, PodSpec, Workload, WorkloadKind};
use crate::text::OneLine;

/// A Pod or workload, which declares containers.
///
/// [`PodContext::build`](crate::pod::PodContext::build) returns the Pod that the kubelet sees.
#[derive(Clone, Copy, Debug)]
pub enum Owner<'a> {
    /// A Pod.
    Pod(&'a Pod),
    /// A workload, whose template declares the containers.
    Workload(&'a Workload),
}

/// A container among the objects, by reference.
///
/// `Display` prints the kind, namespace and name of the owner and the name of the container, such
/// as `Deployment shop/web app`, always on one line.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ContainerRef<'a> {
    /// The Pod or workload.
    pub owner: Owner<'a>,
    /// The kind of the container.
    pub kind: ContainerKind,
    /// The name, unique in the owner.
    pub name: &'a str,
}

/// The kind of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ContainerKind {
    /// An init container, which ends before the next one starts.
    Init,
    /// An init container that keeps running: its `restartPolicy` is `Always`.
    Sidecar,
    /// An ordinary container.
    Ordinary,
    /// An ephemeral container, which was added for debugging.
    Ephemeral,
}

impl Objects {
    /// Returns the Pods, then the workloads of all kinds, each sorted by namespace and name.
    pub fn owners(&self) -> impl Iterator<Item = Owner<'_>> {
        let pods = self.pods.iter().map(Owner::Pod);
        pods.chain(self.all_workloads().map(Owner::Workload))
    }

    /// Returns the containers of all Pods and workloads.
    ///
    /// ```
    /// use kubelet_env::api::{Container, EnvVar, Pod};
    /// use kubelet_env::container::Known;
    /// use kubelet_env::pod::PodContext;
    /// use kubelet_env::{Facts, Form, Objects, Order, compose};
    ///
    /// let app = Container::new("app").with_env([EnvVar::from_secret_key("PASSWORD", "db", "pw")]);
    /// let mut objects = Objects::default();
    /// objects.pods.apply(Pod::new("shop", "web").with_container(app));
    ///
    /// let known = Known::default();
    /// for container in objects.containers() {
    ///     let built = PodContext::of(&objects).build(container.owner)?;
    ///     let facts = Facts::open(&objects, &known).with_pod(&built);
    ///     let composition = compose(&built.pod, container.name, &facts)?;
    ///     assert_eq!(container.to_string(), "Pod shop/web app");
    ///     let text = composition.environment().to_text(Order::Kubelet, Form::Lines)?;
    ///     assert!(text.starts_with("PASSWORD=<Secret shop/db pw>\n"));
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn containers(&self) -> impl Iterator<Item = ContainerRef<'_>> {
        self.owners().flat_map(Owner::containers)
    }

    /// Returns the Pod or workload that `kubectl` selects by `name` in `namespace`, such as
    /// `deploy/web`, `deployment.apps/web`, `pod/web-0` or, for a Pod, `web-0`.
    ///
    /// # Errors
    /// Returns an error if the kind is not that of a Pod or workload, or if there is no such
    /// object.
    ///
    /// ```
    /// use kubelet_env::api::Pod;
    /// use kubelet_env::Objects;
    ///
    /// let mut objects = Objects::default();
    /// objects.pods.apply(Pod::new("shop", "web-0"));
    /// assert!(objects.owner("shop", "pod/web-0").is_ok());
    /// assert_eq!(
    ///     objects.owner("shop", "deploy/web").unwrap_err().to_string(),
    ///     "there is no Deployment shop/web, but Pod shop/web-0",
    /// );
    /// ```
    pub fn owner(&self, namespace: &str, name: &str) -> Result<Owner<'_>, OwnerError> {
        let (resource, name) = name.split_once('/').unwrap_or(("pod", name));
        let kind = kind_of(resource)
            .ok_or_else(|| OwnerError::UnknownKind { resource: resource.to_owned() })?;
        let owner = match kind {
            None => self.pods.in_namespace(namespace).get(name).map(Owner::Pod),
            Some(kind) => {
                self.workloads(kind).in_namespace(namespace).get(name).map(Owner::Workload)
            }
        };
        owner.ok_or_else(|| OwnerError::Missing {
            object: ObjectRef {
                kind: kind.map_or("Pod", WorkloadKind::as_str).to_owned(),
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            },
            others: self.owners().map(Owner::object).collect(),
        })
    }
}

/// Returns the kind of a resource as `kubectl` names it, such as `deploy` or `deployments.apps`.
/// The kind of a Pod is `Some(None)`.
fn kind_of(resource: &str) -> Option<Option<WorkloadKind>> {
    let lower = resource.to_lowercase();
    let name = lower.split('.').next().unwrap_or_default();
    let is = |short: &str, long: &str| {
        name == short || name.strip_suffix('s').unwrap_or(name).eq_ignore_ascii_case(long)
    };
    if is("po", "Pod") {
        return Some(None);
    }
    let short_name = |kind: WorkloadKind| match kind {
        WorkloadKind::Deployment => "deploy",
        WorkloadKind::StatefulSet => "sts",
        WorkloadKind::DaemonSet => "ds",
        WorkloadKind::ReplicaSet => "rs",
        WorkloadKind::Job => "job",
        WorkloadKind::CronJob => "cj",
    };
    let mut kinds = WorkloadKind::ALL.iter().copied();
    kinds.find(|&kind| is(short_name(kind), kind.as_str())).map(Some)
}

impl<'a> Owner<'a> {
    /// Returns the reference to the object. An object without a name has its `generateName`
    /// there.
    #[must_use]
    pub fn object(self) -> ObjectRef {
        match self {
            Owner::Pod(pod) => ObjectRef::of_unnamed(pod),
            Owner::Workload(workload) => ObjectRef::of_unnamed(workload),
        }
    }

    /// Returns the metadata of the object itself, not that of a workload's template.
    #[must_use]
    pub fn metadata(self) -> &'a PodMeta {
        match self {
            Owner::Pod(pod) => &pod.metadata,
            Owner::Workload(workload) => &workload.metadata,
        }
    }

    /// Returns the spec of the Pod, or that in the template of the workload.
    #[must_use]
    pub fn spec(self) -> &'a PodSpec {
        match self {
            Owner::Pod(pod) => &pod.spec,
            Owner::Workload(workload) => &workload.template.spec,
        }
    }

    /// Returns the Node that the spec names, if it is among the objects.
    #[must_use]
    pub fn node(self, objects: &Objects) -> Option<&Node> {
        objects.nodes.get(&self.spec().node_name)
    }

    /// Returns the init containers and sidecars, the ordinary containers and the ephemeral ones,
    /// each in their order.
    pub fn containers(self) -> impl Iterator<Item = ContainerRef<'a>> {
        let spec = self.spec();
        let list = |containers: &'a [Container], kind| {
            containers.iter().map(move |container| ContainerRef {
                owner: self,
                kind: if kind == ContainerKind::Init && container.restart_policy == "Always" {
                    ContainerKind::Sidecar
                } else {
                    kind
                },
                name: &container.name,
            })
        };
        list(&spec.init_containers, ContainerKind::Init)
            .chain(list(&spec.containers, ContainerKind::Ordinary))
            .chain(list(&spec.ephemeral_containers, ContainerKind::Ephemeral))
    }

    /// Returns the container that `kubectl exec` uses: the one that the annotation
    /// `kubectl.kubernetes.io/default-container` of the Pod names, or the first ordinary one.
    #[must_use]
    pub fn default_container(self) -> Option<ContainerRef<'a>> {
        let pod_metadata = match self {
            Owner::Pod(pod) => &pod.metadata,
            Owner::Workload(workload) => &workload.template.metadata,
        };
        let annotated = pod_metadata.annotations.get("kubectl.kubernetes.io/default-container");
        let mut first = None;
        for container in self.containers() {
            if annotated.is_some_and(|name| container.name == name) {
                return Some(container);
            }
            if container.kind == ContainerKind::Ordinary {
                first.get_or_insert(container);
            }
        }
        first
    }
}

impl fmt::Display for ContainerRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Write::write_fmt(
            &mut OneLine(f),
            format_args!("{} {}", self.owner.object(), self.name),
        )
    }
}

/// An error from looking up a Pod or workload by name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OwnerError {
    /// The kind is not that of a Pod or workload.
    UnknownKind {
        /// The kind as it was given.
        resource: String,
    },
    /// There is no such object.
    Missing {
        /// The object.
        object: ObjectRef,
        /// All Pods and workloads among the objects.
        others: Vec<ObjectRef>,
    },
}

/// The number of other objects that the message of [`OwnerError::Missing`] lists.
const LISTED_OTHERS: usize = 20;

impl fmt::Display for OwnerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OwnerError::UnknownKind { resource } => write!(
                f,
                "{resource:?} is neither a Pod nor a workload: expected a name such as deploy/web or pod/web-0"
            ),
            OwnerError::Missing { object, others } => {
                write!(f, "there is no {object}")?;
                for (index, other) in others.iter().take(LISTED_OTHERS).enumerate() {
                    write!(f, "{}{other}", if index == 0 { ", but " } else { ", " })?;
                }
                match others.len().checked_sub(LISTED_OTHERS) {
                    None | Some(0) => Ok(()),
                    Some(more) => write!(f, " and {more} more"),
                }
            }
        }
    }
}

impl core::error::Error for OwnerError {}
