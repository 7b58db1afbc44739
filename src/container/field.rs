//! The downward API's `fieldRef` (Go: `ConvertDownwardAPIFieldLabel`, `podFieldSelectorRuntimeValue`,
//! `ExtractFieldPathAsString`).

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::OnceCell;
use core::net::IpAddr;

use super::{ComposeErrorKind, Facts, FieldPathError, addresses};
use crate::api::{Node, ObjectFieldSelector, Pod, PodMeta, PodStatus};
use crate::go::quote::quote_into;
use crate::names::{validate_qualified_annotation_name, validate_qualified_name};
use crate::pod::host_ips;

/// The reason why there is no value.
enum FieldProblem {
    Path(FieldPathError),
    NodeUnknown,
}

impl FieldProblem {
    fn of(self, field: &ObjectFieldSelector) -> ComposeErrorKind {
        match self {
            FieldProblem::Path(error) => {
                ComposeErrorKind::FieldPath { path: field.field_path.clone(), error }
            }
            FieldProblem::NodeUnknown => ComposeErrorKind::NodeUnknown,
        }
    }
}

impl From<FieldPathError> for FieldProblem {
    fn from(error: FieldPathError) -> Self {
        FieldProblem::Path(error)
    }
}

/// The fields of a Pod. Its addresses and those of the Node are parsed once for all entries.
pub(super) struct PodFields<'a, 'f> {
    pod: &'a Pod,
    facts: &'f Facts<'a>,
    pod_ips: OnceCell<Vec<Cow<'a, str>>>,
    host_ips: OnceCell<Vec<IpAddr>>,
}

impl<'a, 'f> PodFields<'a, 'f> {
    pub(super) fn new(pod: &'a Pod, facts: &'f Facts<'a>) -> Self {
        PodFields { pod, facts, pod_ips: OnceCell::new(), host_ips: OnceCell::new() }
    }

    /// Returns the value of a field.
    pub(super) fn value(
        &self,
        field: &ObjectFieldSelector,
    ) -> Result<Cow<'a, str>, ComposeErrorKind> {
        self.try_value(field).map_err(|problem| problem.of(field))
    }

    fn try_value(&self, field: &ObjectFieldSelector) -> Result<Cow<'a, str>, FieldProblem> {
        if field.api_version != "v1" {
            return Err(FieldPathError::Version { version: field.api_version.clone() }.into());
        }
        if self.facts.undecided.contains(&field.field_path) {
            let supplied = self.supplied(&field.field_path).map(Cow::Borrowed);
            return supplied.ok_or(FieldProblem::Path(FieldPathError::Undecided));
        }
        if let Some((path, key)) = split_subscript(&field.field_path) {
            let (map, is_legal) = match path {
                "metadata.labels" => (&self.pod.metadata.labels, validate_qualified_name(key)),
                "metadata.annotations" => {
                    (&self.pod.metadata.annotations, validate_qualified_annotation_name(key))
                }
                _ => return Err(FieldPathError::Subscript.into()),
            };
            is_legal.map_err(|error| FieldPathError::Key { error })?;
            return Ok(map.get(key).map(|value| Cow::Borrowed(value.as_str())).unwrap_or_default());
        }
        match field.field_path.as_str() {
            "metadata.name" => self.known(&self.pod.metadata.name, |known| &known.name),
            "metadata.namespace" => {
                self.known(&self.pod.metadata.namespace, |known| &known.namespace)
            }
            "metadata.uid" => self.known(&self.pod.metadata.uid, |known| &known.uid),
            "metadata.labels" => Ok(format_map(&self.pod.metadata.labels).into()),
            "metadata.annotations" => Ok(format_map(&self.pod.metadata.annotations).into()),
            // `spec.host` is what old clients send.
            "spec.nodeName" | "spec.host" => self.node_name(),
            "spec.serviceAccountName" => Ok(Cow::Borrowed(&self.pod.spec.service_account_name)),
            "status.hostIP" => {
                Ok(self.host_ips()?.first().map(ToString::to_string).unwrap_or_default().into())
            }
            "status.hostIPs" => Ok(joined(self.host_ips()?.iter().map(ToString::to_string)).into()),
            "status.podIP" => {
                let status = self.known_status()?;
                let first = self.pod_ips(status).first().cloned();
                Ok(first.unwrap_or(Cow::Borrowed(&status.pod_ip)))
            }
            "status.podIPs" => Ok(joined(self.pod_ips(self.known_status()?)).into()),
            "spec.restartPolicy" | "spec.schedulerName" | "status.phase" => {
                Err(FieldPathError::NotGiven.into())
            }
            _ => Err(FieldPathError::Unsupported.into()),
        }
    }

    /// Returns the Pod's own value, or else the one that the caller supplied.
    fn known(
        &self,
        own: &'a str,
        supplied: impl Fn(&'a PodMeta) -> &'a String,
    ) -> Result<Cow<'a, str>, FieldProblem> {
        let supplied = self.facts.known.map(|known| supplied(&known.pod).as_str());
        let mut values = [Some(own), supplied].into_iter().flatten();
        let value = values.find(|value| !value.is_empty());
        value.map(Cow::Borrowed).ok_or(FieldProblem::Path(FieldPathError::Unknown))
    }

    /// Returns the value that the caller supplied for an undecided field.
    fn supplied(&self, path: &str) -> Option<&'a str> {
        let supplied = &self.facts.known?.pod;
        let value = match (path, split_subscript(path)) {
            ("metadata.name", _) => Some(&supplied.name),
            ("metadata.uid", _) => Some(&supplied.uid),
            (_, Some(("metadata.labels", key))) => supplied.labels.get(key),
            (_, Some(("metadata.annotations", key))) => supplied.annotations.get(key),
            _ => None,
        };
        value.map(String::as_str).filter(|value| !value.is_empty())
    }

    fn known_status(&self) -> Result<&'a PodStatus, FieldProblem> {
        self.facts.status_of(self.pod).ok_or(FieldProblem::Path(FieldPathError::Unknown))
    }

    fn known_node(&self) -> Result<&'a Node, FieldProblem> {
        self.facts.node_of(self.pod).ok_or(FieldProblem::NodeUnknown)
    }

    /// Returns the name of the Node. A Pod that is not scheduled yet runs on the given Node.
    fn node_name(&self) -> Result<Cow<'a, str>, FieldProblem> {
        match self.pod.spec.node_name.as_str() {
            "" => match self.known_node()?.metadata.name.as_str() {
                "" => Err(FieldPathError::Unknown.into()),
                name => Ok(Cow::Borrowed(name)),
            },
            name => Ok(Cow::Borrowed(name)),
        }
    }

    fn host_ips(&self) -> Result<&[IpAddr], FieldProblem> {
        let node = self.known_node()?;
        let ips = self.host_ips.get_or_init(|| host_ips(node));
        if ips.is_empty() { Err(FieldPathError::HostIpUnknown.into()) } else { Ok(ips) }
    }

    fn pod_ips(&self, status: &'a PodStatus) -> &[Cow<'a, str>] {
        self.pod_ips.get_or_init(|| addresses::pod_ips(status, self.facts))
    }
}

/// Splits `path['key']` (Go: `SplitMaybeSubscriptedPath`). An empty path has no subscript.
pub(super) fn split_subscript(path: &str) -> Option<(&str, &str)> {
    path.strip_suffix("']")?.split_once("['").filter(|(path, _)| !path.is_empty())
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

/// Returns the text of a whole map (Go: `fieldpath.FormatMap`): a `key="value"` line for each entry,
/// sorted bytewise by key and joined by `\n`. Keys are verbatim, values quoted.
fn format_map(map: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    for (key, value) in map {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(key);
        out.push('=');
        quote_into(&mut out, value);
    }
    out
}
