//! The API server's admission plugins that change what the downward API reads (Go:
//! `plugin/pkg/admission`).

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Stage;
use super::defaults::round_list;
use super::draft::{Containers, Draft};
use crate::api::{LimitRange, LimitRangeItem, Node, Quantity, ResourceRequirements};
use crate::objects::Store;

pub(super) const TOPOLOGY_LABELS: [&str; 2] =
    ["topology.kubernetes.io/region", "topology.kubernetes.io/zone"];

pub(super) const LIMIT_RANGER: &str = "kubernetes.io/limit-ranger";

pub(super) const LIMIT_RANGER_PREFIX: &str = "LimitRanger plugin set: ";

/// Go: `serviceaccount.Plugin.Admit`
pub(super) fn service_account(draft: &mut Draft) {
    if draft.pod.spec.service_account_name.is_empty() {
        draft.set(
            Stage::ServiceAccount,
            "spec.serviceAccountName",
            |pod| &mut pod.spec.service_account_name,
            "default",
        );
        draft.pod.spec.service_account = "default".to_owned();
    }
}

/// Go: `LimitRanger.runLimitFunc`, `PodMutateLimitFunc`. The API server takes several LimitRanges
/// of a namespace in random order; this takes them in the order of their names.
pub(super) fn limit_ranger(draft: &mut Draft, limit_ranges: &Store<LimitRange>) {
    let namespace = draft.pod.metadata.namespace.clone();
    for limit_range in limit_ranges.in_namespace(&namespace) {
        merge_requirements(draft, &requirements(limit_range));
    }
}

/// Go: `defaultContainerResourceRequirements`, after `SetDefaults_LimitRangeItem`
fn requirements(limit_range: &LimitRange) -> ResourceRequirements {
    let mut requirements = ResourceRequirements::default();
    for item in limit_range.spec.limits.iter().filter(|item| item.type_ == "Container") {
        let item = with_defaults(item);
        requirements.requests.extend(item.default_request);
        requirements.limits.extend(item.default);
    }
    round_list(&mut requirements.requests);
    round_list(&mut requirements.limits);
    requirements
}

/// Go: `SetDefaults_LimitRangeItem`
fn with_defaults(item: &LimitRangeItem) -> LimitRangeItem {
    let mut item = item.clone();
    fill_in(&mut item.default, &item.max);
    fill_in(&mut item.default_request, &item.default);
    fill_in(&mut item.default_request, &item.min);
    item
}

/// Adds what is absent. Returns the names of the resources that were added, in ascending order.
fn fill_in(to: &mut BTreeMap<String, Quantity>, from: &BTreeMap<String, Quantity>) -> Vec<String> {
    let absent = |resource: &&String| !to.contains_key(*resource);
    let added: Vec<String> = from.keys().filter(absent).cloned().collect();
    for resource in &added {
        if let Some(quantity) = from.get(resource) {
            to.insert(resource.clone(), quantity.clone());
        }
    }
    added
}

/// Go: `mergePodResourceRequirements`, `mergeContainerResources`
fn merge_requirements(draft: &mut Draft, requirements: &ResourceRequirements) {
    let mut notes: Vec<String> = Vec::new();
    for (list, kind) in [(Containers::Ordinary, "container"), (Containers::Init, "init container")]
    {
        for position in 0..list.of(&mut draft.pod).len() {
            let Some(container) = list.of(&mut draft.pod).get_mut(position) else { continue };
            let limits = fill_in(&mut container.resources.limits, &requirements.limits);
            let requests = fill_in(&mut container.resources.requests, &requirements.requests);
            let name = container.name.clone();
            let field = |list_name: &str, resource: &String| {
                format!("{}[{position}].resources.{list_name}.{resource}", list.field())
            };
            for (added, list_name, noun) in
                [(requests, "requests", "request"), (limits, "limits", "limit")]
            {
                if !added.is_empty() {
                    notes.push(format!("{} {noun} for {kind} {name}", added.join(", ")));
                }
                for resource in &added {
                    draft.record(Stage::LimitRanger, field(list_name, resource));
                }
            }
        }
    }
    if !notes.is_empty() {
        let text = format!("{LIMIT_RANGER_PREFIX}{}", notes.join("; "));
        draft.annotation(Stage::LimitRanger, LIMIT_RANGER, Some(&text));
    }
}

/// Go: `podtopologylabels.Plugin.Admit`, which copies the labels that the Node has. Without the
/// Node they are undecided.
pub(super) fn topology_labels(draft: &mut Draft, node: Option<&Node>) {
    for key in TOPOLOGY_LABELS {
        match node {
            None => draft.label(Stage::PodTopologyLabels, key, None),
            Some(node) => {
                if let Some(value) = node.metadata.labels.get(key) {
                    draft.label(Stage::PodTopologyLabels, key, Some(value));
                }
            }
        }
    }
}
