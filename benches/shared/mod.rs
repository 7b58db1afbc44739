//! A container and its cluster, and a port of the kubelet's way to its environment.

use std::borrow::Cow;
use std::collections::HashMap;

use kubelet_env::Objects;
use kubelet_env::api::{
    ConfigMap, Container, EnvFromSource, EnvVar, ObjectMeta, Pod, PodStatus, PortNumber, Secret,
    Service, ServicePort, ServiceSpec,
};

/// Returns Services of three named ports in the namespace `shop`.
pub(crate) fn services(count: usize) -> impl Iterator<Item = Service> {
    let ports = [("http", 80), ("https", 443), ("metrics", 9090)].map(|(name, port)| ServicePort {
        name: name.to_owned(),
        ..ServicePort::new(PortNumber::new(port).unwrap())
    });
    (0..count).map(move |number| Service {
        metadata: ObjectMeta::new("shop", format!("svc-{number:04}")),
        spec: ServiceSpec {
            cluster_ip: format!("10.1.{}.{}", number / 250, number % 250),
            ports: ports.to_vec(),
            ..ServiceSpec::default()
        },
    })
}

/// Returns a cluster with this many Services, and three objects of ten keys.
pub(crate) fn cluster(count: usize) -> Objects {
    let mut objects = Objects { services: services(count).collect(), ..Objects::default() };
    let keys = |name: &str| {
        let name = name.to_uppercase();
        (0..10).map(move |number| (format!("{name}_{number}"), format!("value {number}")))
    };
    for name in ["first", "third"] {
        objects.config_maps.apply(ConfigMap::new("shop", name).with_data(keys(name)));
    }
    objects.secrets.apply(Secret::new("shop", "second").with_data(keys("second")));
    objects
}

/// Returns a Pod whose container has 40 entries and three sources.
pub(crate) fn pod() -> Pod {
    let entry = |number: usize| {
        let name = format!("ENTRY_{number}");
        match number % 5 {
            0 => EnvVar::new(name, "a plain value, such as most are"),
            1 => EnvVar::new(
                name,
                "http://$(SVC_0000_SERVICE_HOST):$(SVC_0000_SERVICE_PORT)/$(ENTRY_0)",
            ),
            2 => EnvVar::from_config_map_key(name, "first", "FIRST_3"),
            3 => EnvVar::from_secret_key(name, "second", "SECOND_3"),
            _ => EnvVar::from_field(name, "status.podIP"),
        }
    };
    let sources = [
        EnvFromSource::config_map("first"),
        EnvFromSource::secret("second"),
        EnvFromSource::config_map("third"),
    ];
    let app = Container::new("app").with_env((0..40).map(entry)).with_env_from(sources);
    let mut pod = Pod::new("shop", "web-0").with_container(app).with_defaults();
    pod.status = PodStatus::with_ips(["10.244.0.7"]);
    pod
}

type Text<'a> = Cow<'a, str>;

/// Returns the variables of the first container of a Pod as `Kubelet.makeEnvironmentVariables` of
/// Kubernetes 1.36 does, as far as [`pod`] needs it: with a map for each source.
pub(crate) fn kubelet_way<'a>(pod: &'a Pod, objects: &'a Objects) -> Vec<(Text<'a>, Text<'a>)> {
    let container = &pod.spec.containers[0];
    let namespace = &*pod.metadata.namespace;
    let service_env = service_env(namespace, objects);
    let config_map = |name: &str| objects.config_maps.in_namespace(namespace).get(name).unwrap();
    let secret = |name: &str| objects.secrets.in_namespace(namespace).get(name).unwrap();
    let (mut config_maps, mut secrets) = (HashMap::new(), HashMap::new());
    let mut env: HashMap<Text<'a>, Text<'a>> = HashMap::new();
    for source in &container.env_from {
        if let Some(reference) = &source.config_map_ref {
            let found: &ConfigMap =
                config_maps.entry(&*reference.name).or_insert_with(|| config_map(&reference.name));
            env.extend(found.data.iter().map(|(key, value)| (key.into(), value.into())));
        } else if let Some(reference) = &source.secret_ref {
            let found: &Secret =
                secrets.entry(&*reference.name).or_insert_with(|| secret(&reference.name));
            let text = |(key, value): (&'a String, &'a kubelet_env::api::SecretValue)| {
                (key.into(), String::from_utf8_lossy(value.as_bytes()))
            };
            env.extend(found.data.iter().map(text));
        }
    }
    for entry in &container.env {
        let from = entry.value_from.as_ref();
        let value = if !entry.value.is_empty() {
            expand(&entry.value, |name| {
                let found = env.get(name).or_else(|| service_env.get(name));
                found.map_or_else(|| format!("$({name})").into(), |value| (&**value).into())
            })
            .into()
        } else if let Some(reference) = from.and_then(|from| from.config_map_key_ref.as_ref()) {
            let found: &ConfigMap =
                config_maps.entry(&*reference.name).or_insert_with(|| config_map(&reference.name));
            (&found.data[&reference.key]).into()
        } else if let Some(reference) = from.and_then(|from| from.secret_key_ref.as_ref()) {
            let found: &Secret =
                secrets.entry(&*reference.name).or_insert_with(|| secret(&reference.name));
            String::from_utf8_lossy(found.data[&reference.key].as_bytes())
        } else {
            (&pod.status.pod_ip).into()
        };
        env.insert((&entry.name).into(), value);
    }
    let mut result: Vec<(Text<'a>, Text<'a>)> = Vec::new();
    let remaining = service_env.iter().filter(|(name, _)| !env.contains_key(*name));
    result.extend(remaining.map(|(name, value)| (name.clone(), value.clone())));
    result.extend(env);
    result
}

/// Mirrors `expansion.Expand`.
fn expand<'s>(input: &str, mapping: impl Fn(&str) -> Text<'s>) -> String {
    let mut expanded = String::new();
    let (mut checkpoint, mut cursor) = (0, 0);
    while cursor < input.len() {
        if input.as_bytes()[cursor] == b'$' && cursor + 1 < input.len() {
            expanded.push_str(&input[checkpoint..cursor]);
            let rest = &input[cursor + 1..];
            let end = rest.find(')').filter(|_| rest.starts_with('('));
            let (advance, dollar) = (usize::from(rest.starts_with(['$', '('])), "$");
            match end {
                Some(end) => {
                    expanded.push_str(&mapping(&rest[1..end]));
                    cursor += end + 1;
                }
                None => {
                    expanded.push_str(if advance == 0 { dollar } else { &rest[..1] });
                    cursor += advance;
                }
            }
            checkpoint = cursor + 1;
        }
        cursor += 1;
    }
    expanded + &input[checkpoint..]
}

/// Mirrors `Kubelet.getServiceEnvVarMap`.
fn service_env<'a>(namespace: &str, objects: &'a Objects) -> HashMap<Text<'a>, Text<'a>> {
    let mut by_name: HashMap<&str, &Service> = HashMap::new();
    for service in objects.services.iter().filter(|service| service.has_cluster_ip()) {
        let metadata = &service.metadata;
        if metadata.namespace == "default" && metadata.name == "kubernetes" {
            by_name.entry(&metadata.name).or_insert(service);
        } else if metadata.namespace == namespace {
            by_name.insert(&metadata.name, service);
        }
    }
    let services: Vec<&Service> = by_name.into_values().collect();
    plain_pairs(&services).into_iter().map(|(name, value)| (name.into(), value)).collect()
}

/// Formats each name and value into a list of pairs. Mirrors `envvars.FromServices`.
pub(crate) fn plain_pairs<'a>(services: &[&'a Service]) -> Vec<(String, Text<'a>)> {
    let mut variables = Vec::new();
    let mangle = |name: &str| name.to_uppercase().replace('-', "_");
    for service in services {
        let name = mangle(&service.metadata.name);
        let (host, ports) = (service.spec.cluster_ip.as_str(), &service.spec.ports);
        variables.push((format!("{name}_SERVICE_HOST"), host.into()));
        variables.push((format!("{name}_SERVICE_PORT"), ports[0].port.to_string().into()));
        for port in ports.iter().filter(|port| !port.name.is_empty()) {
            let name = format!("{name}_SERVICE_PORT_{}", mangle(&port.name));
            variables.push((name, port.port.to_string().into()));
        }
        for (index, port) in ports.iter().enumerate() {
            let protocol = port.effective_protocol();
            let lower = protocol.as_str().to_lowercase();
            let url = if host.contains(':') {
                format!("{lower}://[{host}]:{}", port.port)
            } else {
                format!("{lower}://{host}:{}", port.port)
            };
            if index == 0 {
                variables.push((format!("{name}_PORT"), url.clone().into()));
            }
            let prefix = format!("{name}_PORT_{}_{protocol}", port.port);
            variables.push((prefix.clone(), url.into()));
            variables.push((format!("{prefix}_PROTO"), lower.into()));
            variables.push((format!("{prefix}_PORT"), port.port.to_string().into()));
            variables.push((format!("{prefix}_ADDR"), host.into()));
        }
    }
    variables
}
