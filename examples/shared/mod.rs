//! Code that the examples share: reading files and selecting a container.

mod yaml_1_1;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Display;
use std::fs;
use std::io;
use std::net::IpAddr;

use clap::Args;
use kubelet_env::api::{Node, Pod, PodStatus, Service, Workload, WorkloadKind};
use kubelet_env::container::{EnvFiles, FieldPathError};
use kubelet_env::environment::{Declared, Source};
use kubelet_env::objects::DocumentLimits;
use kubelet_env::pod::{Built, PodContext, PodError, PodSource, UndecidedField};
use kubelet_env::{
    ComposeError, ComposeErrorKind, Document, Environment, Facts, ObjectRef, Objects, Release,
    Store,
};
use serde::de::DeserializeSeed;

/// Options that select a container and add facts about it
#[derive(Args)]
pub(crate) struct Choice {
    /// Namespace of the Pod and of objects without a namespace
    #[arg(long, default_value = "default")]
    pub(crate) namespace: String,
    /// Treat the Pod as if it had `enableServiceLinks: false`
    #[arg(long)]
    pub(crate) no_service_links: bool,
    /// Set the address of a Service that has none yet (may be repeated)
    #[arg(long, value_name = "NAME=IP", value_parser = name_and_ip)]
    cluster_ip: Vec<(String, String)>,
    /// Pod or workload to use if there are several, such as deploy/web or pod/web-0
    #[arg(long, value_name = "KIND/NAME", value_parser = kind_and_name)]
    workload: Option<(&'static str, String)>,
    /// Container to use [default: the first]
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
    /// Node to use if there are several
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
    release: Release,
}

#[derive(Clone)]
struct EnvFile {
    volume: String,
    path: String,
    file: String,
}

/// The objects of all files.
pub(crate) struct Files {
    pub(crate) objects: Objects,
    /// The source location of each object, for error messages.
    origins: BTreeMap<ObjectRef, String>,
}

/// The selected container and the facts that its environment depends on.
pub(crate) struct Chosen {
    /// The Pod or workload.
    object: ObjectRef,
    pub(crate) built: Built,
    pub(crate) container: String,
    release: Release,
    node: Option<Node>,
    node_ips: Vec<String>,
    pod_status: Option<PodStatus>,
    env_files: EnvFiles,
}

impl Choice {
    /// Reads the files and sets the addresses of `--cluster-ip`.
    pub(crate) fn read(&self, files: &[String]) -> Result<Files, Box<dyn Error>> {
        let mut files = read_files(files, &self.namespace)?;
        for (name, ip) in &self.cluster_ip {
            set_cluster_ip(&mut files.objects.services, &self.namespace, name, ip)?;
        }
        Ok(files)
    }

    /// Returns the selected container, or `None` without a Pod or workload.
    pub(crate) fn container(
        &self,
        Files { objects, .. }: &Files,
    ) -> Result<Option<Chosen>, String> {
        let Some((object, target)) = target(self, objects)? else { return Ok(None) };
        let node = node(self, objects, target.node_name())?;
        let built = build(self, objects, &target, node.as_ref(), self.release)
            .map_err(|error| error.to_string())?;
        let first = || built.pod.spec.containers.first().map(|container| container.name.clone());
        Ok(Some(Chosen {
            container: self.container.clone().or_else(first).unwrap_or_default(),
            release: self.release,
            node,
            node_ips: self.node_ip.clone(),
            pod_status: (!self.pod_ip.is_empty()).then(|| PodStatus::with_ips(&self.pod_ip)),
            env_files: read_env_files(&self.env_file)?,
            object,
            built,
        }))
    }
}

impl Choice {
    /// Returns the selected Pod as the kubelet of another release sees it.
    #[allow(dead_code, reason = "only one of the examples upgrades")]
    pub(crate) fn rebuild(
        &self,
        Files { objects, .. }: &Files,
        chosen: &Chosen,
        release: Release,
    ) -> Result<Built, PodError> {
        match target(self, objects) {
            Ok(Some((_, target))) => build(self, objects, &target, chosen.node.as_ref(), release),
            _ => Ok(chosen.built.clone()),
        }
    }
}

impl Files {
    /// Returns the Pods and workloads of all namespaces.
    pub(crate) fn targets(&self) -> impl Iterator<Item = ObjectRef> {
        let pods = self.objects.pods.iter().map(ObjectRef::of);
        pods.chain(self.objects.all_workloads().map(ObjectRef::of))
    }

    /// Prefixes an error with the location of the object.
    pub(crate) fn at_origin(&self, object: &ObjectRef, error: &dyn Display) -> String {
        match self.origins.get(object) {
            Some(origin) => format!("{origin}: {error}"),
            None => error.to_string(),
        }
    }
}

impl Chosen {
    /// Returns the facts about the container in a cluster with these objects.
    pub(crate) fn facts<'a>(&'a self, objects: &'a Objects) -> Facts<'a> {
        Facts {
            release: self.release,
            node: self.node.as_ref(),
            node_ips: &self.node_ips,
            pod_status: self.pod_status.as_ref(),
            env_files: &self.env_files,
            ..Facts::of(objects).with_pod(&self.built)
        }
    }

    /// Prefixes an error with the location of its cause and appends the option that helps.
    pub(crate) fn describe(&self, error: &ComposeError, files: &Files) -> String {
        let object = &self.object;
        match error.kind() {
            ComposeErrorKind::NoPorts(no_ports) => files.at_origin(&no_ports.service, no_ports),
            // The error names the Pod. For a workload it does not name the object.
            kind if object.kind == "Pod" => {
                files.at_origin(object, &format!("{error}{}", advice(kind)))
            }
            kind => files.at_origin(object, &format!("{object}: {error}{}", advice(kind))),
        }
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
    is_of_node && declared.value().as_bytes().unwrap() == b"0"
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

/// Parses a kind in the forms of `kubectl`, such as `deploy`, `deployment.apps` or `Deployments`.
fn kind_and_name(text: &str) -> Result<(&'static str, String), String> {
    let (kind, name) = text.split_once('/').ok_or("expected KIND/NAME, such as deploy/web")?;
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
    let matches = |(short, kind): &(&str, &str)| {
        let long = kind.to_lowercase();
        resource == *short || resource.strip_suffix('s').unwrap_or(resource) == long
    };
    match short_names.into_iter().find(matches) {
        Some((_, kind)) => Ok((kind, name.to_owned())),
        None => Err(format!("{kind:?} is neither a pod nor a workload")),
    }
}

/// The object that the Pod is made from.
enum Target<'a> {
    Pod(&'a Pod),
    Workload(&'a Workload),
}

impl Target<'_> {
    fn node_name(&self) -> &str {
        match self {
            Target::Pod(pod) => &pod.spec.node_name,
            Target::Workload(workload) => &workload.template.spec.node_name,
        }
    }
}

/// Returns the Pod as the kubelet sees it. The labels of a Node that only the arguments describe
/// are unknown.
fn build(
    choice: &Choice,
    objects: &Objects,
    target: &Target<'_>,
    node: Option<&Node>,
    release: Release,
) -> Result<Built, PodError> {
    let node = node.filter(|node| objects.nodes.get(&node.metadata.name).is_some());
    let source = if choice.is_static { PodSource::File } else { PodSource::Api };
    let context =
        PodContext { node, source, index: choice.index, release, ..PodContext::of(objects) };
    let mut built = match target {
        Target::Pod(pod) => context.pod(pod)?,
        Target::Workload(workload) => context.workload(workload),
    };
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

/// Returns the selected object.
fn target<'a>(
    choice: &Choice,
    objects: &'a Objects,
) -> Result<Option<(ObjectRef, Target<'a>)>, String> {
    let namespace = choice.namespace.as_str();
    let pods = objects.pods.in_namespace(namespace).iter();
    let pods = pods.map(|pod| (ObjectRef::of(pod), Target::Pod(pod)));
    let workloads =
        WorkloadKind::ALL.iter().flat_map(|&kind| objects.workloads(kind).in_namespace(namespace));
    let workloads = workloads.map(|workload| (ObjectRef::of(workload), Target::Workload(workload)));
    let mut targets: Vec<(ObjectRef, Target<'_>)> = pods.chain(workloads).collect();
    if let Some((kind, name)) = &choice.workload {
        targets.retain(|(object, _)| object.kind == *kind && object.name == *name);
        if targets.is_empty() {
            return Err(format!("no {kind} {namespace}/{name} is in these files"));
        }
    }
    if let [_, _, ..] = targets.as_slice() {
        let names: Vec<String> =
            targets.iter().map(|(object, _)| format!("{}/{}", object.kind, object.name)).collect();
        return Err(format!(
            "several Pods or workloads: {}: choose one with --workload",
            names.join(", ")
        ));
    }
    Ok(targets.pop())
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
        (None, Some(node), None) if assigned.is_none() => Ok(Some(node.clone())),
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
fn advice(error: &ComposeErrorKind) -> &'static str {
    match error {
        ComposeErrorKind::FieldPath {
            path,
            error: FieldPathError::Unknown | FieldPathError::Undecided,
        } => match path.as_str() {
            "metadata.name" => ": use --pod-name",
            "metadata.uid" => ": use --pod-uid",
            "status.podIP" | "status.podIPs" => ": use --pod-ip",
            "spec.nodeName" | "spec.host" => ": use --node",
            "metadata.labels['apps.kubernetes.io/pod-index']"
            | "metadata.labels['batch.kubernetes.io/job-completion-index']" => ": use --index",
            _ => "",
        },
        ComposeErrorKind::NodeUnknown => ": add the Node to the files, or use --node or --node-ip",
        ComposeErrorKind::VolumeMissing { .. } | ComposeErrorKind::EnvFileMissing { .. } => {
            ": use --env-file"
        }
        _ => "",
    }
}

/// Reads the objects of all files and their locations.
fn read_files(files: &[String], namespace: &str) -> Result<Files, Box<dyn Error>> {
    let mut read = Files { objects: Objects::default(), origins: BTreeMap::new() };
    for file in files {
        let (file, text) = match file.as_str() {
            "-" => ("standard input", io::read_to_string(io::stdin())),
            path => (path, fs::read_to_string(path)),
        };
        let text = text.map_err(|error| format!("{file}: {error}"))?;
        // Editors of Windows write a byte order mark.
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        read.add(file, text, namespace)?;
    }
    Ok(read)
}

impl Files {
    /// Adds the documents of a file one by one, so that only one is held at a time.
    fn add(&mut self, file: &str, text: &str, namespace: &str) -> Result<(), Box<dyn Error>> {
        // Only aliases make a document larger. An empty text of YAML is one `null`.
        let size = 32 * text.len().max(1);
        let limits = DocumentLimits { size, ..DocumentLimits::default() };
        // Like `kubectl`, treat text with a leading brace as JSON.
        if text.trim_start().starts_with('{') {
            let mut parser = serde_json::Deserializer::from_str(text);
            for number in 1.. {
                let document = limits.deserialize(&mut parser);
                let document = document.map_err(|error| format!("{file}: not JSON: {error}"))?;
                let is_last = parser.end().is_ok();
                let origin = origin(file, number, number == 1 && is_last);
                self.add_document(document, &origin, namespace)?;
                if is_last {
                    break;
                }
            }
        } else {
            check_nesting(text).map_err(|error| format!("{file}: not YAML: {error}"))?;
            yaml_1_1::check(text).map_err(|error| format!("{file}: {error}"))?;
            let mut parsers = yaml_serde::Deserializer::from_str(text).peekable();
            let mut number = 0;
            while let Some(parser) = parsers.next() {
                number += 1;
                let document = limits.deserialize(parser);
                let document = document.map_err(|error| format!("{file}: not YAML: {error}"))?;
                let is_only = number == 1 && parsers.peek().is_none();
                self.add_document(document, &origin(file, number, is_only), namespace)?;
            }
        }
        Ok(())
    }

    fn add_document(
        &mut self,
        document: Document,
        origin: &str,
        namespace: &str,
    ) -> Result<(), String> {
        let read = || -> Result<Objects, Box<dyn Error>> {
            let mut objects = Objects::default();
            objects.add(document)?;
            Ok(objects.with_default_namespace(namespace)?)
        };
        let objects = read().map_err(|error| format!("{origin}: {error}"))?;
        let refs = refs(&objects);
        self.objects.merge(objects).map_err(|error| format!("{origin}: {error}"))?;
        self.origins.extend(refs.into_iter().map(|object| (object, origin.to_owned())));
        Ok(())
    }
}

fn origin(file: &str, number: usize, is_only: bool) -> String {
    if is_only { file.to_owned() } else { format!("{file}: document {number}") }
}

/// Returns references to the objects that an error may name.
fn refs(objects: &Objects) -> Vec<ObjectRef> {
    let services = objects.services.iter().map(ObjectRef::of);
    let pods = objects.pods.iter().map(ObjectRef::of);
    services.chain(pods).chain(objects.all_workloads().map(ObjectRef::of)).collect()
}

/// The maximum number of unclosed brackets in YAML.
const YAML_NESTING: usize = 500;

/// Rejects YAML with many unclosed brackets. The parser needs time proportional to length × nesting
/// before it reaches a limit of its own. Brackets in texts and comments count too, because most of
/// them are closed.
fn check_nesting(text: &str) -> Result<(), String> {
    let mut depth = 0_usize;
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > YAML_NESTING {
            return Err(format!("more than {YAML_NESTING} brackets are not closed"));
        }
    }
    Ok(())
}

/// Sets the address of a Service. `name` may include a namespace, as in `default/kubernetes`.
fn set_cluster_ip(
    services: &mut Store<Service>,
    namespace: &str,
    name: &str,
    ip: &str,
) -> Result<(), String> {
    let (namespace, name) = name.split_once('/').unwrap_or((namespace, name));
    let awaiting =
        services.in_namespace(namespace).get(name).filter(|service| service.awaits_cluster_ip());
    let mut service = awaiting.cloned().ok_or_else(|| {
        format!("--cluster-ip {name}={ip}: no Service {namespace}/{name} without a clusterIP is in these files")
    })?;
    service.spec.cluster_ip = ip.to_owned();
    services.apply(service);
    Ok(())
}
