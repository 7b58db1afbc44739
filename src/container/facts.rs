//! What a container's environment depends on, apart from its Pod: what the kubelet asks its listers, its
//! managers of ConfigMaps and Secrets, its volumes and the container runtime.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::api::{ConfigMap, Node, PodStatus, Secret, Service};
use crate::objects::{Objects, Store};
use crate::release::Release;

/// What a container's environment depends on, apart from its Pod: plain data, most of it borrowed.
///
/// Begin with [`Facts::of`] and change what is known better:
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
    /// The release of the kubelet.
    pub release: Release,
    /// The cluster's Services.
    pub services: &'a Store<Service>,
    /// Whether the kubelet has listed the Services yet. Before, it starts only static Pods, with
    /// those it has seen.
    pub services_listed: bool,
    /// The cluster's ConfigMaps.
    pub config_maps: &'a Store<ConfigMap>,
    /// The cluster's Secrets.
    pub secrets: &'a Store<Secret>,
    /// The Node that the Pod runs on. Without it what needs the Node is an error.
    pub node: Option<&'a Node>,
    /// The addresses that the kubelet was started with (`--node-ip`). The family of the first, or
    /// IPv4, is that of the Pod's primary address.
    pub node_ips: &'a [String],
    /// The Pod's addresses as the container runtime gave them. Without them what needs them is an
    /// error.
    pub pod_status: Option<&'a PodStatus>,
    /// The env files in the Pod's volumes.
    pub env_files: &'a EnvFiles,
    /// How many bytes all that the container declares, its service variables, its command and its
    /// arguments may come to, counted as [`Size::bytes`](crate::environment::Size::bytes) counts: 64 MiB. More is
    /// [`ComposeErrorKind::TooLarge`](crate::ComposeErrorKind::TooLarge), before it is made.
    ///
    /// The kubelet has no limit, and a short list can make much: entries that each refer twice to
    /// the one before double at every step, each `envFrom` source can have all keys of one
    /// ConfigMap, and a Service's name stands in the variables of each of its ports.
    pub size_limit: usize,
}

impl<'a> Facts<'a> {
    /// 64 MiB, more than ten times the 6 MiB that Linux hands to any process.
    pub const DEFAULT_SIZE_LIMIT: usize = 64 << 20;

    /// What is known if these are the cluster's objects: the newest release, and the Services
    /// listed. The Node, the Pod's addresses and env files are not known.
    #[must_use]
    pub fn of(objects: &'a Objects) -> Self {
        Facts {
            release: Release::NEWEST,
            services: &objects.services,
            services_listed: true,
            config_maps: &objects.config_maps,
            secrets: &objects.secrets,
            node: None,
            node_ips: &[],
            pod_status: None,
            env_files: const { &EnvFiles::new() },
            size_limit: Facts::DEFAULT_SIZE_LIMIT,
        }
    }
}

/// Of the objects and files, only how many there are.
impl fmt::Debug for Facts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Facts")
            .field("release", &self.release)
            .field("services", &self.services.len())
            .field("services_listed", &self.services_listed)
            .field("config_maps", &self.config_maps.len())
            .field("secrets", &self.secrets.len())
            .field("node", &self.node.map(|node| &node.metadata.name))
            .field("node_ips", &self.node_ips)
            .field("pod_status", &self.pod_status)
            .field("env_files", &self.env_files)
            .field("size_limit", &self.size_limit)
            .finish()
    }
}

/// The content of the env files that `fileKeyRef` reads, by volume and path.
///
/// A volume that was not inserted is not known, and what refers to it is refused. A path is taken as the
/// kubelet takes it: `./a//b` and `../a/b` are `a/b`.
///
/// ```
/// use kubelet_env::api::{Container, EnvVar, EnvVarSource, FileKeySelector, Pod, PodSpec};
/// use kubelet_env::{Facts, Objects, compose};
/// use kubelet_env::container::EnvFiles;
///
/// let mut env_files = EnvFiles::new();
/// env_files.insert("features", "shop.env", "SEARCH='on'\n");
///
/// let (volume_name, path, key) = ("features".into(), "shop.env".into(), "SEARCH".into());
/// let file_key_ref = Some(FileKeySelector { volume_name, path, key, ..FileKeySelector::default() });
/// let value_from = Some(EnvVarSource { file_key_ref, ..EnvVarSource::default() });
/// let env = vec![EnvVar { name: "SEARCH".into(), value_from, ..EnvVar::default() }];
/// let app = Container { name: "app".into(), env, ..Container::default() };
/// let pod = Pod { spec: PodSpec { containers: vec![app], ..PodSpec::default() }, ..Pod::default() }.with_defaults();
/// let objects = Objects::default();
///
/// let composition = compose(&pod, "app", &Facts { env_files: &env_files, ..Facts::of(&objects) })?;
/// assert_eq!(composition.environment().get("SEARCH").unwrap().value().as_bytes(), b"on");
/// # Ok::<(), kubelet_env::ComposeError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EnvFiles {
    volumes: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
}

impl EnvFiles {
    /// No volume at all.
    #[must_use]
    pub const fn new() -> Self {
        EnvFiles { volumes: BTreeMap::new() }
    }

    /// Puts a file into a volume, in the place of one that has the path.
    pub fn insert(&mut self, volume: &str, path: &str, content: impl Into<Vec<u8>>) {
        self.volumes.entry(volume.into()).or_default().insert(clean(path), content.into());
    }

    /// Makes a volume known that may have no env file.
    pub fn add_volume(&mut self, volume: &str) {
        self.volumes.entry(volume.into()).or_default();
    }

    pub(crate) fn volume(&self, volume: &str) -> Option<Volume<'_>> {
        self.volumes.get_key_value(volume).map(|(name, files)| Volume { name, files })
    }
}

/// The files' lengths by volume and path: what is in them is often not to be seen.
impl fmt::Debug for EnvFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths = self.volumes.iter().flat_map(|(volume, files)| {
            files
                .iter()
                .map(move |(path, content)| ((volume.as_str(), path.as_str()), content.len()))
        });
        f.debug_map().entries(lengths).finish()
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Volume<'a> {
    name: &'a str,
    files: &'a BTreeMap<String, Vec<u8>>,
}

/// Names a file, however the path to it was spelled.
pub(crate) type FileKey<'a> = (&'a str, &'a str);

impl<'a> Volume<'a> {
    pub(crate) fn file(self, path: &str) -> Option<(FileKey<'a>, &'a [u8])> {
        let (path, content) = self.files.get_key_value(&clean(path))?;
        Some(((self.name, path), content))
    }
}

/// The path inside its volume, which it cannot leave (Go: `filepath-securejoin`).
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
