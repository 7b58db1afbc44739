//! Findings about applications that read a service variable as their own setting.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::findings::{Findings, join};
use super::known_clashes::TABLE;
use super::{Code, Finding};
use crate::api::Container;
use crate::container::Composition;
use crate::names::{Positions, mangle};
use crate::objects::ObjectRef;
use crate::services::{LinkedServices, ServiceLinks, ServiceVariable, is_master};

/// An application that is known to fail, or to complain, if a Service sets one of its variables.
///
/// ```
/// use kubelet_env::inspect::KnownClash;
///
/// let kafka = KnownClash::ALL.iter().find(|clash| clash.matches_image("confluentinc/cp-kafka"));
/// assert!(kafka.is_some_and(|kafka| kafka.variables.contains(&"KAFKA_PORT")));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub struct KnownClash {
    /// The name of the application.
    pub application: &'static str,
    /// The repositories of its images, as in the documentation of the application.
    pub images: &'static [&'static str],
    /// The variables that are documented to clash.
    pub variables: &'static [&'static str],
    /// Prefixes of variables that the application reads as settings. If there is one, overriding a
    /// single variable may not help, because the application reads the others too.
    pub prefixes: &'static [&'static str],
    /// Names of Services that set the variables.
    pub services: &'static [&'static str],
    /// The effect.
    pub effect: ClashEffect,
    /// The symptom, mostly the message of the application.
    pub symptom: &'static str,
    /// The addresses of the threads, documents or source files.
    pub sources: &'static [&'static str],
}

/// The effect of a [`KnownClash`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
#[non_exhaustive]
pub enum ClashEffect {
    /// The application does not work.
    Breaks,
    /// The application logs a warning.
    Warns,
}

impl KnownClash {
    /// The known clashes, sorted by application.
    pub const ALL: &[KnownClash] = TABLE;

    /// Reports whether an image is one of the application.
    ///
    /// Registries, tags and digests are ignored, and so are the folders of a mirror: the last parts
    /// of the path must be those of a repository in the table. An official image of Docker Hub,
    /// which has a single part, matches only alone or after `library`, because `bitnami/solr` and
    /// `solr` are different images.
    ///
    /// ```
    /// use kubelet_env::inspect::KnownClash;
    ///
    /// let of = |name| KnownClash::ALL.iter().find(|clash| clash.application == name);
    /// let solr = of("Apache Solr").ok_or("no such row")?;
    /// assert!(solr.matches_image("solr:9") && solr.matches_image("mirror.example/library/solr"));
    /// assert!(!solr.matches_image("bitnami/solr"));
    ///
    /// let kafka = of("Confluent Kafka broker").ok_or("no such row")?;
    /// assert!(kafka.matches_image("mirror.example:5000/hub/confluentinc/cp-kafka:7.5.0@sha256:00"));
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn matches_image(&self, image: &str) -> bool {
        let path = repository(image);
        self.images.iter().any(|known| matches(repository(known), path))
    }
}

fn matches(known: &str, path: &str) -> bool {
    match path.strip_suffix(known) {
        Some("") => true,
        Some(rest) if known.contains('/') => rest.ends_with('/'),
        Some(rest) => rest == "library/" || rest.ends_with("/library/"),
        None => false,
    }
}

/// Returns the path of an image without its registry, tag and digest.
fn repository(image: &str) -> &str {
    let image = image.split_once('@').map_or(image, |(image, _)| image);
    let path = match image.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => path,
        _ => image,
    };
    let name_start = path.rfind('/').map_or(0, |slash| slash.saturating_add(1));
    let name = path.get(name_start..).unwrap_or_default();
    let tag = name.find(':').map(|colon| name_start.saturating_add(colon));
    tag.and_then(|tag| path.get(..tag)).unwrap_or(path)
}

/// Reports whether an argument sets a port, such as `--port=80` or `-p`.
fn is_port_option(word: &str) -> bool {
    let option = word.split_once('=').map_or(word, |(option, _)| option);
    ["--port", "-port", "-p", "--http-port", "--listen-port"].contains(&option)
}

impl<'a> Composition<'a> {
    pub(super) fn find_clashes(&self, awaiting: &LinkedServices<'a>, findings: &mut Findings) {
        let Container { image, command, args, .. } = self.container();
        // Most applications prefer an argument to a variable.
        let sets_port = command.iter().chain(args).any(|word| is_port_option(word));
        let mut reported: Vec<&str> = Vec::new();
        for clash in KnownClash::ALL.iter().filter(|clash| clash.matches_image(image)) {
            let (mut variables, mut services) = (Vec::new(), Vec::new());
            for &name in clash.variables {
                // The table is short.
                if sets_port && name.ends_with("_PORT") || reported.contains(&name) {
                    continue;
                }
                reported.push(name);
                if let Some(variable) = self.service_variable(name, awaiting) {
                    services.push(ObjectRef::of(variable.service()));
                    variables.push(variable);
                }
            }
            for (service, positions) in Positions::of(services.iter()).groups() {
                let of_service = positions.iter().filter_map(|&position| variables.get(position));
                let of_service: Vec<ServiceVariable<'_>> = of_service.copied().collect();
                findings.push(known_clash(clash, service.clone(), &of_service));
            }
        }
        self.find_shared_prefixes(awaiting, findings);
    }

    /// Returns the variable of a Service that the container sees under that name.
    fn service_variable(
        &self,
        name: &str,
        awaiting: &LinkedServices<'a>,
    ) -> Option<ServiceVariable<'_>> {
        match self.environment().get(name) {
            Some(variable) => variable.service_variable(),
            None => awaiting.find_last(name),
        }
    }

    /// Adds one finding for the Services whose variables have the prefix of settings that the
    /// container declares.
    fn find_shared_prefixes(&self, awaiting: &LinkedServices<'a>, findings: &mut Findings) {
        if self.service_links() == ServiceLinks::Disabled {
            return;
        }
        let mut names: Vec<&str> =
            self.container().env.iter().map(|variable| variable.name.as_str()).collect();
        names.sort_unstable();
        let is_own = |name: &str| {
            !self.environment().service_variables_named(name).is_empty()
                || awaiting.find_last(name).is_some()
        };
        let (mut shared, mut variables, mut objects) = (Vec::new(), Vec::new(), Vec::new());
        for service in self.environment().services().iter().chain(awaiting.services()) {
            if is_master(service) {
                continue;
            }
            let prefix = format!("{}_", mangle(&service.metadata.name));
            let start = names.partition_point(|&name| name < &*prefix);
            for &name in names.get(start..).unwrap_or_default() {
                if !name.starts_with(&*prefix) {
                    break;
                }
                if !is_own(name) {
                    shared.push(format!("{name} (Service {})", service.metadata.name));
                    variables.push(name.to_string());
                    objects.push(ObjectRef::of(*service));
                    break;
                }
            }
        }
        if shared.is_empty() {
            return;
        }
        let message = format!(
            "The container declares settings with the prefix of a Service's variables: {}.",
            join(shared.iter())
        );
        let advice = "If the application reads all variables with that prefix, set enableServiceLinks: false.";
        let finding = Finding::new(Code::PrefixShared, message, advice);
        findings.push(Finding { variables, objects, ..finding });
    }
}

fn known_clash(
    clash: &KnownClash,
    service: ObjectRef,
    variables: &[ServiceVariable<'_>],
) -> Finding {
    let names: Vec<String> = variables.iter().map(|variable| variable.name()).collect();
    let (code, effect) = match clash.effect {
        ClashEffect::Breaks => (Code::KnownClash, "is known to fail because of that"),
        ClashEffect::Warns => (Code::ClashLogged, "is known to log warnings about that"),
    };
    let message = format!(
        "Service {} sets {}, and {} {effect}: {} (source: {}).",
        service.name,
        join(variables.iter()),
        clash.application,
        clash.symptom,
        clash.sources.join(", ")
    );
    let set = if clash.prefixes.is_empty() {
        format!(", or set {} in env", join(names.iter()))
    } else {
        String::new()
    };
    let advice = format!("Rename the Service, or set enableServiceLinks: false{set}.");
    let objects = Vec::from([service]);
    Finding { variables: names, objects, ..Finding::new(code, message, &advice) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::services::Suffix;

    #[test]
    fn table_is_sorted_without_duplicates() {
        let applications = KnownClash::ALL.iter().map(|clash| clash.application);
        assert!(applications.clone().is_sorted());
        assert_eq!(applications.collect::<BTreeSet<_>>().len(), KnownClash::ALL.len());
        for clash in KnownClash::ALL {
            for list in [clash.images, clash.variables, clash.prefixes, clash.services] {
                assert_eq!(list.iter().collect::<BTreeSet<_>>().len(), list.len(), "{clash:?}");
            }
        }
    }

    #[test]
    fn rows_are_complete() {
        for clash in KnownClash::ALL {
            let KnownClash { images, variables, services, symptom, sources, .. } = clash;
            for list in [images, variables, services, sources] {
                assert!(!list.is_empty(), "{clash:?}");
            }
            assert!(!symptom.is_empty() && !symptom.ends_with('.') && !symptom.contains('\n'));
            assert!(sources.iter().all(|source| source.starts_with("https://")), "{clash:?}");
            for image in *images {
                assert!(clash.matches_image(image) && !image.contains('@'), "{image}");
                assert!(!repository(image).contains(':'), "{image}");
            }
            for prefix in clash.prefixes {
                assert!(prefix.ends_with('_'), "{prefix}");
            }
        }
    }

    #[test]
    fn services_of_the_table_set_its_variables() {
        for clash in KnownClash::ALL {
            let is_set_by = |variable: &str, service: &str| {
                let suffix = variable.strip_prefix(&*mangle(service));
                suffix.and_then(Suffix::read).is_some()
            };
            for variable in clash.variables {
                let mut services = clash.services.iter();
                assert!(services.any(|service| is_set_by(variable, service)), "{variable}");
            }
            for service in clash.services {
                let mut variables = clash.variables.iter();
                assert!(variables.any(|variable| is_set_by(variable, service)), "{service}");
            }
        }
    }

    #[test]
    fn images_match_by_repository() {
        for (known, image, is_match) in [
            ("solr", "solr", true),
            ("solr", "docker.io/library/solr:9", true),
            ("solr", "registry.example/solr@sha256:0", true),
            ("solr", "registry.example/mirror/solr", false),
            ("solr", "bitnami/solr", false),
            ("solr", "my-solr", false),
            ("a/b", "a/b", true),
            ("a/b", "localhost:5000/x/a/b:1", true),
            ("a/b", "za/b", false),
            ("a/b", "a/b/c", false),
            ("a/b", "b", false),
        ] {
            assert_eq!(matches(known, repository(image)), is_match, "{known} {image}");
        }
    }
}
