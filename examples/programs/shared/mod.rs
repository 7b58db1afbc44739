//! Code that the examples share: selecting containers and adding facts about them.

mod files;
mod yaml_1_1;

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::rc::Rc;

use clap::Args;
use kubelet_env::api::{Node, Pod, PodStatus, Service, Timestamp};
use kubelet_env::container::{EnvFiles, FieldPathError, IpRange, Known};
use kubelet_env::environment::{Declared, Source, Unknown};
use kubelet_env::export::UnknownVariables;
use kubelet_env::objects::Owner;
use kubelet_env::pod::{Built, PodContext, PodError, PodSource, UndecidedField};
use kubelet_env::{
    ComposeError, ComposeErrorKind, Environment, Facts, ObjectRef, Objects, Release,
};

#[allow(unused_imports, reason = "only one of the examples has variables beside its files")]
pub(crate) use files::is_manifest;
pub(crate) use files::{Files, Part};

/// Options that select containers and add facts about them
#[derive(Args)]
pub(crate) struct Choice {
    /// Namespace of the Pod and of objects without a namespace
    #[arg(long, default_value = "default")]
    pub(crate) namespace: String,
    /// Use every container of every Pod and workload, each under a line `# KIND NAMESPACE/NAME
    /// CONTAINER`
    #[arg(long, conflicts_with_all = ["workload", "container", "pod_name", "pod_uid", "pod_ip", "index", "is_static", "node"])]
    pub(crate) all: bool,
    /// Treat the files as all that the cluster has: a missing object or fact is an error, and so is a
    /// file that holds no Kubernetes object
    #[arg(long)]
    pub(crate) strict: bool,
    /// Treat the Pod as if it had `enableServiceLinks: false`
    #[arg(long)]
    pub(crate) no_service_links: bool,
    /// Set the address of a Service that has none yet (may be repeated)
    #[arg(long, value_name = "NAME=IP", value_parser = name_and_ip)]
    cluster_ip: Vec<(String, String)>,
    /// Give every Service without an address one of this range, such as 10.96.0.0/16
    #[arg(long, value_name = "CIDR")]
    service_cidr: Option<IpRange>,
    /// Pod or workload to use if there are several, such as deploy/web or pod/web-0
    #[arg(long, value_name = "KIND/NAME")]
    workload: Option<String>,
    /// Container to use [default: that of the annotation kubectl.kubernetes.io/default-container, or
    /// the first]
    #[arg(long, value_name = "NAME")]
    container: Option<String>,
    /// Name of the Pod
    #[arg(long, value_name = "NAME")]
    pod_name: Option<String>,
    /// UID of the Pod
    #[arg(long, value_name = "UID")]
    pod_uid: Option<String>,
    /// Ordinal of the Pod of a StatefulSet, or completion index of that of a Job
    #[arg(long, value_name = "NUMBER")]
    index: Option<u32>,
    /// Treat the Pod as a static Pod, which the kubelet reads from a file
    #[arg(long = "static")]
    is_static: bool,
    /// Address of the Pod, the primary one first (may be repeated)
    #[arg(long, value_name = "IP")]
    pod_ip: Vec<String>,
    /// Node of the Pod
    #[arg(long, value_name = "NAME")]
    node: Option<String>,
    /// Address of the Node, as passed to the kubelet (may be repeated)
    #[arg(long, value_name = "IP")]
    node_ip: Vec<String>,
    /// File that a fileKeyRef reads (may be repeated)
    #[arg(long, value_name = "VOLUME:PATH=FILE", value_parser = env_file)]
    env_file: Vec<EnvFile>,
    /// Release of Kubernetes, such as 1.33 or v1.33.5+k3s1
    #[arg(long, default_value_t)]
    pub(crate) release: Release,
}

#[derive(Clone)]
struct EnvFile {
    volume: String,
    path: String,
    file: String,
}

/// The objects as the containers of a file see them.
#[derive(Clone)]
struct World {
    objects: Rc<Objects>,
    known: Rc<Known>,
}

/// A selected container and the facts that its environment depends on.
pub(crate) struct Chosen {
    /// The Pod or workload.
    object: ObjectRef,
    file: PathBuf,
    /// The location of the object, for error messages.
    origin: String,
    pub(crate) built: Built,
    pub(crate) container: String,
    world: World,
    is_strict: bool,
    release: Release,
    node: Option<Node>,
    node_ips: Vec<String>,
    pod_status: Option<PodStatus>,
    env_files: EnvFiles,
}

/// One of all containers.
pub(crate) struct Listed {
    /// The kind, namespace and name of the owner and the name of the container.
    pub(crate) name: String,
    pub(crate) chosen: Result<Chosen, String>,
}

impl Choice {
    /// Reads the files and checks the options about their objects.
    pub(crate) fn read(&self, files: &[String]) -> Result<Files, Box<dyn Error>> {
        let files = Files::read(files, &self.namespace, self.strict)?;
        self.known(&files.objects)?;
        Ok(files)
    }

    /// Returns the selected container, or `None` without a Pod or workload.
    pub(crate) fn container(&self, files: &Files) -> Result<Option<Chosen>, String> {
        let Some((part, owner)) = self.owner(files)? else { return Ok(None) };
        let default = || owner.default_container().map(|container| container.name);
        let container = self.container.as_deref().or_else(default).unwrap_or_default();
        self.chosen(self.world(files, part)?, part, owner, container).map(Some)
    }

    /// Returns the containers of all Pods and workloads.
    pub(crate) fn all_containers(&self, files: &Files) -> Result<Vec<Listed>, String> {
        if files.owners().next().is_none() {
            eprintln!("note: these files hold no Pod or workload");
        }
        let mut all = Vec::new();
        for part in files.parts.iter().filter(|part| part.objects.owners().next().is_some()) {
            let world = self.world(files, part)?;
            for container in part.objects.containers() {
                let chosen = self.chosen(world.clone(), part, container.owner, container.name);
                all.push(Listed { name: container.to_string(), chosen });
            }
        }
        Ok(all)
    }

    #[allow(dead_code, reason = "only one of the examples prints Services")]
    /// Returns a container that sees the Services in the files and has no variables of its own.
    pub(crate) fn services_alone(&self, files: &Files) -> Result<Chosen, String> {
        let app = kubelet_env::api::Container::new("");
        let pod = Pod::new(&*self.namespace, "").with_container(app);
        let World { objects, known } = self.world(files, &Part::default())?;
        let mut known = Known::clone(&known);
        let is_in_files = |service: &&Service| {
            let metadata = &service.metadata;
            objects.services.in_namespace(&metadata.namespace).get(&metadata.name).is_some()
        };
        known.services = known.services.iter().filter(is_in_files).cloned().collect();
        let world = World { objects, known: Rc::new(known) };
        self.chosen(world, &Part::default(), Owner::Pod(&pod), "")
    }

    fn world(&self, files: &Files, part: &Part) -> Result<World, String> {
        let objects = files.seen_from(part);
        let known = Rc::new(self.known(&objects)?);
        Ok(World { objects, known })
    }

    fn chosen(
        &self,
        world: World,
        part: &Part,
        owner: Owner<'_>,
        container: &str,
    ) -> Result<Chosen, String> {
        let node = node(self, &world.objects, &owner.spec().node_name)?;
        let object = owner.object();
        let built = build(self, &world.objects, owner, node.as_ref(), self.release)
            .map_err(|error| part.at_origin(&object, &error))?;
        Ok(Chosen {
            container: container.to_owned(),
            is_strict: self.strict,
            release: self.release,
            node,
            node_ips: self.node_ip.clone(),
            pod_status: (!self.pod_ip.is_empty()).then(|| PodStatus::with_ips(&self.pod_ip)),
            env_files: read_env_files(&self.env_file)?,
            file: part.file.clone(),
            origin: part.origin(&object).to_owned(),
            world,
            object,
            built,
        })
    }

    /// Returns the facts about the Services that the options give.
    fn known(&self, objects: &Objects) -> Result<Known, String> {
        let mut known = Known::default();
        for (argument, ip) in &self.cluster_ip {
            let (namespace, name) = argument.split_once('/').unwrap_or((&self.namespace, argument));
            known
                .assign_cluster_ip(&objects.services, namespace, name, ip)
                .map_err(|error| format!("--cluster-ip {argument}={ip}: {error}"))?;
        }
        if let Some(range) = self.service_cidr {
            known
                .allocate_cluster_ips(&objects.services, range)
                .map_err(|error| format!("--service-cidr: {error}"))?;
        }
        Ok(known)
    }

    /// Returns the selected Pod or workload and its file.
    fn owner<'f>(&self, files: &'f Files) -> Result<Option<(&'f Part, Owner<'f>)>, String> {
        let mut owners: Vec<(&Part, Owner<'_>)> = match &self.workload {
            Some(name) => {
                let in_part =
                    |part: &'f Part| Some((part, part.objects.owner(&self.namespace, name).ok()?));
                files.parts.iter().filter_map(in_part).collect()
            }
            None => files
                .owners()
                .filter(|(_, owner)| owner.object().namespace == self.namespace)
                .collect(),
        };
        match (owners.as_slice(), &self.workload) {
            ([], Some(name)) => {
                let error = files.objects.owner(&self.namespace, name).err();
                Err(error.map(|error| error.to_string()).unwrap_or_default())
            }
            ([], None) | ([_], _) => Ok(owners.pop()),
            ([_, _, ..], Some(_)) => {
                let origins: Vec<&str> =
                    owners.iter().map(|(part, owner)| part.origin(&owner.object())).collect();
                Err(format!("several of that name: {}: name one of the files", origins.join(", ")))
            }
            ([_, _, ..], None) => {
                let name = |owner: &Owner<'_>| {
                    let ObjectRef { kind, name, .. } = owner.object();
                    format!("{kind}/{name}")
                };
                let names: Vec<String> = owners.iter().map(|(_, owner)| name(owner)).collect();
                Err(format!(
                    "several Pods or workloads: {}: choose one with --workload, or use --all",
                    names.join(", ")
                ))
            }
        }
    }

    /// Returns the selected Pod as the kubelet of another release sees it.
    #[allow(dead_code, reason = "only one of the examples upgrades")]
    pub(crate) fn rebuild(
        &self,
        files: &Files,
        chosen: &Chosen,
        release: Release,
    ) -> Result<Built, PodError> {
        match self.owner(files) {
            Ok(Some((_, owner))) => {
                build(self, &chosen.world.objects, owner, chosen.node.as_ref(), release)
            }
            _ => Ok(chosen.built.clone()),
        }
    }
}

#[allow(dead_code, reason = "each of the examples uses some")]
impl Chosen {
    /// Returns the kind, namespace and name of the owner and the name of the container.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.object, self.container)
    }

    /// Returns the file of the owner. It is empty if all files are one part.
    pub(crate) fn file(&self) -> String {
        self.file.display().to_string()
    }

    /// Returns the objects as the container sees them.
    pub(crate) fn objects(&self) -> Rc<Objects> {
        Rc::clone(&self.world.objects)
    }

    /// Removes the objects that were created after `time`.
    pub(crate) fn as_of(&mut self, time: Timestamp) {
        self.world.objects = Rc::new(Objects::clone(&self.world.objects).as_of(time));
    }

    /// Returns the facts about the container.
    pub(crate) fn facts(&self) -> Facts<'_> {
        let World { objects, known } = &self.world;
        let open = Facts::open(objects, known);
        let facts =
            if self.is_strict { Facts { known: open.known, ..Facts::of(objects) } } else { open };
        Facts {
            release: self.release,
            node: self.node.as_ref(),
            node_ips: &self.node_ips,
            pod_status: self.pod_status.as_ref(),
            env_files: &self.env_files,
            ..facts.with_pod(&self.built)
        }
    }

    /// Prefixes an error with the location of its cause and appends the option that helps.
    pub(crate) fn describe(&self, error: &ComposeError, files: &Files) -> String {
        let object = &self.object;
        let error = match error.kind() {
            ComposeErrorKind::NoPorts(no_ports) => {
                return files.at_origin(&no_ports.service, no_ports);
            }
            // The error names the Pod. For a workload it does not name the object.
            kind if object.kind == "Pod" => format!("{error}{}", advice(kind)),
            kind => format!("{object}: {error}{}", advice(kind)),
        };
        if self.origin.is_empty() { error } else { format!("{}: {error}", self.origin) }
    }

    /// Returns an error if a missing limit depends on a Node that only the options define.
    ///
    /// The allocatable resources of such a Node are unknown.
    pub(crate) fn check_limits(&self, environment: &Environment<'_>) -> Result<(), String> {
        let is_synthetic =
            self.node.as_ref().is_some_and(|node| node.status.allocatable.is_empty());
        match environment
            .declared()
            .iter()
            .find(|declared| is_synthetic && is_unknown_limit(declared))
        {
            None => Ok(()),
            Some(limit) => Err(format!(
                "{}: {} {}: the limit depends on the Node: add the Node to the files",
                self.object,
                limit.entry(),
                limit.name()
            )),
        }
    }
}

fn is_unknown_limit(declared: &Declared<'_>) -> bool {
    let Source::Resource(selector) = declared.source() else { return false };
    let is_of_node = ["limits.cpu", "limits.memory", "limits.ephemeral-storage"]
        .contains(&selector.resource.as_str());
    is_of_node && declared.value().as_bytes() == Some(b"0")
}

/// The facts that were not known, each once.
#[derive(Default)]
pub(crate) struct UnknownFacts {
    facts: BTreeSet<Unknown>,
}

impl UnknownFacts {
    /// Adds what is not known of an environment.
    pub(crate) fn add(&mut self, environment: &Environment<'_>) {
        for variable in UnknownVariables::of(environment).variables {
            variable.unknowns.into_iter().for_each(|unknown| self.add_fact(unknown));
        }
        for source in environment.open_sources() {
            self.facts.insert(Unknown::Keys { object: source.object.clone() });
        }
    }

    fn add_fact(&mut self, unknown: Unknown) {
        match unknown {
            Unknown::Unless { sources, .. } => {
                sources.into_iter().for_each(|source| self.add_fact(source));
            }
            unknown => {
                self.facts.insert(unknown);
            }
        }
    }

    /// Writes a line for each fact to standard error, with the option that supplies it.
    pub(crate) fn report(&self, choice: &Choice) {
        let namespace = &choice.namespace;
        for unknown in &self.facts {
            let option = match unknown {
                Unknown::ClusterIp { namespace: of_service, name } if of_service == namespace => {
                    format!(" (--cluster-ip {name}=IP)")
                }
                Unknown::ClusterIp { namespace, name } => {
                    format!(" (--cluster-ip {namespace}/{name}=IP)")
                }
                // These options are about one Pod.
                Unknown::Field { path } if !choice.all => match option_for_field(path) {
                    "" => String::new(),
                    option => format!(" ({option})"),
                },
                Unknown::Resource { .. } => " (add the Node to the files)".to_owned(),
                Unknown::FileKey { volume, path, .. } => {
                    format!(" (--env-file {volume}:{path}=FILE)")
                }
                _ => String::new(),
            };
            eprintln!("unknown: {unknown}{option}");
        }
    }
}

fn name_and_ip(text: &str) -> Result<(String, String), String> {
    let (name, ip) = text.split_once('=').ok_or("expected NAME=IP")?;
    ip.parse::<IpAddr>().map_err(|error| format!("{ip:?} is not an IP address: {error}"))?;
    Ok((name.to_owned(), ip.to_owned()))
}

fn env_file(text: &str) -> Result<EnvFile, &'static str> {
    let parts =
        text.split_once(':').and_then(|(volume, rest)| Some((volume, rest.split_once('=')?)));
    let (volume, (path, file)) = parts.ok_or("expected VOLUME:PATH=FILE")?;
    Ok(EnvFile { volume: volume.into(), path: path.into(), file: file.into() })
}

/// Returns the Pod as the kubelet sees it. The labels of a Node that only the arguments describe
/// are unknown.
fn build(
    choice: &Choice,
    objects: &Objects,
    owner: Owner<'_>,
    node: Option<&Node>,
    release: Release,
) -> Result<Built, PodError> {
    let node = node.filter(|node| objects.nodes.get(&node.metadata.name).is_some());
    let source = if choice.is_static { PodSource::File } else { PodSource::Api };
    let context =
        PodContext { node, source, index: choice.index, release, ..PodContext::of(objects) };
    let mut built = context.build(owner)?;
    for (field, value) in
        [(UndecidedField::Name, &choice.pod_name), (UndecidedField::Uid, &choice.pod_uid)]
    {
        if let Some(value) = value {
            built.undecided.insert(field.clone());
            built.decide(field, value);
        }
    }
    if choice.no_service_links {
        built.pod.spec.enable_service_links = Some(false);
    }
    Ok(built)
}

/// Returns the Node of the Pod, if known.
fn node(choice: &Choice, objects: &Objects, node_name: &str) -> Result<Option<Node>, String> {
    let assigned = Some(node_name).filter(|name| !name.is_empty());
    if let Some(name) = choice.node.as_deref().or(assigned)
        && let Some(node) = objects.nodes.get(name)
    {
        return Ok(Some(node.clone()));
    }
    let mut nodes = objects.nodes.iter();
    match (&choice.node, nodes.next(), nodes.next()) {
        (Some(name), Some(_), _) => Err(format!("no Node {name} is in these files")),
        // In the open world there may be other Nodes.
        (None, Some(node), None) if assigned.is_none() && choice.strict => Ok(Some(node.clone())),
        (None, _, _) if choice.node_ip.is_empty() => Ok(None),
        (name, _, _) => {
            let node = Node::new(name.as_deref().or(assigned).unwrap_or_default());
            Ok(Some(choice.node_ip.iter().fold(node, Node::with_internal_ip)))
        }
    }
}

fn read_env_files(files: &[EnvFile]) -> Result<EnvFiles, String> {
    let mut env_files = EnvFiles::default();
    for EnvFile { volume, path, file } in files {
        let content = fs::read(file).map_err(|error| format!("{file}: {error}"))?;
        env_files.insert(volume, path, content);
    }
    Ok(env_files)
}

/// Returns the option that supplies a missing fact.
fn advice(error: &ComposeErrorKind) -> String {
    match error {
        ComposeErrorKind::FieldPath {
            path,
            error: FieldPathError::Unknown | FieldPathError::Undecided,
        } => match option_for_field(path) {
            "" => String::new(),
            option => format!(": use {option}"),
        },
        ComposeErrorKind::NodeUnknown => {
            ": add the Node to the files, or use --node or --node-ip".to_owned()
        }
        ComposeErrorKind::VolumeMissing { .. } | ComposeErrorKind::EnvFileMissing { .. } => {
            ": use --env-file".to_owned()
        }
        _ => String::new(),
    }
}

/// Returns the option that supplies a field of the Pod, or an empty text.
fn option_for_field(path: &str) -> &'static str {
    match path {
        "metadata.name" => "--pod-name",
        "metadata.uid" => "--pod-uid",
        "status.podIP" | "status.podIPs" => "--pod-ip",
        "status.hostIP" | "status.hostIPs" => "--node-ip",
        "spec.nodeName" | "spec.host" => "--node",
        "metadata.labels['apps.kubernetes.io/pod-index']"
        | "metadata.labels['batch.kubernetes.io/job-completion-index']" => "--index",
        _ => "",
    }
}
