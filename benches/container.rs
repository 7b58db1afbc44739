//! Composition of a typical container and of one in a namespace of 5,000 Services, and expansion.
//!
//! The large namespace is compared with plain maps, and expansion with the search for a byte.

use std::collections::{BTreeMap, HashMap};
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kubelet_env::api::{
    ConfigMap, Container, EnvFromSource, EnvVar, ObjectMeta, Pod, PodMeta, PodSpec, PodStatus,
    PortNumber, Secret, Service, ServicePort, ServiceSpec,
};
use kubelet_env::container::expand;
use kubelet_env::inspect::Expectations;
use kubelet_env::services::{ServiceLinks, generate};
use kubelet_env::{Facts, Form, Objects, Order, Release, compose};

fn services(count: usize) -> impl Iterator<Item = Service> {
    let ports = [("http", 80), ("https", 443), ("metrics", 9090)].map(|(name, port)| ServicePort {
        name: name.to_owned(),
        ..ServicePort::new(PortNumber::new(port).unwrap())
    });
    (0..count).map(move |number| Service {
        metadata: ObjectMeta::new("shop", format!("svc-{number:04}")),
        spec: ServiceSpec {
            cluster_ip: format!("10.1.{}.{}", number / 250, number % 250),
            ports: ports.to_vec(),
            ..ServiceSpec::default()
        },
    })
}

/// Returns a cluster with this many Services, a ConfigMap and a Secret.
fn cluster(count: usize) -> Objects {
    let settings = (0..10).map(|number| (format!("SETTING_{number}"), format!("value {number}")));
    let login = [("USER", "clerk"), ("PASSWORD", "hunter2")]
        .map(|(key, value)| (key.to_owned(), value.into()));
    Objects {
        services: services(count).collect(),
        config_maps: [ConfigMap {
            metadata: ObjectMeta::new("shop", "settings"),
            data: settings.collect(),
        }]
        .into_iter()
        .collect(),
        secrets: [Secret { metadata: ObjectMeta::new("shop", "login"), data: login.into() }]
            .into_iter()
            .collect(),
        ..Objects::default()
    }
}

fn pod() -> Pod {
    let sources: [EnvFromSource; 3] = [
        r#"{"configMapRef": {"name": "settings"}}"#,
        r#"{"secretRef": {"name": "login"}}"#,
        r#"{"prefix": "SHOP_", "configMapRef": {"name": "settings"}}"#,
    ]
    .map(|source| serde_json::from_str(source).unwrap());
    let entry = |number: usize| {
        let value = match number % 5 {
            0 => r#""value": "a plain value, such as most are""#.to_owned(),
            1 => {
                r#""value": "http://$(SVC_0003_SERVICE_HOST):$(SVC_0003_SERVICE_PORT)/$(ENTRY_0)""#
                    .to_owned()
            }
            2 => r#""valueFrom": {"configMapKeyRef": {"name": "settings", "key": "SETTING_3"}}"#
                .to_owned(),
            3 => {
                r#""valueFrom": {"secretKeyRef": {"name": "login", "key": "PASSWORD"}}"#.to_owned()
            }
            _ => r#""valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}"#
                .to_owned(),
        };
        serde_json::from_str::<EnvVar>(&format!(r#"{{"name": "ENTRY_{number}", {value}}}"#))
            .unwrap()
    };
    let app = Container {
        name: "app".to_owned(),
        env_from: sources.to_vec(),
        env: (0..40).map(entry).collect(),
        args: vec!["--listen=$(ENTRY_4):8080".to_owned()],
        ..Container::default()
    };
    let metadata =
        PodMeta { name: "web-0".to_owned(), namespace: "shop".to_owned(), ..PodMeta::default() };
    Pod {
        metadata,
        spec: PodSpec { containers: vec![app], ..PodSpec::default() },
        ..Pod::default()
    }
    .with_defaults()
}

fn typical(c: &mut Criterion) {
    let (pod, objects, status) = (pod(), cluster(20), PodStatus::with_ips(["10.244.0.7"]));
    let facts = Facts { pod_status: Some(&status), ..Facts::of(&objects) };
    let mut group = c.benchmark_group("typical container");
    group
        .bench_function("compose", |b| b.iter(|| compose(black_box(&pod), "app", &facts).unwrap()));
    let mut out = Vec::new();
    group.bench_function("compose and render", |b| {
        b.iter(|| {
            out.clear();
            let composition = compose(black_box(&pod), "app", &facts).unwrap();
            composition.environment().append(Order::Kubelet, Form::NulSeparated, &mut out);
            black_box(&mut out);
        });
    });
    group.finish();
}

fn five_thousand_services(c: &mut Criterion) {
    let (pod, objects, status) = (pod(), cluster(5_000), PodStatus::with_ips(["10.244.0.7"]));
    let facts = Facts { pod_status: Some(&status), ..Facts::of(&objects) };
    let seen = objects.services.select("shop", ServiceLinks::Enabled);
    let pairs =
        || generate(&seen).unwrap().iter().map(|variable| (variable.name(), variable.value()));
    assert_eq!(pairs().count(), 90_000);

    let mut group = c.benchmark_group("container among 5,000 Services");
    group
        .bench_function("compose", |b| b.iter(|| compose(black_box(&pod), "app", &facts).unwrap()));
    let mut out = Vec::new();
    group.bench_function("compose and render", |b| {
        b.iter(|| {
            out.clear();
            let composition = compose(black_box(&pod), "app", &facts).unwrap();
            composition.environment().append(Order::Kubelet, Form::NulSeparated, &mut out);
            black_box(&mut out);
        });
    });
    let composition = compose(&pod, "app", &facts).unwrap();
    group.bench_function("render", |b| {
        b.iter(|| {
            out.clear();
            black_box(composition.environment()).append(
                Order::Kubelet,
                Form::NulSeparated,
                &mut out,
            );
            black_box(&mut out);
        });
    });
    group.sample_size(20);
    let composition = compose(&pod, "app", &facts).unwrap();
    group.bench_function("diagnose", |b| {
        b.iter(|| black_box(&composition).diagnose(&Expectations::default()))
    });
    group.bench_function("BTreeMap of the Service variables", |b| {
        b.iter(|| pairs().collect::<BTreeMap<String, String>>());
    });
    group.bench_function("HashMap of the Service variables", |b| {
        b.iter(|| pairs().collect::<HashMap<String, String>>());
    });
    group.finish();
}

fn expand_without_reference(c: &mut Criterion) {
    let text = "a text without a reference; ".repeat((64 << 10) / 28);
    let mut group = c.benchmark_group("64 KiB without a reference");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("expand", |b| {
        b.iter(|| expand(black_box(&text), Release::NEWEST, |_| None).len())
    });
    group.bench_function("find a byte", |b| b.iter(|| black_box(&text).contains('$')));
    group.finish();
}

criterion_group!(benches, typical, five_thousand_services, expand_without_reference);
criterion_main!(benches);
