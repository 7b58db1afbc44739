//! The example `watcher`, run as a process.

use super::run_example;

#[test]
fn prints_the_remaining_services() {
    let output = run_example("watcher", &["shop"], "");
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
    insta::assert_snapshot!(output.stdout, @"
    CART_SERVICE_HOST=10.0.0.11
    CART_SERVICE_PORT=8080
    CART_PORT=tcp://10.0.0.11:8080
    CART_PORT_8080_TCP=tcp://10.0.0.11:8080
    CART_PORT_8080_TCP_PROTO=tcp
    CART_PORT_8080_TCP_PORT=8080
    CART_PORT_8080_TCP_ADDR=10.0.0.11
    KUBERNETES_SERVICE_HOST=10.0.0.1
    KUBERNETES_SERVICE_PORT=443
    KUBERNETES_PORT=tcp://10.0.0.1:443
    KUBERNETES_PORT_443_TCP=tcp://10.0.0.1:443
    KUBERNETES_PORT_443_TCP_PROTO=tcp
    KUBERNETES_PORT_443_TCP_PORT=443
    KUBERNETES_PORT_443_TCP_ADDR=10.0.0.1
    ");
}
