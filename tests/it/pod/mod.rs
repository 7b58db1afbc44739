//! From objects to the Pods that the kubelet sees.

use kubelet_env::api::{Node, Pod, PodSpec, PodStatus, Workload};
use kubelet_env::container::Known;
use kubelet_env::inspect::upgrade_built;
use kubelet_env::pod::{Built, PodContext, PodError, PodSource, UndecidedField};
use kubelet_env::{ComposeErrorKind, Facts, Objects, Release, compose};

use crate::support::documents::read_yaml;
use crate::support::yaml;

mod properties;

const NODE: &str = "
metadata:
  name: Node-1
  labels: {topology.kubernetes.io/zone: a, topology.kubernetes.io/region: eu, disk: ssd}
status:
  addresses: [{type: InternalIP, address: 10.0.0.5}, {type: ExternalIP, address: 'fd00::5'}]
  allocatable: {cpu: 4}
";

fn node() -> Node {
    yaml(NODE)
}

/// Reads a workload of `kind` whose template has this spec.
fn workload(kind: &str, spec: &str) -> Workload {
    let version = if ["Job", "CronJob"].contains(&kind) { "batch/v1" } else { "apps/v1" };
    yaml(&format!(
        "{{apiVersion: {version}, kind: {kind}, metadata: {{name: web, namespace: shop}}, spec: {{{spec}}}}}"
    ))
}

fn in_release(release: &str) -> Release {
    release.parse().unwrap()
}

/// Lists the changes and the undecided fields of a Pod.
fn summary(built: &Built) -> String {
    let changes = built.changes.iter().map(ToString::to_string);
    let undecided = built.undecided.iter().map(|field| format!("{field}: undecided"));
    changes.chain(undecided).collect::<Vec<_>>().join("\n")
}

fn of_workload(workload: &Workload, index: Option<u32>) -> Built {
    let (objects, node) = (Objects::default(), node());
    PodContext { index, node: Some(&node), ..PodContext::of(&objects) }.workload(workload)
}

fn of_pod(pod: &Pod, source: PodSource, release: &str) -> Result<Built, PodError> {
    let (objects, node) = (Objects::default(), node());
    let release = in_release(release);
    PodContext { source, node: Some(&node), release, ..PodContext::of(&objects) }.pod(pod)
}

#[test]
fn indexed_job_has_its_index() {
    let job = workload(
        "Job",
        "completionMode: Indexed, backoffLimitPerIndex: 2, template: {metadata: {labels: {job-name: own}}, spec: {
            initContainers: [{name: setup}],
            containers: [{name: app, env: [{name: A}]}, {name: own, env: [{name: JOB_COMPLETION_INDEX, value: x}]}]}}",
    );
    insta::assert_snapshot!(summary(&of_workload(&job, Some(3))), @"
    metadata.labels['batch.kubernetes.io/job-name']: set by the registry of Jobs
    metadata.labels['batch.kubernetes.io/controller-uid']: set by the registry of Jobs
    metadata.labels['controller-uid']: set by the registry of Jobs
    spec.initContainers[0].env[0]: set by the Job controller
    spec.containers[0].env[1]: set by the Job controller
    metadata.annotations['batch.kubernetes.io/job-completion-index']: set by the Job controller
    metadata.labels['batch.kubernetes.io/job-completion-index']: set by the Job controller
    metadata.annotations['batch.kubernetes.io/job-index-failure-count']: set by the Job controller
    spec.hostname: set by the Job controller
    metadata.generateName: set by the Job controller
    spec.enableServiceLinks: set by the API server's defaulting
    spec.serviceAccountName: set by the admission plugin ServiceAccount
    spec.nodeName: set by the scheduler
    metadata.labels['topology.kubernetes.io/region']: set by the admission plugin PodTopologyLabels
    metadata.labels['topology.kubernetes.io/zone']: set by the admission plugin PodTopologyLabels
    metadata.annotations['kubernetes.io/config.source']: set by the kubelet
    metadata.annotations['kubernetes.io/config.seen']: set by the kubelet
    metadata.name: undecided
    metadata.uid: undecided
    metadata.labels['batch.kubernetes.io/controller-uid']: undecided
    metadata.labels['controller-uid']: undecided
    metadata.annotations['batch.kubernetes.io/job-index-failure-count']: undecided
    metadata.annotations['kubernetes.io/config.seen']: undecided
    ");
    let built = of_workload(&job, Some(3));
    let last = |index: usize| built.pod.spec.containers[index].env.last().unwrap();
    assert_eq!((last(0).name.as_str(), last(1).value.as_str()), ("JOB_COMPLETION_INDEX", "x"));
    assert_eq!(built.pod.metadata.labels["job-name"], "own");
    assert_eq!(
        (&*built.pod.spec.hostname, &*built.pod.metadata.generate_name),
        ("web-3", "web-3-")
    );
    let unknown = of_workload(&job, None);
    assert!(
        unknown.undecided.contains("metadata.labels['batch.kubernetes.io/job-completion-index']")
    );
    assert!(unknown.undecided.contains("spec.hostname"));
}

#[test]
fn manual_selector_leaves_labels_alone() {
    let job =
        workload("Job", "manualSelector: true, template: {spec: {containers: [{name: app}]}}");
    let labels = of_workload(&job, None).pod.metadata.labels;
    assert!(labels.keys().all(|key| key.starts_with("topology.")), "{labels:?}");
}

#[test]
fn cron_job_leaves_the_name_of_its_job_undecided() {
    let cron_job =
        workload("CronJob", "jobTemplate: {spec: {template: {spec: {containers: [{name: app}]}}}}");
    let built = of_workload(&cron_job, None);
    let undecided: Vec<String> = built.undecided.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(undecided.join("\n"), @"
    metadata.name
    metadata.uid
    metadata.labels['batch.kubernetes.io/controller-uid']
    metadata.labels['batch.kubernetes.io/job-name']
    metadata.labels['controller-uid']
    metadata.labels['job-name']
    metadata.annotations['kubernetes.io/config.seen']
    ");
}

#[test]
fn stateful_set_names_its_pods() {
    let set = workload(
        "StatefulSet",
        "serviceName: db, template: {spec: {hostname: own, containers: [{name: app}]}}",
    );
    insta::assert_snapshot!(summary(&of_workload(&set, Some(2))), @"
    metadata.name: set by the StatefulSet controller
    metadata.labels['statefulset.kubernetes.io/pod-name']: set by the StatefulSet controller
    metadata.labels['apps.kubernetes.io/pod-index']: set by the StatefulSet controller
    metadata.labels['controller-revision-hash']: set by the StatefulSet controller
    spec.hostname: set by the StatefulSet controller
    spec.subdomain: set by the StatefulSet controller
    spec.enableServiceLinks: set by the API server's defaulting
    spec.serviceAccountName: set by the admission plugin ServiceAccount
    spec.nodeName: set by the scheduler
    metadata.labels['topology.kubernetes.io/region']: set by the admission plugin PodTopologyLabels
    metadata.labels['topology.kubernetes.io/zone']: set by the admission plugin PodTopologyLabels
    metadata.annotations['kubernetes.io/config.source']: set by the kubelet
    metadata.annotations['kubernetes.io/config.seen']: set by the kubelet
    metadata.uid: undecided
    metadata.labels['controller-revision-hash']: undecided
    metadata.annotations['kubernetes.io/config.seen']: undecided
    ");
    let pod = of_workload(&set, Some(2)).pod;
    assert_eq!(
        (&*pod.metadata.name, &*pod.spec.hostname, &*pod.spec.subdomain),
        ("web-2", "web-2", "db")
    );
    assert!(of_workload(&set, None).undecided.contains("metadata.name"));
}

#[test]
fn deployment_and_daemon_set_have_hashes() {
    let spec = "template: {metadata: {name: dropped, labels: {pod-template-hash: own}}, spec: {containers: [{name: app}]}}";
    let deployment = of_workload(&workload("Deployment", spec), None);
    assert!(deployment.undecided.contains("metadata.labels['pod-template-hash']"));
    assert_eq!(deployment.pod.metadata.name, "");
    let replica_set = of_workload(&workload("ReplicaSet", spec), None);
    assert_eq!(replica_set.pod.metadata.labels["pod-template-hash"], "own");
    let mut daemon_set = workload("DaemonSet", spec);
    let generation = |daemon_set: &Workload| {
        of_workload(daemon_set, None).pod.metadata.labels.get("pod-template-generation").cloned()
    };
    assert_eq!(generation(&daemon_set).as_deref(), Some("1"));
    let annotation = "deprecated.daemonset.template.generation".to_owned();
    daemon_set.metadata.annotations.insert(annotation, "7".into());
    assert_eq!(generation(&daemon_set).as_deref(), Some("7"));
    assert!(
        of_workload(&daemon_set, None)
            .undecided
            .contains("metadata.labels['controller-revision-hash']")
    );
}

#[test]
fn undecided_field_is_an_error() {
    let deployment = workload(
        "Deployment",
        "template: {spec: {containers: [{name: app, env: [{name: HASH, valueFrom: {fieldRef: {fieldPath: \"metadata.labels['pod-template-hash']\"}}}]}]}}",
    );
    let mut built = of_workload(&deployment, None);
    let objects = Objects::default();
    let error = compose(&built.pod, "app", &Facts::of(&objects).with_pod(&built)).unwrap_err();
    assert!(matches!(error.kind(), ComposeErrorKind::FieldPath { .. }));
    let known = Known::default();
    let open = compose(&built.pod, "app", &Facts::open(&objects, &known).with_pod(&built)).unwrap();
    let value = open.environment().get("HASH").unwrap().value().to_string();
    assert_eq!(value, "<metadata.labels['pod-template-hash']>");
    let mut known = Known::default();
    known.pod.labels.insert("pod-template-hash".into(), "5d68c8b5fc".into());
    let supplied = Facts { known: Some(&known), ..Facts::of(&objects).with_pod(&built) };
    let composition = compose(&built.pod, "app", &supplied).unwrap();
    assert_eq!(composition.environment().get("HASH").unwrap().value().as_str(), Some("5d68c8b5fc"));
    insta::assert_snapshot!(error, @r#"Pod in shop, container app: env[0] HASH: fieldRef "metadata.labels['pod-template-hash']": only the cluster decides this value, and it was not provided"#);
    built.decide(UndecidedField::Label("pod-template-hash".into()), "5d68c8b5fc");
    let composition = compose(&built.pod, "app", &Facts::of(&objects).with_pod(&built)).unwrap();
    assert_eq!(composition.environment().get("HASH").unwrap().value().as_str(), Some("5d68c8b5fc"));
    built.decide(UndecidedField::Label("app".into()), "ignored");
    assert!(!built.pod.metadata.labels.contains_key("app"));
}

#[test]
fn limit_range_fills_in_after_defaulting() {
    let objects = read_yaml(
        "
        {apiVersion: v1, kind: LimitRange, metadata: {name: b, namespace: shop}, spec: {limits: [
            {type: Pod, max: {memory: 1Ti}},
            {type: Container, default: {cpu: 200m, memory: 96Mi}, defaultRequest: {cpu: 20m}, max: {ephemeral-storage: 2Gi}}]}}
---
        {apiVersion: v1, kind: LimitRange, metadata: {name: a, namespace: shop}, spec: {limits: [
            {type: Container, min: {hugepages-2Mi: 4Mi}}]}}
---
        {apiVersion: v1, kind: LimitRange, metadata: {name: other, namespace: default}, spec: {limits: [
            {type: Container, default: {cpu: 1}}]}}
---
        {apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}, spec: {
            containers: [{name: app, resources: {limits: {cpu: 3m}}}], initContainers: [{name: setup}]}}
        ",
    );
    let pod = objects.pods.in_namespace("shop").get("web").unwrap();
    let built = PodContext::of(&objects).pod(pod).unwrap();
    insta::assert_snapshot!(yaml_serde::to_string(&built.pod.spec.containers[0].resources).unwrap(), @"
    limits:
      cpu: 3m
      ephemeral-storage: 2Gi
      memory: 96Mi
    requests:
      cpu: 3m
      ephemeral-storage: 2Gi
      hugepages-2Mi: 4Mi
      memory: 96Mi
    ");
    insta::assert_snapshot!(yaml_serde::to_string(&built.pod.spec.init_containers[0].resources).unwrap(), @"
    limits:
      cpu: 200m
      ephemeral-storage: 2Gi
      memory: 96Mi
    requests:
      cpu: 20m
      ephemeral-storage: 2Gi
      hugepages-2Mi: 4Mi
      memory: 96Mi
    ");
    insta::assert_snapshot!(built.pod.metadata.annotations["kubernetes.io/limit-ranger"], @"LimitRanger plugin set: ephemeral-storage, memory request for container app; ephemeral-storage, memory limit for container app; cpu, ephemeral-storage, memory request for init container setup; cpu, ephemeral-storage, memory limit for init container setup");
}

#[test]
fn service_account_has_an_alias_and_a_default() {
    let account = |spec: &str| {
        let pod: Pod = yaml(&format!("spec: {{{spec}}}"));
        of_pod(&pod, PodSource::Api, "1.36").unwrap().pod.spec.service_account_name
    };
    assert_eq!(account(""), "default");
    assert_eq!(account("serviceAccount: robot"), "robot");
    assert_eq!(account("serviceAccount: robot, serviceAccountName: clerk"), "clerk");
}

#[test]
fn topology_labels_come_from_the_node() {
    let pod: Pod = yaml("metadata: {name: web, labels: {topology.kubernetes.io/zone: own}}");
    let zone = |release: &str| {
        let built = of_pod(&pod, PodSource::Api, release).unwrap();
        built.pod.metadata.labels["topology.kubernetes.io/zone"].clone()
    };
    assert_eq!((zone("1.34"), zone("1.35")), ("own".into(), "a".into()));
    let labels = of_pod(&pod, PodSource::Api, "1.36").unwrap().pod.metadata.labels;
    assert!(!labels.contains_key("disk") && labels["topology.kubernetes.io/region"] == "eu");
    let of_file = of_pod(&pod, PodSource::File, "1.36").unwrap();
    assert_eq!(of_file.pod.metadata.labels["topology.kubernetes.io/zone"], "own");
    // Without the Node the labels are not known.
    let objects = Objects::default();
    let built = PodContext::of(&objects).pod(&pod).unwrap();
    assert!(built.undecided.contains("metadata.labels['topology.kubernetes.io/zone']"));
    // A Node of another name is not that of the Pod.
    let (bound, node): (Pod, _) =
        (yaml("{metadata: {name: web}, spec: {nodeName: other}}"), node());
    let context = PodContext { node: Some(&node), ..PodContext::of(&objects) };
    assert!(context.pod(&bound).unwrap().undecided.contains("metadata.labels"));
}

#[test]
fn stored_pod_is_not_admitted_again() {
    let pod: Pod = yaml(
        "
        metadata: {name: web, namespace: shop, uid: 8f4c}
        spec: {nodeName: Node-1, containers: [{name: app}]}
        ",
    );
    let objects = read_yaml(
        "{apiVersion: v1, kind: LimitRange, metadata: {name: a, namespace: shop}, spec: {limits: [
            {type: Container, default: {cpu: 200m}}]}}",
    );
    let node = node();
    let built = PodContext { node: Some(&node), ..PodContext::of(&objects) }.pod(&pod).unwrap();
    insta::assert_snapshot!(summary(&built), @"
    spec.enableServiceLinks: set by the API server's defaulting
    metadata.annotations['kubernetes.io/config.source']: set by the kubelet
    metadata.annotations['kubernetes.io/config.seen']: set by the kubelet
    metadata.annotations['kubernetes.io/config.seen']: undecided
    ");
    assert!(built.pod.spec.containers[0].resources.limits.is_empty());
    assert!(!built.pod.metadata.labels.contains_key("topology.kubernetes.io/zone"));
}

#[test]
fn static_pod_is_named_for_its_node() {
    let pod: Pod = yaml(
        "{metadata: {name: proxy}, spec: {containers: [{name: app, resources: {limits: {cpu: 1}}}]}}",
    );
    let built = of_pod(&pod, PodSource::File, "1.36").unwrap();
    insta::assert_snapshot!(summary(&built), @"
    spec.enableServiceLinks: set by the API server's defaulting
    spec.containers[0].resources.requests.cpu: set by the API server's defaulting
    metadata.uid: set by the kubelet's reader of static Pods
    metadata.annotations['kubernetes.io/config.hash']: set by the kubelet's reader of static Pods
    metadata.namespace: set by the kubelet's reader of static Pods
    metadata.name: set by the kubelet's reader of static Pods
    spec.nodeName: set by the kubelet's reader of static Pods
    metadata.annotations['kubernetes.io/config.source']: set by the kubelet
    metadata.annotations['kubernetes.io/config.seen']: set by the kubelet
    metadata.uid: undecided
    metadata.annotations['kubernetes.io/config.hash']: undecided
    metadata.annotations['kubernetes.io/config.seen']: undecided
    ");
    let metadata = &built.pod.metadata;
    assert_eq!((&*metadata.name, &*metadata.namespace), ("proxy-node-1", "default"));
    assert_eq!(built.pod.spec.node_name, "Node-1");
    assert_eq!(metadata.annotations["kubernetes.io/config.source"], "file");
    let with_uid: Pod = yaml("{metadata: {name: proxy, uid: abc}}");
    let built = of_pod(&with_uid, PodSource::Http, "1.36").unwrap();
    assert_eq!(built.pod.metadata.annotations["kubernetes.io/config.hash"], "abc");
    assert_eq!(built.pod.metadata.annotations["kubernetes.io/config.source"], "http");
    let objects = Objects::default();
    let context = PodContext { source: PodSource::File, ..PodContext::of(&objects) };
    assert!(context.pod(&pod).unwrap().undecided.contains("metadata.name"));
    insta::assert_snapshot!(context.pod(&Pod::default()).unwrap_err(), @"Pod: metadata.name is missing: a static Pod needs one");
}

#[test]
fn static_pod_references_are_rejected_since_1_34() {
    for (spec, resource) in [
        ("serviceAccount: robot", "serviceaccounts"),
        ("imagePullSecrets: [{name: s}]", "secrets"),
        ("containers: [{name: app, envFrom: [{secretRef: {name: s}}]}]", "secrets"),
        (
            "containers: [{name: app, env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]}]",
            "secrets",
        ),
        ("volumes: [{name: v, projected: {sources: [{secret: {name: s}}]}}]", "secrets"),
        ("volumes: [{name: v, secret: {secretName: s}}]", "secrets"),
        ("initContainers: [{name: app, envFrom: [{configMapRef: {name: c}}]}]", "configmaps"),
        (
            "containers: [{name: app, env: [{name: A, valueFrom: {configMapKeyRef: {name: c, key: k}}}]}]",
            "configmaps",
        ),
        ("volumes: [{name: v, configMap: {name: c}}]", "configmaps"),
        ("volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]", "persistentvolumeclaims"),
        ("resourceClaims: [{name: gpu}]", "resourceclaims"),
    ] {
        let pod: Pod = yaml(&format!("{{metadata: {{name: proxy}}, spec: {{{spec}}}}}"));
        let error = of_pod(&pod, PodSource::File, "1.34").unwrap_err();
        assert!(error.to_string().contains(&format!("may not reference {resource}")), "{error}");
        assert!(
            of_pod(&pod, PodSource::File, "1.33").is_ok()
                && of_pod(&pod, PodSource::Api, "1.34").is_ok()
        );
    }
}

#[test]
fn mirror_pod_becomes_the_static_pod() {
    let mirror: Pod = yaml(
        "
        metadata:
          name: proxy-node-1
          namespace: default
          uid: uid-of-the-mirror
          labels: {app: proxy, topology.kubernetes.io/zone: a}
          annotations:
            kubernetes.io/config.hash: abc
            kubernetes.io/config.mirror: abc
            kubernetes.io/config.source: file
            kubernetes.io/config.seen: 2026-11-23T23:18:44Z
            kubernetes.io/limit-ranger: 'LimitRanger plugin set: cpu, memory request for container app; cpu limit for init container app'
        spec:
          nodeName: Node-1
          initContainers: [{name: app, resources: {limits: {cpu: 200m, memory: 1}}}]
          containers: [{name: app, resources: {limits: {cpu: 3}, requests: {cpu: 1, memory: 1}}}]
        ",
    );
    let built = of_pod(&mirror, PodSource::Api, "1.36").unwrap();
    insta::assert_snapshot!(yaml_serde::to_string(&built.pod).unwrap(), @"
    apiVersion: v1
    kind: Pod
    metadata:
      name: proxy-node-1
      namespace: default
      uid: abc
      labels:
        app: proxy
      annotations:
        kubernetes.io/config.hash: abc
        kubernetes.io/config.seen: 2026-11-23T23:18:44Z
        kubernetes.io/config.source: file
    spec:
      initContainers:
      - name: app
        resources:
          limits:
            memory: '1'
          requests:
            memory: '1'
      containers:
      - name: app
        resources:
          limits:
            cpu: '3'
          requests:
            cpu: '3'
      enableServiceLinks: true
      nodeName: Node-1
    ");
    assert!(built.undecided.is_empty());
}

#[test]
fn host_network_has_the_addresses_of_the_node() {
    let pod: Pod = yaml(
        "{metadata: {name: web, namespace: shop}, spec: {hostNetwork: true, containers: [
        {name: app, env: [{name: IPS, valueFrom: {fieldRef: {fieldPath: status.podIPs}}}]}]}}",
    );
    let built = of_pod(&pod, PodSource::Api, "1.36").unwrap();
    let objects = Objects::default();
    let ips = |node_ips: &[String]| {
        let facts = Facts { node_ips, ..Facts::of(&objects).with_pod(&built) };
        let composition = compose(&built.pod, "app", &facts).unwrap();
        composition.environment().get("IPS").unwrap().value().as_str().unwrap().to_owned()
    };
    assert_eq!(ips(&[]), "10.0.0.5,fd00::5");
    assert_eq!(ips(&["fd00::5".into()]), "fd00::5,10.0.0.5");
    let other = Pod { spec: PodSpec { host_network: false, ..pod.spec.clone() }, ..pod };
    assert_eq!(of_pod(&other, PodSource::Api, "1.36").unwrap().pod.status, PodStatus::default());
}

#[test]
fn explanation_names_the_stage() {
    let job = workload(
        "Job",
        "completionMode: Indexed, template: {spec: {containers: [{name: app, env: [
            {name: ZONE, valueFrom: {fieldRef: {fieldPath: \"metadata.labels['topology.kubernetes.io/zone']\"}}},
            {name: CPU, valueFrom: {resourceFieldRef: {resource: requests.cpu}}}],
            resources: {limits: {cpu: 2}}}]}}",
    );
    let built = of_workload(&job, Some(3));
    let objects = Objects::default();
    let composition = compose(&built.pod, "app", &Facts::of(&objects).with_pod(&built)).unwrap();
    let explain = |name| composition.explain(name, &objects.services).to_string();
    let all = ["JOB_COMPLETION_INDEX", "ZONE", "CPU"].map(explain).concat();
    insta::assert_snapshot!(all, @"
    JOB_COMPLETION_INDEX=3
      from env[2], field metadata.labels['batch.kubernetes.io/job-completion-index'] of the Pod, added by the Job controller, set by the Job controller
    ZONE=a
      from env[0], field metadata.labels['topology.kubernetes.io/zone'] of the Pod, set by the admission plugin PodTopologyLabels
    CPU=2
      from env[1], requests.cpu, set by the API server's defaulting
    ");
}

#[test]
fn upgrade_builds_the_pod_anew() {
    let pod: Pod = yaml(
        "{metadata: {name: proxy}, spec: {containers: [{name: app, envFrom: [{configMapRef: {name: c, optional: true}}], env: [
            {name: ZONE, valueFrom: {fieldRef: {fieldPath: \"metadata.labels['topology.kubernetes.io/zone']\"}}}]}]}}",
    );
    let objects = Objects::default();
    let changes = |source| {
        let facts = Facts { release: in_release("1.33"), ..Facts::of(&objects) };
        let build = |release: Release| of_pod(&pod, source, &release.to_string());
        upgrade_built(build, "app", &facts, Release::NEWEST).to_string()
    };
    insta::assert_snapshot!(changes(PodSource::Api), @"1.35: ZONE changes from  to a (new in 1.35: fileKeyRef gives the value from the env file; a Pod gets the labels for zone and region of its Node)");
    insta::assert_snapshot!(changes(PodSource::File), @"1.34: the container is rejected: Pod proxy: static pods may not reference configmaps: remove the reference, or create the Pod in the API (new in 1.34: a container's missing limits are taken from the Pod's own, if it has any; the kubelet rejects a static Pod that refers to other API objects; `$` before a character that is not ASCII stays as it is)");
}
