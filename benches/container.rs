//! Composition of containers among 0 to 5,000 Services, and expansion.
//!
//! Composition is compared with a port of the kubelet's way, and expansion with the search for a
//! byte.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kubelet_env::container::{PreparedServices, expand};
use kubelet_env::inspect::Expectations;
use kubelet_env::{Environment, Facts, Form, Order, Release, compose};

mod shared;

use shared::{cluster, kubelet_way, pod};

fn read(environment: &Environment<'_>) -> usize {
    let variables = environment.iter();
    variables
        .map(|variable| variable.name().len() + variable.value().as_bytes().unwrap().len())
        .sum()
}

fn compose_and_read(c: &mut Criterion) {
    let pod = pod();
    for count in [0, 1, 20, 5_000] {
        let objects = cluster(count);
        let facts = Facts::of(&objects);
        let mut expected = kubelet_way(&pod, &objects);
        expected.sort();
        let composition = compose(&pod, "app", &facts).unwrap();
        let ours = composition.environment().to_text_pairs(Order::Name).unwrap();
        assert!(
            ours.iter()
                .map(|(name, value)| (&**name, &**value))
                .eq(expected.iter().map(|(name, value)| (&**name, &**value)))
        );

        let mut group = c.benchmark_group(format!("container among {count} Services"));
        if count == 5_000 {
            group.sample_size(20);
        }
        group.bench_function("the kubelet's way", |b| {
            b.iter(|| {
                let variables = kubelet_way(black_box(&pod), &objects);
                variables.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
            });
        });
        group.bench_function("compose", |b| {
            b.iter(|| compose(black_box(&pod), "app", &facts).unwrap());
        });
        group.bench_function("compose and read", |b| {
            b.iter(|| read(compose(black_box(&pod), "app", &facts).unwrap().environment()));
        });
        let mut out = Vec::new();
        group.bench_function("compose and render", |b| {
            b.iter(|| {
                out.clear();
                let composition = compose(black_box(&pod), "app", &facts).unwrap();
                composition.environment().append(Order::Kubelet, Form::NulSeparated, &mut out);
                black_box(&mut out);
            });
        });
        group.bench_function("compose and collect pairs", |b| {
            b.iter(|| {
                let composition = compose(black_box(&pod), "app", &facts).unwrap();
                composition.environment().to_os_pairs().unwrap()
            });
        });
        group.bench_function("diagnose", |b| {
            b.iter(|| black_box(&composition).diagnose(&Expectations::default()));
        });
        group.finish();
    }
}

/// The ratio of the last two is that of a cluster of any size, for example of 10,000 containers.
fn many_containers(c: &mut Criterion) {
    let (pod, objects, none) = (pod(), cluster(5_000), cluster(0));
    let facts = Facts::of(&objects);
    let prepared = PreparedServices::of("shop", &facts);
    let with_prepared = Facts { prepared_services: Some(&prepared), ..facts };
    let without_services = Facts::of(&none);

    let mut group = c.benchmark_group("100 containers of a namespace");
    group.bench_function("prepare 5,000 Services", |b| {
        b.iter(|| PreparedServices::of("shop", black_box(&facts)));
    });
    for (name, facts) in
        [("without Services", without_services), ("with prepared Services", with_prepared)]
    {
        group.bench_function(name, |b| {
            b.iter(|| {
                for _ in 0..100 {
                    black_box(compose(black_box(&pod), "app", &facts).unwrap());
                }
            });
        });
    }
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

criterion_group!(benches, compose_and_read, many_containers, expand_without_reference);
criterion_main!(benches);
