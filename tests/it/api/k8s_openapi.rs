//! Conversion from and to the types of `k8s-openapi` through the wire form.

use std::fmt::Debug;

use ::k8s_openapi::api::{apps, batch, core};
use kubelet_env::api::{
    ConfigMap, ConfigMapEnvSource, ConfigMapKeySelector, Container, EnvFromSource, EnvVar,
    EnvVarSource, ExecAction, FileKeySelector, Lifecycle, LifecycleHandler, LimitRange,
    LimitRangeItem, LimitRangeSpec, LocalObjectReference, Node, NodeAddress, NodeStatus,
    ObjectFieldSelector, ObjectMeta, OwnerReference, PersistentVolumeClaimVolumeSource, Pod, PodIp,
    PodMeta, PodResourceClaim, PodSpec, PodStatus, PodTemplateSpec, PortNumber, Probe,
    ProjectedVolumeSource, Protocol, Quantity, ResourceFieldSelector, ResourceRequirements, Secret,
    SecretEnvSource, SecretKeySelector, SecretVolumeSource, SecurityContext, Service, ServicePort,
    ServiceSpec, Volume, VolumeMount, VolumeProjection, Workload, WorkloadKind,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn through_the_wire<T: DeserializeOwned>(other: impl Serialize) -> T {
    serde_json::from_value(serde_json::to_value(other).unwrap()).unwrap()
}

/// Asserts that `Theirs` holds every field of `ours` by the same name and converts back.
fn assert_keeps<Theirs, Ours>(ours: Ours)
where
    Theirs: Serialize + DeserializeOwned,
    Ours: Serialize + DeserializeOwned + Debug + PartialEq,
{
    let theirs: Theirs = through_the_wire(&ours);
    assert_holds(
        &serde_json::to_value(&theirs).unwrap(),
        &serde_json::to_value(&ours).unwrap(),
        "",
    );
    assert_eq!(through_the_wire::<Ours>(theirs), ours);
}

fn assert_holds(theirs: &Value, ours: &Value, path: &str) {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            for (key, ours) in ours {
                let path = format!("{path}.{key}");
                assert_holds(
                    theirs.get(key).unwrap_or_else(|| panic!("{path} is lost")),
                    ours,
                    &path,
                );
            }
        }
        (Value::Array(theirs), Value::Array(ours)) => {
            assert_eq!(theirs.len(), ours.len(), "{path}");
            for (index, (theirs, ours)) in theirs.iter().zip(ours).enumerate() {
                assert_holds(theirs, ours, &format!("{path}[{index}]"));
            }
        }
        _ => assert_eq!(theirs, ours, "{path}"),
    }
}

/// Reads an object directly and through `Theirs`, and asserts that both agree.
fn read_both_ways<Theirs, Ours>(printed: Value) -> Ours
where
    Theirs: Serialize + DeserializeOwned,
    Ours: DeserializeOwned + Debug + PartialEq,
{
    let theirs: Theirs = serde_json::from_value(printed.clone()).unwrap();
    let ours: Ours = through_the_wire(theirs);
    assert_eq!(ours, serde_json::from_value(printed).unwrap());
    ours
}

fn metadata(namespace: &str) -> ObjectMeta {
    ObjectMeta {
        name: "name".into(),
        namespace: namespace.into(),
        creation_timestamp: Some("2024-05-06T07:08:09Z".parse().unwrap()),
    }
}

fn quantity(text: &str) -> Quantity {
    text.parse().unwrap()
}

fn full_service() -> Service {
    let port = |name: &str, protocol, port| ServicePort {
        name: name.into(),
        protocol,
        port: PortNumber::new(port).unwrap(),
    };
    Service {
        metadata: metadata("default"),
        spec: ServiceSpec {
            cluster_ip: "2001:DB8::1".into(),
            ports: vec![
                port("", None, 1),
                port("dns", Some(Protocol::Udp), 53),
                port("diameter", Some(Protocol::Sctp), 65_535),
                port("http", Some(Protocol::Tcp), 80),
            ],
            type_: "LoadBalancer".into(),
            ip_families: vec!["IPv6".into()],
        },
    }
}

/// Returns a container in which no field has its zero value. A new field must be added here.
fn full_container(name: &str) -> Container {
    let source = EnvVarSource {
        field_ref: Some(ObjectFieldSelector {
            api_version: "v1".into(),
            field_path: "metadata.labels['a/b']".into(),
        }),
        resource_field_ref: Some(ResourceFieldSelector {
            container_name: "other".into(),
            resource: "limits.memory".into(),
            divisor: Some(quantity("1Mi")),
        }),
        config_map_key_ref: Some(ConfigMapKeySelector {
            name: "c".into(),
            key: "k".into(),
            optional: Some(false),
        }),
        secret_key_ref: Some(SecretKeySelector {
            name: "s".into(),
            key: "k".into(),
            optional: Some(true),
        }),
        file_key_ref: Some(FileKeySelector {
            volume_name: "v".into(),
            path: "a/b.env".into(),
            key: "K".into(),
            optional: Some(true),
        }),
    };
    let resources = |value: &str| {
        [("cpu".into(), quantity(value)), ("hugepages-2Mi".into(), quantity("0"))].into()
    };
    Container {
        name: name.into(),
        command: vec!["sh".into(), String::new()],
        args: vec!["-c".into(), "$(A) $$".into()],
        env_from: vec![EnvFromSource {
            prefix: "P_".into(),
            config_map_ref: Some(ConfigMapEnvSource { name: "c".into(), optional: Some(true) }),
            secret_ref: Some(SecretEnvSource { name: "s".into(), optional: Some(false) }),
        }],
        env: vec![EnvVar { name: "A".into(), value: "$(B) é\n".into(), value_from: Some(source) }],
        resources: ResourceRequirements { limits: resources("1.5"), requests: resources("100m") },
        image: "web:1".into(),
        working_dir: "/srv".into(),
        tty: true,
        restart_policy: "Always".into(),
        security_context: SecurityContext { run_as_user: Some(0) },
        volume_mounts: vec![VolumeMount {
            name: "v".into(),
            mount_path: "/v".into(),
            sub_path: "a".into(),
            sub_path_expr: "$(A)".into(),
        }],
        liveness_probe: Some(Probe { exec: exec_action("live") }),
        readiness_probe: Some(Probe { exec: exec_action("ready") }),
        startup_probe: Some(Probe { exec: exec_action("up") }),
        lifecycle: Some(Lifecycle {
            post_start: Some(LifecycleHandler { exec: exec_action("post") }),
            pre_stop: Some(LifecycleHandler { exec: exec_action("pre") }),
        }),
    }
}

fn exec_action(argument: &str) -> Option<ExecAction> {
    Some(ExecAction { command: vec!["run".into(), argument.into()] })
}

fn full_volume() -> Volume {
    let reference = |name: &str| LocalObjectReference { name: name.into() };
    Volume {
        name: "v".into(),
        config_map: Some(reference("c")),
        secret: Some(SecretVolumeSource { secret_name: "s".into() }),
        persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource {
            claim_name: "claim".into(),
        }),
        projected: Some(ProjectedVolumeSource {
            sources: vec![VolumeProjection {
                config_map: Some(reference("c")),
                secret: Some(reference("s")),
            }],
        }),
    }
}

fn full_pod_spec() -> PodSpec {
    PodSpec {
        init_containers: vec![full_container("init")],
        containers: vec![full_container("app"), full_container("sidecar")],
        ephemeral_containers: vec![full_container("debug")],
        enable_service_links: Some(false),
        service_account_name: "robot".into(),
        node_name: "node-1".into(),
        resources: full_container("").resources,
        service_account: "robot".into(),
        restart_policy: "Never".into(),
        hostname: "host".into(),
        subdomain: "sub".into(),
        set_hostname_as_fqdn: true,
        hostname_override: "other".into(),
        host_network: true,
        security_context: SecurityContext { run_as_user: Some(1000) },
        volumes: vec![full_volume()],
        image_pull_secrets: vec![LocalObjectReference { name: "registry".into() }],
        resource_claims: vec![PodResourceClaim { name: "gpu".into() }],
    }
}

fn full_pod_metadata() -> PodMeta {
    PodMeta {
        name: "name".into(),
        namespace: "default".into(),
        generate_name: "name-".into(),
        uid: "00000000-0000-0000-0000-000000000001".into(),
        labels: [("app.kubernetes.io/name".into(), "web".into())].into(),
        annotations: [("a".into(), String::new()), ("b".into(), "\"\n".into())].into(),
        owner_references: vec![OwnerReference {
            api_version: "batch/v1".into(),
            kind: "Job".into(),
            name: "job".into(),
            uid: "00000000-0000-0000-0000-000000000002".into(),
            controller: Some(true),
        }],
        creation_timestamp: metadata("").creation_timestamp,
    }
}

#[test]
fn k8s_openapi_keeps_every_field() {
    assert_keeps::<core::v1::Service, _>(full_service());
    let pod_ips = ["10.244.0.7", "fd00::7"].map(|ip| PodIp { ip: ip.into() }).to_vec();
    let status = PodStatus { pod_ip: "10.244.0.7".into(), pod_ips };
    assert_keeps::<core::v1::Pod, _>(Pod {
        metadata: full_pod_metadata(),
        spec: full_pod_spec(),
        status,
    });
    let workload = |kind| {
        let template = PodTemplateSpec { metadata: full_pod_metadata(), spec: full_pod_spec() };
        Workload::new(kind, full_pod_metadata(), template)
    };
    assert_keeps::<apps::v1::Deployment, _>(workload(WorkloadKind::Deployment));
    assert_keeps::<apps::v1::StatefulSet, _>(Workload {
        service_name: "sub".into(),
        ..workload(WorkloadKind::StatefulSet)
    });
    assert_keeps::<batch::v1::Job, _>(Workload {
        completion_mode: "Indexed".into(),
        manual_selector: true,
        backoff_limit_per_index: Some(0),
        ..workload(WorkloadKind::Job)
    });
    assert_keeps::<batch::v1::CronJob, _>(Workload {
        completion_mode: "Indexed".into(),
        manual_selector: true,
        backoff_limit_per_index: Some(1),
        ..workload(WorkloadKind::CronJob)
    });
    let item = LimitRangeItem {
        type_: "Container".into(),
        max: full_container("").resources.limits,
        min: full_container("").resources.requests,
        default: full_container("").resources.limits,
        default_request: full_container("").resources.requests,
    };
    assert_keeps::<core::v1::LimitRange, _>(LimitRange {
        metadata: metadata("default"),
        spec: LimitRangeSpec { limits: vec![item] },
    });
    let data = [("a".into(), "text\n".into()), ("empty".into(), String::new())].into();
    assert_keeps::<core::v1::ConfigMap, _>(ConfigMap { metadata: metadata("default"), data });
    let data =
        [("bytes".into(), vec![0xff, 0, b'\n'].into()), ("empty".into(), Vec::new().into())].into();
    assert_keeps::<core::v1::Secret, _>(Secret { metadata: metadata("default"), data });
    let addresses = vec![NodeAddress { type_: "InternalIP".into(), address: "192.0.2.1".into() }];
    let allocatable =
        [("cpu".into(), quantity("3920m")), ("memory".into(), quantity("16Gi"))].into();
    assert_keeps::<core::v1::Node, _>(Node {
        metadata: full_pod_metadata(),
        status: NodeStatus { addresses, allocatable },
    });
}

#[test]
fn k8s_openapi_keeps_empty_objects() {
    assert_keeps::<core::v1::Service, _>(Service::default());
    assert_keeps::<core::v1::Pod, _>(Pod::default());
    assert_keeps::<core::v1::ConfigMap, _>(ConfigMap::default());
    assert_keeps::<core::v1::Secret, _>(Secret::default());
    assert_keeps::<core::v1::Node, _>(Node::default());
}

#[test]
fn reads_printed_objects_like_k8s_openapi() {
    let metadata = json!({
        "name": "web", "namespace": "default", "uid": "0-1", "resourceVersion": "7", "generation": 2,
        "creationTimestamp": "2024-05-06T07:08:09Z", "labels": {"app": "web"},
        "managedFields": [{"manager": "kubectl", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1",
            "fieldsV1": {"f:spec": {}}}],
    });
    let service: Service = read_both_ways::<core::v1::Service, _>(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": metadata,
        "spec": {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "internalTrafficPolicy": "Cluster",
            "ipFamilies": ["IPv4"], "ports": [
                {"name": "http", "port": 80, "protocol": "TCP", "targetPort": "http", "nodePort": 30_080},
                {"name": "metrics", "port": 9090, "protocol": "TCP", "targetPort": 9090}],
            "selector": {"app": "web"}, "sessionAffinity": "None", "type": "NodePort"},
        "status": {"loadBalancer": {}},
    }));
    assert_eq!(service.spec.ports[1].port.get(), 9090);
    let template = json!({
        "metadata": {"labels": {"app": "web"}},
        "spec": {"enableServiceLinks": true, "dnsPolicy": "ClusterFirst", "volumes": [{"name": "v", "emptyDir": {}}],
            "containers": [{"name": "app", "image": "web:1", "ports": [{"containerPort": 80}], "env": [
                {"name": "A", "value": "b"},
                {"name": "IP", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}},
                {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "0"}}}],
                "resources": {"limits": {"cpu": "500m", "memory": "1Gi"}}}]},
    });
    let deployment: Workload = read_both_ways::<apps::v1::Deployment, _>(json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": template},
        "status": {"replicas": 3},
    }));
    assert_eq!(deployment.template.spec.containers[0].env.len(), 3);
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"],
        "status": {"phase": "Running", "podIP": "10.244.0.7", "podIPs": [{"ip": "10.244.0.7"}], "hostIP": "192.0.2.1"},
    });
    pod["spec"]["nodeName"] = "node-1".into();
    let pod: Pod = read_both_ways::<core::v1::Pod, _>(pod);
    assert_eq!(pod.status.pod_ips.len(), 1);
    let config_map: ConfigMap = read_both_ways::<core::v1::ConfigMap, _>(json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"k": "v"},
        "binaryData": {"b": "/w=="}, "immutable": true,
    }));
    assert_eq!(config_map.data["k"], "v");
    let secret: Secret = read_both_ways::<core::v1::Secret, _>(json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque",
        "data": {"k": "/w=="}, "stringData": {"text": "plain"},
    }));
    assert_eq!(
        (secret.data["k"].as_bytes(), secret.data["text"].as_bytes()),
        (&[0xff][..], &b"plain"[..])
    );
    let node: Node = read_both_ways::<core::v1::Node, _>(json!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}, "spec": {"podCIDR": "10.244.0.0/24"},
        "status": {"addresses": [{"type": "InternalIP", "address": "192.0.2.1"}], "allocatable": {"cpu": "4"},
            "capacity": {"cpu": "4"}, "nodeInfo": {}},
    }));
    assert_eq!(node.status.addresses.len(), 1);
}
