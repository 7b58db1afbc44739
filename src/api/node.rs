//! Nodes (Go: `corev1.Node`).

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::wire::{wire_object, wire_struct};
use super::{PodMeta, Quantity};

wire_object! {
    /// A Node.
    pub struct Node in "v1" {
        /// The name and labels.
        pub metadata: PodMeta,
        /// The addresses and the allocatable resources.
        pub status: NodeStatus,
    }
}

wire_struct! {
    /// `NodeStatus`, with the fields that the downward API reads.
    pub struct NodeStatus {
        /// The addresses.
        pub addresses: Vec<NodeAddress>,
        /// The quantities that are available to Pods, by resource.
        pub allocatable: BTreeMap<String, Quantity>,
    }

    /// `NodeAddress`: an address of a Node.
    pub struct NodeAddress {
        /// The type, such as `InternalIP`, `ExternalIP` or `Hostname`.
        pub type_ as "type": String,
        /// The address as text.
        pub address: String,
    }
}

impl Node {
    /// Returns a Node without addresses and resources.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Node { metadata: PodMeta::new("", name), ..Node::default() }
    }

    /// Adds an address of type `InternalIP`.
    #[must_use]
    pub fn with_internal_ip(mut self, address: impl Into<String>) -> Self {
        let address = NodeAddress { type_: "InternalIP".into(), address: address.into() };
        self.status.addresses.push(address);
        self
    }
}
