//! No output contains the value of a Secret, and JSON output round trips.

use std::fmt::{Debug, Display};

use kubelet_env::api::{
    ConfigMap, ConfigMapEnvSource, Container, EnvFromSource, EnvVar, EnvVarSource, ObjectMeta, Pod,
    Secret, SecretEnvSource, SecretKeySelector,
};
use kubelet_env::container::World;
use kubelet_env::inspect::{
    Captured, Expectations, SizeLimits, compare, diagnose_container, diagnose_service, drift,
    upgrade,
};
use kubelet_env::{Facts, Objects, Release, compose};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::support::app_pod;
use crate::support::strategies::any_service_with_ports;

/// A text that is in every value of a Secret and nowhere else.
const CANARY: &str = "cAnArY";

const NAMES: [&str; 6] = ["A", "B", "FOO_PORT", "FOO_SERVICE_PORT", "A.B", "É"];

fn name() -> impl Strategy<Value = &'static str> {
    select(NAMES.to_vec())
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => name().prop_map(|name| format!("$({name})")),
        1 => name().prop_map(|name| format!("$$({name})")),
        1 => select(vec!["", "x", "$", "$é", "\0", "\n"]).prop_map(str::to_owned),
    ];
    vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

/// Returns distinct values, some of them not UTF-8 and some of them long.
fn secret_data() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let ending = select(vec![
        b"".to_vec(),
        b"\xff".to_vec(),
        b"\0".to_vec(),
        b"$(A)".to_vec(),
        vec![b'x'; 200],
    ]);
    btree_map(name().prop_map(str::to_owned), (0_u32..1_000_000, ending), 0..4).prop_map(|data| {
        data.into_iter()
            .map(|(key, (number, ending))| {
                (key, [format!("{CANARY}{number}").as_bytes(), &ending].concat())
            })
            .collect()
    })
}

fn env_var() -> impl Strategy<Value = EnvVar> {
    let reference = (name(), select(vec!["s", "t", "missing"]), option::of(any::<bool>()))
        .prop_map(|(key, secret, optional)| {
            let secret_key_ref =
                Some(SecretKeySelector { name: secret.into(), key: key.into(), optional });
            EnvVarSource { secret_key_ref, ..EnvVarSource::default() }
        });
    let value = prop_oneof![
        3 => text().prop_map(|value| EnvVar { value, ..EnvVar::default() }),
        1 => reference.prop_map(|from| EnvVar { value_from: Some(from), ..EnvVar::default() }),
    ];
    (name(), value).prop_map(|(name, variable)| EnvVar { name: name.into(), ..variable })
}

fn env_from() -> impl Strategy<Value = EnvFromSource> {
    let optional = Some(true);
    (select(vec!["", "", "A"]), select(vec!["s", "t", "m", "missing"])).prop_map(
        move |(prefix, source)| match source {
            "m" => EnvFromSource {
                prefix: prefix.into(),
                config_map_ref: Some(ConfigMapEnvSource { name: "m".into(), optional }),
                secret_ref: None,
            },
            secret => EnvFromSource {
                prefix: prefix.into(),
                config_map_ref: None,
                secret_ref: Some(SecretEnvSource { name: secret.into(), optional }),
            },
        },
    )
}

fn pod() -> impl Strategy<Value = Pod> {
    (
        vec(env_from(), 0..3),
        vec(env_var(), 0..6),
        vec(text(), 0..3),
        vec(text(), 0..3),
        any::<bool>(),
    )
        .prop_map(|(env_from, env, command, args, links)| {
            let app = Container { env_from, env, command, args, ..Container::default() };
            let mut pod = app_pod("default", app);
            pod.spec.enable_service_links = Some(links);
            pod
        })
}

fn objects() -> impl Strategy<Value = Objects> {
    let data = btree_map(name().prop_map(str::to_owned), text(), 0..3);
    (secret_data(), secret_data(), data, vec(any_service_with_ports(), 0..4)).prop_map(
        |(s, t, data, services)| {
            let mut objects = Objects::default();
            for (name, data) in [("s", s), ("t", t)] {
                let data = data.into_iter().map(|(key, value)| (key, value.into())).collect();
                objects.secrets.apply(Secret { metadata: ObjectMeta::new("default", name), data });
            }
            objects
                .config_maps
                .apply(ConfigMap { metadata: ObjectMeta::new("default", "m"), data });
            objects.services.extend(services);
            objects
        },
    )
}

#[track_caller]
fn assert_text_elided(text: &str) {
    // `Debug` of bytes may write each byte as a number.
    let numbers = CANARY.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ");
    // `Y0FuQXJZ` is the canary in base64, as the JSON of a Secret holds it.
    assert!(
        !text.contains(CANARY) && !text.contains(&numbers) && !text.contains("Y0FuQXJZ"),
        "{text}"
    );
}

#[track_caller]
fn assert_debug_elided(value: &impl Debug) {
    assert_text_elided(&format!("{value:?}"));
    assert_text_elided(&format!("{value:#?}"));
}

#[track_caller]
fn assert_display_elided(value: &(impl Display + Debug)) {
    assert_text_elided(&value.to_string());
    assert_debug_elided(value);
}

#[track_caller]
fn assert_json_elided<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let json = serde_json::to_string(value).unwrap();
    assert_text_elided(&json);
    assert_eq!(serde_json::from_str::<T>(&json).unwrap(), *value);
}

proptest! {
    #[test]
    fn no_output_contains_a_secret(
        pod in pod(),
        objects in objects(),
        others in objects(),
        release in select(Release::known().chain(["1.999".parse().unwrap()]).collect::<Vec<_>>()),
        size_limit in select(vec![Facts::DEFAULT_SIZE_LIMIT, 100]),
    ) {
        let facts = Facts { release, size_limit, ..Facts::of(&objects) };
        assert_debug_elided(&facts);
        let upgraded =
            upgrade(&pod, "app", &Facts { release: Release::OLDEST, ..facts }, Release::NEWEST);
        assert_display_elided(&upgraded);
        for world in [World::Closed, World::Open] {
            let facts = Facts { world, ..facts };
            let diagnosis = diagnose_container(&pod, "app", &facts, &Expectations::default());
            assert_display_elided(&diagnosis);
            assert_json_elided(&diagnosis);
            assert_json_elided(&diagnosis.summary());
        }
        let composition = match compose(&pod, "app", &facts) {
            Ok(composition) => composition,
            Err(error) => {
                assert_display_elided(&error);
                return Ok(());
            }
        };
        assert_debug_elided(&composition);
        assert_debug_elided(&composition.ambiguities());
        let environment = composition.environment();
        let names = environment.iter().map(|variable| variable.name().into_owned());
        let declared = environment.declared().iter().map(|declared| declared.name().to_owned());
        for name in names.chain(declared).chain(NAMES.map(str::to_owned)) {
            let explanation = composition.explain(&name, &others.services);
            assert_display_elided(&explanation);
            assert_json_elided(&explanation);
        }
        let limits = SizeLimits { string: 50, total: 200 };
        let expectations =
            Expectations { prefixes: vec![String::new()], limits, ..Expectations::default() };
        let services = objects.services.iter();
        let of_services =
            services.flat_map(|service| diagnose_service(service, &expectations, release));
        for finding in composition.diagnose(&expectations).into_iter().chain(of_services) {
            assert_display_elided(&finding);
            assert_json_elided(&finding);
        }
        let block =
            environment.render(kubelet_env::Order::Kubelet, kubelet_env::Form::NulSeparated);
        let (captured, composed) = (Captured::from_block(&block), Captured::from(environment));
        assert_debug_elided(&captured);
        assert_debug_elided(&composed);
        let nothing = Captured::default();
        if let Ok(now) = compose(&pod, "app", &Facts::of(&others)) {
            let now_captured = Captured::from(now.environment());
            for before in [&captured, &composed, &nothing] {
                assert_display_elided(&compare(before, &now_captured));
                assert_display_elided(&compare(&now_captured, before));
                for drifted in drift(before, now.environment()) {
                    assert_display_elided(&drifted);
                    assert_json_elided(&drifted);
                }
            }
        }
    }
}
