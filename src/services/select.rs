//! Which of the cluster's Services a container sees (Go: `Kubelet.getServiceEnvVarMap`).

use alloc::vec::Vec;

use crate::api::Service;
use crate::objects::Store;

/// Whether a pod's containers get the variables of the Services in the pod's namespace:
/// `enableServiceLinks`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceLinks {
    /// `true`, which the API server makes of an absent one.
    #[default]
    Enabled,
    /// `false`: only `default/kubernetes` is left.
    Disabled,
}

impl From<bool> for ServiceLinks {
    fn from(enable_service_links: bool) -> Self {
        if enable_service_links { ServiceLinks::Enabled } else { ServiceLinks::Disabled }
    }
}

const NAMESPACE_DEFAULT: &str = "default";
const KUBERNETES: &str = "kubernetes";

/// The Service of the API server (Go: `masterServices`), which every pod sees.
pub(crate) fn is_master(service: &Service) -> bool {
    service.metadata.namespace == NAMESPACE_DEFAULT && service.metadata.name == KUBERNETES
}

/// The Services that a container of a pod in `namespace` sees, by name, whatever the order in which
/// they are listed.
///
/// A Service without an address ([`Service::has_cluster_ip`]) is not seen. `default/kubernetes` is
/// seen by every pod, unless its own namespace has a Service `kubernetes` that is seen. Of two
/// Services with one name in one namespace, which no cluster has, the later is taken, but the first
/// `default/kubernetes`.
///
/// Mirrors `Kubelet.getServiceEnvVarMap`, as far as it chooses.
///
/// ```
/// use kubelet_env::api::{ObjectMeta, Service, ServiceSpec};
/// use kubelet_env::services::{ServiceLinks, select};
///
/// let service = |namespace: &str, name: &str| Service {
///     metadata: ObjectMeta::new(namespace, name),
///     spec: ServiceSpec { cluster_ip: "10.1.0.1".into(), ..ServiceSpec::default() },
/// };
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
    services: impl Iterator<Item = &'a Service>,
    namespace: &str,
    links: ServiceLinks,
) -> Vec<&'a Service> {
    let name = |service: &&'a Service| service.metadata.name.as_str();
    let mut seen = Vec::new();
    let mut master: Option<&'a Service> = None;
    for service in services {
        if is_master(service) {
            master.get_or_insert(service);
        } else if service.metadata.namespace == namespace && links == ServiceLinks::Enabled {
            seen.push(service);
        }
    }
    seen.sort_by_key(name);
    seen.dedup_by(|later, earlier| {
        let same = name(later) == name(earlier);
        if same {
            *earlier = *later;
        }
        same
    });
    if let Some(master) = master
        && let Err(place) = seen.binary_search_by_key(&KUBERNETES, name)
    {
        seen.insert(place, master);
    }
    seen
}

impl Store<Service> {
    /// What [`select`] takes out of these, without a look at other namespaces than `namespace` and
    /// the one of `default/kubernetes`.
    #[must_use]
    pub fn select(&self, namespace: &str, links: ServiceLinks) -> Vec<&Service> {
        select(self.candidates(namespace), namespace, links)
    }

    /// Returns the Services of a namespace and `default/kubernetes`.
    pub(crate) fn candidates(&self, namespace: &str) -> impl Iterator<Item = &Service> {
        self.in_namespace(namespace).chain(self.get(NAMESPACE_DEFAULT, KUBERNETES))
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;
    use crate::api::{ObjectMeta, ServiceSpec};

    #[test]
    fn cost_follows_own_namespace_and_kubernetes() {
        let service = |namespace: &str, name: &str| Service {
            metadata: ObjectMeta::new(namespace, name),
            spec: ServiceSpec { cluster_ip: "10.1.0.1".into(), ..ServiceSpec::default() },
        };
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
