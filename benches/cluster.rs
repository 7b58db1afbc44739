//! Work at the size of a cluster: one container among 100,000 Services, many containers, one event,
//! and discovery in 90,000 variables.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use kubelet_env::api::{
    Container, EnvVar, ObjectMeta, Pod, PortNumber, Service, ServicePort, ServiceSpec,
};
use kubelet_env::container::PreparedServices;
use kubelet_env::inspect::discover::Discovered;
use kubelet_env::services::{ServiceLinks, generate, select};
use kubelet_env::{Facts, Form, Objects, Store, compose};

fn service(namespace: &str, name: &str, third: usize, fourth: usize) -> Service {
    let ports = [("http", 80), ("https", 443), ("metrics", 9090)];
    let port = |(name, port): (&str, u16)| ServicePort {
        name: name.to_owned(),
        ..ServicePort::new(PortNumber::new(port).unwrap())
    };
    Service {
        metadata: ObjectMeta::new(namespace, name),
        spec: ServiceSpec {
            cluster_ip: format!("10.1.{third}.{fourth}"),
            ports: ports.map(port).to_vec(),
            ..ServiceSpec::default()
        },
    }
}

fn of_namespace(namespace: usize) -> impl Iterator<Item = Service> {
    let name = format!("ns-{namespace:03}");
    (0..100).map(move |number| service(&name, &format!("svc-{number:02}"), namespace % 250, number))
}

fn cluster() -> Store<Service> {
    let mut services: Store<Service> = (0..1_000).flat_map(of_namespace).collect();
    services.apply(service("default", "kubernetes", 0, 1));
    assert_eq!(services.len(), 100_001);
    services
}

fn one_container(c: &mut Criterion) {
    let cluster = cluster();
    let mut alone: Vec<Service> = of_namespace(500).collect();
    alone.push(service("default", "kubernetes", 0, 1));
    let append = |seen: &[&Service], out: &mut Vec<u8>| {
        out.clear();
        generate(seen).unwrap().append(Form::NulSeparated, out);
    };
    let (mut out, mut expected) = (Vec::new(), Vec::new());
    append(&cluster.select("ns-500", ServiceLinks::Enabled), &mut out);
    append(&select(&alone, "ns-500", ServiceLinks::Enabled), &mut expected);
    assert_eq!(out, expected);

    let mut group = c.benchmark_group("one container of 100 Services");
    group.bench_function("in a Store of 100,000", |b| {
        b.iter(|| {
            append(
                &black_box(&cluster).select(black_box("ns-500"), ServiceLinks::Enabled),
                &mut out,
            )
        });
    });
    group.bench_function("alone in a Vec", |b| {
        b.iter(|| {
            append(&select(black_box(&alone), black_box("ns-500"), ServiceLinks::Enabled), &mut out)
        });
    });
    group.finish();
}

fn one_event(c: &mut Criterion) {
    let mut cluster = cluster();
    let mut event = 0;
    c.bench_function("apply a changed Service to 100,000", |b| {
        // The stride visits every Service, so the path through the tree varies.
        let changed = |event: usize| {
            let index = event * 7_919 % 100_000;
            service(
                &format!("ns-{:03}", index / 100),
                &format!("svc-{:02}", index % 100),
                event % 250,
                index % 100,
            )
        };
        let next = || {
            event += 1;
            changed(event)
        };
        b.iter_batched(next, |service| cluster.apply(service), BatchSize::SmallInput);
    });
}

fn discover(c: &mut Criterion) {
    let services: Vec<Service> = (0..5_000)
        .map(|number| service("default", &format!("svc-{number:04}"), number / 250, number % 250))
        .collect();
    let services: Vec<&Service> = services.iter().collect();
    let generated = generate(&services).unwrap();
    assert_eq!(generated.iter().count(), 90_000);
    let mut block = Vec::new();
    generated.append(Form::NulSeparated, &mut block);
    let discovered = Discovered::from_block(&block);
    assert_eq!(discovered.candidates().len(), 5_000);
    assert_eq!(discovered.without_service_variables().count(), 0);

    let mut group = c.benchmark_group("discover 5,000 Services");
    group.bench_function("find one", |b| {
        b.iter(|| discovered.find(black_box("svc-2500")).unwrap().ports.len())
    });
    group.throughput(Throughput::Bytes(block.len() as u64)).sample_size(20);
    group.bench_function("in 90,000 variables", |b| {
        b.iter(|| Discovered::from_block(black_box(&block)))
    });
    group.finish();
}

/// Composes 100 containers in each of these namespaces, each with its 100 Services.
fn compose_namespaces(objects: &Objects, pods: &[Pod]) {
    for pod in pods {
        let facts = Facts::of(objects);
        let services = PreparedServices::of(&pod.metadata.namespace, &facts);
        let facts = Facts { prepared_services: Some(&services), ..facts };
        for _ in 0..100 {
            black_box(compose(black_box(pod), "app", &facts).unwrap());
        }
    }
}

/// Composes 100,000 containers in 1,000 namespaces.
fn many_containers(c: &mut Criterion) {
    let objects = Objects { services: cluster(), ..Objects::default() };
    let env =
        (0..10).map(|number| EnvVar::new(format!("ENTRY_{number}"), "$(SVC_01_SERVICE_HOST)"));
    let app = Container::new("app").with_env(env);
    let pod =
        |namespace| Pod::new(format!("ns-{namespace:03}"), "web-0").with_container(app.clone());
    let pods: Vec<Pod> = (0..1_000).map(|namespace| pod(namespace).with_defaults()).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);

    let mut group = c.benchmark_group("100 containers in each of 1,000 namespaces");
    group.throughput(Throughput::Elements(100_000)).sample_size(10);
    group.bench_function("one thread", |b| b.iter(|| compose_namespaces(&objects, &pods)));
    group.bench_function(format!("{threads} threads"), |b| {
        b.iter(|| {
            std::thread::scope(|scope| {
                for pods in pods.chunks(pods.len().div_ceil(threads)) {
                    scope.spawn(|| compose_namespaces(&objects, pods));
                }
            });
        });
    });
    group.finish();
}

criterion_group!(benches, one_container, many_containers, one_event, discover);
criterion_main!(benches);
