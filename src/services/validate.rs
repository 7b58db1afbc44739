//! Validation of a Service's name and ports (Go: `ValidateServiceCreate`).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::api::{Service, ServicePort};
use crate::names::{Positions, is_dns1035_label, is_dns1123_label};
use crate::release::{Release, Rule};

/// A field that the API server of a release rejects. `Display` writes field and problem.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct Violation {
    /// The path of the field, such as `spec.ports[1].name`.
    pub field: String,
    /// The problem.
    pub problem: ViolationProblem,
}

/// The problem of a rejected field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub enum ViolationProblem {
    /// The name is not a DNS-1035 label, which releases before 1.36 require.
    NotDns1035,
    /// The name is not a DNS-1123 label.
    NotDns1123,
    /// The Service has no port and is neither headless nor of type `ExternalName`.
    NoPorts,
    /// The port is 10250, the kubelet's own, in a Service of type `LoadBalancer`. Releases before
    /// 1.33 reject it.
    KubeletPort,
    /// The port has no name, although the Service has several ports.
    NameRequired,
    /// An earlier port has this name.
    DuplicateName,
    /// An earlier port has this number and protocol.
    DuplicatePort,
    /// The field is required and empty.
    Required,
    /// The name is not a strict variable name, which API servers before 1.32 require.
    NotEnvVarName,
    /// The name is empty, or has other characters than printable ASCII, or has `=`.
    NotRelaxedEnvVarName,
    /// There is no source.
    NoSource,
    /// There is more than one source.
    SeveralSources,
    /// There is a source beside a value that is not empty.
    SourceBesideValue,
    /// The path, or its version, is not one that `env` can refer to.
    FieldPathUnsupported,
    /// The key of a label or an annotation is not a qualified name.
    NotQualifiedName,
    /// The resource is not one that `env` can refer to.
    ResourceUnsupported,
    /// The divisor is not one that the resource supports.
    DivisorUnsupported,
    /// The key is not a legal key of a ConfigMap or Secret.
    NotConfigMapKey,
    /// The name is not a DNS-1123 subdomain.
    NotDns1123Subdomain,
    /// A part of the path is `..`.
    PathNotLocal,
}

impl fmt::Display for ViolationProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ViolationProblem::NotDns1035 => {
                "must be at most 63 lower-case letters, digits and '-', begin with a letter and end with a letter or digit"
            }
            ViolationProblem::NotDns1123 => {
                "must be at most 63 lower-case letters, digits and '-', and begin and end with a letter or digit"
            }
            ViolationProblem::NoPorts => "must have a port, unless the Service is headless or of type ExternalName",
            ViolationProblem::KubeletPort => "must not be 10250, the kubelet's port, in a Service of type LoadBalancer",
            ViolationProblem::NameRequired => "must be set, because the Service has several ports",
            ViolationProblem::DuplicateName => "must differ from the name of an earlier port",
            ViolationProblem::DuplicatePort => "must differ from an earlier port in number or protocol",
            ViolationProblem::Required => "must not be empty",
            ViolationProblem::NotEnvVarName => {
                "must consist of letters, digits, '_', '-' and '.', and not start with a digit or '..'"
            }
            ViolationProblem::NotRelaxedEnvVarName => "must consist of printable ASCII without '='",
            ViolationProblem::NoSource => "must have one source",
            ViolationProblem::SeveralSources => "must not have more than one source",
            ViolationProblem::SourceBesideValue => "must be absent, because there is a value",
            ViolationProblem::FieldPathUnsupported => "is not a field that a variable can refer to",
            ViolationProblem::NotQualifiedName => "has a key that is not a qualified name",
            ViolationProblem::ResourceUnsupported => {
                "must be cpu, memory, ephemeral-storage or hugepages of limits or requests"
            }
            ViolationProblem::DivisorUnsupported => {
                "must be 1m or 1 for cpu, and 1, 1k to 1E or 1Ki to 1Ei for others"
            }
            ViolationProblem::NotConfigMapKey => {
                "must be at most 253 letters, digits, '-', '_' and '.', and not start with '..'"
            }
            ViolationProblem::NotDns1123Subdomain => {
                "must be at most 253 lower-case letters, digits, '-' and '.', and start and end with a letter or digit"
            }
            ViolationProblem::PathNotLocal => "must not contain '..'",
        })
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.problem)
    }
}

/// Go: `ports.KubeletPort`
const KUBELET_PORT: u16 = 10250;

/// Returns the violations for which the API server of a release rejects a Service, in the order of
/// the fields.
///
/// Names and ports are checked. Numbers and protocols need no check, because
/// [`PortNumber`](crate::api::PortNumber) and [`Protocol`](crate::api::Protocol) are always valid.
///
/// Mirrors this part of `ValidateServiceCreate`.
///
/// ```
/// use kubelet_env::api::Service;
/// use kubelet_env::Release;
/// use kubelet_env::services::validate_service;
///
/// let service = Service::new("default", "1password").with_cluster_ip("None");
/// assert!(validate_service(&service, Release::NEWEST).is_empty());
/// assert_eq!(validate_service(&service, "1.35".parse()?)[0].field, "metadata.name");
/// # Ok::<(), kubelet_env::release::ReleaseError>(())
/// ```
#[must_use]
pub fn validate_service(service: &Service, release: Release) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut reject = |field: String, problem| violations.push(Violation { field, problem });

    let name = &service.metadata.name;
    if !is_dns1123_label(name) {
        reject("metadata.name".into(), ViolationProblem::NotDns1123);
    } else if !release.has(Rule::Dns1123ServiceNames) && !is_dns1035_label(name) {
        reject("metadata.name".into(), ViolationProblem::NotDns1035);
    }

    let ports = service.spec.ports.as_slice();
    if ports.is_empty() && !service.is_headless() && !service.is_external_name() {
        reject("spec.ports".into(), ViolationProblem::NoPorts);
    }
    let number = |port: &ServicePort| (port.port, port.effective_protocol());
    let numbers = Positions::of(ports.iter().map(number));
    let names = Positions::of(ports.iter().map(|port| port.name.as_str()));
    let rejects_kubelet_port =
        service.spec.type_ == "LoadBalancer" && !release.has(Rule::KubeletPortAdmitted);
    for (index, port) in ports.iter().enumerate() {
        if rejects_kubelet_port && port.port.get() == KUBELET_PORT {
            reject(alloc::format!("spec.ports[{index}]"), ViolationProblem::KubeletPort);
        }
        if numbers.first(number(port)) != Some(index) {
            reject(alloc::format!("spec.ports[{index}]"), ViolationProblem::DuplicatePort);
        }
        let mut reject_name = |problem| reject(alloc::format!("spec.ports[{index}].name"), problem);
        if port.name.is_empty() {
            if ports.len() > 1 {
                reject_name(ViolationProblem::NameRequired);
            }
            continue;
        }
        if !is_dns1123_label(&port.name) {
            reject_name(ViolationProblem::NotDns1123);
        }
        if names.first(&port.name) != Some(index) {
            reject_name(ViolationProblem::DuplicateName);
        }
    }
    violations
}
