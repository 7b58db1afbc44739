//! Properties of the step from the kubelet to process 1.

use std::collections::{BTreeMap, BTreeSet};

use kubelet_env::api::{Container, EnvFromSource, EnvVar, ObjectMeta, Secret, SecretEnvSource};
use kubelet_env::container::DeviceVariable;
use kubelet_env::process::{
    CriO, Engine, EntryOrigin, ImageConfig, Passwd, Process, ProcessFacts, Runc, Runtime,
};
use kubelet_env::{Facts, Form, Objects, Order, compose};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::Case;

fn name() -> impl Strategy<Value = String> {
    select(vec!["PATH", "TERM", "HOSTNAME", "HOME", "container", "A", "B", "C"])
        .prop_map(Into::into)
}

fn value() -> impl Strategy<Value = String> {
    select(vec!["", "1", "2", "=", "a=b", "/x"]).prop_map(Into::into)
}

/// With and without `=`.
fn image_entry() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (name(), value()).prop_map(|(name, value)| format!("{name}={value}")),
        1 => name(),
        1 => Just("=x".to_owned()),
    ]
}

fn runtime() -> impl Strategy<Value = Runtime> {
    let entry = (name(), value()).prop_map(|(name, value)| format!("{name}={value}"));
    let crio = (any::<bool>(), vec(entry, 0..3))
        .prop_map(|(systemd, default_env)| Engine::CriO(CriO { systemd, default_env }));
    let engine = prop_oneof![Just(Engine::Containerd), crio];
    let runc = select(vec![Runc::UpTo1_2, Runc::Since1_3]);
    (engine, runc).prop_map(|(engine, runc)| Runtime { engine, runc })
}

type Pairs = Vec<(String, String)>;

fn pairs(max: usize) -> impl Strategy<Value = Pairs> {
    vec((name(), value()), 0..max)
}

proptest! {
    /// The environment of process 1 is the OCI environment with the last value of each name, but for
    /// an empty or missing HOME; the kubelet's variables and the secrets among them are all in it.
    #[test]
    fn process_keeps_what_the_kubelet_sets(
        runtime in runtime(),
        image_env in vec(image_entry(), 0..6),
        env in pairs(6),
        secrets in pairs(3),
        devices in pairs(3),
        tty in any::<bool>(),
    ) {
        let variable = |(name, value): &(String, String)| EnvVar {
            name: name.clone(),
            value: value.clone(),
            ..EnvVar::default()
        };
        let device = |(name, value): &(String, String)| DeviceVariable {
            resource: "example.com/device".into(),
            name: name.clone(),
            value: value.clone(),
        };
        let data = secrets.iter().map(|(name, value)| {
            (name.clone(), format!("hunter2{value}").as_str().into())
        });
        let mut objects = Objects::default();
        let metadata = ObjectMeta::new("shop", "login");
        objects.secrets.apply(Secret { metadata, data: data.collect() });
        let login = SecretEnvSource { name: "login".into(), ..SecretEnvSource::default() };
        let mut case = Case::new("", "");
        case.pod.spec.containers[0] = Container {
            name: "app".into(),
            tty,
            env: env.iter().map(variable).collect(),
            env_from: vec![EnvFromSource { secret_ref: Some(login), ..EnvFromSource::default() }],
            ..Container::default()
        };
        let devices: Vec<DeviceVariable> = devices.iter().map(device).collect();
        let facts = Facts { device_env: &devices, ..Facts::of(&objects) };
        let composition = compose(&case.pod, "app", &facts).unwrap();

        let cmd = vec!["/run".into()];
        let image = ImageConfig { env: image_env, cmd, ..ImageConfig::default() };
        let passwd = Passwd::parse("root:x:0:0::/root:");
        let is_systemd =
            matches!(&runtime.engine, Engine::CriO(CriO { systemd: true, .. }));
        let facts = ProcessFacts {
            runtime,
            image: Some(&image),
            passwd: Some(&passwd),
            ..ProcessFacts::default()
        };
        let process = match Process::new(&composition, &facts) {
            Ok(process) => process,
            // containerd hands on an image's entry without a name.
            Err(error) => {
                prop_assert!(image.env.iter().any(|entry| entry.starts_with('=')), "{}", error);
                return Ok(());
            }
        };
        prop_assert!(process.unknown().is_empty());

        let mut last: BTreeMap<&str, &[u8]> = BTreeMap::new();
        for entry in process.oci_env() {
            last.insert(entry.name(), entry.value().unwrap().as_bytes().unwrap());
        }
        if last.get("HOME").is_none_or(|home| home.is_empty()) {
            last.insert("HOME", b"/root");
        }
        let environ: BTreeMap<&str, &[u8]> = process
            .environ()
            .iter()
            .map(|entry| (entry.name(), entry.value().unwrap().as_bytes().unwrap()))
            .collect();
        prop_assert_eq!(environ.len(), process.environ().len());
        prop_assert_eq!(&environ, &last);

        let environment = process.environment();
        prop_assert_eq!(environment.len(), environ.len());
        for variable in composition.environment().iter() {
            let (name, value) = (variable.name(), variable.value());
            if (name == "HOME" && value.as_bytes() == Some(b"")) || (name == "container" && is_systemd) {
                continue;
            }
            let ours = environment.get(&name).unwrap().value();
            prop_assert_eq!(ours.as_bytes(), value.as_bytes());
            prop_assert_eq!(ours.is_secret(), value.is_secret());
        }
        let shown = environment.redacted().render(Order::Kubelet, Form::Lines);
        prop_assert!(!String::from_utf8(shown).unwrap().contains("hunter2"));
        let debug = format!("{process:?}");
        prop_assert!(!debug.contains("hunter2"));
    }

    /// Both rules of runc keep the same variables, in another order.
    #[test]
    fn runc_versions_differ_in_order_only(env in pairs(8)) {
        use kubelet_env::process::EnvEntry;
        let texts: Vec<String> = env.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let oci: Vec<EnvEntry<'_>> =
            texts.iter().map(|text| EnvEntry::parse(text, EntryOrigin::Image)).collect();
        let set = |runc: Runc| -> BTreeSet<(String, Vec<u8>)> {
            let environ = runc.environ(&oci, "/root").unwrap();
            let pair = |entry: &EnvEntry<'_>| {
                (entry.name().to_owned(), entry.value().unwrap().as_bytes().unwrap().to_vec())
            };
            environ.iter().map(pair).collect()
        };
        prop_assert_eq!(set(Runc::UpTo1_2), set(Runc::Since1_3));
    }
}
