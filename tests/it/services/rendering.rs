//! Rendering all variables at once agrees with rendering each of them.

use kubelet_env::Form;
use kubelet_env::api::{Protocol, Service, ServicePort};
use kubelet_env::services::generate;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::{port, service_with_ports};

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]([-a-z0-9]{0,61}[a-z0-9])?",
        2 => "[ -~]{0,130}",
        1 => "[-a-zßſéжǆ一😀]{0,40}".prop_filter("longer than 130 bytes", |name| name.len() <= 130),
    ]
}

fn port_name() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-z][-a-z0-9]{0,14}", "[ -~]{12,18}", name()]
}

fn host() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => any::<std::net::Ipv4Addr>().prop_map(|address| address.to_string()),
        2 => any::<std::net::Ipv6Addr>().prop_map(|address| address.to_string()),
        1 => "[0-9a-f:.]{1,60}",
        1 => "[ -~é]{1,130}",
    ]
}

fn service_port() -> impl Strategy<Value = ServicePort> {
    let protocol = prop_oneof![Just(None), proptest::sample::select(Protocol::ALL).prop_map(Some)];
    let number = prop_oneof![
        1..=u16::MAX,
        proptest::sample::select(&[1, 9, 10, 99, 100, 999, 1000, 9999, 10000][..])
    ];
    (port_name(), protocol, number).prop_map(|(name, protocol, number)| ServicePort {
        name,
        protocol,
        ..port(number)
    })
}

fn rendered_service() -> impl Strategy<Value = Service> {
    (name(), host(), vec(service_port(), 1..=6)).prop_map(|(name, cluster_ip, ports)| {
        service_with_ports("default", name, cluster_ip, ports)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn text_of_all_concatenates_text_of_each(services in vec(rendered_service(), 0..12)) {
        let services: Vec<&Service> = services.iter().collect();
        let generated = generate(&services).unwrap();
        for form in [Form::Lines, Form::NulSeparated] {
            let end = char::from(form.terminator());
            let expected: String = std::iter::once("before".to_owned())
                .chain(generated.iter().map(|variable| format!("{variable}{end}")))
                .collect();
            let mut text = b"before".to_vec();
            generated.append(form, &mut text);
            prop_assert_eq!(String::from_utf8(text).unwrap(), expected);
        }
    }
}

#[test]
fn port_numbers_are_written_as_decimal() {
    for number in 1..=u16::MAX {
        let service = service_with_ports("default", "web", "10.0.0.1", [port(number)]);
        let services = [&service];
        let mut text = Vec::new();
        generate(&services).unwrap().append(Form::Lines, &mut text);
        let line = format!("WEB_PORT_{number}_TCP_PORT={number}\n");
        assert!(String::from_utf8(text).unwrap().contains(&line), "{line}");
    }
}
