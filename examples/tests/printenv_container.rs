//! The example `printenv` where a Pod or workload is among the objects, run as a process.

use insta::assert_snapshot;

use super::Output;
use super::printenv::{self, stderr_with, stdout};

const SHOP: &str = "examples/worked/shop.yaml";

/// The facts that the worked example needs.
const FACTS: [&str; 9] = [
    "--strict",
    "--namespace=shop",
    "--pod-name=storefront-7d4b9",
    "--pod-ip=10.244.1.23",
    "--env-file=features:shop.env=examples/worked/shop.env",
    "--order=name",
    "--node=worker-3",
    "--pod-uid=8f4c",
    SHOP,
];

fn facts_and(more: &[&'static str]) -> Vec<&'static str> {
    [&FACTS, more].concat()
}

fn run_with(arguments: &[&str], stdin: &str) -> Output {
    printenv::run_with(&[&["--strict"], arguments].concat(), stdin)
}

fn stdout_with(arguments: &[&str], stdin: &str) -> String {
    printenv::stdout_with(&[&["--strict"], arguments].concat(), stdin)
}

/// Returns a Pod in the namespace `default` whose container has this `env`.
fn pod_yaml(name: &str, env: &str) -> String {
    format!(
        "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}, spec: {{containers: [{{name: app, env: [{env}]}}]}}}}\n"
    )
}

/// Returns an entry `A` with a `valueFrom`.
fn value_from(source: &str) -> String {
    format!("{{name: A, valueFrom: {{{source}}}}}")
}

/// Returns an entry `A` that refers to a field of the Pod.
fn field_ref(path: &str) -> String {
    value_from(&format!("fieldRef: {{fieldPath: {path}}}"))
}

/// Returns the standard error for this standard input. The example must fail and print nothing.
fn stderr(arguments: &[&str], stdin: &str) -> String {
    stderr_with(1, &[&["--strict"], arguments, &["-"]].concat(), stdin)
}

#[test]
fn prints_the_worked_example() {
    assert_snapshot!(stdout(&FACTS), @r#"
    APP=storefront
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
fn redact_option_hides_secrets() {
    let redacted = stdout(&facts_and(&["--redact"]));
    assert!(!redacted.contains("horse"));
    let lines: Vec<&str> = redacted.lines().filter(|line| line.contains("[redacted]")).collect();
    assert_snapshot!(lines.join("\n"), @"
    DATABASE_URL=[redacted]
    DB_PASSWORD=[redacted]
    DB_USER=[redacted]
    FEATURES=[redacted]
    PGPASSWORD=[redacted]
    ");
    let with_nul = stdout(&facts_and(&["--redact", "-0"]));
    assert!(with_nul.contains("\0DB_PASSWORD=[redacted]\0"));
}

#[test]
fn missing_facts_name_the_argument() {
    assert_snapshot!(stderr_with(1, &["--strict", "--namespace=shop", SHOP], ""), @r#"error: examples/worked/shop.yaml: document 6: Deployment shop/storefront: Pod in shop, container app: env[3] POD_NAME: fieldRef "metadata.name": only the cluster decides this value, and it was not provided: use --pod-name"#);
    assert_snapshot!(stderr(&[], &pod_yaml("web", &field_ref("status.podIP"))), @r#"error: standard input: Pod default/web, container app: env[0] A: fieldRef "status.podIP": the Pod has no such value yet, and none was given: use --pod-ip"#);
    assert_snapshot!(stderr(&[], &pod_yaml("web", &field_ref("metadata.uid"))), @r#"error: standard input: Pod default/web, container app: env[0] A: fieldRef "metadata.uid": only the cluster decides this value, and it was not provided: use --pod-uid"#);
    assert_snapshot!(stderr(&[], &pod_yaml("web", &field_ref("spec.nodeName"))), @"error: standard input: Pod default/web, container app: env[0] A: the value depends on the Node, which is not known: add the Node to the files, or use --node or --node-ip");
    assert_snapshot!(stderr(&[], &pod_yaml("web", &value_from("fileKeyRef: {volumeName: v, path: p, key: k}"))), @r#"error: standard input: Pod default/web, container app: env[0] A: fileKeyRef: the volume "v" is not known: use --env-file"#);
    assert_snapshot!(stderr(&[], &pod_yaml("web", &value_from("configMapKeyRef: {name: c, key: k}"))), @"error: standard input: Pod default/web, container app: env[0] A: there is no ConfigMap default/c: create it, or make the reference optional");
}

#[test]
fn chooses_a_pod_or_workload() {
    let deployment = "---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: b}, spec: {template: {spec: {containers: [{name: app, env: [{name: A, value: of b}]}]}}}}\n";
    let both = [pod_yaml("a", "{name: A, value: of a}"), deployment.to_owned()].concat();
    assert_snapshot!(stderr(&[], &both), @"error: several Pods or workloads: Pod/a, Deployment/b: choose one with --workload, or use --all");
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
            stdout_with(&["--workload", chosen, "-"], &both),
            format!("A={value}\n"),
            "{chosen}"
        );
    }
    assert_snapshot!(stderr(&["--workload=sts/b"], &both), @"error: there is no StatefulSet default/b, but Pod default/a, Deployment default/b");
    assert_snapshot!(stderr(&["--workload=svc/b"], &both), @r#"error: "svc" is neither a Pod nor a workload: expected a name such as deploy/web or pod/web-0"#);
    assert_eq!(stdout_with(&["--workload=a", "-"], &both), "A=of a\n");
}

#[test]
fn ignores_pods_of_other_namespaces() {
    let elsewhere =
        pod_yaml("a", "{name: A, value: x}").replace("name: a}", "name: a, namespace: prod}");
    let Output { code, stdout, stderr } = run_with(&["-"], &elsewhere);
    assert_eq!((code, stdout.as_str()), (Some(0), ""));
    assert_snapshot!(stderr, @"warning: Pod prod/a is in another namespace: use --namespace to select it");
    assert_eq!(stdout_with(&["--namespace=prod", "-"], &elsewhere), "A=x\n");
}

#[test]
fn first_container_is_the_default() {
    let two = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: x, env: [{name: A, value: '1'}]}, {name: w, env: [{name: A, value: '2'}]}], initContainers: [{name: z, env: [{name: A, value: '3'}]}]}}";
    let two = format!("---\n{two}");
    assert_eq!(stdout_with(&["-"], &two), "A=1\n");
    assert_eq!(stdout_with(&["--container=w", "-"], &two), "A=2\n");
    assert_eq!(stdout_with(&["--container=z", "-"], &two), "A=3\n");
    assert_snapshot!(stderr(&["--container=q"], &two), @"error: standard input: Pod default/a, container q: the Pod has no container of that name");
}

#[test]
fn uses_the_node_of_the_pod() {
    let node = |name: &str, ip: &str| {
        format!(
            "---\n{{apiVersion: v1, kind: Node, metadata: {{name: {name}}}, status: {{addresses: [{{type: InternalIP, address: {ip}}}], allocatable: {{cpu: '2'}}}}}}\n"
        )
    };
    let (one, two) = (node("n1", "192.168.0.1"), node("n2", "192.168.0.2"));
    let web = pod_yaml("web", &field_ref("status.hostIP"));
    let on_n2 = web.replace("spec: {", "spec: {nodeName: n2, ");
    let both = [one.as_str(), &two].concat();
    assert_eq!(stdout_with(&["-"], &format!("{one}{web}")), "A=192.168.0.1\n");
    assert_eq!(stdout_with(&["-"], &format!("{both}{on_n2}")), "A=192.168.0.2\n");
    assert_eq!(stdout_with(&["--node=n1", "-"], &format!("{both}{web}")), "A=192.168.0.1\n");
    assert_eq!(stdout_with(&["--node-ip=10.1.1.1", "-"], &web), "A=10.1.1.1\n");
    assert_snapshot!(stderr(&[], &format!("{both}{web}")), @"error: standard input: document 3: Pod default/web, container app: env[0] A: the value depends on the Node, which is not known: add the Node to the files, or use --node or --node-ip");
    assert_snapshot!(stderr(&["--node=n3"], &format!("{both}{web}")), @"error: no Node n3 is in these files");
    let name = pod_yaml("web", &field_ref("spec.nodeName"));
    assert_eq!(stdout_with(&["--node=n3", "-"], &name), "A=n3\n");
    // The allocatable resources of such a Node are unknown.
    let limit = pod_yaml("web", &value_from("resourceFieldRef: {resource: limits.cpu}"));
    assert_eq!(stdout_with(&["-"], &format!("{one}{limit}")), "A=2\n");
    assert_snapshot!(stderr(&["--node=n3"], &limit), @"error: Pod default/web: env[0] A: the limit depends on the Node: add the Node to the files");
}

#[test]
fn older_release_gives_older_values() {
    let web = pod_yaml("web", "{name: A, value: $£}");
    assert_eq!(stdout_with(&["--release=1.35", "-"], &web), "A=$£\n");
    let file = pod_yaml("web", &value_from("fileKeyRef: {volumeName: v, path: p, key: k}"));
    assert_eq!(stdout_with(&["--release=v1.34.2+k3s1", "-"], &file), "A=\n");
}

#[test]
fn warns_of_unknown_releases() {
    let web = pod_yaml("web", "{name: A, value: x}");
    let output = run_with(&["--release=1.40", "-"], &web);
    assert_eq!((output.code, output.stdout.as_str()), (Some(0), "A=x\n"));
    assert_snapshot!(output.stderr, @"warning: Kubernetes 1.40 is not known yet: using the rules of 1.37");
    let usage = stderr_with(2, &["--release=1.28", "-"], &web);
    assert_snapshot!(usage.lines().next().unwrap(), @"error: invalid value '1.28' for '--release <RELEASE>': Kubernetes 1.28 is too old: use 1.29 or later");
}

#[cfg(unix)]
#[test]
fn command_runs_with_only_that_environment() {
    let web = pod_yaml("web", "{name: A, value: x y}, {name: PATH, value: /usr/bin:/bin}");
    assert_eq!(stdout_with(&["-", "--", "env"], &web), "A=x y\nPATH=/usr/bin:/bin\n");
    let output = run_with(&["-", "--", "sh", "-c", "exit 3"], &web);
    assert_eq!(output.code, Some(3));
}

#[cfg(unix)]
#[test]
fn error_names_the_failing_command() {
    let web = pod_yaml("web", "{name: A, value: x}");
    assert_snapshot!(stderr_with(1, &["--strict", "-", "--", "/no/such/program"], &web), @"error: /no/such/program: No such file or directory (os error 2)");
    let usage = stderr_with(2, &["--redact", "-", "--", "env"], &web);
    assert_snapshot!(usage.lines().next().unwrap(), @"error: the argument '--redact' cannot be used with '[COMMAND]...'");
}

#[test]
fn documented_experiment_prints_environment() {
    let kubernetes = "---\n{apiVersion: v1, kind: Service, metadata: {name: kubernetes, namespace: default}, spec: {clusterIP: 10.1.0.1, ports: [{name: https, port: 443}]}}\n";
    let arguments = [
        "--order=dash",
        "--cluster-ip=my-svc-nginx=10.1.237.190",
        "examples/my-dep-nginx.yaml",
        "-",
    ];
    let printed = stdout_with(&arguments, kubernetes);
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
