//! The API server's defaulting and conversion of a Pod (Go: `SetObjectDefaults_Pod`,
//! `Convert_v1_PodSpec_To_core_PodSpec`).

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Stage;
use super::draft::{Containers, Draft};
use crate::api::{Container, Pod, Quantity, ResourceRequirements};

impl Pod {
    /// Returns the Pod with the API server's defaults, as the kubelet applies them to static Pods
    /// too.
    ///
    /// The defaults are `enableServiceLinks: true`, `apiVersion: v1` in a `fieldRef`, requests from
    /// limits, and quantities rounded up to thousandths. The deprecated `serviceAccount` becomes
    /// `serviceAccountName`. Applying the defaults again changes nothing.
    ///
    /// This is one stage of [`PodContext::pod`](crate::pod::PodContext::pod), for Pods that need no
    /// other, such as those read from a cluster.
    ///
    /// Mirrors `SetObjectDefaults_Pod`.
    ///
    /// ```
    /// use kubelet_env::api::Pod;
    ///
    /// let pod = Pod::default().with_defaults();
    /// assert_eq!(pod.spec.enable_service_links, Some(true));
    /// ```
    #[must_use]
    pub fn with_defaults(self) -> Self {
        let mut draft = Draft::of(self);
        set_defaults(&mut draft);
        draft.pod
    }
}

/// Go: `SetObjectDefaults_Pod`, then the conversion to the internal version and back.
pub(super) fn set_defaults(draft: &mut Draft) {
    if draft.pod.spec.enable_service_links.is_none() {
        draft.pod.spec.enable_service_links = Some(true);
        draft.record(Stage::Defaulting, "spec.enableServiceLinks");
    }
    for list in Containers::ALL {
        for position in 0..list.of(&mut draft.pod).len() {
            let Some(container) = list.of(&mut draft.pod).get_mut(position) else { continue };
            // An ephemeral container has no resources of its own.
            let requests = match list {
                Containers::Ephemeral => Vec::new(),
                Containers::Init | Containers::Ordinary => requests_from_limits(container),
            };
            fill_in_api_version(container);
            round(&mut container.resources);
            for resource in requests {
                let field = format!("{}[{position}].resources.requests.{resource}", list.field());
                draft.record(Stage::Defaulting, field);
            }
        }
    }
    round(&mut draft.pod.spec.resources);
    service_account_alias(draft);
}

/// Go: `SetDefaults_Pod`. Returns the resources that were filled in.
fn requests_from_limits(container: &mut Container) -> Vec<String> {
    let ResourceRequirements { limits, requests } = &mut container.resources;
    let mut filled_in = Vec::new();
    for (resource, limit) in limits.iter() {
        if !requests.contains_key(resource) {
            requests.insert(resource.clone(), limit.clone());
            filled_in.push(resource.clone());
        }
    }
    filled_in
}

/// Go: `SetDefaults_ObjectFieldSelector`
fn fill_in_api_version(container: &mut Container) {
    let sources = container.env.iter_mut().filter_map(|variable| variable.value_from.as_mut());
    for field in sources.filter_map(|source| source.field_ref.as_mut()) {
        if field.api_version.is_empty() {
            field.api_version = "v1".into();
        }
    }
}

/// Go: `SetDefaults_ResourceList`
pub(super) fn round_list(list: &mut BTreeMap<String, Quantity>) {
    for quantity in list.values_mut() {
        *quantity = quantity.rounded_to_milli();
    }
}

fn round(resources: &mut ResourceRequirements) {
    round_list(&mut resources.limits);
    round_list(&mut resources.requests);
}

/// Go: `Convert_v1_PodSpec_To_core_PodSpec` and its reverse. `serviceAccountName` wins.
fn service_account_alias(draft: &mut Draft) {
    let spec = &mut draft.pod.spec;
    if spec.service_account_name.is_empty() && !spec.service_account.is_empty() {
        spec.service_account_name.clone_from(&spec.service_account);
        draft.record(Stage::Conversion, "spec.serviceAccountName");
    }
    let spec = &mut draft.pod.spec;
    spec.service_account.clone_from(&spec.service_account_name);
}
