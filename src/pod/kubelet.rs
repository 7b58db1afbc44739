//! The kubelet's own additions to a Pod before it runs it (Go: `pkg/kubelet/config`,
//! `generateAPIPodStatus`).

use alloc::string::ToString;

use super::addresses::host_ips;
use super::draft::Draft;
use super::{PodSource, Stage};
use crate::api::{Node, PodStatus};

pub(super) const CONFIG_SOURCE: &str = "kubernetes.io/config.source";
const CONFIG_SEEN: &str = "kubernetes.io/config.seen";

/// Go: `podStorage.merge`, `recordFirstSeenTime`
pub(super) fn annotate(draft: &mut Draft, source: PodSource) {
    draft.annotation(Stage::Kubelet, CONFIG_SOURCE, Some(source.as_str()));
    draft.annotation(Stage::Kubelet, CONFIG_SEEN, None);
}

/// Gives a Pod on the host network the addresses of its Node (Go: `generateAPIPodStatus`).
pub(super) fn host_network(draft: &mut Draft, node: Option<&Node>) {
    let Some(node) = node.filter(|_| draft.pod.spec.host_network) else { return };
    let status = &draft.pod.status;
    if status.pod_ip.is_empty() && status.pod_ips.is_empty() {
        draft.pod.status = PodStatus::with_ips(host_ips(node).iter().map(ToString::to_string));
        draft.record(Stage::Kubelet, "status.podIPs");
    }
}
