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
