//! Discovery of Services in an environment.

use std::collections::{BTreeMap, BTreeSet};

use kubelet_env::Environment;
use kubelet_env::api::Service;
use kubelet_env::inspect::discover::{Certainty, DiscoverError, Discovered, DiscoveredService};
use kubelet_env::services::generate;

use crate::support::{port_number, service};

mod properties;

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

/// Summarises a Service as `HOST NUMBER/PROTOCOL/NAME …`.
fn summary(service: Result<&DiscoveredService, DiscoverError>) -> Result<String, DiscoverError> {
    let service = service?;
    let port = |port: &kubelet_env::inspect::discover::DiscoveredPort| {
        format!(" {}/{}/{}", port.number, port.protocol, port.name.as_deref().unwrap_or("-"))
    };
    Ok(service.host.clone() + &service.ports.iter().map(port).collect::<String>())
}

/// Finds a Service in these variables and summarises it.
fn find(pairs: &[(&str, &str)], name: &str) -> Result<String, DiscoverError> {
    summary(Discovered::from_pairs(pairs.iter().copied()).find(name))
}

/// Returns the name and certainty of each candidate.
fn candidates(discovered: &Discovered) -> Vec<(String, Certainty)> {
    discovered
        .candidates()
        .iter()
        .map(|candidate| (candidate.plain_name(), candidate.certainty()))
        .collect()
}

/// Summarises the candidates by name. All of them must be certain.
fn certain_summaries(discovered: &Discovered) -> BTreeMap<String, String> {
    let entry = |candidate: &kubelet_env::inspect::discover::Candidate| {
        assert_eq!(candidate.certainty(), Certainty::Certain, "{candidate:?}");
        (candidate.plain_name(), summary(candidate.service()).unwrap())
    };
    discovered.candidates().iter().map(entry).collect()
}

/// Returns the variables that belong to no Service.
fn other_variables(discovered: &Discovered) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    discovered.without_service_variables().map(|(name, value)| (text(name), text(value))).collect()
}

#[test]
fn finds_a_service_by_name() {
    let discovered = discover(&[service("default", "my-svc-nginx", "10.1.237.190", &["80/TCP"])]);
    assert_eq!(summary(discovered.find("my-svc-nginx")).unwrap(), "10.1.237.190 80/TCP/-");
    assert_eq!(candidates(&discovered), [("my-svc-nginx".to_owned(), Certainty::Certain)]);
    assert_eq!(discovered.candidates()[0].mangled_name(), "MY_SVC_NGINX");
    assert_eq!(discovered.find("my-svc"), Err(DiscoverError::NoVariables));
    assert!(other_variables(&discovered).is_empty());
}

#[test]
fn empty_environment_has_no_services() {
    for discovered in
        [Discovered::default(), Discovered::from_block(b""), Discovered::from_block(b"\0\0")]
    {
        assert!(discovered.candidates().is_empty());
        assert_eq!(discovered.find("kubernetes"), Err(DiscoverError::NoVariables));
        assert_eq!(discovered.without_service_variables().count(), 0);
    }
}

#[test]
fn rejects_invalid_service_names() {
    let discovered = discover(&[service("default", "web", "10.0.0.1", &["80/TCP"])]);
    for name in ["", "-web", "web-", "a.b", "wéb", "web=", &"w".repeat(64)] {
        assert_eq!(discovered.find(name), Err(DiscoverError::NotAServiceName), "{name}");
    }
    assert_eq!(discovered.find(&"w".repeat(63)), Err(DiscoverError::NoVariables));
}

#[test]
fn finds_leading_digit_and_ipv6() {
    let discovered =
        discover(&[service("default", "1password", "2001:DB8::1", &["https:443/TCP"])]);
    assert_eq!(summary(discovered.find("1password")).unwrap(), "2001:DB8::1 443/TCP/https");
    assert_eq!(discovered.candidates()[0].certainty(), Certainty::Certain);
}

#[test]
fn port_with_several_protocols_has_no_name() {
    let dns = ["dns:53/UDP", "dns-tcp:53/TCP", "metrics:9153/TCP"];
    let discovered = discover(&[service("default", "kube-dns", "10.96.0.10", &dns)]);
    assert_eq!(
        summary(discovered.find("kube-dns")).unwrap(),
        "10.96.0.10 53/UDP/- 53/TCP/- 9153/TCP/metrics"
    );
    assert_eq!(discovered.candidates()[0].certainty(), Certainty::Certain);
    assert!(other_variables(&discovered).is_empty());
    // The only name could belong to either port.
    let discovered =
        discover(&[service("default", "dns", "10.96.0.10", &["dns:53/UDP", "53/TCP"])]);
    assert_eq!(summary(discovered.find("dns")).unwrap(), "10.96.0.10 53/UDP/- 53/TCP/-");
}

/// Either the port `80-tcp-port` of `foo` or the number of port 80 of `foo-service`.
const OF_EITHER: (&str, &str) = ("FOO_SERVICE_PORT_80_TCP_PORT", "80");

#[test]
fn sibling_variables_decide_the_owner_of_a_port() {
    for sibling in [
        ("FOO_SERVICE_PORT", "tcp://10.0.0.1:80"),
        ("FOO_SERVICE_PORT_80_TCP", "tcp://10.0.0.1:80"),
        ("FOO_SERVICE_PORT_80_TCP_PROTO", "tcp"),
        ("FOO_SERVICE_PORT_80_TCP_ADDR", "10.0.0.1"),
    ] {
        let discovered = Discovered::from_pairs([sibling, OF_EITHER]);
        assert_eq!(
            candidates(&discovered),
            [("foo-service".to_owned(), Certainty::Corroborated)],
            "{sibling:?}"
        );
    }
    // Knowing a Service of one of the names does not prove that it has this port.
    let siblings = [("FOO_SERVICE_SERVICE_HOST", "10.0.0.2"), ("FOO_PORT_80_TCP_ADDR", "10.0.0.1")];
    assert_eq!(
        find(&[siblings[0], siblings[1], OF_EITHER], "foo").unwrap(),
        "10.0.0.1 80/TCP/80-tcp-port"
    );
}

#[test]
fn port_numbers_alone_do_not_decide_the_owner() {
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
    assert_eq!(find(&pairs, "a").unwrap(), "10.0.0.1 80/TCP/b-service-port");
}

/// The variable is either the first port of `a-service-port-b` or the port `b-service-port` of `a`.
#[test]
fn host_or_port_decides_the_owner_of_first_port() {
    let of_a = ("A_PORT_80_TCP_ADDR", "10.0.0.1");
    let of_either = ("A_SERVICE_PORT_B_SERVICE_PORT", "80");
    assert_eq!(find(&[of_a, of_either], "a").unwrap(), "10.0.0.1 80/TCP/b-service-port");
    for of_the_other in [
        ("A_SERVICE_PORT_B_SERVICE_HOST", "10.0.0.2"),
        ("A_SERVICE_PORT_B_PORT_80_TCP_ADDR", "10.0.0.2"),
    ] {
        assert_eq!(
            find(&[of_a, of_the_other, of_either], "a").unwrap(),
            "10.0.0.1 80/TCP/-",
            "{of_the_other:?}"
        );
    }
}

#[test]
fn named_port_belongs_to_the_known_host() {
    let discovered =
        Discovered::from_pairs([("FOO_SERVICE_HOST", "10.0.0.1"), ("FOO_SERVICE_PORT_HTTP", "80")]);
    assert_eq!(candidates(&discovered), [("foo".to_owned(), Certainty::Corroborated)]);
}

#[test]
fn a_missing_variable_lowers_certainty() {
    let all = variables(&[service("default", "web", "10.0.0.1", &["80/TCP"])]);
    assert_eq!(all.len(), 7);
    for missing in &all {
        let discovered =
            Discovered::from_pairs(all.iter().filter(|pair| *pair != missing).cloned());
        assert_eq!(
            candidates(&discovered),
            [("web".to_owned(), Certainty::Corroborated)],
            "{missing:?}"
        );
    }
}

#[test]
fn the_first_port_comes_first() {
    let ports = ["z:9000/TCP", "b:80/TCP", "a:443/SCTP"];
    let discovered = discover(&[service("default", "web", "10.0.0.1", &ports)]);
    assert_eq!(summary(discovered.find("web")).unwrap(), "10.0.0.1 9000/TCP/z 80/TCP/b 443/SCTP/a");
}

#[test]
fn finds_foo_and_foo_service() {
    let foo = service("default", "foo", "10.0.0.1", &["80/TCP"]);
    let foo_service = service("default", "foo-service", "10.0.0.2", &["443/TCP"]);
    for alone in [&foo, &foo_service] {
        let discovered = discover(std::slice::from_ref(alone));
        assert_eq!(certain_summaries(&discovered).len(), 1);
        assert!(discovered.find(&alone.metadata.name).is_ok());
    }
    // Both produce FOO_SERVICE_PORT, and the container has one of the two.
    for (services, whole, other) in
        [([&foo, &foo_service], "foo-service", "foo"), ([&foo_service, &foo], "foo", "foo-service")]
    {
        let environment = Environment::from(generate(&services).unwrap());
        let discovered = Discovered::from(&environment);
        assert_eq!(summary(discovered.find("foo")).unwrap(), "10.0.0.1 80/TCP/-");
        assert_eq!(summary(discovered.find("foo-service")).unwrap(), "10.0.0.2 443/TCP/-");
        assert_eq!(discovered.candidate(whole).unwrap().certainty(), Certainty::Certain);
        assert_eq!(discovered.candidate(other).unwrap().certainty(), Certainty::Corroborated);
        assert_eq!(discovered.without_service_variables().count(), 0);
    }
}

#[test]
fn finds_names_that_look_like_suffixes() {
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
            let port = format!("{port_name}:80/TCP");
            let discovered = discover(&[service("default", name, "10.0.0.1", &[&port])]);
            let port_name = if port_name.is_empty() { "-" } else { port_name };
            let expected =
                BTreeMap::from([(name.to_owned(), format!("10.0.0.1 80/TCP/{port_name}"))]);
            assert_eq!(certain_summaries(&discovered), expected);
            assert!(other_variables(&discovered).is_empty());
        }
    }
}

#[test]
fn variable_of_two_services_names_no_port() {
    let one = [
        service("default", "a", "10.0.0.1", &["b-service-port-c:80/TCP"]),
        service("default", "a-service-port-b", "10.0.0.2", &["80/TCP"]),
    ];
    let other = [
        service("default", "a", "10.0.0.1", &["80/TCP"]),
        service("default", "a-service-port-b", "10.0.0.2", &["c:80/TCP"]),
    ];
    let sorted = |services: &[Service]| variables(services).into_iter().collect::<BTreeSet<_>>();
    assert_eq!(sorted(&one), sorted(&other));
    let expected = [("a", "10.0.0.1 80/TCP/-"), ("a-service-port-b", "10.0.0.2 80/TCP/-")];
    assert_eq!(
        certain_summaries(&discover(&one)),
        expected.map(|(name, summary)| (name.to_owned(), summary.to_owned())).into()
    );
    assert!(other_variables(&discover(&one)).is_empty());
}

#[test]
fn ignores_variables_set_by_hand() {
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
        let discovered = Discovered::from_pairs([(name, value)]);
        assert!(discovered.candidates().is_empty(), "{name}={value}: {discovered:?}");
        assert_eq!(other_variables(&discovered), [(name.to_owned(), value.to_owned())]);
    }
}

#[test]
fn ignores_bytes_that_are_not_utf8() {
    let pairs: [(&[u8], &[u8]); 3] = [
        (b"WEB_SERVICE_HOST", b"10.0.0.\xff"),
        (b"W\xff_SERVICE_HOST", b"10.0.0.1"),
        (b"BIN", b"\0\xfe="),
    ];
    let discovered = Discovered::from_pairs(pairs);
    assert!(discovered.candidates().is_empty());
    assert!(discovered.without_service_variables().eq(pairs));
}

#[test]
fn finds_the_api_server() {
    let block = b"KUBERNETES_SERVICE_HOST=10.96.0.1\0KUBERNETES_SERVICE_PORT=443\0\
        KUBERNETES_SERVICE_PORT_HTTPS=443\0KUBERNETES_PORT=tcp://10.96.0.1:443\0\
        KUBERNETES_PORT_443_TCP=tcp://10.96.0.1:443\0KUBERNETES_PORT_443_TCP_PROTO=tcp\0\
        KUBERNETES_PORT_443_TCP_PORT=443\0KUBERNETES_PORT_443_TCP_ADDR=10.96.0.1\0HOSTNAME=web-0\0no variable\0=C:=x=y";
    let discovered = Discovered::from_block(block);
    assert_eq!(summary(discovered.find("kubernetes")).unwrap(), "10.96.0.1 443/TCP/https");
    assert_eq!(candidates(&discovered), [("kubernetes".to_owned(), Certainty::Certain)]);
    let left = [("HOSTNAME", "web-0"), ("=C:", "x=y")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(other_variables(&discovered), left);
}

#[test]
fn reports_missing_variables() {
    let host = ("WEB_SERVICE_HOST", "10.0.0.1");
    let number = ("WEB_SERVICE_PORT", "80");
    let url = ("WEB_PORT", "tcp://10.0.0.1:80");
    let numbered = ("WEB_PORT_443_TCP", "tcp://10.0.0.1:443");
    assert_eq!(find(&[host], "web"), Err(DiscoverError::PortsMissing));
    assert_eq!(find(&[number], "web"), Err(DiscoverError::HostMissing));
    let eighty = port_number(80);
    assert_eq!(
        find(&[host, number], "web"),
        Err(DiscoverError::ProtocolMissing { number: eighty })
    );
    assert_eq!(find(&[url], "web").unwrap(), "10.0.0.1 80/TCP/-");
    assert_eq!(find(&[numbered, url], "web").unwrap(), "10.0.0.1 80/TCP/- 443/TCP/-");
    let of_port = [("WEB_PORT_53_UDP_ADDR", "10.0.0.1"), ("WEB_PORT_53_UDP_PROTO", "udp")];
    assert_eq!(find(&of_port, "web").unwrap(), "10.0.0.1 53/UDP/-");
    assert_eq!(find(&of_port[1..], "web"), Err(DiscoverError::HostMissing));
    assert_eq!(
        find(&[host, ("WEB_SERVICE_PORT_HTTP", "80"), url], "web").unwrap(),
        "10.0.0.1 80/TCP/http"
    );
    for (pairs, certainty) in [
        (vec![url], Certainty::Ambiguous),
        (vec![host, number], Certainty::Corroborated),
        (vec![host, number, url, numbered], Certainty::Corroborated),
    ] {
        let discovered = Discovered::from_pairs(pairs);
        assert_eq!(candidates(&discovered), [("web".to_owned(), certainty)]);
    }
}

#[test]
fn reports_contradictory_variables() {
    let url = ("WEB_PORT", "tcp://10.0.0.1:80");
    for (other, error) in [
        (("WEB_SERVICE_HOST", "localhost"), DiscoverError::ContradictoryHosts),
        (("WEB_PORT_80_TCP_ADDR", "10.0.0.2"), DiscoverError::ContradictoryHosts),
        (("WEB_SERVICE_PORT", "81"), DiscoverError::ContradictoryPorts),
        (("WEB_PORT", "udp://10.0.0.1:80"), DiscoverError::ContradictoryPorts),
    ] {
        let discovered = Discovered::from_pairs([url, other]);
        assert_eq!(discovered.find("web"), Err(error));
        assert_eq!(discovered.candidates()[0].certainty(), Certainty::Ambiguous);
        assert_eq!(discovered.without_service_variables().count(), 2);
    }
}

#[test]
fn keeps_variables_set_by_the_container() {
    let mut pairs = variables(&[service("default", "redis", "10.0.0.11", &["6379/TCP"])]);
    let port = pairs.iter_mut().find(|(name, _)| name == "REDIS_PORT").unwrap();
    port.1 = "6380".to_owned();
    pairs.push(("REDIS_SERVICE_PORT_DEBUG".to_owned(), "9999".to_owned()));
    let discovered = Discovered::from_pairs(pairs);
    assert_eq!(summary(discovered.find("redis")).unwrap(), "10.0.0.11 6379/TCP/-");
    let left = [("REDIS_PORT", "6380"), ("REDIS_SERVICE_PORT_DEBUG", "9999")];
    assert_eq!(
        other_variables(&discovered),
        left.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
}

#[test]
fn debug_shows_only_service_variables() {
    let discovered = Discovered::from_pairs([
        ("TOKEN", "hunter2"),
        ("WEB_SERVICE_HOST", "hunter 2"),
        ("WEB_PORT", "hunter"),
    ]);
    assert!(!format!("{discovered:?}").contains("hunter"));
    let discovered =
        Discovered::from_pairs([("TOKEN", "hunter2"), ("WEB_PORT_53_UDP_PROTO", "udp")]);
    insta::assert_snapshot!(format!("{discovered:?}"), @r#"Discovered { candidates: [Candidate { mangled_name: "WEB", certainty: Ambiguous, service: Err(HostMissing) }], .. }"#);
}

#[test]
fn error_messages() {
    let number = port_number(80);
    insta::assert_snapshot!(DiscoverError::ProtocolMissing { number }, @"the Service's first port has the number 80, but no variable contains its protocol");
    insta::assert_snapshot!(DiscoverError::HostMissing, @"no variable contains the Service's host");
    insta::assert_snapshot!(DiscoverError::PortsMissing, @"variables contain the Service's host, but no port");
    insta::assert_snapshot!(DiscoverError::ContradictoryHosts, @"the Service's variables contain different hosts");
    insta::assert_snapshot!(DiscoverError::ContradictoryPorts, @"the Service's variables contain different first ports");
    insta::assert_snapshot!(DiscoverError::NotAServiceName, @"not the name of a Service: at most 63 letters, digits and '-', no '-' at either end");
    insta::assert_snapshot!(DiscoverError::NoVariables, @"no variable describes this Service: it is not in the Pod's namespace, has no address, was created after the container, or service links are disabled");
}

/// The inputs are so large that more than linear work would not finish.
#[test]
fn reads_hostile_environments_in_linear_time() {
    let long = format!("{}_SERVICE_HOST", "_PORT_SERVICE_PORT".repeat(100_000));
    let digits = format!("A_PORT_{}_TCP", "9".repeat(1_000_000));
    let discovered = Discovered::from_pairs([
        (long.as_str(), "10.0.0.1"),
        (digits.as_str(), "tcp://10.0.0.1:80"),
    ]);
    assert!(discovered.candidates().is_empty());

    let ports = |suffix| {
        (1..=20_000).map(move |number| (format!("A_PORT_{number}_TCP{suffix}"), number.to_string()))
    };
    let names = (0..20_000).map(|number| (format!("A_SERVICE_PORT_P{number}"), "7".to_owned()));
    let discovered = Discovered::from_pairs(names.chain(ports("_PORT")));
    assert_eq!(discovered.find("a"), Err(DiscoverError::HostMissing));

    let nested = "A_SERVICE_PORT_".repeat(8);
    let shared = (0..20_000).map(|number| (format!("{nested}P{number}"), "80".to_owned()));
    let anchors = (1..5).map(|times| {
        (format!("A{}_SERVICE_HOST", "_SERVICE_PORT_A".repeat(times)), "h".to_owned())
    });
    assert!(!Discovered::from_pairs(shared.chain(anchors)).candidates().is_empty());
}
