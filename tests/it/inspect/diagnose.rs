//! Every finding: an example that raises it, a near miss that does not, and its text.

use std::collections::BTreeSet;

use kubelet_env::Release;
use kubelet_env::environment::Size;
use kubelet_env::inspect::{
    Ambiguities, AmbiguousEntry, Code, Diagnosis, Finding, KnownClash, PossibleValue, Severity,
    SizeLimits, diagnose_service,
};

use crate::support::cluster::{Cluster, WEB};

fn with_total(cluster: Cluster, total: usize) -> Cluster {
    with_limits(cluster, SizeLimits { total, ..SizeLimits::default() })
}

fn with_limits(mut cluster: Cluster, limits: SizeLimits) -> Cluster {
    cluster.expectations.limits = limits;
    cluster
}

fn with_size_limit(mut cluster: Cluster, size_limit: usize) -> Cluster {
    cluster.expectations.size_limit = size_limit;
    cluster
}

/// Returns the length that counts towards the limit of all findings.
fn text_len(finding: &Finding) -> usize {
    let objects =
        finding.objects.iter().flat_map(|object| [&object.kind, &object.namespace, &object.name]);
    let texts = objects.chain(&finding.variables).chain([&finding.message, &finding.advice]);
    texts.map(String::len).sum()
}

/// Returns a cluster that raises the finding and a near miss that does not.
fn example(code: Code) -> Option<[Cluster; 2]> {
    let with_env = |env: &str| Cluster::with_container(&format!("env: [{env}]"));
    let none = || Cluster::with_container("");
    Some(match code {
        Code::AmbiguousVariable => {
            let one = none().with_service("foo", WEB);
            [one.clone().with_service("foo-service", WEB), one.with_service("foo-services", WEB)]
        }
        Code::AmbiguousReference => {
            let with_value = |value: &str| {
                with_env(&format!("{{name: A, value: {value}}}"))
                    .with_service("foo", WEB)
                    .with_service("foo-service", WEB)
            };
            [with_value("$(FOO_SERVICE_PORT)"), with_value("$(FOO_PORT)")]
        }
        Code::ExpectedName => {
            let redis = none().with_service("redis", WEB);
            [redis.clone().expecting(&["REDIS_PORT"], &[]), redis.expecting(&["REDIS_PORTS"], &[])]
        }
        Code::ReferenceUndefined => [
            with_env("{name: A, value: $(B)}"),
            with_env("{name: B, value: x}, {name: A, value: $(B)}"),
        ],
        Code::Refused => {
            let with_key = |key: &str| {
                with_env(&format!(
                    "{{name: A, valueFrom: {{configMapKeyRef: {{name: m, key: {key}}}}}}}"
                ))
                .with_config_map("m", "k: v")
            };
            [with_key("x"), with_key("k")]
        }
        Code::KnownClash => {
            let with_links = |links: bool| {
                Cluster::with_pod_spec(&format!(
                    "enableServiceLinks: {links}, containers: [{{name: app, image: 'confluentinc/cp-kafka:7.5.0'}}]"
                ))
                .with_service("kafka", WEB)
            };
            [with_links(true), with_links(false)]
        }
        Code::ClashLogged => {
            let with_service = |name: &str| {
                Cluster::with_container("image: quay.io/coreos/etcd").with_service(name, WEB)
            };
            [with_service("etcd"), with_service("etcd-client")]
        }
        Code::PrefixShared => {
            let with_service =
                |name: &str| with_env("{name: NEO4J_AUTH, value: none}").with_service(name, WEB);
            [with_service("neo4j"), with_service("neo4")]
        }
        Code::ReferenceMisspelt => {
            let with_reference = |name: &str| {
                with_env(&format!("{{name: POD_NAME, value: x}}, {{name: A, value: $({name})}}"))
            };
            [with_reference("pod-name"), with_reference("NODE_NAME")]
        }
        Code::ReferenceUnknown => {
            let undefined = with_env("{name: A, value: $(B)}");
            [undefined.clone().in_open_world(), undefined]
        }
        Code::ReferenceOfShell => [
            with_env("{name: B, value: x}, {name: A, value: 'http://${B}/'}"),
            with_env("{name: B, value: x}, {name: A, value: 'http://${C}/'}"),
        ],
        Code::CommandSubstitution => {
            let with_command = |command: &str| {
                Cluster::with_container(&format!(
                    "command: {command}, env: [{{name: A, value: x}}]"
                ))
            };
            [with_command("[sh, -c, 'date $(hostname)']"), with_command("[sh, -c, 'date $(A)']")]
        }
        Code::EscapedDollar => {
            let with_script =
                |script: &str| Cluster::with_container(&format!("command: [sh, -c, '{script}']"));
            [with_script("echo $$"), with_script("echo $$(date)")]
        }
        Code::HandlerReference => {
            let with_probe = |source: &str| {
                Cluster::with_container(&format!(
                    "readinessProbe: {{exec: {{command: [check, $(A)]}}}}, {source}"
                ))
                .with_config_map("m", "A: x")
            };
            [
                with_probe("envFrom: [{configMapRef: {name: m}}]"),
                with_probe("env: [{name: A, value: x}]"),
            ]
        }
        Code::SubPathMayBeEmpty => {
            let with_source = |optional: bool| {
                Cluster::with_container(&format!(
                    "volumeMounts: [{{name: v, mountPath: /v, subPathExpr: $(A)}}], env: [{{name: A, valueFrom: {{configMapKeyRef: {{name: m, key: k, optional: {optional}}}}}}}]"
                ))
                .in_open_world()
            };
            [with_source(true), with_source(false)]
        }
        Code::EntryRefused => [
            with_env("{name: A, valueFrom: {secretKeyReff: {name: s, key: k}}}"),
            with_env("{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}")
                .with_secret("s", "k: v"),
        ],
        Code::SourceOverridden => {
            let with_name = |name: &str| {
                Cluster::with_container(&format!(
                    "envFrom: [{{configMapRef: {{name: m}}}}], env: [{{name: {name}, value: x}}]"
                ))
                .with_config_map("m", "A: x")
            };
            [with_name("A"), with_name("B")]
        }
        Code::ImageVariableHidden => {
            let with_path = |path: &str| {
                with_env(&format!("{{name: PATH, value: '{path}'}}")).with_image_env("PATH=/bin")
            };
            [with_path("/opt"), with_path("/opt:/bin")]
        }
        Code::SecretNotEncoded => {
            let with_data = |data: &str| {
                Cluster::with_container("envFrom: [{secretRef: {name: s}}]").with_object(
                    "v1",
                    "Secret",
                    "s",
                    &format!("data: {{A: {data}}}"),
                )
            };
            [with_data("password"), with_data("cGFzc3dvcmQ=")]
        }
        Code::TrailingLineFeed => {
            let with_value = |value: &str| {
                with_env("{name: A, valueFrom: {configMapKeyRef: {name: m, key: k}}}, {name: B, value: $(A)/x}")
                    .with_config_map("m", &format!("k: {value}"))
            };
            [with_value(r#""x\n""#), with_value(r#""x\ny\n""#)]
        }
        Code::SecretInArguments => {
            let with_word = |word: &str| {
                Cluster::with_container(&format!(
                    "command: [app, '{word}'], env: [{{name: A, valueFrom: {{secretKeyRef: {{name: s, key: k}}}}}}]"
                ))
                .with_secret("s", "k: v")
            };
            [with_word("--password=$(A)"), with_word("--password=$$(A)")]
        }
        Code::ReferenceToLater => [
            with_env("{name: A, value: $(B)}, {name: B, value: x}"),
            with_env("{name: A, value: $$(B)}, {name: B, value: x}"),
        ],
        Code::ReferenceToItself => [
            with_env("{name: A, value: $(A)}"),
            with_env("{name: A, value: x}, {name: A, value: $(A)}"),
        ],
        Code::ReferenceToSkipped => {
            let optional = with_env(
                "{name: A, valueFrom: {configMapKeyRef: {name: m, key: k, optional: true}}}, {name: B, value: $(A)}",
            );
            [optional.clone(), optional.with_config_map("m", "k: v")]
        }
        Code::Overwritten => [
            with_env("{name: A, value: x}, {name: A, value: y}"),
            with_env("{name: A, value: x}, {name: B, value: y}"),
        ],
        Code::ServiceVariableShadowed => {
            let declares = with_env("{name: WEB_PORT, value: '80'}");
            [declares.clone().with_service("web", WEB), declares.with_service("web-1", WEB)]
        }
        Code::ApiServerOverridden => {
            let declares = |name: &str| {
                with_env(&format!("{{name: {name}, value: x}}")).with_service("kubernetes", WEB)
            };
            [declares("KUBERNETES_SERVICE_HOST"), declares("KUBERNETES_PORT")]
        }
        Code::NotForShells => {
            [with_env("{name: A.B, value: x}"), with_env("{name: A_B, value: x}")]
        }
        Code::NameNeedsNewApiServer => {
            [with_env("{name: 1A, value: x}"), with_env("{name: A1, value: x}")]
        }
        Code::NameRefused => {
            [with_env("{name: A=B, value: x}"), with_env("{name: 'A B', value: x}")]
        }
        Code::NulByte => {
            [with_env(r#"{name: A, value: "x\0"}"#), with_env(r#"{name: A, value: "x\u0001"}"#)]
        }
        Code::QuantityOverflow => {
            let with_request = |request: &str| {
                Cluster::with_container(&format!("resources: {{requests: {{memory: {request}}}}}"))
            };
            [with_request("10E"), with_request("1E")]
        }
        Code::NotUtf8 => {
            let with_data = |data: &str| {
                Cluster::with_container("envFrom: [{secretRef: {name: s}}]").with_object(
                    "v1",
                    "Secret",
                    "s",
                    &format!("data: {{A: {data}}}"),
                )
            };
            [with_data("/w=="), with_data("w78=")]
        }
        Code::StringTooLong => {
            let of_length =
                |length: usize| with_env(&format!("{{name: A, value: {}}}", "x".repeat(length)));
            // `A=` and the NUL take three bytes.
            [of_length((128 << 10) - 2), of_length((128 << 10) - 3)]
        }
        Code::EnvironmentTooLarge => {
            // `A=x` and its NUL, the NULs of an unknown path and argument, and two pointers.
            let small = with_env("{name: A, value: x}");
            [with_total(small.clone(), 21), with_total(small, 22)]
        }
        Code::EnvironmentNearlyTooLarge => {
            let small = with_env("{name: A, value: x}");
            [with_total(small.clone(), 28), with_total(small, 30)]
        }
        Code::ServiceSkipped => [
            none().with_service("db", "clusterIP: None"),
            none().with_service("prod/db", "clusterIP: None"),
        ],
        Code::ServiceRefused => {
            let web = none().with_service("1web", WEB);
            [web.clone().in_release("1.35"), web.in_release("1.36")]
        }
        Code::EntrySkipped => {
            let optional =
                Cluster::with_container("envFrom: [{configMapRef: {name: m, optional: true}}]");
            [optional.clone(), optional.with_config_map("m", "")]
        }
        Code::ReleaseUnknown => [none().in_release("1.38"), none().in_release("1.37")],
        Code::FindingsCut => {
            let db = none().with_service("db", "clusterIP: None");
            let len = db.findings().iter().map(text_len).sum();
            [with_size_limit(db.clone(), len - 1), with_size_limit(db, len)]
        }
        _ => return None,
    })
}

/// A container that is safe from the clash, because it declares the variable or sees another
/// Service, raises nothing. One finding names everything that is needed to understand it.
#[test]
fn known_clashes_name_application_and_cures() {
    let redis_commander = |env: &str| {
        Cluster::with_container(&format!(
            "image: mirror.example/rediscommander/redis-commander:1, env: [{env}]"
        ))
    };
    let clash = |cluster: Cluster| findings_text(&cluster, Code::KnownClash);
    insta::assert_snapshot!(clash(redis_commander("").with_service("redis", WEB)), @r#"
    error known-clash: Service redis sets REDIS_PORT=tcp://10.0.0.1:80, and redis-commander is known to fail because of that: RangeError [ERR_SOCKET_BAD_PORT] after --redis-port tcp://10.47.248.71:6379 (source: https://github.com/joeferner/redis-commander/issues/267). Rename the Service, or set enableServiceLinks: false, or set REDIS_PORT in env.
    ["REDIS_PORT"] ["Service default/redis"]
    "#);
    insta::assert_snapshot!(example_text(Code::KnownClash), @r#"
    error known-clash: Service kafka sets KAFKA_PORT=tcp://10.0.0.1:80, and Confluent Kafka broker is known to fail because of that: exit 1 in configure stage: 'port is deprecated. Please use KAFKA_ADVERTISED_LISTENERS instead.' (test is [[ -n "${KAFKA_PORT-}" ]], so an empty value is enough to switch it off) (source: https://github.com/confluentinc/cp-docker-images/issues/388). Rename the Service, or set enableServiceLinks: false.
    ["KAFKA_PORT"] ["Service default/kafka"]
    "#);
    insta::assert_snapshot!(example_text(Code::ClashLogged), @r#"
    info clash-logged: Service etcd sets ETCD_PORT=tcp://10.0.0.1:80 and ETCD_SERVICE_HOST=10.0.0.1, and etcd is known to log warnings about that: unrecognized environment variable ETCD_PORT_2379_TCP=tcp://… (source: https://github.com/bitnami/charts/issues/7784). Rename the Service, or set enableServiceLinks: false.
    ["ETCD_PORT", "ETCD_SERVICE_HOST"] ["Service default/etcd"]
    "#);
    insta::assert_snapshot!(example_text(Code::PrefixShared), @r#"
    info prefix-shared: The container declares settings with the prefix of a Service's variables: NEO4J_AUTH (Service neo4j). If the application reads all variables with that prefix, set enableServiceLinks: false.
    ["NEO4J_AUTH"] ["Service default/neo4j"]
    "#);
    let declares = redis_commander("{name: REDIS_PORT, value: '6379'}");
    assert_eq!(clash(declares.with_service("redis", WEB)), "");
    assert_eq!(clash(redis_commander("").with_service("prod/redis", WEB)), "");
    let with_port =
        Cluster::with_container("image: stefanprodan/podinfo:6, command: [./podinfo, --port=9898]");
    assert_eq!(clash(with_port.with_service("podinfo", WEB)), "");
    // A manifest in Git has no addresses.
    let in_git = redis_commander("").with_service("redis", "ports: [{port: 6379}]");
    assert_eq!(with_code(in_git.findings(), Code::KnownClash).len(), 1);
    assert_eq!(with_code(in_git.in_open_world().findings(), Code::KnownClash).len(), 1);
}

#[test]
fn every_known_clash_is_found() {
    for clash in KnownClash::ALL {
        for image in clash.images {
            let mut cluster = Cluster::with_container(&format!("image: '{image}:1'"));
            for service in clash.services {
                let ports = "ports: [{port: 7687}, {port: 2379, name: a}, {port: 3456, name: b}]";
                cluster = cluster.with_service(service, &format!("clusterIP: 10.0.0.1, {ports}"));
            }
            let found: BTreeSet<String> = cluster
                .findings()
                .into_iter()
                .filter(|finding| matches!(finding.code, Code::KnownClash | Code::ClashLogged))
                .flat_map(|finding| finding.variables)
                .collect();
            for variable in clash.variables {
                assert!(found.contains(*variable), "{image} {variable}: {found:?}");
            }
        }
    }
}

#[test]
fn diagnosis_lists_all_problems() {
    let cluster = Cluster::with_pod_spec(
        "containers: [{name: app, envFrom: [{secretRef: {name: creds}}], env: [\
         {name: A, valueFrom: {configMapKeyRef: {name: m, key: k}}}, \
         {name: B, valueFrom: {fieldRef: {fieldPath: status.phase}}}, \
         {name: C, valueFrom: {secretKeyReff: {name: s, key: k}}}, \
         {name: D, value: $(A)$(B)$(PASSWORD)$(E)}, {name: E, value: x}], \
         volumeMounts: [{name: v, mountPath: /v, subPathExpr: /$(D)}, {name: w, mountPath: /w, subPathExpr: $(X)}]}]",
    );
    insta::assert_snapshot!(cluster.diagnosis(), @r#"
    Pod default/web-0, container app: 5 errors, 1 warning
      error refused: The kubelet does not start the container: envFrom[0]: there is no Secret default/creds: create it, or make the reference optional. Check the name and the namespace.
      error refused: The kubelet does not start the container: env[0] (A): there is no ConfigMap default/m: create it, or make the reference optional. Check the name and the namespace.
      error refused: The kubelet does not start the container: env[1] (B): fieldRef "status.phase": unsupported fieldPath. Correct the entry.
      error refused: The kubelet does not start the container: volumeMounts[0]: error SubPath must not be an absolute path: remove the `/` at its start. Correct the entry.
      error entry-refused: The API server of Kubernetes 1.37 rejects the Pod: env[2].valueFrom must have one source (C). Correct the field. Check the spelling of the fields in it.
      warning sub-path-may-be-empty: subPathExpr of volumeMounts[1] refers to X, which may not be set: without it the container does not start. Set a default in an earlier entry, or make the source mandatory.
    "#);
    let json = serde_json::to_string(&cluster.diagnosis()).unwrap();
    assert_eq!(serde_json::from_str::<Diagnosis>(&json).unwrap(), cluster.diagnosis());
    insta::assert_snapshot!(serde_json::to_string(&cluster.diagnosis().summary()).unwrap(), @r#"{"codes":{"refused":4,"sub-path-may-be-empty":1,"entry-refused":1}}"#);
    insta::assert_snapshot!(cluster.in_open_world().diagnosis(), @r#"
    Pod default/web-0, container app: 3 errors, 1 warning
      error refused: The kubelet does not start the container: env[1] (B): fieldRef "status.phase": unsupported fieldPath. Correct the entry.
      error refused: The kubelet does not start the container: volumeMounts[0]: error SubPath must not be an absolute path: remove the `/` at its start. Correct the entry.
      error entry-refused: The API server of Kubernetes 1.37 rejects the Pod: env[2].valueFrom must have one source (C). Correct the field. Check the spelling of the fields in it.
      warning sub-path-may-be-empty: subPathExpr of volumeMounts[1] refers to X, which may not be set: without it the container does not start. Set a default in an earlier entry, or make the source mandatory.
    "#);
}

#[test]
fn diagnosis_survives_fatal_problems() {
    let twice = "{name: A, valueFrom: {}}";
    let mut cluster =
        Cluster::with_pod_spec(&format!("containers: [{{name: other, env: [{twice}]}}]"));
    insta::assert_snapshot!(cluster.diagnosis(), @"
    Pod default/web-0, container app: 1 error
      error refused: The kubelet does not start the container: the Pod has no container of that name. Check the name of the container.
    ");
    cluster = Cluster::with_container(&format!("env: [{twice}]"))
        .with_service("bad", "clusterIP: 10.0.0.1")
        .with_service("worse", "clusterIP: 10.0.0.1");
    insta::assert_snapshot!(cluster.diagnosis(), @"
    Pod default/web-0, container app: 3 errors
      error refused: The kubelet does not start the container: Service default/bad: spec.ports is empty, but spec.clusterIP has an address: declare a port, or make the Service headless with clusterIP: None. Correct the Service.
      error refused: The kubelet does not start the container: Service default/worse: spec.ports is empty, but spec.clusterIP has an address: declare a port, or make the Service headless with clusterIP: None. Correct the Service.
      error entry-refused: The API server of Kubernetes 1.37 rejects the Pod: env[0].valueFrom must have one source (A). Correct the field. Check the spelling of the fields in it.
    ");
}

#[test]
fn templates_of_shells_have_no_findings() {
    let with_env = |env: &str| Cluster::with_container(&format!("args: [$A], env: [{env}]"));
    let template = with_env("{name: A, value: '${A}'}, {name: B, value: x-$A}");
    assert_eq!(findings_text(&template, Code::ReferenceOfShell), "");
    let own_path = with_env("{name: A, value: '$A:/opt'}");
    assert_eq!(with_code(own_path.findings(), Code::ReferenceOfShell).len(), 2);
}

/// Manifests in Git may be templates or patches.
#[test]
fn templates_and_patches_are_not_rejected() {
    let cluster = Cluster::with_container("env: [{name: '${A}', value: x}, {value: x}]")
        .with_service("'${NAME}-web'", "ports: [{port: 80}]")
        .with_service("patch", "type: NodePort");
    let codes: Vec<Code> =
        cluster.clone().in_open_world().findings().iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::NotForShells]);
    let codes: BTreeSet<Code> = cluster.findings().iter().map(|finding| finding.code).collect();
    let rejected = [Code::NameNeedsNewApiServer, Code::NameRefused, Code::ServiceRefused];
    assert!(rejected.iter().all(|code| codes.contains(code)), "{codes:?}");
}

#[test]
fn services_that_await_an_address_are_present() {
    let ports = "ports: [{port: 80}]";
    let cluster = Cluster::with_container("env: [{name: A, value: $(FOO_SERVICE_PORT)}]")
        .with_service("foo", ports)
        .with_service("foo-service", ports);
    for cluster in [cluster.clone(), cluster.in_open_world()] {
        let codes: Vec<Code> = cluster.findings().iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [Code::AmbiguousVariable, Code::AmbiguousReference]);
    }
}

#[test]
fn placeholders_of_other_tools_have_no_findings() {
    let mut cluster = Cluster::with_container("args: [$(NAMESPACE), $(OTHER)]");
    cluster.expectations.placeholders = vec!["NAMESPACE".into()];
    insta::assert_snapshot!(findings_text(&cluster, Code::ReferenceUndefined), @"
    warning reference-undefined: $(OTHER) in the command line is not replaced: there is no such variable. Define it in an earlier entry, or write $$( if you mean the text.
    [] []
    ");
}

#[test]
fn command_substitutions_are_one_finding() {
    let cluster = Cluster::with_container(
        "command: [/bin/bash, -ec], args: ['x $(date +%s) $(hostname -f)'], \
         env: [{name: A, value: $(cat /etc/x)}], \
         lifecycle: {preStop: {exec: {command: [sh, -c, kill $(pidof app)]}}}",
    );
    let findings: Vec<String> = cluster.findings().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(findings.join("\n"), @"info command-substitution: The kubelet leaves $(cat /etc/x), $(date +%s), $(hostname -f) and $(pidof app) to a shell: these are not variables. No action is needed if a shell runs the text.");
    // The entry point of the image may be a shell.
    let mut cluster = Cluster::with_container("args: [$(hostname)]");
    assert_eq!(with_code(cluster.findings(), Code::ReferenceUndefined).len(), 1);
    cluster.expectations.image.get_or_insert_default().entrypoint = vec!["/bin/sh".into()];
    assert_eq!(with_code(cluster.findings(), Code::CommandSubstitution).len(), 1);
}

#[test]
fn reports_handlers_with_the_reason() {
    let cluster = Cluster::with_container(
        "env: [{name: TEXT, value: x}, {name: NESTED, value: $(TEXT)}, \
         {name: FIELD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}], \
         livenessProbe: {exec: {command: [check, $(TEXT), $(NESTED), $(FIELD), $(WEB_PORT), $(NONE)]}}, \
         readinessProbe: {exec: {command: [sh, -c, 'check $(WEB_PORT) $(hostname) $TEXT']}}, \
         lifecycle: {preStop: {exec: {command: [stop, $(TEXT), $FIELD]}}}",
    )
    .with_service("web", WEB);
    let findings: Vec<String> = cluster.findings().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(findings.join("\n"), @"
    warning handler-reference: $(WEB_PORT) in readinessProbe.exec.command[2] is not replaced as in the container: probes see only the entries of env. Write $WEB_PORT for the shell, which has the variable.
    warning handler-reference: $(NESTED) in livenessProbe.exec.command[2] is not replaced as in the container: probes get its value before expansion. Run the command with sh -c, and write $NESTED.
    warning handler-reference: $(FIELD) in livenessProbe.exec.command[3] is not replaced as in the container: probes get the empty text instead of its value. Run the command with sh -c, and write $FIELD.
    warning handler-reference: $(WEB_PORT) in livenessProbe.exec.command[4] is not replaced as in the container: probes see only the entries of env. Run the command with sh -c, and write $WEB_PORT.
    warning handler-reference: $(NONE) in livenessProbe.exec.command[5] is not replaced as in the container: there is no such variable. Run the command with sh -c, and write $NONE.
    warning handler-reference: $(TEXT) in lifecycle.preStop.exec.command[1] is not replaced as in the container: the kubelet replaces nothing in hooks. Run the command with sh -c, and write $TEXT.
    warning reference-of-shell: lifecycle.preStop.exec.command[2] contains $FIELD in the syntax of shells, which the kubelet does not replace. Run the command with sh -c.
    info command-substitution: The kubelet leaves $(hostname) to a shell: these are not variables. No action is needed if a shell runs the text.
    ");
}

#[test]
fn reports_new_kinds_of_mistakes() {
    let codes = [
        Code::Refused,
        Code::ReferenceMisspelt,
        Code::ReferenceUnknown,
        Code::ReferenceOfShell,
        Code::CommandSubstitution,
        Code::EscapedDollar,
        Code::HandlerReference,
        Code::SubPathMayBeEmpty,
        Code::EntryRefused,
        Code::SourceOverridden,
        Code::ImageVariableHidden,
        Code::SecretNotEncoded,
        Code::TrailingLineFeed,
        Code::SecretInArguments,
    ];
    let texts: Vec<String> = codes.into_iter().map(example_text).collect();
    insta::assert_snapshot!(texts.join("\n"), @r#"
    error refused: The kubelet does not start the container: env[0] (A): ConfigMap default/m has no key "x": add it, or make the reference optional. Check the name and the namespace.
    ["A"] ["ConfigMap default/m"]
    warning reference-misspelt: $(pod-name) in A is not replaced: there is no such variable, but POD_NAME. Write $(POD_NAME) if you mean that variable.
    ["A"] []
    info reference-unknown: The kubelet does not replace $(B): no variables of the manifest have these names. No action is needed if another tool replaces them.
    ["B"] []
    warning reference-of-shell: A contains $B in the syntax of shells, which the kubelet does not replace. Write $(B) if you mean the value of the variable.
    ["A"] []
    info command-substitution: The kubelet leaves $(hostname) to a shell: these are not variables. No action is needed if a shell runs the text.
    [] []
    warning escaped-dollar: The kubelet replaces $$ in command[2] with $, so that the shell does not see its process ID. Write $$$$ to pass $$ to the shell.
    [] []
    warning handler-reference: $(A) in readinessProbe.exec.command[1] is not replaced as in the container: probes see only the entries of env. Run the command with sh -c, and write $A.
    ["A"] []
    warning sub-path-may-be-empty: subPathExpr of volumeMounts[0] refers to A, which may not be set: without it the container does not start. Set a default in an earlier entry, or make the source mandatory.
    ["A"] []
    error entry-refused: The API server of Kubernetes 1.37 rejects the Pod: env[0].valueFrom must have one source (A). Correct the field. Check the spelling of the fields in it.
    ["A"] []
    info source-overridden: Later entries override A of envFrom sources. No action is needed if the overrides are intended.
    ["A"] []
    warning image-variable-hidden: env[0] overrides PATH of the image. Repeat the value of the image: the kubelet cannot refer to it.
    ["PATH"] []
    warning secret-not-encoded: data.A of Secret default/s holds plain text instead of base64, so that A gets bytes that are not text. Encode the value as base64, or use stringData for plain text.
    ["A"] ["Secret default/s"]
    warning trailing-line-feed: The value of A from ConfigMap default/m ends in a line feed, which becomes part of B. Remove the line feed from the value (echo -n).
    ["A"] ["ConfigMap default/m"]
    warning secret-in-arguments: The command line contains the secret value of A, which everyone who can list processes on the Node can read. Let the program read the variable or a file instead.
    ["A"] []
    "#);
}

#[test]
fn images_keep_their_variables() {
    let cluster = Cluster::with_container("env: [{name: PORT, value: '80'}]")
        .with_service("redis", WEB)
        .with_image_env("REDIS_PORT=6379")
        .with_image_env("PORT=8080")
        .with_image_env("LANG=C");
    insta::assert_snapshot!(findings_text(&cluster, Code::ImageVariableHidden), @r#"
    warning image-variable-hidden: Service redis overrides REDIS_PORT of the image. Set the variable in env, set enableServiceLinks: false, or rename the Service.
    ["REDIS_PORT"] ["Service default/redis"]
    "#);
}

#[test]
fn secret_lengths_are_not_reported() {
    let long = "x".repeat(200_000);
    let cluster = Cluster::with_container("envFrom: [{secretRef: {name: s}}]")
        .with_secret("s", &format!("A: {long}"));
    assert!(!findings_text(&cluster, Code::StringTooLong).contains("20000"));
}

fn with_code(findings: Vec<Finding>, code: Code) -> Vec<Finding> {
    findings.into_iter().filter(|finding| finding.code == code).collect()
}

/// Returns the findings of this code as text, each with its variables and objects.
fn findings_text(cluster: &Cluster, code: Code) -> String {
    let lines = with_code(cluster.findings(), code).into_iter().map(|finding| {
        let objects: Vec<String> = finding.objects.iter().map(ToString::to_string).collect();
        format!("{finding}\n{:?} {objects:?}", finding.variables)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn example_text(code: Code) -> String {
    let [raises, _] = example(code).unwrap();
    findings_text(&raises, code)
}

#[test]
fn every_code_has_an_example_and_a_near_miss() {
    for &code in Code::ALL {
        let [raises, neighbour] = example(code).unwrap_or_else(|| panic!("{code} has no example"));
        let raised = with_code(raises.findings(), code);
        assert_eq!(raised.len(), 1, "{code}: {raised:?}");
        assert_eq!(with_code(neighbour.findings(), code), [], "{code}");
    }
}

#[test]
fn examples_raise_no_unrelated_findings() {
    for &code in Code::ALL {
        let [raises, _] = example(code).unwrap();
        let others: Vec<Code> = raises
            .findings()
            .into_iter()
            .map(|finding| finding.code)
            .filter(|&other| other != code)
            .collect();
        let expected: &[Code] = match code {
            Code::AmbiguousReference => &[Code::AmbiguousVariable],
            Code::ReferenceToSkipped => &[Code::EntrySkipped],
            Code::ServiceRefused => &[Code::NotForShells],
            _ => &[],
        };
        assert_eq!(others, expected, "{code}");
    }
}

#[test]
fn severity_follows_the_code() {
    for &code in Code::ALL {
        let [raises, _] = example(code).unwrap();
        for finding in raises.findings() {
            assert_eq!(finding.severity, finding.code.severity(), "{code}");
        }
    }
    let codes: String =
        Code::ALL.iter().map(|code| format!("{} {code}\n", code.severity())).collect();
    insta::assert_snapshot!(codes, @"
    error refused
    error ambiguous-variable
    error ambiguous-reference
    error expected-name
    error known-clash
    info clash-logged
    info prefix-shared
    warning reference-misspelt
    warning reference-undefined
    warning reference-to-later
    warning reference-to-itself
    warning reference-to-skipped
    info reference-unknown
    warning reference-of-shell
    info command-substitution
    warning escaped-dollar
    warning handler-reference
    warning sub-path-may-be-empty
    error entry-refused
    warning overwritten
    info source-overridden
    warning image-variable-hidden
    info service-variable-shadowed
    info api-server-overridden
    info not-for-shells
    warning name-needs-new-api-server
    error name-refused
    error nul-byte
    warning not-utf8
    warning secret-not-encoded
    warning trailing-line-feed
    warning secret-in-arguments
    error string-too-long
    error environment-too-large
    warning environment-nearly-too-large
    warning quantity-overflow
    info service-skipped
    warning service-refused
    info entry-skipped
    warning release-unknown
    warning findings-cut
    ");
    assert!(Severity::Info < Severity::Warning && Severity::Warning < Severity::Error);
}

#[test]
fn codes_and_severities_parse_from_text() {
    for &code in Code::ALL {
        assert_eq!(code.to_string().parse(), Ok(code));
        assert_eq!(code.severity().to_string().parse(), Ok(code.severity()));
    }
    insta::assert_snapshot!("Nul-Byte\u{1b}".parse::<Code>().unwrap_err(), @r#""Nul-Byte\u{1b}" is not the code of a finding: expected a name such as reference-undefined"#);
    insta::assert_snapshot!("fatal".parse::<Severity>().unwrap_err(), @r#""fatal" is not a severity: expected info, warning or error"#);
}

#[test]
fn ambiguous_findings_list_every_value() {
    insta::assert_snapshot!(example_text(Code::AmbiguousVariable), @r#"
    error ambiguous-variable: Several Services set FOO_SERVICE_PORT, and the kubelet picks one at random: 80 (Service foo) or tcp://10.0.0.1:80 (Service foo-service). Rename one of the Services, set the variable in env, or set enableServiceLinks: false.
    ["FOO_SERVICE_PORT"] ["Service default/foo", "Service default/foo-service"]
    "#);
    insta::assert_snapshot!(example_text(Code::AmbiguousReference), @r#"
    error ambiguous-reference: A depends on FOO_SERVICE_PORT, which several Services set: the kubelet picks one at random. Rename one of the Services, set the variable in env, or set enableServiceLinks: false.
    ["A"] []
    "#);
}

#[test]
fn reports_expected_names() {
    // A Service without an address, as in a manifest written by hand, will produce them too.
    let by_hand = |env: &str| {
        let cluster = Cluster::with_container(&format!("env: [{env}]"))
            .with_service("redis", "ports: [{port: 6379}]");
        findings_text(&cluster.expecting(&["REDIS_PORT"], &[]), Code::ExpectedName)
    };
    insta::assert_snapshot!(by_hand(""), @r#"
    error expected-name: Service redis sets REDIS_PORT=tcp://<clusterIP of default/redis>:6379, and the application reads REDIS_PORT as its own setting. Set the variable in env, set enableServiceLinks: false, or rename the Service.
    ["REDIS_PORT"] ["Service default/redis"]
    "#);
    assert_eq!(by_hand("{name: REDIS_PORT, value: '6379'}"), "");
    insta::assert_snapshot!(example_text(Code::ExpectedName), @r#"
    error expected-name: Service redis sets REDIS_PORT=tcp://10.0.0.1:80, and the application reads REDIS_PORT as its own setting. Set the variable in env, set enableServiceLinks: false, or rename the Service.
    ["REDIS_PORT"] ["Service default/redis"]
    "#);
}

#[test]
fn reports_unresolved_references_with_the_reason() {
    insta::assert_snapshot!(example_text(Code::ReferenceUndefined), @r#"
    warning reference-undefined: $(B) in A is not replaced: there is no such variable. Define it in an earlier entry, or write $$( if you mean the text.
    ["A"] []
    "#);
    insta::assert_snapshot!(example_text(Code::ReferenceToLater), @r#"
    warning reference-to-later: $(B) in A is not replaced: the variable is defined later. Move the entry that defines it before this one.
    ["A"] []
    "#);
    insta::assert_snapshot!(example_text(Code::ReferenceToItself), @r#"
    warning reference-to-itself: $(A) in A is not replaced: this variable has no value yet. Use another name for one of the two.
    ["A"] []
    "#);
    insta::assert_snapshot!(example_text(Code::ReferenceToSkipped), @r#"
    warning reference-to-skipped: $(A) in B is not replaced: the source of the variable is optional and missing. Add the source, or set a default in an earlier entry.
    ["B"] []
    "#);
    let command =
        Cluster::with_container("command: [sh, $(A)], args: ['$(B)'], env: [{name: B, value: x}]");
    insta::assert_snapshot!(findings_text(&command, Code::ReferenceUndefined), @"");
}

#[test]
fn reports_overrides() {
    insta::assert_snapshot!(example_text(Code::Overwritten), @r#"
    warning overwritten: env[1] overrides A of env[0]. Keep one of the entries.
    ["A"] []
    "#);
    insta::assert_snapshot!(example_text(Code::ServiceVariableShadowed), @r#"
    info service-variable-shadowed: env[0] sets WEB_PORT, which overrides the variable of Service web. No action is needed if the override is intended.
    ["WEB_PORT"] ["Service default/web"]
    "#);
    insta::assert_snapshot!(example_text(Code::ApiServerOverridden), @r#"
    info api-server-overridden: env[0] sets KUBERNETES_SERVICE_HOST, which overrides the variable of Service kubernetes. Check that the API server has that address: clients in the container use it.
    ["KUBERNETES_SERVICE_HOST"] ["Service default/kubernetes"]
    "#);
}

#[test]
fn reports_unusual_names_and_values() {
    insta::assert_snapshot!(example_text(Code::NotForShells), @r#"
    info not-for-shells: env[0] sets "A.B", a name that no shell can use. Use letters, digits and _, and do not start with a digit.
    ["A.B"] []
    "#);
    insta::assert_snapshot!(example_text(Code::NameNeedsNewApiServer), @r#"
    warning name-needs-new-api-server: env[0] sets "1A", a name that API servers before 1.32 reject. Use letters, digits, -, . and _, and do not start with a digit.
    ["1A"] []
    "#);
    insta::assert_snapshot!(example_text(Code::NameRefused), @r#"
    error name-refused: env[0] sets "A=B", a name that every API server rejects. Use printable ASCII characters without =.
    ["A=B"] []
    "#);
    insta::assert_snapshot!(example_text(Code::NulByte), @r#"
    error nul-byte: The value of A contains a NUL byte: the container cannot start. Mount the value as a file instead.
    ["A"] []
    "#);
    insta::assert_snapshot!(example_text(Code::NotUtf8), @r#"
    warning not-utf8: The value of A is not UTF-8: many programs cannot read it. Encode the value, or mount it as a file.
    ["A"] []
    "#);
    let [bytes, _] = example(Code::NotUtf8).unwrap();
    insta::assert_snapshot!(findings_text(&bytes.in_release("1.33"), Code::NotUtf8), @r#"
    warning not-utf8: The value of A is not UTF-8: many programs cannot read it. Encode the value, or mount it as a file.
    ["A"] []
    "#);
    let digit = Cluster::with_container("").with_service("1web", WEB);
    insta::assert_snapshot!(findings_text(&digit, Code::NotForShells), @r#"
    info not-for-shells: No shell can use the variables of Service 1web, because of the Service's name. Read them without a shell, or rename the Service.
    [] ["Service default/1web"]
    "#);
}

#[test]
fn size_findings_suggest_disabling_links() {
    insta::assert_snapshot!(example_text(Code::StringTooLong), @r#"
    error string-too-long: A is longer than the 131072 bytes that Linux accepts for one string: no program starts in the container. Mount the value as a file instead.
    ["A"] []
    "#);
    let services =
        Cluster::with_container("").with_service("kubernetes", WEB).with_service("web", WEB);
    let size = services.compose(|composition| composition.size());
    assert_eq!(
        findings_text(&with_total(services.clone(), size.bytes()), Code::EnvironmentTooLarge),
        ""
    );
    insta::assert_snapshot!(findings_text(&with_total(services.clone(), size.bytes() - 1), Code::EnvironmentTooLarge), @"
    error environment-too-large: Arguments and environment take 545 of the 544 bytes that Linux accepts (14 variables): no program starts in the container (argument list too long). Set enableServiceLinks: false, which saves 243 bytes.
    [] []
    ");
    insta::assert_snapshot!(findings_text(&with_total(services.clone(), size.bytes()), Code::EnvironmentNearlyTooLarge), @"
    warning environment-nearly-too-large: Arguments and environment take 545 of the 545 bytes that Linux accepts (14 variables): after 0 more Services like the present ones no program starts in the container (argument list too long). Set enableServiceLinks: false, which saves 243 bytes.
    [] []
    ");
    // Exactly three quarters are not yet nearly too large.
    let total = (0..).find(|total| total - total / 4 == size.bytes()).unwrap();
    assert_eq!(
        findings_text(&with_total(services.clone(), total), Code::EnvironmentNearlyTooLarge),
        ""
    );
    assert_ne!(
        findings_text(&with_total(services.clone(), total - 1), Code::EnvironmentNearlyTooLarge),
        ""
    );
    let saved = services.compose(|composition| composition.size_of_service_links());
    let without = Cluster::with_pod_spec("enableServiceLinks: false, containers: [{name: app}]")
        .with_service("kubernetes", WEB);
    let rest: Size = without.compose(|composition| composition.size());
    assert_eq!(size.bytes() - saved.bytes(), rest.bytes());
}

#[test]
fn size_findings_without_links_suggest_files() {
    insta::assert_snapshot!(example_text(Code::EnvironmentTooLarge), @"
    error environment-too-large: Arguments and environment take 22 of the 21 bytes that Linux accepts (1 variables): no program starts in the container (argument list too long). Mount large values as files, or declare fewer variables.
    [] []
    ");
    insta::assert_snapshot!(example_text(Code::EnvironmentNearlyTooLarge), @"
    warning environment-nearly-too-large: Arguments and environment take 22 of the 28 bytes that Linux accepts (1 variables): beyond that no program starts in the container (argument list too long). Mount large values as files, or declare fewer variables.
    [] []
    ");
}

#[test]
fn checks_arguments_for_length_and_nul() {
    let long = |length: usize| {
        Cluster::with_container(&format!("command: [sh], args: [{}]", "x".repeat(length)))
    };
    insta::assert_snapshot!(findings_text(&long(128 << 10), Code::StringTooLong), @"
    error string-too-long: args[0] is longer than the 131072 bytes that Linux accepts for one string: no program starts in the container. Mount the value as a file instead.
    [] []
    ");
    assert_eq!(findings_text(&long((128 << 10) - 1), Code::StringTooLong), "");
    let nul = Cluster::with_container(r#"command: ["a\0b"], args: [x]"#);
    insta::assert_snapshot!(findings_text(&nul, Code::NulByte), @"
    error nul-byte: command[0] contains a NUL byte: the container cannot start. Pass the text in a file instead.
    [] []
    ");
}

#[test]
fn reports_long_service_variables() {
    let web = Cluster::with_container("").with_service("web", WEB);
    // The length of `WEB_PORT_80_TCP=tcp://10.0.0.1:80` with its NUL is 34.
    let limits = |string| SizeLimits { string, ..SizeLimits::default() };
    assert_eq!(findings_text(&with_limits(web.clone(), limits(34)), Code::StringTooLong), "");
    insta::assert_snapshot!(findings_text(&with_limits(web, limits(33)), Code::StringTooLong), @r#"
    error string-too-long: WEB_PORT_80_TCP is longer than the 33 bytes that Linux accepts for one string: no program starts in the container. Rename the Service or its port.
    ["WEB_PORT_80_TCP"] ["Service default/web"]
    "#);
}

#[test]
fn reports_services_without_variables() {
    let cluster = Cluster::with_container("")
        .with_service("db", "clusterIP: None")
        .with_service("elsewhere", "type: ExternalName")
        .with_service("new", "ports: [{port: 80}]");
    insta::assert_snapshot!(findings_text(&cluster, Code::ServiceSkipped), @r#"
    info service-skipped: Services of the namespace without variables: db (headless); elsewhere (of type ExternalName). No action is needed if clients find them by DNS.
    [] ["Service default/db", "Service default/elsewhere"]
    "#);
    let mut unlinked = cluster;
    let pod =
        unlinked.objects.pods.delete(&kubelet_env::api::Pod::new("default", "web-0")).unwrap();
    let mut without = pod;
    without.spec.enable_service_links = Some(false);
    unlinked.objects.pods.apply(without);
    assert_eq!(findings_text(&unlinked, Code::ServiceSkipped), "");
}

#[test]
fn reports_services_that_fail_validation() {
    insta::assert_snapshot!(example_text(Code::ServiceRefused), @r#"
    warning service-refused: The API server of Kubernetes 1.35 rejects Service 1web: metadata.name must be at most 63 lower-case letters, digits and '-', begin with a letter and end with a letter or digit. Change the field.
    [] ["Service default/1web"]
    "#);
    let ports = Cluster::with_container("")
        .with_service("web", "clusterIP: 10.0.0.1, ports: [{port: 80}, {port: 80, name: a}]");
    insta::assert_snapshot!(findings_text(&ports, Code::ServiceRefused), @r#"
    warning service-refused: The API server of Kubernetes 1.37 rejects Service web: spec.ports[0].name must be set, because the Service has several ports. Change the field.
    [] ["Service default/web"]
    warning service-refused: The API server of Kubernetes 1.37 rejects Service web: spec.ports[1] must differ from an earlier port in number or protocol. Change the field.
    [] ["Service default/web"]
    "#);
}

#[test]
fn validates_services_without_address() {
    let by_hand = Cluster::with_container("").with_service("Web", "ports: [{port: 80}]");
    insta::assert_snapshot!(findings_text(&by_hand, Code::ServiceRefused), @r#"
    warning service-refused: The API server of Kubernetes 1.37 rejects Service Web: metadata.name must be at most 63 lower-case letters, digits and '-', and begin and end with a letter or digit. Change the field.
    [] ["Service default/Web"]
    "#);
    assert_eq!(
        findings_text(
            &Cluster::with_container("").with_service("prod/Web", WEB),
            Code::ServiceRefused
        ),
        ""
    );
}

#[test]
fn reports_skipped_entries() {
    insta::assert_snapshot!(example_text(Code::EntrySkipped), @r#"
    info entry-skipped: The kubelet skips envFrom[0]: there is no ConfigMap default/m, which is optional. Add what is missing if the container needs it.
    [] ["ConfigMap default/m"]
    "#);
    let key = Cluster::with_container(
        "env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k, optional: true}}}]",
    )
    .with_secret("s", "");
    insta::assert_snapshot!(findings_text(&key, Code::EntrySkipped), @r#"
    info entry-skipped: The kubelet skips env[0]: Secret default/s does not have the keys, which are optional. Add what is missing if the container needs it.
    ["A"] ["Secret default/s"]
    "#);
}

#[test]
fn reports_unknown_release() {
    insta::assert_snapshot!(example_text(Code::ReleaseUnknown), @"
    warning release-unknown: Kubernetes 1.38 is newer than 1.37, the newest release that is known, and is treated like it. Update this tool.
    [] []
    ");
}

#[test]
fn findings_stop_at_the_size_limit() {
    insta::assert_snapshot!(example_text(Code::FindingsCut), @"
    warning findings-cut: The texts of all findings are larger than 122 bytes; further findings are left out. Fix these first, or set a higher limit (Expectations::size_limit).
    [] []
    ");
    let env = "env: [{name: A, value: $(B)$(C)$(A)$(FOO_SERVICE_PORT)}, {name: A.B, value: $(D)}]";
    let cluster = Cluster::with_container(env)
        .with_service("foo", WEB)
        .with_service("foo-service", WEB)
        .with_service("Bad", "ports: [{port: 80}, {port: 80}]")
        .expecting(&[], &["FOO", "BAD"])
        .in_release("1.38");
    let whole = cluster.findings();
    let lens: Vec<usize> = whole.iter().map(text_len).collect();
    assert!(whole.len() > 20, "{whole:?}");
    for count in 0..whole.len() {
        let fitting = lens[..count].iter().sum::<usize>();
        for size_limit in [fitting, fitting + lens[count] - 1] {
            let cut = with_size_limit(cluster.clone(), size_limit).findings();
            assert_eq!(cut[..count], whole[..count]);
            assert_eq!(
                cut[count..].iter().map(|finding| finding.code).collect::<Vec<_>>(),
                [Code::FindingsCut]
            );
        }
    }
    assert_eq!(with_size_limit(cluster, lens.iter().sum()).findings(), whole);
}

#[test]
fn diagnoses_a_service_before_creation() {
    let [cluster, _] = example(Code::ExpectedName).unwrap();
    let redis = cluster.objects.services.in_namespace("default").get("redis").unwrap();
    let expecting = Cluster::with_container("")
        .expecting(&["REDIS_SERVICE_HOST"], &["REDIS_PORT_80_TCP_P"])
        .expectations;
    let findings = diagnose_service(redis, &expecting, Release::NEWEST);
    let names: Vec<&str> =
        findings.iter().flat_map(|finding| &finding.variables).map(String::as_str).collect();
    assert_eq!(names, ["REDIS_SERVICE_HOST", "REDIS_PORT_80_TCP_PROTO", "REDIS_PORT_80_TCP_PORT"]);
    let without_address = Cluster::with_container("")
        .with_service("redis", "ports: [{port: 80}]")
        .expecting(&["REDIS_PORT"], &[]);
    let redis = without_address.objects.services.in_namespace("default").get("redis").unwrap();
    let findings = diagnose_service(redis, &without_address.expectations, Release::NEWEST);
    insta::assert_snapshot!(findings.iter().map(ToString::to_string).collect::<String>(), @"error expected-name: Service redis sets REDIS_PORT=tcp://<clusterIP of default/redis>:80, and the application reads REDIS_PORT as its own setting. Set the variable in env, set enableServiceLinks: false, or rename the Service.");
}

/// Two Services that collide on `A_SERVICE_PORT` and on the two names behind `$(12)` and `$(3)`.
fn colliding(container: &str) -> Cluster {
    let first = "ports: [{port: 1, name: 12-tcp-port}, {port: 23, name: 3-tcp-port}]";
    Cluster::with_container(
        &container
            .replace("$(12)", "$(A_SERVICE_PORT_12_TCP_PORT)")
            .replace("$(3)", "$(A_SERVICE_PORT_3_TCP_PORT)"),
    )
    .with_service("a", &format!("clusterIP: 10.0.0.1, {first}"))
    .with_service(
        "a-service",
        "clusterIP: 10.0.0.2, ports: [{port: 12, name: x}, {port: 3, name: y}]",
    )
}

/// Returns each ambiguous entry with the variable that it depends on.
fn ambiguous_entries(cluster: &Cluster) -> Vec<String> {
    cluster.compose(|composition| {
        let Ambiguities { variables, entries, .. } = composition.ambiguities();
        let entry =
            |entry: &AmbiguousEntry| format!("{} {}", entry.name, variables[entry.depends_on].name);
        entries.iter().map(entry).collect()
    })
}

#[test]
fn ambiguity_propagates_through_references() {
    let env = "env: [{name: P, value: p}, {name: X, value: '$(P)$(12)'}, {name: Y, value: <$(X)>}]";
    assert_eq!(
        ambiguous_entries(&colliding(env)),
        ["X A_SERVICE_PORT_12_TCP_PORT", "Y A_SERVICE_PORT_12_TCP_PORT"]
    );
}

#[test]
fn unaffected_entries_are_not_ambiguous() {
    assert!(
        ambiguous_entries(&colliding("env: [{name: X, value: $(12)}, {name: X, value: x}]"))
            .is_empty()
    );
    assert!(ambiguous_entries(&colliding("env: [{name: X, value: $(A_SERVICE_HOST)}]")).is_empty());
}

#[test]
fn shadowed_variables_are_ambiguous_before() {
    let name = "A_SERVICE_PORT_12_TCP_PORT";
    let cluster = colliding(&format!(
        "env: [{{name: X, value: $(12)}}, {{name: {name}, value: x}}, {{name: Y, value: $(12)}}]"
    ));
    assert_eq!(ambiguous_entries(&cluster), [format!("X {name}")]);
    let findings = with_code(cluster.findings(), Code::AmbiguousVariable);
    assert!(findings.iter().all(|finding| finding.variables != [name]));
}

#[test]
fn equal_values_list_all_their_services() {
    let cluster = Cluster::with_container("")
        .with_service("a", "clusterIP: 10.0.0.1, ports: [{port: 80, name: 80-tcp-port}]")
        .with_service("a-service", "clusterIP: 10.0.0.2, ports: [{port: 80}]")
        .with_service("a-service-port-80-tcp", "clusterIP: 10.0.0.3, ports: [{port: 80}]");
    let values = cluster.compose(|composition| {
        let ambiguities = composition.ambiguities();
        let ambiguity = ambiguities
            .variables
            .iter()
            .find(|ambiguity| ambiguity.name == "A_SERVICE_PORT_80_TCP_PORT")
            .unwrap();
        let services = |possible: &PossibleValue| {
            let names = possible.services.iter().map(|service| service.name.clone());
            format!("{} {}", possible.value, names.collect::<Vec<_>>().join(" "))
        };
        ambiguity.values.iter().map(services).collect::<Vec<_>>()
    });
    assert_eq!(values, ["80 a a-service", "tcp://10.0.0.3:80 a-service-port-80-tcp"]);
}

#[test]
fn ambiguities_round_trip_through_json() {
    let ambiguities = colliding("env: [{name: X, value: $(12)}]")
        .compose(|composition| composition.ambiguities());
    let json = serde_json::to_string(&ambiguities).unwrap();
    assert_eq!(serde_json::from_str::<Ambiguities>(&json).unwrap(), ambiguities);
}

#[test]
fn every_code_has_a_meaning() {
    let codes: String =
        Code::ALL.iter().map(|code| format!("{code}: {}\n", code.meaning())).collect();
    insta::assert_snapshot!(codes, @"
    refused: the kubelet does not start the container
    ambiguous-variable: several Services set one variable to different values, and the kubelet picks one at random
    ambiguous-reference: the value of an entry depends on a variable that the kubelet picks at random
    expected-name: a Service sets a variable that the application reads as its own setting
    known-clash: a Service sets a variable, and the application of the image is known to fail if it is set
    clash-logged: a Service sets a variable, and the application of the image is known to log warnings about it
    prefix-shared: the container declares settings with the prefix of a Service's variables
    reference-misspelt: a reference is not replaced, and a variable has nearly its name
    reference-undefined: a reference is not replaced, because there is no variable of that name
    reference-to-later: a reference is not replaced, because the variable is defined later
    reference-to-itself: a reference is not replaced, because it names the variable that is being defined
    reference-to-skipped: a reference is not replaced, because the source of the variable is optional and missing
    reference-unknown: the manifest has no variables for some references; another tool may replace them
    reference-of-shell: a text refers to a variable in the syntax of shells, which the kubelet does not replace
    command-substitution: a text contains $(…) that is left to a shell
    escaped-dollar: a script contains $$, which the kubelet replaces with $
    handler-reference: a probe or hook refers to a variable that it does not see
    sub-path-may-be-empty: a subPathExpr refers to a variable that may not be set
    entry-refused: the API server rejects an entry
    overwritten: a later entry of env overrides an entry of env
    source-overridden: later entries override keys of an envFrom source
    image-variable-hidden: a variable overrides one that the image depends on
    service-variable-shadowed: the container declares a variable that a Service sets too
    api-server-overridden: the container overrides the address of the API server
    not-for-shells: no shell can use a variable of that name
    name-needs-new-api-server: API servers before 1.32 reject the name of a variable
    name-refused: every API server rejects the name of a variable
    nul-byte: a value contains a NUL byte, which no process can receive
    not-utf8: a value is not UTF-8
    secret-not-encoded: the data of a Secret holds plain text that is not base64
    trailing-line-feed: a value that ends in a line feed is inserted into another text
    secret-in-arguments: the command line contains the value of a Secret
    string-too-long: a variable or argument is longer than Linux accepts
    environment-too-large: arguments and environment together are larger than Linux accepts
    environment-nearly-too-large: arguments and environment together take more than three quarters of the size that Linux accepts
    quantity-overflow: a limit or request does not fit 64 bits, so that the kubelet calculates a wrong number
    service-skipped: Services of the namespace have no variables
    service-refused: the API server rejects a Service
    entry-skipped: the kubelet skips an entry
    release-unknown: the release is newer than the newest one that is known
    findings-cut: there are more findings than the size limit allows
    ");
}

#[test]
fn finding_escapes_control_characters() {
    let cluster = Cluster::with_container(r#"env: [{name: A, value: "$(B\e[2J\n)"}]"#);
    let findings = cluster.findings().iter().map(ToString::to_string).collect::<Vec<_>>();
    insta::assert_snapshot!(findings.join("\n"), @r"info command-substitution: The kubelet leaves $(B\u{1b}[2J\n) to a shell: these are not variables. No action is needed if a shell runs the text.");
}
