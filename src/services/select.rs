//! The Services that a container sees (Go: `Kubelet.getServiceEnvVarMap`).

use alloc::vec::Vec;

use crate::api::Service;
use crate::objects::{NamespaceIter, Store};

/// The field `enableServiceLinks` of a Pod: containers receive the variables of the Services in the
/// Pod's namespace, or only those of `default/kubernetes`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceLinks {
    /// `true`, the default.
    #[default]
    Enabled,
    /// `false`: only `default/kubernetes` is visible.
    Disabled,
}

impl From<bool> for ServiceLinks {
    fn from(enable_service_links: bool) -> Self {
        if enable_service_links { ServiceLinks::Enabled } else { ServiceLinks::Disabled }
    }
}

const NAMESPACE_DEFAULT: &str = "default";
const KUBERNETES: &str = "kubernetes";

/// Reports whether this is the Service of the API server, which every Pod sees (Go:
/// `masterServices`).
pub(crate) fn is_master(service: &Service) -> bool {
    service.metadata.namespace == NAMESPACE_DEFAULT && service.metadata.name == KUBERNETES
}

/// Returns the Services that a container of a Pod in `namespace` sees, sorted by name.
///
/// Services without an address ([`Service::has_cluster_ip`]) are skipped. Every Pod sees
/// `default/kubernetes`, unless a Service `kubernetes` of its own namespace is visible. If two
/// Services have the same namespace and name, the later one wins, except that the first
/// `default/kubernetes` wins. A cluster never has two such Services.
///
/// Mirrors the selection of `Kubelet.getServiceEnvVarMap`.
///
/// ```
/// use kubelet_env::api::Service;
/// use kubelet_env::services::{ServiceLinks, select};
///
/// let service = |namespace, name| Service::new(namespace, name).with_cluster_ip("10.1.0.1");
/// let all = [service("prod", "web"), service("default", "kubernetes"), service("default", "redis")];
/// let names = |links| -> Vec<&str> {
///     select(&all, "prod", links).into_iter().map(|service| service.metadata.name.as_str()).collect()
/// };
/// assert_eq!(names(ServiceLinks::Enabled), ["kubernetes", "web"]);
/// assert_eq!(names(ServiceLinks::Disabled), ["kubernetes"]);
/// ```
#[must_use]
pub fn select<'a>(
    services: impl IntoIterator<Item = &'a Service>,
    namespace: &str,
    links: ServiceLinks,
) -> Vec<&'a Service> {
    let with_address = services.into_iter().filter(|service| service.has_cluster_ip());
    select_linked(with_address, namespace, links)
}

/// Returns the selection of [`select`] among Services that all produce variables.
pub(crate) fn select_linked<'a>(
    mut services: impl Iterator<Item = &'a Service>,
    namespace: &str,
    links: ServiceLinks,
) -> Vec<&'a Service> {
    select_from(&mut services, namespace, links)
}

fn select_from<'a>(
    services: &mut dyn Iterator<Item = &'a Service>,
    namespace: &str,
    links: ServiceLinks,
) -> Vec<&'a Service> {
    let mut seen = Vec::new();
    let mut master: Option<&'a Service> = None;
    for service in services {
        if is_master(service) {
            master.get_or_insert(service);
        } else if service.metadata.namespace == namespace && links == ServiceLinks::Enabled {
            seen.push(service);
        }
    }
    sort_by_name(&mut seen);
    seen.dedup_by(|later, earlier| {
        let same = name_of(later) == name_of(earlier);
        if same {
            *earlier = *later;
        }
        same
    });
    if let Some(master) = master
        && let Err(place) = seen.binary_search_by_key(&KUBERNETES, |service| name_of(service))
    {
        seen.insert(place, master);
    }
    seen
}

/// Sorts Services by name. Those of one name keep their order.
pub(crate) fn sort_by_name(services: &mut [&Service]) {
    services.sort_by_key(|service| name_of(service));
}

fn name_of(service: &Service) -> &str {
    &service.metadata.name
}

impl Store<Service> {
    /// Returns the selection of [`select`]. Only the Services of `namespace` and
    /// `default/kubernetes` are visited.
    #[must_use]
    pub fn select(&self, namespace: &str, links: ServiceLinks) -> Vec<&Service> {
        select(self.candidates(namespace), namespace, links)
    }

    /// Returns the Services of a namespace and `default/kubernetes`.
    pub(crate) fn candidates(&self, namespace: &str) -> Candidates<'_> {
        let master = self.in_namespace(NAMESPACE_DEFAULT).get(KUBERNETES);
        Candidates { of_namespace: self.in_namespace(namespace).iter(), master }
    }
}

/// The Services of a namespace, then `default/kubernetes`.
pub(crate) struct Candidates<'a> {
    of_namespace: NamespaceIter<'a, Service>,
    master: Option<&'a Service>,
}

impl<'a> Iterator for Candidates<'a> {
    type Item = &'a Service;

    fn next(&mut self) -> Option<&'a Service> {
        self.of_namespace.next().or_else(|| self.master.take())
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    #[test]
    fn cost_follows_own_namespace_and_kubernetes() {
        let service =
            |namespace: &str, name: &str| Service::new(namespace, name).with_cluster_ip("10.1.0.1");
        let of_namespace = |namespace| {
            (0..100).map(move |number| (format!("ns-{namespace}"), format!("svc-{number}")))
        };
        let mut store: Store<Service> = (0..1_000)
            .flat_map(of_namespace)
            .map(|(namespace, name)| service(&namespace, &name))
            .collect();
        store.apply(service(NAMESPACE_DEFAULT, KUBERNETES));
        assert_eq!(store.len(), 100_001);
        assert_eq!(store.candidates("ns-500").count(), 101);
        assert_eq!(store.select("ns-500", ServiceLinks::Enabled).len(), 101);
        assert_eq!(store.candidates("no-such").count(), 1);
    }
}
