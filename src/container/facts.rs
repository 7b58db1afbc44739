//! The facts that a container's environment depends on besides its Pod: the kubelet takes them from
//! its listers, its managers of ConfigMaps and Secrets, its volumes and the container runtime.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::{Known, PreparedServices};
use crate::api::{ConfigMap, Node, Pod, PodStatus, Secret, Service};
use crate::objects::{Objects, Store};
use crate::pod::{Built, PodChange, UndecidedFields};
use crate::release::Release;

/// The facts that a container's environment depends on besides its Pod. Plain data, mostly
/// borrowed.
///
/// Start with [`Facts::of`] for the objects of a running cluster, or with [`Facts::open`] for
/// manifests, and override fields:
///
/// ```
/// use kubelet_env::api::PodStatus;
/// use kubelet_env::{Facts, Objects};
///
/// let objects = Objects::default();
/// let status = PodStatus::with_ips(["10.244.0.7"]);
/// let facts = Facts { pod_status: Some(&status), release: "1.34".parse()?, ..Facts::of(&objects) };
/// assert!(facts.services_listed && facts.node.is_none());
/// # Ok::<(), kubelet_env::release::ReleaseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// The treatment of objects and facts that are missing.
    pub world: World,
    /// Knowledge that the objects do not have.
    pub known: Option<&'a Known>,
    /// The release of the kubelet.
    pub release: Release,
    /// The cluster's Services.
    pub services: &'a Store<Service>,
    /// The Services of a namespace, [prepared](PreparedServices) for many containers. They are used
    /// if they were prepared from the same `services`, `known` and `world`, and the Pod is in their
    /// namespace. They change no result.
    pub prepared_services: Option<&'a PreparedServices<'a>>,
    /// True if the kubelet has listed the Services. Before that it starts only static Pods, with
    /// the Services it has seen.
    pub services_listed: bool,
    /// The cluster's ConfigMaps.
    pub config_maps: &'a Store<ConfigMap>,
    /// The cluster's Secrets.
    pub secrets: &'a Store<Secret>,
    /// The cluster's Nodes. The one that the Pod names in `spec.nodeName` is used unless `node` is
    /// given.
    pub nodes: &'a Store<Node>,
    /// The Node that the Pod runs on.
    pub node: Option<&'a Node>,
    /// The addresses that the kubelet was started with (`--node-ip`). The family of the first one
    /// is that of the Pod's primary address. The default is IPv4.
    pub node_ips: &'a [String],
    /// The Pod's addresses as the container runtime reports them. Without them, those in the Pod's
    /// own `status` are used.
    pub pod_status: Option<&'a PodStatus>,
    /// The fields of the Pod whose values only the cluster decides. A `fieldRef` to one of
    /// them has the value in `known`. Without a value there, it is an error in the closed world, and
    /// unknown in the open world.
    pub undecided: &'a UndecidedFields,
    /// The changes that led from an object to the Pod, for explanations.
    pub pod_changes: &'a [PodChange],
    /// The env files in the Pod's volumes.
    pub env_files: &'a EnvFiles,
    /// The variables that device plugins give the container, in the order of their resources.
    ///
    /// The Pod's variables take precedence over them. `$(NAME)` sees them in `command`, `args` and
    /// `subPathExpr`, but not in the values of `env`. If two resources set one name, the kubelet
    /// picks one at random. Here the first one wins.
    pub device_env: &'a [DeviceVariable],
    /// The maximum size of all declarations, service variables, the command and the arguments, in
    /// bytes as counted by [`Size::bytes`](crate::environment::Size::bytes). Variables of device
    /// plugins, sub-paths and the commands of probes count too, and each declaration counts
    /// [`DECLARATION_SIZE`](Self::DECLARATION_SIZE) bytes more. The default is 64 MiB. A larger
    /// container is the error [`ComposeErrorKind::TooLarge`](crate::ComposeErrorKind::TooLarge),
    /// before the memory is allocated.
    ///
    /// The kubelet has no limit, and a short list can produce a large environment: entries that
    /// each refer twice to the previous one double at every step, each `envFrom` source can have
    /// all keys of one ConfigMap, and a Service's name is repeated for each of its ports.
    pub size_limit: usize,
}

/// The treatment of objects and facts that are missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum World {
    /// A missing object does not exist, and a missing fact that is needed is an error. This fits
    /// the objects of a running cluster.
    #[default]
    Closed,
    /// A missing object may exist, and a missing fact is an
    /// [unknown](crate::environment::Unknown) value. This fits a set of manifests.
    ///
    /// These are unknown: the address of a Service that [awaits one](Service::awaits_cluster_ip); a
    /// key of a ConfigMap or Secret, if the object or the key is not among the objects; all keys of
    /// an `envFrom` source that is not among them; fields of the Pod that the cluster decides;
    /// limits taken from an unknown Node; and env files. All other objects are complete: an
    /// `envFrom` source that is among the objects has no further keys, and a namespace has no
    /// further Services.
    Open,
}

impl<'a> Facts<'a> {
    /// The bytes that a declared variable counts besides its name and value: about the memory that
    /// its record and its place in the index take.
    pub const DECLARATION_SIZE: usize = 256;

    /// The default of [`size_limit`](Self::size_limit): 64 MiB, more than ten times the 6 MiB that
    /// Linux allows for any process.
    pub const DEFAULT_SIZE_LIMIT: usize = 64 << 20;

    /// Returns the facts of the [open world](World::Open): the objects are a set of manifests, and
    /// others may exist.
    ///
    /// The release is the newest one, and the Services are listed.
    #[must_use]
    pub fn open(objects: &'a Objects, known: &'a Known) -> Self {
        Facts { world: World::Open, known: Some(known), ..Facts::of(objects) }
    }

    /// Returns the facts of the [closed world](World::Closed): the objects are all that the cluster
    /// has.
    ///
    /// The release is the newest one, and the Services are listed. The Node is the one that the Pod
    /// names, and the Pod's addresses are those in its `status`. There are no env files.
    #[must_use]
    pub fn of(objects: &'a Objects) -> Self {
        Facts {
            world: World::Closed,
            known: None,
            release: Release::NEWEST,
            services: &objects.services,
            prepared_services: None,
            services_listed: true,
            config_maps: &objects.config_maps,
            secrets: &objects.secrets,
            nodes: &objects.nodes,
            node: None,
            node_ips: &[],
            pod_status: None,
            undecided: const { &UndecidedFields::new() },
            pod_changes: &[],
            env_files: const { &EnvFiles::new() },
            device_env: &[],
            size_limit: Facts::DEFAULT_SIZE_LIMIT,
        }
    }

    /// Returns the facts for a Pod that was built: the changes that led to it, and the fields that
    /// are undecided.
    ///
    /// ```
    /// use kubelet_env::api::{Container, PodMeta, PodSpec, PodTemplateSpec, Workload, WorkloadKind};
    /// use kubelet_env::pod::PodContext;
    /// use kubelet_env::{Facts, Objects, compose};
    ///
    /// let app = Container { name: "app".into(), ..Container::default() };
    /// let spec = PodSpec { containers: vec![app], ..PodSpec::default() };
    /// let template = PodTemplateSpec { spec, ..PodTemplateSpec::default() };
    /// let mut job = Workload::new(WorkloadKind::Job, PodMeta::new("shop", "report"), template);
    /// job.completion_mode = "Indexed".into();
    ///
    /// let objects = Objects::default();
    /// let built = PodContext { index: Some(3), ..PodContext::of(&objects) }.workload(&job);
    /// let composition = compose(&built.pod, "app", &Facts::of(&objects).with_pod(&built))?;
    /// let index = composition.environment().get("JOB_COMPLETION_INDEX").unwrap();
    /// assert_eq!(index.value().as_str(), Some("3"));
    /// # Ok::<(), kubelet_env::ComposeError>(())
    /// ```
    #[must_use]
    pub fn with_pod(self, built: &'a Built) -> Self {
        Facts { undecided: &built.undecided, pod_changes: &built.changes, ..self }
    }
}

impl<'a> Facts<'a> {
    /// Returns the Node that the Pod runs on, if it is known.
    pub(crate) fn node_of(&self, pod: &Pod) -> Option<&'a Node> {
        let is_named = !pod.spec.node_name.is_empty();
        let named = || is_named.then(|| self.nodes.get(&pod.spec.node_name)).flatten();
        self.node.or_else(named)
    }

    /// Returns the Pod's addresses, if they are known.
    pub(crate) fn status_of(&self, pod: &'a Pod) -> Option<&'a PodStatus> {
        let has_addresses = !pod.status.pod_ip.is_empty() || !pod.status.pod_ips.is_empty();
        self.pod_status.or_else(|| has_addresses.then_some(&pod.status))
    }

    pub(crate) fn is_open(&self) -> bool {
        self.world == World::Open
    }
}

/// Objects and files are counted, not shown.
impl fmt::Debug for Facts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Facts")
            .field("world", &self.world)
            .field("known", &self.known.is_some())
            .field("release", &self.release)
            .field("services", &self.services.len())
            .field("prepared_services", &self.prepared_services)
            .field("services_listed", &self.services_listed)
            .field("config_maps", &self.config_maps.len())
            .field("secrets", &self.secrets.len())
            .field("nodes", &self.nodes.len())
            .field("node", &self.node.map(|node| &node.metadata.name))
            .field("node_ips", &self.node_ips)
            .field("pod_status", &self.pod_status)
            .field("undecided", &self.undecided)
            .field("pod_changes", &self.pod_changes.len())
            .field("env_files", &self.env_files)
            .field("device_env", &self.device_env)
            .field("size_limit", &self.size_limit)
            .finish()
    }
}

/// A variable that a device plugin gives a container (Go: `DeviceRunContainerOptions.Envs`).
///
/// ```
/// use kubelet_env::api::{Container, Pod, PodSpec};
/// use kubelet_env::container::DeviceVariable;
/// use kubelet_env::{Facts, Objects, compose};
///
/// let gpu = DeviceVariable {
///     resource: "nvidia.com/gpu".into(),
///     name: "NVIDIA_VISIBLE_DEVICES".into(),
///     value: "GPU-1".into(),
/// };
/// let args = vec!["--devices=$(NVIDIA_VISIBLE_DEVICES)".into()];
/// let app = Container { name: "app".into(), args, ..Container::default() };
/// let spec = PodSpec { containers: vec![app], ..PodSpec::default() };
/// let pod = Pod { spec, ..Pod::default() }.with_defaults();
///
/// let objects = Objects::default();
/// let facts = Facts { device_env: &[gpu], ..Facts::of(&objects) };
/// let composition = compose(&pod, "app", &facts)?;
/// assert_eq!(composition.args()[0].value.as_str(), Some("--devices=GPU-1"));
/// # Ok::<(), kubelet_env::ComposeError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DeviceVariable {
    /// The resource that the container requests, such as `nvidia.com/gpu`.
    pub resource: String,
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// The content of the env files that `fileKeyRef` reads, by volume and path.
///
/// Env files commonly hold credentials. Values from a file are [secret](crate::Value::is_secret),
/// like those of a Secret, unless the file is inserted with [`insert_public`](Self::insert_public).
///
/// A reference to a volume that was not added is an error, or an unknown value in the
/// [open world](World::Open). Paths are cleaned as in the kubelet: `./a//b` and `../a/b` are `a/b`.
///
/// ```
/// use kubelet_env::api::{Container, EnvVar, EnvVarSource, FileKeySelector, Pod};
/// use kubelet_env::{Facts, Objects, compose};
/// use kubelet_env::container::EnvFiles;
///
/// let mut env_files = EnvFiles::new();
/// env_files.insert_public("features", "shop.env", "SEARCH='on'\n");
///
/// let (volume_name, path, key) = ("features".into(), "shop.env".into(), "SEARCH".into());
/// let file_key_ref = Some(FileKeySelector { volume_name, path, key, ..FileKeySelector::default() });
/// let source = EnvVarSource { file_key_ref, ..EnvVarSource::default() };
/// let app = Container::new("app").with_env([EnvVar::from_source("SEARCH", source)]);
/// let pod = Pod::default().with_container(app).with_defaults();
/// let objects = Objects::default();
///
/// let composition = compose(&pod, "app", &Facts { env_files: &env_files, ..Facts::of(&objects) })?;
/// assert_eq!(composition.environment().get("SEARCH").unwrap().value().as_str(), Some("on"));
/// # Ok::<(), kubelet_env::ComposeError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EnvFiles {
    volumes: BTreeMap<String, BTreeMap<String, File>>,
}

#[derive(Clone, PartialEq, Eq)]
struct File {
    content: Vec<u8>,
    is_secret: bool,
}

impl EnvFiles {
    /// Returns no volumes.
    #[must_use]
    pub const fn new() -> Self {
        EnvFiles { volumes: BTreeMap::new() }
    }

    /// Inserts a file into a volume, and replaces the one at that path. Its values are
    /// [secret](crate::Value::is_secret).
    pub fn insert(&mut self, volume: &str, path: &str, content: impl Into<Vec<u8>>) {
        self.insert_file(volume, path, File { content: content.into(), is_secret: true });
    }

    /// Inserts a file into a volume, and replaces the one at that path. Its values are shown in
    /// explanations, findings and comparisons.
    pub fn insert_public(&mut self, volume: &str, path: &str, content: impl Into<Vec<u8>>) {
        self.insert_file(volume, path, File { content: content.into(), is_secret: false });
    }

    fn insert_file(&mut self, volume: &str, path: &str, file: File) {
        self.volumes.entry(volume.into()).or_default().insert(clean(path), file);
    }

    /// Adds a volume without files.
    pub fn add_volume(&mut self, volume: &str) {
        self.volumes.entry(volume.into()).or_default();
    }

    pub(crate) fn volume(&self, volume: &str) -> Option<Volume<'_>> {
        self.volumes.get_key_value(volume).map(|(name, files)| Volume { name, files })
    }
}

/// Shows the length of each file by volume and path. The content is often confidential.
impl fmt::Debug for EnvFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths = self.volumes.iter().flat_map(|(volume, files)| {
            files
                .iter()
                .map(move |(path, file)| ((volume.as_str(), path.as_str()), file.content.len()))
        });
        f.debug_map().entries(lengths).finish()
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Volume<'a> {
    name: &'a str,
    files: &'a BTreeMap<String, File>,
}

/// A file in a volume.
#[derive(Clone, Copy)]
pub(crate) struct VolumeFile<'a> {
    pub(crate) key: FileKey<'a>,
    pub(crate) content: &'a [u8],
    pub(crate) is_secret: bool,
}

/// The volume and the cleaned path of a file.
pub(crate) type FileKey<'a> = (&'a str, &'a str);

impl<'a> Volume<'a> {
    pub(crate) fn file(self, path: &str) -> Option<VolumeFile<'a>> {
        let (path, File { content, is_secret }) = self.files.get_key_value(&clean(path))?;
        Some(VolumeFile { key: (self.name, path), content, is_secret: *is_secret })
    }
}

/// Returns the path inside its volume, which it cannot leave (Go: `filepath-securejoin`).
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
