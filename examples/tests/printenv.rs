//! The example `printenv`, run as a process.

use super::{Output, run_example};

const SERVICE: &str = "examples/my-svc-nginx.yaml";
const DEPLOYMENT: &str = "examples/my-dep-nginx.yaml";

const KUBELET_ORDER: &str = "\
MY_SVC_NGINX_SERVICE_HOST=10.1.237.190
MY_SVC_NGINX_SERVICE_PORT=80
MY_SVC_NGINX_PORT=tcp://10.1.237.190:80
MY_SVC_NGINX_PORT_80_TCP=tcp://10.1.237.190:80
MY_SVC_NGINX_PORT_80_TCP_PROTO=tcp
MY_SVC_NGINX_PORT_80_TCP_PORT=80
MY_SVC_NGINX_PORT_80_TCP_ADDR=10.1.237.190
";

const DASH_ORDER: &str = "\
MY_SVC_NGINX_SERVICE_HOST=10.1.237.190
MY_SVC_NGINX_SERVICE_PORT=80
MY_SVC_NGINX_PORT=tcp://10.1.237.190:80
MY_SVC_NGINX_PORT_80_TCP_ADDR=10.1.237.190
MY_SVC_NGINX_PORT_80_TCP_PORT=80
MY_SVC_NGINX_PORT_80_TCP_PROTO=tcp
MY_SVC_NGINX_PORT_80_TCP=tcp://10.1.237.190:80
";

const NAME_ORDER: &str = "\
MY_SVC_NGINX_PORT=tcp://10.1.237.190:80
MY_SVC_NGINX_PORT_80_TCP=tcp://10.1.237.190:80
MY_SVC_NGINX_PORT_80_TCP_ADDR=10.1.237.190
MY_SVC_NGINX_PORT_80_TCP_PORT=80
MY_SVC_NGINX_PORT_80_TCP_PROTO=tcp
MY_SVC_NGINX_SERVICE_HOST=10.1.237.190
MY_SVC_NGINX_SERVICE_PORT=80
";

pub(super) fn run_with(arguments: &[&str], stdin: &str) -> Output {
    run_example("printenv", arguments, stdin)
}

/// Returns the standard output. The example must succeed without a warning.
pub(super) fn stdout_with(arguments: &[&str], stdin: &str) -> String {
    let output = run_with(arguments, stdin);
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
    output.stdout
}

pub(super) fn stdout(arguments: &[&str]) -> String {
    stdout_with(arguments, "")
}

/// Returns the standard error. The example must exit with this code and print nothing.
pub(super) fn stderr_with(code: i32, arguments: &[&str], stdin: &str) -> String {
    let output = run_with(arguments, stdin);
    assert_eq!((output.code, output.stdout.as_str()), (Some(code), ""), "{}", output.stderr);
    output.stderr
}

fn stderr(stdin: &str) -> String {
    stderr_with(1, &["--strict", "-"], stdin)
}

fn service_yaml(name: &str, cluster_ip: &str, rest: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Service, metadata: {{name: {name}, namespace: default}}, spec: {{clusterIP: {cluster_ip}{rest}}}}}"
    )
}

/// Returns a YAML document. It starts with `---`, because a leading brace would mean JSON.
fn document(name: &str, cluster_ip: &str, rest: &str) -> String {
    format!("---\n{}\n", service_yaml(name, cluster_ip, rest))
}

#[test]
fn prints_documented_variables_in_every_order() {
    assert_eq!(stdout(&[SERVICE]), KUBELET_ORDER);
    assert_eq!(stdout(&["--order", "kubelet", SERVICE]), KUBELET_ORDER);
    assert_eq!(stdout(&["--order", "dash", SERVICE]), DASH_ORDER);
    assert_eq!(stdout(&["--order=name", SERVICE]), NAME_ORDER);
}

#[test]
fn null_option_ends_variables_with_nul() {
    assert_eq!(stdout(&["-0", SERVICE]), KUBELET_ORDER.replace('\n', "\0"));
    assert_eq!(stdout(&["--null", "--order", "dash", SERVICE]), DASH_ORDER.replace('\n', "\0"));
}

#[test]
fn service_appears_after_a_restart() {
    let kubernetes = document("kubernetes", "10.1.0.1", ", ports: [{name: https, port: 443}]");
    let grep = |arguments: &[&str]| -> String {
        let stdout = stdout_with(arguments, &kubernetes);
        assert!(stdout.contains("KUBERNETES_SERVICE_HOST=10.1.0.1\n"));
        stdout.split_inclusive('\n').filter(|line| line.contains("MY_SVC")).collect()
    };
    assert_eq!(grep(&["--order", "dash", "-"]), "");
    let started_before = ["--order", "dash", "--at", "2026-11-22T09:00:00Z", SERVICE, "-"];
    assert_eq!(grep(&started_before), "");
    let started_again = ["--order", "dash", "--at", "2026-11-22T09:31:00Z", SERVICE, "-"];
    assert_eq!(grep(&started_again), DASH_ORDER);
}

#[test]
fn service_exists_from_its_creation_time() {
    assert_eq!(stdout(&["--at", "2026-11-22T09:29:59Z", SERVICE]), "");
    assert_eq!(stdout(&["--at", "2026-11-22T09:30:00Z", SERVICE]), KUBELET_ORDER);
    assert_eq!(stdout(&["--at", "2026-11-22T10:30:01+01:00", SERVICE]), KUBELET_ORDER);
}

#[test]
fn manifest_without_address_gets_a_warning() {
    let output = run_with(&["--strict", DEPLOYMENT], "");
    assert_eq!((output.code, output.stdout.as_str()), (Some(0), ""));
    insta::assert_snapshot!(output.stderr, @"warning: Service default/my-svc-nginx has no clusterIP yet and therefore no variables: set one with --cluster-ip my-svc-nginx=IP");

    assert_eq!(
        stdout(&["--strict", "--cluster-ip", "my-svc-nginx=10.1.237.190", DEPLOYMENT]),
        KUBELET_ORDER
    );
    let in_prod =
        ["--strict", "--namespace=prod", "--cluster-ip=prod/my-svc-nginx=10.1.237.190", DEPLOYMENT];
    assert_eq!(stdout(&in_prod), KUBELET_ORDER);
    let two =
        [document("a", "''", ", ports: [{port: 1}]"), document("b", "", ", ports: [{port: 2}]")]
            .concat();
    let stdout = stdout_with(&["--cluster-ip=a=10.0.0.1", "--cluster-ip=b=2001:DB8::1", "-"], &two);
    assert!(
        stdout.contains("A_SERVICE_HOST=10.0.0.1\n")
            && stdout.contains("B_PORT=tcp://[2001:DB8::1]:2\n")
    );
}

#[test]
fn only_visible_services_get_a_warning() {
    for silent in [
        document("db", "None", ", ports: [{port: 1}]"),
        document("elsewhere", "", ", type: ExternalName"),
        document("web", "", ", ports: [{port: 1}]")
            .replace("namespace: default", "namespace: prod"),
    ] {
        assert_eq!(stdout_with(&["--strict", "-"], &silent), "");
    }
    let web = document("web", "", ", ports: [{port: 1}]");
    assert_eq!(stdout_with(&["--strict", "--no-service-links", "-"], &web), "");
    let master = document("kubernetes", "", ", ports: [{port: 443}]");
    let output = run_with(&["--strict", "--namespace", "prod", "--no-service-links", "-"], &master);
    insta::assert_snapshot!(output.stderr, @"warning: Service default/kubernetes has no clusterIP yet and therefore no variables: set one with --cluster-ip default/kubernetes=IP");
    let named = [
        "--strict",
        "--namespace",
        "prod",
        "--no-service-links",
        "--cluster-ip",
        "default/kubernetes=10.1.0.1",
        "-",
    ];
    assert!(stdout_with(&named, &master).starts_with("KUBERNETES_SERVICE_HOST=10.1.0.1\n"));
}

#[test]
fn namespace_and_links_select_services() {
    let kubernetes = document("kubernetes", "10.1.0.1", ", ports: [{port: 443}]");
    let seen = |arguments: &[&str]| {
        let stdout = stdout_with(arguments, &kubernetes);
        let names =
            stdout.lines().filter_map(|line| Some(line.split_once("_SERVICE_HOST=")?.0.to_owned()));
        names.collect::<Vec<_>>()
    };
    assert_eq!(seen(&[SERVICE, "-"]), ["KUBERNETES", "MY_SVC_NGINX"]);
    assert_eq!(seen(&["--namespace", "default", SERVICE, "-"]), ["KUBERNETES", "MY_SVC_NGINX"]);
    assert_eq!(seen(&["--namespace", "prod", SERVICE, "-"]), ["KUBERNETES"]);
    assert_eq!(seen(&["--no-service-links", SERVICE, "-"]), ["KUBERNETES"]);
}

#[test]
fn reads_several_documents_and_files() {
    let json = |name: &str| {
        format!(
            r#"{{"apiVersion": "v1", "kind": "Service", "metadata": {{"name": "{name}"}},
                "spec": {{"clusterIP": "10.0.0.1", "ports": [{{"port": 80}}]}}}}"#
        )
    };
    let hosts = |stdin: &str| {
        let stdout = stdout_with(&[SERVICE, "-"], stdin);
        stdout.lines().filter(|line| line.contains("_SERVICE_HOST=")).collect::<Vec<_>>().join("\n")
    };
    let expected =
        "A_SERVICE_HOST=10.0.0.1\nB_SERVICE_HOST=10.0.0.1\nMY_SVC_NGINX_SERVICE_HOST=10.1.237.190";
    assert_eq!(hosts(&[json("b"), json("a")].join("\n")), expected);
    assert_eq!(hosts(&format!("\n{}", [json("b"), json("a")].concat())), expected);
    let list = format!(
        r#"{{"apiVersion": "v1", "items": [{}, {}], "kind": "List"}}"#,
        json("b"),
        json("a")
    );
    assert_eq!(hosts(&list), expected);
    assert_eq!(hosts(&format!("---\n{}\n---\n---\n{}\n", json("b"), json("a"))), expected);
    assert_eq!(stdout_with(&["-"], ""), "");
    assert_eq!(stdout_with(&["-"], "# nothing\n---\n"), "");
}

#[test]
fn reads_five_thousand_services() {
    let documents: String = (0..5_000)
        .map(|number| document(&format!("svc-{number}"), "10.0.0.1", ", ports: [{port: 80}]"))
        .collect();
    assert_eq!(stdout_with(&["-"], &documents).lines().count(), 35_000);
}

#[test]
fn rejects_unreadable_files() {
    insta::assert_snapshot!(stderr_with(1, &["no-such-file.yaml"], ""), @"error: no-such-file.yaml: No such file or directory (os error 2)");
    insta::assert_snapshot!(stderr_with(1, &[SERVICE, "no-such-file.yaml"], ""), @"error: no-such-file.yaml: No such file or directory (os error 2)");
}

#[test]
fn rejects_text_that_does_not_parse() {
    insta::assert_snapshot!(stderr("apiVersion: v1\nkind: [Service\n"), @"error: standard input: not YAML: did not find expected ',' or ']' at line 3 column 1, while parsing a flow sequence at line 2 column 7");
    insta::assert_snapshot!(stderr("{\"apiVersion\": \"v1\",\n \"kind\": }"), @"error: standard input: not JSON: expected value at line 2 column 10");
    insta::assert_snapshot!(stderr(&(document("a", "None", "") + "---\na: b: c\n")), @"error: standard input: not YAML: mapping values are not allowed in this context at line 4 column 5");
}

#[test]
fn byte_order_mark_is_ignored() {
    let yaml = document("a", "10.0.0.1", ", ports: [{port: 80}]");
    let json = r#"{"apiVersion":"v1","kind":"List","items":[]}"#;
    assert!(stdout_with(&["-"], &format!("\u{feff}{yaml}")).starts_with("A_SERVICE_HOST="));
    assert_eq!(stdout_with(&["-"], &format!("\u{feff}{json}")), "");
}

/// The parser needs half a minute for this.
#[test]
fn deeply_nested_yaml_is_rejected_unparsed() {
    insta::assert_snapshot!(stderr(&("a: ".to_owned() + &"[".repeat(100_000))), @"error: standard input: not YAML: more than 500 brackets are not closed");
    let closed = "a: ".to_owned() + &"[],".repeat(1_000);
    assert!(!stderr(&closed).contains("brackets"));
}

/// Each document is dropped before the next one is read, and multiplies its text by 32 at most.
#[test]
fn aliases_are_limited_by_the_length_of_the_file() {
    let items = |alias: &str| [alias; 200].join(",");
    let yaml = format!("a: &a [{}]\nb: &b [{}]\nc: [{}]\n", items("x"), items("*a"), items("*b"));
    insta::assert_snapshot!(stderr(&yaml), @"error: standard input: not YAML: b[6]: the document with its aliases expanded is larger than 51872 bytes (DocumentLimits::size) at line 1 column 4");
}

#[test]
fn rejects_values_that_are_not_objects() {
    insta::assert_snapshot!(stderr("just words\n"), @r#"error: standard input: the object is "just words", but should be an object"#);
    insta::assert_snapshot!(stderr("kind: Service\nmetadata:\n  name: web\n"), @"error: standard input: Service web: apiVersion is missing");
    insta::assert_snapshot!(stderr("apiVersion: v1\nmetadata:\n  name: web\n"), @"error: standard input: object web: kind is missing");
    insta::assert_snapshot!(stderr("apiVersion: v1\nkind: Service\n"), @"error: standard input: Service: metadata.name is missing");
}

#[test]
fn rejects_invalid_ports() {
    let port =
        |port: &str| stderr(&document("web", "10.0.0.1", &format!(", ports: [{{port: {port}}}]")));
    insta::assert_snapshot!(port("70000"), @"error: standard input: Service default/web: spec.ports[0].port is 70000, but should be a port number from 1 to 65535");
    insta::assert_snapshot!(port("0"), @"error: standard input: Service default/web: spec.ports[0].port is 0, but should be a port number from 1 to 65535");
    insta::assert_snapshot!(port("http"), @r#"error: standard input: Service default/web: spec.ports[0].port is "http", but should be a port number from 1 to 65535"#);
    insta::assert_snapshot!(port("'80'"), @r#"error: standard input: Service default/web: spec.ports[0].port is "80", but should be a port number from 1 to 65535"#);
}

#[test]
fn rejects_invalid_protocols() {
    let web = document("web", "10.0.0.1", ", ports: [{port: 80}, {port: 81, protocol: HTTP}]");
    insta::assert_snapshot!(stderr(&web), @r#"error: standard input: Service default/web: spec.ports[1].protocol is "HTTP", but should be TCP, UDP or SCTP"#);
    insta::assert_snapshot!(stderr(&(document("a", "None", "") + &web)), @r#"error: standard input: document 2: Service default/web: spec.ports[1].protocol is "HTTP", but should be TCP, UDP or SCTP"#);
}

#[test]
fn error_names_the_list_item() {
    let list = r#"{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Event"},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": 70000}]}}]}"#;
    insta::assert_snapshot!(stderr(list), @"error: standard input: Service web: items[1].spec.ports[0].port is 70000, but should be a port number from 1 to 65535");
}

#[test]
fn rejects_duplicate_services() {
    let web = document("web", "10.0.0.1", ", ports: [{port: 80}]");
    insta::assert_snapshot!(stderr(&[web.as_str(), &web].concat()), @"error: standard input: document 2: Service default/web is defined twice: metadata.name must be unique in a namespace, so rename or remove one");
    insta::assert_snapshot!(stderr_with(1, &["--strict", SERVICE, SERVICE], ""), @"error: examples/my-svc-nginx.yaml: Service default/my-svc-nginx is defined twice: metadata.name must be unique in a namespace, so rename or remove one");
    // One Service names its namespace and the other defaults to it.
    insta::assert_snapshot!(stderr_with(1, &["--strict", SERVICE, DEPLOYMENT], ""), @"error: examples/my-dep-nginx.yaml: document 2: Service default/my-svc-nginx is defined twice: metadata.name must be unique in a namespace, so rename or remove one");
    assert_eq!(stdout_with(&["--namespace", "prod", SERVICE, "-"], &web), "");
}

#[test]
fn rejects_address_without_ports() {
    let web = document("web", "10.0.0.1", "");
    insta::assert_snapshot!(stderr(&web), @"error: standard input: Service default/web: spec.ports is empty, but spec.clusterIP has an address: declare a port, or make the Service headless with clusterIP: None");
    let several =
        [document("a", "None", ""), document("b", "", ", ports: [{port: 1}]"), web.clone()]
            .concat();
    insta::assert_snapshot!(stderr_with(1, &["--strict", SERVICE, "-"], &several), @"error: standard input: document 3: Service default/web: spec.ports is empty, but spec.clusterIP has an address: declare a port, or make the Service headless with clusterIP: None");
    // No container of that namespace sees the Service.
    assert_eq!(stdout_with(&["--namespace", "prod", "-"], &web), "");
}

#[test]
fn rejects_address_for_no_service() {
    let give = |address: &str| stderr_with(1, &["--cluster-ip", address, SERVICE], "");
    insta::assert_snapshot!(give("web=10.0.0.1"), @"error: --cluster-ip web=10.0.0.1: there is no Service default/web that awaits a clusterIP");
    insta::assert_snapshot!(give("my-svc-nginx=10.0.0.1"), @"error: --cluster-ip my-svc-nginx=10.0.0.1: there is no Service default/my-svc-nginx that awaits a clusterIP");
}

#[test]
fn invalid_arguments_are_usage_errors() {
    insta::assert_snapshot!(stderr_with(2, &["--cluster-ip", "web", SERVICE], ""), @"
    error: invalid value 'web' for '--cluster-ip <NAME=IP>': expected NAME=IP

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(stderr_with(2, &["--cluster-ip", "web=", SERVICE], ""), @r#"
    error: invalid value 'web=' for '--cluster-ip <NAME=IP>': "" is not an IP address: invalid IP address syntax

    For more information, try '--help'.
    "#);
    insta::assert_snapshot!(stderr_with(2, &["--at", "noon", SERVICE], ""), @r#"
    error: invalid value 'noon' for '--at <TIME>': "noon" is not a time in RFC 3339, such as 2026-11-22T09:30:00Z

    For more information, try '--help'.
    "#);
    insta::assert_snapshot!(stderr_with(2, &["--order", "random", SERVICE], ""), @"
    error: invalid value 'random' for '--order <ORDER>'
      [possible values: kubelet, name, dash]

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(stderr_with(2, &[], "").lines().next().unwrap(), @"error: the following required arguments were not provided:");
}

#[test]
fn help_lists_every_argument() {
    insta::assert_snapshot!(stdout(&["--help"]), @"
    Print the environment that the kubelet gives a container, or run a command with it

    Usage: printenv [OPTIONS] <FILE>... [-- <COMMAND>...]

    Arguments:
      <FILE>...     Files of YAML or JSON documents, written by hand or printed by `kubectl get`; `-` is standard input, and a directory means all *.yaml, *.yml and *.json below it
      [COMMAND]...  Run this command with only that environment. It does not run with an unknown value

    Options:
          --namespace <NAMESPACE>        Namespace of the Pod and of objects without a namespace [default: default]
          --all                          Use every container of every Pod and workload, each under a line `# KIND NAMESPACE/NAME CONTAINER`
          --strict                       Treat the files as all that the cluster has: a missing object or fact is an error, and so is a file that holds no Kubernetes object
          --no-service-links             Treat the Pod as if it had `enableServiceLinks: false`
          --cluster-ip <NAME=IP>         Set the address of a Service that has none yet (may be repeated)
          --service-cidr <CIDR>          Give every Service without an address one of this range, such as 10.96.0.0/16
          --workload <KIND/NAME>         Pod or workload to use if there are several, such as deploy/web or pod/web-0
          --container <NAME>             Container to use [default: that of the annotation kubectl.kubernetes.io/default-container, or the first]
          --pod-name <NAME>              Name of the Pod
          --pod-uid <UID>                UID of the Pod
          --index <NUMBER>               Ordinal of the Pod of a StatefulSet, or completion index of that of a Job
          --static                       Treat the Pod as a static Pod, which the kubelet reads from a file
          --pod-ip <IP>                  Address of the Pod, the primary one first (may be repeated)
          --node <NAME>                  Node of the Pod
          --node-ip <IP>                 Address of the Node, as passed to the kubelet (may be repeated)
          --env-file <VOLUME:PATH=FILE>  File that a fileKeyRef reads (may be repeated)
          --release <RELEASE>            Release of Kubernetes, such as 1.33 or v1.33.5+k3s1 [default: 1.37]
          --process                      Use the environment of process 1, with the additions of the container runtime, the image and runc
          --image-config <FILE>          Configuration of the container's image: the output of `docker inspect`, `crane config` or `skopeo inspect --config`
          --passwd <FILE>                /etc/passwd of the image, for HOME
          --runtime <RUNTIME>            Container runtime of the Node [default: containerd] [possible values: containerd, cri-o]
          --runc <VERSION>               Version of runc, such as 1.2.6 [default: 1.3]
          --node-hostname <NAME>         Hostname of the Node, for Pods with hostNetwork
          --cluster-domain <DOMAIN>      Domain of the cluster, for Pods with setHostnameAsFQDN [default: cluster.local]
          --order <ORDER>                Order of the variables: that of the kubelet, by name, or that of a program started from dash [default: kubelet] [possible values: kubelet, name, dash]
          --at <TIME>                    Start time of the container, such as 2026-11-22T09:30:00Z. Objects created later are ignored
      -0, --null                         End each variable with NUL instead of a line feed
          --redact                       Print [redacted] instead of values that contain a Secret
          --placeholders                 Run the command even if values are unknown, with their placeholders
      -h, --help                         Print help

    The container runtime, the image and runc add variables such as PATH, HOSTNAME and HOME to that environment: --process shows the result.
    ");
}

#[test]
fn rejects_scalars_that_kubectl_reads_differently() {
    let config_map = |data: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n{data}\n")
    };
    let error = |data: &str| {
        let output = run_with(&["--strict", "-"], &config_map(data));
        assert_ne!(output.code, Some(0), "{data}");
        output.stderr
    };
    insta::assert_snapshot!(error("  A: yes"), @"error: standard input: line 5: yes is a boolean in YAML 1.1, which kubectl reads: quote it, or write it out");
    insta::assert_snapshot!(error("  NO: x"), @"error: standard input: line 5: NO is a boolean in YAML 1.1, which kubectl reads: quote it, or write it out");
    insta::assert_snapshot!(error("  010: x"), @"error: standard input: line 5: 010 is an octal number in YAML 1.1, which kubectl reads: quote it, or write it out");
    for data in
        ["  A: |\n    x\n  B: off", "  {A: n}", "  A: On # on", "  A: &a y", "  A: 'x'\n  B: 1_0"]
    {
        assert!(error(data).contains("quote it"), "{data}");
    }
    for data in [
        "  A: 'yes'",
        "  A: \"no\"",
        "  A: !!str no",
        "  A: |\n    no\n    010: yes\n  B: x",
        "  A: nO",
        "  A: yes please",
        "  A: x # no",
        "  A: 'it''s\n    no'",
        "  A: http://no",
        "  A: 08:15",
    ] {
        let output = run_with(&["--strict", "-"], &config_map(data));
        assert_eq!(output.code, Some(0), "{data}: {}", output.stderr);
    }
}
