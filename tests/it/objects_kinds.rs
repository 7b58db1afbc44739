//! Reading and writing of objects of every kind but Services.

use kubelet_env::api::{
    ConfigMap, LimitRange, Node, Pod, Quantity, Secret, Service, ServiceSpec, Workload,
    WorkloadKind,
};
use kubelet_env::{Document, ObjectError, Objects};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

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

fn template(kind: WorkloadKind, container: &str) -> String {
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

fn workload(kind: WorkloadKind) -> String {
    let (api_version, spec) = (kind.api_version(), template(kind, "app"));
    format!(
        r#"{{"apiVersion": "{api_version}", "kind": "{kind}", "metadata": {{"name": "web", "namespace": "shop"}}, "spec": {spec}}}"#
    )
}

fn read(json: &str) -> Objects {
    serde_json::from_str(json).unwrap()
}

fn refused(json: &str) -> String {
    serde_json::from_str::<Objects>(json).unwrap_err().to_string()
}

#[track_caller]
fn round_trips<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(object: &T) {
    let json = serde_json::to_string(object).unwrap();
    assert_eq!(serde_json::from_str::<T>(&json).unwrap(), *object, "{json}");
    let yaml = yaml_serde::to_string(object).unwrap();
    assert_eq!(yaml_serde::from_str::<T>(&yaml).unwrap(), *object, "{yaml}");
}

#[test]
fn a_pod_is_read_with_all_that_matters_and_written_back() {
    let pod: Pod = serde_json::from_str(POD).unwrap();
    round_trips(&pod);
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
    assert_eq!(read(POD).pods.get("shop", "web-0"), Some(&pod));
}

#[test]
fn a_node_is_read_and_written_back() {
    let node: Node = serde_json::from_str(NODE).unwrap();
    round_trips(&node);
    assert_eq!(node.status.allocatable["cpu"], "4".parse::<Quantity>().unwrap());
    assert_eq!(read(NODE).nodes.get("", "node-1"), Some(&node));
}

#[test]
fn limit_ranges_are_read_and_written_back() {
    let json = r#"{
        "apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "small", "namespace": "shop"},
        "spec": {"limits": [{
            "type": "Container", "max": {"cpu": 2}, "min": {"cpu": "1m"},
            "default": {"cpu": "500m"}, "defaultRequest": {"cpu": "100m"},
            "maxLimitRequestRatio": {"cpu": "10"}
        }]}
    }"#;
    let limit_range: LimitRange = serde_json::from_str(json).unwrap();
    round_trips(&limit_range);
    let item = &limit_range.spec.limits[0];
    assert_eq!((item.type_.as_str(), &item.max["cpu"]), ("Container", &"2".parse().unwrap()));
    assert_eq!(read(json).limit_ranges.get("shop", "small"), Some(&limit_range));
}

#[test]
fn each_kind_of_workload_has_its_template_in_its_own_place() {
    for &kind in WorkloadKind::ALL {
        let json = workload(kind);
        let workload: Workload = serde_json::from_str(&json).unwrap();
        assert_eq!(
            (workload.kind, workload.template.spec.containers[0].name.as_str()),
            (kind, "app")
        );
        round_trips(&workload);
        let objects = read(&json);
        assert_eq!(objects.workloads(kind).get("shop", "web"), Some(&workload));
        assert_eq!(
            WorkloadKind::ALL.iter().map(|&other| objects.workloads(other).len()).sum::<usize>(),
            1
        );
        let pod = workload.pod();
        assert_eq!(
            (pod.metadata.namespace.as_str(), pod.metadata.labels["app"].as_str()),
            ("shop", "web")
        );
        assert_eq!((pod.metadata.name.as_str(), pod.metadata.uid.as_str()), ("", ""));
    }
}

#[test]
fn typed_lists_need_not_say_the_kind_of_their_items() {
    for &kind in WorkloadKind::ALL {
        let (api_version, spec) = (kind.api_version(), template(kind, "app"));
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
    assert_eq!(read(&list("Endpoints")).ignored.len(), 2);
}

#[test]
fn a_list_holds_objects_of_all_kinds_and_other_lists() {
    let items: Vec<String> =
        WorkloadKind::ALL.iter().copied().map(workload).chain([POD.into(), NODE.into()]).collect();
    let list = format!(r#"{{"apiVersion": "v1", "kind": "List", "items": [{}]}}"#, items.join(","));
    let objects = read(&format!(r#"{{"apiVersion": "v1", "kind": "List", "items": [{list}]}}"#));
    assert!(WorkloadKind::ALL.iter().copied().all(|kind| objects.workloads(kind).len() == 1));
    assert_eq!((objects.pods.len(), objects.nodes.len()), (1, 1));
}

#[test]
fn a_kind_of_another_group_is_not_meant() {
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
fn string_data_is_read_over_data_and_written_in_base64() {
    let secret: Secret = serde_json::from_str(
        r#"{"kind": "Secret", "metadata": {"name": "s"}, "type": "Opaque",
            "stringData": {"A": "from stringData", "C": ""}, "data": {"A": "eA==", "B": "/wD+", "D": "eF\r\nl6\n", "E": "eB=="}}"#,
    )
    .unwrap();
    let value = |key: &str| secret.data[key].as_bytes();
    assert_eq!(
        (value("A"), value("B"), value("C")),
        (&b"from stringData"[..], &b"\xff\x00\xfe"[..], &b""[..])
    );
    // As Go's decoder has it: line ends, and bits that no byte takes up.
    assert_eq!((value("D"), value("E")), (&b"xYz"[..], &b"x"[..]));
    round_trips(&secret);
    insta::assert_snapshot!(serde_json::to_string(&secret).unwrap(), @r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"data":{"A":"ZnJvbSBzdHJpbmdEYXRh","B":"/wD+","C":"","D":"eFl6","E":"eA=="}}"#);
}

#[test]
fn binary_data_is_not_read() {
    let map: ConfigMap = serde_json::from_str(
        r#"{"metadata": {"name": "c"}, "data": {"A": "x"}, "binaryData": {"B": "eA=="}}"#,
    )
    .unwrap();
    assert_eq!(map.data.keys().collect::<Vec<_>>(), ["A"]);
    round_trips(&map);
}

#[test]
fn null_is_absent_everywhere() {
    fn same<T: DeserializeOwned + PartialEq + std::fmt::Debug>(with_null: &str, without: &str) {
        assert_eq!(
            serde_json::from_str::<T>(with_null).unwrap(),
            serde_json::from_str::<T>(without).unwrap()
        );
        assert_eq!(
            yaml_serde::from_str::<T>(with_null).unwrap(),
            yaml_serde::from_str::<T>(without).unwrap()
        );
    }
    same::<Pod>(r#"{"metadata": null, "spec": null, "status": null}"#, "{}");
    same::<Pod>(
        r#"{"metadata": {"name": null, "labels": null, "creationTimestamp": null},
            "spec": {"containers": [{"name": "a", "command": null, "env": null, "envFrom": null, "resources": null}],
                     "initContainers": null, "enableServiceLinks": null, "nodeName": null},
            "status": {"podIP": null, "podIPs": null}}"#,
        r#"{"spec": {"containers": [{"name": "a"}]}}"#,
    );
    same::<Pod>(
        r#"{"spec": {"containers": [{"env": [{"name": "A", "value": null, "valueFrom": null},
            {"name": "B", "valueFrom": {"fieldRef": null, "resourceFieldRef": {"resource": "limits.cpu", "divisor": null}}}],
            "envFrom": [{"prefix": null, "configMapRef": {"name": "c", "optional": null}, "secretRef": null}]}]}}"#,
        r#"{"spec": {"containers": [{"env": [{"name": "A"}, {"name": "B", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}],
            "envFrom": [{"configMapRef": {"name": "c"}}]}]}}"#,
    );
    same::<ConfigMap>(r#"{"data": null, "metadata": null}"#, "{}");
    same::<Secret>(r#"{"data": null, "stringData": null}"#, "{}");
    same::<Secret>(r#"{"data": {"A": null}}"#, r#"{"stringData": {"A": ""}}"#);
    same::<Node>(r#"{"status": {"addresses": null, "allocatable": null}}"#, "{}");
    for &kind in WorkloadKind::ALL {
        same::<Workload>(
            &format!(
                r#"{{"kind": "{kind}", "metadata": null, "spec": {{"template": null, "jobTemplate": null}}}}"#
            ),
            &format!(r#"{{"kind": "{kind}"}}"#),
        );
    }
}

#[test]
fn a_bad_object_among_many_says_which_it_is_and_what_is_wrong() {
    let among_many = |object: &str| {
        refused(&format!(
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
            &workload(WorkloadKind::Deployment)
                .replace(r#"[{"name": "app"}]"#, r#"[{"args": "-v"}]"#),
        ),
        among_many(
            &workload(WorkloadKind::CronJob).replace(r#"[{"name": "app"}]"#, r#"[{"args": "-v"}]"#),
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
fn nothing_of_a_refused_document_is_taken_in() {
    let mut objects = read(NODE);
    let before = objects.clone();
    let list = format!(r#"{{"apiVersion": "v1", "kind": "List", "items": [{POD}, {NODE}]}}"#);
    let document: Document<'_> = serde_json::from_str(&list).unwrap();
    assert!(matches!(objects.add(document), Err(ObjectError::Duplicate(_))));
    assert_eq!(objects, before);
}

#[test]
fn an_object_of_another_kind_is_refused_by_the_type() {
    assert!(serde_json::from_str::<Pod>(NODE).is_err());
    assert!(serde_json::from_str::<Node>(POD).is_err());
    assert!(serde_json::from_str::<Workload>(POD).is_err());
    let error = serde_json::from_str::<Workload>("{}").unwrap_err();
    assert!(error.to_string().contains("missing field `kind`"));
}

#[test]
fn objects_that_name_no_namespace_are_put_into_one_and_nodes_are_not() {
    let bare = |object: &str| object.replace(r#", "namespace": "shop""#, "");
    let mut objects = read(&bare(POD));
    for &kind in WorkloadKind::ALL {
        objects.merge(read(&bare(&workload(kind)))).unwrap();
    }
    objects.merge(read(NODE)).unwrap();
    objects
        .merge(read(r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}"#))
        .unwrap();
    objects
        .merge(read(r#"{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}"#))
        .unwrap();
    let objects = objects.with_default_namespace("prod").unwrap();
    assert!(
        objects.pods.get("prod", "web-0").is_some() && objects.nodes.get("", "node-1").is_some()
    );
    assert!(
        objects.config_maps.get("prod", "c").is_some()
            && objects.secrets.get("prod", "s").is_some()
    );
    for &kind in WorkloadKind::ALL {
        assert_eq!(
            objects.workloads(kind).get("prod", "web").unwrap().pod().metadata.namespace,
            "prod"
        );
    }
}

proptest! {
    #[test]
    fn config_maps_and_secrets_are_read_as_they_are_written(
        texts in proptest::collection::btree_map(any::<String>(), any::<String>(), 0..4),
        bytes in proptest::collection::btree_map(any::<String>(), any::<Vec<u8>>(), 0..4),
    ) {
        let map = ConfigMap { data: texts, ..ConfigMap::default() };
        prop_assert_eq!(&ConfigMap::deserialize(serde_json::to_value(&map).unwrap()).unwrap(), &map);
        let data = bytes.into_iter().map(|(key, value)| (key, value.into())).collect();
        let secret = Secret { data, ..Secret::default() };
        prop_assert_eq!(&Secret::deserialize(serde_json::to_value(&secret).unwrap()).unwrap(), &secret);
    }
}

#[test]
fn a_workload_is_written_without_what_it_does_not_have() {
    let bare: Workload =
        serde_json::from_str(r#"{"apiVersion":"apps/v1","kind":"Deployment"}"#).unwrap();
    insta::assert_snapshot!(serde_json::to_string(&bare).unwrap(), @r#"{"apiVersion":"apps/v1","kind":"Deployment","spec":{}}"#);
    insta::assert_snapshot!(serde_json::from_str::<Workload>(r#"{"apiVersion":"v1","kind":7}"#).unwrap_err(), @"invalid type: integer `7`, expected a string at line 1 column 27");
    insta::assert_snapshot!(serde_json::from_str::<Workload>(r#"{"apiVersion":"v1","kind":"Service"}"#).unwrap_err(), @r#"invalid value: string "Service", expected the kind of a workload, such as Deployment"#);
    insta::assert_snapshot!(serde_json::from_str::<Workload>(r#"{"apiVersion":"v1","kind":"Deployment"}"#).unwrap_err(), @r#"invalid value: string "v1", expected apps/v1"#);
    for without in [r#"{"kind":"Deployment"}"#, r#"{"apiVersion":"","kind":"Deployment"}"#] {
        assert_eq!(serde_json::from_str::<Workload>(without).unwrap(), bare);
    }
    for without in ["{}", r#"{"kind":""}"#, r#"{"kind":null}"#] {
        assert!(
            serde_json::from_str::<Workload>(without)
                .unwrap_err()
                .to_string()
                .starts_with("missing field `kind`")
        );
    }
}

#[test]
fn null_in_a_map_or_a_list_of_strings_is_the_empty_string() {
    let objects = read(
        r#"{"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"A": null, "B": "b"}},
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": {"l": null}},
             "spec": {"containers": [{"name": "app", "args": [null, "x"]}]}}
        ]}"#,
    );
    assert_eq!(objects.config_maps.get("", "c").unwrap().data["A"], "");
    let pod = objects.pods.get("", "p").unwrap();
    assert_eq!(
        (pod.metadata.labels["l"].as_str(), pod.spec.containers[0].args.as_slice()),
        ("", &["".into(), "x".into()][..])
    );
}

#[test]
fn a_service_has_an_address_or_awaits_one_or_never_gets_one() {
    let told = |cluster_ip: &str, type_: &str| {
        let spec = ServiceSpec {
            cluster_ip: cluster_ip.into(),
            type_: type_.into(),
            ..ServiceSpec::default()
        };
        let service = Service { spec, ..Service::default() };
        [
            service.has_cluster_ip(),
            service.awaits_cluster_ip(),
            service.is_headless(),
            service.is_external_name(),
        ]
    };
    assert_eq!(told("10.0.0.1", "ClusterIP"), [true, false, false, false]);
    assert_eq!(told("", ""), [false, true, false, false]);
    assert_eq!(told("None", "ClusterIP"), [false, false, true, false]);
    assert_eq!(told("", "ExternalName"), [false, false, false, true]);
}
