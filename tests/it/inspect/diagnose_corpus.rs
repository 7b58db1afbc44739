//! Findings over manifests in the style of public projects, and over healthy ones.
//!
//! Each warning and error of the snapshot was judged by hand; all are true. In the open world a
//! reference that another tool may replace is a remark.

use std::collections::BTreeMap;
use std::path::Path;

use kubelet_env::container::Known;
use kubelet_env::inspect::{Diagnosis, Expectations, Severity, Summary, diagnose_container};
use kubelet_env::pod::{Built, PodContext};
use kubelet_env::{Facts, Objects};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::cluster::Cluster;
use crate::support::documents::read_yaml;

/// Returns the diagnosis of every container of every workload, in the open world.
fn diagnoses(objects: &Objects) -> Vec<Diagnosis> {
    let context = PodContext::of(objects);
    let stores = [
        &objects.deployments,
        &objects.stateful_sets,
        &objects.daemon_sets,
        &objects.jobs,
        &objects.cron_jobs,
    ];
    let builts = stores.into_iter().flat_map(|store| store.iter());
    builts.flat_map(|workload| of_pod(objects, &context.workload(workload))).collect()
}

fn of_pod(objects: &Objects, built: &Built) -> Vec<Diagnosis> {
    let known = Known::default();
    let facts = Facts::open(objects, &known).with_pod(built);
    let spec = &built.pod.spec;
    let containers = spec.init_containers.iter().chain(&spec.containers);
    let diagnose =
        |name: &str| diagnose_container(&built.pod, name, &facts, &Expectations::default());
    containers.map(|container| diagnose(&container.name)).collect()
}

#[test]
fn findings_over_public_styles_are_true() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifests");
    let files: BTreeMap<String, String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    let (mut text, mut summary, mut containers) = (String::new(), Summary::default(), 0);
    for (name, yaml) in &files {
        for diagnosis in diagnoses(&read_yaml(yaml)) {
            containers += 1;
            summary.extend(&diagnosis.findings);
            for finding in &diagnosis.findings {
                if finding.severity > Severity::Info {
                    let container = &diagnosis.container;
                    text += &format!("{name} {container}: {} {}\n", finding.code, finding.message);
                }
            }
        }
    }
    insta::assert_snapshot!(text, @r#"
    blog blog: reference-misspelt $(DB_USR) in BACKUP_URL is not replaced: there is no such variable, but DB_USER.
    blog blog: handler-reference $(BLOG_MYSQL_SERVICE_HOST) in readinessProbe.exec.command[3] is not replaced as in the container: probes see only the entries of env.
    blog blog: secret-not-encoded data.password of Secret default/blog-db holds plain text instead of base64, so that DB_PASSWORD gets bytes that are not text.
    blog blog: reference-of-shell DATABASE_URL contains $DB_HOST, $DB_PASSWORD and $DB_USER in the syntax of shells, which the kubelet does not replace.
    cache-exporter exporter: secret-in-arguments The command line contains the secret value of REDIS_PASSWORD, which everyone who can list processes on the Node can read.
    gitops-server redis: secret-in-arguments The command line contains the secret value of REDIS_PASSWORD, which everyone who can list processes on the Node can read.
    ledger ledger: entry-refused The API server of Kubernetes 1.37 rejects the Pod: env[3].valueFrom must have one source (TOKEN).
    ledger ledger: overwritten env[2] overrides REGION of env[1].
    ledger ledger: escaped-dollar The kubelet replaces $$ in command[2] with $, so that the shell does not see its process ID.
    ledger ledger: trailing-line-feed The value of DB_HOST from ConfigMap finance/ledger ends in a line feed, which becomes part of DB_URL.
    message-broker broker: known-clash Service kafka sets KAFKA_PORT=tcp://<clusterIP of events/kafka>:9092, and Confluent Kafka broker is known to fail because of that: exit 1 in configure stage: 'port is deprecated. Please use KAFKA_ADVERTISED_LISTENERS instead.' (test is [[ -n "${KAFKA_PORT-}" ]], so an empty value is enough to switch it off) (source: https://github.com/confluentinc/cp-docker-images/issues/388).
    notebooks container: secret-in-arguments The command line contains the secret value of DBCONFIG_PASSWORD, which everyone who can list processes on the Node can read.
    tracing collector: reference-to-later $(NODE_NAME) in OTEL_RESOURCE_ATTRIBUTES is not replaced: the variable is defined later.
    "#);
    let counts: Vec<String> =
        summary.codes.iter().map(|(code, count)| format!("{count} {code}")).collect();
    insta::assert_snapshot!(format!("{containers} containers: {summary}\n{}", counts.join("\n")), @"
    27 containers: 2 errors, 11 warnings, 20 info
    1 known-clash
    4 prefix-shared
    1 reference-misspelt
    1 reference-to-later
    1 reference-unknown
    1 reference-of-shell
    5 command-substitution
    1 escaped-dollar
    1 handler-reference
    1 entry-refused
    1 overwritten
    2 source-overridden
    2 api-server-overridden
    1 secret-not-encoded
    1 trailing-line-feed
    3 secret-in-arguments
    6 service-skipped
    ");
}

/// An entry of a healthy container. It refers to earlier entries only.
fn entry() -> impl Strategy<Value = &'static str> {
    select(vec![
        "{name: MODE, value: fast}",
        "{name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}",
        "{name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}",
        "{name: MEMORY, valueFrom: {resourceFieldRef: {resource: limits.memory}}}",
        "{name: PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}",
        "{name: LEVEL, valueFrom: {configMapKeyRef: {name: settings, key: level, optional: true}}}",
        "{name: COLOR, valueFrom: {configMapKeyRef: {name: settings, key: color}}}",
        "{name: URL, value: 'http://$(DB_SERVICE_HOST):$(DB_SERVICE_PORT)/'}",
        "{name: SELF, value: '$(FIRST)-x'}",
        "{name: LITERAL, value: '$$(FIRST) costs $5'}",
        "{name: PATTERN, value: '^[a-z]+$'}",
        "{name: SCRIPT, value: \"x=$(date)\\necho ${FIRST}\"}",
        "{name: JAVA_OPTS, value: '-Dx=${FIRST}'}",
        "{name: FORMAT, value: '%h ${remote} $request'}",
    ])
}

fn field() -> impl Strategy<Value = &'static str> {
    select(vec![
        "command: [app]",
        "command: [app, --name=$(FIRST), --url=$(DB_PORT)]",
        "command: [sh, -c, 'exec app --date=$(date +%s) --name=$FIRST']",
        "args: [-c, 'echo $(hostname)']",
        "args: [--name=$(FIRST)]",
        "command: [/bin/bash, -ec, 'for i in $(seq 3); do echo ${FIRST}; done']",
        "command: [grep, 'x$']",
        "readinessProbe: {exec: {command: [check, $(FIRST)]}}",
        "readinessProbe: {exec: {command: [sh, -c, 'check $FIRST $(hostname)']}}",
        "livenessProbe: {exec: {command: [cat, /tmp/healthy]}}",
        "lifecycle: {preStop: {exec: {command: [sh, -c, 'kill $(pidof app)']}}}",
        "envFrom: [{configMapRef: {name: settings}}]",
        "envFrom: [{secretRef: {name: absent, optional: true}, prefix: X_}]",
        "volumeMounts: [{name: v, mountPath: /v, subPathExpr: $(FIRST)/logs}]",
        "image: 'redis:7'",
        "image: 'docker.io/bitnami/nginx:1'",
    ])
}

/// Returns the key of a field. Arguments belong to one command.
fn key(field: &str) -> &str {
    field.split(':').next().filter(|key| *key != "args").unwrap_or("command")
}

proptest! {
    #[test]
    fn healthy_containers_raise_no_warnings(
        entries in vec(entry(), 0..6),
        fields in vec(field(), 0..4),
        services in vec(select(vec!["web", "redis-cart", "api-gateway", "metrics"]), 0..4),
        is_addressed in any::<bool>(),
        is_open in any::<bool>(),
    ) {
        let entries: BTreeMap<&str, &str> =
            entries.iter().map(|entry| (entry.split(',').next().unwrap(), *entry)).collect();
        let fields: BTreeMap<&str, &str> =
            fields.iter().map(|field| (key(field), *field)).collect();
        let env: Vec<&str> =
            ["{name: FIRST, value: first}"].into_iter().chain(entries.into_values()).collect();
        let fields: Vec<&str> = fields.into_values().collect();
        let address = if is_addressed { "clusterIP: 10.0.0.1, " } else { "" };
        let mut cluster =
            Cluster::with_container(&format!("env: [{}], {}", env.join(", "), fields.join(", ")))
                .with_service("db", &format!("{address}ports: [{{port: 5432}}]"))
                .with_secret("db", "password: hunter2")
                .with_config_map("settings", "color: red, MODE: slow");
        for service in services.iter().collect::<std::collections::BTreeSet<_>>() {
            cluster = cluster.with_service(service, &format!("{address}ports: [{{port: 80}}]"));
        }
        if is_open {
            cluster = cluster.in_open_world();
        }
        // Facts about the Node and the Pod's address are missing in the closed world.
        let is_missing = |message: &str| !is_open && message.contains("kubelet does not start");
        for finding in cluster.findings() {
            prop_assert!(
                finding.severity == Severity::Info || is_missing(&finding.message),
                "{finding}"
            );
        }
    }
}
