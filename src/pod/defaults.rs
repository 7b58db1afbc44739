//! What the API server fills in before the kubelet sees a Pod (Go: `SetDefaults_Pod`,
//! `SetObjectDefaults_Pod`, and the admission plugin `ServiceAccount`).

use alloc::collections::BTreeMap;
use alloc::string::String;

use crate::api::{Container, Pod, Quantity, ResourceRequirements};

impl Pod {
    /// The Pod as the API server stores it, for one that no API server has seen: a manifest written
    /// by hand, or what a workload's template makes. A Pod read from a cluster is not changed.
    ///
    /// Filled in are `enableServiceLinks: true`, a `fieldRef`'s `apiVersion: v1`, requests that are
    /// absent from the limits, and the ServiceAccount `default`; quantities are rounded up to
    /// thousandths. Mirrors `SetObjectDefaults_Pod`, and for the ServiceAccount the admission plugin of
    /// that name, as far as a container's environment depends on them.
    ///
    /// ```
    /// use kubelet_env::api::Pod;
    ///
    /// let pod = Pod::default().with_defaults();
    /// assert_eq!(pod.spec.enable_service_links, Some(true));
    /// ```
    #[must_use]
    pub fn with_defaults(mut self) -> Self {
        let spec = &mut self.spec;
        spec.enable_service_links.get_or_insert(true);
        if spec.service_account_name.is_empty() {
            spec.service_account_name = "default".into();
        }
        // An ephemeral container has no resources.
        for container in spec.init_containers.iter_mut().chain(&mut spec.containers) {
            let ResourceRequirements { limits, requests } = &mut container.resources;
            for (resource, limit) in limits.iter() {
                if !requests.contains_key(resource) {
                    requests.insert(resource.clone(), limit.clone());
                }
            }
        }
        for container in spec.containers_mut() {
            fill_in_api_version(container);
            round(&mut container.resources);
        }
        round(&mut spec.resources);
        self
    }
}

fn fill_in_api_version(container: &mut Container) {
    let sources = container.env.iter_mut().filter_map(|variable| variable.value_from.as_mut());
    for field in sources.filter_map(|source| source.field_ref.as_mut()) {
        if field.api_version.is_empty() {
            field.api_version = "v1".into();
        }
    }
}

/// Go: `SetDefaults_ResourceList`
fn round(resources: &mut ResourceRequirements) {
    let round = |list: &mut BTreeMap<String, Quantity>| {
        for quantity in list.values_mut() {
            *quantity = quantity.rounded_to_milli();
        }
    };
    round(&mut resources.limits);
    round(&mut resources.requests);
}
