//! The example `printenv` where a Pod or workload is among the objects, run as a process.

use insta::assert_snapshot;

use super::Output;
use super::printenv::{printed, printed_with, refused_with, run_with};

const SHOP: &str = "examples/worked/shop.yaml";

/// All that the worked example needs to be told.
const FACTS: [&str; 8] = [
    "--namespace=shop",
    "--pod-name=storefront-7d4b9",
    "--pod-ip=10.244.1.23",
    "--env-file=features:shop.env=examples/worked/shop.env",
    "--order=name",
    "--node=worker-3",
    "--pod-uid=8f4c",
    SHOP,
];

fn with(more: &[&'static str]) -> Vec<&'static str> {
    [&FACTS, more].concat()
}

/// A Pod in the namespace `default` with a container of these variables.
fn pod(name: &str, env: &str) -> String {
    format!(
        "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}, spec: {{containers: [{{name: app, env: [{env}]}}]}}}}\n"
    )
}

fn value_from(source: &str) -> String {
    format!("{{name: A, valueFrom: {{{source}}}}}")
}

fn field(path: &str) -> String {
    value_from(&format!("fieldRef: {{fieldPath: {path}}}"))
}

fn refused(arguments: &[&str], stdin: &str) -> String {
    refused_with(1, &[arguments, &["-"]].concat(), stdin)
}

#[test]
fn prints_the_whole_environment_of_the_worked_example() {
    assert_snapshot!(printed(&FACTS), @r#"
    BANNER=Free shipping
    this week

    CPUS=4
    CURRENCY=EUR
    DATABASE_URL=postgres://storefront:correct-horse-battery@10.96.14.7:5432/orders
    DB_PASSWORD=correct-horse-battery
    DB_USER=storefront
    FEATURES=search,
    gift-cards
    KUBERNETES_PORT=tcp://10.96.0.1:443
    KUBERNETES_PORT_443_TCP=tcp://10.96.0.1:443
    KUBERNETES_PORT_443_TCP_ADDR=10.96.0.1
    KUBERNETES_PORT_443_TCP_PORT=443
    KUBERNETES_PORT_443_TCP_PROTO=tcp
    KUBERNETES_SERVICE_HOST=10.96.0.1
    KUBERNETES_SERVICE_PORT=443
    KUBERNETES_SERVICE_PORT_HTTPS=443
    LABELS=app="storefront"
    tier="front"
    LOG_LEVEL=debug
    MEMORY_MIB=512
    NODE_IP=192.168.10.13
    ORDERS_DB_PORT=tcp://10.96.14.7:5432
    ORDERS_DB_PORT_5432_TCP=tcp://10.96.14.7:5432
    ORDERS_DB_PORT_5432_TCP_ADDR=10.96.14.7
    ORDERS_DB_PORT_5432_TCP_PORT=5432
    ORDERS_DB_PORT_5432_TCP_PROTO=tcp
    ORDERS_DB_SERVICE_HOST=10.96.14.7
    ORDERS_DB_SERVICE_PORT=5432
    ORDERS_DB_SERVICE_PORT_POSTGRES=5432
    PGPASSWORD=correct-horse-battery
    POD_IP=10.244.1.23
    POD_NAME=storefront-7d4b9
    STOREFRONT_PORT=tcp://[fd00:96::51]:80
    STOREFRONT_PORT_80_TCP=tcp://[fd00:96::51]:80
    STOREFRONT_PORT_80_TCP_ADDR=fd00:96::51
    STOREFRONT_PORT_80_TCP_PORT=80
    STOREFRONT_PORT_80_TCP_PROTO=tcp
    STOREFRONT_PORT_9090_TCP=tcp://[fd00:96::51]:9090
    STOREFRONT_PORT_9090_TCP_ADDR=fd00:96::51
    STOREFRONT_PORT_9090_TCP_PORT=9090
    STOREFRONT_PORT_9090_TCP_PROTO=tcp
    STOREFRONT_SERVICE_HOST=fd00:96::51
    STOREFRONT_SERVICE_PORT=80
    STOREFRONT_SERVICE_PORT_HTTP=80
    STOREFRONT_SERVICE_PORT_METRICS=9090
    TIER=front
    TOO_EARLY=$(POD_NAME)
    motd=Free shipping
    this week
    "#);
}

#[test]
fn a_secret_s_values_are_redacted_if_told_so() {
    let shown = printed(&with(&["--redact"]));
    assert!(!shown.contains("horse"));
    let redacted: Vec<&str> = shown.lines().filter(|line| line.contains("[redacted]")).collect();
    assert_snapshot!(redacted.join("\n"), @"
    DATABASE_URL=[redacted]
    DB_PASSWORD=[redacted]
    DB_USER=[redacted]
    PGPASSWORD=[redacted]
    ");
    let with_nul = printed(&with(&["--redact", "-0"]));
    assert!(with_nul.contains("\0DB_PASSWORD=[redacted]\0"));
}

#[test]
fn without_a_fact_that_is_needed_the_argument_is_named() {
    assert_snapshot!(refused_with(1, &["--namespace=shop", SHOP], ""), @r#"error: examples/worked/shop.yaml: document 6: Deployment shop/storefront: Pod in shop, container app: env[3] POD_NAME: fieldRef "metadata.name": the Pod has no such value yet, and none was given: use --pod-name"#);
    assert_snapshot!(refused(&[], &pod("web", &field("status.podIP"))), @r#"error: standard input: Pod default/web, container app: env[0] A: fieldRef "status.podIP": the Pod has no such value yet, and none was given: use --pod-ip"#);
    assert_snapshot!(refused(&[], &pod("web", &field("metadata.uid"))), @r#"error: standard input: Pod default/web, container app: env[0] A: fieldRef "metadata.uid": the Pod has no such value yet, and none was given: use --pod-uid"#);
    assert_snapshot!(refused(&[], &pod("web", &field("spec.nodeName"))), @"error: standard input: Pod default/web, container app: env[0] A: the value depends on the Node, which is not known: add the Node to the files, or use --node or --node-ip");
    assert_snapshot!(refused(&[], &pod("web", &value_from("fileKeyRef: {volumeName: v, path: p, key: k}"))), @r#"error: standard input: Pod default/web, container app: env[0] A: fileKeyRef: the volume "v" is not known: use --env-file"#);
    assert_snapshot!(refused(&[], &pod("web", &value_from("configMapKeyRef: {name: c, key: k}"))), @"error: standard input: Pod default/web, container app: env[0] A: there is no ConfigMap default/c: create it, or make the reference optional");
}

#[test]
fn of_several_pods_and_workloads_one_is_chosen() {
    let deployment = "---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: b}, spec: {template: {spec: {containers: [{name: app, env: [{name: A, value: of b}]}]}}}}\n";
    let both = [pod("a", "{name: A, value: of a}"), deployment.to_owned()].concat();
    assert_snapshot!(refused(&[], &both), @"error: which of them: Pod/a, Deployment/b? Choose one with --workload");
    for (chosen, value) in [
        ("pod/a", "of a"),
        ("po/a", "of a"),
        ("pods/a", "of a"),
        ("deploy/b", "of b"),
        ("deployment/b", "of b"),
        ("Deployment/b", "of b"),
        ("deployments.apps/b", "of b"),
    ] {
        assert_eq!(
            printed_with(&["--workload", chosen, "-"], &both),
            format!("A={value}\n"),
            "{chosen}"
        );
    }
    assert_snapshot!(refused(&["--workload=sts/b"], &both), @"error: no StatefulSet default/b is in these files");
    let usage = refused_with(2, &["--workload=svc/b", SHOP], "");
    assert_snapshot!(usage.lines().next().unwrap(), @r#"error: invalid value 'svc/b' for '--workload <KIND/NAME>': "svc" is neither a pod nor a workload"#);
    let usage = refused_with(2, &["--workload=b", SHOP], "");
    assert_snapshot!(usage.lines().next().unwrap(), @"error: invalid value 'b' for '--workload <KIND/NAME>': it should be KIND/NAME, such as deploy/web");
}

#[test]
fn a_pod_of_another_namespace_is_not_meant() {
    let elsewhere =
        pod("a", "{name: A, value: x}").replace("name: a}", "name: a, namespace: prod}");
    let Output { code, stdout, stderr } = run_with(&["-"], &elsewhere);
    assert_eq!((code, stdout.as_str()), (Some(0), ""));
    assert_snapshot!(stderr, @"warning: Pod prod/a is of another namespace: choose that with --namespace if it is meant");
    assert_eq!(printed_with(&["--namespace=prod", "-"], &elsewhere), "A=x\n");
}

#[test]
fn the_first_container_is_meant_unless_another_is_named() {
    let two = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: x, env: [{name: A, value: '1'}]}, {name: y, env: [{name: A, value: '2'}]}], initContainers: [{name: z, env: [{name: A, value: '3'}]}]}}";
    let two = format!("---\n{two}");
    assert_eq!(printed_with(&["-"], &two), "A=1\n");
    assert_eq!(printed_with(&["--container=y", "-"], &two), "A=2\n");
    assert_eq!(printed_with(&["--container=z", "-"], &two), "A=3\n");
    assert_snapshot!(refused(&["--container=w"], &two), @"error: standard input: Pod default/a, container w: the Pod has no container of that name");
}

#[test]
fn the_node_is_the_one_that_the_pod_runs_on() {
    let node = |name: &str, ip: &str| {
        format!(
            "---\n{{apiVersion: v1, kind: Node, metadata: {{name: {name}}}, status: {{addresses: [{{type: InternalIP, address: {ip}}}], allocatable: {{cpu: '2'}}}}}}\n"
        )
    };
    let (one, two) = (node("n1", "192.168.0.1"), node("n2", "192.168.0.2"));
    let web = pod("web", &field("status.hostIP"));
    let on_n2 = web.replace("spec: {", "spec: {nodeName: n2, ");
    let both = [one.as_str(), &two].concat();
    assert_eq!(printed_with(&["-"], &format!("{one}{web}")), "A=192.168.0.1\n");
    assert_eq!(printed_with(&["-"], &format!("{both}{on_n2}")), "A=192.168.0.2\n");
    assert_eq!(printed_with(&["--node=n1", "-"], &format!("{both}{web}")), "A=192.168.0.1\n");
    assert_eq!(printed_with(&["--node-ip=10.1.1.1", "-"], &web), "A=10.1.1.1\n");
    assert_snapshot!(refused(&[], &format!("{both}{web}")), @"error: standard input: document 3: Pod default/web, container app: env[0] A: the value depends on the Node, which is not known: add the Node to the files, or use --node or --node-ip");
    assert_snapshot!(refused(&["--node=n3"], &format!("{both}{web}")), @"error: no Node n3 is in these files");
    let name = pod("web", &field("spec.nodeName"));
    assert_eq!(printed_with(&["--node=n3", "-"], &name), "A=n3\n");
    // What such a Node has for Pods is not known.
    let limit = pod("web", &value_from("resourceFieldRef: {resource: limits.cpu}"));
    assert_eq!(printed_with(&["-"], &format!("{one}{limit}")), "A=2\n");
    assert_snapshot!(refused(&["--node=n3"], &limit), @"error: Pod default/web: env[0] A: the limit is what the Node has: add the Node to the files");
}

#[test]
fn an_older_release_gives_what_it_gave() {
    let web = pod("web", "{name: A, value: $£}");
    assert_eq!(printed_with(&["--release=1.35", "-"], &web), "A=$£\n");
    let file = pod("web", &value_from("fileKeyRef: {volumeName: v, path: p, key: k}"));
    assert_eq!(printed_with(&["--release=v1.34.2+k3s1", "-"], &file), "A=\n");
}

#[test]
fn a_release_that_is_not_known_is_told() {
    let web = pod("web", "{name: A, value: x}");
    let output = run_with(&["--release=1.40", "-"], &web);
    assert_eq!((output.code, output.stdout.as_str()), (Some(0), "A=x\n"));
    assert_snapshot!(output.stderr, @"warning: Kubernetes 1.40 is not known yet: this is what 1.36 does");
    let usage = refused_with(2, &["--release=1.28", "-"], &web);
    assert_snapshot!(usage.lines().next().unwrap(), @"error: invalid value '1.28' for '--release <RELEASE>': Kubernetes 1.28 is too old: 1.29 and later are known");
}

#[cfg(unix)]
#[test]
fn a_command_runs_with_that_environment_only() {
    let web = pod("web", "{name: A, value: x y}, {name: PATH, value: /usr/bin:/bin}");
    assert_eq!(printed_with(&["-", "--", "env"], &web), "A=x y\nPATH=/usr/bin:/bin\n");
    let output = run_with(&["-", "--", "sh", "-c", "exit 3"], &web);
    assert_eq!(output.code, Some(3));
}

#[cfg(unix)]
#[test]
fn a_command_that_cannot_be_run_is_named() {
    let web = pod("web", "{name: A, value: x}");
    assert_snapshot!(refused_with(1, &["-", "--", "/no/such/program"], &web), @"error: /no/such/program: No such file or directory (os error 2)");
    let usage = refused_with(2, &["--redact", "-", "--", "env"], &web);
    assert_snapshot!(usage.lines().next().unwrap(), @"error: the argument '--redact' cannot be used with '[COMMAND]...'");
}

#[test]
fn the_documented_experiment_prints_the_container_s_environment() {
    let kubernetes = "---\n{apiVersion: v1, kind: Service, metadata: {name: kubernetes, namespace: default}, spec: {clusterIP: 10.1.0.1, ports: [{name: https, port: 443}]}}\n";
    let arguments = [
        "--order=dash",
        "--cluster-ip=my-svc-nginx=10.1.237.190",
        "examples/my-dep-nginx.yaml",
        "-",
    ];
    let printed = printed_with(&arguments, kubernetes);
    assert_snapshot!(printed, @"
    KUBERNETES_SERVICE_PORT=443
    KUBERNETES_PORT=tcp://10.1.0.1:443
    MY_SVC_NGINX_SERVICE_HOST=10.1.237.190
    KUBERNETES_PORT_443_TCP_ADDR=10.1.0.1
    MY_SVC_NGINX_SERVICE_PORT=80
    MY_SVC_NGINX_PORT=tcp://10.1.237.190:80
    KUBERNETES_PORT_443_TCP_PORT=443
    KUBERNETES_PORT_443_TCP_PROTO=tcp
    MY_SVC_NGINX_PORT_80_TCP_ADDR=10.1.237.190
    MY_SVC_NGINX_PORT_80_TCP_PORT=80
    MY_SVC_NGINX_PORT_80_TCP_PROTO=tcp
    KUBERNETES_SERVICE_PORT_HTTPS=443
    KUBERNETES_PORT_443_TCP=tcp://10.1.0.1:443
    KUBERNETES_SERVICE_HOST=10.1.0.1
    MY_SVC_NGINX_PORT_80_TCP=tcp://10.1.237.190:80
    ");
}
