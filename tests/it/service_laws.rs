//! What holds for every Service.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::process::Command;

use kubelet_env::api::{ObjectMeta, PortNumber, Protocol, Service, ServicePort, ServiceSpec};
use kubelet_env::names::mangle;
use kubelet_env::services::{ServiceLinks, ServiceVariableKind, generate, select};
use kubelet_env::{Environment, Form, Objects, Order, Store, Variable};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::strategies::{any_service, any_service_with_ports, namespace, valid_service};

fn as_refs(services: &[Service]) -> Vec<&Service> {
    services.iter().collect()
}

fn texts<'a>(variables: impl IntoIterator<Item = Variable<'a>>) -> Vec<(String, Vec<u8>)> {
    variables
        .into_iter()
        .map(|variable| (variable.name().into_owned(), variable.value().as_bytes().to_vec()))
        .collect()
}

proptest! {
    #[test]
    fn a_service_makes_three_variables_and_one_a_named_port_and_four_a_port(service in valid_service()) {
        let ports = &service.spec.ports;
        let named = ports.iter().filter(|port| !port.name.is_empty()).count();
        prop_assert_eq!(generate(&[&service]).unwrap().iter().count(), 3 + named + 4 * ports.len());
    }

    #[test]
    fn no_two_variables_of_a_valid_service_are_alike(service in valid_service()) {
        // Its port names may be `tcp` and `TCP` to no API server, so that all differ when mangled.
        let services = [&service];
        let generated = generate(&services).unwrap();
        let names: HashSet<String> = generated.iter().map(|variable| variable.name()).collect();
        prop_assert_eq!(names.len(), generated.iter().count());
        let environment = Environment::from(generated);
        prop_assert!(environment.collisions().is_empty());
        prop_assert_eq!(environment.len(), names.len());
    }

    #[test]
    fn every_name_of_a_valid_service_is_upper_case_digits_and_underscores(service in valid_service()) {
        for variable in generate(&[&service]).unwrap().iter() {
            let name = variable.name();
            let is_plain = |byte: u8| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_');
            prop_assert!(name.bytes().all(is_plain), "{}", name);
        }
    }

    #[test]
    fn variables_still_tell_what_they_are_of(services in vec(any_service_with_ports(), 0..5)) {
        let services = as_refs(&services);
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
    fn an_address_without_ports_is_an_error_that_names_the_service(services in vec(any_service(), 0..5)) {
        let without_ports = services.iter().find(|service| service.has_cluster_ip() && service.spec.ports.is_empty());
        match generate(&as_refs(&services)) {
            Ok(_) => prop_assert!(without_ports.is_none()),
            Err(error) => {
                let service = without_ports.unwrap();
                prop_assert_eq!(&error.service.name, &service.metadata.name);
                prop_assert_eq!(&error.service.namespace, &service.metadata.namespace);
            }
        }
    }

    #[test]
    fn permuting_the_listed_services_changes_nothing(
        (services, permuted) in vec(any_service(), 0..8).prop_flat_map(|services| {
            // Of two Services with one name the later is taken, so that there must be none.
            let unique: Store<Service> = services.into_iter().collect();
            let services: Vec<Service> = unique.into_objects().collect();
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
    fn a_container_sees_its_namespace_and_the_master_service(
        services in vec(any_service(), 0..8),
        namespace in namespace(),
        links: bool,
    ) {
        let store: Store<Service> = services.into_iter().collect();
        let mut by_name = BTreeMap::new();
        if let Some(master) = store.get("default", "kubernetes").filter(|master| master.has_cluster_ip()) {
            by_name.insert("kubernetes", master);
        }
        for service in store.iter().filter(|service| service.metadata.namespace == namespace && links) {
            if service.has_cluster_ip() {
                by_name.insert(service.metadata.name.as_str(), service);
            }
        }
        let seen = store.select(namespace, ServiceLinks::from(links));
        prop_assert_eq!(seen, by_name.into_values().collect::<Vec<_>>());
    }

    #[test]
    fn the_environment_holds_the_later_of_two_of_one_name(services in vec(any_service_with_ports(), 0..6)) {
        let services = as_refs(&services);
        let generated = generate(&services).unwrap();
        let mut by_name: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for variable in generated.iter() {
            by_name.entry(variable.name()).or_default().push(variable);
        }
        let environment = Environment::from(generated);
        prop_assert_eq!(environment.len(), by_name.len());
        prop_assert_eq!(environment.is_empty(), by_name.is_empty());
        for variable in environment.iter() {
            let last = by_name[&*variable.name()].last().copied();
            prop_assert_eq!(variable.service_variable(), last);
            prop_assert_eq!(environment.get(&variable.name()), Some(variable));
        }
        // Those that stand are in the order in which they were generated.
        let standing = generated.iter().filter(|variable| by_name[&variable.name()].last() == Some(variable));
        let shown = environment.iter().filter_map(|variable| variable.service_variable());
        prop_assert!(shown.eq(standing));

        let collisions: Vec<_> =
            environment.collisions().iter().map(|collision| (&collision.name, &collision.variables)).collect();
        let alike: Vec<_> = by_name.iter().filter(|(_, variables)| variables.len() > 1).collect();
        prop_assert_eq!(collisions, alike);
    }

    #[test]
    fn a_name_that_no_variable_has_is_not_found(
        services in vec(any_service_with_ports(), 0..4),
        at: Index,
        cut: Index,
        more in "[_A-Z0-9]?",
    ) {
        let services = as_refs(&services);
        let environment = Environment::from(generate(&services).unwrap());
        let names: Vec<String> = environment.iter().map(|variable| variable.name().into_owned()).collect();
        prop_assume!(!names.is_empty());
        let near: String = at.get(&names).chars().take(cut.index(40)).chain(more.chars()).collect();
        prop_assert_eq!(environment.get(&near).is_some(), names.contains(&near));
    }

    #[test]
    fn the_three_orders_hold_the_same_variables(services in vec(any_service_with_ports(), 0..6)) {
        let services = as_refs(&services);
        let environment = Environment::from(generate(&services).unwrap());
        let kubelet = texts(environment.in_order(Order::Kubelet));
        prop_assert_eq!(&kubelet, &texts(environment.iter()));

        let mut by_name = kubelet.clone();
        by_name.sort();
        prop_assert_eq!(texts(environment.in_order(Order::Name)), by_name);

        let mut by_chain = kubelet;
        by_chain.sort_by_key(|(name, _)| dash_chain(name));
        prop_assert_eq!(texts(environment.in_order(Order::Dash)), by_chain);
    }

    #[test]
    fn every_rendering_agrees_with_the_iterator(services in vec(any_service_with_ports(), 0..6)) {
        let services = as_refs(&services);
        let environment = Environment::from(generate(&services).unwrap());
        for order in [Order::Kubelet, Order::Name, Order::Dash] {
            for (form, end) in [(Form::Lines, b'\n'), (Form::NulSeparated, 0)] {
                let mut expected = b"before".to_vec();
                for (name, value) in texts(environment.in_order(order)) {
                    expected.extend([name.as_bytes(), b"=", &value, &[end]].concat());
                }
                let mut appended = b"before".to_vec();
                environment.append(order, form, &mut appended);
                prop_assert_eq!(&appended, &expected);
                prop_assert_eq!(environment.render(order, form), &expected["before".len()..]);
            }
        }
    }

    #[test]
    fn the_wire_form_is_read_as_it_was_written(service in any_service()) {
        let json = serde_json::to_string(&service).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Service>(&json).unwrap(), &service);
        let yaml = yaml_serde::to_string(&service).unwrap();
        prop_assert_eq!(&yaml_serde::from_str::<Service>(&yaml).unwrap(), &service);

        prop_assume!(!service.metadata.name.is_empty());
        let objects: Objects = serde_json::from_str(&json).unwrap();
        prop_assert!(objects.services.iter().eq([&service]));
        prop_assert_eq!(&yaml_serde::from_str::<Objects>(&yaml).unwrap(), &objects);
        let again = serde_json::to_string(objects.services.iter().next().unwrap()).unwrap();
        prop_assert_eq!(again, json);
    }

    #[test]
    fn mangling_again_changes_nothing_for_names_of_an_api_server(name in "[-.a-zA-Z0-9_]{0,63}") {
        let mangled = mangle(&name);
        prop_assert_eq!(&*mangled, name.replace('-', "_").to_ascii_uppercase());
        prop_assert_eq!(&mangle(&mangled), &mangled);
    }
}

/// The table of the rules, once more and as plainly as can be.
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

/// What dash's own `printenv`, or any program started from it, sees.
///
/// `env` passes its arguments on in their order; [`Command::envs`] would sort them by name.
fn seen_from_dash(environment: &Environment<'_>) -> Vec<String> {
    let assignments =
        environment.iter().map(|variable| variable.service_variable().unwrap().to_string());
    let mut command = Command::new("env");
    command.arg("-i").args(assignments).args(["dash", "-c", "printenv"]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().filter(|line| !line.starts_with("PWD=")).map(str::to_owned).collect()
}

fn has_dash() -> bool {
    let has_dash =
        Command::new("dash").args(["-c", ":"]).status().is_ok_and(|status| status.success());
    if !has_dash {
        eprintln!("not checked: dash is not installed");
    }
    has_dash
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_dash_is_what_a_real_dash_shows(services in vec(valid_service(), 1..16)) {
        if !has_dash() {
            return Ok(());
        }
        // dash drops what is no name of a shell's.
        let services: Vec<&Service> = services
            .iter()
            .filter(|service| !service.metadata.name.starts_with(|c: char| c.is_ascii_digit()))
            .collect();
        let environment = Environment::from(generate(&services).unwrap());
        let ours: Vec<String> = environment
            .in_order(Order::Dash)
            .into_iter()
            .map(|variable| variable.service_variable().unwrap().to_string())
            .collect();
        prop_assert_eq!(seen_from_dash(&environment), ours);
    }
}

#[test]
fn the_documented_order_is_what_a_real_dash_shows() {
    if !has_dash() {
        return;
    }
    let yaml = include_str!("../../examples/my-svc-nginx.yaml");
    let service: Service = yaml_serde::from_str(yaml).unwrap();
    let services = [&service];
    let environment = Environment::from(generate(&services).unwrap());
    let seen = seen_from_dash(&environment).join("\n") + "\n";
    assert_eq!(seen.as_bytes(), environment.render(Order::Dash, Form::Lines));
}

#[test]
fn every_chain_of_dash_is_in_use() {
    let chains: BTreeSet<u64> =
        (0..1_000).map(|number| dash_chain(&format!("A{number}"))).collect();
    assert!(chains.into_iter().eq(0..39));
    assert_eq!(dash_chain(""), 0);
}

#[test]
fn what_dash_sets_itself_stands_first_in_its_chain() {
    let other = (0..)
        .map(|number| format!("X{number}"))
        .find(|name| dash_chain(name) == dash_chain("PATH"))
        .unwrap();
    let environment = Environment::default().with_base([(other.as_str(), "x"), ("PATH", "/bin")]);
    let names: Vec<_> = environment
        .in_order(Order::Dash)
        .iter()
        .map(|variable| variable.name().into_owned())
        .collect();
    assert_eq!(names, ["PATH", &other]);
}

/// Services of many ports are looked up in another way than those of a few.
#[test]
fn many_ports_are_found_as_few_are() {
    for count in [1_u16, 8, 9, 40] {
        let port = |number: u16| ServicePort {
            name: if number.is_multiple_of(3) { String::new() } else { format!("p{number}") },
            protocol: Protocol::ALL.get(usize::from(number % 4)).copied(),
            ..ServicePort::new(PortNumber::new(8000 + number).unwrap())
        };
        let mut service = Service {
            metadata: ObjectMeta::new("default", "web"),
            spec: ServiceSpec {
                cluster_ip: "10.0.0.1".into(),
                ports: (0..count).map(port).collect(),
                ..ServiceSpec::default()
            },
        };
        let named = |service: &Service, name: &str| {
            Environment::from(generate(&[service]).unwrap()).service_variables_named(name).len()
        };
        for variable in generate(&[&service]).unwrap().iter() {
            assert_eq!(named(&service, &variable.name()), 1, "{}", variable.name());
        }
        assert_eq!(named(&service, "WEB_SERVICE_PORT_"), 0);
        assert_eq!(named(&service, "WEB_PORT_1_TCP"), 0);
        let collisions =
            |service: &Service| Environment::from(generate(&[service]).unwrap()).collisions().len();
        assert_eq!(collisions(&service), 0);

        // Its first port once more: the four variables of its number; then under another number with
        // the name of the last.
        service.spec.ports.push(port(0));
        assert_eq!(collisions(&service), 4);
        let last = service.spec.ports.len() - 1;
        service.spec.ports[last] = ServicePort { name: "p1".into(), ..port(200) };
        assert_eq!(collisions(&service), usize::from(count > 1));
    }
}

/// No cluster has two; the kubelet's map takes them so.
#[test]
fn of_two_services_of_one_name_the_later_is_taken_but_the_first_default_kubernetes() {
    let service = |namespace: &str, name: &str, cluster_ip: &str| Service {
        metadata: ObjectMeta::new(namespace, name),
        spec: ServiceSpec { cluster_ip: cluster_ip.into(), ..ServiceSpec::default() },
    };
    let all = [
        service("prod", "web", "10.0.0.1"),
        service("default", "kubernetes", "10.0.0.2"),
        service("prod", "web", "10.0.0.3"),
        service("default", "kubernetes", "10.0.0.4"),
    ];
    let seen = select(&all, "prod", ServiceLinks::Enabled);
    let addresses: Vec<&str> =
        seen.iter().map(|service| service.spec.cluster_ip.as_str()).collect();
    assert_eq!(addresses, ["10.0.0.2", "10.0.0.3"]);
}

/// dash's own formula: its `hashvar`, in a table of 39 chains.
fn dash_chain(name: &str) -> u64 {
    let first = name.bytes().next().map_or(0, |first| 16 * u64::from(first));
    (first + name.bytes().map(u64::from).sum::<u64>()) % 39
}
