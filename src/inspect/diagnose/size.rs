//! Whether Linux starts a program with this environment (`execve`, `bprm_stack_limits`). The kubelet
//! does not ask.

use alloc::format;

use super::findings::Findings;
use super::{Code, Finding};
use crate::api::Service;
use crate::container::Composition;

/// What the machine takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeLimits {
    /// The most bytes of one argument or variable, with its NUL (`MAX_ARG_STRLEN`): 131,072.
    pub string: usize,
    /// The most bytes of arguments and environment together: a quarter of the stack limit, which is
    /// 8 MiB by default, so 2 MiB.
    pub total: usize,
}

impl Default for SizeLimits {
    fn default() -> Self {
        SizeLimits { string: 128 << 10, total: 2 << 20 }
    }
}

impl Composition<'_> {
    pub(super) fn find_in_size(&self, limits: &SizeLimits, findings: &mut Findings) {
        self.find_too_long(limits, findings);
        let bytes = self.size().bytes();
        let (code, what) = if bytes > limits.total {
            (
                Code::EnvironmentTooLarge,
                "no program starts in the container: argument list too long",
            )
        } else if bytes > limits.total.saturating_sub(limits.total.div_euclid(4)) {
            (
                Code::EnvironmentNearlyTooLarge,
                "little more fits before no program starts in the container",
            )
        } else {
            return;
        };
        let saved = self.size_of_service_links().bytes();
        let message = format!(
            "Arguments and environment take {bytes} bytes of {} (variables: {}), so that {what}.",
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
        let declared =
            self.environment().declared().iter().filter(|declared| !declared.is_overwritten());
        let check = |what: &str, len: usize, advice: &str| {
            let message = || {
                format!(
                    "{what} takes {len} bytes, and Linux takes {}: no program starts in the container.",
                    limits.string
                )
            };
            (len > limits.string).then(|| Finding::new(Code::StringTooLong, message(), advice))
        };
        // `=` and NUL
        let of_variable =
            |name: &str, value: usize| name.len().saturating_add(value).saturating_add(2);
        let advice = "Mount the value as a file instead.";
        for declared in declared {
            let name = declared.name();
            let len = of_variable(name, declared.value().len());
            findings.extend(check(name, len, advice).map(|finding| finding.about(name)));
        }
        for (entry, text) in self.texts() {
            let len = text.value.len().saturating_add(1);
            findings.extend(check(&format!("{entry}"), len, advice));
        }
        for (index, service) in self.environment().services().iter().enumerate() {
            if may_make_longer_than(limits.string, service) {
                for variable in self.environment().service_variables_of(index) {
                    let name = variable.name();
                    let len = of_variable(&name, variable.value().len());
                    let finding = check(&name, len, "Give the Service or its port a shorter name.");
                    findings
                        .extend(finding.map(|finding| finding.about(&name).of_service(service)));
                }
            }
        }
    }
}

/// Whether a variable of a Service may be longer than this: hardly one comes near it. (None is longer than its
/// Service's name, a port's name, the address and their surroundings, each of them twice.)
fn may_make_longer_than(limit: usize, service: &Service) -> bool {
    let spec = &service.spec;
    let longest = spec.ports.iter().map(|port| port.name.len()).max().unwrap_or_default();
    // Suffixes, protocols and numbers take less than a hundred.
    let bound = [service.metadata.name.len(), spec.cluster_ip.len(), longest, 100];
    bound.iter().fold(0_usize, |sum, &len| sum.saturating_add(len.saturating_mul(2))) > limit
}
