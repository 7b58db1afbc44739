//! Services that the API server rejects.

use kubelet_env::Release;
use kubelet_env::api::Service;
use kubelet_env::services::validate_service;

use crate::support::yaml;

#[test]
fn reports_every_violation() {
    let service: Service = yaml(
        "{metadata: {name: a}, spec: {ports: [{port: 1, name: A}, {port: 2, name: A}, {port: 3}, {port: 3}]}}",
    );
    let violations = validate_service(&service, Release::NEWEST);
    insta::assert_snapshot!(violations.iter().map(|violation| format!("{violation}\n")).collect::<String>(), @"
    spec.ports[0].name must be at most 63 lower-case letters, digits and '-', and begin and end with a letter or digit
    spec.ports[1].name must be at most 63 lower-case letters, digits and '-', and begin and end with a letter or digit
    spec.ports[1].name must differ from the name of an earlier port
    spec.ports[2].name must be set, because the Service has several ports
    spec.ports[3] must differ from an earlier port in number or protocol
    spec.ports[3].name must be set, because the Service has several ports
    ");
}

#[test]
fn load_balancer_may_not_use_the_kubelet_port() {
    let violations = |type_: &str| {
        let service =
            format!("{{metadata: {{name: a}}, spec: {{type: {type_}, ports: [{{port: 10250}}]}}}}");
        let service: Service = yaml(&service);
        validate_service(&service, Release::NEWEST)
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    insta::assert_snapshot!(violations("LoadBalancer").join("\n"), @"spec.ports[0] must not be 10250, the kubelet's port, in a Service of type LoadBalancer");
    assert!(violations("NodePort").is_empty());
}
