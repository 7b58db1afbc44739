//! Conversion from `k8s-openapi` through the wire form: 1,000 Services and a typical Pod.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use k8s_openapi::api::core::v1;
use kubelet_env::api::{Pod, Service};
use serde_json::{Value, json};

/// Returns the metadata that a cluster reports, including fields that are not read.
fn metadata(name: &str) -> Value {
    json!({
        "name": name, "namespace": "default", "uid": "6b1f5c0e-8f0a-4a53-9c53-0d3c8a7f2a11",
        "resourceVersion": "123456", "creationTimestamp": "2024-05-06T07:08:09Z",
        "labels": {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "shop"},
    })
}

fn services() -> Vec<v1::Service> {
    let service = |number: u32| {
        let cluster_ip = format!("10.1.{}.{}", number / 250, number % 250);
        let service = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": metadata(&format!("svc-{number:04}")),
            "spec": {
                "clusterIP": cluster_ip, "clusterIPs": [cluster_ip], "ipFamilies": ["IPv4"],
                "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster", "sessionAffinity": "None",
                "type": "ClusterIP", "selector": {"app.kubernetes.io/name": "web"},
                "ports": [
                    {"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080},
                    {"name": "https", "port": 443, "protocol": "TCP", "targetPort": 8443},
                    {"name": "metrics", "port": 9090, "protocol": "TCP", "targetPort": "metrics"},
                ],
            },
            "status": {"loadBalancer": {}},
        });
        serde_json::from_value(service).unwrap()
    };
    (0..1_000).map(service).collect()
}

/// Returns a Pod with forty entries, three sources and the other usual fields.
fn pod() -> v1::Pod {
    let env: Vec<Value> = (0..40)
        .map(|number| match number % 4 {
            0 => json!({"name": format!("FIELD_{number}"),
                "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}}),
            1 => json!({"name": format!("KEY_{number}"),
                "valueFrom": {"configMapKeyRef": {"name": "settings", "key": format!("key-{number}")}}}),
            _ => json!({"name": format!("TEXT_{number}"), "value": "http://$(WEB_SERVICE_HOST):$(WEB_SERVICE_PORT)/"}),
        })
        .collect();
    let probe = json!({"httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"}, "periodSeconds": 10});
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": metadata("web-0"),
        "spec": {
            "containers": [{
                "name": "web", "image": "web:1", "env": env,
                "envFrom": [{"configMapRef": {"name": "a"}}, {"secretRef": {"name": "b"}}, {"configMapRef": {"name": "c"}}],
                "livenessProbe": probe, "readinessProbe": probe, "ports": [{"containerPort": 8080, "protocol": "TCP"}],
                "resources": {"limits": {"cpu": "500m", "memory": "1Gi"}, "requests": {"cpu": "100m", "memory": "1Gi"}},
                "volumeMounts": [{"mountPath": "/etc/web", "name": "config", "readOnly": true}],
            }],
            "enableServiceLinks": true, "nodeName": "node-1", "serviceAccountName": "web",
            "volumes": [{"name": "config", "configMap": {"name": "web", "defaultMode": 420}}],
        },
        "status": {"phase": "Running", "podIP": "10.244.0.7", "podIPs": [{"ip": "10.244.0.7"}], "hostIP": "192.0.2.1"},
    });
    serde_json::from_value(pod).unwrap()
}

fn from_k8s_openapi(c: &mut Criterion) {
    let (services, pod) = (services(), pod());
    let mut group = c.benchmark_group("from k8s-openapi");
    group.throughput(Throughput::Elements(1_000));
    group.bench_function("1,000 Services", |b| {
        let ours = |theirs: &v1::Service| {
            serde_json::from_value(serde_json::to_value(theirs).unwrap()).unwrap()
        };
        b.iter(|| black_box(&services).iter().map(ours).collect::<Vec<Service>>());
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("a Pod", |b| {
        b.iter(|| -> Pod {
            serde_json::from_value(serde_json::to_value(black_box(&pod)).unwrap()).unwrap()
        });
    });
    group.finish();
}

criterion_group!(benches, from_k8s_openapi);
criterion_main!(benches);
