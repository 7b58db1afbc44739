//! Every reason for which a container cannot be composed.

use std::error::Error;

use insta::assert_snapshot;
use kubelet_env::api::{Node, PodSpec, PodStatus};
use kubelet_env::container::EnvFiles;
use kubelet_env::environment::{Entry, Size};
use kubelet_env::{ComposeErrorKind, Facts, compose};

use super::{Case, error, field_ref};
use crate::support::documents::read_yaml;
use crate::support::yaml;

fn field_error(path: &str) -> String {
    error(&field_ref(path))
}

fn file_key_ref(volume: &str, path: &str, key: &str) -> String {
    format!(
        "env: [{{name: A, valueFrom: {{fileKeyRef: {{volumeName: {volume}, path: {path}, key: {key}}}}}}}]"
    )
}

fn resource_ref(selector: &str) -> String {
    format!("env: [{{name: A, valueFrom: {{resourceFieldRef: {selector}}}}}]")
}

#[test]
fn unknown_container() {
    let case = Case::new("{}");
    let error = compose(&case.pod, "application", &case.facts()).unwrap_err();
    assert_snapshot!(error, @"Pod shop/web-0, container application: the Pod has no container of that name");
    assert_eq!((error.entry(), error.variable()), (None, None));
}

#[test]
fn missing_enable_service_links() {
    let mut case = Case::new("{}");
    case.pod.spec.enable_service_links = None;
    case.services_listed = false;
    assert_snapshot!(case.error(), @"Pod shop/web-0, container app: spec.enableServiceLinks is absent: the API server fills in true, and so does Pod::with_defaults");
}

#[test]
fn services_not_listed_yet() {
    let mut case = Case::new("env: [{name: A, value: $(DB_SERVICE_HOST)}]");
    case.services_listed = false;
    assert_snapshot!(case.error(), @"Pod shop/web-0, container app: the Services have not been listed yet, and this is not a static Pod: try again later");
    let source = |case: &mut Case, source: &str| {
        case.pod.metadata.annotations.insert("kubernetes.io/config.source".into(), source.into());
    };
    source(&mut case, "api");
    assert!(case.compose().is_err());
    // A static Pod starts without waiting for Services.
    source(&mut case, "file");
    assert!(case.report().starts_with("env[0]: A=\"10.0.0.11\"\n"));
}

#[test]
fn service_without_ports() {
    let mut case = Case::new("{}");
    let web = "{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {clusterIP: 10.0.0.12}}";
    case.objects.merge(read_yaml(web)).unwrap();
    assert_snapshot!(case.error(), @"Pod shop/web-0, container app: Service shop/web: spec.ports is empty, but spec.clusterIP has an address: declare a port, or make the Service headless with clusterIP: None");
}

#[test]
fn missing_object() {
    assert_snapshot!(error("envFrom: [{}, {configMapRef: {name: absent}}]"), @"Pod shop/web-0, container app: envFrom[1]: there is no ConfigMap shop/absent: create it, or make the reference optional");
    assert_snapshot!(error("envFrom: [{secretRef: {name: absent, optional: false}}]"), @"Pod shop/web-0, container app: envFrom[0]: there is no Secret shop/absent: create it, or make the reference optional");
    assert_snapshot!(error("env: [{name: A, valueFrom: {configMapKeyRef: {name: elsewhere, key: COLOR}}}]"), @"Pod shop/web-0, container app: env[0] A: there is no ConfigMap shop/elsewhere: create it, or make the reference optional");
    assert_snapshot!(error("env: [{name: A}, {name: B, valueFrom: {secretKeyRef: {name: absent, key: USER}}}]"), @"Pod shop/web-0, container app: env[1] B: there is no Secret shop/absent: create it, or make the reference optional");
}

#[test]
fn missing_key() {
    assert_snapshot!(error("env: [{name: A, valueFrom: {configMapKeyRef: {name: settings, key: color}}}]"), @r#"Pod shop/web-0, container app: env[0] A: ConfigMap shop/settings has no key "color": add it, or make the reference optional"#);
    assert_snapshot!(error("env: [{name: A, valueFrom: {secretKeyRef: {name: login, key: 'a\"b'}}}]"), @r#"Pod shop/web-0, container app: env[0] A: Secret shop/login has no key "a\"b": add it, or make the reference optional"#);
}

#[test]
fn unsupported_field() {
    assert_snapshot!(field_error("spec.restartPolicy"), @r#"Pod shop/web-0, container app: env[0] A: fieldRef "spec.restartPolicy": unsupported fieldPath"#);
    assert_snapshot!(field_error("status.phase"), @r#"Pod shop/web-0, container app: env[0] A: fieldRef "status.phase": unsupported fieldPath"#);
    assert_snapshot!(field_error("status"), @r#"Pod shop/web-0, container app: env[0] A: fieldRef "status": field label not supported"#);
    assert_snapshot!(field_error("['app']"), @r#"Pod shop/web-0, container app: env[0] A: fieldRef "['app']": field label not supported"#);
    assert_snapshot!(field_error("metadata.name['app']"), @r#"Pod shop/web-0, container app: env[0] A: fieldRef "metadata.name['app']": field label does not support subscript"#);
    assert_snapshot!(error("env: [{name: A, valueFrom: {fieldRef: {apiVersion: v2, fieldPath: metadata.name}}}]"), @r#"Pod shop/web-0, container app: env[0] A: fieldRef "metadata.name": unsupported pod version: "v2", which must be v1 (Pod::with_defaults fills it in)"#);
    let mut case = Case::new("{}");
    let undefaulted: PodSpec =
        yaml(&format!("containers: [{{name: app, {}}}]", field_ref("metadata.name")));
    case.pod.spec.containers = undefaulted.containers;
    assert_snapshot!(case.error(), @r#"Pod shop/web-0, container app: env[0] A: fieldRef "metadata.name": unsupported pod version: "", which must be v1 (Pod::with_defaults fills it in)"#);
}

#[test]
fn invalid_subscript() {
    let label = |key: &str| field_error(&format!("metadata.labels['{key}']"));
    let long = "x".repeat(64);
    let keys = ["", "/x", "a/b/c", "a/", "A.com/x", "-x", "it's", long.as_str()];
    assert_snapshot!(keys.map(label).join("\n"), @r#"
    Pod shop/web-0, container app: env[0] A: fieldRef "metadata.labels['']": invalid key subscript: name part must be non-empty
    Pod shop/web-0, container app: env[0] A: fieldRef "metadata.labels['/x']": invalid key subscript: prefix part must be non-empty
    Pod shop/web-0, container app: env[0] A: fieldRef "metadata.labels['a/b/c']": invalid key subscript: a qualified name must be a name part with an optional prefix and '/' before it
    Pod shop/web-0, container app: env[0] A: fieldRef "metadata.labels['a/']": invalid key subscript: name part must be non-empty
    Pod shop/web-0, container app: env[0] A: fieldRef "metadata.labels['A.com/x']": invalid key subscript: prefix part must be a DNS-1123 subdomain of at most 253 characters
    Pod shop/web-0, container app: env[0] A: fieldRef "metadata.labels['-x']": invalid key subscript: name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character
    Pod shop/web-0, container app: env[0] A: fieldRef "metadata.labels['it's']": invalid key subscript: name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character
    Pod shop/web-0, container app: env[0] A: fieldRef "metadata.labels['xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx']": invalid key subscript: name part must be no more than 63 characters
    "#);
    assert_snapshot!(field_error("metadata.annotations['a b']"), @r#"Pod shop/web-0, container app: env[0] A: fieldRef "metadata.annotations['a b']": invalid key subscript: name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"#);
}

#[test]
fn unknown_pod_fields() {
    let unknown = |path: &str| {
        let mut case = Case::new(&field_ref(path));
        case.pod.metadata.name.clear();
        case.pod.metadata.uid.clear();
        case.pod.metadata.namespace.clear();
        case.pod.spec.node_name.clear();
        case.pod_status = None;
        case.node = Some(Node::default());
        case.error()
    };
    let paths = [
        "metadata.name",
        "metadata.uid",
        "metadata.namespace",
        "spec.nodeName",
        "status.podIP",
        "status.podIPs",
    ];
    assert_snapshot!(paths.map(unknown).join("\n"), @r#"
    Pod, container app: env[0] A: fieldRef "metadata.name": the Pod has no such value yet, and none was given
    Pod, container app: env[0] A: fieldRef "metadata.uid": the Pod has no such value yet, and none was given
    Pod, container app: env[0] A: fieldRef "metadata.namespace": the Pod has no such value yet, and none was given
    Pod, container app: env[0] A: fieldRef "spec.nodeName": the Pod has no such value yet, and none was given
    Pod, container app: env[0] A: fieldRef "status.podIP": the Pod has no such value yet, and none was given
    Pod, container app: env[0] A: fieldRef "status.podIPs": the Pod has no such value yet, and none was given
    "#);
}

#[test]
fn unused_facts_may_be_missing() {
    let mut case =
        Case::new("env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.labels}}}]");
    case.pod.metadata.name.clear();
    case.pod.metadata.uid.clear();
    case.pod.spec.node_name.clear();
    case.pod_status = None;
    case.node = None;
    assert!(case.compose().is_ok());
}

#[test]
fn node_without_a_readable_address() {
    let mut case = Case::new(&field_ref("status.hostIP"));
    case.node = Some(yaml(
        "status: {addresses: [{type: Hostname, address: 10.0.0.1}, {type: InternalIP, address: none}, {type: ExternalIP, address: 'fe80::1%eth0'}]}",
    ));
    assert_snapshot!(case.error(), @r#"Pod shop/web-0, container app: env[0] A: fieldRef "status.hostIP": host IP unknown: the Node has no valid InternalIP or ExternalIP"#);
}

#[test]
fn unknown_node() {
    let without_node = |container: &str| {
        let mut case = Case::new(container);
        case.pod.spec.node_name.clear();
        case.node = None;
        case.error()
    };
    assert_snapshot!([
        without_node(&field_ref("spec.nodeName")),
        without_node(&field_ref("status.hostIP")),
        without_node(&field_ref("status.hostIPs")),
        without_node(&resource_ref("{resource: limits.memory}")),
    ].join("\n"), @"
    Pod shop/web-0, container app: env[0] A: the value depends on the Node, which is not known
    Pod shop/web-0, container app: env[0] A: the value depends on the Node, which is not known
    Pod shop/web-0, container app: env[0] A: the value depends on the Node, which is not known
    Pod shop/web-0, container app: env[0] A: the value depends on the Node, which is not known
    ");
}

#[test]
fn unsupported_resource() {
    assert_snapshot!(error(&resource_ref("{resource: limits.storage}")), @"Pod shop/web-0, container app: env[0] A: resourceFieldRef: unsupported container resource : limits.storage");
    assert_snapshot!(error(&resource_ref("{resource: cpu}")), @"Pod shop/web-0, container app: env[0] A: resourceFieldRef: unsupported container resource : cpu");
    // The container is looked up first.
    assert_snapshot!(error(&resource_ref("{containerName: absent, resource: cpu}")), @r#"Pod shop/web-0, container app: env[0] A: resourceFieldRef: there is no container "absent" in the Pod"#);
}

#[test]
fn quantity_out_of_range() {
    let with = |limit: &str, divisor: &str| {
        let selector = format!("{{resource: limits.memory, divisor: {divisor}}}");
        error(&format!("{}\nresources: {{limits: {{memory: {limit}}}}}", resource_ref(&selector)))
    };
    assert_snapshot!(with("10E", "1"), @r#"Pod shop/web-0, container app: env[0] A: resourceFieldRef: quantity "10E" is beyond 64 bits (32 for an exponent): the kubelet's arithmetic overflows, which is not modelled"#);
    assert_snapshot!(with("1", "100E"), @r#"Pod shop/web-0, container app: env[0] A: resourceFieldRef: quantity "100E" is beyond 64 bits (32 for an exponent): the kubelet's arithmetic overflows, which is not modelled"#);
    assert_snapshot!(with("8Ei", "1"), @r#"Pod shop/web-0, container app: env[0] A: resourceFieldRef: quantity "8Ei" divided by "1" is beyond 64 bits: the kubelet's arithmetic overflows, which is not modelled"#);
}

#[test]
fn unknown_env_file() {
    assert_snapshot!(error(&file_key_ref("absent", "app.env", "A")), @r#"Pod shop/web-0, container app: env[0] A: fileKeyRef: the volume "absent" is not known"#);
    assert_snapshot!(error(&file_key_ref("config", "../absent.env", "A")), @r#"Pod shop/web-0, container app: env[0] A: fileKeyRef: the volume "config" has no file "../absent.env""#);
    let optional =
        file_key_ref("config", "absent.env", "A").replace("key: A", "key: A, optional: true");
    assert_snapshot!(error(&optional), @r#"Pod shop/web-0, container app: env[0] A: fileKeyRef: the volume "config" has no file "absent.env""#);
    let mut case = Case::new(&file_key_ref("config", "app.env", "GREETING"));
    case.env_files = EnvFiles::new();
    assert_snapshot!(case.error(), @r#"Pod shop/web-0, container app: env[0] A: fileKeyRef: the volume "config" is not known"#);
}

#[test]
fn missing_env_file_key() {
    assert_snapshot!(error(&file_key_ref("config", "app.env", "absent")), @r#"Pod shop/web-0, container app: env[0] A: fileKeyRef: "app.env" in the volume "config" has no value for the key "absent""#);
    assert_snapshot!(error(&file_key_ref("config", "app.env", "EMPTY")), @r#"Pod shop/web-0, container app: env[0] A: fileKeyRef: "app.env" in the volume "config" has no value for the key "EMPTY""#);
}

#[test]
fn malformed_env_file() {
    let with = |content: &str| {
        let mut case = Case::new(&file_key_ref("config", "bad.env", "KEY"));
        case.env_files.insert("config", "bad.env", content);
        case.error()
    };
    let long = format!("A='{}'", "x".repeat(1 << 16));
    let contents = ["A", "='x'", "A ='x'", "\nA=x", "A='x'y", "A='x\n", long.as_str()].map(with);
    assert_snapshot!(contents.join("\n"), @r#"
    Pod shop/web-0, container app: env[0] A: fileKeyRef: "bad.env" in the volume "config": invalid environment variable format at line 1: missing '='
    Pod shop/web-0, container app: env[0] A: fileKeyRef: "bad.env" in the volume "config": invalid environment variable format at line 1: empty variable name
    Pod shop/web-0, container app: env[0] A: fileKeyRef: "bad.env" in the volume "config": invalid environment variable format at line 1: whitespace before '=' is not allowed
    Pod shop/web-0, container app: env[0] A: fileKeyRef: "bad.env" in the volume "config": invalid environment variable format at line 2: value must be enclosed in single quotes
    Pod shop/web-0, container app: env[0] A: fileKeyRef: "bad.env" in the volume "config": invalid environment variable format at line 1: unexpected content after closing quote
    Pod shop/web-0, container app: env[0] A: fileKeyRef: "bad.env" in the volume "config": invalid environment variable format starting at line 1: unclosed single quote
    Pod shop/web-0, container app: env[0] A: fileKeyRef: "bad.env" in the volume "config": line 1 of the environment variable file is too long (65536 bytes or more)
    "#);
}

#[test]
fn size_limit_is_exact() {
    let with = |limit: usize, container: &str| {
        let mut case = Case::new(container);
        // The Service variables take the same size in every case.
        let services = Size::of_environment(Case::new("{}").compose().unwrap().environment());
        case.size_limit = (services.bytes() + limit).saturating_sub(1);
        case.compose().map(drop).map_err(|error| error.to_string())
    };
    // A variable counts with its name, `=`, NUL, a pointer of eight bytes and its record.
    for (size, container, entry) in [
        (26, "env: [{name: A, value: ab}, {name: B, value: $(A)}]", "env[1] B: "),
        (15, "env: [{name: A, value: abcd}]", "env[0] A: "),
        (22, "command: [ab, cd]", "command[1]: "),
        (24, "env: [{name: A, value: ab}]\nargs: [$(A)]", "args[0]: "),
        (0, "{}", ""),
    ] {
        let size = size + container.matches("name: ").count() * Facts::DECLARATION_SIZE;
        // The limit itself is accepted.
        assert_eq!(with(size + 1, container), Ok(()), "{container}");
        let error = with(size, container).unwrap_err();
        let message = "the environment, command and arguments are larger than";
        assert!(
            error.starts_with(&format!("Pod shop/web-0, container app: {entry}{message}")),
            "{error}"
        );
        assert!(error.ends_with(" bytes (Facts::size_limit)"), "{error}");
    }
    for container in [
        "envFrom: [{configMapRef: {name: settings}}]",
        "env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.uid}}}]",
        "env: [{name: A, valueFrom: {configMapKeyRef: {name: none, key: a, optional: true}}}]",
    ] {
        assert!(with(2, container).is_err(), "{container}");
    }
    assert_eq!(Facts::DEFAULT_SIZE_LIMIT, 64 << 20);
}

#[test]
fn error_names_its_entry_and_has_no_source() {
    let case = Case::new(
        "env: [{name: A}, {name: B, valueFrom: {secretKeyRef: {name: login, key: absent}}}]",
    );
    let error = case.compose().unwrap_err();
    assert_eq!(error.container(), "app");
    assert_eq!((error.entry(), error.variable()), (Some(Entry::Env(1)), Some("B")));
    assert!(
        matches!(error.kind(), ComposeErrorKind::KeyMissing { object, key } if object.name == "login" && key == "absent")
    );
    assert!(error.to_string().ends_with(&error.kind().to_string()) && error.source().is_none());
}

#[test]
fn reports_the_first_error() {
    // envFrom before env, and env in the order declared.
    let container = "
env: [{name: A, valueFrom: {configMapKeyRef: {name: b, key: k}}}]
envFrom: [{configMapRef: {name: a}}]
";
    assert!(
        error(container)
            .starts_with("Pod shop/web-0, container app: envFrom[0]: there is no ConfigMap shop/a")
    );
    let mut case = Case::new(container);
    case.services_listed = false;
    case.pod_status = Some(PodStatus::default());
    assert!(case.error().contains("have not been listed"));
}

#[test]
fn error_escapes_control_characters() {
    let mut case =
        Case::new(r#"env: [{name: "A\e[2J", valueFrom: {fieldRef: {fieldPath: status}}}]"#);
    case.pod.spec.containers[0].name = "app\n".to_owned();
    let error = compose(&case.pod, "app\n", &case.facts()).unwrap_err();
    assert_snapshot!(error, @r#"Pod shop/web-0, container app\n: env[0] A\u{1b}[2J: fieldRef "status": field label not supported"#);
}
