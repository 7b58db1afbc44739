//! Prints the variables that the kubelet gives a container for the Services in these files, as
//! `printenv` in the container would.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::net::IpAddr;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use kubelet_env::api::{Service, Timestamp};
use kubelet_env::{Document, Environment, Form, ObjectRef, Objects, Order, ServiceLinks, Store, generate};
use serde::Deserialize;

/// Print the environment variables that the kubelet gives a container for the Services that exist.
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

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let namespace = arguments.namespace.as_str();
    let links = ServiceLinks::from(!arguments.no_service_links);
    let (mut objects, origins) = read_files(&arguments.files, namespace)?;
    for (name, ip) in &arguments.cluster_ip {
        give_cluster_ip(&mut objects.services, namespace, name, ip)?;
    }
    if let Some(moment) = arguments.at {
        objects = objects.created_by(moment);
    }

    let seen = objects.services.select(namespace, links);
    let generated = generate(&seen).map_err(|error| match origins.get(&error.service) {
        Some(origin) => format!("{origin}: {error}"),
        None => error.to_string(),
    })?;
    let order = match arguments.order {
        OrderArgument::Kubelet => Order::Kubelet,
        OrderArgument::Name => Order::Name,
        OrderArgument::Dash => Order::Dash,
    };
    let form = if arguments.null { Form::NulSeparated } else { Form::Lines };
    let text = Environment::from(generated).render(order, form);

    for service in awaiting_cluster_ip(&objects.services, namespace, links) {
        let argument = argument_for(&service, namespace);
        eprintln!(
            "warning: {service} has no clusterIP yet, so no variables: give it one with --cluster-ip {argument}=IP"
        );
    }
    io::stdout().lock().write_all(&text).map_err(|error| format!("standard output: {error}"))?;
    Ok(())
}

/// The objects of all files, and which file each Service comes from.
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
            let services: Vec<ObjectRef> = of_document.services.iter().map(ObjectRef::to).collect();
            objects.merge(of_document).map_err(|error| format!("{origin}: {error}"))?;
            origins.extend(services.into_iter().map(|service| (service, origin.clone())));
        }
    }
    Ok((objects, origins))
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
