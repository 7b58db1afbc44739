//! Every source of a value.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use kubelet_env::Order;
use kubelet_env::api::{Pod, PodSpec, PodStatus, Quantity};
use kubelet_env::environment::{Entry, Resolved, Source};

use super::{Case, field_ref, report};
use crate::support::{lines, yaml};

/// Returns the value of a field of the Pod.
fn field_value(path: &str) -> String {
    value_of_a(Case::new(&field_ref(path)))
}

/// Returns the value of the variable `A`, which is the only entry.
fn value_of_a(case: Case) -> String {
    case.report().trim_end().strip_prefix("env[0]: A=").unwrap().to_owned()
}

/// Returns the `env` of a container whose variable `A` refers to a resource.
fn resource_ref(resource: &str, divisor: &str) -> String {
    format!(
        "env: [{{name: A, valueFrom: {{resourceFieldRef: {{resource: {resource}, divisor: {divisor}}}}}}}]"
    )
}

/// Returns the value of a resource of a container with these limits and requests.
fn resource_value(limits: &str, name: &str, divisor: &str) -> String {
    value_of_a(Case::new(&format!("{}\nresources: {limits}", resource_ref(name, divisor))))
}

#[test]
fn resolves_every_supported_field() {
    let fields = [
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "metadata.labels",
        "metadata.annotations",
        "metadata.labels['tier']",
        "metadata.labels['absent']",
        "metadata.annotations['example.com/note']",
        "spec.nodeName",
        "spec.host",
        "spec.serviceAccountName",
        "status.hostIP",
        "status.hostIPs",
        "status.podIP",
        "status.podIPs",
    ];
    let lines: Vec<String> =
        fields.iter().map(|path| format!("{path}: {}", field_value(path))).collect();
    assert_snapshot!(lines.join("\n"), @r#"
    metadata.name: "web-0"
    metadata.namespace: "shop"
    metadata.uid: "8f4c"
    metadata.labels: "app=\"web\"\ntier=\"front \\\"end\\\"\""
    metadata.annotations: "example.com/note=\"two\\nlines\""
    metadata.labels['tier']: "front \"end\""
    metadata.labels['absent']: ""
    metadata.annotations['example.com/note']: "two\nlines"
    spec.nodeName: "node-1"
    spec.host: "node-1"
    spec.serviceAccountName: "robot"
    status.hostIP: "192.168.1.5"
    status.hostIPs: "192.168.1.5,fd00::5"
    status.podIP: "10.244.0.7"
    status.podIPs: "10.244.0.7,fd00:244::7"
    "#);
}

#[test]
fn node_ip_family_orders_pod_ips() {
    let mut case = Case::new(&field_ref("status.podIPs"));
    case.node_ips = vec!["fd00::5".into()];
    assert_eq!(value_of_a(case), "\"fd00:244::7,10.244.0.7\"");
}

#[test]
fn unreadable_pod_ip_is_kept_as_single_value() {
    let given = |path: &str| {
        let mut case = Case::new(&field_ref(path));
        case.pod_status = Some(PodStatus { pod_ip: "pending".into(), ..PodStatus::default() });
        value_of_a(case)
    };
    assert_eq!(
        (given("status.podIP").as_str(), given("status.podIPs").as_str()),
        ("\"pending\"", "\"\"")
    );
}

#[test]
fn unscheduled_pod_uses_the_given_node_name() {
    let mut case = Case::new(&field_ref("spec.nodeName"));
    case.pod.spec.node_name.clear();
    assert_eq!(value_of_a(case), "\"node-1\"");
}

#[test]
fn resources_are_divided_and_rounded_up() {
    let own = "{limits: {cpu: 1500m, memory: 1500Mi, ephemeral-storage: 1Gi, hugepages-2Mi: 4Mi}, \
               requests: {cpu: 100m, memory: 64Mi}}";
    let line =
        |name, divisor| format!("{name} / {divisor}: {}\n", resource_value(own, name, divisor));
    let all: String = [
        line("limits.cpu", "0"),
        line("limits.cpu", "1m"),
        line("limits.memory", "1Gi"),
        line("limits.memory", "1Mi"),
        line("limits.ephemeral-storage", "1"),
        line("limits.hugepages-2Mi", "1Ki"),
        line("limits.hugepages-1Gi", "1"),
        line("requests.cpu", "1m"),
        line("requests.memory", "1M"),
        line("requests.ephemeral-storage", "1"),
    ]
    .concat();
    assert_snapshot!(all, @r#"
    limits.cpu / 0: "2"
    limits.cpu / 1m: "1500"
    limits.memory / 1Gi: "2"
    limits.memory / 1Mi: "1500"
    limits.ephemeral-storage / 1: "1073741824"
    limits.hugepages-2Mi / 1Ki: "4096"
    limits.hugepages-1Gi / 1: "0"
    requests.cpu / 1m: "100"
    requests.memory / 1M: "68"
    requests.ephemeral-storage / 1: "1073741824"
    "#);
}

#[test]
fn missing_limit_falls_back_to_pod_then_node() {
    let of_node = |name, divisor| resource_value("{}", name, divisor);
    assert_eq!(of_node("limits.cpu", "1m"), "\"3920\"");
    assert_eq!(of_node("limits.memory", "1Gi"), "\"7\"");
    assert_eq!(resource_value("{limits: {memory: '0'}}", "limits.memory", "1Gi"), "\"7\"");
    let of_pod = |name, divisor| {
        let mut case = Case::new(&resource_ref(name, divisor));
        let spec: PodSpec =
            yaml("resources: {limits: {cpu: '2', memory: '0', ephemeral-storage: 1G}}");
        case.pod.spec.resources = spec.resources;
        value_of_a(case)
    };
    assert_eq!(of_pod("limits.cpu", "1m"), "\"2000\"");
    assert_eq!(of_pod("limits.memory", "1Gi"), "\"7\"");
    assert_eq!(of_pod("limits.ephemeral-storage", "1G"), "\"90\"");
}

#[test]
fn resolves_resources_of_other_containers() {
    let named = |name: &str| {
        let mut case = Case::new(&format!(
            "env: [{{name: A, valueFrom: {{resourceFieldRef: {{containerName: {name}, resource: limits.cpu, divisor: 1m}}}}}}]"
        ));
        let more: PodSpec = yaml(
            "{initContainers: [{name: setup}], containers: [{name: helper, resources: {limits: {cpu: 50m}}}, {name: free}]}",
        );
        case.pod.spec.init_containers = more.init_containers;
        case.pod.spec.containers.extend(more.containers);
        value_of_a(case)
    };
    assert_eq!(named("helper"), "\"50\"");
    assert_eq!(named("free"), "\"3920\"");
    // The kubelet applies no defaults to an init container that another container names.
    assert_eq!(named("setup"), "\"0\"");
}

#[test]
fn config_map_key_is_not_expanded() {
    let key = |key: &str| {
        report(&format!(
            "env: [{{name: A, valueFrom: {{configMapKeyRef: {{name: settings, key: {key}}}}}}}]"
        ))
    };
    assert_snapshot!([key("COLOR"), key("EMPTY"), key("REFERENCE")].concat(), @r#"
    env[0]: A="blue"
    env[0]: A=""
    env[0]: A="$(COLOR)"
    "#);
}

#[test]
fn secret_key_may_hold_any_bytes() {
    let key = |key: &str| {
        report(&format!(
            "env: [{{name: A, valueFrom: {{secretKeyRef: {{name: login, key: {key}}}}}}}]"
        ))
    };
    assert_snapshot!([key("PASSWORD"), key("BLOB")].concat(), @r#"
    env[0]: A="hunter2"
    env[0]: A="\xff\x00\xfe"
    "#);
}

#[test]
fn env_file_key_is_not_expanded() {
    let at = |path: &str| {
        report(&format!(
            "env: [{{name: A, valueFrom: {{fileKeyRef: {{volumeName: config, path: {path}, key: GREETING}}}}}}]"
        ))
    };
    assert_snapshot!([at("app.env"), at("./x/../app.env"), at("/../../app.env")].concat(), @r#"
    env[0]: A="hello $(COLOR)"
    env[0]: A="hello $(COLOR)"
    env[0]: A="hello $(COLOR)"
    "#);
}

#[test]
fn env_from_adds_every_key_with_prefix() {
    let container = "
envFrom:
- configMapRef: {name: settings}
- {prefix: CFG_, configMapRef: {name: settings}}
- {prefix: DB., secretRef: {name: login}}
- {configMapRef: {name: settings}, secretRef: {name: login}}
";
    assert_snapshot!(report(container), @r#"
    envFrom[1]: CFG_1st.key="first"
    envFrom[1]: CFG_COLOR="blue"
    envFrom[1]: CFG_EMPTY=""
    envFrom[1]: CFG_REFERENCE="$(COLOR)"
    envFrom[2]: DB.BLOB="\xff\x00\xfe"
    envFrom[2]: DB.PASSWORD="hunter2"
    envFrom[2]: DB.USER="clerk"
    envFrom[3]: 1st.key="first"
    envFrom[3]: COLOR="blue"
    envFrom[3]: EMPTY=""
    envFrom[3]: REFERENCE="$(COLOR)"
    "#);
}

#[test]
fn references_prefer_earlier_entries_to_services() {
    let container = "
envFrom: [{configMapRef: {name: settings}}]
env:
- {name: URL, value: 'postgres://$(DB_SERVICE_HOST):$(DB_SERVICE_PORT)/$(NAME)'}
- {name: NAME, value: shop}
- {name: URL, value: 'postgres://$(DB_SERVICE_HOST):$(DB_SERVICE_PORT)/$(NAME)'}
- {name: DB_SERVICE_PORT, value: '6432'}
- {name: NOT_AGAIN, value: $(REFERENCE)}
- {name: ODD, value: '$$(NAME) $ $(NAME $x $(1st.key) $() $($$'}
- {name: OWN_PORT, value: $(DB_SERVICE_PORT)}
- {name: LATER, value: $(DB_SERVICE_PORT)}
command: [/app, $(URL), $$(URL)]
args: [--color=$(COLOR), $(UNKNOWN), $(DB_PORT_5432_TCP_ADDR)]
";
    assert_snapshot!(report(container), @r#"
    envFrom[0]: 1st.key="first"
    envFrom[0]: COLOR="blue"
    envFrom[0]: EMPTY=""
    envFrom[0]: REFERENCE="$(COLOR)"
    env[1]: NAME="shop"
    env[2]: URL="postgres://10.0.0.11:5432/shop"
    env[3]: DB_SERVICE_PORT="6432"
    env[4]: NOT_AGAIN="$(COLOR)"
    env[5]: ODD="$(NAME) $ $(NAME $x $(1st.key) $() $($"
    env[6]: OWN_PORT="6432"
    env[7]: LATER="6432"
    command: "/app"
    command: "postgres://10.0.0.11:5432/shop"
    command: "$(URL)"
    args: "--color=blue"
    args: "$(UNKNOWN)"
    args: "10.0.0.11"
    "#);
}

#[test]
fn references_record_their_target() {
    let case = Case::new(
        "env: [{name: A, value: x}, {name: B, value: $(A)$(DB_SERVICE_HOST)$(C)}]\nargs: [$(B)]",
    );
    let composition = case.compose().unwrap();
    let [a, b] = composition.environment().declared() else { panic!("expected two entries") };
    assert_eq!(
        (a.entry(), a.source(), a.references()),
        (Entry::Env(0), Source::Text("x"), &[][..])
    );
    let resolved: Vec<_> =
        b.references().iter().map(|reference| (reference.name, reference.resolved)).collect();
    let [
        ("A", Resolved::Declared(0)),
        ("DB_SERVICE_HOST", Resolved::Service(host)),
        ("C", Resolved::Unresolved),
    ] = resolved[..]
    else {
        panic!("{resolved:?}")
    };
    assert_eq!(host.service().metadata.name, "db");
    assert_eq!(composition.args()[0].references[0].resolved, Resolved::Declared(1));
}

#[test]
fn entry_without_source_overrides_with_empty() {
    let container = "
envFrom: [{configMapRef: {name: settings}}]
env:
- {name: COLOR}
- {name: REFERENCE, valueFrom: {}}
- {name: 1st.key, value: '', valueFrom: {configMapKeyRef: {name: settings, key: COLOR}}}
- {name: EMPTY, value: text, valueFrom: {configMapKeyRef: {name: absent, key: COLOR}}}
";
    assert_snapshot!(report(container), @r#"
    env[0]: COLOR=""
    env[1]: REFERENCE=""
    env[2]: 1st.key="blue"
    env[3]: EMPTY="text"
    "#);
}

#[test]
fn missing_optional_sources_are_skipped() {
    let container = "
envFrom:
- {configMapRef: {name: absent, optional: true}}
- {secretRef: {name: absent, optional: true}}
- {prefix: ALONE_}
env:
- {name: COLOR, value: first}
- {name: COLOR, valueFrom: {configMapKeyRef: {name: absent, key: COLOR, optional: true}}}
- {name: COLOR, valueFrom: {configMapKeyRef: {name: elsewhere, key: COLOR, optional: true}}}
- {name: COLOR, valueFrom: {configMapKeyRef: {name: settings, key: absent, optional: true}}}
- {name: B, valueFrom: {secretKeyRef: {name: absent, key: USER, optional: true}}}
- {name: C, valueFrom: {secretKeyRef: {name: login, key: absent, optional: true}}}
- {name: D, valueFrom: {fileKeyRef: {volumeName: config, path: app.env, key: absent, optional: true}}}
- {name: E, valueFrom: {fileKeyRef: {volumeName: config, path: app.env, key: EMPTY, optional: true}}}
- {name: F, value: $(B)}
";
    assert_snapshot!(report(container), @r#"
    env[0]: COLOR="first"
    env[8]: F="$(B)"
    envFrom[0]: the source is skipped: there is no ConfigMap shop/absent, which is optional
    envFrom[1]: the source is skipped: there is no Secret shop/absent, which is optional
    envFrom[2]: the source is skipped: it refers to neither a ConfigMap nor a Secret
    env[1]: COLOR is skipped: there is no ConfigMap shop/absent, which is optional
    env[2]: COLOR is skipped: there is no ConfigMap shop/elsewhere, which is optional
    env[3]: COLOR is skipped: ConfigMap shop/settings has no key "absent", which is optional
    env[4]: B is skipped: there is no Secret shop/absent, which is optional
    env[5]: C is skipped: Secret shop/login has no key "absent", which is optional
    env[6]: D is skipped: "app.env" in the volume "config" has no value for the key "absent", which is optional
    env[7]: E is skipped: "app.env" in the volume "config" has no value for the key "EMPTY", which is optional
    "#);
}

#[test]
fn declared_entries_precede_service_variables() {
    let case = Case::new(
        "env: [{name: Z, value: a}, {name: DB_PORT, value: own}, {name: A, value: b}, {name: Z, value: c}]",
    );
    let composition = case.compose().unwrap();
    let lines = lines(composition.environment(), Order::Kubelet);
    assert_snapshot!(lines, @"
    DB_PORT=own
    A=b
    Z=c
    DB_SERVICE_HOST=10.0.0.11
    DB_SERVICE_PORT=5432
    DB_PORT_5432_TCP=tcp://10.0.0.11:5432
    DB_PORT_5432_TCP_PROTO=tcp
    DB_PORT_5432_TCP_PORT=5432
    DB_PORT_5432_TCP_ADDR=10.0.0.11
    ");
    let overwritten: Vec<bool> = composition
        .environment()
        .declared()
        .iter()
        .map(|declared| declared.is_overwritten())
        .collect();
    assert_eq!(overwritten, [true, false, false, false]);
}

#[test]
fn disabled_service_links_hide_services() {
    let mut case = Case::new("env: [{name: A, value: $(DB_SERVICE_HOST)}]");
    case.pod.spec.enable_service_links = Some(false);
    assert_snapshot!(case.report(), @r#"env[0]: A="$(DB_SERVICE_HOST)""#);
    assert_eq!(case.compose().unwrap().environment().len(), 1);
}

#[test]
fn base_variables_come_first_and_are_invisible() {
    let case = Case::new("env: [{name: A, value: $(PATH)}, {name: LANG, value: C}]");
    let image = [
        ("PATH", "/bin"),
        ("LANG", "C.UTF-8"),
        ("PATH", "/usr/bin:/bin"),
        ("DB_PORT", "1"),
        ("HOME", "/"),
    ];
    let environment = case.compose().unwrap().into_environment().with_base(image);
    let lines = lines(&environment, Order::Kubelet);
    let first: String = lines.split_inclusive('\n').take(4).collect();
    assert_snapshot!(first, @"
    PATH=/usr/bin:/bin
    HOME=/
    A=$(PATH)
    LANG=C
    ");
    assert_eq!(
        environment.get("DB_PORT").unwrap().value().as_bytes().unwrap(),
        b"tcp://10.0.0.11:5432"
    );
    assert!(
        environment.get("PATH").unwrap().is_base() && !environment.get("LANG").unwrap().is_base()
    );
    assert_eq!(environment.len(), 2 + 2 + 7);
    let hostname = environment.with_base([("HOSTNAME", "web-0"), ("PATH", "/sbin")]);
    assert_eq!(hostname.get("PATH").unwrap().value().as_bytes().unwrap(), b"/sbin");
    assert_eq!(hostname.len(), 3 + 2 + 7);
}

#[test]
fn composes_init_and_ephemeral_containers() {
    let mut case = Case::new("{}");
    let more: PodSpec = yaml(
        "{initContainers: [{name: setup, env: [{name: A, value: init}]}], ephemeralContainers: [{name: debug, env: [{name: A, value: ephemeral}]}]}",
    );
    case.pod.spec.init_containers = more.init_containers;
    case.pod.spec.ephemeral_containers = more.ephemeral_containers;
    for (container, value) in [("setup", "init"), ("debug", "ephemeral")] {
        let composition = kubelet_env::compose(&case.pod, container, &case.facts()).unwrap();
        assert_eq!(
            composition.environment().get("A").unwrap().value().as_bytes().unwrap(),
            value.as_bytes()
        );
    }
}

#[test]
fn added_volume_may_lack_the_file() {
    let mut case = Case::new(
        "env: [{name: F, valueFrom: {fileKeyRef: {volumeName: files, path: app.env, key: K}}}]",
    );
    assert_snapshot!(case.error(), @r#"Pod shop/web-0, container app: env[0] F: fileKeyRef: the volume "files" is not known"#);
    case.env_files.add_volume("files");
    assert_snapshot!(case.error(), @r#"Pod shop/web-0, container app: env[0] F: fileKeyRef: the volume "files" has no file "app.env""#);
}

#[test]
fn defaults_round_quantities_up_to_milli() {
    let pod: Pod = yaml(
        "
        spec:
          resources: {limits: {cpu: 2.00001}}
          containers:
          - {name: app, resources: {limits: {cpu: 0.0001, memory: 1.5}, requests: {memory: '1e-4'}}}
        ",
    );
    let pod = pod.with_defaults();
    let text = |quantities: &BTreeMap<String, Quantity>, name: &str| quantities[name].to_string();
    let resources = &pod.spec.containers[0].resources;
    assert_eq!(text(&resources.limits, "cpu"), "1m");
    assert_eq!(text(&resources.limits, "memory"), "1.5");
    assert_eq!(text(&resources.requests, "memory"), "1e-3");
    assert_eq!(text(&pod.spec.resources.limits, "cpu"), "2001m");
}
