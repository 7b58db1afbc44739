//! What names an object (Go: `metav1.ObjectMeta`).

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::Timestamp;
use super::wire::wire_struct;

wire_struct! {
    /// `ObjectMeta`: what names an object and says since when it exists.
    ///
    /// A manifest that no cluster has seen may lack the namespace: `kubectl apply` fills in the
    /// current one, and [`Objects::with_default_namespace`](crate::Objects::with_default_namespace) does the same.
    pub struct ObjectMeta {
        /// The name, unique among the objects of its kind in its namespace.
        pub name: String,
        /// The namespace; empty for a Node, which has none.
        pub namespace: String,
        /// When the API server stored the object.
        pub creation_timestamp: Option<Timestamp>,
    }
}

wire_struct! {
    /// The `ObjectMeta` of a Pod, a pod template, a workload or a Node: the fields that the
    /// downward API, controllers and admission read.
    pub struct PodMeta {
        /// The name; empty in a template, whose pods each get one of their own.
        pub name: String,
        /// The prefix of a generated name. Only an object without a name uses it.
        pub generate_name: String,
        /// The namespace.
        pub namespace: String,
        /// The UID; empty until the API server has stored the Pod.
        pub uid: String,
        /// The labels.
        pub labels: BTreeMap<String, String>,
        /// The annotations.
        pub annotations: BTreeMap<String, String>,
        /// The objects that own the object, its controller among them.
        pub owner_references: Vec<OwnerReference>,
        /// When the API server stored the object.
        pub creation_timestamp: Option<Timestamp>,
    }
}

wire_struct! {
    /// `OwnerReference`: an object that owns another one in its namespace.
    pub struct OwnerReference {
        /// The owner's group and version, such as `batch/v1`.
        pub api_version: String,
        /// The owner's kind, such as `Job`.
        pub kind: String,
        /// The owner's name.
        pub name: String,
        /// The owner's UID.
        pub uid: String,
        /// True if the owner is the controller of the object.
        pub controller: Option<bool>,
    }
}

impl ObjectMeta {
    /// The metadata of the object `name` in `namespace`, of unknown age.
    #[must_use]
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        ObjectMeta { name: name.into(), namespace: namespace.into(), ..ObjectMeta::default() }
    }
}

impl PodMeta {
    /// Returns the metadata of the object `name` in `namespace`.
    #[must_use]
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        PodMeta { name: name.into(), namespace: namespace.into(), ..PodMeta::default() }
    }
}

/// An API object that stands alone: it has a kind, a name and, unless it is a Node, a namespace.
pub trait Object {
    /// Its kind, as `kind` has it: `Service`.
    fn kind(&self) -> &'static str;

    /// `metadata.name`
    fn name(&self) -> &str;

    /// `metadata.namespace`, empty if it has none.
    fn namespace(&self) -> &str;

    /// Puts it into another namespace.
    fn set_namespace(&mut self, namespace: &str);

    /// `metadata.creationTimestamp`
    fn creation_timestamp(&self) -> Option<Timestamp>;

    /// Whether the object was there at `moment`, that moment included. One that does not say when
    /// it was created counts as there.
    fn existed_at(&self, moment: Timestamp) -> bool {
        self.creation_timestamp().is_none_or(|created| created <= moment)
    }
}
