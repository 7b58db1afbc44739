//! The downward API's `resourceFieldRef`: which quantity it means (Go:
//! `Kubelet.defaultPodLimitsForDownwardAPI`, `MergeContainerResourceLimits`,
//! `containerResourceRuntimeValue`).

use alloc::borrow::Cow;
use alloc::string::{String, ToString};

use super::{Facts, Refusal, Resource, ResourceField, ResourceList, resource_value};
use crate::api::{Container, Pod, Quantity, ResourceFieldSelector};
use crate::release::Rule;

/// The value that a `resourceFieldRef` of `container` gives.
pub(super) fn resource_field_value(
    selector: &ResourceFieldSelector,
    pod: &Pod,
    container: &Container,
    facts: &Facts<'_>,
) -> Result<String, Refusal> {
    let (container, is_defaulted) = if selector.container_name.is_empty() {
        (container, true)
    } else {
        container_named(&selector.container_name, pod)?
    };
    let field: ResourceField = selector.resource.parse().map_err(|error| Refusal::UnsupportedResource { error })?;
    let ResourceField { list, resource } = &field;
    let quantity = match list {
        ResourceList::Requests => container.resources.requests.get(resource.name()).map(Cow::Borrowed),
        ResourceList::Limits if is_defaulted => limit(resource, pod, container, facts)?.map(Cow::Borrowed),
        ResourceList::Limits => container.resources.limits.get(resource.name()).map(Cow::Borrowed),
    };
    let value = resource_value(resource, &quantity.unwrap_or_default(), selector.divisor.as_ref());
    Ok(value.map_err(|error| Refusal::Quantity { error })?.to_string())
}

/// The container, and whether its limits are defaulted: an init container's are not.
fn container_named<'a>(name: &str, pod: &'a Pod) -> Result<(&'a Container, bool), Refusal> {
    let find = |containers: &'a [Container]| containers.iter().find(|container| container.name == name);
    let defaulted = find(&pod.spec.containers).map(|container| (container, true));
    let found = defaulted.or_else(|| find(&pod.spec.init_containers).map(|container| (container, false)));
    found.ok_or_else(|| Refusal::ContainerMissing { container: name.into() })
}

/// A container's limit, an absent or zero one taken from the Pod or the Node.
fn limit<'a>(
    resource: &Resource,
    pod: &'a Pod,
    container: &'a Container,
    facts: &Facts<'a>,
) -> Result<Option<&'a Quantity>, Refusal> {
    let own = container.resources.limits.get(resource.name());
    // Huge pages are never overcommitted.
    if matches!(resource, Resource::HugePages(_)) || own.is_some_and(|own| !own.is_zero()) {
        return Ok(own);
    }
    let node = facts.node.ok_or(Refusal::NodeUnknown)?;
    let Some(allocatable) = node.status.allocatable.get(resource.name()) else { return Ok(own) };
    let has_pod_limits = facts.release.has(Rule::PodLimits) && matches!(resource, Resource::Cpu | Resource::Memory);
    let of_pod = pod.spec.resources.limits.get(resource.name());
    Ok(Some(of_pod.filter(|limit| has_pod_limits && !limit.is_zero()).unwrap_or(allocatable)))
}
