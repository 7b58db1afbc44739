//! Whether Linux starts a program with this environment (`execve`, `bprm_stack_limits`).

use alloc::format;

use super::findings::Findings;
use super::{Code, Finding};
use crate::api::Service;
use crate::container::Composition;
use crate::environment::Environment;
use crate::services::{count_of, len_of};

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

/// What arguments and environment take of the memory that `execve` gives a program for them, as Linux
/// counts it (`bprm_stack_limits`).
///
/// ```
/// use kubelet_env::{Environment, Size};
///
/// let environment = Environment::default().over([("A", "1"), ("B", "22")]);
/// let size = Size::of_environment(&environment);
/// assert_eq!((size.count, size.strings, size.bytes()), (2, "A=1".len() + 1 + "B=22".len() + 1, 25));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub struct Size {
    /// The bytes of all strings, each with its NUL.
    pub strings: usize,
    /// How many strings there are; a pointer of eight bytes leads to each.
    pub count: usize,
}

impl Size {
    /// The size of a program's path, arguments (its name is the first) and environment. The kernel
    /// keeps the path beside the arguments, without a pointer, and gives a program that has no
    /// argument an empty one (since Linux 5.18).
    #[must_use]
    pub fn of<'s>(path: &[u8], arguments: impl IntoIterator<Item = &'s [u8]>, environment: &Environment<'_>) -> Self {
        Size::of_environment(environment).and(Size::of_program(path, arguments))
    }

    /// The size of an environment alone.
    #[must_use]
    pub fn of_environment(environment: &Environment<'_>) -> Self {
        Size::of_others(environment).and(environment.size_of_services(|_| true))
    }

    fn of_program<'s>(path: &[u8], arguments: impl IntoIterator<Item = &'s [u8]>) -> Self {
        let arguments = arguments.into_iter().map(|argument| Size::of_string(argument.len()));
        let arguments = arguments.reduce(Size::and).unwrap_or(Size::of_string(0));
        Size { strings: arguments.strings.saturating_add(path.len()).saturating_add(1), ..arguments }
    }

    /// All variables of Services that have an address.
    pub(crate) fn of_services<'a>(services: impl Iterator<Item = &'a Service>) -> Self {
        services
            .map(|service| Size { strings: len_of(service), count: count_of(service) })
            .fold(Size::default(), Size::and)
    }

    pub(crate) fn of_variable(name: &str, value: &[u8]) -> Self {
        let equals = 1_usize;
        Size::of_string(name.len().saturating_add(equals).saturating_add(value.len()))
    }

    pub(crate) fn of_string(len: usize) -> Self {
        Size { strings: len.saturating_add(1), count: 1 }
    }

    /// All but the service variables.
    fn of_others(environment: &Environment<'_>) -> Self {
        let others = environment.iter().take_while(|variable| variable.service_variable().is_none());
        let sizes = others.map(|variable| Size::of_variable(&variable.name(), variable.value().as_bytes()));
        sizes.fold(Size::default(), Size::and)
    }

    pub(crate) fn without(self, other: Size) -> Self {
        Size { strings: self.strings.saturating_sub(other.strings), count: self.count.saturating_sub(other.count) }
    }

    pub(crate) fn and(self, other: Size) -> Self {
        Size { strings: self.strings.saturating_add(other.strings), count: self.count.saturating_add(other.count) }
    }

    /// The bytes that count: strings and pointers.
    #[must_use]
    pub fn bytes(self) -> usize {
        self.count.saturating_mul(8).saturating_add(self.strings)
    }
}

/// Seen with `enableServiceLinks: false` too.
fn is_master(service: &Service) -> bool {
    service.metadata.namespace == "default" && service.metadata.name == "kubernetes"
}

impl Composition<'_> {
    /// What the container's environment takes, and its command and arguments as far as they are
    /// declared; those of the image are not known.
    #[must_use]
    pub fn size(&self) -> Size {
        self.with_command(Size::of_environment(self.environment()))
    }

    fn with_command(&self, environment: Size) -> Size {
        let texts = self.command().iter().chain(self.args()).map(|text| text.value.as_bytes());
        let path = self.command().first().map(|program| program.value.as_bytes()).unwrap_or_default();
        environment.and(Size::of_program(path, texts))
    }

    pub(super) fn find_in_size(&self, limits: &SizeLimits, findings: &mut Findings) {
        self.find_too_long(limits, findings);
        let links = self.size_of_service_links();
        let others = Size::of_others(self.environment()).and(self.environment().size_of_services(is_master));
        let size = self.with_command(links.and(others));
        let bytes = size.bytes();
        let (code, what) = if bytes > limits.total {
            (Code::EnvironmentTooLarge, "no program starts in the container: argument list too long")
        } else if bytes > limits.total.saturating_sub(limits.total.div_euclid(4)) {
            (Code::EnvironmentNearlyTooLarge, "little more fits before no program starts in the container")
        } else {
            return;
        };
        let saved = links.bytes();
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

    /// What the variables of the namespace's Services take, which `enableServiceLinks: false` saves.
    #[must_use]
    pub fn size_of_service_links(&self) -> Size {
        self.environment().size_of_services(|service| !is_master(service))
    }

    fn find_too_long(&self, limits: &SizeLimits, findings: &mut Findings) {
        let declared = self.environment().declared().iter().filter(|declared| !declared.is_overwritten());
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
        let of_variable = |name: &str, value: usize| name.len().saturating_add(value).saturating_add(2);
        let advice = "Mount the value as a file instead.";
        for declared in declared {
            let name = declared.name();
            let len = of_variable(name, declared.value().as_bytes().len());
            findings.extend(check(name, len, advice).map(|finding| finding.about(name)));
        }
        for (entry, text) in self.texts() {
            let len = text.value.as_bytes().len().saturating_add(1);
            findings.extend(check(&format!("{entry}"), len, advice));
        }
        for (index, service) in self.environment().services().iter().enumerate() {
            if may_make_longer_than(limits.string, service) {
                for variable in self.environment().service_variables_of(index) {
                    let name = variable.name();
                    let len = of_variable(&name, variable.value().len());
                    let finding = check(&name, len, "Give the Service or its port a shorter name.");
                    findings.extend(finding.map(|finding| finding.about(&name).of_service(service)));
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
