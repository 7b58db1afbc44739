//! Rendering the Service variables of one Service and of 5,000 Services, and reading 5,000
//! Services.
//!
//! Rendering is compared with a plain implementation and with a copy of the finished text. All
//! three write to a reused buffer.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kubelet_env::api::Service;
use kubelet_env::services::generate;
use kubelet_env::{Document, Form, Objects};
use serde::Deserialize;

#[expect(dead_code, reason = "other benchmarks use the rest")]
mod shared;

use shared::{plain_pairs, services};

fn plain_text(services: &[&Service], out: &mut String) {
    for (name, value) in plain_pairs(services) {
        write!(out, "{name}={value}\0").unwrap();
    }
}

fn render(c: &mut Criterion, group: &str, services: &[&Service]) {
    let mut expected = Vec::new();
    generate(services).unwrap().append(Form::NulSeparated, &mut expected);
    let mut text = String::new();
    plain_text(services, &mut text);
    assert_eq!(text.as_bytes(), expected);

    let mut group = c.benchmark_group(group);
    group.throughput(Throughput::Bytes(expected.len() as u64));
    let mut out = expected.clone();
    group.bench_function("kubelet-env", |b| {
        b.iter(|| {
            out.clear();
            generate(black_box(services)).unwrap().append(Form::NulSeparated, &mut out);
            black_box(&mut out);
        });
    });
    group.bench_function("plain", |b| {
        b.iter(|| {
            text.clear();
            plain_text(black_box(services), &mut text);
            black_box(&mut text);
        });
    });
    group.bench_function("memcpy", |b| {
        b.iter(|| {
            out.clear();
            out.extend_from_slice(black_box(&expected));
            black_box(&mut out);
        });
    });
    group.finish();
}

fn render_one(c: &mut Criterion) {
    let service = Service::new("default", "my-svc-nginx").with_cluster_ip("10.1.237.190");
    render(c, "render my-svc-nginx", &[&service.with_port(80).unwrap()]);
}

fn render_five_thousand(c: &mut Criterion) {
    let services: Vec<Service> = services(5_000).collect();
    let services: Vec<&Service> = services.iter().collect();
    assert_eq!(generate(&services).unwrap().iter().count(), 90_000);
    render(c, "render 5,000 Services", &services);
}

/// Returns a list as `kubectl get services -o json` prints it.
fn kubectl_list() -> String {
    let item = |service: Service| {
        let mut item = serde_json::to_value(&service).unwrap();
        let name = service.metadata.name;
        let ports = item["spec"]["ports"].clone();
        let applied = serde_json::json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"annotations": {}, "name": name, "namespace": "shop"},
            "spec": {"ports": ports, "selector": {"app": name}},
        });
        let metadata = &mut item["metadata"];
        metadata["annotations"] = serde_json::json!({
            "kubectl.kubernetes.io/last-applied-configuration": applied.to_string(),
            "meta.helm.sh/release-name": name,
        });
        metadata["creationTimestamp"] = "2026-11-22T09:30:00Z".into();
        metadata["labels"] = serde_json::json!({
            "app": name, "app.kubernetes.io/managed-by": "Helm", "chart": "web-1.2.3",
        });
        metadata["resourceVersion"] = "123456".into();
        metadata["uid"] = "0e5b2c1e-3f6c-4c53-9a62-0123456789ab".into();
        let spec = &mut item["spec"];
        spec["clusterIPs"] = serde_json::json!([spec["clusterIP"].clone()]);
        spec["internalTrafficPolicy"] = "Cluster".into();
        spec["ipFamilies"] = serde_json::json!(["IPv4"]);
        spec["ipFamilyPolicy"] = "SingleStack".into();
        for port in spec["ports"].as_array_mut().unwrap() {
            port["protocol"] = "TCP".into();
            port["targetPort"] = port["name"].clone();
        }
        spec["selector"] = serde_json::json!({"app": name});
        spec["sessionAffinity"] = "None".into();
        spec["type"] = "ClusterIP".into();
        item["status"] = serde_json::json!({"loadBalancer": {}});
        item
    };
    let items: Vec<serde_json::Value> = services(5_000).map(item).collect();
    let list = serde_json::json!({"apiVersion": "v1", "items": items, "kind": "List"});
    serde_json::to_string_pretty(&list).unwrap()
}

/// A list whose kind is known.
#[derive(Deserialize)]
struct ServiceList {
    items: Vec<Service>,
}

fn read_five_thousand(c: &mut Criterion) {
    let json = kubectl_list();
    let mut group = c.benchmark_group("read 5,000 Services");
    group.throughput(Throughput::Bytes(json.len() as u64)).sample_size(20);
    group.bench_function("Objects", |b| {
        b.iter(|| serde_json::from_str::<Objects>(black_box(&json)).unwrap());
    });
    group.bench_function("Document", |b| {
        b.iter(|| {
            let mut objects = Objects::default();
            objects.add(serde_json::from_str::<Document>(black_box(&json)).unwrap()).unwrap();
            assert_eq!(objects.services.len(), 5_000);
            objects
        });
    });
    group.bench_function("the types themselves", |b| {
        b.iter(|| serde_json::from_str::<ServiceList>(black_box(&json)).unwrap().items);
    });
    group.bench_function("serde_json::Value", |b| {
        b.iter(|| serde_json::from_str::<serde_json::Value>(black_box(&json)).unwrap());
    });
    group.finish();
}

criterion_group!(benches, render_one, render_five_thousand, read_five_thousand);
criterion_main!(benches);
