//! Pods, containers and their variables (Go: `corev1.Pod`, `Container`, `EnvVar`).

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::wire::{wire_object, wire_struct};
use super::{PodMeta, Quantity};

wire_object! {
    /// A Pod.
    ///
    /// ```
    /// use kubelet_env::api::{Container, EnvVar, Pod};
    ///
    /// let app = Container::new("app").with_env([
    ///     EnvVar::new("MODE", "production"),
    ///     EnvVar::from_secret_key("PASSWORD", "login", "PASSWORD"),
    /// ]);
    /// let pod = Pod::new("shop", "web").with_container(app).with_defaults();
    /// assert_eq!(pod.spec.enable_service_links, Some(true));
    /// ```
    pub struct Pod in "v1" {
        /// The name, namespace and other metadata.
        pub metadata: PodMeta,
        /// The containers and volumes.
        pub spec: PodSpec,
        /// The status that the kubelet reports.
        pub status: PodStatus,
    }
}

wire_struct! {
    /// `PodSpec`, with the fields that affect a container's environment.
    pub struct PodSpec {
        /// The init containers, and the sidecars, which have `restartPolicy: Always`.
        pub init_containers: Vec<Container>,
        /// The containers.
        pub containers: Vec<Container>,
        /// The containers that were added to a running Pod for debugging.
        pub ephemeral_containers: Vec<Container>,
        /// True if Services of the namespace become variables.
        ///
        /// The API server sets it to `true` if it is absent. The kubelet rejects a Pod without it.
        pub enable_service_links: Option<bool>,
        /// The name of the ServiceAccount.
        pub service_account_name: String,
        /// The deprecated alias of `service_account_name`. The latter takes precedence.
        pub service_account: String,
        /// The name of the Node. It is empty until the Pod is scheduled.
        pub node_name: String,
        /// The resources of the whole Pod.
        pub resources: ResourceRequirements,
        /// The restart policy: `Always`, `OnFailure` or `Never`. Empty means `Always`.
        pub restart_policy: String,
        /// The host name. Empty means the name of the Pod.
        pub hostname: String,
        /// The subdomain of the Pod's fully qualified domain name.
        pub subdomain: String,
        /// True if the host name is the fully qualified domain name.
        pub set_hostname_as_fqdn as "setHostnameAsFQDN": bool,
        /// The host name that takes precedence over all others. Empty means none.
        pub hostname_override: String,
        /// True if the Pod uses the network of its Node.
        pub host_network: bool,
        /// The default user of the containers.
        pub security_context: SecurityContext,
        /// The volumes.
        pub volumes: Vec<Volume>,
        /// The Secrets with credentials for image registries.
        pub image_pull_secrets: Vec<LocalObjectReference>,
        /// The claims of resources such as devices.
        pub resource_claims: Vec<PodResourceClaim>,
    }

    /// `SecurityContext`, or the same fields of `PodSecurityContext`.
    pub struct SecurityContext {
        /// The UID of process 1. Absent means the user of the image.
        pub run_as_user: Option<i64>,
    }

    /// `LocalObjectReference`: an object in the namespace of the Pod.
    pub struct LocalObjectReference {
        /// The name of the object.
        pub name: String,
    }

    /// `PodResourceClaim`: a claim of a resource.
    pub struct PodResourceClaim {
        /// The name.
        pub name: String,
    }

    /// `Volume`, with the sources that refer to API objects.
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
        /// The name of the Secret.
        pub secret_name: String,
    }

    /// `PersistentVolumeClaimVolumeSource`
    pub struct PersistentVolumeClaimVolumeSource {
        /// The name of the claim.
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

    /// `PodStatus`, with the addresses.
    pub struct PodStatus {
        /// The primary address as text.
        pub pod_ip as "podIP": String,
        /// All addresses.
        pub pod_ips as "podIPs": Vec<PodIp>,
    }

    /// `PodIP`: an address of a Pod.
    pub struct PodIp {
        /// The address as text.
        pub ip: String,
    }

    /// `Container`: an init, ordinary or ephemeral container.
    pub struct Container {
        /// The name, unique in the Pod.
        pub name: String,
        /// The program and its first arguments. Empty means the entry point of the image.
        pub command: Vec<String>,
        /// The arguments. Empty means those of the image, unless there is a command.
        pub args: Vec<String>,
        /// ConfigMaps and Secrets whose keys become variables.
        pub env_from: Vec<EnvFromSource>,
        /// The variables. A value may refer to variables before it.
        pub env: Vec<EnvVar>,
        /// The limits and requests.
        pub resources: ResourceRequirements,
        /// The image.
        pub image: String,
        /// The working directory. Empty means that of the image.
        pub working_dir: String,
        /// True if the container gets a terminal.
        pub tty: bool,
        /// `Always` for a sidecar, otherwise empty.
        pub restart_policy: String,
        /// The user of the container.
        pub security_context: SecurityContext,
        /// The mounted volumes.
        pub volume_mounts: Vec<VolumeMount>,
        /// The probe whose failure restarts the container.
        pub liveness_probe: Option<Probe>,
        /// The probe whose failure stops traffic.
        pub readiness_probe: Option<Probe>,
        /// The probe that runs before the other two.
        pub startup_probe: Option<Probe>,
        /// The hooks after the start and before the stop.
        pub lifecycle: Option<Lifecycle>,
    }

    /// `VolumeMount`: a volume in the file system of a container.
    pub struct VolumeMount {
        /// The name of the volume.
        pub name: String,
        /// The path in the container.
        pub mount_path: String,
        /// The path in the volume, without expansion. Empty means the root of the volume.
        pub sub_path: String,
        /// The path in the volume, in which `$(NAME)` is expanded. It cannot be combined with
        /// `sub_path`.
        pub sub_path_expr: String,
    }

    /// `Probe`, with the handler that runs a command.
    pub struct Probe {
        /// The command.
        pub exec: Option<ExecAction>,
    }

    /// `Lifecycle`: the hooks of a container.
    pub struct Lifecycle {
        /// The hook after the start.
        pub post_start: Option<LifecycleHandler>,
        /// The hook before the stop.
        pub pre_stop: Option<LifecycleHandler>,
    }

    /// `LifecycleHandler`, with the handler that runs a command.
    pub struct LifecycleHandler {
        /// The command.
        pub exec: Option<ExecAction>,
    }

    /// `ExecAction`: a command that runs in the container, without a shell.
    pub struct ExecAction {
        /// The program and its arguments.
        pub command: Vec<String>,
    }

    /// `EnvFromSource`: a ConfigMap or Secret whose keys become variables.
    ///
    /// If both references are set, only the ConfigMap is read.
    pub struct EnvFromSource {
        /// The text in front of each key.
        pub prefix: String,
        /// The ConfigMap.
        pub config_map_ref: Option<ConfigMapEnvSource>,
        /// The Secret.
        pub secret_ref: Option<SecretEnvSource>,
    }

    /// `ConfigMapEnvSource`
    pub struct ConfigMapEnvSource {
        /// The name of the ConfigMap.
        pub name: String,
        /// True if the object may be missing.
        pub optional: Option<bool>,
    }

    /// `SecretEnvSource`
    pub struct SecretEnvSource {
        /// The name of the Secret.
        pub name: String,
        /// True if the object may be missing.
        pub optional: Option<bool>,
    }

    /// `EnvVar`: a variable.
    pub struct EnvVar {
        /// The name.
        pub name: String,
        /// The value, in which `$(NAME)` is expanded. Unless it is empty, it takes precedence over
        /// `value_from`.
        pub value: String,
        /// The source of the value.
        pub value_from: Option<EnvVarSource>,
    }

    /// `EnvVarSource`: the source of a value. If several fields are set, the first one is read.
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
        /// The version, which must be `v1`. The API server sets it if it is absent.
        pub api_version: String,
        /// The path, such as `metadata.name`.
        pub field_path: String,
    }

    /// `ResourceFieldSelector`: the downward API's `resourceFieldRef`.
    pub struct ResourceFieldSelector {
        /// The name of the container. Empty means the container of the variable.
        pub container_name: String,
        /// The resource, such as `limits.memory`.
        pub resource: String,
        /// The unit of the result. Absent or zero means 1.
        pub divisor: Option<Quantity>,
    }

    /// `ConfigMapKeySelector`
    pub struct ConfigMapKeySelector {
        /// The name of the ConfigMap.
        pub name: String,
        /// The key.
        pub key: String,
        /// True if the ConfigMap or the key may be missing.
        pub optional: Option<bool>,
    }

    /// `SecretKeySelector`
    pub struct SecretKeySelector {
        /// The name of the Secret.
        pub name: String,
        /// The key.
        pub key: String,
        /// True if the Secret or the key may be missing.
        pub optional: Option<bool>,
    }

    /// `FileKeySelector`: a key of an [env file](crate::container::env_file).
    pub struct FileKeySelector {
        /// The name of the volume with the file.
        pub volume_name: String,
        /// The path of the file in the volume.
        pub path: String,
        /// The key.
        pub key: String,
        /// True if the key may be missing or empty. The file may not be missing.
        pub optional: Option<bool>,
    }

    /// `ResourceRequirements`: quantities by resource.
    pub struct ResourceRequirements {
        /// The upper bounds, by resource such as `cpu`.
        pub limits: BTreeMap<String, Quantity>,
        /// The guaranteed quantities, by resource such as `cpu`.
        pub requests: BTreeMap<String, Quantity>,
    }
}

impl Pod {
    /// Returns a Pod without containers.
    #[must_use]
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Pod { metadata: PodMeta::new(namespace, name), ..Pod::default() }
    }

    /// Adds an ordinary container.
    #[must_use]
    pub fn with_container(mut self, container: Container) -> Self {
        self.spec.containers.push(container);
        self
    }
}

impl Container {
    /// Returns a container without variables.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Container { name: name.into(), ..Container::default() }
    }

    /// Adds variables.
    #[must_use]
    pub fn with_env(mut self, env: impl IntoIterator<Item = EnvVar>) -> Self {
        self.env.extend(env);
        self
    }

    /// Adds sources whose keys become variables.
    #[must_use]
    pub fn with_env_from(mut self, sources: impl IntoIterator<Item = EnvFromSource>) -> Self {
        self.env_from.extend(sources);
        self
    }
}

impl EnvFromSource {
    /// Returns a source that reads a ConfigMap.
    #[must_use]
    pub fn config_map(name: impl Into<String>) -> Self {
        let config_map = ConfigMapEnvSource { name: name.into(), optional: None };
        EnvFromSource { config_map_ref: Some(config_map), ..EnvFromSource::default() }
    }

    /// Returns a source that reads a Secret.
    #[must_use]
    pub fn secret(name: impl Into<String>) -> Self {
        let secret = SecretEnvSource { name: name.into(), optional: None };
        EnvFromSource { secret_ref: Some(secret), ..EnvFromSource::default() }
    }
}

impl EnvVar {
    /// Returns a variable with a value, in which `$(NAME)` is expanded.
    #[must_use]
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        EnvVar { name: name.into(), value: value.into(), value_from: None }
    }

    /// Returns a variable with a source.
    #[must_use]
    pub fn from_source(name: impl Into<String>, source: EnvVarSource) -> Self {
        EnvVar { name: name.into(), value: String::new(), value_from: Some(source) }
    }

    /// Returns a variable with the value of a Pod field, such as `status.podIP`.
    #[must_use]
    pub fn from_field(name: impl Into<String>, field_path: impl Into<String>) -> Self {
        let field =
            ObjectFieldSelector { api_version: String::new(), field_path: field_path.into() };
        let source = EnvVarSource { field_ref: Some(field), ..EnvVarSource::default() };
        EnvVar::from_source(name, source)
    }

    /// Returns a variable with a limit or request of its container, such as `limits.memory`.
    #[must_use]
    pub fn from_resource(name: impl Into<String>, resource: impl Into<String>) -> Self {
        let resource =
            ResourceFieldSelector { resource: resource.into(), ..ResourceFieldSelector::default() };
        let source = EnvVarSource { resource_field_ref: Some(resource), ..EnvVarSource::default() };
        EnvVar::from_source(name, source)
    }

    /// Returns a variable with the value of a key of a ConfigMap.
    #[must_use]
    pub fn from_config_map_key(
        name: impl Into<String>,
        config_map: impl Into<String>,
        key: impl Into<String>,
    ) -> Self {
        let key = ConfigMapKeySelector { name: config_map.into(), key: key.into(), optional: None };
        let source = EnvVarSource { config_map_key_ref: Some(key), ..EnvVarSource::default() };
        EnvVar::from_source(name, source)
    }

    /// Returns a variable with the value of a key of a Secret.
    #[must_use]
    pub fn from_secret_key(
        name: impl Into<String>,
        secret: impl Into<String>,
        key: impl Into<String>,
    ) -> Self {
        let key = SecretKeySelector { name: secret.into(), key: key.into(), optional: None };
        let source = EnvVarSource { secret_key_ref: Some(key), ..EnvVarSource::default() };
        EnvVar::from_source(name, source)
    }
}

impl PodSpec {
    /// Returns the ordinary, init or ephemeral container of that name.
    #[must_use]
    pub fn container(&self, name: &str) -> Option<&Container> {
        let all =
            self.containers.iter().chain(&self.init_containers).chain(&self.ephemeral_containers);
        all.into_iter().find(|container| container.name == name)
    }
}

impl PodStatus {
    /// Returns a status with these addresses. The first one is the primary address.
    #[must_use]
    pub fn with_ips<T: Into<String>>(ips: impl IntoIterator<Item = T>) -> Self {
        let pod_ips: Vec<PodIp> = ips.into_iter().map(|ip| PodIp { ip: ip.into() }).collect();
        let pod_ip = pod_ips.first().map(|first| first.ip.clone()).unwrap_or_default();
        PodStatus { pod_ip, pod_ips }
    }
}
