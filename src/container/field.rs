//! The downward API's `fieldRef` (Go: `ConvertDownwardAPIFieldLabel`, `podFieldSelectorRuntimeValue`,
//! `ExtractFieldPathAsString`).

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;

use super::{Facts, FieldPathError, Refusal};
use crate::api::{Node, ObjectFieldSelector, Pod, PodStatus};
use crate::go::ip::{host_ips, pod_ips, primary_family};
use crate::go::quote::format_map;
use crate::name::{is_qualified_annotation_name, is_qualified_name};
use crate::release::Rule;

/// Why there is no value.
enum FieldProblem {
    Path(FieldPathError),
    NodeUnknown,
}

impl FieldProblem {
    fn of(self, field: &ObjectFieldSelector) -> Refusal {
        match self {
            FieldProblem::Path(error) => Refusal::FieldPath { path: field.field_path.clone(), error },
            FieldProblem::NodeUnknown => Refusal::NodeUnknown,
        }
    }
}

impl From<FieldPathError> for FieldProblem {
    fn from(error: FieldPathError) -> Self {
        FieldProblem::Path(error)
    }
}

/// The value of a field of the Pod.
pub(super) fn field_value<'a>(
    field: &ObjectFieldSelector,
    pod: &'a Pod,
    facts: &Facts<'a>,
) -> Result<Cow<'a, str>, Refusal> {
    try_field_value(field, pod, facts).map_err(|problem| problem.of(field))
}

fn try_field_value<'a>(
    field: &ObjectFieldSelector,
    pod: &'a Pod,
    facts: &Facts<'a>,
) -> Result<Cow<'a, str>, FieldProblem> {
    if field.api_version != "v1" {
        return Err(FieldPathError::Version { version: field.api_version.clone() }.into());
    }
    if let Some((path, key)) = split_subscript(&field.field_path) {
        let (map, is_legal) = match path {
            "metadata.labels" => (&pod.metadata.labels, is_qualified_name(key)),
            "metadata.annotations" => (&pod.metadata.annotations, is_qualified_annotation_name(key)),
            _ => return Err(FieldPathError::Subscript.into()),
        };
        is_legal.map_err(|error| FieldPathError::Key { error })?;
        return Ok(map.get(key).map(|value| Cow::Borrowed(value.as_str())).unwrap_or_default());
    }
    match field.field_path.as_str() {
        "metadata.name" => known(&pod.metadata.name),
        "metadata.namespace" => known(&pod.metadata.namespace),
        "metadata.uid" => known(&pod.metadata.uid),
        "metadata.labels" => Ok(format_map(&pod.metadata.labels).into()),
        "metadata.annotations" => Ok(format_map(&pod.metadata.annotations).into()),
        // `spec.host` is what old clients send.
        "spec.nodeName" | "spec.host" => node_name(pod, facts),
        "spec.serviceAccountName" => Ok(Cow::Borrowed(&pod.spec.service_account_name)),
        "status.hostIP" => Ok(node_addresses(facts)?.first().map(ToString::to_string).unwrap_or_default().into()),
        "status.hostIPs" => Ok(joined(node_addresses(facts)?.iter().map(ToString::to_string)).into()),
        "status.podIP" => {
            let status = known_status(facts)?;
            let first = pod_addresses(status, facts).into_iter().next();
            Ok(first.unwrap_or(Cow::Borrowed(&status.pod_ip)))
        }
        "status.podIPs" => Ok(joined(pod_addresses(known_status(facts)?, facts)).into()),
        "spec.restartPolicy" | "spec.schedulerName" | "status.phase" => Err(FieldPathError::NotGiven.into()),
        _ => Err(FieldPathError::Unsupported.into()),
    }
}

/// `path['key']` (Go: `SplitMaybeSubscriptedPath`). An empty path is none.
fn split_subscript(path: &str) -> Option<(&str, &str)> {
    path.strip_suffix("']")?.split_once("['").filter(|(path, _)| !path.is_empty())
}

/// No Pod that a kubelet runs lacks these.
fn known(value: &str) -> Result<Cow<'_, str>, FieldProblem> {
    if value.is_empty() { Err(FieldPathError::Unknown.into()) } else { Ok(Cow::Borrowed(value)) }
}

fn known_status<'a>(facts: &Facts<'a>) -> Result<&'a PodStatus, FieldProblem> {
    facts.pod_status.ok_or(FieldProblem::Path(FieldPathError::Unknown))
}

fn known_node<'a>(facts: &Facts<'a>) -> Result<&'a Node, FieldProblem> {
    facts.node.ok_or(FieldProblem::NodeUnknown)
}

/// A Pod that is not scheduled yet runs on the Node that was given.
fn node_name<'a>(pod: &'a Pod, facts: &Facts<'a>) -> Result<Cow<'a, str>, FieldProblem> {
    if pod.spec.node_name.is_empty() {
        known(&known_node(facts)?.metadata.name)
    } else {
        Ok(Cow::Borrowed(&pod.spec.node_name))
    }
}

/// Go: `GetNodeHostIPs`
fn node_addresses(facts: &Facts<'_>) -> Result<Vec<IpAddr>, FieldProblem> {
    let addresses = known_node(facts)?.status.addresses.as_slice();
    let of_type = |type_| addresses.iter().filter(move |address| address.type_ == type_);
    let texts = of_type("InternalIP").chain(of_type("ExternalIP")).map(|address| address.address.as_str());
    let ips = host_ips(texts);
    if ips.is_empty() { Err(FieldPathError::HostIpUnknown.into()) } else { Ok(ips) }
}

/// Go: `Kubelet.sortPodIPs`
fn pod_addresses<'a>(status: &'a PodStatus, facts: &Facts<'a>) -> Vec<Cow<'a, str>> {
    let primary = primary_family(facts.node_ips.iter().map(String::as_str));
    let is_canonical = facts.release.has(Rule::CanonicalPodIps);
    let print = |(given, ip): (&'a str, IpAddr)| {
        if is_canonical { Cow::Owned(ip.to_string()) } else { Cow::Borrowed(given) }
    };
    pod_ips(status.pod_ips.iter().map(|ip| ip.ip.as_str()), primary).into_iter().map(print).collect()
}

fn joined<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let mut joined = String::new();
    for text in texts {
        if !joined.is_empty() {
            joined.push(',');
        }
        joined.push_str(text.as_ref());
    }
    joined
}
