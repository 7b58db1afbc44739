//! Objects of every kind except Services.

use kubelet_env::api::{LimitRange, Node, Pod, Quantity, Workload, WorkloadKind};
use kubelet_env::{Document, ObjectError, Objects};

use crate::support::documents::assert_round_trips;

const POD: &str = r#"{
  "apiVersion": "v1", "kind": "Pod",
  "metadata": {
    "name": "web-0", "namespace": "shop", "uid": "8f4c", "generateName": "web-",
    "labels": {"app": "web"}, "annotations": {"note": "x"}, "creationTimestamp": "2026-11-22T09:30:00Z"
  },
  "spec": {
    "initContainers": [{"name": "setup", "restartPolicy": "Always", "image": "busybox"}],
    "containers": [{
      "name": "app", "image": "app:1", "command": ["/app"], "args": ["-v"],
      "envFrom": [
        {"prefix": "P_", "configMapRef": {"name": "settings", "optional": true}},
        {"secretRef": {"name": "login"}}
      ],
      "env": [
        {"name": "A", "value": "x"},
        {"name": "B", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
        {"name": "C", "valueFrom": {"resourceFieldRef": {"containerName": "app", "resource": "limits.cpu", "divisor": "1m"}}},
        {"name": "D", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "K", "optional": false}}},
        {"name": "E", "valueFrom": {"secretKeyRef": {"name": "login", "key": "K"}}},
        {"name": "F", "valueFrom": {"fileKeyRef": {"volumeName": "v", "path": "p", "key": "K", "optional": true}}}
      ],
      "resources": {"limits": {"cpu": 1, "memory": "1Gi"}, "requests": {"cpu": "100m"}}
    }],
    "ephemeralContainers": [{"name": "debug"}],
    "enableServiceLinks": false, "serviceAccountName": "web", "nodeName": "node-1",
    "resources": {"limits": {"cpu": "2"}}
  },
  "status": {"podIP": "10.244.0.7", "podIPs": [{"ip": "10.244.0.7"}, {"ip": "fd00::7"}], "phase": "Running"}
}"#;

const NODE: &str = r#"{
  "apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"},
  "status": {"addresses": [{"type": "InternalIP", "address": "10.0.0.1"}], "allocatable": {"cpu": "4", "pods": "110"}}
}"#;

fn spec_json(kind: WorkloadKind, container: &str) -> String {
    let template = format!(
        r#"{{"metadata": {{"labels": {{"app": "web"}}}}, "spec": {{"containers": [{{"name": "{container}"}}]}}}}"#
    );
    match kind {
        WorkloadKind::CronJob => {
            format!(
                r#"{{"schedule": "* * * * *", "jobTemplate": {{"spec": {{"template": {template}}}}}}}"#
            )
        }
        _ => format!(r#"{{"replicas": 2, "template": {template}}}"#),
    }
}

fn workload_json(kind: WorkloadKind) -> String {
    let (api_version, spec) = (kind.api_version(), spec_json(kind, "app"));
    format!(
        r#"{{"apiVersion": "{api_version}", "kind": "{kind}", "metadata": {{"name": "web", "namespace": "shop"}}, "spec": {spec}}}"#
    )
}

fn read(json: &str) -> Objects {
    serde_json::from_str(json).unwrap()
}

fn error_message(json: &str) -> String {
    serde_json::from_str::<Objects>(json).unwrap_err().to_string()
}

#[test]
fn pod_round_trips() {
    let pod: Pod = serde_json::from_str(POD).unwrap();
    assert_round_trips(&pod);
    insta::assert_snapshot!(yaml_serde::to_string(&pod).unwrap(), @"
    apiVersion: v1
    kind: Pod
    metadata:
      name: web-0
      generateName: web-
      namespace: shop
      uid: 8f4c
      labels:
        app: web
      annotations:
        note: x
      creationTimestamp: 2026-11-22T09:30:00Z
    spec:
      initContainers:
      - name: setup
        image: busybox
        restartPolicy: Always
      containers:
      - name: app
        command:
        - /app
        args:
        - -v
        envFrom:
        - prefix: P_
          configMapRef:
            name: settings
            optional: true
        - secretRef:
            name: login
        env:
        - name: A
          value: x
        - name: B
          valueFrom:
            fieldRef:
              apiVersion: v1
              fieldPath: metadata.name
        - name: C
          valueFrom:
            resourceFieldRef:
              containerName: app
              resource: limits.cpu
              divisor: 1m
        - name: D
          valueFrom:
            configMapKeyRef:
              name: settings
              key: K
              optional: false
        - name: E
          valueFrom:
            secretKeyRef:
              name: login
              key: K
        - name: F
          valueFrom:
            fileKeyRef:
              volumeName: v
              path: p
              key: K
              optional: true
        resources:
          limits:
            cpu: '1'
            memory: 1Gi
          requests:
            cpu: 100m
        image: app:1
      ephemeralContainers:
      - name: debug
      enableServiceLinks: false
      serviceAccountName: web
      nodeName: node-1
      resources:
        limits:
          cpu: '2'
    status:
      podIP: 10.244.0.7
      podIPs:
      - ip: 10.244.0.7
      - ip: fd00::7
    ");
    assert_eq!(read(POD).pods.in_namespace("shop").get("web-0"), Some(&pod));
}

#[test]
fn node_round_trips() {
    let node: Node = serde_json::from_str(NODE).unwrap();
    assert_round_trips(&node);
    assert_eq!(node.status.allocatable["cpu"], "4".parse::<Quantity>().unwrap());
    assert_eq!(read(NODE).nodes.get("node-1"), Some(&node));
}

#[test]
fn limit_range_round_trips() {
    let json = r#"{
        "apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "small", "namespace": "shop"},
        "spec": {"limits": [{
            "type": "Container", "max": {"cpu": 2}, "min": {"cpu": "1m"},
            "default": {"cpu": "500m"}, "defaultRequest": {"cpu": "100m"},
            "maxLimitRequestRatio": {"cpu": "10"}
        }]}
    }"#;
    let limit_range: LimitRange = serde_json::from_str(json).unwrap();
    assert_round_trips(&limit_range);
    let item = &limit_range.spec.limits[0];
    assert_eq!((item.type_.as_str(), &item.max["cpu"]), ("Container", &"2".parse().unwrap()));
    assert_eq!(read(json).limit_ranges.in_namespace("shop").get("small"), Some(&limit_range));
}

#[test]
fn workload_kinds_round_trip() {
    for &kind in WorkloadKind::ALL {
        let json = workload_json(kind);
        let workload: Workload = serde_json::from_str(&json).unwrap();
        assert_eq!(
            (workload.kind, workload.template.spec.containers[0].name.as_str()),
            (kind, "app")
        );
        assert_round_trips(&workload);
        let objects = read(&json);
        assert_eq!(objects.workloads(kind).in_namespace("shop").get("web"), Some(&workload));
        assert_eq!(
            WorkloadKind::ALL.iter().map(|&other| objects.workloads(other).len()).sum::<usize>(),
            1
        );
        assert_eq!(workload.template.metadata.labels["app"], "web");
    }
}

#[test]
fn items_of_typed_lists_may_omit_kind() {
    for &kind in WorkloadKind::ALL {
        let (api_version, spec) = (kind.api_version(), spec_json(kind, "app"));
        let item = |name: &str| format!(r#"{{"metadata": {{"name": "{name}"}}, "spec": {spec}}}"#);
        let list = format!(
            r#"{{"kind": "{kind}List", "apiVersion": "{api_version}", "items": [{}, {}]}}"#,
            item("a"),
            item("b")
        );
        let names: Vec<String> = read(&list)
            .workloads(kind)
            .iter()
            .map(|workload| workload.metadata.name.clone())
            .collect();
        assert_eq!(names, ["a", "b"], "{kind}");
        assert!(read(&list).workloads(kind).iter().all(|workload| workload.kind == kind));
    }
    let list = |kind: &str| {
        format!(
            r#"{{"items": [{{"metadata": {{"name": "a"}}}}, {{"metadata": {{"name": "b"}}}}], "apiVersion": "v1", "kind": "{kind}List"}}"#
        )
    };
    assert_eq!(read(&list("Pod")).pods.len(), 2);
    assert_eq!(read(&list("ConfigMap")).config_maps.len(), 2);
    assert_eq!(read(&list("Secret")).secrets.len(), 2);
    assert_eq!(read(&list("Node")).nodes.len(), 2);
    assert_eq!(read(&list("LimitRange")).limit_ranges.len(), 2);
    assert_eq!(read(&list("Endpoints")).ignored["v1 Endpoints"], 2);
}

#[test]
fn list_holds_all_kinds_and_lists() {
    let items: Vec<String> = WorkloadKind::ALL
        .iter()
        .copied()
        .map(workload_json)
        .chain([POD.into(), NODE.into()])
        .collect();
    let list = format!(r#"{{"apiVersion": "v1", "kind": "List", "items": [{}]}}"#, items.join(","));
    let objects = read(&format!(r#"{{"apiVersion": "v1", "kind": "List", "items": [{list}]}}"#));
    assert!(WorkloadKind::ALL.iter().copied().all(|kind| objects.workloads(kind).len() == 1));
    assert_eq!((objects.pods.len(), objects.nodes.len()), (1, 1));
}

#[test]
fn kinds_of_other_groups_are_ignored() {
    for (api_version, kind) in [
        ("v1", "Deployment"),
        ("apps/v1", "Job"),
        ("extensions/v1beta1", "Deployment"),
        ("apps/v1", "Pod"),
    ] {
        let object = format!(
            r#"{{"apiVersion": "{api_version}", "kind": "{kind}", "metadata": {{"name": "x"}}, "spec": 7}}"#
        );
        let objects = read(&object);
        assert_eq!(objects.ignored.len(), 1);
        assert_eq!(objects, Objects { ignored: objects.ignored.clone(), ..Objects::default() });
    }
}

#[test]
fn error_names_object_and_field() {
    let among_many = |object: &str| {
        error_message(&format!(
            r#"{{"apiVersion": "v1", "kind": "List", "items": [{POD}, {NODE}, {object}]}}"#
        ))
    };
    let pod = |container: &str| {
        format!(
            r#"{{"apiVersion": "v1", "kind": "Pod", "metadata": {{"name": "bad", "namespace": "shop"}}, "spec": {{"containers": [{{"name": "a"}}, {container}]}}}}"#
        )
    };
    let texts = [
        among_many(&pod(r#"{"env": [{"name": 7}]}"#)),
        among_many(&pod(r#"{"env": [{"name": "A", "value": 80}]}"#)),
        among_many(&pod(r#"{"env": {"A": "x"}}"#)),
        among_many(&pod(r#"{"resources": {"limits": {"memory": "1GiB"}}}"#)),
        among_many(&pod(r#"{"resources": {"limits": {"example.com/gpu": true}}}"#)),
        among_many(&pod(
            r#"{"env": [{"name": "A", "valueFrom": {"resourceFieldRef": {"divisor": "one"}}}]}"#,
        )),
        among_many(&pod(r#"{"envFrom": [{"configMapRef": "settings"}]}"#)),
        among_many(&pod(r#"{"env": [{"name": "A", "name": "B"}]}"#)),
        among_many(
            &workload_json(WorkloadKind::Deployment)
                .replace(r#"[{"name": "app"}]"#, r#"[{"args": "-v"}]"#),
        ),
        among_many(
            &workload_json(WorkloadKind::CronJob)
                .replace(r#"[{"name": "app"}]"#, r#"[{"args": "-v"}]"#),
        ),
        among_many(
            r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"PORT": 80}}"#,
        ),
        among_many(
            r#"{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "status": {"addresses": [{"address": 1}]}}"#,
        ),
        among_many(r#"{"apiVersion": "v1", "kind": "ConfigMap", "data": {}}"#),
        among_many(
            r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "creationTimestamp": "yesterday"}}"#,
        ),
        among_many(NODE),
    ];
    insta::assert_snapshot!(texts.join("\n"), @r#"
    Pod shop/bad: items[2].spec.containers[1].env[0].name is 7, but should be a string
    Pod shop/bad: items[2].spec.containers[1].env[0].value is 80, but should be a string
    Pod shop/bad: items[2].spec.containers[1].env is an object, but should be a list
    Pod shop/bad: items[2].spec.containers[1].resources.limits.memory is "1GiB", but should be a quantity such as 128Mi or 250m
    Pod shop/bad: items[2].spec.containers[1].resources.limits['example.com/gpu'] is true, but should be a quantity such as 128Mi or 250m
    Pod shop/bad: items[2].spec.containers[1].env[0].valueFrom.resourceFieldRef.divisor is "one", but should be a quantity such as 128Mi or 250m
    Pod shop/bad: items[2].spec.containers[1].envFrom[0].configMapRef is "settings", but should be an object
    Pod shop/bad: items[2].spec.containers[1].env[0].name is given twice
    Deployment shop/web: items[2].spec.template.spec.containers[0].args is "-v", but should be a list
    CronJob shop/web: items[2].spec.jobTemplate.spec.template.spec.containers[0].args is "-v", but should be a list
    ConfigMap c: items[2].data.PORT is 80, but should be a string
    Node n: items[2].status.addresses[0].address is 1, but should be a string
    ConfigMap: items[2].metadata.name is missing
    Pod p: items[2].metadata.creationTimestamp is "yesterday", but should be a time in RFC 3339, such as 2026-11-22T09:30:00Z
    Node node-1 is defined twice: metadata.name must be unique in a namespace, so rename or remove one
    "#);
}

#[test]
fn rejected_document_adds_nothing() {
    let mut objects = read(NODE);
    let before = objects.clone();
    let list = format!(r#"{{"apiVersion": "v1", "kind": "List", "items": [{POD}, {NODE}]}}"#);
    let document: Document = serde_json::from_str(&list).unwrap();
    assert!(matches!(objects.add(document), Err(ObjectError::Duplicate(_))));
    assert_eq!(objects, before);
}

#[test]
fn typed_object_rejects_other_kinds() {
    assert!(serde_json::from_str::<Pod>(NODE).is_err());
    assert!(serde_json::from_str::<Node>(POD).is_err());
    assert!(serde_json::from_str::<Workload>(POD).is_err());
    let error = serde_json::from_str::<Workload>("{}").unwrap_err();
    assert!(error.to_string().contains("missing field `kind`"));
}

#[test]
fn missing_namespace_is_default_except_for_nodes() {
    let bare = |object: &str| object.replace(r#", "namespace": "shop""#, "");
    let mut objects = read(&bare(POD));
    for &kind in WorkloadKind::ALL {
        objects.merge(read(&bare(&workload_json(kind)))).unwrap();
    }
    objects.merge(read(NODE)).unwrap();
    for kind in ["ConfigMap", "Secret"] {
        let json =
            format!(r#"{{"apiVersion": "v1", "kind": "{kind}", "metadata": {{"name": "c"}}}}"#);
        objects.merge(read(&json)).unwrap();
    }
    assert!(
        objects.pods.in_namespace("default").get("web-0").is_some()
            && objects.nodes.get("node-1").is_some()
    );
    assert!(
        objects.config_maps.in_namespace("default").get("c").is_some()
            && objects.secrets.in_namespace("default").get("c").is_some()
    );
    for &kind in WorkloadKind::ALL {
        let workload = objects.workloads(kind).in_namespace("default").get("web").unwrap();
        assert_eq!(workload.metadata.namespace, "default");
    }
}
