//! Properties of discovery.

use std::collections::BTreeSet;

use kubelet_env::api::{ObjectMeta, Service, ServicePort};
use kubelet_env::inspect::discover::{Certainty, Discovered};
use kubelet_env::names::mangle;
use kubelet_env::services::{ServiceLinks, generate, select, validate_service};
use kubelet_env::{Environment, Form, Order, Release};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::Deserialize;

use crate::support::{name_value_pairs, strategies};

/// Returns a valid Service in the namespace `default`.
fn valid_service() -> impl Strategy<Value = Service> {
    strategies::valid_service()
        .prop_map(|service| Service {
            metadata: ObjectMeta::new("default", service.metadata.name),
            ..service
        })
        .prop_filter("not valid", |service| validate_service(service, Release::NEWEST).is_empty())
}

/// Reports whether the variable with the name of this port could also belong to another Service.
fn names_port_of_another(service: &Service, port: &ServicePort, services: &[&Service]) -> bool {
    let name = format!("{}_SERVICE_PORT_{}", mangle(&service.metadata.name), mangle(&port.name));
    services.iter().filter(|other| other.metadata.name != service.metadata.name).any(|other| {
        name.starts_with(&format!("{}_SERVICE_PORT_", mangle(&other.metadata.name)))
            && other.spec.ports.iter().any(|of_other| of_other.port == port.port)
    })
}

/// Asserts that exactly these Services are discovered. They must be valid and must not collide.
fn assert_rediscovers(services: &[&Service], discovery: &Discovered) {
    let names: BTreeSet<String> =
        discovery.candidates().iter().map(|candidate| candidate.plain_name()).collect();
    assert_eq!(names, services.iter().map(|service| service.metadata.name.clone()).collect());
    for service in services {
        let candidate = discovery.candidate(&service.metadata.name).unwrap();
        assert_eq!(candidate.certainty(), Certainty::Certain);
        assert_eq!(candidate.mangled_name(), mangle(&service.metadata.name));
        let discovered = candidate.service().unwrap();
        assert_eq!(discovered.host, service.spec.cluster_ip);
        let ports = &service.spec.ports;
        let by_number = |port: &ServicePort| (port.port, port.effective_protocol());
        assert_eq!(
            (discovered.ports[0].number, discovered.ports[0].protocol),
            by_number(&ports[0])
        );
        let numbers: BTreeSet<_> =
            discovered.ports.iter().map(|port| (port.number, port.protocol)).collect();
        assert_eq!(numbers, ports.iter().map(by_number).collect());
        assert_eq!(discovered.ports.len(), ports.len());
        for port in ports {
            let discovered = discovered
                .ports
                .iter()
                .find(|other| (other.number, other.protocol) == by_number(port));
            let name = discovered.unwrap().name.as_deref();
            let is_single = ports.iter().filter(|other| other.port == port.port).count() == 1;
            match name {
                Some(name) => assert_eq!((name, is_single), (&*port.name, true)),
                None => assert!(
                    !is_single
                        || port.name.is_empty()
                        || names_port_of_another(service, port, services)
                ),
            }
        }
    }
    assert_eq!(discovery.without_service_variables().count(), 0);
}

/// Returns the environment of the Services, unless they collide.
fn without_collisions(services: &[Service]) -> Option<Environment<'_>> {
    let seen = select(services, "default", ServiceLinks::Enabled);
    let environment = Environment::from(generate(&seen).unwrap());
    (seen.len() == services.len() && environment.collisions().is_empty()).then_some(environment)
}

/// Returns any names and values, many of them close to those of a Service.
fn any_pairs() -> impl Strategy<Value = Vec<(Vec<u8>, Vec<u8>)>> {
    let piece = proptest::sample::select(vec![
        "A",
        "FOO",
        "_SERVICE",
        "_PORT",
        "_SERVICE_HOST",
        "_SERVICE_PORT",
        "_PORT_80_TCP",
        "_ADDR",
        "_PROTO",
        "_80_TCP",
        "_B",
    ]);
    let name = prop_oneof![
        4 => vec(piece, 1..6).prop_map(|pieces| pieces.concat().into_bytes()),
        1 => vec(any::<u8>(), 0..8),
    ];
    let value = prop_oneof![
        4 => proptest::sample::select(vec!["80", "tcp", "10.0.0.1", "10.0.0.2", "tcp://10.0.0.1:80", "udp://[::1]:80", "::1"])
            .prop_map(|value| value.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..8),
    ];
    vec((name, value), 0..16)
}

proptest! {
    #[test]
    fn services_round_trip(services in vec(valid_service(), 0..6)) {
        let environment = without_collisions(&services);
        prop_assume!(environment.is_some());
        let environment = environment.unwrap();
        let seen: Vec<&Service> = services.iter().collect();
        assert_rediscovers(&seen, &Discovered::from(&environment));
        assert_rediscovers(
            &seen,
            &Discovered::from_block(&environment.render(Order::Dash, Form::NulSeparated)),
        );
    }

    #[test]
    fn stripping_keeps_the_other_variables(
        services in vec(valid_service(), 0..4),
        base in any_pairs(),
        order in any::<u64>(),
    ) {
        let environment = without_collisions(&services);
        prop_assume!(environment.is_some());
        let is_apart = |name: &[u8]| {
            services.iter().all(|service| {
                let mangled = mangle(&service.metadata.name);
                let begins = |rest: &str| name.starts_with(format!("{mangled}{rest}").as_bytes());
                !begins("_SERVICE_") && !begins("_PORT")
            })
        };
        let base = Discovered::from_pairs(base.into_iter().filter(|(name, _)| is_apart(name)));
        let base: Vec<_> = base.without_service_variables().collect();
        // Without its neighbours, a variable may no longer be ambiguous.
        prop_assume!(
            Discovered::from_pairs(base.iter().copied())
                .without_service_variables()
                .eq(base.iter().copied())
        );

        let generated = name_value_pairs(&environment.unwrap());
        let mut generated =
            generated.iter().map(|(name, value)| (name.as_bytes(), value.as_slice()));
        let mut mixed = Vec::new();
        for (index, &pair) in base.iter().enumerate() {
            mixed.extend(generated.by_ref().take((order >> (index * 4)) as usize % 8));
            mixed.push(pair);
        }
        mixed.extend(generated);
        let discovered = Discovered::from_pairs(mixed);
        prop_assert_eq!(discovered.without_service_variables().collect::<Vec<_>>(), base);
    }

    #[test]
    fn every_host_comes_from_the_environment(pairs in any_pairs()) {
        let discovered = Discovered::from_pairs(pairs.clone());
        for candidate in discovered.candidates() {
            prop_assert_eq!(discovered.find(&candidate.plain_name()), candidate.service());
            let Ok(service) = candidate.service() else { continue };
            prop_assert!(!service.ports.is_empty());
            let has_host = |value: &Vec<u8>| String::from_utf8_lossy(value).contains(&service.host);
            prop_assert!(pairs.iter().any(|(_, value)| has_host(value)));
        }
    }

    #[test]
    fn order_of_variables_is_irrelevant(
        (pairs, permuted) in any_pairs().prop_flat_map(|pairs| (Just(pairs.clone()), Just(pairs).prop_shuffle())),
    ) {
        let (discovered, again) = (Discovered::from_pairs(pairs), Discovered::from_pairs(permuted));
        prop_assert_eq!(discovered.candidates(), again.candidates());
    }
}

/// Checks each valid Service alone and all of them in one namespace, unless they collide.
#[test]
fn recorded_services_round_trip() {
    #[derive(Deserialize)]
    struct Case {
        given: Given,
    }
    #[derive(Deserialize)]
    struct Given {
        services: Vec<Service>,
    }
    let mut round_trips = 0;
    for line in include_str!("../../conformance/service_env.jsonl").lines() {
        let mut services = serde_json::from_str::<Case>(line).unwrap().given.services;
        services.retain(|service| {
            service.has_cluster_ip() && validate_service(service, Release::NEWEST).is_empty()
        });
        for service in &mut services {
            service.metadata.namespace = "default".to_owned();
        }
        for some in services.chunks(1).chain([services.as_slice()]) {
            let Some(environment) = without_collisions(some) else { continue };
            assert_rediscovers(&some.iter().collect::<Vec<_>>(), &Discovered::from(&environment));
            round_trips += some.len();
        }
    }
    assert!(round_trips > 900, "{round_trips}");
}
