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
    spec.ports[0].name must be at most 63 lower-case letters, digits and '-', begin and end with a letter or digit
    spec.ports[1].name must be at most 63 lower-case letters, digits and '-', begin and end with a letter or digit
    spec.ports[1].name is the name of an earlier port too
    spec.ports[2].name must be set, because there are several ports
    spec.ports[3] has the number and protocol of an earlier port
    spec.ports[3].name must be set, because there are several ports
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
    insta::assert_snapshot!(violations("LoadBalancer").join("\n"), @"spec.ports[0] may not be 10250 in a Service of type LoadBalancer: it is the kubelet's");
    assert!(violations("NodePort").is_empty());
}
