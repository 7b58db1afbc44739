//! Builders, clusters and strategies that several modules use.

use kubelet_env::api::{Container, EnvVar, EnvVarSource, Pod, PortNumber, Service, ServicePort};
use kubelet_env::{Environment, Form, Objects, Order};
use serde::de::DeserializeOwned;

pub(crate) mod cluster;
pub(crate) mod documents;
pub(crate) mod strategies;

/// Builds a Service. Each port is written `80`, `http:80` or `http:80/UDP`.
pub(crate) fn service(
    namespace: &str,
    name: impl Into<String>,
    cluster_ip: impl Into<String>,
    ports: &[&str],
) -> Service {
    service_with_ports(namespace, name, cluster_ip, ports.iter().map(|port| parse_port(port)))
}

/// Builds a Service of any ports.
pub(crate) fn service_with_ports(
    namespace: &str,
    name: impl Into<String>,
    cluster_ip: impl Into<String>,
    ports: impl IntoIterator<Item = ServicePort>,
) -> Service {
    let mut service = Service::new(namespace, name).with_cluster_ip(cluster_ip);
    service.spec.ports = ports.into_iter().collect();
    service
}

/// Returns this many unnamed ports, numbered from 1. The numbers start again after 65535.
fn numbered_ports(count: usize) -> impl Iterator<Item = ServicePort> {
    (0..count).map(|index| port((index % 65_535 + 1) as u16))
}

/// Builds a Service in the namespace `default` with this many unnamed ports, numbered from 1.
pub(crate) fn numbered_service(
    name: impl Into<String>,
    cluster_ip: impl Into<String>,
    ports: usize,
) -> Service {
    service_with_ports("default", name, cluster_ip, numbered_ports(ports))
}

/// Builds an unnamed port.
pub(crate) fn port(number: u16) -> ServicePort {
    ServicePort::new(port_number(number))
}

pub(crate) fn port_number(number: u16) -> PortNumber {
    PortNumber::new(number).unwrap()
}

fn parse_port(text: &str) -> ServicePort {
    let (text, protocol) = match text.split_once('/') {
        Some((text, protocol)) => (text, Some(protocol.parse().unwrap())),
        None => (text, None),
    };
    let (name, number) = text.split_once(':').unwrap_or(("", text));
    ServicePort { name: name.to_owned(), protocol, ..port(number.parse().unwrap()) }
}

/// Builds a set of objects that holds Services only.
pub(crate) fn objects_with(services: impl IntoIterator<Item = Service>) -> Objects {
    Objects { services: services.into_iter().collect(), ..Objects::default() }
}

/// Builds an entry of `env` with a value.
pub(crate) fn env_var(name: impl Into<String>, value: impl Into<String>) -> EnvVar {
    EnvVar::new(name, value)
}

/// Builds an entry of `env` with a `valueFrom`.
pub(crate) fn env_var_from(name: impl Into<String>, source: EnvVarSource) -> EnvVar {
    EnvVar::from_source(name, source)
}

/// Builds a Pod whose only container is named `app`, with the defaults of the API server.
pub(crate) fn app_pod(namespace: &str, app: Container) -> Pod {
    let app = Container { name: "app".to_owned(), ..app };
    Pod::new(namespace, "").with_container(app).with_defaults()
}

/// Builds a Pod in the namespace `default` whose container `app` has these entries in `env`.
pub(crate) fn pod_with_env(env: Vec<EnvVar>) -> Pod {
    app_pod("default", Container::new("app").with_env(env))
}

/// Reads one object or field from YAML.
pub(crate) fn yaml<T: DeserializeOwned>(text: &str) -> T {
    yaml_serde::from_str(text).unwrap()
}

/// Returns the environment as lines of text.
pub(crate) fn lines(environment: &Environment<'_>, order: Order) -> String {
    String::from_utf8(environment.render(order, Form::Lines)).unwrap()
}

/// Returns the name and value of each variable in the order of the kubelet.
pub(crate) fn name_value_pairs(environment: &Environment<'_>) -> Vec<(String, Vec<u8>)> {
    environment
        .iter()
        .map(|variable| {
            (variable.name().into_owned(), variable.value().as_bytes().unwrap().to_vec())
        })
        .collect()
}

/// Returns this many names that all mangle to `NAMENAMENAMENAME`.
pub(crate) fn names_mangled_alike(count: usize) -> impl Iterator<Item = String> {
    let letter = |number: usize| {
        move |(bit, c): (usize, char)| {
            if number >> bit & 1 == 1 { c } else { c.to_ascii_lowercase() }
        }
    };
    (0..count)
        .map(move |number| "NAMENAMENAMENAME".chars().enumerate().map(letter(number)).collect())
}
