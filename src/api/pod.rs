//! Pods, and what their containers declare (Go: `corev1.Pod`, `Container`, `EnvVar` and theirs).

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::wire::{wire_object, wire_struct};
use super::{PodMeta, Quantity};

wire_object! {
    /// A Pod.
    pub struct Pod in "v1" {
        /// What names it, and what the downward API gives of it.
        pub metadata: PodMeta,
        /// Its containers.
        pub spec: PodSpec,
        /// What the kubelet reports of it.
        pub status: PodStatus,
    }
}

wire_struct! {
    /// `PodSpec`: the part that a container's environment depends on.
    pub struct PodSpec {
        /// Run one after another before the containers; with `restartPolicy: Always`, sidecars.
        pub init_containers: Vec<Container>,
        /// The containers.
        pub containers: Vec<Container>,
        /// Added to a running Pod for debugging.
        pub ephemeral_containers: Vec<Container>,
        /// Whether Services of the namespace become variables. The kubelet refuses a Pod that lacks
        /// it; the API server fills in `true`.
        pub enable_service_links: Option<bool>,
        /// The ServiceAccount.
        pub service_account_name: String,
        /// The deprecated alias of `service_account_name`, which wins over it.
        pub service_account: String,
        /// The Node that it runs on; empty until it is scheduled.
        pub node_name: String,
        /// The resources of the Pod as a whole.
        pub resources: ResourceRequirements,
        /// `Always`, `OnFailure` or `Never`; empty means `Always`.
        pub restart_policy: String,
        /// The host name of the Pod; empty means its name.
        pub hostname: String,
        /// The subdomain of the Pod's fully qualified domain name.
        pub subdomain: String,
        /// True if the host name is the fully qualified domain name.
        #[cfg_attr(feature = "serde", serde(rename = "setHostnameAsFQDN"))]
        pub set_hostname_as_fqdn: bool,
        /// The host name that takes precedence over all others; empty means none.
        pub hostname_override: String,
        /// True if the Pod uses the network of its Node.
        pub host_network: bool,
        /// The user that the containers run as, unless they name another one.
        pub security_context: SecurityContext,
        /// The volumes.
        pub volumes: Vec<Volume>,
        /// The Secrets that hold credentials for image registries.
        pub image_pull_secrets: Vec<LocalObjectReference>,
        /// The claims of resources such as devices.
        pub resource_claims: Vec<PodResourceClaim>,
    }

    /// `SecurityContext`, and the part of `PodSecurityContext` that is the same.
    pub struct SecurityContext {
        /// The UID that process 1 runs as; absent means that of the image.
        pub run_as_user: Option<i64>,
    }

    /// `LocalObjectReference`: an object in the Pod's own namespace.
    pub struct LocalObjectReference {
        /// The object's name.
        pub name: String,
    }

    /// `PodResourceClaim`: a claim of a resource, by its name in the Pod.
    pub struct PodResourceClaim {
        /// The name.
        pub name: String,
    }

    /// `Volume`: a volume of a Pod, with the sources that refer to API objects.
    pub struct Volume {
        /// The name, unique in the Pod.
        pub name: String,
        /// A ConfigMap whose keys are files.
        pub config_map: Option<LocalObjectReference>,
        /// A Secret whose keys are files.
        pub secret: Option<SecretVolumeSource>,
        /// A claim of a persistent volume.
        pub persistent_volume_claim: Option<PersistentVolumeClaimVolumeSource>,
        /// Several sources in one directory.
        pub projected: Option<ProjectedVolumeSource>,
    }

    /// `SecretVolumeSource`
    pub struct SecretVolumeSource {
        /// The Secret's name.
        pub secret_name: String,
    }

    /// `PersistentVolumeClaimVolumeSource`
    pub struct PersistentVolumeClaimVolumeSource {
        /// The claim's name.
        pub claim_name: String,
    }

    /// `ProjectedVolumeSource`
    pub struct ProjectedVolumeSource {
        /// The sources.
        pub sources: Vec<VolumeProjection>,
    }

    /// `VolumeProjection`: one source of a projected volume.
    pub struct VolumeProjection {
        /// A ConfigMap whose keys are files.
        pub config_map: Option<LocalObjectReference>,
        /// A Secret whose keys are files.
        pub secret: Option<LocalObjectReference>,
    }

    /// `PodStatus`: the addresses.
    pub struct PodStatus {
        /// The primary address, as text.
        #[cfg_attr(feature = "serde", serde(rename = "podIP"))]
        pub pod_ip: String,
        /// All addresses.
        #[cfg_attr(feature = "serde", serde(rename = "podIPs"))]
        pub pod_ips: Vec<PodIp>,
    }

    /// `PodIP`: one address of a Pod.
    pub struct PodIp {
        /// The address, as text.
        pub ip: String,
    }

    /// `Container`: an init, ordinary or ephemeral container of a Pod.
    pub struct Container {
        /// The name, unique in its Pod.
        pub name: String,
        /// Overrides the image's entry point.
        pub command: Vec<String>,
        /// Overrides the image's arguments.
        pub args: Vec<String>,
        /// Sources that each give many variables.
        pub env_from: Vec<EnvFromSource>,
        /// Variables one by one; a later one sees those before it.
        pub env: Vec<EnvVar>,
        /// What it may use.
        pub resources: ResourceRequirements,
        /// The image.
        pub image: String,
        /// The working directory; empty means that of the image.
        pub working_dir: String,
        /// True if the container gets a terminal.
        pub tty: bool,
        /// `Always` for a sidecar; empty for others.
        pub restart_policy: String,
        /// The user that the container runs as.
        pub security_context: SecurityContext,
        /// The volumes that the container sees, and where.
        pub volume_mounts: Vec<VolumeMount>,
        /// The probe that decides about a restart.
        pub liveness_probe: Option<Probe>,
        /// The probe that decides about traffic.
        pub readiness_probe: Option<Probe>,
        /// The probe that precedes the other two.
        pub startup_probe: Option<Probe>,
        /// The hooks that run after the start and before the stop.
        pub lifecycle: Option<Lifecycle>,
    }

    /// `VolumeMount`: a volume in the file system of a container.
    pub struct VolumeMount {
        /// The volume's name.
        pub name: String,
        /// The path in the container.
        pub mount_path: String,
        /// The path in the volume, taken as it is; empty means the volume's root.
        pub sub_path: String,
        /// The path in the volume, in which `$(NAME)` is expanded. It excludes `sub_path`.
        pub sub_path_expr: String,
    }

    /// `Probe`, with the only handler that runs a command.
    pub struct Probe {
        /// The command.
        pub exec: Option<ExecAction>,
    }

    /// `Lifecycle`: the hooks of a container.
    pub struct Lifecycle {
        /// Runs right after the start.
        pub post_start: Option<LifecycleHandler>,
        /// Runs before the stop.
        pub pre_stop: Option<LifecycleHandler>,
    }

    /// `LifecycleHandler`, with the only handler that runs a command.
    pub struct LifecycleHandler {
        /// The command.
        pub exec: Option<ExecAction>,
    }

    /// `ExecAction`: a command that runs in the container, without a shell.
    pub struct ExecAction {
        /// The program and its arguments.
        pub command: Vec<String>,
    }

    /// `EnvFromSource`: a ConfigMap or Secret of which each key becomes a variable. With both
    /// references only the ConfigMap is read.
    pub struct EnvFromSource {
        /// Put before each key.
        pub prefix: String,
        /// The ConfigMap.
        pub config_map_ref: Option<ConfigMapEnvSource>,
        /// The Secret.
        pub secret_ref: Option<SecretEnvSource>,
    }

    /// `ConfigMapEnvSource`
    pub struct ConfigMapEnvSource {
        /// The ConfigMap's name.
        pub name: String,
        /// Whether it may be missing.
        pub optional: Option<bool>,
    }

    /// `SecretEnvSource`
    pub struct SecretEnvSource {
        /// The Secret's name.
        pub name: String,
        /// Whether it may be missing.
        pub optional: Option<bool>,
    }

    /// `EnvVar`: one variable.
    pub struct EnvVar {
        /// The name.
        pub name: String,
        /// The value, in which `$(NAME)` is expanded. Unless it is empty it wins over `value_from`.
        pub value: String,
        /// Where the value comes from.
        pub value_from: Option<EnvVarSource>,
    }

    /// `EnvVarSource`: of several the first is read, in the order of these fields.
    pub struct EnvVarSource {
        /// A field of the Pod.
        pub field_ref: Option<ObjectFieldSelector>,
        /// A limit or request of a container.
        pub resource_field_ref: Option<ResourceFieldSelector>,
        /// A key of a ConfigMap.
        pub config_map_key_ref: Option<ConfigMapKeySelector>,
        /// A key of a Secret.
        pub secret_key_ref: Option<SecretKeySelector>,
        /// A key of an env file in a volume.
        pub file_key_ref: Option<FileKeySelector>,
    }

    /// `ObjectFieldSelector`: the downward API's `fieldRef`.
    pub struct ObjectFieldSelector {
        /// Must be `v1`; the API server fills it in.
        pub api_version: String,
        /// Such as `metadata.name`.
        pub field_path: String,
    }

    /// `ResourceFieldSelector`: the downward API's `resourceFieldRef`.
    pub struct ResourceFieldSelector {
        /// The container; empty means the one whose environment this is.
        pub container_name: String,
        /// Such as `limits.memory`.
        pub resource: String,
        /// The unit of the result; absent or zero means 1.
        pub divisor: Option<Quantity>,
    }

    /// `ConfigMapKeySelector`
    pub struct ConfigMapKeySelector {
        /// The ConfigMap's name.
        pub name: String,
        /// The key.
        pub key: String,
        /// Whether the ConfigMap or the key may be missing.
        pub optional: Option<bool>,
    }

    /// `SecretKeySelector`
    pub struct SecretKeySelector {
        /// The Secret's name.
        pub name: String,
        /// The key.
        pub key: String,
        /// Whether the Secret or the key may be missing.
        pub optional: Option<bool>,
    }

    /// `FileKeySelector`: a key of an [env file](crate::container::env_file).
    pub struct FileKeySelector {
        /// The volume that holds the file.
        pub volume_name: String,
        /// The file's path in the volume.
        pub path: String,
        /// The key.
        pub key: String,
        /// Whether the key may be missing from the file, or empty. The file may not.
        pub optional: Option<bool>,
    }

    /// `ResourceRequirements`: quantities by resource, such as `cpu`.
    pub struct ResourceRequirements {
        /// The most it may use.
        pub limits: BTreeMap<String, Quantity>,
        /// What it is guaranteed.
        pub requests: BTreeMap<String, Quantity>,
    }
}

impl PodSpec {
    /// The container of that name, whether an ordinary, an init or an ephemeral one.
    #[must_use]
    pub fn container(&self, name: &str) -> Option<&Container> {
        let all =
            self.containers.iter().chain(&self.init_containers).chain(&self.ephemeral_containers);
        all.into_iter().find(|container| container.name == name)
    }
}

impl PodStatus {
    /// The status of a Pod that has these addresses, the primary one first.
    #[must_use]
    pub fn with_ips<T: Into<String>>(ips: impl IntoIterator<Item = T>) -> Self {
        let pod_ips: Vec<PodIp> = ips.into_iter().map(|ip| PodIp { ip: ip.into() }).collect();
        let pod_ip = pod_ips.first().map(|first| first.ip.clone()).unwrap_or_default();
        PodStatus { pod_ip, pod_ips }
    }
}
