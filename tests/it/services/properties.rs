//! Properties of selection and of the generated variables.

use std::collections::{BTreeMap, HashSet};

use kubelet_env::api::{Service, ServicePort};
use kubelet_env::names::mangle;
use kubelet_env::services::{ServiceLinks, ServiceVariableKind, generate, select};
use kubelet_env::{Environment, Store};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::service;
use crate::support::strategies::{any_service, any_service_with_ports, namespace, valid_service};

proptest! {
    #[test]
    fn number_of_variables_follows_the_ports(service in valid_service()) {
        let ports = &service.spec.ports;
        let named = ports.iter().filter(|port| !port.name.is_empty()).count();
        prop_assert_eq!(generate(&[&service]).unwrap().iter().count(), 3 + named + 4 * ports.len());
    }

    #[test]
    fn valid_service_has_distinct_names(service in valid_service()) {
        // No API server accepts both `tcp` and `TCP` as port names, so mangled names differ too.
        let services = [&service];
        let generated = generate(&services).unwrap();
        let names: HashSet<String> = generated.iter().map(|variable| variable.name()).collect();
        prop_assert_eq!(names.len(), generated.iter().count());
        let environment = Environment::from(generated);
        prop_assert!(environment.collisions().is_empty());
        prop_assert_eq!(environment.len(), names.len());
    }

    #[test]
    fn valid_service_has_shell_names(service in valid_service()) {
        for variable in generate(&[&service]).unwrap().iter() {
            let name = variable.name();
            let is_plain = |byte: u8| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_');
            prop_assert!(name.bytes().all(is_plain), "{}", name);
        }
    }

    #[test]
    fn variables_refer_to_service_and_port(services in vec(any_service_with_ports(), 0..5)) {
        let services: Vec<&Service> = services.iter().collect();
        for variable in generate(&services).unwrap().iter() {
            let (service, port) = (variable.service(), variable.port());
            prop_assert!(services.iter().any(|given| std::ptr::eq(*given, service)));
            prop_assert!(service.spec.ports.iter().any(|given| std::ptr::eq(given, port)));
            let (name, value) = expected(service, port, variable.kind());
            prop_assert_eq!(variable.name(), name.as_str());
            prop_assert_eq!(variable.value(), value.as_str());
            prop_assert_eq!(variable.to_string(), format!("{name}={value}"));
        }
    }

    #[test]
    fn error_names_the_service_without_ports(services in vec(any_service(), 0..5)) {
        let without_ports = services
            .iter()
            .find(|service| service.has_cluster_ip() && service.spec.ports.is_empty());
        match generate(&services.iter().collect::<Vec<_>>()) {
            Ok(_) => prop_assert!(without_ports.is_none()),
            Err(error) => {
                let service = without_ports.unwrap();
                prop_assert_eq!(&error.service.name, &service.metadata.name);
                prop_assert_eq!(&error.service.namespace, &service.metadata.namespace);
            }
        }
    }

    #[test]
    fn selection_ignores_the_listed_order(
        (services, permuted) in vec(any_service(), 0..8).prop_flat_map(|services| {
            // The later of two Services of one name wins, so the names must be unique.
            let unique: Store<Service> = services.into_iter().collect();
            let services: Vec<Service> = unique.into_iter().collect();
            (Just(services.clone()), Just(services).prop_shuffle())
        }),
        namespace in namespace(),
        links: bool,
    ) {
        let links = ServiceLinks::from(links);
        let seen = select(&services, namespace, links);
        prop_assert_eq!(&seen, &select(&permuted, namespace, links));
        prop_assert!(seen.is_sorted_by_key(|service| &service.metadata.name));
        let store: Store<Service> = permuted.iter().cloned().collect();
        prop_assert_eq!(&seen, &store.select(namespace, links));
    }

    #[test]
    fn selects_own_namespace_and_kubernetes(
        services in vec(any_service(), 0..8),
        namespace in namespace(),
        links: bool,
    ) {
        let store: Store<Service> = services.into_iter().collect();
        let mut by_name = BTreeMap::new();
        if let Some(master) =
            store.in_namespace("default").get("kubernetes").filter(|master| master.has_cluster_ip())
        {
            by_name.insert("kubernetes", master);
        }
        for service in
            store.iter().filter(|service| service.metadata.namespace == namespace && links)
        {
            if service.has_cluster_ip() {
                by_name.insert(service.metadata.name.as_str(), service);
            }
        }
        let seen = store.select(namespace, ServiceLinks::from(links));
        prop_assert_eq!(seen, by_name.into_values().collect::<Vec<_>>());
    }

    #[test]
    fn mangling_valid_names_is_idempotent(name in "[-.a-zA-Z0-9_]{0,63}") {
        let mangled = mangle(&name);
        prop_assert_eq!(&*mangled, name.replace('-', "_").to_ascii_uppercase());
        prop_assert_eq!(&mangle(&mangled), &mangled);
    }
}

/// Returns the name and value of a variable. This is a second, plain implementation of the rules.
fn expected(service: &Service, port: &ServicePort, kind: ServiceVariableKind) -> (String, String) {
    use ServiceVariableKind as Kind;

    let (name, ip) = (mangle(&service.metadata.name), &service.spec.cluster_ip);
    let (number, upper) = (port.port, port.effective_protocol().as_str());
    let lower = upper.to_lowercase();
    let host = if ip.contains(':') { format!("[{ip}]") } else { ip.clone() };
    let url = format!("{lower}://{host}:{number}");
    match kind {
        Kind::ServiceHost => (format!("{name}_SERVICE_HOST"), ip.clone()),
        Kind::ServicePort => (format!("{name}_SERVICE_PORT"), number.to_string()),
        Kind::NamedServicePort => {
            (format!("{name}_SERVICE_PORT_{}", mangle(&port.name)), number.to_string())
        }
        Kind::PortUrl => (format!("{name}_PORT"), url),
        Kind::NumberedPortUrl => (format!("{name}_PORT_{number}_{upper}"), url),
        Kind::NumberedPortProto => (format!("{name}_PORT_{number}_{upper}_PROTO"), lower),
        Kind::NumberedPortPort => {
            (format!("{name}_PORT_{number}_{upper}_PORT"), number.to_string())
        }
        Kind::NumberedPortAddr => (format!("{name}_PORT_{number}_{upper}_ADDR"), ip.clone()),
    }
}

/// No cluster holds two Services of one name, but the lister of the kubelet could.
#[test]
fn duplicate_names_resolve_as_in_the_kubelet() {
    let all = [
        service("prod", "web", "10.0.0.1", &[]),
        service("default", "kubernetes", "10.0.0.2", &[]),
        service("prod", "web", "10.0.0.3", &[]),
        service("default", "kubernetes", "10.0.0.4", &[]),
    ];
    let seen = select(&all, "prod", ServiceLinks::Enabled);
    let addresses: Vec<&str> =
        seen.iter().map(|service| service.spec.cluster_ip.as_str()).collect();
    assert_eq!(addresses, ["10.0.0.2", "10.0.0.3"]);
}

#[test]
fn variable_equality_ignores_position() {
    let service = |name, cluster_ip| service("default", name, cluster_ip, &["80", "81"]);
    let (a, web, same, moved) =
        (service("a", "::1"), service("web", "::1"), service("web", "::1"), service("web", "::2"));
    let (alone, second, changed) = ([&web], [&a, &same], [&moved]);
    let in_alone: Vec<_> = generate(&alone).unwrap().iter().collect();
    let in_second: Vec<_> = generate(&second)
        .unwrap()
        .iter()
        .filter(|variable| variable.service().metadata.name == "web")
        .collect();
    let in_changed: Vec<_> = generate(&changed).unwrap().iter().collect();
    assert_eq!(in_alone, in_second);
    assert!(in_alone.iter().zip(&in_changed).all(|(one, other)| one != other));
    for (index, variable) in in_alone.iter().enumerate() {
        assert_eq!(in_alone.iter().position(|other| other == variable), Some(index));
    }
}
