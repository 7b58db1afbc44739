//! Nodes (Go: `corev1.Node`).

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::wire::{wire_object, wire_struct};
use super::{PodMeta, Quantity};

wire_object! {
    /// A Node.
    pub struct Node in "v1" {
        /// Its name and labels.
        pub metadata: PodMeta,
        /// Its addresses, and what it has for Pods.
        pub status: NodeStatus,
    }
}

wire_struct! {
    /// `NodeStatus`: the part that the downward API gives.
    pub struct NodeStatus {
        /// The addresses.
        pub addresses: Vec<NodeAddress>,
        /// What it has for Pods, by resource.
        pub allocatable: BTreeMap<String, Quantity>,
    }

    /// `NodeAddress`: one address of a Node.
    pub struct NodeAddress {
        /// Such as `InternalIP`, `ExternalIP` or `Hostname`.
        #[cfg_attr(feature = "serde", serde(rename = "type"))]
        pub type_: String,
        /// The address, as text.
        pub address: String,
    }
}
