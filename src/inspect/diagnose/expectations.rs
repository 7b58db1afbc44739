//! Knowledge about the application and the machine, and the lookup of the names that it reads.

use alloc::string::String;
use alloc::vec::Vec;

use super::SizeLimits;
use crate::container::Facts;
use crate::environment::Environment;
use crate::names::{mangle, sorted_names};
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
        let mangled = environment.services().iter().map(|service| mangle(&service.metadata.name));
        for (index, is_all) in self.services_with_prefixed(mangled) {
            let variables = environment.service_variables_of(index);
            found.extend(variables.filter(|variable| is_all || self.has_prefix_of(*variable)));
        }
        found.sort_unstable_by_key(|variable| variable.position());
        found
    }

    /// Returns the variables of Services that the application reads, in kubelet order.
    pub(super) fn in_services<'a>(
        &self,
        services: &LinkedServices<'a>,
    ) -> Vec<ServiceVariable<'a>> {
        let mut found: Vec<ServiceVariable<'a>> =
            self.names.iter().flat_map(|name| services.find(name)).collect();
        let mangled = services.services().iter().map(|service| mangle(&service.metadata.name));
        for (index, is_all) in self.services_with_prefixed(mangled) {
            let service = services.services().get(index).copied();
            let variables = service.into_iter().flat_map(|service| variables_of(service, index));
            found.extend(variables.filter(|variable| is_all || self.has_prefix_of(*variable)));
        }
        found.sort_unstable_by_key(|variable| variable.position());
        found
    }

    fn has_prefix_of(&self, variable: ServiceVariable<'_>) -> bool {
        has_prefix(&self.prefixes, &variable.name())
    }

    /// Returns the indexes of the Services whose variables can have one of the prefixes, each with
    /// true if all of its variables have one. Each mangled name is looked up once, whatever the
    /// number of prefixes.
    fn services_with_prefixed(
        &self,
        mangled: impl Iterator<Item = impl AsRef<str>>,
    ) -> impl Iterator<Item = (usize, bool)> {
        mangled.enumerate().filter_map(move |(index, mangled)| {
            let mangled = mangled.as_ref();
            let is_all = has_prefix(&self.prefixes, mangled);
            let next = self.prefixes.partition_point(|&prefix| prefix < mangled);
            let may_have = || self.prefixes.get(next).is_some_and(|it| it.starts_with(mangled));
            (is_all || may_have()).then_some((index, is_all))
        })
    }
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
    use core::cell::Cell;
    use std::format;

    use super::*;

    #[test]
    fn each_service_is_visited_once() {
        let prefixes = (0..100_000).map(|number| format!("P{number}_"));
        let expectations = Expectations { prefixes: prefixes.collect(), ..Default::default() };
        let expected = ExpectedNames::of(&expectations);
        let visited = Cell::new(0);
        let mangled = (0..100_000).map(|number| {
            visited.set(visited.get() + 1);
            format!("S{number}")
        });
        assert_eq!(expected.services_with_prefixed(mangled).count(), 0);
        assert_eq!(visited.get(), 100_000);
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
