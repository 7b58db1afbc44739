//! From variables back to Services: the edges, the laws, and the recorded inputs.

use std::collections::{BTreeMap, BTreeSet};

use kubelet_env::api::{ObjectMeta, PortNumber, Protocol, Service, ServicePort, ServiceSpec};
use kubelet_env::inspect::discover::{Certainty, DiscoverError, Discovered, DiscoveredService};
use kubelet_env::names::mangle;
use kubelet_env::services::{ServiceLinks, generate, select, validate_service};
use kubelet_env::{Environment, Form, Order, Release};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::Deserialize;

use crate::strategies;

type Port = (u16, Protocol, &'static str);

fn service(name: &str, cluster_ip: &str, ports: &[Port]) -> Service {
    let port = |&(number, protocol, name): &Port| ServicePort {
        name: name.to_owned(),
        protocol: Some(protocol),
        port: PortNumber::new(number).unwrap(),
    };
    Service {
        metadata: ObjectMeta::new("default", name),
        spec: ServiceSpec {
            cluster_ip: cluster_ip.to_owned(),
            ports: ports.iter().map(port).collect(),
            ..ServiceSpec::default()
        },
    }
}

fn variables(services: &[Service]) -> Vec<(String, String)> {
    let services: Vec<&Service> = services.iter().collect();
    generate(&services)
        .unwrap()
        .iter()
        .map(|variable| (variable.name(), variable.value()))
        .collect()
}

fn discover(services: &[Service]) -> Discovered {
    Discovered::from_pairs(variables(services))
}

/// `host number/protocol/name …`
fn told(service: Result<&DiscoveredService, DiscoverError>) -> Result<String, DiscoverError> {
    let service = service?;
    let port = |port: &kubelet_env::inspect::discover::DiscoveredPort| {
        format!(" {}/{}/{}", port.number, port.protocol, port.name.as_deref().unwrap_or("-"))
    };
    Ok(service.host.clone() + &service.ports.iter().map(port).collect::<String>())
}

fn found(pairs: &[(&str, &str)], name: &str) -> Result<String, DiscoverError> {
    told(Discovered::from_pairs(pairs.iter().copied()).find(name))
}

fn candidates(found: &Discovered) -> Vec<(String, Certainty)> {
    found
        .candidates()
        .iter()
        .map(|candidate| (candidate.plain_name(), candidate.certainty()))
        .collect()
}

/// What is certain of all Services, by name.
fn all_certain(found: &Discovered) -> BTreeMap<String, String> {
    let told = |candidate: &kubelet_env::inspect::discover::Candidate| {
        assert_eq!(candidate.certainty(), Certainty::Certain, "{candidate:?}");
        (candidate.plain_name(), told(candidate.service()).unwrap())
    };
    found.candidates().iter().map(told).collect()
}

fn rest(found: &Discovered) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    found.without_service_variables().map(|(name, value)| (text(name), text(value))).collect()
}

#[test]
fn a_service_is_found_by_its_name() {
    let found = discover(&[service("my-svc-nginx", "10.1.237.190", &[(80, Protocol::Tcp, "")])]);
    assert_eq!(told(found.find("my-svc-nginx")).unwrap(), "10.1.237.190 80/TCP/-");
    assert_eq!(candidates(&found), [("my-svc-nginx".to_owned(), Certainty::Certain)]);
    assert_eq!(found.candidates()[0].mangled_name(), "MY_SVC_NGINX");
    assert_eq!(found.find("my-svc"), Err(DiscoverError::NoVariables));
    assert!(rest(&found).is_empty());
}

#[test]
fn an_empty_environment_has_no_services() {
    for found in
        [Discovered::default(), Discovered::from_block(b""), Discovered::from_block(b"\0\0")]
    {
        assert!(found.candidates().is_empty());
        assert_eq!(found.find("kubernetes"), Err(DiscoverError::NoVariables));
        assert_eq!(found.without_service_variables().count(), 0);
    }
}

#[test]
fn what_no_service_is_called_is_told_apart() {
    let found = discover(&[service("web", "10.0.0.1", &[(80, Protocol::Tcp, "")])]);
    for name in ["", "-web", "web-", "a.b", "wéb", "web=", &"w".repeat(64)] {
        assert_eq!(found.find(name), Err(DiscoverError::NotAServiceName), "{name}");
    }
    assert_eq!(found.find(&"w".repeat(63)), Err(DiscoverError::NoVariables));
}

#[test]
fn a_leading_digit_and_an_ipv6_address() {
    let found = discover(&[service("1password", "2001:DB8::1", &[(443, Protocol::Tcp, "https")])]);
    assert_eq!(told(found.find("1password")).unwrap(), "2001:DB8::1 443/TCP/https");
    assert_eq!(found.candidates()[0].certainty(), Certainty::Certain);
}

#[test]
fn a_number_with_several_protocols_has_no_name() {
    let dns = [
        (53, Protocol::Udp, "dns"),
        (53, Protocol::Tcp, "dns-tcp"),
        (9153, Protocol::Tcp, "metrics"),
    ];
    let found = discover(&[service("kube-dns", "10.96.0.10", &dns)]);
    assert_eq!(
        told(found.find("kube-dns")).unwrap(),
        "10.96.0.10 53/UDP/- 53/TCP/- 9153/TCP/metrics"
    );
    assert_eq!(found.candidates()[0].certainty(), Certainty::Certain);
    assert!(rest(&found).is_empty());
    // Whose the only name is nobody can tell.
    let found = discover(&[service(
        "dns",
        "10.96.0.10",
        &[(53, Protocol::Udp, "dns"), (53, Protocol::Tcp, "")],
    )]);
    assert_eq!(told(found.find("dns")).unwrap(), "10.96.0.10 53/UDP/- 53/TCP/-");
}

/// The port `80-tcp-port` of `foo`, or the number of the port 80 of `foo-service`.
const OF_EITHER: (&str, &str) = ("FOO_SERVICE_PORT_80_TCP_PORT", "80");

#[test]
fn any_text_of_a_port_settles_whose_its_number_is() {
    for sibling in [
        ("FOO_SERVICE_PORT", "tcp://10.0.0.1:80"),
        ("FOO_SERVICE_PORT_80_TCP", "tcp://10.0.0.1:80"),
        ("FOO_SERVICE_PORT_80_TCP_PROTO", "tcp"),
        ("FOO_SERVICE_PORT_80_TCP_ADDR", "10.0.0.1"),
    ] {
        let found = Discovered::from_pairs([sibling, OF_EITHER]);
        assert_eq!(
            candidates(&found),
            [("foo-service".to_owned(), Certainty::Corroborated)],
            "{sibling:?}"
        );
    }
    // That there is a Service of the one name does not say that it has this port.
    let siblings = [("FOO_SERVICE_SERVICE_HOST", "10.0.0.2"), ("FOO_PORT_80_TCP_ADDR", "10.0.0.1")];
    assert_eq!(
        found(&[siblings[0], siblings[1], OF_EITHER], "foo").unwrap(),
        "10.0.0.1 80/TCP/80-tcp-port"
    );
}

#[test]
fn numbers_do_not_settle_whose_a_number_is() {
    let of_foo = [("FOO_PORT_443_TCP_ADDR", "10.0.0.1"), ("FOO_PORT_80_TCP_PORT", "80")];
    for pairs in [[of_foo[0], of_foo[1], OF_EITHER], [OF_EITHER, of_foo[1], of_foo[0]]] {
        assert_eq!(
            candidates(&Discovered::from_pairs(pairs)),
            [
                ("foo".to_owned(), Certainty::Corroborated),
                ("foo-service".to_owned(), Certainty::Ambiguous)
            ],
        );
    }
    let other = ("A_SERVICE_PORT_B_PORT_90_TCP_PORT", "90");
    let pairs =
        [("A_PORT_80_TCP_ADDR", "10.0.0.1"), other, ("A_SERVICE_PORT_B_SERVICE_PORT", "80")];
    assert_eq!(found(&pairs, "a").unwrap(), "10.0.0.1 80/TCP/b-service-port");
}

/// The first port of `a-service-port-b`, or the port `b-service-port` of `a`.
#[test]
fn a_host_or_a_port_settles_whose_first_port_it_is() {
    let of_a = ("A_PORT_80_TCP_ADDR", "10.0.0.1");
    let of_either = ("A_SERVICE_PORT_B_SERVICE_PORT", "80");
    assert_eq!(found(&[of_a, of_either], "a").unwrap(), "10.0.0.1 80/TCP/b-service-port");
    for of_the_other in [
        ("A_SERVICE_PORT_B_SERVICE_HOST", "10.0.0.2"),
        ("A_SERVICE_PORT_B_PORT_80_TCP_ADDR", "10.0.0.2"),
    ] {
        assert_eq!(
            found(&[of_a, of_the_other, of_either], "a").unwrap(),
            "10.0.0.1 80/TCP/-",
            "{of_the_other:?}"
        );
    }
}

#[test]
fn a_named_port_belongs_to_a_service_whose_ports_are_not_told() {
    let found =
        Discovered::from_pairs([("FOO_SERVICE_HOST", "10.0.0.1"), ("FOO_SERVICE_PORT_HTTP", "80")]);
    assert_eq!(candidates(&found), [("foo".to_owned(), Certainty::Corroborated)]);
}

#[test]
fn without_any_one_of_its_variables_a_service_is_not_certain() {
    let all = variables(&[service("web", "10.0.0.1", &[(80, Protocol::Tcp, "")])]);
    assert_eq!(all.len(), 7);
    for missing in &all {
        let found = Discovered::from_pairs(all.iter().filter(|pair| *pair != missing).cloned());
        assert_eq!(
            candidates(&found),
            [("web".to_owned(), Certainty::Corroborated)],
            "{missing:?}"
        );
    }
}

#[test]
fn the_first_port_comes_first() {
    let ports = [(9000, Protocol::Tcp, "z"), (80, Protocol::Tcp, "b"), (443, Protocol::Sctp, "a")];
    let found = discover(&[service("web", "10.0.0.1", &ports)]);
    assert_eq!(told(found.find("web")).unwrap(), "10.0.0.1 9000/TCP/z 80/TCP/b 443/SCTP/a");
}

#[test]
fn foo_and_foo_service() {
    let foo = service("foo", "10.0.0.1", &[(80, Protocol::Tcp, "")]);
    let foo_service = service("foo-service", "10.0.0.2", &[(443, Protocol::Tcp, "")]);
    for alone in [&foo, &foo_service] {
        let found = discover(std::slice::from_ref(alone));
        assert_eq!(all_certain(&found).len(), 1);
        assert!(found.find(&alone.metadata.name).is_ok());
    }
    // Together both make FOO_SERVICE_PORT, of which a container has one.
    for (services, whole, other) in
        [([&foo, &foo_service], "foo-service", "foo"), ([&foo_service, &foo], "foo", "foo-service")]
    {
        let environment = Environment::from(generate(&services).unwrap());
        let found = Discovered::from(&environment);
        assert_eq!(told(found.find("foo")).unwrap(), "10.0.0.1 80/TCP/-");
        assert_eq!(told(found.find("foo-service")).unwrap(), "10.0.0.2 443/TCP/-");
        assert_eq!(found.candidate(whole).unwrap().certainty(), Certainty::Certain);
        assert_eq!(found.candidate(other).unwrap().certainty(), Certainty::Corroborated);
        assert_eq!(found.without_service_variables().count(), 0);
    }
}

#[test]
fn names_that_look_like_suffixes() {
    for name in [
        "port",
        "service",
        "service-port",
        "service-host",
        "port-80-tcp",
        "foo-port",
        "foo-service-host",
        "foo-service-port",
        "foo-service-port-80-tcp-port",
        "foo-port-80-tcp-addr",
    ] {
        for port_name in
            ["", "port", "80-tcp-port", "service-host", "b-service-port", "b-service-port-c"]
        {
            let found = discover(&[service(name, "10.0.0.1", &[(80, Protocol::Tcp, port_name)])]);
            let port_name = if port_name.is_empty() { "-" } else { port_name };
            let expected =
                BTreeMap::from([(name.to_owned(), format!("10.0.0.1 80/TCP/{port_name}"))]);
            assert_eq!(all_certain(&found), expected);
            assert!(rest(&found).is_empty());
        }
    }
}

#[test]
fn a_variable_that_can_be_two_services_names_no_port() {
    let port = |name| [(80, Protocol::Tcp, name)];
    let one = [
        service("a", "10.0.0.1", &port("b-service-port-c")),
        service("a-service-port-b", "10.0.0.2", &port("")),
    ];
    let other =
        [service("a", "10.0.0.1", &port("")), service("a-service-port-b", "10.0.0.2", &port("c"))];
    let sorted = |services: &[Service]| variables(services).into_iter().collect::<BTreeSet<_>>();
    assert_eq!(sorted(&one), sorted(&other));
    let expected = [("a", "10.0.0.1 80/TCP/-"), ("a-service-port-b", "10.0.0.2 80/TCP/-")];
    assert_eq!(
        all_certain(&discover(&one)),
        expected.map(|(name, told)| (name.to_owned(), told.to_owned())).into()
    );
    assert!(rest(&discover(&one)).is_empty());
}

#[test]
fn what_somebody_set_is_no_service() {
    for (name, value) in [
        ("REDIS_PORT", "6379"),
        ("REDIS_PORT", "http://10.0.0.1:6379"),
        ("REDIS_PORT", "tcp://10.0.0.1"),
        ("REDIS_PORT", "tcp://10.0.0.1:06379"),
        ("REDIS_PORT", "tcp://2001:db8::1:6379"),
        ("REDIS_SERVICE_HOST", ""),
        ("REDIS_SERVICE_HOST", "None"),
        ("REDIS_SERVICE_HOST", "6379"),
        ("REDIS_SERVICE_HOST", "https://redis.example.com"),
        ("REDIS_SERVICE_PORT", "0"),
        ("REDIS_SERVICE_PORT", "+1"),
        ("REDIS_SERVICE_PORT", "65536"),
        ("REDIS_SERVICE_PORT_", "80"),
        ("REDIS_SERVICE_PORT_http", "80"),
        ("REDIS_PORT_80_TCP", "udp://10.0.0.1:80"),
        ("REDIS_PORT_80_TCP_PORT", "81"),
        ("REDIS_PORT_80_TCP_PORT", "http"),
        ("REDIS_PORT_80_TCP_PROTO", "TCP"),
        ("REDIS_PORT_080_TCP_PROTO", "tcp"),
        ("REDIS_PORT_80_HTTP_PROTO", "http"),
        ("redis_SERVICE_HOST", "10.0.0.1"),
        ("_SERVICE_HOST", "10.0.0.1"),
        ("REDIS__SERVICE_HOST", "10.0.0.1"),
        ("RE.DIS_SERVICE_HOST", "10.0.0.1"),
    ] {
        let found = Discovered::from_pairs([(name, value)]);
        assert!(found.candidates().is_empty(), "{name}={value}: {found:?}");
        assert_eq!(rest(&found), [(name.to_owned(), value.to_owned())]);
    }
}

#[test]
fn what_is_not_utf_8_is_left_alone() {
    let pairs: [(&[u8], &[u8]); 3] = [
        (b"WEB_SERVICE_HOST", b"10.0.0.\xff"),
        (b"W\xff_SERVICE_HOST", b"10.0.0.1"),
        (b"BIN", b"\0\xfe="),
    ];
    let found = Discovered::from_pairs(pairs);
    assert!(found.candidates().is_empty());
    assert!(found.without_service_variables().eq(pairs));
}

#[test]
fn the_cluster_itself() {
    let block = b"KUBERNETES_SERVICE_HOST=10.96.0.1\0KUBERNETES_SERVICE_PORT=443\0\
        KUBERNETES_SERVICE_PORT_HTTPS=443\0KUBERNETES_PORT=tcp://10.96.0.1:443\0\
        KUBERNETES_PORT_443_TCP=tcp://10.96.0.1:443\0KUBERNETES_PORT_443_TCP_PROTO=tcp\0\
        KUBERNETES_PORT_443_TCP_PORT=443\0KUBERNETES_PORT_443_TCP_ADDR=10.96.0.1\0HOSTNAME=web-0\0no variable\0=C:=x=y";
    let found = Discovered::from_block(block);
    assert_eq!(told(found.find("kubernetes")).unwrap(), "10.96.0.1 443/TCP/https");
    assert_eq!(candidates(&found), [("kubernetes".to_owned(), Certainty::Certain)]);
    let left = [("HOSTNAME", "web-0"), ("=C:", "x=y")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(rest(&found), left);
}

#[test]
fn some_of_the_variables() {
    let host = ("WEB_SERVICE_HOST", "10.0.0.1");
    let number = ("WEB_SERVICE_PORT", "80");
    let url = ("WEB_PORT", "tcp://10.0.0.1:80");
    let numbered = ("WEB_PORT_443_TCP", "tcp://10.0.0.1:443");
    assert_eq!(found(&[host], "web"), Err(DiscoverError::PortsMissing));
    assert_eq!(found(&[number], "web"), Err(DiscoverError::HostMissing));
    let eighty = PortNumber::new(80).unwrap();
    assert_eq!(
        found(&[host, number], "web"),
        Err(DiscoverError::ProtocolMissing { number: eighty })
    );
    assert_eq!(found(&[url], "web").unwrap(), "10.0.0.1 80/TCP/-");
    assert_eq!(found(&[numbered, url], "web").unwrap(), "10.0.0.1 80/TCP/- 443/TCP/-");
    let of_port = [("WEB_PORT_53_UDP_ADDR", "10.0.0.1"), ("WEB_PORT_53_UDP_PROTO", "udp")];
    assert_eq!(found(&of_port, "web").unwrap(), "10.0.0.1 53/UDP/-");
    assert_eq!(found(&of_port[1..], "web"), Err(DiscoverError::HostMissing));
    assert_eq!(
        found(&[host, ("WEB_SERVICE_PORT_HTTP", "80"), url], "web").unwrap(),
        "10.0.0.1 80/TCP/http"
    );
    for (pairs, certainty) in [
        (vec![url], Certainty::Ambiguous),
        (vec![host, number], Certainty::Corroborated),
        (vec![host, number, url, numbered], Certainty::Corroborated),
    ] {
        let found = Discovered::from_pairs(pairs);
        assert_eq!(candidates(&found), [("web".to_owned(), certainty)]);
    }
}

#[test]
fn contradictory_siblings() {
    let url = ("WEB_PORT", "tcp://10.0.0.1:80");
    for (other, error) in [
        (("WEB_SERVICE_HOST", "localhost"), DiscoverError::ContradictoryHosts),
        (("WEB_PORT_80_TCP_ADDR", "10.0.0.2"), DiscoverError::ContradictoryHosts),
        (("WEB_SERVICE_PORT", "81"), DiscoverError::ContradictoryPorts),
        (("WEB_PORT", "udp://10.0.0.1:80"), DiscoverError::ContradictoryPorts),
    ] {
        let found = Discovered::from_pairs([url, other]);
        assert_eq!(found.find("web"), Err(error));
        assert_eq!(found.candidates()[0].certainty(), Certainty::Ambiguous);
        assert_eq!(found.without_service_variables().count(), 2);
    }
}

#[test]
fn what_the_container_sets_itself_stays() {
    let mut pairs = variables(&[service("redis", "10.0.0.11", &[(6379, Protocol::Tcp, "")])]);
    let port = pairs.iter_mut().find(|(name, _)| name == "REDIS_PORT").unwrap();
    port.1 = "6380".to_owned();
    pairs.push(("REDIS_SERVICE_PORT_DEBUG".to_owned(), "9999".to_owned()));
    let found = Discovered::from_pairs(pairs);
    assert_eq!(told(found.find("redis")).unwrap(), "10.0.0.11 6379/TCP/-");
    let left = [("REDIS_PORT", "6380"), ("REDIS_SERVICE_PORT_DEBUG", "9999")];
    assert_eq!(rest(&found), left.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn nothing_but_service_variables_is_shown() {
    let found = Discovered::from_pairs([
        ("TOKEN", "hunter2"),
        ("WEB_SERVICE_HOST", "hunter 2"),
        ("WEB_PORT", "hunter"),
    ]);
    assert!(!format!("{found:?}").contains("hunter"));
    let found = Discovered::from_pairs([("TOKEN", "hunter2"), ("WEB_PORT_53_UDP_PROTO", "udp")]);
    insta::assert_snapshot!(format!("{found:?}"), @r#"Discovered { candidates: [Candidate { mangled_name: "WEB", certainty: Ambiguous, service: Err(HostMissing) }], .. }"#);
}

#[test]
fn errors_say_what_is_wrong() {
    let number = PortNumber::new(80).unwrap();
    insta::assert_snapshot!(DiscoverError::ProtocolMissing { number }, @"the Service's first port has the number 80, but no variable tells its protocol");
    insta::assert_snapshot!(DiscoverError::HostMissing, @"no variable tells the Service's host");
    insta::assert_snapshot!(DiscoverError::PortsMissing, @"the Service's host is told, but no port");
    insta::assert_snapshot!(DiscoverError::ContradictoryHosts, @"the Service's variables tell different hosts");
    insta::assert_snapshot!(DiscoverError::ContradictoryPorts, @"the Service's variables tell different first ports");
    insta::assert_snapshot!(DiscoverError::NotAServiceName, @"not the name of a Service: at most 63 letters, digits and '-', no '-' at either end");
    insta::assert_snapshot!(DiscoverError::NoVariables, @"no variable speaks of this Service: it is not in the pod's namespace, has no address, was created after the container, or service links are disabled");
}

/// Inputs on which anything worse than linear would not end.
#[test]
fn hostile_environments_are_read() {
    let long = format!("{}_SERVICE_HOST", "_PORT_SERVICE_PORT".repeat(100_000));
    let digits = format!("A_PORT_{}_TCP", "9".repeat(1_000_000));
    let found = Discovered::from_pairs([
        (long.as_str(), "10.0.0.1"),
        (digits.as_str(), "tcp://10.0.0.1:80"),
    ]);
    assert!(found.candidates().is_empty());

    let ports = |suffix| {
        (1..=20_000).map(move |number| (format!("A_PORT_{number}_TCP{suffix}"), number.to_string()))
    };
    let names = (0..20_000).map(|number| (format!("A_SERVICE_PORT_P{number}"), "7".to_owned()));
    let found = Discovered::from_pairs(names.chain(ports("_PORT")));
    assert_eq!(found.find("a"), Err(DiscoverError::HostMissing));

    let nested = "A_SERVICE_PORT_".repeat(8);
    let shared = (0..20_000).map(|number| (format!("{nested}P{number}"), "80".to_owned()));
    let anchors = (1..5).map(|times| {
        (format!("A{}_SERVICE_HOST", "_SERVICE_PORT_A".repeat(times)), "h".to_owned())
    });
    assert!(!Discovered::from_pairs(shared.chain(anchors)).candidates().is_empty());
}

/// In one namespace, so that they are seen together.
fn valid_service() -> impl Strategy<Value = Service> {
    strategies::valid_service()
        .prop_map(|service| Service {
            metadata: ObjectMeta::new("default", service.metadata.name),
            ..service
        })
        .prop_filter("not valid", |service| validate_service(service, Release::NEWEST).is_empty())
}

/// Whether this variable of a port's name can also name a port of another of the Services.
fn is_shared(service: &Service, port: &ServicePort, services: &[&Service]) -> bool {
    let name = format!("{}_SERVICE_PORT_{}", mangle(&service.metadata.name), mangle(&port.name));
    services.iter().filter(|other| other.metadata.name != service.metadata.name).any(|other| {
        name.starts_with(&format!("{}_SERVICE_PORT_", mangle(&other.metadata.name)))
            && other.spec.ports.iter().any(|of_other| of_other.port == port.port)
    })
}

/// Of Services that are valid and do not collide: all is found again, and nothing else.
fn is_found_again(services: &[&Service], found: &Discovered) {
    let names: BTreeSet<String> =
        found.candidates().iter().map(|candidate| candidate.plain_name()).collect();
    assert_eq!(names, services.iter().map(|service| service.metadata.name.clone()).collect());
    for service in services {
        let candidate = found.candidate(&service.metadata.name).unwrap();
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
                    !is_single || port.name.is_empty() || is_shared(service, port, services)
                ),
            }
        }
    }
    assert_eq!(found.without_service_variables().count(), 0);
}

fn without_collisions(services: &[Service]) -> Option<Environment<'_>> {
    let seen = select(services, "default", ServiceLinks::Enabled);
    let environment = Environment::from(generate(&seen).unwrap());
    (seen.len() == services.len() && environment.collisions().is_empty()).then_some(environment)
}

/// Any names and values, many of which are nearly a Service's.
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
    fn services_are_found_again(services in vec(valid_service(), 0..6)) {
        let environment = without_collisions(&services);
        prop_assume!(environment.is_some());
        let environment = environment.unwrap();
        let seen: Vec<&Service> = services.iter().collect();
        is_found_again(&seen, &Discovered::from(&environment));
        is_found_again(&seen, &Discovered::from_block(&environment.render(Order::Dash, Form::NulSeparated)));
    }

    #[test]
    fn stripping_leaves_what_lay_underneath(
        services in vec(valid_service(), 0..4),
        base in any_pairs(),
        order in any::<u64>(),
    ) {
        let environment = without_collisions(&services);
        prop_assume!(environment.is_some());
        let is_apart = |name: &[u8]| services.iter().all(|service| {
            let mangled = mangle(&service.metadata.name);
            let begins = |rest: &str| name.starts_with(format!("{mangled}{rest}").as_bytes());
            !begins("_SERVICE_") && !begins("_PORT")
        });
        let base = Discovered::from_pairs(base.into_iter().filter(|(name, _)| is_apart(name)));
        let base: Vec<_> = base.without_service_variables().collect();
        // Taking some out can leave others that are no longer ambiguous.
        prop_assume!(Discovered::from_pairs(base.iter().copied()).without_service_variables().eq(base.iter().copied()));

        let generated = environment.unwrap();
        let generated: Vec<_> = generated
            .iter()
            .map(|variable| (variable.name().into_owned(), variable.value().as_bytes().to_vec()))
            .collect();
        let mut generated = generated.iter().map(|(name, value)| (name.as_bytes(), value.as_slice()));
        let mut mixed = Vec::new();
        for (index, &pair) in base.iter().enumerate() {
            mixed.extend(generated.by_ref().take((order >> (index * 4)) as usize % 8));
            mixed.push(pair);
        }
        mixed.extend(generated);
        let found = Discovered::from_pairs(mixed);
        prop_assert_eq!(found.without_service_variables().collect::<Vec<_>>(), base);
    }

    #[test]
    fn every_host_is_in_the_environment(pairs in any_pairs()) {
        let found = Discovered::from_pairs(pairs.clone());
        for candidate in found.candidates() {
            prop_assert_eq!(found.find(&candidate.plain_name()), candidate.service());
            let Ok(service) = candidate.service() else { continue };
            prop_assert!(!service.ports.is_empty());
            let has_host = |value: &Vec<u8>| String::from_utf8_lossy(value).contains(&service.host);
            prop_assert!(pairs.iter().any(|(_, value)| has_host(value)));
        }
    }

    #[test]
    fn the_order_of_the_variables_makes_no_difference(
        (pairs, permuted) in any_pairs().prop_flat_map(|pairs| (Just(pairs.clone()), Just(pairs).prop_shuffle())),
    ) {
        let (found, again) = (Discovered::from_pairs(pairs), Discovered::from_pairs(permuted));
        prop_assert_eq!(found.candidates(), again.candidates());
    }
}

/// The valid Services of each recorded input: each alone, and all in one namespace unless they collide.
#[test]
fn recorded_inputs_are_found_again() {
    #[derive(Deserialize)]
    struct Case {
        given: Given,
    }
    #[derive(Deserialize)]
    struct Given {
        services: Vec<Service>,
    }
    let mut round_trips = 0;
    for line in include_str!("../conformance/service_env.jsonl").lines() {
        let mut services = serde_json::from_str::<Case>(line).unwrap().given.services;
        services.retain(|service| {
            service.has_cluster_ip() && validate_service(service, Release::NEWEST).is_empty()
        });
        for service in &mut services {
            service.metadata.namespace = "default".to_owned();
        }
        for some in services.chunks(1).chain([services.as_slice()]) {
            let Some(environment) = without_collisions(some) else { continue };
            is_found_again(&some.iter().collect::<Vec<_>>(), &Discovered::from(&environment));
            round_trips += some.len();
        }
    }
    assert!(round_trips > 900, "{round_trips}");
}
