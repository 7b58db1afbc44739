//! Rendering the Service variables of one Service and of 5,000 Services, and reading 5,000
//! Services.
//!
//! Rendering is compared with a plain implementation and with a copy of the finished text. All
//! three write to a reused buffer.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kubelet_env::api::{ObjectMeta, PortNumber, Service, ServicePort, ServiceSpec};
use kubelet_env::services::generate;
use kubelet_env::{Document, Form, Objects};

fn service(name: &str, cluster_ip: &str, ports: &[(&str, u16)]) -> Service {
    let port = |&(name, port): &(&str, u16)| ServicePort {
        name: name.to_owned(),
        ..ServicePort::new(PortNumber::new(port).unwrap())
    };
    Service {
        metadata: ObjectMeta::new("default", name),
        spec: ServiceSpec {
            cluster_ip: cluster_ip.to_owned(),
            ports: ports.iter().map(port).collect(),
            ..ServiceSpec::default()
        },
    }
}

fn five_thousand() -> Vec<Service> {
    let ports = [("http", 80), ("https", 443), ("metrics", 9090)];
    (0..5_000)
        .map(|number| {
            service(
                &format!("svc-{number:04}"),
                &format!("10.1.{}.{}", number / 250, number % 250),
                &ports,
            )
        })
        .collect()
}

/// Formats each name and value into a list of pairs, like the kubelet.
fn plain_pairs(services: &[&Service]) -> Vec<(String, String)> {
    let mut variables = Vec::new();
    for service in services {
        let name = service.metadata.name.replace('-', "_").to_uppercase();
        let (host, ports) = (&service.spec.cluster_ip, &service.spec.ports);
        variables.push((format!("{name}_SERVICE_HOST"), host.clone()));
        variables.push((format!("{name}_SERVICE_PORT"), format!("{}", ports[0].port)));
        for port in ports.iter().filter(|port| !port.name.is_empty()) {
            let port_name = port.name.replace('-', "_").to_uppercase();
            variables.push((format!("{name}_SERVICE_PORT_{port_name}"), format!("{}", port.port)));
        }
        for (index, port) in ports.iter().enumerate() {
            let protocol = port.effective_protocol();
            let lower = protocol.as_str().to_lowercase();
            let host_port = if host.contains(':') {
                format!("[{host}]:{}", port.port)
            } else {
                format!("{host}:{}", port.port)
            };
            if index == 0 {
                variables.push((format!("{name}_PORT"), format!("{lower}://{host_port}")));
            }
            let prefix = format!("{name}_PORT_{}_{protocol}", port.port);
            variables.push((prefix.clone(), format!("{lower}://{host_port}")));
            variables.push((format!("{prefix}_PROTO"), lower));
            variables.push((format!("{prefix}_PORT"), format!("{}", port.port)));
            variables.push((format!("{prefix}_ADDR"), host.clone()));
        }
    }
    variables
}

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
    render(c, "render my-svc-nginx", &[&service("my-svc-nginx", "10.1.237.190", &[("", 80)])]);
}

fn render_five_thousand(c: &mut Criterion) {
    let services = five_thousand();
    let services: Vec<&Service> = services.iter().collect();
    assert_eq!(generate(&services).unwrap().iter().count(), 90_000);
    render(c, "render 5,000 Services", &services);
}

fn read_five_thousand(c: &mut Criterion) {
    let items: Vec<Service> = five_thousand();
    let list = serde_json::json!({"apiVersion": "v1", "items": items, "kind": "List"});
    let json = serde_json::to_string_pretty(&list).unwrap();
    let mut group = c.benchmark_group("read 5,000 Services");
    group.throughput(Throughput::Bytes(json.len() as u64));
    group.bench_function("kubelet-env", |b| {
        b.iter(|| {
            let mut objects = Objects::default();
            objects.add(serde_json::from_str::<Document>(black_box(&json)).unwrap()).unwrap();
            assert_eq!(objects.services.len(), 5_000);
            objects
        });
    });
    group.bench_function("serde_json::Value", |b| {
        b.iter(|| serde_json::from_str::<serde_json::Value>(black_box(&json)).unwrap());
    });
    group.finish();
}

criterion_group!(benches, render_one, render_five_thousand, read_five_thousand);
criterion_main!(benches);
