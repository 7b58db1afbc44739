//! Knowledge about the application and the machine, and the lookup of the names that it reads.

use alloc::string::String;
use alloc::vec::Vec;

use super::SizeLimits;
use crate::container::Facts;
use crate::environment::Environment;
use crate::names::{mangle, sorted, sorted_names};
use crate::process::ImageConfig;
use crate::services::{LinkedServices, ServiceVariable, variables_of};

/// Knowledge about the application, its image and the machine that an environment is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectations {
    /// The names of variables that the application reads as its own settings, such as `REDIS_PORT`.
    pub names: Vec<String>,
    /// Prefixes of such names, such as `GRAFANA_`.
    pub prefixes: Vec<String>,
    /// Names in `$(NAME)` that another tool replaces before the API server sees the Pod, such as
    /// the variables of Kustomize. References to them have no findings.
    pub placeholders: Vec<String>,
    /// The configuration of the image, if it is known.
    pub image: Option<ImageConfig>,
    /// The limits of the machine.
    pub limits: SizeLimits,
    /// The maximum size of the texts of all findings, in bytes. The default is 64 MiB
    /// ([`Facts::DEFAULT_SIZE_LIMIT`]). The first finding that does not fit and all after it are
    /// left out. A last one, [`Code::FindingsCut`](super::Code::FindingsCut), reports that; it does
    /// not count.
    ///
    /// Findings can be much larger than the input: a Service's name is part of the finding about
    /// each of its ports, and a variable's name is part of the finding about each of its
    /// references.
    pub size_limit: usize,
}

impl Default for Expectations {
    fn default() -> Self {
        Expectations {
            names: Vec::new(),
            prefixes: Vec::new(),
            placeholders: Vec::new(),
            image: None,
            limits: SizeLimits::default(),
            size_limit: Facts::DEFAULT_SIZE_LIMIT,
        }
    }
}

/// The names and prefixes that an application reads, indexed.
pub(super) struct ExpectedNames<'e> {
    /// Sorted, each once.
    names: Vec<&'e str>,
    /// Sorted. None of them starts with another one.
    prefixes: Vec<&'e str>,
}

impl<'e> ExpectedNames<'e> {
    pub(super) fn of(expectations: &'e Expectations) -> Self {
        let mut prefixes: Vec<&str> = expectations.prefixes.iter().map(String::as_str).collect();
        prefixes.sort_unstable();
        prefixes.dedup_by(|longer, shorter| longer.starts_with(*shorter));
        let mut names = sorted_names(expectations.names.iter().map(String::as_str).collect());
        names.retain(|name| !has_prefix(&prefixes, name));
        ExpectedNames { names, prefixes }
    }

    /// Returns the effective variables of Services that the application reads, in kubelet order.
    pub(super) fn in_environment<'v>(
        &self,
        environment: &'v Environment<'_>,
    ) -> Vec<ServiceVariable<'v>> {
        let named = |name: &&str| environment.get(name)?.service_variable();
        let mut found: Vec<ServiceVariable<'v>> = self.names.iter().filter_map(named).collect();
        for (index, service) in environment.services().iter().enumerate() {
            let Some(share) = self.prefixed_share(&mangle(&service.metadata.name)) else {
                continue;
            };
            let variables = environment.service_variables_of(index);
            found.extend(variables.filter(|it| share == Share::All || self.has_prefix_of(*it)));
        }
        in_kubelet_order(found)
    }

    /// Returns the variables of Services that the application reads, in kubelet order.
    pub(super) fn in_services<'a>(
        &self,
        services: &LinkedServices<'a>,
    ) -> Vec<ServiceVariable<'a>> {
        let mut found = Vec::new();
        for name in &self.names {
            found.extend(services.find(name));
        }
        for (index, service) in services.services().iter().enumerate() {
            let Some(share) = self.prefixed_share(&mangle(&service.metadata.name)) else {
                continue;
            };
            let variables = variables_of(service, index);
            found.extend(variables.filter(|it| share == Share::All || self.has_prefix_of(*it)));
        }
        in_kubelet_order(found)
    }

    fn has_prefix_of(&self, variable: ServiceVariable<'_>) -> bool {
        has_prefix(&self.prefixes, &variable.name())
    }

    /// Returns the share of the variables of a Service with this mangled name that have one of the
    /// prefixes. Takes one lookup, whatever the number of prefixes.
    fn prefixed_share(&self, mangled: &str) -> Option<Share> {
        if has_prefix(&self.prefixes, mangled) {
            return Some(Share::All);
        }
        let next = self.prefixes.partition_point(|&prefix| prefix < mangled);
        self.prefixes.get(next)?.starts_with(mangled).then_some(Share::Some)
    }
}

fn in_kubelet_order(variables: Vec<ServiceVariable<'_>>) -> Vec<ServiceVariable<'_>> {
    sorted(variables, |one, other| one.position().cmp(&other.position()))
}

/// The share of a Service's variables that have a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Share {
    All,
    /// Possibly some of them.
    Some,
}

/// Reports whether `text` starts with one of these prefixes. They are sorted, and none starts with
/// another one, so that only the last one that is not greater can match.
fn has_prefix(prefixes: &[&str], text: &str) -> bool {
    let end = prefixes.partition_point(|&prefix| prefix <= text);
    end.checked_sub(1)
        .and_then(|last| prefixes.get(last))
        .is_some_and(|prefix| text.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    /// Comparing each prefix with each Service would not finish.
    #[test]
    fn many_services_and_prefixes_are_fast() {
        let prefixes = (0..100_000).map(|number| format!("P{number}_"));
        let expectations = Expectations { prefixes: prefixes.collect(), ..Default::default() };
        let expected = ExpectedNames::of(&expectations);
        let mut mangled = (0..100_000).map(|number| format!("S{number}"));
        assert!(mangled.all(|mangled| expected.prefixed_share(&mangled).is_none()));
    }

    #[test]
    fn prefixes_select_services() {
        let prefixes = ["WEB_", "DB_PORT_8", "DB_PORT_80", "CACHE"].map(String::from).to_vec();
        let expectations = Expectations { prefixes, ..Default::default() };
        let share = |mangled| ExpectedNames::of(&expectations).prefixed_share(mangled);
        assert_eq!((share("WEB_UI"), share("CACHE")), (Some(Share::All), Some(Share::All)));
        assert_eq!((share("WEB"), share("DB"), share("DB_PORT")), {
            (Some(Share::Some), Some(Share::Some), Some(Share::Some))
        });
        assert_eq!((share("API"), share("DB_PORTS"), share("X")), (None, None, None));
    }

    #[test]
    fn prefixes_of_names_match() {
        let of = |prefixes: &[&str], text: &str| {
            let prefixes = prefixes.iter().map(|&prefix| prefix.into()).collect();
            let expectations = Expectations { prefixes, ..Default::default() };
            has_prefix(&ExpectedNames::of(&expectations).prefixes, text)
        };
        assert!(of(&["A_", "A_B", "B"], "A_B_C"));
        assert!(of(&["A", "A_B"], "AZ"));
        assert!(of(&[""], "") && of(&["", "B"], "C"));
        assert!(!of(&["A_B", "C"], "A_A") && !of(&[], "A"));
    }
}
