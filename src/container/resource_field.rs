//! The downward API's `resourceFieldRef`: the quantity that it selects (Go:
//! `Kubelet.defaultPodLimitsForDownwardAPI`, `MergeContainerResourceLimits`,
//! `containerResourceRuntimeValue`).

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use core::cell::OnceCell;

use super::{ComposeErrorKind, Facts, Resource, ResourceField, ResourceList, resource_value};
use crate::api::{Container, Pod, PodSpec, Quantity, ResourceFieldSelector};
use crate::names::Positions;
use crate::release::Rule;

/// The resources of a container, and of the containers of its Pod by name. The names are indexed once
/// for all entries.
pub(super) struct ResourceFields<'a, 'f> {
    pod: &'a Pod,
    container: &'a Container,
    facts: &'f Facts<'a>,
    /// The containers and the init containers by name.
    by_name: OnceCell<Positions<&'a str>>,
}

impl<'a, 'f> ResourceFields<'a, 'f> {
    pub(super) fn new(pod: &'a Pod, container: &'a Container, facts: &'f Facts<'a>) -> Self {
        ResourceFields { pod, container, facts, by_name: OnceCell::new() }
    }

    /// Returns the value of a `resourceFieldRef` of the container.
    pub(super) fn value(
        &self,
        selector: &ResourceFieldSelector,
    ) -> Result<String, ComposeErrorKind> {
        let (container, is_defaulted) = if selector.container_name.is_empty() {
            (self.container, true)
        } else {
            self.container_named(&selector.container_name)?
        };
        let field: ResourceField = selector
            .resource
            .parse()
            .map_err(|error| ComposeErrorKind::UnsupportedResource { error })?;
        let ResourceField { list, resource } = &field;
        let quantity = match list {
            ResourceList::Requests => {
                container.resources.requests.get(resource.name()).map(Cow::Borrowed)
            }
            ResourceList::Limits if is_defaulted => {
                limit(resource, self.pod, container, self.facts)?.map(Cow::Borrowed)
            }
            ResourceList::Limits => {
                container.resources.limits.get(resource.name()).map(Cow::Borrowed)
            }
        };
        let value =
            resource_value(resource, &quantity.unwrap_or_default(), selector.divisor.as_ref());
        Ok(value.map_err(|error| ComposeErrorKind::Quantity { error })?.to_string())
    }

    /// Returns the first container of that name, and true if its limits are defaulted. Those of
    /// init containers are not.
    fn container_named(&self, name: &str) -> Result<(&'a Container, bool), ComposeErrorKind> {
        let PodSpec { containers, init_containers, .. } = &self.pod.spec;
        let by_name = self.by_name.get_or_init(|| {
            let all = containers.iter().chain(init_containers);
            Positions::of(all.map(|container| container.name.as_str()))
        });
        let found =
            by_name.first(name).and_then(|index| match index.checked_sub(containers.len()) {
                None => Some((containers.get(index)?, true)),
                Some(index) => Some((init_containers.get(index)?, false)),
            });
        found.ok_or_else(|| ComposeErrorKind::ContainerMissing { container: name.into() })
    }
}

/// Returns a container's limit. An absent or zero one is taken from the Pod or the Node.
fn limit<'a>(
    resource: &Resource,
    pod: &'a Pod,
    container: &'a Container,
    facts: &Facts<'a>,
) -> Result<Option<&'a Quantity>, ComposeErrorKind> {
    let own = container.resources.limits.get(resource.name());
    // Huge pages are never overcommitted.
    if matches!(resource, Resource::HugePages(_)) || own.is_some_and(|own| !own.is_zero()) {
        return Ok(own);
    }
    let node = facts.node_of(pod).ok_or(ComposeErrorKind::NodeUnknown)?;
    // A manifest of a Node has no status.
    if facts.is_open() && node.status.allocatable.is_empty() {
        return Err(ComposeErrorKind::NodeUnknown);
    }
    let Some(allocatable) = node.status.allocatable.get(resource.name()) else { return Ok(own) };
    let has_pod_limits =
        facts.release.has(Rule::PodLimits) && matches!(resource, Resource::Cpu | Resource::Memory);
    let of_pod = pod.spec.resources.limits.get(resource.name());
    Ok(Some(of_pod.filter(|limit| has_pod_limits && !limit.is_zero()).unwrap_or(allocatable)))
}
