//! What the API server would refuse of a Service's name and ports (Go: `ValidateServiceCreate`).

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::api::Service;
use crate::names::{is_dns1035_label, is_dns1123_label};
use crate::release::{Release, Rule};

/// A field that the API server of a release rejects.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// Where it stands: `spec.ports[1].name`.
    pub field: String,
    /// What is wrong with it.
    pub problem: ViolationProblem,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ViolationProblem {
    /// The name is no DNS-1035 label, which releases before 1.36 want.
    NotDns1035,
    /// The name is no DNS-1123 label.
    NotDns1123,
    /// There is no port, and the Service is neither headless nor of type `ExternalName`.
    NoPortsError,
    /// It is the kubelet's own port, 10250, which a Service of type `LoadBalancer` may not expose.
    KubeletPort,
    /// The port has no name, and is not the only one.
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
    /// The path is absolute, or leaves its volume, or starts with `..`.
    PathNotLocal,
}

impl fmt::Display for ViolationProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ViolationProblem::NotDns1035 => {
                "must be at most 63 lower-case letters, digits and '-', begin with a letter and end with a letter or digit"
            }
            ViolationProblem::NotDns1123 => {
                "must be at most 63 lower-case letters, digits and '-', begin and end with a letter or digit"
            }
            ViolationProblem::NoPortsError => "must have a port, unless the Service is headless or of type ExternalName",
            ViolationProblem::KubeletPort => "may not be 10250 in a Service of type LoadBalancer: it is the kubelet's",
            ViolationProblem::NameRequired => "must be set, because there are several ports",
            ViolationProblem::DuplicateName => "is the name of an earlier port too",
            ViolationProblem::DuplicatePort => "has the number and protocol of an earlier port",
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
            ViolationProblem::PathNotLocal => "must be a relative path without '..'",
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

/// What was seen before; the first few without taking memory.
struct Seen<T> {
    few: [Option<T>; 4],
    many: BTreeSet<T>,
}

impl<T: Copy + Ord> Seen<T> {
    fn new() -> Self {
        Seen { few: [None; 4], many: BTreeSet::new() }
    }

    /// Whether it was not seen yet.
    fn insert(&mut self, item: T) -> bool {
        if self.few.contains(&Some(item)) {
            return false;
        }
        match self.few.iter_mut().find(|place| place.is_none()) {
            Some(place) => {
                *place = Some(item);
                true
            }
            None => self.many.insert(item),
        }
    }
}

/// What the API server of a release would refuse of a Service's name and ports, in the order of the
/// fields. Numbers and protocols are not checked here: [`PortNumber`](crate::api::PortNumber) and
/// [`Protocol`](crate::api::Protocol) cannot be wrong.
///
/// Mirrors `ValidateServiceCreate`, as far as it is about names and ports.
///
/// ```
/// use kubelet_env::api::{ObjectMeta, Service, ServiceSpec};
/// use kubelet_env::Release;
/// use kubelet_env::services::validate_service;
///
/// let service = Service {
///     metadata: ObjectMeta::new("default", "1password"),
///     spec: ServiceSpec { cluster_ip: "None".into(), ..ServiceSpec::default() },
/// };
/// assert!(validate_service(&service, Release::NEWEST).is_empty());
/// assert_eq!(validate_service(&service, "1.35".parse()?)[0].field, "metadata.name");
/// # Ok::<(), kubelet_env::release::ReleaseError>(())
/// ```
#[must_use]
pub fn validate_service(service: &Service, release: Release) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut refuse = |field: String, problem| violations.push(Violation { field, problem });

    let name = &service.metadata.name;
    if !is_dns1123_label(name) {
        refuse("metadata.name".into(), ViolationProblem::NotDns1123);
    } else if !release.has(Rule::Dns1123ServiceNames) && !is_dns1035_label(name) {
        refuse("metadata.name".into(), ViolationProblem::NotDns1035);
    }

    let ports = service.spec.ports.as_slice();
    if ports.is_empty() && !service.is_headless() && !service.is_external_name() {
        refuse("spec.ports".into(), ViolationProblem::NoPortsError);
    }
    let (mut names, mut numbers) = (Seen::new(), Seen::new());
    let is_load_balancer = service.spec.type_ == "LoadBalancer";
    for (index, port) in ports.iter().enumerate() {
        if is_load_balancer && port.port.get() == KUBELET_PORT {
            refuse(alloc::format!("spec.ports[{index}]"), ViolationProblem::KubeletPort);
        }
        if !numbers.insert((port.port, port.effective_protocol())) {
            refuse(alloc::format!("spec.ports[{index}]"), ViolationProblem::DuplicatePort);
        }
        let mut refuse_name = |problem| refuse(alloc::format!("spec.ports[{index}].name"), problem);
        if port.name.is_empty() {
            if ports.len() > 1 {
                refuse_name(ViolationProblem::NameRequired);
            }
            continue;
        }
        if !is_dns1123_label(&port.name) {
            refuse_name(ViolationProblem::NotDns1123);
        }
        if !names.insert(port.name.as_str()) {
            refuse_name(ViolationProblem::DuplicateName);
        }
    }
    violations
}
