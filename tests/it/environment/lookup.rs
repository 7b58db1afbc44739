//! Lookup by name, iteration and rendering agree.

use std::collections::BTreeMap;

use kubelet_env::api::{Protocol, Service, ServicePort};
use kubelet_env::services::generate;
use kubelet_env::{Environment, Form, Order};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::support::strategies::any_service_with_ports;
use crate::support::{port, service_with_ports};

proptest! {
    #[test]
    fn later_variable_of_a_name_wins(services in vec(any_service_with_ports(), 0..6)) {
        let services: Vec<&Service> = services.iter().collect();
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
            let found = environment.get(&variable.name()).unwrap();
            prop_assert_eq!(found, variable);
            // An iterator returns slices of one text, and a lookup generates name and value.
            prop_assert_eq!(found.name(), variable.name());
            prop_assert_eq!(found.value(), variable.value());
        }
        // The effective variables keep the order in which they were generated.
        let effective =
            generated.iter().filter(|variable| by_name[&variable.name()].last() == Some(variable));
        let kept = environment.iter().filter_map(|variable| variable.service_variable());
        prop_assert!(kept.eq(effective));

        let collisions: Vec<_> = environment
            .collisions()
            .iter()
            .map(|collision| (&collision.name, &collision.variables))
            .collect();
        let duplicates: Vec<_> =
            by_name.iter().filter(|(_, variables)| variables.len() > 1).collect();
        prop_assert_eq!(collisions, duplicates);
    }

    #[test]
    fn unknown_names_are_not_found(
        services in vec(any_service_with_ports(), 0..4),
        at: Index,
        cut: Index,
        more in "[_A-Z0-9]?",
    ) {
        let services: Vec<&Service> = services.iter().collect();
        let environment = Environment::from(generate(&services).unwrap());
        let names: Vec<String> =
            environment.iter().map(|variable| variable.name().into_owned()).collect();
        prop_assume!(!names.is_empty());
        let near: String = at.get(&names).chars().take(cut.index(40)).chain(more.chars()).collect();
        prop_assert_eq!(environment.get(&near).is_some(), names.contains(&near));
    }

    #[test]
    fn rendering_agrees_with_iteration(services in vec(any_service_with_ports(), 0..6)) {
        let services: Vec<&Service> = services.iter().collect();
        let environment = Environment::from(generate(&services).unwrap());
        for order in [Order::Kubelet, Order::Name, Order::Dash] {
            for (form, end) in [(Form::Lines, b'\n'), (Form::NulSeparated, 0)] {
                let mut expected = b"before".to_vec();
                for variable in environment.in_order(order) {
                    let value = variable.value();
                    expected.extend(
                        [variable.name().as_bytes(), b"=", value.as_bytes().unwrap(), &[end]].concat(),
                    );
                }
                let mut appended = b"before".to_vec();
                environment.append(order, form, &mut appended);
                prop_assert_eq!(&appended, &expected);
                prop_assert_eq!(environment.render(order, form), &expected["before".len()..]);
            }
        }
    }
}

/// Lookup uses an index for Services of many ports and a scan for those of a few.
#[test]
fn finds_variables_of_few_and_many_ports() {
    for count in [1_u16, 8, 9, 40] {
        let nth_port = |number: u16| ServicePort {
            name: if number.is_multiple_of(3) { String::new() } else { format!("p{number}") },
            protocol: Protocol::ALL.get(usize::from(number % 4)).copied(),
            ..port(8000 + number)
        };
        let mut service =
            service_with_ports("default", "web", "10.0.0.1", (0..count).map(nth_port));
        let variables_named = |service: &Service, name: &str| {
            Environment::from(generate(&[service]).unwrap()).service_variables_named(name).len()
        };
        for variable in generate(&[&service]).unwrap().iter() {
            assert_eq!(variables_named(&service, &variable.name()), 1, "{}", variable.name());
        }
        assert_eq!(variables_named(&service, "WEB_SERVICE_PORT_"), 0);
        assert_eq!(variables_named(&service, "WEB_PORT_1_TCP"), 0);
        let collisions =
            |service: &Service| Environment::from(generate(&[service]).unwrap()).collisions().len();
        assert_eq!(collisions(&service), 0);

        // A second port of the first number repeats four variables. A port of a new number with an
        // existing name repeats one.
        service.spec.ports.push(nth_port(0));
        assert_eq!(collisions(&service), 4);
        let last = service.spec.ports.len() - 1;
        service.spec.ports[last] = ServicePort { name: "p1".into(), ..nth_port(200) };
        assert_eq!(collisions(&service), usize::from(count > 1));
    }
}
