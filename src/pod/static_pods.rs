//! Static Pods, which the kubelet reads from files, and their mirrors in the API (Go:
//! `pkg/kubelet/config`).

use alloc::borrow::ToOwned;
use alloc::format;

use super::admission::{LIMIT_RANGER, LIMIT_RANGER_PREFIX, TOPOLOGY_LABELS};
use super::draft::{Containers, Draft};
use super::kubelet::CONFIG_SOURCE;
use super::{PodError, Stage, UndecidedField};
use crate::api::{Container, EnvVarSource, Node, Pod, ProjectedVolumeSource, Volume};
use crate::objects::ObjectRef;
use crate::release::{Release, Rule};

const CONFIG_HASH: &str = "kubernetes.io/config.hash";
const CONFIG_MIRROR: &str = "kubernetes.io/config.mirror";

/// Reports whether the Pod mirrors a static Pod in the API (Go: `IsMirrorPod`).
pub(super) fn is_mirror(pod: &Pod) -> bool {
    pod.metadata.annotations.contains_key(CONFIG_MIRROR)
}

/// Go: `tryDecodeSinglePod`, `applyDefaults`
pub(super) fn read(
    draft: &mut Draft,
    node: Option<&Node>,
    release: Release,
) -> Result<(), PodError> {
    if draft.pod.metadata.name.is_empty() {
        return Err(PodError::NameMissing { pod: ObjectRef::of(&draft.pod) });
    }
    if release.has(Rule::StaticPodReferences)
        && let Some(resource) = referenced_resource(&draft.pod)
    {
        return Err(PodError::StaticPodReference { pod: ObjectRef::of(&draft.pod), resource });
    }
    let stage = Stage::StaticPod;
    let uid = Some(draft.pod.metadata.uid.clone()).filter(|uid| !uid.is_empty());
    if uid.is_none() {
        draft.undecided.insert(UndecidedField::Uid);
        draft.record(stage, "metadata.uid");
    }
    draft.annotation(stage, CONFIG_HASH, uid.as_deref());
    if draft.pod.metadata.namespace.is_empty() {
        draft.set(stage, "metadata.namespace", |pod| &mut pod.metadata.namespace, "default");
    }
    match node {
        Some(node) => {
            let node = &node.metadata.name;
            let generated = format!("{}-{}", draft.pod.metadata.name, node.to_lowercase());
            draft.set(stage, "metadata.name", |pod| &mut pod.metadata.name, &generated);
            draft.set(stage, "spec.nodeName", |pod| &mut pod.spec.node_name, node);
        }
        None => {
            draft.set(stage, "metadata.name", |pod| &mut pod.metadata.name, "");
            draft.undecided.insert(UndecidedField::Name);
        }
    }
    Ok(())
}

/// Returns the plural of an API resource that the Pod refers to, if any (Go:
/// `HasAPIObjectReference`).
fn referenced_resource(pod: &Pod) -> Option<&'static str> {
    let spec = &pod.spec;
    let mut containers =
        spec.init_containers.iter().chain(&spec.containers).chain(&spec.ephemeral_containers);
    if !spec.service_account_name.is_empty() {
        Some("serviceaccounts")
    } else if spec.image_pull_secrets.iter().any(|secret| !secret.name.is_empty())
        || containers.clone().any(refers_to_secret)
        || spec.volumes.iter().any(mounts_secret)
    {
        Some("secrets")
    } else if containers.any(refers_to_config_map) || spec.volumes.iter().any(mounts_config_map) {
        Some("configmaps")
    } else if !spec.resource_claims.is_empty() {
        Some("resourceclaims")
    } else if spec.volumes.iter().any(|volume| volume.persistent_volume_claim.is_some()) {
        Some("persistentvolumeclaims")
    } else {
        None
    }
}

fn refers_to_secret(container: &Container) -> bool {
    let refers = |source: &EnvVarSource| source.secret_key_ref.is_some();
    container.env_from.iter().any(|source| source.secret_ref.is_some())
        || container.env.iter().any(|variable| variable.value_from.as_ref().is_some_and(refers))
}

fn refers_to_config_map(container: &Container) -> bool {
    let refers = |source: &EnvVarSource| source.config_map_key_ref.is_some();
    container.env_from.iter().any(|source| source.config_map_ref.is_some())
        || container.env.iter().any(|variable| variable.value_from.as_ref().is_some_and(refers))
}

fn mounts_secret(volume: &Volume) -> bool {
    let projects =
        |it: &ProjectedVolumeSource| it.sources.iter().any(|source| source.secret.is_some());
    volume.secret.is_some() || volume.projected.as_ref().is_some_and(projects)
}

fn mounts_config_map(volume: &Volume) -> bool {
    let projects =
        |it: &ProjectedVolumeSource| it.sources.iter().any(|source| source.config_map.is_some());
    volume.config_map.is_some() || volume.projected.as_ref().is_some_and(projects)
}

/// Turns a mirror Pod into the static Pod that it mirrors, without the changes that admission made
/// to the mirror alone.
pub(super) fn unmirror(draft: &mut Draft, node: Option<&Node>, release: Release) {
    let stage = Stage::StaticPod;
    let mirrored = draft.pod.metadata.annotations.remove(CONFIG_MIRROR).unwrap_or_default();
    let hash = draft.pod.metadata.annotations.get(CONFIG_HASH).cloned().unwrap_or(mirrored);
    draft.annotation(stage, CONFIG_HASH, Some(&hash));
    draft.set(stage, "metadata.uid", |pod| &mut pod.metadata.uid, &hash);
    draft.pod.metadata.annotations.entry(CONFIG_SOURCE.to_owned()).or_insert_with(|| "file".into());
    undo_limit_ranger(&mut draft.pod);
    if release.has(Rule::TopologyLabels) {
        for key in TOPOLOGY_LABELS {
            let has = |node: &Node| node.metadata.labels.contains_key(key);
            match node {
                Some(node) if has(node) => {
                    draft.pod.metadata.labels.remove(key);
                }
                None if draft.pod.metadata.labels.contains_key(key) => {
                    draft.label(stage, key, None);
                }
                _ => {}
            }
        }
    }
}

/// Removes the resources that the annotation of LimitRanger lists.
fn undo_limit_ranger(pod: &mut Pod) {
    let Some(text) = pod.metadata.annotations.remove(LIMIT_RANGER) else { return };
    let Some(notes) = text.strip_prefix(LIMIT_RANGER_PREFIX) else {
        pod.metadata.annotations.insert(LIMIT_RANGER.to_owned(), text);
        return;
    };
    for (resources, container) in notes.split("; ").filter_map(|note| note.split_once(" for ")) {
        let (list, name) = match container.strip_prefix("init container ") {
            Some(name) => (Containers::Init, name),
            None => {
                (Containers::Ordinary, container.strip_prefix("container ").unwrap_or(container))
            }
        };
        let Some(container) = list.of(pod).iter_mut().find(|container| container.name == name)
        else {
            continue;
        };
        let resources = match resources.strip_suffix(" request") {
            Some(requests) => (requests, &mut container.resources.requests),
            None => (
                resources.strip_suffix(" limit").unwrap_or(resources),
                &mut container.resources.limits,
            ),
        };
        let (names, quantities) = resources;
        for name in names.split(", ") {
            quantities.remove(name);
        }
    }
}
