//! The variables of arbitrary Services: their number, their names, and lookup by brute force.
//!
//! Each line of the input is a Service: its name, its address and its ports, as
//! `NUMBER/PROTOCOL/NAME`. A line `prod` puts the Services after it into that namespace.
#![no_main]

use std::collections::BTreeMap;

use kubelet_env::api::{ObjectMeta, PortNumber, Service, ServicePort, ServiceSpec};
use kubelet_env::names::mangle;
use kubelet_env::services::{ServiceLinks, generate, select};
use kubelet_env::{Environment, Form, Order};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let services = read(&String::from_utf8_lossy(data));
    for namespace in ["default", "prod"] {
        for links in [ServiceLinks::Enabled, ServiceLinks::Disabled] {
            let seen = select(&services, namespace, links);
            assert!(seen.windows(2).all(|pair| pair[0].metadata.name < pair[1].metadata.name));
            check(&seen);
        }
    }
    check(&services.iter().collect::<Vec<_>>());
});

fn read(text: &str) -> Vec<Service> {
    let mut namespace = "default";
    let mut services = Vec::new();
    for line in text.lines().take(20) {
        let mut words = line.split(' ');
        let name = words.next().unwrap_or_default();
        let Some(cluster_ip) = words.next() else {
            namespace = if line == "prod" { "prod" } else { "default" };
            continue;
        };
        services.push(Service {
            metadata: ObjectMeta::new(namespace, name),
            spec: ServiceSpec {
                cluster_ip: cluster_ip.to_owned(),
                ports: words.take(20).filter_map(read_port).collect(),
                ..ServiceSpec::default()
            },
        });
    }
    services
}

fn read_port(word: &str) -> Option<ServicePort> {
    let mut parts = word.splitn(3, '/');
    let port = PortNumber::new(parts.next()?.parse().ok()?).ok()?;
    let protocol = parts.next().and_then(|protocol| protocol.parse().ok());
    Some(ServicePort { name: parts.next().unwrap_or_default().to_owned(), protocol, port })
}

fn check(services: &[&Service]) {
    let with_address = services.iter().filter(|service| service.has_cluster_ip());
    let generated = match generate(services) {
        Ok(generated) => generated,
        Err(error) => {
            let without_ports =
                with_address.clone().find(|service| service.spec.ports.is_empty()).unwrap();
            assert_eq!(error.service.name, without_ports.metadata.name);
            return;
        }
    };
    let of_one = |service: &&Service| {
        let named = service.spec.ports.iter().filter(|port| !port.name.is_empty()).count();
        3 + named + 4 * service.spec.ports.len()
    };
    let pairs: Vec<(String, String)> =
        generated.iter().map(|variable| (variable.name(), variable.value())).collect();
    assert_eq!(pairs.len(), with_address.map(of_one).sum::<usize>());
    for (variable, (name, value)) in generated.iter().zip(&pairs) {
        assert_eq!(variable.to_string(), format!("{name}={value}"));
        assert!(name.starts_with(&*mangle(&variable.service().metadata.name)));
    }
    for form in [Form::Lines, Form::NulSeparated] {
        let mut text = Vec::new();
        generated.append(form, &mut text);
        assert_eq!(text, joined(&pairs, form));
    }
    check_environment(&Environment::from(generated), &pairs);
}

fn check_environment(environment: &Environment<'_>, pairs: &[(String, String)]) {
    let mut values: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in pairs {
        values.entry(name).or_default().push(value);
    }
    assert_eq!(environment.len(), values.len());
    for (name, values) in &values {
        assert_eq!(
            environment.get(name).unwrap().value().as_bytes().unwrap(),
            values.last().unwrap().as_bytes()
        );
        for longer in [format!("{name}_PORT"), format!("{name}_"), format!("X{name}")] {
            let found = environment.get(&longer).map(|variable| variable.name().into_owned());
            assert_eq!(found.is_some(), pairs.iter().any(|(name, _)| *name == longer), "{longer}");
        }
    }
    let colliding = values
        .iter()
        .filter(|(_, values)| values.len() > 1)
        .map(|(name, values)| (*name, values.len()));
    let reported = environment
        .collisions()
        .iter()
        .map(|collision| (&*collision.name, collision.variables.len()));
    assert!(reported.eq(colliding));

    // Each name is at the position of its last variable.
    let mut effective: Vec<(String, String)> = Vec::new();
    for (index, (name, value)) in pairs.iter().enumerate() {
        if pairs[index + 1..].iter().all(|(later, _)| later != name) {
            effective.push((name.clone(), value.clone()));
        }
    }
    let form = Form::NulSeparated;
    assert_eq!(environment.render(Order::Kubelet, form), joined(&effective, form));
    let mut by_chain = effective.clone();
    by_chain.sort_by_key(|(name, _)| dash_chain(name));
    assert_eq!(environment.render(Order::Dash, form), joined(&by_chain, form));
    effective.sort();
    assert_eq!(environment.render(Order::Name, form), joined(&effective, form));
}

fn joined(pairs: &[(String, String)], form: Form) -> Vec<u8> {
    let end = char::from(form.terminator());
    pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}{end}"))
        .collect::<String>()
        .into_bytes()
}

/// Returns the hash chain of a name, by the formula of `hashvar` in dash for a table of 39 chains.
fn dash_chain(name: &str) -> u64 {
    let first = name.bytes().next().map_or(0, |first| 16 * u64::from(first));
    (first + name.bytes().map(u64::from).sum::<u64>()) % 39
}
