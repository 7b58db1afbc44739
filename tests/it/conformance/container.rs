//! The family about a container's whole environment.

use std::collections::BTreeMap;

use kubelet_env::api::{ConfigMap, Node, Pod, PodIp, PodStatus, Secret, Service};
use kubelet_env::{ComposeError, EnvFiles, Facts, FieldPathError, Objects, Refusal, Store, compose};
use serde::Deserialize;

use super::{Bytes, Verdict, expect_equal, read, release};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Given {
    pod: Pod,
    container: String,
    services: Vec<Service>,
    config_maps: Vec<ConfigMap>,
    secrets: Vec<Secret>,
    node: Node,
    #[serde(rename = "podIP")]
    pod_ip: String,
    #[serde(rename = "podIPs")]
    pod_ips: Vec<String>,
    #[serde(default, rename = "nodeIPs")]
    node_ips: Vec<String>,
    #[serde(default)]
    volumes: BTreeMap<String, BTreeMap<String, String>>,
    services_synced: bool,
    apply_defaults: bool,
}

#[derive(Deserialize)]
struct Expect {
    #[serde(default)]
    env: BTreeMap<String, Bytes>,
    #[serde(default)]
    ambiguous: BTreeMap<String, Vec<Bytes>>,
    error: Option<String>,
}

type Env = BTreeMap<String, Bytes>;

/// In the order in which the objects are listed, and in some others: none may make a difference.
pub(super) fn container_env(line: &str) -> Verdict {
    let (mut given, expect): (Given, Expect) = read(line)?;
    let first = answer(&given, &expect, line)?;
    given.services.reverse();
    given.config_maps.reverse();
    given.secrets.reverse();
    expect_equal(&answer(&given, &expect, line)?, &first)?;
    let half = given.services.len() / 2;
    given.services.rotate_left(half);
    expect_equal(&answer(&given, &expect, line)?, &first)
}

fn answer(given: &Given, expect: &Expect, line: &str) -> Result<Env, String> {
    let objects = Objects {
        services: given.services.iter().cloned().collect::<Store<Service>>(),
        config_maps: given.config_maps.iter().cloned().collect(),
        secrets: given.secrets.iter().cloned().collect(),
        ..Objects::default()
    };
    let mut env_files = EnvFiles::default();
    for (volume, files) in &given.volumes {
        for (path, content) in files {
            env_files.insert(volume, path, content.as_str());
        }
    }
    let status = PodStatus {
        pod_ip: given.pod_ip.clone(),
        pod_ips: given.pod_ips.iter().map(|ip| PodIp { ip: ip.clone() }).collect(),
    };
    let facts = Facts {
        release: release(line)?,
        services_listed: given.services_synced,
        node: Some(&given.node),
        node_ips: &given.node_ips,
        pod_status: Some(&status),
        env_files: &env_files,
        ..Facts::of(&objects)
    };
    let pod = if given.apply_defaults { given.pod.clone().with_defaults() } else { given.pod.clone() };
    let composition = match (compose(&pod, &given.container, &facts), &expect.error) {
        (Err(ours), Some(kubelet)) => return same_reason(&ours, kubelet).map(|()| Env::new()),
        (Err(ours), None) => return Err(format!("the kubelet does not refuse: {ours}")),
        (Ok(_), Some(kubelet)) => return Err(format!("the kubelet refuses: {kubelet}")),
        (Ok(composition), None) => composition,
    };
    let environment = composition.environment();
    let ours: Env = environment
        .iter()
        .map(|variable| (variable.name().into_owned(), Bytes::from(variable.value().as_bytes())))
        .collect();
    expect_equal(&ours.len(), &environment.len())?;
    for (name, value) in &ours {
        let found = environment.get(name).ok_or_else(|| format!("{name} is not found"))?;
        expect_equal(&Bytes::from(found.value().as_bytes()), value)?;
    }
    for (name, values) in &expect.ambiguous {
        let value = ours.get(name).ok_or_else(|| format!("{name} is missing"))?;
        if !values.contains(value) {
            return Err(format!("{name}: {value:?} is none of {values:?}"));
        }
    }
    let certain = |env: &Env| -> Env {
        env.clone().into_iter().filter(|(name, _)| !expect.ambiguous.contains_key(name)).collect()
    };
    expect_equal(&certain(&ours), &certain(&expect.env))?;
    Ok(ours)
}

/// The wording differs, the reason and the names in it must not.
fn same_reason(ours: &ComposeError, kubelet: &str) -> Verdict {
    let says = |expected: String| {
        if kubelet.starts_with(&expected) { Ok(()) } else { Err(format!("kubelet {kubelet}\n         ours    {ours}")) }
    };
    match ours.refusal.as_ref() {
        Refusal::ServiceLinksAbsent => says("nil pod.spec.enableServiceLinks".to_owned()),
        Refusal::ServicesNotListed => says("services have not yet been read".to_owned()),
        Refusal::ObjectMissing { object } => {
            says(format!("{}s {:?} not found", object.kind.to_lowercase(), object.name))
        }
        Refusal::KeyMissing { object, key } => {
            says(format!("couldn't find key {key} in {} {}/{}", object.kind, object.namespace, object.name))
        }
        Refusal::FieldPath { path, error } => match error {
            FieldPathError::Version { version } => says(format!("unsupported pod version: {version}")),
            FieldPathError::Unsupported => says(format!("field label not supported: {path}")),
            FieldPathError::NotGiven => says(format!("unsupported fieldPath: {path}")),
            FieldPathError::Subscript => says(format!("field label does not support subscript: {path}")),
            FieldPathError::Key { error } => says(format!("invalid key subscript in {path}: {error}")),
            FieldPathError::HostIpUnknown => says("host IP unknown; known addresses:".to_owned()),
            other => Err(format!("the kubelet has no such reason: {other}")),
        },
        Refusal::ContainerMissing { container } => says(format!("container {container} not found")),
        Refusal::UnsupportedResource { error } => says(error.to_string()),
        Refusal::VolumeMissing { volume } => {
            says(format!("cannot find the volume {volume:?} referenced by FileKeyRef"))
        }
        Refusal::EnvFileMissing { .. } | Refusal::EnvFile { .. } => says("couldn't parse env file".to_owned()),
        Refusal::EnvFileKeyMissing { key, .. } => says(format!("environment variable key {key:?} not found in file")),
        other => Err(format!("the kubelet has no such reason: {other}")),
    }
}
