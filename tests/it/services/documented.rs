//! The variables of documented and of unusual Services.

use kubelet_env::api::Service;
use kubelet_env::services::{ServiceLinks, generate, select};
use kubelet_env::{Environment, Objects, Order};

use crate::support::{lines, service, yaml};

/// Returns the Service variables that a container in the namespace sees.
fn rendered(services: &[Service], namespace: &str, order: Order) -> String {
    let seen = select(services, namespace, ServiceLinks::Enabled);
    let environment = Environment::from(generate(&seen).unwrap());
    lines(&environment, order)
}

/// Returns the variables of one Service.
fn variables_of(service: Service) -> String {
    let namespace = service.metadata.namespace.clone();
    rendered(&[service], &namespace, Order::Kubelet)
}

fn my_svc_nginx() -> Service {
    service("default", "my-svc-nginx", "10.1.237.190", &["80/TCP"])
}

#[test]
fn my_nginx_matches_its_documentation() {
    let all = variables_of(service("default", "my-nginx", "10.1.180.155", &["80/TCP"]));
    insta::assert_snapshot!(all, @"
    MY_NGINX_SERVICE_HOST=10.1.180.155
    MY_NGINX_SERVICE_PORT=80
    MY_NGINX_PORT=tcp://10.1.180.155:80
    MY_NGINX_PORT_80_TCP=tcp://10.1.180.155:80
    MY_NGINX_PORT_80_TCP_PROTO=tcp
    MY_NGINX_PORT_80_TCP_PORT=80
    MY_NGINX_PORT_80_TCP_ADDR=10.1.180.155
    ");
    for documented in [
        "MY_NGINX_PORT_80_TCP_PORT=80",
        "MY_NGINX_PORT_80_TCP_PROTO=tcp",
        "MY_NGINX_PORT_80_TCP_ADDR=10.1.180.155",
    ] {
        assert!(all.lines().any(|line| line == documented), "{documented}");
    }
}

#[test]
fn my_svc_nginx_in_dash_order() {
    insta::assert_snapshot!(rendered(&[my_svc_nginx()], "default", Order::Dash), @"
    MY_SVC_NGINX_SERVICE_HOST=10.1.237.190
    MY_SVC_NGINX_SERVICE_PORT=80
    MY_SVC_NGINX_PORT=tcp://10.1.237.190:80
    MY_SVC_NGINX_PORT_80_TCP_ADDR=10.1.237.190
    MY_SVC_NGINX_PORT_80_TCP_PORT=80
    MY_SVC_NGINX_PORT_80_TCP_PROTO=tcp
    MY_SVC_NGINX_PORT_80_TCP=tcp://10.1.237.190:80
    ");
}

#[test]
fn my_svc_nginx_in_kubelet_order() {
    insta::assert_snapshot!(variables_of(my_svc_nginx()), @"
    MY_SVC_NGINX_SERVICE_HOST=10.1.237.190
    MY_SVC_NGINX_SERVICE_PORT=80
    MY_SVC_NGINX_PORT=tcp://10.1.237.190:80
    MY_SVC_NGINX_PORT_80_TCP=tcp://10.1.237.190:80
    MY_SVC_NGINX_PORT_80_TCP_PROTO=tcp
    MY_SVC_NGINX_PORT_80_TCP_PORT=80
    MY_SVC_NGINX_PORT_80_TCP_ADDR=10.1.237.190
    ");
}

#[test]
fn my_svc_nginx_in_name_order() {
    insta::assert_snapshot!(rendered(&[my_svc_nginx()], "default", Order::Name), @"
    MY_SVC_NGINX_PORT=tcp://10.1.237.190:80
    MY_SVC_NGINX_PORT_80_TCP=tcp://10.1.237.190:80
    MY_SVC_NGINX_PORT_80_TCP_ADDR=10.1.237.190
    MY_SVC_NGINX_PORT_80_TCP_PORT=80
    MY_SVC_NGINX_PORT_80_TCP_PROTO=tcp
    MY_SVC_NGINX_SERVICE_HOST=10.1.237.190
    MY_SVC_NGINX_SERVICE_PORT=80
    ");
}

/// Runs `printenv | grep MY_SVC` in a container that started before the Service was created and in one
/// that started after it.
#[test]
fn service_appears_after_a_restart() {
    let grep = |objects: &Objects, started: &str| {
        let objects = objects.clone().as_of(started.parse().unwrap());
        let seen = objects.services.select("default", ServiceLinks::Enabled);
        let environment = Environment::from(generate(&seen).unwrap());
        let printed = lines(&environment, Order::Dash);
        assert!(printed.contains("KUBERNETES_SERVICE_HOST=10.1.0.1\n"));
        printed
            .lines()
            .filter(|line| line.contains("MY_SVC"))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    let mut objects = Objects::default();
    let kubernetes = service("default", "kubernetes", "10.1.0.1", &["https:443/TCP"]);
    objects.services.apply(kubernetes);
    // The Deployment and its Pods exist before the Service.
    let deployment_first = "2026-11-22T09:00:00Z";
    assert_eq!(grep(&objects, deployment_first), "");

    let created: Service = yaml(include_str!("../../../examples/my-svc-nginx.yaml"));
    objects.services.apply(created);
    assert_eq!(grep(&objects, deployment_first), "");
    // The Deployment is deleted and created again.
    let deployment_again = "2026-11-22T09:31:00Z";
    assert_eq!(
        grep(&objects, deployment_again),
        "MY_SVC_NGINX_SERVICE_HOST=10.1.237.190\n\
         MY_SVC_NGINX_SERVICE_PORT=80\n\
         MY_SVC_NGINX_PORT=tcp://10.1.237.190:80\n\
         MY_SVC_NGINX_PORT_80_TCP_ADDR=10.1.237.190\n\
         MY_SVC_NGINX_PORT_80_TCP_PORT=80\n\
         MY_SVC_NGINX_PORT_80_TCP_PROTO=tcp\n\
         MY_SVC_NGINX_PORT_80_TCP=tcp://10.1.237.190:80\n"
    );
}

#[test]
fn redis_primary_matches_its_documentation() {
    insta::assert_snapshot!(variables_of(service("default", "redis-primary", "10.0.0.11", &["6379"])), @"
    REDIS_PRIMARY_SERVICE_HOST=10.0.0.11
    REDIS_PRIMARY_SERVICE_PORT=6379
    REDIS_PRIMARY_PORT=tcp://10.0.0.11:6379
    REDIS_PRIMARY_PORT_6379_TCP=tcp://10.0.0.11:6379
    REDIS_PRIMARY_PORT_6379_TCP_PROTO=tcp
    REDIS_PRIMARY_PORT_6379_TCP_PORT=6379
    REDIS_PRIMARY_PORT_6379_TCP_ADDR=10.0.0.11
    ");
}

#[test]
fn several_named_ports() {
    let ports = ["http:80/TCP", "https:443", "web-metrics:9090/TCP"];
    insta::assert_snapshot!(variables_of(service("default", "web", "10.0.0.20", &ports)), @"
    WEB_SERVICE_HOST=10.0.0.20
    WEB_SERVICE_PORT=80
    WEB_SERVICE_PORT_HTTP=80
    WEB_SERVICE_PORT_HTTPS=443
    WEB_SERVICE_PORT_WEB_METRICS=9090
    WEB_PORT=tcp://10.0.0.20:80
    WEB_PORT_80_TCP=tcp://10.0.0.20:80
    WEB_PORT_80_TCP_PROTO=tcp
    WEB_PORT_80_TCP_PORT=80
    WEB_PORT_80_TCP_ADDR=10.0.0.20
    WEB_PORT_443_TCP=tcp://10.0.0.20:443
    WEB_PORT_443_TCP_PROTO=tcp
    WEB_PORT_443_TCP_PORT=443
    WEB_PORT_443_TCP_ADDR=10.0.0.20
    WEB_PORT_9090_TCP=tcp://10.0.0.20:9090
    WEB_PORT_9090_TCP_PROTO=tcp
    WEB_PORT_9090_TCP_PORT=9090
    WEB_PORT_9090_TCP_ADDR=10.0.0.20
    ");
}

#[test]
fn same_port_number_for_tcp_and_udp() {
    insta::assert_snapshot!(variables_of(service("kube-system", "dns", "10.0.0.10", &["dns:53/UDP", "dns-tcp:53/TCP"])), @"
    DNS_SERVICE_HOST=10.0.0.10
    DNS_SERVICE_PORT=53
    DNS_SERVICE_PORT_DNS=53
    DNS_SERVICE_PORT_DNS_TCP=53
    DNS_PORT=udp://10.0.0.10:53
    DNS_PORT_53_UDP=udp://10.0.0.10:53
    DNS_PORT_53_UDP_PROTO=udp
    DNS_PORT_53_UDP_PORT=53
    DNS_PORT_53_UDP_ADDR=10.0.0.10
    DNS_PORT_53_TCP=tcp://10.0.0.10:53
    DNS_PORT_53_TCP_PROTO=tcp
    DNS_PORT_53_TCP_PORT=53
    DNS_PORT_53_TCP_ADDR=10.0.0.10
    ");
}

#[test]
fn sctp() {
    insta::assert_snapshot!(variables_of(service("default", "diameter", "10.0.0.30", &["3868/SCTP"])), @"
    DIAMETER_SERVICE_HOST=10.0.0.30
    DIAMETER_SERVICE_PORT=3868
    DIAMETER_PORT=sctp://10.0.0.30:3868
    DIAMETER_PORT_3868_SCTP=sctp://10.0.0.30:3868
    DIAMETER_PORT_3868_SCTP_PROTO=sctp
    DIAMETER_PORT_3868_SCTP_PORT=3868
    DIAMETER_PORT_3868_SCTP_ADDR=10.0.0.30
    ");
}

#[test]
fn ipv6_is_bracketed_only_in_urls() {
    insta::assert_snapshot!(variables_of(service("default", "six", "2001:DB8::1", &["80"])), @"
    SIX_SERVICE_HOST=2001:DB8::1
    SIX_SERVICE_PORT=80
    SIX_PORT=tcp://[2001:DB8::1]:80
    SIX_PORT_80_TCP=tcp://[2001:DB8::1]:80
    SIX_PORT_80_TCP_PROTO=tcp
    SIX_PORT_80_TCP_PORT=80
    SIX_PORT_80_TCP_ADDR=2001:DB8::1
    ");
}

#[test]
fn headless_produces_nothing() {
    insta::assert_snapshot!(variables_of(service("default", "db", "None", &["5432"])), @"");
}

#[test]
fn external_name_produces_nothing() {
    let mut service = service("default", "elsewhere", "", &["443"]);
    service.spec.type_ = "ExternalName".to_owned();
    insta::assert_snapshot!(variables_of(service), @"");
}

#[test]
fn kubernetes_from_another_namespace() {
    let kubernetes = service("default", "kubernetes", "10.1.0.1", &["https:443/TCP"]);
    insta::assert_snapshot!(rendered(&[kubernetes], "prod", Order::Kubelet), @"
    KUBERNETES_SERVICE_HOST=10.1.0.1
    KUBERNETES_SERVICE_PORT=443
    KUBERNETES_SERVICE_PORT_HTTPS=443
    KUBERNETES_PORT=tcp://10.1.0.1:443
    KUBERNETES_PORT_443_TCP=tcp://10.1.0.1:443
    KUBERNETES_PORT_443_TCP_PROTO=tcp
    KUBERNETES_PORT_443_TCP_PORT=443
    KUBERNETES_PORT_443_TCP_ADDR=10.1.0.1
    ");
}

#[test]
fn kubernetes_in_the_pod_namespace_wins() {
    let master = service("default", "kubernetes", "10.1.0.1", &["https:443/TCP"]);
    let own = service("prod", "kubernetes", "10.9.9.9", &["6443"]);
    let in_prod = rendered(&[own.clone(), master.clone()], "prod", Order::Kubelet);
    assert_eq!(in_prod, rendered(&[master, own], "prod", Order::Kubelet));
    insta::assert_snapshot!(in_prod, @"
    KUBERNETES_SERVICE_HOST=10.9.9.9
    KUBERNETES_SERVICE_PORT=6443
    KUBERNETES_PORT=tcp://10.9.9.9:6443
    KUBERNETES_PORT_6443_TCP=tcp://10.9.9.9:6443
    KUBERNETES_PORT_6443_TCP_PROTO=tcp
    KUBERNETES_PORT_6443_TCP_PORT=6443
    KUBERNETES_PORT_6443_TCP_ADDR=10.9.9.9
    ");
}

#[test]
fn kubernetes_in_default_appears_once() {
    let master = service("default", "kubernetes", "10.1.0.1", &["https:443/TCP"]);
    let web = service("default", "web", "10.0.0.20", &["80"]);
    insta::assert_snapshot!(rendered(&[web, master], "default", Order::Kubelet), @"
    KUBERNETES_SERVICE_HOST=10.1.0.1
    KUBERNETES_SERVICE_PORT=443
    KUBERNETES_SERVICE_PORT_HTTPS=443
    KUBERNETES_PORT=tcp://10.1.0.1:443
    KUBERNETES_PORT_443_TCP=tcp://10.1.0.1:443
    KUBERNETES_PORT_443_TCP_PROTO=tcp
    KUBERNETES_PORT_443_TCP_PORT=443
    KUBERNETES_PORT_443_TCP_ADDR=10.1.0.1
    WEB_SERVICE_HOST=10.0.0.20
    WEB_SERVICE_PORT=80
    WEB_PORT=tcp://10.0.0.20:80
    WEB_PORT_80_TCP=tcp://10.0.0.20:80
    WEB_PORT_80_TCP_PROTO=tcp
    WEB_PORT_80_TCP_PORT=80
    WEB_PORT_80_TCP_ADDR=10.0.0.20
    ");
}

#[test]
fn leading_digit_is_kept() {
    insta::assert_snapshot!(variables_of(service("default", "1password", "10.0.0.40", &["8080"])), @"
    1PASSWORD_SERVICE_HOST=10.0.0.40
    1PASSWORD_SERVICE_PORT=8080
    1PASSWORD_PORT=tcp://10.0.0.40:8080
    1PASSWORD_PORT_8080_TCP=tcp://10.0.0.40:8080
    1PASSWORD_PORT_8080_TCP_PROTO=tcp
    1PASSWORD_PORT_8080_TCP_PORT=8080
    1PASSWORD_PORT_8080_TCP_ADDR=10.0.0.40
    ");
}

/// `foo` has `FOO_SERVICE_PORT=80`. `foo-service` has a URL of that name and wins, being later.
#[test]
fn foo_and_foo_service_collide() {
    let services = [
        service("default", "foo-service", "10.0.0.2", &["90"]),
        service("default", "foo", "10.0.0.1", &["80"]),
    ];
    for order in [Order::Kubelet, Order::Name, Order::Dash] {
        assert!(
            rendered(&services, "default", order).contains("FOO_SERVICE_PORT=tcp://10.0.0.2:90\n")
        );
    }
    insta::assert_snapshot!(rendered(&services, "default", Order::Kubelet), @"
    FOO_SERVICE_HOST=10.0.0.1
    FOO_PORT=tcp://10.0.0.1:80
    FOO_PORT_80_TCP=tcp://10.0.0.1:80
    FOO_PORT_80_TCP_PROTO=tcp
    FOO_PORT_80_TCP_PORT=80
    FOO_PORT_80_TCP_ADDR=10.0.0.1
    FOO_SERVICE_SERVICE_HOST=10.0.0.2
    FOO_SERVICE_SERVICE_PORT=90
    FOO_SERVICE_PORT=tcp://10.0.0.2:90
    FOO_SERVICE_PORT_90_TCP=tcp://10.0.0.2:90
    FOO_SERVICE_PORT_90_TCP_PROTO=tcp
    FOO_SERVICE_PORT_90_TCP_PORT=90
    FOO_SERVICE_PORT_90_TCP_ADDR=10.0.0.2
    ");

    let seen = select(&services, "default", ServiceLinks::Enabled);
    let environment = Environment::from(generate(&seen).unwrap());
    let collisions = environment.collisions().iter().map(|collision| {
        let variables = collision.variables.iter().map(|variable| {
            let of = &variable.service().metadata.name;
            format!("\n    {} ({of}, {:?})", variable.value(), variable.kind())
        });
        format!("{}:{}", collision.name, variables.collect::<String>())
    });
    insta::assert_snapshot!(collisions.collect::<Vec<_>>().join("\n"), @"
    FOO_SERVICE_PORT:
        80 (foo, ServicePort)
        tcp://10.0.0.2:90 (foo-service, PortUrl)
    ");
}

#[test]
fn address_without_ports_is_an_error() {
    let service = service("default", "broken", "10.0.0.50", &[]);
    insta::assert_snapshot!(generate(&[&service]).unwrap_err(), @"Service default/broken: spec.ports is empty, but spec.clusterIP has an address: declare a port, or make the Service headless with clusterIP: None");
}
