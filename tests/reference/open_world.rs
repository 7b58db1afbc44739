//! The invariant of the open world: whatever facts are removed, each value that is called known is
//! the value with all facts, and each variable that differs, appears or disappears was marked.

use std::collections::BTreeSet;

use kubelet_env::api::{Container, Service, ServicePort};
use kubelet_env::container::{EnvFiles, Known, SkipReason, World};
use kubelet_env::environment::{Part, Unknown, Value};
use kubelet_env::export::FormProblem;
use kubelet_env::{Composition, Environment, Facts, Order, compose};

use super::composition::Scenario;

/// Removes facts that the first bytes choose from the scenario that the others choose.
pub(crate) fn check(data: &[u8]) {
    let (seed, rest) = data.split_at(data.len().min(8));
    let seed = seed.iter().fold(0, |seed, &byte| seed << 8 | u64::from(byte));
    let scenario = Scenario { size_limit: usize::MAX, ..Scenario::choose(rest) };
    for container in ["app", "init"] {
        check_scenario(&scenario, container, seed);
    }
}

/// Checks the invariant for some of the facts removed, as `seed` chooses; with 0 none are, with 1 all.
/// Returns whether the scenario has an environment.
pub(crate) fn check_scenario(scenario: &Scenario, container: &str, seed: u64) -> bool {
    let full = complete(scenario);
    let mut removal = Removal { seed, any: false };
    let partial = removal.apply(&full, container);
    let Ok(closed) = compose(&full.pod, container, &full.facts()) else { return false };

    let known = Known::default();
    let facts = partial.facts();
    let facts = Facts { world: World::Open, known: Some(&known), ..facts };
    let open = compose(&partial.pod, container, &facts).expect("no fact is needed");

    check_environment(open.environment(), closed.environment());
    let texts = |composition: &Composition<'_>| {
        let texts = composition.command().iter().chain(composition.args());
        texts.map(|text| text.value.bytes_with_placeholders().to_vec()).collect::<Vec<_>>()
    };
    let open_texts = open.command().iter().chain(open.args());
    let closed_texts = closed.command().iter().chain(closed.args());
    assert_eq!(texts(&open).len(), texts(&closed).len());
    for (open, closed) in open_texts.zip(closed_texts) {
        check_value("a text", &open.value, &closed.value);
    }

    let is_optional_missing = closed.skipped().iter().any(|skipped| {
        matches!(skipped.reason, SkipReason::ObjectMissing(_) | SkipReason::KeyMissing(..))
    });
    if !removal.any && !is_optional_missing {
        assert!(open.environment().is_known());
        assert!(open.environment().iter().eq(closed.environment().iter()));
        assert_eq!(texts(&open), texts(&closed));
        assert_eq!(open.skipped(), closed.skipped());
    }
    true
}

fn check_environment(open: &Environment<'_>, closed: &Environment<'_>) {
    for variable in open.iter() {
        let (name, value) = (variable.name(), variable.value());
        match closed.get(&name) {
            Some(other) => check_value(&name, &value, &other.value()),
            None => assert!(!value.is_known(), "{name} is called known and is not there"),
        }
    }
    for variable in closed.iter() {
        let name = variable.name();
        assert!(open.get(&name).is_some() || open.is_open_for(&name), "{name} is not marked");
    }
    // No form for machines holds a placeholder, unless the caller asks for it.
    let names: BTreeSet<_> = open.iter().map(|variable| variable.name().into_owned()).collect();
    assert_eq!(open.len(), names.len());
    if !open.is_known() {
        let error = open.to_oci_env(Order::Kubelet).expect_err("something is unknown");
        assert!(matches!(error.problem, FormProblem::Unknown(_)));
    }
    assert!(open.clone().with_placeholders().is_known());
    // Redaction removes the known bytes of values with bytes of a Secret and nothing else.
    let redacted = open.clone().redacted();
    for (before, after) in open.iter().zip(redacted.iter()) {
        assert_eq!(before.name(), after.name());
        let (before, after) = (before.value(), after.value());
        assert!(before.unknowns().eq(after.unknowns()));
        let known = |part: &Part<'_>| matches!(part, Part::Known(bytes) if *bytes != b"[redacted]");
        // The text around an unknown Secret is not secret.
        let has_secret_bytes = before.is_secret() && !before.unknowns().any(Unknown::is_secret);
        assert!(!has_secret_bytes || !after.parts().any(|part| known(&part)));
    }
}

/// A known value is the same, and of another the known parts are at its start and its end.
fn check_value(name: &str, open: &Value<'_>, closed: &Value<'_>) {
    let bytes = closed.as_bytes().expect("all is known in the closed world");
    let parts: Vec<Part<'_>> = open.parts().collect();
    if open.is_known() {
        assert_eq!(open.as_bytes(), Some(bytes), "{name}");
        assert_eq!(open.is_secret(), closed.is_secret(), "{name}");
    }
    assert!(open.is_secret() || !closed.is_secret(), "{name}");
    if let Some(Part::Known(start)) = parts.first() {
        assert!(bytes.starts_with(start), "{name}: {open}");
    }
    if let Some(Part::Known(end)) = parts.last() {
        assert!(bytes.ends_with(end), "{name}: {open}");
    }
}

/// Gives addresses to Services that await one, so that the closed world has all facts that the open
/// world speaks of.
fn complete(scenario: &Scenario) -> Scenario {
    let mut full = scenario.clone();
    for service in scenario.objects.services.iter().filter(|service| service.awaits_cluster_ip()) {
        let mut service = service.clone();
        if !service.spec.ports.is_empty() {
            service.spec.cluster_ip = "10.0.0.77".into();
            service.spec.ip_families.clear();
            full.objects.services.apply(service);
        }
    }
    if full.objects.services.in_namespace("default").get("kubernetes").is_none() {
        let kubernetes =
            Known::default().services.in_namespace("default").get("kubernetes").cloned();
        let mut kubernetes: Service = kubernetes.expect("every cluster has it");
        kubernetes.spec.cluster_ip = "10.96.0.1".into();
        full.objects.services.apply(kubernetes);
    }
    full
}

/// Removes facts.
struct Removal {
    seed: u64,
    any: bool,
}

impl Removal {
    fn chooses(&mut self) -> bool {
        let chosen = match self.seed {
            0 => false,
            1 => true,
            _ => {
                self.seed =
                    self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695);
                self.seed >> 33 & 1 == 1
            }
        };
        self.any |= chosen;
        chosen
    }

    fn apply(&mut self, full: &Scenario, container: &str) -> Scenario {
        let mut partial = full.clone();
        let container = full.pod.spec.container(container).cloned().unwrap_or_default();
        self.remove_objects(&mut partial, &container);
        for service in full.objects.services.iter() {
            self.remove_address(service, &mut partial);
        }
        if partial.pod_status.is_some() && self.chooses() {
            partial.pod_status = None;
            partial.pod.status = Default::default();
        }
        if partial.node.is_some() && self.chooses() {
            partial.node = None;
            partial.pod.spec.node_name.clear();
        }
        if self.chooses() {
            partial.env_files = EnvFiles::new();
        }
        for field in [&mut partial.pod.metadata.name, &mut partial.pod.metadata.uid] {
            if self.chooses() {
                field.clear();
            }
        }
        partial
    }

    /// Removes objects, and keys of those that no `envFrom` source reads as a whole.
    fn remove_objects(&mut self, partial: &mut Scenario, container: &Container) {
        let of_env_from: BTreeSet<&str> = container
            .env_from
            .iter()
            .flat_map(|source| {
                let config_map = source.config_map_ref.as_ref().map(|source| &*source.name);
                config_map.or(source.secret_ref.as_ref().map(|source| &*source.name))
            })
            .collect();
        let objects = &mut partial.objects;
        for mut config_map in std::mem::take(&mut objects.config_maps) {
            if !of_env_from.contains(&*config_map.metadata.name) {
                config_map.data.retain(|_, _| !self.chooses());
            }
            if !self.chooses() {
                objects.config_maps.apply(config_map);
            }
        }
        for mut secret in std::mem::take(&mut objects.secrets) {
            if !of_env_from.contains(&*secret.metadata.name) {
                secret.data.retain(|_, _| !self.chooses());
            }
            if !self.chooses() {
                objects.secrets.apply(secret);
            }
        }
    }

    fn remove_address(&mut self, service: &Service, partial: &mut Scenario) {
        let (namespace, name) = (&service.metadata.namespace, &service.metadata.name);
        if !service.has_cluster_ip() || service.is_external_name() || service.spec.ports.is_empty()
        {
            return;
        }
        let is_plain_https = |port: &ServicePort| {
            (&*port.name, port.port.get(), port.effective_protocol().as_str())
                == ("https", 443, "TCP")
        };
        let is_ipv6 = service.spec.cluster_ip.contains(':');
        let is_usual = (&**namespace, &**name) == ("default", "kubernetes")
            && service.spec.ports.len() == 1
            && service.spec.ports.iter().all(is_plain_https)
            && !is_ipv6;
        if is_usual && self.chooses() {
            partial.objects.services.delete(service);
        } else if self.chooses() {
            let mut service = service.clone();
            service.spec.cluster_ip.clear();
            service.spec.ip_families = if is_ipv6 { vec!["IPv6".into()] } else { Vec::new() };
            partial.objects.services.apply(service);
        }
    }
}
