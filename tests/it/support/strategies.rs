//! Strategies for Services: those that an API server accepts and any that the types can hold.

use kubelet_env::api::{
    ObjectMeta, PortNumber, Protocol, Service, ServicePort, ServiceSpec, Timestamp,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// Returns a Service that an API server accepts and that has an address. Its name may start with a
/// digit.
pub(crate) fn valid_service() -> impl Strategy<Value = Service> {
    (namespace(), label(), valid_cluster_ip(), valid_ports()).prop_map(
        |(namespace, name, cluster_ip, ports)| Service {
            metadata: ObjectMeta::new(namespace, name),
            spec: ServiceSpec { cluster_ip, ports, ..ServiceSpec::default() },
        },
    )
}

/// Returns any Service that the types can hold. The names often collide.
pub(crate) fn any_service() -> impl Strategy<Value = Service> {
    let text = || prop_oneof![4 => near_name(), 1 => any::<String>()];
    let address = prop_oneof![
        valid_cluster_ip(),
        Just("None".to_owned()),
        Just(String::new()),
        any::<String>()
    ];
    let type_ = select(vec!["", "ClusterIP", "ExternalName", "None"]);
    let port = (text(), option::of(protocol()), near_number());
    let ports =
        vec(port.prop_map(|(name, protocol, port)| ServicePort { name, protocol, port }), 0..5);
    let created = option::of((0_u64..4_000_000_000).prop_map(timestamp));
    (namespace(), text(), address, ports, type_, created).prop_map(
        |(namespace, name, cluster_ip, ports, type_, creation_timestamp)| Service {
            metadata: ObjectMeta { creation_timestamp, ..ObjectMeta::new(namespace, name) },
            spec: ServiceSpec {
                cluster_ip,
                ports,
                type_: type_.to_owned(),
                ..ServiceSpec::default()
            },
        },
    )
}

/// Returns a Service that [`generate`](kubelet_env::services::generate) accepts. It has ports if it
/// has an address.
pub(crate) fn any_service_with_ports() -> impl Strategy<Value = Service> {
    any_service().prop_filter("an address and no ports", |service| {
        !service.has_cluster_ip() || !service.spec.ports.is_empty()
    })
}

/// Returns one of a few namespaces, so that Services often share one.
pub(crate) fn namespace() -> impl Strategy<Value = &'static str> {
    select(vec!["default", "prod", "default", "kube-system"])
}

/// Returns a DNS-1123 label. Some produce the variables of another Service.
fn label() -> impl Strategy<Value = String> {
    prop_oneof![1 => near_name(), 2 => "[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?", 1 => "[a-z]([-a-z0-9]{61}[a-z0-9])"]
}

fn near_name() -> impl Strategy<Value = String> {
    let rest =
        vec(select(vec!["service", "port", "host", "80", "tcp", "addr", "foo", "proto"]), 0..4);
    (select(vec!["foo", "kubernetes", "a"]), rest).prop_map(|(first, rest)| {
        let mut name = first.to_owned();
        for part in rest {
            name.push('-');
            name.push_str(part);
        }
        name
    })
}

fn valid_cluster_ip() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => any::<std::net::Ipv4Addr>().prop_map(|address| address.to_string()),
        1 => any::<std::net::Ipv6Addr>().prop_map(|address| address.to_string()),
    ]
}

/// Returns one port with or without a name, or several that differ in name and in number or
/// protocol.
fn valid_ports() -> impl Strategy<Value = Vec<ServicePort>> {
    let port = |name| {
        (name, option::of(protocol()), near_number())
            .prop_map(|(name, protocol, port)| ServicePort { name, protocol, port })
    };
    let several = vec(port(label().boxed()), 1..6).prop_map(|ports| {
        let mut distinct: Vec<ServicePort> = Vec::new();
        for port in ports {
            let repeats = |other: &ServicePort| {
                let (protocol, number) = (other.effective_protocol(), other.port);
                other.name == port.name
                    || (protocol, number) == (port.effective_protocol(), port.port)
            };
            if !distinct.iter().any(repeats) {
                distinct.push(port);
            }
        }
        distinct
    });
    prop_oneof![port(Just(String::new()).boxed()).prop_map(|port| vec![port]), several]
}

fn protocol() -> impl Strategy<Value = Protocol> {
    select(Protocol::ALL.to_vec())
}

fn near_number() -> impl Strategy<Value = PortNumber> {
    prop_oneof![select(vec![80, 443, 8080]), 1..=u16::MAX]
        .prop_map(|number| PortNumber::new(number).unwrap())
}

fn timestamp(seconds: u64) -> Timestamp {
    let days = seconds / 86_400;
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    // Every month has at least 28 days.
    let (year, month, day) = (1_970 + days / 336, days / 28 % 12 + 1, days % 28 + 1);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z").parse().unwrap()
}
