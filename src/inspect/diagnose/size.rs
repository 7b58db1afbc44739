//! Findings about environments that are too large for Linux (`execve`, `bprm_stack_limits`). The
//! kubelet has no limit.

use alloc::format;

use super::findings::Findings;
use super::{Code, Finding};
use crate::api::Service;
use crate::container::Composition;
use crate::services::is_master;

/// The limits of the machine for arguments and environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeLimits {
    /// The maximum size of one argument or variable in bytes, with its NUL (`MAX_ARG_STRLEN`). The
    /// default is 131,072.
    pub string: usize,
    /// The maximum size of arguments and environment together in bytes: a quarter of the stack
    /// limit. The default is 2 MiB, for the default stack limit of 8 MiB.
    pub total: usize,
}

impl Default for SizeLimits {
    fn default() -> Self {
        SizeLimits { string: 128 << 10, total: 2 << 20 }
    }
}

/// The space that is left for further variables, within the limit for arguments and environment.
///
/// ```
/// use kubelet_env::api::{Container, Pod, Service};
/// use kubelet_env::inspect::SizeLimits;
/// use kubelet_env::{Facts, Objects, compose};
///
/// let redis = Service::new("default", "redis").with_cluster_ip("10.0.0.11").with_port(6379)?;
/// let mut objects = Objects::default();
/// objects.services.apply(redis);
/// let pod = Pod::new("default", "web").with_container(Container::new("app")).with_defaults();
///
/// let headroom = compose(&pod, "app", &Facts::of(&objects))?.headroom(&SizeLimits::default());
/// assert_eq!((headroom.bytes, headroom.services), (2_096_865, Some(7_569)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase")
)]
#[non_exhaustive]
pub struct Headroom {
    /// The number of bytes that are left of [`SizeLimits::total`]. Zero if the limit is exceeded.
    pub bytes: usize,
    /// The number of further Services that fit if their variables are as large as those of the
    /// present ones on average. `None` if the container sees no Service of its namespace.
    pub services: Option<usize>,
}

impl Composition<'_> {
    /// Returns the space that is left, and the number of further Services that fit into it.
    ///
    /// As Services are added to a namespace, the container with the least space fails first.
    #[must_use]
    pub fn headroom(&self, limits: &SizeLimits) -> Headroom {
        let bytes = limits.total.saturating_sub(self.size().bytes());
        let services = self.environment().services().iter();
        let count = services.filter(|service| !is_master(service)).count();
        let average = self.size_of_service_links().bytes().checked_div(count);
        let services = average.map(|average| bytes.checked_div(average).unwrap_or(usize::MAX));
        Headroom { bytes, services }
    }

    pub(super) fn find_in_size(&self, limits: &SizeLimits, findings: &mut Findings) {
        self.find_too_long(limits, findings);
        let bytes = self.size().bytes();
        let (code, effect) = if bytes > limits.total {
            (
                Code::EnvironmentTooLarge,
                "no program starts in the container (argument list too long)".into(),
            )
        } else if bytes > limits.total.saturating_sub(limits.total.div_euclid(4)) {
            let more = match self.headroom(limits).services {
                Some(services) => format!("after {services} more Services like the present ones"),
                None => "beyond that".into(),
            };
            (
                Code::EnvironmentNearlyTooLarge,
                format!("{more} no program starts in the container (argument list too long)"),
            )
        } else {
            return;
        };
        let saved = self.size_of_service_links().bytes();
        let message = format!(
            "Arguments and environment take {bytes} of the {} bytes that Linux accepts ({} variables): {effect}.",
            limits.total,
            self.environment().len(),
        );
        let advice = if saved == 0 {
            "Mount large values as files, or declare fewer variables.".into()
        } else {
            format!("Set enableServiceLinks: false, which saves {saved} bytes.")
        };
        findings.push(Finding::new(code, message, &advice));
    }

    fn find_too_long(&self, limits: &SizeLimits, findings: &mut Findings) {
        let too_long = |what: &str, advice: &str| {
            let message = format!(
                "{what} is longer than the {} bytes that Linux accepts for one string: no program starts in the container.",
                limits.string
            );
            Finding::new(Code::StringTooLong, message, advice)
        };
        let of_variable =
            |name: &str, value: usize| name.len().saturating_add(value).saturating_add("=\0".len());
        let advice = "Mount the value as a file instead.";
        let declared =
            self.environment().declared().iter().filter(|declared| !declared.is_overwritten());
        for declared in declared {
            let name = declared.name();
            if of_variable(name, declared.value().len()) > limits.string {
                findings.push(too_long(name, advice).about(name));
            }
        }
        for (entry, _, text) in self.words() {
            if text.value.len().saturating_add("\0".len()) > limits.string {
                findings.push(too_long(&format!("{entry}"), advice));
            }
        }
        for (index, service) in self.environment().services().iter().enumerate() {
            if may_be_longer_than(limits.string, service) {
                for variable in self.environment().service_variables_of(index) {
                    let name = variable.name();
                    if of_variable(&name, variable.value().len()) > limits.string {
                        let finding = too_long(&name, "Rename the Service or its port.");
                        findings.push(finding.about(&name).of_service(service));
                    }
                }
            }
        }
    }
}

/// Reports whether a variable of a Service may be longer than `limit`. Few come near it.
///
/// The upper bound is twice the length of the Service's name, the longest port name, the address
/// and everything else.
fn may_be_longer_than(limit: usize, service: &Service) -> bool {
    let spec = &service.spec;
    let longest = spec.ports.iter().map(|port| port.name.len()).max().unwrap_or_default();
    // Suffixes, protocols and numbers take less than a hundred bytes.
    let bound = [service.metadata.name.len(), spec.cluster_ip.len(), longest, 100];
    bound.iter().fold(0_usize, |sum, &len| sum.saturating_add(len.saturating_mul(2))) > limit
}
