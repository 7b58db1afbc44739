//! Metadata of objects (Go: `metav1.ObjectMeta`).

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::Timestamp;
use super::wire::wire_struct;

wire_struct! {
    /// `ObjectMeta`: the name, namespace and creation time of an object.
    ///
    /// The namespace may be missing from a manifest. `kubectl apply` fills in the current one, and
    /// [`Objects::add`](crate::Objects::add) the namespace `default`.
    pub struct ObjectMeta {
        /// The name, unique for the kind and namespace.
        pub name: String,
        /// The namespace.
        pub namespace: String,
        /// The time at which the API server stored the object.
        pub creation_timestamp: Option<Timestamp>,
    }
}

wire_struct! {
    /// The `ObjectMeta` of a Pod, a pod template, a workload or a Node: the fields that the
    /// downward API, controllers and admission read.
    pub struct PodMeta {
        /// The name. It is empty in a template.
        pub name: String,
        /// The prefix of a generated name. It is only used for an object without a name.
        pub generate_name: String,
        /// The namespace. It is empty for a Node.
        pub namespace: String,
        /// The UID. It is empty until the API server has stored the object.
        pub uid: String,
        /// The labels.
        pub labels: BTreeMap<String, String>,
        /// The annotations.
        pub annotations: BTreeMap<String, String>,
        /// The owners, including the controller.
        pub owner_references: Vec<OwnerReference>,
        /// The time at which the API server stored the object.
        pub creation_timestamp: Option<Timestamp>,
    }
}

wire_struct! {
    /// `OwnerReference`: an owner of an object in the same namespace.
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
    /// Returns the metadata of the object `name` in `namespace`.
    #[must_use]
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        ObjectMeta { name: name.into(), namespace: namespace.into(), ..ObjectMeta::default() }
    }

    pub(super) fn name_or_prefix(&self) -> &str {
        &self.name
    }
}

impl PodMeta {
    /// Returns the metadata of the object `name` in `namespace`.
    #[must_use]
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        PodMeta { name: name.into(), namespace: namespace.into(), ..PodMeta::default() }
    }

    pub(super) fn name_or_prefix(&self) -> &str {
        if self.name.is_empty() { &self.generate_name } else { &self.name }
    }
}

/// An object with a kind, a name and, unless it is a Node, a namespace.
pub trait Object {
    /// Returns the `kind`, such as `Service`.
    fn kind(&self) -> &'static str;

    /// Returns `metadata.name`.
    fn name(&self) -> &str;

    /// Returns `metadata.name`, or `metadata.generateName` if there is no name yet.
    ///
    /// A [`Store`](crate::Store) has at most one object for each namespace and each of these.
    fn name_or_prefix(&self) -> &str {
        self.name()
    }

    /// Returns `metadata.namespace`. It is empty if there is none.
    fn namespace(&self) -> &str;

    /// Sets `metadata.namespace`.
    fn set_namespace(&mut self, namespace: &str);

    /// Returns `metadata.creationTimestamp`.
    fn creation_timestamp(&self) -> Option<Timestamp>;

    /// Reports whether the object was created at or before `time`.
    ///
    /// An object without a creation timestamp always existed.
    fn existed_at(&self, time: Timestamp) -> bool {
        self.creation_timestamp().is_none_or(|created| created <= time)
    }
}
