//! Prints the environment that the kubelet gives a container, made from the objects in these files, as
//! `printenv` in the container would, or runs a command with it. Without a Pod or workload among the
//! objects these are the variables of the Services.

use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::net::IpAddr;
use std::process::{Command, ExitCode};

use clap::{Parser, ValueEnum};
use kubelet_env::api::{Node, NodeAddress, NodeStatus, ObjectMeta, Pod, PodStatus, Service, Timestamp, WorkloadKind};
use kubelet_env::{
    Declared, Document, EnvFiles, Environment, Facts, FieldPathError, Form, ObjectRef, Objects, Order, Refusal,
    Release, ServiceLinks, Source, Store, compose, generate,
};
use serde::Deserialize;

/// Print the environment that the kubelet gives a container, or run a command with it
#[derive(Parser)]
struct Arguments {
    /// YAML or JSON, of several documents each, as written by hand or printed by `kubectl get`;
    /// `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// The namespace of the pod, and of objects that name none
    #[arg(long, default_value = "default")]
    namespace: String,
    /// As if the pod had `enableServiceLinks: false`
    #[arg(long)]
    no_service_links: bool,
    /// As the kubelet makes them, by name, or as a program started from dash lists them
    #[arg(long, value_enum, default_value = "kubelet")]
    order: OrderArgument,
    /// Give a Service the address that no cluster has given it yet (may be repeated)
    #[arg(long, value_name = "NAME=IP", value_parser = name_and_ip)]
    cluster_ip: Vec<(String, String)>,
    /// When the container starts, such as 2026-11-22T09:30:00Z: later objects are not there
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// End each variable with NUL instead of a line feed
    #[arg(short = '0', long)]
    null: bool,
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
    /// Print the values that a Secret flowed into as [redacted]
    #[arg(long, conflicts_with = "command")]
    redact: bool,
    /// Run this with the environment, and nothing but it
    #[arg(last = true)]
    command: Vec<OsString>,
}

#[derive(Clone)]
struct EnvFile {
    volume: String,
    path: String,
    file: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum OrderArgument {
    Kubelet,
    Name,
    Dash,
}

fn name_and_ip(text: &str) -> Result<(String, String), String> {
    let (name, ip) = text.split_once('=').ok_or("it should be NAME=IP")?;
    ip.parse::<IpAddr>().map_err(|error| format!("{ip:?} is not an IP address: {error}"))?;
    Ok((name.to_owned(), ip.to_owned()))
}

fn env_file(text: &str) -> Result<EnvFile, &'static str> {
    let parts = text.split_once(':').and_then(|(volume, rest)| Some((volume, rest.split_once('=')?)));
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

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let namespace = arguments.namespace.as_str();
    let (mut objects, origins) = read_files(&arguments.files, namespace)?;
    for (name, ip) in &arguments.cluster_ip {
        give_cluster_ip(&mut objects.services, namespace, name, ip)?;
    }
    let target = target(arguments, &objects)?;
    if let Some(moment) = arguments.at {
        objects = objects.created_by(moment);
    }

    let Some((object, pod)) = target else {
        let links = ServiceLinks::from(!arguments.no_service_links);
        let seen = objects.services.select(namespace, links);
        let generated = generate(&seen).map_err(|error| at_origin(&origins, &error.service, &error))?;
        return give(&Environment::from(generated), links, arguments, &objects);
    };
    let links = ServiceLinks::from(pod.spec.enable_service_links != Some(false));
    let first = || pod.spec.containers.first().map(|container| container.name.as_str());
    let container = arguments.container.as_deref().or_else(first).unwrap_or_default();
    let (env_files, node) = (read_env_files(&arguments.env_file)?, node(arguments, &objects, &pod)?);
    let status = match arguments.pod_ip.as_slice() {
        [] => Some(pod.status.clone()).filter(|status| *status != PodStatus::default()),
        ips => Some(PodStatus::with_ips(ips)),
    };
    if arguments.release.is_unknown() {
        let newest = Release::NEWEST;
        eprintln!("warning: Kubernetes {} is not known yet: this is what {newest} does", arguments.release);
    }
    let facts = Facts {
        release: arguments.release,
        node: node.as_ref(),
        node_ips: &arguments.node_ip,
        pod_status: status.as_ref(),
        env_files: &env_files,
        ..Facts::of(&objects)
    };
    let composition = compose(&pod, container, &facts).map_err(|error| match &*error.refusal {
        Refusal::NoPorts(no_ports) => at_origin(&origins, &no_ports.service, no_ports),
        _ => at_origin(&origins, &object, &format!("{object}: {error}{}", advice(&error.refusal))),
    })?;
    // Of a Node that only the arguments tell of, nobody knows what it has for Pods.
    let is_made_up = node.as_ref().is_some_and(|node| node.status.allocatable.is_empty());
    if let Some(limit) =
        composition.environment().declared().iter().find(|declared| is_made_up && is_no_limit(declared))
    {
        let (entry, name) = (limit.entry(), limit.name());
        return Err(
            format!("{object}: {entry} {name}: the limit is what the Node has: add the Node to the files").into()
        );
    }
    give(composition.environment(), links, arguments, &objects)
}

fn is_no_limit(declared: &Declared<'_>) -> bool {
    let Source::Resource(selector) = declared.source() else { return false };
    let is_of_node = ["limits.cpu", "limits.memory", "limits.ephemeral-storage"].contains(&selector.resource.as_str());
    is_of_node && *declared.value() == b"0".as_slice()
}

/// The Pod that is meant, with its defaults, and what it is made from.
fn target(arguments: &Arguments, objects: &Objects) -> Result<Option<(ObjectRef, Pod)>, String> {
    let namespace = arguments.namespace.as_str();
    let pods = objects.pods.in_namespace(namespace).map(|pod| (ObjectRef::to(pod), pod.clone()));
    let workloads = WorkloadKind::ALL.into_iter().flat_map(|kind| objects.workloads(kind).in_namespace(namespace));
    let mut targets: Vec<(ObjectRef, Pod)> =
        pods.chain(workloads.map(|workload| (ObjectRef::to(workload), workload.pod()))).collect();
    if let Some((kind, name)) = &arguments.workload {
        targets.retain(|(object, _)| object.kind == *kind && object.name == *name);
        if targets.is_empty() {
            return Err(format!("no {kind} {namespace}/{name} is in these files"));
        }
    }
    if let [_, _, ..] = targets.as_slice() {
        let names: Vec<String> = targets.iter().map(|(object, _)| format!("{}/{}", object.kind, object.name)).collect();
        return Err(format!("which of them: {}? Choose one with --workload", names.join(", ")));
    }
    let Some((object, mut pod)) = targets.pop() else { return Ok(None) };
    if let Some(name) = &arguments.pod_name {
        pod.metadata.name.clone_from(name);
    }
    if let Some(uid) = &arguments.pod_uid {
        pod.metadata.uid.clone_from(uid);
    }
    if arguments.no_service_links {
        pod.spec.enable_service_links = Some(false);
    }
    Ok(Some((object, pod.with_defaults())))
}

/// The Node that runs the Pod, as far as it is known.
fn node(arguments: &Arguments, objects: &Objects, pod: &Pod) -> Result<Option<Node>, String> {
    let assigned = Some(pod.spec.node_name.as_str()).filter(|name| !name.is_empty());
    if let Some(name) = arguments.node.as_deref().or(assigned)
        && let Some(node) = objects.nodes.get("", name)
    {
        return Ok(Some(node.clone()));
    }
    let mut nodes = objects.nodes.iter();
    match (&arguments.node, nodes.next(), nodes.next()) {
        (Some(name), Some(_), _) => Err(format!("no Node {name} is in these files")),
        (None, Some(node), None) if assigned.is_none() => Ok(Some(node.clone())),
        (None, _, _) if arguments.node_ip.is_empty() => Ok(None),
        (name, _, _) => {
            let of_ip = |ip: &String| NodeAddress { type_: "InternalIP".into(), address: ip.clone() };
            let addresses = arguments.node_ip.iter().map(of_ip).collect();
            let metadata = ObjectMeta::new("", name.as_deref().or(assigned).unwrap_or_default());
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
fn advice(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::FieldPath { path, error: FieldPathError::Unknown } => match path.as_str() {
            "metadata.name" => ": use --pod-name",
            "metadata.uid" => ": use --pod-uid",
            "status.podIP" | "status.podIPs" => ": use --pod-ip",
            "spec.nodeName" | "spec.host" => ": use --node",
            _ => "",
        },
        Refusal::NodeUnknown => ": add the Node to the files, or use --node or --node-ip",
        Refusal::VolumeMissing { .. } | Refusal::EnvFileMissing { .. } => ": use --env-file",
        _ => "",
    }
}

fn at_origin(origins: &BTreeMap<ObjectRef, String>, object: &ObjectRef, error: &dyn std::fmt::Display) -> String {
    match origins.get(object) {
        Some(origin) => format!("{origin}: {error}"),
        None => error.to_string(),
    }
}

/// Prints the environment, or runs the command with it.
fn give(
    environment: &Environment<'_>,
    links: ServiceLinks,
    arguments: &Arguments,
    objects: &Objects,
) -> Result<ExitCode, Box<dyn Error>> {
    let namespace = arguments.namespace.as_str();
    for service in awaiting_cluster_ip(&objects.services, namespace, links) {
        let argument = argument_for(&service, namespace);
        eprintln!(
            "warning: {service} has no clusterIP yet, so no variables: give it one with --cluster-ip {argument}=IP"
        );
    }
    if let [program, rest @ ..] = arguments.command.as_slice() {
        let pairs = environment.os_pairs()?;
        return run_command(Command::new(program).args(rest).env_clear().envs(pairs))
            .map_err(|error| format!("{}: {error}", program.display()).into());
    }
    let order = match arguments.order {
        OrderArgument::Kubelet => Order::Kubelet,
        OrderArgument::Name => Order::Name,
        OrderArgument::Dash => Order::Dash,
    };
    let form = if arguments.null { Form::NulSeparated } else { Form::Lines };
    let shown = if arguments.redact { environment.clone().redacted() } else { environment.clone() };
    let text = shown.render(order, form);
    io::stdout().lock().write_all(&text).map_err(|error| format!("standard output: {error}"))?;
    Ok(ExitCode::SUCCESS)
}

/// Becomes the command: it gets the signals, and its exit code is ours.
#[cfg(unix)]
fn run_command(command: &mut Command) -> io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(command.exec())
}

#[cfg(not(unix))]
fn run_command(command: &mut Command) -> io::Result<ExitCode> {
    let status = command.status()?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// The objects of all files, and which file each of them comes from.
fn read_files(files: &[String], namespace: &str) -> Result<(Objects, BTreeMap<ObjectRef, String>), Box<dyn Error>> {
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
            let origin = if several { format!("{file}: document {number}") } else { file.to_owned() };
            let of_document = read_document(document, namespace).map_err(|error| format!("{origin}: {error}"))?;
            let read = refs(&of_document);
            objects.merge(of_document).map_err(|error| format!("{origin}: {error}"))?;
            origins.extend(read.into_iter().map(|object| (object, origin.clone())));
        }
    }
    Ok((objects, origins))
}

/// Those that an error may be about.
fn refs(objects: &Objects) -> Vec<ObjectRef> {
    let workloads = WorkloadKind::ALL.into_iter().flat_map(|kind| objects.workloads(kind).iter());
    let services = objects.services.iter().map(ObjectRef::to);
    services.chain(objects.pods.iter().map(ObjectRef::to)).chain(workloads.map(ObjectRef::to)).collect()
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
    Ok(objects.in_namespace(namespace)?)
}

/// `name` may say its namespace, `default/kubernetes`, where it is not the pod's.
fn give_cluster_ip(services: &mut Store<Service>, namespace: &str, name: &str, ip: &str) -> Result<(), String> {
    let (namespace, name) = name.split_once('/').unwrap_or((namespace, name));
    let awaiting = services.get(namespace, name).filter(|service| service.awaits_cluster_ip());
    let mut service = awaiting.cloned().ok_or_else(|| {
        format!("--cluster-ip {name}={ip}: no Service {namespace}/{name} without a clusterIP is in these files")
    })?;
    service.spec.cluster_ip = ip.to_owned();
    services.apply(service);
    Ok(())
}

/// The Services that the container would see if a cluster had given them an address.
fn awaiting_cluster_ip(services: &Store<Service>, namespace: &str, links: ServiceLinks) -> Vec<ObjectRef> {
    let awaiting = services.iter().filter(|service| service.awaits_cluster_ip()).cloned();
    let given_one = awaiting.map(|mut service| {
        service.spec.cluster_ip = "given".to_owned();
        service
    });
    let given_one: Store<Service> = given_one.collect();
    given_one.select(namespace, links).into_iter().map(ObjectRef::to).collect()
}

fn argument_for(service: &ObjectRef, namespace: &str) -> String {
    if service.namespace == namespace {
        service.name.clone()
    } else {
        format!("{}/{}", service.namespace, service.name)
    }
}
