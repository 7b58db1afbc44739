//! What the examples have in common: which container of which objects in which files is meant.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Display;
use std::fs;
use std::io;
use std::net::IpAddr;

use clap::Args;
use kubelet_env::api::{
    Node, NodeAddress, NodeStatus, Pod, PodMeta, PodStatus, Service, WorkloadKind,
};
use kubelet_env::container::{EnvFiles, FieldPathError};
use kubelet_env::environment::{Declared, Source};
use kubelet_env::{
    ComposeError, ComposeErrorKind, Document, Environment, Facts, ObjectRef, Objects, Release,
    Store,
};
use serde::Deserialize;

/// Which container is meant, and what is known of it apart from the files
#[derive(Args)]
pub(crate) struct Choice {
    /// The namespace of the pod, and of objects that name none
    #[arg(long, default_value = "default")]
    pub(crate) namespace: String,
    /// As if the pod had `enableServiceLinks: false`
    #[arg(long)]
    pub(crate) no_service_links: bool,
    /// Give a Service the address that no cluster has given it yet (may be repeated)
    #[arg(long, value_name = "NAME=IP", value_parser = name_and_ip)]
    cluster_ip: Vec<(String, String)>,
    /// Which pod or workload, if there are several, such as deploy/web or pod/web-0
    #[arg(long, value_name = "KIND/NAME", value_parser = kind_and_name)]
    workload: Option<(&'static str, String)>,
    /// Which of its containers [default: the first]
    #[arg(long, value_name = "NAME")]
    container: Option<String>,
    /// The name that the pod gets
    #[arg(long, value_name = "NAME")]
    pod_name: Option<String>,
    /// The UID that the pod gets
    #[arg(long, value_name = "UID")]
    pod_uid: Option<String>,
    /// The pod's address, the primary one first (may be repeated)
    #[arg(long, value_name = "IP")]
    pod_ip: Vec<String>,
    /// The node, if there are several
    #[arg(long, value_name = "NAME")]
    node: Option<String>,
    /// The node's address, as the kubelet was started with (may be repeated)
    #[arg(long, value_name = "IP")]
    node_ip: Vec<String>,
    /// What a fileKeyRef reads (may be repeated)
    #[arg(long, value_name = "VOLUME:PATH=FILE", value_parser = env_file)]
    env_file: Vec<EnvFile>,
    /// The release of Kubernetes, such as 1.33 or v1.33.5+k3s1
    #[arg(long, default_value_t)]
    release: Release,
}

#[derive(Clone)]
struct EnvFile {
    volume: String,
    path: String,
    file: String,
}

/// What the files hold.
pub(crate) struct Files {
    pub(crate) objects: Objects,
    /// Where each object stands that an error may be about.
    origins: BTreeMap<ObjectRef, String>,
}

/// The container that is meant, and all that its environment depends on.
pub(crate) struct Chosen {
    /// The Pod or workload.
    object: ObjectRef,
    pub(crate) pod: Pod,
    pub(crate) container: String,
    release: Release,
    node: Option<Node>,
    node_ips: Vec<String>,
    pod_status: Option<PodStatus>,
    env_files: EnvFiles,
}

impl Choice {
    /// Reads the files.
    pub(crate) fn read(&self, files: &[String]) -> Result<Files, Box<dyn Error>> {
        let mut files = read_files(files, &self.namespace)?;
        for (name, ip) in &self.cluster_ip {
            give_cluster_ip(&mut files.objects.services, &self.namespace, name, ip)?;
        }
        Ok(files)
    }

    /// The container that is meant; none if there is no Pod and no workload.
    pub(crate) fn container(
        &self,
        Files { objects, .. }: &Files,
    ) -> Result<Option<Chosen>, String> {
        let Some((object, pod)) = target(self, objects)? else { return Ok(None) };
        let first = || pod.spec.containers.first().map(|container| container.name.clone());
        Ok(Some(Chosen {
            container: self.container.clone().or_else(first).unwrap_or_default(),
            release: self.release,
            node: node(self, objects, &pod)?,
            node_ips: self.node_ip.clone(),
            pod_status: match self.pod_ip.as_slice() {
                [] => Some(pod.status.clone()).filter(|status| *status != PodStatus::default()),
                ips => Some(PodStatus::with_ips(ips)),
            },
            env_files: read_env_files(&self.env_file)?,
            object,
            pod,
        }))
    }
}

impl Files {
    /// The Pods and workloads of any namespace.
    pub(crate) fn targets(&self) -> impl Iterator<Item = ObjectRef> {
        let workloads =
            WorkloadKind::ALL.iter().copied().flat_map(|kind| self.objects.workloads(kind).iter());
        self.objects.pods.iter().map(ObjectRef::of).chain(workloads.map(ObjectRef::of))
    }

    /// Says of an error in which file its cause stands.
    pub(crate) fn at_origin(&self, object: &ObjectRef, error: &dyn Display) -> String {
        match self.origins.get(object) {
            Some(origin) => format!("{origin}: {error}"),
            None => error.to_string(),
        }
    }
}

impl Chosen {
    /// What is known if these are the objects.
    pub(crate) fn facts<'a>(&'a self, objects: &'a Objects) -> Facts<'a> {
        Facts {
            release: self.release,
            node: self.node.as_ref(),
            node_ips: &self.node_ips,
            pod_status: self.pod_status.as_ref(),
            env_files: &self.env_files,
            ..Facts::of(objects)
        }
    }

    /// Says of an error in which file its cause stands, and which argument would help.
    pub(crate) fn refused(&self, error: &ComposeError, files: &Files) -> String {
        let object = &self.object;
        match error.kind() {
            ComposeErrorKind::NoPorts(no_ports) => files.at_origin(&no_ports.service, no_ports),
            // A Pod that a workload makes has no name yet.
            kind if object.kind == "Pod" => {
                files.at_origin(object, &format!("{error}{}", advice(kind)))
            }
            kind => files.at_origin(object, &format!("{object}: {error}{}", advice(kind))),
        }
    }

    /// Of a Node that only the arguments tell of, nobody knows what it has for Pods, which is what a
    /// missing limit comes down to.
    pub(crate) fn check_limits(&self, environment: &Environment<'_>) -> Result<(), String> {
        let is_made_up = self.node.as_ref().is_some_and(|node| node.status.allocatable.is_empty());
        match environment.declared().iter().find(|declared| is_made_up && is_no_limit(declared)) {
            None => Ok(()),
            Some(limit) => Err(format!(
                "{}: {} {}: the limit is what the Node has: add the Node to the files",
                self.object,
                limit.entry(),
                limit.name()
            )),
        }
    }
}

fn is_no_limit(declared: &Declared<'_>) -> bool {
    let Source::Resource(selector) = declared.source() else { return false };
    let is_of_node = ["limits.cpu", "limits.memory", "limits.ephemeral-storage"]
        .contains(&selector.resource.as_str());
    is_of_node && declared.value().as_bytes() == b"0"
}

fn name_and_ip(text: &str) -> Result<(String, String), String> {
    let (name, ip) = text.split_once('=').ok_or("it should be NAME=IP")?;
    ip.parse::<IpAddr>().map_err(|error| format!("{ip:?} is not an IP address: {error}"))?;
    Ok((name.to_owned(), ip.to_owned()))
}

fn env_file(text: &str) -> Result<EnvFile, &'static str> {
    let parts =
        text.split_once(':').and_then(|(volume, rest)| Some((volume, rest.split_once('=')?)));
    let (volume, (path, file)) = parts.ok_or("it should be VOLUME:PATH=FILE")?;
    Ok(EnvFile { volume: volume.into(), path: path.into(), file: file.into() })
}

/// Kinds by the names that `kubectl` takes, such as `deploy`, `deployment.apps` or `Deployments`.
fn kind_and_name(text: &str) -> Result<(&'static str, String), String> {
    let (kind, name) = text.split_once('/').ok_or("it should be KIND/NAME, such as deploy/web")?;
    let kind = kind.to_lowercase();
    let resource = kind.split('.').next().unwrap_or_default();
    let short_names = [
        ("po", "Pod"),
        ("deploy", "Deployment"),
        ("sts", "StatefulSet"),
        ("ds", "DaemonSet"),
        ("rs", "ReplicaSet"),
        ("job", "Job"),
        ("cj", "CronJob"),
    ];
    let is_meant = |(short, kind): &(&str, &str)| {
        let long = kind.to_lowercase();
        resource == *short || resource.strip_suffix('s').unwrap_or(resource) == long
    };
    match short_names.into_iter().find(is_meant) {
        Some((_, kind)) => Ok((kind, name.to_owned())),
        None => Err(format!("{kind:?} is neither a pod nor a workload")),
    }
}

/// The Pod that is meant, with its defaults, and what it is made from.
fn target(choice: &Choice, objects: &Objects) -> Result<Option<(ObjectRef, Pod)>, String> {
    let namespace = choice.namespace.as_str();
    let pods = objects.pods.in_namespace(namespace).map(|pod| (ObjectRef::of(pod), pod.clone()));
    let workloads = WorkloadKind::ALL
        .iter()
        .copied()
        .flat_map(|kind| objects.workloads(kind).in_namespace(namespace));
    let mut targets: Vec<(ObjectRef, Pod)> =
        pods.chain(workloads.map(|workload| (ObjectRef::of(workload), workload.pod()))).collect();
    if let Some((kind, name)) = &choice.workload {
        targets.retain(|(object, _)| object.kind == *kind && object.name == *name);
        if targets.is_empty() {
            return Err(format!("no {kind} {namespace}/{name} is in these files"));
        }
    }
    if let [_, _, ..] = targets.as_slice() {
        let names: Vec<String> =
            targets.iter().map(|(object, _)| format!("{}/{}", object.kind, object.name)).collect();
        return Err(format!("which of them: {}? Choose one with --workload", names.join(", ")));
    }
    let Some((object, mut pod)) = targets.pop() else { return Ok(None) };
    if let Some(name) = &choice.pod_name {
        pod.metadata.name.clone_from(name);
    }
    if let Some(uid) = &choice.pod_uid {
        pod.metadata.uid.clone_from(uid);
    }
    if choice.no_service_links {
        pod.spec.enable_service_links = Some(false);
    }
    Ok(Some((object, pod.with_defaults())))
}

/// The Node that runs the Pod, as far as it is known.
fn node(choice: &Choice, objects: &Objects, pod: &Pod) -> Result<Option<Node>, String> {
    let assigned = Some(pod.spec.node_name.as_str()).filter(|name| !name.is_empty());
    if let Some(name) = choice.node.as_deref().or(assigned)
        && let Some(node) = objects.nodes.get("", name)
    {
        return Ok(Some(node.clone()));
    }
    let mut nodes = objects.nodes.iter();
    match (&choice.node, nodes.next(), nodes.next()) {
        (Some(name), Some(_), _) => Err(format!("no Node {name} is in these files")),
        (None, Some(node), None) if assigned.is_none() => Ok(Some(node.clone())),
        (None, _, _) if choice.node_ip.is_empty() => Ok(None),
        (name, _, _) => {
            let of_ip =
                |ip: &String| NodeAddress { type_: "InternalIP".into(), address: ip.clone() };
            let addresses = choice.node_ip.iter().map(of_ip).collect();
            let metadata = PodMeta::new("", name.as_deref().or(assigned).unwrap_or_default());
            Ok(Some(Node { metadata, status: NodeStatus { addresses, ..NodeStatus::default() } }))
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

/// Which argument says what is missing.
fn advice(refusal: &ComposeErrorKind) -> &'static str {
    match refusal {
        ComposeErrorKind::FieldPath { path, error: FieldPathError::Unknown } => match path.as_str()
        {
            "metadata.name" => ": use --pod-name",
            "metadata.uid" => ": use --pod-uid",
            "status.podIP" | "status.podIPs" => ": use --pod-ip",
            "spec.nodeName" | "spec.host" => ": use --node",
            _ => "",
        },
        ComposeErrorKind::NodeUnknown => ": add the Node to the files, or use --node or --node-ip",
        ComposeErrorKind::VolumeMissing { .. } | ComposeErrorKind::EnvFileMissing { .. } => {
            ": use --env-file"
        }
        _ => "",
    }
}

/// The objects of all files, and which file each of them comes from.
fn read_files(files: &[String], namespace: &str) -> Result<Files, Box<dyn Error>> {
    let (mut objects, mut origins) = (Objects::default(), BTreeMap::new());
    for file in files {
        let (file, text) = match file.as_str() {
            "-" => ("standard input", io::read_to_string(io::stdin())),
            path => (path, fs::read_to_string(path)),
        };
        let text = text.map_err(|error| format!("{file}: {error}"))?;
        let documents = documents(&text).map_err(|error| format!("{file}: {error}"))?;
        let several = documents.len() > 1;
        for (number, document) in (1..).zip(documents) {
            let origin =
                if several { format!("{file}: document {number}") } else { file.to_owned() };
            let of_document =
                read_document(document, namespace).map_err(|error| format!("{origin}: {error}"))?;
            let read = refs(&of_document);
            objects.merge(of_document).map_err(|error| format!("{origin}: {error}"))?;
            origins.extend(read.into_iter().map(|object| (object, origin.clone())));
        }
    }
    Ok(Files { objects, origins })
}

/// Those that an error may be about.
fn refs(objects: &Objects) -> Vec<ObjectRef> {
    let workloads =
        WorkloadKind::ALL.iter().copied().flat_map(|kind| objects.workloads(kind).iter());
    let services = objects.services.iter().map(ObjectRef::of);
    services
        .chain(objects.pods.iter().map(ObjectRef::of))
        .chain(workloads.map(ObjectRef::of))
        .collect()
}

/// What begins with a brace is JSON, as for `kubectl`.
fn documents(text: &str) -> Result<Vec<Document<'_>>, Box<dyn Error>> {
    if text.trim_start().starts_with('{') {
        let documents = serde_json::Deserializer::from_str(text).into_iter();
        documents.collect::<Result<_, _>>().map_err(|error| format!("not JSON: {error}").into())
    } else {
        let documents = yaml_serde::Deserializer::from_str(text).map(Document::deserialize);
        documents.collect::<Result<_, _>>().map_err(|error| format!("not YAML: {error}").into())
    }
}

fn read_document(document: Document<'_>, namespace: &str) -> Result<Objects, Box<dyn Error>> {
    let mut objects = Objects::default();
    objects.add(document)?;
    Ok(objects.with_default_namespace(namespace)?)
}

/// `name` may say its namespace, `default/kubernetes`, where it is not the pod's.
fn give_cluster_ip(
    services: &mut Store<Service>,
    namespace: &str,
    name: &str,
    ip: &str,
) -> Result<(), String> {
    let (namespace, name) = name.split_once('/').unwrap_or((namespace, name));
    let awaiting = services.get(namespace, name).filter(|service| service.awaits_cluster_ip());
    let mut service = awaiting.cloned().ok_or_else(|| {
        format!("--cluster-ip {name}={ip}: no Service {namespace}/{name} without a clusterIP is in these files")
    })?;
    service.spec.cluster_ip = ip.to_owned();
    services.apply(service);
    Ok(())
}
