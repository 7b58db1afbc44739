//! The Services of a namespace, prepared once for the containers of many Pods.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use super::{Facts, Known, World};
use crate::api::Service;
use crate::environment::Size;
use crate::objects::Store;
use crate::services::{LinkedServices, ServiceLinks, select_linked};

/// The Services that the Pods of a namespace see, prepared for many containers.
///
/// [`compose`](crate::compose) selects, sorts and renders the Services of a namespace for each
/// container. Prepare them once if a namespace has many containers. The result is the same.
///
/// ```
/// use kubelet_env::api::{Container, Pod, Service};
/// use kubelet_env::container::PreparedServices;
/// use kubelet_env::{Facts, Objects, compose};
///
/// let mut objects = Objects::default();
/// objects.services.apply(Service::new("", "db").with_cluster_ip("10.0.0.11").with_port(5432)?);
/// let pod = Pod::default().with_container(Container::new("app")).with_defaults();
///
/// let facts = Facts::of(&objects);
/// let services = PreparedServices::of("", &facts);
/// let facts = Facts { prepared_services: Some(&services), ..facts };
/// let composition = compose(&pod, "app", &facts)?;
/// assert_eq!(composition.environment().len(), 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PreparedServices<'a> {
    namespace: String,
    services: &'a Store<Service>,
    known: Option<&'a Known>,
    world: World,
    enabled: SeenServices<'a>,
    disabled: SeenServices<'a>,
}

/// The Services that a container sees.
#[derive(Clone)]
pub(super) struct SeenServices<'a> {
    /// The Services that have ports. Empty if their variables are too large.
    pub(super) services: Arc<LinkedServices<'a>>,
    /// The size of their variables.
    pub(super) size: usize,
    /// The Services without ports, for which the kubelet fails.
    pub(super) without_ports: Vec<&'a Service>,
}

impl<'a> PreparedServices<'a> {
    /// Prepares the Services of a namespace: those of `facts`, with the addresses that are known.
    #[must_use]
    pub fn of(namespace: &str, facts: &Facts<'a>) -> Self {
        let prepare = |links| SeenServices::within(usize::MAX, namespace, links, facts);
        PreparedServices {
            namespace: namespace.into(),
            services: facts.services,
            known: facts.known,
            world: facts.world,
            enabled: prepare(ServiceLinks::Enabled),
            disabled: prepare(ServiceLinks::Disabled),
        }
    }

    /// Returns the prepared Services if they are those that `facts` select in `namespace`.
    fn get(
        &self,
        namespace: &str,
        links: ServiceLinks,
        facts: &Facts<'a>,
    ) -> Option<&SeenServices<'a>> {
        let is_known = match (self.known, facts.known) {
            (Some(known), Some(other)) => core::ptr::eq(known, other),
            (None, None) => true,
            _ => false,
        };
        let is_same = is_known
            && core::ptr::eq(self.services, facts.services)
            && (&*self.namespace, self.world) == (namespace, facts.world);
        is_same.then_some(match links {
            ServiceLinks::Enabled => &self.enabled,
            ServiceLinks::Disabled => &self.disabled,
        })
    }
}

/// The Services are counted, not shown.
impl fmt::Debug for PreparedServices<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.enabled.services.services().len();
        f.debug_struct("PreparedServices")
            .field("namespace", &self.namespace)
            .field("services", &count)
            .finish_non_exhaustive()
    }
}

impl<'a> SeenServices<'a> {
    /// Returns the prepared Services, or selects them if there are none for this container.
    pub(super) fn of(namespace: &str, links: ServiceLinks, facts: &Facts<'a>) -> Self {
        let prepared = facts.prepared_services.and_then(|all| all.get(namespace, links, facts));
        let select = || SeenServices::within(facts.size_limit, namespace, links, facts);
        prepared.cloned().unwrap_or_else(select)
    }

    fn within(limit: usize, namespace: &str, links: ServiceLinks, facts: &Facts<'a>) -> Self {
        let seen = select_services(namespace, links, facts);
        let (seen, without_ports): (Vec<&Service>, Vec<&Service>) =
            seen.into_iter().partition(|service| !service.spec.ports.is_empty());
        let size = Size::of_services(seen.iter().copied());
        let (bytes, len) = (size.bytes(), size.strings);
        let services = if bytes <= limit {
            Arc::new(LinkedServices::for_environment(seen, len))
        } else {
            Arc::default()
        };
        SeenServices { services, size: bytes, without_ports }
    }
}

/// Selects Services as [`select`](crate::services::select) does, with the known addresses and, in
/// the open world, with those that await an address.
fn select_services<'a>(
    namespace: &str,
    links: ServiceLinks,
    facts: &Facts<'a>,
) -> Vec<&'a Service> {
    let name = |service: &'a Service| (&*service.metadata.namespace, &*service.metadata.name);
    let of_objects = facts.services.candidates(namespace).map(|service| {
        let known = facts.known.filter(|_| service.awaits_cluster_ip());
        let (namespace, name) = name(service);
        let known = known.and_then(|known| known.services.in_namespace(namespace).get(name));
        known.filter(|known| known.has_cluster_ip()).unwrap_or(service)
    });
    let known = facts.known.into_iter().flat_map(|known| known.services.candidates(namespace));
    let absent = known.filter(|&service| {
        let (namespace, name) = name(service);
        facts.services.in_namespace(namespace).get(name).is_none()
    });
    // A Service without ports may be a part of a manifest, such as a patch.
    let awaits = |service: &Service| {
        facts.is_open() && service.awaits_cluster_ip() && !service.spec.ports.is_empty()
    };
    let linked =
        of_objects.chain(absent).filter(|service| service.has_cluster_ip() || awaits(service));
    select_linked(linked, namespace, links)
}
