//! The family for the whole environment of a container.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use kubelet_env::api::{ConfigMap, Node, Pod, PodIp, PodStatus, Secret, Service};
use kubelet_env::container::{EnvFiles, Expanded, FieldPathError};
use kubelet_env::environment::{ReportedValue, Source, Value};
use kubelet_env::inspect::{Ambiguities, Ambiguity, Code, Expectations, Finding};
use kubelet_env::services::generate;
use kubelet_env::{ComposeError, ComposeErrorKind, Composition, Facts, Objects, Store, compose};
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
    #[serde(flatten)]
    failure: Failure,
}

/// The end of a container that the kubelet cannot start.
#[derive(Deserialize)]
struct Failure {
    error: Option<String>,
    #[serde(default)]
    panic: bool,
}

impl Failure {
    /// Returns our composition if the kubelet has one, and none if both fail for the same reason.
    fn agree<'a>(
        &self,
        ours: Result<Composition<'a>, ComposeError>,
    ) -> Result<Option<Composition<'a>>, String> {
        match (ours, &self.error) {
            (Err(ours), _) if self.panic => match ours.kind() {
                ComposeErrorKind::NoPorts(_) => Ok(None),
                _ => Err(format!("the kubelet panics: {ours}")),
            },
            (Err(ours), Some(kubelet)) => check_reason(&ours, kubelet).map(|()| None),
            (Err(ours), None) => Err(format!("the kubelet reports no error: {ours}")),
            (Ok(_), Some(kubelet)) => Err(format!("the kubelet reports an error: {kubelet}")),
            (Ok(_), None) if self.panic => Err("the kubelet panics".to_owned()),
            (Ok(composition), None) => Ok(Some(composition)),
        }
    }
}

type Env = BTreeMap<String, Bytes>;

/// Checks a case with its objects in several orders, all of which must give the same answer.
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

/// Composes the container and gives `check` the composition, or the error.
fn with_composition<T>(
    given: &Given,
    line: &str,
    check: impl FnOnce(Result<Composition<'_>, ComposeError>) -> Result<T, String>,
) -> Result<T, String> {
    let objects = Objects {
        services: given.services.iter().cloned().collect::<Store<Service>>(),
        config_maps: given.config_maps.iter().cloned().collect(),
        secrets: given.secrets.iter().cloned().collect(),
        ..Objects::default()
    };
    let mut env_files = EnvFiles::default();
    for (volume, files) in &given.volumes {
        env_files.add_volume(volume);
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
    let pod =
        if given.apply_defaults { given.pod.clone().with_defaults() } else { given.pod.clone() };
    check(compose(&pod, &given.container, &facts))
}

fn answer(given: &Given, expect: &Expect, line: &str) -> Result<Env, String> {
    with_composition(given, line, |ours| match expect.failure.agree(ours)? {
        Some(composition) => check_env(&composition, expect),
        None => Ok(Env::new()),
    })
}

fn check_env(composition: &Composition<'_>, expect: &Expect) -> Result<Env, String> {
    let environment = composition.environment();
    let ours: Env = environment
        .iter()
        .map(|variable| {
            (variable.name().into_owned(), Bytes::from(variable.value().as_bytes().unwrap()))
        })
        .collect();
    expect_equal(&ours.len(), &environment.len())?;
    for (name, value) in &ours {
        let found = environment.get(name).ok_or_else(|| format!("{name} is not found"))?;
        expect_equal(&Bytes::from(found.value().as_bytes().unwrap()), value)?;
    }
    for (name, values) in &expect.ambiguous {
        let value = ours.get(name).ok_or_else(|| format!("{name} is missing"))?;
        if !values.contains(value) {
            return Err(format!("{name}: {value:?} is none of {values:?}"));
        }
    }
    check_ambiguities(composition, &expect.ambiguous)?;
    let certain = |env: &Env| -> Env {
        env.clone().into_iter().filter(|(name, _)| !expect.ambiguous.contains_key(name)).collect()
    };
    expect_equal(&certain(&ours), &certain(&expect.env))?;
    Ok(ours)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Commands {
    #[serde(default)]
    command: Vec<Bytes>,
    #[serde(default)]
    args: Vec<Bytes>,
    #[serde(default)]
    sub_paths: BTreeMap<String, Bytes>,
    #[serde(default)]
    probes: BTreeMap<String, Vec<Bytes>>,
    #[serde(flatten)]
    failure: Failure,
}

/// Checks the command, the arguments, the paths in volumes and the commands of probes.
pub(super) fn command(line: &str) -> Verdict {
    let (given, expect): (Given, Commands) = read(line)?;
    with_composition(&given, line, |ours| match expect.failure.agree(ours)? {
        Some(composition) => check_commands(&composition, &expect),
        None => Ok(()),
    })
}

fn check_commands(composition: &Composition<'_>, expect: &Commands) -> Verdict {
    let bytes = |value: &Value<'_>| Bytes::from(value.as_bytes().unwrap());
    let words = |entries: &[Expanded<'_>]| -> Vec<Bytes> {
        entries.iter().map(|entry| bytes(&entry.value)).collect()
    };
    expect_equal(&words(composition.command()), &expect.command)?;
    expect_equal(&words(composition.args()), &expect.args)?;
    // The kubelet joins the path with that of the volume, which cleans it.
    let in_volume = |path: &[u8]| {
        let parts = path.split(|&byte| byte == b'/').filter(|part| !matches!(*part, b"" | b"."));
        Bytes(parts.fold(Vec::new(), |path, part| [&path, &b"/"[..], part].concat()))
    };
    let path = |path: &Bytes| in_volume(&path.0);
    let ours: BTreeMap<String, Bytes> = composition
        .sub_paths()
        .iter()
        .map(|sub_path| {
            let path = in_volume(sub_path.expanded.value.as_bytes().unwrap());
            (sub_path.mount_path.to_owned(), path)
        })
        .collect();
    let recorded = expect.sub_paths.iter().map(|(mount, at)| (mount.clone(), path(at))).collect();
    expect_equal(&ours, &recorded)?;
    let probes = composition.exec_handlers().iter().filter(|handler| handler.kind.is_probe());
    let ours = probes
        .map(|probe| (probe.kind.to_string(), probe.command.iter().map(bytes).collect()))
        .collect();
    expect_equal(&ours, &expect.probes)
}

/// Asserts that exactly the recorded names are reported as ambiguous.
///
/// The values of a service variable must be exactly those that some order of the Services gives, and
/// include every recorded one. A declared variable is reported if it depends on one of these.
pub(super) fn check_ambiguities(
    composition: &Composition<'_>,
    kubelet: &BTreeMap<String, Vec<Bytes>>,
) -> Result<(), String> {
    let Ambiguities { variables, entries, .. } = composition.ambiguities();
    let effective: Vec<&Ambiguity> =
        variables.iter().filter(|ambiguity| !ambiguity.is_shadowed).collect();
    let of_services = effective.iter().map(|ambiguity| &ambiguity.name);
    let names: BTreeSet<&String> =
        of_services.chain(entries.iter().map(|entry| &entry.name)).collect();
    expect_equal(&names, &kubelet.keys().collect())?;
    let findings = composition.diagnose(&Expectations::default());
    let reported = |finding: &&Finding| {
        matches!(finding.code, Code::AmbiguousVariable | Code::AmbiguousReference)
    };
    let reported = findings.iter().filter(reported).flat_map(|finding| &finding.variables);
    let reported: BTreeSet<&String> = reported.collect();
    // Findings count Services that await an address, which the kubelet does not see yet.
    if composition.facts().services.iter().any(Service::awaits_cluster_ip) {
        expect_equal(&names.difference(&reported).next(), &None)?;
    } else {
        expect_equal(&reported, &names)?;
    }

    let reached = values_by_order(composition, names.iter().map(|name| name.as_str()));
    for Ambiguity { name, values, .. } in effective {
        let ours: BTreeSet<Bytes> = values
            .iter()
            .map(|possible| match &possible.value {
                ReportedValue::Text(text) => Bytes::from(text.as_bytes()),
                other => panic!("{name}: {other:?}"),
            })
            .collect();
        expect_equal(&ours, &reached[name].iter().cloned().collect())?;
    }
    for (name, values) in kubelet {
        if let Some(missed) = values.iter().find(|value| !reached[name].contains(value)) {
            return Err(format!("{name}: no order of the Services gives {missed:?}"));
        }
    }
    Ok(())
}

/// Returns the values of each of these names over all orders of the colliding Services.
///
/// For each order, the declared entries are expanded again over a plain map of Service variables.
fn values_by_order<'n>(
    composition: &Composition<'_>,
    names: impl Iterator<Item = &'n str> + Clone,
) -> BTreeMap<String, Vec<Bytes>> {
    let collisions =
        composition.environment().collisions().iter().flat_map(|collision| &collision.variables);
    let mut services: Vec<&Service> = Vec::new();
    for variable in collisions {
        if !services.contains(&variable.service()) {
            services.push(variable.service());
        }
    }
    // An entry that refers to its own name sees the Service variable that it overrides.
    let (namespace, links) = (&composition.pod().metadata.namespace, composition.service_links());
    let seen = composition.facts().services.select(namespace, links);
    let mut reached: BTreeMap<String, Vec<Bytes>> = BTreeMap::new();
    for order in orders(&services) {
        let mut env: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for variable in generate(&seen).unwrap().iter() {
            env.insert(variable.name(), variable.value().into_bytes());
        }
        for variable in generate(&order).unwrap().iter() {
            env.insert(variable.name(), variable.value().into_bytes());
        }
        let mut declared: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
        for declaration in composition.environment().declared() {
            let value = match declaration.source() {
                Source::Text(text) => {
                    let lookup =
                        |name: &str| declared.get(name).or_else(|| env.get(name)).map(Cow::from);
                    kubelet_env::container::expand(text, composition.facts().release, lookup)
                        .into_owned()
                }
                _ => declaration.value().as_bytes().unwrap().to_vec(),
            };
            declared.insert(declaration.name(), value);
        }
        for name in names.clone() {
            let value = declared.get(name).or_else(|| env.get(name)).unwrap();
            reached.entry(name.to_owned()).or_default().push(Bytes::from(value.as_slice()));
        }
    }
    reached
}

/// Returns all orders of a few items, or 5,000 fixed orders of many.
fn orders<T: Copy>(items: &[T]) -> Vec<Vec<T>> {
    if items.len() <= 6 {
        return permutations(items);
    }
    let mut random = 0x2545_f491_u64;
    let mut order = items.to_vec();
    let shuffled = std::iter::repeat_with(|| {
        for at in (1..order.len()).rev() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            order.swap(at, (random >> 33) as usize % (at + 1));
        }
        order.clone()
    });
    shuffled.take(5_000).collect()
}

fn permutations<T: Copy>(items: &[T]) -> Vec<Vec<T>> {
    let Some((&first, rest)) = items.split_first() else { return vec![Vec::new()] };
    let shorter = permutations(rest);
    let longer = shorter.iter().flat_map(|order| {
        (0..=order.len()).map(|at| [&order[..at], &[first], &order[at..]].concat())
    });
    longer.collect()
}

/// Quotes a text, up to the first character that Go may escape in another way.
fn quoted(text: &str) -> String {
    match text.find(|c: char| !(c == ' ' || c.is_ascii_graphic())) {
        Some(other) => format!("{:?}", &text[..other]).trim_end_matches('"').to_owned(),
        None => format!("{text:?}"),
    }
}

/// Checks that an error has the recorded reason and names. The wording may differ.
fn check_reason(ours: &ComposeError, kubelet: &str) -> Verdict {
    let expect_prefix = |expected: String| {
        if kubelet.starts_with(&expected) {
            Ok(())
        } else {
            Err(format!("kubelet {kubelet}\n         ours    {ours}"))
        }
    };
    match ours.kind() {
        ComposeErrorKind::ServiceLinksAbsent => {
            expect_prefix("nil pod.spec.enableServiceLinks".to_owned())
        }
        ComposeErrorKind::ServicesNotListed => {
            expect_prefix("services have not yet been read".to_owned())
        }
        ComposeErrorKind::ObjectMissing { object } => {
            let plural = format!("{}s", object.kind.to_lowercase());
            expect_prefix(format!("{plural} {}", quoted(&object.name)))
        }
        ComposeErrorKind::KeyMissing { object, key } => expect_prefix(format!(
            "couldn't find key {key} in {} {}/{}",
            object.kind, object.namespace, object.name
        )),
        ComposeErrorKind::FieldPath { path, error } => match error {
            FieldPathError::Version { version } => {
                expect_prefix(format!("unsupported pod version: {version}"))
            }
            FieldPathError::Unsupported => {
                expect_prefix(format!("field label not supported: {path}"))
            }
            FieldPathError::NotGiven => expect_prefix(format!("unsupported fieldPath: {path}")),
            FieldPathError::Subscript => {
                expect_prefix(format!("field label does not support subscript: {path}"))
            }
            FieldPathError::Key { .. } => {
                expect_prefix(format!("invalid key subscript in {path}: "))
            }
            FieldPathError::HostIpUnknown => {
                expect_prefix("host IP unknown; known addresses:".to_owned())
            }
            other => Err(format!("the kubelet has no such reason: {other}")),
        },
        ComposeErrorKind::ContainerMissing { container } => {
            expect_prefix(format!("container {container} not found"))
        }
        ComposeErrorKind::UnsupportedResource { error } => {
            // We escape what the kubelet does not.
            let text = error.to_string();
            expect_prefix(text.split('\\').next().unwrap_or_default().to_owned())
        }
        ComposeErrorKind::VolumeMissing { volume } => {
            expect_prefix(format!("cannot find the volume {}", quoted(volume)))
        }
        // No file has such a path.
        ComposeErrorKind::EnvFileMissing { path, .. } if path.contains('\0') => {
            expect_prefix("lstat <volume>/".to_owned())
        }
        ComposeErrorKind::EnvFileMissing { .. } | ComposeErrorKind::EnvFile { .. } => {
            expect_prefix("couldn't parse env file".to_owned())
        }
        ComposeErrorKind::SubPathValueMissing { names } => {
            expect_prefix(format!("missing value for {}", names.join(", ")))
        }
        ComposeErrorKind::SubPathAbsolute => expect_prefix("error SubPath `/".to_owned()),
        ComposeErrorKind::SubPathBackstep => {
            expect_prefix("unable to provision SubPath `".to_owned())
        }
        ComposeErrorKind::EnvFileKeyMissing { key, .. } => {
            expect_prefix(format!("environment variable key {}", quoted(key)))
        }
        other => Err(format!("the kubelet has no such reason: {other}")),
    }
}
